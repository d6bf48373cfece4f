// Package asltest validates state machine definitions in tests, more strictly than the published validators.
package asltest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"ballerine/internal/problem"
)

// Limits and names of Step Functions, stated here a second time: a check that shared them with the compiler would share
// its mistakes.
const (
	maxDefinition  = 1 << 20 // bytes
	maxName        = 80      // characters
	resourceInvoke = "arn:aws:states:::lambda:invoke"
	resourceToken  = "arn:aws:states:::lambda:invoke.waitForTaskToken"
)

// Check finds mistakes of a machine definition, all of them at once, also those that the published validators miss:
// misspelt resources, paths without ".$", tokens that are never passed or never time out, catchers that hide others.
// Line and Column are not known; Path is the place.
func Check(definition []byte) problem.Diagnostics {
	c := &checker{}
	if len(definition) > maxDefinition {
		c.report("$", "too_large", "the definition is larger than 1 MB", "")
	}
	var machine map[string]any
	if err := json.Unmarshal(definition, &machine); err != nil {
		c.report("$", "malformed_json", "the definition is not a JSON object", "")
		return c.found
	}
	c.names = map[string]bool{}
	c.duplicates(definition)
	c.machine("", machine)
	return c.found
}

// machine checks the whole definition, or a branch: its states lead to each other only.
func (c *checker) machine(place string, machine map[string]any) {
	outer := c.states
	defer func() { c.states = outer }()
	start, _ := machine["StartAt"].(string)
	c.states = map[string]map[string]any{}
	states, _ := machine["States"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(states)) {
		c.states[name], _ = states[name].(map[string]any)
		if c.names[name] {
			c.report(place+"States."+name, "duplicate_name", "two states have this name", "names are unique in the whole machine, branches included")
		}
		c.names[name] = true
	}
	c.target(place+"StartAt", start)
	for _, name := range slices.Sorted(maps.Keys(c.states)) {
		c.state(place+"States."+name, name, c.states[name])
	}
	c.unreachable(place, start)
}

type checker struct {
	names  map[string]bool // of all machines
	states map[string]map[string]any
	found  problem.Diagnostics
}

func (c *checker) report(path, code, message, hint string) {
	c.found = append(c.found, problem.Diagnostic{Path: path, Code: code, Message: message, Hint: hint})
}

func (c *checker) target(path, name string) {
	if _, ok := c.states[name]; !ok {
		c.report(path, "unknown_state", "there is no state of this name", "names are compared exactly, with their case")
	}
}

// duplicates finds two states of one name: a JSON decoder keeps only the last.
func (c *checker) duplicates(definition []byte) {
	decoder := json.NewDecoder(strings.NewReader(string(definition)))
	var walk func(depth int, inStates bool) bool
	walk = func(depth int, inStates bool) bool {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		open, isDelim := token.(json.Delim)
		if !isDelim {
			return true
		}
		seen := map[string]bool{}
		for decoder.More() {
			key := ""
			if open == '{' {
				token, err := decoder.Token()
				if err != nil {
					return false
				}
				key, _ = token.(string)
				if seen[key] && inStates {
					c.report("States."+key, "duplicate_name", "two states have this name", "")
				}
				seen[key] = true
			}
			if !walk(depth+1, key == "States") {
				return false
			}
		}
		_, err = decoder.Token()
		return err == nil
	}
	walk(0, false)
}

func (c *checker) state(place, name string, s map[string]any) {
	if name == "" || utf8.RuneCountInString(name) > maxName {
		c.report(place, "name_length", "a state's name has 1 to 80 characters", "")
	}
	kind, _ := s["Type"].(string)
	next, hasNext := s["Next"].(string)
	end, _ := s["End"].(bool)
	if hasNext {
		c.target(place+".Next", next)
	}
	switch kind {
	case "Task", "Pass", "Wait", "Parallel", "Map":
		if hasNext == end {
			c.report(place, "next_or_end", "the state has either Next or End", "")
		}
	case "Choice", "Succeed", "Fail":
		if hasNext || end {
			c.report(place, "next_or_end", "a "+kind+" has neither Next nor End", "")
		}
	default:
		c.report(place+".Type", "unknown_type", "there is no such type of state", "types are compared with their case")
	}
	c.paths(place, s)
	switch kind {
	case "Choice":
		c.choice(place, s)
	case "Task":
		c.task(place, s)
	case "Parallel":
		c.parallel(place, s)
	}
}

func (c *checker) parallel(place string, s map[string]any) {
	branches, _ := s["Branches"].([]any)
	if len(branches) == 0 {
		c.report(place+".Branches", "required", "a Parallel needs branches", "")
	}
	for i, item := range branches {
		branch, _ := item.(map[string]any)
		c.machine(fmt.Sprintf("%s.Branches[%d].", place, i), branch)
	}
	c.handlers(place+".Retry", s["Retry"], false)
	c.handlers(place+".Catch", s["Catch"], true)
}

func (c *checker) choice(place string, s map[string]any) {
	choices, _ := s["Choices"].([]any)
	if len(choices) == 0 {
		c.report(place+".Choices", "required", "a Choice needs at least one rule", "")
	}
	seen := map[string]bool{}
	for _, item := range choices {
		rule, _ := item.(map[string]any)
		next, _ := rule["Next"].(string)
		c.target(place+".Choices", next)
		variable, _ := rule["Variable"].(string)
		value, isText := rule["StringEquals"].(string)
		key := variable + "\x00" + value
		if isText && seen[key] {
			c.report(place+".Choices", "shadowed", "two rules ask the same, the second is never taken", "")
		}
		seen[key] = isText
	}
	fallback, ok := s["Default"].(string)
	if !ok {
		c.report(place+".Default", "required", "a Choice without a Default fails on unexpected input", "")
		return
	}
	c.target(place+".Default", fallback)
}

// resources that are known to be spelt right.
var resources = []string{resourceInvoke, resourceToken}

func (c *checker) task(place string, s map[string]any) {
	resource, _ := s["Resource"].(string)
	if !slices.Contains(resources, resource) {
		c.report(place+".Resource", "unknown_resource", "the resource is not one that the machines use", "known are "+strings.Join(resources, " and "))
	}
	parameters, _ := s["Parameters"].(map[string]any)
	_, named := parameters["FunctionName"].(string)
	_, namedByPath := parameters["FunctionName.$"].(string)
	if !named && !namedByPath {
		c.report(place+".Parameters.FunctionName", "required", "the function is not named", "")
	}
	timeout, hasTimeout := s["TimeoutSeconds"].(float64)
	_, hasTimeoutPath := s["TimeoutSecondsPath"].(string)
	if strings.HasSuffix(resource, ".waitForTaskToken") {
		if !passesToken(parameters) {
			c.report(place+".Parameters", "token_not_passed", "the task waits for a token that it never passes", `pass it: "token.$": "$$.Task.Token"`)
		}
		if !hasTimeout && !hasTimeoutPath {
			c.report(place, "token_without_timeout", "the task waits for a token without an end", "add TimeoutSeconds or TimeoutSecondsPath")
		}
	}
	if hasTimeout && hasTimeoutPath {
		c.report(place, "two_timeouts", "TimeoutSeconds and TimeoutSecondsPath exclude each other", "")
	}
	if heartbeat, ok := s["HeartbeatSeconds"].(float64); ok && hasTimeout && heartbeat >= timeout {
		c.report(place+".HeartbeatSeconds", "heartbeat_too_long", "HeartbeatSeconds must be smaller than TimeoutSeconds", "")
	}
	c.handlers(place+".Retry", s["Retry"], false)
	c.handlers(place+".Catch", s["Catch"], true)
}

func passesToken(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			if (strings.HasSuffix(name, ".$") && inner == "$$.Task.Token") || passesToken(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, passesToken)
	}
	return false
}

// handlers checks Retry and Catch: States.ALL is alone and last, and no error name is repeated.
func (c *checker) handlers(place string, value any, catch bool) {
	list, _ := value.([]any)
	seen := map[string]bool{}
	for i, item := range list {
		handler, _ := item.(map[string]any)
		names, _ := handler["ErrorEquals"].([]any)
		if len(names) == 0 {
			c.report(place, "required", "ErrorEquals lists no error", "")
		}
		for _, value := range names {
			name, _ := value.(string)
			if name == "States.ALL" && (len(names) > 1 || i < len(list)-1) {
				c.report(place, "all_not_last", "States.ALL must be alone and last", "")
			}
			if seen[name] {
				c.report(place, "shadowed", "an error is in two handlers, the second never gets it", "")
			}
			if strings.HasPrefix(name, "States.") && !slices.Contains(errorNames, name) {
				c.report(place, "unknown_error", "there is no such error of Step Functions", "")
			}
			seen[name] = true
		}
		if catch {
			next, _ := handler["Next"].(string)
			c.target(place, next)
			continue
		}
		interval, hasInterval := handler["IntervalSeconds"].(float64)
		most, hasMost := handler["MaxDelaySeconds"].(float64)
		if hasMost && hasInterval && most <= interval {
			c.report(place, "delay_too_short", "MaxDelaySeconds must be greater than IntervalSeconds", "")
		}
		if rate, ok := handler["BackoffRate"].(float64); ok && rate < 1 {
			c.report(place, "backoff_rate", "BackoffRate must be at least 1", "")
		}
	}
}

var errorNames = []string{
	"States.ALL", "States.Timeout", "States.HeartbeatTimeout", "States.TaskFailed", "States.Permissions", "States.DataLimitExceeded",
	"States.Runtime", "States.ResultPathMatchFailure", "States.ParameterPathFailure", "States.BranchFailed", "States.NoChoiceMatched",
	"States.IntrinsicFailure", "States.ExceedToleratedFailureThreshold", "States.ItemReaderFailed", "States.ResultWriterFailed",
}

// paths finds members of Parameters and ResultSelector whose value is a path but whose name does not mark it, and the
// other way round.
func (c *checker) paths(place string, s map[string]any) {
	var walk func(place string, value any)
	walk = func(place string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				text, isText := v[name].(string)
				looksLikePath := isText && (strings.HasPrefix(text, "$.") || strings.HasPrefix(text, "$$.") || strings.HasPrefix(text, "$[") || text == "$")
				if strings.HasSuffix(name, ".$") {
					if !looksLikePath && !(isText && strings.HasPrefix(text, "States.")) {
						c.report(place+"."+name, "not_a_path", "the name ends in .$ but the value is no path", "")
					}
				} else if looksLikePath {
					c.report(place+"."+name, "path_without_suffix", "the value is a path, but the name does not end in .$: the text itself would be sent", "")
				}
				walk(place+"."+name, v[name])
			}
		case []any:
			for _, inner := range v {
				walk(place, inner)
			}
		}
	}
	for _, field := range []string{"Parameters", "ResultSelector"} {
		walk(place+"."+field, s[field])
	}
}

func (c *checker) unreachable(place, start string) {
	reached := map[string]bool{}
	open := []string{start}
	for len(open) > 0 {
		name := open[len(open)-1]
		open = open[:len(open)-1]
		s, ok := c.states[name]
		if !ok || reached[name] {
			continue
		}
		reached[name] = true
		open = append(open, targets(s)...)
	}
	for _, name := range slices.Sorted(maps.Keys(c.states)) {
		if !reached[name] {
			c.report(place+"States."+name, "unreachable", "no state leads here", "")
		}
	}
}

func targets(s map[string]any) (names []string) {
	add := func(value any) {
		if name, ok := value.(string); ok {
			names = append(names, name)
		}
	}
	add(s["Next"])
	add(s["Default"])
	for _, field := range []string{"Choices", "Catch"} {
		list, _ := s[field].([]any)
		for _, item := range list {
			inner, _ := item.(map[string]any)
			add(inner["Next"])
		}
	}
	return names
}
