package cases

import (
	"slices"
	"strings"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// As whom a caller acts. What that allows is decided by the chart (statechart/audience.go), on the record that the command
// changes; a credential alone never decides it.

// sender is as whom a principal sends an event. People of the back office send none of their own: they decide, and act for the
// applicant where a case collects (senderAt). Nor does a key that may only look.
func sender(p identity.Principal) statechart.Audience {
	switch {
	case p.Kind == identity.Applicant:
		return statechart.Applicant
	case p.Kind == identity.Client && identity.Has(p, identity.CasesWrite):
		return statechart.Client
	}
	return statechart.Nobody
}

// decider is as whom a principal decides: a person with a role for it, or a client's key whose scopes name it.
func decider(p identity.Principal) statechart.Audience {
	if !identity.Has(p, identity.CasesDecide) {
		return statechart.Nobody
	}
	if identity.Has(p, identity.CasesApprove) {
		return statechart.Reviewer | statechart.Approver
	}
	return statechart.Reviewer
}

// acting is all that a principal may be taken for: what `next` lists is theirs. 0: the system's own eyes see everything.
func acting(p identity.Principal) statechart.Audience {
	switch p.Kind {
	case identity.System:
		return 0
	case identity.Client:
		return sender(p) | decider(p)
	case identity.User:
		return decider(p)
	}
	return sender(p)
}

// collects refuses data and documents of an applicant or a client while the case does not wait for them: what is being
// checked, and what was checked, is not changed by whom it is about. People of the back office may put data right at any
// time: what was checked before is marked as stale (see staleness.go). Errors: NotCollecting.
func (d *draft) collects(p identity.Principal) error {
	if p.Kind != identity.Applicant && p.Kind != identity.Client {
		return nil
	}
	if d.workflow.Chart.Turn(d.record.Snapshot)&sender(p) != 0 {
		return nil
	}
	e := problem.New(problem.NotCollecting, "The case does not accept data in its current state.")
	if p.Kind == identity.Applicant {
		return e
	}
	return e.Detail("configuration", d.entry.From)
}

// whose explains to people and clients whose event was refused. An applicant learns nothing of others' events.
func (d *draft) whose(err error, p identity.Principal, location, event string, deciding bool) error {
	if problem.CodeOf(err) != problem.EventNotAllowed || p.Kind == identity.Applicant {
		return err
	}
	all := d.workflow.Chart.Next(d.old.Snapshot, statechart.Input{Context: d.old.Context, Extra: extraOf(d.workflow, d.old, d.now), Now: d.now})
	at := slices.IndexFunc(all, func(n statechart.Next) bool { return n.Event == event })
	if at < 0 || slices.ContainsFunc(all[at].By, func(name string) bool {
		return slices.Contains(actingAt(d.workflow, d.old.Snapshot, p).Names(), name) && deciding == isPeople(name)
	}) {
		return err
	}
	by := all[at].By
	allowed := problem.As(err).Details["allowed"]
	refusal := func(message, hint string) error {
		return problem.New(problem.EventNotAllowed, "%s", message).Detail("allowed", allowed).Detail("by", by).With(location, "audience", "%s", hint)
	}
	switch {
	case !deciding && slices.ContainsFunc(by, isPeople):
		return refusal("The event is a decision, which only people can make.", "use POST /v1/cases/{id}/decisions with the version that was reviewed, the person who decides, and the reason")
	case deciding && slices.ContainsFunc(by, isPeople):
		return refusal("The decision requires an approver.", "managers and admins are approvers, and keys with the scope cases:approve")
	case deciding:
		return refusal("The event is not a decision.", "it can be sent with POST /v1/cases/{id}/events by: "+strings.Join(by, ", "))
	}
	return refusal("You are not in the audience of the event.", "it can be sent by: "+strings.Join(by, ", "))
}

func isPeople(name string) bool { return slices.Contains(statechart.People.Names(), name) }

// onBehalf names the person for whom a key decides.
func (a Actor) onBehalf(person string) Actor {
	a.For = person
	return a
}

// person is who acted: the person on whose behalf a key acted, or the actor itself.
func (a Actor) person() string {
	if a.For != "" {
		return a.For
	}
	return a.ID
}

// decider records who decides, and finds what the decision lacks in this respect: a key states on whose behalf it
// decides, and why.
func (d *draft) decider(p identity.Principal, person, reason string) error {
	if decider(p) == statechart.Nobody {
		return identity.Lacks(identity.CasesDecide)
	}
	e := problem.New(problem.Invalid, "The decision is not complete.")
	switch {
	case p.Kind == identity.Client && strings.TrimSpace(person) == "":
		e.With("body.on_behalf_of", "required", "the id of the person of your back office who decides is required")
	case p.Kind != identity.Client && person != "":
		e.With("body.on_behalf_of", "unknown", "people decide in their own name")
	case len(person) > 200:
		e.With("body.on_behalf_of", "length", "an id must have at most 200 bytes")
	}
	if p.Kind == identity.Client && strings.TrimSpace(reason) == "" {
		e.With("body.reason", "required", "a decision by a key requires a reason")
	}
	if len(e.Fields) > 0 {
		return e
	}
	d.entry.Actor = d.entry.Actor.onBehalf(person)
	return nil
}
