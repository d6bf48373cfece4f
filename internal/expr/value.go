package expr

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// Truth is a value of Kleene's three-valued logic. Its zero value is Unknown, so that no value is true by accident.
type Truth int8

// The three truths.
const (
	Unknown Truth = iota
	False
	True
)

func (t Truth) String() string { return [...]string{"unknown", "false", "true"}[t] }

// Not of unknown is unknown.
func (t Truth) Not() Truth { return [...]Truth{Unknown, True, False}[t] }

// And is false when either is false, true when both are, else unknown.
func (t Truth) And(u Truth) Truth {
	if t == False || u == False {
		return False
	}
	return min(t, u) // Unknown < True
}

// Or is true when either is true, false when both are, else unknown.
func (t Truth) Or(u Truth) Truth { return t.Not().And(u.Not()).Not() }

// Of a bool.
func Of(b bool) Truth {
	if b {
		return True
	}
	return False
}

// Scope returns the values of top-level names.
type Scope interface {
	// Lookup returns the value of a top-level name.
	Lookup(name string) (value any, ok bool)
	// Data returns everything as one document, for JMESPath and JSON Schema. It must not be changed.
	Data() map[string]any
}

// Map is a Scope over a document.
type Map map[string]any

// Lookup implements Scope.
func (m Map) Lookup(name string) (any, bool) { v, ok := m[name]; return v, ok }

// Data implements Scope.
func (m Map) Data() map[string]any { return m }

// Layers is a Scope of documents in order of precedence: the first that has a name provides its value.
type Layers []map[string]any

// Lookup implements Scope.
func (l Layers) Lookup(name string) (any, bool) {
	for _, layer := range l {
		if v, ok := layer[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// Data implements Scope.
func (l Layers) Data() map[string]any {
	merged := map[string]any{}
	for i := len(l) - 1; i >= 0; i-- {
		for name, value := range l[i] {
			merged[name] = value
		}
	}
	return merged
}

// Env is what one evaluation sees. It must not be shared by evaluations that run at the same time.
type Env struct {
	Scope    Scope
	Now      time.Time
	Location *time.Location // of dates; nil is UTC
	Lists    map[string]List
	Host     any // for conditions that are evaluated elsewhere

	missing []string
	reason  string

	early bool // no part of a decision is known yet, see settle

	found []found // see Bound; nil: paths are looked up when they are met
}

// Verdict is the outcome of a condition.
type Verdict struct {
	Truth   Truth
	Missing []string // paths that were needed and not there, in the order they were met
	Reason  string   // why it is unknown, when not (only) because something is missing; no values
}

// unknown marks a value that could not be computed. It never leaves the package.
type unknown struct{}

// because records why a value is unknown (the first reason is kept) and returns the unknown value.
func (e *Env) because(reason string) any {
	if e.reason == "" {
		e.reason = reason
	}
	return unknown{}
}

func (e *Env) lacks(path string) any {
	for _, known := range e.missing {
		if known == path {
			return unknown{}
		}
	}
	e.missing = append(e.missing, path)
	return unknown{}
}

func (e *Env) location() *time.Location {
	if e.Location == nil {
		return time.UTC
	}
	return e.Location
}

// exact is the largest whole number that a float64 holds and that no other whole number is rounded to.
const exact = 1<<53 - 1

// number reads a JSON number. ok is false for other types; good is false for one that a float64 does not hold exactly.
func number(v any) (n float64, ok, good bool) {
	switch v := v.(type) {
	case float64:
		return v, true, !math.IsNaN(v) && !math.IsInf(v, 0) && math.Abs(v) <= exact
	case int:
		return float64(v), true, v <= exact && v >= -exact
	case int64:
		return float64(v), true, v <= exact && v >= -exact
	case json.Number:
		f, err := strconv.ParseFloat(string(v), 64)
		return f, err == nil, err == nil && math.Abs(f) <= exact
	}
	return 0, false, false
}

// kind names the type of a value for reasons.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case string:
		return "text"
	case time.Time:
		return "a date"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	if _, ok, _ := number(v); ok {
		return "a number"
	}
	return "something else"
}
