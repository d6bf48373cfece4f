package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	jsonsource "ballerine/internal/source"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// rehearsals are a file of whole cases of a workflow.
type rehearsals struct {
	Workflow string      `json:"workflow"`
	Cases    []wholeCase `json:"cases"`
	line     int         // of the workflow's id
	lines    map[int]int // of each case
}

// wholeCase is a case from its start to where it should come to.
type wholeCase struct {
	Name    string         `json:"name"`
	Now     string         `json:"now"`
	Context map[string]any `json:"context"`
	// Documents are those that the case has all along: vendors are asked about them, and guards read their summary.
	Documents []wholeDocument           `json:"documents"`
	Answers   map[string]pretended      `json:"answers"` // by the id of the work
	Events    []workflow.SimulatedEvent `json:"events"`
	Expect    struct {
		State   any            `json:"state"` // one, or a list of all
		Status  string         `json:"status"`
		Tags    []string       `json:"tags"` // that it has, among others
		Context map[string]any `json:"context"`
		Error   string         `json:"error"` // the code with which the last event is refused
	} `json:"expect"`
}

// wholeDocument is a document of a case. Only its kind is required.
type wholeDocument struct {
	ID          string               `json:"id"`
	Kind        string               `json:"kind"`
	Side        string               `json:"side"`
	ContentType string               `json:"content_type"`
	Size        int64                `json:"size"`
	SHA256      string               `json:"sha256"`
	Status      cases.DocumentStatus `json:"status"`
}

// documents are what vendors are asked about, and what guards read. Errors: a kind that the workflow does not collect.
func (c wholeCase) documents(chart *workflow.Workflow) (sent []connector.Document, summary any, problems []string) {
	var known []string
	for _, kind := range chart.Documents {
		known = append(known, kind.Kind)
	}
	all := []cases.Document{}
	for i, d := range c.Documents {
		if !slices.Contains(known, d.Kind) {
			problems = append(problems, fmt.Sprintf("documents[%d].kind is not one that the workflow collects%s", i, meant(d.Kind, known)))
		}
		d.ID = cmp.Or(d.ID, fmt.Sprintf("doc_%d", i+1))
		sum := sha256.Sum256([]byte(d.ID))
		d.ContentType, d.Size = cmp.Or(d.ContentType, "image/jpeg"), cmp.Or(d.Size, 1)
		d.SHA256, d.Status = cmp.Or(d.SHA256, hex.EncodeToString(sum[:])), cmp.Or(d.Status, cases.DocumentReceived)
		sent = append(sent, connector.Document{ID: d.ID, Kind: d.Kind, Side: d.Side, ContentType: d.ContentType, SHA256: d.SHA256, Size: d.Size})
		all = append(all, cases.Document{ID: d.ID, Kind: d.Kind, Side: d.Side, Status: d.Status})
	}
	return sent, cases.DocumentSummary(chart, all), problems
}

// pretended is the simulated result of work: a vendor's answer, a literal result, or a failure.
type pretended struct {
	Status   int             `json:"status"`
	Body     json.RawMessage `json:"body"`
	Callback json.RawMessage `json:"callback"`
	Result   any             `json:"result"`
	Error    string          `json:"error"`

	Calls []connector.Answer `json:"calls"` // instead of status and body, of a plugin with several calls
}

// answers are those to the calls of a vendor.
func (p pretended) answers() []connector.Answer {
	if len(p.Calls) > 0 {
		return p.Calls
	}
	return []connector.Answer{{Status: p.Status, Body: p.Body}}
}

// maxAnswers bounds the work of one case: a chart may go round for ever.
const maxAnswers = 1000

// readRehearsals reads a file of tests/; it is read when there are no problems.
func readRehearsals(file string, text []byte) (r rehearsals, found problem.Diagnostics) {
	var document any
	var node yaml.Node
	wrong := func(format string, args ...any) problem.Diagnostics {
		return problem.Diagnostics{{File: file, Line: 1, Column: 1, Code: "tests", Message: fmt.Sprintf(format, args...), Severity: problem.SeverityError}}
	}
	if err := errors.Join(yaml.Unmarshal(text, &node), yaml.Unmarshal(text, &document)); err != nil || len(node.Content) != 1 {
		return r, wrong("this is not YAML with whole cases of a workflow")
	}
	if found := unknownKeys(file, node.Content[0], reflect.TypeFor[rehearsals]()); len(found) > 0 {
		return r, found
	}
	encoded, err := json.Marshal(document)
	if err != nil {
		return r, wrong("the keys must be strings")
	}
	for _, f := range jsonsource.JSONFaults(encoded) {
		return r, wrong("%s: %s", f.Path, f.Message)
	}
	if err := json.Unmarshal(encoded, &r); err != nil {
		return r, wrong("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if r.Workflow == "" || len(r.Cases) == 0 {
		return r, wrong("the keys workflow (an id) and cases are required")
	}
	r.lines = map[int]int{}
	members := node.Content[0].Content
	for i := 0; i+1 < len(members); i += 2 {
		switch members[i].Value {
		case "workflow":
			r.line = members[i].Line
		case "cases":
			for at, one := range members[i+1].Content {
				r.lines[at] = one.Line
			}
		}
	}
	return r, nil
}

// world is what a rehearsal has of everything that is not the case itself.
type world struct {
	batch *registry.Batch
	lists listFiles
	sent  []connector.Document // of the case that is run
}

// PolicyVersion implements rules.Versions.
func (w world) PolicyVersion(_ context.Context, _, id string, _ int) (*rules.Policy, error) {
	return w.batch.ParsedPolicy(id)
}

// run returns what differs from what is expected.
func (w world) run(ctx context.Context, chart *workflow.Workflow, c wholeCase) (problems []string) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	if c.Now != "" {
		var err error
		if now, err = readTime(c.Now); err != nil {
			return []string{err.Error()}
		}
	}
	if len(c.Documents) > 0 {
		sent, summary, wrong := c.documents(chart)
		if len(wrong) > 0 {
			return wrong
		}
		w.sent = sent
		if c.Context = maps.Clone(c.Context); c.Context == nil {
			c.Context = map[string]any{}
		}
		if _, given := c.Context["documents"]; !given {
			c.Context["documents"] = summary
		}
	}
	if err := workflow.CheckEvents(c.Events); err != nil {
		for _, f := range problem.As(err).Fields {
			problems = append(problems, "events"+f.Location+": "+f.Message)
		}
		return problems
	}
	rehearsal, line := workflow.Rehearse(chart, c.Context, now)
	left := maxAnswers
	line, problems = w.work(ctx, chart, rehearsal, c, line, &left)
	for i, event := range c.Events {
		if len(problems) > 0 {
			return problems
		}
		before := rehearsal.Step(event)
		if before.Error != nil && (i < len(c.Events)-1 || c.Expect.Error == "") {
			return []string{fmt.Sprintf("events[%d] is refused with %s: %s%s", i, before.Error.Code, before.Error.Message, reasonOf(before.Why))}
		}
		line, problems = w.work(ctx, chart, rehearsal, c, before, &left)
	}
	return append(problems, c.differences(line, rehearsal.Context())...)
}

// work answers what has been invoked until no work is unanswered.
func (w world) work(ctx context.Context, chart *workflow.Workflow, r *workflow.Rehearsal, c wholeCase, line workflow.Line, left *int) (workflow.Line, []string) {
	refused := line.Error
	for {
		var next *statechart.Effect
		for _, effect := range line.Effects {
			if effect.Kind == statechart.EffectInvoke {
				next = &effect
			}
		}
		if next == nil {
			line.Error = refused
			return line, nil
		}
		if *left--; *left < 0 {
			return line, []string{fmt.Sprintf("the case performs work more than %d times", maxAnswers)}
		}
		invocation, ok := chart.Invocation(next.State, next.Work)
		if !ok {
			return line, []string{"there is no work " + next.Work}
		}
		if given := c.Answers[invocation.ID]; given.Result != nil && given.Error == "" {
			if wrong := w.unlike(chart, invocation, given.Result); len(wrong) > 0 {
				return line, wrong
			}
		}
		result, err := w.answer(ctx, r, c, invocation)
		event := workflow.SimulatedEvent{Type: "done.invoke." + next.Work, Payload: result}
		if err != nil {
			if problem.CodeOf(err) == noAnswer {
				return line, []string{err.Error()}
			}
			event = workflow.SimulatedEvent{Type: "error.invoke." + next.Work, Payload: map[string]any{"code": string(problem.CodeOf(err))}}
		}
		if line = r.Step(event); line.Error != nil {
			return line, []string{fmt.Sprintf("the outcome of %s is refused with %s: %s", next.Work, line.Error.Code, line.Error.Message)}
		}
	}
}

// unlike states where a result that a case pretends is not one that the work could return.
func (w world) unlike(chart *workflow.Workflow, i workflow.Invocation, result any) (problems []string) {
	err := w.batch.CheckResult(chart, i, result)
	if err == nil {
		return nil
	}
	for _, f := range problem.As(err).Fields {
		problems = append(problems, fmt.Sprintf("answers.%s.%s: %s", i.ID, f.Location, f.Message))
	}
	if len(problems) == 0 {
		problems = []string{fmt.Sprintf("answers.%s.result: %s", i.ID, problem.As(err).Message)}
	}
	return problems
}

// noAnswer is the code of work for which a case has no answer.
const noAnswer problem.Code = "no_answer"

// answer is the result of work: policies are evaluated, everything else is simulated.
func (w world) answer(ctx context.Context, r *workflow.Rehearsal, c wholeCase, i workflow.Invocation) (any, error) {
	given, ok := c.Answers[i.ID]
	switch {
	case given.Error != "":
		return nil, problem.New(problem.Code(given.Error), "pretended")
	case given.Result != nil:
		return given.Result, nil
	case i.Source == "rules" && !ok:
		return w.decide(ctx, r, i)
	case !ok:
		return nil, problem.New(noAnswer, "answers.%s is missing: the result of this work is not specified; %s", i.ID, suitable(i))
	case i.Source != "vendor":
		return nil, problem.New(noAnswer, "answers.%s needs result or error; %s", i.ID, suitable(i))
	}
	plugin, err := w.batch.ParsedPlugin(i.Name)
	if err != nil {
		return nil, problem.New(noAnswer, "there is no plugin %s", i.Name)
	}
	call := connector.Call{Context: r.Context(), Input: r.Input(i), Documents: w.sent}
	outcome, err := answered(ctx, plugin, call, given.answers())
	if problem.CodeOf(err) == problem.NotFound {
		return nil, problem.New(noAnswer, "answers.%s.calls: %s", i.ID, problem.As(err).Message)
	}
	if err != nil || !outcome.Awaiting {
		return outcome.Result, err
	}
	if given.Callback == nil {
		return nil, problem.New(noAnswer, "answers.%s.callback is missing: the vendor has only accepted the request", i.ID)
	}
	result, _, err := plugin.CalledBack(call, outcome.Accepted, nil, given.Callback)
	return result, err
}

// answered is the result of a vendor's answers.
func answered(ctx context.Context, plugin *connector.Plugin, call connector.Call, answers []connector.Answer) (connector.Outcome, error) {
	if plugin.Several() {
		outcome, _, err := plugin.AnsweredBy(ctx, call, nil, answers)
		return outcome, err
	}
	if _, err := plugin.Preview(ctx, call, nil); err != nil {
		return connector.Outcome{}, err
	}
	return plugin.Answered(ctx, call, answers[0])
}

// suitable shows what a case may state for work.
func suitable(i workflow.Invocation) string {
	if i.Source == "vendor" {
		return fmt.Sprintf("for example {%s: {status: 200, body: {…}}}", i.ID)
	}
	return fmt.Sprintf("for example {%s: {result: {…}}}", i.ID)
}

// decide asks the policy itself.
func (w world) decide(ctx context.Context, r *workflow.Rehearsal, i workflow.Invocation) (any, error) {
	policy, err := w.batch.ParsedPolicy(i.Name)
	if err != nil {
		return nil, problem.New(noAnswer, "there is no policy %s", i.Name)
	}
	options, err := policy.Open(rules.NewLibrary(ctx, "", w, w.lists), rules.Seen{})
	if err != nil {
		return nil, problem.New(noAnswer, "the policy %s cannot be evaluated: %v", i.Name, err)
	}
	options.Now = r.Now()
	answer, err := policy.Evaluate(r.Input(i), options)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("write an answer: %w", err)
	}
	var value any
	return value, json.Unmarshal(text, &value)
}

// reasonOf is a refusal in words, to go on with.
func reasonOf(why *statechart.Refusal) string {
	if why == nil {
		return ""
	}
	text := " (" + why.Reason
	if len(why.Reads) > 0 {
		text += "; it reads " + strings.Join(why.Reads, ", ")
	}
	return text + ")"
}

func (c wholeCase) differences(line workflow.Line, context map[string]any) (problems []string) {
	code := ""
	if line.Error != nil {
		code = line.Error.Code
	}
	if code != c.Expect.Error {
		problems = append(problems, fmt.Sprintf("the last event is refused with %q, expected %q", code, c.Expect.Error))
	}
	var want []string
	switch state := c.Expect.State.(type) {
	case string:
		want = []string{state}
	case []any:
		for _, one := range state {
			want = append(want, fmt.Sprint(one))
		}
	}
	if want != nil && !slices.Equal(line.Configuration, want) {
		problems = append(problems, fmt.Sprintf("state is %s, expected %s", strings.Join(line.Configuration, ", "), strings.Join(want, ", ")))
	}
	if c.Expect.Status != "" && string(line.Status) != c.Expect.Status {
		problems = append(problems, fmt.Sprintf("status is %s, expected %s", line.Status, c.Expect.Status))
	}
	for _, tag := range c.Expect.Tags {
		if !slices.Contains(line.Tags, tag) {
			problems = append(problems, "the tag "+tag+" is missing")
		}
	}
	if c.Expect.Context != nil {
		problems = append(problems, connector.Differences("context", context, c.Expect.Context)...)
	}
	return problems
}
