package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/identity"
	"ballerine/internal/store/embedded"
	"ballerine/statemachines"
)

const (
	killCases = 50
	kills     = 30
)

// TestNoCaseIsLostDoubledOrStuckWhenThePowerFails kills the whole system at random moments while cases run, and lets
// it go on. In the end every case has come to its end, once, and proves its history.
func TestNoCaseIsLostDoubledOrStuckWhenThePowerFails(t *testing.T) {
	data := t.TempDir()
	docs, err := passports()
	if err != nil {
		t.Fatal(err)
	}
	var current atomic.Pointer[server]
	current.Store(start(t, data))
	all := make([]*applicantCase, killCases)
	outcomes := make([]string, killCases)
	var clients sync.WaitGroup
	var ended atomic.Int64
	for i := range all {
		kind, given := "valid", "Toni"
		if i%3 == 0 {
			kind = "expired" // goes to review
		}
		if i%7 == 0 {
			given = "Flaky" // the vendor fails twice, then recovers
		}
		all[i] = &applicantCase{name: fmt.Sprintf("kill-%d", i), given: given, doc: docs[kind]}
		clients.Add(1)
		go func() {
			defer clients.Done()
			time.Sleep(time.Duration(i) * 200 * time.Millisecond) // so that every kill finds some at each stage
			outcomes[i] = drive(all[i], current.Load)
			ended.Add(1)
		}()
	}
	for n := range kills {
		time.Sleep(time.Duration(50+rand.IntN(450)) * time.Millisecond)
		current.Load().kill()
		current.Store(start(t, data))
		if n%10 == 9 {
			t.Logf("%d kills, %d of %d cases have ended", n+1, ended.Load(), killCases)
		}
	}
	clients.Wait()
	s := current.Load()
	for i, c := range all {
		if outcomes[i] != "approved" {
			a, _ := s.call("GET", "/v1/cases/"+c.id, s.ready.Demo.APIKey, nil)
			t.Errorf("case %s ended as %q: %s", c.name, outcomes[i], a.raw)
		}
	}
	s.stop()
	checkData(t, data)
}

// drive takes a case to its end, whatever becomes of the server meanwhile. It gives up after two minutes.
func drive(c *applicantCase, server func() *server) (outcome string) {
	deadline := time.Now().Add(2 * time.Minute)
	for time.Now().Before(deadline) {
		if c.collect(server()) == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	for time.Now().Before(deadline) {
		if outcome, done, err := c.finish(server()); err == nil && done {
			return outcome
		}
		time.Sleep(50 * time.Millisecond)
	}
	return "gave up"
}

// checkData opens the stopped system's file: as many cases as were started, every history whole, every index right,
// nothing left in the outbox.
func checkData(t *testing.T, data string) {
	t.Helper()
	db, err := embedded.Open(filepath.Join(data, "ballerine.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	core, err := app.New(app.Parts{Store: db.Cases(), Definitions: statemachines.Files})
	if err != nil {
		t.Fatal(err)
	}
	ctx, p := context.Background(), identity.SystemOf("demo", "test")
	page, err := db.Cases().List(ctx, "demo", casesQuery(200))
	if err != nil || len(page.Records) != killCases {
		t.Errorf("%d cases, want %d (%v)", len(page.Records), killCases, err)
	}
	for _, record := range page.Records {
		report, err := core.Cases.Verify(ctx, p, record.ID)
		if err != nil || !report.Valid {
			t.Errorf("history of %s: %v %v", record.ExternalID, report.Problems, err)
		}
	}
	if problems, err := db.Cases().Check(); err != nil || len(problems) > 0 {
		t.Errorf("indexes: %v %v", problems, err)
	}
	if left, err := db.Cases().Undelivered(ctx, time.Now().Add(time.Hour), 10); err != nil || len(left) > 0 {
		t.Errorf("effects were left: %+v %v", left, err)
	}
}
