package issuer_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestGuessesAtTheSameTimeAreNoMoreThanGuessesInARow(t *testing.T) {
	h := newHouse(t)
	page := h.get("/oauth2/authorize", h.asking())
	var tried, locked atomic.Int32
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			switch h.submit(page, "ada@example.com", "no").status {
			case http.StatusUnauthorized:
				tried.Add(1)
			case http.StatusTooManyRequests:
				locked.Add(1)
			}
		})
	}
	all.Wait()
	if tried.Load() != 5 || locked.Load() != 35 {
		t.Errorf("%d were tried, %d were not", tried.Load(), locked.Load())
	}
}

func TestAKnownBrowserSignsInDuringAGuessingAttack(t *testing.T) {
	h := newHouse(t)
	h.code()
	known := h.browser
	h.get("/oauth2/logout", url.Values{})
	h.another()
	page := h.get("/oauth2/authorize", h.asking())
	for range 10 {
		h.submit(page, "ada@example.com", "no")
	}
	a := h.submit(page, "ada@example.com", password)
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "60" || !strings.Contains(a.body, "Try again in 1 min.") {
		t.Errorf("the guesser: %d %v", a.status, a.header)
	}
	h.browser = known
	if a := h.submit(h.get("/oauth2/authorize", h.asking()), "ada@example.com", password); a.status != http.StatusSeeOther {
		t.Errorf("who works there: %d", a.status)
	}
}

func TestADeviceCookieLetsNobodyInAndIsGoodForItsAccountOnly(t *testing.T) {
	h := newHouse(t)
	person, err := h.people.User(t.Context(), "t", "user_1")
	if err != nil {
		t.Fatal(err)
	}
	person.ID, person.Email = "user_2", "bob@example.com"
	h.put(person)
	h.code()
	h.get("/oauth2/logout", url.Values{})
	page := h.get("/oauth2/authorize", h.asking())
	if page.status != http.StatusOK {
		t.Fatalf("signed in by the device's cookie alone: %d", page.status)
	}
	for range 5 {
		h.submit(page, "bob@example.com", "no")
	}
	h.another()
	if a := h.submit(h.get("/oauth2/authorize", h.asking()), "bob@example.com", password); a.status != http.StatusTooManyRequests {
		t.Errorf("guesses by another account's browser count nothing: %d", a.status)
	}
}

func TestAFormWithoutATokenIsRefusedAlsoWithAnEmptyCookie(t *testing.T) {
	h := newHouse(t)
	form := url.Values{"email": {"ada@example.com"}, "password": {password}, "query": {h.asking().Encode()}}
	for name, c := range map[string]struct{ cookie, token, site string }{
		"both empty":          {"", "", ""},
		"both short":          {"x", "x", ""},
		"from another site":   {strings.Repeat("A", 26), strings.Repeat("A", 26), "cross-site"},
		"from a sibling site": {strings.Repeat("A", 26), strings.Repeat("A", 26), "same-site"},
	} {
		form.Set("token", c.token)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.server.URL+"/oauth2/sign-in", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Cookie", "ballerine_form="+c.cookie)
		if c.site != "" {
			request.Header.Set("Sec-Fetch-Site", c.site)
		}
		if a := h.do(request, nil); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, a.status)
		}
	}
}

func TestACodeThatComesAgainEndsWhatWasIssuedForIt(t *testing.T) {
	h := newHouse(t)
	for name, again := range map[string]func(code string){
		"as before":               func(code string) { h.exchange(code) },
		"with another verifier":   func(code string) { h.exchange(code, "code_verifier", strings.Repeat("v", 50)) },
		"long after its minute":   func(code string) { h.now = h.now.Add(30 * time.Minute); h.exchange(code) },
		"after a refresh":         nil,
		"not at all, but made up": func(code string) { h.exchange(code + "x") },
		"not at all, but another": func(string) {
			h.exchange(h.get("/oauth2/authorize", h.asking()).to.Query().Get("code"))
		},
	} {
		h.another()
		code := h.code()
		_, tokens := h.exchange(code)
		if again == nil {
			_, tokens = h.refresh(tokens["refresh_token"])
			again = func(code string) { h.exchange(code) }
		}
		again(code)
		want := http.StatusBadRequest
		if strings.HasPrefix(name, "not at all") {
			want = http.StatusOK
		}
		if status, _ := h.refresh(tokens["refresh_token"]); status != want {
			t.Errorf("%s: the refresh token is answered %d, want %d", name, status, want)
		}
	}
}

func TestOfExchangesAtTheSameTimeNoTokenIsLeft(t *testing.T) {
	h := newHouse(t)
	code := h.code()
	var mutex sync.Mutex
	var issued []any
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if a, tokens := h.exchange(code); a.status == http.StatusOK {
				mutex.Lock()
				defer mutex.Unlock()
				issued = append(issued, tokens["refresh_token"])
			}
		})
	}
	all.Wait()
	if len(issued) > 1 {
		t.Errorf("%d exchanges of one code", len(issued))
	}
	for _, token := range issued {
		if status, _ := h.refresh(token); status != http.StatusBadRequest {
			t.Errorf("its refresh token is good: %d", status)
		}
	}
}

func TestSignOutEndsTheRefreshTokensOfTheBrowser(t *testing.T) {
	h := newHouse(t)
	_, tokens := h.exchange(h.code())
	again := h.get("/oauth2/authorize", h.asking()) // a second window
	_, second := h.exchange(again.to.Query().Get("code"))
	pending := h.get("/oauth2/authorize", h.asking()).to.Query().Get("code")
	first := h.browser
	h.another()
	_, elsewhere := h.exchange(h.code())
	h.browser = first
	user := func(token any) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.server.URL+"/oauth2/userinfo", nil)
		if err == nil {
			text, _ := token.(string)
			request.Header.Set("Authorization", "Bearer "+text)
		}
		return h.do(request, err).status
	}
	if status := user(tokens["access_token"]); status != http.StatusOK {
		t.Errorf("before: %d", status)
	}
	h.get("/oauth2/logout", url.Values{})
	for name, token := range map[string]any{"first": tokens["refresh_token"], "second": second["refresh_token"]} {
		if status, _ := h.refresh(token); status != http.StatusBadRequest {
			t.Errorf("the %s window's refresh token after the sign-out: %d", name, status)
		}
	}
	if a, _ := h.exchange(pending); a.status != http.StatusBadRequest {
		t.Errorf("a code of before the sign-out: %d", a.status)
	}
	if status := user(tokens["access_token"]); status != http.StatusUnauthorized {
		t.Errorf("the access token at the provider: %d", status)
	}
	if status, _ := h.refresh(elsewhere["refresh_token"]); status != http.StatusOK {
		t.Errorf("another browser was signed out, too: %d", status)
	}
}

func TestSigningInAnewEndsTheSessionBefore(t *testing.T) {
	h := newHouse(t)
	_, tokens := h.exchange(h.code())
	if a := h.submit(h.get("/oauth2/authorize", h.asking("prompt", "login")), "ada@example.com", password); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	if status, _ := h.refresh(tokens["refresh_token"]); status != http.StatusBadRequest {
		t.Errorf("the session before goes on: %d", status)
	}
}

func TestParametersOfARequestAreThereOnceAndAsTheStandardHasThem(t *testing.T) {
	h := newHouse(t)
	q := h.asking()
	q.Add("redirect_uri", h.server.URL+"/sign-in/callback")
	if a := h.get("/oauth2/authorize", q); a.status != http.StatusBadRequest || a.to != nil {
		t.Errorf("a parameter twice: %d to %v", a.status, a.to)
	}
	for _, redirect := range []string{"/sign-in/callback/", "/sign-in/callback?x=1", "/sign-in/../sign-in/callback", "/sign-in/callback#x", "/SIGN-IN/callback"} {
		if a := h.get("/oauth2/authorize", h.asking("redirect_uri", h.server.URL+redirect)); a.status != http.StatusBadRequest {
			t.Errorf("%s is redirected to: %d", redirect, a.status)
		}
	}
	if a, body := h.exchange(h.code(), "code_verifier", ""); a.status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("without a verifier: %d %v", a.status, body)
	}
	h.now = h.now.Add(time.Minute)
	if a := h.get("/oauth2/authorize", h.asking("max_age", "59")); a.status != http.StatusOK {
		t.Errorf("a sign-in older than the client takes: %d", a.status)
	}
	if a := h.get("/oauth2/authorize", h.asking("max_age", "60")); a.to == nil || a.to.Query().Get("code") == "" {
		t.Errorf("one that is not: %d", a.status)
	}
	if a := h.submit(h.get("/oauth2/authorize", h.asking("max_age", "0")), "ada@example.com", password); a.to == nil || a.to.Query().Has("max_age") {
		t.Errorf("asked for ever: %v", a.to)
	}
	for method, want := range map[string]int{"plain": http.StatusSeeOther, "": http.StatusSeeOther} {
		if a := h.get("/oauth2/authorize", h.asking("code_challenge_method", method)); a.status != want || a.to.Query().Get("error") != "invalid_request" {
			t.Errorf("PKCE by %q: %d %v", method, a.status, a.to)
		}
	}
	if a := h.post("/oauth2/revoke", url.Values{"token": {"a.b"}, "client_id": {"other"}}); a.status != http.StatusUnauthorized {
		t.Errorf("another client revokes: %d", a.status)
	}
}
