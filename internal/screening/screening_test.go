package screening_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
)

func born(t testing.TB, s string) *screening.Birth {
	t.Helper()
	b, _, err := screening.ParseBirth(s)
	if err != nil {
		t.Fatal(err)
	}
	return &b
}

func list(t testing.TB) screening.List {
	return screening.List{Name: "own", Edition: "1", Entries: []screening.Entry{
		{ID: "1", Kind: names.Person, Names: []screening.ListedName{{Text: "KELLER, Anna Maria"}, {Text: "Nightingale Owl", Weak: true}}, Births: []screening.Birth{*born(t, "1970-03-25")}, Countries: []string{"CH"}},
		{ID: "2", Kind: names.Person, Names: []screening.ListedName{{Text: "Sergei Sokolov"}}, Births: []screening.Birth{{From: 1958, To: 1963}}},
		{ID: "3", Kind: names.Organization, Names: []screening.ListedName{{Text: "Nordwind Logistik GmbH"}}},
		{ID: "4", Kind: names.Vessel, Names: []screening.ListedName{{Text: "OCEAN STAR"}}},
		{ID: "6", Kind: names.Organization, Names: []screening.ListedName{{Text: "Northern Liberation Front"}}},
		{ID: "7", Kind: names.Organization, Names: []screening.ListedName{{Text: "VKA"}}},
		{ID: "9", Kind: names.Person, Names: []screening.ListedName{{Text: "李明"}}},
		{ID: "5", Kind: names.LegalEntity, Names: []screening.ListedName{{Text: "Viktor Amsel"}}},
	}}
}

func ids(hits []screening.Hit) string {
	var all []string
	for _, h := range hits {
		all = append(all, h.ID)
	}
	return strings.Join(all, " ")
}

func TestSearchFindsByNameBirthAndKind(t *testing.T) {
	x := screening.Build(list(t))
	for _, c := range []struct {
		about string
		query screening.Query
		want  string
	}{
		{"another order and a typing error", screening.Query{Name: "Ana Maria Keller"}, "1"},
		{"another script", screening.Query{Name: "Сергей Соколов"}, "2"},
		{"the same day", screening.Query{Name: "Anna Maria Keller", Birth: born(t, "1970-03-25")}, "1"},
		{"day and month changed places", screening.Query{Name: "Anna Maria Keller", Birth: born(t, "1970-25-03")}, "1"},
		{"twenty years apart", screening.Query{Name: "Anna Maria Keller", Birth: born(t, "1990-03-25")}, ""},
		{"within a span", screening.Query{Name: "Sergey Sokolov", Birth: born(t, "1960")}, "2"},
		{"a weak name alone", screening.Query{Name: "Nightingale Owl"}, ""},
		{"a weak name and the day", screening.Query{Name: "Nightingale Owl", Birth: born(t, "1970-03-25")}, "1"},
		{"a weak name and the country", screening.Query{Name: "Nightingale Owl", Country: "ch"}, "1"},
		{"a weak name and another country", screening.Query{Name: "Nightingale Owl", Country: "DE"}, ""},
		{"an organization", screening.Query{Name: "Nordwind Logistik Gesellschaft mit beschränkter Haftung"}, "3"},
		{"an organization when a person is meant", screening.Query{Name: "Nordwind Logistik", Kind: names.Person}, ""},
		{"the initials of an organization", screening.Query{Name: "NLF"}, "6"},
		{"an organization of which only the initials are listed", screening.Query{Name: "Vereinigte Kontor Agentur"}, "7"},
		{"a name in characters", screening.Query{Name: "Li Ming", Kind: names.Person}, "9"},
		{"a vessel", screening.Query{Name: "Ocean Star"}, "4"},
		{"a vessel by its kind", screening.Query{Name: "Ocean Star", Kind: names.Vessel}, "4"},
		{"a vessel when a person is meant", screening.Query{Name: "Ocean Star", Kind: names.Person}, ""},
		{"an entry of an unknown kind", screening.Query{Name: "Viktor Amsel", Kind: names.Person}, "5"},
		{"no letters", screening.Query{Name: "🙂"}, ""},
		{"one letter", screening.Query{Name: "A"}, ""},
	} {
		if got := ids(x.Search(c.query, screening.Options{})); got != c.want {
			t.Errorf("%s: found %q, want %q", c.about, got, c.want)
		}
	}
}

func TestHitsSayWhy(t *testing.T) {
	hits := screening.Build(list(t)).Search(screening.Query{Name: "Anna Keller", Birth: born(t, "1971"), Country: "DE"}, screening.Options{})
	if len(hits) != 1 {
		t.Fatalf("%d hits", len(hits))
	}
	all := strings.Join(hits[0].Reasons, "\n")
	for _, want := range []string{"anna: the same", "maria: only in the listed name", "born 1971 and 1970-03-25: at most a year apart", "country DE, and CH on the list"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
}

func TestABetterHitComesFirst(t *testing.T) {
	l := list(t)
	l.Entries = append(l.Entries, screening.Entry{ID: "8", Kind: names.Person, Names: []screening.ListedName{{Text: "Anna Maria Kellner"}}})
	x := screening.Build(l)
	if got := ids(x.Search(screening.Query{Name: "Anna Maria Keller"}, screening.Options{})); got != "1 8" {
		t.Errorf("found %s", got)
	}
	if got := ids(x.Search(screening.Query{Name: "Anna Maria Keller"}, screening.Options{Limit: 1})); got != "1" {
		t.Errorf("found %s", got)
	}
}

var words = []string{"anna", "anne", "maria", "keller", "kellner", "al", "bin", "omar", "umar", "ltd", "bank", "A.", "خالد", "محمود", "김", "정", "Patr", "ushev", "Patrushev", "Джон", "khaled", "john", "li", "ako", "aok", "dan", "daniel", "general", "gene", "ral", "hajji", "hajp", "limited", "lim", "ited", "polpot", "pol", "pot", "dr", "gertler"}

func name(label string, t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 5).Draw(t, label), " ")
}

// altered is a name as somebody else may write it: words cut, joined, misspelt, left out or added.
func altered(t *rapid.T, listed string) string {
	parts := strings.Fields(listed)
	for range rapid.IntRange(1, 2).Draw(t, "changes") {
		at := rapid.IntRange(0, len(parts)-1).Draw(t, "word")
		letters := []rune(parts[at])
		cut := rapid.IntRange(0, len(letters)).Draw(t, "letter")
		switch rapid.SampledFrom([]string{"cut", "join", "misspell", "leave out", "add", "spelling"}).Draw(t, "change") {
		case "cut":
			parts = slices.Concat(parts[:at], []string{string(letters[:cut]), string(letters[cut:])}, parts[at+1:])
		case "join":
			if at+1 < len(parts) {
				parts = slices.Concat(parts[:at], []string{parts[at] + parts[at+1]}, parts[at+2:])
			}
		case "misspell":
			parts = slices.Clone(parts)
			parts[at] = string(letters[:cut]) + "p" + string(letters[min(cut+1, len(letters)):])
		case "leave out":
			if len(parts) > 1 {
				parts = slices.Concat(parts[:at], parts[at+1:])
			}
		case "add":
			parts = slices.Concat(parts[:at], []string{rapid.SampledFrom(words).Draw(t, "more")}, parts[at:])
		case "spelling":
			parts = slices.Clone(parts)
			for i, one := range []string{"dan", "daniel", "khaled", "خالد", "john", "Джон", "omar", "umar"} {
				if parts[at] == one {
					parts[at] = []string{"daniel", "dan", "خالد", "khaled", "Джон", "john", "umar", "omar"}[i]
					break
				}
			}
		}
		if parts = strings.Fields(strings.Join(parts, " ")); len(parts) == 0 {
			return listed
		}
	}
	return strings.Join(parts, " ")
}

// The index leaves out only what cannot be a hit: it finds what comparing every entry finds, in whatever order the list is.
func TestTheIndexFindsWhatAFullScanFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l screening.List
		for i := range rapid.IntRange(1, 12).Draw(t, "entries") {
			kind := rapid.SampledFrom([]names.Kind{names.Person, names.Person, names.Organization}).Draw(t, "kind")
			l.Entries = append(l.Entries, screening.Entry{ID: string(rune('a' + i)), Kind: kind, Names: []screening.ListedName{{Text: name("name", t)}}})
		}
		kind := rapid.SampledFrom([]names.Kind{names.Person, names.Organization}).Draw(t, "wanted")
		query := screening.Query{Name: name("query", t), Kind: kind}
		if rapid.Bool().Draw(t, "altered") {
			query.Name = altered(t, rapid.SampledFrom(l.Entries).Draw(t, "of").Names[0].Text)
		}
		threshold := rapid.SampledFrom([]float64{0.5, 0.6, 0.7, 0.8, 0.9, 0.95}).Draw(t, "threshold")
		var want []string
		read := names.Read(kind, query.Name)
		for _, e := range l.Entries {
			listed := names.Read(e.Kind, e.Names[0].Text)
			if e.Kind == kind && names.Score(&read, &listed) >= threshold {
				want = append(want, e.ID)
			}
		}
		var got []string
		for _, h := range screening.Build(l).Search(query, screening.Options{Threshold: threshold}) {
			got = append(got, h.ID)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%q: found %v, want %v", query.Name, got, want)
		}
		reversed := screening.List{Entries: slices.Clone(l.Entries)}
		slices.Reverse(reversed.Entries)
		got = nil
		for _, h := range screening.Build(reversed).Search(query, screening.Options{Threshold: threshold}) {
			got = append(got, h.ID)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%q, the list reversed: found %v, want %v", query.Name, got, want)
		}
	})
}

func TestAnIndexServesManySearchesAtOnce(t *testing.T) {
	x := screening.Build(list(t))
	done := make(chan string)
	for range 8 {
		go func() { done <- ids(x.Search(screening.Query{Name: "Anna Maria Keller"}, screening.Options{})) }()
	}
	for range 8 {
		if got := <-done; got != "1" {
			t.Errorf("found %q", got)
		}
	}
}
