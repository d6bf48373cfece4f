package workflow

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/source"
	"ballerine/internal/statechart"
)

var (
	idPattern     = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$`)
	typePattern   = regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]+$`)
	countryFormat = regexp.MustCompile(`^[A-Z]{2}$`)
	subjects      = []string{"individual", "business", "transaction", "application"}
)

func isID(name string) bool { return idPattern.MatchString(name) }

// reader builds a workflow; problems are collected in the document.
type reader struct {
	doc      *source.Document
	catalog  Catalog
	w        *Workflow
	shape    *expr.Shape
	readable *expr.Shape            // all that expressions can read; computed on first use
	results  map[string]any         // schemas of what the work writes, by its id
	work     map[string]*expr.Shape // id of an invocation -> what it writes; nil: not known
	guards   []guarded
	starts   []string // ids of the work that starts child cases

	later     []func() // checks that need the chart
	rescreens string   // id of the screening that defines whom the workflow keeps

	published bool // see Reread
}

func (r *reader) read(file string) {
	members := map[string]source.Pair{}
	if r.doc.Root.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(r.doc.Root.Content); i += 2 {
			key := r.doc.Root.Content[i]
			if _, twice := members[key.Value]; !twice { // duplicates are reported with the chart
				members[key.Value] = source.Pair{Name: key.Value, Key: key, Value: r.doc.Root.Content[i+1]}
			}
		}
	}
	r.w.ID, r.w.Subject = nameOf(file), "individual"
	r.head(members)
	if m, ok := members["context"]; ok {
		r.context(m.Value)
	}
	if m, ok := members["documents"]; ok {
		r.documents(m.Value)
	}
	if m, ok := members["flow"]; ok && r.doc.Root != nil {
		r.w.Flow, _ = r.doc.Value(m.Value, "flow").(map[string]any)
		if m.Value.Kind != yaml.MappingNode {
			r.doc.Report(m.Value, "flow", "type", "flow must be a mapping", "")
		}
		r.flowURL(m.Value)
	}
	if m, ok := members["reasons"]; ok {
		r.reasons(m.Value)
	}
	if m, ok := members["follow_up"]; ok {
		r.followUp(m.Value)
	}
	r.review(members["review"].Value)
	if m, ok := members["reserved"]; ok {
		r.reserved(m.Value)
	}
	if m, ok := members[RefusedKey]; ok {
		r.refused(m)
	}
	if m, ok := members["states"]; ok {
		r.clocks(m.Value, "")
	}
	r.work, r.results = map[string]*expr.Shape{}, map[string]any{}
	r.announce(r.doc.Root, 0)
	r.w.Chart = statechart.Parse(r.doc, statechart.Options{
		Keys: []string{"title", "subject", "documents", "flow", "reasons", "follow_up", "review", "reserved", RefusedKey}, Field: r.field, Types: r.types, Policies: catalogPolicies{r.catalog},
		CheckPolicy: r.checkPolicy, Offered: r.w.pageEvents(), Invocation: r.invocation, Own: r.own,
		Emitted: r.emitted, Copied: r.copied, Assigned: r.assigned, Guarded: r.guard,
	})
	r.w.disclosed, r.w.readable = r.disclose(), r.everything()
	r.reviewed(members["review"].Value)
	for _, check := range r.later {
		if r.w.Chart != nil {
			check()
		}
	}
}

// pageEvents are the events that the applicant's pages name.
func (w *Workflow) pageEvents() (names []string) {
	pages, _ := w.Flow["pages"].([]any)
	for _, page := range pages {
		members, _ := page.(map[string]any)
		if event, ok := members["event"].(string); ok {
			names = append(names, event)
		}
	}
	return names
}

// head reads the members that name the workflow.
func (r *reader) head(members map[string]source.Pair) {
	if m, ok := members["id"]; ok {
		if r.w.ID = r.doc.String(m.Value, "id"); !isID(r.w.ID) {
			r.doc.Report(m.Value, "id", "name", "an id must have 1 to 64 letters, digits, _ and -, and begin with a letter or digit", "")
		}
	}
	if m, ok := members["title"]; ok {
		r.w.Title, r.w.Titles = r.title(m.Value, "title")
	}
	if m, ok := members["description"]; ok && m.Value.Kind == yaml.ScalarNode {
		r.w.Description = m.Value.Value
	}
	if m, ok := members["subject"]; ok {
		if r.w.Subject = r.doc.String(m.Value, "subject"); !slices.Contains(subjects, r.w.Subject) {
			r.doc.Unknown(m.Value, "subject", "subject", r.w.Subject, subjects)
		}
	}
	if m, ok := members["version"]; ok {
		r.w.Version = r.whole(m.Value, "version", 1, 1<<31-1)
	}
}

func (r *reader) whole(node *yaml.Node, path string, least, most int) int {
	n := r.doc.Number(node, path)
	if n != float64(int(n)) || int(n) < least || int(n) > most {
		r.doc.Report(node, path, "range", fmt.Sprintf("this must be a whole number from %d to %d", least, most), "")
		return least
	}
	return int(n)
}

func (r *reader) context(node *yaml.Node) {
	members := r.doc.Fields(node, "context", "schema")
	m, ok := members["schema"]
	if !ok {
		return
	}
	if r.w.Schema, r.w.schema = r.schema(m.Value, "context.schema"); r.w.Schema != nil {
		r.shape = expr.NewShape(r.w.Schema)
		r.w.FieldOrder = fieldOrder(m.Value, "", 0)
	}
}

// schema compiles a JSON Schema of the document.
func (r *reader) schema(node *yaml.Node, path string) (map[string]any, *expr.Schema) {
	value, ok := r.doc.Value(node, path).(map[string]any)
	if !ok {
		r.doc.Report(node, path, "type", "a JSON Schema must be a mapping", "")
		return nil, nil
	}
	compiled, err := expr.CompileSchema(value)
	if err != nil {
		r.doc.Report(node, path, "schema", expr.AsError(err).Message, "JSON Schema 2020-12")
		return value, nil
	}
	r.clear(node, path, value)
	r.identifies(node, path, value)
	return value, compiled
}

func (r *reader) documents(node *yaml.Node) {
	if node.Kind != yaml.SequenceNode {
		r.doc.Report(node, "documents", "type", "documents must be a list", "")
		return
	}
	for i, element := range node.Content {
		r.document(element, fmt.Sprintf("documents[%d]", i))
	}
}

func (r *reader) document(node *yaml.Node, path string) {
	members := r.doc.Fields(node, path, "kind", "title", "sides", "required", "content_types", "max_size", "countries", "properties")
	var d DocumentKind
	if m, ok := members["kind"]; !ok {
		r.doc.Report(node, path+".kind", "required", "kind is missing", "")
	} else if d.Kind = r.doc.String(m.Value, path+".kind"); !isID(d.Kind) {
		r.doc.Report(m.Value, path+".kind", "name", "a kind must have 1 to 64 letters, digits, _ and -", "")
	} else if _, twice := r.w.Document(d.Kind); twice {
		r.doc.Report(m.Value, path+".kind", "duplicate", "the kind "+d.Kind+" occurs twice", "")
	}
	if m, ok := members["title"]; ok {
		d.Title, d.Titles = r.title(m.Value, path+".title")
	}
	if m, ok := members["required"]; ok {
		d.Required = r.doc.Bool(m.Value, path+".required")
	}
	if m, ok := members["max_size"]; ok {
		d.MaxSize = int64(r.whole(m.Value, path+".max_size", 1, 100<<20))
	}
	d.Sides = r.names(members, path, "sides", idPattern, "a side is a name")
	d.ContentTypes = r.names(members, path, "content_types", typePattern, "this is not a content type such as image/jpeg")
	d.Countries = r.names(members, path, "countries", countryFormat, "a country must be two capital letters (ISO 3166 alpha-2)")
	if m, ok := members["properties"]; ok {
		d.Properties, d.schema = r.schema(m.Value, path+".properties")
	}
	r.w.Documents = append(r.w.Documents, d)
}

// names reads a list of texts that fit a pattern.
func (r *reader) names(members source.Members, path, name string, pattern *regexp.Regexp, message string) []string {
	m, ok := members[name]
	if !ok {
		return nil
	}
	found := r.doc.Strings(m.Value, source.Join(path, name))
	for i, element := range source.Sequence(m.Value) {
		at := fmt.Sprintf("%s.%s[%d]", path, name, i)
		if element.Kind != yaml.ScalarNode {
			continue
		}
		if !pattern.MatchString(element.Value) {
			r.doc.Report(element, at, "format", message, "")
		} else if slices.Index(found, element.Value) < i {
			r.doc.Report(element, at, "duplicate", element.Value+" occurs twice", "")
		}
	}
	return found
}

// invocation decides how an entry of invoke is done.
func (r *reader) invocation(i *statechart.Invocation, at statechart.Place) {
	made := Invocation{
		State: i.State().Path, ID: i.ID, Source: i.Source, Input: i.Input, With: i.With, Timeout: defaultTimeout,
		Retry: RetryPolicy{
			defaultAttempts, defaultInterval, defaultRate, defaultMaxInterval, true,
			[]string{string(problem.VendorUnavailable), string(problem.Timeout), string(problem.Unavailable)},
		},
	}
	switch i.Source {
	case "vendor":
		r.vendor(&made, at)
	case "rules":
		r.rules(&made, at)
	case "document":
		r.kinds(made, at)
	case "children":
		r.children(&made, i.Cases, at)
	case "screening":
		r.screening(made, at)
	}
	if i.Timeout > 0 {
		made.Timeout = i.Timeout
	}
	if made.Timeout > 15*time.Minute {
		r.doc.Report(at.Node, source.Join(at.Path, "timeout"), "range", "one attempt of a task can last at most 15 minutes", "")
	}
	made.Retry.override(i.Retry)
	if len(i.State().Invocations) >= maxInvocationsState {
		r.doc.Report(at.Node, at.Path, "too_large", fmt.Sprintf("a state can have at most %d invocations", maxInvocationsState), "")
	}
	r.w.invocations[workKey{made.State, made.ID}] = made
	if !slices.Contains(r.w.results, made.ID) && !r.declared(made.ID) {
		r.w.results = append(r.w.results, made.ID)
	}
}

func (p *RetryPolicy) override(own *statechart.Retry) {
	if own == nil {
		return
	}
	errors := p.Errors
	*p = RetryPolicy{own.Attempts, own.Interval, own.Rate, own.MaxInterval, own.Jitter, errors}
	if own.Errors != nil {
		p.Errors = own.Errors
	}
}

func (r *reader) vendor(i *Invocation, at statechart.Place) {
	if i.Name = r.selected(i, at, "plugin"); i.Name == "" || r.catalog == nil {
		return
	}
	plugin, ok := r.catalog.Plugin(i.Name)
	if !ok {
		message, hint := r.missing("plugin", i.Name)
		r.doc.Report(at.Input("plugin"), at.Path+".input.plugin", "unknown_plugin", message, hint)
		return
	}
	r.used(i.Name, plugin)
	i.Callback = plugin.Callback
	if plugin.Timeout > 0 {
		i.Timeout = plugin.Timeout
	}
	if plugin.Retry.Attempts > 0 || plugin.Retry.Interval > 0 {
		errors := i.Retry.Errors
		if i.Retry = plugin.Retry; i.Retry.Errors == nil {
			i.Retry.Errors = errors
		}
	}
}

// used notes a plugin that the workflow names.
func (r *reader) used(id string, plugin Plugin) {
	if plugin.Result = nil; r.w.Plugins == nil {
		r.w.Plugins = map[string]Plugin{}
	}
	r.w.Plugins[id] = plugin
}

func (r *reader) rules(i *Invocation, at statechart.Place) {
	if i.Name = r.selected(i, at, "policy"); i.Name == "" || r.catalog == nil {
		return
	}
	if _, ok := r.catalog.Policy(i.Name); !ok {
		message, hint := r.missing("policy", i.Name)
		r.doc.Report(at.Input("policy"), at.Path+".input.policy", "unknown_policy", message, hint)
	}
}

// missing states what is wrong with a name that the catalog does not have.
func (r *reader) missing(kind, id string) (message, hint string) {
	if adviser, ok := r.catalog.(Adviser); ok {
		return adviser.Missing(kind, id)
	}
	return "there is no " + kind + " " + id, ""
}

// children decides how child cases are started. A workflow may start cases of itself: a company is owned by companies.
func (r *reader) children(i *Invocation, cases *statechart.Children, at statechart.Place) {
	i.Name, i.Callback = cases.Workflow, cases.Until != 0
	if i.Name != "" && i.Name != r.w.ID && r.catalog != nil && !r.catalog.Workflow(i.Name) {
		r.doc.Warn(at.Input("workflow"), at.Path+".input.workflow", "unknown_workflow", "there is no workflow "+i.Name, "it must be published before a case reaches this state")
	}
}

// selected reads input.plugin or input.policy.
func (r *reader) selected(i *Invocation, at statechart.Place, key string) string {
	name, ok := i.Input[key].(string)
	if !ok || name == "" {
		r.doc.Report(at.Input(key), at.Path+".input."+key, "required", fmt.Sprintf("%s requires input: {%s: …}", i.Source, key), "")
		return ""
	}
	return name
}

// kinds checks the documents that a document task is limited to.
func (r *reader) kinds(i Invocation, at statechart.Place) {
	value, ok := i.Input["kinds"]
	if !ok {
		return
	}
	list, isList := value.([]any)
	if !isList {
		r.doc.Report(at.Input("kinds"), at.Path+".input.kinds", "type", "kinds must be a list", "")
	}
	var known []string
	for _, d := range r.w.Documents {
		known = append(known, d.Kind)
	}
	for _, one := range list {
		if name, _ := one.(string); !slices.Contains(known, name) {
			r.doc.Unknown(at.Input("kinds"), at.Path+".input.kinds", "document", name, known)
		}
	}
}
