package watched_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/watched"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestTheNewestAnswerToAnEntryCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) watched.Answer {
			n := rapid.IntRange(0, 5).Draw(t, "commit")
			return watched.Answer{ // within a case, a later commit is at a later time
				List: "un", ID: fmt.Sprint(rapid.IntRange(0, 2).Draw(t, "entry")), Case: fmt.Sprint("case_", n%2), Commit: n, At: epoch.Add(time.Duration(n) * time.Hour),
				Verdict: rapid.SampledFrom([]watched.Verdict{watched.Cleared, watched.Confirmed}).Draw(t, "says"), Version: "v", Asked: "d",
			}
		}), 1, 12).Draw(t, "answers")
		first := map[string]watched.Answer{} // one decision has one answer to an entry
		for i, a := range all {
			key := fmt.Sprint(a.ID, a.Commit)
			if known, ok := first[key]; ok {
				all[i] = known
			}
			first[key] = all[i]
		}
		given := func(order []watched.Answer) watched.Answers {
			var a watched.Answers
			for _, one := range order {
				a.Give(one)
			}
			return a
		}
		want := given(all)
		for _, one := range want.Given {
			for _, other := range all {
				if other.ID == one.ID && other.At.After(one.At) {
					t.Fatalf("%+v counts though %+v is newer", one, other)
				}
			}
		}
		mixed := given(rapid.Permutation(all).Draw(t, "order"))
		for _, one := range want.Given {
			if got := mixed.About("un", one.ID); got == nil || got.At != one.At || got.Verdict != one.Verdict {
				t.Fatalf("in another order %+v, else %+v", got, one)
			}
		}
		for _, one := range all {
			if mixed.Give(one) {
				t.Fatalf("%+v changes something when it comes again", one)
			}
		}
	})
}

func TestWhatHasNoVersionNeverStands(t *testing.T) {
	for _, a := range []*watched.Answer{nil, {}, {Version: "v"}, {Asked: "d"}, {Version: "v", Asked: "e"}, {Version: "w", Asked: "d"}} {
		for _, version := range []string{"", "v"} {
			for _, asked := range []string{"", "d"} {
				if a.Stands(version, asked) {
					t.Errorf("%+v stands for %q, %q", a, version, asked)
				}
			}
		}
	}
}

func TestAnswersStayWithinAnItem(t *testing.T) {
	var a watched.Answers
	wide := strings.Repeat("ż", 5000)
	values := slices.Repeat([]string{wide}, 100)
	for n := range 60 {
		at := epoch.Add(time.Duration(n) * time.Minute)
		a.Give(watched.Answer{List: "un", ID: fmt.Sprint(n), Version: "v", Asked: "d", At: at, Entry: watched.Entry{Name: wide, Births: values, Countries: values, Programs: values}})
		a.Open(watched.Opened{List: "un", ID: fmt.Sprint(n), Version: "v", Asked: "d", At: at})
		text, err := json.Marshal(a)
		if err != nil || len(text) > 256<<10 {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
	}
	if a.About("un", "59") == nil || a.About("un", "0") != nil || a.Opened[len(a.Opened)-1].ID != "59" {
		t.Error("the newest are kept, the oldest dropped")
	}
}

func TestACaseIsOpenedOnceForAVersion(t *testing.T) {
	var a watched.Answers
	one := watched.Opened{For: "kyc", List: "un", ID: "1", Version: "v1", Asked: "d", Case: "case_1"}
	if a.CaseOf("kyc", "un", "1", "v1", "d").Case != "" || !a.Open(one) || a.Open(one) || a.CaseOf("kyc", "un", "1", "v1", "d").Case != "case_1" {
		t.Errorf("%+v", a)
	}
	for _, other := range [][5]string{{"kyc", "eu", "1", "v1", "d"}, {"kyc", "un", "2", "v1", "d"}, {"kyc", "un", "1", "v2", "d"}, {"kyc", "un", "1", "v1", "e"}, {"loan", "un", "1", "v1", "d"}} {
		if a.CaseOf(other[0], other[1], other[2], other[3], other[4]).Case != "" {
			t.Errorf("%v has a case", other)
		}
	}
	if one.Version = "v2"; !a.Open(one) || a.CaseOf("kyc", "un", "1", "v1", "d").Case != "" || len(a.Opened) != 1 {
		t.Errorf("%+v", a)
	}
}

func TestWhoIsLookedForHasOneDigest(t *testing.T) {
	base := watched.Digest("Anna Keller", "1970-03-25", "CH")
	for _, same := range [][3]string{{" Anna  Keller ", "1970-03-25", "CH"}, {"Anna Keller", " 1970-03-25", "ch"}} {
		if watched.Digest(same[0], same[1], same[2]) != base {
			t.Errorf("%q is somebody else", same)
		}
	}
	for _, other := range [][3]string{{"Anna Keler", "1970-03-25", "CH"}, {"Anna Keller", "1970-03-26", "CH"}, {"Anna Keller", "1970-03-25", "DE"}, {"Anna Keller", "", "CH"}, {"Anna", "Keller1970-03-25", "CH"}} {
		if watched.Digest(other[0], other[1], other[2]) == base {
			t.Errorf("%q is the same", other)
		}
	}
}

func TestOnePersonsAnswerClearsNothingForTwo(t *testing.T) {
	for people, clears := range map[int][2]bool{0: {true, false}, 1: {true, false}, 2: {true, true}} {
		a := watched.Answers{Given: []watched.Answer{{List: "un", ID: "1", Version: "v", Asked: "d", Verdict: watched.Cleared, People: people}}}
		for i, asked := range []int{1, 2} {
			before, cleared := a.Mark("un", "1", "v", "d", watched.Entry{}, asked)
			if cleared != clears[i] || before == nil || before.Answer != watched.Cleared || before.People != max(people, 1) {
				t.Errorf("an answer of %d where %d are asked for: %v, %+v", people, asked, cleared, before)
			}
		}
	}
}

func TestLaterCasesKeepWhomEarlierOnesWereAbout(t *testing.T) {
	at := func(n int, name string, kept bool) watched.Watch {
		w := watched.Watch{For: "kyc", EndedAt: time.Unix(int64(n), 0).UTC(), Kept: kept}
		if kept {
			w.Question = watched.Question{Name: name}
		}
		return w
	}
	names := func(w watched.Watch) (all []string) {
		for _, one := range w.Questions() {
			all = append(all, one.Question.Name)
		}
		return all
	}
	first, second := at(1, "Radka Zelinka", true), at(2, "Petra Nobody", true)
	for order, w := range map[string]watched.Watch{
		"in order": second.With(first), "late": first.With(second), "twice": second.With(second.With(first)), "late and twice": first.With(first.With(second)),
	} {
		if got := names(w); !slices.Equal(got, []string{"Petra Nobody", "Radka Zelinka"}) || w.EndedAt != second.EndedAt {
			t.Errorf("%s: %q", order, got)
		}
	}
	if w := at(3, "", false).With(second.With(first)); w.Kept || len(w.Former) > 0 {
		t.Errorf("it is given up, and %q are kept", names(w))
	}
	if w := at(4, "Anna", true).With(at(3, "", false)); len(w.Former) > 0 {
		t.Errorf("%q", names(w))
	}
	w := first
	for n := range 20 {
		w = at(n+2, fmt.Sprint("Name ", string(rune('A'+n))), true).With(w)
	}
	if got := names(w); len(got) != 6 || got[0] != "Name T" || got[1] != "Radka Zelinka" {
		t.Errorf("%q: the newest and the oldest stay", got)
	}
}
