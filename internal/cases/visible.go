package cases

import (
	"fmt"
	"maps"
	"slices"

	"ballerine/internal/problem"
	"ballerine/internal/text"
)

// Text from callers is checked for invisible characters: a name with a zero-width character in it looks like another,
// and no list and no search finds it. This is done wherever text from outside enters a record; vendors' answers are
// stored as they are.

// checkLine is for names, ids and addresses of e-mail.
func checkLine(problems *problem.Error, location, written string) {
	hidden(problems, location, written, text.Line)
}

// checkProse is for text that people read: comments, notes, messages.
func checkProse(problems *problem.Error, location, written string) {
	hidden(problems, location, written, text.Prose)
}

// checkProses is checkProse for several texts by their locations.
func checkProses(message string, written map[string]string) error {
	problems := problem.New(problem.Invalid, "%s", message)
	for _, location := range slices.Sorted(maps.Keys(written)) {
		checkProse(problems, location, written[location])
	}
	if len(problems.Fields) > 0 {
		return problems
	}
	return nil
}

// checkVisible checks every text in a JSON value, including names of members.
func checkVisible(problems *problem.Error, location string, value any) {
	switch v := value.(type) {
	case string:
		checkProse(problems, location, v)
	case []any:
		for i, element := range v {
			checkVisible(problems, fmt.Sprintf("%s[%d]", location, i), element)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if text.Hidden(name, text.Line) != "" {
				problems.With(location, "hidden_character", "the name of a member must not contain %s", text.Hidden(name, text.Line))
				continue
			}
			checkVisible(problems, location+"."+name, v[name])
		}
	}
}

func hidden(problems *problem.Error, location, written string, kind text.Kind) {
	if found := text.Hidden(written, kind); found != "" {
		problems.With(location, "hidden_character", "it must not contain %s", found)
	}
}

// visibleSubject checks the texts of a subject.
func visibleSubject(problems *problem.Error, subject SubjectInput) {
	checkLine(problems, "body.subject.external_id", subject.ExternalID)
	for _, name := range slices.Sorted(maps.Keys(subject.Data)) {
		location := "body.subject." + name
		switch value := subject.Data[name].(type) {
		case string:
			checkLine(problems, location, value)
		case map[string]any:
			for _, part := range slices.Sorted(maps.Keys(value)) {
				if written, ok := value[part].(string); ok && name == "name" {
					checkLine(problems, location+"."+part, written)
					continue
				}
				checkVisible(problems, location+"."+part, value[part])
			}
		default:
			checkVisible(problems, location, value)
		}
	}
}
