package connector

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"ballerine/internal/expr"
)

// Limits of the calls of one attempt.
const (
	maxCalls           = 120 // of an attempt, pages and elements included
	defaultElements    = 10
	defaultConcurrency = 4
)

// severalRoots are the names that only expressions of plugins with several calls see.
var severalRoots = []string{"steps", "item", "index", "items", "pages"}

// step is a call, or one for each element of a list, that is made before the plugin's own request.
type step struct {
	name        string
	unit        *Plugin // the request and how its answer is read
	when        *query  // nil: always
	each        *query  // nil: one call
	most        int     // elements that are asked about
	concurrency int
	partial     partial
	price       *float64 // of one of its calls; nil: the plugin's
}

// partial defines which failures of single elements are recorded instead of failing the attempt.
type partial string

const (
	partialRefused partial = "refused" // what asking again cannot help with
	partialAny     partial = "any"
)

type writtenStep struct {
	ID          string         `json:"id"`
	When        string         `json:"when"`
	Each        string         `json:"each"`
	Most        *int           `json:"most"`
	Concurrency *int           `json:"concurrency"`
	Partial     partial        `json:"partial"`
	Price       *float64       `json:"price"`
	Request     writtenRequest `json:"request"`
	Response    struct {
		Format    string        `json:"format"`
		Success   []int         `json:"success"`
		Retryable []int         `json:"retryable"`
		Schema    any           `json:"schema"`
		Result    any           `json:"result"`
		Pages     *writtenPages `json:"pages"`
	} `json:"response"`
}

// Several reports whether an attempt may make more than one call.
func (p *Plugin) Several() bool { return p.steps != nil || p.pages != nil }

// units are the parts of a plugin that make requests, in their order.
func (p *Plugin) units() (all []*Plugin) {
	for _, s := range p.steps {
		all = append(all, s.unit)
	}
	if !p.callless {
		all = append(all, p)
	}
	return all
}

// several compiles the calls before the request. Each may use what those before it have answered.
func (s *source) several(p *Plugin, written []writtenStep) (all []*step) {
	for i, w := range written {
		s.base, s.extra = "", nil
		if i > 0 {
			s.extra = []string{"steps"}
		}
		if slices.Contains(s.steps, w.ID) {
			s.report(fmt.Sprintf("/steps/%d/id", i), "duplicate", "", "There is a step %s already.", w.ID)
		}
		s.base = fmt.Sprintf("/steps/%d", i)
		all = append(all, s.step(p, w))
		s.steps = append(s.steps, w.ID)
	}
	s.base, s.extra = "", nil
	if len(all) > 0 {
		s.extra = []string{"steps"}
	}
	return all
}

func (s *source) step(p *Plugin, w writtenStep) *step {
	one := &step{name: w.ID, most: defaultElements, concurrency: defaultConcurrency, partial: w.Partial, price: w.Price}
	one.when = s.condition("/when", w.When, s.seeing(stepRoots))
	one.each = s.condition("/each", w.Each, s.seeing(stepRoots))
	if w.Each != "" {
		s.extra = append(slices.Clone(s.extra), "item", "index")
	}
	for _, bound := range []struct {
		key     string
		written *int
		to      *int
	}{{"most", w.Most, &one.most}, {"concurrency", w.Concurrency, &one.concurrency}} {
		switch {
		case bound.written == nil:
		case w.Each == "":
			s.report("/"+bound.key, "not_here", "write each, or remove it", "Without each, a step makes one call.")
		default:
			*bound.to = *bound.written
		}
	}
	if w.Partial != "" && w.Each == "" {
		s.report("/partial", "not_here", "write each, or remove it", "Without each, a step makes one call, which cannot succeed in part.")
	}
	unit := &Plugin{ID: p.ID + ", step " + w.ID, Timeout: p.Timeout, success: w.Response.Success, retryable: w.Response.Retryable, limit: p.limit}
	s.buildRequest(unit, w.Request)
	unit.request = s.schema("/request/schema", w.Request.Schema)
	unit.pages = s.pages(w.Response.Pages, w.Response.Result, unit)
	unit.answer = s.reading("/response", s.paging(unit.pages, answerRoots), w.Response.Schema, w.Response.Result)
	unit.answer.format = w.Response.Format
	one.unit = unit
	return one
}

// stepRoots are the names that when and each of a step see.
var stepRoots = []string{"context", "input", "case", "documents"}

// laterSteps are the problems of an expression that uses a step that is not before it.
func (s *source) laterSteps(expression string) (problems []queryError) {
	if !slices.Contains(s.extra, "steps") {
		return nil
	}
	paths, _ := expr.QueryReads(expression)
	for _, path := range paths {
		if len(path) < 2 || path[0] != "steps" || slices.Contains(s.steps, path[1]) {
			continue
		}
		hint := "before it are " + strings.Join(s.steps, ", ")
		if near := expr.Suggest(path[1], s.steps); near != "" {
			hint = "did you mean " + near + "?"
		}
		problems = append(problems, queryError{max(0, strings.Index(expression, path[1])), "unknown_step", fmt.Sprintf("There is no step %s before this.", path[1]), hint})
	}
	return problems
}

// checkCallless reports what a plugin without a request of its own cannot have.
func (s *source) checkCallless(w written) {
	const hint = "write request, or remove it"
	if w.Mode == "callback" {
		s.report("/mode", "mode", "write request", "Only a request of the plugin itself can be answered later.")
	}
	r := w.Response
	for key, there := range map[string]bool{"format": r.Format != "", "success": r.Success != nil, "retryable": r.Retryable != nil, "schema": r.Schema != nil, "later": r.Later != nil, "pages": r.Pages != nil} {
		if there {
			s.report("/response/"+key, "not_here", hint, "Without request there is no answer besides those of the steps.")
		}
	}
	if r.Result == nil {
		s.report("/response", "required", "such as {found: \"{steps.NAME.found}\"}", "Without request, response.result makes the result of what the steps have answered, and is missing.")
	}
}

// checkCalls reports attempts with too many calls, and results that may be of fewer elements than they seem to be.
func (s *source) checkCalls(p *Plugin) {
	calls := 0
	for i, one := range p.steps {
		of := 1
		if one.each != nil {
			of = one.most
			s.checkRead(fmt.Sprintf("/steps/%d/each", i), []string{"steps", one.name}, []string{"complete", "omitted", "errors"})
		}
		if one.unit.pages != nil {
			of *= one.unit.pages.most
		}
		calls += of
	}
	if p.pages != nil {
		calls += p.pages.most
	} else if !p.callless {
		calls++
	}
	if calls > maxCalls {
		s.report("/steps", "too_many", "lower most of steps and pages", "An attempt could make %d calls, and can make %d at most.", calls, maxCalls)
	}
}

// checkAnswers reports examples whose answers do not fit the calls.
func (s *source) checkAnswers(p *Plugin) {
	for i, c := range p.cases {
		place := fmt.Sprintf("/cases/%d/answers", i)
		switch {
		case c.Answers == nil:
		case !p.Several():
			s.report(place, "not_here", "write answer", "A plugin that makes one call has one answer.")
		case c.Answer != nil:
			s.report(place, "not_here", "write both in answers", "There is answer beside it.")
		}
	}
}

// checkRead warns where no expression reads one of the members of a value, or the value itself.
func (s *source) checkRead(pointer string, value, members []string) {
	for _, text := range s.queries {
		paths, everything := expr.QueryReads(text)
		if everything {
			return
		}
		for _, path := range paths {
			n := min(len(path), len(value))
			if !slices.Equal(path[:n], value[:n]) {
				continue
			}
			if len(path) <= len(value) || slices.Contains(members, path[len(value)]) {
				return
			}
		}
	}
	name := strings.Join(value, ".")
	s.warn(pointer, "unread", "read "+name+"."+members[0]+" in response.result", "%s is never read: missing elements of the list would go unnoticed.", name+"."+strings.Join(members, ", "+name+"."))
}

// Cost is what a call of an attempt has cost, in the currency of the plugin's price; 0 where it costs nothing or is not stated.
func (p *Plugin) Cost(trace Trace) float64 {
	switch {
	case p.Price == nil:
		return 0
	case len(trace.Calls) > 0:
		total := 0.0
		for _, one := range trace.Calls {
			total += p.Cost(one)
		}
		return math.Round(total*1e6) / 1e6 // millionths, as they are counted
	case !trace.Charged:
		return 0
	}
	for _, s := range p.steps {
		if s.name == trace.Step && s.price != nil {
			return *s.price
		}
	}
	return p.Price.Amount
}
