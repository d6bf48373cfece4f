package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/problem"
	"ballerine/internal/source"
)

// Problem is the body of every error: RFC 9457 with a stable code, the request's id and all places that are wrong. It
// never carries a rejected value.
type Problem struct {
	Type      string          `json:"type" doc:"URN of the code"`
	Title     string          `json:"title"`
	Status    int             `json:"status"`
	Detail    string          `json:"detail"`
	Code      string          `json:"code" doc:"stable code of the failure"`
	RequestID string          `json:"request_id"`
	Errors    []problem.Field `json:"errors" nullable:"false"`
	Allowed   any             `json:"allowed,omitempty" doc:"event_not_allowed: the events that are allowed"`
	Details   map[string]any  `json:"details,omitempty" doc:"details, depending on the code"`

	retry     bool
	challenge string // of WWW-Authenticate
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// pause is how many seconds a caller should wait before it tries again.
func (p *Problem) pause() int {
	if seconds, ok := p.Details["retry_after_seconds"].(int); ok && seconds > 0 {
		return seconds
	}
	return 1
}

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	header := http.Header{}
	if p.retry {
		header.Set("Retry-After", strconv.Itoa(p.pause()))
	}
	if p.challenge != "" {
		header.Set("WWW-Authenticate", p.challenge)
	}
	return header
}

// challengeOf is the WWW-Authenticate header of a refusal (RFC 6750, 3): the scheme alone if there was no credential. It
// is empty for other errors.
func challengeOf(e *problem.Error) string {
	switch {
	case e.Code == problem.Unauthenticated:
		return "Bearer"
	case e.Code.Status() == http.StatusUnauthorized:
		return fmt.Sprintf("Bearer error=%q, error_description=%q", "invalid_token", e.Code.Title())
	case e.Code == problem.Forbidden && e.Details["permission"] != nil:
		return fmt.Sprintf("Bearer error=%q, scope=%q", "insufficient_scope", fmt.Sprint(e.Details["permission"]))
	}
	return ""
}

func problemOf(ctx context.Context, err error) *Problem {
	e := problem.As(err)
	p := &Problem{
		Type: "urn:ballerine:problem:" + string(e.Code), Title: e.Code.Title(), Status: e.Code.Status(), Detail: e.Message,
		Code: string(e.Code), RequestID: requestID(ctx), Errors: e.Fields, retry: e.Code == problem.RateLimited || e.Code == problem.Unavailable || e.Code == problem.Conflict && e.Details["retry_after_seconds"] != nil,
		challenge: challengeOf(e),
	}
	if p.Errors == nil {
		p.Errors = []problem.Field{}
	}
	for name, value := range e.Details {
		if name == "allowed" {
			p.Allowed = value
			continue
		}
		if p.Details == nil {
			p.Details = map[string]any{}
		}
		p.Details[name] = value
	}
	return p
}

func writeProblem(ctx context.Context, w http.ResponseWriter, err error) {
	p := problemOf(ctx, err)
	text, failed := json.Marshal(p)
	if failed != nil {
		text, p.Status = []byte(`{"code":"internal"}`), http.StatusInternalServerError
	}
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(text) // the caller has gone: the error cannot be reported
}

// ours makes Huma speak of errors as we do. Huma keeps these two functions in variables, so it is done once.
var ours = sync.OnceFunc(func() {
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		c := context.Background()
		if ctx != nil {
			c = ctx.Context()
		}
		return problemOf(c, fromHuma(status, message, errs))
	}
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return problemOf(context.Background(), fromHuma(status, message, errs))
	}
})

var statusCodes = map[int]problem.Code{
	http.StatusBadRequest: problem.MalformedJSON, http.StatusRequestEntityTooLarge: problem.TooLarge, http.StatusUnsupportedMediaType: problem.UnsupportedMedia,
	http.StatusUnprocessableEntity: problem.Invalid, http.StatusNotFound: problem.NotFound, http.StatusRequestTimeout: problem.Timeout,
}

// noBody is Huma's message about a missing body. It is the only finding without a detail.
const noBody = "request body is required"

// fromHuma translates what Huma found. Its messages may hold the value that it read, so only known ones pass.
func fromHuma(status int, message string, errs []error) error {
	for _, err := range errs {
		var e *problem.Error
		if errors.As(err, &e) {
			return e
		}
	}
	code, ok := statusCodes[status]
	if !ok {
		return problem.Wrap(errors.Join(errs...), problem.Internal, "Something went wrong on our side.")
	}
	e := problem.New(code, "The request is not valid.")
	for _, err := range errs {
		if detail, ok := err.(huma.ErrorDetailer); ok {
			d := detail.ErrorDetail()
			if code == problem.MalformedJSON && d.Location != "body" {
				e.Code = problem.Invalid
			}
			kind, message := explain(d.Message)
			if e.Code == problem.MalformedJSON {
				kind, message = "json", "this is not one JSON value"
			}
			e.With(placeOf(d), kind, "%s", message)
		}
	}
	if message == noBody {
		e.With("body", "required", "send a JSON body")
	}
	return e
}

// placeOf is where something is wrong: of a field that is missing, the field itself.
func placeOf(d *huma.ErrorDetail) string {
	if rest, ok := strings.CutPrefix(d.Message, "expected required property "); ok {
		if name, ok := strings.CutSuffix(rest, " to be present"); ok {
			return source.Join(d.Location, name)
		}
	}
	return d.Location
}

// explanations map the beginnings of Huma's messages to our codes; those that end in a value of the caller are replaced.
var explanations = []struct{ begins, code, message string }{
	{"unexpected property", "unknown", "there is no such field"},
	{"expected required property", "required", "this field is required"},
	{"required ", "required", "this is required"},
	{"expected value to be one of", "enum", ""},
	{"expected length", "length", ""},
	{"expected array length", "length", ""},
	{"expected number >", "range", ""},
	{"expected number <", "range", ""},
	{"expected string to be RFC 3339", "format", ""},
	{"expected string to be RFC 5322 email", "format", "expected an e-mail address"},
	{"expected string to be RFC 3986 uri", "format", "expected a URI"},
	{"expected string to match pattern", "pattern", ""},
	{"expected string", "type", ""},
	{"expected number", "type", ""},
	{"expected integer", "type", ""},
	{"expected boolean", "type", ""},
	{"expected array", "type", ""},
	{"expected object", "type", ""},
	{"invalid integer", "type", "expected an integer"},
	{"invalid date", "format", "expected a date and time as in RFC 3339"},
}

func explain(message string) (code, text string) {
	for _, x := range explanations {
		if strings.HasPrefix(message, x.begins) {
			if x.message != "" {
				return x.code, x.message
			}
			return x.code, message
		}
	}
	return "invalid", "the value is not valid here"
}
