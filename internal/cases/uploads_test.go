package cases_test

import (
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

func (d *desk) announced(id string) cases.Document {
	d.t.Helper()
	doc, _, err := d.AnnounceDocument(d.t.Context(), client, id, cases.AnnounceCommand{ID: "doc_1", Kind: "passport", ContentType: "image/png", Size: 10, SHA256: strings.Repeat("ab", 32)})
	if err != nil {
		d.t.Fatal(err)
	}
	d.files.put(doc.Key, cases.ObjectInfo{Size: 10, ContentType: "image/png"}) // and the notice is lost
	return doc
}

func TestAnEventSeesAnUploadThatWasNotReported(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	d.announced(r.ID)
	r = d.send(r.ID, "SUBMIT") // its guard asks for all documents
	if r.Documents[0].Status != cases.DocumentReceived || r.Snapshot.Active[0].State != "check" {
		t.Errorf("%s at %s", r.Documents[0].Status, r.Snapshot.Active[0].State)
	}
	d.verified(r.ID)
}

func TestAnUploadThatWasNotReportedIsFoundOnce(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	d.announced(r.ID)
	for want := range []int{1, 0} {
		number, err := d.ReconcileUploads(t.Context(), d.get(r.ID))
		if err != nil || number != 1-want {
			t.Fatalf("found %d, %v", number, err)
		}
	}
	if doc := d.get(r.ID).Documents[0]; doc.Status != cases.DocumentReceived {
		t.Errorf("%s", doc.Status)
	}
	d.verified(r.ID)
}

func TestAnUploadThatIsNotThereStaysAnnounced(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	doc := d.announced(r.ID)
	d.files.mutex.Lock()
	delete(d.files.there, doc.Key)
	d.files.mutex.Unlock()
	if number, err := d.ReconcileUploads(t.Context(), d.get(r.ID)); number != 0 || err != nil {
		t.Errorf("found %d, %v", number, err)
	}
}

const closing = `
id: closing
title: Closing
initial: collect
review: {four_eyes: low}
documents:
  - {kind: passport, title: Passport, required: true}
  - {kind: selfie, title: Selfie}
states:
  collect:
    tags: [collection_flow]
    on:
      SUBMIT: {target: check, guard: documents.all_received}
  check:
    tags: [pending_process]
    invoke: [{src: rules, id: risk, input: {policy: small-risk}}]
    onDone: review
  review:
    tags: [manual_review]
    on: {approve: approved, revision: collect}
  approved: {type: final, tags: [approved]}
`

// closed is a desk with a case in review, of whose documents doc_late was announced while it collected; its link is still good.
func closed(t *testing.T, text string) (*desk, cases.Record, cases.Document) {
	t.Helper()
	d := newDesk(t, text)
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "closing", Subject: cases.SubjectInput{Type: "individual"}}))
	late, _, err := d.AnnounceDocument(t.Context(), applicantOf(r.ID), r.ID, cases.AnnounceCommand{ID: "doc_late", Kind: "passport", ContentType: "image/png", Size: 10, SHA256: sum("b")})
	if err != nil {
		t.Fatal(err)
	}
	d.pass(time.Second)
	d.upload(r.ID, "doc_1", "passport", "")
	d.send(r.ID, "SUBMIT")
	d.finish(d.begin(r.ID, "risk"), rated("critical"))
	if r = d.get(r.ID); r.Snapshot.Active[0].State != "review" {
		t.Fatalf("in %s", r.Snapshot.Active[0].State)
	}
	d.files.put(late.Key, cases.ObjectInfo{Size: late.Size, ContentType: late.ContentType, SHA256: late.SHA256})
	return d, r, late
}

// late reports an upload that arrived when the case did not wait for it, in each possible way.
func (d *desk) late(id, document string, change func() cases.Record) cases.Record {
	d.t.Helper()
	before := change()
	must[cases.Record](d)(d.DocumentArrived(d.t.Context(), before.Tenant, id, document))
	if number, err := d.ReconcileUploads(d.t.Context(), d.get(id)); number != 0 || err != nil {
		d.t.Errorf("%d taken, %v", number, err)
	}
	after := d.get(id)
	if after.Version != before.Version || len(after.Stale) != 0 {
		d.t.Errorf("version %d, was %d; stale %v", after.Version, before.Version, after.Stale)
	}
	return after
}

func TestAnUploadThatComesLateEndsNothing(t *testing.T) {
	t.Run("the time to undo a decision", func(t *testing.T) {
		d, r, doc := closed(t, strings.Replace(closing, "review: {four_eyes: low}\n", "", 1))
		after := d.late(r.ID, doc.ID, func() cases.Record {
			return must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "checked", Comment: "Seen.", Undo: 20 * time.Second}))
		})
		if back := must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, after.Version)); back.Status != cases.StatusActive {
			t.Errorf("%s", back.Status)
		}
		d.verified(r.ID)
	})
	t.Run("a proposal", func(t *testing.T) {
		d, r, doc := closed(t, closing)
		after := d.late(r.ID, doc.ID, func() cases.Record {
			return must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "checked", Comment: "Seen."}))
		})
		if after.Proposed == nil {
			t.Error("the proposal is gone")
		}
	})
	t.Run("a case that is over", func(t *testing.T) {
		d, r, doc := closed(t, strings.Replace(closing, "review: {four_eyes: low}\n", "", 1))
		d.late(r.ID, doc.ID, func() cases.Record {
			r = must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "checked", Comment: "Seen."}))
			d.pass(time.Minute)
			return r
		})
	})
}

func TestALateUploadIsFoundWhenTheCaseWaitsForDataAgain(t *testing.T) {
	d, r, _ := closed(t, strings.Replace(closing, "review: {four_eyes: low}\n", "", 1))
	r = must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "revision", Reason: "blurred", Comment: "Once more."}))
	if number, err := d.ReconcileUploads(t.Context(), r); number != 1 || err != nil {
		t.Errorf("%d found, %v", number, err)
	}
	if doc := d.get(r.ID).Documents[0]; doc.Status != cases.DocumentReceived {
		t.Errorf("%s", doc.Status)
	}
}

func TestPeopleAddDocumentsAtAnyTime(t *testing.T) {
	d, r, _ := closed(t, strings.Replace(closing, "review: {four_eyes: low}\n", "", 1))
	doc, _, err := d.AnnounceDocument(t.Context(), reviewer, r.ID, cases.AnnounceCommand{ID: "doc_own", Kind: "selfie", ContentType: "image/png", Size: 10, SHA256: strings.Repeat("ab", 32)})
	if err != nil {
		t.Fatal(err)
	}
	d.files.put(doc.Key, cases.ObjectInfo{Size: 10, ContentType: "image/png"})
	if r = must[cases.Record](d)(d.DocumentArrived(t.Context(), r.Tenant, r.ID, doc.ID)); r.Documents[2].Status != cases.DocumentReceived {
		t.Errorf("%s", r.Documents[2].Status)
	}
}

// An announcement whose upload never comes holds a case up while its link is good, and no longer.
func TestWhatWasAnnouncedAndNeverCameHoldsNothingUp(t *testing.T) {
	for name, second := range map[string]string{"another kind": "selfie", "the same kind again": "passport"} {
		d := newDesk(t, closing)
		r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "closing", Subject: cases.SubjectInput{Type: "individual"}}))
		d.upload(r.ID, "doc_1", "passport", "")
		d.announce(r.ID, "doc_2", second, "")
		_, err := d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "SUBMIT"})
		if problem.CodeOf(err) != problem.EventNotAllowed {
			t.Errorf("%s: while the link is good: %v", name, err)
		}
		d.pass(d.UploadExpiry + time.Second)
		if r = d.send(r.ID, "SUBMIT"); r.Snapshot.Active[0].State != "check" {
			t.Errorf("%s: in %s", name, r.Snapshot.Active[0].State)
		}
	}
}
