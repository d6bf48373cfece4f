package recording

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"ballerine/internal/connector"
	"ballerine/internal/problem"
)

const check = `id: check
title: Check
request:
  method: POST
  url: "{vendor.base}/checks/{context.name}?key={secret.IN_URL}"
  headers: {X-Key: "{secret.IN_HEADER}", X-Pin: "{secret.PIN}"}
  query: {token: "{secret.IN_QUERY}"}
  body: {name: "{context.name}", reference: "{case.id}", back: "{callback_url}", password: "{secret.IN_BODY}"}
  auth: {oauth2: {token_url: "{vendor.base}/token", client_id: "{secret.CLIENT}", client_secret: "{secret.CLIENT_SECRET}"}}
  sign: {secret: SIGNING, content: "{body}", headers: {X-Signature: "{signature}"}}
response:
  schema: {type: object, required: [state]}
  result: {state: "{body.state}", reference: "{body.reference}", echo: "{body.echo}", trace: "{headers.\"x-trace\"}"}
`

var secrets = connector.MapSecrets{
	"IN_URL": "url secret/1?", "IN_HEADER": "header+secret=2", "PIN": "4711", "IN_QUERY": "query&secret 3", "IN_BODY": "body\"secret<4>é", "CLIENT": "client-id-55", "CLIENT_SECRET": "client-secret-6", "SIGNING": "signing-secret-7",
}

const accessToken = "access-token-88888"

func plugin(t *testing.T, text string) *connector.Plugin {
	t.Helper()
	p, found := connector.ParsePlugin("check.yaml", []byte(text))
	if p == nil {
		t.Fatal(found)
	}
	return p
}

// vendor echoes all that it is sent, its own token and a cookie.
func vendor(t *testing.T) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	calls := &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/token" {
			fmt.Fprintf(w, `{"access_token":%q,"expires_in":3600}`, accessToken)
			return
		}
		number := calls.Add(1)
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Trace", "trace of "+r.Header.Get("X-Key"))
		w.Header().Set("Set-Cookie", "session="+secrets["IN_HEADER"])
		echo := strings.Join([]string{r.Header.Get("Authorization"), r.Header.Get("X-Key"), r.URL.RawQuery, r.URL.Query().Get("key"), base64.StdEncoding.EncodeToString([]byte(secrets["IN_BODY"]))}, " ")
		reference := strings.SplitN(strings.SplitN(string(body), `"reference":"`, 2)[1], `"`, 2)[0]
		fmt.Fprintf(w, `{"state":"answer %d","reference":%q,"echo":%q,"pin":%q,"body":%s}`, number, reference, echo, r.Header.Get("X-Pin"), body) // a short secret is hidden as a value only
	}))
	t.Cleanup(server.Close)
	return server, calls
}

func call(id, name string) connector.Call {
	return connector.Call{
		Tenant: "demo", Case: id, State: "s", Visit: 1, Work: "w", Context: map[string]any{"name": name}, CallbackURL: "https://here.example/v1/hooks/" + id,
	}
}

func client(base string, traffic connector.Traffic, known connector.Secrets) *connector.Client {
	return &connector.Client{HTTP: http.DefaultClient, Secrets: known, Settings: map[string]string{"base": base}, Traffic: traffic}
}

// recorded records two answers for Ada and one for Eve.
func recorded(t *testing.T) (folder string) {
	t.Helper()
	server, _ := vendor(t)
	folder = filepath.Join(t.TempDir(), "traffic")
	recorder, err := NewRecorder(folder, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c := client(server.URL, recorder, secrets)
	for _, name := range []string{"Ada", "Ada", "Eve"} {
		if _, err := c.Do(t.Context(), plugin(t, check), call("case_then", name)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestNoSecretIsRecorded looks for each of them in every file, in every way in which it was sent.
func TestNoSecretIsRecorded(t *testing.T) {
	folder := recorded(t)
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%v %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(content)
		for name, secret := range secrets {
			quoted := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%q", secret), `"`), `"`)
			for _, way := range []string{secret, quoted, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))} {
				if strings.Contains(text, way) {
					t.Errorf("%s has the secret %s", filepath.Base(file), name)
				}
			}
		}
		for _, other := range []string{accessToken, "Set-Cookie", "Idempotency-Key", "X-Signature", "case_then", "127.0.0.1"} {
			if strings.Contains(text, other) {
				t.Errorf("%s has %s", filepath.Base(file), other)
			}
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info.Mode(), err)
		}
	}
}

// TestWhatWasRecordedIsAnsweredAgain: in its order, for another case, with another address of the vendor, without secrets and without the vendor.
func TestWhatWasRecordedIsAnsweredAgain(t *testing.T) {
	player, err := NewPlayer(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	c := client("https://vendor.invalid", player, connector.MapSecrets{})
	for _, want := range []struct{ name, state string }{{"Eve", "answer 3"}, {"Ada", "answer 1"}, {"Ada", "answer 2"}, {"Ada", "answer 2"}} {
		outcome, err := c.Do(t.Context(), plugin(t, check), call("case_now", want.name))
		if err != nil {
			t.Fatal(err)
		}
		result, _ := outcome.Result.(map[string]any)
		if result["state"] != want.state || result["reference"] != "case_now" || result["trace"] != "trace of [secret]" {
			t.Errorf("%s: %v", want.name, result)
		}
	}
}

func TestARequestThatWasNotRecordedIsNamedWithoutAValue(t *testing.T) {
	player, err := NewPlayer(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"a person": {"", ""}, "a method": {"method: POST", "method: PUT"}, "a body": {"password:", "pass:"}, "a path": {"/checks/", "/check/"}, "a header": {"X-Pin", "X-Pen"}, "a plugin": {"id: check", "id: other"},
	} {
		text, name := check, "Ada"
		if what == "a person" {
			name = "Secretive Person"
		} else {
			text = strings.Replace(check, change[0], change[1], 1)
		}
		_, err := client("https://vendor.invalid", player, connector.MapSecrets{}).Do(t.Context(), plugin(t, text), call("case_now", name))
		if problem.CodeOf(err) != problem.VendorRejected || !strings.Contains(err.Error(), "{vendor.base}/check") || !strings.Contains(err.Error(), "is recorded") || strings.Contains(err.Error(), "Secretive") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestOutagesAndBytesAreReplayedToo(t *testing.T) {
	const bare = "id: bare\ntitle: Bare\nrequest: {method: GET, url: \"{vendor.base}/x\"}\nresponse: {format: text}\n"
	answers := make(chan func(w http.ResponseWriter), 3)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { (<-answers)(w) }))
	defer server.Close()
	folder := t.TempDir()
	var outcomes [2][]string
	run := func(n int, traffic connector.Traffic) {
		c := client(server.URL, traffic, secrets)
		for range 3 {
			outcome, err := c.Do(t.Context(), plugin(t, bare), call("case_1", "Ada"))
			outcomes[n] = append(outcomes[n], fmt.Sprint(outcome.Result, problem.CodeOf(err))) // what is no text is recorded by its digest
		}
	}
	answers <- func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	answers <- func(w http.ResponseWriter) { _, _ = w.Write([]byte{0xff, 0xfe, 0}) }
	answers <- func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }
	recorder, err := NewRecorder(folder, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	run(0, recorder)
	server.Close()
	player, err := NewPlayer(folder)
	if err != nil {
		t.Fatal(err)
	}
	run(1, player)
	if fmt.Sprint(outcomes[0]) != fmt.Sprint(outcomes[1]) {
		t.Errorf("recorded %q, replayed %q", outcomes[0], outcomes[1])
	}
	if again, err := NewRecorder(folder, time.Now, slog.New(slog.DiscardHandler)); err != nil || again.next != 4 {
		t.Errorf("what is recorded later would come over the former: %+v %v", again, err)
	}
}

func TestAFolderThatCannotBeReplayedIsRefusedWithAllItsFiles(t *testing.T) {
	if _, err := NewPlayer(t.TempDir()); problem.CodeOf(err) != problem.Invalid {
		t.Errorf("an empty folder: %v", err)
	}
	folder := t.TempDir()
	for i, text := range []string{"{", `{"request":{"plugin":"p","method":"GET","url":"u"}}`, `{"request":{"plugin":"p","method":"GET","url":"u"},"answer":{"status":7}}`, `{"answer":{"status":200}}`, `{"request":{"plugin":"p","method":"GET","url":"u"},"failure":"internal"}`, `{"request":{"plugin":"p","method":"GET","url":"u"},"answer":{"status":200}}`} {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%06d.json", i+1)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := NewPlayer(folder); err == nil || len(problem.As(err).Fields) != 5 {
		t.Errorf("%v", err)
	}
}

func FuzzRecordingsAreRead(f *testing.F) {
	f.Add([]byte(`{"request":{"plugin":"p","method":"GET","url":"u"},"answer":{"status":200,"body":"x"}}`))
	f.Add([]byte(`{"request":{"plugin":"p","method":"GET","url":"u","headers":{"":""}},"failure":"timeout"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		one, err := readExchange(fstest.MapFS{"000001.json": {Data: text}}, "000001.json")
		if err == nil {
			player := &Player{kept: map[string][]exchange{one.Request.Digest(): {one}}}
			if _, err := player.Answer(one.Request); (err != nil) != (one.Answer == nil) {
				t.Errorf("%+v: %v", one, err)
			}
		}
	})
}
