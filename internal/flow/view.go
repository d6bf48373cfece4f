package flow

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"ballerine/internal/expr"
)

// Input is what the pages are a function of.
type Input struct {
	Context   map[string]any // of the case
	Progress  Progress
	Documents []Document     // oldest first; what was announced and did not come in time is not among them
	Extra     map[string]any // what rules read beside the context: `documents`, `stale`
	States    []string       // active ones, as paths
	Collects  bool           // the case waits for the applicant
	Locale    string         // "de", "de-AT"; "" is English
	Now       time.Time
}

// Progress is how far an applicant has come.
type Progress struct {
	Saved []string          `json:"saved,omitempty"` // pages that were saved, sorted
	Over  map[string]string `json:"over,omitempty"`  // digests of what the context had instead of drafts, by field: a draft is forgotten once that has changed
	Draft map[string]any    `json:"draft,omitempty"` // answers that are not in the context yet, by field: what they are part of is not complete. nil: was taken out. Personal data
}

// Document is one that the case has.
type Document struct {
	ID        string
	Kind      string
	Side      string
	Status    string // awaiting_upload | received | checked | refused | approved | rejected | revision
	Reason    string // of a decision
	Requested bool   // the newest decision about its kind and side asks for another one
}

// view is an Input with what was entered laid over the context.
type view struct {
	d        *Definition
	in       Input
	language string
	data     map[string]any // the context with drafts
	scope    expr.Scope
	wanted   []want // without which it is not known what is shown
}

// want is an answer without which it is not known what is shown.
type want struct {
	path     string
	answered bool // the answer that there is does not decide it
}

func (d *Definition) view(in Input) *view {
	v := &view{d: d, in: in, language: language(in.Locale)}
	v.in.Progress = d.current(in.Progress, in.Context)
	v.data = d.overlay(in.Context, v.in.Progress.Draft)
	v.scope = expr.Layers{in.Extra, v.data}
	return v
}

func clone(object map[string]any) map[string]any {
	if object == nil {
		return map[string]any{}
	}
	return maps.Clone(object)
}

// set puts a value at a path. What is on the way is copied, so that the original is not changed. Taking a value out leaves no empty
// object behind.
func set(object map[string]any, path []string, value any) {
	name := path[0]
	if len(path) == 1 {
		if value == nil {
			delete(object, name)
		} else {
			object[name] = value
		}
		return
	}
	inner, ok := object[name].(map[string]any)
	if !ok && value == nil {
		return
	}
	inner = clone(inner)
	set(inner, path[1:], value)
	if len(inner) == 0 && value == nil {
		delete(object, name)
		return
	}
	object[name] = inner
}

// at finds the value at a path of names; nil if there is none.
func at(object map[string]any, path string) any {
	var value any = object
	for _, name := range strings.Split(path, ".") {
		inner, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = inner[name]
	}
	return value
}

// place is where an element stands: on its page, or in one of the elements that a group has.
type place struct {
	group string // path; "" outside
	index int
	item  map[string]any
}

// of is the path of a field, as people and clients read it: owners[0].name.
func (l place) of(field string) string {
	if l.group == "" {
		return field
	}
	return fmt.Sprintf("%s[%d].%s", l.group, l.index, field)
}

// value of a field.
func (v *view) value(e *Element, l place) any {
	if e.Field == "" {
		return nil
	}
	if l.group != "" {
		return at(l.item, e.Field)
	}
	return at(v.data, e.Field)
}

// env is what a rule sees.
func (v *view) env(l place, value any, judged bool) *expr.Env {
	names := map[string]any{}
	if judged {
		names[nameValue] = value
	}
	if l.group != "" {
		names[nameItem], names[nameIndex] = l.item, float64(l.index)
	}
	if len(names) == 0 {
		return &expr.Env{Scope: v.scope, Now: v.in.Now}
	}
	return &expr.Env{Scope: expr.Layers{names, v.in.Extra, v.data}, Now: v.in.Now}
}

// decided is the result of a rule. Unknown is not false: missing are then the answers that are needed to decide.
type decided struct {
	truth   expr.Truth
	missing []string
}

// decide evaluates a rule; without one it is fallback.
func (v *view) decide(rule Rule, l place, fallback expr.Truth) decided {
	if rule == nil {
		return decided{truth: fallback}
	}
	verdict := rule.program.Test(v.env(l, nil, false))
	return decided{verdict.Truth, v.missing(verdict.Missing, l)}
}

// missing are the paths that a rule lacks, as fields.
func (v *view) missing(paths []string, l place) (found []string) {
	for _, path := range paths {
		if within, ok := strings.CutPrefix(path, nameItem+"."); ok && l.group != "" {
			path = l.of(within)
		}
		found = append(found, path)
	}
	return found
}

// want notes the answers without which it is not known whether something is shown, whether known to applicants or not.
func (v *view) want(rule Rule, d decided, l place) {
	if d.truth != expr.Unknown {
		return
	}
	for _, path := range d.missing {
		v.wanted = append(v.wanted, want{path, false})
	}
	if len(d.missing) > 0 {
		return
	}
	// No field is missing, so a value does not have the form that the rule expects; or the rule does not state what it lacks.
	all := !slices.ContainsFunc(rule.reads, func(path string) bool { return !v.d.answers(path) })
	for _, path := range rule.reads {
		if v.d.answers(path) {
			v.wanted = append(v.wanted, want{l.at(path), all})
		}
	}
}

// at is the place of a path that a definition has: within the group owners, owners[].name is owners[0].name.
func (l place) at(path string) string {
	if within, ok := strings.CutPrefix(path, l.group+"[]."); ok && l.group != "" {
		return l.of(within)
	}
	return path
}

// nameable are the paths that pages ask for: applicants learn no other names.
func (v *view) nameable(paths []string) (found []string) {
	for _, path := range paths {
		if v.d.answers(places.ReplaceAllString(path, "[]")) {
			found = append(found, path)
		}
	}
	return found
}

var places = regexp.MustCompile(`\[\d+\]`)

// isRequested reports whether an element asks for a document of which a reviewer wants another one.
func (v *view) isRequested(e Element) bool {
	return e.Document != "" && slices.ContainsFunc(v.in.Documents, func(x Document) bool { return x.Requested && x.Kind == e.Document })
}

// isVisible: what cannot be decided is not shown, and what would decide it is asked for.
func (v *view) isVisible(e *Element, l place) decided {
	if v.isRequested(*e) {
		return decided{truth: expr.True}
	}
	return v.decide(e.Visible, l, expr.True)
}

// isRequired: what cannot be decided is required, so that nothing is left out.
func (v *view) isRequired(e *Element, l place) bool {
	return v.decide(e.Required, l, expr.False).truth != expr.False
}

// isDisabled: what cannot be decided can be entered. A field that nobody could ever fill in would stop the applicant.
func (v *view) isDisabled(e *Element, l place) bool {
	return v.decide(e.Disabled, l, expr.False).truth == expr.True
}

// pageVisible reports whether a page belongs to where the case is, and its rule holds.
func (v *view) pageVisible(p Page) decided {
	if !v.inPlace(p) {
		return decided{truth: expr.False}
	}
	return v.decide(p.Visible, place{}, expr.True)
}

// inPlace reports whether the case is in a state in which a page is shown.
func (v *view) inPlace(p Page) bool {
	return len(p.States) == 0 || slices.ContainsFunc(p.States, v.active)
}

func (v *view) active(state string) bool {
	return slices.ContainsFunc(v.in.States, func(s string) bool { return s == state || strings.HasPrefix(s, state+".") })
}

// faults are what is wrong with an answer, or that it is missing. A field that the applicant cannot change is not theirs to correct.
func (v *view) faults(e *Element, l place) []Fault {
	if v.isDisabled(e, l) {
		return nil
	}
	value := e.own(v.value(e, l))
	kept, faults := e.judge(value, v.in.Now, func(path string) any { return v.sibling(path, l) })
	if kept == nil && len(faults) == 0 {
		if v.isRequired(e, l) {
			faults = fault(faultRequired)
		}
	} else if len(faults) == 0 {
		faults = v.validated(e, l, value)
	}
	for i, f := range faults {
		if f.Message == "" {
			faults[i] = worded(f, nil, e.Texts, v.language)
		}
	}
	return faults
}

// sibling finds a field beside another one: in the same element of a group, else in the context.
func (v *view) sibling(path string, l place) any {
	if path == "" {
		return nil
	}
	if l.group != "" {
		if found := at(l.item, path); found != nil {
			return found
		}
	}
	return at(v.data, path)
}

// validated asks an element's validators. One that cannot be decided has not been kept to.
func (v *view) validated(e *Element, l place, value any) (faults []Fault) {
	for _, validator := range e.Validate {
		if validator.Rule == nil {
			continue
		}
		switch validator.Rule.program.Test(v.env(l, value, true)).Truth {
		case expr.False:
			faults = append(faults, worded(Fault{Code: faultRule}, validator.Error, e.Texts, v.language))
		case expr.Unknown:
			faults = append(faults, worded(Fault{Code: faultUndecided}, nil, nil, v.language))
		}
	}
	return faults
}

// items are the elements that a group has.
func (v *view) items(e *Element) (items []map[string]any, ok bool) {
	value := at(v.data, e.Field)
	list, isList := value.([]any)
	for _, one := range list {
		item, isObject := one.(map[string]any)
		if !isObject {
			return nil, false
		}
		items = append(items, item)
	}
	return items, isList || value == nil
}
