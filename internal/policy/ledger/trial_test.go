package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/expr"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// trials are what a test tries.
type trials struct {
	beside ledger.Beside
	err    error
}

func (b trials) Beside(context.Context, string, *rules.Policy, time.Time) (ledger.Beside, error) {
	return b.beside, b.err
}

func (b trials) Draft(_ context.Context, _, _, id string) (*rules.Policy, error) {
	for _, d := range []*ledger.Draft{b.beside.Shadow, b.beside.Challenger} {
		if d != nil && d.Trial == id {
			return d.Policy, nil
		}
	}
	return nil, problem.New(problem.NotFound, "There is no such trial.")
}

// draft parses a policy that is not published.
func draft(t interface{ Fatal(args ...any) }, source string) *rules.Policy {
	p := parse(t, source)
	p.Version = 0
	return p
}

func shadowOf(p *rules.Policy) trials {
	return trials{beside: ledger.Beside{Shadow: &ledger.Draft{Trial: "trial_s", Policy: p}}}
}

func challengerOf(p *rules.Policy, share int) trials {
	return trials{beside: ledger.Beside{Challenger: &ledger.Draft{Trial: "trial_c", Policy: p, Share: share}}}
}

func TestASubjectStaysOnItsSideAndALargerShareTakesNoneBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id, subject := rapid.String().Draw(t, "trial"), rapid.String().Draw(t, "subject")
		point := ledger.Point(id, subject)
		if point != ledger.Point(id, subject) || point < 0 || point >= 1 {
			t.Fatal(point)
		}
		small := rapid.IntRange(0, ledger.ShareUnit).Draw(t, "share")
		large := rapid.IntRange(small, ledger.ShareUnit).Draw(t, "larger share")
		if ledger.ArmAt(point, small) == rules.Challenger && ledger.ArmAt(point, large) != rules.Challenger {
			t.Fatalf("%v moves back from %d to %d", point, small, large)
		}
		if ledger.ArmAt(point, 0) != rules.Champion || ledger.ArmAt(point, ledger.ShareUnit) != rules.Challenger {
			t.Fatal("nobody and everybody")
		}
	})
}

func TestAHundredThousandSubjectsAreSplitByTheShare(t *testing.T) {
	const subjects = 100_000
	for _, share := range []int{1, 100, 1000, 2500, 5000} {
		for _, id := range []string{"trial_1", "trial_2"} {
			challenged := 0
			for n := range subjects {
				if ledger.ArmAt(ledger.Point(id, fmt.Sprint("subj_", n)), share) == rules.Challenger {
					challenged++
				}
			}
			p := float64(share) / ledger.ShareUnit
			if off, bound := math.Abs(float64(challenged)-p*subjects), 5*math.Sqrt(subjects*p*(1-p)); off > bound {
				t.Errorf("%s: a share of %v of %d subjects is %d", id, p, subjects, challenged)
			}
		}
	}
}

// TestTrialsSplitApart: who is the challenger's in one trial is neither more nor less likely so in the next.
func TestTrialsSplitApart(t *testing.T) {
	const subjects = 100_000
	both := 0
	for n := range subjects {
		subject := fmt.Sprint("subj_", n)
		if ledger.Point("trial_1", subject) < 0.5 && ledger.Point("trial_2", subject) < 0.5 {
			both++
		}
	}
	if off := math.Abs(float64(both) - subjects/4); off > 5*math.Sqrt(subjects*3.0/16) {
		t.Errorf("%d of %d are below one half in both", both, subjects)
	}
}

func TestAChallengersDecisionIsReplayedBitForBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live, tried := parse(t, randomPolicy(t)), draft(t, randomPolicy(t))
		l := &ledger.Ledger{Store: memory{}, Policies: versions{1: live}, Trials: challengerOf(tried, 5000)}
		subject := rapid.StringMatching(`subj_[a-z0-9]{0,8}`).Draw(t, "subject")
		input := randomInput(t)
		answer, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: live, Input: input, At: morning, ID: "dec_1", Subject: subject})
		if err != nil {
			t.Fatal(err)
		}
		want, version, by := ledger.ArmAt(ledger.Point("trial_c", subject), 5000), 1, live
		if want == rules.Challenger {
			version, by = 0, tried
		}
		kept, err := l.Get(t.Context(), "t", "p", "dec_1")
		text, _ := json.Marshal(answer)
		if err != nil || answer.Trial == nil || answer.Trial.Arm != want || answer.Version != version || kept.Version != version || kept.Digest != "sha256:"+by.Digest || !bytes.Equal(text, kept.Answer) {
			t.Fatalf("%s %+v %v", text, kept.Head, err)
		}
		if replay, err := l.Replay(t.Context(), "t", "p", "dec_1"); err != nil || !replay.Identical {
			t.Fatalf("%+v %v", replay, err)
		}
	})
}

func TestAReplayWithoutItsDraftReportsIt(t *testing.T) {
	live, tried := parse(t, fmt.Sprintf(threshold, 100)), draft(t, fmt.Sprintf(threshold, 200))
	l := &ledger.Ledger{Store: memory{}, Policies: versions{1: live}, Trials: challengerOf(tried, ledger.ShareUnit)}
	if _, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: live, Input: map[string]any{"amount": 150}, At: morning, ID: "dec_1"}); err != nil {
		t.Fatal(err)
	}
	for code, other := range map[string]ledger.Trials{"policy_gone": trials{}, "policy_changed": challengerOf(draft(t, fmt.Sprintf(threshold, 201)), 1)} {
		l.Trials = other
		if _, err := l.Replay(t.Context(), "t", "p", "dec_1"); problem.CodeOf(err) != problem.NotReady || problem.As(err).Fields[0].Code != code {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestWithoutASubjectTheCaseSplitsAndElseTheInput(t *testing.T) {
	live, tried := parse(t, fmt.Sprintf(threshold, 100)), draft(t, fmt.Sprintf(threshold, 200))
	l := &ledger.Ledger{Store: memory{}, Trials: challengerOf(tried, 5000)}
	number := 0
	point := func(subject, of string, amount int) float64 {
		t.Helper()
		number++
		id := fmt.Sprint("dec_", number)
		if _, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: live, Input: map[string]any{"amount": amount}, At: morning, ID: id, Subject: subject, Case: of}); err != nil {
			t.Fatal(err)
		}
		kept, err := l.Get(t.Context(), "t", "p", id)
		if err != nil {
			t.Fatal(err)
		}
		return kept.Trial.Point
	}
	for name, c := range map[string]struct {
		a, b float64
		same bool
	}{
		"the same subject":  {point("s", "c", 1), point("s", "d", 2), true},
		"another subject":   {point("s", "c", 1), point("u", "c", 1), false},
		"the same case":     {point("", "c", 1), point("", "c", 2), true},
		"another case":      {point("", "c", 1), point("", "d", 1), false},
		"the same input":    {point("", "", 1), point("", "", 1), true},
		"another input":     {point("", "", 1), point("", "", 2), false},
		"a case as subject": {point("c", "", 1), point("", "c", 1), false},
	} {
		if (c.a == c.b) != c.same {
			t.Errorf("%s: %v %v", name, c.a, c.b)
		}
	}
}

// listPolicy is a policy that looks a list up.
const listPolicy = "id: p\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: listed, when: {list: l, field: s}, outcome: review}\n"

type listsOf func(ctx context.Context, names []string) (map[string]expr.List, error)

func (f listsOf) OpenLists(ctx context.Context, _ string, names []string, _ map[string]string) (map[string]expr.List, error) {
	return f(ctx, names)
}

func noLists(context.Context, []string) (map[string]expr.List, error) {
	return nil, problem.New(problem.UnknownList, "The policy refers to something that does not exist.")
}

func brokenLists(context.Context, []string) (map[string]expr.List, error) { panic("broken") }

func slowLists(ctx context.Context, _ []string) (map[string]expr.List, error) {
	<-ctx.Done()
	return nil, problem.Wrap(ctx.Err(), problem.Timeout, "The list did not come.")
}

// deafLists ignore that the caller no longer waits.
func deafLists(until <-chan struct{}) listsOf {
	return func(context.Context, []string) (map[string]expr.List, error) {
		<-until
		return noLists(context.Background(), nil)
	}
}

func TestAShadowThatFailsLeavesTheDecisionAsItIs(t *testing.T) {
	live := parse(t, fmt.Sprintf(threshold, 100))
	end := make(chan struct{})
	defer close(end)
	alone := ledger.Ledger{Store: memory{}}
	request := ledger.Request{Tenant: "t", Policy: live, Input: map[string]any{"amount": 150, "s": "x"}, At: morning, ID: "dec_1"}
	want, err := alone.Decide(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		lists ledger.Lists
		code  string
	}{
		"its list is missing":   {listsOf(noLists), "unknown_list"},
		"it panics":             {listsOf(brokenLists), "internal"},
		"it is slow":            {listsOf(slowLists), "timeout"},
		"it ignores its end":    {deafLists(end), "timeout"},
		"there are no lists":    {nil, "unknown_list"},
		"its rules fire a page": {nil, "too_large"},
	} {
		source := listPolicy
		if c.code == "too_large" {
			var b strings.Builder
			b.WriteString("id: p\noutcomes: [review, approve]\ndefault: approve\nrules:\n")
			for n := range 300 {
				fmt.Fprintf(&b, "  - {id: %s%d, when: \"amount > 1\", outcome: review}\n", strings.Repeat("x", 90), n)
			}
			source = b.String()
		}
		l := &ledger.Ledger{Store: memory{}, Lists: c.lists, Trials: shadowOf(draft(t, source)), ShadowTime: time.Minute}
		if c.code == "timeout" {
			l.ShadowTime = time.Millisecond
		}
		got, err := l.Decide(t.Context(), request)
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: %s, %v", name, b, err)
		}
		kept, err := l.Get(t.Context(), "t", "p", "dec_1")
		if err != nil || kept.Shadow == nil || kept.Shadow.Error != c.code || kept.Shadow.Outcome != "" || kept.Outcome != "review" || len(kept.Omitted) > 0 {
			t.Errorf("%s: %+v %+v, %v", name, kept.Head, kept.Shadow, err)
		}
	}
}

func TestAShadowTakesNothingFromWhatIsKept(t *testing.T) {
	live := parse(t, fmt.Sprintf(threshold, 100))
	noise := make([]byte, 2*ledger.MaxBytes)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	omitted := func(size int, tried ledger.Trials) []string {
		t.Helper()
		l := &ledger.Ledger{Store: memory{}, Trials: tried, ShadowTime: time.Minute}
		if _, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: live, Input: map[string]any{"amount": 150, "file": noise[:size]}, At: morning, ID: "dec_1"}); err != nil {
			t.Fatal(err)
		}
		kept, err := l.Get(t.Context(), "t", "p", "dec_1")
		if err != nil || tried != nil && kept.Shadow.Outcome != "review" {
			t.Fatalf("%+v %v", kept.Head, err)
		}
		return kept.Omitted
	}
	largest := sort.Search(len(noise), func(size int) bool { return len(omitted(size, nil)) > 0 }) - 1
	if largest < 1000 || len(omitted(largest, shadowOf(draft(t, fmt.Sprintf(threshold, 50))))) > 0 {
		t.Errorf("an input of %d bytes is lost to the shadow", largest)
	}
}

func TestShadowsThatNobodyWaitsForAreNotPiledUp(t *testing.T) {
	live := parse(t, fmt.Sprintf(threshold, 100))
	end := make(chan struct{})
	defer close(end)
	l := &ledger.Ledger{Store: memory{}, Lists: deafLists(end), Trials: shadowOf(draft(t, listPolicy)), ShadowTime: time.Microsecond}
	codes := map[string]int{}
	for n := range 1000 {
		id := fmt.Sprint("dec_", n)
		if _, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: live, Input: map[string]any{}, At: morning, ID: id}); err != nil {
			t.Fatal(err)
		}
		kept, err := l.Get(t.Context(), "t", "p", id)
		if err != nil {
			t.Fatal(err)
		}
		codes[kept.Shadow.Error]++
	}
	if codes["timeout"] == 0 || codes["busy"] < 500 || len(codes) != 2 {
		t.Errorf("%v", codes)
	}
}

func TestAShadowSeesWhatTheLiveVersionSaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live, tried := parse(t, randomPolicy(t)), draft(t, randomPolicy(t))
		l := &ledger.Ledger{Store: memory{}, Trials: shadowOf(tried), ShadowTime: time.Minute}
		input := randomInput(t)
		answer, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: live, Input: input, At: morning, ID: "dec_1"})
		if err != nil {
			t.Fatal(err)
		}
		alone, err := (&ledger.Ledger{}).Decide(t.Context(), ledger.Request{Tenant: "t", Policy: live, Input: input, At: morning, ID: "dec_1"})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(answer)
		if b, _ := json.Marshal(alone); !bytes.Equal(a, b) {
			t.Fatalf("%s %s", a, b)
		}
		want, err := (&ledger.Ledger{}).Decide(t.Context(), ledger.Request{Tenant: "t", Policy: tried, Input: input, At: morning, ID: "dec_1"})
		if err != nil {
			t.Fatal(err)
		}
		kept, err := l.Get(t.Context(), "t", "p", "dec_1")
		if s := kept.Shadow; err != nil || s == nil || s.Outcome != want.Outcome || s.Score != want.Score || s.Severity != want.Severity || strings.Join(s.Fired, " ") != strings.Join(want.Fired, " ") || s.Error != "" {
			t.Fatalf("%+v %+v %v", s, want, err)
		}
		if kept.Version != 1 || kept.Trial != nil {
			t.Fatalf("%+v", kept.Head)
		}
	})
}

func TestWhereAChallengerFailsTheLiveVersionDecidesAndReportsIt(t *testing.T) {
	live := parse(t, fmt.Sprintf(threshold, 100))
	for code, lists := range map[string]ledger.Lists{"unknown_list": listsOf(noLists), "internal": listsOf(brokenLists)} {
		l := &ledger.Ledger{Store: memory{}, Policies: versions{1: live}, Lists: lists, Trials: challengerOf(draft(t, listPolicy), ledger.ShareUnit)}
		answer, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: live, Input: map[string]any{"amount": 150, "s": "x"}, At: morning, ID: "dec_1"})
		if err != nil || answer.Outcome != "review" || answer.Version != 1 || answer.Trial == nil || answer.Trial.Arm != rules.Challenger || answer.Trial.Error != code {
			t.Errorf("%s: %+v %v", code, answer, err)
		}
		kept, err := l.Get(t.Context(), "t", "p", "dec_1")
		if err != nil || kept.Version != 1 || kept.Digest != "sha256:"+live.Digest || kept.Trial.Error != code {
			t.Errorf("%s: %+v %v", code, kept.Head, err)
		}
		if replay, err := l.Replay(t.Context(), "t", "p", "dec_1"); err != nil || !replay.Identical {
			t.Errorf("%s: %+v %v", code, replay, err)
		}
	}
}

func TestWhatIsTriedAsksNobodyElse(t *testing.T) {
	live, tried := parse(t, fmt.Sprintf(threshold, 100)), draft(t, fmt.Sprintf(threshold, 200))
	both := trials{beside: ledger.Beside{Shadow: &ledger.Draft{Trial: "trial_s", Policy: tried}, Challenger: &ledger.Draft{Trial: "trial_c", Policy: tried, Share: 5000}}}
	unknown := trials{beside: both.beside, err: problem.New(problem.Unavailable, "The table did not respond.")}
	for name, c := range map[string]struct {
		trials       ledger.Trials
		pinned       bool
		side, shadow bool
	}{
		"nothing is tried":         {nil, false, false, false},
		"both are":                 {both, false, true, true},
		"a version was asked for":  {both, true, false, false},
		"what is tried is unknown": {unknown, false, false, false},
	} {
		for n := range 20 { // on both sides
			l := &ledger.Ledger{Store: memory{}, Trials: c.trials}
			if _, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: live, Input: map[string]any{"amount": 150}, At: morning, ID: "dec_1", Subject: fmt.Sprint("subj_", n), Pinned: c.pinned}); err != nil {
				t.Fatal(err)
			}
			kept, err := l.Get(t.Context(), "t", "p", "dec_1")
			challenged := kept.Trial != nil && kept.Trial.Arm == rules.Challenger
			if err != nil || (kept.Trial != nil) != c.side || (kept.Shadow != nil) != (c.shadow && !challenged) || challenged != (kept.Outcome == "approve") {
				t.Errorf("%s: %+v %v", name, kept.Head, err)
			}
		}
	}
}

func TestAnAttemptAfterTheEndOfATrialIsTheFirstDecision(t *testing.T) {
	live, tried := parse(t, fmt.Sprintf(threshold, 100)), draft(t, fmt.Sprintf(threshold, 200))
	for _, at := range []time.Duration{0, time.Hour} { // at the same time, too: the policy may read it
		l := &ledger.Ledger{Store: memory{}, Trials: challengerOf(tried, ledger.ShareUnit)}
		attempt := func(later time.Duration) string {
			t.Helper()
			answer, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: live, Input: map[string]any{"amount": 150}, At: morning.Add(later), Work: "w", Since: morning, Case: "case_1"})
			text, _ := json.Marshal(answer)
			if err != nil || answer.Trial == nil || answer.Outcome != "approve" {
				t.Fatalf("%s %v", text, err)
			}
			return string(text)
		}
		first := attempt(0)
		l.Trials = trials{}
		if again := attempt(at); again != first {
			t.Errorf("%s\n%s", first, again)
		}
	}
	l := &ledger.Ledger{Store: memory{}} // and one that began without a trial stays without
	request := ledger.Request{Tenant: "t", Policy: live, Input: map[string]any{"amount": 150}, At: morning, Work: "w", Since: morning, Case: "case_1"}
	if _, err := l.Decide(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	l.Trials = challengerOf(tried, ledger.ShareUnit)
	if again, err := l.Decide(t.Context(), request); err != nil || again.Trial != nil || again.Outcome != "review" {
		t.Errorf("%+v %v", again, err)
	}
}

func TestSharesAreCountedInHundredthsOfAPercent(t *testing.T) {
	for part, want := range map[float64]int{0: 0, 0.0001: 1, 0.1: 1000, 0.29: 2900, 0.57: 5700, 0.3333: 3333, 1: 10000} {
		if share, ok := ledger.ShareOf(part); !ok || share != want {
			t.Errorf("%v: %d %v", part, share, ok)
		}
	}
	for _, part := range []float64{0.00001, 0.12345, math.NaN(), math.Inf(1), 1e300, -2} {
		if share, ok := ledger.ShareOf(part); ok {
			t.Errorf("%v: %d", part, share)
		}
	}
}
