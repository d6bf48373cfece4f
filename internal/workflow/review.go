package workflow

import (
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
	"ballerine/internal/statechart"
)

// Reasons are the codes that people choose from when they decide: by event ("approve", "reject", …), and "document" for
// documents. What is not listed takes any code.
type Reasons map[string][]string

// SLA is how soon a person should decide in a state: its `meta.sla`. False: the state does not define one.
func (w *Workflow) SLA(state string) (statechart.Delay, bool) {
	limit, ok := w.slas[state]
	return limit, ok
}

// Writes reports whether a top-level context field is a result of the workflow's own work.
func (w *Workflow) Writes(field string) bool { return slices.Contains(w.results, field) }

// reasons reads the codes that people choose from.
func (r *reader) reasons(node *yaml.Node) {
	r.w.Reasons = Reasons{}
	for _, pair := range r.doc.Mapping(node, "reasons") {
		at := source.Join("reasons", pair.Name)
		if pair.Value.Kind != yaml.SequenceNode {
			r.doc.Report(pair.Value, at, "type", "reasons must be a list of codes", "")
			continue
		}
		for i, one := range source.Sequence(pair.Value) {
			code := r.doc.String(one, at)
			if !isID(code) {
				r.doc.Report(one, fmt.Sprintf("%s[%d]", at, i), "name", "a code must have 1 to 64 letters, digits, _ and -", "")
			}
			if slices.Contains(r.w.Reasons[pair.Name], code) {
				r.doc.Report(one, fmt.Sprintf("%s[%d]", at, i), "duplicate", "this code occurs twice", "")
				continue
			}
			r.w.Reasons[pair.Name] = append(r.w.Reasons[pair.Name], code)
		}
	}
}

// longestFollowUp bounds how long a workflow may let its cases wait without a deadline, so that they are seen in time.
const longestFollowUp = 366 * 24 * time.Hour

// followUp reads after how long a wait without a deadline is an incident.
func (r *reader) followUp(node *yaml.Node) {
	limit, ok := statechart.ParseDelay(node.Value)
	start := time.Unix(0, 0)
	within := limit.After(start).Sub(start)
	if node.Kind != yaml.ScalarNode || !ok || within < time.Minute || within > longestFollowUp {
		r.doc.Report(node, "follow_up", "duration", "a follow-up must be an ISO 8601 duration (P30D, PT12H) from a minute to a year", "")
		return
	}
	r.w.FollowUp = &limit
}

// clocks reads meta.sla of every state.
func (r *reader) clocks(states *yaml.Node, parent string) {
	if states == nil || states.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(states.Content); i += 2 {
		path, state := source.Join(parent, states.Content[i].Value), states.Content[i+1]
		if text := member(member(state, "meta"), "sla"); text != nil {
			limit, ok := statechart.ParseDelay(text.Value)
			if !ok || text.Kind != yaml.ScalarNode {
				r.doc.Report(text, "states."+path+".meta.sla", "duration", "an SLA must be an ISO 8601 duration (P2D, PT4H) greater than 0", "")
			} else {
				r.w.slas[path] = limit
			}
		}
		if title := member(member(state, "meta"), "title"); title != nil && title.Kind == yaml.MappingNode {
			r.title(title, "states."+path+".meta.title")
		}
		r.clocks(member(state, "states"), path)
	}
}
