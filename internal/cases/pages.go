package cases

import (
	"context"
	"reflect"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// The applicant's pages are judged by package flow. This file writes its verdict: in the same change of the record that
// it was based on.

// Applying is what an applicant's pages are a function of.
type Applying struct {
	Record    Record
	Workflow  *workflow.Workflow
	Documents []Document     // that count: what was announced and did not come in time is not among them. Oldest first
	Extra     map[string]any // what rules read beside the context
	States    []string       // active ones
	Collects  bool           // the case waits for the principal
	Now       time.Time
}

// Progress is how far the applicant has come.
func (a Applying) Progress() Pages {
	if a.Record.Pages == nil {
		return Pages{}
	}
	return *a.Record.Pages
}

func applyingOf(wf *workflow.Workflow, record Record, p identity.Principal, now time.Time) Applying {
	return Applying{
		Record: record, Workflow: wf, Extra: extraOf(wf, record, now), States: wf.Chart.Configuration(record.Snapshot), Now: now,
		Collects: record.Status == StatusActive && wf.Chart.Turn(record.Snapshot)&sender(p) != 0,
		Documents: slices.DeleteFunc(slices.Clone(record.Documents), func(d Document) bool {
			return d.Status == DocumentAwaitingUpload && !d.awaited(now)
		}),
	}
}

// Applying is what the pages of a case are a function of. Errors: NotFound, Unavailable.
func (s *Service) Applying(ctx context.Context, p identity.Principal, record Record) (Applying, error) {
	wf, err := s.follows(ctx, record)
	if err != nil {
		return Applying{}, err
	}
	return applyingOf(wf, record, p, s.Now().UTC()), nil
}

// PageSaved is what saving a page changes.
type PageSaved struct {
	Page   string
	Fields []string       // that were sent: paths, without values
	Patch  map[string]any // of the context; empty: no change
	Pages  Pages          // from now on
}

// SavePage writes what an applicant has entered on a page, as judge determines. It does not write if nothing changes.
// judge is called again if another write comes first. Errors: NotFound, NotCollecting, CaseClosed, Invalid, TooLarge,
// Conflict, and those of judge.
func (s *Service) SavePage(ctx context.Context, p identity.Principal, id string, judge func(Applying) (PageSaved, error)) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if err := d.collecting(p); err != nil {
			return err
		}
		applying := applyingOf(d.workflow, d.record, p, d.now)
		saved, err := judge(applying)
		if err != nil {
			return err
		}
		if d.unchanged = len(saved.Patch) == 0 && samePages(saved.Pages, applying.Progress()); d.unchanged {
			return nil
		}
		if err := fitsPages(saved.Pages); err != nil {
			return err
		}
		d.entry.Cause = CauseContext
		if err := d.standsIn(p); err != nil {
			return err
		}
		d.record.Pages = &saved.Pages
		d.detail("page", map[string]any{"id": saved.Page, "fields": saved.Fields})
		if len(saved.Patch) == 0 {
			return nil
		}
		return s.write(d, p, saved.Patch)
	})
}

func samePages(a, b Pages) bool {
	return slices.Equal(a.Saved, b.Saved) && len(a.Draft) == len(b.Draft) && (len(a.Draft) == 0 || reflect.DeepEqual(a.Draft, b.Draft))
}

// fitsPages refuses drafts that a case has no room for. Errors: TooLarge.
func fitsPages(pages Pages) error {
	e := problem.New(problem.TooLarge, "The answers cannot be kept.")
	tooLarge(e, "body.values", pages, maxPages, "complete what was begun before entering more")
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// collecting refuses data for a case that has ended or does not wait for it. Errors: NotCollecting, CaseClosed.
func (d *draft) collecting(p identity.Principal) error {
	if err := d.open(); err != nil {
		return err
	}
	return d.collects(p)
}

// PagesSubmitted is what submitting pages does.
type PagesSubmitted struct {
	Event string
	Pages Pages // from now on
}

// SubmitPages sends the event that judge names once nothing remains to be done, and stores what judge returns about the
// pages. Repeating the call (same idempotency id) changes nothing. Errors: those of Send and of judge.
func (s *Service) SubmitPages(ctx context.Context, p identity.Principal, id, idempotencyID string, judge func(Applying) (PagesSubmitted, error)) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if d.unchanged = idempotencyID != "" && slices.Contains(d.record.Seen, idempotencyID); d.unchanged {
			return nil
		}
		if err := d.collecting(p); err != nil {
			return err
		}
		submitted, err := judge(applyingOf(d.workflow, d.record, p, d.now))
		if err != nil {
			return err
		}
		if statechart.IsInternal(submitted.Event) {
			return problem.New(problem.EventNotAllowed, "The event is reserved for the system.")
		}
		if d.record.Pages != nil {
			d.record.Pages = &submitted.Pages
		}
		return s.send(ctx, d, p, SendCommand{Type: submitted.Event, IdempotencyID: idempotencyID})
	})
}
