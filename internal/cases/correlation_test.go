package cases_test

import (
	"fmt"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

func (d *desk) awaitsBy(job cases.Job, id string) error {
	run := d.runOf(job)
	run.Outcome = "awaiting"
	_, err := d.FinishWork(d.t.Context(), job, cases.Outcome{Awaiting: true, Until: d.time().Add(day), VendorID: &cases.VendorID{Plugin: "p", ID: id}, Run: run})
	return err
}

func (d *desk) correlated(id string, want cases.Correlation) {
	d.t.Helper()
	got, err := d.Correlated(d.t.Context(), "demo", cases.VendorID{Plugin: "p", ID: id})
	got.Hash, got.Plugin = "", ""
	if want == (cases.Correlation{}) {
		wantCode(d.t, err, problem.NotFound)
	} else if err != nil || got != want {
		d.t.Errorf("%+v %v, want %+v", got, err, want)
	}
}

func TestAVendorsIDFindsItsWorkInEachRound(t *testing.T) {
	d := newDesk(t, vendorCallback)
	r, job := d.requested("asks")
	d.correlated("s-1", cases.Correlation{})
	if err := d.awaitsBy(job, "s-1"); err != nil {
		t.Fatal(err)
	}
	d.correlated("s-1", cases.Correlation{Case: r.ID, State: "ask", Visit: job.Visit, Work: "lookup"})
	d.pass(day)
	r = d.expires(r.ID)
	must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, r.Incidents[0].ID, nil))
	job = d.beginAt(r.ID, "ask", "lookup")
	asked, err := d.Asked(t.Context(), vendorOf(r.ID), r.ID, "ask", "lookup")
	if err != nil || !asked.Early {
		t.Fatalf("%+v %v", asked, err)
	}
	if err := d.awaitsBy(job, "s-1"); err != nil { // some vendors know the request again
		t.Fatal(err)
	}
	d.correlated("s-1", cases.Correlation{Case: r.ID, State: "ask", Visit: job.Visit, Work: "lookup", Round: job.Round})
	d.verified(r.ID)
}

func TestACallbackFromBeforeTheRequestIsAboutAFormerOne(t *testing.T) {
	d := newDesk(t, vendorCallback)
	r, job := d.requested("asks")
	accepts := func(job cases.Job) cases.Correlation {
		run := d.runOf(job)
		run.Outcome = "awaiting"
		id := cases.VendorID{Plugin: "p", ID: "s-1", Asked: d.time()}
		if _, err := d.FinishWork(t.Context(), job, cases.Outcome{Awaiting: true, Until: d.time().Add(day), VendorID: &id, Run: run}); err != nil {
			t.Fatal(err)
		}
		return must[cases.Correlation](d)(d.Correlated(t.Context(), "demo", id))
	}
	if first := accepts(job); first.Precedes(d.time().Add(-time.Hour)) {
		t.Error("an id that has stood for nothing else has no former request")
	}
	d.pass(day)
	r = d.expires(r.ID)
	must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, r.Incidents[0].ID, nil))
	again := accepts(d.beginAt(r.ID, "ask", "lookup"))
	for before, former := range map[time.Duration]bool{time.Hour: true, 6 * time.Second: true, 4 * time.Second: false, 0: false, -time.Minute: false} {
		if again.Precedes(d.time().Add(-before)) != former {
			t.Errorf("%v before the request: %v", before, !former)
		}
	}
	if again.Precedes(time.Time{}) {
		t.Error("a callback that does not say when it was sent is about a former request")
	}
}

func TestAVendorsIDOfAnotherCaseIsGarbage(t *testing.T) {
	d := newDesk(t, vendorCallback)
	first, job := d.requested("asks")
	if err := d.awaitsBy(job, "s-1"); err != nil {
		t.Fatal(err)
	}
	second, other := d.requested("asks")
	wantCode(t, d.awaitsBy(other, "s-1"), problem.VendorGarbage)
	d.correlated("s-1", cases.Correlation{Case: first.ID, State: "ask", Visit: job.Visit, Work: "lookup"})
	if r := d.get(second.ID); len(r.Correlations) != 0 {
		t.Errorf("%+v", r.Correlations)
	}
}

// TestACaseIsFoundByItsNewestVendorIDs: a person may have work repeated many times.
func TestACaseIsFoundByItsNewestVendorIDs(t *testing.T) {
	d := newDesk(t, vendorCallback)
	r, job := d.requested("asks")
	for round := range 52 {
		if err := d.awaitsBy(job, fmt.Sprint("s-", round)); err != nil {
			t.Fatal(err)
		}
		d.pass(day)
		r = d.expires(r.ID)
		must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, r.Incidents[0].ID, nil))
		job = d.beginAt(r.ID, "ask", "lookup")
	}
	d.correlated("s-1", cases.Correlation{})
	d.correlated("s-2", cases.Correlation{Case: r.ID, State: "ask", Visit: job.Visit, Work: "lookup", Round: 2})
	d.correlated("s-51", cases.Correlation{Case: r.ID, State: "ask", Visit: job.Visit, Work: "lookup", Round: 51})
	if kept := d.get(r.ID).Correlations; len(kept) != 50 {
		t.Errorf("%d are kept", len(kept))
	}
}

// TestAVendorsIDOfACaseThatHasEndedMayBeTakenOver: nothing waits for it there.
func TestAVendorsIDOfACaseThatHasEndedMayBeTakenOver(t *testing.T) {
	d := newDesk(t, vendorCallback)
	first, job := d.requested("asks")
	if err := d.awaitsBy(job, "s-1"); err != nil {
		t.Fatal(err)
	}
	second, other := d.requested("asks")
	wantCode(t, d.awaitsBy(other, "s-1"), problem.VendorGarbage)
	if _, err := d.Cancel(t.Context(), reviewer, first.ID, d.get(first.ID).Version, "no longer wanted"); err != nil {
		t.Fatal(err)
	}
	if err := d.awaitsBy(other, "s-1"); err != nil {
		t.Fatal(err)
	}
	d.correlated("s-1", cases.Correlation{Case: second.ID, State: "ask", Visit: other.Visit, Work: "lookup"})
}
