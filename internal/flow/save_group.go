package flow

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"ballerine/internal/expr"
)

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
			if inner := &e.Elements[j]; !s.concealsIn(e, inner, l) && s.before.isDisabled(inner, l) && !locks[inner.Field].takes(at(item, inner.Field)) {
				s.report(l.of(inner.Field), Fault{Code: "disabled", Message: "this cannot be changed"})
			}
		}
		kept[i] = s.item(e, item, l)
	}
	s.rejoin(e, kept)
	return kept
}

func (s *saving) item(e *Element, item map[string]any, l place) map[string]any {
	kept := map[string]any{}
	leaves, known := leavesOf(e, item)
	asked := slices.DeleteFunc(slices.Clone(leaves), func(path string) bool { return s.concealsIn(e, e.inner(path), l) })
	if !known || len(asked) < len(leaves) {
		s.problems.With(fmt.Sprintf("body.values.%s[%d]", l.group, l.index), "unknown", "this element contains a field that the group does not ask for")
	}
	for _, path := range asked {
		inner := e.inner(path)
		value, faults := s.judged(inner, at(item, path), s.earlier(e, inner, l.index), func(path string) any { return at(item, path) })
		s.refuse(l.of(path), inner, faults)
		set(kept, strings.Split(path, "."), value)
	}
	return kept
}

// concealsIn is conceals within a group: what one of its elements has shown until now, applicants know of.
func (s *saving) concealsIn(group, inner *Element, l place) bool {
	if portable(inner.Visible) {
		return false
	}
	concealed, known := s.concealed[inner]
	if !known {
		items, _ := s.before.items(group)
		concealed = s.before.concealed(group, inner, items)
		s.concealed[inner] = concealed // it is asked for each element, and asks all
	}
	return concealed && s.conceals(inner, l)
}

// inner is the element of a group that asks for a field that it has.
func (e *Element) inner(field string) *Element {
	return &e.Elements[slices.IndexFunc(e.Elements, func(inner Element) bool { return inner.Field == field })]
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
			if value := inner.own(at(item, inner.Field)); value == nil {
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

func (s *saving) items(after *view, e *Element) {
	if e.Type != typeGroup {
		return
	}
	items, _ := after.items(e)
	for i, item := range items {
		l := place{e.Field, i, item}
		for j := range e.Elements {
			s.inItem(after, e, &e.Elements[j], l)
		}
	}
}

func (s *saving) inItem(after *view, group, e *Element, l place) {
	value := after.value(e, l)
	if value == nil || s.concealsIn(group, e, l) {
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
