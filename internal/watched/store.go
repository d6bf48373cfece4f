package watched

import (
	"context"
	"time"

	"ballerine/internal/problem"
)

// Store keeps what is known of screened subjects. The tenant is part of every key. Each method's errors are *problem.Error with the codes
// named; anything else is Unavailable or Internal. Its behaviour is defined by internal/store/storetest.
type Store interface {
	// Answers of a subject, as they were last written; empty, at revision 0, if they were never written. Errors: Internal if
	// they cannot be read.
	Answers(ctx context.Context, tenant, subject string) (Answers, error)
	// PutAnswers writes answers over those of the revision before theirs. Errors: Conflict, TooLarge.
	PutAnswers(ctx context.Context, answers Answers) error

	// PutWatch writes a watch over one of an earlier end, or of the same, by subject and For; one of a later end stays, and is no error. Errors:
	// TooLarge.
	PutWatch(ctx context.Context, w Watch) error
	// WatchesOf are a subject's, by For; none if none were written. Errors: Internal when one cannot be read.
	WatchesOf(ctx context.Context, tenant, subject string) ([]Watch, error)
	// Watches pages through a tenant's, in an order of the store's own. after is the next of the page before; next is "" at the end, and a
	// page may be empty before. unreadable are the subjects of those that cannot be decoded.
	Watches(ctx context.Context, tenant, after string, limit int) (page []Watch, unreadable []string, next string, err error)

	// PutRun writes a run over the one of the revision before it. Errors: Conflict, TooLarge.
	PutRun(ctx context.Context, r Run) error
	// Run of a list; empty, at revision 0, if it was never written.
	Run(ctx context.Context, tenant, list string) (Run, error)
	// Runs are a tenant's, by list; those of all tenants with "". What cannot be decoded is left out.
	Runs(ctx context.Context, tenant string) ([]Run, error)
}

// ChangeRun writes a list's run as change leaves it; it does not write if change reports no difference. Errors:
// Conflict, TooLarge, Unavailable, Internal.
func ChangeRun(ctx context.Context, s Store, tenant, list string, change func(*Run) bool) (run Run, err error) {
	for range tries {
		if run, err = s.Run(ctx, tenant, list); err != nil {
			return run, err
		}
		run.Tenant, run.List = tenant, list
		if !change(&run) {
			return run, nil
		}
		run.Revision++
		if err = s.PutRun(ctx, run); problem.CodeOf(err) != problem.Conflict {
			return run, err
		}
	}
	return run, err
}

// tries bounds how often answers are written again when others come first.
const tries = 8

// Change writes a subject's answers as change leaves them; it does not write if change reports no difference. Errors:
// Conflict, TooLarge, Unavailable, Internal.
func Change(ctx context.Context, s Store, tenant, subject string, change func(*Answers) bool) (err error) {
	for range tries {
		var answers Answers
		if answers, err = s.Answers(ctx, tenant, subject); err != nil {
			return err
		}
		answers.Tenant, answers.Subject = tenant, subject
		if !change(&answers) {
			return nil
		}
		answers.Revision++
		if err = s.PutAnswers(ctx, answers); problem.CodeOf(err) != problem.Conflict {
			return err
		}
	}
	return err
}

// Before is the earlier answer to a hit, as the screening writes it beside the hit.
type Before struct {
	Answer  Verdict   `json:"answer"`
	At      time.Time `json:"at"`
	By      Person    `json:"by"`
	People  int       `json:"people"` // how many people gave it
	Case    string    `json:"case"`
	Version string    `json:"version"`           // of the entry then
	Changed []string  `json:"changed,omitempty"` // what has changed since: see Answer.Changed; empty: nothing, and the answer still holds
}

// Mark is the earlier answer to an entry; nil: none. cleared states that the hit is ruled out if that many people are required.
func (a Answers) Mark(list, id, version, asked string, now Entry, people int) (before *Before, cleared bool) {
	given := a.About(list, id)
	if given == nil {
		return nil, false
	}
	stands := given.Stands(version, asked)
	before = &Before{Answer: given.Verdict, At: given.At, By: given.By, People: max(given.People, 1), Case: given.Case, Version: given.Version}
	if !stands {
		before.Changed = given.Changed(version, asked, now)
	}
	return before, given.Clears(version, asked, people)
}
