package local_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/local"
)

// chatty uses its secrets in every place where they may stand.
const chatty = `
id: moody
title: A vendor that repeats what it was sent
timeout: PT5S
request:
  method: POST
  url: "%[1]s/ask/{secret.PATH_KEY}"
  headers: {X-Key: "k-{secret.HEADER_KEY}"}
  query: {key: "{secret.QUERY_KEY}"}
  body: {name: "{context.name}", key: "{secret.BODY_KEY}"}
  auth:
    oauth2: {token_url: "%[1]s/token", client_id: "{secret.CLIENT_ID}", client_secret: "{secret.CLIENT_SECRET}"}
  sign: {secret: SIGN_KEY, content: "{timestamp}{method}{target}{body}", headers: {X-Sig: "{signature}"}}
`

// parrot repeats all that it was sent, as an answer or as a refusal.
type parrot struct {
	mutex sync.Mutex
	heard bytes.Buffer
	token string
}

func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	user, password, _ := r.BasicAuth()
	id, _ := url.QueryUnescape(user)
	secret, _ := url.QueryUnescape(password)
	fmt.Fprintln(&p.heard, r.URL.Path, r.URL.Query(), r.Header, string(body), id, secret)
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/token" {
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": p.token, "expires_in": 3600}) // the caller may have given up
		return
	}
	if strings.Contains(string(body), "Refused") {
		w.WriteHeader(http.StatusBadRequest)
	}
	if strings.Contains(string(body), "Garbage") {
		w.Header().Set("Content-Type", "text/html")
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"heard": p.heard.String(), "headers": r.Header, "url": r.URL.String(), "body": json.RawMessage(body), r.Header.Get("X-Key"): true})
}

// Whatever a vendor answers, its secrets are in no record, history, incident, event, log or file.
func TestNoSecretOfAVendorIsWrittenAnywhere(t *testing.T) {
	secrets := map[string]string{
		"PATH_KEY": "path/key+7c1e5a", "HEADER_KEY": "header-key-94be02", "QUERY_KEY": "query key&58d3f1", "BODY_KEY": `body"key\2ac9d0`,
		"CLIENT_ID": "client:id/e07b36", "CLIENT_SECRET": "client secret%13fa8d", "SIGN_KEY": "sign-key-b6640e",
	}
	vendor := &parrot{token: "access-token-0f92c7"}
	for name, value := range secrets {
		t.Setenv("BALLERINE_SECRET_"+name, value)
	}
	server := httptest.NewServer(vendor)
	defer server.Close()
	var written locked
	folder := t.TempDir()
	stack, err := local.Start(t.Context(), local.Options{
		Data: folder, Definitions: definitions(t), Address: "127.0.0.1:0", Logger: slog.New(slog.NewJSONHandler(&written, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &system{stack, t, identity.Principal{Tenant: stack.Demo.Tenant, Kind: identity.Client, ID: "key_1"}}
	stopped := false
	defer func() {
		if !stopped {
			s.stop()
		}
	}()
	if status, answer := s.call("developer", "POST", "/v1/plugins/moody/versions", map[string]any{"source": fmt.Sprintf(chatty, server.URL)}); status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	if status, answer := s.call("developer", "POST", "/v1/workflows/asking/versions", map[string]any{"source": asking}); status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	answered := s.start("asking", "individual", map[string]any{"name": "Marker Answered"})
	var r cases.Record
	s.until("the answer is in the record", func() bool {
		if r, err = s.Core.Cases.Get(t.Context(), s.client, answered.ID); err != nil {
			t.Fatal(err)
		}
		return r.Context["answer"] != nil
	})
	if !strings.Contains(fmt.Sprint(r.Context), "[secret]") {
		t.Errorf("the answer was not repeated: %v", r.Context)
	}
	ids := []string{answered.ID}
	for _, name := range []string{"Marker Refused", "Marker Garbage"} {
		r := s.start("asking", "individual", map[string]any{"name": name})
		s.incident(r.ID)
		ids = append(ids, r.ID)
	}
	for _, id := range ids {
		for _, path := range []string{"", "/history", "/incidents", "/export"} {
			status, answer := s.call("manager", "GET", "/v1/cases/"+id+path, nil)
			fmt.Fprintln(&written, status, answer)
		}
	}
	stopped = true
	s.stop()
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		written.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all := written.String()
	if strings.Count(all, "Marker Answered") < 2 || !strings.Contains(all, "[secret]") {
		t.Fatal("what was written cannot be read here: the test would find nothing")
	}
	for name, value := range secrets {
		if name != "SIGN_KEY" && !strings.Contains(vendor.heard.String(), inJSON(value)) && !strings.Contains(vendor.heard.String(), value) {
			t.Errorf("the vendor was not sent %s", name)
		}
	}
	secrets["token"] = vendor.token
	for name, value := range secrets {
		for how, text := range map[string]string{
			"as it is": value, "in JSON": inJSON(value), "in a query": url.QueryEscape(value), "in a path": url.PathEscape(value),
			"in base64": base64.StdEncoding.EncodeToString([]byte(value)), "in hex": hex.EncodeToString([]byte(value)),
		} {
			if at := strings.Index(all, text); at >= 0 {
				t.Errorf("%s is written, %s: …%s", name, how, all[max(0, at-150):min(len(all), at+60)])
			}
		}
	}
}

// inJSON is a text as JSON writes it, without its quotes.
func inJSON(text string) string {
	quoted, _ := json.Marshal(text) // a text always can be written
	return string(quoted[1 : len(quoted)-1])
}

// locked is a buffer that many write to.
type locked struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

func (l *locked) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}
