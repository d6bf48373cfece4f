package watchlist

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/screening"
)

// addName adds a name of an entry that it does not have yet. A weak name that is repeated as a good one becomes a good one.
func addName(e *screening.Entry, name string, weak bool) {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" {
		return
	}
	at := slices.IndexFunc(e.Names, func(n screening.ListedName) bool { return n.Text == name })
	if at < 0 {
		e.Names = append(e.Names, screening.ListedName{Text: name, Weak: weak})
		return
	}
	e.Names[at].Weak = e.Names[at].Weak && weak
}

// lead makes the main name the first: the one that is meant, where the entry has it, else the first good one.
func lead(e *screening.Entry, main string) {
	main = strings.Join(strings.Fields(main), " ")
	at := slices.IndexFunc(e.Names, func(n screening.ListedName) bool { return n.Text == main })
	if at < 0 {
		at = slices.IndexFunc(e.Names, func(n screening.ListedName) bool { return !n.Weak })
	}
	if at > 0 {
		first := e.Names[at]
		e.Names = slices.Insert(slices.Delete(e.Names, at, at+1), 0, first)
	}
}

// addBirth adds a plausible date of birth, once.
func addBirth(e *screening.Entry, b screening.Birth) {
	if b.Plausible() && !slices.Contains(e.Births, b) {
		e.Births = append(e.Births, b)
	}
}

// addProgram adds a reason for the listing, once.
func addProgram(e *screening.Entry, program string) {
	if program = strings.TrimSpace(program); program != "" && !slices.Contains(e.Programs, program) {
		e.Programs = append(e.Programs, program)
	}
}

// dated is a date of the form in ISO 8601; "" when it is none.
func dated(form, date string) string {
	at, err := time.Parse(form, strings.TrimSpace(date))
	if err != nil {
		return ""
	}
	return at.Format(time.DateOnly)
}

// tooMany is a reason to stop before the entries fill the memory: more cannot be packed.
func tooMany(list *screening.List) string {
	if len(list.Entries) <= screening.MaxEntries {
		return ""
	}
	return "the file has more than " + strconv.Itoa(screening.MaxEntries) + " entries, which is what a list can have."
}
