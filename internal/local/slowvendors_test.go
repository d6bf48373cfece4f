package local_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestAThousandSlowVendorsDoNotBlockOthers: while a thousand calls are not answered, a case whose vendor answers is decided, and so is one that asks
// nobody. Nothing is measured: with a bound on all calls together, these would never be.
func TestAThousandSlowVendorsDoNotBlockOthers(t *testing.T) {
	const many = 1_000
	var arrived atomic.Int32
	answered := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.Add(1)
		select {
		case <-answered:
		case <-r.Context().Done():
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"ok": true}`)) // the caller may have given up
	}))
	defer slow.Close()
	quick := &outage{}
	quick.up.Store(true)
	other := httptest.NewServer(quick)
	defer other.Close()
	s := newSystem(t, t.TempDir())
	defer s.stop()
	defer close(answered)
	patient := strings.Replace(fmt.Sprintf(moody, slow.URL), "timeout: PT5S", "timeout: PT1M", 1)
	for _, one := range [][2]string{
		{"plugins/moody", patient},
		{"plugins/brisk", strings.Replace(fmt.Sprintf(moody, other.URL), "id: moody", "id: brisk", 1)},
		{"workflows/asking", asking},
		{"workflows/brisk", strings.NewReplacer("id: asking", "id: brisk", "plugin: moody", "plugin: brisk").Replace(asking)},
		{"workflows/alone", "id: alone\ntitle: Asks nobody\ninitial: a\nstates:\n  a: {invoke: {src: rules, id: risk, input: {policy: kyc-risk}}, onDone: b}\n  b: {type: final}\n"},
	} {
		if status, answer := s.call("developer", "POST", "/v1/"+one[0]+"/versions", map[string]any{"source": one[1]}); status != http.StatusCreated {
			t.Fatalf("%s: %d %v", one[0], status, answer)
		}
	}
	for range many {
		s.start("asking", "individual", map[string]any{"name": "Ada"})
	}
	s.until("all slow vendors are being asked", func() bool { return arrived.Load() >= many })
	r := s.start("brisk", "individual", map[string]any{"name": "Eve"})
	s.send(r.ID, "READY")
	s.reach(r.ID, "decided")
	s.reach(s.start("alone", "individual", map[string]any{"applicant": map[string]any{"name": "Eve"}}).ID, "b")
}
