package lists

import (
	"io"
	"strings"
	"time"

	"ballerine/internal/csvfile"
	"ballerine/internal/problem"
)

// columns of a CSV. Their order is free; only the value is needed.
const (
	columnValue   = "value"
	columnExpires = "expires_at"
	columnNote    = "note"
)

const headerHint = "the first line must contain the column names: value,expires_at,note"

// place is where something is written.
type place struct {
	line, column int    // of a CSV; 0: it is no CSV
	path         string // "value" of a CSV, "entries[2].value" of JSON
}

func placeOf(f csvfile.Field, path string) place {
	return place{line: f.Line, column: f.Column, path: path}
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
	var large error
	limits := csvfile.Limits{Bytes: 2 * MaxBytes, Records: 5 * MaxEntries, Fields: 256} // empty and repeated lines count here
	r := csvfile.NewReader(text, limits, func(f csvfile.Fault) {
		if f.Code == csvfile.CodeTooLarge {
			large = problem.New(problem.TooLarge, "Line %d: %s (%s).", f.Line, f.Message, f.Hint)
		}
		b.wrong(place{line: f.Line, column: f.Column}, &fault{f.Code, f.Message, f.Hint})
	})
	columns, ok := b.header(r)
	for ok && large == nil {
		fields, more := r.Next()
		if !more {
			break
		}
		if csvfile.Blank(fields) {
			continue
		}
		if err := b.row(columns, fields); err != nil {
			return err
		}
	}
	return large
}

// header reads the names of the columns, by number.
func (b *builder) header(r *csvfile.Reader) (columns []string, ok bool) {
	var fields []csvfile.Field
	for more := true; more && csvfile.Blank(fields); {
		fields, more = r.Next()
	}
	if len(fields) == 0 && b.failed() { // no CSV at all
		return nil, false
	}
	seen := map[string]bool{}
	for _, f := range fields {
		name := strings.ToLower(strings.TrimSpace(f.Text))
		switch {
		case name == "":
		case name != columnValue && name != columnExpires && name != columnNote:
			b.wrong(placeOf(f, ""), &fault{"unknown_column", "this column does not exist", headerHint})
		case seen[name]:
			b.wrong(placeOf(f, name), &fault{"duplicate_column", "the column " + name + " occurs twice", ""})
		}
		seen[name] = true
		columns = append(columns, name)
	}
	if !seen[columnValue] {
		b.wrong(place{line: 1, column: 1}, &fault{"required", "the column value is missing", headerHint})
	}
	return columns, !b.failed()
}

func (b *builder) row(columns []string, fields []csvfile.Field) error {
	d := draft{at: placeOf(fields[0], columnValue)}
	for i, f := range fields {
		name := ""
		if i < len(columns) {
			name = columns[i]
		}
		switch name {
		case columnValue:
			d.value, d.at = csvfile.Unescape(f.Text), placeOf(f, name)
		case columnExpires:
			d.expires, d.expiresAt = f.Text, placeOf(f, name)
		case columnNote:
			d.note, d.noteAt = csvfile.Unescape(f.Text), placeOf(f, name)
		default:
			if strings.TrimSpace(f.Text) != "" {
				b.wrong(placeOf(f, ""), &fault{"columns", "the line has more fields than the first line has columns", "put a field that contains a comma into quotation marks"})
			}
		}
	}
	return b.add(d)
}

// WriteCSV writes entries as CSV reads them; no cell is taken for a formula (see csvfile.Escape). With header they begin a file; without it they go on with one.
func WriteCSV(w io.Writer, entries []Entry, header bool) error {
	var file []byte
	if header {
		file = csvfile.Append(file, columnValue, columnExpires, columnNote)
	}
	for _, e := range entries {
		expires := ""
		if !e.ExpiresAt.IsZero() {
			expires = e.ExpiresAt.Format(time.RFC3339Nano)
		}
		file = csvfile.Append(file, csvfile.Escape(e.Value), expires, csvfile.Escape(e.Note))
	}
	_, err := w.Write(file)
	return err
}
