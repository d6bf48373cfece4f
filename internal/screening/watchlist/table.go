package watchlist

import (
	"fmt"
	"slices"
	"strings"

	"ballerine/internal/csvfile"
	"ballerine/internal/problem"
	"ballerine/internal/screening"
)

// table is an issuer's CSV file whose header names the columns.
type table struct {
	file   string
	text   []byte
	r      *csvfile.Reader
	faults []csvfile.Fault
	first  []csvfile.Field // of the file: a date in some, which the header follows
	at     map[string]int
	width  int
}

// newTable reads the header of a CSV file, which begins within its first two lines.
func newTable(file string, text []byte, skip func(first []csvfile.Field) bool) *table {
	t := &table{file: file, text: text, at: map[string]int{}}
	t.r = csvfile.NewReader(string(text), csvfile.Limits{Bytes: limit, Records: 5_000_000, Fields: 256}, func(f csvfile.Fault) { t.faults = append(t.faults, f) })
	head, _ := t.r.Next()
	t.first = head
	if skip(head) {
		head, _ = t.r.Next()
	}
	t.width = len(head)
	for i, h := range head {
		if name := strings.TrimSpace(h.Text); name != "" {
			if _, twice := t.at[name]; !twice {
				t.at[name] = i
			}
		}
	}
	return t
}

// has reports whether the file has all columns.
func (t *table) has(columns ...string) bool {
	return !slices.ContainsFunc(columns, func(c string) bool { _, ok := t.at[c]; return !ok })
}

// each calls take for each line, which returns why it cannot use one. Errors: Invalid, with the place: a line that is not as long as the header, too.
func (t *table) each(take func(get func(column string) string) (reason string)) error {
	for {
		row, more := t.r.Next()
		if len(t.faults) > 0 {
			f := t.faults[0]
			return problem.New(problem.Invalid, "%s, line %d, column %d: %s", t.file, f.Line, f.Column, f.Message)
		}
		if !more {
			return nil
		}
		if csvfile.Blank(row) && len(row) != t.width {
			continue
		}
		if len(row) != t.width {
			return problem.New(problem.Invalid, "%s, line %d: the line has %d fields instead of %d: the file is not complete.", t.file, row[0].Line, len(row), t.width)
		}
		reason := take(func(column string) string {
			if i, ok := t.at[column]; ok {
				return strings.TrimSpace(row[i].Text)
			}
			return ""
		})
		if reason != "" {
			return problem.New(problem.Invalid, "%s, line %d: %s", t.file, row[0].Line, reason)
		}
	}
}

// nameless is an error when an entry has no name.
func nameless(file string, list screening.List) error {
	for _, e := range list.Entries {
		if len(e.Names) == 0 {
			return problem.New(problem.Invalid, "%s: the entry %s has no name.", file, shown(e.ID))
		}
	}
	return nil
}

// shown is an id as an error shows it.
func shown(id string) string {
	if len(id) > 40 {
		id = id[:40] + "…"
	}
	return fmt.Sprintf("%q", id)
}
