package cases_test

import (
	"slices"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

func TestNothingHiddenComesIntoACase(t *testing.T) {
	d := newDesk(t)
	for name, cmd := range map[string]cases.StartCommand{
		"external id": {Workflow: "small", ExternalID: "a\u200bb", Subject: cases.SubjectInput{Type: "individual"}},
		"subject":     {Workflow: "small", Subject: cases.SubjectInput{Type: "individual", Data: map[string]any{"name": map[string]any{"given": "An\u200bna"}}}},
		"context":     startOf(map[string]any{"applicant": map[string]any{"name": "Ad\u202ea"}}),
	} {
		_, err := d.Start(t.Context(), client, cmd)
		if problem.CodeOf(err) != problem.Invalid || !hasHidden(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := must[cases.Record](d)(d.Start(t.Context(), client, startOf(map[string]any{"applicant": map[string]any{"name": "Ada"}})))
	for name, run := range map[string]func() error{
		"a patch": func() error {
			_, err := d.SaveContext(t.Context(), client, r.ID, map[string]any{"applicant": map[string]any{"name": "A\u200bda"}})
			return err
		},
		"an event": func() error {
			_, err := d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "SUBMIT", Payload: map[string]any{"x": "\ufeff"}})
			return err
		},
		"a note": func() error {
			_, err := d.AddNote(t.Context(), client, r.ID, cases.NoteCommand{Text: "fine\u2066"})
			return err
		},
		"calls off": func() error { _, err := d.Cancel(t.Context(), client, r.ID, 0, "\u0000"); return err },
		"a document": func() error {
			_, _, err := d.AnnounceDocument(t.Context(), client, r.ID, cases.AnnounceCommand{Kind: "passport", ContentType: "image/png", Size: 1, SHA256: strings.Repeat("0", 64), Properties: map[string]any{"number": "X\u200b1"}})
			return err
		},
	} {
		if err := run(); problem.CodeOf(err) != problem.Invalid || !hasHidden(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func hasHidden(err error) bool {
	return slices.ContainsFunc(problem.As(err).Fields, func(f problem.Field) bool { return f.Code == "hidden_character" })
}
