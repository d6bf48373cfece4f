package cases_test

import (
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// judged decides a document so that it can be taken back for eight seconds.
func (d *desk) judged(id, document, decision string) cases.Record {
	d.t.Helper()
	return must[cases.Record](d)(d.DecideDocument(d.t.Context(), reviewer, id, document, d.get(id).Version,
		cases.DocumentDecisionCommand{Decision: decision, Reason: "blurred", Undo: 8 * time.Second}))
}

func (d *desk) unjudge(id, document string) (cases.Record, error) {
	return d.UndoDocument(d.t.Context(), reviewer, id, document, d.get(id).Version)
}

func twoDocuments(t *testing.T) (*desk, string) {
	t.Helper()
	d := newDesk(t)
	r := d.start()
	d.upload(r.ID, "doc_1", "passport", "")
	d.upload(r.ID, "doc_2", "licence", "front")
	return d, r.ID
}

func TestEachDecisionAboutADocumentCanBeTakenBackForAWhile(t *testing.T) {
	d, id := twoDocuments(t)
	d.judged(id, "doc_1", "approved")
	d.pass(5 * time.Second)
	d.judged(id, "doc_1", "rejected")
	d.judged(id, "doc_2", "approved")
	if entry := d.store.last().Entry; !entry.FinalAt.Equal(d.time().Add(8 * time.Second)) {
		t.Errorf("the decision is final at %s", entry.FinalAt)
	}
	must[cases.Note](d)(d.AddNote(t.Context(), reviewer, id, cases.NoteCommand{Text: "a remark"}))
	d.pass(7 * time.Second)
	back := must[cases.Record](d)(d.unjudge(id, "doc_1"))
	if doc := back.Documents[0]; doc.Status != cases.DocumentApproved || doc.Decision == nil || doc.Decision.Decision != "approved" {
		t.Errorf("not what it was before: %+v %+v", doc, doc.Decision)
	}
	if other := back.Documents[1]; other.Status != cases.DocumentApproved {
		t.Errorf("the other document: %+v", other)
	}
	if entry := d.store.last().Entry; entry.Cause != cases.CauseDocumentUndone || entry.Actor.ID != reviewer.ID || entry.Details["decision"] != "rejected" || !entry.FinalAt.IsZero() {
		t.Errorf("entry %+v", entry)
	}
	_, again := d.unjudge(id, "doc_1")
	wantCode(t, again, problem.UndoOver)
	back = must[cases.Record](d)(d.unjudge(id, "doc_2"))
	if doc := back.Documents[1]; doc.Status != cases.DocumentReceived || doc.Decision != nil || len(back.DocumentUndos) != 0 {
		t.Errorf("not what it was before: %+v, still to undo %v", doc, back.DocumentUndos)
	}
	d.verified(id)
}

func TestAnUndoOfADocumentComesTooLateOnceSomethingMayRelyOnIt(t *testing.T) {
	for name, c := range map[string]struct {
		between func(d *desk, id string)
		code    problem.Code
	}{
		"its time has run out":  {func(d *desk, _ string) { d.pass(8 * time.Second) }, problem.UndoOver},
		"the case has moved":    {func(d *desk, id string) { d.send(id, "SUBMIT") }, problem.UndoOver},
		"another document came": {func(d *desk, id string) { d.upload(id, "doc_3", "licence", "back") }, problem.UndoOver},
		"it was made for good": {func(d *desk, id string) {
			must[cases.Record](d)(d.DecideDocument(d.t.Context(), reviewer, id, "doc_1", d.get(id).Version, cases.DocumentDecisionCommand{Decision: "approved"}))
		}, problem.UndoOver},
		"the case was called off": {func(d *desk, id string) {
			must[cases.Record](d)(d.Cancel(d.t.Context(), reviewer, id, d.get(id).Version, "r"))
		}, problem.CaseClosed},
	} {
		t.Run(name, func(t *testing.T) {
			d, id := twoDocuments(t)
			d.judged(id, "doc_1", "rejected")
			c.between(d, id)
			_, err := d.unjudge(id, "doc_1")
			wantCode(t, err, c.code)
		})
	}
}

func TestOnlyWhoHasDecidedADocumentTakesItBack(t *testing.T) {
	d, id := twoDocuments(t)
	r := d.judged(id, "doc_1", "rejected")
	undo := func(document string, seen int) error {
		_, err := d.UndoDocument(t.Context(), reviewer, id, document, seen)
		return err
	}
	_, err := d.UndoDocument(t.Context(), second, id, "doc_1", r.Version)
	wantCode(t, err, problem.Forbidden)
	wantCode(t, undo("doc_9", r.Version), problem.NotFound)
	wantCode(t, undo("doc_2", r.Version), problem.UndoOver)
	wantCode(t, undo("doc_1", 0), problem.PreconditionRequired)
	wantCode(t, undo("doc_1", r.Version-1), problem.Stale)
	_, err = d.DecideDocument(t.Context(), reviewer, id, "doc_1", r.Version, cases.DocumentDecisionCommand{Decision: "approved", Undo: time.Minute})
	wantCode(t, err, problem.Invalid)
}
