package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The workflows of the load, besides the shipped one.
const (
	vetted = `
id: vetted
title: Counted, checked by a vendor who calls back, decided by a person
subject: individual
initial: count
states:
  count:
    by: [client]
    on:
      TICK: {actions: {type: assign, values: {ticks: "coalesce(ticks, 0) + 1"}}}
      GO: check
  check:
    invoke: {src: vendor, id: vet, input: {plugin: late}}
    onDone: review
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}}
  approved: {type: final}
  rejected: {type: final}
`
	owner = `
id: owner
title: An owner
subject: individual
initial: check
states:
  check:
    invoke: {src: vendor, id: vet, input: {plugin: late}}
    onDone: ask
  ask: {by: [client], on: {APPROVE: approved}}
  approved: {type: final}
`
	company = `
id: company
title: A company and its owners
subject: business
initial: owners
states:
  owners:
    invoke: {src: children, id: people, input: {workflow: owner, each: owners, context: {who: item}, result: {status: vet.status}}}
    by: [client]
    on: {WITHDRAW: withdrawn}
    onDone: approved
  approved: {type: final}
  withdrawn: {type: final}
`
	ticks  = 3
	owners = 3
)

// patience is how long a client retries before it gives up.
const patience = 4 * time.Minute

// load are clients that continue whatever happens to the server, and remember what was acknowledged.
type load struct {
	t       *testing.T
	current atomic.Pointer[server]
	clients sync.WaitGroup
	end     time.Time // when clients give up

	mutex    sync.Mutex
	writes   []write // that were acknowledged
	outcomes map[string]outcome
}

// write is one acknowledged write and who can repeat it.
type write struct {
	method, path, role, key string
	body                    any
	header                  []string
	answer                  answer
}

// outcome is how a client's case has ended, and how it should have.
type outcome struct{ id, workflow, got, want string }

func (l *load) server() *server { return l.current.Load() }

// credential of a role: "" is the client's key. Tokens are of one start of the server, keys are not.
func (l *load) credential(role string) string {
	s := l.server()
	if role == "" {
		return s.ready.Demo.APIKey
	}
	return s.token(role)
}

// try sends a request until it has an answer that is one: nobody there, and "come again", are none.
func (l *load) try(method, path, role string, body any, header ...string) (answer, error) {
	for time.Now().Before(l.end) {
		credential := ""
		if strings.HasPrefix(path, "/") { // a link has its own
			credential = l.credential(role)
		}
		a, err := l.server().call(method, path, credential, body, header...)
		if err == nil && a.status < 500 && a.status != http.StatusTooManyRequests && a.code() != "idempotency_in_flight" && a.code() != "conflict" {
			return a, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return answer{}, errors.New("no answer in time")
}

// do is try for a write with an Idempotency-Key, which the test repeats in the end.
func (l *load) do(method, path, role string, body any, key string, header ...string) (answer, error) {
	a, err := l.try(method, path, role, body, append([]string{"Idempotency-Key", key}, header...)...)
	if err != nil || a.status >= 300 {
		return a, failed(method+" "+path, a, err)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.writes = append(l.writes, write{method, path, role, key, body, header, a})
	return a, nil
}

// run lets a client drive a case.
func (l *load) run(workflow, name string, drive func(name string) (id, got, want string, err error)) {
	l.clients.Go(func() {
		pause(400 * time.Millisecond)
		id, got, want, err := drive(name)
		if err != nil {
			l.t.Errorf("%s: %v", name, err)
		}
		l.mutex.Lock()
		defer l.mutex.Unlock()
		l.outcomes[name] = outcome{id, workflow, got, want}
	})
}

func (l *load) start(workflow, subject, name string, context map[string]any) (id string, err error) {
	body := map[string]any{"workflow": workflow, "external_id": name, "subject": map[string]any{"type": subject, "external_id": name}}
	if context != nil {
		body["context"] = context
	}
	a, err := l.do("POST", "/v1/cases", "", body, "start-"+name)
	id, _ = a.body["id"].(string)
	return id, err
}

// get reads a case as somebody sees it.
func (l *load) get(id, role string) (answer, error) {
	a, err := l.try("GET", "/v1/cases/"+id, role, nil)
	if err == nil && a.status != http.StatusOK {
		err = failed("get", a, nil)
	}
	return a, err
}

// until asks until the case is as it should be.
func (l *load) until(id, role string, there func(one map[string]any) bool) (answer, error) {
	for time.Now().Before(l.end) {
		if a, err := l.get(id, role); err != nil || there(a.body) {
			return a, err
		}
		time.Sleep(60 * time.Millisecond)
	}
	return answer{}, fmt.Errorf("case %s does not get on", id)
}

func isOver(one map[string]any) bool { return one["status"] != "active" }

func (l *load) ended(id string) (string, error) {
	a, err := l.until(id, "", isOver)
	got, _ := a.body["outcome"].(string)
	return got, err
}

// counted is a case with writes that can be counted, up to where a person decides.
func (l *load) counted(name string) (id string, err error) {
	if id, err = l.start("vetted", "individual", name, nil); err != nil {
		return id, err
	}
	path := "/v1/cases/" + id
	for n := range ticks {
		_, ticked := l.do("POST", path+"/events", "", map[string]any{"type": "TICK"}, fmt.Sprintf("tick-%d-%s", n, name))
		_, noted := l.do("POST", path+"/notes", "reviewer", map[string]any{"text": fmt.Sprintf("Note %d.", n)}, fmt.Sprintf("note-%d-%s", n, name))
		if err := errors.Join(ticked, noted); err != nil {
			return id, err
		}
	}
	if _, err = l.do("POST", path+"/events", "", map[string]any{"type": "GO"}, "go-"+name); err != nil {
		return id, err
	}
	_, err = l.until(id, "", func(one map[string]any) bool { return slices.Contains(texts(one["configuration"]), "review") })
	return id, err
}

// decided is a case that a person approves, with time to think better of it.
func (l *load) decided(name string) (id, got, want string, err error) {
	if id, err = l.counted(name); err == nil {
		err = l.decide(id, "approve", 2)
	}
	if err == nil {
		got, err = l.ended(id)
	}
	return id, got, "approved", err
}

// undone is a case that a person approves, thinks better of, and rejects.
func (l *load) undone(name string) (id, got, want string, err error) {
	if id, err = l.counted(name); err != nil {
		return id, "", "rejected", err
	}
	want = "rejected"
	if err = l.decide(id, "approve", 20); err == nil {
		err = l.undo(id)
	}
	if err == nil {
		err = l.decide(id, "reject", 0)
	}
	if err == nil {
		got, err = l.ended(id)
	}
	return id, got, want, err
}

// decide decides a case once: after an answer that was lost, the case shows whether it was.
func (l *load) decide(id, event string, undo int) error {
	for time.Now().Before(l.end) {
		a, err := l.get(id, "reviewer")
		if err != nil || isOver(a.body) {
			return err
		}
		_, body := approvalOf(a.body)
		body["event"], body["undo_seconds"] = event, undo
		if a, err = l.try("POST", "/v1/cases/"+id+"/decisions", "reviewer", body, "If-Match", a.header.Get("ETag")); err != nil || a.status == http.StatusOK {
			return err
		}
		if a.code() != "stale" && a.code() != "case_closed" {
			return failed("decide", a, nil)
		}
	}
	return errors.New("no decision in time")
}

func (l *load) undo(id string) error {
	for time.Now().Before(l.end) {
		pause(500 * time.Millisecond)
		a, err := l.get(id, "reviewer")
		if err != nil || !isOver(a.body) {
			return err // undone, with an answer that was lost
		}
		if a, err = l.try("POST", "/v1/cases/"+id+"/undo", "reviewer", nil, "If-Match", a.header.Get("ETag")); err != nil || a.status == http.StatusOK {
			return err
		}
		if a.code() != "stale" {
			return failed("undo", a, nil)
		}
	}
	return errors.New("not undone in time")
}

func (l *load) owned(name string) (id string, err error) {
	var people []any
	for n := range owners {
		people = append(people, map[string]any{"id": strconv.Itoa(n)})
	}
	return l.start("company", "business", name, map[string]any{"owners": people})
}

func (l *load) children(id string) (found []map[string]any, err error) {
	a, err := l.try("GET", "/v1/cases?limit=100&parent="+id, "", nil)
	if err != nil || a.status != http.StatusOK {
		return nil, failed("list", a, err)
	}
	data, _ := a.body["data"].([]any)
	for _, each := range data {
		child, _ := each.(map[string]any)
		found = append(found, child)
	}
	return found, nil
}

// family is a parent that ends when its children have been approved.
func (l *load) family(name string) (id, got, want string, err error) {
	id, err = l.owned(name)
	for err == nil && time.Now().Before(l.end) {
		var children []map[string]any
		children, err = l.children(id)
		over := len(children) == owners
		for _, child := range children {
			if slices.Contains(texts(child["configuration"]), "ask") {
				key, _ := child["id"].(string)
				_, err = l.do("POST", "/v1/cases/"+key+"/events", "", map[string]any{"type": "APPROVE"}, "approve-"+key)
			}
			over = over && isOver(child)
		}
		if over {
			break
		}
		time.Sleep(60 * time.Millisecond)
	}
	if err == nil {
		got, err = l.ended(id)
	}
	return id, got, "approved", err
}

// withdrawn is a parent that leaves its children before they have ended.
func (l *load) withdrawn(name string) (id, got, want string, err error) {
	if id, err = l.owned(name); err != nil {
		return id, "", "withdrawn", err
	}
	pause(1500 * time.Millisecond)
	if _, err = l.do("POST", "/v1/cases/"+id+"/events", "", map[string]any{"type": "WITHDRAW"}, "withdraw-"+name); err == nil {
		got, err = l.ended(id)
	}
	return id, got, "withdrawn", err
}

// cancelled is a parent that is called off with its children.
func (l *load) cancelled(name string) (id, got, want string, err error) {
	id, err = l.owned(name)
	pause(1500 * time.Millisecond)
	for err == nil && time.Now().Before(l.end) {
		var a answer
		if a, err = l.get(id, "manager"); err != nil || isOver(a.body) {
			got, _ = a.body["status"].(string)
			break
		}
		a, err = l.try("POST", "/v1/cases/"+id+"/cancellation", "manager", map[string]any{"reason": "A test."}, "If-Match", a.header.Get("ETag"))
		if err == nil && a.status != http.StatusOK && a.code() != "stale" && a.code() != "case_closed" {
			err = failed("cancel", a, nil)
		}
	}
	return id, got, "cancelled", err
}

// uploaded is an applicant who uploads a document and never returns: the system has to find it by itself.
func (l *load) uploaded(name string) (id, got, want string, err error) {
	if id, err = l.start("kyc", "individual", name, map[string]any{}); err != nil {
		return id, "", "", err
	}
	content := []byte("\x89PNG\r\n\x1a\n of " + name)
	sum := sha256.Sum256(content)
	a, err := l.do("POST", "/v1/cases/"+id+"/documents", "", map[string]any{
		"kind": "passport", "content_type": "image/png", "size": len(content), "sha256": hex.EncodeToString(sum[:]),
	}, "document-"+name)
	if err != nil {
		return id, "", "", err
	}
	url, header := uploadOf(a)
	a, err = l.try("PUT", url, "", content, header...)
	if err == nil && a.status != http.StatusOK && a.status != http.StatusPreconditionFailed { // it is there already
		err = failed("upload", a, nil)
	}
	return id, "", "", err
}

// onboarded is a case of the shipped workflow, as drive takes it to its end.
func (l *load) onboarded(doc passport, given string) func(name string) (id, got, want string, err error) {
	return func(name string) (id, got, want string, err error) {
		c := &applicantCase{name: name, given: given, doc: doc}
		got = drive(c, l.server, l.end)
		return c.id, got, "approved", nil
	}
}

// freeAddress is an address that the system keeps over its lives: links, vendors and receivers know it by that.
func freeAddress(t *testing.T) string {
	t.Helper()
	for port := 20000 + time.Now().Nanosecond()/1000%8000; port < 32000; port++ { // below the ports that clients are given
		address := fmt.Sprintf("127.0.0.1:%d", port)
		listener, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return address
	}
	t.Fatal("no port is free")
	return ""
}
