package cases_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

const exchange = `{"plugin":"p","calls":[{"at":"2026-03-04T05:06:07Z","duration":5000000,"request":{"method":"POST","url":"https://v.example/Ada"},"answer":{"status":200,"body":{"text":"yes","bytes":3}}}]}`

// vendored is a case in review with an attempt at a vendor whose exchange was given to the object store.
func (d *desk) vendored() (cases.Record, cases.TaskRun) {
	d.t.Helper()
	r := d.inReview()
	kept := d.KeepExchange(context.Background(), r.Tenant, r.ID, "task_v", []byte(exchange))
	run := cases.TaskRun{ID: "task_v", Work: "lookup", Source: "vendor", Name: "p", StartedAt: epoch, Call: &cases.Call{Exchange: kept}}
	if err := d.store.PutTaskRun(context.Background(), r.Tenant, r.ID, run); err != nil {
		d.t.Fatal(err)
	}
	return r, run
}

func TestWhoLooksAtAnExchangeIsInTheHistory(t *testing.T) {
	d := newDesk(t)
	r, run := d.vendored()
	if ref := run.Call.Exchange; !ref.Kept || ref.Size != len(exchange) || ref.SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte(exchange))) || ref.ContentType != "application/json" {
		t.Fatalf("%+v", ref)
	}
	found, err := d.Exchange(t.Context(), reviewer, r.ID, "task_v")
	if err != nil || found.Case != r.ID || found.Task != "task_v" || found.Plugin != "p" || len(found.Calls) != 1 || found.Calls[0].Request.URL != "https://v.example/Ada" || found.Calls[0].Answer.Body.Text != "yes" {
		t.Fatalf("%v %+v", err, found)
	}
	entry := d.store.last().Entry
	if entry.Cause != cases.CauseExchangeViewed || entry.Actor.ID != reviewer.ID || fmt.Sprint(entry.Details["task"]) != "map[id:task_v]" {
		t.Errorf("%+v", entry)
	}
}

func TestWhatIsNotKeptOrDamagedIsShownToNobody(t *testing.T) {
	d := newDesk(t)
	r, _ := d.vendored()
	d.files.kept[cases.ExchangeKey(r.Tenant, r.ID, "task_v")] = []byte(strings.Replace(exchange, "yes", "no!", 1))
	version := d.get(r.ID).Version
	for task, want := range map[string]problem.Code{"task_v": problem.DocumentDamaged, "task_other": problem.NotFound} {
		if _, err := d.Exchange(t.Context(), reviewer, r.ID, task); problem.CodeOf(err) != want {
			t.Errorf("%s: %v", task, err)
		}
	}
	d.files.failing = problem.New(problem.NotFound, "There is no such object.")
	if _, err := d.Exchange(t.Context(), reviewer, r.ID, "task_v"); problem.CodeOf(err) != problem.DocumentDamaged || !strings.Contains(err.Error(), "no longer exists") {
		t.Errorf("it was kept, and is gone: %v", err)
	}
	large := cases.TaskRun{ID: "task_l", Work: "lookup", Source: "vendor", Name: "p", StartedAt: epoch, Call: &cases.Call{Exchange: &cases.ExchangeRef{Kept: true, SHA256: "ab", Size: 7 << 20}}}
	if err := d.store.PutTaskRun(t.Context(), r.Tenant, r.ID, large); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Exchange(t.Context(), reviewer, r.ID, "task_l"); problem.CodeOf(err) != problem.TooLarge {
		t.Errorf("it is too large to be shown, which no backup mends: %v", err)
	}
	if now := d.get(r.ID).Version; now != version {
		t.Errorf("history has an entry of a look at nothing: %d %d", version, now)
	}
}

// TestAFailingObjectStoreLosesNoAnswer: the reference states that nothing is stored, and reading it finds nothing.
func TestAFailingObjectStoreLosesNoAnswer(t *testing.T) {
	d := newDesk(t)
	d.files.failing = errors.New("away")
	r, run := d.vendored()
	if run.Call.Exchange == nil || *run.Call.Exchange != (cases.ExchangeRef{}) {
		t.Fatalf("%+v", run.Call.Exchange)
	}
	if _, err := d.Exchange(t.Context(), reviewer, r.ID, "task_v"); problem.CodeOf(err) != problem.NotFound {
		t.Error(err)
	}
	if ref := d.KeepExchange(t.Context(), r.Tenant, r.ID, "task_w", nil); ref != nil {
		t.Errorf("nothing was sent: %+v", ref)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel() // the vendor's time is over, and ours is not
	d.files.failing = nil
	if ref := d.KeepExchange(over, r.Tenant, r.ID, "task_x", []byte("{}")); !ref.Kept {
		t.Errorf("%+v", ref)
	}
}

// TestACallbackIsAnAttemptOfItsOwn: kept once, with the change that it makes, and not when it changes nothing.
func TestACallbackIsAnAttemptOfItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		payload any
		outcome string
		failing error
	}{
		"that answers":      {map[string]any{"ok": true}, "done", nil},
		"that is too large": {map[string]any{"ok": strings.Repeat("x", 201<<10)}, "failed", nil},
		"that is not kept":  {map[string]any{"ok": true}, "done", errors.New("away")},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, vendorCallback)
			r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "asks", Subject: cases.SubjectInput{Type: "individual"}}))
			job := d.beginAt(r.ID, "ask", "lookup")
			d.awaits(job, nil)
			d.files.failing = c.failing
			reply := cases.Reply{State: job.State, Visit: job.Visit, Work: "lookup", Payload: c.payload, ID: "e", Plugin: "p", Exchanged: []byte(exchange)}
			for range 2 { // the second one changes nothing
				if _, err := d.Answer(t.Context(), vendorOf(r.ID), r.ID, reply); err != nil && problem.CodeOf(err) != problem.TooLarge {
					t.Fatal(err)
				}
			}
			d.files.failing = nil
			runs, err := d.TaskRuns(t.Context(), reviewer, r.ID)
			if err != nil || len(runs) != 2 {
				t.Fatalf("%v %+v", err, runs)
			}
			run := runs[1]
			if run.Call.Via != cases.ViaCallback || run.Outcome != c.outcome || run.Name != "p" || run.Work != "lookup" || run.Attempt != 1 || run.Call.Exchange.Kept != (c.failing == nil) {
				t.Errorf("%+v %+v", run, run.Call)
			}
			if _, err := d.Exchange(t.Context(), reviewer, r.ID, run.ID); (err == nil) != (c.failing == nil) {
				t.Error(err)
			}
			if want := len(d.files.kept); want > 1 {
				t.Errorf("%d objects", want)
			}
		})
	}
}
