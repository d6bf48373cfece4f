package lists

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/source"
)

// Content is what a list is to hold, read for a shape. Errors: Invalid with every problem, TooLarge.
type Content func(shape Shape) (Table, error)

// Table is entries that were checked, by key.
type Table struct {
	Folded  int // lines that repeated a value
	entries []Entry
	keys    []string
}

// draft is an entry as it was written.
type draft struct {
	value, expires, note  string
	at, expiresAt, noteAt place
}

// builder checks entries one after the other and notes all that is wrong.
type builder struct {
	shape   Shape
	entries []Entry
	keys    []string
	places  []place
	seen    map[string]int // by key
	bytes   int
	folded  int
	found   problem.Diagnostics
	more    int // problems that are not listed
}

// maxProblems bounds how many are listed.
const maxProblems = 100

// newBuilder makes one that expects so many entries, about.
func newBuilder(shape Shape, entries int) *builder {
	n := min(entries, MaxEntries)
	return &builder{shape: shape, seen: make(map[string]int, n), entries: make([]Entry, 0, n), keys: make([]string, 0, n), places: make([]place, 0, n)}
}

func (b *builder) failed() bool { return len(b.found) > 0 }

func (b *builder) wrong(at place, f *fault) {
	if len(b.found) >= maxProblems {
		b.more++
		return
	}
	b.found = append(b.found, problem.Diagnostic{Line: at.line, Column: at.column, Path: at.path, Code: f.code, Message: f.message, Hint: f.hint})
}

// add checks an entry. Errors: TooLarge.
func (b *builder) add(d draft) error {
	value, wrong := b.shape.normal(d.value)
	good := b.good(d.at, wrong)
	e := Entry{Value: value}
	e.ExpiresAt, wrong = expiry(d.expires)
	good = b.good(d.expiresAt, wrong) && good
	e.Note, wrong = plainText(d.note, MaxNote, true)
	if good = b.good(d.noteAt, wrong) && good; !good {
		return nil
	}
	key := b.shape.key(value)
	if i, there := b.seen[key]; there {
		if b.entries[i].ExpiresAt.Equal(e.ExpiresAt) && b.entries[i].Note == e.Note {
			b.folded++
			return nil
		}
		b.wrong(d.at, &fault{"duplicate", "the value occurs twice, with different expiry or note", "it is " + b.places[i].name() + ", too"})
		return nil
	}
	b.seen[key] = len(b.entries)
	b.entries, b.keys, b.places = append(b.entries, e), append(b.keys, key), append(b.places, d.at)
	b.bytes += len(e.Value) + len(e.Note)
	return b.limits()
}

func (b *builder) limits() error {
	if len(b.entries) > MaxEntries {
		return problem.New(problem.TooLarge, "A list has at most %d entries.", MaxEntries)
	}
	if b.bytes > MaxBytes {
		return problem.New(problem.TooLarge, "The entries of a list have at most %d MB.", MaxBytes>>20)
	}
	return nil
}

func (b *builder) good(at place, f *fault) bool {
	if f != nil {
		b.wrong(at, f)
	}
	return f == nil
}

func (p place) name() string {
	if p.line > 0 {
		return "in line " + strconv.Itoa(p.line)
	}
	return "in " + strings.TrimSuffix(p.path, ".value")
}

// table returns the entries by key. file names what problems are in; "" when they have no lines. Errors: Invalid.
func (b *builder) table(file string) (Table, error) {
	if b.failed() {
		return Table{}, b.err(file)
	}
	t := Table{Folded: b.folded, entries: b.entries, keys: b.keys}
	t.sort()
	return t, nil
}

func (t *Table) sort() {
	if slices.IsSorted(t.keys) {
		return
	}
	order := make([]int, len(t.keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(t.keys[a], t.keys[b]) })
	entries, keys := make([]Entry, len(order)), make([]string, len(order))
	for to, from := range order {
		entries[to], keys[to] = t.entries[from], t.keys[from]
	}
	t.entries, t.keys = entries, keys
}

func (b *builder) err(file string) error {
	if file != "" {
		b.found.Sort()
		for i := range b.found {
			b.found[i].File = file
		}
		if b.more > 0 {
			last := b.found[len(b.found)-1]
			b.found = append(b.found, problem.Diagnostic{File: file, Line: last.Line, Column: last.Column, Code: "more", Message: fmt.Sprintf("and %d more problems", b.more)})
		}
		return problem.As(b.found.Err()).Detail("diagnostics", b.found)
	}
	e := problem.New(problem.Invalid, "The entries are not valid.")
	for _, d := range b.found {
		e.With("body."+d.Path, d.Code, "%s", withHint(d.Message, d.Hint))
	}
	if b.more > 0 {
		e.With("body", "more", "and %d more problems", b.more)
	}
	return e
}

func withHint(message, hint string) string {
	if hint == "" {
		return message
	}
	return message + " (" + hint + ")"
}

// WrittenEntry is an entry as JSON has it.
type WrittenEntry struct {
	Value     string `json:"value" maxLength:"2000" doc:"numbers as text, too"`
	ExpiresAt string `json:"expires_at,omitempty" nullable:"true" maxLength:"100" doc:"expiry: RFC 3339, or a date for the start of that day in UTC"`
	Note      string `json:"note,omitempty" maxLength:"2000"`
}

// JSON is the content of {"entries": [{"value", "expires_at", "note"}]}.
func JSON(text []byte) Content {
	return func(shape Shape) (Table, error) {
		var body struct {
			Entries *[]json.RawMessage `json:"entries"`
		}
		faults := slices.DeleteFunc(source.JSONFaults(text), func(f source.JSONFault) bool { return f.Code == "control" }) // entries report it themselves
		if len(faults) > 0 {
			e := problem.New(problem.MalformedJSON, "The body is not unambiguous JSON.")
			for _, f := range faults {
				e.With(source.Join("body", f.Path), f.Code, "%s", f.Message)
			}
			return Table{}, e
		}
		if err := strictly(text, &body); err != nil {
			return Table{}, problem.Wrap(err, problem.MalformedJSON, `The body is not {"entries": [...]}.`).With("body", "json", "send one JSON object with the member entries")
		}
		if body.Entries == nil {
			return Table{}, problem.New(problem.Invalid, "The entries are missing.").With("body.entries", "required", "this field is required")
		}
		b := newBuilder(shape, len(*body.Entries))
		for i, raw := range *body.Entries {
			at := place{path: fmt.Sprintf("entries[%d]", i)}
			var w WrittenEntry
			if err := strictly(raw, &w); err != nil {
				b.wrong(at, &fault{"type", "this is not an entry", "string members value, expires_at and note"})
				continue
			}
			if err := b.add(w.draft(at.path)); err != nil {
				return Table{}, err
			}
		}
		return b.table("")
	}
}

func (w WrittenEntry) draft(path string) draft {
	return draft{
		value: w.Value, expires: w.ExpiresAt, note: w.Note,
		at: place{path: path + ".value"}, expiresAt: place{path: path + ".expires_at"}, noteAt: place{path: path + ".note"},
	}
}

// strictly decodes one JSON value without members that are not known.
func strictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if decoder.More() {
		return fmt.Errorf("there is more than one value")
	}
	return nil
}

// Compressed is the content of a CSV that was compressed by gzip.
func Compressed(file string, body []byte) Content {
	return func(shape Shape) (Table, error) {
		text, err := decompress(body, MaxBytes)
		if problem.CodeOf(err) == problem.TooLarge {
			return Table{}, err
		}
		if err != nil {
			return Table{}, problem.Wrap(err, problem.Invalid, "The body is not gzip-compressed.").With("body", "encoding", "send a gzip-compressed CSV")
		}
		return CSV(file, string(text))(shape)
	}
}

// Read makes a set of content: a list of a file, outside any store.
func Read(content Content, shape Shape, edition string) (*Set, error) {
	t, err := content(shape)
	if err != nil {
		return nil, err
	}
	s := newSet(edition, shape, len(t.entries))
	for _, e := range t.entries {
		until := int64(never)
		if !e.ExpiresAt.IsZero() {
			until = e.ExpiresAt.UnixMilli()
		}
		if err := s.add(e.Value, until); err != nil {
			return nil, err
		}
	}
	return s, nil
}
