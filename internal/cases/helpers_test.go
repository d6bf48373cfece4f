package cases_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/store/embedded"
	"ballerine/internal/watched"
	"ballerine/internal/workflow"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const small = `
id: small
title: A small onboarding
subject: individual
version: 3
context:
  schema:
    type: object
    properties:
      applicant:
        type: object
        required: [name]
        properties:
          name: {type: string, maxLength: 20}
          age: {type: integer, minimum: 18}
        additionalProperties: false
      color: {type: string, enum: [red, blue]}
      blob: {type: string}
      base: {type: string}
    additionalProperties: false
documents:
  - kind: passport
    title: Passport
    required: true
    content_types: [image/png]
    max_size: 1000
    properties:
      type: object
      properties: {number: {type: string, maxLength: 9}}
      additionalProperties: false
  - {kind: licence, title: Driving licence, sides: [front, back]}
  - {kind: card, title: Identity card, countries: [SE, DE]}
initial: collect
by: [applicant, client, reviewer]
states:
  collect:
    tags: [collecting]
    on:
      GO: check
      SUBMIT: {target: check, guard: documents.all_received}
      PAINT: {actions: {type: assign, values: {color: "'blue'"}}}
      FILL: {actions: {type: assign, values: {blob: event.payload.blob}}}
    after: {P14D: expired}
  check:
    invoke:
      - {src: vendor, id: lookup, input: {plugin: lookup}}
      - {src: rules, id: risk, input: {policy: small-risk}}
    onDone: review
    on: {back: collect}
  review:
    tags: [manual]
    entry: {type: emit, event: review.needed}
    on:
      approve: {target: approved, guard: documents.any_rejected == false}
      reject: rejected
      revision: collect
    after: {P5D: escalated}
  escalated:
    on: {reject: rejected}
    after: {P1D: expired}
  approved: {type: final, tags: [done]}
  rejected: {type: final}
  expired: {type: final}
`

const instant = `
id: instant
title: Over before it began
initial: over
by: [applicant, client, reviewer]
states:
  over: {type: final}
`

// catalog of parsed workflows.
type catalog map[string]*workflow.Workflow

func (c catalog) Workflow(_ context.Context, _, id string, version int) (*workflow.Workflow, error) {
	if wf, ok := c[cases.WorkflowRef{ID: id, Version: version}.String()]; ok {
		return wf, nil
	}
	if wf, ok := c[id]; ok {
		return wf, nil
	}
	return nil, problem.New(problem.UnknownWorkflow, "No such workflow is published.")
}

// parsed are the workflows that tests have asked for, by their text. Nobody changes one.
var parsed sync.Map

func parse(t testing.TB, texts ...string) catalog {
	t.Helper()
	found := catalog{}
	for _, text := range texts {
		known, there := parsed.Load(text)
		if !there {
			wf, diagnostics := workflow.Parse("workflow.yaml", []byte(text), nil)
			if wf == nil {
				t.Fatal(diagnostics)
			}
			known, _ = parsed.LoadOrStore(text, wf)
		}
		wf, _ := known.(*workflow.Workflow)
		found[wf.ID], found[cases.WorkflowRef{ID: wf.ID, Version: wf.Version}.String()] = wf, wf
	}
	return found
}

// spy is a store that remembers what was committed, and lets a test come in between.
type spy struct {
	cases.Store
	mutex        sync.Mutex
	changes      []cases.Change
	beforeCommit func()
	beforePark   func()
	alter        func(*cases.Entry)
	drop         func(cases.Entry) bool
	alterRecord  func(*cases.Record)
}

func (s *spy) Commit(ctx context.Context, change cases.Change) error {
	if hook := s.beforeCommit; hook != nil {
		hook()
	}
	err := s.Store.Commit(ctx, change)
	if err == nil {
		s.mutex.Lock()
		s.changes = append(s.changes, change)
		s.mutex.Unlock()
	}
	return err
}

func (s *spy) Park(ctx context.Context, tenant, id string, version int, region string, park cases.Park) error {
	if hook := s.beforePark; hook != nil {
		hook()
	}
	return s.Store.Park(ctx, tenant, id, version, region, park)
}

func (s *spy) Get(ctx context.Context, tenant, id string) (cases.Record, error) {
	record, err := s.Store.Get(ctx, tenant, id)
	if err == nil && s.alterRecord != nil {
		s.alterRecord(&record)
	}
	return record, err
}

func (s *spy) History(ctx context.Context, tenant, id string, after, limit int) ([]cases.Entry, error) {
	entries, err := s.Store.History(ctx, tenant, id, after, limit)
	if s.alter != nil {
		for i := range entries {
			s.alter(&entries[i])
		}
	}
	if s.drop != nil {
		entries = slices.DeleteFunc(entries, s.drop)
	}
	return entries, err
}

// last change that was committed.
func (s *spy) last() cases.Change {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.changes[len(s.changes)-1]
}

func (s *spy) count() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.changes)
}

// effects of a change, of one kind; the type of what is published counts as a kind.
func effects(change cases.Change, kind string) []cases.Effect {
	return slices.DeleteFunc(slices.Clone(change.Effects), func(e cases.Effect) bool {
		return string(e.Kind) != kind && e.Type != kind
	})
}

// shelf is Objects without bytes.
type shelf struct {
	mutex   sync.Mutex
	there   map[string]cases.ObjectInfo
	kept    map[string][]byte
	failing error  // of keeping and reading
	content string // of everything
}

func (s *shelf) PresignPut(_ context.Context, key, contentType string, _ int64, _ string, _ time.Duration) (cases.Upload, error) {
	return cases.Upload{Method: "PUT", URL: "https://objects.test/" + key, Headers: map[string]string{"Content-Type": contentType}}, nil
}

func (s *shelf) PresignGet(_ context.Context, key, version, _, _ string, _ time.Duration) (string, error) {
	if version != "" {
		key += "?version=" + version
	}
	return "https://objects.test/" + key, nil
}

func (s *shelf) Head(_ context.Context, key string) (cases.ObjectInfo, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if info, ok := s.there[key]; ok {
		return info, nil
	}
	return cases.ObjectInfo{}, problem.New(problem.NotFound, "There is no such object.")
}

func (s *shelf) put(key string, info cases.ObjectInfo) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.there[key] = info
}

func (s *shelf) Read(_ context.Context, key string, _ int64) ([]byte, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if content, ok := s.kept[key]; ok {
		return content, s.failing
	}
	return []byte(s.content), s.failing
}

func (s *shelf) Keep(ctx context.Context, key, _ string, content []byte) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.failing != nil {
		return s.failing
	}
	if s.kept == nil {
		s.kept = map[string][]byte{}
	}
	if _, there := s.kept[key]; !there {
		s.kept[key] = content
	}
	return ctx.Err()
}

func (s *shelf) Copy(ctx context.Context, from, to string) error {
	info, err := s.Head(ctx, from)
	if err == nil {
		s.put(to, info)
	}
	return err
}

func (s *shelf) Delete(_ context.Context, key string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.there, key)
	return nil
}

// desk is a Service over a file, with a clock and ids of the test's own.
type desk struct {
	*cases.Service
	t      testing.TB
	store  *spy
	known  watched.Store
	said   []cases.Notice // by the commands of toldOf
	files  *shelf
	behind map[string][]string // key -> who may hold a secret of it
	clock  atomic.Int64        // milliseconds since the epoch of the tests
}

func newDesk(t testing.TB, texts ...string) *desk {
	t.Helper()
	db, err := embedded.Open(filepath.Join(t.TempDir(), "cases.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &desk{t: t, store: &spy{Store: db.Cases()}, known: db.Watched(), files: &shelf{there: map[string]cases.ObjectInfo{}}}
	var ids atomic.Int64
	d.Service = cases.New(cases.Config{
		LookAgain: time.Hour, // a machine that tests may stand still for seconds
		Store:     d.store, Watched: d.known, Objects: d.files, Catalog: parse(t, append([]string{small, instant}, texts...)...),
		Now:    d.time,
		Behind: func(_ context.Context, _, key string) ([]string, error) { return d.behind[key], nil },
		NewID:  func(prefix string) string { return fmt.Sprintf("%s_%04d", prefix, ids.Add(1)) },
		Pause:  func(ctx context.Context, _ int) error { runtime.Gosched(); return ctx.Err() },
	})
	return d
}

func (d *desk) time() time.Time { return epoch.Add(time.Duration(d.clock.Load()) * time.Millisecond) }

func (d *desk) pass(wait time.Duration) { d.clock.Add(wait.Milliseconds()) }

var (
	client    = identity.Principal{Tenant: "demo", Kind: identity.Client, ID: "key_1"}
	reviewer  = identity.Principal{Tenant: "demo", Kind: identity.User, ID: "user_1", Roles: []string{"reviewer"}}
	clerk     = identity.Principal{Tenant: "demo", Kind: identity.User, ID: "user_7", Roles: []string{"reviewer"}} // supplies data for applicants
	foreigner = identity.Principal{Tenant: "other", Kind: identity.Client, ID: "key_2"}
)

func applicantOf(id string) identity.Principal {
	return identity.Principal{Tenant: "demo", Kind: identity.Applicant, ID: "flow_1", Case: id}
}

func vendorOf(id string) identity.Principal {
	return identity.Principal{Tenant: "demo", Kind: identity.Vendor, ID: "lookup", Case: id}
}

// must returns the value of a call that has to succeed.
func must[T any](d *desk) func(T, error) T {
	d.t.Helper()
	return func(value T, err error) T {
		d.t.Helper()
		if err != nil {
			d.t.Fatal(err)
		}
		return value
	}
}

func wantCode(t testing.TB, err error, code problem.Code) *problem.Error {
	t.Helper()
	if problem.CodeOf(err) != code {
		t.Fatalf("error %v, want code %q", err, code)
	}
	found, ok := err.(*problem.Error) //nolint:errorlint // the outermost is what callers are shown
	if !ok && code != "" {
		t.Fatalf("error %T, want a *problem.Error", err)
	}
	return found
}

// places of an error, "location code", sorted.
func places(err *problem.Error) []string {
	found := []string{}
	for _, f := range err.Fields {
		found = append(found, f.Location+" "+f.Code)
	}
	slices.Sort(found)
	return found
}

func wantState(t testing.TB, r cases.Record, state string) {
	t.Helper()
	if got := r.Snapshot.Active[len(r.Snapshot.Active)-1].State; got != state {
		t.Fatalf("the case is at %q, want %q", got, state)
	}
}

func (d *desk) start() cases.Record {
	d.t.Helper()
	return must[cases.Record](d)(d.Start(d.t.Context(), client, cases.StartCommand{Workflow: "small", Subject: cases.SubjectInput{Type: "individual"}}))
}

func (d *desk) send(id, event string) cases.Record {
	d.t.Helper()
	return must[cases.Record](d)(d.Send(d.t.Context(), client, id, cases.SendCommand{Type: event}))
}

func (d *desk) get(id string) cases.Record {
	d.t.Helper()
	return must[cases.Record](d)(d.Get(d.t.Context(), client, id))
}

func (d *desk) begin(id, work string) cases.Job {
	d.t.Helper()
	job, todo, follow, err := d.BeginWork(d.t.Context(), cases.Branch{Tenant: "demo", Case: id}, "check", work)
	if err != nil || !todo {
		d.t.Fatalf("%s is not to be done: at %s, %v", work, follow.Label, err)
	}
	return job
}

func (d *desk) finish(job cases.Job, payload any) cases.ExecutionInput {
	d.t.Helper()
	return must[cases.ExecutionInput](d)(d.FinishWork(d.t.Context(), job, cases.Outcome{Payload: payload, Run: d.runOf(job)}))
}

func (d *desk) runOf(job cases.Job) cases.TaskRun {
	return cases.TaskRun{
		ID: d.NewID("task"), State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Source: job.Invocation.Source,
		Attempt: 1, Outcome: "done", StartedAt: d.time(), Duration: time.Millisecond,
	}
}

// inReview is a case that has come to a reviewer.
func (d *desk) inReview() cases.Record {
	d.t.Helper()
	r := d.start()
	d.send(r.ID, "GO")
	d.finish(d.begin(r.ID, "lookup"), map[string]any{"found": true})
	d.finish(d.begin(r.ID, "risk"), map[string]any{"outcome": "review", "score": 40.0, "severity": "medium"})
	r = d.get(r.ID)
	wantState(d.t, r, "review")
	return r
}

// verified fails the test when the history of a case is not whole.
func (d *desk) verified(id string) {
	d.t.Helper()
	report := must[cases.VerifyReport](d)(d.Verify(d.t.Context(), reviewer, id))
	if r := d.get(id); !report.Valid || report.Entries != r.Version || report.Head != r.Head {
		d.t.Fatalf("history is not whole: %+v", report)
	}
}

func (d *desk) history(id string) []cases.Entry {
	d.t.Helper()
	return must[[]cases.Entry](d)(d.History(d.t.Context(), client, id, 0, 200))
}

func sum(letter string) string { return strings.Repeat(letter, 64) }

// announce a passport that can be taken.
func (d *desk) announce(id, document, kind, side string) cases.Document {
	d.t.Helper()
	doc, _, err := d.AnnounceDocument(d.t.Context(), clerk, id, cases.AnnounceCommand{
		ID: document, Kind: kind, Side: side, ContentType: "image/png", Size: 10, SHA256: sum("a"),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return doc
}

// upload announces a document and lets its bytes arrive.
func (d *desk) upload(id, document, kind, side string) cases.Record {
	d.t.Helper()
	doc := d.announce(id, document, kind, side)
	d.files.put(doc.Key, cases.ObjectInfo{Size: 10, SHA256: sum("a")})
	return must[cases.Record](d)(d.DocumentArrived(d.t.Context(), "demo", id, document))
}

func labelOf(state, work string, status statechart.WorkStatus) string {
	return statechart.Label(state, work, status)
}
