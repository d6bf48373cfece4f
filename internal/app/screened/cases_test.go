package screened_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/watched"
)

type hit struct {
	ID, Edition, Version, Asked string
	Reasons                     []string
	Before                      *watched.Before
}

type answered struct {
	Hits, Cleared []hit
	More          bool
}

// found is an answer as the case's context has it.
func found(t *testing.T, answer any) (a answered) {
	t.Helper()
	text, err := json.Marshal(answer)
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func idsOf(hits []hit) []string {
	ids := []string{}
	for _, h := range hits {
		ids = append(ids, h.ID)
	}
	return ids
}

// knowledge answers for one subject of one tenant.
type knowledge struct {
	watched.Store
	answers watched.Answers
	err     error
}

func (k *knowledge) Answers(_ context.Context, tenant, subject string) (watched.Answers, error) {
	if tenant != "t" || subject != "subj_1" {
		return watched.Answers{}, nil
	}
	return k.answers, k.err
}

func (k *knowledge) Run(_ context.Context, tenant, list string) (watched.Run, error) {
	return watched.Run{Tenant: tenant, List: list}, nil
}

func (k *knowledge) PutRun(context.Context, watched.Run) error { return nil }

func TestWhatWasSaidOfAHitStandsBesideIt(t *testing.T) {
	known := &knowledge{}
	l := lists(t, known)
	asks := map[string]any{"name": "Anna Keller", "birth_date": "1970", "schema": "Person"}
	ask := func(subject string, with map[string]any) answered {
		t.Helper()
		answer, err := l.ScreenCase(t.Context(), "t", subject, 1, nil, with)
		if err != nil {
			t.Fatal(err)
		}
		return found(t, answer)
	}
	first := ask("subj_1", asks)
	if !slices.Equal(idsOf(first.Hits), []string{"0", "1"}) {
		t.Fatal(idsOf(first.Hits))
	}
	said := watched.Answer{
		List: "un", ID: "0", Version: first.Hits[0].Version, Asked: first.Hits[0].Asked, Verdict: watched.Cleared, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		By: watched.Person{Kind: "user", ID: "ada"}, Case: "case_1", Commit: 7, Entry: watched.Entry{Name: "Anna Keller", Schema: "Person"},
	}
	for name, test := range map[string]struct {
		change  func(a *watched.Answer)
		subject string
		with    map[string]any
		cleared bool
		before  *watched.Before
	}{
		"cleared before":       {func(*watched.Answer) {}, "subj_1", asks, true, &watched.Before{Answer: watched.Cleared}},
		"confirmed before":     {func(a *watched.Answer) { a.Verdict = watched.Confirmed }, "subj_1", asks, false, &watched.Before{Answer: watched.Confirmed}},
		"another version":      {func(a *watched.Answer) { a.Version = "v0"; a.Entry.Countries = []string{"CH"} }, "subj_1", asks, false, &watched.Before{Answer: watched.Cleared, Changed: []string{"countries"}}},
		"another, unseen":      {func(a *watched.Answer) { a.Version = "v0" }, "subj_1", asks, false, &watched.Before{Answer: watched.Cleared, Changed: []string{"other"}}},
		"another birth":        {func(*watched.Answer) {}, "subj_1", map[string]any{"name": "Anna Keller", "birth_date": "1971", "schema": "Person"}, false, &watched.Before{Answer: watched.Cleared, Changed: []string{"subject"}}},
		"another name":         {func(*watched.Answer) {}, "subj_1", map[string]any{"name": "Ana Keller", "birth_date": "1970", "schema": "Person"}, false, &watched.Before{Answer: watched.Cleared, Changed: []string{"subject"}}},
		"another subject":      {func(*watched.Answer) {}, "subj_2", asks, false, nil},
		"the entry of another": {func(a *watched.Answer) { a.List = "eu" }, "subj_1", asks, false, nil},
	} {
		one := said
		test.change(&one)
		known.answers = watched.Answers{Given: []watched.Answer{one}}
		got := ask(test.subject, test.with)
		all := slices.Concat(got.Cleared, got.Hits)
		at := slices.IndexFunc(all, func(h hit) bool { return h.ID == "0" })
		if at < 0 || slices.Contains(idsOf(got.Cleared), "0") != test.cleared {
			t.Errorf("%s: %v, cleared %v", name, idsOf(got.Hits), idsOf(got.Cleared))
			continue
		}
		before := all[at].Before
		if (before == nil) != (test.before == nil) || before != nil && (before.Answer != test.before.Answer || !slices.Equal(before.Changed, test.before.Changed) || before.Case != "case_1" || before.By.ID != "ada" || before.Version != one.Version || !before.At.Equal(one.At)) {
			t.Errorf("%s: %+v, want %+v", name, before, test.before)
		}
	}
}

func TestClearedHitsTakeNoPlaceOfOpenOnes(t *testing.T) {
	known := &knowledge{}
	l := lists(t, known)
	ask := func() answered {
		t.Helper()
		answer, err := l.ScreenCase(t.Context(), "t", "subj_1", 1, map[string]any{"limit": 1}, map[string]any{"name": "Anna Keller", "schema": "Person"})
		if err != nil {
			t.Fatal(err)
		}
		return found(t, answer)
	}
	first := ask()
	if !slices.Equal(idsOf(first.Hits), []string{"0"}) || !first.More {
		t.Fatalf("%+v", first)
	}
	known.answers.Given = []watched.Answer{{List: "un", ID: "0", Version: first.Hits[0].Version, Asked: first.Hits[0].Asked, Verdict: watched.Cleared}}
	if got := ask(); !slices.Equal(idsOf(got.Hits), []string{"1"}) || !slices.Equal(idsOf(got.Cleared), []string{"0"}) || got.More {
		t.Errorf("%+v", got)
	}
}

func TestNobodyIsClearedByAnswersThatCannotBeRead(t *testing.T) {
	known := &knowledge{err: problem.New(problem.Unavailable, "away")}
	l := lists(t, known)
	with := map[string]any{"name": "Anna Keller", "schema": "Person"}
	if _, err := l.ScreenCase(t.Context(), "t", "subj_1", 1, nil, with); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("the work is not tried again: %v", err)
	}
	known.err = problem.New(problem.Internal, "damaged")
	answer, err := l.ScreenCase(t.Context(), "t", "subj_1", 1, nil, with)
	if err != nil {
		t.Fatal(err)
	}
	if got := found(t, answer); len(got.Hits) != 2 || len(got.Cleared) != 0 {
		t.Errorf("%+v", got)
	}
}
