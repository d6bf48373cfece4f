package cases_test

import (
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// clientOnly is collected by systems only; a person can put data right all the same.
const clientOnly = `
id: clientonly
subject: individual
documents: [{kind: letter, required: false}]
initial: collect
states:
  collect: {by: [client], on: {SUBMIT: review}}
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}, always: {guard: n > 500, target: approved}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`

// desked is a case for whose data the desk is asked.
const desked = `
id: desked
subject: individual
documents: [{kind: letter, required: false}]
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: review}}
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`

var manager = identity.Principal{Tenant: "demo", Kind: identity.User, ID: "user_5", Roles: []string{"manager"}}

func (d *desk) startOf(who identity.Principal, wf string) cases.Record {
	d.t.Helper()
	return must[cases.Record](d)(d.Start(d.t.Context(), who, cases.StartCommand{Workflow: wf, Subject: cases.SubjectInput{Type: "individual"}}))
}

func (d *desk) decides(who identity.Principal, id, event string) error {
	_, err := d.Decide(d.t.Context(), who, id, d.get(id).Version, cases.DecideCommand{Event: event, Reason: "checked", Comment: "c"})
	return err
}

func TestWhoChangesDataDoesNotApproveWhereverTheCaseIs(t *testing.T) {
	patch := func(n float64) func(*desk, string) error {
		return func(d *desk, id string) error {
			_, err := d.SaveContext(d.t.Context(), clerk, id, map[string]any{"n": n})
			return err
		}
	}
	submit := func(d *desk, id string) error {
		_, err := d.Send(d.t.Context(), client, id, cases.SendCommand{Type: "SUBMIT"})
		return err
	}
	link := applicantOf("")
	link.By = clerk.ID
	byLink := func(d *desk, id string) error {
		p := link
		p.Case = id
		_, err := d.SaveContext(d.t.Context(), p, id, map[string]any{"n": 1.0})
		return err
	}
	for name, test := range map[string]struct {
		workflow string
		steps    []func(*desk, string) error
	}{
		"a correction in review":       {"desked", []func(*desk, string) error{submit, patch(1)}},
		"only the client is asked":     {"clientonly", []func(*desk, string) error{patch(1), submit}},
		"data by the applicant's link": {"desked", []func(*desk, string) error{byLink, submit}},
		"an event that writes the data": {"desked", []func(*desk, string) error{submit, func(d *desk, id string) error {
			_, err := d.Send(d.t.Context(), clerk, id, cases.SendCommand{Type: cases.EventUpdateContext, Payload: map[string]any{"context": map[string]any{"n": 2.0}}})
			return err
		}}},
		"a document in review": {"desked", []func(*desk, string) error{submit, func(d *desk, id string) error {
			_, _, err := d.AnnounceDocument(d.t.Context(), clerk, id, cases.AnnounceCommand{Kind: "letter", ContentType: "image/png", Size: 10, SHA256: strings.Repeat("ab", 32)})
			return err
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, clientOnly, desked)
			r := d.startOf(client, test.workflow)
			for _, step := range test.steps {
				if err := step(d, r.ID); err != nil {
					t.Fatal(err)
				}
			}
			wantCode(t, d.decides(clerk, r.ID, "approve"), problem.FourEyes)
			if needs := must[cases.View](d)(d.View(t.Context(), clerk, d.get(r.ID))).Needs; needs == nil || !needs.Supplied {
				t.Errorf("needs %+v", needs)
			}
			if err := d.decides(reviewer, r.ID, "approve"); err != nil {
				t.Errorf("somebody else: %v", err)
			}
			d.verified(r.ID)
		})
	}
	t.Run("what a correction decides by itself", func(t *testing.T) {
		d := newDesk(t, clientOnly)
		r := d.startOf(client, "clientonly")
		if err := submit(d, r.ID); err != nil {
			t.Fatal(err)
		}
		wantCode(t, patch(900)(d, r.ID), problem.FourEyes)
		if err := patch(1)(d, r.ID); err != nil {
			t.Error(err)
		}
		if err := d.decides(clerk, r.ID, "reject"); err != nil {
			t.Errorf("they may reject: %v", err)
		}
	})
}

func TestWhoSuppliesADocumentDoesNotApproveIt(t *testing.T) {
	d := newDesk(t, desked)
	r := d.startOf(client, "desked")
	doc, _, err := d.AnnounceDocument(t.Context(), clerk, r.ID, cases.AnnounceCommand{Kind: "letter", ContentType: "image/png", Size: 10, SHA256: strings.Repeat("ab", 32)})
	if err != nil {
		t.Fatal(err)
	}
	d.files.put(doc.Key, cases.ObjectInfo{Size: 10, ContentType: "image/png"})
	must[cases.Record](d)(d.DocumentArrived(t.Context(), "demo", r.ID, doc.ID))
	decide := func(who identity.Principal, decision string) error {
		_, err := d.DecideDocument(t.Context(), who, r.ID, doc.ID, d.get(r.ID).Version, cases.DocumentDecisionCommand{Decision: decision, Reason: "blurred"})
		return err
	}
	wantCode(t, decide(clerk, "approved"), problem.FourEyes)
	for who, decision := range map[*identity.Principal]string{&clerk: "revision", &reviewer: "approved"} {
		if err := decide(*who, decision); err != nil {
			t.Errorf("%s %s: %v", who.ID, decision, err)
		}
	}
	must[cases.Record](d)(d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "SUBMIT"}))
	_, err = d.Decide(t.Context(), clerk, r.ID, d.get(r.ID).Version, cases.DecideCommand{Event: "reject", Reason: "r", Documents: []cases.DocumentDecisionCommand{{ID: doc.ID, Decision: "approved"}}})
	wantCode(t, err, problem.FourEyes)
}

func TestAPersonsUploadLinkEndsWithCollecting(t *testing.T) {
	for name, collecting := range map[string]bool{"announced for the applicant": true, "announced in review": false} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, desked)
			r := d.startOf(client, "desked")
			submit := func() { must[cases.Record](d)(d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "SUBMIT"})) }
			if !collecting {
				submit()
			}
			doc, _, err := d.AnnounceDocument(t.Context(), clerk, r.ID, cases.AnnounceCommand{Kind: "letter", ContentType: "image/png", Size: 10, SHA256: strings.Repeat("ab", 32)})
			if err != nil {
				t.Fatal(err)
			}
			if collecting {
				submit()
			}
			d.files.put(doc.Key, cases.ObjectInfo{Size: 10, ContentType: "image/png"})
			got := must[cases.Record](d)(d.DocumentArrived(t.Context(), "demo", r.ID, doc.ID)).Documents[0].Status
			if want := map[bool]cases.DocumentStatus{true: cases.DocumentAwaitingUpload, false: cases.DocumentReceived}[collecting]; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

const parentOf = `
id: parentof
subject: individual
initial: kin
states:
  kin:
    invoke:
      src: children
      id: people
      input: {workflow: desked, until: all, subject: {type: "'individual'"}}
    onDone:
      - {guard: "people.outcomes.approved == people.total", target: approved}
      - {target: review}
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`

func TestChildrenHaveTheSuppliersOfTheirParent(t *testing.T) {
	d := newDesk(t, desked, parentOf)
	r := d.startOf(clerk, "parentof")
	if _, err := d.StartChildren(t.Context(), d.beginAt(r.ID, "kin", "people")); err != nil {
		t.Fatal(err)
	}
	page := must[cases.Page](d)(d.store.List(t.Context(), "demo", cases.Query{Parent: r.ID, Limit: 10}))
	if len(page.Records) != 1 {
		t.Fatalf("%d children", len(page.Records))
	}
	child := page.Records[0].ID
	must[cases.Record](d)(d.Send(t.Context(), client, child, cases.SendCommand{Type: "SUBMIT"}))
	wantCode(t, d.decides(clerk, child, "approve"), problem.FourEyes)
	if err := d.decides(reviewer, child, "approve"); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

// stuck is a case that fails at its only work, of which the result leads to the end or to a person.
const stuck = `
id: stuck
subject: individual
initial: check
states:
  check:
    invoke: {src: vendor, id: look, input: {plugin: lookup}}
    onDone:
      - {guard: look.fine == true, target: approved}
      - {target: review}
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`

func (d *desk) failedAt(who identity.Principal) (id, incident string) {
	d.t.Helper()
	r := d.startOf(who, "stuck")
	job := d.begin(r.ID, "look")
	if _, err := d.FailWork(d.t.Context(), job.Branch, "check", "look", job.Visit, cases.Failure{Error: "timeout", Attempts: 1}); err != nil {
		d.t.Fatal(err)
	}
	return r.ID, d.get(r.ID).Incidents[0].ID
}

func TestResultsByHandApproveNothing(t *testing.T) {
	skip := func(d *desk, who identity.Principal, id, incident string, fine bool) error {
		_, err := d.SkipIncident(d.t.Context(), who, id, incident, map[string]any{"fine": fine}, "by hand")
		return err
	}
	t.Run("who has supplied data gives none", func(t *testing.T) {
		d := newDesk(t, stuck)
		id, incident := d.failedAt(manager)
		wantCode(t, skip(d, manager, id, incident, false), problem.FourEyes)
		if err := skip(d, confirmer, id, incident, false); err != nil {
			t.Error(err)
		}
	})
	t.Run("who gives one does not approve", func(t *testing.T) {
		d := newDesk(t, stuck)
		id, incident := d.failedAt(client)
		wantCode(t, skip(d, manager, id, incident, true), problem.FourEyes) // it would by itself
		if err := skip(d, manager, id, incident, false); err != nil {
			t.Fatal(err)
		}
		wantCode(t, d.decides(manager, id, "approve"), problem.FourEyes)
		if err := d.decides(confirmer, id, "approve"); err != nil {
			t.Errorf("somebody else: %v", err)
		}
	})
	t.Run("nor does who may hold the key", func(t *testing.T) {
		d := newDesk(t, stuck)
		d.behind = map[string][]string{client.ID: {manager.ID}}
		id, incident := d.failedAt(client)
		if err := skip(d, client, id, incident, false); err != nil {
			t.Fatal(err)
		}
		wantCode(t, d.decides(manager, id, "approve"), problem.FourEyes)
	})
	t.Run("who corrects data and retries does not approve", func(t *testing.T) {
		d := newDesk(t, stuck)
		id, incident := d.failedAt(client)
		must[cases.Record](d)(d.RetryIncident(t.Context(), manager, id, incident, map[string]any{"n": 1.0}))
		d.finish(d.begin(id, "look"), map[string]any{"fine": false})
		wantCode(t, d.decides(manager, id, "approve"), problem.FourEyes)
	})
}

func TestWhatOnceNeededTwoPeopleNeedsThemStill(t *testing.T) {
	again := strings.Replace(screened, "remark:", "again: check, remark:", 1)
	d := newDesk(t, again)
	r := d.screenedCase(noHits(), rated("critical"))
	must[cases.Record](d)(d.Decide(t.Context(), clerk, r.ID, r.Version, cases.DecideCommand{Event: "again", Reason: "checked"}))
	d.finish(d.begin(r.ID, "sanctions"), noHits())
	d.finish(d.begin(r.ID, "risk"), rated("low"))
	r = d.get(r.ID)
	wantState(t, r, "review")
	if needs := must[cases.View](d)(d.View(t.Context(), reviewer, r)).Needs; !needs.FourEyes || needs.Reason {
		t.Errorf("needs %+v", needs)
	}
	r = must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve"}))
	wantState(t, r, "review")
	wantState(t, must[cases.Record](d)(d.Decide(t.Context(), confirmer, r.ID, r.Version, cases.DecideCommand{Event: "approve"})), "welcome")
}
