package lists_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/identity"
	"ballerine/internal/policy/lists"
	"ballerine/internal/problem"
)

var morning = time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)

// memory is a lists.Store for tests of this package; the real ones have a suite of their own.
type memory struct {
	mutex    sync.Mutex
	lists    map[string]lists.List
	editions map[string][]lists.Edition
	chunks   map[string][]byte
	writes   int          // chunks that were written
	reads    int          // chunks that were read
	before   func()       // runs before a list is written
	fail     problem.Code // of every read
}

func newMemory() *memory {
	return &memory{lists: map[string]lists.List{}, editions: map[string][]lists.Edition{}, chunks: map[string][]byte{}}
}

func (m *memory) failed() error {
	if m.fail != "" {
		return problem.New(m.fail, "It does not answer.")
	}
	return nil
}

func (m *memory) Lists(_ context.Context, tenant string) (found []lists.List, _ error) {
	for _, key := range slices.Sorted(maps.Keys(m.lists)) {
		if l := m.lists[key]; l.Tenant == tenant && !l.Deleted {
			found = append(found, l)
		}
	}
	return found, m.failed()
}

func (m *memory) Heads(_ context.Context, tenant string, ids []string) (found []lists.List, _ error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, id := range ids {
		if l, ok := m.lists[tenant+"/"+id]; ok {
			found = append(found, l)
		}
	}
	return found, m.failed()
}

func (m *memory) PutList(_ context.Context, l lists.List, e *lists.Edition, bodies map[string][]byte) error {
	if before := m.before; before != nil {
		m.before = nil
		before()
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	key := l.Tenant + "/" + l.ID
	m.writes += len(bodies)
	for name, body := range bodies {
		m.chunks[key+"/"+name] = body
	}
	if m.lists[key].Revision != l.Revision-1 {
		return problem.New(problem.Conflict, "Another write came first.")
	}
	if m.lists[key] = l; e != nil {
		m.editions[key] = append([]lists.Edition{*e}, m.editions[key]...)
	}
	return nil
}

func (m *memory) Edition(_ context.Context, tenant, list string, number int) (lists.Edition, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, e := range m.editions[tenant+"/"+list] {
		if e.Number == number {
			return e, m.failed()
		}
	}
	return lists.Edition{}, problem.New(problem.NotFound, "There is no such edition.")
}

func (m *memory) Editions(_ context.Context, tenant, list string, before, limit int) (page []lists.Edition, _ error) {
	for _, e := range m.editions[tenant+"/"+list] {
		if (before == 0 || e.Number < before) && (limit == 0 || len(page) < limit) {
			page = append(page, e)
		}
	}
	return page, nil
}

func (m *memory) Chunks(_ context.Context, tenant, list string, names []string) (map[string][]byte, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	found := map[string][]byte{}
	for _, name := range names {
		m.reads++
		body, ok := m.chunks[tenant+"/"+list+"/"+name]
		if !ok {
			return nil, problem.New(problem.NotFound, "Entries of the list are missing.")
		}
		found[name] = body
	}
	return found, m.failed()
}

func (m *memory) Forget(_ context.Context, e lists.Edition, chunks []string) error {
	key := e.Tenant + "/" + e.List
	for _, name := range chunks {
		delete(m.chunks, key+"/"+name)
	}
	for i := range m.editions[key] {
		if m.editions[key][i].Number == e.Number {
			m.editions[key][i] = e
		}
	}
	return nil
}

var (
	ann   = identity.Principal{Tenant: "acme", Kind: identity.User, ID: "user_ann"}
	text0 = lists.Shape{Holds: lists.Text, Matching: lists.Exact}
	fold  = lists.Shape{Holds: lists.Text, Matching: lists.IgnoringCase}
	nums  = lists.Shape{Holds: lists.Number, Matching: lists.Exact}
)

// desk is a service and an opener over one memory.
type desk struct {
	*lists.Service
	memory *memory
	t      testing.TB
	opener *lists.Opener
	at     time.Time
}

func newDesk(t testing.TB) *desk {
	d := &desk{memory: newMemory(), t: t, at: morning}
	d.Service = &lists.Service{Store: d.memory, Now: func() time.Time { return d.at }}
	d.opener = lists.NewOpener(d.memory)
	return d
}

// list makes a list; without rows no entries are put.
func (d *desk) list(id string, shape lists.Shape, rows ...string) lists.List {
	d.t.Helper()
	l, _, err := d.Put(context.Background(), ann, lists.Put{ID: id, Type: lists.Block, Shape: shape, Seen: lists.Any})
	if err != nil {
		d.t.Fatal(err)
	}
	if len(rows) == 0 {
		return l
	}
	return d.replace(id, rows...).List
}

func (d *desk) replace(id string, rows ...string) lists.Upload {
	d.t.Helper()
	up, err := d.Replace(context.Background(), ann, id, lists.CSV("x.csv", "value,expires_at,note\n"+strings.Join(rows, "\n")), lists.Any)
	if err != nil {
		d.t.Fatal(err)
	}
	return up
}

func (d *desk) open(id string, editions map[string]string) expr.List {
	d.t.Helper()
	opened, err := d.opener.OpenLists(context.Background(), "acme", []string{id}, editions)
	if err != nil {
		d.t.Fatal(err)
	}
	return opened[id]
}

// has asks the newest edition.
func (d *desk) has(id string, value any) bool {
	d.t.Helper()
	holds, fits := d.open(id, nil).Holds(value, d.at)
	if !fits {
		d.t.Fatalf("the value does not fit the list %s", id)
	}
	return holds
}

func places(err error) (found []string) {
	for _, f := range problem.As(err).Fields {
		found = append(found, f.Location+" "+f.Code)
	}
	return found
}
