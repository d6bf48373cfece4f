package watchlist

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"ballerine/internal/problem"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
)

// ftmEntity is an entity of Follow the Money, in the properties that are read.
type ftmEntity struct {
	ID         string `json:"id"`
	Schema     string `json:"schema"`
	Caption    string `json:"caption"`
	Target     *bool  `json:"target"` // false: included because of another entity
	Properties *struct {
		Name         ftmValues `json:"name"`
		Alias        ftmValues `json:"alias"`
		WeakAlias    ftmValues `json:"weakAlias"`
		PreviousName ftmValues `json:"previousName"`
		BirthDate    ftmValues `json:"birthDate"`
		Nationality  ftmValues `json:"nationality"`
		Citizenship  ftmValues `json:"citizenship"`
		Country      ftmValues `json:"country"`
		Jurisdiction ftmValues `json:"jurisdiction"`
		Flag         ftmValues `json:"flag"`
		Topics       ftmValues `json:"topics"`
	} `json:"properties"`
}

// ftmValues are the texts of a property; nested entities are left out.
type ftmValues []string

// UnmarshalJSON implements json.Unmarshaler.
func (v *ftmValues) UnmarshalJSON(text []byte) error {
	var all []any
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	for _, one := range all {
		if s, ok := one.(string); ok {
			*v = append(*v, s)
		}
	}
	return nil
}

// ftm reads entities.ftm.json and targets.nested.json of OpenSanctions: an entity on each line, of which people, organizations and vessels are
// entries. Entities that are only included because of others are not.
func ftm(s *source) (screening.List, error) {
	list := screening.List{Name: listName(strings.TrimSuffix(s.name, ".json"))}
	seen := map[string]bool{}
	for number := 1; ; number++ {
		line, err := readLine(s.r)
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return list, problem.New(problem.TooLarge, "%s, line %d: the line has more than %d bytes, or cannot be read.", s.name, number, maxElement)
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, bom)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		e, is, reason := ftmLine(line)
		if is && seen[e.ID] {
			reason = "the entity occurs twice."
		} else if is {
			seen[e.ID] = true
			list.Entries = append(list.Entries, e)
			reason = tooMany(&list)
		}
		if reason != "" {
			return list, problem.New(problem.Invalid, "%s, line %d: %s", s.name, number, reason)
		}
	}
	var err error
	list.Edition, err = s.edition("")
	return list, err
}

// readLine reads a line without its end. Errors: io.EOF, or it is longer than maxElement.
func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxElement {
			return nil, errAllowance
		}
		line = append(line, part...)
		switch {
		case err == nil, errors.Is(err, io.EOF) && len(line) > 0:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// ftmLine reads a line. is states whether it is an entry; reason why it cannot be read.
func ftmLine(line []byte) (e screening.Entry, is bool, reason string) {
	if !utf8.Valid(line) {
		return e, false, "the line is not UTF-8."
	}
	var x ftmEntity
	if err := json.Unmarshal(line, &x); err != nil {
		return e, false, "the line is no JSON object of Follow the Money: the file is not complete, or of another form."
	}
	if x.ID == "" || x.Schema == "" || x.Properties == nil {
		return e, false, "the entity has no id, no schema or no properties."
	}
	kind, err := names.KindOf(x.Schema)
	if err != nil || x.Target != nil && !*x.Target {
		return e, false, ""
	}
	return x.entry(kind)
}

func (x ftmEntity) entry(kind names.Kind) (e screening.Entry, is bool, reason string) {
	e = screening.Entry{ID: x.ID, Kind: kind}
	p := x.Properties
	for _, good := range []ftmValues{p.Name, p.Alias, p.PreviousName} {
		for _, name := range good {
			addName(&e, name, false)
		}
	}
	for _, name := range p.WeakAlias {
		addName(&e, name, true)
	}
	if len(e.Names) == 0 {
		addName(&e, x.Caption, false)
	}
	if len(e.Names) == 0 {
		return e, false, "the entity has no name."
	}
	lead(&e, x.Caption)
	for _, date := range p.BirthDate {
		day, _, _ := strings.Cut(date, "T")
		b, known, err := screening.ParseBirth(day)
		if err != nil {
			return e, false, "a date of birth must be YYYY, YYYY-MM or YYYY-MM-DD."
		}
		if known {
			addBirth(&e, b)
		}
	}
	for _, places := range []ftmValues{p.Nationality, p.Citizenship, p.Country, p.Jurisdiction, p.Flag} {
		for _, code := range places {
			country(&e, code)
		}
	}
	for _, topic := range p.Topics {
		addProgram(&e, topic)
	}
	return e, true, ""
}
