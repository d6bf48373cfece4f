package cases

import (
	"strings"
	"testing"

	"ballerine/internal/problem"
)

// Wherever text from outside comes into a record, what nobody can see is refused with its place, and is never echoed.
func TestWhatNobodyCanSeeIsRefusedWithItsPlace(t *testing.T) {
	const zero, turn = "An\u200bna", "Anna\u202e"
	find := func(check func(e *problem.Error)) []string {
		e := problem.New(problem.Invalid, "x")
		check(e)
		var places []string
		for _, f := range e.Fields {
			places = append(places, f.Location)
			if f.Code != "hidden_character" || strings.ContainsAny(f.Message, "\u200b\u202e") || strings.Contains(f.Message, "Anna") {
				t.Errorf("%+v", f)
			}
		}
		return places
	}
	for name, c := range map[string]struct {
		check func(e *problem.Error)
		want  string
	}{
		"subject": {func(e *problem.Error) {
			visibleSubject(e, SubjectInput{ExternalID: "c\u00ad1", Data: map[string]any{"name": map[string]any{"given": zero, "family": turn}, "email": "a@\u2060b.example", "note": []any{"fine", zero}}})
		}, "body.subject.external_id body.subject.email body.subject.name.family body.subject.name.given body.subject.note[1]"},
		"a name as one text": {func(e *problem.Error) { visibleSubject(e, SubjectInput{Data: map[string]any{"name": "An\nna"}}) }, "body.subject.name"},
		"any value": {func(e *problem.Error) {
			checkVisible(e, "body.context", map[string]any{"a": map[string]any{"b": []any{1.0, map[string]any{"c": turn}}}, "k\u200be": 1.0, "fine": "two\nlines\t👩\u200d👧"})
		}, "body.context.a.b[1].c body.context"},
		"a comment":      {func(e *problem.Error) { checkProse(e, "body.comment", "a\u0007b") }, "body.comment"},
		"a good comment": {func(e *problem.Error) { checkProse(e, "body.comment", "שלום\u200f\nעולם") }, ""},
		"no UTF-8":       {func(e *problem.Error) { checkLine(e, "body.external_id", "a\xff") }, "body.external_id"},
	} {
		if got := strings.Join(find(c.check), " "); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
