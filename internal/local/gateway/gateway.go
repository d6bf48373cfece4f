package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"ballerine/internal/httpapi/bridge"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Limits of API Gateway and Lambda, in bytes and time.
const (
	maxRequest      = 10 << 20 // API Gateway refuses a larger request
	maxHead         = 10_240   // of the request line and the values of all headers in total
	maxPayload      = 6 << 20  // Lambda refuses a larger event or answer; binary bodies count as base64
	integrationTime = 30 * time.Second
	authorizerTime  = 10 * time.Second
)

// Invoker calls a function with an event and returns its answer.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) ([]byte, error)
}

// Direct are functions of this process, which receive events and return answers as values, without encoding them as JSON
// and decoding them again. They see what they would have decoded. What JSON would change, or what is near a limit of
// sizes, goes to the Invoker all the same.
type Direct struct {
	Functions  map[string]bridge.Handler
	Authorizer bridge.Authorize
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
	Default    string // function of the $default route, which answers what no route matches; "": there is no such route
	Authorizer string // function name
	Invoker    Invoker
	Direct     Direct        // of those that are there; the others are asked through the Invoker
	NewID      func() string // request ids
	Now        func() time.Time
	Logger     *slog.Logger
	Limit      time.Duration // integrationTime when zero
	Body       time.Duration // the longest that a body may take to arrive; integrationTime when zero
	Throttle   Throttle      // of all routes in total; none if zero
}

// Gateway is the http.Handler.
type Gateway struct {
	config   Config
	mux      *http.ServeMux
	throttle *throttle
}

// New builds the gateway. Error: two routes that clash.
func New(config Config) (g *Gateway, err error) {
	if config.Limit == 0 {
		config.Limit = integrationTime
	}
	if config.Body == 0 {
		config.Body = integrationTime
	}
	g = &Gateway{config: config, mux: http.NewServeMux(), throttle: newThrottle(config.Throttle)}
	defer func() {
		if r := recover(); r != nil {
			err = problem.New(problem.Invalid, "The routes conflict: %v", r)
		}
	}()
	for _, route := range config.Routes {
		g.mux.HandleFunc(route.Method+" "+route.Path, g.serve(route))
	}
	return g, nil
}

// ServeHTTP matches routes as API Gateway does: by the whole path, byte for byte, and by the method. A GET route takes no HEAD,
// no path is cleaned or redirected, and another method on a path that exists is Not Found like everything else.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, pattern := g.mux.Handler(r)
	method, _, _ := strings.Cut(pattern, " ")
	if pattern != "" && method == r.Method && path.Clean(r.URL.Path) == r.URL.Path {
		g.mux.ServeHTTP(w, r) // it sets the path's values, which the handler alone has not
		return
	}
	g.serve(Route{Function: g.config.Default, Public: true})(w, r)
}

func (g *Gateway) serve(route Route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := g.config.NewID()
		w.Header().Set("Apigw-Requestid", id)
		err := g.admit(r, route)
		var event *events.APIGatewayV2HTTPRequest
		if err == nil {
			event, err = g.arrived(w, r, route, id)
		}
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

// admit refuses what API Gateway refuses before it reads a body.
func (g *Gateway) admit(r *http.Request, route Route) error {
	switch {
	case headSize(r) > maxHead:
		return refusal(http.StatusRequestHeaderFieldsTooLarge)
	case route.Function == "":
		return refusal(http.StatusNotFound)
	case !g.throttle.take(g.config.Now()):
		return refusal(http.StatusTooManyRequests)
	}
	return nil
}

// call invokes the function and writes its answer.
func (g *Gateway) call(ctx context.Context, w http.ResponseWriter, route Route, event *events.APIGatewayV2HTTPRequest) error {
	ctx, cancel := context.WithTimeout(ctx, g.config.Limit)
	defer cancel()
	response, err := g.invoke(ctx, route.Function, event)
	if err != nil {
		return err
	}
	return writeResponse(w, response)
}

// invoke hands an event to a function. The answer is within the limits of sizes and time.
func (g *Gateway) invoke(ctx context.Context, function string, event *events.APIGatewayV2HTTPRequest) (response events.APIGatewayV2HTTPResponse, err error) {
	if run := g.config.Direct.Functions[function]; run != nil && asItIs(event) {
		if response, err = run(ctx, *event); err != nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return response, failed(ctx, err)
		}
		if sound(response) {
			return response, nil
		}
		answer, err := json.Marshal(response)
		if err != nil {
			return response, problem.Wrap(err, problem.Internal, "The function's answer could not be encoded.")
		}
		return readResponse(answer)
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return response, problem.Wrap(err, problem.Internal, "The event could not be encoded.")
	}
	if len(payload) > maxPayload {
		return response, problem.New(problem.TooLarge, "The request is larger than a function accepts (6 MB).")
	}
	answer, err := g.config.Invoker.Invoke(ctx, function, payload)
	if err != nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return response, failed(ctx, err)
	}
	return readResponse(answer)
}

// refusal is an answer of API Gateway's own, by its status.
type refusal int

func (r refusal) Error() string { return http.StatusText(int(r)) }

// failed is why a function has not answered. One that may not run because too many do is Service Unavailable, as one that is
// too slow.
func failed(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return problem.New(problem.Unavailable, "The function did not answer within 30 seconds.")
	}
	if problem.CodeOf(err) == problem.RateLimited {
		return problem.Wrap(err, problem.Unavailable, "The function is throttled.")
	}
	return problem.Wrap(err, problem.Internal, "The function failed.")
}

// fail writes what API Gateway itself answers, word for word: HTTP APIs know no other texts, and no problem documents. Clients
// must cope with it here as there.
func (g *Gateway) fail(ctx context.Context, w http.ResponseWriter, id string, err error) {
	status := problem.As(err).Code.Status()
	if own, ok := errors.AsType[refusal](err); ok {
		status = int(own)
	}
	if status == http.StatusInternalServerError {
		g.config.Logger.ErrorContext(ctx, "gateway", "request_id", id, "error", err.Error())
	}
	body, _ := json.Marshal(map[string]string{"message": http.StatusText(status)})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may be gone: the error cannot be reported
}

// arrived is the event of a request whose body has come in time.
func (g *Gateway) arrived(w http.ResponseWriter, r *http.Request, route Route, id string) (*events.APIGatewayV2HTTPRequest, error) {
	if r.ContentLength == 0 {
		return g.event(r, route, id)
	}
	connection := http.NewResponseController(w) // errors: a test's recorder has no connection
	_ = connection.SetReadDeadline(time.Now().Add(g.config.Body))
	event, err := g.event(r, route, id)
	if err == nil {
		_ = connection.SetReadDeadline(time.Time{}) // what waits for the answer must not be cut
	}
	return event, err // a body that was cut stays so: the server would wait for the rest of it
}

// event builds the payload of format 2.0.
func (g *Gateway) event(r *http.Request, route Route, id string) (*events.APIGatewayV2HTTPRequest, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, problem.New(problem.Timeout, "The body was not received in time.")
	}
	if err != nil {
		return nil, problem.Wrap(err, problem.Invalid, "The body could not be read.")
	}
	if len(body) > maxRequest {
		return nil, problem.New(problem.TooLarge, "The request is larger than 10 MB.")
	}
	now := g.config.Now()
	headers, cookies := lowerHeaders(r, len(body))
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
		return nil, identity.Refusal(problem.Unauthenticated)
	}
	ctx, cancel := context.WithTimeout(ctx, min(g.config.Limit, authorizerTime))
	defer cancel()
	response, err := g.callAuthorizer(ctx, event, events.APIGatewayV2CustomAuthorizerV2Request{
		Version: "2.0", Type: "REQUEST", RouteArn: "arn:aws:execute-api:local:000000000000:local/$default/" + route.Method + route.Path,
		IdentitySource: []string{credential}, RouteKey: event.RouteKey, RawPath: event.RawPath, RawQueryString: event.RawQueryString,
		Cookies: event.Cookies, Headers: event.Headers, QueryStringParameters: event.QueryStringParameters,
		RequestContext: event.RequestContext, PathParameters: event.PathParameters,
	})
	if err != nil {
		return nil, err
	}
	if !response.IsAuthorized {
		return nil, problem.New(problem.Forbidden, "The credential is not accepted.")
	}
	return &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: response.Context}, nil
}

// callAuthorizer calls the authorizer with its event, which is derived from the function's.
func (g *Gateway) callAuthorizer(ctx context.Context, event *events.APIGatewayV2HTTPRequest, question events.APIGatewayV2CustomAuthorizerV2Request) (response events.APIGatewayV2CustomAuthorizerSimpleResponse, err error) {
	if run := g.config.Direct.Authorizer; run != nil && asItIs(event) {
		if response, err = run(ctx, question); err != nil {
			return response, problem.Wrap(err, problem.Internal, "The authorizer failed.")
		}
		return response, nil
	}
	payload, err := json.Marshal(question)
	if err != nil {
		return response, problem.Wrap(err, problem.Internal, "The authorizer's event could not be encoded.")
	}
	answer, err := g.config.Invoker.Invoke(ctx, g.config.Authorizer, payload)
	if err != nil {
		return response, problem.Wrap(err, problem.Internal, "The authorizer failed.")
	}
	if err := json.Unmarshal(answer, &response); err != nil {
		return response, problem.Wrap(err, problem.Internal, "The authorizer's answer is not a simple response.")
	}
	return response, nil
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
