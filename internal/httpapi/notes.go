package httpapi

import (
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

type noteBody struct {
	Text     string   `json:"text" minLength:"1" maxLength:"10000"`
	Mentions []string `json:"mentions,omitempty" maxItems:"20" doc:"ids of the people whom the note names: they are notified"`
}

func (s *server) registerNotes(api huma.API) {
	type noteIn struct {
		OnCase
		Seen
		Body noteBody
	}
	add(s, api, op(Review, "addNote", "POST", "/v1/cases/{id}/notes", "Add a note").creating(), func(c ctx, in *noteIn) (*created[cases.Note], error) {
		c, err := in.on(c, in.ID)
		if err != nil {
			return nil, err
		}
		if err := s.mentionable(c, in.Body.Mentions); err != nil {
			return nil, err
		}
		note, err := s.Cases.AddNote(c, principalOf(c), in.ID, cases.NoteCommand{ID: reserved(c, "note"), Text: in.Body.Text, Mentions: in.Body.Mentions})
		return &created[cases.Note]{"/v1/cases/" + in.ID + "/notes/" + note.ID, note}, err
	})
	type editIn struct {
		OnCase
		Note string `path:"note" maxLength:"100"`
		Seen
		Body noteBody
	}
	add(s, api, op(Review, "editNote", "PUT", "/v1/cases/{id}/notes/{note}", "Change a note of one's own within a minute"), func(c ctx, in *editIn) (*body[cases.Note], error) {
		c, err := in.on(c, in.ID)
		if err != nil {
			return nil, err
		}
		if err := s.mentionable(c, in.Body.Mentions); err != nil {
			return nil, err
		}
		note, err := s.Cases.EditNote(c, principalOf(c), in.ID, in.Note, cases.NoteCommand{Text: in.Body.Text, Mentions: in.Body.Mentions})
		return &body[cases.Note]{note}, err
	})
	add(s, api, op(Review, "listNotes", "GET", "/v1/cases/{id}/notes", "List notes, oldest first"), func(c ctx, in *OnCase) (*body[List[cases.Note]], error) {
		notes, err := s.Cases.Notes(c, principalOf(c), in.ID)
		return wholeList(notes), err
	})
}

// mentionable reports whether everybody whom a note names may read it. Errors: Invalid.
func (s *server) mentionable(c ctx, users []string) error {
	e := problem.New(problem.Invalid, "The note names somebody who cannot be notified.")
	for i, user := range users {
		ok, err := s.People.Reads(c, principalOf(c).Tenant, user)
		if err != nil {
			return err
		}
		if !ok {
			e.With(fmt.Sprintf("body.mentions[%d]", i), "unknown", "no user of the back office has this id, or they may not read notes")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}
