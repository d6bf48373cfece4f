package importing

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
)

// extra is what the extensions do in a state.
type extra struct {
	entry []*yaml.Node
	work  []*yaml.Node
}

// ballerine converts a statechart-json definition with its extensions.
func (i *importer) ballerine(root *yaml.Node) *yaml.Node {
	i.ballerina = true
	machine := member(root, "definition")
	if kind := textOf(member(root, "definitionType")); kind != "" && kind != "statechart-json" {
		i.doc.Report(member(root, "definitionType"), "definitionType", "unknown_format", "definitions of type "+kind+" are not known", "statechart-json is")
		return newObject().Node
	}
	if member(machine, "states") == nil {
		i.doc.Report(machine, "definition", "required", "the definition has no states", "")
		return newObject().Node
	}
	i.extras = map[string]*extra{}
	i.extensions(member(root, "extensions"), textOf(member(machine, "initial")))
	states := newObject()
	reports := i.config(member(root, "config"), states)
	i.state(states, machine, "definition", true)
	i.heard(states, reports)
	i.rest(root)
	out := newObject().text("id", name(orElse(textOf(member(root, "name")), textOf(member(machine, "id")), "imported")))
	out.text("title", orElse(textOf(member(root, "displayName")), textOf(member(root, "name"))))
	if strings.Contains(textOf(member(root, "variant")), "KYB") {
		out.text("subject", "business")
	}
	if schema := i.schema(member(member(root, "contextSchema"), "schema")); schema != nil {
		out.set("context", newObject().set("schema", schema).Node)
	}
	out.set("documents", i.documents(member(root, "documentsSchema")))
	out.Content = append(out.Content, states.Content...)
	return out.Node
}

// rest lists the members of the record that are not carried.
func (i *importer) rest(root *yaml.Node) {
	meant := map[string]string{
		"persistStates": "every state is kept", "submitStates": "the applicant's pages are written under flow", "backend": "", "supportedPlatforms": "",
		"reviewMachineId": "use child cases",
	}
	for _, m := range pairs(root) {
		if hint, ok := meant[m.Name]; ok && !source.IsNull(m.Value) {
			i.note(m.Key, m.Name, m.Name+" is not carried", hint)
		}
	}
}

// extensions converts the plugins, in the order in which they run in a state.
func (i *importer) extensions(node *yaml.Node, initial string) {
	for _, list := range []struct {
		name    string
		convert func(plugin *yaml.Node, path string) (entry, work *yaml.Node)
	}{
		{"dispatchEventPlugins", i.dispatch}, {"childWorkflowPlugins", i.child}, {"commonPlugins", i.common}, {"apiPlugins", i.api},
	} {
		for k, plugin := range elements(member(node, list.name)) {
			path := source.Join("extensions", list.name+"["+itoa(k)+"]")
			entry, work := list.convert(plugin, path)
			names := elements(member(plugin, "stateNames"))
			if len(names) == 0 && (entry != nil || work != nil) {
				i.note(plugin, path, "the plugin names no states, and so it never runs by itself", "put its work into the state that needs it")
			}
			for _, state := range names {
				if state.Value == initial {
					i.note(state, path+".stateNames", "a plugin never ran in the initial state, and does not here", "")
					continue
				}
				at := i.extras[state.Value]
				if at == nil {
					at = &extra{}
					i.extras[state.Value] = at
				}
				if entry != nil {
					at.entry = append(at.entry, entry)
				}
				if work != nil {
					at.work = append(at.work, work)
				}
			}
		}
	}
}

// dispatch converts an event that is sent out when a state is entered.
func (i *importer) dispatch(plugin *yaml.Node, path string) (entry, _ *yaml.Node) {
	event := orElse(textOf(member(plugin, "eventName")), textOf(member(plugin, "name")))
	made := newObject().text("type", "emit").text("event", event)
	for _, given := range []string{"payload", "transformers", "errorAction"} {
		if m := member(plugin, given); m != nil {
			i.note(m, source.Join(path, given), given+" of an event that is sent out is not carried", "subscribers read the case; emit takes a payload of expressions")
		}
	}
	if success := textOf(member(plugin, "successAction")); success != "" {
		return sequence(short(made.Node), raise(success)), nil
	}
	return short(made.Node), nil
}

func raise(event string) *yaml.Node {
	return short(newObject().text("type", "raise").text("event", strings.Join(strings.Fields(event), "_")).Node)
}

// child converts a plugin that starts another workflow and goes on at once.
func (i *importer) child(plugin *yaml.Node, path string) (_, work *yaml.Node) {
	definition := textOf(member(plugin, "definitionId"))
	input := newObject().text("workflow", name(orElse(definition, "child"))).text("until", "none")
	if t := member(plugin, "transformers"); t != nil {
		i.note(t, source.Join(path, "transformers"), "what the child begins with is not carried", "write it under input.context, as expressions")
	}
	if e := member(plugin, "initEvent"); e != nil {
		i.note(e, source.Join(path, "initEvent"), "the event that starts the child is not carried", "a child begins at its initial state")
	}
	made := newObject().text("src", "children").text("id", field(orElse(textOf(member(plugin, "name")), definition, "child"))).set("input", input.Node)
	i.endings(made, plugin, nil, nil)
	return nil, made.Node
}

// common converts the kinds that were no calls.
func (i *importer) common(plugin *yaml.Node, path string) (_, work *yaml.Node) {
	kind := textOf(member(plugin, "pluginKind"))
	id := field(orElse(textOf(member(plugin, "name")), kind, "plugin"))
	switch kind {
	case "riskRules":
		policy := name(orElse(textOf(member(member(plugin, "rulesSource"), "databaseId")), textOf(member(plugin, "rulesSource")), id))
		i.note(plugin, path, "the rules themselves are not in the definition: they are asked as the policy "+policy, "write that policy: docs/policies.md")
		made := newObject().text("src", "rules").text("id", id).set("input", short(newObject().text("policy", policy).Node))
		i.endings(made, plugin, nil, nil)
		return nil, made.Node
	case "iterative":
		i.note(plugin, path, "a plugin for each element of a list is not carried", "start child cases with each, or let the plugin take the whole list")
	case "transformer":
		i.note(plugin, path, "a transformer is not carried", "write assign actions with expressions")
	case "attach-ui-definition":
		i.note(plugin, path, "pages are not attached to a case", "write them under flow")
	default:
		i.note(plugin, path, "a common plugin of kind "+orElse(kind, "unknown")+" is not known", "")
	}
	return nil, nil
}

// api converts a call: work of a vendor, and the plugin that says how it is asked.
func (i *importer) api(plugin *yaml.Node, path string) (_, work *yaml.Node) {
	given := orElse(textOf(member(plugin, "name")), textOf(member(plugin, "pluginKind")), "api")
	id := pluginID(given)
	i.plugins[id] = i.plugin(plugin, id, path)
	made := newObject().text("src", "vendor").text("id", field(given)).set("input", short(newObject().text("plugin", id).Node))
	i.outputs = true
	destination := textOf(member(plugin, "persistResponseDestination"))
	if destination == "" {
		destination = "pluginsOutput." + field(given)
	}
	kept := newObject().text("type", "merge").set("values", short(newObject().text(dotted(destination), "event.payload").Node))
	failed := newObject()
	failed.text("pluginsOutput."+field(given)+".name", `"`+given+`"`)
	failed.text("pluginsOutput."+field(given)+".error", "event.payload.error")
	failed.text("pluginsOutput."+field(given)+".status", `"ERROR"`)
	i.endings(made, plugin, kept.Node, newObject().text("type", "assign").set("values", failed.Node).Node)
	return nil, made.Node
}

// dotted makes a path of the context of any text.
func dotted(path string) string {
	var steps []string
	for _, step := range strings.Split(path, ".") {
		if step != "" {
			steps = append(steps, field(step))
		}
	}
	return strings.Join(steps, ".")
}

// endings are what follows when a plugin has ended: what it has brought is kept, then its event is raised, which the
// state's own transitions take.
func (i *importer) endings(work object, plugin, kept, failed *yaml.Node) {
	for _, ending := range []struct{ name, event string }{{"onDone", textOf(member(plugin, "successAction"))}, {"onError", textOf(member(plugin, "errorAction"))}} {
		first := kept
		if ending.name == "onError" {
			first = failed
		}
		var actions []*yaml.Node
		if first != nil {
			actions = append(actions, first)
		}
		if ending.event != "" {
			actions = append(actions, raise(ending.event))
		}
		if len(actions) > 0 {
			work.set(ending.name, newObject().set("actions", sequence(actions...)).Node)
		}
	}
}

var placeholder = regexp.MustCompile(`\{([^{}]+)\}`)

// plugin is the vendor plugin of a call: Ballerine's placeholders read the context, ours name it.
func (i *importer) plugin(plugin *yaml.Node, id, path string) *yaml.Node {
	method := strings.ToUpper(orElse(textOf(member(plugin, "method")), "POST"))
	url := member(plugin, "url")
	if inner := member(url, "url"); inner != nil {
		url = inner
	}
	address := i.fill(textOf(url))
	if address == "" {
		i.note(plugin, path, "the service of kind "+textOf(member(plugin, "pluginKind"))+" has no address of its own: Ballerine's hosted one is not carried", "write the address of your vendor into the plugin "+id)
		address = "https://example.com/" + id
	}
	request := newObject().text("method", method).text("url", i.address(plugin, address, id, path))
	headers := newObject()
	for _, m := range pairs(member(plugin, "headers")) {
		headers.text(m.Name, i.fill(m.Value.Value))
	}
	if !headers.empty() {
		request.set("headers", headers.Node)
	}
	mapped := i.mapping(member(plugin, "request"), source.Join(path, "request"))
	switch {
	case method == "GET":
		if mapped != "" {
			i.note(plugin, source.Join(path, "request"), "what a GET sends is not carried", "write it under query")
		}
	case mapped != "":
		request.text("body", "context | "+mapped)
	default:
		request.text("body", "context")
	}
	made := newObject().text("id", id).text("title", orElse(textOf(member(plugin, "displayName")), textOf(member(plugin, "name")), id)).set("request", request.Node)
	result := "body"
	if mapped := i.mapping(member(plugin, "response"), source.Join(path, "response")); mapped != "" {
		result = "body | " + mapped
	}
	return made.set("response", newObject().text("result", result).Node).Node
}

var beginning = regexp.MustCompile(`^(\{[^{}]*\}|http://)`)

// address makes one that is asked over TLS: what was put together of a secret or of the context becomes a setting.
func (i *importer) address(node *yaml.Node, url, id, path string) string {
	if strings.HasPrefix(url, "https://") {
		return url
	}
	setting := "{vendor." + field(id) + "}"
	rest := beginning.ReplaceAllString(url, "")
	i.note(node, source.Join(path, "url"), "the address begins with something else than https://: it is taken from the setting "+field(id), "set it: docs/vendors.md")
	if strings.HasPrefix(url, "http://") {
		if _, after, ok := strings.Cut(rest, "/"); ok {
			return setting + "/" + after
		}
		return setting
	}
	return setting + rest
}

// fill turns {a.b} into {context.a.b}; secrets stay.
func (i *importer) fill(given string) string {
	return placeholder.ReplaceAllStringFunc(given, func(found string) string {
		inner := strings.TrimSpace(found[1 : len(found)-1])
		if strings.HasPrefix(inner, "secret.") {
			return "{" + inner + "}"
		}
		return "{context." + inner + "}"
	})
}

// mapping is the JMESPath of a request or an answer; what else transforms it is listed.
func (i *importer) mapping(node *yaml.Node, path string) string {
	if m := member(node, "schema"); m != nil {
		i.note(m, source.Join(path, "schema"), "the schema is not carried", "write it into the plugin: what breaks it is refused")
	}
	var mapped []string
	for _, one := range elements(member(node, "transform")) {
		kind := orElse(textOf(member(one, "transformer")), textOf(member(one, "type")))
		expression := textOf(member(one, "mapping"))
		if kind == "jmespath" && expression != "" {
			mapped = append(mapped, expression)
			continue
		}
		i.note(one, source.Join(path, "transform"), "a transformation by "+orElse(kind, "a function")+" is not carried", "write JMESPath")
	}
	return strings.Join(mapped, " | ")
}

// report is what a parent does when a child moves.
type report struct {
	work, event string
	states      *yaml.Node
}

// config carries what has a meaning, and lists the rest.
func (i *importer) config(node *yaml.Node, states object) (found []report) {
	for _, m := range pairs(node) {
		at := source.Join("config", m.Name)
		switch m.Name {
		case "initialEvent":
			if event := orElse(textOf(m.Value), textOf(member(m.Value, "type"))); event != "" {
				states.set("entry", raise(event)) // raised at the beginning, it is taken in the initial state
			}
		case "childCallbackResults":
			for k, one := range elements(m.Value) {
				where := at + "[" + itoa(k) + "]"
				if t := member(one, "transformers"); t != nil {
					i.note(t, where+".transformers", "what is taken over of the child is not carried", "write it under input.result of the work that starts the child")
				}
				found = append(found, report{textOf(member(one, "definitionId")), textOf(member(one, "deliverEvent")), member(one, "persistenceStates")})
			}
		case "subscriptions":
			i.note(m.Key, at, "subscriptions belong to the installation", "POST /v1/webhooks")
		case "language", "supportedLanguages":
			i.note(m.Key, at, m.Name+" belongs to the pages", "write it under flow")
		case "availableDocuments":
			i.note(m.Key, at, "documents are chosen by kind", "list them under documents")
		case "allowMultipleActiveWorkflows":
			i.note(m.Key, at, "a subject may have several cases", "give each an external_id that must be one")
		case "completedWhenTasksResolved", "workflowLevelResolution":
			i.note(m.Key, at, m.Name+" is not carried", "guard on documents.all_decided")
		case "callbackResult":
			i.note(m.Key, at, "a case tells its parent by itself", "see child cases")
		default:
			i.note(m.Key, at, m.Name+" has no meaning here", "")
		}
	}
	return found
}

// heard lets the chart raise a parent's event when a child has come to one of the states.
func (i *importer) heard(states object, reports []report) {
	made := newObject()
	for _, r := range reports {
		for _, state := range sortedExtras(i.extras) {
			for _, work := range i.extras[state].work {
				if textOf(member(work, "src")) != "children" || textOf(member(member(work, "input"), "workflow")) != name(r.work) || r.event == "" {
					continue
				}
				on := newObject()
				if len(elements(r.states)) > 0 {
					rule := newObject().set("in", short(sequence(short(newObject().text("var", "event.payload.states.0").Node), plain(sequence(elements(r.states)...)))))
					on.set("guard", newObject().text("type", "json-logic").set("options", newObject().set("rule", rule.Node).Node).Node)
				}
				made.set("child."+textOf(member(work, "id")), on.set("actions", raise(r.event)).Node)
			}
		}
	}
	if !made.empty() {
		states.set("on", made.Node)
	}
}

// documents are the kinds that are collected.
func (i *importer) documents(node *yaml.Node) *yaml.Node {
	list := sequence()
	seen := map[string]bool{}
	for k, one := range elements(node) {
		kind := name(orElse(textOf(member(one, "type")), textOf(member(one, "category")), "document"))
		if seen[kind] {
			i.note(one, "documentsSchema["+itoa(k)+"]", "the kind "+kind+" is there already: one stands for all countries", "list its countries")
			continue
		}
		seen[kind] = true
		made := newObject().text("kind", kind)
		if country := textOf(member(member(one, "issuer"), "country")); len(country) == 2 {
			made.set("countries", short(sequence(text(strings.ToUpper(country)))))
		}
		made.set("properties", plain(member(one, "propertiesSchema")))
		list.Content = append(list.Content, made.Node)
	}
	if len(list.Content) == 0 {
		return nil
	}
	return list
}
