package connector

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const exchangedPlugin = `id: check
title: Check
mode: callback
request:
  method: POST
  url: "{vendor.base}/checks/{context.name}?key={secret.IN_URL}"
  headers: {X-Key: "{secret.IN_HEADER}", X-Pin: "{secret.PIN}"}
  body: {name: "{context.name}", back: "{callback_url}", password: "{secret.IN_BODY}"}
  auth: {oauth2: {token_url: "{vendor.base}/token", client_id: "{secret.CLIENT}", client_secret: "{secret.CLIENT_SECRET}"}}
  sign: {secret: SIGNING, content: "{body}", headers: {X-Signature: "{signature}"}}
response:
  later: {status: [200], keep: {url: "{body.url}"}}
callback:
  signature: {secret: HOOK, scheme: body, signature_header: X-Hook, prefix: "sha256="}
  schema: {type: object}
  result: {state: "{body.state}"}
`

var exchangedSecrets = MapSecrets{
	"IN_URL": "url secret/1?", "IN_HEADER": "header+secret=2", "PIN": "47113904", "IN_BODY": "body\"secret<4>é", "CLIENT": "client-id-55", "CLIENT_SECRET": "client-secret-6", "SIGNING": "signing-secret-7", "HOOK": "hook-secret-8",
}

// hides fails for each secret that a text has, in every way in which it may be written.
func hides(t *testing.T, text string, more ...string) {
	t.Helper()
	for name, secret := range exchangedSecrets {
		quoted, _ := json.Marshal(secret)
		for _, way := range []string{secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))} {
			if strings.Contains(text, way) {
				t.Errorf("%s is in it, as %s", name, way)
			}
		}
	}
	for _, other := range more {
		if strings.Contains(text, other) {
			t.Errorf("%s is in it", other)
		}
	}
}

func exchangesOf(t *testing.T, content []byte) (plugin string, calls []exchange) {
	t.Helper()
	var read struct {
		Plugin string     `json:"plugin"`
		Calls  []exchange `json:"calls"`
	}
	if err := json.Unmarshal(content, &read); err != nil {
		t.Fatal(err, string(content))
	}
	return read.Plugin, read.Calls
}

func TestExchangesHaveWhatWasSaidAndNoSecret(t *testing.T) {
	const token, access = "callback-token-0123456789", "access-token-88888"
	for name, answer := range map[string]struct {
		status int
		kind   string
		body   func(echo string) string
	}{
		"JSON": {200, "application/json", func(echo string) string {
			text, _ := json.Marshal(map[string]string{"url": "u", "echo": echo})
			return string(text)
		}},
		"a refusal": {403, "text/plain", func(echo string) string { return "no: " + echo }},
		"garbage":   {200, "application/json", func(echo string) string { return `{"cut": "` + echo }},
		"too large": {200, "application/json", func(echo string) string { return echo + strings.Repeat("x", maxAnswer) }},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", answer.kind)
				if r.URL.Path == "/token" {
					w.Header().Set("Content-Type", "application/json")
					fmt.Fprintf(w, `{"access_token":%q,"expires_in":3600}`, access)
					return
				}
				body, _ := io.ReadAll(r.Body)
				w.Header().Set("X-Trace", "trace of "+r.Header.Get("X-Key"))
				w.Header().Set("Set-Cookie", "session=1")
				w.WriteHeader(answer.status)
				echo := strings.Join([]string{r.Header.Get("Authorization"), r.Header.Get("X-Key"), r.Header.Get("X-Pin"), r.URL.RawQuery, r.URL.Query().Get("key"), string(body)}, " ")
				_, _ = io.WriteString(w, answer.body(echo))
			}))
			defer server.Close()
			p, found := ParsePlugin("check.yaml", []byte(exchangedPlugin))
			if p == nil {
				t.Fatal(found)
			}
			client := &Client{HTTP: http.DefaultClient, Secrets: exchangedSecrets, Settings: map[string]string{"base": server.URL}}
			outcome, _ := client.Do(t.Context(), p, Call{Tenant: "demo", Case: "case_1", Context: map[string]any{"name": "Ada Łovelace"}, CallbackURL: "https://here.example/v1/hooks/" + token})
			plugin, calls := exchangesOf(t, outcome.Exchanged)
			if plugin != "check" || len(calls) != 1 || calls[0].Request.Method != "POST" || !strings.Contains(calls[0].Request.URL, "/checks/Ada%20%C5%81ovelace?key=") || calls[0].Answer.Status != answer.status {
				t.Fatalf("%s %+v", plugin, calls)
			}
			text := string(outcome.Exchanged)
			hides(t, text, token, access, "Set-Cookie", "X-Signature", "Idempotency-Key")
			if !strings.Contains(calls[0].Request.Body.Text, "Ada Łovelace") || !strings.Contains(calls[0].Request.Body.Text, "{callback_url}") || !strings.Contains(calls[0].Answer.Body.Text, "Ada Łovelace") {
				t.Errorf("%+v %+v", calls[0].Request.Body, calls[0].Answer.Body)
			}
			if calls[0].Answer.Body.Cut != false && name != "too large" || len(text) > 2*maxExchanged {
				t.Errorf("%d bytes, %v", len(text), calls[0].Answer.Body.Cut)
			}
		})
	}
}

func TestNoAnswerIsAnExchangeToo(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	p, found := ParsePlugin("bare.yaml", []byte("id: bare\ntitle: Bare\nrequest: {method: GET, url: \"{vendor.base}/x\"}\n"))
	if p == nil {
		t.Fatal(found)
	}
	client := &Client{HTTP: http.DefaultClient, Secrets: MapSecrets{}, Settings: map[string]string{"base": server.URL}}
	outcome, err := client.Do(t.Context(), p, Call{Tenant: "demo", Case: "case_1"})
	_, calls := exchangesOf(t, outcome.Exchanged)
	if err == nil || len(calls) != 1 || calls[0].Answer != nil || calls[0].Error != "vendor_unavailable" || calls[0].Request.Body != nil {
		t.Errorf("%v %+v", err, calls)
	}
	client.Settings = nil // nothing is sent
	if outcome, _ = client.Do(t.Context(), p, Call{Tenant: "demo", Case: "case_1"}); outcome.Exchanged != nil {
		t.Errorf("%s", outcome.Exchanged)
	}
}

func TestEachCallOfAnAttemptIsAnExchange(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"path":%q}`, r.URL.Path)
	}))
	defer server.Close()
	p, found := ParsePlugin("two.yaml", []byte(`id: two
title: Two
steps:
  - id: first
    request: {method: GET, url: "{vendor.base}/first"}
  - id: each
    each: context.names
    request: {method: GET, url: "{vendor.base}/each/{item}"}
request: {method: GET, url: "{vendor.base}/last"}
`))
	if p == nil {
		t.Fatal(found)
	}
	client := &Client{HTTP: http.DefaultClient, Secrets: MapSecrets{}, Settings: map[string]string{"base": server.URL}}
	outcome, err := client.Do(t.Context(), p, Call{Tenant: "demo", Case: "case_1", Context: map[string]any{"names": []any{"a", "b"}}})
	if err != nil {
		t.Fatal(err)
	}
	_, calls := exchangesOf(t, outcome.Exchanged)
	places := map[string]string{}
	for _, one := range calls {
		places[strings.TrimPrefix(one.Request.URL, server.URL)] = fmt.Sprint(one.Step, one.Element)
	}
	if fmt.Sprint(places) != "map[/each/a:each1 /each/b:each2 /first:first0 /last:0]" {
		t.Errorf("%v", places)
	}
}

// TestBodiesOfExchangesAreBounded: all together, at the end of a character.
func TestBodiesOfExchangesAreBounded(t *testing.T) {
	log := &exchanges{left: 10}
	log.add(exchange{Request: &exchangeRequest{}, Answer: &exchangeAnswer{}}, sized{"12345", 5}, sized{"678éé9", 8})
	log.add(exchange{Request: &exchangeRequest{}}, sized{"late", 4}, sized{})
	_, calls := exchangesOf(t, log.content("p"))
	if b := calls[0].Answer.Body; b.Text != "678é" || !b.Cut || b.Bytes != 8 {
		t.Errorf("%+v", b)
	}
	if b := calls[1].Request.Body; b.Text != "" || !b.Cut || b.Bytes != 4 {
		t.Errorf("%+v", b)
	}
}

func hexMAC(key, text string) string {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(nil))
}

func TestExchangesOfCallbacksHaveNoSecret(t *testing.T) {
	p, found := ParsePlugin("check.yaml", []byte(exchangedPlugin))
	if p == nil {
		t.Fatal(found)
	}
	client := &Client{Secrets: exchangedSecrets, Settings: map[string]string{"base": "https://vendor.example"}}
	for name, body := range map[string]string{
		"JSON":    `{"state":"ok","echo":"header+secret=2 body\"secret<4>é hook-secret-8","who":"Ada"}`,
		"garbage": `{"state":"header+secret=2 hook-secret-8 Ada`,
	} {
		header := http.Header{"Content-Type": {"application/json"}, "X-Hook": {"sha256=" + hexMAC(exchangedSecrets["HOOK"], body)}, "Cookie": {"c=1"}, "Authorization": {"Basic abc"}, "X-Echo": {"of header+secret=2"}}
		received, err := client.Receive(t.Context(), "demo", p, header, []byte(body))
		if err != nil {
			t.Fatal(name, err)
		}
		content := received.Exchanged(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		hides(t, string(content), "sha256=", "c=1", "Basic abc")
		_, calls := exchangesOf(t, content)
		if len(calls) != 1 || calls[0].Request != nil || !strings.Contains(calls[0].Answer.Body.Text, "Ada") || calls[0].Answer.Status != 0 {
			t.Errorf("%s: %s", name, content)
		}
	}
}
