package cases_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// full is a case with every kind of change in its history.
func (d *desk) full() cases.Record {
	d.t.Helper()
	c := d.t.Context()
	cmd := startOf(map[string]any{"applicant": map[string]any{"name": "Ada", "age": 30.0}})
	cmd.Subject.Data = map[string]any{"name": "Ada"}
	r := must[cases.Record](d)(d.Start(c, client, cmd))
	must[cases.Record](d)(d.SaveContext(c, applicantOf(r.ID), r.ID, map[string]any{"color": "red", "applicant": map[string]any{"age": nil}}))
	d.upload(r.ID, "doc_1", "passport", "")
	must[cases.Link](d)(d.DocumentLink(c, reviewer, r.ID, "doc_1"))
	must[cases.Record](d)(d.Send(c, client, r.ID, cases.SendCommand{Type: "FILL", Payload: map[string]any{"blob": "b<&>é\u2028"}, IdempotencyID: "f"}))
	d.send(r.ID, "SUBMIT")
	job := d.begin(r.ID, "lookup")
	must[cases.ExecutionInput](d)(d.FailWork(c, cases.Branch{Tenant: "demo", Case: r.ID}, "check", "lookup", job.Visit, cases.Failure{Error: "Timeout", Cause: "slow", Attempts: 2}))
	must[cases.Record](d)(d.RetryIncident(c, reviewer, r.ID, d.get(r.ID).Incidents[0].ID, nil))
	job = d.begin(r.ID, "lookup")
	d.await(job)
	// What programs pass is not always what JSON returns: integers, structs, times.
	must[cases.Record](d)(d.Answer(c, vendorOf(r.ID), r.ID, cases.Reply{State: "check", Visit: job.Visit, Work: "lookup", Round: job.Round, Payload: map[string]any{"n": 7, "big": int64(1) << 40, "at": epoch, "list": []string{"a"}, "small": 1e-7}, ID: "e"}))
	d.finish(d.begin(r.ID, "risk"), map[string]any{"score": 12.5, "severity": "low"})
	must[cases.Record](d)(d.Assign(c, reviewer, r.ID, "user_2", 0))
	must[cases.Note](d)(d.AddNote(c, reviewer, r.ID, cases.NoteCommand{Text: "A remark"}))
	must[cases.Record](d)(d.ReplaceExecution(c, "demo", r.ID, r.ID+"-1"))
	must[cases.Record](d)(d.DecideDocument(c, reviewer, r.ID, "doc_1", d.get(r.ID).Version, cases.DocumentDecisionCommand{Decision: "approved", Undo: time.Second}))
	must[cases.Record](d)(d.UndoDocument(c, reviewer, r.ID, "doc_1", d.get(r.ID).Version))
	must[cases.Record](d)(d.DecideDocument(c, reviewer, r.ID, "doc_1", d.get(r.ID).Version, cases.DocumentDecisionCommand{Decision: "approved"}))
	d.pass(5*day + 123*time.Microsecond)
	must[cases.Record](d)(d.Decide(c, reviewer, r.ID, must[cases.Record](d)(d.expired(r.ID)).Version, cases.DecideCommand{Event: "reject", Reason: "late"}))
	return d.get(r.ID)
}

func (d *desk) expired(id string) (cases.Record, error) {
	if _, err := d.Expire(d.t.Context(), cases.Branch{Tenant: "demo", Case: id}); err != nil {
		return cases.Record{}, err
	}
	return d.Get(d.t.Context(), client, id)
}

func TestHistoryOfEveryKindOfChangeVerifies(t *testing.T) {
	d := newDesk(t)
	r := d.full()
	d.verified(r.ID)
	var causes []string
	for i, e := range d.history(r.ID) {
		if e.Version != i+1 || e.Salt == "" || e.RecordDigest == "" || len(e.Hash) != 64 {
			t.Errorf("entry %d: %+v", i, e)
		}
		causes = append(causes, string(e.Cause))
	}
	slices.Sort(causes)
	want := []string{
		"assigned", "callback_awaited", "context", "decision", "document", "document_decision", "document_decision_undone", "document_viewed", "event",
		"execution_replaced", "incident", "incident_resolved", "note", "outcome", "started", "timer",
	}
	if got := slices.Compact(causes); !slices.Equal(got, want) {
		t.Errorf("causes %v, want %v", got, want)
	}
}

func TestHistoryIsWholeAfterEveryChange(t *testing.T) {
	d := newDesk(t)
	r := d.full()
	// The record that each commit wrote matches its entry's digest: roll the stores' view back to every version.
	for _, change := range slices.Clone(d.store.changes) {
		at := change.Next
		d.store.alterRecord = func(r *cases.Record) { *r = at }
		d.store.drop = func(e cases.Entry) bool { return e.Version > at.Version }
		if report := must[cases.VerifyReport](d)(d.Verify(t.Context(), reviewer, r.ID)); !report.Valid || report.Entries != at.Version {
			t.Errorf("version %d (%s): %v", at.Version, change.Entry.Cause, report.Problems)
		}
	}
}

func TestVerifyFindsWhatWasTamperedWith(t *testing.T) {
	entry := func(version int, change func(*cases.Entry)) func(*desk) {
		return func(d *desk) {
			d.store.alter = func(e *cases.Entry) {
				if e.Version == version {
					change(e)
				}
			}
		}
	}
	missing := func(version int) func(*desk) {
		return func(d *desk) { d.store.drop = func(e cases.Entry) bool { return e.Version == version } }
	}
	record := func(change func(*cases.Record)) func(*desk) {
		return func(d *desk) { d.store.alterRecord = change }
	}
	for _, c := range []struct {
		name   string
		tamper func(*desk)
		want   string
	}{
		{"an entry's actor", entry(3, func(e *cases.Entry) { e.Actor.ID = "user_9" }), "version 3: the entry was changed"},
		{"an entry's event", entry(6, func(e *cases.Entry) { e.Event = "approve" }), "version 6: the entry was changed"},
		{"an entry's time", entry(4, func(e *cases.Entry) { e.At = e.At.Add(time.Millisecond) }), "version 4: the entry was changed"},
		{"an entry's outcome", entry(4, func(e *cases.Entry) { e.To = []string{"approved"} }), "version 4: the entry was changed"},
		{"an entry made anew", entry(4, func(e *cases.Entry) { e.Hash = strings.Repeat("0", 64) }), "version 5: it does not follow the entry before it"},
		{"details", entry(2, func(e *cases.Entry) { e.Details = map[string]any{"patch": "another"} }), "version 2: the details were changed"},
		{"an entry that cannot be read", entry(4, func(e *cases.Entry) { *e = cases.UnreadableEntry(4) }), "version 4: the entry cannot be read"},
		{"a gap", missing(5), "version 6: the entry before it is missing"},
		{"no beginning", missing(1), "version 2: the entry before it is missing"},
		{"the record's status", record(func(r *cases.Record) { r.Status = cases.StatusActive }), "the record does not match the last entry"},
		{"the record's context", record(func(r *cases.Record) { r.Context["color"] = "blue" }), "the record does not match the last entry"},
		{"the record's outcome", record(func(r *cases.Record) { r.Outcome = "approved" }), "the record does not match the last entry"},
		{"the record's documents", record(func(r *cases.Record) { r.Documents[0].Status = cases.DocumentRejected }), "the record does not match the last entry"},
		{"the record's place", record(func(r *cases.Record) { r.Snapshot.Active[0].State = "approved" }), "the record does not match the last entry"},
		{"the record's head", record(func(r *cases.Record) { r.Head = "" }), "the version of the record is not that of the last entry"},
		{"the record's version", record(func(r *cases.Record) { r.Version++ }), "the version of the record is not that of the last entry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			r := d.full()
			c.tamper(d)
			report := must[cases.VerifyReport](d)(d.Verify(t.Context(), reviewer, r.ID))
			if report.Valid || !slices.ContainsFunc(report.Problems, func(p string) bool { return strings.HasSuffix(p, c.want) }) {
				t.Errorf("valid %v, problems %q, want %q", report.Valid, report.Problems, c.want)
			}
		})
	}
}

func TestAnEntryThatCannotBeReadIsShownWhateverIsAskedFor(t *testing.T) {
	d := newDesk(t)
	r := d.full()
	d.store.alter = func(e *cases.Entry) {
		if e.Version == 4 {
			*e = cases.UnreadableEntry(4)
		}
	}
	page, _, err := d.HistoryPage(t.Context(), reviewer, r.ID, cases.HistoryQuery{Causes: []cases.Cause{cases.CauseStarted}, Limit: 200})
	if err != nil || len(page) != 2 || page[0].Version != 1 || page[1].Version != 4 || !page[1].Unreadable {
		t.Errorf("%+v %v", page, err)
	}
	report := must[cases.VerifyReport](d)(d.Verify(t.Context(), reviewer, r.ID))
	if len(report.Problems) != 1 || report.Entries != r.Version || len(report.Erased) != 0 {
		t.Errorf("%+v", report)
	}
}

func TestLastEntryThatIsGoneIsFound(t *testing.T) {
	d := newDesk(t)
	r := d.full()
	d.store.drop = func(e cases.Entry) bool { return e.Version == r.Version }
	if report := must[cases.VerifyReport](d)(d.Verify(t.Context(), reviewer, r.ID)); report.Valid {
		t.Error("a history that lacks its end is valid")
	}
}

func TestErasedDetailsLeaveTheChainProvable(t *testing.T) {
	d := newDesk(t)
	r := d.full()
	d.store.alter = func(e *cases.Entry) { e.Details, e.Salt = nil, "" }
	if report := must[cases.VerifyReport](d)(d.Verify(t.Context(), reviewer, r.ID)); !report.Valid {
		t.Errorf("problems %q", report.Problems)
	}
}

func TestVerifyReadsLongHistoriesToTheirEnd(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	for range 204 {
		d.send(r.ID, "PAINT")
	}
	if report := must[cases.VerifyReport](d)(d.Verify(t.Context(), reviewer, r.ID)); !report.Valid || report.Entries != 205 {
		t.Errorf("report %+v", report)
	}
	d.store.alter = func(e *cases.Entry) {
		if e.Version == 200 {
			e.Version = 0 // it points the reader back to the beginning
		}
	}
	if report := must[cases.VerifyReport](d)(d.Verify(t.Context(), reviewer, r.ID)); report.Valid {
		t.Error("an entry that lies about its place is valid")
	}
}

func TestHistoryOfAnUnknownCaseIsNotFound(t *testing.T) {
	d := newDesk(t)
	_, err := d.Verify(t.Context(), reviewer, "case_none")
	wantCode(t, err, problem.NotFound)
	_, err = d.History(t.Context(), reviewer, "case_none", 0, 10)
	wantCode(t, err, problem.NotFound)
}
