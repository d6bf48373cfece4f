package connector

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/outbound"
	"ballerine/internal/problem"
)

// bank is a vendor whose API wants a token of its own token server.
type bank struct {
	*httptest.Server
	mutex    sync.Mutex
	now      time.Time
	grant    func(w http.ResponseWriter, r *http.Request) // nil: a new token for an hour
	accepts  func(token string) bool                      // nil: every token
	grants   int
	calls    int
	lastAuth string
	lastForm string
}

func newBank(t *testing.T) *bank {
	t.Helper()
	b := &bank{now: time.Unix(1_700_000_000, 0)}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		if r.URL.Path == "/token" {
			b.grants++
			_ = r.ParseForm()
			b.lastAuth, b.lastForm = r.Header.Get("Authorization"), r.PostForm.Encode()
			if b.grant != nil {
				b.grant(w, r)
				return
			}
			respond(w, 200, "application/json", fmt.Sprintf(`{"access_token":"token-number-%d","token_type":"bearer","expires_in":3600}`, b.grants))
			return
		}
		b.calls++
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if b.accepts != nil && !b.accepts(token) {
			respond(w, 401, "application/json", `{}`)
			return
		}
		respond(w, 200, "application/json", `{"token":"`+strings.TrimPrefix(token, "token-")+`"}`)
	}))
	t.Cleanup(b.Close)
	return b
}

// set changes what the bank does, or reads what it saw, between requests.
func (b *bank) set(change func()) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	change()
}

func (b *bank) client(secrets MapSecrets) *Client {
	return &Client{
		HTTP: outbound.NewClient(outbound.Options{AllowLoopback: true, Timeout: time.Minute}), Secrets: secrets, Settings: map[string]string{"base": b.URL, "tenant": "acme"},
		Now: func() time.Time {
			b.mutex.Lock()
			defer b.mutex.Unlock()
			return b.now
		},
	}
}

var bankSecrets = MapSecrets{"ID": "the client:id", "SECRET": "the client secret&=%"}

const banking = base + `  method: GET
  auth:
    oauth2: {token_url: "{vendor.base}/token", client_id: "{secret.ID}", client_secret: "{secret.SECRET}", scope: "read write", parameters: {audience: "https://{vendor.tenant}"}}
`

func TestATokenServesUntilShortlyBeforeItsEnd(t *testing.T) {
	b := newBank(t)
	client, p := b.client(bankSecrets), parse(t, banking)
	for _, step := range []struct {
		after  time.Duration
		token  string
		grants int
	}{{0, "number-1", 1}, {time.Hour - 2*time.Minute, "number-1", 1}, {time.Minute, "number-2", 2}, {58 * time.Minute, "number-2", 2}} {
		b.set(func() { b.now = b.now.Add(step.after) })
		outcome, err := client.Do(t.Context(), p, call)
		if err != nil || outcome.Result.(map[string]any)["token"] != step.token || b.grants != step.grants {
			t.Errorf("after %v: %v %v, %d grants", step.after, outcome.Result, err, b.grants)
		}
	}
	if want := "audience=https%3A%2F%2Facme&grant_type=client_credentials&scope=read+write"; b.lastForm != want {
		t.Errorf("asked with %s", b.lastForm)
	}
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte("the+client%3Aid:the+client+secret%26%3D%25")); b.lastAuth != want {
		t.Errorf("asked as %s", b.lastAuth)
	}
	inBody := parse(t, strings.Replace(banking, "scope:", "credentials: body, scope:", 1))
	if _, err := client.Do(t.Context(), inBody, call); err != nil || b.lastAuth != "" || !strings.Contains(b.lastForm, "client_id=the+client%3Aid&client_secret=the+client+secret%26%3D%25") {
		t.Errorf("%v: %q %s", err, b.lastAuth, b.lastForm)
	}
}

func TestManyCallersShareOneFetch(t *testing.T) {
	b := newBank(t)
	client, p := b.client(bankSecrets), parse(t, banking)
	var group sync.WaitGroup
	var failures atomic.Int32
	for range 60 {
		group.Go(func() {
			if _, err := client.Do(t.Context(), p, call); err != nil {
				failures.Add(1)
			}
		})
	}
	group.Wait()
	if b.grants != 1 || b.calls != 60 || failures.Load() != 0 {
		t.Errorf("%d grants for %d calls, %d failed", b.grants, b.calls, failures.Load())
	}
	b.set(func() { b.accepts = func(token string) bool { return token != "token-number-1" } })
	for range 60 {
		group.Go(func() {
			if _, err := client.Do(t.Context(), p, call); err != nil {
				failures.Add(1)
			}
		})
	}
	group.Wait()
	if b.grants != 2 || failures.Load() != 0 {
		t.Errorf("%d grants after the token was withdrawn, %d failed", b.grants, failures.Load())
	}
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	b := newBank(t)
	client, p := b.client(bankSecrets), parse(t, banking)
	b.accepts = func(string) bool { return false }
	_, err := client.Do(t.Context(), p, call)
	if problem.CodeOf(err) != problem.VendorRejected || b.grants != 2 || b.calls != 2 {
		t.Errorf("%v, %d grants, %d calls", err, b.grants, b.calls)
	}
}

func TestATokenBelongsToATenantAndItsSecrets(t *testing.T) {
	b := newBank(t)
	secrets := MapSecrets{"ID": "the client", "SECRET": "the secret"}
	client, p := b.client(secrets), parse(t, banking)
	other := call
	other.Tenant = "other"
	for _, c := range []Call{call, other, call} {
		if _, err := client.Do(t.Context(), p, c); err != nil {
			t.Fatal(err)
		}
	}
	if b.grants != 2 {
		t.Errorf("two tenants have %d tokens", b.grants)
	}
	secrets["SECRET"] = "another one"
	if _, err := client.Do(t.Context(), p, call); err != nil || b.grants != 3 {
		t.Errorf("a secret that was replaced uses the former token: %v", err)
	}
}

func TestATokenServesWhileItsServerIsAway(t *testing.T) {
	b := newBank(t)
	client, p := b.client(bankSecrets), parse(t, banking)
	if _, err := client.Do(t.Context(), p, call); err != nil {
		t.Fatal(err)
	}
	b.set(func() {
		b.now = b.now.Add(time.Hour - 30*time.Second)
		b.grant = func(w http.ResponseWriter, _ *http.Request) { respond(w, 503, "text/html", "down") }
	})
	if _, err := client.Do(t.Context(), p, call); err != nil || b.grants != 2 {
		t.Errorf("shortly before its end: %v, %d grants", err, b.grants)
	}
	b.set(func() { b.now = b.now.Add(30 * time.Second) })
	if _, err := client.Do(t.Context(), p, call); problem.CodeOf(err) != problem.VendorUnavailable || b.calls != 2 {
		t.Errorf("after its end: %v, %d calls", err, b.calls)
	}
}

func TestWhatATokenServerAnswersIsJudged(t *testing.T) {
	secrets := []string{"the client secret", "the client:id", "very-private"}
	for name, c := range map[string]struct {
		status  int
		kind    string
		body    string
		code    problem.Code
		message string
	}{
		"a text as its life": {200, "application/json", `{"access_token":"abc-def-ghi","expires_in":"3600"}`, "", ""},
		"no life":            {200, "application/json", `{"access_token":"abc-def-ghi","token_type":"BEARER"}`, "", ""},
		"created":            {201, "application/json;charset=utf-8", `{"access_token":"abc-def-ghi","expires_in":1e99}`, "", ""},
		"refused":            {401, "application/json", `{"error":"invalid_client","error_description":"very-private"}`, problem.VendorRejected, "status 401: invalid_client."},
		"refused by others":  {400, "application/json", `{"error":"very-private"}`, problem.VendorRejected, "status 400."},
		"moved":              {302, "text/html", ``, problem.VendorRejected, "status 302."},
		"busy":               {429, "application/json", `{}`, problem.VendorUnavailable, "The token server of check answered with status 429. It may be called again at"},
		"broken":             {500, "application/json", `very-private`, problem.VendorUnavailable, "status 500"},
		"HTML":               {200, "text/html", `<p>very-private`, problem.VendorGarbage, "content_type"},
		"no JSON":            {200, "application/json", `{"access_token": very-private`, problem.VendorGarbage, "json"},
		"a number":           {200, "application/json", `{"access_token":12345678}`, problem.VendorGarbage, "json"},
		"nothing":            {200, "application/json", `{}`, problem.VendorGarbage, "access_token"},
		"header injection":   {200, "application/json", `{"access_token":"very-private\r\nX-Evil: 1"}`, problem.VendorGarbage, "access_token"},
		"another type":       {200, "application/json", `{"access_token":"very-private","token_type":"mac"}`, problem.VendorGarbage, "token_type"},
		"no time":            {200, "application/json", `{"access_token":"very-private","expires_in":0}`, problem.VendorGarbage, "expires_in"},
		"odd time":           {200, "application/json", `{"access_token":"very-private","expires_in":"NaN"}`, problem.VendorGarbage, "expires_in"},
		"huge":               {200, "application/json", `{"access_token":"` + strings.Repeat("a", maxTokenAnswer) + `"}`, problem.VendorGarbage, "too_large"},
	} {
		b := newBank(t)
		b.grant = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "9")
			respond(w, c.status, c.kind, c.body)
		}
		_, err := b.client(bankSecrets).Do(t.Context(), parse(t, banking), call)
		text := fmt.Sprint(err)
		for _, f := range problem.As(err).Fields {
			text += " " + f.Code
		}
		if problem.CodeOf(err) != c.code || c.message != "" && !strings.Contains(text, c.message) || c.code == problem.VendorUnavailable && problem.As(err).Details["retry_after_seconds"] != 9 {
			t.Errorf("%s: %s", name, text)
		}
		if slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(text, s) }) || (err == nil) != (b.calls == 1) {
			t.Errorf("%s: %s, %d calls", name, text, b.calls)
		}
	}
}

// Whoever gives up while a token is on its way leaves it to the others.
func TestACallerThatGivesUpTakesNobodysToken(t *testing.T) {
	b := newBank(t)
	release, asked := make(chan struct{}), make(chan struct{})
	b.grant = func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-release
		respond(w, 200, "application/json", `{"access_token":"token-late-one","expires_in":3600}`)
	}
	client, p := b.client(bankSecrets), parse(t, banking+"timeout: PT30S\n")
	client.Now = func() time.Time { return time.Unix(1_700_000_000, 0) }
	hasty, giveUp := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := client.Do(hasty, p, call); first <- err }()
	<-asked
	go func() { _, err := client.Do(t.Context(), p, call); second <- err }()
	giveUp()
	if err := <-first; problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("who gave up: %v", err)
	}
	close(release)
	if err := <-second; err != nil || b.grants != 1 {
		t.Errorf("who waited: %v, %d grants", err, b.grants)
	}
}

func TestBasicCredentialsAreSentAndShownByName(t *testing.T) {
	v := newTarget(t)
	p := parse(t, base+"  method: GET\n  auth: {basic: {username: \"user-{vendor.base}\", password: \"{secret.KEY}\"}}\n")
	client := v.client()
	client.Settings = map[string]string{"base": v.URL}
	if _, err := client.Do(t.Context(), p, call); problem.CodeOf(err) != problem.Internal || v.calls != 0 {
		t.Errorf("a user with a colon: %v", err)
	}
	p = parse(t, base+"  method: GET\n  auth: {basic: {username: api, password: \"{secret.KEY}\"}}\n")
	if _, err := client.Do(t.Context(), p, call); err != nil {
		t.Fatal(err)
	}
	if user, password, _ := v.request.BasicAuth(); user != "api" || password != "s3cr3t value" {
		t.Errorf("%s %s", user, password)
	}
	if shown, err := p.Preview(t.Context(), Call{}, nil); err != nil || shown.Headers["Authorization"] != "Basic api:__secret.KEY__" {
		t.Errorf("%v %v", shown.Headers, err)
	}
	if shown, err := parse(t, banking).Preview(t.Context(), Call{}, nil); err != nil || shown.Headers["Authorization"] != "Bearer __access_token__" {
		t.Errorf("%v %v", shown.Headers, err)
	}
}

// Requests are signed as vendors document it. The signatures were made with OpenSSL.
func TestRequestsAreSignedAsVendorsDocument(t *testing.T) {
	for name, c := range map[string]struct {
		request string
		headers map[string]string
	}{
		"Sumsub": { // docs.sumsub.com, authentication: time, method, path with query, body
			"  method: POST\n  query: {levelName: basic-kyc-level}\n  body: {externalUserId: \"{case.id}\"}\n  headers: {X-App-Token: \"{secret.HOOK}\"}\n" +
				"  sign: {secret: KEY, content: \"{timestamp}{method}{target}{body}\", headers: {X-App-Access-Ts: \"{timestamp}\", X-App-Access-Sig: \"{signature}\"}}\n",
			map[string]string{"X-App-Token": "first second", "X-App-Access-Ts": "1700000000", "X-App-Access-Sig": "9d4a9f29531ed8a7fac94796e7283e405c5f379cb9d3dcea6bb02dd2e9c3a43e"},
		},
		"Veriff": { // devdocs.veriff.com: the body of a POST
			"  method: POST\n  body: {externalUserId: \"{case.id}\"}\n  sign: {secret: KEY, content: \"{body}\", headers: {X-HMAC-SIGNATURE: \"{signature}\"}}\n",
			map[string]string{"X-HMAC-SIGNATURE": "6354385e8745ef0453b75ebb573513f7e0a9a3b3d541be072f572815a4d01110"},
		},
		"Veriff, reading": { // the id of the session that is read
			"  method: GET\n  sign: {secret: KEY, content: \"{input.level}\", headers: {X-HMAC-SIGNATURE: \"{signature}\"}}\n",
			map[string]string{"X-HMAC-SIGNATURE": "b171c7ee2573a90497568d06cd68d20ebb2f6330a20124a4636aa21ae9625ec9"},
		},
		"all of it": {
			"  method: PUT\n  query: {a: 1}\n  body: {}\n  sign:\n    secret: KEY\n    algorithm: sha512\n    encoding: base64\n    content: \"{method} {path} {query} {body_sha256} {timestamp_ms} {date}\"\n" +
				"    headers: {Authorization: \"HMAC {secret.HOOK}:{signature}\", Digest: \"SHA-256={body_sha256_base64}\"}\n",
			map[string]string{"Authorization": "HMAC first second:MG3IYon/3Ei4sGNuBOinK3hsAvjbhFTRiX6nTVSgNV+CEvHrknCVsgrtmgNUEyh1R4K0jYiPX0WICdlySNeIfg==", "Digest": "SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="},
		},
	} {
		v := newTarget(t)
		if _, err := v.client().Do(t.Context(), parse(t, base+c.request), call); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for header, want := range c.headers {
			if got := v.request.Header.Get(header); got != want {
				t.Errorf("%s: %s is %s, not %s", name, header, got, want)
			}
		}
	}
}

func TestASignatureNeedsItsKeyAndItsValues(t *testing.T) {
	v := newTarget(t)
	for request, want := range map[string]problem.Code{
		"  method: GET\n  sign: {secret: KEY, key_encoding: base64, content: \"{timestamp}\", headers: {X-S: \"{signature}\"}}\n":     problem.Internal,
		"  method: GET\n  sign: {secret: KEY, content: \"{context.gone}\", headers: {X-S: \"{signature}\"}}\n":                        problem.Invalid,
		"  method: GET\n  sign: {secret: KEY, content: \"{timestamp}\", headers: {X-S: \"{signature}\", X-T: \"{context.split}\"}}\n": problem.Invalid,
		"  method: GET\n  sign: {secret: NONE, content: \"{timestamp}\", headers: {X-S: \"{signature}\"}}\n":                          problem.Internal,
	} {
		if _, err := v.client().Do(t.Context(), parse(t, base+request), call); problem.CodeOf(err) != want || v.calls != 0 {
			t.Errorf("%s: %v", request, err)
		}
	}
	p := parse(t, base+"  method: GET\n  sign: {secret: KEY, content: \"{nonce}\", headers: {X-S: \"{signature}\", X-N: \"{nonce}\"}}\n")
	if shown, err := p.Preview(t.Context(), Call{}, nil); err != nil || shown.Headers["X-S"] != "__signature__" || shown.Headers["X-N"] != "__nonce__" {
		t.Errorf("%v %v", shown.Headers, err)
	}
	seen := map[string]bool{}
	for range 20 {
		if _, err := v.client().Do(t.Context(), p, call); err != nil {
			t.Fatal(err)
		}
		seen[v.request.Header.Get("X-N")] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d nonces for 20 requests", len(seen))
	}
}

func TestSecretsStandInParametersAndBodies(t *testing.T) {
	v := newTarget(t)
	p := parse(t, base+"  method: POST\n  query: {key: \"{secret.KEY}\", base: \"{vendor.base}\"}\n  body: {auth: {key: \"k:{secret.KEY}\"}, n: \"{context.age}\"}\n")
	client := v.client()
	if _, err := client.Do(t.Context(), p, call); err != nil {
		t.Fatal(err)
	}
	if v.request.URL.Query().Get("key") != "s3cr3t value" || string(v.body) != `{"auth":{"key":"k:s3cr3t value"},"n":51}` {
		t.Errorf("%s %s", v.request.URL.RawQuery, v.body)
	}
	key := v.request.Header.Get("Idempotency-Key")
	client.Secrets = MapSecrets{"KEY": "another"}
	if _, err := client.Do(t.Context(), p, call); err != nil || v.request.Header.Get("Idempotency-Key") != key {
		t.Errorf("a replaced secret makes another request of it: %v", err)
	}
	shown, err := p.Preview(t.Context(), call, nil)
	if err != nil || !strings.Contains(shown.URL, "key=__secret.KEY__") || !strings.Contains(string(shown.Body), "k:__secret.KEY__") {
		t.Errorf("%+v %v", shown, err)
	}
}

// Whatever a vendor repeats, however deep, none of the request's secrets is in the result.
func TestAnAnswerThatRepeatsASecretIsReadWithoutIt(t *testing.T) {
	secrets := []string{"hunter2-hunter2", "hunter2-hunter2-longer", base64.StdEncoding.EncodeToString([]byte("user:hunter2-hunter2"))}
	rapid.Check(t, func(r *rapid.T) {
		var value func(depth int) any
		value = func(depth int) any {
			kind := rapid.IntRange(0, 3).Draw(r, "kind")
			if depth > 3 {
				kind = 0
			}
			text := func() string {
				return rapid.StringN(0, 5, -1).Draw(r, "before") + rapid.SampledFrom(append(secrets, "harmless")).Draw(r, "secret") + rapid.StringN(0, 5, -1).Draw(r, "after")
			}
			switch kind {
			case 1:
				return []any{value(depth + 1), value(depth + 1)}
			case 2:
				return map[string]any{text(): value(depth + 1), "plain": value(depth + 1)}
			case 3:
				return 7.0
			}
			return text()
		}
		got := fmt.Sprint(redacted(value(0), redactor(secrets)))
		for _, secret := range secrets {
			if strings.Contains(got, secret) {
				r.Fatalf("%s is in %s", secret, got)
			}
		}
	})
}

func TestTooManyTokensMakeRoom(t *testing.T) {
	var kept tokens
	now := time.Unix(1_700_000_000, 0)
	for i := range maxTokens + 50 {
		key := fmt.Sprint(i)
		_, waiting, first := kept.take(key, now)
		if !first {
			t.Fatal("somebody else asks for it")
		}
		kept.put(key, waiting, fetched{"value", time.Hour}, nil, now)
	}
	if len(kept.kept) != maxTokens {
		t.Errorf("%d are kept", len(kept.kept))
	}
	if value, _, _ := kept.take(fmt.Sprint(maxTokens+49), now); value != "value" {
		t.Error("the newest is gone")
	}
}
