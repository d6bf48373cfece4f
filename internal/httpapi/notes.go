package httpapi

import (
	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
)

func (s *server) registerNotes(api huma.API) {
	type noteIn struct {
		OnCase
		Seen
		Body struct {
			Text string `json:"text" minLength:"1" maxLength:"10000"`
		}
	}
	add(s, api, op(Review, "addNote", "POST", "/v1/cases/{id}/notes", "Add a note").creating(), func(c ctx, in *noteIn) (*created[cases.Note], error) {
		c, err := in.on(c, in.ID)
		if err != nil {
			return nil, err
		}
		note, err := s.Cases.AddNote(c, principalOf(c), in.ID, reserved(c, "note"), in.Body.Text)
		return &created[cases.Note]{"/v1/cases/" + in.ID + "/notes/" + note.ID, note}, err
	})
	add(s, api, op(Review, "listNotes", "GET", "/v1/cases/{id}/notes", "List notes, oldest first"), func(c ctx, in *OnCase) (*body[List[cases.Note]], error) {
		notes, err := s.Cases.Notes(c, principalOf(c), in.ID)
		return wholeList(notes), err
	})
}
