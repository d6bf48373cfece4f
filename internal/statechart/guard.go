package statechart

import (
	"ballerine/internal/expr"
)

// Policies resolves policy guards: whether a policy's outcome over the context is the one that the guard names.
type Policies interface {
	// Outcome evaluates the policy over the scope. ok is false when the policy is not known.
	Outcome(policy string, env *expr.Env) (outcome string, ok bool)
}

// guard is a compiled condition of a transition.
type guard interface {
	test(r *run) expr.Verdict
	reads() []string // names of what it reads; see Refusal
}

// programGuard is an expression, json-logic, JMESPath or JSON Schema.
type programGuard struct{ program *expr.Program }

func (g programGuard) test(r *run) expr.Verdict { return g.program.Test(&r.env) }

// payloadGuard also finds the payload's fields at the top, where the context has none of that name: imported guards read
// them there. Fields that only the chart's work writes are never found there, whatever a payload holds.
type payloadGuard struct {
	program *expr.Program
	own     func(name string) bool // the field is the work's
}

func (g payloadGuard) test(r *run) expr.Verdict {
	fields, _ := r.event.Payload.(map[string]any)
	env := expr.Env{Scope: beneath{&r.scope, g.foreign(fields)}, Now: r.env.Now}
	return g.program.Test(&env)
}

// foreign are the fields of a payload without those that pose as what work has written.
func (g payloadGuard) foreign(fields map[string]any) map[string]any {
	if g.own == nil {
		return fields
	}
	kept := make(map[string]any, len(fields))
	for name, value := range fields {
		if !g.own(name) {
			kept[name] = value
		}
	}
	return kept
}

// beneath is a scope with further fields below it.
type beneath struct {
	*scope
	fields map[string]any
}

// Lookup implements expr.Scope.
func (b beneath) Lookup(name string) (any, bool) {
	if v, ok := b.scope.Lookup(name); ok {
		return v, true
	}
	v, ok := b.fields[name]
	return v, ok
}

// Data implements expr.Scope.
func (b beneath) Data() map[string]any { return expr.Layers{b.scope.Data(), b.fields}.Data() }

type allGuard []guard

func (g allGuard) test(r *run) expr.Verdict { return join(r, g, expr.True, expr.Truth.And) }

type anyGuard []guard

func (g anyGuard) test(r *run) expr.Verdict { return join(r, g, expr.False, expr.Truth.Or) }

func join(r *run, guards []guard, start expr.Truth, op func(a, b expr.Truth) expr.Truth) expr.Verdict {
	v := expr.Verdict{Truth: start}
	for _, g := range guards {
		next := g.test(r)
		v.Truth = op(v.Truth, next.Truth)
		v.Missing = append(v.Missing, next.Missing...)
		if v.Reason == "" {
			v.Reason = next.Reason
		}
	}
	if v.Truth != expr.Unknown {
		return expr.Verdict{Truth: v.Truth}
	}
	return v
}

type notGuard struct{ inner guard }

func (g notGuard) test(r *run) expr.Verdict {
	v := g.inner.test(r)
	v.Truth = v.Truth.Not()
	return v
}

// inStateGuard holds while the state is active.
type inStateGuard struct{ state *State }

func (g *inStateGuard) test(r *run) expr.Verdict {
	return expr.Verdict{Truth: expr.Of(r.find(g.state) >= 0)}
}

type policyGuard struct {
	policies        Policies
	policy, outcome string
}

func (g policyGuard) test(r *run) expr.Verdict {
	outcome, ok := g.policies.Outcome(g.policy, &r.env)
	if !ok {
		return expr.Verdict{Reason: "the policy " + g.policy + " is not there"}
	}
	return expr.Verdict{Truth: expr.Of(outcome == g.outcome)}
}

// scope is what guards and actions see: the context's fields at the top, the extra read-only fields over them, and the
// event under event. A payload is never laid over the context.
type scope struct {
	context, extra map[string]any
	event          *Event
}

// Lookup implements expr.Scope.
func (s *scope) Lookup(name string) (any, bool) {
	if name == "event" && s.event != nil {
		return s.eventValue(), true
	}
	if v, ok := s.extra[name]; ok {
		return v, true
	}
	v, ok := s.context[name]
	return v, ok
}

// Data implements expr.Scope.
func (s *scope) Data() map[string]any {
	data := expr.Layers{s.extra, s.context}.Data()
	if s.event != nil {
		data["event"] = s.eventValue()
	}
	return data
}

func (s *scope) eventValue() map[string]any {
	value := map[string]any{"type": s.event.Type}
	if s.event.Payload != nil {
		value["payload"] = s.event.Payload
	}
	return value
}
