package task_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/store/embedded"
)

// busyVendor answers as configured: with seconds of Retry-After, "" for a failure without, "ok" for an answer.
type busyVendor struct {
	answers []string
	calls   int
}

func (v *busyVendor) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	answer := v.answers[min(v.calls, len(v.answers)-1)]
	v.calls++
	switch answer {
	case "ok":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"said":"yes"}`))
		return
	case "":
	default:
		w.Header().Set("Retry-After", answer)
	}
	w.WriteHeader(http.StatusTooManyRequests)
}

// vendorRoom is a case that asks a vendor.
func vendorRoom(t *testing.T, answers ...string) (*room, *busyVendor) {
	t.Helper()
	vendor := &busyVendor{answers: answers}
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	db, err := embedded.Open(t.TempDir() + "/data")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	r := newRoom(t, db, server.URL, "t1")
	r.at("ASK")
	return r, vendor
}

// call calls the vendor's task as a machine does.
func (r *room) call(attempt int, later bool) (cases.ExecutionInput, error) {
	r.t.Helper()
	handler, err := r.core.Vendor()
	if err != nil {
		r.t.Fatal(err)
	}
	text, err := handler(r.t.Context(), r.request(map[string]any{"state": "ask", "work": "answer", "attempt": attempt, "later": later}))
	var input cases.ExecutionInput
	if err == nil {
		err = json.Unmarshal(text, &input)
	}
	return input, err
}

func (r *room) record() cases.Record {
	r.t.Helper()
	record, err := r.core.Cases.Get(r.t.Context(), r.principal(), r.id)
	if err != nil {
		r.t.Fatal(err)
	}
	return record
}

// goesOn is what the machine's wait ends with after a time.
func (r *room) goesOn(after time.Duration) cases.ExecutionInput {
	r.t.Helper()
	r.clock.goOn(after)
	input, err := r.core.Cases.Expire(r.t.Context(), cases.Branch{Tenant: r.tenant, Case: r.id})
	if err != nil {
		r.t.Fatal(err)
	}
	return input
}

func TestVendorIsNotAskedBeforeItsRetryAfter(t *testing.T) {
	r, vendor := vendorRoom(t, "600", "ok")
	input, err := r.call(0, true)
	if err != nil || input.Label != "ask/answer/answer" || input.Seconds != 600 {
		t.Fatalf("%+v, %v", input, err)
	}
	record := r.record()
	if w := record.Waiting; w == nil || w.For != "vendor" || w.Work != "answer" || !w.Until.Equal(r.clock.now().Add(10*time.Minute)) || !record.DueAt.Equal(w.Until) {
		t.Errorf("waits %+v, due at %s", w, record.DueAt)
	}
	history, err := r.core.Cases.History(t.Context(), r.principal(), r.id, record.Version-1, 10)
	if err != nil || history[0].Cause != cases.CausePostponed || history[0].Details["postponed"].(map[string]any)["until"] != "2026-01-01T00:10:00Z" {
		t.Errorf("history %+v, %v", history, err)
	}
	if input = r.goesOn(10*time.Minute - time.Second); input.Label != "ask/answer/answer" {
		t.Fatalf("a second too soon it goes on at %s", input.Label)
	}
	if input, err = r.call(0, true); err != nil || vendor.calls != 1 {
		t.Fatalf("it was asked while it waits: %+v, %v", input, err)
	}
	if input = r.goesOn(time.Second); input.Label != "ask/answer" {
		t.Fatalf("then it goes on at %s", input.Label)
	}
	if input, err = r.call(0, true); err != nil || input.Label != "review" || vendor.calls != 2 {
		t.Errorf("%+v, %v, asked %d times", input, err, vendor.calls)
	}
	runs, err := r.core.Cases.TaskRuns(t.Context(), r.principal(), r.id)
	if err != nil || len(runs) != 2 || runs[0].Outcome != "failed" || runs[1].Outcome != "done" || runs[1].Attempt != 2 {
		t.Fatalf("attempts %+v, %v", runs, err)
	}
	titles := map[string]map[string]string{"": {"en": "Oracle", "de": "Orakel"}, "said": {"de": "Spruch"}}
	if runs[0].Titles != nil || !reflect.DeepEqual(runs[1].Titles, titles) {
		t.Errorf("only the answer has titles: %v, %v", runs[0].Titles, runs[1].Titles)
	}
}

func TestVendorsDatesAreKeptAndNoneLastsLongerThanADay(t *testing.T) {
	for header, want := range map[string]time.Duration{"Thu, 01 Jan 2026 02:00:00 GMT": 2 * time.Hour, "999999999": 24 * time.Hour} {
		r, _ := vendorRoom(t, header)
		if input, err := r.call(0, true); err != nil || input.Seconds != int(want.Seconds()) {
			t.Errorf("%s: %d s, %v", header, input.Seconds, err)
		}
	}
}

func TestTheMachineRetriesWhereItCanKeepTheVendorsTime(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		later  bool
	}{
		"the vendor says nothing": {"", true}, "the machine cannot wait": {"600", false},
	} {
		r, _ := vendorRoom(t, c.answer)
		if _, err := r.call(0, c.later); problem.CodeOf(err) != problem.VendorUnavailable {
			t.Errorf("%s: %v", name, err)
		}
		if record := r.record(); record.Snapshot.Active[0].Work[0].Status != statechart.WorkPending {
			t.Errorf("%s: %+v", name, record.Snapshot.Active)
		}
	}
}

func TestAVendorThatPutsOffForEverIsAnIncident(t *testing.T) {
	r, vendor := vendorRoom(t, "3600")
	wf, err := r.core.Catalog.Workflow(t.Context(), r.tenant, "small", 0)
	if err != nil {
		t.Fatal(err)
	}
	made, _ := wf.Invocation("ask", "answer")
	most := made.Retry.Attempts + 1
	for n := 1; n < most; n++ {
		if input, err := r.call(0, true); err != nil || input.Label != "ask/answer/answer" {
			t.Fatalf("attempt %d: %+v, %v", n, input, err)
		}
		r.goesOn(time.Hour)
	}
	input, err := r.call(0, true)
	if err != nil || input.Label != "ask/answer/incident" || vendor.calls != most {
		t.Fatalf("%+v, %v, asked %d times", input, err, vendor.calls)
	}
	incident := r.record().Incidents[0]
	until := r.clock.now().Add(time.Hour).Format(time.RFC3339)
	if incident.Error != "vendor_unavailable" || incident.Attempts != most || !strings.Contains(incident.Cause, "It may be called again at "+until) {
		t.Errorf("%+v, %s attempts", incident, strconv.Itoa(most))
	}
}

func TestACaseIsCalledOffWhileItsVendorIsWaitedFor(t *testing.T) {
	r, _ := vendorRoom(t, "3600")
	if _, err := r.call(0, true); err != nil {
		t.Fatal(err)
	}
	if _, err := r.core.Cases.Cancel(t.Context(), r.principal(), r.id, 0, "no longer wanted"); err != nil {
		t.Fatal(err)
	}
	if input := r.goesOn(time.Hour); input.Label != statechart.LabelOut {
		t.Errorf("a case that was called off goes on at %s", input.Label)
	}
}
