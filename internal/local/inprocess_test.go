package local

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// showRequest answers with everything of a request that a handler of files looks at.
func showRequest(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Saw", strings.Join([]string{r.Method, r.Host, r.URL.Path, r.URL.RawQuery, r.RequestURI, r.Header.Get("Authorization"), r.Header.Get("Content-Length"), string(body)}, "|"))
	w.Header().Set("Content-Length", "5")
	if r.URL.Path == "/missing" {
		w.WriteHeader(http.StatusNotFound)
	}
	w.Header().Set("X-Too-Late", "yes")
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte("bytes"))
	}
}

func TestRequestsWithinTheProcessAreAsOverAConnection(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(showRequest))
	defer server.Close()
	within := &inProcess{}
	within.serve(http.HandlerFunc(showRequest))
	for _, x := range []struct{ method, path, body string }{
		{http.MethodGet, "/bucket/a%20b?x=1&y=%2F", ""}, {http.MethodHead, "/bucket/a", ""}, {http.MethodPut, "/bucket/a", "content"}, {http.MethodGet, "/missing", ""},
	} {
		type answer struct {
			status, length int
			saw, late      string
			body           string
		}
		get := func(do func(*http.Request) (*http.Response, error)) answer {
			r, err := http.NewRequestWithContext(t.Context(), x.method, server.URL+x.path, bytes.NewReader([]byte(x.body)))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "signed")
			response, err := do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			return answer{response.StatusCode, int(response.ContentLength), response.Header.Get("X-Saw"), response.Header.Get("X-Too-Late"), string(body)}
		}
		got, want := get(within.Do), get(http.DefaultClient.Do)
		if got != want {
			t.Errorf("%s %s:\n got %+v\nwant %+v", x.method, x.path, got, want)
		}
	}
}

func TestRequestsWithinTheProcessFailAsErrors(t *testing.T) {
	within := &inProcess{}
	request := func(ctx context.Context) *http.Request {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1/bucket/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	fails := func(name string, ctx context.Context) {
		t.Helper()
		if response, err := within.Do(request(ctx)); err == nil {
			t.Errorf("%s: got %v, want an error", name, response.Status)
		}
	}
	fails("before it serves", t.Context())
	within.serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") }))
	fails("a handler that panics", t.Context())
	within.serve(http.HandlerFunc(showRequest))
	ended, end := context.WithCancel(t.Context())
	end()
	fails("a call that has ended", ended)
}
