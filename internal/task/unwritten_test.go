package task_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
	"ballerine/internal/store/faulty"
)

// largePlugin keeps what the vendor answers, and has one address for all cases.
const largePlugin = `
id: oracle
title: Oracle
mode: callback
price: {amount: 2, currency: EUR}
request: {method: POST, url: '{vendor.oracle}/ask', body: {who: '{case.id}'}}
response: {later: {status: [202], keep: {note: '{body.note}'}}, result: {note: '{body.note}'}}
callback:
  timeout: P1D
  signature: {secret: ORACLE, scheme: standard-webhooks}
  correlate: {answer: body.id, callback: body.id, sent: body.at}
  result: {said: '{body.said}'}
`

// largeRoom is a case that asks a vendor whose answer has a note of so many bytes.
func largeRoom(t *testing.T, status, size int) *room {
	t.Helper()
	return roomAt(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"id":"s-1","note":%q}`, strings.Repeat("x", size))
	})
}

// roomAt is a case that asks a vendor.
func roomAt(t *testing.T, vendor http.HandlerFunc) *room {
	t.Helper()
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	db, err := embedded.Open(t.TempDir() + "/data")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	r := newRoom(t, db, server.URL, "t1")
	shipped := fstest.MapFS{"small.yaml": definitions["small.yaml"], "child.yaml": definitions["child.yaml"], "policies/plain.yaml": definitions["policies/plain.yaml"], "plugins/oracle.yaml": {Data: []byte(largePlugin)}}
	r.core, err = app.New(app.Parts{
		LookAgain: time.Hour,
		Store:     punctual{faulty.Cases{Store: r.beneath, Plan: r.plan}}, Webhooks: db.Webhooks(), Executions: r.exec, Objects: r.files, Definitions: shipped,
		SigningSecrets: [][]byte{bytes.Repeat([]byte{7}, 32)}, Settings: map[string]string{"oracle": server.URL}, AllowLoopback: true, PublicURL: "http://localhost",
		Secrets: connector.MapSecrets{"ORACLE": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, Now: r.clock.now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.at("ASK")
	return r
}

// charged is the one attempt of the case, which the vendor has taken.
func (r *room) charged(code problem.Code) {
	r.t.Helper()
	runs, err := r.core.Cases.TaskRuns(r.t.Context(), r.principal(), r.id)
	if err != nil || len(runs) != 1 || runs[0].Outcome != "failed" || runs[0].Error != string(code) || runs[0].Call == nil || runs[0].Call.Price == nil {
		r.t.Errorf("attempts %+v, %v", runs, err)
	}
}

func TestAnAnswerTooLargeForTheCaseIsAnAttempt(t *testing.T) {
	r := largeRoom(t, http.StatusOK, 300<<10)
	if _, err := r.call(0, true); problem.CodeOf(err) != problem.TooLarge {
		t.Fatal(err)
	}
	r.charged(problem.TooLarge)
}

// TestAnAcceptanceTooLargeToKeepFailsButIsFound: the vendor works on it, and calls back.
func TestAnAcceptanceTooLargeToKeepFailsButIsFound(t *testing.T) {
	r := largeRoom(t, http.StatusAccepted, 300<<10)
	input, err := r.call(0, true)
	if err != nil || input.Label != "ask/answer/incident" {
		t.Fatalf("%+v, %v", input, err)
	}
	r.charged(problem.TooLarge)
	record := r.record()
	if len(record.Incidents) != 1 || record.Incidents[0].Error != "too_large" || record.Incidents[0].Attempts != 1 {
		t.Errorf("%+v", record.Incidents)
	}
	found, err := r.core.Cases.Correlated(t.Context(), r.tenant, cases.VendorID{Plugin: "oracle", ID: "s-1"})
	if err != nil || found.Case != r.id || found.Work != "answer" {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestAnAttemptWhoseOutcomeIsNotWrittenIsKept: the vendor was called, whatever the result of the write.
func TestAnAttemptWhoseOutcomeIsNotWrittenIsKept(t *testing.T) {
	probe := largeRoom(t, http.StatusOK, 10)
	probe.plan.Arm(faulty.None, 0, nil)
	if _, err := probe.call(0, true); err != nil {
		t.Fatal(err)
	}
	commit := slices.Index(probe.plan.Calls(), "Commit") + 1
	for _, fault := range faulty.Faults() {
		r := largeRoom(t, http.StatusOK, 10)
		r.plan.Arm(fault, commit, func() {})
		_, failed := r.call(0, true)
		r.plan.Arm(faulty.None, 0, nil)
		runs, err := r.core.Cases.TaskRuns(t.Context(), r.principal(), r.id)
		if err != nil || len(runs) != 1 {
			t.Errorf("%s (%v): attempts %+v, %v", fault, failed, runs, err)
		}
	}
}

// punctual is a store that writes nothing for whose time is over.
type punctual struct{ cases.Store }

func (p punctual) PutTaskRun(ctx context.Context, tenant, id string, run cases.TaskRun) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.Store.PutTaskRun(ctx, tenant, id, run)
}

// TestAnAttemptWhoseTimeIsOverIsKept: the vendor was asked, and has taken the request.
func TestAnAttemptWhoseTimeIsOverIsKept(t *testing.T) {
	ctx, over := context.WithCancel(t.Context())
	r := roomAt(t, func(w http.ResponseWriter, _ *http.Request) {
		over()
		w.WriteHeader(http.StatusInternalServerError)
	})
	handler, err := r.core.Vendor()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := handler(ctx, r.request(map[string]any{"state": "ask", "work": "answer", "attempt": 0, "later": true})); err == nil {
		t.Fatal("the time was over")
	}
	runs, err := r.core.Cases.TaskRuns(t.Context(), r.principal(), r.id)
	if err != nil || len(runs) != 1 || runs[0].Outcome != "failed" || runs[0].Call == nil {
		t.Errorf("attempts %+v, %v", runs, err)
	}
}
