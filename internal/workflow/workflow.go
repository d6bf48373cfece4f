package workflow

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/source"
	"ballerine/internal/statechart"
)

// Workflow is a parsed and checked definition. It must not be changed.
type Workflow struct {
	ID          string
	Title       string
	Titles      map[string]string // Title by language; nil: there is one text, in a language that is not known
	Description string
	Subject     string // individual | business | transaction | application
	Version     int    // as written; 0 if the document has none
	Chart       *statechart.Chart
	Documents   []DocumentKind
	Schema      map[string]any    // JSON Schema of the context; nil: anything goes
	FieldOrder  []string          // the fields of Schema as dotted paths ("owners[].name"), in the document's order
	Flow        map[string]any    // the applicant's pages, as written; nil without
	Reserved    []string          // fields of the context that only the chart's own actions write, besides results of work
	Reasons     Reasons           // codes that people choose from; nil: any
	FollowUp    *statechart.Delay // after which a wait without a deadline of its own is an incident; nil: as the installation has it
	Review      Review            // what a decision in favour of a case takes
	Plugins     map[string]Plugin // that vendor work names, by id, as the catalog knew them, without Result; nil: none
	Digest      string            // "sha256:…" of Source
	Source      []byte

	schema      *expr.Schema
	disclosed   *expr.Shape
	readable    *expr.Shape
	copies      []string // of personal data to where nothing marks it
	invocations map[workKey]Invocation
	slas        map[string]statechart.Delay // by state
	fresh       map[string]any              // what guards see as `stale` while nothing is stale; nil: the name means something else here
	results     []string                    // top-level context fields that invocations write and the schema does not name
}

type workKey struct{ state, id string }

// DocumentKind is one kind of document that is collected.
type DocumentKind struct {
	Kind         string
	Title        string
	Titles       map[string]string // Title by language; nil: there is one text
	Sides        []string          // "front", "back"; empty: one page
	Required     bool
	ContentTypes []string       // allowed; empty: every type that the system can read
	MaxSize      int64          // bytes; 0: the system's limit
	Countries    []string       // ISO 3166 alpha-2 of allowed issuers; empty: all
	Properties   map[string]any // JSON Schema of what is declared with it; nil: anything

	schema *expr.Schema
}

// RetryPolicy states how often failed work is done again.
type RetryPolicy struct {
	Attempts    int           `json:"attempts"`     // retries after the first attempt
	Interval    time.Duration `json:"interval"`     // nanoseconds before the first retry
	Rate        float64       `json:"rate"`         // each following interval is longer by this factor
	MaxInterval time.Duration `json:"max_interval"` // nanoseconds; 0: no limit
	Jitter      bool          `json:"jitter"`
	Errors      []string      `json:"errors,omitempty"` // names of errors that a retry can help
}

// Invocation is work of a state with everything decided: its own settings, then those of its plugin, then the defaults.
type Invocation struct {
	State    string // path of the state that invokes
	ID       string // also the context field that the result is written to
	Source   string // vendor | rules | document | children
	Name     string // id of the plugin, the policy or the children's workflow; "" for documents
	Input    map[string]any
	With     map[string]*expr.Program // further input, computed from the context
	Timeout  time.Duration            // of one attempt
	Retry    RetryPolicy
	Callback bool // the answer may come later: a vendor calls back, children come to their end
}

// Plugin is what a workflow needs to know of a vendor plugin.
type Plugin struct {
	ID       string         `json:"id"`
	Callback bool           `json:"callback,omitempty"`
	Retry    RetryPolicy    `json:"retry"`
	Timeout  time.Duration  `json:"timeout"` // nanoseconds; 0: not known
	Result   map[string]any `json:"-"`       // JSON Schema of what it writes; nil: not known
}

// PolicyInfo is what a workflow needs to know of a policy.
type PolicyInfo struct {
	ID       string
	Outcomes []string // nil: not known
	// Severities are the names of its bands; nil: not known.
	Severities []string
	// Evaluate decides over the context, for policy guards; nil where guards cannot ask.
	Evaluate func(input map[string]any, now time.Time) (outcome string, err error)
}

// Catalog knows the plugins, policies and workflows that invocations name.
type Catalog interface {
	Plugin(id string) (Plugin, bool)
	Policy(id string) (PolicyInfo, bool)
	// Workflow reports whether child cases of this workflow can be started.
	Workflow(id string) bool
}

// Adviser is a Catalog that can explain a name that it does not have.
type Adviser interface {
	// Missing is what is wrong with a plugin or a policy that a workflow names, and a hint that may be empty. kind is "plugin" or "policy".
	Missing(kind, id string) (message, hint string)
}

// ender is a Catalog that also knows how cases of a workflow may end.
type ender interface {
	// Finals are the paths of a workflow's final states at its top, which are the outcomes of its cases; nil: not known.
	Finals(workflow string) []string
}

// Finals are the outcomes that cases may have: the paths of the final states at the top.
func (w *Workflow) Finals() (found []string) {
	for _, s := range w.Chart.States() {
		if s.Kind == statechart.Final && !strings.Contains(s.Path, ".") {
			found = append(found, s.Path)
		}
	}
	return found
}

// Defaults of work whose plugin does not define them.
const (
	defaultTimeout      = 30 * time.Second
	defaultInterval     = time.Second
	defaultAttempts     = 3
	defaultRate         = 2
	defaultMaxInterval  = time.Minute
	maxInvocationsState = 50
)

// Parse reads a definition of YAML or JSON. file names it in diagnostics. With a nil catalog, plugins and policies are
// not checked. The workflow is nil if the diagnostics contain more than warnings.
func Parse(file string, text []byte, catalog Catalog) (*Workflow, problem.Diagnostics) {
	return parseAs(file, text, catalog, false)
}

func parseAs(file string, text []byte, catalog Catalog, published bool) (*Workflow, problem.Diagnostics) {
	doc := source.Parse(file, text)
	if doc.Root == nil {
		return nil, doc.Diagnostics
	}
	sum := sha256.Sum256(text)
	r := &reader{doc: doc, catalog: catalog, published: published, w: &Workflow{
		Digest: "sha256:" + hex.EncodeToString(sum[:]), Source: slices.Clone(text), invocations: map[workKey]Invocation{}, slas: map[string]statechart.Delay{},
	}}
	r.read(file)
	doc.Diagnostics.Sort()
	doc.Diagnostics = slices.Compact(doc.Diagnostics)
	if doc.Diagnostics.Failed() {
		return nil, doc.Diagnostics
	}
	return r.w, doc.Diagnostics
}

// nameOf is the id of a file that does not state its id.
func nameOf(file string) string {
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	if !isID(name) {
		return "workflow"
	}
	return name
}

// Invocation finds work by its state's path and its id.
func (w *Workflow) Invocation(state, id string) (Invocation, bool) {
	i, ok := w.invocations[workKey{state, id}]
	return i, ok
}

// Invocations are all of a state's work, in its order.
func (w *Workflow) Invocations(state string) []Invocation {
	s, ok := w.Chart.State(state)
	if !ok {
		return nil
	}
	found := make([]Invocation, 0, len(s.Invocations))
	for _, i := range s.Invocations {
		found = append(found, w.invocations[workKey{state, i.ID}])
	}
	return found
}

// Document finds a kind of document.
func (w *Workflow) Document(kind string) (DocumentKind, bool) {
	for _, d := range w.Documents {
		if d.Kind == kind {
			return d, true
		}
	}
	return DocumentKind{}, false
}

// CheckContext checks a context against the schema. Results of invocations are not the caller's and are left out
// unless the schema names them. Error: Invalid with every place, "context.applicant.email"; values are never shown.
func (w *Workflow) CheckContext(context map[string]any) error {
	if w.schema == nil {
		return nil
	}
	given := maps.Clone(context)
	if given == nil {
		given = map[string]any{}
	}
	for _, name := range w.results {
		delete(given, name)
	}
	return violations(w.schema, given, "context", "The context does not conform to the workflow's schema.")
}

// CheckProperties checks what is declared with a document. Error: Invalid with locations "properties.…".
func (d DocumentKind) CheckProperties(properties map[string]any) error {
	if d.schema == nil {
		return nil
	}
	if properties == nil {
		properties = map[string]any{}
	}
	return violations(d.schema, properties, "properties", "The properties do not conform to the schema of this kind of document.")
}

func violations(schema *expr.Schema, value map[string]any, location, message string) error {
	found := schema.Check(value)
	if len(found) == 0 {
		return nil
	}
	e := problem.New(problem.Invalid, "%s", message)
	for _, v := range found {
		e.With(source.Join(location, v.Path), v.Code, "%s", v.Message)
	}
	return e
}

// Resolve computes the whole input of the invocation. missing lists the context paths that were needed and not there;
// members that could not be computed are left out.
func (i Invocation) Resolve(env *expr.Env) (input map[string]any, missing []string) {
	input = maps.Clone(i.Input)
	if input == nil {
		input = map[string]any{}
	}
	for _, name := range slices.Sorted(maps.Keys(i.With)) {
		value, verdict := i.With[name].Value(env)
		if verdict.Truth != expr.True {
			missing = append(missing, verdict.Missing...)
			continue
		}
		input[name] = value
	}
	return input, missing
}
