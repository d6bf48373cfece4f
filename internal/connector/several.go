package connector

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"strconv"
	"sync"

	"ballerine/internal/problem"
	"ballerine/internal/schemafault"
)

// several makes the calls of one attempt that may have more than one.
type several struct {
	client      *Client
	ctx, within context.Context
	plugin      *Plugin
	call        Call
	budget      *callBudget
}

// callBudget counts the calls of an attempt. It is safe for concurrent use.
type callBudget struct {
	mutex sync.Mutex
	made  int
}

// place is which of an attempt's calls one is.
type place struct {
	step    string
	element int // from 1; 0: it is not one of a list
	page    int // likewise
}

// several makes one attempt. What its calls were is in the trace, also of an attempt that has failed.
func (c *Client) several(ctx, within context.Context, p *Plugin, call Call, scope map[string]any) (Outcome, error) {
	var trace Trace
	attempt := func() (Outcome, error) {
		m := &several{c, ctx, within, p, call, &callBudget{}}
		outcome, calls, err := m.all(scope)
		trace = Trace{}
		if len(calls) > 0 {
			trace = calls[len(calls)-1]
			trace.Step, trace.Element, trace.Page, trace.Calls = "", 0, 0, calls
		}
		return outcome, err
	}
	outcome, err := c.paced(p, call.Tenant, func() (Outcome, error) { return c.guarded(ctx, p, call.Tenant, attempt) })
	outcome.Trace = trace
	return outcome, err
}

// all makes the calls of the steps and then the plugin's own.
func (m *several) all(scope map[string]any) (Outcome, []Trace, error) {
	var calls []Trace
	values := map[string]any{}
	scope["steps"] = values
	for _, s := range m.plugin.steps {
		value, made, err := m.step(s, scope)
		calls = append(calls, made...)
		if err != nil {
			return Outcome{}, calls, inStep(s.name, err)
		}
		values[s.name] = value
	}
	outcome, made, err := m.last(scope)
	return outcome, append(calls, made...), err
}

// inStep names the step in the places of an error.
func inStep(name string, err error) error {
	found := problem.As(err)
	for i := range found.Fields {
		found.Fields[i].Location = "steps." + name + "." + found.Fields[i].Location
	}
	return err
}

// last makes the plugin's own call, or the result of what the steps have answered.
func (m *several) last(scope map[string]any) (Outcome, []Trace, error) {
	p := m.plugin
	switch {
	case p.callless:
		result, err := p.read(p.answer, "response", nil, withSteps(scope))
		return Outcome{Result: result}, nil, err
	case p.pages != nil:
		read, calls, err := m.turned(p, scope, place{})
		if err != nil {
			return Outcome{}, calls, err
		}
		result, err := p.read(read.reading(p), "response", read.value, read.scope(scope))
		charge(calls, err)
		return Outcome{Result: result, Status: read.first.answer.status}, calls, err
	}
	a, trace, err := m.one(p, scope, place{}, nil)
	if err != nil {
		return Outcome{}, traced(trace), err
	}
	outcome, err := m.client.understood(m.ctx, p, a, scope)
	trace.Charged = taken(err)
	return outcome, traced(trace), err
}

// withSteps is what the result of a plugin without a request sees.
func withSteps(scope map[string]any) map[string]any {
	return map[string]any{"context": scope["context"], "input": scope["input"], "case": scope["case"], "steps": scope["steps"], "body": nil, "status": nil, "headers": map[string]any{}}
}

// taken reports whether the vendor has taken a call whose answer was read with this error.
func taken(err error) bool { return err == nil || problem.CodeOf(err) == problem.VendorGarbage }

// charge takes the last call to be one that the vendor has taken, or not.
func charge(calls []Trace, err error) {
	if len(calls) > 0 {
		calls[len(calls)-1].Charged = taken(err)
	}
}

func traced(trace Trace) []Trace {
	if trace.Request == "" {
		return nil
	}
	return []Trace{trace}
}

// step makes the calls of a step. Its value is null where its condition does not hold.
func (m *several) step(s *step, scope map[string]any) (any, []Trace, error) {
	if s.when != nil {
		holds, err := s.when.value(scope)
		if err != nil || holds != true {
			return nil, nil, nil //nolint:nilerr // a condition that cannot be evaluated does not hold
		}
	}
	if s.each != nil {
		return m.each(s, scope)
	}
	return m.value(s.unit, scope, place{step: s.name})
}

// value is what one call, with its pages, has answered.
func (m *several) value(unit *Plugin, scope map[string]any, at place) (any, []Trace, error) {
	if unit.pages != nil {
		read, calls, err := m.turned(unit, scope, at)
		if err != nil {
			return nil, calls, err
		}
		value, err := unit.read(read.reading(unit), "response", read.value, read.scope(scope))
		charge(calls, err)
		return value, calls, err
	}
	a, trace, err := m.one(unit, scope, at, nil)
	if err != nil {
		return nil, traced(trace), err
	}
	value, err := m.read(unit, a, scope)
	trace.Charged = taken(err)
	return value, traced(trace), err
}

func (m *several) read(unit *Plugin, a answer, scope map[string]any) (any, error) {
	outcome, err := m.client.understood(m.ctx, unit, a, scope)
	return outcome.Result, err
}

// one makes one call.
func (m *several) one(unit *Plugin, scope map[string]any, at place, turn func(*url.URL, url.Values)) (answer, Trace, error) {
	if err := m.allow(); err != nil {
		return answer{}, Trace{}, err
	}
	within := context.WithValue(context.WithValue(m.within, unitKey{}, unit), placeKey{}, at)
	r, err := m.client.prepareAt(within, unit, m.call, scope, turn)
	if err != nil {
		return answer{}, Trace{}, err
	}
	trace := Trace{Step: at.step, Element: at.element, Page: at.page, Request: unit.endpoint, Key: r.header.Get("Idempotency-Key"), Sent: digestOf(r.content), digest: r.digest}
	a, err := m.client.exchange(m.ctx, within, unit, r)
	if err != nil {
		return answer{}, trace, err
	}
	trace.answered(a)
	a.address = r.url
	return a, trace, nil
}

// unitKey is the part of a plugin that a request is made for, in its context.
type unitKey struct{}

// allow counts a call. Those after an attempt's first are not put off by the plugin's limit, but count in it.
func (m *several) allow() error {
	m.budget.mutex.Lock()
	defer m.budget.mutex.Unlock()
	if m.budget.made++; m.budget.made > maxCalls {
		return problem.New(problem.Internal, "An attempt at %s makes more than %d calls.", m.plugin.ID, maxCalls)
	}
	if m.plugin.limit != nil && m.budget.made > 1 {
		m.client.limits.count(m.call.Tenant+"/"+m.plugin.ID, *m.plugin.limit, m.client.now())
	}
	return nil
}

// turnedPages are all pages of an answer.
type turnedPages struct {
	first page
	items any // null: the first page has no list
	value any
	info  map[string]any
}

// reading is how the result is computed from all pages; each has been checked.
func (t turnedPages) reading(p *Plugin) reading { return reading{result: p.answer.result} }

func (t turnedPages) scope(scope map[string]any) map[string]any {
	all := maps.Clone(scope)
	all["items"], all["pages"] = t.items, t.info
	return answerScope(t.first.answer, t.first.body, all)
}

// turned reads the pages of an answer, until there is no more or a bound is reached.
func (m *several) turned(p *Plugin, scope map[string]any, at place) (all turnedPages, calls []Trace, err error) {
	var turn func(*url.URL, url.Values)
	var last page
	items, size, seen := []any{}, 0, map[string]bool{}
	var mark string
	number := 1
	for ; ; number++ {
		at.page = number
		now, trace, err := m.page(p, scope, at, turn)
		calls = append(calls, traced(trace)...)
		if err != nil {
			return all, calls, err
		}
		if number == 1 {
			all.first = now
		} else if now.none {
			return all, calls, unpaged(p, "items", "required", "is not in a page after the first")
		} else if p.pages.repeated(last, now) {
			return all, calls, unpaged(p, p.pages.way, "repeated", "leads to the same page again")
		}
		last, items, size = now, append(items, now.items...), size+len(now.answer.body)
		if now.none {
			mark = ""
		} else if mark, err = p.pages.mark(p, now, number, len(items)); err != nil {
			return all, calls, err
		}
		if mark == "" || number >= p.pages.most || size >= maxPaged {
			break
		}
		if seen[mark] {
			return all, calls, unpaged(p, p.pages.way, "repeated", "leads to the same page again")
		}
		seen[mark] = true
		if turn, err = p.pages.turn(p, all.first.answer.address, mark); err != nil {
			return all, calls, err
		}
	}
	complete := mark == "" && wholly(last, len(items))
	if !complete {
		tapeOf(m.within).spoil()
	}
	all.info = map[string]any{"count": float64(number), "complete": complete}
	if all.items = items; all.first.none {
		all.items = nil
	}
	all.value = map[string]any{"items": all.items, "pages": all.info}
	return all, calls, nil
}

// page reads one page.
func (m *several) page(p *Plugin, scope map[string]any, at place, turn func(*url.URL, url.Values)) (page, Trace, error) {
	a, trace, err := m.one(p, scope, at, turn)
	if err != nil {
		return page{}, trace, err
	}
	got, err := m.readPage(p, a)
	trace.Charged = taken(err)
	return got, trace, err
}

func (m *several) readPage(p *Plugin, a answer) (page, error) {
	if err := m.client.judge(p, a); err != nil {
		return page{}, err
	}
	if a.readErr != nil {
		return page{}, failed(m.ctx, p.ID, a.readErr)
	}
	body, err := p.bodyOf(a)
	if err != nil {
		return page{}, err
	}
	e := problem.New(problem.VendorGarbage, "The answer of %s is not valid.", p.ID)
	if fields(e, "response.body", schemafault.Of(p.answer.schema, body)); len(e.Fields) > 0 {
		return page{}, e
	}
	return p.pages.read(p, a, body)
}

// element is the result for one element of a list.
type element struct {
	value any
	calls []Trace
	err   error
}

// each makes a call for each element of a list, some at once. Its value states which elements have failed and how many were skipped.
func (m *several) each(s *step, scope map[string]any) (any, []Trace, error) {
	given, err := s.each.value(scope)
	list, isList := given.([]any)
	if err != nil || given != nil && !isList {
		return nil, nil, problem.New(problem.VendorGarbage, "What %s asks about one by one is not a list.", m.plugin.ID).With("each", "type", "is not a list")
	}
	omitted := max(0, len(list)-s.most)
	list = list[:len(list)-omitted]
	done := m.elements(s, scope, list)
	var calls []Trace
	for _, one := range done {
		calls = append(calls, one.calls...)
	}
	if err := s.intolerable(done); err != nil {
		return nil, calls, err
	}
	results, failures := make([]any, len(done)), []any{}
	for i, one := range done {
		results[i] = one.value
		if one.err != nil {
			results[i] = nil
			failures = append(failures, failureOf(i, one.err))
		}
	}
	complete := omitted == 0 && len(failures) == 0
	if !complete {
		tapeOf(m.within).spoil()
	}
	return map[string]any{"results": results, "errors": failures, "omitted": float64(omitted), "complete": complete}, calls, nil
}

// failureOf is what is noted of an element that has failed.
func failureOf(index int, err error) map[string]any {
	failure := map[string]any{"index": float64(index), "code": string(problem.CodeOf(err))}
	if status, ok := problem.As(err).Details["status"].(int); ok {
		failure["status"] = float64(status)
	}
	return failure
}

// tolerates reports whether an element's failure is noted, instead of failing the attempt.
func (s *step) tolerates(err error) bool {
	switch problem.CodeOf(err) {
	case problem.VendorRejected, problem.VendorGarbage, problem.Invalid:
		return s.partial != ""
	case problem.VendorUnavailable, problem.Timeout:
		return s.partial == partialAny
	}
	return false
}

// errGivenUp marks elements that were not asked about because another one has failed.
var errGivenUp = errors.New("another element has failed")

// intolerable is the error with which the attempt fails: the first that is not noted, or the first where every element has failed.
func (s *step) intolerable(done []element) error {
	failed := 0
	for i, one := range done {
		if one.err == nil || errors.Is(one.err, errGivenUp) {
			continue
		}
		if failed++; !s.tolerates(one.err) {
			return atElement(i, one.err)
		}
	}
	if failed > 0 && failed == len(done) {
		return atElement(0, done[0].err)
	}
	return nil
}

func atElement(index int, err error) error {
	found := problem.As(err)
	for i := range found.Fields {
		found.Fields[i].Location = "each[" + strconv.Itoa(index) + "]." + found.Fields[i].Location
	}
	return err
}

// elements asks about all, some at once, until one fails that is not to be noted.
func (m *several) elements(s *step, scope map[string]any, list []any) []element {
	done := make([]element, len(list))
	within, giveUp := context.WithCancelCause(m.within)
	defer giveUp(nil)
	one := *m
	one.within = within
	next := make(chan int, len(list))
	for i := range list {
		next <- i
	}
	close(next)
	work := func() {
		for i := range next {
			if context.Cause(within) == errGivenUp { //nolint:errorlint // it is this very one
				done[i].err = errGivenUp
				continue
			}
			of := maps.Clone(scope)
			of["item"], of["index"] = list[i], float64(i)
			done[i].value, done[i].calls, done[i].err = one.value(s.unit, of, place{step: s.name, element: i + 1})
			if done[i].err == nil || s.tolerates(done[i].err) {
				continue
			}
			if context.Cause(within) == errGivenUp { //nolint:errorlint // it was stopped, which is no information about it
				done[i].err = errGivenUp
			}
			giveUp(errGivenUp)
		}
	}
	m.workers(s, len(list), work)
	return done
}

// workers run work at once, as often as the step and the plugin's limit allow; the attempt has the first one's place already.
func (m *several) workers(s *step, elements int, work func()) {
	count := min(s.concurrency, elements)
	if m.client.inOrder {
		count = min(count, 1)
	}
	var running sync.WaitGroup
	key := m.call.Tenant + "/" + m.plugin.ID
	for range count - 1 {
		if m.plugin.limit != nil && !m.client.limits.another(key, *m.plugin.limit) {
			break
		}
		running.Go(func() {
			if m.plugin.limit != nil {
				defer m.client.limits.end(key)
			}
			work()
		})
	}
	work()
	running.Wait()
}
