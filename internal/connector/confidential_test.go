package connector

import (
	"compress/gzip"
	"context"
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

// attemptAt makes one attempt at a plugin whose vendor answers so.
func attemptAt(t *testing.T, definition string, secrets MapSecrets, files Files, call Call, answer http.HandlerFunc) (Outcome, error) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	p, found := ParsePlugin("p.yaml", []byte(definition))
	if p == nil {
		t.Fatal(found)
	}
	client := &Client{HTTP: http.DefaultClient, Secrets: secrets, Files: files, Settings: map[string]string{"base": server.URL}}
	call.Tenant, call.Case = "demo", "case_1"
	return client.Do(t.Context(), p, call)
}

func inJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func unsaid(t *testing.T, what string, outcome Outcome, texts ...string) {
	t.Helper()
	shown := string(outcome.Exchanged) + fmt.Sprint(outcome.Result, outcome.Accepted)
	if outcome.Kept != nil {
		shown += string(outcome.Kept.Content)
	}
	for _, text := range texts {
		if strings.Contains(shown, text) {
			t.Errorf("%s: %s is in %s", what, text, shown)
		}
	}
}

// TestEachCallKnowsTheSecretsOfTheWholeAttempt: whichever call repeats a secret of another one, before or after it.
func TestEachCallKnowsTheSecretsOfTheWholeAttempt(t *testing.T) {
	const definition = `id: several
title: Several
cache: {ttl: PT1H}
steps:
  - id: first
    request: {method: GET, url: "{vendor.base}/first", headers: {X-Key: "{secret.FIRST}"}}
  - id: listed
    each: context.names
    request: {method: GET, url: "{vendor.base}/each/{item}", headers: {X-Key: "{secret.EACH}"}}
  - id: paged
    request: {method: GET, url: "{vendor.base}/pages"}
    response: {pages: {items: body.list, next: {page: {parameter: page, first: 1}}, until: "body.last", most: 2}}
request: {method: GET, url: "{vendor.base}/last", auth: {basic: {username: "user", password: "{secret.LAST}"}}}
response: {result: {steps: "{steps}", body: "{body}", echo: "{headers.\"x-echo\"}"}}
`
	secrets := MapSecrets{"FIRST": "secret-of-the-first", "EACH": "secret-of-each-one", "LAST": "secret-of-the-last"}
	pair := "user:" + secrets["LAST"]
	outcome, err := attemptAt(t, definition, secrets, nil, Call{Context: map[string]any{"names": []any{"a", "b"}}}, func(w http.ResponseWriter, r *http.Request) {
		echo := strings.Join([]string{secrets["FIRST"], secrets["EACH"], secrets["LAST"], base64.StdEncoding.EncodeToString([]byte(pair))}, " ")
		w.Header().Set("X-Echo", echo)
		inJSON(w, map[string]any{"path": r.URL.Path, "echo": echo, "list": []any{map[string]any{echo: echo}}, "last": true})
	})
	if err != nil || outcome.Kept == nil {
		t.Fatal(err)
	}
	if _, calls := exchangesOf(t, outcome.Exchanged); len(calls) != 5 {
		t.Errorf("%d calls", len(calls))
	}
	unsaid(t, "several", outcome, secrets["FIRST"], secrets["EACH"], secrets["LAST"], base64.RawStdEncoding.EncodeToString([]byte(pair)))
}

func TestTokensAndCredentialsAreHiddenInAllSpellings(t *testing.T) {
	const access = "access/token+with=all 8é"
	ways := func(text string) map[string]any {
		said := map[string]any{}
		for way, write := range spellings {
			said[way] = write(text)
		}
		said["in base64"] = base64.StdEncoding.EncodeToString([]byte("x Bearer " + text + " y"))
		return said
	}
	token := strings.NewReplacer(" ", "", "é", "").Replace(access)
	for name, c := range map[string]struct {
		definition string
		secrets    MapSecrets
		repeats    []string
	}{
		"OAuth":    {"auth: {oauth2: {token_url: \"{vendor.base}/token\", client_id: \"{secret.ID}\", client_secret: \"{secret.SECRET}\"}}", MapSecrets{"ID": "client-id", "SECRET": "client+secret/1"}, []string{token, "client-id:client+secret/1", "client+secret/1"}},
		"Basic":    {"auth: {basic: {username: ada, password: \"{secret.PASSWORD}\"}}", MapSecrets{"PASSWORD": "pass word+of/vendor"}, []string{"ada:pass word+of/vendor", "pass word+of/vendor"}},
		"composed": {"auth: {basic: {username: \"{secret.USER}\", password: \"x{secret.A}\"}}", MapSecrets{"USER": "user-one", "A": "1234567"}, []string{"user-one:x1234567", "x1234567"}},
		"header":   {"headers: {Authorization: \"Token {context.token}\"}", MapSecrets{}, []string{"a-token-of-the-context"}},
	} {
		for _, repeated := range c.repeats {
			said := ways(repeated)
			if len(repeated) < shortestFold {
				delete(said, "capitals")
				delete(said, "turned round")
			}
			outcome, err := attemptAt(t, "id: p\ntitle: P\nrequest:\n  method: GET\n  url: \"{vendor.base}/x\"\n  "+c.definition+"\n", c.secrets, nil, Call{Context: map[string]any{"token": "a-token-of-the-context"}}, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					inJSON(w, map[string]any{"access_token": token})
					return
				}
				w.Header()["X-"+hex.EncodeToString([]byte(repeated))] = []string{url.QueryEscape(repeated)}
				inJSON(w, said)
			})
			if err != nil {
				t.Fatal(name, err)
			}
			for way, written := range said {
				if way == "in base64" {
					if result := fmt.Sprint(outcome.Result.(map[string]any)[way]); len(repeated) > 9 && !strings.Contains(result, redaction) {
						t.Errorf("%s: %s", name, result)
					}
					continue
				}
				unsaid(t, name+", "+way, outcome, written.(string))
			}
			if !strings.Contains(string(outcome.Exchanged), redaction) {
				t.Errorf("%s: %s", name, outcome.Exchanged)
			}
			unsaid(t, name+", name of a header", outcome, hex.EncodeToString([]byte(repeated)))
		}
	}
}

// TestCredentialsOfRequestsAreNeverShown: neither where they come from the case, nor where they are a part of the definition.
func TestCredentialsOfRequestsAreNeverShown(t *testing.T) {
	outcome, err := attemptAt(t, `id: p
title: P
request:
  method: GET
  url: "{vendor.base}/x"
  headers: {Authorization: "Bearer {context.token}", Proxy-Authorization: "Basic {context.proxy}", Cookie: "session={context.session}; and=written-in-the-plugin"}
`, MapSecrets{}, nil, Call{Context: map[string]any{"token": "short", "proxy": "proxy", "session": "sessional"}}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "baked=1")
		inJSON(w, map[string]any{})
	})
	if err != nil {
		t.Fatal(err)
	}
	unsaid(t, "headers", outcome, "short", "Basic proxy", "sessional", "written-in-the-plugin", "baked")
	_, calls := exchangesOf(t, outcome.Exchanged)
	masked := 0
	for _, header := range calls[0].Request.Headers {
		if header.Value == redaction {
			masked++
		}
	}
	if masked != 3 {
		t.Errorf("%+v", calls[0].Request.Headers)
	}
}

// TestWhatIsNoTextIsKeptByItsDigest: a secret could not be found in it.
func TestWhatIsNoTextIsKeptByItsDigest(t *testing.T) {
	const secret = "a-secret-that-is-echoed"
	zipped := &strings.Builder{}
	z := gzip.NewWriter(zipped)
	_, _ = io.WriteString(z, `{"echo":"`+secret+`"}`)
	_ = z.Close()
	wide := strings.Join(strings.Split(secret, ""), "\x00") + "\x00"
	for name, c := range map[string]struct{ body, coding string }{
		"gzip":          {zipped.String(), ""},
		"UTF-16":        {wide, ""},
		"coded":         {"1f" + strings.Join(strings.Split(secret, ""), "."), "x-own"},
		"coded, binary": {zipped.String(), "br"},
	} {
		outcome, _ := attemptAt(t, "id: p\ntitle: P\nrequest: {method: GET, url: \"{vendor.base}/x\", headers: {X-Key: \"{secret.KEY}\"}}\nresponse: {format: none}\n", MapSecrets{"KEY": secret}, nil, Call{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			if c.coding != "" {
				w.Header().Set("Content-Encoding", c.coding)
			}
			_, _ = io.WriteString(w, c.body)
		})
		_, calls := exchangesOf(t, outcome.Exchanged)
		if b := calls[0].Answer.Body; b == nil || b.Text != "__bytes.sha256."+digestOf([]byte(c.body))+"__" || b.Bytes != len(c.body) || b.Cut {
			t.Errorf("%s: %+v", name, b)
		}
	}
}

// TestLinksAndDocumentsThatAreRepeatedAreHidden: whoever has a link can read the document.
func TestLinksAndDocumentsThatAreRepeatedAreHidden(t *testing.T) {
	content := []byte(strings.Repeat("a scan of a passport???", 3))
	link := "https://bucket.example/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAEXAMPLE%2F20260102%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Security-Token=IQoJb3%2F%2FtokenOfThe%2BSession%3D%3D&X-Amz-Signature=0123456789abcdef0123456789abcdef&x-id=GetObject"
	other := strings.ReplaceAll(link, "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210")
	outcome, err := attemptAt(t, `id: p
title: P
request:
  method: POST
  url: "{vendor.base}/x"
  body: {scan: {$document: "{documents[0].id}", as: base64}, link: {$document: "{documents[0].id}", as: link}}
`, MapSecrets{}, linked{content, link}, Call{Documents: []Document{{ID: "doc_1", Kind: "passport", ContentType: "image/png", SHA256: strings.Repeat("ab", 32), Size: int64(len(content))}}}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Echo", other)
		inJSON(w, map[string]any{"echo": string(body), "other": other, "escaped": url.QueryEscape(other), "twice": url.QueryEscape(url.QueryEscape(other)), "json": quoted(quoted(other, true), true)})
	})
	if err != nil {
		t.Fatal(err)
	}
	text := string(outcome.Exchanged)
	for _, hidden := range []string{"0123456789abcdef0123456789abcdef", "fedcba9876543210", "AKIAEXAMPLE", "tokenOfThe", base64.StdEncoding.EncodeToString(content)} {
		if strings.Contains(text, hidden) {
			t.Errorf("%s is in %s", hidden, text)
		}
	}
	unsaid(t, "its own link", Outcome{Result: outcome.Result.(map[string]any)["echo"]}, "0123456789abcdef0123456789abcdef", "tokenOfThe", "AKIAEXAMPLE")
	if strings.Count(text, "__base64.sha256."+strings.Repeat("ab", 32)) != 2 || !strings.Contains(text, "x-id=GetObject") {
		t.Errorf("%s", text)
	}
}

// linked is a store of one document.
type linked struct {
	content []byte
	link    string
}

func (l linked) Content(_ context.Context, _ Call, _ Document) ([]byte, error) { return l.content, nil }

func (l linked) Link(_ context.Context, _ Call, _ Document) (string, error) { return l.link, nil }

// TestExchangesFitIntoAnAnswerOfAFunction: whatever a vendor sends, headers included.
func TestExchangesFitIntoAnAnswerOfAFunction(t *testing.T) {
	log := &exchanges{left: maxExchanged}
	headers := map[string]string{}
	for i := range maxHeaders {
		headers[fmt.Sprintf("X-%d", i)] = strings.Repeat(`"`, maxHeader)
	}
	for range maxCalls {
		log.add(exchange{At: time.Now(), Request: &exchangeRequest{URL: strings.Repeat("u", 3000), Headers: writtenHeaders(headers)}, Answer: &exchangeAnswer{Headers: writtenHeaders(headers)}}, sized{strings.Repeat(`\`, 100_000), 100_000}, sized{strings.Repeat("\n", 100_000), 100_000})
	}
	content := log.content("p")
	if again, _ := json.Marshal(string(content)); len(content) > 2_700_000 || len(again) > 5_800_000 {
		t.Errorf("%d bytes, %d in a text", len(content), len(again))
	}
	_, calls := exchangesOf(t, content)
	if last := calls[len(calls)-1]; len(calls) != maxCalls || len(last.Answer.Headers) != 0 || !last.Answer.Body.Cut || last.Answer.Body.Bytes != 100_000 {
		t.Errorf("%d calls", len(calls))
	}
}

const callingPlugin = `id: calling
title: Calling
mode: callback
request: {method: POST, url: "{vendor.base}/x", headers: {X-Pin: "{secret.PIN}"}, body: {back: "{callback_url}"}}
callback:
  signature: SIGNATURE
  result: {body: "{body}"}
`

// TestCallbacksRepeatNoCredential: neither their own, in part or whole, nor the address to which they come, nor a link.
func TestCallbacksRepeatNoCredential(t *testing.T) {
	const token = "token-of-the-address-0123456789/é"
	const link = "https://b.example/k?X-Amz-Security-Token=tokenOfTheSession&X-Amz-Signature=feedbeef"
	key := base64.StdEncoding.EncodeToString([]byte("key of standard webhooks"))
	for name, c := range map[string]struct {
		signature, secret string
		repeats           []string
	}{
		"basic":    {"{secret: HOOK, scheme: basic}", "vendor:password-of-hook", []string{"vendor:password-of-hook", "password-of-hook", base64.RawStdEncoding.EncodeToString([]byte("vendor:password-of-hook"))}},
		"token":    {"{secret: HOOK, scheme: token, signature_header: X-Token}", "token-of-the-hook", []string{"token-of-the-hook"}},
		"standard": {"{secret: HOOK}", "whsec_" + key, []string{"whsec_" + key, key}},
	} {
		p, found := ParsePlugin("p.yaml", []byte(strings.Replace(callingPlugin, "SIGNATURE", c.signature, 1)))
		if p == nil {
			t.Fatal(found)
		}
		client := &Client{Secrets: MapSecrets{"HOOK": c.secret, "PIN": "47113904"}, Settings: map[string]string{"base": "https://v.example"}}
		repeatable, err := client.repeatable(t.Context(), "demo", p, c.secret)
		if err != nil {
			t.Fatal(err)
		}
		address := "https://here.example/v1/hooks/" + token
		said := append([]string{"47113904", token, address, strings.ReplaceAll(address, "/", `\/`), url.QueryEscape(address), link, strings.ReplaceAll(link, "&", "&amp;")}, c.repeats...)
		for _, repeated := range c.repeats[:min(2, len(c.repeats))] {
			for way, write := range spellings {
				if len(repeated) >= shortestFold || way != "capitals" && way != "turned round" {
					said = append(said, write(repeated))
				}
			}
		}
		body, _ := json.Marshal(map[string]any{"said": said, strings.Join(said, " "): true, "who": "Ada"})
		header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Basic x"}, "Proxy-Authorization": {"Basic y"}, "X-Echo": said, "X-" + token: {"1"}}
		for kind, content := range map[string][]byte{"JSON": body, "cut": body[:len(body)-1]} {
			came := p.received(header, content, repeatable)
			came.At(token)
			shown := string(came.Exchanged(time.Now()))
			for _, one := range append([]string{"tokenOfTheSession", "feedbeef", "Basic "}, said...) {
				if one == link || strings.HasPrefix(one, "https://b.example") {
					continue // the rest of a link is no secret
				}
				if strings.Contains(shown, one) {
					t.Errorf("%s, %s: %s is in %s", name, kind, one, shown)
				}
			}
			if !strings.Contains(shown, "Ada") {
				t.Errorf("%s, %s: %s", name, kind, shown)
			}
		}
		result, err := p.received(header, body, repeatable).Result(Asked{})
		if err != nil {
			t.Fatal(err)
		}
		unsaid(t, name+", result", Outcome{Result: result}, c.repeats...)
		if zipped := p.received(http.Header{"Content-Encoding": {"gzip"}}, []byte("\x1f\x8b"+c.secret), repeatable); strings.Contains(string(zipped.Exchanged(time.Now())), c.secret) {
			t.Errorf("%s: what is no text is kept", name)
		}
	}
}
