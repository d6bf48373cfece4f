package connector

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// How long a callback may take.
const (
	defaultWait = 24 * time.Hour
	maxWait     = 90 * 24 * time.Hour
)

// ErrNotAnAnswer is a callback that is in order and not the answer: callback.when does not hold.
var ErrNotAnAnswer = errors.New("the callback is not the answer")

// later states which answers only accept the request, and what is kept of them.
type later struct {
	status []int              // nil: every success
	when   *query             // nil: whatever the body says
	schema *jsonschema.Schema // of a body that is read
	keep   *template          // nil: nothing is kept

	borrowed bool // the schema is that of the result
}

type writtenLater struct {
	Status []int  `json:"status"`
	When   string `json:"when"`
	Schema any    `json:"schema"`
	Keep   any    `json:"keep"`
}

// names reports whether the status is one of those that accept the request.
func (l later) names(status int) bool { return slices.Contains(l.status, status) }

// later compiles what accepts a request. Without a condition every success does: a vendor that calls back does not have the result yet.
func (s *source) later(w written) later {
	written := w.Response.Later
	callsBack := w.Mode == "callback"
	if written != nil && !callsBack {
		s.report("/response/later", "mode", "set mode: callback", "Only a plugin in callback mode can have later answers.")
	}
	if written == nil || written.Status == nil && written.When == "" {
		if callsBack && w.Response.Result != nil {
			s.warn("/response/result", "never_read", "add response.later.status to define which answers are not final, or response.later.keep to keep part of the first answer",
				"This is never used: in callback mode an answer only acknowledges the request.")
		}
	}
	if written == nil {
		return later{}
	}
	l := later{status: written.Status, when: s.condition("/response/later/when", written.When, laterRoots)}
	l.schema = s.schema("/response/later/schema", written.Schema)
	if written.Keep != nil {
		l.keep = (&compiler{source: s, roots: s.seeing(answerRoots)}).body(written.Keep, "/response/later/keep")
	}
	return l
}

// laterRoots are the names that response.later.when sees.
var laterRoots = []string{"body", "status", "headers"}

// condition compiles a JMESPath expression that is true or not; nil for none.
func (s *source) condition(pointer, text string, roots []string) *query {
	if text == "" {
		return nil
	}
	q, problems := compileQuery(text, roots)
	s.queries = append(s.queries, text)
	for _, p := range append(problems, s.laterSteps(text)...) {
		s.report(pointer, p.code, p.hint, "%s", p.message)
	}
	return q
}

// wait reads how long the callback may take.
func (s *source) wait(text string, callsBack bool) time.Duration {
	if text == "" && callsBack {
		s.warn("/callback", "deadline", "write callback.timeout, such as P1D", "There is no time limit for the vendor's callback: the work fails after 24 hours.")
	}
	return s.duration("/callback/timeout", text, defaultWait, time.Minute, maxWait)
}

// acceptance reads an answer that only accepts the request; false when it is the result.
func (p *Plugin) acceptance(ctx context.Context, a answer, scope map[string]any) (Outcome, bool, error) {
	outcome := Outcome{Awaiting: true, Status: a.status}
	if p.later.status != nil && !p.later.names(a.status) {
		return Outcome{}, false, nil
	}
	if p.later.when == nil && p.later.keep == nil && !p.Correlates() {
		return outcome, true, nil
	}
	if a.readErr != nil {
		return Outcome{Status: a.status}, false, failed(ctx, p.ID, a.readErr)
	}
	value, err := p.bodyOf(a)
	if err != nil {
		return Outcome{Status: a.status}, false, err
	}
	if p.later.when != nil {
		holds, err := p.later.when.value(map[string]any{"body": value, "status": float64(a.status), "headers": headersSeen(a)})
		if err != nil || holds != true {
			return Outcome{}, false, nil //nolint:nilerr // a condition that is unknown does not hold
		}
	}
	seen := answerScope(a, value, scope)
	if p.later.keep != nil {
		if outcome.Accepted, err = p.keep(value, seen); err != nil {
			return Outcome{Status: a.status}, false, err
		}
	}
	if outcome.Correlation, err = p.correlated(seen); err != nil {
		return Outcome{Status: a.status}, false, err
	}
	return outcome, true, nil
}
