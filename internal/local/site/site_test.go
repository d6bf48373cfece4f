package site_test

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"ballerine/internal/local/site"
)

const script = "console.log('the dashboard')"

func built() fstest.MapFS {
	return fstest.MapFS{
		"index.html":          {Data: []byte("<!doctype html><title>Dashboard</title>")},
		"favicon.svg":         {Data: []byte("<svg/>")},
		".vite/manifest.json": {Data: []byte("{}")},
		"assets/app-1a2b.js":  {Data: []byte(script)},
		"assets/photo.png":    {Data: []byte("\x89PNG")},
	}
}

// serve is the site in front of an API that reports every request that reaches it.
func serve(t *testing.T, files fs.FS) http.Handler {
	t.Helper()
	s, err := site.New(files, site.Config{Issuer: "http://here.test", Client: "dashboard", Demo: true, Version: "1.2.3", Logout: "oidc"}, "Build the dashboard first.")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s.Register(mux)
	mux.Handle("/", s.Fallback(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })))
	return mux
}

func ask(t *testing.T, h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEveryAddressOfTheDashboardGivesThePage(t *testing.T) {
	h := serve(t, built())
	for _, path := range []string{"/", "/queue", "/cases/case_1", "/settings", "/signed-out", "/sign-in/callback?code=x"} {
		w := ask(t, h, http.MethodGet, path)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Dashboard") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}

func TestAnUnknownAddressGivesPeopleThePageAndProgramsTheAPI(t *testing.T) {
	h := serve(t, built())
	for name, c := range map[string]struct {
		method, path, accept string
		status               int
	}{
		"a person":                     {http.MethodGet, "/nowhere/at/all", "text/html,*/*;q=0.8", http.StatusOK},
		"a program":                    {http.MethodGet, "/nowhere/at/all", "application/json", http.StatusTeapot},
		"whoever does not say":         {http.MethodGet, "/nowhere/at/all", "", http.StatusTeapot},
		"a person at the API":          {http.MethodGet, "/v1/cases", "text/html", http.StatusTeapot},
		"a person at the API's root":   {http.MethodGet, "/v1", "text/html", http.StatusTeapot},
		"an address that begins alike": {http.MethodGet, "/v1x", "text/html", http.StatusOK},
		"a form":                       {http.MethodPost, "/nowhere", "text/html", http.StatusTeapot},
	} {
		if w := ask(t, h, c.method, c.path, "Accept", c.accept); w.Code != c.status {
			t.Errorf("%s: %d, want %d", name, w.Code, c.status)
		}
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	h := serve(t, built())
	for _, path := range []string{"/", "/queue", "/favicon.svg", "/assets/app-1a2b.js", "/assets/none.js", "/config.json"} {
		header := ask(t, h, http.MethodGet, path).Header()
		policy := header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Referrer-Policy") == "" || header.Get("Permissions-Policy") == "" {
			t.Errorf("%s: %v", path, header)
		}
	}
	if w := ask(t, serve(t, nil), http.MethodGet, "/"); w.Header().Get("Content-Security-Policy") != site.Policy {
		t.Error("the page that says what is missing has no policy")
	}
}

func TestAnAssetIsKeptForeverAndOneThatIsNotThereIsNoPage(t *testing.T) {
	h := serve(t, built())
	w := ask(t, h, http.MethodGet, "/assets/app-1a2b.js")
	if w.Code != http.StatusOK || w.Body.String() != script || !strings.Contains(w.Header().Get("Content-Type"), "javascript") || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	tag := w.Header().Get("ETag")
	if again := ask(t, h, http.MethodGet, "/assets/app-1a2b.js", "If-None-Match", tag); tag == "" || again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("known, and sent again: %d", again.Code)
	}
	for _, path := range []string{"/assets/none.js", "/assets/", "/assets/..%2findex.html"} {
		w := ask(t, h, http.MethodGet, path, "Accept", "text/html")
		if w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "Dashboard") || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	if w := ask(t, h, http.MethodGet, "/.vite/manifest.json"); w.Code == http.StatusOK {
		t.Error("a hidden file is served")
	}
}

func TestTextIsZippedForWhoeverTakesIt(t *testing.T) {
	h := serve(t, built())
	w := ask(t, h, http.MethodGet, "/assets/app-1a2b.js", "Accept-Encoding", "gzip, br")
	if w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Vary") != "Accept-Encoding" {
		t.Fatalf("%v", w.Header())
	}
	unzipped, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(unzipped); err != nil || string(text) != script {
		t.Errorf("%q %v", text, err)
	}
	if w := ask(t, h, http.MethodGet, "/assets/photo.png", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "" || w.Body.String() != "\x89PNG" {
		t.Errorf("a picture is zipped: %v", w.Header())
	}
}

func TestTheConfigurationIsWhatTheDashboardNeedsAndNeverKept(t *testing.T) {
	for name, files := range map[string]fs.FS{"built": built(), "not built": nil} {
		w := ask(t, serve(t, files), http.MethodGet, "/config.json")
		const want = `{"issuer":"http://here.test","client_id":"dashboard","demo":true,"version":"1.2.3","logout":"oidc"}`
		if w.Code != http.StatusOK || w.Body.String() != want || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s %v", name, w.Code, w.Body, w.Header())
		}
	}
}

func TestPagesThatWereNotBuiltShowWhatIsMissing(t *testing.T) {
	h := serve(t, nil)
	for _, path := range []string{"/", "/queue", "/nowhere"} {
		if w := ask(t, h, http.MethodGet, path, "Accept", "text/html"); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "Build the dashboard first.") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := ask(t, h, http.MethodGet, "/assets/app-1a2b.js"); w.Code != http.StatusNotFound {
		t.Errorf("an asset: %d", w.Code)
	}
}

func TestTheReferenceIsServedUnderThePolicyOfThePages(t *testing.T) {
	mux, built := http.NewServeMux(), 0
	site.Reference(mux, func() (map[string][]byte, error) {
		built++
		return map[string][]byte{"openapi.json": []byte(`{"openapi":"3.1.0"}`), "docs.html": []byte("<!doctype html>"), "docs.css": []byte("body{}")}, nil
	})
	for path, want := range map[string]string{"/openapi.json": "application/json", "/docs": "text/html; charset=utf-8", "/docs.css": "text/css; charset=utf-8"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		if h := w.Header(); w.Code != http.StatusOK || h.Get("Content-Type") != want || h.Get("Content-Security-Policy") != site.Policy || h.Get("ETag") == "" || w.Body.Len() == 0 {
			t.Errorf("%s: %d %v", path, w.Code, h)
		}
	}
	if built != 1 {
		t.Errorf("it was made %d times", built)
	}
	failing := http.NewServeMux()
	site.Reference(failing, func() (map[string][]byte, error) { return nil, io.ErrUnexpectedEOF })
	w := httptest.NewRecorder()
	failing.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/docs", http.NoBody))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("what cannot be made answers %d", w.Code)
	}
}

func TestApplicantsHaveAPageOfTheirOwn(t *testing.T) {
	for name, c := range map[string]struct {
		files  fs.FS
		status int
		page   string
	}{
		"built":     {built(), http.StatusOK, "<title>Dashboard</title>"},
		"not built": {nil, http.StatusServiceUnavailable, "Build them first."},
	} {
		mux := http.NewServeMux()
		if err := site.Applicants(mux, c.files, "Build them first."); err != nil {
			t.Fatal(err)
		}
		w := ask(t, mux, http.MethodGet, "/flow/")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.page) || w.Header().Get("Content-Security-Policy") != site.Policy {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if w := ask(t, mux, http.MethodGet, "/flow"); w.Code != http.StatusMovedPermanently || w.Header().Get("Location") != "/flow/" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		w = ask(t, mux, http.MethodGet, "/flow/assets/app-1a2b.js")
		if (w.Code == http.StatusOK) != (c.files != nil) || c.files != nil && (w.Body.String() != script || !strings.Contains(w.Header().Get("Cache-Control"), "immutable")) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if w := ask(t, mux, http.MethodGet, "/flow/favicon.svg"); (w.Code == http.StatusOK) != (c.files != nil) {
			t.Errorf("%s: %d", name, w.Code)
		}
		if w := ask(t, mux, http.MethodGet, "/flow/index.html"); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}
