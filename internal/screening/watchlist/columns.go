package watchlist

import (
	"strings"

	"ballerine/internal/csvfile"
	"ballerine/internal/problem"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
)

// headers are the columns that are read, by what they may be called.
var headers = map[string][]string{
	"id":      {"id", "entity_id", "reference"},
	"schema":  {"schema", "type", "kind"},
	"name":    {"name", "full_name", "caption"},
	"aliases": {"aliases", "alias"},
	"weak":    {"weak_aliases", "weak_alias"},
	"birth":   {"birth_date", "date_of_birth", "dob"},
	"country": {"countries", "country", "nationality"},
	"program": {"program_ids", "sanctions", "program", "topics"},
}

// columns reads a CSV file with a header: OpenSanctions' targets.simple.csv, or a list of one's own. Only a column name is
// needed. Several values of a cell are divided by semicolons.
func columns(file string, text []byte) (screening.List, error) {
	var faults []csvfile.Fault
	r := csvfile.NewReader(string(text), csvfile.Limits{Bytes: limit, Records: 5_000_000, Fields: 256}, func(f csvfile.Fault) { faults = append(faults, f) })
	head, more := r.Next()
	at := map[string]int{}
	for i, h := range head {
		for column, called := range headers {
			for _, c := range called {
				if strings.EqualFold(strings.TrimSpace(h.Text), c) {
					at[column] = i
				}
			}
		}
	}
	if _, ok := at["name"]; !ok {
		return screening.List{}, problem.New(problem.Invalid, "%s has no column name in its first line. Known columns are id, schema, name, aliases, weak_aliases, birth_date, countries and program.", file)
	}
	list := screening.List{Name: listName(file), Edition: edition("", text)}
	for more {
		var row []csvfile.Field
		if row, more = r.Next(); !more || csvfile.Blank(row) {
			continue
		}
		e, err := entry(file, at, row, len(list.Entries)+1)
		if err != nil {
			return screening.List{}, err
		}
		list.Entries = append(list.Entries, e)
	}
	if len(faults) > 0 {
		return screening.List{}, problem.New(problem.Invalid, "%s, line %d, column %d: %s", file, faults[0].Line, faults[0].Column, faults[0].Message)
	}
	return list, nil
}

// listName is a file's name as that of a list: targets.simple.csv is targets-simple.
func listName(file string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, strings.TrimSuffix(file, ".csv"))
	return strings.Trim(name, "-")
}

// entry reads a line.
func entry(file string, at map[string]int, row []csvfile.Field, number int) (screening.Entry, error) {
	get := func(column string) string {
		if i, ok := at[column]; ok && i < len(row) {
			return strings.TrimSpace(row[i].Text)
		}
		return ""
	}
	kind, err := names.KindOf(get("schema"))
	if err != nil {
		kind = names.LegalEntity // another schema: compared with people and organizations
	}
	e := screening.Entry{ID: get("id"), Kind: kind}
	if e.ID == "" {
		e.ID = lineID(number)
	}
	if get("name") == "" {
		return e, problem.New(problem.Invalid, "%s, line %d: the name is missing.", file, row[0].Line)
	}
	e.Names = []screening.ListedName{{Text: get("name")}}
	for _, alias := range several(get("aliases")) {
		e.Names = append(e.Names, screening.ListedName{Text: alias})
	}
	for _, alias := range several(get("weak")) {
		e.Names = append(e.Names, screening.ListedName{Text: alias, Weak: true})
	}
	for _, date := range several(get("birth")) {
		b, ok, err := screening.ParseBirth(date)
		if err != nil {
			return e, problem.New(problem.Invalid, "%s, line %d: a date of birth must be YYYY, YYYY-MM or YYYY-MM-DD.", file, row[0].Line)
		}
		if ok && b.Plausible() { // placeholders of unknown dates are ignored
			e.Births = append(e.Births, b)
		}
	}
	for _, c := range several(get("country")) {
		country(&e, c)
	}
	e.Programs = several(get("program"))
	return e, nil
}

func several(cell string) (all []string) {
	for part := range strings.SplitSeq(cell, ";") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}
