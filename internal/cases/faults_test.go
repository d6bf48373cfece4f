package cases_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
	"ballerine/internal/store/faulty"
	"ballerine/internal/watched"
)

// Every command is run again and again, each time with another call to the store that goes wrong in another way, and then
// called once more, as a caller does who has no answer. In the end the cases must be where a run without faults takes
// them, and no answer may have been a lie.

// rig is a tenant of its own in a store that they share, so that runs can go side by side.
type rig struct {
	*cases.Service
	t       *testing.T
	tenant  string
	beneath embedded.Cases
	known   embedded.Watched
	plan    *faulty.Plan
	files   *shelf
	clock   atomic.Int64

	ids  []string // of the cases, in the order in which they are compared
	vars map[string]any
}

func newRig(t *testing.T, db *embedded.DB, known catalog, tenant string) *rig {
	t.Helper()
	r := &rig{t: t, tenant: tenant, beneath: db.Cases(), known: db.Watched(), plan: &faulty.Plan{}, files: &shelf{there: map[string]cases.ObjectInfo{}}, vars: map[string]any{}}
	var ids atomic.Int64
	r.Service = cases.New(cases.Config{
		LookAgain: time.Hour, // a machine that tests may stand still for seconds
		Store:     faulty.Cases{Store: r.beneath, Plan: r.plan}, Watched: faulty.Watched{Store: r.known, Plan: r.plan}, Objects: r.files, Catalog: known,
		Now:   func() time.Time { return epoch.Add(time.Duration(r.clock.Load()) * time.Millisecond) },
		NewID: func(prefix string) string { return fmt.Sprintf("%s_%04d", prefix, ids.Add(1)) },
		Pause: func(ctx context.Context, _ int) error { runtime.Gosched(); return ctx.Err() },
	})
	return r
}

func (r *rig) by(kind identity.Kind) identity.Principal {
	return identity.Principal{Tenant: r.tenant, Kind: kind, ID: string(kind) + "_1"}
}

func (r *rig) client() identity.Principal { return r.by(identity.Client) }
func (r *rig) reviewer() identity.Principal {
	p := r.by(identity.User)
	p.Roles = []string{"reviewer"}
	return p
}
func (r *rig) branch() cases.Branch { return cases.Branch{Tenant: r.tenant, Case: r.id()} }
func (r *rig) id() string           { return r.ids[0] }

func (r *rig) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("%s: %v", r.tenant, err)
	}
}

func (r *rig) now(id string) cases.Record {
	r.t.Helper()
	record, err := r.beneath.Get(context.Background(), r.tenant, id)
	r.ok(err)
	return record
}

// begun starts a case and brings it to where its events take it.
func (r *rig) begun(events ...string) {
	record, err := r.Start(context.Background(), r.client(), cases.StartCommand{ID: "case_a", Workflow: "small", Subject: cases.SubjectInput{Type: "individual"}})
	r.ok(err)
	r.ids = []string{record.ID}
	for _, event := range events {
		_, err := r.Send(context.Background(), r.client(), record.ID, cases.SendCommand{Type: event})
		r.ok(err)
	}
}

func (r *rig) job(state, work string) cases.Job {
	r.t.Helper()
	job, todo, follow, err := r.BeginWork(context.Background(), r.branch(), state, work)
	r.ok(err)
	if !todo {
		r.t.Fatalf("%s: %s is not to be done: at %s", r.tenant, work, follow.Label)
	}
	return job
}

func (r *rig) runOf(job cases.Job) cases.TaskRun {
	return cases.TaskRun{ID: "task_" + job.Invocation.ID, State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Attempt: 1, Outcome: "done", StartedAt: epoch}
}

func (r *rig) done(work string, payload any) {
	r.t.Helper()
	job := r.job("check", work)
	_, err := r.FinishWork(context.Background(), job, cases.Outcome{Payload: payload, Run: r.runOf(job)})
	r.ok(err)
}

func (r *rig) inReview() {
	r.begun("GO")
	r.done("lookup", map[string]any{"found": true})
	r.done("risk", map[string]any{"outcome": "review", "score": 40.0, "severity": "medium"})
	r.vars["seen"] = r.now(r.id()).Version
}

func (r *rig) seen() int { return r.vars["seen"].(int) }

func (r *rig) inIncident() {
	r.begun("GO")
	job := r.job("check", "lookup")
	_, err := r.FailWork(context.Background(), r.branch(), "check", "lookup", job.Visit, cases.Failure{Error: "vendor_unavailable", Cause: "away"})
	r.ok(err)
	r.vars["incident"] = r.now(r.id()).Incidents[0].ID
}

// dead is the first effect of the case as one that nobody tries any more.
func (r *rig) dead() cases.Effect {
	all, err := r.beneath.Outstanding(context.Background(), r.tenant, r.id(), 1, epoch)
	r.ok(err)
	for _, e := range all {
		if e.Ref() == "1/0" {
			e.Delivery = cases.Delivery{Attempts: 20, Error: "timeout", DeadAt: epoch}
			return e
		}
	}
	return cases.Effect{Tenant: r.tenant, Case: r.id(), Version: 1, At: epoch, Delivery: cases.Delivery{Attempts: 20, Error: "timeout", DeadAt: epoch}}
}

func (r *rig) buried() {
	r.ok(r.BuryEffect(context.Background(), r.dead()))
	r.vars["incident"] = r.now(r.id()).Incidents[0].ID
}

// uploaded announces a document of case a and lets its bytes arrive.
func (r *rig) uploaded(notice bool) {
	doc, _, err := r.AnnounceDocument(context.Background(), r.client(), r.id(), cases.AnnounceCommand{ID: "doc_a", Kind: "passport", ContentType: "image/png", Size: 10, SHA256: sum("a")})
	r.ok(err)
	r.files.put(doc.Key, cases.ObjectInfo{Size: 10, SHA256: sum("a")})
	if notice {
		_, err = r.DocumentArrived(context.Background(), r.tenant, r.id(), "doc_a")
		r.ok(err)
	}
	r.vars["seen"] = r.now(r.id()).Version
}

// asked adds an attempt at a vendor whose exchange is kept.
func (r *rig) asked(task string) {
	r.t.Helper()
	kept := r.KeepExchange(context.Background(), r.tenant, r.id(), task, []byte(`{"plugin":"p","calls":[]}`))
	r.ok(r.beneath.PutTaskRun(context.Background(), r.tenant, r.id(), cases.TaskRun{ID: task, Source: "vendor", Work: "lookup", StartedAt: epoch, Call: &cases.Call{Exchange: kept}}))
}

// parent starts a company with two owners, whose children are started when work is.
func (r *rig) parent(work bool) {
	record, err := r.Start(context.Background(), r.client(), cases.StartCommand{
		ID: "case_a", Workflow: "company", Subject: cases.SubjectInput{Type: "business"},
		Context: map[string]any{"country": "DE", "owners": []any{map[string]any{"id": "p-1", "first": "Ada"}, map[string]any{"id": "p-2", "first": "Bo"}}},
	})
	r.ok(err)
	r.ids = []string{record.ID}
	job := r.job("owners", "people")
	r.vars["job"] = job
	if !work {
		return
	}
	outcome, err := r.StartChildren(context.Background(), job)
	r.ok(err)
	outcome.Run = r.runOf(job)
	_, err = r.FinishWork(context.Background(), job, outcome)
	r.ok(err)
	r.children()
}

// children adds the ids of the parent's children to those that are compared.
func (r *rig) children() {
	group, _ := r.now(r.ids[0]).Context["children"].(map[string]any)
	work, _ := group["people"].(map[string]any)
	known, _ := work["cases"].(map[string]any)
	r.ids = append(r.ids[:1], slices.SortedFunc(maps.Keys(known), func(a, b string) int {
		return int(known[a].(map[string]any)["index"].(float64) - known[b].(map[string]any)["index"].(float64))
	})...)
}

func (r *rig) reports() []cases.Effect {
	all, err := r.beneath.Undelivered(context.Background(), epoch.Add(time.Hour), 1<<20)
	r.ok(err)
	return slices.DeleteFunc(all, func(e cases.Effect) bool { return e.Tenant != r.tenant || e.Kind != cases.EffectReport })
}

// scenario is a command and where it is given.
type scenario struct {
	prepare func(r *rig)
	run     func(ctx context.Context, r *rig) error
}

func recordOf(_ cases.Record, err error) error        { return err }
func inputOf(_ cases.ExecutionInput, err error) error { return err }

// scenarios by the name of the method of Service that they call; what follows a slash distinguishes two of one method.
var scenarios = map[string]scenario{
	"Start": {func(r *rig) { r.ids = []string{"case_a"} }, func(ctx context.Context, r *rig) error {
		return recordOf(r.Start(ctx, r.client(), cases.StartCommand{ID: "case_a", Workflow: "small", ExternalID: "x", Subject: cases.SubjectInput{Type: "individual", ExternalID: "s", Data: map[string]any{"name": "A"}}}))
	}},
	"Start/over before it began": {func(r *rig) { r.ids = []string{"case_a"} }, func(ctx context.Context, r *rig) error {
		return recordOf(r.Start(ctx, r.client(), cases.StartCommand{ID: "case_a", Workflow: "instant", Subject: cases.SubjectInput{Type: "individual"}}))
	}},
	"Send": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.Send(ctx, r.client(), r.id(), cases.SendCommand{Type: "GO", IdempotencyID: "evt_1"}))
	}},
	"Send/changes nothing but the context": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.Send(ctx, r.client(), r.id(), cases.SendCommand{Type: "PAINT", IdempotencyID: "evt_1"}))
	}},
	"SaveContext": {func(r *rig) { r.begun(); r.vars["once"] = true }, func(ctx context.Context, r *rig) error {
		return recordOf(r.SaveContext(ctx, r.client(), r.id(), map[string]any{"color": "red"}))
	}},
	"SavePage": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.SavePage(ctx, r.client(), r.id(), func(cases.Applying) (cases.PageSaved, error) {
			return cases.PageSaved{Page: "about", Fields: []string{"color"}, Patch: map[string]any{"color": "red"}, Pages: cases.Pages{Saved: []string{"about"}}}, nil
		}))
	}},
	"SubmitPages": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.SubmitPages(ctx, r.client(), r.id(), "evt_1", func(cases.Applying) (cases.PagesSubmitted, error) { return cases.PagesSubmitted{Event: "GO"}, nil }))
	}},
	"Decide": {func(r *rig) { r.inReview() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.Decide(ctx, r.reviewer(), r.id(), r.seen(), cases.DecideCommand{Event: "reject", Reason: "fraud"}))
	}},
	"Decide/held back": {func(r *rig) { r.inReview() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.Decide(ctx, r.reviewer(), r.id(), r.seen(), cases.DecideCommand{Event: "approve", Undo: 10 * time.Second}))
	}},
	"Decide/hits that were cleared before": {func(r *rig) {
		r.screened(hitOf("u-1", "v1"))
		r.decides("approve", "sanctions.hits[0]", "not_a_match")
		r.remembers()
		r.screened(nil, hitOf("u-1", "v1"))
	}, func(ctx context.Context, r *rig) error {
		return recordOf(r.Decide(ctx, r.reviewer(), r.id(), r.seen(), cases.DecideCommand{Event: "approve"}))
	}},
	"WatchSubject": {func(r *rig) {
		r.screened(nil)
		r.decides("approve", "", "")
		_, err := watched.ChangeRun(context.Background(), r.known, r.tenant, "un", func(run *watched.Run) bool {
			run.State, run.Edition = watched.Done, "2"
			return true
		})
		r.ok(err)
	}, func(ctx context.Context, r *rig) error { return r.WatchSubject(ctx, r.waiting(cases.EffectWatch)) }},
	"Rescreened": {func(r *rig) { r.ids = []string{"case_again"} }, func(ctx context.Context, r *rig) error {
		w := watched.Watch{Tenant: r.tenant, Subject: "subj_1", Type: "individual", Name: "Anna", Kept: true, Workflow: "listed"}
		return recordOf(r.Rescreened(ctx, w, "case_again", map[string]any{"list": "un"}))
	}},
	"RescreeningCounts": {func(r *rig) { r.inReview(); r.decides("reject", "", "") }, func(ctx context.Context, r *rig) error {
		_, err := r.RescreeningCounts(ctx, r.tenant, r.id())
		return err
	}},
	"Remember": {func(r *rig) {
		r.screened(hitOf("u-1", "v1"))
		r.decides("approve", "sanctions.hits[0]", "not_a_match")
	}, func(ctx context.Context, r *rig) error { return r.Remember(ctx, r.answer()) }},
	"Undo": {func(r *rig) {
		r.inReview()
		_, err := r.Decide(context.Background(), r.reviewer(), r.id(), r.seen(), cases.DecideCommand{Event: "approve", Undo: 10 * time.Second})
		r.ok(err)
		r.vars["seen"] = r.seen() + 1
	}, func(ctx context.Context, r *rig) error {
		return recordOf(r.Undo(ctx, r.reviewer(), r.id(), r.seen()))
	}},
	"Assign": {func(r *rig) { r.inReview() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.Assign(ctx, r.reviewer(), r.id(), "user_2", 0))
	}},
	"AddNote": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error {
		_, err := r.AddNote(ctx, r.reviewer(), r.id(), cases.NoteCommand{ID: "note_a", Text: "a remark"})
		return err
	}},
	"EditNote": {func(r *rig) {
		r.begun()
		_, err := r.AddNote(context.Background(), r.reviewer(), r.id(), cases.NoteCommand{ID: "note_a", Text: "a remark"})
		r.ok(err)
	}, func(ctx context.Context, r *rig) error {
		_, err := r.EditNote(ctx, r.reviewer(), r.id(), "note_a", cases.NoteCommand{Text: "another"})
		return err
	}},
	"Snooze": {func(r *rig) { r.inReview() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.Snooze(ctx, r.reviewer(), r.id(), r.Now().Add(time.Hour)))
	}},
	"Wake": {func(r *rig) {
		r.inReview()
		r.ok(recordOf(r.Snooze(context.Background(), r.reviewer(), r.id(), r.Now().Add(time.Hour))))
	}, func(ctx context.Context, r *rig) error { return recordOf(r.Wake(ctx, r.reviewer(), r.id())) }},
	"Escalate": {func(r *rig) { r.inReview() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.Escalate(ctx, r.reviewer(), r.id(), "unclear"))
	}},
	"EndEscalation": {func(r *rig) {
		r.inReview()
		r.ok(recordOf(r.Escalate(context.Background(), r.reviewer(), r.id(), "unclear")))
	}, func(ctx context.Context, r *rig) error { return recordOf(r.EndEscalation(ctx, r.reviewer(), r.id())) }},
	"TakeOver": {func(r *rig) { r.inReview() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.TakeOver(ctx, r.reviewer(), r.id(), "user_2"))
	}},
	"Cancel": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.Cancel(ctx, r.client(), r.id(), 0, "not needed"))
	}},
	"Cancel/with children": {func(r *rig) { r.parent(true) }, func(ctx context.Context, r *rig) error {
		return recordOf(r.Cancel(ctx, r.client(), r.id(), 0, "not needed"))
	}},
	"CancelChildren": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error { return r.CancelChildren(ctx, r.tenant, r.id()) }},
	"CancelChild":    {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error { return r.CancelChild(ctx, r.tenant, r.id()) }},
	"AnnounceDocument": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error {
		_, _, err := r.AnnounceDocument(ctx, r.client(), r.id(), cases.AnnounceCommand{ID: "doc_a", Kind: "passport", ContentType: "image/png", Size: 10, SHA256: sum("a")})
		return err
	}},
	"DocumentArrived": {func(r *rig) { r.begun(); r.uploaded(false) }, func(ctx context.Context, r *rig) error {
		return recordOf(r.DocumentArrived(ctx, r.tenant, r.id(), "doc_a"))
	}},
	"ReconcileUploads": {func(r *rig) { r.begun(); r.uploaded(false) }, func(ctx context.Context, r *rig) error {
		record, err := r.Get(ctx, r.client(), r.id())
		if err == nil {
			_, err = r.ReconcileUploads(ctx, record)
		}
		return err
	}},
	"SettleDocuments": {func(r *rig) { r.begun(); r.uploaded(true) }, func(ctx context.Context, r *rig) error {
		return r.SettleDocuments(ctx, r.tenant, r.id(), cases.Record{})
	}},
	"DecideDocument": {func(r *rig) { r.begun(); r.uploaded(true) }, func(ctx context.Context, r *rig) error {
		return recordOf(r.DecideDocument(ctx, r.reviewer(), r.id(), "doc_a", r.seen(), cases.DocumentDecisionCommand{Decision: "approved"}))
	}},
	"UndoDocument": {func(r *rig) {
		r.begun()
		r.uploaded(true)
		record, err := r.DecideDocument(context.Background(), r.reviewer(), r.id(), "doc_a", r.seen(), cases.DocumentDecisionCommand{Decision: "approved", Undo: cases.MaxUndo})
		r.ok(err)
		r.vars["seen"] = record.Version
	}, func(ctx context.Context, r *rig) error {
		return recordOf(r.UndoDocument(ctx, r.reviewer(), r.id(), "doc_a", r.seen()))
	}},
	"DocumentLink": {func(r *rig) { r.begun(); r.uploaded(true); r.vars["once"] = true }, func(ctx context.Context, r *rig) error {
		_, err := r.DocumentLink(ctx, r.reviewer(), r.id(), "doc_a")
		return err
	}},
	"Exchange": {func(r *rig) { r.inReview(); r.vars["once"] = true; r.asked("task_v") }, func(ctx context.Context, r *rig) error {
		_, err := r.Exchange(ctx, r.reviewer(), r.id(), "task_v")
		return err
	}},
	"RetryIncident": {func(r *rig) { r.inIncident() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.RetryIncident(ctx, r.reviewer(), r.id(), r.vars["incident"].(string), map[string]any{"color": "red"}))
	}},
	"SkipIncident": {func(r *rig) { r.inIncident() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.SkipIncident(ctx, r.reviewer(), r.id(), r.vars["incident"].(string), map[string]any{"found": true}, "seen by hand"))
	}},
	"RetryIncident/of a dead letter": {func(r *rig) { r.begun(); r.buried() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.RetryIncident(ctx, r.reviewer(), r.id(), r.vars["incident"].(string), nil))
	}},
	"SkipIncident/of a dead letter": {func(r *rig) { r.begun(); r.buried() }, func(ctx context.Context, r *rig) error {
		return recordOf(r.SkipIncident(ctx, r.reviewer(), r.id(), r.vars["incident"].(string), nil, "not needed"))
	}},
	"BuryEffect": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error { return r.BuryEffect(ctx, r.dead()) }},
	"SettleDeadLetter": {func(r *rig) { r.begun(); r.buried() }, func(ctx context.Context, r *rig) error {
		return r.SettleDeadLetter(ctx, r.reviewer(), r.id(), "1/0", cases.Settlement{})
	}},
	"SettleDeadLetters": {func(r *rig) { r.begun(); r.buried() }, func(ctx context.Context, r *rig) error {
		_, _, err := r.SettleDeadLetters(ctx, r.reviewer(), cases.DeadLetterFilter{Kind: cases.EffectStart}, cases.Settlement{Discard: true, Reason: "not needed"})
		return err
	}},
	"Migrate": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error {
		done, _, err := r.Migrate(ctx, r.client(), cases.MigrateCommand{Workflow: "small", From: 3, To: 4, Cases: []string{r.id()}})
		if err == nil && done[0].Outcome == cases.Refused {
			r.t.Errorf("%s: refused: %+v", r.tenant, done[0])
		}
		return err
	}},
	"Park": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error {
		_, err := r.Park(ctx, r.branch(), r.now(r.id()).Snapshot.Active[0].Visit, "collect", "token")
		return err
	}},
	"Expire": {func(r *rig) { r.begun(); r.clock.Store(15 * 24 * time.Hour.Milliseconds()) }, func(ctx context.Context, r *rig) error {
		return inputOf(r.Expire(ctx, r.branch()))
	}},
	"BeginWork": {func(r *rig) { r.begun("GO") }, func(ctx context.Context, r *rig) error {
		_, _, _, err := r.BeginWork(ctx, r.branch(), "check", "lookup")
		return err
	}},
	"KeepVendorAnswer": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error {
		if err := r.KeepVendorAnswer(ctx, cases.VendorAnswer{Tenant: r.tenant, Case: r.id(), Key: "k", Content: []byte("{}"), Until: epoch.Add(1000 * time.Hour)}); err != nil {
			return err
		}
		content, err := r.FindVendorAnswer(ctx, r.tenant, "k")
		if err == nil && string(content) != "{}" {
			r.t.Errorf("kept: %s", content)
		}
		return err
	}},
	"FinishWork": {func(r *rig) { r.begun("GO"); r.vars["job"] = r.job("check", "lookup") }, func(ctx context.Context, r *rig) error {
		job := r.vars["job"].(cases.Job)
		return inputOf(r.FinishWork(ctx, job, cases.Outcome{Payload: map[string]any{"found": true}, Run: r.runOf(job)}))
	}},
	"FinishWork/the answer comes later": {func(r *rig) { r.begun("GO"); r.vars["job"] = r.job("check", "lookup") }, func(ctx context.Context, r *rig) error {
		job := r.vars["job"].(cases.Job)
		return inputOf(r.FinishWork(ctx, job, cases.Outcome{Awaiting: true, Run: r.runOf(job)}))
	}},
	"PostponeWork": {func(r *rig) { r.begun("GO"); r.vars["job"] = r.job("check", "lookup") }, func(ctx context.Context, r *rig) error {
		job := r.vars["job"].(cases.Job)
		return inputOf(r.PostponeWork(ctx, job, cases.Postponement{Until: epoch.Add(48 * time.Hour), Tries: 1, Error: "vendor_unavailable", Run: r.runOf(job)}))
	}},
	"Expire/the vendor may be asked again": {func(r *rig) {
		r.begun("GO")
		job := r.job("check", "lookup")
		if _, err := r.PostponeWork(context.Background(), job, cases.Postponement{Until: epoch.Add(48 * time.Hour), Tries: 1, Error: "vendor_unavailable", Run: r.runOf(job)}); err != nil {
			r.t.Fatal(err)
		}
		r.clock.Store(2 * 24 * time.Hour.Milliseconds())
	}, func(ctx context.Context, r *rig) error {
		return inputOf(r.Expire(ctx, r.branch()))
	}},
	"Answer/too large": {func(r *rig) { r.begun("GO"); r.vars["job"] = r.job("check", "lookup") }, func(ctx context.Context, r *rig) error {
		p := r.by(identity.Vendor)
		p.Case = r.id()
		_, err := r.Answer(ctx, p, r.id(), cases.Reply{State: "check", Visit: r.vars["job"].(cases.Job).Visit, Work: "lookup", Payload: strings.Repeat("x", 201<<10), ID: "evt_1"})
		if problem.CodeOf(err) == problem.TooLarge {
			return nil // the vendor gets an error, and the work has failed
		}
		return err
	}},
	"RefuseAcceptance": {func(r *rig) { r.begun("GO"); r.vars["job"] = r.job("check", "lookup") }, func(ctx context.Context, r *rig) error {
		job := r.vars["job"].(cases.Job)
		outcome := cases.Outcome{Run: r.runOf(job), VendorID: &cases.VendorID{Plugin: "lookup", ID: "session-1"}}
		return inputOf(r.RefuseAcceptance(ctx, job, outcome, cases.Failure{Error: "too_large", Cause: "too much"}))
	}},
	"FailWork": {func(r *rig) { r.begun("GO"); r.vars["job"] = r.job("check", "lookup") }, func(ctx context.Context, r *rig) error {
		return inputOf(r.FailWork(ctx, r.branch(), "check", "lookup", r.vars["job"].(cases.Job).Visit, cases.Failure{Error: "vendor_rejected", Cause: "no"}))
	}},
	"Answer": {func(r *rig) { r.begun("GO"); r.vars["job"] = r.job("check", "lookup") }, func(ctx context.Context, r *rig) error {
		p := r.by(identity.Vendor)
		p.Case = r.id()
		return recordOf(r.Answer(ctx, p, r.id(), cases.Reply{State: "check", Visit: r.vars["job"].(cases.Job).Visit, Work: "lookup", Payload: map[string]any{"found": true}, ID: "evt_1"}))
	}},
	"ReplaceExecution": {func(r *rig) { r.begun(); r.vars["execution"] = r.now(r.id()).Execution.Name }, func(ctx context.Context, r *rig) error {
		return recordOf(r.ReplaceExecution(ctx, r.tenant, r.id(), r.vars["execution"].(string)))
	}},
	"InvitesApplicant": {func(r *rig) { r.begun() }, func(ctx context.Context, r *rig) error {
		_, err := r.InvitesApplicant(ctx, r.reviewer(), r.id(), "flow_a", epoch.Add(time.Hour))
		return err
	}},
	"StartChildren": {func(r *rig) { r.parent(false) }, func(ctx context.Context, r *rig) error {
		job := r.vars["job"].(cases.Job)
		outcome, err := r.StartChildren(ctx, job)
		r.children()
		if err != nil {
			return err
		}
		outcome.Run = r.runOf(job)
		return inputOf(r.FinishWork(ctx, job, outcome))
	}},
	"Reported": {func(r *rig) {
		r.parent(true)
		for _, id := range r.ids[1:] {
			_, err := r.Decide(context.Background(), r.reviewer(), id, r.now(id).Version, cases.DecideCommand{Event: "approve"})
			r.ok(err)
		}
		r.vars["reports"] = r.reports()
	}, func(ctx context.Context, r *rig) error { return r.Reported(ctx, r.vars["reports"].([]cases.Effect)...) }},
}

// essence is what must be the same in the end, however often something went wrong on the way.
func (r *rig) essence() string {
	r.t.Helper()
	if slices.Contains(r.plan.Calls(), "Park") { // it is seen when a later write is on the disk
		r.ok(r.beneath.PutTaskRun(context.Background(), r.tenant, "other", cases.TaskRun{ID: "task", StartedAt: epoch}))
	}
	var b strings.Builder
	for _, id := range r.ids {
		record, err := r.beneath.Get(context.Background(), r.tenant, id)
		if problem.CodeOf(err) == problem.NotFound {
			fmt.Fprintf(&b, "%s: none\n", id)
			continue
		}
		r.ok(err)
		answers, err := r.known.Answers(context.Background(), r.tenant, record.Subject.ID)
		r.ok(err)
		watches, err := r.known.WatchesOf(context.Background(), r.tenant, record.Subject.ID)
		r.ok(err)
		kept := slices.ContainsFunc(watches, func(w watched.Watch) bool { return w.Kept })
		run, err := r.known.Run(context.Background(), r.tenant, "un")
		r.ok(err)
		fmt.Fprintf(&b, "%d answers in %d writes, kept %v, %d late\n", len(answers.Given), answers.Revision, kept, len(run.Late))
		context, err := json.Marshal(record.Context["applicant"])
		r.ok(err)
		group, _ := record.Context["children"].(map[string]any)
		people, _ := group["people"].(map[string]any)
		fmt.Fprintf(&b, "%s: %s %s %d documents, %d incidents, assignee %q, parked %d, undo %v, color %v, lookup %v, %s\n", id, record.Status, record.Outcome,
			len(record.Documents), len(record.Incidents), record.Assignee, len(record.Parked), record.Undo != nil, record.Context["color"], record.Context["lookup"], context)
		fmt.Fprintf(&b, "  children %v %v\n", people["total"], people["outcomes"])
		b.WriteString(r.causes(id))
	}
	counts, err := r.beneath.Counts(context.Background(), r.tenant, cases.GroupOpen)
	r.ok(err)
	days, err := r.beneath.Counts(context.Background(), r.tenant, cases.GroupDay(r.Now()))
	r.ok(err)
	fmt.Fprintf(&b, "counters %v %v\n", counts, days)
	text := b.String()
	for n, id := range r.ids { // those of children follow from the tenant
		text = strings.ReplaceAll(text, id, fmt.Sprintf("<%d>", n))
	}
	return text
}

// causes are those in the history, and those of its effects in the outbox.
func (r *rig) causes(id string) string {
	entries, err := r.beneath.History(context.Background(), r.tenant, id, 0, 200)
	r.ok(err)
	notes, err := r.beneath.Notes(context.Background(), r.tenant, id)
	r.ok(err)
	text := ""
	for _, e := range entries {
		if e.Cause != cases.CauseChild || text == "" || !strings.HasSuffix(text, " child_reported>[]") { // how many reports go into one commit does not matter
			text += fmt.Sprintf(" %s>%v", e.Cause, e.To)
		}
	}
	return fmt.Sprintf("  %s; %d notes\n", text, len(notes))
}

// outbox is how many effects of each kind wait.
func (r *rig) outbox() map[string]int {
	all, err := r.beneath.Undelivered(context.Background(), epoch.Add(365*24*time.Hour), 1<<20)
	r.ok(err)
	found := map[string]int{}
	for _, e := range all {
		if e.Tenant == r.tenant {
			found[string(e.Kind)+" "+e.Type]++
		}
	}
	return found
}

// whole fails the test when a history is not whole, or a case has ended more than once.
func (r *rig) whole() {
	r.t.Helper()
	r.plan.Arm(faulty.None, 0, nil)
	for _, id := range r.ids {
		if report, err := r.Verify(context.Background(), r.reviewer(), id); err != nil && problem.CodeOf(err) != problem.NotFound || err == nil && !report.Valid {
			r.t.Errorf("%s: history of %s: %+v %v", r.tenant, id, report, err)
		}
	}
}

// lies states what is wrong with an answer: success that left another state behind, or a failure where somebody's own
// write, or a repeated call, was all that went wrong.
func lies(fault faulty.Fault, err error, is, want string) string {
	switch {
	case err == nil && is != want:
		return "it says that it was done, but:\n" + is + "want:\n" + want
	case err != nil && (fault == faulty.Twice || fault == faulty.Refused):
		return "another try would have helped: " + err.Error()
	}
	return ""
}

// openChecked is a file whose indexes are checked against its records in the end.
func openChecked(t *testing.T) *embedded.DB {
	t.Helper()
	db, err := embedded.Open(filepath.Join(t.TempDir(), "cases.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if problems, err := db.Cases().Check(); err != nil || len(problems) > 0 {
			t.Errorf("indexes: %v %v", problems, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestCommandsSurviveEveryFailureOfTheStore(t *testing.T) {
	t.Parallel()
	known := parse(t, listed, small, instant, strings.ReplaceAll(company, "UNTIL", "all"), owner, strings.Replace(small, "version: 3", "version: 4", 1))
	known["small"] = known["small@3"]
	for name, s := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := openChecked(t)
			good := newRig(t, db, known, name)
			s.prepare(good)
			good.plan.Arm(faulty.None, 0, nil)
			good.ok(s.run(context.Background(), good))
			want, outbox, calls := good.essence(), good.outbox(), good.plan.Calls()
			good.whole()
			if len(calls) == 0 {
				t.Fatal("the command asks nothing of the store")
			}
			for _, fault := range faulty.Faults() {
				for k := range calls {
					if fault == faulty.Refused && calls[k] != "Commit" && calls[k] != "Park" {
						continue // reads meet no other writer
					}
					t.Run(fmt.Sprintf("%s %d %s", calls[k], k+1, fault), func(t *testing.T) {
						r := newRig(t, db, known, fmt.Sprintf("%s %d %s", name, k+1, fault))
						s.prepare(r)
						ctx, cancel := context.WithCancel(context.Background())
						defer cancel()
						r.plan.Arm(fault, k+1, cancel)
						err := s.run(ctx, r)
						if lie := lies(fault, err, r.essence(), want); lie != "" {
							t.Error(lie)
						}
						if err != nil { // whoever gets no answer asks again; that it was done already may be the answer
							r.plan.Arm(faulty.None, 0, nil)
							err = s.run(context.Background(), r)
						}
						is := r.essence()
						if r.vars["once"] == true && is != want { // the command itself cannot tell that it is repeated: its caller's Idempotency-Key can
							if len(is) < len(want) {
								t.Errorf("lost:\n%swant:\n%s", is, want)
							}
							r.whole()
							return
						}
						if is != want {
							t.Errorf("in the end (%v):\n%swant:\n%s", err, is, want)
						}
						if left := r.outbox(); !maps.Equal(left, outbox) {
							t.Errorf("outbox %v, want %v", left, outbox)
						}
						r.whole()
					})
				}
			}
		})
	}
}

func TestEveryCommandHasAScenarioInWhichTheStoreFails(t *testing.T) {
	queries := []string{"Decision", "Get", "List", "History", "HistoryPage", "TaskRuns", "Notes", "View", "Queue", "Days", "Whereabouts", "Incidents", "Verify", "DeadLetters", "Events"}
	queries = append(queries, "Asked", "Correlated", "Spend", "VendorHealth", "FindVendorAnswer")
	queries = append(queries, "Related", "FlowURL", "Applying") // the latter two of the workflow
	queries = append(queries, "KeepUpload", "KeepExchange")     // write bytes, and ask nothing of the store of cases
	service := reflect.TypeFor[*cases.Service]()
	for i := range service.NumMethod() {
		name := service.Method(i).Name
		if slices.Contains(queries, name) {
			continue
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(scenarios)), func(s string) bool { return s == name || strings.HasPrefix(s, name+"/") }) {
			t.Errorf("%s has no scenario in faults_test.go: nobody knows what it does when the store fails", name)
		}
	}
}
