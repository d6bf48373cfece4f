package bridge

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Handler is what lambda.Start takes.
type Handler func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// Authorize is the authorizer as lambda.Start takes it.
type Authorize func(context.Context, events.APIGatewayV2CustomAuthorizerV2Request) (events.APIGatewayV2CustomAuthorizerSimpleResponse, error)

// New adapts h. The principal comes from the authorizer's context if there is one, never from headers.
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

// FromGateway reports whether a payload is a call of API Gateway's, and not of a state machine's.
func FromGateway(payload []byte) bool {
	var call struct {
		RouteKey *string `json:"routeKey"`
	}
	return json.Unmarshal(payload, &call) == nil && call.RouteKey != nil
}

func request(ctx context.Context, in events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	if id := in.RequestContext.RequestID; id != "" {
		ctx = httpapi.WithRequestID(ctx, id)
	}
	if p, err := whoIs(in.RequestContext.Authorizer); err == nil {
		ctx = httpapi.WithPrincipal(ctx, p)
	} else {
		ctx = httpapi.WithRefusal(ctx, err)
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

// Authorizer answers payload-2.0 REQUEST authorizer calls with a simple response, for every kind of credential. A
// credential that is refused is passed on, marked with the reason and with no principal: the function answers it, since API
// Gateway's own refusal is a 403 without a word. That a credential could not be checked is an error, which is not cached.
func Authorizer(a *identity.Authenticator) Authorize {
	return func(ctx context.Context, in events.APIGatewayV2CustomAuthorizerV2Request) (events.APIGatewayV2CustomAuthorizerSimpleResponse, error) {
		p, err := a.Authenticate(ctx, credential(in))
		if identity.Refused(err) {
			return events.APIGatewayV2CustomAuthorizerSimpleResponse{IsAuthorized: true, Context: map[string]any{refused: string(problem.CodeOf(err))}}, nil
		}
		if err != nil {
			return events.APIGatewayV2CustomAuthorizerSimpleResponse{}, err
		}
		return events.APIGatewayV2CustomAuthorizerSimpleResponse{IsAuthorized: true, Context: contextOf(p)}, nil
	}
}

// credential is what the answer is cached for: API Gateway's identity source, which is the Authorization header.
func credential(in events.APIGatewayV2CustomAuthorizerV2Request) string {
	if len(in.IdentitySource) == 1 {
		return in.IdentitySource[0]
	}
	if authorization := in.Headers["authorization"]; authorization != "" {
		return authorization
	}
	return in.Headers["Authorization"]
}

// refused marks a request whose credential is not good, with the code of the problem.
const refused = "refused"

// issuedAt is when a user's token was made; "" or missing: unknown.
const issuedAt = "issued_at"

// contextOf is a principal as an authorizer hands it on: strings only.
func contextOf(p identity.Principal) map[string]any {
	issued := ""
	if !p.IssuedAt.IsZero() {
		issued = p.IssuedAt.UTC().Format(time.RFC3339Nano)
	}
	return map[string]any{
		issuedAt: issued,
		"tenant": p.Tenant, "kind": string(p.Kind), "id": p.ID, "case": p.Case, "name": p.Name, "email": p.Email,
		"roles": strings.Join(p.Roles, " "), "scopes": strings.Join(p.Scopes, " "), "by": p.By,
	}
}

// whoIs reads what the authorizer has passed on. A missing context, a refusal, and everything that is not a complete
// principal is refused: without an authorizer before it a function admits nobody.
func whoIs(a *events.APIGatewayV2HTTPRequestContextAuthorizerDescription) (p identity.Principal, err error) {
	if a == nil || len(a.Lambda) == 0 {
		return p, identity.Refusal(problem.Unauthenticated)
	}
	if code, marked := a.Lambda[refused]; marked {
		text, _ := code.(string)
		return p, identity.Refusal(problem.Code(text))
	}
	garbled := false
	text := func(name string) string {
		value, ok := a.Lambda[name].(string)
		garbled = garbled || !ok
		return value
	}
	p = identity.Principal{
		Tenant: text("tenant"), Kind: identity.Kind(text("kind")), ID: text("id"), Case: text("case"), Name: text("name"), Email: text("email"),
		Roles: strings.Fields(text("roles")), Scopes: strings.Fields(text("scopes")),
	}
	if issued, _ := a.Lambda[issuedAt].(string); issued != "" {
		if p.IssuedAt, err = time.Parse(time.RFC3339Nano, issued); err != nil {
			garbled = true
		}
	}
	p.By, _ = a.Lambda["by"].(string) // not there: of an authorizer of a former release, which API Gateway keeps for minutes
	if garbled || !p.Whole() {
		return identity.Principal{}, identity.Refusal(problem.InvalidCredentials)
	}
	return p, nil
}
