package flow

import (
	"slices"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/workflow"
)

// Definition is a parsed and checked definition of an applicant's pages. It must not be changed, and is safe for concurrent use.
type Definition struct {
	Languages []string // that every text should be in, sorted; empty: one, which is not known
	Pages     []Page

	workflow *workflow.Workflow
	largest  int                 // bytes of a state that saving may lead to
	asked    map[string]*Element // fields and groups by their path in the context; a group's fields as "owners[].name"
}

// Page is what an applicant fills in at once.
type Page struct {
	ID          string
	Title       Text
	Description Text
	Visible     Rule     // nil: always
	States      []string // in which the case shows it, as paths; empty: wherever it collects
	Event       string   // that submits what was entered; "" without
	Elements    []Element
}

// Element is one thing on a page.
type Element struct {
	Type     string // of the table kinds
	Field    string // path in the context; within a group, in its element; "" for what asks for nothing
	Document string // kind of document
	Title    Text
	Hint     Text
	Texts    map[string]Text // messages by the code of a fault; "" is for all others

	Visible  Rule // nil: always
	Required Rule // nil: never
	Disabled Rule // nil: never
	Validate []Validator
	Checks   Checks
	Options  []Option
	Elements []Element // of a group
}

// Validator is a rule that a value must keep to. It reads the value as `value`.
type Validator struct {
	Rule  *Condition
	Error Text
}

// Option is a value that can be chosen.
type Option struct {
	Value string
	Title Text
}

// Checks are what a value must be besides its type. Numbers that are nil, and lengths that are 0, are no limit.
type Checks struct {
	Min, Max             *float64 // of a number or an amount; of a list: how many elements
	MinLength, MaxLength int      // in characters
	Pattern              string   // RE2, of the whole text if it is anchored (^…$)
	Format               string   // email | uri | person-name
	Multiline            bool
	MinAge, MaxAge       *float64 // whole years since a date
	Past, Future         bool     // of a date, today excluded
	Currencies           []string // of which one is chosen; of a currency with one, amounts are plain numbers
	Parts                []string // of an address
	RequiredParts        []string
	Country              string // path of the field with the country whose states there are
	Version              string // of what is consented to

	pattern *expr.Program // Pattern over `value`
	format  *expr.Schema  // Format
}

// Text is what people read, in one language that is not known or in several with English among them.
type Text map[string]string

// In returns the text in a language, otherwise the English or only one; original marks that.
func (t Text) In(language string) (text string, original bool) {
	if found, ok := t[language]; ok {
		return found, false
	}
	if found, ok := t[english]; ok {
		return found, true
	}
	return t[""], len(t) > 0
}

const english = "en"

// language of a locale: "de" of "de-AT".
func language(locale string) string {
	primary, _, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	if primary == "" {
		return english
	}
	return strings.ToLower(primary)
}

// Rule is a condition of a definition; nil: there is none.
type Rule = *Condition

// Condition is a rule with what a client may know of it.
type Condition struct {
	program  *expr.Program
	Portable any    // see expr.Program.Portable; nil: only the server can evaluate it
	Why      string // it is not portable
	reads    []string
}

// page finds a page.
func (d *Definition) page(id string) (Page, bool) {
	at := slices.IndexFunc(d.Pages, func(p Page) bool { return p.ID == id })
	if at < 0 {
		return Page{}, false
	}
	return d.Pages[at], true
}
