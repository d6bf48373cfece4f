package ledger_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// headsOf are decisions as a source.
func headsOf(heads []ledger.Head) ledger.Source {
	return func(_ context.Context, yield func([]ledger.Lazy) error) error {
		for i := range heads {
			if err := yield([]ledger.Lazy{ledger.Sample{Head: &heads[i]}}); err != nil {
				return err
			}
		}
		return nil
	}
}

func reported(t interface{ Fatal(args ...any) }, d ledger.Draft, heads []ledger.Head) ledger.TrialReport {
	r, err := ledger.ReportTrial(context.Background(), d, headsOf(heads), 3)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// randomHeads are decisions of two trials, and of none.
func randomHeads(t *rapid.T) []ledger.Head {
	outcome := rapid.SampledFrom([]string{"reject", "review", "approve"})
	score := rapid.Float64Range(-100, 100)
	fired := rapid.SampledFrom([][]string{nil, {"a"}, {"a", "b"}, {"c"}})
	took := rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "took")) })
	heads := make([]ledger.Head, rapid.IntRange(0, 40).Draw(t, "decisions"))
	for i := range heads {
		h := ledger.Head{ID: fmt.Sprintf("dec_%03d", i), Outcome: outcome.Draw(t, "outcome"), Score: score.Draw(t, "score"), Fired: fired.Draw(t, "fired"), Took: took.Draw(t, "took")}
		failed := rapid.SampledFrom([]string{"", "", "", "unknown_list"}).Draw(t, "failed")
		if id := rapid.SampledFrom([]string{"", "trial_c", "trial_o"}).Draw(t, "trial"); id != "" {
			point := ledger.Point("trial_c", fmt.Sprint("subj_", rapid.IntRange(0, 15).Draw(t, "subject")))
			h.Trial = &ledger.Side{Trial: rules.Trial{ID: id, Arm: ledger.ArmAt(point, 4000), Error: failed}, Point: point}
		}
		if id := rapid.SampledFrom([]string{"", "trial_s", "trial_o"}).Draw(t, "shadow"); id != "" {
			h.Shadow = &ledger.Shadow{Trial: id, Error: failed, Took: took.Draw(t, "took")}
			if failed == "" {
				h.Shadow.Outcome, h.Shadow.Score, h.Shadow.Fired = outcome.Draw(t, "outcome"), score.Draw(t, "score"), fired.Draw(t, "fired")
			}
		}
		heads[i] = h
	}
	return heads
}

func TestPartsOfATrialsReportMakeTheWholeInAnyOrder(t *testing.T) {
	p := parse(t, fmt.Sprintf(threshold, 100))
	rapid.Check(t, func(t *rapid.T) {
		heads := randomHeads(t)
		for _, d := range []ledger.Draft{{Trial: "trial_c", Policy: p, Share: 4000}, {Trial: "trial_s", Policy: p}} {
			whole := reported(t, d, heads)
			shuffled := rapid.Permutation(heads).Draw(t, "order")
			cut := rapid.IntRange(0, len(heads)).Draw(t, "cut")
			a, b := reported(t, d, shuffled[:cut]), reported(t, d, shuffled[cut:])
			for name, got := range map[string]ledger.TrialReport{"one after the other": sent(t, a).Merge(sent(t, b), 3), "the other way": sent(t, b).Merge(sent(t, a), 3), "another order": reported(t, d, shuffled)} {
				if !reflect.DeepEqual(whole, got) {
					x, _ := json.Marshal(whole)
					y, _ := json.Marshal(got)
					t.Fatalf("%s:\n%s\n%s", name, x, y)
				}
			}
		}
	})
}

// sent is a part of a report as a client gets it.
func sent(t *rapid.T, r ledger.TrialReport) (got ledger.TrialReport) {
	text, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestATrialsReportCountsItsOwnDecisions(t *testing.T) {
	p := parse(t, fmt.Sprintf(threshold, 100))
	rapid.Check(t, func(t *rapid.T) {
		heads := randomHeads(t)
		subjects := map[rules.Arm]map[float64]bool{rules.Champion: {}, rules.Challenger: {}}
		decisions := map[rules.Arm]int{}
		flips, seen := 0, 0
		for _, h := range heads {
			if h.Trial != nil && h.Trial.ID == "trial_c" {
				subjects[h.Trial.Arm][h.Trial.Point] = true
				decisions[h.Trial.Arm]++
			}
			if s := h.Shadow; s != nil && s.Trial == "trial_s" {
				seen++
				if s.Error == "" && s.Outcome != h.Outcome {
					flips++
				}
			}
		}
		c := reported(t, ledger.Draft{Trial: "trial_c", Policy: p, Share: 4000}, heads)
		if c.Shadow != nil || c.Arms.Champion.Decisions != decisions[rules.Champion] || c.Arms.Challenger.Decisions != decisions[rules.Challenger] ||
			c.Arms.Champion.Subjects != len(subjects[rules.Champion]) || c.Arms.Challenger.Subjects != len(subjects[rules.Challenger]) || c.Decisions != decisions[rules.Champion]+decisions[rules.Challenger] {
			t.Fatalf("%+v", c.Arms)
		}
		s := reported(t, ledger.Draft{Trial: "trial_s", Policy: p}, heads)
		if s.Arms != nil || s.Decisions != seen || s.Shadow.Flipped != flips || s.Shadow.Evaluated+s.Shadow.Errors["unknown_list"] != seen || s.Shadow.Live.Count != s.Shadow.Evaluated {
			t.Fatalf("%+v", s.Shadow)
		}
	})
}

// armHeads are decisions of a trial in which each side reviews so many of its subjects, each decided of so many times.
func armHeads(champions, reviewed, challengers, reviewedToo, times int) (heads []ledger.Head) {
	for n := range champions + challengers {
		arm, review := rules.Champion, n < reviewed
		if n >= champions {
			arm, review = rules.Challenger, n-champions < reviewedToo
		}
		h := ledger.Head{Outcome: map[bool]string{true: "review", false: "approve"}[review], Trial: &ledger.Side{Trial: rules.Trial{ID: "trial_c", Arm: arm}, Point: float64(n) / 1024}}
		for range times {
			heads = append(heads, h)
		}
	}
	return heads
}

func TestWhatIsDecidedOfOneSubjectAgainAndAgainIsSeenOnce(t *testing.T) {
	d := ledger.Draft{Trial: "trial_c", Policy: parse(t, fmt.Sprintf(threshold, 100)), Share: 5000}
	review := func(heads []ledger.Head) ledger.OutcomeRates {
		r := reported(t, d, heads)
		return r.Arms.Outcomes[1]
	}
	once, often := review(armHeads(40, 12, 40, 18, 1)), review(armHeads(40, 12, 40, 18, 50))
	if once.BeyondChance || often.BeyondChance || once.Interval != often.Interval || once.Champion.Interval != often.Champion.Interval || often.Champion.Count != 600 {
		t.Errorf("%+v\n%+v", once, often)
	}
	if many := review(armHeads(400, 120, 400, 180, 1)); !many.BeyondChance || math.Abs(many.RateDifference.Difference-0.15) > 1e-12 {
		t.Errorf("%+v", many)
	}
}

// TestIntervalsAreThoseOfTheTables compares with the examples of R. G. Newcombe, Statistics in Medicine 17 (1998), pages
// 857-872 and 873-890.
func TestIntervalsAreThoseOfTheTables(t *testing.T) {
	near := func(name string, got ledger.Interval, low, high float64) {
		t.Helper()
		if math.Abs(got.Low-low) > 0.00006 || math.Abs(got.High-high) > 0.00006 {
			t.Errorf("%s: %.4f to %.4f, want %.4f to %.4f", name, got.Low, got.High, low, high)
		}
	}
	near("81 of 263", ledger.Wilson(81.0/263, 263), 0.2553, 0.3662)
	near("15 of 148", ledger.Wilson(15.0/148, 148), 0.0624, 0.1605)
	near("0 of 20", ledger.Wilson(0, 20), 0, 0.1611)
	near("1 of 29", ledger.Wilson(1.0/29, 29), 0.0061, 0.1718)
	near("20 of 20", ledger.Wilson(1, 20), 0.8389, 1)
	near("of none", ledger.Wilson(0, 0), 0, 1)
	difference := func(a, m, b, n float64) ledger.Interval {
		return ledger.Between(b/n, a/m, ledger.Wilson(b/n, int(n)), ledger.Wilson(a/m, int(m)))
	}
	near("56 of 70 and 48 of 80", difference(56, 70, 48, 80), 0.0524, 0.3339)
	near("9 of 10 and 3 of 10", difference(9, 10, 3, 10), 0.1705, 0.8090)
}

// TestAnIntervalHoldsTheTruthAsOftenAsItClaims simulates trials without a difference, and with one.
func TestAnIntervalHoldsTheTruthAsOftenAsItClaims(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const rounds = 4000
	for _, c := range []struct{ a, b float64 }{{0.1, 0.1}, {0.5, 0.5}, {0.1, 0.16}} {
		held := 0
		for range rounds {
			draw := func(p float64, n int) (rate float64) {
				for range n {
					if random.Float64() < p {
						rate++
					}
				}
				return rate / float64(n)
			}
			a, b := draw(c.a, 400), draw(c.b, 100)
			if ledger.Between(a, b, ledger.Wilson(a, 400), ledger.Wilson(b, 100)).Holds(c.b - c.a) {
				held++
			}
		}
		if rate := float64(held) / rounds; rate < 0.93 || rate > 0.98 {
			t.Errorf("%+v: %.3f", c, rate)
		}
	}
}

func TestASplitThatIsNotTheShareIsReported(t *testing.T) {
	p := parse(t, fmt.Sprintf(threshold, 100))
	for share, want := range map[int]bool{5000: false, 4900: false, 2500: true} {
		if r := reported(t, ledger.Draft{Trial: "trial_c", Policy: p, Share: share}, armHeads(200, 1, 200, 1, 1)); r.Arms.Split.Suspicious != want || r.Arms.Split.Observed != 0.5 {
			t.Errorf("%d: %+v", share, r.Arms.Split)
		}
	}
}

func TestQuantilesAreAtMostAnEighthTooLarge(t *testing.T) {
	p := parse(t, fmt.Sprintf(threshold, 100))
	rapid.Check(t, func(t *rapid.T) {
		took := rapid.Int64Range(0, math.MaxInt64/2).Draw(t, "took")
		h := ledger.Head{Took: time.Duration(took), Shadow: &ledger.Shadow{Trial: "trial_s", Outcome: "a"}}
		r := reported(t, ledger.Draft{Trial: "trial_s", Policy: p}, []ledger.Head{h})
		if live := r.Shadow.Live; live.Median < took || live.Median > took+took/8 || live.P99 != live.Median || live.Mean != took || r.Shadow.Draft.Median != 0 {
			t.Fatalf("%+v", r.Shadow.Live)
		}
	})
	heads := make([]ledger.Head, 1000)
	for n := range heads {
		heads[n] = ledger.Head{Took: time.Duration(n + 1), Shadow: &ledger.Shadow{Trial: "trial_s", Outcome: "a"}}
	}
	if live := reported(t, ledger.Draft{Trial: "trial_s", Policy: p}, heads).Shadow.Live; live.Median < 500 || live.Median > 563 || live.P99 < 990 || live.P99 > 1114 || live.Mean != 500 {
		t.Errorf("%+v", live)
	}
}

func TestAReportWhoseSourceFailsFails(t *testing.T) {
	_, err := ledger.ReportTrial(t.Context(), ledger.Draft{Trial: "trial_s"}, func(context.Context, func([]ledger.Lazy) error) error {
		return problem.New(problem.Unavailable, "The table did not respond.")
	}, 3)
	if problem.CodeOf(err) != problem.Unavailable {
		t.Error(err)
	}
}
