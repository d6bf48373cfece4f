package workflow

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/source"
)

// answerSchema is what the rules task writes: the answer of a policy.
func answerSchema() map[string]any {
	properties := map[string]any{}
	for _, name := range []string{"policy", "version", "outcome", "score", "severity", "fired", "indicators", "trace", "decision"} {
		properties[name] = map[string]any{}
	}
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}

// documentsSchema is the read-only summary of a case's documents.
func documentsSchema() map[string]any {
	yes := map[string]any{"type": "boolean"}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{
		"count": map[string]any{"type": "integer"}, "missing": map[string]any{"type": "array", "items": map[string]any{"type": "string"}},
		"all_received": yes, "all_decided": yes, "any_rejected": yes, "any_revision": yes,
		"by_kind": map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}},
	}}
}

// eventSchema is what guards see of the event.
func eventSchema() map[string]any {
	return map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{
		"type": map[string]any{"type": "string"}, "payload": map[string]any{},
	}}
}

// announce notes what the invocations write before any guard is read: guards may stand before the work they read.
func (r *reader) announce(node *yaml.Node, depth int) {
	if node == nil || node.Kind != yaml.MappingNode {
		return
	}
	for _, entry := range source.Sequence(or(member(node, "invoke"))) {
		if id := member(entry, "id"); id != nil && id.Kind == yaml.ScalarNode {
			r.work[id.Value] = r.written(entry)
		}
	}
	states := or(member(node, "states"))
	for i := 1; i < len(states.Content) && states.Kind == yaml.MappingNode; i += 2 {
		r.announce(states.Content[i], depth+1)
	}
}

// written is the shape of an invocation's result; nil where it is not known.
func (r *reader) written(entry *yaml.Node) *expr.Shape {
	switch or(member(entry, "src")).Value {
	case "rules":
		return expr.NewShape(answerSchema())
	case "vendor":
		if r.catalog == nil {
			return nil
		}
		if plugin, ok := r.catalog.Plugin(or(member(or(member(entry, "input")), "plugin")).Value); ok {
			return expr.NewShape(plugin.Result)
		}
	}
	return nil
}

// member of a mapping; nil when there is none.
func member(node *yaml.Node, name string) *yaml.Node {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i+1]
		}
	}
	return nil
}

func or(node *yaml.Node) *yaml.Node {
	if node == nil {
		return &yaml.Node{Kind: yaml.MappingNode}
	}
	return node
}

// declared says whether the schema names a top-level field.
func (r *reader) declared(name string) bool {
	return r.shape != nil && r.shape.Find([]string{name}).Declared
}

// field says whether guards may read a path, and what may have been meant.
func (r *reader) field(steps []string) (ok bool, hint string) {
	head, rest := steps[0], steps[1:]
	switch head {
	case "event":
		return within(expr.NewShape(eventSchema()), head, rest)
	case "documents":
		return within(expr.NewShape(documentsSchema()), head, rest)
	case "children":
		return true, ""
	}
	if r.declared(head) {
		if r.shape.Find(steps).Known {
			return true, ""
		}
		return false, r.shape.Suggest(steps)
	}
	if shape, isWork := r.work[head]; isWork {
		return within(shape, head, rest)
	}
	if r.shape == nil || r.shape.Find(steps).Known {
		return true, ""
	}
	return false, r.suggest(steps)
}

func within(shape *expr.Shape, head string, rest []string) (bool, string) {
	if found := shape.Find(rest); !found.Known {
		hint := ""
		if name := expr.Suggest(rest[found.Step], found.Names); name != "" {
			fixed := append([]string{head}, rest...)
			fixed[found.Step+1] = name
			hint = "did you mean " + expr.JoinPath(fixed) + "?"
		}
		return false, hint
	}
	return true, ""
}

// suggest looks for a top-level name that is near, then for a path that ends like the one given.
func (r *reader) suggest(steps []string) string {
	names := append([]string{"event", "documents"}, r.shape.Find([]string{steps[0]}).Names...)
	for name := range r.work {
		names = append(names, name)
	}
	slices.Sort(names)
	if name := expr.Suggest(steps[0], names); name != "" {
		return "did you mean " + expr.JoinPath(append([]string{name}, steps[1:]...)) + "?"
	}
	for _, name := range names {
		path := append([]string{name}, steps...)
		shape, found := r.work[name]
		if (found && shape != nil && shape.Find(steps).Known) || (r.declared(name) && r.shape.Find(path).Declared) {
			return "did you mean " + expr.JoinPath(path) + "?"
		}
	}
	return "known: " + strings.Join(names, ", ")
}

// asked answers policy guards from the catalog.
type asked struct{ catalog Catalog }

// Outcome implements statechart.Policies.
func (a asked) Outcome(policy string, env *expr.Env) (string, bool) {
	if a.catalog == nil {
		return "", false
	}
	info, ok := a.catalog.Policy(policy)
	if !ok || info.Evaluate == nil {
		return "", false
	}
	outcome, err := info.Evaluate(env.Scope.Data(), env.Now)
	return outcome, err == nil
}

// checkPolicy says what is wrong with the policy and outcome that a guard names.
func (r *reader) checkPolicy(policy, outcome string) (message, hint string) {
	if r.catalog == nil {
		return "", ""
	}
	info, ok := r.catalog.Policy(policy)
	if !ok {
		return "there is no policy " + policy, ""
	}
	if info.Outcomes != nil && !slices.Contains(info.Outcomes, outcome) {
		return "the policy " + policy + " has no outcome " + outcome, "known: " + strings.Join(info.Outcomes, ", ")
	}
	return "", ""
}
