package watched

import (
	"context"
	"time"

	"ballerine/internal/problem"
)

// Store keeps what is known of screened subjects. The tenant is part of every key. Each method's errors are *problem.Error with the codes
// named; anything else is Unavailable or Internal. Its behaviour is defined by internal/store/storetest.
type Store interface {
	// Answers of a subject, as they were last written; those that nobody has written are empty, at revision 0. Errors: Internal when
	// they cannot be read.
	Answers(ctx context.Context, tenant, subject string) (Answers, error)
	// PutAnswers writes answers over those of the revision before theirs. Errors: Conflict, TooLarge.
	PutAnswers(ctx context.Context, answers Answers) error

	// PutWatch writes a watch over one of an earlier end, or of the same, by subject and For; one of a later end stays, and is no error. Errors:
	// TooLarge.
	PutWatch(ctx context.Context, w Watch) error
	// WatchesOf are a subject's, by For; none when nobody has written any. Errors: Internal when one cannot be read.
	WatchesOf(ctx context.Context, tenant, subject string) ([]Watch, error)
	// Watches pages through a tenant's, in an order of the store's own. after is the next of the page before; next is "" at the end, and a
	// page may be empty before. unreadable are the subjects of those that cannot be decoded.
	Watches(ctx context.Context, tenant, after string, limit int) (page []Watch, unreadable []string, next string, err error)

	// PutRun writes a run over the one of the revision before it. Errors: Conflict, TooLarge.
	PutRun(ctx context.Context, r Run) error
	// Run of a list; one that nobody has written is empty, at revision 0.
	Run(ctx context.Context, tenant, list string) (Run, error)
	// Runs are a tenant's, by list; those of all tenants with "". What cannot be decoded is left out.
	Runs(ctx context.Context, tenant string) ([]Run, error)
}

// ChangeRun writes what change has made of a list's run; nothing when it reports that nothing has changed. Errors: Conflict, TooLarge, Unavailable,
// Internal.
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

// Change writes what change has made of a subject's answers; nothing when it reports that nothing has changed. Errors: Conflict, TooLarge,
// Unavailable, Internal.
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

// Before is what was said of a hit before, as the screening writes it beside the hit.
type Before struct {
	Answer  Verdict   `json:"answer"`
	At      time.Time `json:"at"`
	By      Person    `json:"by"`
	People  int       `json:"people"` // how many stand behind it
	Case    string    `json:"case"`
	Version string    `json:"version"`           // of the entry then
	Changed []string  `json:"changed,omitempty"` // what is another now: see Answer.Changed; empty: nothing, and the answer stands
}

// Mark is what was said of an entry before; nil: nothing. cleared says that the hit is ruled out where so many people are asked for.
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
