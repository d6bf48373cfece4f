package importing

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
	"ballerine/internal/statechart"
)

// extra is what the extensions do in a state.
type extra struct {
	entry   []*yaml.Node
	work    []*yaml.Node
	raised  []string // events that its plugins raise when they have ended
	taken   bool     // the state exists
	at      *yaml.Node
	path    string
	several bool
}

// record are members of a definition's record that do not affect what it does.
var record = []string{"id", "version", "isPublic", "projectId", "crossEnvKey", "createdAt", "updatedAt", "createdBy", "updatedBy", "definitionType", "name", "displayName", "variant"}

// ballerine converts a statechart-json definition with its extensions. Its machines are XState 4's.
func (i *importer) ballerine(root *yaml.Node) object {
	i.ballerina, i.version = true, 4
	machine := i.member(root, "definition")
	if kind := i.textOf(root, "definitionType"); kind != "" && kind != "statechart-json" {
		i.doc.Report(i.member(root, "definitionType"), "definitionType", "unknown_format", "definitions of type "+kind+" are not known", "statechart-json is")
		return object{}
	}
	if !i.has(machine, "states") {
		i.doc.Report(machine, "definition", "required", "the definition has no states", "")
		return object{}
	}
	i.machine = i.build(machine, nil, "", "definition")
	id := i.identify(orElse(i.textOf(root, "name"), i.textOf(machine, "id"), "imported"))
	i.extensions(i.member(root, "extensions"))
	states := newObject()
	i.config(i.member(root, "config"), states)
	i.state(states, i.machine)
	i.check()
	i.addReports(states)
	i.private(states)
	out := newObject().text("id", id).text("title", orElse(i.textOf(root, "displayName"), i.textOf(root, "name")))
	if strings.Contains(i.textOf(root, "variant"), "KYB") {
		out.text("subject", "business")
	}
	if schema := i.contextSchema(i.member(root, "contextSchema")); schema != nil {
		out.set("context", newObject().set("schema", schema).Node)
	}
	out.set("documents", i.documents(i.member(root, "documentsSchema")))
	if i.outputs {
		out.set("reserved", short(sequence(text("pluginsOutput"))))
	}
	i.rest(root)
	out.Content = append(out.Content, states.Content...)
	return out
}

// rest lists the members of the record that are not supported.
func (i *importer) rest(root *yaml.Node) {
	meant := map[string]string{
		"persistStates": "every state is persisted", "submitStates": "define the applicant's pages under flow", "backend": "", "supportedPlatforms": "",
		"reviewMachineId": "use child cases",
	}
	for _, m := range pairs(root) {
		hint, known := meant[m.Name]
		switch {
		case known && !source.IsNull(m.Value):
			i.noteMember(m, m.Name, m.Name+" is not supported", hint)
		case known || slices.Contains(record, m.Name):
			i.takeAll(m.Key)
			i.takeAll(m.Value)
		}
	}
	for _, key := range sortedKeys(i.extras) {
		if at := i.extras[key]; !at.taken {
			i.refuse(at.at, at.path, "there is no state "+key+" in which the plugin could run", "")
		}
	}
}

// contextSchema is the schema of the context with what the import writes; nil if it has none.
func (i *importer) contextSchema(given *yaml.Node) *yaml.Node {
	i.textOf(given, "type")
	node := i.member(given, "schema")
	if node == nil || node.Kind != yaml.MappingNode {
		return nil // anything goes
	}
	schema := i.from(i.plain(node), node, "contextSchema.schema")
	own := newObject()
	if len(i.guards) > 0 {
		own.set("guards", short(newObject().text("type", "object").Node))
	}
	if i.outputs {
		own.set("pluginsOutput", short(newObject().text("type", "object").Node))
	}
	if own.empty() {
		return schema
	}
	m, ok := lookup(schema, "properties")
	if !ok {
		return object{schema}.set("properties", own.Node).Node
	}
	for _, one := range pairs(own.Node) {
		if !hasKey(m.Value, one.Name) {
			m.Value.Content = append(m.Value.Content, one.Key, one.Value)
		}
	}
	return schema
}

// extend adds what extensions do in a state.
func (i *importer) extend(out object, s *state) {
	more := i.extras[s.key]
	if more == nil || s.parent != i.machine {
		return
	}
	more.taken = true
	if len(more.work) > 0 && (len(s.children) > 0 || s.kind == "final") {
		hint := "add a state before it that does the work and leads here"
		if s.kind != "final" {
			hint = "move the work into the initial state"
		}
		i.refuse(more.at, more.path, "plugins in the state "+s.key+" are not supported: only an atomic state that is not final can do work", hint)
		return
	}
	if len(more.entry) > 0 {
		var entry []*yaml.Node
		for _, actions := range append(slices.Clone(more.entry), elements(out.get("entry"))...) {
			entry = append(entry, elements(actions)...)
		}
		out.drop("entry")
		out.set("entry", oneOrList(entry))
	}
	if len(more.work) > 0 {
		if out.get("invoke") != nil {
			i.refuse(more.at, more.path, "plugins beside invoke in the state "+s.key+" are not supported", "")
			return
		}
		out.set("invoke", sequence(more.work...))
	}
	i.outcomes(out, more.raised, s)
}

// outcomes renames the events that plugins raise to names which nobody can send: only the plugins can cause what follows
// from them.
func (i *importer) outcomes(out object, raised []string, s *state) {
	on := object{out.get("on")}
	for _, event := range raised {
		if on.Node == nil || event == "" {
			continue
		}
		if list := on.get(event); list != nil {
			on.drop(event)
			on.set(statechart.OutcomePrefix+event, list)
			continue
		}
		if on.get("*") != nil {
			i.refuse(s.node, s.at, "the wildcard also matches "+event+", which plugins raise; here a wildcard only matches events that are sent", "name the event")
		}
	}
}

// private does the same for the machine's own transitions, and in all states for what a child's report raises.
func (i *importer) private(states object) {
	var everywhere, raised []string
	for _, r := range i.reports {
		everywhere = append(everywhere, r.event)
	}
	for _, key := range sortedKeys(i.extras) {
		raised = append(raised, i.extras[key].raised...)
	}
	i.outcomes(states, append(slices.Clone(raised), everywhere...), i.machine)
	inner := object{states.get("states")}
	for _, s := range i.machine.children {
		if node := inner.get(s.name); node != nil {
			i.outcomes(object{node}, everywhere, s)
		}
	}
}

func raise(event string) *yaml.Node {
	return short(newObject().text("type", "raise").text("event", statechart.OutcomePrefix+eventName(event)).Node)
}

// config carries what has a meaning, and lists the rest.
func (i *importer) config(node *yaml.Node, states object) {
	for _, m := range i.each(node) {
		at := source.Join("config", m.Name)
		if source.IsNull(m.Value) || m.Value.Kind == yaml.ScalarNode && m.Value.Value == "false" && m.Name != "allowMultipleActiveWorkflows" {
			i.takeAll(m.Value)
			continue
		}
		switch m.Name {
		case "initialEvent":
			event := i.text(m.Value)
			if m.Value.Kind == yaml.MappingNode {
				event = i.textOf(m.Value, "type")
			}
			if event != "" { // raised at the beginning, it is taken in the initial state
				states.set("entry", short(newObject().text("type", "raise").text("event", eventName(event)).Node))
			}
		case "childCallbackResults":
			for k, one := range elements(m.Value) {
				i.childReport(one, at+"["+itoa(k)+"]")
			}
		case "subscriptions":
			i.noteMember(m, at, "subscriptions belong to the installation", "POST /v1/webhooks")
		case "language", "supportedLanguages", "theme", "uiOptions", "createCollectionFlowToken":
			i.noteMember(m, at, m.Name+" belongs to the pages", "write it under flow")
		case "availableDocuments":
			i.noteMember(m, at, "documents are chosen by kind", "list them under documents")
		case "allowMultipleActiveWorkflows":
			i.noteMember(m, at, "a subject may have several cases", "give each case an external_id that must be unique")
		case "completedWhenTasksResolved", "workflowLevelResolution":
			i.refuseMember(m, at, m.Name+" is not supported: transitions define who ends a case, and when", "guard on documents.all_decided, or decide with an event")
		case "kybOnExitAction":
			i.refuseMember(m, at, m.Name+" is not supported", "write exit actions, or work")
		case "callbackResult":
			i.refuseMember(m, at, "the result that a case returns to its parent is not imported", "a case reports to its parent automatically: write input.result of the work that starts it")
		case "mainRepresentative", "customerName", "enableManualCreation", "isManualCreation", "reportConfig", "hasUboOngoingMonitoring", "maxBusinessReports":
			i.noteMember(m, at, m.Name+" belongs to the installation around the workflow, and is not imported", "")
		default:
			i.refuseMember(m, at, m.Name+" is unknown, and is not imported", "")
		}
	}
}

// documents are the kinds that are collected.
func (i *importer) documents(node *yaml.Node) *yaml.Node {
	list := sequence()
	seen := map[string]bool{}
	for k, one := range elements(node) {
		at := "documentsSchema[" + itoa(k) + "]"
		kind := name(orElse(i.textOf(one, "type"), i.textOf(one, "category"), "document"))
		if seen[kind] {
			i.note(one, at, "the kind "+kind+" already exists: one kind covers all countries", "list its countries")
			continue
		}
		seen[kind] = true
		i.textOf(one, "category")
		made := newObject().text("kind", kind)
		if country := i.textOf(i.member(one, "issuer"), "country"); len(country) == 2 {
			made.set("countries", short(sequence(text(strings.ToUpper(country)))))
		}
		if properties := i.member(one, "propertiesSchema"); properties != nil {
			made.set("properties", i.from(i.plain(properties), properties, at+".propertiesSchema"))
		}
		list.Content = append(list.Content, i.from(made.Node, one, at))
	}
	if len(list.Content) == 0 {
		return nil
	}
	return list
}
