package lists

import (
	"encoding/csv"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// columns of a CSV. Their order is free; only the value is needed.
const (
	columnValue   = "value"
	columnExpires = "expires_at"
	columnNote    = "note"
)

const headerHint = "the first line names the columns: value,expires_at,note"

// place is where something is written.
type place struct {
	line, column int    // of a CSV; 0: it is no CSV
	path         string // "value" of a CSV, "entries[2].value" of JSON
}

// field of a CSV: its text, and where it begins.
type field struct {
	text      string
	start     int // in the text
	line      int
	lineStart int
}

// scanner reads a CSV: fields between commas, semicolons or tabs, lines that end in any of the three ways, quotation marks
// as Excel and RFC 4180 have them.
type scanner struct {
	text      string
	at        int
	line      int
	lineStart int
	comma     byte
	quote     func(place) // hears of a quotation mark that is not where it can be
	open      func(place) // hears of one that is never closed
}

func newScanner(text string) *scanner {
	s := &scanner{text: strings.TrimPrefix(text, "\ufeff"), line: 1}
	first, _, _ := strings.Cut(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(head(s.text)), "\n")
	if rest, ok := strings.CutPrefix(first, "sep="); ok && len(rest) == 1 { // as Excel writes it
		s.comma = rest[0]
		s.record()
		return s
	}
	s.comma = separator(first)
	return s
}

// head is as much of a text as can be its first line.
func head(text string) string { return text[:min(len(text), 2000)] }

func separator(line string) byte {
	best, most := byte(','), 0
	for _, c := range []byte{',', ';', '\t'} {
		if n := strings.Count(line, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

// record reads a line; false after the last.
func (s *scanner) record() (fields []field, more bool) {
	if s.at >= len(s.text) {
		return nil, false
	}
	for {
		f := field{start: s.at, line: s.line, lineStart: s.lineStart}
		if s.at < len(s.text) && s.text[s.at] == '"' {
			f.text = s.quoted()
		} else {
			f.text = s.bare()
		}
		fields = append(fields, f)
		if s.at >= len(s.text) {
			return fields, true
		}
		if s.text[s.at] == s.comma {
			s.at++
			continue
		}
		s.lineEnd()
		return fields, true
	}
}

// bare reads up to a comma or the end of the line.
func (s *scanner) bare() string {
	start := s.at
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == s.comma || c == '\n' || c == '\r':
			return s.text[start:s.at]
		case c == '"' && s.quote != nil:
			s.quote(s.here(s.at))
		}
	}
	return s.text[start:]
}

// quoted reads a field in quotation marks. Line ends within it are those of Unix then.
func (s *scanner) quoted() string {
	began := s.here(s.at)
	s.at++
	var b strings.Builder
	for from := s.at; s.at < len(s.text); {
		switch s.text[s.at] {
		case '"':
			b.WriteString(s.text[from:s.at])
			if s.at++; s.at < len(s.text) && s.text[s.at] == '"' {
				from = s.at
				s.at++
				continue
			}
			if s.at < len(s.text) && s.text[s.at] != s.comma && s.text[s.at] != '\r' && s.text[s.at] != '\n' && s.quote != nil {
				s.quote(s.here(s.at))
			}
			return b.String() + s.bare()
		case '\r', '\n':
			b.WriteString(s.text[from:s.at])
			b.WriteByte('\n')
			s.lineEnd()
			from = s.at
		default:
			s.at++
		}
		if s.at == len(s.text) {
			b.WriteString(s.text[from:])
		}
	}
	if s.open != nil {
		s.open(began)
	}
	return b.String()
}

func (s *scanner) lineEnd() {
	if s.text[s.at] == '\r' && s.at+1 < len(s.text) && s.text[s.at+1] == '\n' {
		s.at++
	}
	s.at++
	s.line++
	s.lineStart = s.at
}

func (s *scanner) here(at int) place {
	return place{line: s.line, column: 1 + utf8.RuneCountInString(s.text[s.lineStart:at])}
}

func (s *scanner) placeOf(f field, path string) place {
	return place{line: f.line, column: 1 + utf8.RuneCountInString(s.text[f.lineStart:f.start]), path: path}
}

// CSV is the content of a CSV file. Problems come all at once, with their lines, and never with a value.
func CSV(file, text string) Content {
	return func(shape Shape) (Table, error) {
		b := newBuilder(shape, strings.Count(text, "\n"))
		if err := b.csv(text); err != nil {
			return Table{}, err
		}
		return b.table(file)
	}
}

func (b *builder) csv(text string) error {
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		b.wrong(place{line: 1, column: 1}, &fault{"encoding", "this is UTF-16", "save the file as CSV UTF-8"})
		return nil
	}
	s := newScanner(text)
	s.quote = func(at place) {
		b.wrong(at, &fault{"quote", "there is a quotation mark within the field", `put the field into quotation marks and write "" for one of its own`})
	}
	s.open = func(at place) { b.wrong(at, &fault{"quote", "the quotation mark is never closed", ""}) }
	columns, ok := b.header(s)
	if !ok {
		return nil
	}
	for {
		fields, more := s.record()
		if !more {
			return nil
		}
		if blank(fields) {
			continue
		}
		if err := b.row(s, columns, fields); err != nil {
			return err
		}
	}
}

// header reads the names of the columns, by number.
func (b *builder) header(s *scanner) (columns []string, ok bool) {
	var fields []field
	for more := true; more && blank(fields); {
		fields, more = s.record()
	}
	seen := map[string]bool{}
	for _, f := range fields {
		name := strings.ToLower(strings.TrimSpace(f.text))
		switch {
		case name == "":
		case name != columnValue && name != columnExpires && name != columnNote:
			b.wrong(s.placeOf(f, ""), &fault{"unknown_column", "this column is not known", headerHint})
		case seen[name]:
			b.wrong(s.placeOf(f, name), &fault{"duplicate_column", "the column " + name + " is here twice", ""})
		}
		seen[name] = true
		columns = append(columns, name)
	}
	if !seen[columnValue] {
		b.wrong(place{line: 1, column: 1}, &fault{"required", "the column value is missing", headerHint})
	}
	return columns, !b.failed()
}

func (b *builder) row(s *scanner, columns []string, fields []field) error {
	d := draft{at: s.placeOf(fields[0], columnValue)}
	for i, f := range fields {
		name := ""
		if i < len(columns) {
			name = columns[i]
		}
		switch name {
		case columnValue:
			d.value, d.at = f.text, s.placeOf(f, name)
		case columnExpires:
			d.expires, d.expiresAt = f.text, s.placeOf(f, name)
		case columnNote:
			d.note, d.noteAt = f.text, s.placeOf(f, name)
		default:
			if strings.TrimSpace(f.text) != "" {
				b.wrong(s.placeOf(f, ""), &fault{"columns", "the field is beyond the columns that the first line names", "put a field with a comma of its own into quotation marks"})
			}
		}
	}
	return b.add(d)
}

func blank(fields []field) bool {
	for _, f := range fields {
		if strings.TrimSpace(f.text) != "" {
			return false
		}
	}
	return true
}

// WriteCSV writes entries as CSV reads them. With header they begin a file; without it they go on with one.
func WriteCSV(w io.Writer, entries []Entry, header bool) error {
	out := csv.NewWriter(w)
	if header {
		if err := out.Write([]string{columnValue, columnExpires, columnNote}); err != nil {
			return err
		}
	}
	for _, e := range entries {
		expires := ""
		if !e.ExpiresAt.IsZero() {
			expires = e.ExpiresAt.Format(time.RFC3339Nano)
		}
		if err := out.Write([]string{e.Value, expires, e.Note}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
