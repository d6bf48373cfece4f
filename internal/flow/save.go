package flow

import (
	"fmt"
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
	Patch    map[string]any // of the context (RFC 7396); empty: nothing
	Progress Progress       // from now on
	Fields   []string       // that were sent, sorted
}

// Save judges answers to a page, by field. nil takes an answer out, and what is not sent stays as it is. Only fields of the page are
// taken, and of these what is shown and can be changed. partial lets answers be missing: the page is not saved then, and what was
// entered is kept. Nothing is changed by it; the same again changes nothing once it was written.
//
// What the context's schema does not take yet, because something beside it is missing, is kept as a draft.
//
// Errors: NotFound (no such page), NotCollecting (the page is closed), Invalid with every place, as body.values.<field>.
func (d *Definition) Save(in Input, page string, values map[string]any, partial bool) (Saved, error) {
	p, ok := d.page(page)
	if !ok {
		return Saved{}, problem.New(problem.NotFound, "There is no such page.")
	}
	s := saving{d: d, page: p, values: values, partial: partial, before: d.view(in), problems: problem.New(problem.Invalid, "The answers are not valid.")}
	if !d.State(in).open(page) {
		return Saved{}, problem.New(problem.NotCollecting, "The page is not open.")
	}
	s.judge()
	after := in
	after.Progress.Draft = clone(in.Progress.Draft)
	maps.Copy(after.Progress.Draft, s.kept)
	s.shown(d.view(after))
	state := d.State(after)
	if !partial {
		s.complete(state)
	}
	fits, held := d.fit(in.Context, after.Progress.Draft)
	s.unfit(held)
	if len(s.problems.Fields) == 0 && size(state) > max(d.largest, size(d.State(in))) {
		s.problems.With("body.values", "too_large", "the pages would be larger than %d bytes with this; enter less, or fewer elements", d.largest)
	}
	if len(s.problems.Fields) > 0 {
		return Saved{}, s.problems.AtMost(MaxFaults, "body.values")
	}
	saved := Saved{Fields: slices.Sorted(maps.Keys(values)), Progress: Progress{Saved: in.Progress.Saved}}
	saved.Patch, _ = difference(clone(in.Context), overlay(in.Context, fits)).(map[string]any)
	for field := range held {
		if saved.Progress.Draft == nil {
			saved.Progress.Draft = map[string]any{}
		}
		saved.Progress.Draft[field] = after.Progress.Draft[field]
	}
	if !partial && !slices.Contains(saved.Progress.Saved, page) {
		saved.Progress.Saved = append(slices.Clone(saved.Progress.Saved), page)
		slices.Sort(saved.Progress.Saved)
	}
	return saved, nil
}

func (s State) open(page string) bool {
	return slices.ContainsFunc(s.Pages, func(p PageState) bool { return p.ID == page && p.Open })
}

// saving is one call of Save.
type saving struct {
	d        *Definition
	page     Page
	values   map[string]any
	partial  bool
	before   *view
	kept     map[string]any // what is entered, as it is kept
	problems *problem.Error
}

func (s *saving) report(field string, f Fault) {
	s.problems.With("body.values."+field+f.within, f.Code, "%s", f.Message)
}

// element of the page that asks for a field.
func (s *saving) element(field string) *Element {
	at := slices.IndexFunc(s.page.Elements, func(e Element) bool { return e.Field == field && field != "" })
	if at < 0 {
		return nil
	}
	return &s.page.Elements[at]
}

// judge looks at each answer by itself.
func (s *saving) judge() {
	s.kept = map[string]any{}
	entered := overlay(s.before.data, s.known())
	look := func(path string) any { return at(entered, path) }
	for _, field := range slices.Sorted(maps.Keys(s.values)) {
		e := s.element(field)
		switch {
		case e == nil:
			s.unknown(field)
		case s.before.isDisabled(e, place{}):
			s.report(field, Fault{Code: "disabled", Message: "this cannot be changed"})
		case e.Type == typeGroup:
			before := len(s.problems.Fields)
			if kept := s.group(e, s.values[field]); len(s.problems.Fields) == before {
				s.kept[field] = kept
			}
		default:
			kept, faults := s.judged(e, s.values[field], []any{s.before.value(e, place{})}, look)
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

// agreed is consent as it was given before, if it was to the same version: when that was is the server's to say. In a list whose elements
// have moved, the one of that time is meant.
func (s *saving) agreed(e *Element, fresh, value any, before []any) any {
	var valid []map[string]any
	for _, one := range before {
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

// known are the answers that are to fields of the page.
func (s *saving) known() map[string]any {
	found := map[string]any{}
	for field, value := range s.values {
		if s.element(field) != nil {
			found[field] = value
		}
	}
	return found
}

func (s *saving) refuse(field string, e *Element, faults []Fault) {
	for _, f := range faults {
		s.report(field, worded(f, nil, e.Texts, s.before.language))
	}
}

func (s *saving) unknown(field string) {
	var names []string
	for _, e := range s.page.Elements {
		if e.Field != "" {
			names = append(names, e.Field)
		}
	}
	hint := "the page does not ask for this"
	for _, other := range s.d.Pages {
		if slices.ContainsFunc(other.Elements, func(e Element) bool { return e.Field == field && field != "" }) {
			hint += "; the page " + other.ID + " does"
		}
	}
	if near := expr.Suggest(name(field), names); near != "" {
		hint += "; did you mean " + near + "?"
	}
	s.problems.With("body.values."+name(field), "unknown", "%s", hint)
}

// name is a key that a caller has sent, for a place: what is no path may be anything, also what somebody is called.
func name(key string) string {
	if !pathLike.MatchString(key) {
		return "…"
	}
	return key
}

var pathLike = regexp.MustCompile(`^[A-Za-z0-9_.-]{0,64}$`)

// group judges the elements of a group.
func (s *saving) group(e *Element, value any) any {
	if e.unanswered(value) {
		return nil
	}
	list, ok := value.([]any)
	switch {
	case !ok:
		s.refuse(e.Field, e, fault(faultType))
		return nil
	case len(list) > maxEntries:
		s.refuse(e.Field, e, fault(faultTooMany))
		return nil
	}
	locks := s.locks(e, len(list))
	kept := make([]any, len(list))
	for i, one := range list {
		item, ok := one.(map[string]any)
		if !ok {
			s.refuse(fmt.Sprintf("%s[%d]", e.Field, i), e, fault(faultType))
			continue
		}
		l := place{e.Field, i, item}
		for j := range e.Elements {
			if inner := &e.Elements[j]; s.before.isDisabled(inner, l) && !locks[inner.Field].takes(at(item, inner.Field)) {
				s.report(l.of(inner.Field), Fault{Code: "disabled", Message: "this cannot be changed"})
			}
		}
		kept[i] = s.item(e, item, l)
	}
	return kept
}

func (s *saving) item(e *Element, item map[string]any, l place) map[string]any {
	kept := map[string]any{}
	leaves, known := leavesOf(e, item)
	if !known {
		s.problems.With(fmt.Sprintf("body.values.%s[%d]", l.group, l.index), "unknown", "the group does not ask for something that is in this element")
	}
	for _, path := range leaves {
		inner := &e.Elements[slices.IndexFunc(e.Elements, func(inner Element) bool { return inner.Field == path })]
		value, faults := s.judged(inner, at(item, path), s.earlier(e, inner, l.index), func(path string) any { return at(item, path) })
		s.refuse(l.of(path), inner, faults)
		set(kept, strings.Split(path, "."), value)
	}
	return kept
}

// earlier are the answers to a field of a group in its elements until now, the one at the place first.
func (s *saving) earlier(e, inner *Element, index int) (values []any) {
	if inner.Type != typeConsent {
		return nil
	}
	items, _ := s.before.items(e)
	values = append(values, nil)
	for i, item := range items {
		values = append(values, at(item, inner.Field))
		if i == index {
			values[0] = at(item, inner.Field)
		}
	}
	return values
}

// lock is what a field that cannot be changed has in the elements of a group: these can be taken out and moved, and others added without it.
type lock struct {
	values []any
	none   int // elements that may lack it
}

// locks are those of the fields of a group, of which n elements are sent.
func (s *saving) locks(e *Element, n int) map[string]*lock {
	found := map[string]*lock{}
	items, _ := s.before.items(e)
	for j := range e.Elements {
		inner := &e.Elements[j]
		l := &lock{none: max(0, n-len(items))}
		for i, item := range items {
			if value := at(item, inner.Field); value == nil {
				l.none++
			} else if s.before.isDisabled(inner, place{e.Field, i, item}) {
				l.values = append(l.values, value)
			}
		}
		found[inner.Field] = l
	}
	return found
}

// takes takes a value out; false when it is not one of those that there are.
func (l *lock) takes(value any) bool {
	if value == nil {
		l.none--
		return l.none >= 0
	}
	i := slices.IndexFunc(l.values, func(other any) bool { return reflect.DeepEqual(other, value) })
	if i >= 0 {
		l.values = slices.Delete(l.values, i, i+1)
	}
	return i >= 0
}

// leavesOf are the paths of the fields of the group that an item has; known: it has nothing else.
func leavesOf(e *Element, item map[string]any) (paths []string, known bool) {
	known = true
	var walk func(object map[string]any, prefix string)
	walk = func(object map[string]any, prefix string) {
		for _, member := range sortedKeys(object) {
			path := prefix + member
			if strings.Contains(member, ".") {
				known = false
				continue
			}
			inner, isObject := object[member].(map[string]any)
			within := slices.ContainsFunc(e.Elements, func(other Element) bool { return strings.HasPrefix(other.Field, path+".") })
			if isObject && within {
				walk(inner, path+".")
				continue
			}
			if slices.ContainsFunc(e.Elements, func(other Element) bool { return other.Field == path && path != "" }) {
				paths = append(paths, path)
			} else {
				known = false
			}
		}
	}
	walk(item, "")
	return paths, known
}

// shown refuses answers to what is not shown, and those that break a validator, with all that was entered.
func (s *saving) shown(after *view) {
	for _, field := range slices.Sorted(maps.Keys(s.kept)) {
		e := s.element(field)
		if e == nil || s.kept[field] == nil && s.before.isVisible(e, place{}).truth == expr.True {
			continue
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

func (s *saving) items(after *view, e *Element) {
	if e.Type != typeGroup {
		return
	}
	items, _ := after.items(e)
	for i, item := range items {
		l := place{e.Field, i, item}
		for j := range e.Elements {
			s.inItem(after, &e.Elements[j], l)
		}
	}
}

func (s *saving) inItem(after *view, e *Element, l place) {
	value := after.value(e, l)
	if value == nil {
		return
	}
	if after.isVisible(e, l).truth != expr.True {
		s.report(l.of(e.Field), Fault{Code: "hidden", Message: "this is not asked, as the other answers are"})
		return
	}
	for _, f := range after.validated(e, l, value) {
		if f.Code != faultUndecided {
			s.report(l.of(e.Field), f)
		}
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
		for _, m := range d.misfits(overlay(context, fits)) {
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

// concernedBy are the answers because of which the schema is broken: those in the object in which something is missing, and else those
// that are, hold or lie in what is wrong. Where none can be made out, all are.
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
