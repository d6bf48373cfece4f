package apidoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// problemType is the media type of every error.
const problemType = "application/problem+json"

// Document is the OpenAPI 3.1 document of all operations.
func Document() (*huma.OpenAPI, error) {
	document, err := describeAll()
	if err != nil {
		return nil, err
	}
	fields, err := readGlossary()
	if err != nil {
		return nil, err
	}
	fields.apply(document)
	return document, nil
}

// describeAll is the document without the descriptions of the glossary.
func describeAll() (*huma.OpenAPI, error) {
	document, err := httpapi.Describe()
	if err != nil {
		return nil, err
	}
	document.Info.Description = introduction
	document.Info.License = &huma.License{Name: "Apache 2.0", Identifier: "Apache-2.0"}
	document.Servers = []*huma.Server{
		{URL: "/", Description: "The address that this document was read from"},
		{URL: "http://127.0.0.1:8787", Description: "A local system, as `ballerine dev` starts it"},
	}
	for _, t := range tags {
		document.Tags = append(document.Tags, &huma.Tag{Name: t.name, Description: t.description})
	}
	for _, op := range operations(document) {
		describe(document.Components, op)
		nameSchemas(document.Components, op)
		refuse(document.Components, op)
	}
	if err := exemplify(operations(document)); err != nil {
		return nil, err
	}
	describeEvents(document)
	return document, prune(document)
}

var reference = regexp.MustCompile(`"#/components/schemas/([^"]+)"`)

// prune removes unreferenced schemas, which would be types in clients that no operation has.
func prune(document *huma.OpenAPI) error {
	schemas := document.Components.Schemas.Map()
	for {
		text, err := document.MarshalJSON()
		if err != nil {
			return fmt.Errorf("encode the document: %w", err)
		}
		used := map[string]bool{}
		for _, match := range reference.FindAllSubmatch(text, -1) {
			used[string(match[1])] = true
		}
		before := len(schemas)
		maps.DeleteFunc(schemas, func(name string, _ *huma.Schema) bool { return !used[name] })
		if len(schemas) == before {
			return nil
		}
	}
}

// JSON is the document as it is served by the system with this URL; "": by the one that it is read from.
func JSON(server string) ([]byte, error) {
	document, err := Document()
	if err != nil {
		return nil, err
	}
	document.Servers = []*huma.Server{{URL: "/", Description: "The address that this document was read from"}}
	if server != "" {
		document.Servers = []*huma.Server{{URL: server}}
	}
	text, err := document.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("encode the document: %w", err)
	}
	var indented bytes.Buffer
	err = json.Indent(&indented, text, "", " ")
	return indented.Bytes(), err
}

// operations are those of a document, by path and method.
func operations(document *huma.OpenAPI) (found []*huma.Operation) {
	for _, item := range document.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete} {
			if op != nil {
				found = append(found, op)
			}
		}
	}
	slices.SortFunc(found, func(a, b *huma.Operation) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
	return found
}

// describe adds to an operation what its form does not state.
func describe(components *huma.Components, op *huma.Operation) {
	op.Tags = []string{tagOf(op.Path)}
	op.Description = descriptionOf(op)
	if op.Security == nil {
		op.Security = []map[string][]string{} // none is needed, which differs from not stated
	}
	for _, param := range op.Parameters {
		if param.Description == "" {
			param.Description = parameters[param.Name]
		}
		// A list without entries is changed without its ETag, so there it depends.
		if param.Name == "If-Match" && slices.Contains(Errors(op), problem.PreconditionRequired) && !strings.HasPrefix(op.Path, "/v1/lists/") {
			param.Required = true
		}
		if param.Name == "If-None-Match" {
			op.Responses["304"] = &huma.Response{}
		}
	}
	for status, response := range op.Responses {
		if code, err := strconv.Atoi(status); err == nil && code >= 400 {
			delete(op.Responses, status)
		} else if code == 302 {
			response.Description = "The address to follow"
		} else if description := success[code]; description != "" && (response.Description == "" || response.Description == "OK") {
			response.Description = description
		}
		if op.Responses[status] != nil && len(op.Security) > 0 {
			stateLimits(components, response)
		}
	}
	if op.Method == http.MethodPatch {
		op.RequestBody.Content["application/merge-patch+json"] = op.RequestBody.Content["application/json"]
	}
}

// nameSchemas gives a schema that occurs twice in an operation a name of its own: generators name a type after it, and
// would otherwise name two after the operation.
func nameSchemas(components *huma.Components, op *huma.Operation) {
	if op.RequestBody == nil || op.RequestBody.Content["application/merge-patch+json"] == nil {
		return
	}
	for _, media := range op.RequestBody.Content {
		if media.Schema.Ref == "" {
			media.Schema.Description = "A JSON merge patch (RFC 7396): null removes a member, members that are not listed stay"
			media.Schema = named(components, "ContextPatch", media.Schema)
		}
	}
}

// named puts a schema among the components, where everybody refers to it.
func named(components *huma.Components, name string, schema *huma.Schema) *huma.Schema {
	components.Schemas.Map()[name] = schema
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}

var success = map[int]string{200: "Success", 201: "Created; Location is its address", 202: "Accepted; processing continues", 204: "It is done", 304: "Not changed"}

// descriptionOf is the text about an operation, and what follows from its form.
func descriptionOf(op *huma.Operation) string {
	var lines []string
	if text := texts[op.OperationID]; text != "" {
		lines = append(lines, text)
	}
	switch needs := identity.Needs(op.OperationID); needs {
	case identity.Anybody:
		lines = append(lines, "No credential is needed.")
	case identity.HooksAnswer:
		lines = append(lines, "The token in the path, and the vendor's signature, are the credential.")
	case identity.FlowUse:
		lines = append(lines, "The credential is an applicant's flow token, which is valid for one case.")
	default:
		lines = append(lines, fmt.Sprintf("Requires the permission `%s`.", needs))
	}
	for _, param := range op.Parameters {
		if param.Name == "Idempotency-Key" {
			lines = append(lines, "Repeating a call with the same Idempotency-Key within 24 hours has no further effect and returns the same response.")
		}
	}
	return strings.Join(lines, "\n\n")
}

// refuse adds the responses of an operation's errors. Those that many operations share are listed once among the components.
func refuse(components *huma.Components, op *huma.Operation) {
	if components.Responses == nil {
		components.Responses = map[string]*huma.Response{}
	}
	statuses, groups := byStatus(Errors(op))
	for _, status := range statuses {
		response, name := refusal(status, groups[status]), ""
		if status == http.StatusTooManyRequests {
			stateLimits(components, response)
		}
		switch {
		case status == http.StatusUnauthorized:
			name = "Unauthorized"
		case len(groups[status]) == 1:
			name = camel(string(groups[status][0]))
		}
		if name != "" {
			components.Responses[name] = response
			response = &huma.Response{Ref: "#/components/responses/" + name}
		}
		op.Responses[strconv.Itoa(status)] = response
	}
}

// refusal is the response of a status: which codes it can have, and one of them as an example.
func refusal(status int, codes []problem.Code) *huma.Response {
	lines := make([]string, len(codes))
	names := make([]string, len(codes))
	for i, code := range codes {
		lines[i], names[i] = fmt.Sprintf("`%s`: %s", code, code.Title()), string(code)
	}
	response := &huma.Response{
		Description: strings.Join(lines, "; "), Extensions: map[string]any{"x-codes": names},
		Content: map[string]*huma.MediaType{problemType: {
			Schema: &huma.Schema{Ref: "#/components/schemas/Problem"},
			Example: map[string]any{
				"type": "urn:ballerine:problem:" + names[0], "title": codes[0].Title(), "status": status, "detail": codes[0].Title() + ".",
				"code": names[0], "request_id": "req_01JQ3V7M7P8R0TC3N4ZK0S6D5E", "errors": []any{},
			},
		}},
	}
	response.Headers = map[string]*huma.Param{}
	header := func(name, description, kind string) {
		response.Headers[name] = &huma.Param{Description: description, Schema: &huma.Schema{Type: kind}}
	}
	switch status {
	case 401, 403:
		header("WWW-Authenticate", "RFC 6750: Bearer, with the error where there was a credential", "string")
	case 429, 503:
		header("Retry-After", "How many seconds to wait", "integer")
	}
	return response
}

// stateLimits adds the headers that state the caller's limits, where requests are limited. They are listed once among the components.
func stateLimits(components *huma.Components, response *huma.Response) {
	if components.Headers == nil {
		text := &huma.Schema{Type: "string"}
		components.Headers = map[string]*huma.Header{
			"RateLimit-Policy": {Description: "The caller's limits (draft-ietf-httpapi-ratelimit-headers): q requests within w seconds. Absent where requests are not limited", Schema: text},
			"RateLimit":        {Description: "The state of each limit of the caller: r requests are left, and the limit resets in t seconds. Absent where requests are not limited", Schema: text},
		}
	}
	if response.Headers == nil {
		response.Headers = map[string]*huma.Param{}
	}
	for name := range components.Headers {
		response.Headers[name] = &huma.Param{Ref: "#/components/headers/" + name}
	}
}

func tagOf(path string) string {
	for _, t := range tags {
		for _, prefix := range t.paths {
			if path == prefix || strings.HasPrefix(path, prefix+"/") {
				return t.name
			}
		}
	}
	return ""
}
