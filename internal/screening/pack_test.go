package screening_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/problem"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
)

// anyEntry draws an entry as a list can have it.
func anyEntry(t *rapid.T, id string) screening.Entry {
	e := screening.Entry{ID: id, Kind: rapid.SampledFrom([]names.Kind{names.Person, names.Organization, names.LegalEntity, names.Vessel}).Draw(t, "kind")}
	for range rapid.IntRange(1, 4).Draw(t, "names") {
		e.Names = append(e.Names, screening.ListedName{Text: rapid.StringMatching(`[A-Za-zÀ-ÖØ-öø-ÿ一-三]{1,8}( [A-Za-z<>&"]{1,8}){0,2}`).Draw(t, "name"), Weak: rapid.Bool().Draw(t, "weak")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "births") {
		year := rapid.IntRange(1900, 2010).Draw(t, "year")
		e.Births = append(e.Births, screening.Birth{From: year, To: year + rapid.IntRange(0, 3).Draw(t, "span"), Month: rapid.IntRange(0, 12).Draw(t, "month"), Circa: rapid.Bool().Draw(t, "circa")})
	}
	e.Countries = rapid.SliceOfN(rapid.SampledFrom([]string{"DE", "SY", "KP"}), 0, 2).Draw(t, "countries")
	e.Programs = rapid.SliceOfN(rapid.SampledFrom([]string{"SDGT", "a program"}), 0, 2).Draw(t, "programs")
	return e
}

func anyList(t *rapid.T) screening.List {
	l := screening.List{Name: "un", Edition: "2026-01-02-abc"}
	for i := range rapid.IntRange(1, 12).Draw(t, "entries") {
		l.Entries = append(l.Entries, anyEntry(t, fmt.Sprint(i)))
	}
	return l
}

// normal replaces empty slices by nil.
func normal(l screening.List) screening.List {
	l.Entries = slices.Clone(l.Entries)
	for i := range l.Entries {
		e := &l.Entries[i]
		if len(e.Births) == 0 {
			e.Births = nil
		}
		if len(e.Countries) == 0 {
			e.Countries = nil
		}
		if len(e.Programs) == 0 {
			e.Programs = nil
		}
	}
	return l
}

func TestAPackedListIsTheSameAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyList(t)
		packed, err := screening.Pack(l)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := screening.Pack(l)
		if err != nil || !bytes.Equal(packed, twice) {
			t.Fatalf("the same list is packed as other bytes: %v", err)
		}
		again, err := screening.Unpack(packed)
		if err != nil || !reflect.DeepEqual(normal(again), normal(l)) {
			t.Fatalf("%+v, not %+v: %v", again, l, err)
		}
		cut := rapid.IntRange(0, len(packed)-1).Draw(t, "cut")
		if _, err := screening.Unpack(packed[:cut]); problem.CodeOf(err) != problem.Invalid {
			t.Fatalf("cut off after %d of %d bytes: %v", cut, len(packed), err)
		}
	})
}

func TestAListThatIsNoneIsNotPacked(t *testing.T) {
	good := func() screening.List {
		return screening.List{Name: "un", Edition: "1", Entries: []screening.Entry{{ID: "1", Kind: names.Person, Names: []screening.ListedName{{Text: "Anna"}}}, {ID: "2", Kind: names.Person, Names: []screening.ListedName{{Text: "Boris"}}}}}
	}
	if _, err := screening.Pack(good()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(l *screening.List){
		"no name":            func(l *screening.List) { l.Name = "" },
		"a path for a name":  func(l *screening.List) { l.Name = "../un" },
		"no edition":         func(l *screening.List) { l.Edition = "" },
		"no entries":         func(l *screening.List) { l.Entries = nil },
		"an id twice":        func(l *screening.List) { l.Entries[1].ID = "1" },
		"no id":              func(l *screening.List) { l.Entries[1].ID = "" },
		"no kind":            func(l *screening.List) { l.Entries[1].Kind = "Ghost" },
		"an empty name":      func(l *screening.List) { l.Entries[1].Names = []screening.ListedName{{Text: " "}} },
		"no text":            func(l *screening.List) { l.Entries[1].Names = []screening.ListedName{{Text: "\xff"}} },
		"a thousand names":   func(l *screening.List) { l.Entries[1].Names = slices.Repeat(l.Entries[1].Names, 1001) },
		"a long name":        func(l *screening.List) { l.Entries[1].Names[0].Text = strings.Repeat("Boris ", 1000) },
		"many countries":     func(l *screening.List) { l.Entries[1].Countries = slices.Repeat([]string{"DE"}, 1001) },
		"without names":      func(l *screening.List) { l.Entries[1].Names = nil },
		"a span that ends":   func(l *screening.List) { l.Entries[1].Births = []screening.Birth{{From: 1970, To: 1960}} },
		"a thirteenth month": func(l *screening.List) { l.Entries[1].Births = []screening.Birth{{From: 1970, To: 1970, Month: 13}} },
	} {
		l := good()
		change(&l)
		if _, err := screening.Pack(l); problem.CodeOf(err) != problem.Invalid || strings.Contains(err.Error(), "Boris") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	packed, err := screening.Pack(screening.List{Name: "un", Edition: "1", Entries: []screening.Entry{{ID: "1", Kind: names.Person, Names: []screening.ListedName{{Text: "Anna"}}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte("ballerine-watchlist/1\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		list, err := screening.Unpack(content)
		if err != nil {
			if code := problem.CodeOf(err); code != problem.Invalid && code != problem.TooLarge {
				t.Errorf("%v", err)
			}
			return
		}
		if _, err := screening.Pack(list); err != nil {
			t.Errorf("what was unpacked cannot be packed: %v", err)
		}
	})
}

// TestADifferenceMakesTheNewerEdition: what was added and changed, put over what was not removed, is the newer edition; the
// order is irrelevant.
func TestADifferenceMakesTheNewerEdition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		older, newer := anyList(t), anyList(t)
		for i := range newer.Entries { // most entries of an edition are those of the one before
			if i < len(older.Entries) && rapid.IntRange(0, 2).Draw(t, "kept") > 0 {
				newer.Entries[i] = older.Entries[i]
			}
		}
		d := screening.Compare(older, newer)
		made := map[string]string{}
		for _, e := range older.Entries {
			made[e.ID] = e.Digest()
		}
		for _, id := range d.Removed {
			delete(made, id)
		}
		for _, e := range d.News(newer).Entries {
			if made[e.ID] == e.Digest() {
				t.Fatalf("%s is new, and says what it said before", e.ID)
			}
			made[e.ID] = e.Digest()
		}
		if len(made) != len(newer.Entries) {
			t.Fatalf("%d entries, not %d", len(made), len(newer.Entries))
		}
		for _, e := range newer.Entries {
			if made[e.ID] != e.Digest() {
				t.Fatalf("%s is another entry", e.ID)
			}
		}
		shuffled := newer
		shuffled.Entries = rapid.Permutation(newer.Entries).Draw(t, "order")
		for i := range shuffled.Entries {
			e := shuffled.Entries[i]
			e.Names = append([]screening.ListedName{e.Names[0]}, rapid.Permutation(e.Names[1:]).Draw(t, "names")...)
			e.Countries = rapid.Permutation(e.Countries).Draw(t, "countries")
			shuffled.Entries[i] = e
		}
		if !screening.Compare(newer, shuffled).Empty() {
			t.Fatal("another order is another edition")
		}
	})
}

func TestADigestTellsWhatHasChanged(t *testing.T) {
	e := screening.Entry{ID: "1", Kind: names.Person, Names: []screening.ListedName{{Text: "Anna"}, {Text: "Anja"}}, Births: []screening.Birth{{From: 1970, To: 1970}}, Countries: []string{"DE"}}
	for name, change := range map[string]func(e *screening.Entry){
		"the main name": func(e *screening.Entry) { e.Names = []screening.ListedName{{Text: "Anja"}, {Text: "Anna"}} },
		"a weak name":   func(e *screening.Entry) { e.Names = []screening.ListedName{{Text: "Anna"}, {Text: "Anja", Weak: true}} },
		"the kind":      func(e *screening.Entry) { e.Kind = names.Organization },
		"a birth":       func(e *screening.Entry) { e.Births = []screening.Birth{{From: 1970, To: 1970, Month: 1}} },
		"a country":     func(e *screening.Entry) { e.Countries = nil },
		"a program":     func(e *screening.Entry) { e.Programs = []string{"SDGT"} },
	} {
		other := e
		change(&other)
		if other.Digest() == e.Digest() {
			t.Errorf("%s has changed, and the digest has not", name)
		}
	}
}
