package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/store/embedded"
	"ballerine/internal/task"
	"ballerine/internal/webhook"
)

// hanging is a store whose records of one tenant never come, once it is armed.
type hanging struct {
	cases.Store
	armed bool
}

func (h *hanging) Get(ctx context.Context, tenant, id string) (cases.Record, error) {
	if h.armed && tenant == "hanging" {
		<-ctx.Done()
		return cases.Record{}, ctx.Err()
	}
	return h.Store.Get(ctx, tenant, id)
}

// silence is a receiver that never answers.
type silence struct{}

func (silence) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// One tenant's cases and its receiver hang: within one call of the sweep another tenant's missed deadline, its lost execution
// and its start are seen to, although they come last, and the call ends in its time.
func TestNothingThatHangsKeepsTheSweepFromOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		store, exec := &hanging{Store: db.Cases()}, &executions{gone: map[string]bool{}}
		core, err := app.New(app.Parts{Store: store, Webhooks: db.Webhooks(), Executions: exec, Definitions: definitions, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		hooks := webhook.New(webhook.Config{Store: db.Webhooks(), Client: &http.Client{Transport: silence{}}, Logger: slog.New(slog.DiscardHandler)})
		defer hooks.Close()
		if _, err := hooks.Subscribe(t.Context(), "hanging", "", "https://receiver.example/", []string{"*"}); err != nil {
			t.Fatal(err)
		}
		start := func(tenant, id, event string) cases.Record {
			t.Helper()
			p := identity.Principal{Tenant: tenant, Kind: identity.Client, ID: "key_1"}
			record, err := core.Cases.Start(t.Context(), p, cases.StartCommand{ID: id, Workflow: "small", Subject: cases.SubjectInput{Type: "individual"}})
			if err == nil && event != "" {
				record, err = core.Cases.Send(t.Context(), p, id, cases.SendCommand{Type: event})
			}
			if err != nil {
				t.Fatal(err)
			}
			return record
		}
		for n := range 60 {
			start("hanging", fmt.Sprintf("case_%02d", n), "")
		}
		lost := start("other", "case_lost", "GO")
		late := start("other", "case_late", "")
		sweep := task.NewSweep(task.SweepConfig{
			Cases: core.Cases, Store: store, Executions: exec, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
			Outbox:  task.NewOutbox(task.OutboxConfig{Cases: core.Cases, Store: store, Executions: exec, Webhooks: hooks, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}),
			Overdue: 5 * time.Second, Quiet: 2 * time.Minute, Batch: 40,
		})
		call := func() {
			t.Helper()
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 55*time.Second)
			defer cancel()
			_, err := sweep(ctx, json.RawMessage(`{}`))
			if took := time.Since(began); took >= 55*time.Second || errors.Is(ctx.Err(), context.DeadlineExceeded) {
				t.Errorf("the call took %s (%v)", took, err)
			}
		}
		time.Sleep(time.Minute)
		call() // everything is started, and the receiver begins to hang
		exec.gone[lost.Execution.Name] = true
		time.Sleep(25 * time.Hour)
		store.armed = true
		call()
		if after, err := db.Cases().Get(t.Context(), "other", late.ID); err != nil || after.Outcome != "expired" {
			t.Errorf("the deadline of the other tenant was not applied: %s %v", after.Outcome, err)
		}
		for range 2 { // open cases are looked at a page at a time
			call()
		}
		if after, err := db.Cases().Get(t.Context(), "other", lost.ID); err != nil || after.Execution.Sequence != 2 {
			t.Errorf("the lost execution of the other tenant was not replaced: %+v %v", after.Execution, err)
		}
	})
}
