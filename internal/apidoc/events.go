package apidoc

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// event is a kind of event that subscribers are sent. cases.EventTypes are their names.
type event struct {
	kind    string // "case.completed"; "workflow.*" for those that workflows emit under names of their own
	summary string
	fields  []field // of its data
}

// field is a member of an event's data.
type field struct {
	name, kind, description string // kind as in JSON Schema; arrays are of strings
	required                bool
	example                 any
}

// summary are the members that state where a case is.
var summary = []field{
	{"case", "string", "the case", true, exampleCase},
	{"workflow", "string", "its workflow", true, "kyc"},
	{"workflow_version", "integer", "the version of the workflow that it runs", true, 1},
	{"status", "string", "active, completed, failed or cancelled", true, "active"},
	{"version", "integer", "the case's version after the change, which determines the order of changes", true, 3},
	{"configuration", "array", "the active states", true, []string{"manual_review"}},
	{"external_id", "string", "the case's id in the client's system, if it has one", false, "customer-42"},
	{"outcome", "string", "the final state, if the case has ended", false, nil},
	{"parent", "string", "the case that started this one", false, nil},
}

func beside(more ...field) []field { return append(summary[:len(summary):len(summary)], more...) }

// events are all of them, in the order of a case's life.
var events = []event{
	{"case.created", "A case was started", summary},
	{"case.state_changed", "The states of a case have changed", beside(
		field{"from", "array", "the states before", true, []string{"collect"}}, field{"to", "array", "the states after", true, []string{"manual_review"}})},
	{"case.assigned", "A case was assigned or unassigned", beside(field{"assignee", "string", "the assignee; empty if unassigned", true, "user_rita"})},
	{"case.incident", "Work of a case has failed permanently and waits for an operator", beside(
		field{"incident", "string", "its id", true, "inc_01JQ3V7M7P8R0TC3N4ZK0S6D5E"}, field{"state", "string", "the case that the work belongs to", true, "screening"},
		field{"work", "string", "the work's id", true, "sanctions"}, field{"error", "string", "the failure's code", true, "vendor_unavailable"})},
	{"case.decision_proposed", "A person has decided, and a second one has to confirm", beside(field{"event", "string", "the decision", true, "approve"})},
	{"case.decision", "A person has decided", beside(
		field{"event", "string", "the decision", true, "approve"}, field{"reason", "string", "one of the workflow's reasons; the comment is never sent", true, ""})},
	{"case.notify", "A workflow notifies people; the members are defined by the workflow", nil},
	{"case.completed", "A case has reached a final state of its workflow", summary},
	{"case.failed", "A case has failed", summary},
	{"case.cancelled", "A case was cancelled", summary},
	{"workflow.*", "A workflow has emitted a custom event: its name and members are defined by the workflow", nil},
	{"webhook.disabled", "A subscription was disabled because of its receiver", []field{
		{"webhook", "string", "the subscription", true, "whk_01JQ3V7M7P8R0TC3N4ZK0S6D5E"},
		{"reason", "string", "`gone`: it has responded with 410; `failing`: it has accepted no delivery for five days", true, "failing"},
	}},
	{"webhook.test", "A test event was requested", []field{{"webhook", "string", "the subscription", true, "whk_01JQ3V7M7P8R0TC3N4ZK0S6D5E"}}},
}

const (
	exampleCase = "case_01JQ3V7M7P8R0TC3N4ZK0S6D5E"
	exampleTime = "2026-03-04T05:06:07Z"
)

// describeEvents adds the events that subscribers are sent, each with the schema of its data.
func describeEvents(document *huma.OpenAPI) {
	document.Webhooks = map[string]*huma.PathItem{}
	header := func(name, description string) *huma.Param {
		return &huma.Param{Name: name, In: "header", Required: true, Description: description, Schema: &huma.Schema{Type: "string"}}
	}
	for _, e := range events {
		document.Webhooks[e.kind] = &huma.PathItem{Post: &huma.Operation{
			OperationID: "on" + camel(e.kind), Summary: e.summary, Tags: []string{"events"}, Security: []map[string][]string{},
			Description: "A CloudEvent, signed according to Standard Webhooks and delivered at least once: `webhook-id`, the id of the event, identifies repeated deliveries. " +
				"Any 2xx status acknowledges it, and 410 disables the subscription; after any other status it is retried, eight times within 31 hours.",
			Parameters: []*huma.Param{
				header("webhook-id", "The event's id: the same for every attempt"),
				header("webhook-timestamp", "When this attempt was made, in seconds since 1970"),
				header("webhook-signature", "`v1,` and the signature in base64; one for each valid secret, with spaces between them"),
			},
			RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: e.schema(document.Components), Example: e.sample()}}},
			Responses: map[string]*huma.Response{
				"200": {Description: "Acknowledged; so does any other 2xx status"},
				"410": {Description: "The receiver no longer wants events: the subscription is disabled"},
			},
		}}
	}
}

// schema is the envelope (CloudEvents 1.0 in JSON) around an event's data. Both have names, which types in clients are
// called by.
func (e event) schema(components *huma.Components) *huma.Schema {
	text := func(description string) *huma.Schema { return &huma.Schema{Type: "string", Description: description} }
	name := strings.TrimSuffix(camel(e.kind), "Event") + "Event"
	kind := text("What happened")
	if !strings.HasSuffix(e.kind, "*") {
		kind.Enum = []any{e.kind}
	}
	return named(components, name, &huma.Schema{
		Type: "object", Required: []string{"specversion", "id", "source", "type", "time", "datacontenttype", "data"}, Description: e.summary,
		Properties: map[string]*huma.Schema{
			"specversion": {Type: "string", Enum: []any{"1.0"}}, "id": text("Unique and stable"), "source": text("The system that sent it"),
			"type": kind, "time": {Type: "string", Format: "date-time"}, "subject": text("The subject of the event: the id of the case"),
			"datacontenttype": {Type: "string", Enum: []any{"application/json"}}, "data": named(components, name+"Data", e.data()),
		},
	})
}

// data is the schema of an event's own members. More may be added to them at any time.
func (e event) data() *huma.Schema {
	data := &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{}, Description: "Of " + e.kind + ". More members may be added"}
	for _, f := range e.fields {
		property := &huma.Schema{Type: f.kind, Description: f.description}
		if f.kind == "array" {
			property.Items = &huma.Schema{Type: "string"}
		}
		data.Properties[f.name] = property
		if f.required {
			data.Required = append(data.Required, f.name)
		}
	}
	if len(e.fields) == 0 {
		data.AdditionalProperties = true
	}
	return data
}

func (e event) sample() map[string]any {
	data := map[string]any{}
	for _, f := range e.fields {
		if f.example != nil {
			data[f.name] = f.example
		}
	}
	return map[string]any{
		"specversion": "1.0", "id": exampleCase + "/3/0", "source": "/ballerine", "type": strings.Replace(e.kind, "*", "kyc_passed", 1), "subject": exampleCase,
		"time": exampleTime, "datacontenttype": "application/json", "data": data,
	}
}

func camel(name string) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(strings.ReplaceAll(name, "*", "event"), func(r rune) bool { return r == '.' || r == '_' }) {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
