package cases

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Assign gives the case to a user, or to nobody with "". seen is the version that the caller has seen; 0 takes any, as
// when somebody claims work from a list. Errors: NotFound, Stale, CaseClosed, Conflict.
func (s *Service) Assign(ctx context.Context, p identity.Principal, id, user string, seen int) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	run := func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		if d.record.Assignee == user {
			d.unchanged = true
			return nil
		}
		d.entry.Cause = CauseAssigned
		d.detail("from", d.record.Assignee)
		d.detail("to", user)
		d.record.Assignee = user
		d.member(memberAssignee)
		d.notify("case.assigned", map[string]any{"assignee": user})
		return nil
	}
	if seen > 0 {
		return s.onSeen(ctx, p, id, seen, run)
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), run)
}

// maxNote bounds a note, in characters.
const maxNote = 10000

// AddNote adds a remark, also to a case that has ended. noteID is reserved by the caller so that a retry adds nothing
// twice; "" makes one. Errors: NotFound, Invalid, Conflict.
func (s *Service) AddNote(ctx context.Context, p identity.Principal, id, noteID, text string) (Note, error) {
	if err := sees(p, id); err != nil {
		return Note{}, err
	}
	text = strings.TrimSpace(text)
	if text == "" || utf8.RuneCountInString(text) > maxNote {
		return Note{}, problem.New(problem.Invalid, "The note cannot be taken.").With("body.text", "length", "a note has 1 to %d characters", maxNote)
	}
	if err := checkProses("The note cannot be taken.", map[string]string{"body.text": text}); err != nil {
		return Note{}, err
	}
	reserved := noteID != ""
	if !reserved {
		noteID = s.NewID("note")
	}
	var note Note
	_, err := s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if reserved {
			// Read after the record: a note that comes between is a write to the record, so that the commit fails and this runs again.
			existing, err := s.Store.Notes(ctx, p.Tenant, id)
			if err != nil {
				return err
			}
			if at := slices.IndexFunc(existing, func(n Note) bool { return n.ID == noteID }); at >= 0 {
				note, d.unchanged = existing[at], true
				return nil
			}
		}
		note = Note{ID: noteID, Text: text, By: actorOf(p), At: d.now}
		d.entry.Cause = CauseNote
		d.detail("note", map[string]any{"id": note.ID, "text": note.Text})
		d.notes = []Note{note}
		return nil
	})
	if err != nil {
		return Note{}, err
	}
	return note, nil
}

// Cancel calls a case off: it ends where it is, its execution is stopped, and its children are called off. Users say which version they have seen;
// others may. Errors: NotFound, CaseClosed, PreconditionRequired, Stale, Conflict.
func (s *Service) Cancel(ctx context.Context, p identity.Principal, id string, seen int, reason string) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	if err := checkProses("The case cannot be called off like this.", map[string]string{"body.reason": reason}); err != nil {
		return Record{}, err
	}
	run := func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		d.cancel(reason)
		return nil
	}
	if p.Kind == identity.User || seen > 0 {
		return s.onSeen(ctx, p, id, seen, run)
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), run)
}

func (d *draft) cancel(reason string) {
	d.entry.Cause = CauseCancelled
	d.detail("reason", reason)
	d.record.Status = StatusCancelled
	d.effects = append(d.effects, Effect{Kind: EffectStop, Name: d.record.Execution.Name, Machine: d.record.Workflow})
	for _, group := range d.groups() {
		d.callOff(group)
	}
}
