package cases_test

import (
	"slices"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// screened is a workflow in which a person decides after a screening and a policy.
const screened = `
id: screened
title: Screened
subject: individual
review: {four_eyes: critical}
reasons: {approve: [checked]}
initial: check
states:
  check:
    invoke:
      - {src: vendor, id: sanctions, input: {plugin: sanctions}}
      - {src: rules, id: risk, input: {policy: screened-risk}}
    onDone: review
    on: {skip: review}
  review:
    tags: [manual_review]
    on: {approve: welcome, reject: refused, accept: welcome, park: waiting, remark: {actions: {type: emit, event: remarked}}}
    after: {P5D: refused}
  waiting:
    tags: [manual_review]
    on: {approve: welcome}
    after: {P5D: refused}
  welcome:
    invoke: {src: vendor, id: letter, input: {plugin: letter}}
    onDone: done
  done: {type: final, tags: [approved]}
  refused: {type: final, tags: [rejected]}
`

var confirmer = identity.Principal{Tenant: "demo", Kind: identity.User, ID: "user_2", Roles: []string{"manager"}}

// screenedCase brings a case to a person with the answers of its checks. nil: the check never answered.
func (d *desk) screenedCase(sanctions, risk any) cases.Record {
	d.t.Helper()
	r := must[cases.Record](d)(d.Start(d.t.Context(), client, cases.StartCommand{Workflow: "screened", Subject: cases.SubjectInput{Type: "individual"}}))
	if sanctions == nil || risk == nil {
		if sanctions != nil {
			d.finish(d.begin(r.ID, "sanctions"), sanctions)
		}
		return d.send(r.ID, "skip")
	}
	d.finish(d.begin(r.ID, "sanctions"), sanctions)
	d.finish(d.begin(r.ID, "risk"), risk)
	return d.get(r.ID)
}

func rated(severity string) map[string]any {
	return map[string]any{"policy": "screened-risk", "outcome": "review", "score": 10.0, "severity": severity}
}

func noHits() map[string]any { return map[string]any{"hits": []any{}} }

func twoHits() map[string]any {
	return map[string]any{"hits": []any{map[string]any{"list": "UN", "name": "A"}, map[string]any{"list": "EU", "name": "B"}}}
}

func TestApprovingTakesWhatTheCaseAsksFor(t *testing.T) {
	for name, test := range map[string]struct {
		sanctions, risk any
		want            []string // places that are missing from a bare approval
		because         []cases.NeedsWhy
	}{
		"a clean case takes nothing":          {noHits(), rated("low"), nil, nil},
		"a medium risk takes nothing":         {noHits(), rated("medium"), nil, nil},
		"a high risk takes a reason":          {noHits(), rated("high"), []string{"body.comment required", "body.reason required"}, []cases.NeedsWhy{cases.WhySeverity}},
		"a band of one's own takes a reason":  {noHits(), rated("E"), []string{"body.comment required", "body.reason required"}, []cases.NeedsWhy{cases.WhySeverity}},
		"nobody has screened the person":      {nil, nil, []string{"body.comment required", "body.reason required"}, []cases.NeedsWhy{cases.WhyUnanswered, cases.WhyUnrated}},
		"no policy has rated the risk":        {noHits(), nil, []string{"body.comment required", "body.reason required"}, []cases.NeedsWhy{cases.WhyUnanswered, cases.WhyUnrated}},
		"the screening has failed":            {map[string]any{"error": "vendor_unavailable"}, rated("low"), []string{"body.comment required", "body.reason required"}, []cases.NeedsWhy{cases.WhyUnanswered}},
		"each possible match takes an answer": {twoHits(), rated("low"), []string{"body.comment required", "body.hits required", "body.hits required", "body.reason required"}, []cases.NeedsWhy{cases.WhyHits}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, screened)
			r := d.screenedCase(test.sanctions, test.risk)
			wantState(t, r, "review")
			if needs := must[cases.View](d)(d.View(t.Context(), reviewer, r)).Needs; !slices.Equal(needs.Because, test.because) && len(needs.Because)+len(test.because) > 0 {
				t.Errorf("because %v, want %v", needs.Because, test.because)
			}
			for _, event := range []string{"approve", "accept"} {
				_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: event})
				if test.want == nil {
					if err != nil {
						t.Error(err)
					}
					return
				}
				if got := places(wantCode(t, err, problem.Invalid)); !slices.Equal(got, test.want) {
					t.Errorf("%s: %v, want %v", event, got, test.want)
				}
			}
			if now := d.get(r.ID); now.Version != r.Version {
				t.Error("a refused decision has changed the case")
			}
			rejected := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "reject", Reason: "checked"}))
			if rejected.Outcome != "refused" {
				t.Errorf("outcome %q", rejected.Outcome)
			}
		})
	}
}

func TestApprovalWithAnsweredHitsIsKeptInTheHistory(t *testing.T) {
	d := newDesk(t, screened)
	r := d.screenedCase(twoHits(), rated("low"))
	cmd := cases.DecideCommand{Event: "approve", Reason: "checked", Comment: "Another year of birth.", Hits: []cases.HitAnswer{
		{Hit: "sanctions.hits[0]", Answer: "not_a_match"}, {Hit: "sanctions.hits[7]", Answer: "match"},
	}}
	_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, cmd)
	if got := places(wantCode(t, err, problem.Invalid)); !slices.Equal(got, []string{"body.hits required", "body.hits[1].comment match", "body.hits[1].hit unknown"}) {
		t.Fatal(got)
	}
	cmd.Hits[1] = cases.HitAnswer{Hit: "sanctions.hits[1]", Answer: "maybe"}
	_, err = d.Decide(t.Context(), reviewer, r.ID, r.Version, cmd)
	wantCode(t, err, problem.Invalid)
	cmd.Hits[1].Answer = "not_a_match"
	wantState(t, must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cmd)), "welcome")
	entry := d.store.last().Entry
	answers, _ := entry.Details["hits"].([]any)
	first, _ := answers[0].(map[string]any)
	if value, _ := first["value"].(map[string]any); len(answers) != 2 || value["name"] != "A" || first["answer"] != "not_a_match" {
		t.Errorf("details %v", entry.Details)
	}
	d.verified(r.ID)
}

func TestCriticalCaseIsApprovedByTwoPeople(t *testing.T) {
	d := newDesk(t, screened)
	r := d.screenedCase(noHits(), rated("critical"))
	approve := cases.DecideCommand{Event: "approve", Reason: "checked", Comment: "Known to the bank.", Undo: 10 * time.Second}

	proposed := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, approve))
	wantState(t, proposed, "review")
	if proposed.Proposed == nil || proposed.Proposed.By.ID != "user_1" || proposed.Undo != nil {
		t.Fatalf("proposed %+v", proposed.Proposed)
	}
	change := d.store.last()
	if len(effects(change, "wake")) != 0 || len(effects(change, "case.decision")) != 0 || len(effects(change, "case.decision_proposed")) != 1 {
		t.Errorf("effects %+v", change.Effects)
	}
	_, err := d.Decide(t.Context(), reviewer, r.ID, proposed.Version, approve)
	wantCode(t, err, problem.FourEyes)
	_, err = d.Decide(t.Context(), confirmer, r.ID, proposed.Version, cases.DecideCommand{Event: "approve"})
	wantCode(t, err, problem.Invalid) // the second person states why, too

	approved := must[cases.Record](d)(d.Decide(t.Context(), confirmer, r.ID, proposed.Version, approve))
	wantState(t, approved, "welcome")
	if approved.Proposed != nil {
		t.Error("the proposal is still open")
	}
	back := must[cases.Record](d)(d.Undo(t.Context(), confirmer, r.ID, approved.Version))
	if back.Proposed == nil || back.Proposed.By.ID != "user_1" {
		t.Errorf("undoing the confirmation has lost the proposal: %+v", back.Proposed)
	}
	d.verified(r.ID)
}

func TestAKeyIsOnePairOfEyesWhoeverItNames(t *testing.T) {
	key := func(id string) identity.Principal {
		return identity.Principal{Tenant: reviewer.Tenant, Kind: identity.Client, ID: id, Scopes: []string{"cases:read", "cases:decide", "cases:approve"}}
	}
	approve := func(person string) cases.DecideCommand {
		return cases.DecideCommand{Event: "approve", Reason: "checked", Comment: "Known to the bank.", OnBehalfOf: person}
	}
	d := newDesk(t, screened)
	r := d.screenedCase(noHits(), rated("critical"))
	proposed := must[cases.Record](d)(d.Decide(t.Context(), key("key_a"), r.ID, r.Version, approve("made-up-1")))
	wantState(t, proposed, "review")
	for name, again := range map[string]struct {
		who    identity.Principal
		person string
	}{"the same key for another person": {key("key_a"), "made-up-2"}, "another key for the same person": {key("key_b"), "made-up-1"}} {
		if _, err := d.Decide(t.Context(), again.who, r.ID, proposed.Version, approve(again.person)); problem.CodeOf(err) != problem.FourEyes {
			t.Errorf("%s: %v", name, err)
		}
	}
	approved := must[cases.Record](d)(d.Decide(t.Context(), key("key_b"), r.ID, proposed.Version, approve("made-up-2")))
	wantState(t, approved, "welcome")
	d.verified(r.ID)
}

// TestWhoMayHoldASecretOfAKeyIsOnePairOfEyesWithIt: a person and a key that they have made, two keys of one person, and a key and one that it has
// made do not make two.
func TestWhoMayHoldASecretOfAKeyIsOnePairOfEyesWithIt(t *testing.T) {
	key := func(id string) identity.Principal {
		return identity.Principal{Tenant: reviewer.Tenant, Kind: identity.Client, ID: id, Scopes: []string{"cases:read", "cases:decide", "cases:approve"}}
	}
	behind := map[string][]string{"ann_1": {"user_1"}, "ann_2": {"user_1"}, "grown": {"ann_1", "user_1"}, "both": {"user_1", "user_2"}, "bob": {"user_2"}}
	for name, c := range map[string]struct {
		first, second identity.Principal
		enough        bool
	}{
		"a person and their key":                     {reviewer, key("ann_1"), false},
		"a key and who made it":                      {key("ann_1"), reviewer, false},
		"two keys of one person":                     {key("ann_1"), key("ann_2"), false},
		"a key and one that it has made":             {key("ann_1"), key("grown"), false},
		"a key that was made by a key and the first": {key("grown"), key("ann_1"), false},
		"a key that was made by a key and a person":  {key("grown"), reviewer, false},
		"a key that somebody has rotated":            {key("both"), confirmer, false},
		"keys of two people":                         {key("ann_2"), key("bob"), true},
		"a key and somebody else":                    {key("grown"), confirmer, true},
		"a person and somebody else's key":           {reviewer, key("bob"), true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, screened)
			d.behind = behind
			approve := func(p identity.Principal) cases.DecideCommand {
				cmd := cases.DecideCommand{Event: "approve", Reason: "checked", Comment: "Known to the bank."}
				if p.Kind == identity.Client {
					cmd.OnBehalfOf = "for-" + p.ID
				}
				return cmd
			}
			r := d.screenedCase(noHits(), rated("critical"))
			r = must[cases.Record](d)(d.Decide(t.Context(), c.first, r.ID, r.Version, approve(c.first)))
			d.behind = map[string][]string{c.second.ID: behind[c.second.ID]} // what was known of the first key is kept
			r, err := d.Decide(t.Context(), c.second, r.ID, r.Version, approve(c.second))
			if c.enough {
				if err != nil {
					t.Fatal(err)
				}
				wantState(t, r, "welcome")
				return
			}
			wantCode(t, err, problem.FourEyes)
		})
	}
}

func TestAKeyOfWhichNothingIsKnownIsNoPairOfEyes(t *testing.T) {
	d := newDesk(t, screened)
	d.Behind = nil
	r := d.screenedCase(noHits(), rated("critical"))
	key := identity.Principal{Tenant: reviewer.Tenant, Kind: identity.Client, ID: "k", Scopes: []string{"cases:decide"}}
	_, err := d.Decide(t.Context(), key, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "checked", Comment: "Known.", OnBehalfOf: "x"})
	wantCode(t, err, problem.Internal)
}

func TestProposalEndsWithWhatItWasAbout(t *testing.T) {
	approve := cases.DecideCommand{Event: "approve", Reason: "checked", Comment: "Known."}
	for name, end := range map[string]func(d *desk, r cases.Record) cases.Record{
		"the second person rejects": func(d *desk, r cases.Record) cases.Record {
			return must[cases.Record](d)(d.Decide(d.t.Context(), confirmer, r.ID, r.Version, cases.DecideCommand{Event: "reject", Reason: "checked"}))
		},
		"the first person withdraws it": func(d *desk, r cases.Record) cases.Record {
			return must[cases.Record](d)(d.Undo(d.t.Context(), reviewer, r.ID, r.Version))
		},
		"somebody does something else": func(d *desk, r cases.Record) cases.Record {
			return must[cases.Record](d)(d.Decide(d.t.Context(), confirmer, r.ID, r.Version, cases.DecideCommand{Event: "remark"}))
		},
		"the state is left": func(d *desk, r cases.Record) cases.Record {
			return must[cases.Record](d)(d.Decide(d.t.Context(), confirmer, r.ID, r.Version, cases.DecideCommand{Event: "park"}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, screened)
			r := d.screenedCase(noHits(), rated("critical"))
			proposed := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, approve))
			must[cases.Note](d)(d.AddNote(t.Context(), confirmer, r.ID, cases.NoteCommand{Text: "Looking at it."})) // leaves it
			proposed = d.get(proposed.ID)
			if proposed.Proposed == nil {
				t.Fatal("a note has ended the proposal")
			}
			_, err := d.Undo(t.Context(), confirmer, r.ID, proposed.Version)
			wantCode(t, err, problem.UndoOver)
			after := end(d, proposed)
			if after.Proposed != nil {
				t.Errorf("still proposed: %+v", after.Proposed)
			}
			d.verified(r.ID)
		})
	}
}

func TestChecksShowWhatHasNotAnswered(t *testing.T) {
	d := newDesk(t, screened)
	r := d.screenedCase(map[string]any{"error": "vendor_unavailable", "at": "x"}, nil)
	got := map[string]cases.CheckStatus{}
	for _, check := range must[cases.View](d)(d.View(t.Context(), reviewer, r)).Checks {
		got[check.Work] = check.Status
	}
	if len(got) != 2 || got["sanctions"] != cases.CheckFailed || got["risk"] != cases.CheckMissing {
		t.Errorf("checks %v", got) // the letter comes after the decision: nothing relies on it
	}
}
