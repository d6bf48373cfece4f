package names

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func score(kind Kind, one, two string) float64 {
	a, b := Read(kind, one), Read(kind, two)
	return Score(&a, &b)
}

func TestOneNameInTwoSpellingsMatches(t *testing.T) {
	for _, c := range []struct {
		kind     Kind
		one, two string
	}{
		{Person, "Sergey Petrov", "PETROV, Sergei"},
		{Person, "Anna Maria Keller", "Keller Anna-Maria"},
		{Person, "Jonh Carpenter", "John Carpenter"},
		{Person, "AnnaKeller", "Anna Keller"},
		{Person, "Sal ahuddin Rahmani", "Salahuddin Rahmani"},
		{Person, "Иван Соколов", "Ivan Sokolov"},
		{Person, "خالد محمود", "Khaled Mahmoud"},
		{Person, "김정호", "Kim Jong Ho"},
		{Person, "李明", "Li Ming"},
		{Person, "J. Carpenter", "John Carpenter"},
		{Person, "Bill Carpenter", "William Carpenter"},
		{Person, "Dr. Anna Keller", "Anna Keller"},
		{Person, "Jürgen Großmann", "Jurgen Grossmann"},
		{Person, "Anna\u200b Keller", "Anna Keller"},
		{Person, "Аnna Keller", "Anna Keller"}, // a Cyrillic А
		{Person, "ᎪnnᎪ KᎬller", "Anna Keller"},
		{Person, "ꓮꓠꓠꓮ Keller", "Anna Keller"},
		{Person, "🅰🅽🅽🅰 🅚🅔🅛🅛🅔🅡", "Anna Keller"},
		{Person, "ᴀɴɴᴀ ᴋᴇʟʟᴇʀ", "Anna Keller"},
		{Person, "4nna Ke11er", "Anna Keller"},
		{Person, "Anna1985 Keller2024", "Anna Keller"},
		{Person, "Yusuf bin Omar al-Harbi", "Youssef Ben Umar Al Harbi"},
		{Organization, "Nordwind Logistik Gesellschaft mit beschränkter Haftung", "Nordwind Logistik GmbH"},
		{Organization, "N.W.L. Company", "NWL Corporation"},
		{Organization, "Brigade Thirty-Two", "Brigade 32"},
		{Organization, "Miller & Sons Ltd", "Miller and Sons Limited"},
		{Organization, "NLA", "National Liberation Army"},
		{Vessel, "OCEAN STAR", "Ocean Star"},
	} {
		if s := score(c.kind, c.one, c.two); s < Match {
			t.Errorf("%q and %q: %.3f", c.one, c.two, s)
		}
	}
}

func TestTwoNamesDoNotMatch(t *testing.T) {
	for _, c := range []struct {
		kind     Kind
		one, two string
	}{
		{Person, "Anna Keller", "Anna Hoffmann"},
		{Person, "Anna Maria Sofia Keller", "Anna Maria Sofia Hoffmann"},
		{Person, "Anna A. Keller", "Anna B. Keller"},
		{Person, "Anna", "Anna Maria Sofia Keller"},
		{Person, "김종호", "김정수"},
		{Person, "", "Anna"},
		{Person, "🙂", "🙂"},
		{Organization, "Nordwind Bank", "Nordwind Shipping"},
		{Organization, "ABC Limited", "CBA Limited"},
		{Organization, "International Trading Company", "Keller International Trading Company"},
	} {
		if s := score(c.kind, c.one, c.two); s >= Match {
			t.Errorf("%q and %q: %.3f", c.one, c.two, s)
		}
	}
}

func TestEachWordHasAReason(t *testing.T) {
	a, b := Read(Person, "Dr. Sergej Petrow Ilja"), Read(Person, "Sergey A. Petrov")
	got := Compare(&a, &b, nil, Either).Reasons
	want := []string{
		"dr: only in the first name, which counts little",
		"sergej and sergey: spellings of one word",
		"petrow and petrov: the letters agree by 0.93",
		"ilja: only in the first name",
		"a: only in the second name, which counts little",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("reasons:\n%s", strings.Join(got, "\n"))
	}
}

func TestALongNameIsMoreEvidenceThanAShortOne(t *testing.T) {
	long, short := Read(Person, "Anna Maria Hohenstein Keller"), Read(Person, "Anna Keller")
	if l, s := Compare(&long, &long, nil, Either), Compare(&short, &short, nil, Either); l.Evidence <= s.Evidence || l.Score != 1 || s.Score != 1 {
		t.Errorf("%+v and %+v", l, s)
	}
}

var pieces = []string{"anna", "maria", "al", "bin", "omar", "keller", "kellner", "keler", "O'Neil", "J.", "Джон", "خالد", "김", "李", "Ltd", "Bank", "Patr", "ushev", "dr", "12", "-", "é", "🙂"}

func someName(t *rapid.T, label string) string {
	return strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(pieces), rapid.StringN(0, 8, -1)), 0, 6).Draw(t, label), " ")
}

func TestComparingIsSymmetricAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]Kind{Person, Organization, LegalEntity, Vessel}).Draw(t, "kind")
		a, b := Read(kind, someName(t, "a")), Read(kind, someName(t, "b"))
		one, two := Compare(&a, &b, nil, Either), Compare(&b, &a, nil, Either)
		if one.Score != two.Score || one.Evidence != two.Evidence || one.Score != Score(&a, &b) {
			t.Fatalf("%q and %q: %v and %v", a.Text, b.Text, one, two)
		}
		if one.Score < 0 || one.Score > 1 {
			t.Fatalf("%q and %q: %v", a.Text, b.Text, one.Score)
		}
		if self := Score(&a, &a); len(a.Tokens) > 0 && self != 1 {
			t.Fatalf("%q and itself: %v", a.Text, self)
		}
	})
}

func TestAnotherWordInCommonIsNeverLessEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, two := someName(t, "a"), someName(t, "b")
		a, b := Read(Person, one), Read(Person, two)
		c, d := Read(Person, one+" zwirnmann"), Read(Person, two+" zwirnmann")
		if len(c.Tokens) == maxTokens || len(d.Tokens) == maxTokens {
			return
		}
		if before, after := Compare(&a, &b, nil, Either), Compare(&c, &d, nil, Either); before.Score > 0 && after.Score > 0 && after.Evidence < before.Evidence {
			t.Fatalf("%q and %q: %v, then %v", one, two, before, after)
		}
	})
}

func TestWordsFindWhatAgreesAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Words
		var all []Token
		for _, text := range rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return someName(t, "name") }), 1, 8).Draw(t, "names") {
			for _, token := range Read(Person, text).Tokens {
				if n := w.Add(token); int(n) == len(all) {
					all = append(all, token)
				}
			}
		}
		w.Sort()
		query := Read(Person, someName(t, "query"))
		for i := range query.Tokens {
			q := &query.Tokens[i]
			found := map[int32]bool{}
			for _, n := range w.Find(q) {
				found[n] = true
			}
			for n := range all {
				if want := alike(q, &all[n]) > 0; found[int32(n)] != want {
					t.Fatalf("%v and %v: found %v, agrees %v", q, all[n], found[int32(n)], want)
				}
			}
		}
	})
}

func TestNoDistanceIsBelowItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringMatching(`[a-z]{1,12}`).Draw(t, "a"), rapid.StringMatching(`[a-z]{1,12}`).Draw(t, "b")
		if d := distance(a, b, 1<<14); d < atLeast(letters(a), letters(b)) || d != distance(b, a, 1<<14) {
			t.Fatalf("%s and %s: %d", a, b, d)
		}
	})
}

func FuzzCompare(f *testing.F) {
	f.Add("Anna Keller", "KELLER, A.")
	f.Add(strings.Repeat("ab ", 5000), strings.Repeat("a", 10000))
	f.Add("\u202e\u0000", "ﷺ")
	f.Fuzz(func(t *testing.T, one, two string) {
		for _, kind := range []Kind{Person, Organization} {
			a, b := Read(kind, one), Read(kind, two)
			c := Compare(&a, &b, nil, Either)
			if c.Score < 0 || c.Score > 1 || c.Score != c.Score {
				t.Errorf("%v", c.Score)
			}
			for _, r := range c.Reasons {
				if !utf8.ValidString(r) {
					t.Errorf("%q", r)
				}
			}
		}
	})
}

func BenchmarkScore(b *testing.B) {
	one, two := Read(Person, "Sergej Viktorovich Petrow"), Read(Person, "PETROV, Sergey V.")
	for b.Loop() {
		Score(&one, &two)
	}
}
