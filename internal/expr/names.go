package expr

import (
	"errors"
	"strings"
	"unicode"

	"ballerine/internal/text"
)

// formatName is a format of JSON Schema of our own: the name of a person, as a document could have it in any script. It
// contains a letter, is one line, and has no invisible characters and no pictures. Digits are accepted: some names have
// them.
const formatName = "person-name"

func validateName(value any) error {
	name, ok := value.(string)
	if !ok {
		return nil
	}
	if found := text.Hidden(name, text.Line); found != "" {
		return errors.New("there is " + found + " in it")
	}
	if strings.ContainsFunc(name, func(r rune) bool { return unicode.In(r, unicode.So, unicode.Sm, unicode.Sc) }) {
		return errors.New("there is a symbol or a picture in it")
	}
	if name != "" && !strings.ContainsFunc(name, unicode.IsLetter) {
		return errors.New("there is no letter in it")
	}
	return nil
}
