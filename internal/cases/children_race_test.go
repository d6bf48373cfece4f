package cases_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/store/faulty"
)

// attempt is one attempt at the parent's work, as a task makes it.
func (r *rig) attempt(ctx context.Context, s *cases.Service) error {
	job := r.vars["job"].(cases.Job)
	outcome, err := s.StartChildren(ctx, job)
	if err != nil {
		return err
	}
	outcome.Run = r.runOf(job)
	return inputOf(s.FinishWork(ctx, job, outcome))
}

// together approves the children and delivers what they report.
func (r *rig) together() {
	r.t.Helper()
	for _, id := range r.ids[1:] {
		_, err := r.Decide(context.Background(), r.reviewer(), id, r.now(id).Version, cases.DecideCommand{Event: "approve"})
		r.ok(err)
	}
	r.ok(r.Reported(context.Background(), r.reports()...))
}

// TestTwoAttemptsAtOnceStartEachChildOnce: a task that is taken for lost is begun again while it still runs. One of the two meets every
// fault of the store in between, and may be killed; the result is that of a single attempt.
func TestTwoAttemptsAtOnceStartEachChildOnce(t *testing.T) {
	known := parse(t, strings.ReplaceAll(company, "UNTIL", "all"), owner)
	db := openChecked(t)
	good := newRig(t, db, known, "good")
	good.parent(false)
	good.plan.Arm(faulty.None, 0, nil)
	good.ok(good.attempt(context.Background(), good.Service))
	calls := good.plan.Calls()
	good.children()
	started, outbox := good.essence(), good.outbox()
	good.together()
	ended := good.essence()
	good.whole()
	if strings.Count(started, "children 2") != 1 || good.now(good.id()).Status == cases.StatusCancelled || started == ended {
		t.Fatalf("started:\n%sended:\n%s", started, ended)
	}
	for _, fault := range faulty.Faults() {
		for k := range calls {
			if !faulty.Meets(fault, calls[k]) {
				continue
			}
			t.Run(fmt.Sprintf("%s %d %s", calls[k], k+1, fault), func(t *testing.T) {
				r := newRig(t, db, known, fmt.Sprintf("race %s %d %s", calls[k], k+1, fault))
				r.parent(false)
				other := r.Config
				other.Store = r.beneath
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				r.plan.Arm(fault, k+1, cancel)
				var met, clean error
				var both sync.WaitGroup
				both.Go(func() { met = r.attempt(ctx, r.Service) })
				both.Go(func() { clean = r.attempt(context.Background(), cases.New(other)) })
				both.Wait()
				r.plan.Arm(faulty.None, 0, nil)
				if clean != nil {
					t.Errorf("the attempt that met no fault of its own: %v", clean)
				}
				if met != nil { // the task is tried again
					r.ok(r.attempt(context.Background(), r.Service))
				}
				r.children()
				if is := r.essence(); is != started {
					t.Errorf("started (%v):\n%swant:\n%s", met, is, started)
				}
				if left := r.outbox(); !maps.Equal(left, outbox) {
					t.Errorf("outbox %v, want %v", left, outbox)
				}
				r.together()
				if is := r.essence(); is != ended {
					t.Errorf("ended:\n%swant:\n%s", is, ended)
				}
				r.whole()
			})
		}
	}
}
