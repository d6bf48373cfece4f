package cases

import (
	"context"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// DocumentUndo is a decision about a document while it can be undone. Such a decision only affects what people and
// guards see of the document, so nothing has to be held back.
type DocumentUndo struct {
	Document string            `json:"document"`
	By       Actor             `json:"by"`
	Until    time.Time         `json:"until"`
	Status   DocumentStatus    `json:"status"`             // before the decision
	Decision *DocumentDecision `json:"decision,omitempty"` // before it; absent: there was none
}

// maxDocumentUndos is how many decisions about documents of one case can be taken back at a time: the newest.
const maxDocumentUndos = 20

// revocableDocument makes the current decision about a document revocable for a while. With no time it is final, and
// ends the period in which an earlier decision about the same document could be undone.
func (d *draft) revocableDocument(before Document, window time.Duration) {
	left := slices.DeleteFunc(slices.Clone(d.record.DocumentUndos), func(u DocumentUndo) bool {
		return u.Document == before.ID || !d.now.Before(u.Until)
	})
	if window > 0 {
		until := d.now.Add(window)
		left = append(left, DocumentUndo{Document: before.ID, By: d.entry.Actor, Until: until, Status: before.Status, Decision: before.Decision})
		d.entry.FinalAt = until
	}
	d.record.DocumentUndos = left[max(0, len(left)-maxDocumentUndos):]
}

// UndoDocument undoes the newest decision about a document, as long as its time has not run out and the case has not
// moved since. Decisions about other documents stay. Errors: NotFound, PreconditionRequired, Stale, UndoOver, Forbidden
// (somebody else's), CaseClosed, Conflict.
func (s *Service) UndoDocument(ctx context.Context, p identity.Principal, id, document string, seen int) (Record, error) {
	return s.onSeen(ctx, p, id, seen, func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		at := slices.IndexFunc(d.record.Documents, func(x Document) bool { return x.ID == document })
		if at < 0 {
			return problem.New(problem.NotFound, "There is no such document.")
		}
		held := slices.IndexFunc(d.record.DocumentUndos, func(u DocumentUndo) bool { return u.Document == document })
		if held < 0 || !d.now.Before(d.record.DocumentUndos[held].Until) {
			return problem.New(problem.UndoOver, "There is no decision about the document that can still be undone.")
		}
		undo := d.record.DocumentUndos[held]
		if undo.By.onBehalf("") != d.entry.Actor {
			return problem.New(problem.Forbidden, "Only the person who decided can undo the decision.")
		}
		d.undoDocument(at, undo)
		return nil
	})
}

func (d *draft) undoDocument(at int, undo DocumentUndo) {
	doc := d.record.Documents[at]
	d.detail("decision", doc.Decision.Decision)
	doc.Status, doc.Decision = undo.Status, undo.Decision
	d.putDocument(at, doc, "undone")
	d.entry.Cause = CauseDocumentUndone
	d.revocableDocument(doc, 0)
}

// settleDocuments makes decisions about documents final once something else has come: it may rely on them.
func (d *draft) settleDocuments() {
	if c := d.entry.Cause; c != CauseDocumentDecision && c != CauseDocumentUndone && !c.keeps() && !d.quiet {
		d.record.DocumentUndos = nil
	}
}
