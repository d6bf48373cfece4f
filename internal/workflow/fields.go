package workflow

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/source"
)

// answerSchema is what the rules task writes: the answer of a policy.
func answerSchema() map[string]any {
	text := map[string]any{"type": "string"}
	properties := map[string]any{"policy": text, "outcome": text, "severity": text, "score": map[string]any{"type": "number"}}
	for _, name := range []string{"version", "fired", "indicators", "trace", "decision", "outputs", "calls", "trial"} {
		properties[name] = map[string]any{}
	}
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}

// documentsSchema is the read-only summary of a case's documents. by_kind has the kinds that the workflow collects, or
// any kind if it lists none.
func (r *reader) documentsSchema() map[string]any {
	yes := map[string]any{"type": "boolean"}
	byKind := map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}}
	if len(r.w.Documents) > 0 {
		kinds := map[string]any{}
		for _, d := range r.w.Documents {
			kinds[d.Kind] = map[string]any{"type": "string"}
		}
		byKind = map[string]any{"type": "object", "properties": kinds, "additionalProperties": false}
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{
		"count": map[string]any{"type": "integer"}, "missing": map[string]any{"type": "array", "items": map[string]any{"type": "string"}},
		"all_received": yes, "all_decided": yes, "any_rejected": yes, "any_revision": yes,
		"by_kind": byKind,
	}}
}

// childrenSchema is what is known of child cases, by the work that has started them.
func (r *reader) childrenSchema() map[string]any {
	works := map[string]any{}
	for _, id := range r.starts {
		counts := countsSchema()
		counts["properties"].(map[string]any)["cases"] = map[string]any{"type": "object"}
		works[id] = counts
	}
	return map[string]any{"type": "object", "properties": works, "additionalProperties": false}
}

// countsSchema is what work that starts child cases writes: how many there are, and how they have ended.
func countsSchema() map[string]any {
	whole := map[string]any{"type": "integer"}
	counts := map[string]any{"outcomes": map[string]any{"type": "object", "additionalProperties": whole}}
	for _, name := range []string{"total", "active", "completed", "failed", "cancelled", "incidents"} {
		counts[name] = whole
	}
	return map[string]any{"type": "object", "properties": counts, "additionalProperties": false}
}

// marks are what guards see as `stale` while nothing is stale: of every work, and of any. nil if the definition has a
// field or work of that name: then the name means that.
func (r *reader) marks() map[string]any {
	if r.taken() {
		return nil
	}
	marks := map[string]any{}
	for id := range r.work {
		marks[id] = false
	}
	marks["any"] = false
	return marks
}

// taken reports whether the definition calls something of its own `stale`.
func (r *reader) taken() bool {
	_, isWork := r.work["stale"]
	return isWork || r.w.declares("stale") || slices.Contains(r.w.Reserved, "stale")
}

// Fresh is what guards see as `stale` while no check is; nil: the workflow has something of its own that is called so. It
// must not be changed.
func (w *Workflow) Fresh() map[string]any { return w.fresh }

// staleSchema is what guards see of checks whose data has changed since.
func (r *reader) staleSchema() map[string]any {
	properties := map[string]any{}
	for name := range r.marks() {
		properties[name] = map[string]any{"type": "boolean"}
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
}

// eventSchema is what guards see of the event.
func eventSchema() map[string]any {
	return map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{
		"type": map[string]any{"type": "string"}, "payload": map[string]any{},
	}}
}

// announce records what the invocations write before any guard is read: guards may precede the work they read.
func (r *reader) announce(node *yaml.Node, depth int) {
	if node == nil || node.Kind != yaml.MappingNode {
		return
	}
	goesOn := continues(member(node, "onError"))
	for _, entry := range source.Sequence(or(member(node, "invoke"))) {
		r.announceWork(entry, goesOn)
		for _, inner := range source.Sequence(or(member(entry, "parallel"))) {
			r.announceWork(inner, goesOn)
		}
	}
	states := or(member(node, "states"))
	for i := 1; i < len(states.Content) && states.Kind == yaml.MappingNode; i += 2 {
		r.announce(states.Content[i], depth+1)
	}
}

func (r *reader) announceWork(entry *yaml.Node, goesOn bool) {
	if id := member(entry, "id"); id != nil && id.Kind == yaml.ScalarNode {
		schema := r.written(entry)
		if goesOn || continues(member(entry, "onError")) {
			schema = orError(schema)
		}
		if or(member(entry, "src")).Value == "children" {
			r.starts = append(r.starts, id.Value)
		}
		r.work[id.Value] = expr.NewShape(schema)
		if schema == nil {
			schema = map[string]any{}
		}
		r.results[id.Value] = schema
	}
}

// continues reports whether an onError continues with the next work.
func continues(onError *yaml.Node) bool {
	for _, t := range source.Sequence(or(onError)) {
		if t.Value == "continue" || or(member(t, "target")).Value == "continue" {
			return true
		}
	}
	return false
}

// orError is the schema of a result that the error of the work may replace: {error: code}.
func orError(schema map[string]any) map[string]any {
	if schema == nil {
		return nil
	}
	properties, _ := schema["properties"].(map[string]any)
	both := map[string]any{"error": map[string]any{"type": "string"}}
	maps.Copy(both, properties)
	schema = maps.Clone(schema)
	schema["properties"] = both
	delete(schema, "required")
	return schema
}

// types finds what cannot be right about the types in an expression, over all that it can read.
func (r *reader) types(program *expr.Program, condition bool) []*expr.Error {
	return program.CheckTypes(r.everything(), condition)
}

// everything describes all that expressions can read.
func (r *reader) everything() *expr.Shape {
	if r.readable == nil {
		whole := maps.Clone(r.w.Schema)
		if whole == nil {
			whole = map[string]any{"type": "object"}
		}
		properties, _ := whole["properties"].(map[string]any)
		all := map[string]any{"event": eventSchema(), "documents": r.documentsSchema(), "children": r.childrenSchema()}
		if !r.taken() {
			all["stale"] = r.staleSchema()
		}
		maps.Copy(all, r.results)
		maps.Copy(all, properties) // the schema's description of a result takes precedence
		whole["properties"] = all
		r.readable = expr.NewShape(whole)
	}
	return r.readable
}

// written is the schema of an invocation's result; nil where it is not known.
func (r *reader) written(entry *yaml.Node) map[string]any {
	switch or(member(entry, "src")).Value {
	case "rules":
		schema := answerSchema()
		if r.catalog != nil {
			policy, _ := r.catalog.Policy(or(member(or(member(entry, "input")), "policy")).Value)
			properties, _ := schema["properties"].(map[string]any)
			listed(properties, "outcome", policy.Outcomes)
			listed(properties, "severity", policy.Severities)
		}
		return schema
	case "children":
		return countsSchema()
	case "screening":
		return screenedSchema()
	case "document":
		return reportSchema()
	case "vendor":
		if r.catalog == nil {
			return nil
		}
		if plugin, ok := r.catalog.Plugin(or(member(or(member(entry, "input")), "plugin")).Value); ok {
			return plugin.Result
		}
	}
	return nil
}

// listed adds which texts a property has; none: that is not known.
func listed(properties map[string]any, name string, texts []string) {
	if len(texts) == 0 {
		return
	}
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	properties[name] = map[string]any{"type": "string", "enum": values}
}

// member of a mapping; nil if it has none.
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

// declared reports whether the schema names a top-level field.
func (r *reader) declared(name string) bool {
	return r.shape != nil && r.shape.Find([]string{name}).Declared
}

// field reports whether guards may read a path, and what may have been meant.
func (r *reader) field(steps []string) (ok bool, hint string) {
	head, rest := steps[0], steps[1:]
	switch head {
	case "event":
		return within(expr.NewShape(eventSchema()), head, rest)
	case "documents":
		return within(expr.NewShape(r.documentsSchema()), head, rest)
	case "children":
		return within(expr.NewShape(r.childrenSchema()), head, rest)
	case "stale":
		if !r.taken() {
			return within(expr.NewShape(r.staleSchema()), head, rest)
		}
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

// suggest looks for a similar top-level name, then for a path with the same ending.
func (r *reader) suggest(steps []string) string {
	names := append([]string{"event", "documents", "children", "stale"}, r.shape.Find([]string{steps[0]}).Names...)
	for name := range r.work {
		names = append(names, name)
	}
	slices.Sort(names)
	names = slices.Compact(names) // a result that the schema describes is in both
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

// catalogPolicies answers policy guards from the catalog.
type catalogPolicies struct{ catalog Catalog }

// Outcome implements statechart.Policies.
func (a catalogPolicies) Outcome(policy string, env *expr.Env) (string, bool) {
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

// checkPolicy states what is wrong with the policy and outcome that a guard names.
func (r *reader) checkPolicy(policy, outcome string) (message, hint string) {
	if r.catalog == nil {
		return "", ""
	}
	info, ok := r.catalog.Policy(policy)
	if !ok {
		return r.missing("policy", policy)
	}
	if info.Outcomes != nil && !slices.Contains(info.Outcomes, outcome) {
		if name := expr.Suggest(outcome, info.Outcomes); name != "" {
			return "the policy " + policy + " has no outcome " + outcome, "did you mean " + name + "?"
		}
		return "the policy " + policy + " has no outcome " + outcome, "known: " + strings.Join(info.Outcomes, ", ")
	}
	return "", ""
}
