package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
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
		Default: "client", Authorizer: "authorizer", Invoker: f, NewID: func() string { return "req-1" },
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }, Logger: slog.New(slog.DiscardHandler),
		Limit: 50 * time.Millisecond,
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
	nonsense := func(context.Context, []byte) ([]byte, error) { return []byte(`"hi"`), nil }
	huge := func(context.Context, []byte) ([]byte, error) { return make([]byte, MaxPayload+1), nil }
	event := "/v1/cases/1/events"
	auth := []string{"Authorization", "x"}
	for _, c := range []struct {
		name, method, path string
		functions          functions
		body               []byte
		header             []string
		status             int
		code               string
	}{
		{"no credential", "POST", event, functions{"client": echo}, nil, nil, 401, "unauthenticated"},
		{"credential refused", "POST", event, functions{"client": echo, "authorizer": denied}, nil, auth, 403, "forbidden"},
		{"over 10 MB", "POST", event, functions{"client": echo}, make([]byte, MaxRequest+1), auth, 413, "too_large"},
		{"over 6 MB as base64", "POST", event, functions{"client": echo}, bytes.Repeat([]byte{0xff}, 5<<20), auth, 413, "too_large"},
		{"no answer in time", "POST", event, functions{"client": slow}, nil, auth, 503, "unavailable"},
		{"function fails", "POST", event, functions{"client": broken}, nil, auth, 500, "internal"},
		{"answer of another form", "POST", event, functions{"client": nonsense}, nil, auth, 500, "internal"},
		{"answer over 6 MB", "POST", event, functions{"client": huge}, nil, auth, 500, "internal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := call(newGateway(t, c.functions), c.method, c.path, "application/octet-stream", c.body, c.header...)
			var body struct{ Code, Detail string }
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatal(err, w.Body)
			}
			if w.Code != c.status || body.Code != c.code || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %s %s", w.Code, w.Header(), w.Body)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Error("the cause is shown to the caller")
			}
		})
	}
}

func TestWhatNoRouteMatchesGoesToTheDefaultFunction(t *testing.T) {
	g := newGateway(t, functions{"client": echo})
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
