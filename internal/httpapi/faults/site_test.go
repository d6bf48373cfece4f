package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/store/embedded"
	"ballerine/internal/store/faulty"
)

const (
	policyText = "id: plain\ntitle: Plain\nversion: 1\noutcomes: [review, approve]\ndefault: review\nrules: [{id: large, outcome: approve, when: amount < 10, reason: It is little}]\n"
	smallText  = `
id: small
title: Small
version: 1
subject: individual
documents: [{kind: passport, title: Passport, content_types: [image/png]}]
flow: {pages: [{id: about, title: About, elements: [{field: a, type: number}]}, {id: send, title: Send, event: SUBMIT}]}
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: check}}
  check: {invoke: {src: vendor, id: answer, input: {plugin: oracle}}, onDone: review}
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final}
`
)

var definitions = fstest.MapFS{
	"small.yaml":          {Data: []byte(smallText)},
	"score.yaml":          {Data: []byte("id: score\ntitle: Score\nversion: 1\nsubject: individual\ninitial: check\nstates:\n  check: {invoke: {src: rules, id: risk, input: {policy: plain}}, onDone: over}\n  over: {type: final}\n")},
	"policies/plain.yaml": {Data: []byte(policyText)},
	"plugins/oracle.yaml": {Data: []byte(`
id: oracle
title: Oracle
mode: callback
request: {method: POST, url: '{vendor.oracle}/ask', body: {url: '{callback_url}'}}
response: {later: {status: [202]}, schema: {type: object}, result: {said: '{body.said}'}}
callback:
  timeout: P1D
  signature: {secret: ORACLE, scheme: standard-webhooks}
  schema: {type: object}
  result: {said: '{body.said}'}
`)},
	"plugins/desk.yaml": {Data: []byte(`
id: desk
title: A vendor with one address
mode: callback
request: {method: POST, url: '{vendor.oracle}/ask'}
callback:
  timeout: P1D
  correlate: {answer: body.id, callback: body.id}
  signature: {secret: ORACLE, scheme: standard-webhooks}
  schema: {type: object}
  result: {said: '{body.said}'}
`)},
}

// papers are cases.Objects: everything that was announced is there.
type papers struct{ cases.Objects }

func (papers) PresignPut(_ context.Context, _, _ string, _ int64, _ string, _ time.Duration) (cases.Upload, error) {
	return cases.Upload{Method: http.MethodPut, URL: "https://objects.example/"}, nil
}

func (papers) PresignGet(context.Context, string, string, string, string, time.Duration) (string, error) {
	return "https://objects.example/", nil
}

func (papers) Head(context.Context, string) (cases.ObjectInfo, error) {
	return cases.ObjectInfo{Size: 10, SHA256: strings.Repeat("0", 64)}, nil
}

func (papers) Keep(context.Context, string, string, []byte) error { return nil }

// exchanged is what is kept of every attempt.
const exchanged = `{"plugin":"oracle","calls":[]}`

func (papers) Read(context.Context, string, int64) ([]byte, error) { return []byte(exchanged), nil }

func (papers) Copy(context.Context, string, string) error { return nil }
func (papers) Delete(context.Context, string) error       { return nil }

// outside is what happens outside of the stores, each thing once however often it is asked for.
type outside struct {
	mutex sync.Mutex
	done  map[string]bool
}

func (o *outside) note(what string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.done[what] = true
}

func (o *outside) of(tenant string) (found []string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for what := range o.done {
		if strings.Contains(what, tenant+" ") {
			found = append(found, what)
		}
	}
	slices.Sort(found)
	return found
}

func (o *outside) Publish(_ context.Context, v registry.MachineVersion) (string, error) {
	o.note(fmt.Sprintf("machine of %s %s@%d", v.Tenant, v.Workflow, v.Version))
	return fmt.Sprintf("machine:%s:%d", v.Workflow, v.Version), nil
}

func (o *outside) Start(_ context.Context, ref backtest.Ref) error {
	o.note("begun " + ref.Tenant + " " + ref.ID)
	return nil
}

func (o *outside) Stop(_ context.Context, ref backtest.Ref) error {
	o.note("ended " + ref.Tenant + " " + ref.ID)
	return nil
}

// secrets of vendors.
type secrets struct{}

func (secrets) Secret(context.Context, string, string) (string, error) {
	return "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", nil
}

// deciding lets the work of a decision be done at once.
type deciding struct{ core *app.Core }

func (*deciding) Decides(context.Context, cases.Machine) (bool, error) { return true, nil }

func (d *deciding) Run(ctx context.Context, _ cases.Machine, _ string, input cases.ExecutionInput) error {
	text, err := json.Marshal(map[string]any{"tenant": input.Tenant, "case": input.Case, "state": "check", "work": "risk", "visit": 1})
	if err != nil {
		return err
	}
	if _, err = d.core.Rules()(ctx, text); err != nil { // the machine tries again
		_, err = d.core.Rules()(context.WithoutCancel(ctx), text)
	}
	return err
}

// site is the interface over a file whose stores go wrong as planned. Every run has a tenant of its own.
type site struct {
	t        *testing.T
	db       *embedded.DB
	plan     *faulty.Plan
	core     *app.Core
	handler  http.Handler
	outside  *outside
	receiver string // of webhooks
	clock    atomic.Int64
	ids      atomic.Int64
	runs     int

	tenant string
	vars   map[string]string
}

func newSite(t *testing.T) *site {
	t.Helper()
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if problems, err := db.Cases().Check(); err != nil || len(problems) > 0 {
			t.Errorf("indexes: %v %v", problems, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &site{t: t, db: db, plan: &faulty.Plan{}, outside: &outside{done: map[string]bool{}}}
	s.plan.Arm(faulty.None, 0, nil)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.outside.note("received " + strings.TrimPrefix(r.URL.Path, "/") + " " + r.Header.Get("Webhook-Id"))
	}))
	t.Cleanup(receiver.Close)
	s.receiver = receiver.URL + "/"
	decider := &deciding{}
	s.core, err = app.New(app.Parts{
		Store: faulty.Cases{Store: db.Cases(), Plan: s.plan}, Keys: faulty.Keys{Store: db.Keys(), Plan: s.plan}, Webhooks: faulty.Webhooks{Store: db.Webhooks(), Plan: s.plan},
		Reviews: faulty.Reviews{Store: db.Review(), Plan: s.plan}, Idempotency: faulty.Calls{Store: db.Idempotency(), Plan: s.plan},
		Registry: faulty.Registry{Store: db.Registry(), Plan: s.plan}, Ledger: faulty.Ledger{Store: db.Ledger(), Plan: s.plan}, Lists: faulty.Lists{Store: db.Lists(), Plan: s.plan},
		Trials: faulty.Trials{Store: db.Trials(), Plan: s.plan}, Watched: faulty.Watched{Store: db.Watched(), Plan: s.plan}, Backtests: faulty.Backtests{Store: db.Backtests(), Plan: s.plan}, Runner: s.outside, Machines: s.outside,
		Decisions: decider, Objects: papers{}, Secrets: secrets{}, Definitions: definitions, SigningSecrets: [][]byte{bytes.Repeat([]byte{7}, 32)},
		AllowLoopback: true, PublicURL: "http://localhost", Now: s.now, NewID: s.newID, LookAgain: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	decider.core = s.core
	s.handler = s.serve()
	return s
}

func (s *site) serve() http.Handler {
	s.t.Helper()
	publisher, err := s.core.Publisher()
	if err != nil {
		s.t.Fatal(err)
	}
	c := s.core
	keys := identity.NewKeys(identity.KeysConfig{Store: c.Keys, Now: s.now, NewID: s.newID})
	handler, err := httpapi.New(httpapi.Config{
		Operations: httpapi.AllOperations(), Cases: c.Cases, Authenticator: c.Authenticator(), Keys: keys, Tokens: c.Tokens, Idempotency: c.Idempotency,
		Secret: c.SigningSecrets[0], Now: s.now, NewID: s.newID, People: &identity.Directory{Store: c.Keys, Now: s.now},
		Reviews: backoffice.New(backoffice.Config{Store: c.Reviews, Now: s.now, NewID: s.newID}), Workflows: c.Catalog.Workflows, Ledger: c.Decider(),
		Webhooks: c.WebhookService(), Policies: c.Catalog.PolicyVersion, Plugins: c.Catalog.Plugin, Vendors: &connector.Client{Secrets: c.Secrets, Now: s.now}, Addresses: c.Addresses,
		Publisher: publisher, Lists: c.ListService(), Trials: c.Trials, Backtests: &backtest.Service{Store: c.Backtests, Runner: s.outside, Now: s.now, NewID: s.newID},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return handler
}

// fresh begins a run, with a tenant that has nothing but two people.
func (s *site) fresh(t *testing.T) {
	t.Helper()
	s.t, s.vars = t, map[string]string{}
	s.runs++
	s.tenant = fmt.Sprintf("t%04d", s.runs)
	s.clock.Store(0)
	s.ids.Store(0)
	s.plan.Arm(faulty.None, 0, nil)
	s.ok(ada, "GET", "/v1/me", "")
	s.ok(bob, "GET", "/v1/me", "")
}

func (s *site) now() time.Time {
	return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC).Add(time.Duration(s.clock.Load()))
}

func (s *site) pass(d time.Duration) { s.clock.Add(int64(d)) }

func (s *site) newID(prefix string) string { return fmt.Sprintf("%s_%026d", prefix, s.ids.Add(1)) }

// Those who call.
const (
	ada       = "ada"
	bob       = "bob"
	client    = "key_client"
	applicant = "flow_1"
	nobody    = ""
)

func (s *site) principal(who string) identity.Principal {
	switch who {
	case client:
		return identity.Principal{Tenant: s.tenant, Kind: identity.Client, ID: client, Scopes: []string{"*", "cases:decide", "cases:approve"}}
	case applicant:
		return identity.Principal{Tenant: s.tenant, Kind: identity.Applicant, ID: applicant, Case: s.vars["case"]}
	}
	return identity.Principal{Tenant: s.tenant, Kind: identity.User, ID: who, Name: who, Email: who + "@example.com", Roles: []string{"admin"}}
}

// request is a call of the interface.
type request struct {
	who, method, path, body string
	header                  http.Header
}

type answer struct {
	status int
	code   string
	text   string
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.text) }

func (s *site) send(ctx context.Context, r request) answer {
	request := httptest.NewRequestWithContext(ctx, r.method, r.path, strings.NewReader(r.body))
	if r.who != nobody {
		request = request.WithContext(httpapi.WithPrincipal(request.Context(), s.principal(r.who)))
	}
	request.Header = r.header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	if request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	recorder := httptest.NewRecorder()
	s.handler.ServeHTTP(recorder, request)
	a := answer{status: recorder.Code, text: strings.TrimSpace(recorder.Body.String())}
	var shape struct{ Code string }
	if a.status >= http.StatusBadRequest && json.Unmarshal(recorder.Body.Bytes(), &shape) == nil {
		a.code = shape.Code
	}
	return a
}

// ok makes a call that works, and returns its answer.
func (s *site) ok(who, method, path, body string, header ...string) map[string]any {
	s.t.Helper()
	s.pass(time.Second)
	r := request{who: who, method: method, path: path, body: body, header: http.Header{"Idempotency-Key": {s.newID("once")}}}
	for i := 0; i+1 < len(header); i += 2 {
		r.header.Set(header[i], header[i+1])
	}
	a := s.send(context.Background(), r)
	if a.status >= http.StatusMultipleChoices {
		s.t.Fatalf("%s %s: %v", method, path, a)
	}
	if a.text == "" {
		return nil
	}
	shape := map[string]any{}
	if err := json.Unmarshal([]byte(a.text), &shape); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, a)
	}
	return shape
}

// make is ok for something that is made, whose id is kept under a name.
func (s *site) make(name, who, path, body string) string {
	s.t.Helper()
	id, _ := s.ok(who, "POST", path, body)["id"].(string)
	s.vars[name] = id
	return id
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// insist calls until there is an answer, as a client does: after every failure once more, and later where an earlier call of
// its own is not over yet.
func (s *site) insist(r request, fault faulty.Fault, at int) (a answer, tries []answer) {
	for range 5 {
		ctx, cancel := context.WithCancel(context.Background())
		if len(tries) == 0 {
			s.plan.Arm(fault, at, cancel)
		}
		a = s.send(ctx, r)
		cancel()
		tries = append(tries, a)
		switch {
		case a.code == string(problem.IdempotencyInFlight):
			s.pass(61 * time.Second)
		case a.status >= http.StatusInternalServerError, strings.Contains(a.text, `"status":"failed","problem"`):
			s.pass(time.Second)
		case a.code == string(problem.Conflict) && fault != faulty.None: // also while an attempt at a delivery would be running
			s.pass(2 * time.Minute)
		case a.code == string(problem.Stale) && fault == faulty.Refused && len(tries) == 1: // who looks again sees that nothing has changed
		default:
			return a, tries
		}
	}
	return a, tries
}
