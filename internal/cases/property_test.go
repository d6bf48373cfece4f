package cases_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// expected are the errors that a command may fail with when it does not fit the case.
var expected = []problem.Code{
	"", problem.EventNotAllowed, problem.CaseClosed, problem.Stale, problem.PreconditionRequired, problem.Invalid, problem.NotFound, problem.NotReady, problem.Conflict, problem.UndoOver,
}

// machine sends random commands to one case and knows nothing of what they should do but the rules that always hold.
type machine struct {
	*desk
	id    string
	from  int // changes of the store before this case
	job   *cases.Job
	token int
}

func (m *machine) check(rt *rapid.T, err error) {
	if !slices.Contains(expected, problem.CodeOf(err)) {
		rt.Fatalf("unexpected error %v", err)
	}
}

func (m *machine) seen(rt *rapid.T) int {
	return m.get(m.id).Version - rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(rt, "behind")
}

func (m *machine) actions() map[string]func(*rapid.T) {
	c := m.t.Context()
	return map[string]func(*rapid.T){
		"send": func(rt *rapid.T) {
			event := rapid.SampledFrom([]string{"GO", "SUBMIT", "PAINT", "back", "revision", "nonsense"}).Draw(rt, "event")
			_, err := m.Send(c, client, m.id, cases.SendCommand{Type: event, IdempotencyID: rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(rt, "key")})
			m.check(rt, err)
		},
		"decide": func(rt *rapid.T) {
			event := rapid.SampledFrom([]string{"approve", "reject", "revision", "revision", "revision"}).Draw(rt, "event")
			_, err := m.Decide(c, reviewer, m.id, m.seen(rt), cases.DecideCommand{Event: event, Reason: "r"})
			m.check(rt, err)
		},
		"save": func(rt *rapid.T) {
			patch := rapid.SampledFrom([]map[string]any{{"color": "red"}, {"color": nil}, {"applicant": map[string]any{"name": "Ada", "age": 20.0}}, {"risk": 1.0}}).Draw(rt, "patch")
			_, err := m.SaveContext(c, clerk, m.id, patch)
			m.check(rt, err)
		},
		"begin": func(rt *rapid.T) {
			work := rapid.SampledFrom([]string{"lookup", "risk"}).Draw(rt, "work")
			job, todo, _, err := m.BeginWork(c, cases.Branch{Tenant: "demo", Case: m.id}, "check", work)
			m.check(rt, err)
			if todo {
				m.job = &job
			}
		},
		"finish": func(rt *rapid.T) {
			if m.job == nil {
				return
			}
			outcome := cases.Outcome{Payload: map[string]any{"score": 3.0}, Awaiting: rapid.Bool().Draw(rt, "awaiting"), Run: m.runOf(*m.job)}
			_, err := m.FinishWork(c, *m.job, outcome)
			m.check(rt, err)
		},
		"answer": func(rt *rapid.T) {
			if m.job == nil {
				return
			}
			_, err := m.Answer(c, vendorOf(m.id), m.id, cases.Reply{State: "check", Visit: m.job.Visit, Work: m.job.Invocation.ID, Payload: map[string]any{"score": 9.0}, ID: "e"})
			m.check(rt, err)
		},
		"fail": func(rt *rapid.T) {
			if m.job == nil {
				return
			}
			_, err := m.FailWork(c, cases.Branch{Tenant: "demo", Case: m.id}, "check", m.job.Invocation.ID, m.job.Visit, cases.Failure{Error: "Timeout"})
			m.check(rt, err)
		},
		"retry": func(rt *rapid.T) {
			incident := "inc_none"
			if open := m.get(m.id).Incidents; len(open) > 0 {
				incident = open[0].ID
			}
			_, err := m.RetryIncident(c, reviewer, m.id, incident, nil)
			m.check(rt, err)
		},
		"park": func(rt *rapid.T) {
			follow, err := m.Expire(c, cases.Branch{Tenant: "demo", Case: m.id})
			m.check(rt, err)
			m.token++
			_, err = m.Park(c, cases.Branch{Tenant: "demo", Case: m.id}, follow.Visit, follow.Label, fmt.Sprint("token-", m.token))
			m.check(rt, err)
		},
		"pass": func(rt *rapid.T) {
			m.pass(time.Duration(rapid.IntRange(1, 6*24*60).Draw(rt, "minutes")) * time.Minute)
		},
		"document": func(rt *rapid.T) {
			id := rapid.SampledFrom([]string{"doc_1", "doc_2"}).Draw(rt, "document")
			doc, _, err := m.AnnounceDocument(c, clerk, m.id, cases.AnnounceCommand{ID: id, Kind: "passport", ContentType: "image/png", Size: 10, SHA256: sum("a")})
			m.check(rt, err)
			if err == nil && rapid.Bool().Draw(rt, "arrives") {
				m.files.put(doc.Key, cases.ObjectInfo{Size: 10})
				_, err = m.DocumentArrived(c, "demo", m.id, id)
				m.check(rt, err)
			}
		},
		"decide document": func(rt *rapid.T) {
			decision := rapid.SampledFrom([]string{"approved", "rejected", "revision"}).Draw(rt, "decision")
			_, err := m.DecideDocument(c, reviewer, m.id, "doc_1", m.seen(rt), cases.DocumentDecisionCommand{Decision: decision, Reason: "r", Undo: rapid.SampledFrom([]time.Duration{0, cases.MaxUndo}).Draw(rt, "undo")})
			m.check(rt, err)
		},
		"undo document": func(rt *rapid.T) {
			_, err := m.UndoDocument(c, reviewer, m.id, "doc_1", m.seen(rt))
			m.check(rt, err)
		},
		"people": func(rt *rapid.T) {
			_, err := m.Assign(c, reviewer, m.id, rapid.SampledFrom([]string{"", "user_1", "user_2"}).Draw(rt, "user"), 0)
			m.check(rt, err)
			_, err = m.AddNote(c, reviewer, m.id, cases.NoteCommand{ID: rapid.SampledFrom([]string{"", "note_once"}).Draw(rt, "note"), Text: "hm"})
			m.check(rt, err)
		},
		"replace": func(rt *rapid.T) {
			_, err := m.ReplaceExecution(c, "demo", m.id, m.get(m.id).Execution.Name)
			m.check(rt, err)
		},
		"cancel": func(rt *rapid.T) {
			if rapid.IntRange(0, 9).Draw(rt, "really") == 0 {
				_, err := m.Cancel(c, reviewer, m.id, m.seen(rt), "x")
				m.check(rt, err)
			}
		},
	}
}

// rules hold whatever has happened.
func (m *machine) rules(rt *rapid.T) {
	record := m.get(m.id)
	report, err := m.Verify(m.t.Context(), reviewer, m.id)
	if err != nil || !report.Valid || report.Entries != record.Version {
		rt.Fatalf("history is not whole: %+v, %v", report, err)
	}
	changes := m.store.changes[m.from:]
	if len(changes) != record.Version {
		rt.Fatalf("%d commits, version %d", len(changes), record.Version)
	}
	seen := map[string]bool{}
	woken := map[string]bool{}
	closed := false
	var last []string
	for i, change := range changes {
		if change.Next.Version != i+1 || change.Entry.Version != i+1 {
			rt.Fatalf("commit %d has version %d, entry %d", i+1, change.Next.Version, change.Entry.Version)
		}
		if i > 0 && !slices.Equal(change.Entry.From, last) {
			rt.Fatalf("version %d begins at %v, the one before it ends at %v", i+1, change.Entry.From, last)
		}
		if closed && !slices.Equal(change.Entry.From, change.Entry.To) {
			rt.Fatalf("version %d moves a closed case", i+1)
		}
		closed, last = change.Next.Status != cases.StatusActive, change.Entry.To
		for _, e := range change.Effects {
			if seen[e.ID()] || (e.Kind == cases.EffectWake && woken[e.Token]) {
				rt.Fatalf("effect %s comes twice", e.ID())
			}
			seen[e.ID()] = true
			woken[e.Token] = e.Kind == cases.EffectWake
		}
	}
	wf, err := m.Catalog.Workflow(m.t.Context(), "demo", "small", 0)
	if err != nil {
		rt.Fatal(err)
	}
	position := wf.Chart.Position(record.Snapshot)
	if to := wf.Chart.Configuration(record.Snapshot); !slices.Equal(to, last) {
		rt.Fatalf("the record is at %v, its last entry at %v", to, last)
	}
	for _, park := range record.Parked {
		if !park.Position.Same(position) || record.Status != cases.StatusActive {
			rt.Fatalf("the execution sleeps at %+v, the case is at %+v", park.Position, position)
		}
	}
	waitsForGood(rt, wf, record)
	for _, incident := range record.Incidents {
		if position.Label != labelOf(incident.State, incident.Work, "incident") {
			rt.Fatalf("an incident of %s is open at %s", incident.State, position.Label)
		}
	}
}

func TestWhateverHappensTheHistoryIsWhole(t *testing.T) {
	d := newDesk(t)
	rapid.Check(t, func(rt *rapid.T) {
		from := d.store.count()
		m := &machine{desk: d, id: d.start().ID, from: from}
		actions := m.actions()
		names := make([]string, 0, len(actions))
		for name := range actions {
			names = append(names, name)
		}
		slices.Sort(names)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			name := rapid.SampledFrom(names).Draw(rt, "command")
			actions[name](rt)
		}
		m.rules(rt)
	})
	problems, err := d.store.Store.(interface{ Check() ([]string, error) }).Check()
	if err != nil || len(problems) > 0 {
		t.Errorf("indexes: %v, %v", problems, err)
	}
}
