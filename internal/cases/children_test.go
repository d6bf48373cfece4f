package cases_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

const company = `
id: company
subject: business
context:
  schema:
    type: object
    properties:
      owners: {type: array, items: {type: object}}
      country: {type: string}
      alarmed: {type: boolean}
    additionalProperties: false
initial: owners
by: [applicant, client, reviewer]
states:
  owners:
    tags: [collection_flow]
    invoke:
      - src: children
        id: people
        input:
          workflow: owner
          each: owners
          until: UNTIL
          subject: {type: "'individual'", external_id: item.id, name.given: item.first, name.family: item.last}
          context: {person.name: item.first, person.country: "coalesce(item.country, country)", person.place: index}
          external_id: item.id
          result: {name: person.name, verdict: verdict}
    on:
      child.people:
        - {guard: "event.payload.outcome == 'rejected' && country == 'XX'", target: alarm}
        - {guard: "children.people.outcomes.rejected > 1", actions: {type: assign, values: {alarmed: true}}}
      LEAVE: {target: left, by: [applicant, client, reviewer]}
    onDone:
      - {guard: "children.people.outcomes.rejected > 0", target: review}
      - {guard: "children.people.completed == children.people.total", target: approved}
      - {target: review}
    after: {P5D: left}
  left: {on: {AGAIN: owners, REST: approved}}
  review: {on: {approve: approved, AGAIN: owners}, tags: [manual_review], by: [client, reviewer]}
  alarm: {type: final}
  approved: {type: final}
`

const owner = `
id: owner
subject: individual
context:
  schema:
    type: object
    properties:
      person:
        type: object
        properties: {name: {type: string, maxLength: 10}, country: {type: string}, place: {type: number}}
        required: [name]
      verdict: {type: string}
    additionalProperties: false
initial: open
by: [applicant, client, reviewer]
states:
  open:
    tags: [manual_review]
    by: [client, reviewer]
    on:
      approve: {target: approved, actions: {type: assign, values: {verdict: "'good'"}}}
      reject: rejected
      MOVE: waiting
  waiting: {on: {BACK: open}}
  approved: {type: final}
  rejected: {type: final}
`

// family is a company with its owners.
type family struct {
	*desk
	parent string
}

func newFamily(t testing.TB, until string, owners ...map[string]any) *family {
	t.Helper()
	d := newDesk(t, strings.ReplaceAll(company, "UNTIL", until), owner)
	list := []any{}
	for _, o := range owners {
		list = append(list, o)
	}
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{
		Workflow: "company", Subject: cases.SubjectInput{Type: "business"}, Context: map[string]any{"owners": list, "country": "DE"},
	}))
	return &family{d, r.ID}
}

func people(names ...string) (found []map[string]any) {
	for _, name := range names {
		found = append(found, map[string]any{"id": "p-" + name, "first": name, "last": "Eriksson"})
	}
	return found
}

// work does the job that starts the children, as the task does.
func (f *family) work() (cases.Job, cases.Outcome) {
	f.t.Helper()
	job, todo, follow, err := f.BeginWork(f.t.Context(), cases.Branch{Tenant: "demo", Case: f.parent}, "owners", "people")
	if err != nil || !todo {
		f.t.Fatalf("the children are not to be started: at %s, %v", follow.Label, err)
	}
	outcome, err := f.StartChildren(f.t.Context(), job)
	if err != nil {
		f.t.Fatal(err)
	}
	return job, outcome
}

// begin starts the children and reports that to the case.
func (f *family) begin() cases.Record {
	f.t.Helper()
	job, outcome := f.work()
	outcome.Run = f.runOf(job)
	must[cases.ExecutionInput](f.desk)(f.FinishWork(f.t.Context(), job, outcome))
	return f.get(f.parent)
}

// deliver makes the reports and cancellations of the outbox happen until there are none.
func (f *family) deliver() {
	f.t.Helper()
	for {
		found := must[[]cases.Effect](f.desk)(f.store.Undelivered(f.t.Context(), f.time().Add(time.Millisecond), 1000))
		mine := slices.DeleteFunc(found, func(e cases.Effect) bool { return e.Kind != cases.EffectReport && e.Kind != cases.EffectCancel })
		if len(mine) == 0 {
			return
		}
		for _, effect := range mine {
			f.happen(effect)
			if err := f.store.Delivered(f.t.Context(), effect); err != nil {
				f.t.Fatal(err)
			}
		}
	}
}

func (f *family) happen(effect cases.Effect) {
	f.t.Helper()
	var err error
	if effect.Kind == cases.EffectReport {
		err = f.Reported(f.t.Context(), effect)
	} else {
		err = f.CancelChildren(f.t.Context(), effect.Tenant, effect.Cancels()...)
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// children of the parent, by their place in the list.
func (f *family) children() []cases.Record {
	f.t.Helper()
	page := must[cases.Page](f.desk)(f.List(f.t.Context(), client, cases.Query{Parent: f.parent, Limit: 200}))
	slices.SortFunc(page.Records, func(a, b cases.Record) int {
		return (a.Parent.Visit-b.Parent.Visit)*1000 + a.Parent.Index - b.Parent.Index
	})
	return page.Records
}

// known is what the parent knows of its children.
func (f *family) known() map[string]any {
	f.t.Helper()
	children, _ := f.get(f.parent).Context["children"].(map[string]any)
	group, _ := children["people"].(map[string]any)
	return group
}

func (f *family) wantCounts(active, completed, cancelled float64) {
	f.t.Helper()
	if g := f.known(); g["active"] != active || g["completed"] != completed || g["cancelled"] != cancelled {
		f.t.Fatalf("active %v completed %v cancelled %v, want %v %v %v", g["active"], g["completed"], g["cancelled"], active, completed, cancelled)
	}
}

func TestOneChildForEachElementOfTheListAndNothingTwice(t *testing.T) {
	f := newFamily(t, "all", people("Anna", "Bert")...)
	f.work()
	before := f.get(f.parent).Version
	f.work() // the function is called again before it could tell
	if after := f.get(f.parent).Version; after != before {
		t.Errorf("the second attempt has written: version %d, then %d", before, after)
	}
	r := f.begin()
	wantState(t, r, "owners")
	children := f.children()
	if len(children) != 2 {
		t.Fatalf("%d children", len(children))
	}
	for i, child := range children {
		name := []string{"Anna", "Bert"}[i]
		person, _ := child.Context["person"].(map[string]any)
		if child.Subject.Name != name+" Eriksson" || child.Subject.ExternalID != "p-"+name || child.ExternalID != "p-"+name ||
			person["name"] != name || person["country"] != "DE" || person["place"] != float64(i) {
			t.Errorf("child %d: %+v %v", i, child.Subject, child.Context)
		}
		want := cases.Parent{Case: f.parent, State: "owners", Visit: r.Snapshot.Active[0].Visit, Work: "people", Index: i}
		if *child.Parent != want {
			t.Errorf("parent %+v, want %+v", *child.Parent, want)
		}
		at := slices.IndexFunc(f.store.changes, func(c cases.Change) bool { return c.Next.ID == child.ID })
		if got := effects(f.store.changes[at], "start"); len(got) != 1 || got[0].Name != child.Execution.Name {
			t.Errorf("the execution of child %d is not started: %v", i, got)
		}
	}
	f.deliver()
	f.wantCounts(2, 0, 0)
	f.verified(f.parent)
	f.verified(children[0].ID)
}

func TestTheWorkIsDoneWhenAllHaveEnded(t *testing.T) {
	f := newFamily(t, "all", people("Anna", "Bert")...)
	f.begin()
	children := f.children()
	f.send(children[0].ID, "approve")
	f.deliver()
	wantState(t, f.get(f.parent), "owners")
	f.wantCounts(1, 1, 0)
	f.send(children[1].ID, "approve")
	f.deliver()
	r := f.get(f.parent)
	wantState(t, r, "approved")
	result, _ := r.Context["people"].(map[string]any)
	outcomes, _ := result["outcomes"].(map[string]any)
	if result["total"] != 2.0 || outcomes["approved"] != 2.0 || outcomes["rejected"] != 0.0 {
		t.Errorf("result %v", result)
	}
	child, _ := f.known()["cases"].(map[string]any)[children[0].ID].(map[string]any)
	if taken, _ := child["result"].(map[string]any); taken["name"] != "Anna" || taken["verdict"] != "good" || child["outcome"] != "approved" {
		t.Errorf("what the parent knows of Anna: %v", child)
	}
	f.verified(f.parent)
}

func TestGuardsCountTheChildren(t *testing.T) {
	f := newFamily(t, "all", people("Anna", "Bert", "Cora")...)
	f.begin()
	for i, event := range []string{"reject", "approve", "reject"} {
		f.send(f.children()[i].ID, event)
		f.deliver()
	}
	r := f.get(f.parent)
	wantState(t, r, "review")
	if r.Context["alarmed"] != true {
		t.Error("the event of the second rejection had no effect")
	}
}

func TestHowManyTheWorkWaitsFor(t *testing.T) {
	for until, ends := range map[string]int{"all": 3, "any": 1, "2": 2, "none": 0, "100": 3} {
		t.Run(until, func(t *testing.T) {
			f := newFamily(t, until, people("Anna", "Bert", "Cora")...)
			f.begin()
			f.deliver()
			for i, child := range f.children() {
				if busy := f.get(f.parent).Snapshot.Active[0].State == "owners"; busy != (i < ends) {
					t.Fatalf("after %d have ended: at %s", i, f.get(f.parent).Snapshot.Active[0].State)
				}
				f.send(child.ID, "approve")
				f.deliver()
			}
			if f.get(f.parent).Snapshot.Active[0].State == "owners" {
				t.Error("never done")
			}
			for _, child := range f.children() {
				if child.Status != cases.StatusCompleted {
					t.Errorf("%s: the work was done, nobody called them off", child.Status)
				}
			}
		})
	}
}

func TestNoElementsAreNoChildrenAndTheWorkIsDone(t *testing.T) {
	f := newFamily(t, "all")
	wantState(t, f.begin(), "approved")
	if len(f.children()) != 0 {
		t.Error("children of nobody")
	}
}

func TestReportsCountOnceAndTheNewestOne(t *testing.T) {
	f := newFamily(t, "all", people("Anna", "Bert")...)
	f.begin()
	anna := f.children()[0].ID
	f.send(anna, "MOVE")
	f.send(anna, "BACK")
	f.send(anna, "approve")
	reports := must[[]cases.Effect](f.desk)(f.store.Undelivered(t.Context(), f.time().Add(time.Millisecond), 1000))
	reports = slices.DeleteFunc(reports, func(e cases.Effect) bool { return e.Kind != cases.EffectReport || e.Case != anna })
	slices.Reverse(reports)
	if len(reports) != 4 {
		t.Fatalf("%d reports, want one for each change", len(reports))
	}
	f.happen(reports[0])
	before := f.get(f.parent)
	for _, late := range reports {
		f.happen(late)
	}
	if after := f.get(f.parent); after.Version != before.Version {
		t.Errorf("late reports have written: version %d, then %d", before.Version, after.Version)
	}
	f.wantCounts(1, 1, 0)
	f.deliver()
	f.wantCounts(1, 1, 0)
}

func TestWhatDoesNotMoveAChildIsNotReported(t *testing.T) {
	f := newFamily(t, "all", people("Anna")...)
	f.begin()
	anna := f.children()[0].ID
	must[cases.Note](f.desk)(f.AddNote(t.Context(), reviewer, anna, cases.NoteCommand{Text: "a remark"}))
	if got := effects(f.store.last(), "report"); len(got) != 0 {
		t.Errorf("%d reports of a note", len(got))
	}
}

func TestCancellingACaseCancelsItsChildrenAndTheirs(t *testing.T) {
	nested := strings.ReplaceAll(strings.ReplaceAll(company, "UNTIL", "all"), "id: company", "id: holding")
	nested = strings.ReplaceAll(nested, "workflow: owner", "workflow: company")
	nested = strings.ReplaceAll(nested, `{type: "'individual'", external_id`, `{type: "'business'", external_id`)
	nested = strings.ReplaceAll(nested, `context: {person.name: item.first, person.country: "coalesce(item.country, country)", person.place: index}`, "context: {owners: item.owners, country: \"'DE'\"}")
	d := newDesk(t, nested, strings.ReplaceAll(company, "UNTIL", "all"), owner)
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{
		Workflow: "holding", Subject: cases.SubjectInput{Type: "business"},
		Context: map[string]any{"owners": []any{map[string]any{"id": "c-1", "first": "Acme", "owners": []any{map[string]any{"id": "p-1", "first": "Anna"}}}}},
	}))
	above := &family{d, r.ID}
	above.begin()
	below := &family{d, above.children()[0].ID}
	below.begin()
	anna := below.children()[0]
	if anna.Parent.Depth != 1 {
		t.Errorf("depth %d", anna.Parent.Depth)
	}
	must[cases.Record](d)(d.Cancel(t.Context(), client, r.ID, 0, "withdrawn"))
	above.deliver()
	for _, id := range []string{r.ID, below.parent, anna.ID} {
		if got := d.get(id); got.Status != cases.StatusCancelled {
			t.Errorf("%s is %s", got.Workflow.ID, got.Status)
		}
		d.verified(id)
	}
}

func TestLeavingTheStateCallsTheOpenChildrenOff(t *testing.T) {
	f := newFamily(t, "all", people("Anna", "Bert")...)
	f.begin()
	f.send(f.children()[0].ID, "approve")
	f.deliver()
	f.send(f.parent, "LEAVE")
	f.deliver()
	children := f.children()
	if children[0].Status != cases.StatusCompleted || children[1].Status != cases.StatusCancelled {
		t.Errorf("%s and %s", children[0].Status, children[1].Status)
	}
	wantState(t, f.get(f.parent), "left")

	f.send(f.parent, "AGAIN")
	job, todo, _, err := f.BeginWork(t.Context(), cases.Branch{Tenant: "demo", Case: f.parent}, "owners", "people")
	if err != nil || !todo {
		t.Fatal(todo, err)
	}
	if _, err = f.StartChildren(t.Context(), job); err != nil { // the former children have ended, and give their external ids up
		t.Fatal(err)
	}
}

func TestAChildThatIsStartedTooLateIsCalledOff(t *testing.T) {
	f := newFamily(t, "all", people("Anna")...)
	seen := 0
	f.store.beforeCommit = func() { // between the parent's announcement and the child's first record
		if seen++; seen == 2 {
			f.store.beforeCommit = nil
			f.send(f.parent, "LEAVE")
			f.deliver() // the cancellation finds nobody
		}
	}
	f.work()
	if f.children()[0].Status != cases.StatusActive {
		t.Fatal("the child was not started late: the test proves nothing")
	}
	f.deliver()
	if got := f.children()[0].Status; got != cases.StatusCancelled {
		t.Errorf("an orphan is %s", got)
	}
}

func TestAllChildrenAreCheckedBeforeTheFirstIsStarted(t *testing.T) {
	long := map[string]any{"id": "p-1", "first": "Maximiliane"}
	f := newFamily(t, "all", append(people("Anna"), long, map[string]any{"id": "p-2"})...)
	job, _, _, err := f.BeginWork(t.Context(), cases.Branch{Tenant: "demo", Case: f.parent}, "owners", "people")
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.StartChildren(t.Context(), job)
	p := wantCode(t, err, problem.Invalid)
	want := []string{"children[1].context.person.name maxLength", "children[2].context.person.name required"}
	if got := places(p); !slices.Equal(got, want) {
		t.Errorf("places %v, want %v", got, want)
	}
	if strings.Contains(p.Message, "Maximiliane") || !strings.Contains(p.Message, "children[1].context.person.name") {
		t.Errorf("message %q", p.Message)
	}
	if len(f.children()) != 0 || f.known() != nil {
		t.Error("some were started")
	}
}

func TestAListThatIsNotThereIsAFailureAndNotNobody(t *testing.T) {
	f := newFamily(t, "all", people("Anna")...)
	must[cases.Record](f.desk)(f.SaveContext(t.Context(), client, f.parent, map[string]any{"owners": nil}))
	job, _, _, err := f.BeginWork(t.Context(), cases.Branch{Tenant: "demo", Case: f.parent}, "owners", "people")
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.StartChildren(t.Context(), job)
	if p := wantCode(t, err, problem.Invalid); !strings.Contains(p.Message, "owners") {
		t.Errorf("message %q", p.Message)
	}
}

func TestAChildReportsADecisionAfterItsUndoPeriod(t *testing.T) {
	f := newFamily(t, "all", people("Anna")...)
	f.begin()
	f.deliver()
	anna := f.children()[0]
	must[cases.Record](f.desk)(f.Decide(t.Context(), reviewer, anna.ID, anna.Version, cases.DecideCommand{Event: "approve", Undo: 10 * time.Second}))
	f.deliverDue()
	f.wantCounts(1, 0, 0)
	f.pass(12 * time.Second)
	f.deliverDue()
	wantState(t, f.get(f.parent), "approved")
}

// deliverDue is deliver without what is held back.
func (f *family) deliverDue() {
	f.t.Helper()
	found := must[[]cases.Effect](f.desk)(f.store.Undelivered(f.t.Context(), f.time().Add(time.Millisecond), 1000))
	for _, effect := range found {
		if (effect.Kind == cases.EffectReport || effect.Kind == cases.EffectCancel) && !effect.Due().After(f.time()) {
			f.happen(effect)
		}
	}
}

func TestAWorkflowThatStartsCasesOfItselfComesToAnEnd(t *testing.T) {
	chain := `
id: chain
subject: individual
initial: next
by: [applicant, client, reviewer]
states:
  next:
    invoke: {src: children, id: again, input: {workflow: chain}}
    onDone: end
  end: {type: final}
`
	d := newDesk(t, chain)
	id := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "chain", Subject: cases.SubjectInput{Type: "individual"}})).ID
	for depth := range 20 {
		job, _, _, err := d.BeginWork(t.Context(), cases.Branch{Tenant: "demo", Case: id}, "next", "again")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = d.StartChildren(t.Context(), job); err != nil {
			if p := wantCode(t, err, problem.Invalid); !slices.Equal(places(p), []string{"children too_deep"}) || depth < 5 {
				t.Errorf("at depth %d: %v", depth, err)
			}
			return
		}
		page := must[cases.Page](d)(d.List(t.Context(), client, cases.Query{Parent: id, Limit: 10}))
		id = page.Records[0].ID
	}
	t.Error("it goes on for ever")
}

func TestClientsCannotReport(t *testing.T) {
	f := newFamily(t, "all", people("Anna")...)
	f.begin()
	_, err := f.Send(t.Context(), client, f.parent, cases.SendCommand{Type: statechart.ChildEvent("people")})
	wantCode(t, err, problem.Invalid)
	_, err = f.SaveContext(t.Context(), client, f.parent, map[string]any{"children": map[string]any{"people": map[string]any{"active": 0}}})
	wantCode(t, err, problem.Invalid)
}
