package cases_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

func startOf(context map[string]any) cases.StartCommand {
	return cases.StartCommand{Workflow: "small", Subject: cases.SubjectInput{Type: "individual"}, Context: context}
}

func TestStartPutsTheCaseAtTheInitialState(t *testing.T) {
	d := newDesk(t)
	cmd := startOf(map[string]any{"applicant": map[string]any{"name": "Ada"}})
	cmd.ExternalID = "order-1"
	cmd.Subject.Data = map[string]any{"name": map[string]any{"given": "Ada", "family": "Byron"}}
	r := must[cases.Record](d)(d.Start(t.Context(), client, cmd))
	wantState(t, r, "collect")
	if r.Version != 1 || r.Status != cases.StatusActive || r.Workflow != (cases.WorkflowRef{ID: "small", Version: 3}) || !slices.Equal(r.Tags, []string{"collecting"}) {
		t.Errorf("record %+v", r)
	}
	if r.Subject.Name != "Ada Byron" || r.Execution.Name != r.ID+"-1" || !r.DueAt.Equal(epoch.AddDate(0, 0, 14)) {
		t.Errorf("subject %q, execution %q, due %s", r.Subject.Name, r.Execution.Name, r.DueAt)
	}
	change := d.store.last()
	begun := effects(change, "start")
	if len(begun) != 1 || begun[0].Name != r.ID+"-1" || begun[0].Label != "collect" || len(effects(change, "case.created")) != 1 {
		t.Errorf("effects %+v", change.Effects)
	}
	d.verified(r.ID)
}

func TestTheSubjectIsOfTheTypeThatTheWorkflowIsAbout(t *testing.T) {
	d := newDesk(t)
	cmd := startOf(map[string]any{"applicant": map[string]any{"name": "Ada"}})
	cmd.Subject.Type = ""
	r := must[cases.Record](d)(d.Start(t.Context(), client, cmd))
	if r.Subject.Type != "individual" {
		t.Errorf("the subject is of type %q", r.Subject.Type)
	}
}

func TestStartWithAReservedIDCreatesOneCase(t *testing.T) {
	d := newDesk(t)
	cmd := startOf(nil)
	cmd.ID, cmd.ExternalID = "case_reserved", "order-1"
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if r, err := d.Start(t.Context(), client, cmd); err != nil || r.ID != "case_reserved" {
				t.Errorf("case %q, error %v", r.ID, err)
			}
		})
	}
	group.Wait()
	if d.store.count() != 1 {
		t.Errorf("%d commits, want 1", d.store.count())
	}
}

func TestStartWithATakenExternalIDNamesItsCase(t *testing.T) {
	d := newDesk(t)
	cmd := startOf(nil)
	cmd.ExternalID = "order-1"
	first := must[cases.Record](d)(d.Start(t.Context(), client, cmd))
	_, err := d.Start(t.Context(), client, cmd)
	if e := wantCode(t, err, problem.AlreadyExists); e.Details["case"] != first.ID {
		t.Errorf("details %v, want case %s", e.Details, first.ID)
	}
	if _, err := d.Start(t.Context(), foreigner, cmd); err != nil {
		t.Errorf("another tenant's external id is taken: %v", err)
	}
}

func TestAFinishedCustomerIsOnboardedAgain(t *testing.T) {
	d := newDesk(t)
	cmd := startOf(nil)
	cmd.ExternalID, cmd.Subject.ExternalID = "customer-1", "person-1"
	first := must[cases.Record](d)(d.Start(t.Context(), client, cmd))
	must[cases.Record](d)(d.Cancel(t.Context(), client, first.ID, 0, "withdrawn"))
	second := must[cases.Record](d)(d.Start(t.Context(), client, cmd))
	if second.ID == first.ID || second.Subject.ID != first.Subject.ID {
		t.Errorf("cases %s and %s, subjects %s and %s", first.ID, second.ID, first.Subject.ID, second.Subject.ID)
	}
	_, err := d.Start(t.Context(), client, cmd)
	if e := wantCode(t, err, problem.AlreadyExists); e.Details["case"] != second.ID {
		t.Errorf("details %v, want case %s", e.Details, second.ID)
	}
	page, err := d.List(t.Context(), client, cases.Query{ExternalID: "customer-1", Limit: 10})
	if err != nil || len(page.Records) != 2 {
		t.Errorf("%d cases have had the external id, %v", len(page.Records), err)
	}
}

func TestOneOfManyTakesAnEndedCasesExternalIDOver(t *testing.T) {
	d := newDesk(t)
	cmd := startOf(nil)
	cmd.ExternalID = "customer-1"
	first := must[cases.Record](d)(d.Start(t.Context(), client, cmd))
	must[cases.Record](d)(d.Cancel(t.Context(), client, first.ID, 0, "withdrawn"))
	var group sync.WaitGroup
	var won atomic.Int32
	for range 8 {
		group.Go(func() {
			if _, err := d.Start(t.Context(), client, cmd); err == nil {
				won.Add(1)
			} else if problem.CodeOf(err) != problem.AlreadyExists {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d open cases have the external id", won.Load())
	}
}

func TestStartReportsAllProblemsOfTheContextWithoutValues(t *testing.T) {
	d := newDesk(t)
	cmd := startOf(map[string]any{
		"applicant": map[string]any{"age": 12.0, "nick": "Secretive"}, "color": "Ultraviolet", "unknown": "Hidden",
		"lookup": map[string]any{"forged": true}, "documents": map[string]any{"all_received": true}, "risk": 1.0,
	})
	cmd.Subject.Type = "business"
	_, err := d.Start(t.Context(), client, cmd)
	e := wantCode(t, err, problem.Invalid)
	got := map[string]bool{}
	for _, f := range e.Fields {
		got[f.Location] = true
	}
	want := []string{
		"body.context.applicant.age", "body.context.applicant.name", "body.context.applicant.nick", "body.context.color", "body.context.documents",
		"body.context.lookup", "body.context.risk", "body.context.unknown", "body.subject.type",
	}
	if locations := slices.Sorted(maps.Keys(got)); !slices.Equal(locations, want) {
		t.Errorf("places\n%s\nwant\n%s", strings.Join(locations, "\n"), strings.Join(want, "\n"))
	}
	for _, value := range []string{"Secretive", "Ultraviolet", "Hidden", "12"} {
		if strings.Contains(e.Error(), value) {
			t.Errorf("the error shows a rejected value: %v", e)
		}
	}
	if d.store.count() != 0 {
		t.Error("something was written")
	}
}

func TestContextIsBoundedHoweverItGrows(t *testing.T) {
	d := newDesk(t)
	half := strings.Repeat("x", 101<<10)
	_, err := d.Start(t.Context(), client, startOf(map[string]any{"blob": half + half}))
	wantCode(t, err, problem.TooLarge)

	r := must[cases.Record](d)(d.Start(t.Context(), client, startOf(map[string]any{"blob": half})))
	_, err = d.SaveContext(t.Context(), client, r.ID, map[string]any{"blob": half + half})
	wantCode(t, err, problem.TooLarge)

	d.send(r.ID, "GO")
	_, err = d.FinishWork(t.Context(), d.begin(r.ID, "lookup"), cases.Outcome{Payload: map[string]any{"data": half}})
	wantCode(t, err, problem.TooLarge)
	if now := d.get(r.ID); now.Version != 2 {
		t.Errorf("the case is at version %d, want 2: nothing too large is written", now.Version)
	}
}

func TestEventsCannotGrowTheContextBeyondItsBound(t *testing.T) {
	d := newDesk(t)
	r := must[cases.Record](d)(d.Start(t.Context(), client, startOf(map[string]any{"base": strings.Repeat("x", 150<<10)})))
	cmd := cases.SendCommand{Type: "FILL", Payload: map[string]any{"blob": strings.Repeat("x", 40<<10)}}
	if _, err := d.Send(t.Context(), client, r.ID, cmd); err != nil {
		t.Fatal(err)
	}
	cmd.Payload = map[string]any{"blob": strings.Repeat("x", 60<<10)}
	_, err := d.Send(t.Context(), client, r.ID, cmd)
	if e := wantCode(t, err, problem.TooLarge); !slices.Equal(places(e), []string{"body.context too_large"}) {
		t.Errorf("refused for another reason: %v", e)
	}
	cmd.Payload = map[string]any{"blob": strings.Repeat("x", 65<<10)}
	_, err = d.Send(t.Context(), client, r.ID, cmd)
	wantCode(t, err, problem.TooLarge)
}

func TestStartOfAnUnknownWorkflowIsRefused(t *testing.T) {
	d := newDesk(t)
	_, err := d.Start(t.Context(), client, cases.StartCommand{Workflow: "nothing"})
	wantCode(t, err, problem.UnknownWorkflow)
}

func TestCaseThatEndsAtOnceIsPublishedAsCreatedAndCompleted(t *testing.T) {
	d := newDesk(t)
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "instant", Subject: cases.SubjectInput{Type: "individual"}}))
	if r.Status != cases.StatusCompleted || r.Outcome != "over" {
		t.Fatalf("status %s, outcome %q", r.Status, r.Outcome)
	}
	change := d.store.last()
	if len(effects(change, "case.created")) != 1 || len(effects(change, "case.completed")) != 1 {
		t.Errorf("effects %+v", change.Effects)
	}
	d.verified(r.ID)
}

func TestSubjectIsSharedByItsCases(t *testing.T) {
	d := newDesk(t)
	cmd := startOf(nil)
	cmd.Subject.ExternalID, cmd.Subject.Data = "person-1", map[string]any{"name": "Ada", "email": "ada@example.test"}
	first := must[cases.Record](d)(d.Start(t.Context(), client, cmd))
	cmd.Subject.Data = map[string]any{"name": "Ada Byron"}
	second := must[cases.Record](d)(d.Start(t.Context(), client, cmd))
	if first.Subject.ID != second.Subject.ID {
		t.Errorf("subjects %s and %s, want one", first.Subject.ID, second.Subject.ID)
	}
	kept := must[cases.Subject](d)(d.Store.Subject(t.Context(), "demo", "individual", "person-1"))
	if kept.Data["name"] != "Ada Byron" || kept.Data["email"] != "ada@example.test" {
		t.Errorf("what is known of the subject was not merged: %v", kept.Data)
	}
}
