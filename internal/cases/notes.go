package cases

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Bounds of a note.
const (
	maxNote     = 10000 // characters
	maxMentions = 20    // each is a write of the commit
)

// noteEditTime is how long the author of a note can change it.
const noteEditTime = time.Minute

// NoteCommand is the content of a note. People who are mentioned are notified; the caller checks whether they may see the case.
type NoteCommand struct {
	ID       string // of a new note, reserved by the caller so that a retry adds nothing twice; "" makes one
	Text     string
	Mentions []string // ids of people
}

// checked is the command as it is taken.
func (c NoteCommand) checked() (NoteCommand, error) {
	c.Text = strings.TrimSpace(c.Text)
	c.Mentions = merged(c.Mentions, nil)
	e := problem.New(problem.Invalid, "The note cannot be taken.")
	if c.Text == "" || utf8.RuneCountInString(c.Text) > maxNote {
		e.With("body.text", "length", "a note has 1 to %d characters", maxNote)
	}
	if len(c.Mentions) > maxMentions {
		e.With("body.mentions", "too_many", "a note names at most %d people", maxMentions)
	}
	checkProse(e, "body.text", c.Text)
	if len(e.Fields) > 0 {
		return c, e
	}
	if len(c.Mentions) == 0 {
		c.Mentions = nil
	}
	return c, nil
}

// AddNote adds a remark, also to a case that has ended. Errors: NotFound, Invalid, Conflict.
func (s *Service) AddNote(ctx context.Context, p identity.Principal, id string, cmd NoteCommand) (Note, error) {
	if err := sees(p, id); err != nil {
		return Note{}, err
	}
	cmd, err := cmd.checked()
	if err != nil {
		return Note{}, err
	}
	reserved := cmd.ID != ""
	if !reserved {
		cmd.ID = s.NewID("note")
	}
	var note Note
	_, err = s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if reserved {
			// Read after the record: a note written in between is a write to the record, so that the commit fails and this runs again.
			existing, err := s.Store.Notes(ctx, p.Tenant, id)
			if err != nil {
				return err
			}
			if at := slices.IndexFunc(existing, func(n Note) bool { return n.ID == cmd.ID }); at >= 0 {
				note, d.unchanged = existing[at], true
				return nil
			}
		}
		note = Note{ID: cmd.ID, Text: cmd.Text, Mentions: cmd.Mentions, By: actorOf(p), At: d.now}
		d.entry.Cause = CauseNote
		d.noted(note, note.Mentions)
		return nil
	})
	if err != nil {
		return Note{}, err
	}
	return note, nil
}

// EditNote changes a note within noteEditTime. Only its author does; the history keeps each wording. Errors: NotFound, Invalid, Forbidden,
// NoteFinal, Conflict.
func (s *Service) EditNote(ctx context.Context, p identity.Principal, id, noteID string, cmd NoteCommand) (Note, error) {
	if err := sees(p, id); err != nil {
		return Note{}, err
	}
	cmd, err := cmd.checked()
	if err != nil {
		return Note{}, err
	}
	var note Note
	_, err = s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		existing, err := s.Store.Notes(ctx, p.Tenant, id)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(existing, func(n Note) bool { return n.ID == noteID && !n.Unreadable })
		if at < 0 {
			return problem.New(problem.NotFound, "There is no such note.")
		}
		if note = existing[at]; note.By != actorOf(p) {
			return problem.New(problem.Forbidden, "Only its author can change a note.")
		}
		if note.Text == cmd.Text && slices.Equal(note.Mentions, cmd.Mentions) {
			d.unchanged = true
			return nil
		}
		if d.now.Sub(note.At) > noteEditTime {
			return problem.New(problem.NoteFinal, "A note can be changed for a minute: add another one.")
		}
		added := slices.DeleteFunc(slices.Clone(cmd.Mentions), func(user string) bool { return slices.Contains(note.Mentions, user) })
		for _, user := range note.Mentions {
			if !slices.Contains(cmd.Mentions, user) && note.By != (Actor{Kind: string(identity.User), ID: user}) {
				d.takeBack(d.mention(note, user))
			}
		}
		note.Text, note.Mentions, note.EditedAt = cmd.Text, cmd.Mentions, d.now
		d.entry.Cause = CauseNoteEdited
		d.noted(note, added)
		return nil
	})
	if err != nil {
		return Note{}, err
	}
	return note, nil
}

// noted writes a note, and notifies those whom it mentions.
func (d *draft) noted(note Note, named []string) {
	detail := map[string]any{"id": note.ID, "text": note.Text}
	if len(note.Mentions) > 0 {
		detail["mentions"] = note.Mentions
	}
	d.detail("note", detail)
	d.notes = []Note{note}
	for _, user := range named {
		d.informSince(user, NoticeMentioned, note.ID, note.At)
	}
}

// mention is the notice to somebody whom a note mentions.
func (d *draft) mention(note Note, user string) Notice {
	return Notice{Tenant: d.record.Tenant, To: user, Case: d.record.ID, Kind: NoticeMentioned, Of: note.ID, At: note.At}
}
