package local_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"ballerine/internal/connector"
	"ballerine/internal/connector/recording"
	"ballerine/internal/local"
)

// TestASystemIsReplayedWithoutItsVendor: what one system has recorded answers the cases of another one.
func TestASystemIsReplayedWithoutItsVendor(t *testing.T) {
	vendor, folder := &outage{}, t.TempDir()
	vendor.up.Store(true)
	server := httptest.NewServer(vendor)
	defer server.Close()
	decided := func(traffic connector.Traffic, name string) *system {
		t.Helper()
		s := run(t, local.Options{Data: t.TempDir(), Definitions: definitions(t), Traffic: traffic, Settings: map[string]string{"moody": server.URL}})
		for _, one := range [][2]string{{"plugins/moody", fmt.Sprintf(moody, "{vendor.moody}")}, {"workflows/asking", asking}} {
			if status, answer := s.call("developer", "POST", "/v1/"+one[0]+"/versions", map[string]any{"source": one[1]}); status != http.StatusCreated {
				t.Fatalf("%d %v", status, answer)
			}
		}
		r := s.start("asking", "individual", map[string]any{"name": name})
		s.send(r.ID, "READY")
		if name == "Ada" {
			s.reach(r.ID, "decided")
		} else if incident := s.incident(r.ID); incident["error"] != "vendor_rejected" {
			t.Errorf("%v", incident)
		}
		return s
	}
	recorder, err := recording.NewRecorder(folder, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	decided(recorder, "Ada").stop()
	for _, name := range []string{"Ada", "Eve"} {
		player, err := recording.NewPlayer(folder)
		if err != nil {
			t.Fatal(err)
		}
		decided(player, name).stop()
	}
	if calls := vendor.calls.Load(); calls != 1 {
		t.Errorf("the vendor was asked %d times", calls)
	}
}
