package cases

import (
	"context"
	"errors"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// An upload is briefly in two places at once, or its notice is lost: the record and the place of the bytes are
// reconciled by steps that may be repeated. See docs/adr/0032-nobody-waits-without-an-end.md.

// maxLooks bounds how many announced uploads one command looks for itself.
const maxLooks = 20

// lookedFor is how long after its announcement an upload is looked for.
const lookedFor = 30 * 24 * time.Hour

// finishedFor is how long after an upload was received the sweep checks that its bytes are where they should be.
const finishedFor = time.Hour

// arrival returns an announced document as its upload makes it; false if nothing has been uploaded yet.
func (s *Service) arrival(ctx context.Context, tenant, id string, doc Document) (Document, bool, error) {
	info, err := s.Objects.Head(ctx, doc.Key)
	if problem.CodeOf(err) == problem.NotFound {
		return doc, false, nil
	}
	if err != nil {
		return doc, false, err
	}
	doc.Status, doc.Key = DocumentReceived, KeptKey(tenant, id, doc.ID)
	if info.Size != doc.Size || (info.SHA256 != "" && info.SHA256 != doc.SHA256) {
		doc.Status = DocumentRefused
	}
	return doc, true, nil
}

// arrivals applies the uploads that exist but have not been reported, so that guards see them. One that cannot be
// checked now is left as it is: the notice, or the sweep, follows. They, or the check, also copy the bytes to the place
// where the record expects them from now on.
func (s *Service) arrivals(ctx context.Context, d *draft) {
	var received []any
	for at, doc := range d.record.Documents {
		if doc.Status != DocumentAwaitingUpload || !d.takes(doc) || d.now.Sub(doc.CreatedAt) > lookedFor || len(received) == maxLooks {
			continue
		}
		found, there, err := s.arrival(ctx, d.record.Tenant, d.record.ID, doc)
		if err != nil {
			return
		}
		if !there {
			continue
		}
		found.UpdatedAt = d.now
		if len(received) == 0 {
			d.record.Documents = slices.Clone(d.record.Documents)
		}
		d.record.Documents[at] = found
		received = append(received, found.ID)
	}
	if len(received) > 0 {
		d.member(memberDocuments)
		d.detail("received", received)
	}
}

// ReconcileUploads records the uploads of a case that exist although no notice of them has arrived, and copies those
// that a command has found to the place where the record expects them. It returns how many. Errors: NotFound, Conflict,
// Unavailable.
func (s *Service) ReconcileUploads(ctx context.Context, record Record) (number int, err error) {
	var failures []error // one document that is damaged holds up no other
	for _, doc := range record.Documents {
		did, err := false, error(nil)
		switch age := s.Now().Sub(doc.UpdatedAt); {
		case doc.Status == DocumentAwaitingUpload && age <= lookedFor:
			did, err = s.lookFor(ctx, &record, doc)
		case doc.Status != DocumentAwaitingUpload && age <= finishedFor:
			did, err = s.settleUpload(ctx, record.Tenant, record.ID, doc)
			if problem.CodeOf(err) == problem.NotFound {
				err = nil // its bytes may have been deleted since
			}
		}
		failures = append(failures, err)
		if did {
			number++
		}
	}
	return number, errors.Join(failures...)
}

// lookFor applies the upload of an announced document if it exists, and reports whether that changed the record.
func (s *Service) lookFor(ctx context.Context, record *Record, doc Document) (bool, error) {
	if _, err := s.Objects.Head(ctx, doc.Key); err != nil {
		if problem.CodeOf(err) == problem.NotFound {
			err = nil
		}
		return false, err
	}
	before := record.Version
	after, err := s.DocumentArrived(ctx, record.Tenant, record.ID, doc.ID)
	if err != nil {
		return false, err
	}
	record.Version = after.Version
	return after.Version > before, nil
}

// settleUpload makes sure that a received upload's bytes are where the record expects them, and reports whether they had
// to be copied. Once its link has ended, they are only there: until then the uploaded object stays at the link's
// address, so that the link accepts no other. Errors: NotFound, Unavailable.
func (s *Service) settleUpload(ctx context.Context, tenant, id string, doc Document) (copied bool, err error) {
	_, err = s.Objects.Head(ctx, KeptKey(tenant, id, doc.ID))
	if problem.CodeOf(err) == problem.NotFound {
		copied = true
		_, err = s.KeepUpload(ctx, tenant, id, doc.ID)
	}
	if err == nil && !s.Now().Before(doc.UploadUntil) {
		err = s.Objects.Delete(ctx, QuarantineKey(tenant, id, doc.ID))
	}
	return copied && err == nil, err
}

// KeepUpload copies an upload from quarantine, where objects expire, to where it is kept, and returns its key there.
// Repeating it changes nothing. Errors: NotFound, Unavailable.
func (s *Service) KeepUpload(ctx context.Context, tenant, id, document string) (key string, err error) {
	kept := KeptKey(tenant, id, document)
	err = s.Objects.Copy(ctx, QuarantineKey(tenant, id, document), kept)
	if problem.CodeOf(err) == problem.NotFound {
		_, err = s.Objects.Head(ctx, kept) // it was kept before
	}
	return kept, err
}

// SettleDocuments removes from quarantine what the record has kept, and copies it first if copying was interrupted.
// Repeating it changes nothing. before is the record as it was: what had been checked by then is skipped. Errors:
// NotFound, Unavailable.
func (s *Service) SettleDocuments(ctx context.Context, tenant, id string, before Record) error {
	record, err := s.Store.Get(ctx, tenant, id)
	if err != nil {
		return err
	}
	var failures []error
	for _, doc := range record.Documents {
		checked := slices.ContainsFunc(before.Documents, func(old Document) bool { return old.ID == doc.ID && len(old.Checks) > 0 })
		if doc.Key != KeptKey(tenant, id, doc.ID) || checked {
			continue
		}
		doc.UploadUntil = time.Time{} // a checked document no longer needs the link
		_, err := s.settleUpload(ctx, tenant, id, doc)
		if problem.CodeOf(err) != problem.NotFound { // its bytes may have been deleted since
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// reachable returns the key under which a document's bytes are now, and their version, once they were found to be what was uploaded.
// Errors: NotFound, DocumentDamaged, Unavailable.
func (s *Service) reachable(ctx context.Context, p identity.Principal, id string, doc Document) (key, version string, err error) {
	for _, key = range []string{doc.Key, KeptKey(p.Tenant, id, doc.ID), QuarantineKey(p.Tenant, id, doc.ID)} {
		info, err := Genuine(ctx, s.Objects, key, doc)
		if problem.CodeOf(err) != problem.NotFound {
			return key, info.Version, err
		}
	}
	return "", "", problem.New(problem.NotFound, "The bytes of the document no longer exist.")
}
