package issuer_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"ballerine/internal/identity"
	"ballerine/internal/identity/issuer"
	"ballerine/internal/store/embedded"
)

const (
	verifier = "a-verifier-that-is-long-enough-for-pkce-0123456789"
	password = "correct horse battery"
)

// house is a provider with one person, and a browser of its own.
type house struct {
	t       *testing.T
	server  *httptest.Server
	browser *http.Client
	people  identity.Store
	now     time.Time
}

func newHouse(t *testing.T, demo ...issuer.DemoPerson) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)}
	db, err := embedded.Open(filepath.Join(t.TempDir(), "people.db"))
	if err != nil {
		t.Fatal(err)
	}
	h.people = db.Keys()
	sum, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost) // a test need not wait
	if err != nil {
		t.Fatal(err)
	}
	h.put(identity.Person{ID: "user_1", Tenant: "t", Email: "ada@example.com", Name: "Ada Example", Roles: []string{"reviewer"}, PasswordHash: string(sum)})
	mux := http.NewServeMux()
	h.server = httptest.NewServer(mux)
	is, err := issuer.New(issuer.Config{URL: h.server.URL, Audience: "dashboard", Now: func() time.Time { return h.now }, Expiry: 10 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", issuer.NewProvider(issuer.ProviderConfig{
		Issuer: is, Client: "dashboard", Tenant: "t", People: h.people, Grants: db.Grants(), Session: time.Hour, Demo: demo, Now: func() time.Time { return h.now },
	}).Handler())
	t.Cleanup(func() {
		h.server.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	h.another()
	return h
}

func (h *house) put(person identity.Person) {
	h.t.Helper()
	if err := h.people.PutUser(context.Background(), person); err != nil {
		h.t.Fatal(err)
	}
}

// another opens another browser, which nobody has signed in with.
func (h *house) another() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

type answer struct {
	status int
	body   string
	header http.Header
	to     *url.URL // where it redirects
}

func (h *house) do(request *http.Request, err error) answer {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	response, err := h.browser.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	to, _ := response.Location()
	return answer{response.StatusCode, string(body), response.Header, to}
}

func (h *house) get(path string, q url.Values) answer {
	h.t.Helper()
	return h.do(http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.server.URL+path+"?"+q.Encode(), nil))
}

func (h *house) post(path string, form url.Values) answer {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.server.URL+path, strings.NewReader(form.Encode()))
	if err == nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return h.do(request, err)
}

// asking is an authorization request as the dashboard makes it, with some members changed; "" takes one out.
func (h *house) asking(changes ...string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {"dashboard"}, "redirect_uri": {h.server.URL + "/sign-in/callback"}, "response_type": {"code"}, "scope": {"openid email profile offline_access"},
		"state": {"state-1"}, "nonce": {"nonce-1"}, "code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		q.Set(changes[i], changes[i+1])
	}
	return q
}

var field = regexp.MustCompile(`name="(query|token)" value="([^"]*)"`)

// submit fills in the sign-in page that an authorization request shows.
func (h *house) submit(page answer, email, secret string) answer {
	h.t.Helper()
	form := url.Values{"email": {email}, "password": {secret}}
	for _, found := range field.FindAllStringSubmatch(page.body, 2) {
		form.Set(found[1], strings.ReplaceAll(strings.ReplaceAll(found[2], "&amp;", "&"), "&#43;", "+"))
	}
	return h.post("/oauth2/sign-in", form)
}

// code signs the person in and returns the code that the client gets.
func (h *house) code() string {
	h.t.Helper()
	done := h.submit(h.get("/oauth2/authorize", h.asking()), "ada@example.com", password)
	if done.status != http.StatusSeeOther {
		h.t.Fatalf("sign-in: %d %s", done.status, done.body)
	}
	back := h.do(http.NewRequestWithContext(h.t.Context(), http.MethodGet, done.to.String(), nil))
	if back.to == nil || back.to.Query().Get("state") != "state-1" || back.to.Query().Get("code") == "" {
		h.t.Fatalf("no code: %d %v", back.status, back.to)
	}
	return back.to.Query().Get("code")
}

func (h *house) exchange(code string, changes ...string) (answer, map[string]any) {
	h.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {"dashboard"}, "code": {code}, "redirect_uri": {h.server.URL + "/sign-in/callback"}, "code_verifier": {verifier}}
	for i := 0; i+1 < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	a := h.post("/oauth2/token", form)
	var body map[string]any
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		h.t.Fatal(err)
	}
	return a, body
}

func (h *house) refresh(token any) (int, map[string]any) {
	h.t.Helper()
	text, _ := token.(string)
	a := h.post("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {"dashboard"}, "refresh_token": {text}})
	var body map[string]any
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		h.t.Fatal(err)
	}
	return a.status, body
}

func TestAPersonSignsInAndTheAPITakesTheToken(t *testing.T) {
	h := newHouse(t)
	a, tokens := h.exchange(h.code())
	if a.status != http.StatusOK || tokens["token_type"] != "Bearer" || tokens["expires_in"] != 600.0 || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", a.status, tokens)
	}
	people := &identity.Authenticator{People: []*identity.People{identity.NewPeople(identity.Issuer{URL: h.server.URL, Audience: "dashboard", JWKS: h.server.URL + "/.well-known/jwks.json", Now: func() time.Time { return h.now }})}}
	id, _ := tokens["id_token"].(string)
	p, err := people.Authenticate(t.Context(), "Bearer "+id)
	if err != nil || p.Tenant != "t" || p.ID != "user_1" || p.Name != "Ada Example" || p.Email != "ada@example.com" {
		t.Errorf("%+v %v", p, err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(id, ".")[1])
	if err != nil || !strings.Contains(string(claims), `"nonce":"nonce-1"`) {
		t.Errorf("claims %s %v", claims, err)
	}
}

func TestACodeIsGoodOnceForAMinuteAndForItsVerifier(t *testing.T) {
	h := newHouse(t)
	for name, try := range map[string]func(code string) (answer, map[string]any){
		"another verifier": func(code string) (answer, map[string]any) { return h.exchange(code, "code_verifier", verifier+"x") },
		"another redirect": func(code string) (answer, map[string]any) {
			return h.exchange(code, "redirect_uri", "https://evil.example/")
		},
		"too late": func(code string) (answer, map[string]any) {
			h.now = h.now.Add(61 * time.Second)
			return h.exchange(code)
		},
		"twice": func(code string) (answer, map[string]any) {
			if first, _ := h.exchange(code); first.status != http.StatusOK {
				t.Errorf("the first time: %d", first.status)
			}
			return h.exchange(code)
		},
		"made up": func(string) (answer, map[string]any) { return h.exchange("code") },
	} {
		h.another()
		code := h.code()
		if a, body := try(code); a.status != http.StatusBadRequest || body["error"] != "invalid_grant" {
			t.Errorf("%s: %d %v", name, a.status, body)
		}
		if a, _ := h.exchange(code); name != "made up" && a.status == http.StatusOK {
			t.Errorf("%s: the code is good afterwards", name)
		}
	}
}

func TestOnlyTheClientsOwnAddressIsEverRedirectedTo(t *testing.T) {
	h := newHouse(t)
	for _, changes := range [][]string{{"redirect_uri", "https://evil.example/"}, {"redirect_uri", ""}, {"client_id", "other"}} {
		if a := h.get("/oauth2/authorize", h.asking(changes...)); a.status != http.StatusBadRequest || a.to != nil {
			t.Errorf("%v: %d to %v", changes, a.status, a.to)
		}
	}
	for changed, want := range map[string]string{"response_type": "unsupported_response_type", "scope": "invalid_scope", "code_challenge": "invalid_request", "code_challenge_method": "invalid_request"} {
		a := h.get("/oauth2/authorize", h.asking(changed, "x"))
		if a.to == nil || a.to.Query().Get("error") != want || a.to.Query().Get("state") != "state-1" {
			t.Errorf("%s: %d to %v", changed, a.status, a.to)
		}
	}
	if a := h.get("/oauth2/authorize", h.asking("prompt", "none")); a.to == nil || a.to.Query().Get("error") != "login_required" {
		t.Errorf("prompt=none: %v", a.to)
	}
	if a := h.get("/oauth2/logout", url.Values{"post_logout_redirect_uri": {"https://evil.example/"}}); a.status != http.StatusBadRequest {
		t.Errorf("sign-out to somewhere else: %d", a.status)
	}
}

func TestRefreshTokensRotateAndReuseEndsTheSession(t *testing.T) {
	h := newHouse(t)
	_, first := h.exchange(h.code())
	status, next := h.refresh(first["refresh_token"])
	if status != http.StatusOK || next["refresh_token"] == first["refresh_token"] {
		t.Fatalf("%d %v", status, next)
	}
	if status, again := h.refresh(first["refresh_token"]); status != http.StatusOK {
		t.Errorf("an answer that was lost costs the session: %d %v", status, again)
	} else {
		next = again
	}
	h.now = h.now.Add(21 * time.Second)
	if status, _ := h.refresh(first["refresh_token"]); status != http.StatusBadRequest {
		t.Errorf("an old token after its overlap: %d", status)
	}
	if status, _ := h.refresh(next["refresh_token"]); status != http.StatusBadRequest {
		t.Errorf("the chain goes on after a token was used that somebody must have taken: %d", status)
	}
	h.another()
	_, other := h.exchange(h.code())
	h.now = h.now.Add(61 * time.Minute)
	if status, _ := h.refresh(other["refresh_token"]); status != http.StatusBadRequest {
		t.Errorf("the session has ended, and goes on: %d", status)
	}
	for _, token := range []string{"", ".", "a.b", "no dot", strings.Repeat("x", 5000)} {
		if status, _ := h.refresh(token); status != http.StatusBadRequest {
			t.Errorf("%.10q: %d", token, status)
		}
	}
}

func TestAnOldRefreshTokenCannotBeKeptGoodByUsingIt(t *testing.T) {
	h := newHouse(t)
	_, first := h.exchange(h.code())
	if status, _ := h.refresh(first["refresh_token"]); status != http.StatusOK {
		t.Fatal(status)
	}
	h.now = h.now.Add(15 * time.Second)
	if status, _ := h.refresh(first["refresh_token"]); status != http.StatusOK {
		t.Fatalf("within its overlap: %d", status)
	}
	h.now = h.now.Add(6 * time.Second)
	if status, _ := h.refresh(first["refresh_token"]); status != http.StatusBadRequest {
		t.Errorf("21 seconds after it was exchanged: %d", status)
	}
}

func TestSignOutAndRevocationEndWhatTheyPromise(t *testing.T) {
	h := newHouse(t)
	_, tokens := h.exchange(h.code())
	if a := h.get("/oauth2/authorize", h.asking()); a.to == nil || a.to.Query().Get("code") == "" {
		t.Errorf("a browser that is signed in is asked again: %d", a.status)
	}
	text, _ := tokens["refresh_token"].(string)
	if a := h.post("/oauth2/revoke", url.Values{"token": {text + "x"}}); a.status != http.StatusOK {
		t.Errorf("revocation says whether there was one: %d", a.status)
	}
	if status, again := h.refresh(text); status != http.StatusOK {
		t.Errorf("a guess revokes: %d", status)
	} else {
		text, _ = again["refresh_token"].(string)
	}
	h.post("/oauth2/revoke", url.Values{"token": {text}})
	if status, _ := h.refresh(text); status != http.StatusBadRequest {
		t.Errorf("revoked, and good: %d", status)
	}
	for _, name := range []string{"post_logout_redirect_uri", "logout_uri"} { // the standard's, and Cognito's
		if a := h.get("/oauth2/logout", url.Values{name: {h.server.URL + "/signed-out"}, "state": {"s"}}); a.status != http.StatusSeeOther || a.to.Path != "/signed-out" || a.to.Query().Get("state") != "s" {
			t.Errorf("%s: %d %v", name, a.status, a.to)
		}
	}
	if a := h.get("/oauth2/authorize", h.asking()); a.status != http.StatusOK {
		t.Errorf("signed out, and not asked: %d", a.status)
	}
}

func TestADisabledPersonGetsNothingAnyMore(t *testing.T) {
	h := newHouse(t)
	_, tokens := h.exchange(h.code())
	person, err := h.people.User(t.Context(), "t", "user_1")
	if err != nil {
		t.Fatal(err)
	}
	person.Disabled = true
	h.put(person)
	if status, _ := h.refresh(tokens["refresh_token"]); status != http.StatusBadRequest {
		t.Errorf("refreshed: %d", status)
	}
	h.another()
	if a := h.submit(h.get("/oauth2/authorize", h.asking()), "ada@example.com", password); a.status != http.StatusUnauthorized {
		t.Errorf("signed in: %d", a.status)
	}
}

func TestWrongPasswordsLookAlikeAndLockTheAccount(t *testing.T) {
	h := newHouse(t)
	page := h.get("/oauth2/authorize", h.asking())
	wrong, unknown := h.submit(page, "ada@example.com", "no"), h.submit(page, "nobody@example.com", "no")
	alike := func(a answer) string { return strings.ReplaceAll(a.body, "nobody@", "ada@") }
	if wrong.status != http.StatusUnauthorized || unknown.status != http.StatusUnauthorized || alike(wrong) != alike(unknown) {
		t.Error("the answers tell who has an account")
	}
	for range 4 {
		h.submit(page, "Ada@Example.com ", "no")
	}
	if a := h.submit(page, "ada@example.com", password); a.status != http.StatusTooManyRequests {
		t.Errorf("after five failures: %d", a.status)
	}
	h.now = h.now.Add(time.Minute)
	if a := h.submit(page, "ada@example.com", password); a.status != http.StatusSeeOther {
		t.Errorf("a minute later: %d", a.status)
	}
}

func TestASignInFromAnotherPageIsRefused(t *testing.T) {
	h := newHouse(t)
	form := url.Values{"email": {"ada@example.com"}, "password": {password}, "query": {h.asking().Encode()}, "token": {strings.Repeat("A", 26)}}
	if a := h.post("/oauth2/sign-in", form); a.status != http.StatusBadRequest {
		t.Errorf("without the page's cookie: %d", a.status)
	}
	h.get("/oauth2/authorize", h.asking())
	if a := h.post("/oauth2/sign-in", form); a.status != http.StatusBadRequest {
		t.Errorf("with a token that is not the cookie's: %d", a.status)
	}
}

func TestSignInPageHasTheLanguageAndOnlyDemoAccounts(t *testing.T) {
	h := newHouse(t)
	page := h.get("/oauth2/authorize", h.asking())
	if strings.Contains(page.body, "Demo accounts") || !strings.Contains(page.body, `lang="en"`) {
		t.Error(page.body)
	}
	if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Error(policy)
	}
	demo := newHouse(t, issuer.DemoPerson{Name: "Ada Example", Email: "ada@example.com", Password: password, Role: "reviewer"})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, demo.server.URL+"/oauth2/authorize?"+demo.asking().Encode(), nil)
	if err == nil {
		request.Header.Set("Accept-Language", "de-AT,de;q=0.9")
	}
	if german := demo.do(request, err); !strings.Contains(german.body, `lang="de"`) || !strings.Contains(german.body, "Ada Example") || !strings.Contains(german.body, "Anmelden") {
		t.Error(german.body)
	}
	evil := demo.submit(demo.get("/oauth2/authorize", demo.asking()), `"><script>alert(1)</script>`, "x")
	if strings.Contains(evil.body, "<script>") {
		t.Error("what was written comes back as markup")
	}
}

// FuzzAuthorize asks whatever it likes: no answer leads anywhere but to the client's own address, and none has a code.
func FuzzAuthorize(f *testing.F) {
	is, err := issuer.New(issuer.Config{URL: "http://here.test", Audience: "dashboard", Expiry: time.Minute})
	if err != nil {
		f.Fatal(err)
	}
	handler := issuer.NewProvider(issuer.ProviderConfig{Issuer: is, Client: "dashboard", Tenant: "t"}).Handler()
	const good = "client_id=dashboard&redirect_uri=http%3A%2F%2Fhere.test%2Fsign-in%2Fcallback&response_type=code&scope=openid&code_challenge_method=S256&code_challenge=0123456789012345678901234567890123456789012"
	for _, query := range []string{good, good + "&prompt=none", good + "&state=a%0d%0ab", good + "&redirect_uri=https%3A%2F%2Fevil.example", "client_id=dashboard&redirect_uri=//evil.example", "%zz", ""} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/oauth2/authorize", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		switch to := w.Header().Get("Location"); w.Code {
		case http.StatusSeeOther:
			back, err := url.Parse(to)
			if err != nil || back.Scheme+"://"+back.Host+back.Path != "http://here.test/sign-in/callback" || back.Query().Get("error") == "" || back.Query().Has("code") {
				t.Errorf("to %q", to)
			}
		case http.StatusOK, http.StatusBadRequest:
			if to != "" {
				t.Errorf("%d with an address: %q", w.Code, to)
			}
		default:
			t.Errorf("status %d", w.Code)
		}
	})
}
