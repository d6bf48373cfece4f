package importing

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// extensions converts the plugins, in the order in which they run in a state.
func (i *importer) extensions(node *yaml.Node) {
	for _, list := range []struct {
		name    string
		convert func(plugin *yaml.Node, path string) (entry, work *yaml.Node)
	}{
		{"dispatchEventPlugins", i.dispatch}, {"childWorkflowPlugins", i.child}, {"commonPlugins", i.common}, {"apiPlugins", i.api},
	} {
		for k, plugin := range elements(i.member(node, list.name)) {
			path := source.Join("extensions", list.name+"["+itoa(k)+"]")
			entry, work := list.convert(plugin, path)
			i.textOf(plugin, "pluginKind")
			i.textOf(plugin, "displayName")
			raised := []string{eventName(i.textOf(plugin, "successAction")), eventName(i.textOf(plugin, "errorAction"))}
			i.runs(plugin, path, extra{entry: some(entry), work: some(work), raised: slices.DeleteFunc(raised, func(e string) bool { return e == "" })})
		}
	}
}

func some(node *yaml.Node) []*yaml.Node {
	if node == nil {
		return nil
	}
	return []*yaml.Node{node}
}

// runs files a plugin with the states that it runs in.
func (i *importer) runs(plugin *yaml.Node, path string, one extra) {
	names := elements(i.member(plugin, "stateNames"))
	if len(one.entry)+len(one.work) == 0 {
		for _, state := range names {
			i.text(state)
		}
		return // it was refused
	}
	if len(names) == 0 {
		i.note(plugin, path, "the plugin lists no states, so it never runs automatically", "put its work into the state that needs it")
	}
	initial := i.machine.first()
	for k, name := range names {
		key, at := i.text(name), path+".stateNames["+itoa(k)+"]"
		if initial != nil && key == initial.key {
			if i.returns(initial) {
				i.refuse(name, at, "a plugin of the initial state only runs when that state is entered again, which is not supported", "add a separate state before it")
				continue
			}
			i.note(name, at, "plugins never run in the initial state, and do not run here", "")
			continue
		}
		there := i.extras[key]
		if there == nil {
			there = &extra{at: name, path: at}
			i.extras[key] = there
		}
		for _, work := range one.work {
			there.work = append(there.work, i.from(twin(work), plugin, path))
		}
		there.entry = append(there.entry, one.entry...)
		there.raised = append(there.raised, one.raised...)
		if len(there.work) > 1 && !there.several && len(there.raised) > 0 {
			there.several = true
			i.doc.Warn(name, at, "not_carried", "several plugins run in this state, one after the other: leaving the state cancels those that have not started", "")
		}
		if s := i.machine.child(key); s != nil {
			s.work = s.work || len(there.work) > 0
		}
	}
}

// returns reports whether some transition may enter a state again.
func (i *importer) returns(s *state) bool {
	found := false
	visit := func(node *yaml.Node, from *state) {
		for _, one := range elements(node) {
			if m, ok := lookup(one, "target"); ok {
				one = m.Value
			}
			for _, target := range elements(one) {
				found = found || target.Kind == yaml.ScalarNode && i.find(from, target.Value) == s
			}
		}
	}
	i.machine.walk(func(from *state) {
		for _, member := range []string{"on", "after"} {
			m, _ := lookup(from.node, member)
			if m.Value != nil && m.Value.Kind == yaml.SequenceNode {
				visit(m.Value, from)
			}
			for _, one := range pairs(m.Value) {
				visit(one.Value, from)
			}
		}
		for _, member := range []string{"always", "onDone"} {
			if m, ok := lookup(from.node, member); ok {
				visit(m.Value, from)
			}
		}
	})
	return found
}

// dispatch converts an event that is sent out when a state is entered.
func (i *importer) dispatch(plugin *yaml.Node, path string) (entry, _ *yaml.Node) {
	event := orElse(i.textOf(plugin, "eventName"), i.textOf(plugin, "name"))
	i.textOf(plugin, "name")
	made := newObject().text("type", "emit").text("event", event)
	for _, given := range []string{"payload", "transformers"} {
		if m, ok := lookup(plugin, given); ok {
			i.refuseMember(m, source.Join(path, given), given+" of an outgoing event is not supported", "write emit with a payload of expressions")
		}
	}
	if success := i.textOf(plugin, "successAction"); success != "" {
		return sequence(short(made.Node), raise(success)), nil
	}
	return short(made.Node), nil
}

// common converts the kinds that were no calls.
func (i *importer) common(plugin *yaml.Node, path string) (_, work *yaml.Node) {
	kind := i.textOf(plugin, "pluginKind")
	id := field(orElse(i.textOf(plugin, "name"), kind, "plugin"))
	if kind == "riskRules" {
		rules := i.member(plugin, "rulesSource")
		policy := name(orElse(i.textOf(rules, "databaseId"), i.text(rules), id))
		i.doc.Warn(plugin, path, "not_carried", "the definition does not contain the rules: they become a call of the policy "+policy, "write that policy: docs/policies.md")
		made := newObject().text("src", "rules").text("id", id).set("input", short(newObject().text("policy", policy).Node))
		if rules != nil {
			for _, m := range i.each(rules) {
				i.takeAll(m.Value) // where the rules were kept
			}
		}
		i.endings(made, plugin, nil, nil)
		return nil, made.Node
	}
	message, hint := "a common plugin of kind "+orElse(kind, "unknown")+" is not known", ""
	switch kind {
	case "iterative":
		message, hint = "a plugin for each element of a list is not supported", "start child cases with each, or pass the whole list to the plugin"
	case "transformer":
		message, hint = "a transformer is not supported", "write assign actions with expressions"
	case "attach-ui-definition":
		i.note(plugin, path, "pages are not attached to a case", "write them under flow")
		return nil, nil
	}
	i.refuse(plugin, path, message, hint)
	return nil, nil
}

// api converts a call: work of a vendor, and the plugin that defines how it is called.
func (i *importer) api(plugin *yaml.Node, path string) (_, work *yaml.Node) {
	given := orElse(i.textOf(plugin, "name"), i.textOf(plugin, "pluginKind"), "api")
	id := unique(pluginID(given), func(n string) bool { return i.plugins[n] != nil })
	i.plugins[id] = i.plugin(plugin, id, path)
	made := newObject().text("src", "vendor").text("id", field(given)).set("input", short(newObject().text("plugin", id).Node))
	i.outputs = true
	destination, kept := i.member(plugin, "persistResponseDestination"), "pluginsOutput."+field(given)
	if written := i.text(destination); written != "" {
		kept = dotted(written)
		if top, _, _ := strings.Cut(kept, "."); top != "pluginsOutput" {
			i.doc.Warn(destination, source.Join(path, "persistResponseDestination"), "not_carried", "the answer of the service is stored in "+kept+", which others can write as well: conditions on it can be manipulated", "store it below pluginsOutput, or add "+top+" to reserved")
		}
	}
	done := newObject().text("type", "merge").set("values", short(newObject().text(kept, "event.payload").Node))
	// A failure takes the place of what an earlier call has answered.
	failed := short(newObject().text("name", given).text("status", "ERROR").Node)
	i.endings(made, plugin, some(done.Node), []*yaml.Node{
		newObject().text("type", "assign").set("values", newObject().set("pluginsOutput."+field(given), failed).Node).Node,
		newObject().text("type", "assign").set("values", short(newObject().text("pluginsOutput."+field(given)+".error", "event.payload.error").Node)).Node,
	})
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
func (i *importer) endings(work object, plugin *yaml.Node, kept, failed []*yaml.Node) {
	for _, ending := range []struct {
		name, event string
		actions     []*yaml.Node
	}{{"onDone", i.textOf(plugin, "successAction"), kept}, {"onError", i.textOf(plugin, "errorAction"), failed}} {
		actions := ending.actions
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
	method := strings.ToUpper(orElse(i.textOf(plugin, "method"), "POST"))
	url := i.member(plugin, "url")
	if url != nil && url.Kind == yaml.MappingNode {
		if m, ok := lookup(url, "options"); ok {
			i.refuseMember(m, source.Join(path, "url.options"), "options of an address are not supported", "write the address literally")
		}
		url = i.member(url, "url")
	}
	address := i.fill(i.text(url), url, source.Join(path, "url"))
	kind := i.textOf(plugin, "pluginKind")
	for _, of := range []string{"vendor", "template"} {
		if m, ok := lookup(plugin, of); ok {
			i.noteMember(m, source.Join(path, of), of+" only concerns Ballerine's hosted service, and is not imported", "write what your vendor needs into the plugin "+id)
		}
	}
	if address == "" {
		i.doc.Warn(plugin, path, "not_carried", "the service of kind "+kind+" has no address of its own: that of Ballerine's hosted service is not imported", "write the address of your vendor into the plugin "+id)
		address = "https://example.com/" + id
	}
	request := newObject().text("method", method).text("url", i.address(plugin, address, id, path))
	headers := newObject()
	for _, m := range i.each(i.member(plugin, "headers")) {
		headers.text(m.Name, i.fill(i.text(m.Value), m.Value, source.Join(path, "headers."+m.Name)))
	}
	if !headers.empty() {
		request.set("headers", headers.Node)
	}
	i.sends(request, i.member(plugin, "request"), method, source.Join(path, "request"))
	made := newObject().text("id", id).text("title", orElse(i.textOf(plugin, "displayName"), i.textOf(plugin, "name"), id)).set("request", request.Node)
	response, answer := newObject(), i.member(plugin, "response")
	if schema := i.member(answer, "schema"); schema != nil {
		response.set("schema", i.plain(schema))
	}
	result := "body"
	if mapped, _ := i.mapping(answer, source.Join(path, "response")); mapped != "" {
		result = "body | " + mapped
	}
	return made.set("response", response.text("result", result).Node).Node
}

// sends is what a request carries: in the body, or of a GET in the address.
func (i *importer) sends(out object, request *yaml.Node, method, path string) {
	mapped, node := i.mapping(request, path)
	switch {
	case method != "GET" && mapped != "":
		out.text("body", "context | "+mapped)
	case method != "GET":
		out.text("body", "context")
	case mapped != "":
		query := newObject()
		members, ok := hash(mapped)
		for _, m := range members {
			switch {
			case m.literal != "":
				query.text(m.path, strings.NewReplacer("{", "", "}", "").Replace(m.literal))
			case strings.Contains(m.path, "."):
				ok = false
			default:
				query.text(m.path, "{context."+m.read+"}")
			}
		}
		if !ok {
			i.refuse(node, path, "the parameters of a GET are not supported: they are more than a mapping of fields", "write it under query of the plugin")
			return
		}
		out.set("query", query.Node)
	}
	if schema := i.member(request, "schema"); schema != nil {
		out.set("schema", i.plain(schema))
	}
}

var beginning = regexp.MustCompile(`^(\{[^{}]*\}|http://)`)

// address makes an address that is called over TLS: parts composed of a secret or of the context become a setting.
func (i *importer) address(node *yaml.Node, url, id, path string) string {
	if strings.HasPrefix(url, "https://") {
		return url
	}
	setting := "{vendor." + field(id) + "}"
	rest := beginning.ReplaceAllString(url, "")
	i.doc.Warn(node, source.Join(path, "url"), "not_carried", "the address does not begin with https://: it is taken from the setting "+field(id), "set it: docs/vendors.md")
	if strings.HasPrefix(url, "http://") {
		if _, after, ok := strings.Cut(rest, "/"); ok {
			return setting + "/" + after
		}
		return setting
	}
	return setting + rest
}

// fill turns {a.b} into {context.a.b}; secrets stay.
func (i *importer) fill(given string, node *yaml.Node, path string) string {
	return placeholder.ReplaceAllStringFunc(given, func(found string) string {
		inner := strings.TrimSpace(found[1 : len(found)-1])
		if strings.HasPrefix(inner, "secret.") {
			return "{" + inner + "}"
		}
		if strings.HasPrefix(inner, "childWorkflows") {
			i.refuse(node, path, "plugins cannot access child cases", "")
		}
		return "{context." + inner + "}"
	})
}

// mapping is the JMESPath of a request or an answer; what else transforms it is refused.
func (i *importer) mapping(node *yaml.Node, path string) (string, *yaml.Node) {
	var mapped []string
	list := i.member(node, "transform")
	for k, one := range elements(list) {
		at := path + ".transform[" + itoa(k) + "]"
		kind := orElse(i.textOf(one, "transformer"), i.textOf(one, "type"))
		m, _ := lookup(one, "mapping")
		expression := ""
		if m.Value != nil && m.Value.Kind == yaml.ScalarNode {
			expression = m.Value.Value
		}
		switch {
		case kind != "jmespath" || expression == "":
			i.refuse(one, at, "a transformation by "+orElse(kind, "a function")+" is not supported", "write JMESPath")
		case strings.Contains(expression, "childWorkflows"):
			i.refuse(one, at, "plugins cannot access child cases", "")
		default:
			i.textOf(one, "mapping")
			mapped = append(mapped, expression)
		}
	}
	return strings.Join(mapped, " | "), list
}
