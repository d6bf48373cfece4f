package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/httpapi"
	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/keyring"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/store/embedded"
	"ballerine/internal/workflow"
)

var epoch = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// spy is the store, remembering each state of every case. Dry, it accepts every commit and writes none.
type spy struct {
	cases.Store
	mutex   sync.Mutex
	changes map[string][]cases.Change // by case
	dry     bool
	would   int // commits that were not written
}

func (s *spy) Commit(ctx context.Context, change cases.Change) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.dry {
		s.would++
		return nil
	}
	err := s.Store.Commit(ctx, change)
	if err == nil {
		s.changes[change.Next.ID] = append(s.changes[change.Next.ID], change)
	}
	return err
}

// at is a case as it was at a version; 0: as it is.
func (s *spy) at(id string, version int) cases.Record {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	changes := s.changes[id]
	if version == 0 {
		version = len(changes)
	}
	return changes[version-1].Next
}

func (s *spy) written() (total int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, changes := range s.changes {
		total += len(changes)
	}
	return total + s.would
}

// shelf has every upload that was announced, once it was put there.
type shelf struct {
	cases.Objects
	mutex sync.Mutex
	there map[string]cases.ObjectInfo
}

func (s *shelf) put(key string, info cases.ObjectInfo) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.there[key] = info
}

func (s *shelf) Head(_ context.Context, key string) (cases.ObjectInfo, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	info, ok := s.there[key]
	if !ok {
		return info, problem.New(problem.NotFound, "Nothing was uploaded.")
	}
	return info, nil
}

func (*shelf) Keep(context.Context, string, string, []byte) error { return nil }

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

func (*shelf) PresignPut(context.Context, string, string, int64, string, time.Duration) (cases.Upload, error) {
	return cases.Upload{Method: http.MethodPut, URL: "https://objects.example/"}, nil
}

// published is a version of a workflow: as the product reads it, and as the oracle does.
type published struct {
	wf   *workflow.Workflow
	book *book
}

func (p published) source() string {
	if p.wf == nil {
		return ""
	}
	return string(p.wf.Source)
}

// library has the workflows of each tenant.
type library struct {
	mutex sync.Mutex
	kept  map[string]published // tenant/id@version
}

func (l *library) find(tenant string, ref cases.WorkflowRef) (published, bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	found, ok := l.kept[tenant+"/"+ref.String()]
	return found, ok
}

func (l *library) Workflow(_ context.Context, tenant, id string, version int) (*workflow.Workflow, error) {
	if found, ok := l.find(tenant, cases.WorkflowRef{ID: id, Version: max(1, version)}); ok {
		return found.wf, nil
	}
	return nil, problem.New(problem.UnknownWorkflow, "There is no such workflow.")
}

// world is the whole interface over a file, at a time of the test's own. Each random workflow has a tenant of its own.
type world struct {
	handler http.Handler
	cases   *cases.Service
	store   *spy
	library *library
	objects *shelf
	tokens  *identity.Tokens
	clock   atomic.Int64 // nanoseconds after epoch
	tenants int
	tenant  string
	ids     atomic.Int64
}

func newWorld(t *testing.T) *world {
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
	w := &world{
		store: &spy{Store: db.Cases()}, library: &library{kept: map[string]published{}}, objects: &shelf{there: map[string]cases.ObjectInfo{}},
	}
	secret := make([]byte, 32)
	keys := identity.NewKeys(identity.KeysConfig{Store: db.Keys(), Now: w.now, NewID: w.newID})
	ring, err := keyring.Of(secret)
	if err != nil {
		t.Fatal(err)
	}
	tokens := identity.NewTokens(w.now, ring)
	w.tokens = tokens
	w.cases = cases.New(cases.Config{
		LookAgain: time.Hour, // a machine that tests may stand still for seconds
		Store:     w.store, Objects: w.objects, Catalog: w.library, Now: w.now, NewID: w.newID, SearchKey: secret,
		Behind: func(ctx context.Context, tenant, key string) ([]string, error) {
			behind, err := keys.Behind(ctx, tenant, key)
			if problem.CodeOf(err) == problem.NotFound { // one that a test has made up
				return nil, nil
			}
			return behind, err
		},
		Pause: func(context.Context, int) error { return nil },
	})
	vendors := newVendors(t)
	w.handler, err = httpapi.New(httpapi.Config{
		Operations: httpapi.AllOperations(), Secret: secret, Idempotency: &memory{kept: map[string]idempotency.Reservation{}}, Now: w.now, NewID: w.newID, Cases: w.cases,
		Keys: keys, Tokens: tokens, Authenticator: &identity.Authenticator{Keys: keys, Tokens: tokens},
		Plugins: vendors.find, Vendors: &connector.Client{Secrets: vendors, Now: w.now},
		People: &identity.Directory{Store: db.Keys(), Now: w.now}, Reviews: backoffice.New(backoffice.Config{Store: db.Review(), Now: w.now}),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.fresh()
	return w
}

func (w *world) now() time.Time { return epoch.Add(time.Duration(w.clock.Load())) }

func (w *world) newID(prefix string) string { return fmt.Sprintf("%s_%026d", prefix, w.ids.Add(1)) }

// fresh begins again, with a tenant that has nothing.
func (w *world) fresh() {
	w.tenants++
	w.tenant = fmt.Sprintf("t%d", w.tenants)
	w.clock.Store(0)
	w.store.changes, w.store.would, w.store.dry = map[string][]cases.Change{}, 0, false
}

// complaint is where a test reports what is wrong: a *testing.T or a *rapid.T.
type complaint interface {
	Helper()
	Fatalf(format string, args ...any)
}

// publish keeps a definition; warnings do not matter. False: the product refuses it.
func (w *world) publish(t complaint, text []byte, guards map[string]func(r cases.Record) bool) (published, bool) {
	t.Helper()
	wf, diagnostics := workflow.Parse("workflow.yaml", text, nil)
	if wf == nil {
		if diagnostics.Failed() {
			return published{}, false
		}
		t.Fatalf("%v", diagnostics)
	}
	wf.Version = max(1, wf.Version)
	book, err := read(text, guards)
	if err != nil {
		t.Fatalf("%s: %v", wf.ID, err)
	}
	found := published{wf, book}
	w.library.mutex.Lock()
	defer w.library.mutex.Unlock()
	w.library.kept[w.tenant+"/"+cases.WorkflowRef{ID: wf.ID, Version: wf.Version}.String()] = found
	return found, true
}

// bookOf is the definition that a case follows.
func (w *world) bookOf(r cases.Record) *book {
	found, _ := w.library.find(r.Tenant, r.Workflow)
	return found.book
}

// caller is somebody with a credential: a text that the interface checks, or somebody whom a gateway has found.
type caller struct {
	name      string
	principal identity.Principal
	bearer    string
}

func user(tenant, id string, roles ...string) caller {
	return caller{name: id, principal: identity.Principal{Tenant: tenant, Kind: identity.User, ID: id, Name: id, Email: id + "@example.com", Roles: roles}}
}

// answer is what a call got.
type answer struct {
	status int
	code   string // of a problem; "" for success
	text   string
	body   object
	header http.Header
}

func (a answer) version() int {
	version, _ := a.body["version"].(float64)
	return int(version)
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.text) }

// call makes a call, whose answer is one of ours and no failure.
func (w *world) call(t complaint, who caller, method, path, body string, header ...string) answer {
	t.Helper()
	a := w.send(who, method, path, body, header...)
	if !a.sound() {
		t.Fatalf("%s %s by %s %s: %v", method, path, who.name, body, a)
	}
	return a
}

// sound reports whether an answer is one of ours and no failure.
func (a answer) sound() bool {
	return a.body != nil && a.status < http.StatusInternalServerError && (a.status < http.StatusBadRequest || a.code != "")
}

func (w *world) send(who caller, method, path, body string, header ...string) answer {
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	if who.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+who.bearer)
	} else if who.principal.Kind != identity.Vendor { // whose credential is in the path
		r = r.WithContext(httpapi.WithPrincipal(r.Context(), who.principal))
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	a := answer{status: recorder.Code, text: recorder.Body.String(), header: recorder.Header(), body: object{}}
	if recorder.Body.Len() > 0 && json.Unmarshal(recorder.Body.Bytes(), &a.body) != nil {
		a.body = nil
	}
	if a.status >= http.StatusBadRequest {
		a.code, _ = a.body["code"].(string)
	}
	return a
}

func background() context.Context { return context.Background() }

// boss is a key that may do everything, decide and approve.
func (w *world) boss() identity.Principal {
	return identity.Principal{Tenant: w.tenant, Kind: identity.Client, ID: "key_boss", Scopes: []string{"*", "cases:decide", "cases:approve"}}
}

// push sends an event as somebody whom the oracle takes for entitled; false: there is nobody, or the chart goes round.
func (w *world) push(t complaint, id, event string) bool {
	t.Helper()
	r := w.store.at(id, 0)
	book := w.bookOf(r)
	chosen := book.taken(r, event, true)
	if len(chosen) == 0 || r.Status != cases.StatusActive {
		return false
	}
	who := book.common(r, chosen, event)
	var err error
	switch {
	case slices.Contains(who, client):
		_, err = w.cases.Send(background(), w.boss(), id, cases.SendCommand{Type: event})
	case slices.Contains(who, applicant):
		_, err = w.cases.Send(background(), identity.Principal{Tenant: w.tenant, Kind: identity.Applicant, ID: "flow", Case: id}, id, cases.SendCommand{Type: event})
	case shares(who, people):
		_, err = w.cases.Decide(background(), w.boss(), id, r.Version, cases.DecideCommand{Event: event, Reason: "r", Comment: "c", OnBehalfOf: "person"})
	default:
		return false
	}
	return w.settled(t, err)
}

// settled takes what the system itself does for done unless the chart goes round in a circle.
func (w *world) settled(t complaint, err error) bool {
	t.Helper()
	if err != nil && problem.CodeOf(err) != problem.Livelock {
		found, _ := w.library.find(w.tenant, cases.WorkflowRef{ID: "random", Version: 1})
		t.Fatalf("%v\n%s", err, found.source())
	}
	return err == nil
}

// doing is the work that a case has to do now.
func (w *world) doing(id string) (found []statechart.Doing) {
	r := w.store.at(id, 0)
	kept, _ := w.library.find(r.Tenant, r.Workflow)
	if r.Status != cases.StatusActive {
		return nil
	}
	return slices.DeleteFunc(kept.wf.Chart.Busy(r.Snapshot), func(d statechart.Doing) bool { return d.Status != statechart.WorkPending })
}

// finish ends work, well with a result or badly without one.
func (w *world) finish(t complaint, id string, work statechart.Doing, result any) bool {
	t.Helper()
	r := w.store.at(id, 0)
	branch := cases.Branch{Tenant: r.Tenant, Case: id}
	if result == nil {
		_, err := w.cases.FailWork(background(), branch, work.State, work.Work, work.Visit, cases.Failure{Error: "Broken", Attempts: 1})
		return w.settled(t, err)
	}
	return w.finishWith(t, id, work, cases.Outcome{Payload: result})
}

// finishWith states what has come of work.
func (w *world) finishWith(t complaint, id string, work statechart.Doing, outcome cases.Outcome) bool {
	t.Helper()
	r := w.store.at(id, 0)
	kept, _ := w.library.find(r.Tenant, r.Workflow)
	branch := cases.Branch{Tenant: r.Tenant, Case: id}
	where, _ := kept.wf.Chart.State(work.State)
	invocation, _ := where.Invocation(work.Work)
	job := cases.Job{Branch: branch, Record: r, Workflow: kept.wf, State: work.State, Visit: work.Visit, Round: work.Round, Invocation: invocation}
	outcome.Run = cases.TaskRun{ID: w.newID("task"), State: work.State, Work: work.Work, Outcome: "done"}
	_, err := w.cases.FinishWork(background(), job, outcome)
	return w.settled(t, err)
}

// pass lets time go by, and what is due happen.
func (w *world) pass(t complaint, d time.Duration) bool {
	t.Helper()
	w.clock.Add(int64(d))
	fine := true
	for _, id := range w.all() {
		_, err := w.cases.Expire(background(), cases.Branch{Tenant: w.tenant, Case: id})
		fine = w.settled(t, err) && fine
	}
	return fine
}

func (w *world) all() []string {
	w.store.mutex.Lock()
	defer w.store.mutex.Unlock()
	return slices.Sorted(maps.Keys(w.store.changes))
}

// upload brings a passport.
func (w *world) upload(t complaint, id string) {
	t.Helper()
	doc, _, err := w.cases.AnnounceDocument(background(), identity.Principal{Tenant: w.tenant, Kind: identity.User, ID: "u", Roles: []string{"admin"}}, id, cases.AnnounceCommand{
		Kind: "passport", ContentType: "image/png", Size: 10, SHA256: strings.Repeat("0", 64),
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	w.arrive(t, id, doc)
}

func (w *world) arrive(t complaint, id string, doc cases.Document) {
	t.Helper()
	w.objects.put(doc.Key, cases.ObjectInfo{Size: doc.Size})
	if _, err := w.cases.DocumentArrived(background(), w.tenant, id, doc.ID); err != nil && problem.CodeOf(err) != problem.Livelock {
		t.Fatalf("%v", err)
	}
}
