package cases_test

import (
	"slices"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/watched"
)

// vouched is approved by a policy where the screening finds nothing, and by two people where it is critical.
const vouched = `
id: vouched
subject: individual
review: {four_eyes: critical, checks: [sanctions, risk]}
context: {schema: {type: object, properties: {full_name: {type: string}}}}
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: check}}
  check:
    invoke:
      - {src: screening, id: sanctions, input: {with: {name: full_name}}}
      - {src: rules, id: risk, input: {policy: p}}
    onDone:
      - {guard: "risk.outcome == 'approve'", target: approved}
      - {target: review}
  review:
    tags: [manual_review]
    on: {approve: provision, approve_unanswered: provision, screen_again: check, reject: rejected, revision: collect}
  provision:
    invoke: {src: vendor, id: account, input: {plugin: account}, onError: review}
    onDone: approved
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`

func verdictOf(outcome, severity string) map[string]any {
	return map[string]any{"policy": "p", "outcome": outcome, "severity": severity, "score": 50.0}
}

func (d *desk) screened(id string, sanctions, risk map[string]any) cases.Record {
	d.t.Helper()
	d.finish(d.begin(id, "sanctions"), sanctions)
	d.finish(d.begin(id, "risk"), risk)
	return d.get(id)
}

func (d *desk) submitted(name string) cases.Record {
	d.t.Helper()
	cmd := anna("vouched")
	cmd.Context = map[string]any{"full_name": name}
	r := must[cases.Record](d)(d.Start(d.t.Context(), client, cmd))
	must[cases.Record](d)(d.Send(d.t.Context(), client, r.ID, cases.SendCommand{Type: "SUBMIT"}))
	return d.get(r.ID)
}

func in(r cases.Record) string { return r.Snapshot.Active[0].State }

func TestNoPolicyApprovesWhatOnceAskedForPeople(t *testing.T) {
	none, one := answerWith([]any{}), answerWith([]any{hitOf("u-1", "v1")})
	more := answerWith([]any{})
	more["more"] = true
	for name, test := range map[string]struct {
		sanctions, risk map[string]any
		want            string
	}{
		"nothing was found":        {none, verdictOf("review", "low"), "approved"},
		"a hit that was not low":   {one, verdictOf("review", "high"), "review"},
		"a hit that was low":       {one, verdictOf("review", "low"), "review"},
		"a critical risk":          {none, verdictOf("review", "critical"), "review"},
		"hits that are not listed": {more, verdictOf("review", "low"), "review"},
	} {
		for _, way := range []string{"screen_again", "revision"} {
			t.Run(name+", "+way, func(t *testing.T) {
				d := newDesk(t, vouched)
				r := d.submitted("Viktor Fictus")
				r = d.screened(r.ID, test.sanctions, test.risk)
				must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: way}))
				if way == "revision" {
					must[cases.Record](d)(d.SaveContext(t.Context(), client, r.ID, map[string]any{"full_name": "Harald Blauzahn"}))
					must[cases.Record](d)(d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "SUBMIT"}))
				}
				if r = d.screened(r.ID, none, verdictOf("approve", "low")); in(r) != test.want {
					t.Errorf("the case is in %s, want %s", in(r), test.want)
				}
			})
		}
	}
}

func TestAHitOfTheSameRoundIsForPeople(t *testing.T) {
	d := newDesk(t, vouched)
	r := d.submitted("Viktor Fictus")
	if r = d.screened(r.ID, answerWith([]any{hitOf("u-1", "v1")}), verdictOf("approve", "low")); in(r) != "review" {
		t.Error(in(r))
	}
}

func TestWhatPeopleHaveApprovedGoesOnByItself(t *testing.T) {
	d := newDesk(t, vouched)
	r := d.submitted("Viktor Fictus")
	r = d.screened(r.ID, answerWith([]any{hitOf("u-1", "v1")}), verdictOf("review", "critical"))
	for _, who := range []identity.Principal{reviewer, manager} {
		r = must[cases.Record](d)(d.Decide(t.Context(), who, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c", Hits: says("sanctions.hits[0]", "not_a_match", "")}))
	}
	d.finish(d.beginAt(r.ID, "provision", "account"), map[string]any{"number": "1"})
	if r = d.get(r.ID); r.Outcome != "approved" {
		t.Error(r.Outcome, r.Snapshot.Active)
	}
}

func TestTwoPeopleWhoContradictEachOtherApproveNobody(t *testing.T) {
	for first, second := range map[string]string{"match": "not_a_match", "not_a_match": "match"} {
		t.Run(first, func(t *testing.T) {
			d := newDesk(t, vouched)
			r := d.submitted("Viktor Fictus")
			r = d.screened(r.ID, answerWith([]any{hitOf("u-1", "v1")}), verdictOf("review", "critical"))
			decide := func(who identity.Principal, answer string) error {
				_, err := d.Decide(t.Context(), who, r.ID, d.get(r.ID).Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c", Hits: says("sanctions.hits[0]", answer, "c")})
				return err
			}
			if err := decide(reviewer, first); err != nil {
				t.Fatal(err)
			}
			given := d.remembered(d.store.last()).Given
			if confirmed := len(given) == 1 && given[0].Verdict == watched.Confirmed; confirmed != (first == "match") {
				t.Errorf("remembered of the first person: %+v", given)
			}
			err := decide(manager, second)
			if fields := problem.As(err).Fields; err == nil || len(fields) != 1 || fields[0].Location != "body.hits[0].answer" {
				t.Fatalf("%v", err)
			}
			if err := decide(manager, first); err != nil || in(d.get(r.ID)) != "provision" {
				t.Error(err, in(d.get(r.ID)))
			}
		})
	}
}

func TestHitsThatAreNotListedKeepApprovalBack(t *testing.T) {
	d := newDesk(t, vouched)
	r := d.submitted("Viktor Fictus")
	found := answerWith([]any{hitOf("u-1", "v1")})
	found["more"] = true
	r = d.screened(r.ID, found, verdictOf("review", "low"))
	if needs := must[cases.View](d)(d.View(t.Context(), reviewer, r)).Needs; !slices.Contains(needs.Because, cases.WhyMoreHits) || !needs.FourEyes {
		t.Errorf("%+v", needs)
	}
	cmd := cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c", Hits: says("sanctions.hits[0]", "not_a_match", "")}
	_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, cmd)
	if fields := problem.As(err).Fields; err == nil || len(fields) != 1 || fields[0].Location != "body.event" {
		t.Fatal(err)
	}
	cmd.Event = "approve_unanswered"
	if r = must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cmd)); in(r) != "review" {
		t.Error("one person has approved it")
	}
	if r = must[cases.Record](d)(d.Decide(t.Context(), manager, r.ID, r.Version, cmd)); in(r) != "provision" {
		t.Error(in(r))
	}
}

func TestAnswersSayHowManyPeopleStandBehindThem(t *testing.T) {
	for severity, people := range map[string]int{"low": 1, "critical": 2} {
		t.Run(severity, func(t *testing.T) {
			d := newDesk(t, vouched)
			r := d.submitted("Viktor Fictus")
			r = d.screened(r.ID, answerWith([]any{hitOf("u-1", "v1")}), verdictOf("review", severity))
			for _, who := range []identity.Principal{reviewer, manager}[:people] {
				r = must[cases.Record](d)(d.Decide(t.Context(), who, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c", Hits: says("sanctions.hits[0]", "not_a_match", "")}))
			}
			if given := d.remembered(d.store.last()).Given; len(given) != 1 || given[0].People != people {
				t.Errorf("%+v", given)
			}
		})
	}
}

func TestNobodyOverturnsAConfirmedMatchAlone(t *testing.T) {
	for name, before := range map[string]bool{"remembered": false, "shown with the hit": true} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, listed)
			hit := hitOf("u-1", "v1")
			if before {
				hit["before"] = map[string]any{"answer": "confirmed"}
			} else {
				r := d.listedCase(answerWith([]any{hitOf("u-1", "v1")}))
				must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "reject", Reason: "r", Comment: "c", Hits: says("sanctions.hits[0]", "match", "c")}))
				d.remembered(d.store.last())
			}
			r := d.listedCase(answerWith([]any{hit}))
			r = must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "r", Comment: "c", Hits: says("sanctions.hits[0]", "not_a_match", "")}))
			if r.Proposed == nil || r.Outcome != "" {
				t.Errorf("one person has approved it: %+v", r.Proposed)
			}
		})
	}
}
