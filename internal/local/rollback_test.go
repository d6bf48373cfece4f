package local_test

import (
	"fmt"
	"testing"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/local"
	"ballerine/internal/problem"
)

const releaseWorkflow = `
id: released
version: %d
initial: waiting
states:
  waiting:
    on: {GO: {target: done}}
    after: {PT1H: done}
  done: {type: final}
`

// TestARollbackLosesNothingOfANewerRelease has a newer release start a case beside the former one, as while a deployment is
// under way: the former one knows neither the machine nor the workflow. What it is to do with the case waits for the newer one.
func TestARollbackLosesNothingOfANewerRelease(t *testing.T) {
	data := t.TempDir()
	former, newer := fmt.Sprintf(releaseWorkflow, 1), fmt.Sprintf(releaseWorkflow, 2)
	s := run(t, local.Options{Data: data, Definitions: definitions(t, former)})
	parts := s.Core.Parts
	parts.Definitions = definitions(t, newer)
	beside, err := app.New(parts)
	if err != nil {
		t.Fatal(err)
	}
	r, err := beside.Cases.Start(t.Context(), s.client, cases.StartCommand{Workflow: "released", Subject: cases.SubjectInput{Type: "individual"}})
	if err != nil || r.Workflow.Version != 2 {
		t.Fatalf("%v %v", r.Workflow, err)
	}
	start := func() (waiting []cases.Effect) {
		effects, err := s.Core.Store.Outstanding(t.Context(), r.Tenant, r.ID, 1, r.CreatedAt)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range effects {
			if e.Kind == cases.EffectStart {
				waiting = append(waiting, e)
			}
		}
		return waiting
	}
	s.until("the former release tries to start the machine it does not know", func() bool {
		waiting := start()
		return len(waiting) == 1 && waiting[0].Delivery.Attempts > 0 && waiting[0].Delivery.DeadAt.IsZero()
	})
	if _, err := s.Core.Cases.Send(t.Context(), s.client, r.ID, cases.SendCommand{Type: "GO"}); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("the former release answers %v to an event: the caller would not send it again", err)
	}
	if _, err := s.Core.Sweep()(t.Context(), nil); err != nil {
		t.Logf("sweep: %v", err) // it reports that; the case rests
	}
	kept, err := beside.Cases.Get(t.Context(), s.client, r.ID)
	if err != nil || kept.Version != r.Version || len(start()) != 1 {
		t.Fatalf("the former release changed the case or lost its start: %+v, %v", kept, err)
	}
	s.stop()

	s = run(t, local.Options{Data: data, Definitions: definitions(t, newer)})
	defer s.stop()
	s.until("the newer release delivers the start", func() bool { return len(start()) == 0 })
	s.send(r.ID, "GO")
	s.reach(r.ID, "done")
	s.ended(r)
}
