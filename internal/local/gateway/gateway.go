package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"ballerine/internal/problem"
)

// Limits of API Gateway and Lambda, in bytes and time.
const (
	MaxRequest      = 10 << 20 // API Gateway refuses a larger request
	MaxPayload      = 6 << 20  // Lambda refuses a larger event or answer; binary bodies count as base64
	IntegrationTime = 30 * time.Second
)

// Invoker calls a function with an event and returns its answer.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) ([]byte, error)
}

// Route sends requests of a method and path pattern ("/v1/cases/{id}") to a function.
type Route struct {
	Method   string
	Path     string
	Function string
	Public   bool // no authorizer
}

// Config of a gateway.
type Config struct {
	Routes     []Route
	Default    string // function of the $default route, which answers what no route matches
	Authorizer string // function name
	Invoker    Invoker
	NewID      func() string // request ids
	Now        func() time.Time
	Logger     *slog.Logger
	Limit      time.Duration // IntegrationTime when zero
}

// Gateway is the http.Handler.
type Gateway struct {
	config Config
	mux    *http.ServeMux
}

// New builds the gateway. Error: two routes that clash.
func New(config Config) (g *Gateway, err error) {
	if config.Limit == 0 {
		config.Limit = IntegrationTime
	}
	g = &Gateway{config: config, mux: http.NewServeMux()}
	defer func() {
		if r := recover(); r != nil {
			err = problem.New(problem.Invalid, "The routes clash: %v", r)
		}
	}()
	for _, route := range config.Routes {
		g.mux.HandleFunc(route.Method+" "+route.Path, g.serve(route))
	}
	g.mux.HandleFunc("/", g.serve(Route{Function: config.Default, Public: true}))
	return g, nil
}

func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.mux.ServeHTTP(w, r) }

func (g *Gateway) serve(route Route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := g.config.NewID()
		w.Header().Set("Apigw-Requestid", id)
		event, err := g.event(r, route, id)
		if err == nil && !route.Public {
			event.RequestContext.Authorizer, err = g.authorize(r.Context(), event, route)
		}
		if err == nil {
			err = g.call(r.Context(), w, route, event)
		}
		if err != nil {
			g.fail(r.Context(), w, id, err)
		}
	}
}

// call invokes the function and writes its answer.
func (g *Gateway) call(ctx context.Context, w http.ResponseWriter, route Route, event *events.APIGatewayV2HTTPRequest) error {
	payload, err := json.Marshal(event)
	if err != nil {
		return problem.Wrap(err, problem.Internal, "The event does not encode.")
	}
	if len(payload) > MaxPayload {
		return problem.New(problem.TooLarge, "The request is larger than a function takes (6 MB).")
	}
	ctx, cancel := context.WithTimeout(ctx, g.config.Limit)
	defer cancel()
	answer, err := g.config.Invoker.Invoke(ctx, route.Function, payload)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return problem.New(problem.Unavailable, "The function did not answer within 30 seconds.")
	}
	if err != nil {
		return problem.Wrap(err, problem.Internal, "The function failed.")
	}
	if len(answer) > MaxPayload {
		return problem.New(problem.Internal, "The function's answer is larger than 6 MB.")
	}
	return writeResponse(w, answer)
}

// fail writes what API Gateway itself answers, as problem+json.
func (g *Gateway) fail(ctx context.Context, w http.ResponseWriter, id string, err error) {
	p := problem.As(err)
	if p.Code == problem.Internal {
		g.config.Logger.ErrorContext(ctx, "gateway", "request_id", id, "error", err.Error())
	}
	body, _ := json.Marshal(map[string]any{
		"type": "about:blank", "title": p.Code.Title(), "status": p.Code.Status(), "detail": p.Message,
		"code": p.Code, "request_id": id, "errors": []any{},
	})
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Request-Id", id)
	if p.Code == problem.Unauthenticated {
		h.Set("Www-Authenticate", "Bearer")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Code.Status())
	_, _ = w.Write(body) // the caller may be gone: nothing to do then
}

// event builds the payload of format 2.0.
func (g *Gateway) event(r *http.Request, route Route, id string) (*events.APIGatewayV2HTTPRequest, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxRequest+1))
	if err != nil {
		return nil, problem.Wrap(err, problem.Invalid, "The body could not be read.")
	}
	if len(body) > MaxRequest {
		return nil, problem.New(problem.TooLarge, "The request is larger than 10 MB.")
	}
	now := g.config.Now()
	headers, cookies := lowerHeaders(r)
	text, encoded := encodeBody(r.Header.Get("Content-Type"), body)
	routeKey := "$default"
	if route.Path != "" {
		routeKey = route.Method + " " + route.Path
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return &events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: routeKey, RawPath: r.URL.EscapedPath(), RawQueryString: r.URL.RawQuery,
		Cookies: cookies, Headers: headers, QueryStringParameters: joinValues(r.URL.Query()),
		PathParameters: pathParameters(r, route.Path), Body: text, IsBase64Encoded: encoded,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: routeKey, AccountID: "000000000000", Stage: "$default", RequestID: id, APIID: "local",
			DomainName: r.Host, Time: now.UTC().Format("02/Jan/2006:15:04:05 +0000"), TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: host, UserAgent: r.UserAgent(),
			},
		},
	}, nil
}

// authorize asks the authorizer as API Gateway does: an Authorization header must be there, the answer is a simple response.
func (g *Gateway) authorize(ctx context.Context, event *events.APIGatewayV2HTTPRequest, route Route) (*events.APIGatewayV2HTTPRequestContextAuthorizerDescription, error) {
	credential := event.Headers["authorization"]
	if credential == "" {
		return nil, problem.New(problem.Unauthenticated, "An Authorization header is needed.")
	}
	payload, err := json.Marshal(events.APIGatewayV2CustomAuthorizerV2Request{
		Version: "2.0", Type: "REQUEST", RouteArn: "arn:aws:execute-api:local:000000000000:local/$default/" + route.Method + route.Path,
		IdentitySource: []string{credential}, RouteKey: event.RouteKey, RawPath: event.RawPath, RawQueryString: event.RawQueryString,
		Cookies: event.Cookies, Headers: event.Headers, QueryStringParameters: event.QueryStringParameters,
		RequestContext: event.RequestContext, PathParameters: event.PathParameters,
	})
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The authorizer's event does not encode.")
	}
	answer, err := g.config.Invoker.Invoke(ctx, g.config.Authorizer, payload)
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The authorizer failed.")
	}
	var response events.APIGatewayV2CustomAuthorizerSimpleResponse
	if err := json.Unmarshal(answer, &response); err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The authorizer's answer is not a simple response.")
	}
	if !response.IsAuthorized {
		return nil, problem.New(problem.Forbidden, "The credential is not accepted.")
	}
	return &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: response.Context}, nil
}

// pathParameters reads the values of the pattern's wildcards.
func pathParameters(r *http.Request, pattern string) map[string]string {
	var found map[string]string
	for _, part := range strings.Split(pattern, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			if found == nil {
				found = map[string]string{}
			}
			found[name] = r.PathValue(name)
		}
	}
	return found
}
