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

const backup = `
id: backup
title: The vendor that answers instead
request: {method: GET, url: "%s/backup"}
response:
  schema: {type: object, required: [ok]}
  result: {ok: "{body.ok}", by: backup}
`

// TestAFallbackAnswersWhenTheAttemptsAreUsedUp: the work continues, the list of attempts names both, and an outage of both is one
// incident that names both.
func TestAFallbackAnswersWhenTheAttemptsAreUsedUp(t *testing.T) {
	var first, second atomic.Int32
	var down atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ask" {
			first.Add(1)
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		second.Add(1)
		if down.Load() {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"ok": true}`)
	}))
	defer server.Close()
	s := newSystem(t, t.TempDir())
	defer s.stop()
	publish := func(path, source string) string {
		t.Helper()
		status, answer := s.call("developer", "POST", "/v1/"+path+"/versions", map[string]any{"source": source})
		if status != http.StatusCreated {
			t.Fatalf("%d %v", status, answer)
		}
		return fmt.Sprint(answer)
	}
	primary := strings.Replace(fmt.Sprintf(moody, server.URL), "timeout: PT5S\n", "timeout: PT5S\nfallback: backup\n", 1)
	if answer := publish("plugins/moody", primary); !strings.Contains(answer, "fallback_missing") {
		t.Errorf("a fallback that is not published: %s", answer)
	}
	publish("plugins/backup", fmt.Sprintf(backup, server.URL))
	if answer := publish("plugins/moody", primary+"# again\n"); strings.Contains(answer, "fallback_missing") {
		t.Errorf("a fallback that is published: %s", answer)
	}
	publish("workflows/asking", asking)

	r := s.start("asking", "individual", map[string]any{"name": "Ada"})
	s.until("the fallback has answered", func() bool {
		var err error
		if r, err = s.Core.Cases.Get(t.Context(), s.client, r.ID); err != nil {
			t.Fatal(err)
		}
		return r.Context["answer"] != nil
	})
	if got := fmt.Sprint(r.Context["answer"]); got != "map[by:backup ok:true]" || first.Load() != 2 || second.Load() != 1 {
		t.Errorf("%s after %d and %d calls", got, first.Load(), second.Load())
	}
	_, tasks := s.call("manager", "GET", "/v1/cases/"+r.ID+"/tasks", nil)
	var attempts []string
	for _, one := range tasks["data"].([]any) {
		run := one.(map[string]any)
		attempts = append(attempts, fmt.Sprint(run["attempt"], run["name"], run["outcome"]))
	}
	for _, want := range []string{"1moodyfailed", "2moodyfailed", "2backupdone"} {
		if !strings.Contains(strings.ReplaceAll(strings.Join(attempts, ","), " ", ""), want) {
			t.Errorf("%s is not in %q", want, attempts)
		}
	}

	publish("plugins/moody", strings.Replace(primary, "fallback: backup\n", "fallback: backup\nbreaker: {failures: 1, rest: PT1H}\n", 1))
	for range 2 { // the first opens the breaker, and its second attempt is the fallback's; later ones are so at once
		one := s.start("asking", "individual", map[string]any{"name": "Eve"})
		s.until("the fallback has answered", func() bool {
			r, err := s.Core.Cases.Get(t.Context(), s.client, one.ID)
			if err != nil {
				t.Fatal(err)
			}
			return r.Context["answer"] != nil
		})
	}
	if first.Load() != 3 || second.Load() != 3 {
		t.Errorf("with a breaker: %d and %d calls", first.Load(), second.Load())
	}
	publish("plugins/moody", primary+"# once more\n")

	down.Store(true)
	incident := s.incident(s.start("asking", "individual", map[string]any{"name": "Bob"}).ID)
	if text := fmt.Sprint(incident); !strings.Contains(text, "moody answered with status 503") || !strings.Contains(text, "The fallback backup failed, too (vendor_rejected): backup refused the request with status 403.") {
		t.Errorf("%s", text)
	}
	if first.Load() != 5 || second.Load() != 4 {
		t.Errorf("%d and %d calls", first.Load(), second.Load())
	}
}
