package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// What a page asks for may be a part of an object that others write to as well: a vendor's verdict beside a company's name, a reference
// beside an owner's share. Applicants see, enter and are judged by their part only, and the rest stays as it is.

// parts are the members of an object that an element asks for; nil where it asks for the whole value.
func (e *Element) parts() []string {
	switch e.Type {
	case typeAddress:
		return e.Checks.Parts
	case typeCompany:
		return companyParts
	case typeConsent:
		return consentParts
	case typeCurrency:
		if len(e.Checks.Currencies) != 1 {
			return amountParts
		}
	}
	return nil
}

// own is what a value has of what the element asks for.
func (e *Element) own(value any) any {
	object, isObject := value.(map[string]any)
	parts := e.parts()
	if !isObject || parts == nil {
		return value
	}
	own := map[string]any{}
	for _, name := range parts {
		if member, there := object[name]; there {
			own[name] = member
		}
	}
	if len(own) == 0 {
		return nil
	}
	return own
}

// merged is an answer with what others have written beside it. Groups are merged as they are saved.
func (e *Element) merged(before, answer any) any {
	if e.parts() == nil {
		return answer
	}
	rest, _ := before.(map[string]any)
	rest = maps.Clone(rest)
	for _, name := range e.parts() {
		delete(rest, name)
	}
	object, isObject := answer.(map[string]any)
	if len(rest) == 0 || answer != nil && !isObject {
		return answer
	}
	maps.Copy(rest, object)
	return rest
}

// rejoin gives elements of a group back what applicants do not see of them: what the group does not ask for, and what is concealed. An
// element keeps it for as long as its answers stay what they are, wherever it is moved: another person must not get what was noted of one.
func (s *saving) rejoin(e *Element, kept []any) {
	former, _ := s.before.items(e)
	rest := slices.Clone(former)
	seen := make([][]*Element, len(kept)) // what the applicant sees of each: worked out once, for elements are compared with many
	for i, one := range kept {
		if item, ok := one.(map[string]any); ok {
			seen[i] = s.seen(e, place{e.Field, i, item})
		}
	}
	take := func(i, at int) bool {
		item, _ := kept[i].(map[string]any)
		if at >= len(rest) || rest[at] == nil || item == nil || !unchanged(seen[i], rest[at], item) {
			return false
		}
		kept[i], rest[at] = rest[at], nil
		return true
	}
	moved := []int{}
	for i := range kept {
		if !take(i, i) {
			moved = append(moved, i)
		}
	}
	for _, i := range moved {
		for at := range rest {
			if take(i, at) {
				break
			}
		}
	}
}

// seen are the fields that the applicant sees of an element of a group.
func (s *saving) seen(e *Element, l place) (fields []*Element) {
	for j := range e.Elements {
		if inner := &e.Elements[j]; inner.Field != "" && !s.concealsIn(e, inner, l) {
			fields = append(fields, inner)
		}
	}
	return fields
}

// unchanged reports whether an element of a group has the answers to some fields that it had.
func unchanged(fields []*Element, before, item map[string]any) bool {
	return !slices.ContainsFunc(fields, func(e *Element) bool {
		return !reflect.DeepEqual(e.own(at(before, e.Field)), e.own(at(item, e.Field)))
	})
}

// overlay is a context with answers set; nil takes one out. What others have written beside an answer stays. The context is not changed.
func (d *Definition) overlay(context, answers map[string]any) map[string]any {
	whole := clone(context)
	for _, field := range slices.Sorted(maps.Keys(answers)) {
		answer := answers[field]
		if e := d.asked[field]; e != nil {
			answer = e.merged(at(whole, field), answer)
		}
		set(whole, strings.Split(field, "."), answer)
	}
	return whole
}

// current is progress without the drafts of answers that somebody has written to the case since: theirs are the newer ones.
func (d *Definition) current(p Progress, context map[string]any) Progress {
	kept := Progress{Saved: p.Saved}
	for _, field := range sortedKeys(p.Draft) {
		if over, known := p.Over[field]; known && over != d.digest(context, field) {
			continue
		}
		kept.draft(field, p.Draft[field], p.Over[field])
	}
	return kept
}

func (p *Progress) draft(field string, answer any, over string) {
	if p.Draft == nil {
		p.Draft = map[string]any{}
	}
	p.Draft[field] = answer
	if over == "" {
		return
	}
	if p.Over == nil {
		p.Over = map[string]string{}
	}
	p.Over[field] = over
}

// digest stands for the answer that a case has to a field.
func (d *Definition) digest(context map[string]any, field string) string {
	value := at(context, field)
	if e := d.asked[field]; e != nil {
		value = e.own(value)
	}
	written, _ := json.Marshal(value) // it was read from JSON
	sum := sha256.Sum256(written)
	return hex.EncodeToString(sum[:8])
}
