package cases_test

import (
	"fmt"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// tight are limits that a test reaches soon.
var tight = cases.Limits{Applicant: cases.Limit{Burst: 3, PerMinute: 6, Total: 8}, Client: cases.Limit{Burst: 5, PerMinute: 60, Total: 12}}

func (d *desk) limited(t *testing.T) (cases.Record, identity.Principal) {
	t.Helper()
	d.Limits = tight
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "small", Subject: cases.SubjectInput{Type: "individual"}}))
	return r, identity.Principal{Tenant: "demo", Kind: identity.Applicant, ID: "flow_1", Case: r.ID}
}

// refusedFor is how many seconds a caller has to wait.
func refusedFor(t *testing.T, err error) int {
	t.Helper()
	wantCode(t, err, problem.RateLimited)
	seconds, _ := problem.As(err).Details["retry_after_seconds"].(int)
	return seconds
}

func TestAnApplicantWritesAtABoundedRate(t *testing.T) {
	d := newDesk(t, small)
	r, applicant := d.limited(t)
	documents := 0
	writes := []func() error{
		func() error {
			_, err := d.Send(t.Context(), applicant, r.ID, cases.SendCommand{Type: "PAINT"})
			return err
		},
		func() error {
			_, err := d.SaveContext(t.Context(), applicant, r.ID, map[string]any{"color": "red"})
			return err
		},
		func() error {
			documents++
			_, _, err := d.AnnounceDocument(t.Context(), applicant, r.ID, cases.AnnounceCommand{ID: fmt.Sprint("doc_", documents), Kind: "passport", ContentType: "image/png", Size: 10, SHA256: sum("a")})
			return err
		},
	}
	for n, write := range writes {
		if err := write(); err != nil {
			t.Fatalf("write %d: %v", n, err)
		}
	}
	before := d.get(r.ID)
	other := applicant
	other.ID = "flow_2" // a new token is no way around it
	for n, write := range writes {
		if seconds := refusedFor(t, write()); seconds != 10 {
			t.Errorf("write %d is to come again in %d s", n, seconds)
		}
	}
	_, err := d.Send(t.Context(), other, r.ID, cases.SendCommand{Type: "PAINT"})
	refusedFor(t, err)
	if after := d.get(r.ID); after.Version != before.Version || after.Revision != before.Revision {
		t.Errorf("a refusal has written: %d and %d", before.Version, after.Version)
	}
	if _, err := d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "PAINT"}); err != nil {
		t.Errorf("the client waits for its applicant: %v", err)
	}
	d.pass(9 * time.Second)
	if seconds := refusedFor(t, writes[0]()); seconds != 1 {
		t.Errorf("%d s are left", seconds)
	}
	d.pass(time.Second)
	if err := writes[0](); err != nil {
		t.Errorf("after the stated time: %v", err)
	}
	d.verified(r.ID)
}

func TestAnApplicantAddsNoMoreThanATotal(t *testing.T) {
	d := newDesk(t, small)
	r, applicant := d.limited(t)
	paint := func() error {
		d.pass(time.Minute)
		_, err := d.Send(t.Context(), applicant, r.ID, cases.SendCommand{Type: "PAINT"})
		return err
	}
	for n := range tight.Applicant.Total {
		if err := paint(); err != nil {
			t.Fatalf("write %d: %v", n, err)
		}
	}
	if seconds := refusedFor(t, paint()); seconds != 24*60*60 {
		t.Errorf("asked to retry in %d s", seconds)
	}
	// Whoever works on the case still can.
	must[cases.Record](d)(d.Cancel(t.Context(), client, r.ID, 0, "no longer wanted"))
}

func TestAKeyWritesAtABoundedRateButCanEndTheCase(t *testing.T) {
	d := newDesk(t, small)
	r, _ := d.limited(t)
	paint := func() error {
		_, err := d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "PAINT"})
		return err
	}
	for n := range tight.Client.Burst {
		if err := paint(); err != nil {
			t.Fatalf("write %d: %v", n, err)
		}
	}
	if seconds := refusedFor(t, paint()); seconds != 1 {
		t.Errorf("asked to retry in %d s", seconds)
	}
	_, err := d.AddNote(t.Context(), client, r.ID, cases.NoteCommand{Text: "n"})
	refusedFor(t, err)
	if _, err := d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "n"}); err != nil {
		t.Errorf("a person has no limit: %v", err)
	}
	must[cases.Record](d)(d.Cancel(t.Context(), client, r.ID, 0, "no longer wanted"))
	d.verified(r.ID)
}

func TestLimitsHoldAcrossProcesses(t *testing.T) {
	d := newDesk(t, small)
	r, applicant := d.limited(t)
	config := d.Config
	refused := 0
	for n := range 6 {
		_, err := cases.New(config).Send(t.Context(), applicant, r.ID, cases.SendCommand{Type: "PAINT", IdempotencyID: fmt.Sprint(n)})
		if err != nil {
			refusedFor(t, err)
			refused++
		}
	}
	if refused != 6-tight.Applicant.Burst {
		t.Errorf("%d of 6 were refused", refused)
	}
	// What was done before is answered again, whatever the limit.
	if _, err := cases.New(config).Send(t.Context(), applicant, r.ID, cases.SendCommand{Type: "PAINT", IdempotencyID: "0"}); err != nil {
		t.Errorf("a repeated call: %v", err)
	}
}

func TestEveryNumberOfALimitHasADefault(t *testing.T) {
	got := cases.New(cases.Config{Limits: cases.Limits{Applicant: cases.Limit{Burst: -1, Total: 7}}}).Limits
	want := cases.DefaultLimits
	want.Applicant.Total = 7
	if got != want {
		t.Errorf("%+v", got)
	}
}
