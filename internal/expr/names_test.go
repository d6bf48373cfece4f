package expr

import (
	"strings"
	"testing"
)

func TestNamesOfPersonsAreWrittenSoThatTheyCanBeSeen(t *testing.T) {
	schema, err := CompileSchema(map[string]any{"type": "string", "format": "person-name"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "Anna Maria", "O’Connor", "Анна", "علی\u200cرضا", "X Æ A-12", "陳大文", "M.ª José", "D/O Kumar"} {
		if found := schema.Check(name); len(found) > 0 {
			t.Errorf("%+q: %v", name, found)
		}
	}
	for name, why := range map[string]string{
		"An\u200bna": "U+200B", "Anna\u202e": "direction", "An\nna": "control", "Anna😀": "picture", "12": "no letter", "Anna\u2028": "U+2028", "Anna ™": "symbol", "An\xffna": "UTF-8",
	} {
		found := schema.Check(name)
		if len(found) != 1 || found[0].Code != "format" || !strings.Contains(found[0].Message, why) || strings.Contains(found[0].Message, "Anna") {
			t.Errorf("%+q: %v", name, found)
		}
	}
}
