package proof_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart/charttest"
)

func TestMain(m *testing.M) { charttest.Main(m) }

// TestCompiledMachinesDoWhatTheCoreDoes plays random charts. `-rapid.checks=10000` is the nightly form.
func TestCompiledMachinesDoWhatTheCoreDoes(t *testing.T) {
	charts, commits, rests, ended := 0, 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		drawn := charttest.Draw(t, charttest.Options{
			Parallel: true, Timers: true, Wildcard: true, Work: true, Emit: true, States: rapid.SampledFrom([]int{4, 8, 14}).Draw(t, "size"),
		})
		h := newHouse(t, drawn.JSON())
		defer func() {
			if t.Failed() {
				t.Logf("%s", drawn.JSON())
			}
		}()
		h.play(drawn)
		charts, commits = charts+1, commits+h.store.commits
		if h.store.Record().Status == cases.StatusCompleted {
			ended++
		}
		if !h.stuck {
			rests++
		}
	})
	t.Logf("%d charts, %d commits, %d came to rest, %d to their end", charts, commits, rests, ended)
	if rests == 0 || ended == 0 {
		t.Error("nothing was compared")
	}
}

// play starts a case and lets things happen in a random order.
func (h *house) play(chart *charttest.Chart) {
	ctx := context.Background()
	record, err := h.cases.Start(ctx, h.p, cases.StartCommand{Workflow: "random", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"n": 0.0}})
	if problem.CodeOf(err) == problem.Livelock {
		h.stuck = true
		return
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.case1 = record.ID
	names := append([]string{}, charttest.Events...)
	for _, s := range chart.States {
		names = append(names, "GO_"+s.Name)
	}
	for range rapid.IntRange(1, 40).Draw(h.t, "happenings") {
		h.happen(ctx, names)
		if h.stuck {
			return
		}
	}
	h.rest()
	h.check()
}

func (h *house) happen(ctx context.Context, names []string) {
	switch what := rapid.IntRange(0, 9).Draw(h.t, "what"); {
	case what < 3:
		_, err := h.cases.Send(ctx, h.p, h.case1, cases.SendCommand{Type: rapid.SampledFrom(names).Draw(h.t, "event")})
		switch problem.CodeOf(err) {
		case "", problem.EventNotAllowed, problem.CaseClosed:
		case problem.Livelock:
			h.stuck = true
		default:
			h.t.Fatal(err)
		}
		h.settle()
	case what < 6 && len(h.calls) > 0:
		c := rapid.SampledFrom(h.calls).Draw(h.t, "call")
		h.later = time.Duration(rapid.IntRange(1, 5000).Draw(h.t, "later in milliseconds")) * time.Millisecond
		h.let(c, rapid.SampledFrom([]string{"succeeds", "succeeds", "fails", "stumbles", "later"}).Draw(h.t, "outcome"))
	case what == 6 && len(h.store.effects) > 0:
		h.deliver(rapid.IntRange(0, len(h.store.effects)-1).Draw(h.t, "effect"))
	case what == 7:
		h.clock.Advance(0) // what is due already
		h.pass(time.Duration(rapid.IntRange(1, 5000).Draw(h.t, "milliseconds")) * time.Millisecond)
	default:
		h.rest()
		h.check()
	}
}

// pass lets time pass, timer by timer.
func (h *house) pass(d time.Duration) {
	end := h.clock.Now().Add(d)
	h.clock.AfterFunc(d, func() {})
	for h.clock.Now().Before(end) && h.clock.Next() {
		h.settle()
	}
}
