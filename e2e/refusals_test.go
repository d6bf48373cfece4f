package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"ballerine/internal/identity"
	"ballerine/internal/store/embedded"
)

// marker is a value that no answer and no log line may repeat.
const marker = "Quintessa-Personal-Data"

// collecting starts a case that waits for its documents.
func (s *server) collecting(name string) (id string) {
	s.t.Helper()
	c := &applicantCase{name: name, given: "Toni"}
	id, _ = s.must(201, "POST", "/v1/cases", s.ready.Demo.APIKey, c.body(), "Idempotency-Key", name).body["id"].(string)
	return id
}

// place is what must not change when something is refused.
func (s *server) place(id string) string {
	s.t.Helper()
	a := s.must(200, "GET", "/v1/cases/"+id, s.ready.Demo.APIKey, nil)
	return fmt.Sprint(a.body["version"], a.body["configuration"], a.body["status"])
}

// TestBadInputGetsAClearErrorAndTheCaseStaysIntact sends everything that can be wrong over HTTP.
func TestBadInputGetsAClearErrorAndTheCaseStaysIntact(t *testing.T) {
	data := t.TempDir()
	foreign := foreignKey(t, data)
	s := start(t, data, "--verbose", "--new-secrets") // the data was begun without the program
	key, reviewer := s.ready.Demo.APIKey, s.token("reviewer")
	id := s.collecting("refusals")
	other := s.collecting("refusals-other")
	before := s.place(id)
	token := s.must(201, "POST", "/v1/cases/"+other+"/flow-tokens", key, map[string]any{}, "Idempotency-Key", "flow").body["token"].(string)
	good := (&applicantCase{name: "again", given: marker}).body()
	changed := (&applicantCase{name: "changed", given: marker}).body()
	withWorkflow := func(name string) map[string]any {
		return map[string]any{"workflow": name, "subject": good["subject"], "context": good["context"]}
	}
	s.must(201, "POST", "/v1/cases", key, good, "Idempotency-Key", "replayed")
	document := func(change func(map[string]any)) map[string]any {
		d := map[string]any{"kind": "passport", "content_type": "image/png", "size": 10, "sha256": hex.EncodeToString(make([]byte, 32))}
		change(d)
		return d
	}
	events, documents, decisions := "/v1/cases/"+id+"/events", "/v1/cases/"+id+"/documents", "/v1/cases/"+id+"/decisions"
	for _, c := range []struct {
		name, method, path, credential string
		body                           any
		header                         []string
		status                         int
		code                           string
	}{
		{"unknown workflow", "POST", "/v1/cases", key, withWorkflow("nope"), []string{"Idempotency-Key", "a1"}, 422, "unknown_workflow"},
		{"no idempotency key", "POST", "/v1/cases", key, good, nil, 400, "idempotency_key_required"},
		{"idempotency key with another body", "POST", "/v1/cases", key, changed, []string{"Idempotency-Key", "replayed"}, 422, "idempotency_key_reused"},
		{"external id taken", "POST", "/v1/cases", key, good, []string{"Idempotency-Key", "a3"}, 409, "already_exists"},
		{"context breaks its schema", "POST", "/v1/cases", key, map[string]any{"workflow": "kyc", "subject": good["subject"], "context": map[string]any{"applicant": map[string]any{"email": 7, "date_of_birth": marker}}}, []string{"Idempotency-Key", "a4"}, 422, "invalid"},
		{"context poses as a result", "POST", "/v1/cases", key, map[string]any{"workflow": "kyc", "subject": good["subject"], "context": map[string]any{"risk": map[string]any{"score": 1}}}, []string{"Idempotency-Key", "a5"}, 422, "invalid"},
		{"broken JSON", "POST", events, key, `{"type": "SUB`, nil, 400, "malformed_json"},
		{"unknown field", "POST", events, key, map[string]any{"type": "SUBMIT", "typo": marker}, nil, 422, "invalid"},
		{"unknown event", "POST", events, key, map[string]any{"type": "NOPE", "payload": map[string]any{"x": marker}}, nil, 409, "event_not_allowed"},
		{"an event of the system's own", "POST", events, key, map[string]any{"type": "done.invoke.risk", "payload": map[string]any{"score": 0}}, nil, 422, "invalid"},
		{"oversize body", "POST", events, key, `{"type":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413, "too_large"},
		{"over what a gateway takes", "POST", events, key, strings.Repeat(" ", 11<<20), nil, 413, ""},
		{"another content type", "POST", events, key, []byte("type=SUBMIT"), []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"},
		{"document of an unknown kind", "POST", documents, key, document(func(d map[string]any) { d["kind"] = "horoscope" }), []string{"Idempotency-Key", "d1"}, 422, "invalid"},
		{"document of a wrong type", "POST", documents, key, document(func(d map[string]any) { d["content_type"] = "text/html" }), []string{"Idempotency-Key", "d2"}, 422, "invalid"},
		{"document that is too large", "POST", documents, key, document(func(d map[string]any) { d["size"] = 1 << 30 }), []string{"Idempotency-Key", "d3"}, 422, "invalid"},
		{"document without a checksum", "POST", documents, key, document(func(d map[string]any) { d["sha256"] = "abc" }), []string{"Idempotency-Key", "d4"}, 422, "invalid"},
		{"decision without If-Match", "POST", decisions, reviewer, map[string]any{"event": "approve"}, nil, 428, "precondition_required"},
		{"decision on a stale page", "POST", decisions, reviewer, map[string]any{"event": "approve"}, []string{"If-Match", `"99"`}, 412, "stale"},
		{"decision that the state does not have", "POST", decisions, reviewer, map[string]any{"event": "approve"}, []string{"If-Match", `"1"`}, 409, "event_not_allowed"},
		{"decision by a client", "POST", decisions, key, map[string]any{"event": "approve"}, []string{"If-Match", `"1"`}, 403, "forbidden"},
		{"no credential", "GET", "/v1/cases/" + id, "", nil, nil, 401, ""},
		{"a credential that is none", "GET", "/v1/cases/" + id, "blr_nope", nil, nil, 401, "invalid_credentials"},
		{"another tenant", "GET", "/v1/cases/" + id, foreign, nil, nil, 404, "not_found"},
		{"another tenant's event", "POST", events, foreign, map[string]any{"type": "SUBMIT"}, nil, 404, "not_found"},
		{"an applicant where clients are", "GET", "/v1/cases/" + id, token, nil, nil, 403, "forbidden"},
		{"unknown case", "GET", "/v1/cases/case_nope", key, nil, nil, 404, "not_found"},
		{"unknown path", "GET", "/v1/nope", key, nil, nil, 404, ""},
		{"unknown method", "DELETE", "/v1/cases", key, nil, nil, 404, ""},
		{"a cursor that is none", "GET", "/v1/cases?cursor=abc", key, nil, nil, 422, "invalid"},
		{"a callback with a made-up token", "POST", "/v1/hooks/abc", "", map[string]any{"status": "verified"}, nil, 401, "invalid_credentials"},
		{"a webhook to a private address", "POST", "/v1/webhooks", key, map[string]any{"url": "https://10.0.0.1/" + marker, "events": []string{"*"}}, []string{"Idempotency-Key", "w1"}, 422, "invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := s.call(c.method, c.path, c.credential, c.body, c.header...)
			if err != nil {
				t.Fatal(err)
			}
			if a.status != c.status || a.code() != c.code {
				t.Errorf("%d %s, want %d %s: %s", a.status, a.code(), c.status, c.code, a.raw)
			}
			if c.code == "" { // API Gateway's own answer
				if want := fmt.Sprintf(`{"message":%q}`, http.StatusText(c.status)); string(a.raw) != want || a.header.Get("Content-Type") != "application/json" {
					t.Errorf("%v %s, want %s", a.header, a.raw, want)
				}
			} else if a.header.Get("Content-Type") != "application/problem+json" || a.header.Get("X-Request-Id") == "" || a.body["request_id"] == "" || a.body["title"] == nil || a.body["type"] == nil {
				t.Errorf("not a whole problem: %v %s", a.header, a.raw)
			}
			if bytes.Contains(a.raw, []byte(marker)) {
				t.Errorf("the answer repeats what was sent: %s", a.raw)
			}
			if now := s.place(id); now != before {
				t.Errorf("the case was %s and is %s", before, now)
			}
		})
	}
	a := s.must(409, "POST", events, key, map[string]any{"type": "NOPE"})
	if allowed := texts(a.body["allowed"]); !slices.Equal(allowed, []string{"SUBMIT"}) {
		t.Errorf("what is allowed is not said: %s", a.raw)
	}
	if a := s.must(201, "POST", "/v1/cases", key, good, "Idempotency-Key", "replayed"); a.body["external_id"] != "again" {
		t.Errorf("the same call gives another answer: %s", a.raw)
	}
	s.stop()
	if strings.Contains(s.errs.String(), marker) || strings.Contains(s.errs.String(), "again@example.com") {
		t.Error("personal data is in the log")
	}
}

// foreignKey makes a second tenant's key in the data folder.
func foreignKey(t *testing.T, data string) string {
	t.Helper()
	db, err := embedded.Open(filepath.Join(data, "ballerine.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	admin := identity.Principal{Tenant: "foreign", Kind: identity.User, ID: "user_1", Roles: []string{"admin"}}
	_, key, err := identity.NewKeys(identity.KeysConfig{Store: db.Keys()}).Create(t.Context(), admin, identity.CreateKey{Name: "foreign"})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAnUploadTakesWhatWasAnnouncedOnce(t *testing.T) {
	s := start(t, t.TempDir())
	id := s.collecting("upload")
	content := []byte("\x89PNG\r\n\x1a\n not much of a picture")
	sum := sha256.Sum256(content)
	a := s.must(201, "POST", "/v1/cases/"+id+"/documents", s.ready.Demo.APIKey, map[string]any{
		"kind": "passport", "content_type": "image/png", "size": len(content), "sha256": hex.EncodeToString(sum[:]),
	}, "Idempotency-Key", "doc")
	upload, _ := a.body["upload"].(map[string]any)
	headers, _ := upload["headers"].(map[string]any)
	url, _ := upload["url"].(string)
	send := func(body []byte, change string) int {
		var header []string
		for name, value := range headers {
			if name == "content-type" && change != "" {
				value = change
			}
			header = append(header, name, fmt.Sprint(value))
		}
		a, err := s.call("PUT", url, "", body, header...)
		if err != nil {
			t.Fatal(err)
		}
		return a.status
	}
	for name, status := range map[string]int{
		"other bytes": send(bytes.Replace(content, []byte("much"), []byte("mich"), 1), ""), "another size": send(append(content, 'x'), ""), "another type": send(content, "text/html"),
	} {
		if status < 400 || status >= 500 {
			t.Errorf("%s: status %d", name, status)
		}
	}
	if got := fmt.Sprint(s.must(200, "GET", "/v1/cases/"+id, s.ready.Demo.APIKey, nil).body["documents"]); !strings.Contains(got, "awaiting_upload") {
		t.Errorf("a refused upload counts: %s", got)
	}
	if status := send(content, ""); status != 200 {
		t.Errorf("the announced upload: status %d", status)
	}
	if status := send(content, ""); status != http.StatusPreconditionFailed {
		t.Errorf("a second upload to the same link: status %d", status)
	}
	s.stop()
}

func TestTheApplicantsFlow(t *testing.T) {
	s := start(t, t.TempDir())
	id := s.collecting("flow")
	token := s.must(201, "POST", "/v1/cases/"+id+"/flow-tokens", s.ready.Demo.APIKey, map[string]any{}, "Idempotency-Key", "t").body["token"].(string)
	if a := s.must(200, "GET", "/v1/flow/case", token, nil); a.body["id"] != id || a.body["risk"] != nil {
		t.Errorf("%s", a.raw)
	}
	s.must(200, "PATCH", "/v1/flow/context", token, map[string]any{"applicant": map[string]any{"country": "NO"}})
	if a := s.must(200, "GET", "/v1/cases/"+id, s.ready.Demo.APIKey, nil); !strings.Contains(fmt.Sprint(a.body["context"]), "country:NO") {
		t.Errorf("%s", a.raw)
	}
	a := s.must(409, "POST", "/v1/flow/events", token, map[string]any{"type": "approve"})
	if a.code() != "event_not_allowed" {
		t.Errorf("%s", a.raw)
	}
	s.stop()
}

// TestAVendorThatAnswersGarbageBringsAReviewerIn also holds the case that waits for a callback.
func TestAVendorThatAnswersGarbageBringsAReviewerIn(t *testing.T) {
	s := start(t, t.TempDir())
	docs, err := passports()
	if err != nil {
		t.Fatal(err)
	}
	garbage := &applicantCase{name: "garbage", given: "Garbage", doc: docs["valid"]}
	callback := &applicantCase{name: "callback", given: "Callback", doc: docs["valid"]}
	for _, c := range []*applicantCase{garbage, callback} {
		if err := c.collect(s); err != nil {
			t.Fatal(err)
		}
	}
	s.eventually("the garbage brings a reviewer in", func() bool {
		a := s.must(200, "GET", "/v1/cases/"+garbage.id, s.ready.Demo.APIKey, nil)
		return slices.Contains(texts(a.body["tags"]), "manual_review")
	})
	s.eventually("the callback is taken", func() bool {
		a := s.must(200, "GET", "/v1/cases/"+callback.id+"/tasks", s.ready.Demo.APIKey, nil)
		return strings.Contains(string(a.raw), `"work":"risk"`)
	})
	s.stop()
}

func TestOfManyCallersWithTheSameEventOneWins(t *testing.T) {
	s := start(t, t.TempDir())
	docs, err := passports()
	if err != nil {
		t.Fatal(err)
	}
	key := s.ready.Demo.APIKey
	for _, shared := range []bool{false, true} {
		c := &applicantCase{name: fmt.Sprintf("race-%v", shared), given: "Toni", doc: docs["expired"]} // it ends in review: late callers still meet an open case
		c.id = s.collecting(c.name)
		if err := c.upload(s); err != nil {
			t.Fatal(err)
		}
		answers := make([]answer, 64)
		var callers sync.WaitGroup
		for i := range answers {
			callers.Add(1)
			go func() {
				defer callers.Done()
				var header []string
				if shared {
					header = []string{"Idempotency-Key", "one"}
				}
				answers[i], _ = s.call("POST", "/v1/cases/"+c.id+"/events", key, map[string]any{"type": "SUBMIT"}, header...)
			}()
		}
		callers.Wait()
		counts := map[string]int{}
		for _, a := range answers {
			counts[fmt.Sprint(a.status, a.code())]++
			if a.status == 200 && slices.Contains(texts(a.body["configuration"]), "collect") {
				t.Errorf("a winner that did not move: %s", a.raw)
			}
		}
		if !shared && (counts["200"] != 1 || counts["409event_not_allowed"] != 63) {
			t.Errorf("without a key: %v", counts)
		}
		if shared && (counts["200"] < 1 || counts["200"]+counts["409idempotency_in_flight"] != 64) {
			t.Errorf("with one key: %v", counts)
		}
		if a := s.must(200, "GET", "/v1/cases/"+c.id+"/verification", key, nil); a.body["valid"] != true {
			t.Errorf("%s", a.raw)
		}
		submits := strings.Count(string(s.must(200, "GET", "/v1/cases/"+c.id+"/history", key, nil).raw), `"SUBMIT"`)
		if submits < 1 {
			t.Error("the event is not in the history")
		}
	}
	s.stop()
}
