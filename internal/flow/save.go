package flow

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// Saved is what saving a page changes.
type Saved struct {
	Patch    map[string]any // of the context (RFC 7396); empty: no change
	Progress Progress       // from now on
	Fields   []string       // that were sent, sorted
}

// Save judges answers to a page, by field. nil removes an answer, and fields that are not sent stay as they are. Only
// fields of the page are accepted, and of these only those that are shown and can be changed. With partial, answers may
// be missing: the page is not saved then, and what was entered is kept. Save itself changes nothing; once its result is
// written, repeating it changes nothing.
//
// Values that the context's schema does not accept yet, because something beside them is missing, are kept as a draft.
//
// Errors: NotFound (no such page), NotCollecting (the page is closed), Invalid with every place, as body.values.<field>.
func (d *Definition) Save(in Input, page string, values map[string]any, partial bool) (Saved, error) {
	p, ok := d.page(page)
	if !ok {
		return Saved{}, problem.New(problem.NotFound, "There is no such page.")
	}
	s := saving{d: d, page: p, values: values, partial: partial, before: d.view(in), state: d.State(in), concealed: map[*Element]bool{}, problems: problem.New(problem.Invalid, "The answers are not valid.")}
	switch at := slices.IndexFunc(s.state.Pages, func(p PageState) bool { return p.ID == page }); {
	case at < 0:
		return Saved{}, problem.New(problem.NotFound, "There is no such page.")
	case !s.state.Pages[at].Open:
		return Saved{}, problem.New(problem.NotCollecting, "The page is not open.")
	}
	s.uncover()
	s.judge()
	in = s.before.in
	after := in
	after.Progress = Progress{Saved: in.Progress.Saved, Draft: clone(in.Progress.Draft)} // what is drafted now is newer than the context
	maps.Copy(after.Progress.Draft, s.kept)
	s.shown(d.view(after))
	state := d.State(after)
	if !partial {
		s.complete(state)
	}
	entered, hidden := state.asked(after.Progress.Draft)
	fits, held := d.fit(in.Context, entered)
	s.unfit(held)
	if len(s.problems.Fields) == 0 && size(state) > max(d.largest, size(s.state)) {
		s.problems.With("body.values", "too_large", "the pages would be larger than %d bytes with this; enter less, or fewer elements", d.largest)
	}
	if len(s.problems.Fields) > 0 {
		return Saved{}, s.problems.AtMost(MaxFaults, "body.values")
	}
	saved := Saved{Fields: slices.Sorted(maps.Keys(values)), Progress: Progress{Saved: in.Progress.Saved}}
	whole := d.overlay(in.Context, fits)
	saved.Patch, _ = difference(clone(in.Context), whole).(map[string]any)
	for _, field := range slices.Sorted(maps.Keys(after.Progress.Draft)) {
		if _, isHeld := held[field]; isHeld || hidden[field] {
			saved.Progress.draft(field, after.Progress.Draft[field], d.digest(whole, field))
		}
	}
	if !partial && !slices.Contains(saved.Progress.Saved, page) {
		saved.Progress.Saved = append(slices.Clone(saved.Progress.Saved), page)
		slices.Sort(saved.Progress.Saved)
	}
	return saved, nil
}

// saving is one call of Save.
type saving struct {
	d         *Definition
	page      Page
	values    map[string]any
	partial   bool
	before    *view
	entered   *view             // with what is sent, but for what is concealed
	state     State             // before
	concealed map[*Element]bool // fields of groups: none of the elements has shown them until now
	known     map[string]any    // what is sent and asked for by the page
	kept      map[string]any    // what is entered, as it is kept
	problems  *problem.Error
}

func (s *saving) report(field string, f Fault) {
	s.problems.With("body.values."+field+f.within, f.Code, "%s", f.Message)
}

// element is the element of the page that asks for a field.
func (s *saving) element(field string) *Element {
	at := slices.IndexFunc(s.page.Elements, func(e Element) bool { return e.Field == field && field != "" })
	if at < 0 {
		return nil
	}
	return &s.page.Elements[at]
}

// uncover finds the answers that the page asks for. Fields that applicants must not know of are refused like fields that
// do not exist, before they are judged otherwise: neither an error nor a hint may reveal them. A field is concealed if
// it is neither shown now nor with the answers sent.
func (s *saving) uncover() {
	s.known = map[string]any{}
	for field, value := range s.values {
		if s.element(field) != nil {
			s.known[field] = value
		}
	}
	for concealed := true; concealed; {
		with := s.before.in
		with.Progress = Progress{Draft: clone(with.Progress.Draft)}
		maps.Copy(with.Progress.Draft, s.known)
		s.entered, concealed = s.d.view(with), false
		for field := range s.known {
			if e := s.element(field); s.conceals(e, place{}) && s.before.isVisible(e, place{}).truth != expr.True {
				delete(s.known, field) // and what is shown only with it
				concealed = true
			}
		}
	}
	for _, field := range slices.Sorted(maps.Keys(s.values)) {
		if _, known := s.known[field]; !known {
			s.unknown(field)
		}
	}
}

// conceals reports whether applicants are not to know of an element, with what they send.
func (s *saving) conceals(e *Element, l place) bool {
	return !portable(e.Visible) && s.entered.isVisible(e, l).truth != expr.True
}

// judge checks each answer separately.
func (s *saving) judge() {
	s.kept = map[string]any{}
	entered := s.d.overlay(s.before.data, s.known)
	look := func(path string) any { return at(entered, path) }
	for _, field := range slices.Sorted(maps.Keys(s.known)) {
		e := s.element(field)
		switch {
		case s.before.isDisabled(e, place{}):
			s.report(field, Fault{Code: "disabled", Message: "this cannot be changed"})
		case e.Type == typeGroup:
			before := len(s.problems.Fields)
			if kept := s.group(e, s.known[field]); len(s.problems.Fields) == before {
				s.kept[field] = kept
			}
		default:
			kept, faults := s.judged(e, s.known[field], []any{e.own(s.before.value(e, place{}))}, look)
			if s.refuse(field, e, faults); len(faults) == 0 {
				s.kept[field] = kept
			}
		}
	}
}

// judged judges one answer. before are the answers that it may have been until now, the likeliest first. What is saved in part may lack
// parts of addresses and companies.
func (s *saving) judged(e *Element, value any, before []any, lookup func(string) any) (kept any, faults []Fault) {
	kept, faults = e.judge(value, s.before.in.Now, lookup)
	if s.partial && (e.Type == typeAddress || e.Type == typeCompany) {
		faults = slices.DeleteFunc(faults, func(f Fault) bool { return f.Code == faultRequired })
	}
	if e.Type == typeConsent && kept != nil && len(faults) == 0 {
		kept = s.agreed(e, kept, value, before)
	}
	return kept, faults
}

// agreed is consent as it was recorded before, if it was to the same version: the server determines its time. In a list
// whose elements have moved, the consent of that time is meant.
func (s *saving) agreed(e *Element, fresh, value any, before []any) any {
	var valid []map[string]any
	for _, one := range before {
		one = e.own(one)
		object, _ := one.(map[string]any)
		if kept, faults := e.judge(one, s.before.in.Now, nil); kept != nil && len(faults) == 0 && object["at"] != nil {
			valid = append(valid, object)
		} else if len(valid) == 0 {
			valid = append(valid, nil)
		}
	}
	at := value.(map[string]any)["at"]
	for _, object := range valid {
		if at != nil && object["at"] == at {
			return object
		}
	}
	if len(valid) > 0 && valid[0] != nil {
		return valid[0]
	}
	return fresh
}

func (s *saving) refuse(field string, e *Element, faults []Fault) {
	for _, f := range faults {
		s.report(field, worded(f, nil, e.Texts, s.before.language))
	}
}

func (s *saving) unknown(field string) {
	var names []string
	hint := "the page does not ask for this"
	for _, page := range s.state.Pages {
		for _, e := range page.Elements {
			if page.ID == s.page.ID && e.Field != "" {
				names = append(names, e.Field)
			}
			if page.ID != s.page.ID && e.Field == field && field != "" {
				hint += "; the page " + page.ID + " does"
				break
			}
		}
	}
	if near := expr.Suggest(name(field), names); near != "" {
		hint += "; did you mean " + near + "?"
	}
	s.problems.With("body.values."+name(field), "unknown", "%s", hint)
}

// name is a key that a caller has sent, for a place: a key that is not a path may contain anything, even a person's name.
func name(key string) string {
	if !pathLike.MatchString(key) {
		return "…"
	}
	return key
}

var pathLike = regexp.MustCompile(`^[A-Za-z0-9_.-]{0,64}$`)

// shown refuses answers to what is not shown, and those that break a validator, with all that was entered.
func (s *saving) shown(after *view) {
	for _, field := range slices.Sorted(maps.Keys(s.kept)) {
		e := s.element(field)
		taken := s.kept[field] == nil && (s.before.isVisible(e, place{}).truth == expr.True || at(s.before.data, field) != nil)
		if taken {
			continue // out; also what is hidden by now, so that no guard goes by it
		}
		if after.isVisible(e, place{}).truth != expr.True {
			s.report(field, Fault{Code: "hidden", Message: "this is not asked, as the other answers are"})
			continue
		}
		if s.kept[field] == nil {
			continue
		}
		for _, f := range after.validated(e, place{}, s.kept[field]) {
			if f.Code != faultUndecided {
				s.report(field, f)
			}
		}
		s.items(after, e)
	}
}

// complete refuses a page on which something is missing.
func (s *saving) complete(after State) {
	for _, r := range after.Remaining {
		if r.Page != s.page.ID || r.Field == "" || r.Code == faultUndecided || r.Code == faultNeeded {
			continue
		}
		if !slices.ContainsFunc(s.problems.Fields, func(f problem.Field) bool { return within(f.Location, "body.values."+r.Field) }) {
			s.report(r.Field, Fault{Code: r.Code, Message: r.Message})
		}
	}
}

// asked parts drafts into those to which the pages that are shown ask, and those that they hide by now: these are kept, for the page may
// show them again, and are no part of the case.
func (s *State) asked(drafts map[string]any) (asked map[string]any, hidden map[string]bool) {
	asked, hidden = map[string]any{}, map[string]bool{}
	for field, answer := range drafts {
		if _, e := s.asks(field); e != nil || answer == nil {
			asked[field] = answer
		} else {
			hidden[field] = true
		}
	}
	return asked, hidden
}

// within reports whether a place is another one, or in it.
func within(place, other string) bool {
	rest, ok := strings.CutPrefix(place, other)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// unfit refuses answers that the context's schema never takes, whatever else is entered.
func (s *saving) unfit(held map[string]misfit) {
	for _, field := range slices.Sorted(maps.Keys(held)) {
		if _, sent := s.values[field]; sent && held[field].code != faultRequired {
			s.problems.With("body.values."+field, faultSchema, "%s", held[field].message)
		}
	}
}

// misfit is why an answer is not in the context.
type misfit struct {
	path          string // what the schema is about: "applicant.name.family", "owners.0.share"
	code, message string
}

// fit divides answers into those that the context takes, and those that the schema keeps out of it: what they are part of is not complete,
// or would be no more.
func (d *Definition) fit(context, answers map[string]any) (fits map[string]any, held map[string]misfit) {
	fits, held = clone(answers), map[string]misfit{}
	known := d.misfits(context)
	for range len(answers) + 1 {
		broken := false
		for _, m := range d.misfits(d.overlay(context, fits)) {
			if slices.ContainsFunc(known, func(k misfit) bool { return k.path == m.path && k.code == m.code }) {
				continue
			}
			broken = true
			concerned := concernedBy(m, fits)
			for _, field := range concerned {
				held[field] = m
				delete(fits, field)
			}
		}
		if !broken {
			break
		}
	}
	return fits, held
}

// misfits are the places of a context that its schema does not take.
func (d *Definition) misfits(context map[string]any) (found []misfit) {
	err := d.workflow.CheckContext(d.workflow.OfCallers(context))
	if err == nil {
		return nil
	}
	for _, f := range problem.As(err).Fields {
		found = append(found, misfit{strings.TrimPrefix(strings.TrimPrefix(f.Location, "context"), "."), f.Code, f.Message})
	}
	return found
}

// concernedBy are the answers that violate the schema: those in the object in which something is missing, and otherwise
// those that are, contain or belong to what is wrong. If none can be determined, all of them.
func concernedBy(m misfit, answers map[string]any) (fields []string) {
	path := m.path
	if m.code == faultRequired {
		path = path[:max(0, strings.LastIndexByte(path, '.'))]
	}
	for _, field := range slices.Sorted(maps.Keys(answers)) {
		if path == "" || field == path || strings.HasPrefix(field, path+".") || strings.HasPrefix(path, field+".") {
			fields = append(fields, field)
		}
	}
	if fields == nil {
		return slices.Sorted(maps.Keys(answers))
	}
	return fields
}

// difference is the patch (RFC 7396) that makes one value of another.
func difference(from, to any) any {
	a, ok := from.(map[string]any)
	b, ok2 := to.(map[string]any)
	if !ok || !ok2 {
		return to
	}
	patch := map[string]any{}
	for name := range a {
		if _, stays := b[name]; !stays {
			patch[name] = nil
		}
	}
	for name, value := range b {
		if before, there := a[name]; !there {
			patch[name] = value
		} else if !reflect.DeepEqual(before, value) {
			patch[name] = difference(before, value)
		}
	}
	return patch
}
