package task_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/docscan/zone"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
	"ballerine/internal/store/faulty"
	"ballerine/internal/task"
)

// Every task is run again and again, each time with another call to the store that goes wrong in another way, and then
// once more, as the state machine, the stream or the schedule does. In the end the case must be where a run without
// faults takes it, and what was to happen outside must have happened or still wait in the outbox.

var definitions = fstest.MapFS{
	"small.yaml": {Data: []byte(`
id: small
title: Small
version: 1
subject: individual
documents: [{kind: passport, title: Passport, content_types: [image/png]}]
initial: collect
states:
  collect:
    on: {GO: check, ASK: ask, LOOK: look, SPAWN: spawn}
    after: {P1D: expired}
  check: {invoke: {src: rules, id: risk, input: {policy: plain}}, onDone: review}
  ask: {invoke: {src: vendor, id: answer, input: {plugin: oracle}}, onDone: review}
  look: {invoke: {src: document, id: papers}, onDone: review}
  spawn: {invoke: {src: children, id: kids, input: {workflow: child}}, onDone: review}
  review: {on: {approve: approved}}
  approved: {type: final}
  expired: {type: final}
`)},
	"child.yaml":          {Data: []byte("id: child\ntitle: Child\nversion: 1\nsubject: individual\ninitial: open\nstates:\n  open: {on: {done: over}}\n  over: {type: final}\n")},
	"policies/plain.yaml": {Data: []byte("id: plain\ntitle: Plain\nversion: 1\noutcomes: [review, approve]\ndefault: review\nrules: [{id: large, outcome: approve, when: amount < 10, reason: It is little}]\n")},
	"plugins/oracle.yaml": {Data: []byte("id: oracle\ntitle: {en: Oracle, de: Orakel}\nrequest: {method: POST, url: '{vendor.oracle}/ask', body: {who: '{case.id}'}}\nresponse: {schema: {type: object}, result: {said: '{body.said}'}}\nresult: {properties: {said: {titles: {de: Spruch}}}}\n")},
}

// papers are cases.Objects in memory.
type papers struct {
	cases.Objects
	mutex sync.Mutex
	there map[string][]byte
}

func (p *papers) PresignPut(_ context.Context, key, _ string, _ int64, _ string, _ time.Duration) (cases.Upload, error) {
	return cases.Upload{URL: key}, nil
}

func (p *papers) Head(_ context.Context, key string) (cases.ObjectInfo, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if bytes, ok := p.there[key]; ok {
		return cases.ObjectInfo{Size: int64(len(bytes))}, nil
	}
	return cases.ObjectInfo{}, problem.New(problem.NotFound, "There is no such object.")
}

func (p *papers) Read(_ context.Context, key string, _ int64) ([]byte, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if bytes, ok := p.there[key]; ok {
		return bytes, nil
	}
	return nil, problem.New(problem.NotFound, "There is no such object.")
}

func (p *papers) Keep(_ context.Context, key, _ string, content []byte) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.there[key] = content
	return nil
}

func (p *papers) Copy(_ context.Context, from, to string) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	bytes, ok := p.there[from]
	if !ok {
		return problem.New(problem.NotFound, "There is no such object.")
	}
	p.there[to] = bytes
	return nil
}

func (p *papers) Delete(_ context.Context, key string) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	delete(p.there, key)
	return nil
}

// picture is one that the check of documents takes.
var picture = func() []byte {
	canvas := image.NewGray(image.Rect(0, 0, 700, 500))
	for i := range canvas.Pix {
		canvas.Pix[i] = byte(i * 31 / 7)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, canvas); err != nil {
		panic(err)
	}
	return b.Bytes()
}()

// room is one tenant with its case.
type room struct {
	t       *testing.T
	tenant  string
	beneath embedded.Cases
	plan    *faulty.Plan
	clock   *clock
	exec    *executions
	files   *papers
	file    []byte // of the document that is uploaded
	core    *app.Core
	id      string
	visit   int
}

func newRoom(t *testing.T, db *embedded.DB, vendor, tenant string) *room {
	t.Helper()
	r := &room{
		t: t, tenant: tenant, beneath: db.Cases(), plan: &faulty.Plan{}, clock: clockAt(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
		exec: &executions{gone: map[string]bool{}}, files: &papers{there: map[string][]byte{}}, file: picture, id: "case_" + strings.Map(letters, tenant),
	}
	var err error
	r.core, err = app.New(app.Parts{
		LookAgain: time.Hour,
		Store:     faulty.Cases{Store: r.beneath, Plan: r.plan}, Webhooks: db.Webhooks(), Executions: r.exec, Objects: r.files, Definitions: definitions,
		SigningSecrets: [][]byte{bytes.Repeat([]byte{7}, 32)}, Settings: map[string]string{"oracle": vendor}, AllowLoopback: true, PublicURL: "http://localhost",
		Now: r.clock.now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return -1
}

func (r *room) principal() identity.Principal {
	return identity.Principal{Tenant: r.tenant, Kind: identity.Client, ID: "key_1"}
}

// at starts the case and brings it to a state.
func (r *room) at(event string) {
	r.t.Helper()
	record, err := r.core.Cases.Start(context.Background(), r.principal(), cases.StartCommand{ID: r.id, Workflow: "small", Subject: cases.SubjectInput{Type: "individual"}})
	if err == nil && event != "" {
		record, err = r.core.Cases.Send(context.Background(), r.principal(), r.id, cases.SendCommand{Type: event})
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.visit = record.Snapshot.Active[len(record.Snapshot.Active)-1].Visit
}

// uploaded announces a document whose bytes are there.
func (r *room) uploaded() {
	r.t.Helper()
	_, upload, err := r.core.Cases.AnnounceDocument(context.Background(), r.principal(), r.id, cases.AnnounceCommand{
		ID: "doc_1", Kind: "passport", ContentType: "image/png", Size: int64(len(r.file)), SHA256: fmt.Sprintf("%x", sha256.Sum256(r.file)),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.files.there[upload.URL] = r.file
}

func (r *room) request(extra map[string]any) json.RawMessage {
	members := map[string]any{"tenant": r.tenant, "case": r.id, "visit": r.visit}
	maps.Copy(members, extra)
	text, err := json.Marshal(members)
	if err != nil {
		r.t.Fatal(err)
	}
	return text
}

func (r *room) waiting() []cases.Effect {
	r.t.Helper()
	// What was delivered is forgotten in the store's own time: a write that waits comes after that.
	if err := r.beneath.PutTaskRun(context.Background(), r.tenant, "other", cases.TaskRun{ID: "task", StartedAt: r.clock.now()}); err != nil {
		r.t.Fatal(err)
	}
	all, err := r.beneath.Undelivered(context.Background(), r.clock.now().Add(365*24*time.Hour), 1<<20)
	if err != nil {
		r.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(e cases.Effect) bool { return e.Tenant != r.tenant })
}

// outcome is what must be the same in the end.
func (r *room) outcome() string {
	r.t.Helper()
	waiting := r.waiting()
	record, err := r.beneath.Get(context.Background(), r.tenant, r.id)
	if err != nil {
		r.t.Fatal(err)
	}
	entries, err := r.beneath.History(context.Background(), r.tenant, r.id, 0, 100)
	if err != nil {
		r.t.Fatal(err)
	}
	text := fmt.Sprintf("%s %s %s parked %d, incidents %d, risk %v;", record.Status, record.Outcome, record.Tags, len(record.Parked), len(record.Incidents), record.Risk)
	for _, e := range entries {
		text += fmt.Sprintf(" %s>%v", e.Cause, e.To)
	}
	for _, d := range record.Documents {
		_, there := r.files.there[d.Key]
		text += fmt.Sprintf(" %s %v", d.Status, there)
	}
	counts, err := r.beneath.Counts(context.Background(), r.tenant, cases.GroupOpen)
	if err != nil {
		r.t.Fatal(err)
	}
	return fmt.Sprintf("%s %v, %d effects wait", text, counts, len(waiting))
}

type job struct {
	prepare func(r *room)
	handler func(r *room) task.Handler
	payload func(r *room) json.RawMessage
}

func work(state, id string) func(r *room) json.RawMessage {
	return func(r *room) json.RawMessage { return r.request(map[string]any{"state": state, "work": id}) }
}

func step(r *room) task.Handler { return r.core.Step() }

var jobs = map[string]job{
	"rules": {func(r *room) { r.at("GO") }, func(r *room) task.Handler { return r.core.Rules() }, work("check", "risk")},
	"vendor": {func(r *room) { r.at("ASK") }, func(r *room) task.Handler {
		handler, err := r.core.Vendor()
		if err != nil {
			r.t.Fatal(err)
		}
		return handler
	}, work("ask", "answer")},
	"document": {func(r *room) {
		r.at("")
		r.uploaded()
		_, err := r.core.Cases.DocumentArrived(context.Background(), r.tenant, r.id, "doc_1")
		if err == nil {
			_, err = r.core.Cases.Send(context.Background(), r.principal(), r.id, cases.SendCommand{Type: "LOOK"})
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}, func(r *room) task.Handler { return r.core.Document(zone.Read) }, work("look", "papers")},
	"document without a notice": {func(r *room) {
		r.at("")
		r.uploaded()
		if _, err := r.core.Cases.Send(context.Background(), r.principal(), r.id, cases.SendCommand{Type: "LOOK"}); err != nil {
			r.t.Fatal(err)
		}
	}, func(r *room) task.Handler { return r.core.Document(zone.Read) }, work("look", "papers")},
	"an upload arrives": {func(r *room) { r.at(""); r.uploaded() }, func(r *room) task.Handler { return r.core.Document(zone.Read) }, func(r *room) json.RawMessage {
		return json.RawMessage(`{"Records":[{"s3":{"object":{"key":"quarantine/` + r.tenant + `/` + r.id + `/doc_1"}}}]}`)
	}},
	"children": {func(r *room) { r.at("SPAWN") }, func(r *room) task.Handler { return r.core.Children() }, work("spawn", "kids")},
	"a wait parks": {func(r *room) { r.at("") }, step, func(r *room) json.RawMessage {
		return r.request(map[string]any{"action": "park", "label": "collect", "token": "token"})
	}},
	"a timer fires": {func(r *room) { r.at(""); r.clock.goOn(25 * time.Hour) }, step, func(r *room) json.RawMessage {
		return r.request(map[string]any{"action": "timer"})
	}},
	"work fails for good": {func(r *room) { r.at("GO") }, step, func(r *room) json.RawMessage {
		return r.request(map[string]any{"action": "fail", "state": "check", "work": "risk", "error": map[string]any{"Error": "unavailable", "Cause": `{"errorMessage":"away"}`}})
	}},
	"dispatch": {func(r *room) { r.at("GO") }, func(r *room) task.Handler {
		return r.core.Dispatch(func(json.RawMessage) ([]cases.Effect, error) { return r.waiting(), nil })
	}, func(*room) json.RawMessage { return json.RawMessage(`{}`) }},
	"sweep": {func(r *room) { r.at(""); r.clock.goOn(25 * time.Hour) }, func(r *room) task.Handler { return r.core.Sweep() }, func(*room) json.RawMessage { return json.RawMessage(`{}`) }},
}

func TestTasksSurviveEveryFailureOfTheStore(t *testing.T) {
	t.Parallel()
	oracle := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"said": "so"}`)
	}))
	oracle.Config.SetKeepAlivesEnabled(false) // a connection that stays would keep a bubble from its end
	t.Cleanup(oracle.Close)
	for name, j := range jobs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			number := 0
			fresh := func(t *testing.T) *room {
				t.Helper()
				number++
				db := openFile(t) // a sweep goes over all tenants
				r := newRoom(t, db, oracle.URL, fmt.Sprintf("t%d", number))
				r.id = "case_1"
				j.prepare(r)
				return r
			}
			later := func(r *room, handler task.Handler) { // what was missed comes with a later sweep
				r.t.Helper()
				r.plan.Arm(faulty.None, 0, nil)
				for range 2 { // what follows from the one comes with the next
					r.clock.goOn(time.Minute)
					if _, err := handler(context.Background(), j.payload(r)); err != nil {
						r.t.Fatal(err)
					}
				}
			}
			var calls []string
			var want string
			synctest.Test(t, func(t *testing.T) {
				good := fresh(t)
				good.plan.Arm(faulty.None, 0, nil)
				if _, err := j.handler(good)(context.Background(), j.payload(good)); err != nil {
					t.Fatal(err)
				}
				calls = good.plan.Calls()
				if name == "sweep" || name == "dispatch" {
					later(good, j.handler(good))
				}
				want = good.outcome()
			})
			for _, fault := range faulty.Faults() {
				for k, call := range calls {
					if fault == faulty.Refused && call != "Commit" && call != "Park" {
						continue
					}
					t.Run(fmt.Sprintf("%s %d %s", call, k+1, fault), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							r := fresh(t)
							ctx, cancel := context.WithCancel(context.Background())
							defer cancel()
							handler := j.handler(r)
							r.plan.Arm(fault, k+1, cancel)
							_, err := handler(ctx, j.payload(r))
							if err != nil && fault == faulty.Twice {
								t.Errorf("a repeated call is no failure: %v", err)
							}
							switch {
							case name == "sweep" || name == "dispatch":
								later(r, handler)
							case err != nil: // a task that fails is tried again
								if !problem.CodeOf(err).Retryable() && problem.CodeOf(err) != problem.Timeout {
									t.Errorf("the machine would not try again: %v", err)
								}
								r.plan.Arm(faulty.None, 0, nil)
								if _, err := handler(context.Background(), j.payload(r)); err != nil {
									t.Fatal(err)
								}
							}
							if is := r.outcome(); is != want {
								t.Errorf("in the end (%v):\n%s\nwant:\n%s", err, is, want)
							}
						})
					})
				}
			}
		})
	}
}

func openFile(t *testing.T) *embedded.DB {
	t.Helper()
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if problems, err := db.Cases().Check(); err != nil || len(problems) > 0 {
			t.Errorf("indexes: %v %v", problems, err)
		}
		_ = db.Close()
	})
	return db
}
