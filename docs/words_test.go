package docs

import (
	"regexp"
	"testing"
)

// quaint are words of which CONTRIBUTING names the plain ones: report, notify, state, check against.
var quaint = regexp.MustCompile(`(?i)\b(told|heard|tells|loudly|held against|holds? \w+ against)\b`)

// TestDocumentationIsWrittenPlainly leaves out the list of connectors, which is made from the catalogue's files.
func TestDocumentationIsWrittenPlainly(t *testing.T) {
	read := 0
	walk(t, ".md", func(file string, text []byte) {
		if generated.MatchString(file) {
			return
		}
		read++
		for _, word := range quaint.FindAllString(string(text), -1) {
			t.Errorf("%s: %q: see the end of the glossary in CONTRIBUTING.md", file, word)
		}
	})
	if read < 30 {
		t.Errorf("only %d files are read: this test no longer sees them", read)
	}
}

// generated are the pages that are generated from others, and the changelog, which records the past.
var generated = regexp.MustCompile(`connectors\.md$|CHANGELOG\.md$|CONTRIBUTING\.md$|NOTICES\.md$`)
