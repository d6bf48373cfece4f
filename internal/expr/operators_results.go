package expr

import (
	"maps"
	"slices"
	"strings"

	"ballerine/internal/text"
)

// resultMembers are what operators read in a vendor's result, in all spellings.
var resultMembers = map[string][]string{
	"status": {"status", "decision", "verdict"},
	"reason": {"reasons", "reason", "reason_codes", "reasonCodes", "reason_code", "reasonCode"},
	"score":  {"name_match_score", "nameMatchScore", "match_score", "matchScore", "confidence", "score"},
}

const wantsResult = "a status, a list of them, or an object of status, reason (a text or a list of texts) and score_below (a number)"

// checkedResult examines the result of a vendor's check: an identity verification, a verification of a bank account. All
// expected members must match.
func checkedResult(field node, value any) (node, bool) {
	settings, many := value.(map[string]any)
	if !many {
		settings = map[string]any{"status": value}
	}
	n := resultNode{result: field}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		switch name {
		case "status", "reason":
			texts, ok := textsOf(settings[name])
			if !ok || len(texts) == 0 {
				return nil, false
			}
			n.tests = append(n.tests, resultTest{spellings: resultMembers[name], texts: allAlike(texts)})
		case "score_below":
			below, ok, good := number(settings[name])
			if !ok || !good {
				return nil, false
			}
			n.tests = append(n.tests, resultTest{spellings: resultMembers["score"], below: below})
		default:
			return nil, false
		}
	}
	return n, len(n.tests) > 0
}

// alike makes texts of vendors alike: "Not Verified", "not_verified" and "NOT-VERIFIED" are one.
func alike(word string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '_', '-':
			return -1
		}
		return r
	}, text.Fold(word))
}

func allAlike(texts []string) []string {
	folded := make([]string, len(texts))
	for i, text := range texts {
		folded[i] = alike(text)
	}
	return folded
}

// resultTest is one thing that a result must have.
type resultTest struct {
	spellings []string
	texts     []string // one of the member's texts is one of these; nil: the number is below
	below     float64
}

// resultNode: the result meets all tests. What it does not have is unknown.
type resultNode struct {
	result node
	tests  []resultTest
}

func (n resultNode) eval(env *Env) any {
	v := n.result.eval(env)
	if isUnknown(v) {
		return v
	}
	object, ok := v.(map[string]any)
	if !ok {
		return env.because("the result of a check is an object, not " + kind(v))
	}
	all := True
	for i := range n.tests {
		all = all.And(n.tests[i].of(env, object))
	}
	return value(all)
}

func (t *resultTest) of(env *Env, object map[string]any) Truth {
	v, there := spelled(object, t.spellings)
	if !there {
		env.because("the result does not have " + t.spellings[0])
		return Unknown
	}
	if t.texts == nil {
		return compare(env, less, v, t.below)
	}
	texts, ok := textsOf(v)
	if !ok {
		env.because(t.spellings[0] + " is text or a list of texts, not " + kind(v))
		return Unknown
	}
	return Of(slices.ContainsFunc(texts, func(text string) bool { return slices.Contains(t.texts, alike(text)) }))
}

// spelled is the first of an object's members that exists and is not null.
func spelled(object map[string]any, spellings []string) (any, bool) {
	for _, name := range spellings {
		if v := object[name]; v != nil {
			return v, true
		}
	}
	return nil, false
}

const wantsCategories = "a category, a list of them, or an object of categories and min_score"

// hitOfCategory looks for a screening hit of one of some categories, with a score from min_score on.
func hitOfCategory(field node, value any) (node, bool) {
	settings, many := value.(map[string]any)
	if !many {
		settings = map[string]any{"categories": value}
	}
	n := categoryNode{hits: field}
	for name, setting := range settings {
		switch name {
		case "categories":
			texts, ok := textsOf(setting)
			if !ok {
				return nil, false
			}
			n.categories = allAlike(texts)
		case "min_score":
			least, ok, good := number(setting)
			if !ok || !good {
				return nil, false
			}
			n.least, n.scored = least, true
		default:
			return nil, false
		}
	}
	return n, len(n.categories) > 0
}

// categoryNode: one of the hits is of one of the categories. A hit without categories is unknown.
type categoryNode struct {
	hits       node
	categories []string // folded
	least      float64
	scored     bool
}

func (n categoryNode) eval(env *Env) any {
	return anyHit(env, n.hits, func(hit any) Truth { return n.one(env, hit) })
}

func (n categoryNode) one(env *Env, hit any) Truth {
	object, ok := hit.(map[string]any)
	if !ok {
		env.because("a hit is an object, not " + kind(hit))
		return Unknown
	}
	is := n.category(env, object)
	if !n.scored {
		return is
	}
	score, there := object["score"]
	if !there {
		env.because("a hit does not have score")
		return is.And(Unknown)
	}
	return is.And(compare(env, greaterEqual, score, n.least))
}

// category evaluates a hit's own category (category: pep), and its members (pep: […], sanctions: true).
func (n categoryNode) category(env *Env, hit map[string]any) Truth {
	reported := false
	for _, name := range []string{"category", "categories", "type", "types"} {
		texts, ok := textsOf(hit[name])
		reported = reported || ok
		if slices.ContainsFunc(texts, func(text string) bool { return slices.Contains(n.categories, alike(text)) }) {
			return True
		}
	}
	for category, spellings := range categories {
		v, there := spelled(hit, spellings)
		reported = reported || there
		if there && slices.Contains(n.categories, alike(category)) && v != false && v != 0.0 && nonEmpty(v) {
			return True
		}
	}
	if !reported {
		env.because("a hit does not tell its category")
		return Unknown
	}
	return False
}
