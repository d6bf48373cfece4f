package local_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestCallsAreAccountedFor: each attempt states what was sent and what it cost, and the health of a connector sums them up. A budget that is
// used up stops the calls if the plugin is configured so, and the fallback is called.
func TestCallsAreAccountedFor(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/ask" && calls.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, `{"ok": true}`)
	}))
	defer server.Close()
	s := newSystem(t, t.TempDir())
	defer s.stop()
	publish := func(path, source string) {
		t.Helper()
		if status, answer := s.call("developer", "POST", "/v1/"+path+"/versions", map[string]any{"source": source}); status != http.StatusCreated {
			t.Fatalf("%d %v", status, answer)
		}
	}
	primary := strings.Replace(fmt.Sprintf(moody, server.URL), "timeout: PT5S\n", "timeout: PT5S\nfallback: backup\nprice: {amount: 0.35, currency: EUR}\nbudget: {amount: 0.35, stop: true}\n", 1)
	publish("plugins/backup", fmt.Sprintf(backup, server.URL))
	publish("plugins/moody", primary)
	publish("workflows/asking", asking)
	answered := func() (by any) {
		t.Helper()
		r := s.start("asking", "individual", map[string]any{"name": "Ada Secret"})
		s.until("it is answered", func() bool {
			r, err := s.Core.Cases.Get(t.Context(), s.client, r.ID)
			if err != nil {
				t.Fatal(err)
			}
			answer, _ := r.Context["answer"].(map[string]any)
			by = answer["by"]
			return answer != nil
		})
		_, tasks := s.call("manager", "GET", "/v1/cases/"+r.ID+"/tasks", nil)
		if text := fmt.Sprint(tasks); strings.Contains(text, "Secret") || !strings.Contains(text, "/ask") && by == nil {
			t.Errorf("attempts %s", text)
		}
		return by
	}
	if by := answered(); by != nil { // the first attempt fails, the second is charged
		t.Errorf("answered by %v", by)
	}
	_, health := s.call("developer", "GET", "/v1/connectors/moody/health", nil)
	if got := fmt.Sprint(health["calls"], health["succeeded"], health["success_rate"], health["errors"], health["spend"]); got != "2 1 0.5 map[vendor_unavailable:1] map[EUR:0.35]" {
		t.Errorf("health %s", got)
	}
	if health["p50_ms"] == nil || fmt.Sprint(health["budget"]) != "map[amount:0.35 currency:EUR stops:true used_up:true]" {
		t.Errorf("%v", health)
	}
	if by := answered(); by != "backup" || calls.Load() != 2 {
		t.Errorf("over the budget it is answered by %v after %d calls", by, calls.Load())
	}
	if _, health = s.call("developer", "GET", "/v1/connectors/backup/health?days=1", nil); fmt.Sprint(health["calls"], health["fallback"]) != "1 1" {
		t.Errorf("health of the fallback %v", health)
	}
	if status, _ := s.call("developer", "GET", "/v1/connectors/nobody/health", nil); status != http.StatusNotFound {
		t.Errorf("the health of no connector: %d", status)
	}
}
