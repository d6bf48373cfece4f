package connector

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestHidingEndsWhateverIsAnswered: an applicant may have a vendor repeat what is expensive to look at, and the attempt is lost when it is.
func TestHidingEndsWhateverIsAnswered(t *testing.T) {
	const definition = `id: p
title: P
timeout: PT20S
request: {method: POST, url: "{vendor.base}/x", auth: {basic: {username: "ann@ex.com", password: "{secret.PASSWORD}"}}, body: {address: "{context.address}"}}
response: {result: {all: "{body}"}}
`
	for name, text := range map[string]string{"backslashes": strings.Repeat(`\`, 100_000), "percent": "ann%" + strings.Repeat("25", 100_000)} {
		begun := time.Now()
		outcome, err := attemptAt(t, definition, MapSecrets{"PASSWORD": "a-password-of-20-bytes"}, nil, Call{Context: map[string]any{"address": text}}, func(w http.ResponseWriter, _ *http.Request) {
			inJSON(w, map[string]any{"address": text})
		})
		if err != nil || outcome.Exchanged == nil || outcome.Trace.Status != 200 {
			t.Errorf("%s: %v after %v", name, err, time.Since(begun))
		}
	}
}

// TestTokensAreHiddenInCallsThatDoNotUseThem: in those before the one that does, in later attempts, and in callbacks.
func TestTokensAreHiddenInCallsThatDoNotUseThem(t *testing.T) {
	const definition = `id: p
title: P
mode: callback
cache: {ttl: PT1H}
steps:
  - id: first
    request: {method: GET, url: "{vendor.base}/first"}
    response: {schema: {type: object}, result: {all: "{body}"}}
request:
  method: GET
  url: "{vendor.base}/last"
  auth: {oauth2: {token_url: "{vendor.base}/token", client_id: "{secret.ID}", client_secret: "{secret.KEY}"}}
response: {result: {first: "{steps.first}", all: "{body}"}}
`
	const callback = `callback:
  signature: {scheme: token, secret: HOOK, signature_header: X-Token}
  schema: {type: object}
  result: {all: "{body}", headers: "{headers}"}
`
	tokens, given := []string{}, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			given++
			inJSON(w, map[string]any{"access_token": tokens[given-1], "expires_in": 3600})
			return
		}
		w.Header().Set("X-Tokens", strings.Join(tokens, ", "))
		inJSON(w, map[string]any{"tokens": tokens})
	}))
	defer server.Close()
	for i := range 3 {
		tokens = append(tokens, "token-of-the-vendor-"+strconv.Itoa(i))
	}
	secrets := MapSecrets{"ID": "client-id", "KEY": "client-key", "HOOK": "secret-of-the-hook"}
	client := &Client{HTTP: http.DefaultClient, Secrets: secrets, Settings: map[string]string{"base": server.URL}}
	several := parse(t, strings.Replace(definition, "mode: callback\n", "", 1))
	for i := range 2 { // in the first attempt, the token becomes known after the first answer
		outcome, err := client.Do(t.Context(), several, Call{Tenant: "demo", Case: "case_1"})
		if err != nil || given != 1 {
			t.Fatal(err, given)
		}
		unsaid(t, fmt.Sprint("attempt ", i), outcome, tokens[0])
	}
	calling := parse(t, strings.Replace(strings.Replace(definition, "cache: {ttl: PT1H}\n", "", 1), `response: {result: {first: "{steps.first}", all: "{body}"}}`+"\n", "", 1)+callback)
	body := []byte(`{"tokens":["` + tokens[0] + `"]}`)
	header := http.Header{"Content-Type": {"application/json"}, "X-Token": {secrets["HOOK"]}, "X-Echo": {tokens[0]}}
	received, err := client.Receive(t.Context(), "demo", calling, header, body)
	if err != nil {
		t.Fatal(err)
	}
	result, err := received.Result(Asked{})
	if err != nil {
		t.Fatal(err)
	}
	unsaid(t, "callback", Outcome{Result: result, Exchanged: received.Exchanged(time.Now())}, tokens[0])
}

// TestASecretThatIsCutOffIsNotKept: whatever part of it has come before the connection was lost.
func TestASecretThatIsCutOffIsNotKept(t *testing.T) {
	const secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
	p := parse(t, "id: p\ntitle: P\nrequest: {method: GET, url: \"{vendor.base}/x\", headers: {X-Key: \"{secret.KEY}\"}}\n")
	for way, write := range map[string]func(string) string{
		"raw": spellings["raw"], "percent": spellings["all percent"], "JSON": inUnits, "base64": spellings["base64"], "hex": spellings["hex"], "HTML": spellings["numbers"],
		"base64 in percent": func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("u:" + s))) },
	} {
		written := write(secret)
		for cut := 0; cut < len(written); cut++ {
			const begin = `{"message":"your key is `
			server := &http.Client{Transport: answering(func(*http.Request) (*http.Response, error) {
				a := response(200, asJSON(), nil)
				a.Body = io.NopCloser(brokenOff{strings.NewReader(begin + written[:len(written)-cut])})
				return a, nil
			})}
			client := &Client{HTTP: server, Secrets: MapSecrets{"KEY": secret}, Settings: map[string]string{"base": "https://v.example"}}
			outcome, err := client.Do(t.Context(), p, Call{Tenant: "demo", Case: "case_1"})
			if err == nil {
				t.Fatal("the connection was lost")
			}
			_, calls := exchangesOf(t, outcome.Exchanged)
			shown := calls[0].Answer.Body.Text
			rest := strings.TrimPrefix(shown, begin)
			if rest = strings.TrimSuffix(rest, redaction); rest == shown || len(rest) > 32 || len(rest) > 3 && way == "raw" {
				t.Errorf("%s without %d bytes: %s", way, cut, shown)
			}
		}
	}
}

// TestASecretAtTheEndOfWhatIsShownOfALongAnswerIsNotKept: where what was before it has become shorter, too.
func TestASecretAtTheEndOfWhatIsShownOfALongAnswerIsNotKept(t *testing.T) {
	const secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
	for name, c := range map[string]struct {
		part string
		size int
	}{"at the end of what is shown": {"x", maxUnread - 20}, "at the end of what is read": {secret + " ", maxAnswer - 20}} {
		text := strings.Repeat(c.part, c.size/len(c.part)+1)[:c.size]
		outcome, err := attemptAt(t, "id: p\ntitle: P\nrequest: {method: GET, url: \"{vendor.base}/x\", headers: {X-Key: \"{secret.KEY}\"}}\n", MapSecrets{"KEY": secret}, nil, Call{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, text+secret+strings.Repeat(" ", maxAnswer))
		})
		if err == nil {
			t.Fatal("it is too large")
		}
		for size := len(secret); size >= shortestTail; size-- {
			if strings.Contains(string(outcome.Exchanged), secret[:size]) {
				t.Errorf("%s: %s is in it", name, secret[:size])
				break
			}
		}
	}
}

// answering is a vendor without a connection.
type answering func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (a answering) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// TestATokenThatBecomesKnownLaterIsNotRecorded: an answer is recorded when the attempt ends.
func TestATokenThatBecomesKnownLaterIsNotRecorded(t *testing.T) {
	const token = "token-of-the-vendor"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		inJSON(w, map[string]any{"access_token": token})
	}))
	defer server.Close()
	p := parse(t, `id: p
title: P
steps: [{id: first, request: {method: GET, url: "{vendor.base}/first"}}]
request: {method: GET, url: "{vendor.base}/last", auth: {oauth2: {token_url: "{vendor.base}/token", client_id: "{secret.ID}", client_secret: "{secret.KEY}"}}}
`)
	recorder := &recorder{}
	client := &Client{HTTP: http.DefaultClient, Secrets: MapSecrets{"ID": "client-id", "KEY": "client-key"}, Settings: map[string]string{"base": server.URL}, Traffic: recorder}
	if _, err := client.Do(t.Context(), p, Call{Tenant: "demo", Case: "case_1"}); err != nil {
		t.Fatal(err)
	}
	if recorder.answers != 2 || strings.Contains(recorder.text, token) || strings.Count(recorder.text, redaction) != 2 {
		t.Errorf("%d: %s", recorder.answers, recorder.text)
	}
}

// recorder notes answers.
type recorder struct {
	answers int
	text    string
}

func (*recorder) Replays() bool { return false }

func (*recorder) Answer(TrafficRequest) (TrafficAnswer, error) { return TrafficAnswer{}, nil }

func (r *recorder) Record(_ TrafficRequest, a TrafficAnswer, _ error) {
	r.answers, r.text = r.answers+1, r.text+string(a.Body)
}
