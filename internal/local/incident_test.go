package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/local"
	"ballerine/internal/task"
)

// The vendor is a server of the test, so that it can be down and come back.
const (
	asking = `
id: asking
title: Asks a vendor
initial: both
states:
  both:
    type: parallel
    onDone: decided
    states:
      vendor:
        initial: ask
        states:
          ask: {invoke: {src: vendor, id: answer, input: {plugin: moody}, retry: {attempts: 1, interval: PT1S, jitter: false}}, onDone: asked}
          asked: {type: final}
      person:
        initial: wait
        states: {wait: {on: {READY: ready}}, ready: {type: final}}
  decided: {type: final}
`
	moody = `
id: moody
title: A vendor that is down at times
timeout: PT5S
request:
  method: POST
  url: "%s/ask"
  body: {name: "{context.name}"}
  schema: {type: object, required: [name], properties: {name: {type: string}}}
response:
  schema: {type: object, required: [ok], properties: {ok: {type: boolean}}}
  result: {ok: "{body.ok}"}
`
)

// outage is a vendor that answers when it is up.
type outage struct {
	up    atomic.Bool
	calls atomic.Int32
}

func (o *outage) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	o.calls.Add(1)
	if !o.up.Load() {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"ok": true}`)) // the caller may have given up
}

// withVendor is a system whose workflow asks the vendor.
func withVendor(t *testing.T, vendor http.Handler) *system {
	t.Helper()
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	s := newSystem(t, t.TempDir())
	for path, source := range map[string]string{"/v1/plugins/moody/versions": fmt.Sprintf(moody, server.URL)} {
		if status, answer := s.call("developer", "POST", path, map[string]any{"source": source}); status != http.StatusCreated {
			t.Fatalf("%d %v", status, answer)
		}
	}
	if status, answer := s.call("developer", "POST", "/v1/workflows/asking/versions", map[string]any{"source": asking}); status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	return s
}

// incident waits for the one of a case, as an operator sees it.
func (s *system) incident(id string) map[string]any {
	s.t.Helper()
	var found []any
	s.until("there is an incident", func() bool {
		_, answer := s.call("manager", "GET", "/v1/cases/"+id+"/incidents", nil)
		found, _ = answer["data"].([]any)
		return len(found) == 1
	})
	one, _ := found[0].(map[string]any)
	return one
}

func (s *system) resolve(id string, incident map[string]any, how string, body any) {
	s.t.Helper()
	if status, answer := s.call("manager", "POST", fmt.Sprintf("/v1/cases/%s/incidents/%s/%s", id, incident["id"], how), body); status != http.StatusOK {
		s.t.Fatalf("%s: %d %v", how, status, answer)
	}
}

func TestAVendorThatIsDownIsAnIncidentUntilItIsBack(t *testing.T) {
	vendor := &outage{}
	s := withVendor(t, vendor)
	defer s.stop()
	r := s.start("asking", "individual", map[string]any{"name": "Ada"})
	one := s.incident(r.ID)
	input, _ := one["input"].(map[string]any)
	if one["error"] != "vendor_unavailable" || one["attempts"] != 2.0 || one["work"] != "answer" || one["cause"] == "" || input["plugin"] != "moody" || vendor.calls.Load() != 2 {
		t.Errorf("%v after %d calls", one, vendor.calls.Load())
	}
	s.send(r.ID, "READY") // the other region is alive
	s.reach(r.ID, "both.person.ready", "both.vendor.ask")
	s.resolve(r.ID, one, "retry", map[string]any{})
	again := s.incident(r.ID) // it is still down
	if again["id"] == one["id"] || vendor.calls.Load() != 4 {
		t.Errorf("%v after %d calls", again, vendor.calls.Load())
	}
	vendor.up.Store(true)
	s.resolve(r.ID, again, "retry", map[string]any{})
	s.reach(r.ID, "decided")
	s.ended(r)
}

func TestDataThatKeptTheWorkFromBeingDoneIsPutRight(t *testing.T) {
	vendor := &outage{}
	vendor.up.Store(true)
	s := withVendor(t, vendor)
	defer s.stop()
	r := s.start("asking", "individual", map[string]any{}) // no name: the request does not fit the plugin's schema
	one := s.incident(r.ID)
	if vendor.calls.Load() != 0 {
		t.Errorf("the vendor was asked %d times", vendor.calls.Load())
	}
	s.resolve(r.ID, one, "retry", map[string]any{"context": map[string]any{"name": "Ada"}})
	s.send(r.ID, "READY")
	s.reach(r.ID, "decided")
	s.ended(r)
}

func TestWorkThatCannotBeDoneGetsItsResultByHand(t *testing.T) {
	s := withVendor(t, &outage{})
	defer s.stop()
	r := s.start("asking", "individual", map[string]any{"name": "Ada"})
	s.resolve(r.ID, s.incident(r.ID), "skip", map[string]any{"result": map[string]any{"ok": true}, "comment": "asked by telephone"})
	s.send(r.ID, "READY")
	s.reach(r.ID, "decided")
	done, err := s.Core.Cases.Get(t.Context(), s.client, r.ID)
	if answer, _ := done.Context["answer"].(map[string]any); err != nil || answer["ok"] != true {
		t.Errorf("%v, %v", done.Context, err)
	}
	s.ended(r)
}

func TestAFunctionThatCrashesIsAnIncidentUntilItIsMended(t *testing.T) {
	const counting = "id: counting\ninitial: a\nstates:\n  a: {invoke: {src: rules, id: risk, input: {policy: kyc-risk}}, onDone: b}\n  b: {type: final}\n"
	var broken atomic.Bool
	broken.Store(true)
	s := run(t, local.Wrapped(local.Options{Data: t.TempDir(), Definitions: definitions(t, counting)}, func(name string, handler task.Handler) task.Handler {
		if name != "rules" {
			return handler
		}
		return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
			if broken.Load() {
				panic("the function crashes")
			}
			return handler(ctx, payload)
		}
	}))
	defer s.stop()
	r := s.start("counting", "individual", nil)
	one := s.incident(r.ID)
	if one["error"] != "Runtime.Panic" || one["attempts"] != 1.0 {
		t.Errorf("%v", one)
	}
	broken.Store(false)
	s.resolve(r.ID, one, "retry", map[string]any{})
	if w := s.reach(r.ID, "b"); w.Status != cases.StatusCompleted {
		t.Errorf("%+v", w)
	}
	s.ended(r)
}
