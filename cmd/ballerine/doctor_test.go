package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestDoctorFindsNothingWrongWithARunningSystem(t *testing.T) {
	stack := shared(t)
	got := call(t, "", append([]string{"doctor"}, as(stack, "admin")...)...)
	if got.code != 0 && strings.Count(got.out, "problem") == 1 && strings.Contains(got.out, "the page returns 503") {
		got.code, got.out = 0, strings.Replace(got.out, "problem", fine, 1) // the dashboard is not built
	}
	if got.code != 0 || strings.Count(got.out, fine) < 7 || !strings.Contains(got.out, "tenant demo") {
		t.Errorf("%d: %s%s", got.code, got.out, got.errs)
	}
	if !strings.Contains(got.out, "watch lists") {
		t.Errorf("nothing is said of watch lists: %s", got.out)
	}
	if got := call(t, "", "doctor", "--endpoint", "nowhere"); got.code != exitUsage {
		t.Errorf("%d: %s", got.code, got.errs)
	}
}

// TestDoctorShowsWhatIsWrong gives systems that each have one fault.
func TestDoctorShowsWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name, want string
		fault      func(path string, w http.ResponseWriter, r *http.Request) bool // true: it has answered
	}{
		{"down", "/v1/health returns 503", func(path string, w http.ResponseWriter, _ *http.Request) bool {
			if path == "/v1/health" {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return path == "/v1/health"
		}},
		{"another time", "it differs from this machine's clock by", func(_ string, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			return false
		}},
		{"open to everybody", "/v1/me returns 200", func(path string, w http.ResponseWriter, _ *http.Request) bool {
			if path == "/v1/me" {
				fmt.Fprint(w, `{"tenant": "a"}`)
			}
			return path == "/v1/me"
		}},
		{"no pages", "the page returns 404", func(path string, w http.ResponseWriter, _ *http.Request) bool {
			if path == "/" {
				w.WriteHeader(http.StatusNotFound)
			}
			return path == "/"
		}},
		{"a sign-in elsewhere", "which identifies itself as", func(path string, w http.ResponseWriter, _ *http.Request) bool {
			if path == "/.well-known/openid-configuration" {
				fmt.Fprint(w, `{"issuer": "https://other.test"}`)
			}
			return path == "/.well-known/openid-configuration"
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var server *httptest.Server
			server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !test.fault(r.URL.Path, w, r) {
					healthy(w, r, server.URL)
				}
			}))
			defer server.Close()
			got := call(t, "", "doctor", "--endpoint", server.URL, "--api-key", "k")
			if got.code != exitProblems || strings.Count(got.out, "problem") < 1 || !strings.Contains(got.out, test.want) {
				t.Errorf("%d: %s%s", got.code, got.out, got.errs)
			}
		})
	}
}

func TestDoctorSaysWhenThereIsNoWatchList(t *testing.T) {
	for answer, want := range map[string]string{
		`{"data": []}`: "none is loaded",
		`{"data": [{"name": "un", "waiting": {"edition": "1"}}]}`:                                      "none is loaded",
		`{"data": [{"name": "ofac-sdn", "current": {}}, {"name": "un", "current": {"edition": "1"}}]}`: "ofac-sdn, un",
		`nothing`: "/v1/watchlists returns 200",
	} {
		var server *httptest.Server
		server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/watchlists" {
				fmt.Fprint(w, answer)
				return
			}
			healthy(w, r, server.URL)
		}))
		got := call(t, "", "doctor", "--endpoint", server.URL, "--api-key", "k")
		server.Close()
		if !strings.Contains(got.out, want) || (got.code == 0) == strings.Contains(want, "returns") {
			t.Errorf("%s: %d %s", answer, got.code, got.out)
		}
	}
}

// healthy answers as a system without faults.
func healthy(w http.ResponseWriter, r *http.Request, url string) {
	switch r.URL.Path {
	case "/v1/health":
		fmt.Fprint(w, `{"status": "ok", "version": "1"}`)
	case "/v1/me":
		switch r.Header.Get("Authorization") {
		case "":
			w.WriteHeader(http.StatusUnauthorized)
		case "Bearer k":
			fmt.Fprint(w, `{"tenant": "a"}`)
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	case "/config.json":
		fmt.Fprintf(w, `{"issuer": %q, "client_id": "dashboard"}`, url)
	case "/.well-known/openid-configuration":
		fmt.Fprintf(w, `{"issuer": %q}`, url)
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
	}
}
