package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"ballerine/internal/apidoc/apitest"
	"ballerine/internal/app"
	"ballerine/internal/app/screened"
	"ballerine/internal/backoffice"
	"ballerine/internal/connector"
	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/registry"
	"ballerine/internal/store/embedded"
	"ballerine/internal/watchlists/watchliststest"
)

type object = map[string]any

// What ships with the software in these tests.
const (
	shippedPolicy = "id: plain\ntitle: Plain\nversion: 1\noutcomes: [review, approve]\ndefault: review\nrules: [{id: large, outcome: approve, when: amount < 10, reason: It is little}]\n"
	shippedPlugin = `
id: oracle
title: Oracle
mode: callback
request: {method: POST, url: '{vendor.oracle}/ask', body: {url: '{callback_url}'}}
response: {later: {status: [202]}, schema: {type: object}, result: {said: '{body.said}'}}
callback:
  timeout: P1D
  signature: {secret: ORACLE, scheme: standard-webhooks}
  when: "body.kind == 'final'"
  schema: {type: object, required: [said], properties: {said: {type: string}}}
  result: {said: '{body.said}'}
`
	shippedWorkflow = `
id: small
title: Small
version: 1
subject: individual
initial: check
states:
  check: {invoke: {src: vendor, id: answer, input: {plugin: oracle}}, onDone: review}
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final}
`
	secretOfOracle = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

// policyUnder is the policy plain as tenants write it: another bound is another document.
func policyUnder(bound int) string {
	return fmt.Sprintf("id: plain\ntitle: Plain\noutcomes: [review, approve]\ndefault: review\nrules: [{id: large, outcome: approve, when: amount < %d, reason: It is little}]\n", bound)
}

// environment is what happens outside of the store: machines are made, backtests begin and end.
type environment struct{ done []string }

func (e *environment) Publish(_ context.Context, v registry.MachineVersion) (string, error) {
	return fmt.Sprintf("machine:%s:%d", v.Workflow, v.Version), nil
}

func (e *environment) Start(_ context.Context, ref backtest.Ref) error {
	e.done = append(e.done, "begun "+ref.ID)
	return nil
}

func (e *environment) Stop(_ context.Context, ref backtest.Ref) error {
	e.done = append(e.done, "ended "+ref.ID)
	return nil
}

func (e *environment) Secret(context.Context, string, string) (string, error) {
	return secretOfOracle, nil
}

// house is an interface that publishes, tries and backtests, over a file.
type house struct {
	*back
	core  *app.Core
	files *watchliststest.Memory // of watch lists
	one   string                 // the case that a test is about
	environment
}

func newHouse(t *testing.T) *house {
	t.Helper()
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{back: &back{t: t, db: db, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}}
	now := func() time.Time { return h.now }
	h.core, err = app.New(app.Parts{
		Store: db.Cases(), Keys: db.Keys(), Webhooks: db.Webhooks(), Reviews: db.Review(), Idempotency: db.Idempotency(), Registry: db.Registry(), Ledger: db.Ledger(),
		Lists: db.Lists(), Trials: db.Trials(), Backtests: db.Backtests(), Runner: h, Machines: h, Objects: shelf{}, Secrets: h,
		Definitions: fstest.MapFS{
			"small.yaml": {Data: []byte(shippedWorkflow)}, "policies/plain.yaml": {Data: []byte(shippedPolicy)}, "plugins/oracle.yaml": {Data: []byte(shippedPlugin)},
		},
		SigningSecrets: [][]byte{bytes.Repeat([]byte{7}, 32)}, AllowLoopback: true, PublicURL: "http://localhost", Now: now, LookAgain: time.Hour,
		ShadowTime: time.Minute, // a slow machine has its shadows, too
	})
	if err != nil {
		t.Fatal(err)
	}
	publisher, err := h.core.Publisher()
	if err != nil {
		t.Fatal(err)
	}
	c := h.core
	h.files = &watchliststest.Memory{}
	handler, err := httpapi.New(httpapi.Config{
		Operations: httpapi.AllOperations(), Secret: make([]byte, 32), Now: now, Idempotency: c.Idempotency, Cases: c.Cases, Authenticator: c.Authenticator(), Tokens: c.Tokens,
		Keys: identity.NewKeys(identity.KeysConfig{Store: c.Keys, Now: now}), People: &identity.Directory{Store: c.Keys, Now: now}, Workflows: c.Catalog.Workflows,
		Policies: c.Catalog.PolicyVersion, Plugins: c.Catalog.Plugin, Vendors: &connector.Client{Secrets: h, Now: now}, Addresses: c.Addresses, Ledger: c.Decider(), Publisher: publisher,
		Reviews: backoffice.New(backoffice.Config{Store: db.Review(), Now: now}), Webhooks: c.WebhookService(),
		Lists: c.ListService(), Watchlists: screened.New(screened.Config{Files: h.files, Objects: shelf{}, Known: db.Watched(), Behind: c.Cases.Behind, Now: now, NewID: c.NewID}), Trials: c.Trials, Backtests: &backtest.Service{Store: c.Backtests, Runner: h, Now: now, NewID: func(prefix string) string { return prefix + "_1" }},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.handler = apitest.Watch(t, handler)
	return h
}

// text is a value as the body of a call.
func text(value any) string {
	written, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(written)
}

// made makes a call that must be answered with the status, and gives the answer.
func (h *house) made(status int, who, method, path string, body any, header ...string) object {
	h.t.Helper()
	sent := ""
	if body != nil {
		sent = text(body)
	}
	h.now = h.now.Add(time.Second)
	w := h.call(who, method, path, sent, header...)
	if w.Code != status {
		h.t.Fatalf("%s %s by %s: %d, want %d: %s", method, path, who, w.Code, status, w.Body)
	}
	return h.answer(w, status)
}

// fourEyes turns them on.
func (h *house) fourEyes() {
	h.t.Helper()
	h.made(http.StatusOK, "ada", "PUT", settingsPath, object{"four_eyes": true}, "If-Match", `"1"`)
}

// refusal is a call that is refused, with the code and the places of its problems.
type refusal struct {
	who, method, path string
	body              any // a string is sent as it is
	match             string
	status            int
	code              string
	places            []string
}

// refused makes calls, each of which must be refused as it says.
func (h *house) refused(rows map[string]refusal) {
	h.t.Helper()
	for name, row := range rows {
		sent, raw := row.body.(string)
		if !raw && row.body != nil {
			sent = text(row.body)
		}
		var header []string
		if row.match != "" {
			header = []string{"If-Match", row.match}
		}
		h.now = h.now.Add(time.Second)
		w := h.call(row.who, row.method, row.path, sent, header...)
		var shape struct {
			Code   string
			Errors []struct{ Location string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &shape); err != nil {
			h.t.Errorf("%s: %v: %s", name, err, w.Body)
			continue
		}
		places := []string{}
		for _, e := range shape.Errors {
			places = append(places, e.Location)
		}
		slices.Sort(places)
		if w.Code != row.status || shape.Code != row.code || (row.status == http.StatusUnprocessableEntity || row.places != nil) && !slices.Equal(places, row.places) {
			h.t.Errorf("%s: %d %s at %q, want %d %s at %q: %s", name, w.Code, shape.Code, places, row.status, row.code, row.places, w.Body)
		}
	}
}

// at follows names and indexes into an answer.
func at(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			inner, _ := value.(object)
			value = inner[step]
		case int:
			inner, _ := value.([]any)
			if step >= len(inner) {
				return nil
			}
			value = inner[step]
		}
	}
	return value
}

// has compares parts of an answer, by their names: "documents.0.kind" is not one, a name is of the answer itself.
func (h *house) has(what string, got object, want object) {
	h.t.Helper()
	for name, value := range want {
		if fmt.Sprint(got[name]) != fmt.Sprint(value) {
			h.t.Errorf("%s: %s is %v, want %v", what, name, got[name], value)
		}
	}
}
