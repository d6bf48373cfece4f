package embedded_test

import (
	"fmt"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/store/embedded"
)

func TestPublicationsLeaveTheFileAfterTheirTime(t *testing.T) {
	db := open(t)
	s := db.Cases()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	publish := func(tenant, id string, at time.Time) {
		t.Helper()
		record := cases.Record{Tenant: tenant, ID: id, Workflow: cases.WorkflowRef{ID: "kyc", Version: 1}, Status: cases.StatusActive, Version: 1, Revision: 1, CreatedAt: at, UpdatedAt: at}
		publication := cases.Publication{Tenant: tenant, Case: id, Version: 1, At: at, Final: at, Events: []cases.Published{{ID: id + "/1/0", Type: "case.created"}}}
		err := s.Commit(t.Context(), cases.Change{Next: record, Entry: cases.Entry{Version: 1, At: at}, Publications: []cases.Publication{publication}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := range 10 {
		for _, tenant := range []string{"busy", "quiet", "silent"} {
			publish(tenant, fmt.Sprintf("case_%d", n), began.Add(time.Duration(n)*time.Second))
		}
	}
	for n := range 12 { // one tenant stays active: what the others have is removed, too
		publish("busy", fmt.Sprintf("case_later_%d", n), began.Add(cases.PublicationLife+time.Hour+time.Duration(n)*time.Second))
	}
	kept := map[string]int{}
	if err := db.View(func(tx *embedded.Tx) error {
		tx.Scan("publications", "", "", func(key string, _ []byte) bool {
			kept[key[:4]]++
			return true
		})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if kept["busy"] != 12 || kept["quie"] != 0 || kept["sile"] != 0 {
		t.Errorf("still there: %v", kept)
	}
}

func TestACommitUnderWayHoldsReadersBack(t *testing.T) {
	db := open(t)
	s := db.Cases()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if got := s.Settled(now); !got.Equal(now.Add(-cases.DraftTime)) {
		t.Fatalf("%s with nothing under way", got)
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	go func() {
		_ = db.Update(t.Context(), func(*embedded.Tx) error { // the writer is held up by another write
			close(entered)
			<-leave
			return nil
		})
	}()
	<-entered
	written := make(chan error, 1)
	go func() {
		record := cases.Record{Tenant: "a", ID: "case_1", Workflow: cases.WorkflowRef{ID: "kyc", Version: 1}, Status: cases.StatusActive, Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now}
		publication := cases.Publication{Tenant: "a", Case: "case_1", Version: 1, At: now, Final: now, Events: []cases.Published{{ID: "case_1/1/0", Type: "case.created"}}}
		written <- s.Commit(t.Context(), cases.Change{Next: record, Entry: cases.Entry{Version: 1, At: now}, Publications: []cases.Publication{publication}})
	}()
	for later := now.Add(time.Hour); !s.Settled(later).Equal(now); { // until it has begun
		select {
		case err := <-written:
			t.Fatalf("it was written although the writer is held up: %v", err)
		default:
		}
	}
	close(leave)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if got := s.Settled(now.Add(time.Hour)); !got.Equal(now.Add(time.Hour - cases.DraftTime)) {
		t.Errorf("%s when it is written", got)
	}
}
