package task

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"ballerine/internal/cases"
)

// recorder notes which reports were written together; it can be held.
type recorder struct {
	mutex   sync.Mutex
	batches [][]string
	began   chan struct{}
	hold    chan struct{}
	bad     string
}

func (r *recorder) write(_ context.Context, effects ...cases.Effect) error {
	var ids []string
	for _, e := range effects {
		ids = append(ids, e.Case)
	}
	r.mutex.Lock()
	r.batches = append(r.batches, ids)
	first := len(r.batches) == 1
	r.mutex.Unlock()
	if first && r.hold != nil {
		close(r.began)
		<-r.hold
	}
	if slices.Contains(ids, r.bad) {
		return errors.New("it cannot be written")
	}
	return nil
}

func report(parent, child string) []cases.Effect {
	return []cases.Effect{{Kind: cases.EffectReport, Tenant: "t", Name: parent, Case: child}}
}

func TestReportsThatComeMeanwhileAreWrittenInOneGroup(t *testing.T) {
	w := &recorder{began: make(chan struct{}), hold: make(chan struct{})}
	var r reports
	var all sync.WaitGroup
	deliver := func(parent, child string) {
		all.Go(func() {
			if err := errors.Join(r.deliver(t.Context(), report(parent, child), w.write)...); err != nil {
				t.Error(err)
			}
		})
	}
	deliver("p", "a")
	<-w.began
	for _, child := range []string{"b", "c", "d"} {
		deliver("p", child)
	}
	for waiting := 0; waiting < 3; {
		r.mutex.Lock()
		if next := r.parents["t/p"].next; next != nil {
			waiting = len(next.effects)
		}
		r.mutex.Unlock()
	}
	if err := errors.Join(r.deliver(t.Context(), report("other", "x"), w.write)...); err != nil { // another parent waits for nobody
		t.Error(err)
	}
	close(w.hold)
	all.Wait()
	slices.Sort(w.batches[2])
	if len(w.batches) != 3 || !slices.Equal(w.batches[0], []string{"a"}) || !slices.Equal(w.batches[2], []string{"b", "c", "d"}) {
		t.Errorf("batches %v", w.batches)
	}
	if len(r.parents) != 0 {
		t.Error("a parent nobody reports to is remembered")
	}
}

func TestAReportThatCannotBeWrittenDoesNotKeepOutTheOthers(t *testing.T) {
	w := &recorder{bad: "b"}
	var r reports
	failures := r.deliver(t.Context(), append(report("p", "a"), append(report("p", "b"), report("p", "c")...)...), w.write)
	if failures[0] != nil || failures[1] == nil || failures[2] != nil || len(w.batches) != 4 || !slices.Equal(w.batches[3], []string{"c"}) {
		t.Errorf("%v, %v", failures, w.batches)
	}
}
