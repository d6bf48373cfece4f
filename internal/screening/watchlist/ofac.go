package watchlist

import (
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/csvfile"
	"ballerine/internal/problem"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
)

// absent is OFAC's empty cell.
const absent = "-0-"

// ofac reads sdn.csv, alt.csv and add.csv of a folder, in the columns of OFAC's "SDN data specification". All three are
// the list: without the aliases, a search would silently find less.
func ofac(files fs.FS, folder string) (screening.List, error) {
	main, err := read(files, path.Join(folder, "sdn.csv"))
	if err != nil {
		return screening.List{}, err
	}
	rows, err := records("sdn.csv", main, 12)
	if err != nil {
		return screening.List{}, err
	}
	list := screening.List{Name: ofacList}
	byID := make(map[string]int, len(rows))
	for _, r := range rows {
		id, name := cell(r, 0), cell(r, 1)
		if id == "" || name == "" {
			continue // the end-of-file character of the issuer's system
		}
		e := screening.Entry{ID: id, Kind: ofacKind(cell(r, 2)), Names: []screening.ListedName{{Text: name}}}
		for program := range strings.SplitSeq(cell(r, 3), "] [") {
			if program = strings.Trim(program, "[] "); program != "" {
				e.Programs = append(e.Programs, program)
			}
		}
		remarks(&e, cell(r, 11))
		byID[id] = len(list.Entries)
		list.Entries = append(list.Entries, e)
	}
	all := [][]byte{main}
	for _, more := range []struct {
		file   string
		fields int
		add    func(e *screening.Entry, r []csvfile.Field)
	}{{"alt.csv", 5, alias}, {"add.csv", 6, address}} {
		text, err := read(files, path.Join(folder, more.file))
		if err != nil {
			return screening.List{}, problem.New(problem.NotFound, "OFAC's list is sdn.csv, alt.csv and add.csv of one folder, and %s cannot be read.", more.file)
		}
		all = append(all, text)
		rows, err := records(more.file, text, more.fields)
		if err != nil {
			return screening.List{}, err
		}
		if len(rows) == 0 {
			return screening.List{}, problem.New(problem.Invalid, "%s has no rows: it is not complete.", more.file)
		}
		seen := map[string]bool{}
		for _, r := range rows {
			id := cell(r, 0)
			at, ok := byID[id]
			switch {
			case ok:
				seen[id] = true
				more.add(&list.Entries[at], r)
			case id != "" && len(r) > 1: // not the end-of-file character
				return screening.List{}, problem.New(problem.Invalid, "%s, line %d: sdn.csv has no entry %s. One of the files is cut off, or they are of different editions.", more.file, r[0].Line, id)
			}
		}
		if more.file == "add.csv" && len(seen) < len(list.Entries) { // OFAC writes a row for each, with or without an address
			return screening.List{}, problem.New(problem.Invalid, "add.csv has no row for %d entries of sdn.csv. One of the files is cut off, or they are of different editions.", len(list.Entries)-len(seen))
		}
	}
	list.Edition = edition("", all...)
	return list, nil
}

func ofacKind(s string) names.Kind {
	switch strings.ToLower(s) {
	case "individual":
		return names.Person
	case "vessel", "aircraft":
		return names.Vessel
	}
	return names.Organization
}

func alias(e *screening.Entry, r []csvfile.Field) {
	if name := cell(r, 3); name != "" {
		e.Names = append(e.Names, screening.ListedName{Text: name, Weak: strings.Contains(strings.ToLower(cell(r, 4)), "weak")})
	}
}

func address(e *screening.Entry, r []csvfile.Field) { country(e, cell(r, 4)) }

var (
	quoted  = regexp.MustCompile(`^(?:a\.k\.a\.|f\.k\.a\.|n\.k\.a\.) '(.+?)'\.?$`)
	bornOn  = regexp.MustCompile(`^(?:alt\. )?DOB (circa )?(.+?)\.?$`)
	between = regexp.MustCompile(`(?i)^.*?(\d{4})\s*(?:to|-)\s*.*?(\d{4})$`)
)

// remarks reads dates of birth, nationalities and weak aliases of the free text: OFAC writes these in single quotes.
func remarks(e *screening.Entry, text string) {
	for part := range strings.SplitSeq(text, ";") {
		part = strings.TrimSpace(part)
		if m := quoted.FindStringSubmatch(part); m != nil {
			e.Names = append(e.Names, screening.ListedName{Text: m[1], Weak: true})
		} else if m := bornOn.FindStringSubmatch(part); m != nil {
			if b, ok := ofacDate(m[2]); ok && b.Plausible() {
				b.Circa = m[1] != ""
				e.Births = append(e.Births, b)
			}
		} else {
			for _, before := range []string{"nationality ", "alt. nationality ", "citizen ", "alt. citizen "} {
				if name, ok := strings.CutPrefix(part, before); ok {
					country(e, strings.TrimSuffix(name, "."))
				}
			}
		}
	}
}

func ofacDate(s string) (screening.Birth, bool) {
	for _, form := range []string{"02 Jan 2006", "Jan 2006", "2006"} {
		at, err := time.Parse(form, s)
		if err != nil {
			continue
		}
		b := screening.Birth{From: at.Year(), To: at.Year()}
		if form != "2006" {
			b.Month = int(at.Month())
		}
		if form == "02 Jan 2006" {
			b.Day = at.Day()
		}
		return b, true
	}
	if m := between.FindStringSubmatch(s); m != nil {
		from, _ := strconv.Atoi(m[1])
		to, _ := strconv.Atoi(m[2])
		return screening.Birth{From: min(from, to), To: max(from, to)}, true
	}
	return screening.Birth{}, false
}

// records reads a CSV file of the issuer's, which has no header.
func records(name string, text []byte, fields int) (rows [][]csvfile.Field, err error) {
	var faults []csvfile.Fault
	r := csvfile.NewReader(string(text), csvfile.Limits{Bytes: limit, Records: 5_000_000, Fields: 64}, func(f csvfile.Fault) { faults = append(faults, f) })
	for {
		row, more := r.Next()
		if !more {
			break
		}
		if len(row) == 1 && strings.Trim(row[0].Text, " \x1a") == "" {
			continue
		}
		if len(row) < fields {
			return nil, problem.New(problem.Invalid, "%s, line %d: the line has %d fields instead of %d: the file is not complete, or not OFAC's.", name, row[0].Line, len(row), fields)
		}
		rows = append(rows, row)
	}
	if len(faults) > 0 {
		return nil, problem.New(problem.Invalid, "%s, line %d, column %d: %s", name, faults[0].Line, faults[0].Column, faults[0].Message)
	}
	return rows, nil
}

func cell(r []csvfile.Field, n int) string {
	s := strings.TrimSpace(r[n].Text)
	if s == absent {
		return ""
	}
	return s
}
