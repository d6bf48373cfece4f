package bridge

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Handler is what lambda.Start takes.
type Handler func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// New adapts h. The principal comes from the authorizer's context when there is one, never from headers.
func New(h http.Handler) Handler {
	return func(ctx context.Context, in events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		r, err := request(ctx, in)
		if err != nil {
			return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusBadRequest}, nil //nolint:nilerr // the caller's fault, answered as such
		}
		out := &answer{header: http.Header{}}
		h.ServeHTTP(out, r)
		return out.response(), nil
	}
}

func request(ctx context.Context, in events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	if id := in.RequestContext.RequestID; id != "" {
		ctx = httpapi.WithRequestID(ctx, id)
	}
	if a := in.RequestContext.Authorizer; a != nil && len(a.Lambda) > 0 {
		ctx = httpapi.WithPrincipal(ctx, principal(a.Lambda))
	}
	body := io.Reader(strings.NewReader(in.Body))
	if in.IsBase64Encoded {
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	path, err := url.PathUnescape(in.RawPath)
	if err != nil {
		return nil, err
	}
	r := (&http.Request{
		Method: in.RequestContext.HTTP.Method, URL: &url.URL{Path: path, RawPath: in.RawPath, RawQuery: in.RawQueryString},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header, len(in.Headers)), Body: io.NopCloser(body),
		Host: in.RequestContext.DomainName, RemoteAddr: in.RequestContext.HTTP.SourceIP,
	}).WithContext(ctx)
	for name, value := range in.Headers {
		r.Header.Set(name, value)
	}
	if len(in.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(in.Cookies, "; "))
	}
	return r, nil
}

// answer collects what the handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if status < http.StatusOK { // net/http panics; a caller must not take it for a success
		status = http.StatusInternalServerError
	}
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(text []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(text)
}

func (a *answer) response() events.APIGatewayV2HTTPResponse {
	a.WriteHeader(http.StatusOK)
	out := events.APIGatewayV2HTTPResponse{StatusCode: a.status, Headers: make(map[string]string, len(a.header)), Cookies: a.header["Set-Cookie"]}
	for name, values := range a.header {
		if name != "Set-Cookie" {
			out.Headers[name] = strings.Join(values, ",")
		}
	}
	if text := a.body.Bytes(); utf8.Valid(text) {
		out.Body = a.body.String()
	} else {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(text), true
	}
	return out
}

// Authorizer answers payload-2.0 REQUEST authorizer calls with a simple response, for every kind of credential.
func Authorizer(a *identity.Authenticator) func(context.Context, events.APIGatewayV2CustomAuthorizerV2Request) (events.APIGatewayV2CustomAuthorizerSimpleResponse, error) {
	return func(ctx context.Context, in events.APIGatewayV2CustomAuthorizerV2Request) (events.APIGatewayV2CustomAuthorizerSimpleResponse, error) {
		authorization := in.Headers["authorization"]
		if authorization == "" {
			authorization = in.Headers["Authorization"]
		}
		p, err := a.Authenticate(ctx, authorization)
		if problem.CodeOf(err) == problem.Unauthenticated {
			return events.APIGatewayV2CustomAuthorizerSimpleResponse{}, nil
		}
		if err != nil {
			return events.APIGatewayV2CustomAuthorizerSimpleResponse{}, err
		}
		return events.APIGatewayV2CustomAuthorizerSimpleResponse{IsAuthorized: true, Context: Context(p)}, nil
	}
}

// Context is a principal as an authorizer hands it on: strings only.
func Context(p identity.Principal) map[string]any {
	return map[string]any{
		"tenant": p.Tenant, "kind": string(p.Kind), "id": p.ID, "case": p.Case, "name": p.Name, "email": p.Email,
		"roles": strings.Join(p.Roles, " "), "scopes": strings.Join(p.Scopes, " "),
	}
}

func principal(context map[string]any) identity.Principal {
	text := func(name string) string { value, _ := context[name].(string); return value }
	return identity.Principal{
		Tenant: text("tenant"), Kind: identity.Kind(text("kind")), ID: text("id"), Case: text("case"), Name: text("name"), Email: text("email"),
		Roles: strings.Fields(text("roles")), Scopes: strings.Fields(text("scopes")),
	}
}
