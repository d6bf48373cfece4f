package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"ballerine/internal/httpapi/bridge"
	"ballerine/internal/problem"
)

// functions stands for the deployed functions.
type functions map[string]func(ctx context.Context, payload []byte) ([]byte, error)

func (f functions) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	return f[function](ctx, payload)
}

// echo answers with the event it got.
func echo(_ context.Context, payload []byte) ([]byte, error) {
	return json.Marshal(events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"content-type": "application/json"}, Body: string(payload)})
}

func newGateway(t *testing.T, f functions) *Gateway {
	t.Helper()
	if f["authorizer"] == nil {
		f["authorizer"] = func(context.Context, []byte) ([]byte, error) {
			return json.Marshal(events.APIGatewayV2CustomAuthorizerSimpleResponse{IsAuthorized: true, Context: map[string]any{"tenant": "demo"}})
		}
	}
	g, err := New(Config{
		Routes: []Route{
			{Method: "GET", Path: "/v1/health", Function: "client", Public: true},
			{Method: "POST", Path: "/v1/cases/{id}/events", Function: "client"},
		},
		Authorizer: "authorizer", Invoker: f, NewID: func() string { return "req-1" },
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }, Logger: slog.New(slog.DiscardHandler),
		Limit: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func call(g *Gateway, method, url, contentType string, body []byte, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, url, bytes.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

func eventOf(t *testing.T, w *httptest.ResponseRecorder) events.APIGatewayV2HTTPRequest {
	t.Helper()
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(w.Body.Bytes(), &event); err != nil {
		t.Fatalf("status %d: %v: %s", w.Code, err, w.Body)
	}
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return event
}

func TestEventHasTheFormOfPayloadVersion2(t *testing.T) {
	g := newGateway(t, functions{"client": echo})
	w := call(g, "POST", "http://api.test/v1/cases/case_1/events?a=1&a=2&b=%2F", "application/json", []byte(`{"type":"SUBMIT"}`),
		"Authorization", "Bearer x", "X-Many", "one", "X-Many", "two", "Cookie", "a=1; b=2")
	event := eventOf(t, w)
	if event.Version != "2.0" || event.RouteKey != "POST /v1/cases/{id}/events" || event.RawPath != "/v1/cases/case_1/events" || event.RawQueryString != "a=1&a=2&b=%2F" {
		t.Errorf("route: %+v", event)
	}
	if event.Headers["x-many"] != "one,two" || event.Headers["cookie"] != "" || len(event.Cookies) != 2 || event.Cookies[1] != "b=2" {
		t.Errorf("headers are not lower-case and joined, or cookies not apart: %v %v", event.Headers, event.Cookies)
	}
	if event.QueryStringParameters["a"] != "1,2" || event.QueryStringParameters["b"] != "/" || event.PathParameters["id"] != "case_1" {
		t.Errorf("parameters: %v %v", event.QueryStringParameters, event.PathParameters)
	}
	if event.Body != `{"type":"SUBMIT"}` || event.IsBase64Encoded || event.RequestContext.RequestID != "req-1" || event.RequestContext.Authorizer.Lambda["tenant"] != "demo" {
		t.Errorf("body or context: %+v", event)
	}
}

func TestBinaryBodiesTravelAsBase64(t *testing.T) {
	g := newGateway(t, functions{"client": echo})
	event := eventOf(t, call(g, "POST", "/v1/cases/1/events", "image/png", []byte{0xff, 0xd8}, "Authorization", "x"))
	if !event.IsBase64Encoded || event.Body != "/9g=" {
		t.Errorf("got %q %v", event.Body, event.IsBase64Encoded)
	}
	event = eventOf(t, call(g, "POST", "/v1/cases/1/events", "application/json", []byte{'"', 0xff, '"'}, "Authorization", "x"))
	if !event.IsBase64Encoded {
		t.Error("text that is not UTF-8 must not be mangled")
	}
}

func TestAnswersOfAFunctionAreWrittenWhole(t *testing.T) {
	g := newGateway(t, functions{"client": func(context.Context, []byte) ([]byte, error) {
		return []byte(`{"statusCode":302,"headers":{"Location":"/there"},"cookies":["a=1","b=2"],"body":"/9g=","isBase64Encoded":true}`), nil
	}})
	w := call(g, "GET", "/v1/health", "", nil)
	if w.Code != 302 || w.Header().Get("Location") != "/there" || len(w.Header()["Set-Cookie"]) != 2 || !bytes.Equal(w.Body.Bytes(), []byte{0xff, 0xd8}) {
		t.Errorf("%d %v %x", w.Code, w.Header(), w.Body.Bytes())
	}
}

func TestGatewayRefusesWhatAPIGatewayRefuses(t *testing.T) {
	denied := func(context.Context, []byte) ([]byte, error) { return []byte(`{"isAuthorized":false}`), nil }
	slow := func(ctx context.Context, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() }
	broken := func(context.Context, []byte) ([]byte, error) { return nil, errors.New("secret cause") }
	throttled := func(context.Context, []byte) ([]byte, error) {
		return nil, problem.New(problem.RateLimited, "secret limit")
	}
	nonsense := func(context.Context, []byte) ([]byte, error) { return []byte(`hi`), nil }
	statusless := func(context.Context, []byte) ([]byte, error) { return []byte(`{"statusCode":0}`), nil }
	huge := func(context.Context, []byte) ([]byte, error) { return make([]byte, maxPayload+1), nil }
	event := "/v1/cases/1/events"
	auth := []string{"Authorization", "x"}
	for _, c := range []struct {
		name, method, path string
		functions          functions
		body               []byte
		header             []string
		status             int
		message            string
	}{
		{"no credential", "POST", event, functions{"client": echo}, nil, nil, 401, "Unauthorized"},
		{"credential refused", "POST", event, functions{"client": echo, "authorizer": denied}, nil, auth, 403, "Forbidden"},
		{"over 10 MB", "POST", event, functions{"client": echo}, make([]byte, maxRequest+1), auth, 413, "Request Entity Too Large"},
		{"over 6 MB as base64", "POST", event, functions{"client": echo}, bytes.Repeat([]byte{0xff}, 5<<20), auth, 413, "Request Entity Too Large"},
		{"no answer in time", "POST", event, functions{"client": slow}, nil, auth, 503, "Service Unavailable"},
		{"function fails", "POST", event, functions{"client": broken}, nil, auth, 500, "Internal Server Error"},
		{"function that is throttled", "POST", event, functions{"client": throttled}, nil, auth, 503, "Service Unavailable"},
		{"answer that is not JSON", "POST", event, functions{"client": nonsense}, nil, auth, 500, "Internal Server Error"},
		{"answer whose status is none", "POST", event, functions{"client": statusless}, nil, auth, 500, "Internal Server Error"},
		{"authorizer fails", "POST", event, functions{"client": echo, "authorizer": broken}, nil, auth, 500, "Internal Server Error"},
		{"authorizer hangs", "POST", event, functions{"client": echo, "authorizer": slow}, nil, auth, 500, "Internal Server Error"},
		{"no such path", "GET", "/v1/nope", functions{"client": echo}, nil, auth, 404, "Not Found"},
		{"another method", "DELETE", event, functions{"client": echo}, nil, auth, 404, "Not Found"},
		{"HEAD of what has GET", "HEAD", "/v1/health", functions{"client": echo}, nil, auth, 404, "Not Found"},
		{"a path that is not clean", "GET", "/v1//health", functions{"client": echo}, nil, auth, 404, "Not Found"},
		{"too much in headers", "POST", event, functions{"client": echo}, nil, []string{"Authorization", "x", "X-Much", strings.Repeat("x", maxHead)}, 431, "Request Header Fields Too Large"},
		{"too long an address", "POST", event + "?q=" + strings.Repeat("x", maxHead), functions{"client": echo}, nil, auth, 431, "Request Header Fields Too Large"},
		{"answer over 6 MB", "POST", event, functions{"client": huge}, nil, auth, 500, "Internal Server Error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGateway(t, c.functions)
			if c.name == "no answer in time" || c.name == "authorizer hangs" {
				g.config.Limit = time.Millisecond
			}
			w := call(g, c.method, c.path, "application/octet-stream", c.body, c.header...)
			if want := `{"message":"` + c.message + `"}`; w.Code != c.status || w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%d %s %s, want %s", w.Code, w.Header(), w.Body, want)
			}
			if w.Header().Get("Apigw-Requestid") != "req-1" || w.Header().Get("WWW-Authenticate") != "" {
				t.Errorf("headers %v", w.Header())
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Error("the cause is shown to the caller")
			}
		})
	}
}

func TestThrottledRequestsAreTooMany(t *testing.T) {
	g := newGateway(t, functions{"client": echo})
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	g.config.Now = func() time.Time { return now }
	g.throttle = newThrottle(Throttle{Rate: 2, Burst: 3})
	for i, c := range []struct {
		pass time.Duration
		want int
	}{{0, 200}, {0, 200}, {0, 200}, {0, 429}, {499 * time.Millisecond, 429}, {time.Millisecond, 200}, {0, 429}, {time.Hour, 200}, {0, 200}, {0, 200}, {0, 429}} {
		now = now.Add(c.pass)
		w := call(g, "GET", "/v1/health", "", nil)
		if w.Code != c.want || c.want == 429 && w.Body.String() != `{"message":"Too Many Requests"}` {
			t.Fatalf("call %d: %d %s, want %d", i, w.Code, w.Body, c.want)
		}
	}
}

func TestHeadersAboutTheConnectionEndAtTheGateway(t *testing.T) {
	g := newGateway(t, functions{"client": echo})
	event := eventOf(t, call(g, "POST", "http://api.test/v1/cases/1/events", "application/json", []byte("{}"), "Authorization", "x",
		"Connection", "close, X-Hop", "X-Hop", "1", "Keep-Alive", "5", "Te", "trailers", "Upgrade", "h2c", "Proxy-Authorization", "y", "X-Forwarded-For", "203.0.113.9"))
	for _, name := range []string{"connection", "x-hop", "keep-alive", "te", "upgrade", "proxy-authorization"} {
		if value, there := event.Headers[name]; there {
			t.Errorf("%s: %s", name, value)
		}
	}
	for name, want := range map[string]string{"host": "api.test", "content-length": "2", "x-forwarded-for": "203.0.113.9, 192.0.2.1", "x-forwarded-proto": "http", "x-forwarded-port": "80"} {
		if event.Headers[name] != want {
			t.Errorf("%s is %q, want %q", name, event.Headers[name], want)
		}
	}
	g = newGateway(t, functions{"client": func(context.Context, []byte) ([]byte, error) {
		return []byte(`{"statusCode":200,"headers":{"connection":"close, x-hop","X-Hop":"1","Transfer-Encoding":"gzip","Content-Length":"999","X-Kept":"1"},"multiValueHeaders":{"X-Many":["1"]},"body":"<b>"}`), nil
	}})
	w := call(g, "GET", "/v1/health", "", nil)
	for _, name := range []string{"Connection", "X-Hop", "Transfer-Encoding", "Content-Length", "X-Many"} {
		if w.Header().Get(name) != "" {
			t.Errorf("%s is answered: %v", name, w.Header())
		}
	}
	if w.Header().Get("X-Kept") != "1" || w.Header().Get("Content-Type") != "text/plain;charset=utf-8" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestAnswersWithoutAStatusAreBodies(t *testing.T) {
	for answer, want := range map[string]string{`"hi"`: "hi", `{"a":1}`: `{"a":1}`, `null`: "null", `[1]`: "[1]"} {
		g := newGateway(t, functions{"client": func(context.Context, []byte) ([]byte, error) { return []byte(answer), nil }})
		w := call(g, "GET", "/v1/health", "", nil)
		if w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v %s", answer, w.Code, w.Header(), w.Body)
		}
	}
}

func TestWhatNoRouteMatchesGoesToTheDefaultFunction(t *testing.T) {
	g := newGateway(t, functions{"client": echo})
	g.config.Default = "client"
	if event := eventOf(t, call(g, "DELETE", "/nowhere", "", nil)); event.RouteKey != "$default" || event.RequestContext.HTTP.Method != http.MethodDelete {
		t.Errorf("%+v", event.RequestContext)
	}
}

func TestClashingRoutesAreRefused(t *testing.T) {
	_, err := New(Config{Routes: []Route{{Method: "GET", Path: "/a/{x}"}, {Method: "GET", Path: "/a/{y}"}}})
	if err == nil {
		t.Error("want an error")
	}
}

// direct lets the functions of a gateway be called with values; they count how often they were.
func direct(g *Gateway, f functions) (calls *int) {
	calls = new(int)
	g.config.Direct.Functions = map[string]bridge.Handler{}
	for name, run := range f {
		g.config.Direct.Functions[name] = func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (response events.APIGatewayV2HTTPResponse, err error) {
			*calls++
			payload, err := json.Marshal(event)
			if err != nil {
				return response, err
			}
			answer, err := run(ctx, payload)
			if err != nil {
				return response, err
			}
			return response, json.Unmarshal(answer, &response)
		}
	}
	g.config.Direct.Authorizer = func(ctx context.Context, event events.APIGatewayV2CustomAuthorizerV2Request) (response events.APIGatewayV2CustomAuthorizerSimpleResponse, err error) {
		*calls++
		payload, err := json.Marshal(event)
		if err != nil {
			return response, err
		}
		answer, err := f["authorizer"](ctx, payload)
		if err != nil {
			return response, err
		}
		return response, json.Unmarshal(answer, &response)
	}
	return calls
}

func TestDirectCallsAnswerAsThoseThatGoThroughJSON(t *testing.T) {
	denied := func(context.Context, []byte) ([]byte, error) { return []byte(`{"isAuthorized":false}`), nil }
	away := func(context.Context, []byte) ([]byte, error) { return nil, errors.New("secret cause") }
	slow := func(ctx context.Context, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() }
	cookies := func(context.Context, []byte) ([]byte, error) {
		return []byte(`{"statusCode":302,"headers":{"Location":"/there"},"cookies":["a=1","b=2"],"body":"/9g=","isBase64Encoded":true}`), nil
	}
	huge := func(context.Context, []byte) ([]byte, error) {
		return json.Marshal(events.APIGatewayV2HTTPResponse{StatusCode: 200, Body: strings.Repeat("\x01", maxPayload/3)})
	}
	large := func(context.Context, []byte) ([]byte, error) {
		return json.Marshal(events.APIGatewayV2HTTPResponse{StatusCode: 200, Body: strings.Repeat("x", maxPayload-1000)})
	}
	no := func(context.Context, []byte) ([]byte, error) { return []byte(`{"statusCode":0}`), nil }
	for _, c := range []struct {
		name  string
		f     functions
		path  string
		body  []byte
		extra []string
		calls int // that were direct
	}{
		{"a call", functions{"client": echo}, "/v1/cases/1/events?a=1&a=2", []byte(`{"type":"SUBMIT"}`), []string{"Cookie", "a=1; b=2", "X-Many", "one"}, 2},
		{"binary", functions{"client": echo}, "/v1/cases/1/events", []byte{0xff, 0xd8}, nil, 2},
		{"a header that is no text", functions{"client": echo}, "/v1/cases/1/events", nil, []string{"X-Odd", "\xff"}, 0},
		{"a large body", functions{"client": echo}, "/v1/cases/1/events", bytes.Repeat([]byte("x"), maxPayload/2), nil, 0},
		{"a refused credential", functions{"client": echo, "authorizer": denied}, "/v1/cases/1/events", nil, nil, 1},
		{"an authorizer that fails", functions{"client": echo, "authorizer": away}, "/v1/cases/1/events", nil, nil, 1},
		{"a function that fails", functions{"client": away}, "/v1/cases/1/events", nil, nil, 2},
		{"a function that is slow", functions{"client": slow}, "/v1/cases/1/events", nil, nil, 2},
		{"an answer with cookies", functions{"client": cookies}, "/v1/cases/1/events", nil, nil, 2},
		{"an answer of nothing", functions{"client": no}, "/v1/cases/1/events", nil, nil, 2},
		{"an answer that is too large as JSON", functions{"client": huge}, "/v1/cases/1/events", nil, nil, 2},
		{"an answer that is nearly too large", functions{"client": large}, "/v1/cases/1/events", nil, nil, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			get := func(g *Gateway) *httptest.ResponseRecorder {
				return call(g, "POST", c.path, "application/json", c.body, append(c.extra, "Authorization", "Bearer x")...)
			}
			gateway := func() *Gateway {
				g := newGateway(t, c.f)
				if c.name == "a function that is slow" {
					g.config.Limit = 50 * time.Millisecond
				}
				return g
			}
			want := get(gateway())
			g := gateway()
			calls := direct(g, c.f)
			got := get(g)
			if got.Code != want.Code || got.Body.String() != want.Body.String() || !maps.EqualFunc(got.Header(), want.Header(), slices.Equal) {
				t.Errorf("got %d %v %.300s\nwant %d %v %.300s", got.Code, got.Header(), got.Body, want.Code, want.Header(), want.Body)
			}
			if *calls != c.calls {
				t.Errorf("%d calls were direct, want %d", *calls, c.calls)
			}
		})
	}
}

func TestABodyThatDoesNotArriveIsCut(t *testing.T) {
	g := newGateway(t, functions{"client": echo})
	g.config.Body = time.Millisecond
	server := httptest.NewServer(g)
	defer server.Close()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := connection.Write([]byte("POST /v1/cases/1/events HTTP/1.1\r\nHost: x\r\nAuthorization: x\r\nContent-Length: 10\r\n\r\n{")); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil) // waits for ever when nothing is cut
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusGatewayTimeout {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
}
