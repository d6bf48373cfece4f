package flow

import (
	"strings"

	"ballerine/internal/country"
	"ballerine/internal/expr"
)

// ElementState is an element of a page as it is now.
type ElementState struct {
	Type     string           `json:"type" doc:"text, number, date, document, group, heading, …: see the documentation of flows"`
	Field    string           `json:"field,omitempty" doc:"path in the case's context; of what is in a group, with the place of the element: owners[0].name"`
	Document string           `json:"document,omitempty" doc:"kind of document"`
	Title    string           `json:"title,omitempty"`
	Hint     string           `json:"hint,omitempty"`
	Original []string         `json:"original,omitempty" doc:"members whose texts are not in the requested language"`
	Visible  bool             `json:"visible" doc:"it is shown"`
	Required bool             `json:"required"`
	Disabled bool             `json:"disabled" doc:"it cannot be changed"`
	Value    any              `json:"value,omitempty" doc:"what was entered, in the form in which it is kept"`
	Draft    bool             `json:"draft,omitempty" doc:"the value is stored, and not yet a part of the case: what it belongs to is incomplete"`
	Faults   []Fault          `json:"faults,omitempty" doc:"what is wrong with the value, or that it is missing"`
	Options  []OptionState    `json:"options,omitempty" doc:"what can be chosen"`
	Checks   *CheckState      `json:"checks,omitempty" doc:"what a client can check before it saves or uploads"`
	Rules    map[string]any   `json:"rules,omitempty" doc:"visible, required and disabled, where a client can work them out"`
	Validate []ValidatorState `json:"validate,omitempty" doc:"rules for the value that a client can work out; the server has further ones"`

	Undecided map[string][]string `json:"undecided,omitempty" doc:"by rule: fields without which it cannot be decided"`

	Files    []FileState      `json:"files,omitempty" doc:"of a document: what the case has, by side"`
	Elements []ElementState   `json:"elements,omitempty" doc:"of a group: the elements of an added entry"`
	Items    [][]ElementState `json:"items,omitempty" doc:"of a group: its elements. Hints, options and rules are listed once, in elements"`
}

// OptionState is a value that can be chosen.
type OptionState struct {
	Value string `json:"value"`
	Title string `json:"title"`
}

// CheckState is what a client can check before it saves. The server checks all of it, and more.
type CheckState struct {
	Min           *float64 `json:"min,omitempty" doc:"the smallest number; of a list, how many elements at least"`
	Max           *float64 `json:"max,omitempty" doc:"the largest number; of a list, how many elements at most"`
	MinLength     int      `json:"min_length,omitempty" doc:"in characters"`
	MaxLength     int      `json:"max_length,omitempty" doc:"in characters"`
	Pattern       string   `json:"pattern,omitempty" doc:"for ECMAScript's engine with the flag u; missing where that would read it differently"`
	Format        string   `json:"format,omitempty" doc:"email, uri or person-name"`
	Multiline     bool     `json:"multiline,omitempty" doc:"the text may have several lines"`
	MinAge        *float64 `json:"min_age,omitempty" doc:"whole years"`
	MaxAge        *float64 `json:"max_age,omitempty" doc:"whole years"`
	Past          bool     `json:"past,omitempty" doc:"the date must lie before today, in UTC"`
	Future        bool     `json:"future,omitempty" doc:"the date must lie after today, in UTC"`
	Currencies    []string `json:"currencies,omitempty" doc:"ISO 4217 codes; with one, the value is a number, else {amount, currency}"`
	Parts         []string `json:"parts,omitempty" doc:"parts of an address that are asked for"`
	RequiredParts []string `json:"required_parts,omitempty" doc:"parts of an address that must be there"`
	States        []string `json:"states,omitempty" doc:"of the country that was chosen, where addresses name them"`
	Version       string   `json:"version,omitempty" doc:"of what is consented to"`
	ContentTypes  []string `json:"content_types,omitempty" doc:"of a document: media types of files that are accepted; missing: every type that the system reads"`
	MaxSize       int64    `json:"max_size,omitempty" doc:"of a document: largest size of a file in bytes; missing: the system's limit"`
}

// ValidatorState is a rule for a value, with what people read where it is not kept to.
type ValidatorState struct {
	Rule    any    `json:"rule"`
	Message string `json:"message"`
}

// FileState is a document of a side.
type FileState struct {
	Side      string `json:"side,omitempty"`
	ID        string `json:"id,omitempty" doc:"missing if there is none"`
	Status    string `json:"status" doc:"missing, awaiting_upload, received, checked, refused, approved, rejected or revision"`
	Reason    string `json:"reason,omitempty" doc:"why another file is requested"`
	Requested bool   `json:"requested,omitempty" doc:"a reviewer has asked for another file; it stays so until they decide about that"`
	Fault     *Fault `json:"fault,omitempty" doc:"what has to be done about it"`
}

// element is the state of an element. shown is false when the applicant is not to know of it.
func (v *view) element(e *Element, l place) (s ElementState, shown bool) {
	visible := v.isVisible(e, l)
	v.want(e.Visible, visible, l)
	if visible.truth != expr.True && !portable(e.Visible) {
		return s, false
	}
	s = v.described(e, l)
	s.Visible = visible.truth == expr.True
	s.note("visible", v.nameable(visible.missing), visible)
	if e.Field == "" && e.Document == "" {
		return s, true
	}
	required, disabled := v.decide(e.Required, l, expr.False), v.decide(e.Disabled, l, expr.False)
	s.Required, s.Disabled = required.truth != expr.False, disabled.truth == expr.True
	s.note("required", v.nameable(required.missing), required)
	s.note("disabled", v.nameable(disabled.missing), disabled)
	switch kinds[e.Type].asks {
	case asksDocument:
		v.documented(e, &s)
	case asksGroup:
		v.grouped(e, &s)
	default:
		s.Value = e.own(v.value(e, l))
		_, s.Draft = v.in.Progress.Draft[e.Field]
		s.Draft = s.Draft && l.group == ""
		s.Faults = v.faults(e, l)
	}
	return s, true
}

// note notes what is not known, and without which answers.
func (s *ElementState) note(rule string, missing []string, d decided) {
	if d.truth != expr.Unknown || len(missing) == 0 {
		return
	}
	if s.Undecided == nil {
		s.Undecided = map[string][]string{}
	}
	s.Undecided[rule] = missing
}

// described is what does not depend on the answer.
func (v *view) described(e *Element, l place) ElementState {
	s := ElementState{Type: e.Type, Document: e.Document}
	if e.Field != "" {
		s.Field = l.of(e.Field)
	}
	s.Title, s.Original = v.localized(e.Title, "title", s.Original)
	s.Hint, s.Original = v.localized(e.Hint, "hint", s.Original)
	for name, rule := range map[string]Rule{"visible": e.Visible, "required": e.Required, "disabled": e.Disabled} {
		if rule != nil && rule.Portable != nil {
			if s.Rules == nil {
				s.Rules = map[string]any{}
			}
			s.Rules[name] = rule.Portable
		}
	}
	for _, validator := range e.Validate {
		if validator.Rule != nil && validator.Rule.Portable != nil {
			f := worded(Fault{Code: faultRule}, validator.Error, e.Texts, v.language)
			s.Validate = append(s.Validate, ValidatorState{validator.Rule.Portable, f.Message})
		}
	}
	v.offered(e, &s)
	if e.Field != "" {
		s.Checks = v.checks(e, l)
	}
	return s
}

func (v *view) offered(e *Element, s *ElementState) {
	options := e.Options
	if options == nil && e.Type == typeIndustry {
		options = industries
	}
	original := false
	for _, o := range options {
		title, fallback := o.Title.In(v.language)
		if title == "" {
			title = o.Value
		}
		original = original || fallback
		s.Options = append(s.Options, OptionState{o.Value, title})
	}
	if original {
		s.Original = append(s.Original, "options")
	}
}

func (v *view) checks(e *Element, l place) *CheckState {
	c := e.Checks
	s := &CheckState{
		Min: c.Min, Max: c.Max, MinLength: c.MinLength, MaxLength: c.MaxLength, Format: c.Format, Multiline: c.Multiline, MinAge: c.MinAge, MaxAge: c.MaxAge,
		Past: c.Past, Future: c.Future, Currencies: c.Currencies, Parts: c.Parts, RequiredParts: c.RequiredParts, Version: c.Version,
	}
	if c.Pattern != "" {
		s.Pattern, _ = expr.PortablePattern(c.Pattern)
	}
	if e.Type == typeState {
		of, _ := v.sibling(c.Country, l).(string)
		s.States = country.States(of)
	}
	return s
}

// documented adds the files of a document.
func (v *view) documented(e *Element, s *ElementState) {
	kind, _ := v.d.workflow.Document(e.Document)
	s.Required = s.Required || kind.Required
	if len(kind.ContentTypes) > 0 || kind.MaxSize > 0 {
		s.Checks = &CheckState{ContentTypes: kind.ContentTypes, MaxSize: kind.MaxSize}
	}
	sides := kind.Sides
	if len(sides) == 0 {
		sides = []string{""}
	}
	begun := false // after the front is uploaded, the back is required
	for _, side := range sides {
		file := v.file(kind.Kind, side, len(sides) == 1)
		begun = begun || file.ID != ""
		s.Files = append(s.Files, file)
	}
	for i, file := range s.Files {
		if code := file.fault(s.Required || begun); code != "" {
			s.Files[i].Fault = new(worded(Fault{Code: code}, nil, e.Texts, v.language))
		}
	}
	if s.Title == "" {
		s.Title, s.Original = v.localized(titlesOf(kind.Title, kind.Titles), "title", s.Original)
	}
}

func titlesOf(title string, titles map[string]string) Text {
	if titles == nil {
		return Text{"": title}
	}
	return titles
}

// file is the newest document of a kind and side; if there is one side only, of whatever declared side.
func (v *view) file(kind, side string, only bool) FileState {
	f := FileState{Side: side, Status: faultMissing}
	for _, d := range v.in.Documents {
		if d.Kind != kind || d.Side != side && !only {
			continue
		}
		f.ID, f.Status, f.Requested, f.Reason = d.ID, d.Status, f.Requested || d.Requested, ""
		if d.Status == faultRevision {
			f.Reason = d.Reason
		}
	}
	return f
}

// fault states what has to be done; "" if nothing.
func (f FileState) fault(required bool) string {
	switch {
	case f.Status == faultMissing && required:
		return faultMissing
	case f.Status == "awaiting_upload":
		return faultUploading
	case f.Status == faultRevision:
		return faultRevision
	case f.Status == faultRefused && required:
		return faultRefused
	}
	return ""
}

// grouped adds the elements of a group.
func (v *view) grouped(e *Element, s *ElementState) {
	_, s.Draft = v.in.Progress.Draft[e.Field]
	items, ok := v.items(e)
	for i := range e.Elements {
		if v.concealed(e, &e.Elements[i], items) {
			continue
		}
		template := v.described(&e.Elements[i], place{})
		template.Visible = true
		s.Elements = append(s.Elements, template)
	}
	s.Faults = v.groupFaults(e, items, ok)
	for i, item := range items {
		states := []ElementState{}
		for j := range e.Elements {
			if inner, shown := v.element(&e.Elements[j], place{e.Field, i, item}); shown {
				inner.Hint, inner.Options, inner.Validate, inner.Rules = "", nil, nil, nil // stated once, in elements
				states = append(states, inner)
			}
		}
		s.Items = append(s.Items, states)
	}
}

// concealed reports whether applicants are not to know of a field of a group: none of its elements shows it.
func (v *view) concealed(group, inner *Element, items []map[string]any) bool {
	if portable(inner.Visible) {
		return false
	}
	for i, item := range items {
		if v.isVisible(inner, place{group.Field, i, item}).truth == expr.True {
			return false
		}
	}
	return true
}

// groupFaults are what is wrong with a group as a whole.
func (v *view) groupFaults(e *Element, items []map[string]any, ok bool) []Fault {
	if v.isDisabled(e, place{}) {
		return nil
	}
	var faults []Fault
	switch {
	case !ok:
		faults = fault(faultType)
	case len(items) == 0 && v.isRequired(e, place{}):
		faults = fault(faultRequired)
	case len(items) > 0:
		if faults = e.counted(len(items)); len(faults) == 0 {
			faults = v.validated(e, place{}, at(v.data, e.Field))
		}
	}
	for i, f := range faults {
		if f.Message == "" {
			faults[i] = worded(f, nil, e.Texts, v.language)
		}
	}
	return faults
}

// remaining is what has to be done about an element that is shown.
func (s ElementState) remaining(page string) (all []Remaining) {
	for _, f := range s.Faults {
		all = append(all, Remaining{Page: page, Field: s.Field + f.within, Fault: f})
	}
	for _, f := range s.Files {
		if f.Fault != nil {
			all = append(all, Remaining{Page: page, Document: s.Document, Side: f.Side, Fault: *f.Fault})
		}
	}
	for _, item := range s.Items {
		for _, e := range item {
			if e.Visible {
				all = append(all, e.remaining(page)...)
			}
		}
	}
	return all
}

// asking reports whether the element, or one in it, asks for what is wanted, and can be answered.
func (s ElementState) asking(v *view, w want) (field string, texts map[string]Text, ok bool) {
	for _, item := range s.Items {
		for _, e := range item {
			if field, texts, ok = e.asking(v, w); ok {
				return field, texts, true
			}
		}
	}
	path := w.path
	if s.Field == "" || !s.Visible || s.Disabled || path != s.Field && !strings.HasPrefix(path, s.Field+".") && !strings.HasPrefix(path, s.Field+"[") {
		return "", nil, false
	}
	if len(s.Items) > 0 && path != s.Field {
		return "", nil, false
	}
	if e, known := v.d.asked[s.Field]; known {
		texts = e.Texts
	}
	return s.Field, texts, len(s.Items) == 0 && (w.answered || empty(s.Value))
}
