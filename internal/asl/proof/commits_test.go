package proof_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/store/onecase"
)

// store checks every commit against the core, and keeps what is to be delivered.
type store struct {
	onecase.Store
	house   *house
	effects []cases.Effect
	oracle  statechart.Result
	commits int
}

func (s *store) committed(change cases.Change) {
	for _, e := range change.Effects {
		if e.Kind == cases.EffectStart || e.Kind == cases.EffectWake {
			s.effects = append(s.effects, e)
		}
	}
	s.commits++
	if diff := s.compare(change); diff != "" {
		s.house.mutex.Lock()
		defer s.house.mutex.Unlock()
		if s.house.failure == nil { // what follows from the first is no news
			s.house.failure = problem.New(problem.Internal, "%s", diff)
		}
	}
}

// putOff plays work that waits until it may be done again, and the end of its wait.
func (s *store) putOff(entry cases.Entry, again map[string]any) error {
	details, _ := entry.Details["postponed"].(map[string]any)
	if again != nil {
		details = again
	}
	state, _ := details["state"].(string)
	work, _ := details["work"].(string)
	active := slices.IndexFunc(s.oracle.Snapshot.Active, func(a statechart.Activation) bool { return a.State == state })
	if active < 0 {
		return fmt.Errorf("%s is not active", state)
	}
	chart, visit := s.house.wf.Chart, s.oracle.Snapshot.Active[active].Visit
	var was bool
	s.oracle.Effects = nil
	if again != nil {
		s.oracle.Snapshot, was = chart.Again(s.oracle.Snapshot, state, visit, work)
	} else {
		text, _ := details["until"].(string)
		tries, _ := details["attempts"].(float64)
		until, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return err
		}
		s.oracle.Snapshot, was = chart.Postpone(s.oracle.Snapshot, state, visit, work, until, int(tries))
	}
	if !was {
		return fmt.Errorf("%s of %s cannot be put off", work, state)
	}
	return nil
}

// compare plays the entry's event to the core: - the core, + the record.
func (s *store) compare(change cases.Change) string {
	chart := s.house.wf.Chart
	var err error
	entry := change.Entry
	switch again, _ := entry.Details["again"].(map[string]any); {
	case entry.Cause == cases.CausePostponed || again != nil:
		err = s.putOff(entry, again)
	case entry.Cause == cases.CauseStarted:
		s.oracle, err = chart.Start(map[string]any{"n": 0.0}, entry.At)
	case slices.Contains([]cases.Cause{cases.CauseEvent, cases.CauseTimer, cases.CauseOutcome, cases.CauseIncident}, entry.Cause):
		before := s.oracle
		if s.oracle, err = chart.Step(before.Snapshot, before.Context, eventOf(entry), entry.At); heldDeadline(entry, err) {
			s.oracle, err = statechart.Result{Snapshot: chart.Disarm(before.Snapshot, eventOf(entry)), Context: before.Context}, nil
		} else if work, held := heldWork(entry, err); held {
			s.oracle, err = statechart.Result{Snapshot: failed(chart, before.Snapshot, work), Context: before.Context}, nil
		}
	default:
		return "an unexpected cause: " + string(entry.Cause)
	}
	if err != nil {
		return "the core refuses " + entry.Event + ": " + err.Error()
	}
	var wanted, emitted []string
	for _, e := range s.oracle.Effects {
		if e.Kind == statechart.EffectEmit {
			wanted = append(wanted, "workflow."+e.Name)
		}
	}
	for _, e := range change.Effects {
		if e.Kind != cases.EffectPublish {
			continue
		}
		for _, event := range e.Published() { // many events of one change are one effect
			if strings.HasPrefix(event.Type, "workflow.") {
				emitted = append(emitted, event.Type)
			}
		}
	}
	return cmp.Diff(s.oracle.Snapshot, change.Next.Snapshot, cmpopts.EquateEmpty()) +
		cmp.Diff(s.oracle.Context, change.Next.Context) + cmp.Diff(wanted, emitted)
}

// heldDeadline reports whether a deadline has passed from which nothing followed: the case waits for a person, and goes on without it.
func heldDeadline(entry cases.Entry, err error) bool {
	return entry.Cause == cases.CauseIncident && strings.HasPrefix(entry.Event, "after.") && problem.CodeOf(err) == problem.Livelock
}

// heldWork is the work that has failed without anything that follows: the case waits for a person.
func heldWork(entry cases.Entry, err error) (work string, held bool) {
	work, failed := strings.CutPrefix(entry.Event, "error.invoke.")
	return work, failed && entry.Cause == cases.CauseIncident && problem.CodeOf(err) == problem.Livelock
}

func failed(chart *statechart.Chart, snapshot statechart.Snapshot, work string) statechart.Snapshot {
	for _, b := range chart.Busy(snapshot) {
		if b.Work == work {
			snapshot, _ = chart.Fail(snapshot, b.State, b.Visit, work)
		}
	}
	return snapshot
}

func eventOf(entry cases.Entry) statechart.Event {
	e := statechart.Event{Type: entry.Event}
	switch kind, rest, _ := strings.Cut(entry.Event, "."); kind {
	case "after":
		e.State = rest[:strings.LastIndex(rest, ".")]
	case "done":
		e.Payload = result(strings.TrimPrefix(rest, "invoke."))
	case "error":
		e.Payload = map[string]any{"error": entry.Details["error"], "cause": entry.Details["cause"]}
	}
	return e
}
