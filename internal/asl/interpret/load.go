package interpret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"ballerine/internal/problem"
)

// Machine is a loaded definition: immutable, safe for concurrent use.
type Machine struct {
	startAt string
	states  map[string]*state
	timeout time.Duration // of an Express machine; 0: none
}

type state struct {
	name, kind string
	next       string // "" ends the execution

	input, output  *path // nil: $
	parameters     *template
	resultSelector *template
	resultPath     *path // nil: $
	discardResult  bool  // ResultPath null

	token                      bool  // waitForTaskToken
	timeout, heartbeat         int64 // seconds, 0: none
	timeoutPath, heartbeatPath *path
	retry                      []retrier
	catch                      []catcher

	choices  []rule
	fallback string

	seconds       int64
	secondsPath   *path
	timestamp     string
	timestampPath *path

	branches []*Machine

	result       any
	hasResult    bool
	error, cause string
}

type retrier struct {
	ErrorEquals     []string
	IntervalSeconds *float64
	MaxAttempts     *int
	BackoffRate     *float64
	MaxDelaySeconds *float64
	JitterStrategy  string
}

type catcher struct {
	errorEquals []string
	resultPath  *path
	discard     bool
	next        string
}

// rule is a Choice's condition: exactly one of equals (with variable), and, or, not.
type rule struct {
	variable *path
	equals   string
	and, or  []rule
	not      *rule
	next     string
}

// The resources that the compiler uses.
const (
	resourceInvoke = "arn:aws:states:::lambda:invoke"
	resourceToken  = "arn:aws:states:::lambda:invoke.waitForTaskToken"
)

// fields are the members that each type of state may have here. Comment, Type, Next and End are read for all that have them.
var fields = map[string][]string{
	"Task": {
		"Type", "Comment", "Next", "End", "Resource", "Parameters", "InputPath", "OutputPath", "ResultPath", "ResultSelector",
		"TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath", "Retry", "Catch",
	},
	"Choice":   {"Type", "Comment", "Choices", "Default", "InputPath", "OutputPath"},
	"Pass":     {"Type", "Comment", "Next", "End", "Result", "Parameters", "InputPath", "OutputPath", "ResultPath"},
	"Wait":     {"Type", "Comment", "Next", "End", "Seconds", "SecondsPath", "Timestamp", "TimestampPath", "InputPath", "OutputPath"},
	"Parallel": {"Type", "Comment", "Next", "End", "Branches", "InputPath", "OutputPath", "ResultPath"},
	"Succeed":  {"Type", "Comment", "InputPath", "OutputPath"},
	"Fail":     {"Type", "Comment", "Error", "Cause"},
}

var substitution = regexp.MustCompile(`\$\{([A-Za-z0-9]+)\}`)

// Load reads a definition, its ${Name} substitutions replaced. Everything that the interpreter does not know, it refuses
// by name: the error is problem.Invalid with all places.
func Load(definition []byte, substitutions map[string]string) (*Machine, error) {
	l := &loader{problems: problem.New(problem.Invalid, "The interpreter cannot run this state machine.")}
	text := substitution.ReplaceAllFunc(definition, func(found []byte) []byte {
		name := string(found[2 : len(found)-1])
		value, ok := substitutions[name]
		if !ok {
			l.fault("$", "substitution", "there is no value for ${%s}", name)
			return found
		}
		quoted, _ := json.Marshal(value) // a string is always JSON
		return quoted[1 : len(quoted)-1]
	})
	m := l.machine(text)
	if len(l.problems.Fields) > 0 {
		return nil, l.problems
	}
	return m, nil
}

type loader struct{ problems *problem.Error }

func (l *loader) fault(place, code, format string, args ...any) {
	l.problems.With(place, code, format, args...)
}

func (l *loader) machine(text []byte) *Machine {
	root, err := decodeValue(text)
	object, ok := root.(map[string]any)
	if err != nil || !ok {
		l.fault("$", "malformed_json", "the definition is not a JSON object")
		return &Machine{states: map[string]*state{}}
	}
	l.only("$", object, "Comment", "StartAt", "States", "TimeoutSeconds", "QueryLanguage", "Version")
	if language := l.text("$", object, "QueryLanguage"); language != "" && language != "JSONPath" {
		l.fault("QueryLanguage", "unsupported", "only JSONPath is supported")
	}
	m := l.states("", object)
	m.timeout = time.Duration(l.seconds("$", object, "TimeoutSeconds")) * time.Second
	return m
}

// states reads StartAt and States of a definition or of a branch, whose states lead to each other only.
func (l *loader) states(place string, object map[string]any) *Machine {
	m := &Machine{states: map[string]*state{}}
	m.startAt = l.text(place, object, "StartAt")
	states, _ := object["States"].(map[string]any)
	for _, name := range sortedKeys(states) {
		inner, ok := states[name].(map[string]any)
		if !ok {
			l.fault(place+"States."+name, "type", "a state must be an object")
			continue
		}
		m.states[name] = l.state(place+"States."+name, name, inner)
	}
	if m.states[m.startAt] == nil {
		l.fault(place+"StartAt", "unknown", "StartAt does not name a state")
	}
	for _, name := range sortedKeys(m.states) {
		for _, target := range m.states[name].targets() {
			if m.states[target] == nil {
				l.fault(place+"States."+name, "unknown", "there is no state %q", target)
			}
		}
	}
	return m
}

func (l *loader) state(place, name string, object map[string]any) *state {
	s := &state{name: name, kind: l.text(place, object, "Type")}
	known, ok := fields[s.kind]
	if !ok {
		l.fault(place+".Type", "unsupported", "states of type %q are not supported", s.kind)
		return s
	}
	l.only(place, object, known...)
	s.next = l.text(place, object, "Next")
	end, _ := object["End"].(bool)
	if slices.Contains(known, "Next") && end == (s.next != "") {
		l.fault(place, "required", "a %s must have either Next or End", s.kind)
	}
	s.input, _ = l.path(place, object, "InputPath")
	s.output, _ = l.path(place, object, "OutputPath")
	s.resultPath, s.discardResult = l.path(place, object, "ResultPath")
	s.error, s.cause = l.text(place, object, "Error"), l.text(place, object, "Cause")
	switch s.kind {
	case "Task":
		l.task(place, object, s)
	case "Choice":
		s.fallback = l.text(place, object, "Default")
		list, _ := object["Choices"].([]any)
		for _, item := range list {
			s.choices = append(s.choices, l.rule(place+".Choices", item, true))
		}
	case "Parallel":
		l.branches(place, object, s)
	case "Pass":
		s.result, s.hasResult = object["Result"]
		s.parameters = l.template(place, object, "Parameters")
	case "Wait":
		s.seconds = l.seconds(place, object, "Seconds")
		s.secondsPath, _ = l.path(place, object, "SecondsPath")
		s.timestamp = l.text(place, object, "Timestamp")
		s.timestampPath, _ = l.path(place, object, "TimestampPath")
	}
	return s
}

func (l *loader) branches(place string, object map[string]any, s *state) {
	list, _ := object["Branches"].([]any)
	if len(list) == 0 {
		l.fault(place+".Branches", "required", "a Parallel must have branches")
	}
	for i, item := range list {
		inner, _ := item.(map[string]any)
		at := fmt.Sprintf("%s.Branches[%d].", place, i)
		l.only(at, inner, "Comment", "StartAt", "States")
		s.branches = append(s.branches, l.states(at, inner))
	}
}

func (l *loader) task(place string, object map[string]any, s *state) {
	switch resource := l.text(place, object, "Resource"); resource {
	case resourceInvoke:
	case resourceToken:
		s.token = true
	default:
		l.fault(place+".Resource", "unsupported", "the resource %q is not supported", resource)
	}
	s.parameters = l.template(place, object, "Parameters")
	if parameters, ok := object["Parameters"].(map[string]any); !ok || parameters["FunctionName"] == nil {
		l.fault(place+".Parameters", "required", "Parameters must name the function in FunctionName")
	} else {
		l.only(place+".Parameters", parameters, "FunctionName", "Payload", "Payload.$")
	}
	s.resultSelector = l.template(place, object, "ResultSelector")
	s.timeout, s.heartbeat = l.seconds(place, object, "TimeoutSeconds"), l.seconds(place, object, "HeartbeatSeconds")
	s.timeoutPath, _ = l.path(place, object, "TimeoutSecondsPath")
	s.heartbeatPath, _ = l.path(place, object, "HeartbeatSecondsPath")
	l.retriers(place+".Retry", object["Retry"], s)
	list, _ := object["Catch"].([]any)
	for _, item := range list {
		inner, _ := item.(map[string]any)
		l.only(place+".Catch", inner, "ErrorEquals", "ResultPath", "Next", "Comment")
		c := catcher{next: l.text(place+".Catch", inner, "Next"), errorEquals: l.names(place+".Catch", inner)}
		c.resultPath, c.discard = l.path(place+".Catch", inner, "ResultPath")
		s.catch = append(s.catch, c)
	}
}

func (l *loader) retriers(place string, value any, s *state) {
	if value == nil {
		return
	}
	text, _ := json.Marshal(value) // it was decoded from JSON
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s.retry); err != nil {
		l.fault(place, "unsupported", "the retriers are not valid: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	for _, r := range s.retry {
		if len(r.ErrorEquals) == 0 {
			l.fault(place, "required", "ErrorEquals lists no error")
		}
		if r.JitterStrategy != "" && r.JitterStrategy != "NONE" && r.JitterStrategy != "FULL" {
			l.fault(place, "unsupported", "JitterStrategy %q is not supported", r.JitterStrategy)
		}
	}
}

func (l *loader) rule(place string, value any, top bool) rule {
	object, _ := value.(map[string]any)
	var r rule
	if top {
		r.next = l.text(place, object, "Next")
	}
	list := func(name string) (rules []rule) {
		items, _ := object[name].([]any)
		for _, item := range items {
			rules = append(rules, l.rule(place+"."+name, item, false))
		}
		if len(rules) == 0 {
			l.fault(place+"."+name, "required", "%s needs rules", name)
		}
		return rules
	}
	switch {
	case object["And"] != nil:
		l.only(place, object, "And", "Next", "Comment")
		r.and = list("And")
	case object["Or"] != nil:
		l.only(place, object, "Or", "Next", "Comment")
		r.or = list("Or")
	case object["Not"] != nil:
		l.only(place, object, "Not", "Next", "Comment")
		inner := l.rule(place+".Not", object["Not"], false)
		r.not = &inner
	default:
		l.only(place, object, "Variable", "StringEquals", "Next", "Comment")
		r.variable, _ = l.path(place, object, "Variable")
		r.equals = l.text(place, object, "StringEquals")
		if _, ok := object["StringEquals"]; !ok || r.variable == nil {
			l.fault(place, "unsupported", "a rule must compare a Variable with StringEquals, or be And, Or or Not")
		}
	}
	return r
}

// only refuses members that are not named.
func (l *loader) only(place string, object map[string]any, names ...string) {
	for _, name := range sortedKeys(object) {
		if !slices.Contains(names, name) {
			l.fault(place+"."+name, "unsupported", "%s is not supported here", name)
		}
	}
}

func (l *loader) text(place string, object map[string]any, name string) string {
	value, exists := object[name]
	text, ok := value.(string)
	if exists && !ok {
		l.fault(place+"."+name, "type", "%s must be a string", name)
	}
	return text
}

func (l *loader) names(place string, object map[string]any) (names []string) {
	list, _ := object["ErrorEquals"].([]any)
	for _, item := range list {
		name, _ := item.(string)
		names = append(names, name)
	}
	if len(names) == 0 || slices.Contains(names, "") {
		l.fault(place+".ErrorEquals", "required", "ErrorEquals must list errors")
	}
	return names
}

func (l *loader) seconds(place string, object map[string]any, name string) int64 {
	value, exists := object[name]
	if !exists {
		return 0
	}
	seconds, ok := wholeNumber(value)
	if !ok || seconds < 1 {
		l.fault(place+"."+name, "type", "%s must be a whole number of seconds, at least 1", name)
	}
	return seconds
}

// path reads an optional path; null states that the member exists and is null.
func (l *loader) path(place string, object map[string]any, name string) (found *path, null bool) {
	value, exists := object[name]
	if !exists {
		return nil, false
	}
	if value == nil && name == "ResultPath" {
		return nil, true
	}
	text, _ := value.(string)
	p, err := parsePath(text)
	if err != nil {
		l.fault(place+"."+name, "unsupported", "%s", err.Error())
		return nil, false
	}
	return &p, false
}

func (l *loader) template(place string, object map[string]any, name string) *template {
	value, exists := object[name]
	if !exists {
		return nil
	}
	t, err := parseTemplate(value)
	if err != nil {
		l.fault(place+"."+name, "unsupported", "%s", err.Error())
	}
	return &t
}

// targets are the states that may follow.
func (s *state) targets() (names []string) {
	if s.next != "" {
		names = append(names, s.next)
	}
	for _, c := range s.catch {
		names = append(names, c.next)
	}
	for _, r := range s.choices {
		names = append(names, r.next)
	}
	if s.fallback != "" {
		names = append(names, s.fallback)
	}
	return names
}

// decodeValue reads one JSON value, numbers kept exactly.
func decodeValue(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, problem.New(problem.MalformedJSON, "There is more than one JSON value.")
	}
	return value, nil
}

// encodeValue writes JSON as Step Functions does: no HTML escapes, sorted members.
func encodeValue(value any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic("states: decoded JSON is always JSON: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func wholeNumber(value any) (int64, bool) {
	n, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	whole, err := n.Int64()
	return whole, err == nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
