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

const askingOnly = `
id: asking-only
title: Asks a vendor, and leaves the retries to the plugin
initial: ask
states:
  ask: {invoke: {src: vendor, id: answer, input: {plugin: counted}}, onDone: asked}
  asked: {type: final}
`

const counted = `
id: counted
title: A vendor that is down
retry: {attempts: %d, interval: PT1S, rate: 1, jitter: false}
timeout: PT5S
fallback: backup
request: {method: GET, url: "%s/ask"}
response:
  schema: {type: object, required: [ok]}
  result: {ok: "{body.ok}"}
`

// TestAPluginsOwnRetryCountsBeforeItsFallback: whoever looks whether the attempts are used up counts as the machine does, which has been
// compiled with the plugin as it was when the workflow was published.
func TestAPluginsOwnRetryCountsBeforeItsFallback(t *testing.T) {
	var first, second atomic.Int32
	var later atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ask" {
			first.Add(1)
			if later.Load() {
				w.Header().Set("Retry-After", "2")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		second.Add(1)
		w.Header().Set("Content-Type", "application/json")
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
	asked := func(what string, want int32) {
		t.Helper()
		first.Store(0)
		second.Store(0)
		r := s.start("asking-only", "individual", map[string]any{"name": "Ada"})
		s.until("the fallback has answered", func() bool {
			var err error
			if r, err = s.Core.Cases.Get(t.Context(), s.client, r.ID); err != nil {
				t.Fatal(err)
			}
			if len(r.Incidents) > 0 {
				t.Fatalf("%s: an incident: %v", what, r.Incidents)
			}
			return r.Context["answer"] != nil
		})
		if got := fmt.Sprint(r.Context["answer"]); !strings.Contains(got, "backup") || first.Load() != want || second.Load() != 1 {
			t.Errorf("%s: %s after %d and %d calls, not %d and 1", what, got, first.Load(), second.Load(), want)
		}
	}
	plugin := func(attempts int) { publish("plugins/counted", fmt.Sprintf(counted, attempts, server.URL)) }
	version := 0
	workflow := func() { version++; publish("workflows/asking-only", fmt.Sprintf("%s# %d\n", askingOnly, version)) }
	publish("plugins/backup", fmt.Sprintf(backup, server.URL))
	for _, attempts := range []int{0, 4} {
		plugin(attempts)
		workflow()
		asked(fmt.Sprintf("attempts: %d", attempts), int32(attempts)+1)
	}
	plugin(0)
	asked("a plugin that was published after the workflow", 5)
	later.Store(true)
	asked("with Retry-After", 5)
}
