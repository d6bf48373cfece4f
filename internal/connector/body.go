package connector

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Formats of a request's body, and of an answer's.
const (
	jsonFormat      = "json"
	formFormat      = "form"
	multipartFormat = "multipart"
	textFormat      = "text"
	xmlFormat       = "xml"
	noFormat        = "none"
)

// contentTypes are what formats are sent as, unless the plugin sets another type.
var contentTypes = map[string]string{
	jsonFormat: "application/json", formFormat: "application/x-www-form-urlencoded", textFormat: "text/plain; charset=utf-8", xmlFormat: "application/xml; charset=utf-8",
}

// sent is how a request's body is written.
type sent struct {
	format      string
	contentType string
	value       *template // nil without a body
	text        *text     // instead of value, for text and XML
}

// sent compiles the body of a request.
func (s *source) sent(w writtenRequest) (b sent) {
	c := &compiler{source: s, roots: s.seeing(requestRoots), secrets: true}
	if b.format = w.Format; b.format == "" {
		b.format = jsonFormat
	}
	s.checkContentType(w, b.format)
	b.contentType = w.ContentType
	if b.contentType == "" {
		b.contentType = contentTypes[b.format]
	}
	const place = "/request/body"
	bodyless := w.Method == http.MethodGet || w.Method == http.MethodDelete
	written, isText := w.Body.(string)
	switch {
	case bodyless && w.Body != nil:
		s.report(place, "body", "use query", "A %s request has no body.", w.Method)
	case w.Body == nil && w.Format != "":
		s.report("/request/format", "body", "write request.body", "A request without a body has no format.")
	case w.Body == nil:
	case b.format == textFormat || b.format == xmlFormat:
		if !isText {
			s.report(place, "type", "write a text with {jmespath} in it", "The body of the format %s must be a text.", b.format)
			return b
		}
		b.text = c.text(written, place, true)
	case b.format == multipartFormat:
		if _, ok := w.Body.(map[string]any); !ok {
			s.report(place, "type", "write an object: one member for each part", "The body of the format multipart must be an object.")
			return b
		}
		c.attach, c.parts = true, place
		b.value = c.body(w.Body, place)
	default:
		c.attach = true
		b.value = c.body(w.Body, place)
	}
	return b
}

// checkContentType reports a content type that is none, or that does not fit.
func (s *source) checkContentType(w writtenRequest, format string) {
	if w.ContentType == "" {
		return
	}
	const place = "/request/content_type"
	kind, _, err := mime.ParseMediaType(w.ContentType)
	switch {
	case err != nil || !strings.Contains(kind, "/"):
		s.report(place, "content_type", "such as application/vnd.api+json", "This is not a content type.")
	case w.Body == nil:
		s.report(place, "body", "write request.body", "A request without a body has no content type.")
	case format == multipartFormat:
		s.report(place, "not_here", "remove it", "The content type of the format multipart has a boundary, which is set by the client itself.")
	case format == formFormat:
		s.report(place, "not_here", "remove it", "The format form has a content type of its own.")
	}
}

// there reports whether there is a body.
func (b sent) there() bool { return b.value != nil || b.text != nil }

// secretive reports whether there is a secret in the body.
func (b sent) secretive() bool { return b.value.secretive() || b.text != nil && b.text.secretive() }

// render is the body as a value: what request.schema is about.
func (b sent) render(scope any, with *values, faults *[]fault) any {
	switch {
	case b.text != nil && b.format == xmlFormat:
		return b.text.render(scope, &values{secrets: with.secrets, settings: with.settings, escape: escapeXML}, faults)
	case b.text != nil:
		return b.text.render(scope, with, faults)
	case b.value != nil:
		return b.value.render(scope, with, faults)
	}
	return nil
}

// escapeXML escapes a value for where it stands: a text or an attribute in quotes. Characters that XML does not have are replaced.
func escapeXML(value, _ string) string {
	value = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, value)
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;", "\r", "&#13;").Replace(value)
}

// write makes the bytes of the body.
func (b sent) write(value any, faults *[]fault) (content []byte, contentType string) {
	switch {
	case b.text != nil:
		text, _ := value.(string)
		return []byte(text), b.contentType
	case b.format == formFormat:
		return []byte(formOf(value, faults)), b.contentType
	case b.format == multipartFormat:
		return parts(value, faults)
	}
	content, err := json.Marshal(value)
	if err != nil {
		*faults = append(*faults, fault{"request.body", "type", "The body cannot be written as JSON."})
	}
	return content, b.contentType
}

// formOf writes an object as a form: a list becomes one parameter that is repeated.
func formOf(value any, faults *[]fault) string {
	object, ok := value.(map[string]any)
	if !ok {
		*faults = append(*faults, fault{"request.body", "type", "The body of the format form must be an object."})
	}
	return parameters(object, "request.body", faults).Encode()
}

// parameters are those of a query or a form.
func parameters(object map[string]any, place string, faults *[]fault) url.Values {
	all := url.Values{}
	for name, value := range object {
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, one := range list {
			written, ok := scalar(one)
			switch {
			case ok:
				all.Add(name, written)
			case one != nil:
				*faults = append(*faults, fault{place, "type", "A parameter must be text, a number or a boolean, or a list of these."})
			}
		}
	}
	return all
}

// isXML reports whether a content type is one of XML.
func isXML(kind string) bool {
	return slices.Contains([]string{"application/xml", "text/xml"}, kind) || strings.HasSuffix(kind, "+xml")
}
