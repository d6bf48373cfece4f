package task_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
	"ballerine/internal/store/faulty"
)

// stuckPapers cannot copy, or not delete, at first.
type stuckPapers struct {
	*papers
	copies, deletions int // how many fail
}

func (p *stuckPapers) Copy(ctx context.Context, from, to string) error {
	if p.copies--; p.copies >= 0 {
		return problem.New(problem.Unavailable, "The objects are away.")
	}
	return p.papers.Copy(ctx, from, to)
}

func (p *stuckPapers) Delete(ctx context.Context, key string) error {
	if p.deletions--; p.deletions >= 0 {
		return problem.New(problem.Unavailable, "The objects are away.")
	}
	return p.papers.Delete(ctx, key)
}

func (r *room) document() cases.Document {
	r.t.Helper()
	record, err := r.beneath.Get(context.Background(), r.tenant, r.id)
	if err != nil {
		r.t.Fatal(err)
	}
	return record.Documents[0]
}

// whole fails unless the bytes are where the record expects them, or where they were uploaded to if a command has found them.
func (r *room) whole(when string, found bool) cases.Document {
	r.t.Helper()
	doc := r.document()
	_, err := r.files.Head(context.Background(), doc.Key)
	if err != nil && found && doc.Status == cases.DocumentReceived {
		_, err = r.files.Head(context.Background(), cases.QuarantineKey(r.tenant, r.id, doc.ID))
	}
	if err != nil {
		r.t.Errorf("%s: the bytes are not where the record says: %s", when, doc.Key)
	}
	return doc
}

// later is when links have ended: the sweep has looked at the case by then, and leaves one copy of the bytes.
func (r *room) later() {
	r.t.Helper()
	r.clock.goOn(20 * time.Minute)
	record, err := r.beneath.Get(context.Background(), r.tenant, r.id)
	for n := 0; err == nil && n < 3; n++ { // an object store may be away
		if _, failed := r.core.Cases.ReconcileUploads(context.Background(), record); failed == nil {
			break
		}
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// unannounced is the job whose upload a command has found.
const unannounced = "document without a notice"

// A step that is broken off at whatever call and done again finds the upload and judges it as it would have. The bytes are always
// where the record expects them, and at last only there.
func TestAnUploadIsAlwaysWhereTheRecordPoints(t *testing.T) {
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	calls := 0
	for name, statusAfter := range map[string]cases.DocumentStatus{"document": cases.DocumentChecked, unannounced: cases.DocumentChecked, "an upload arrives": cases.DocumentReceived} {
		job := jobs[name]
		for _, fault := range []faulty.Fault{faulty.Before, faulty.After, faulty.Killed} {
			for at := range 6 {
				r := newRoom(t, db, "", fmt.Sprintf("%s%s%d", name[len(name)-2:], letterOf(fault), at))
				job.prepare(r)
				ctx, cancel := context.WithCancel(t.Context())
				r.plan.Arm(fault, at, cancel)
				_, failed := job.handler(r)(ctx, job.payload(r))
				cancel()
				r.plan.Arm(faulty.None, 0, nil)
				when := fmt.Sprintf("%s %s %d", name, fault, at)
				r.whole(when, name == unannounced)
				if failed == nil {
					continue
				}
				calls++
				if _, err := job.handler(r)(t.Context(), job.payload(r)); err != nil {
					t.Fatalf("%s: done again: %v", when, err)
				}
				doc := r.whole(when+", done again", false)
				r.later()
				if doc.Status != statusAfter || doc.Key != cases.KeptKey(r.tenant, r.id, doc.ID) || len(r.files.there) != 1 {
					t.Errorf("%s: %s at %s, %d copies", when, doc.Status, doc.Key, len(r.files.there))
				}
			}
		}
	}
	if calls < 12 {
		t.Errorf("only %d faults were met: the test proves nothing", calls)
	}
}

func letterOf(f faulty.Fault) string {
	return map[faulty.Fault]string{faulty.Before: "b", faulty.After: "a", faulty.Killed: "k"}[f]
}

func TestAnObjectStoreThatFailsLosesNoUpload(t *testing.T) {
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	number := 0
	for _, name := range []string{"document", unannounced, "an upload arrives"} {
		for _, stuck := range []stuckPapers{{copies: 1}, {deletions: 1}, {copies: 1, deletions: 1}} {
			number++
			r := newRoom(t, db, "", fmt.Sprint("stuck", number))
			job := jobs[name]
			job.prepare(r)
			stuck.papers = r.files
			r.core.Cases.Objects = &stuck
			handler, failures := job.handler(r), 0
			for range 4 {
				_, err := handler(t.Context(), job.payload(r))
				r.whole(name, name == unannounced)
				if err == nil {
					break
				}
				failures++
			}
			r.later()
			if doc := r.document(); doc.Key != cases.KeptKey(r.tenant, r.id, doc.ID) || len(r.files.there) != 1 || failures == 0 && name == unannounced {
				t.Errorf("%s, %d: at %s, %d copies after %d failures", name, number, doc.Key, len(r.files.there), failures)
			}
		}
	}
}

// What SUBMIT has found by itself is kept by the next check of the case, if there is no notice of the upload.
func TestWhatACommandHasFoundIsKept(t *testing.T) {
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	r := newRoom(t, db, "", "found")
	jobs[unannounced].prepare(r)
	record, err := r.beneath.Get(t.Context(), r.tenant, r.id)
	if err != nil || record.Documents[0].Status != cases.DocumentReceived {
		t.Fatalf("%v, %s", err, record.Documents[0].Status)
	}
	for want := range 2 {
		number, err := r.core.Cases.ReconcileUploads(t.Context(), record)
		if err != nil || number != 1-want {
			t.Errorf("%d, %v", number, err)
		}
		if record, err = r.beneath.Get(t.Context(), r.tenant, r.id); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.files.there) != 2 {
		t.Error("the link would take the bytes again")
	}
	r.later()
	if doc := r.whole("found", false); doc.Key != cases.KeptKey(r.tenant, r.id, doc.ID) || len(r.files.there) != 1 {
		t.Errorf("at %s, %d copies", doc.Key, len(r.files.there))
	}
}

// A document that a former version has checked and not yet moved is read and shown.
func TestAnUploadThatWasNeverMovedIsShown(t *testing.T) {
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	r := newRoom(t, db, "", "former")
	jobs["document"].prepare(r)
	doc := r.document()
	from := cases.QuarantineKey(r.tenant, r.id, doc.ID)
	if err := r.files.Copy(t.Context(), doc.Key, from); err != nil {
		t.Fatal(err)
	}
	delete(r.files.there, doc.Key)
	links := &linkPapers{papers: r.files}
	r.core.Cases.Objects = links
	if _, err := r.core.Cases.DocumentLink(t.Context(), r.principal(), r.id, doc.ID); err != nil || links.key != from {
		t.Errorf("%v: %s", err, links.key)
	}
	if _, err := jobs["document"].handler(r)(t.Context(), jobs["document"].payload(r)); err != nil || r.document().Status != cases.DocumentChecked {
		t.Errorf("%v: %s", err, r.document().Status)
	}
}

type linkPapers struct {
	*papers
	key string
}

func (p *linkPapers) PresignGet(_ context.Context, key, _, _, _ string, _ time.Duration) (string, error) {
	p.key = key
	return "https://objects.example/" + key, nil
}
