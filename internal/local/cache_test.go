package local_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/local"
)

const repeating = `
id: repeating
title: Asks as often as one likes
initial: ask
states:
  ask: {invoke: {src: vendor, id: answer, input: {plugin: moody}}, onDone: asked}
  asked: {on: {AGAIN: ask, END: ended}}
  ended: {type: final}
`

// shifted is a clock that a test can move on.
type shifted struct{ by atomic.Int64 }

func (s *shifted) now() time.Time { return time.Now().Add(time.Duration(s.by.Load())) }

// TestAnAnswerThatIsUsedAgainCostsNothingAndSaysSo: of another case, until its time is over, and never for a person who has the work done again.
func TestAnAnswerThatIsUsedAgainCostsNothingAndSaysSo(t *testing.T) {
	vendor, clock := &outage{}, &shifted{}
	vendor.up.Store(true)
	server := httptest.NewServer(vendor)
	defer server.Close()
	s := run(t, local.Options{Data: t.TempDir(), Definitions: definitions(t), Now: clock.now})
	defer s.stop()
	publish := func(path, source string) {
		t.Helper()
		if status, answer := s.call("developer", "POST", "/v1/"+path+"/versions", map[string]any{"source": source}); status != http.StatusCreated {
			t.Fatalf("%d %v", status, answer)
		}
	}
	moodyCached := strings.Replace(fmt.Sprintf(moody, server.URL), "timeout: PT5S\n", "timeout: PT5S\ncache: {ttl: PT2H}\nprice: {amount: 0.5, currency: EUR}\n", 1)
	publish("plugins/moody", moodyCached)
	publish("workflows/asking", asking)
	answered := func(name string) cases.Record {
		t.Helper()
		r := s.start("asking", "individual", map[string]any{"name": name})
		s.until("the vendor's answer is there", func() bool {
			var err error
			if r, err = s.Core.Cases.Get(t.Context(), s.client, r.ID); err != nil {
				t.Fatal(err)
			}
			return r.Context["answer"] != nil
		})
		return r
	}
	call := func(r cases.Record) string {
		t.Helper()
		_, tasks := s.call("manager", "GET", "/v1/cases/"+r.ID+"/tasks", nil)
		runs := tasks["data"].([]any)
		last := runs[len(runs)-1].(map[string]any)["call"].(map[string]any)
		return fmt.Sprintln(last["via"], last["price"], last["answered_at"] != nil)
	}
	asked := func(want int32, what string) {
		t.Helper()
		if got := vendor.calls.Load(); got != want {
			t.Errorf("%s: %d calls, expected %d", what, got, want)
		}
	}
	if got := call(answered("Ada")); got != "<nil> map[amount:0.5 currency:EUR] false\n" {
		t.Error(got)
	}
	asked(1, "the first")
	again := answered("Ada")
	asked(1, "another case with the same request")
	if got := call(again); got != "cache map[amount:0 currency:EUR] true\n" {
		t.Error(got)
	}
	if _, history := s.call("manager", "GET", "/v1/cases/"+again.ID+"/history", nil); !strings.Contains(fmt.Sprint(history), "used_again:map[answered_at:") {
		t.Errorf("%v", history)
	}
	_, health := s.call("developer", "GET", "/v1/connectors/moody/health?days=1", nil)
	if fmt.Sprint(health["calls"], health["cached"], health["spend"]) != "1 1 map[EUR:0.5]" {
		t.Errorf("%v", health)
	}
	answered("Eve")
	asked(2, "another person")
	clock.by.Store(int64(2*time.Hour + time.Second))
	answered("Ada")
	asked(3, "after its time")
	answered("Ada")
	asked(3, "before the end of the new one's")
	publish("plugins/moody", moodyCached+"# changed\n")
	answered("Ada")
	asked(4, "a changed definition")

	vendor.up.Store(false)
	failed := s.start("asking", "individual", map[string]any{"name": "Joe"})
	incident := s.incident(failed.ID)
	asked(6, "a vendor that is down")
	vendor.up.Store(true)
	answered("Joe")
	asked(7, "a vendor that is back")
	s.resolve(failed.ID, incident, "retry", map[string]any{})
	s.send(failed.ID, "READY")
	s.reach(failed.ID, "decided")
	asked(8, "a person who has it done again")
	publish("workflows/repeating", repeating)
	r := s.start("repeating", "individual", map[string]any{"name": "Joe"})
	s.reach(r.ID, "asked")
	asked(8, "another workflow")
	s.send(r.ID, "AGAIN")
	s.until("it was asked again", func() bool { return vendor.calls.Load() == 9 })
	s.reach(r.ID, "asked")
}
