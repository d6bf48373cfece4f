package statechart

import (
	"slices"

	"ballerine/internal/expr"
)

// action is a compiled entry, exit or transition action.
type action interface{ do(r *run) }

// member is a computed or literal value of an action.
type member struct {
	name    string
	path    []string // name, cut at its dots
	program *expr.Program
}

// values computes the members; what is unknown is left out and traced.
func (r *run) values(members []member) map[string]any {
	found := make(map[string]any, len(members))
	for _, m := range members {
		v, verdict := m.program.Value(&r.env)
		if verdict.Truth == expr.Unknown {
			r.trace = append(r.trace, Trace{Event: r.eventType(), Outcome: "unknown", Missing: verdict.Missing, Reason: "the value " + m.name + " could not be computed " + verdict.Reason})
			continue
		}
		found[m.name] = v
	}
	return found
}

type assignAction struct{ members []member }

// do computes all values before it writes any, so that their order does not matter.
func (a assignAction) do(r *run) {
	found := r.values(a.members)
	for _, m := range a.members {
		if v, ok := found[m.name]; ok {
			r.assign(m.path, v)
		}
	}
}

type raiseAction struct {
	event   string
	members []member
}

func (a raiseAction) do(r *run) {
	r.queue = append(r.queue, Event{Type: a.event, Payload: r.values(a.members), ID: r.event.ID})
}

type emitAction struct {
	event   string
	members []member
}

func (a emitAction) do(r *run) {
	r.effects = append(r.effects, Effect{Kind: EffectEmit, Name: a.event, Payload: r.values(a.members)})
}

// messageAction is notify and log: its members go out as they are computed.
type messageAction struct {
	kind    EffectKind
	name    string
	members []member
}

func (a messageAction) do(r *run) {
	r.effects = append(r.effects, Effect{Kind: a.kind, Name: a.name, Payload: r.values(a.members)})
}

// assign writes into a copy of the context: the input is never changed, nor any object in it.
func (r *run) assign(path []string, value any) {
	if !r.owned {
		copied := make(map[string]any, len(r.scope.context)+1)
		for k, v := range r.scope.context {
			copied[k] = v
		}
		r.scope.context, r.owned = copied, true
	}
	object := r.scope.context
	for _, name := range path[:len(path)-1] {
		inner, _ := object[name].(map[string]any)
		copied := make(map[string]any, len(inner)+1)
		for k, v := range inner {
			copied[k] = v
		}
		object[name] = copied
		object = copied
	}
	object[path[len(path)-1]] = value
	if !slices.Contains(r.changed, path[0]) {
		r.changed = append(r.changed, path[0])
	}
}
