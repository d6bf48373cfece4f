package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// What a decision in favour of a case requires. A case can be approved without a justification only if it is known to be
// harmless: every check has answered, there are no possible matches, and the risk is below the workflow's threshold.

// Proposal is a decision in favour of a case that waits for a second person.
type Proposal struct {
	Event   string    `json:"event"`
	Reason  string    `json:"reason"`
	Comment string    `json:"comment"`
	By      Actor     `json:"by"`
	At      time.Time `json:"at"`
	// Behind are the people and keys that may hold a secret of the key that has proposed it; none of them confirms it.
	Behind []string `json:"behind,omitempty"`
	// Matched states that a hit was answered to be this very person: a second person has to approve after that.
	Matched bool `json:"matched,omitempty"`
	// Hits are the answers to each hit, without the comments: whoever confirms has to give the same answers.
	Hits []HitAnswer `json:"hits,omitempty"`
}

// HitAnswer is a person's answer to a possible match.
type HitAnswer struct {
	Hit     string `json:"hit"`    // its id
	Answer  string `json:"answer"` // not_a_match | match
	Comment string `json:"comment,omitempty"`
}

func (a HitAnswer) matches() bool { return a.Answer == "match" }

// matched reports whether a decision answers that a hit is this person.
func (cmd DecideCommand) matched() bool { return slices.ContainsFunc(cmd.Hits, HitAnswer.matches) }

// Needs is what a decision in favour of the case takes now, and why.
type Needs struct {
	Reason   bool // a reason and a comment
	Hits     []Hit
	FourEyes bool       // a second person
	Because  []NeedsWhy // why a reason is needed; empty: it is not
	Checks   []Check    // that have not answered
	Proposed *Proposal  // what waits for the second person
	Supplied bool       // the caller has supplied data of the case: another person has to approve
	Cleared  []Hit      // need no answer, but may have one: see clearedOf

	unlisted []string // work that has found more than it lists
}

// NeedsWhy names why a decision in favour of a case is not to be taken lightly.
type NeedsWhy string

// The reasons for care.
const (
	WhyUnanswered NeedsWhy = "check_unanswered" // a check that the decision relies on has not answered
	WhyUnrated    NeedsWhy = "not_rated"        // no policy has rated the risk, though the workflow asks one
	WhySeverity   NeedsWhy = "severity"         // the risk is at or beyond the workflow's threshold
	WhyHits       NeedsWhy = "hits"             // there are possible matches
	WhyMoreHits   NeedsWhy = "more_hits"        // there are possible matches that are not listed
)

// needsOf states what a decision in favour of a case takes.
func needsOf(wf *workflow.Workflow, r Record) Needs {
	needs := Needs{Hits: hitsOf(wf, r), Because: []NeedsWhy{}, Checks: []Check{}, Proposed: r.Proposed}
	rated := false
	for _, check := range checksOf(wf, r) {
		rated = rated || check.Source == "rules"
		if check.Status != CheckAnswered {
			needs.Checks = append(needs.Checks, check)
		}
	}
	severity := ""
	if r.Risk != nil {
		severity = r.Risk.Severity
	}
	why := func(holds bool, code NeedsWhy) {
		if holds {
			needs.Because = append(needs.Because, code)
		}
	}
	why(len(needs.Checks) > 0, WhyUnanswered)
	why(severity == "" && rated, WhyUnrated)
	why(severity != "" && wf.Review.ReasonFrom.Reached(severity), WhySeverity)
	why(len(needs.Hits) > 0, WhyHits)
	needs.unlisted = unlistedOf(wf, r)
	why(len(needs.unlisted) > 0, WhyMoreHits)
	needs.Reason = len(needs.Because) > 0
	if len(needs.Checks) > 0 {
		severity, rated = "", true // what a check would have found is beyond every threshold
	}
	needs.Cleared = clearedOf(wf, r)
	needs.FourEyes = r.TwoPeople || len(needs.unlisted) > 0 || r.Proposed != nil && r.Proposed.Matched || (severity != "" || rated) && wf.Review.FourEyes.Reached(severity)
	return needs
}

// keepTwoPeople records that the case's risk requires a second person: correcting data later does not lower that requirement.
func (d *draft) keepTwoPeople() {
	if d.severe() {
		d.record.TwoPeople = true
	}
	if len(hitsOf(d.workflow, d.record)) > 0 || len(unlistedOf(d.workflow, d.record)) > 0 {
		d.record.HadHits = true
	}
	if d.undone != nil || d.newFindings(statechart.Event{}, d.record.Context) {
		d.record.Vouched = false
	}
}

// approves reports whether a decision that was taken into the draft is in favour of the case.
func (d *draft) approves(event string) bool {
	return d.workflow.Approves(event,
		workflow.Standing{Active: activeStates(d.old.Snapshot), Tags: d.old.Tags},
		workflow.Standing{Active: activeStates(d.record.Snapshot), Tags: d.workflow.Chart.Tags(d.record.Snapshot)})
}

// check refuses a decision in favour of a case that lacks what it takes. All that is missing is reported at once.
func (n Needs) check(cmd DecideCommand) error {
	e := problem.New(problem.Invalid, "The requirements for approving this case are not met.").Detail("because", n.Because)
	if n.Reason && cmd.Reason == "" {
		e.With("body.reason", "required", "%s", n.sentence("a reason"))
	}
	if n.Reason && strings.TrimSpace(cmd.Comment) == "" {
		e.With("body.comment", "required", "%s", n.sentence("a comment"))
	}
	if len(n.unlisted) > 0 && cmd.Event != workflow.EventApproveUnanswered {
		e.With("body.event", "more_hits", "%s found more than it lists: raise its limit and repeat it, reject, or use %s if the workflow has it", strings.Join(n.unlisted, ", "), workflow.EventApproveUnanswered)
	}
	for _, hit := range n.Hits {
		if !slices.ContainsFunc(cmd.Hits, func(a HitAnswer) bool { return a.Hit == hit.ID }) {
			e.With("body.hits", "required", "answer for %s: not_a_match or match", hit.ID)
		}
	}
	known := slices.Concat(n.Hits, n.Cleared)
	for i, answer := range cmd.Hits {
		if answer.matches() && strings.TrimSpace(answer.Comment) == "" {
			e.With(fmt.Sprintf("body.hits[%d].comment", i), "match", "approving somebody who is listed requires a comment on the match, and a second person")
		}
		if slices.ContainsFunc(cmd.Hits[:i], func(a HitAnswer) bool { return a.Hit == answer.Hit }) {
			e.With(fmt.Sprintf("body.hits[%d].hit", i), "duplicate", "the possible match is answered twice")
		}
		if !slices.ContainsFunc(known, func(h Hit) bool { return h.ID == answer.Hit }) {
			e.With(fmt.Sprintf("body.hits[%d].hit", i), "unknown", "the case has no possible match with this id")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

var whySentences = map[NeedsWhy]string{
	WhyUnanswered: "checks have not answered, or are stale",
	WhyUnrated:    "no policy has rated the risk",
	WhySeverity:   "the risk is high",
	WhyHits:       "there are possible matches",
	WhyMoreHits:   "there are possible matches that are not listed",
}

func (n Needs) sentence(what string) string {
	why := make([]string, len(n.Because))
	for i, one := range n.Because {
		why[i] = whySentences[one]
	}
	return "approving requires " + what + " here: " + strings.Join(why, ", ")
}

// secondPerson reports whether the decision is the second person's. false without an error: it is the first one's, and waits.
// Errors: FourEyes when the two are one pair of eyes: the same person or key, a person and a key that they may hold a secret of, two
// keys that one person may hold secrets of, or one that was made by the other.
func (n Needs) secondPerson(cmd DecideCommand, first, second eyes) (bool, error) {
	if !n.FourEyes {
		return true, nil
	}
	if n.Proposed == nil || n.Proposed.Event != cmd.Event {
		return false, nil
	}
	if first.by.person() == second.by.person() {
		return false, problem.New(problem.FourEyes, "Another person must confirm your decision: this case requires four eyes.")
	}
	if first.by.ID == second.by.ID {
		return false, problem.New(problem.FourEyes, "Another credential must confirm the decision: one key cannot act for both people. Decide in the dashboard, or use a key that another person has created.")
	}
	if slices.ContainsFunc(first.all(), func(id string) bool { return slices.Contains(second.all(), id) }) {
		return false, problem.New(problem.FourEyes, "Another person must confirm the decision: a key counts as the same person as those who created or rotated it, and as their other keys.")
	}
	return true, nil
}

// eyes are the people who decide, and those who may hold a secret of the credential that is used.
type eyes struct {
	by     Actor
	behind []string
}

func (e eyes) all() []string { return append([]string{e.by.ID, e.by.person()}, e.behind...) }

// eyesOf finds the people behind an actor: for a key, those who made or rotated it or a key that did. Errors: Unavailable, Internal.
func (s *Service) eyesOf(ctx context.Context, tenant string, by Actor) (eyes, error) {
	if by.Kind != string(identity.Client) {
		return eyes{by: by}, nil
	}
	if s.Behind == nil {
		return eyes{}, problem.New(problem.Internal, "The people behind a key cannot be determined here.")
	}
	behind, err := s.Behind(ctx, tenant, by.ID)
	if problem.CodeOf(err) == problem.NotFound {
		err = problem.Wrap(err, problem.Internal, "The people behind the key cannot be determined.")
	}
	return eyes{by, behind}, err
}

// twoPeople reports whether the decision in the draft is the second person's, and who sends it. Errors: FourEyes, Unavailable.
func (s *Service) twoPeople(ctx context.Context, d *draft, needs Needs, cmd DecideCommand) (second bool, by eyes, err error) {
	if !needs.FourEyes {
		return true, eyes{}, nil
	}
	if by, err = s.eyesOf(ctx, d.record.Tenant, d.entry.Actor); err != nil {
		return false, by, err
	}
	var first eyes
	if p := needs.Proposed; p != nil {
		if first, err = s.eyesOf(ctx, d.record.Tenant, p.By); err != nil {
			return false, by, err
		}
		first.behind = append(first.behind, p.Behind...) // as it was then
	}
	if second, err = needs.secondPerson(cmd, first, by); err == nil && second {
		err = needs.Proposed.agrees(cmd)
	}
	return second, by, err
}

// propose turns the draft into one that only keeps the decision for a second person.
func (d *draft) propose(cmd DecideCommand, by eyes) {
	d.entry.Cause, d.entry.Event = CauseProposed, cmd.Event
	d.decided(cmd)
	d.record.Proposed = &Proposal{Event: cmd.Event, Reason: cmd.Reason, Comment: cmd.Comment, By: d.entry.Actor, At: d.now, Behind: by.behind, Matched: cmd.matched()}
	for _, a := range cmd.Hits {
		d.record.Proposed.Hits = append(d.record.Proposed.Hits, HitAnswer{Hit: a.Hit, Answer: a.Answer})
	}
	d.record.TwoPeople = d.record.TwoPeople || cmd.matched()
	d.remembered(cmd, 0)
	d.notify("case.decision_proposed", map[string]any{"event": cmd.Event})
}

// decided records in the history the answers and the comment that came with a decision.
func (d *draft) decided(cmd DecideCommand) {
	d.detail("reason", cmd.Reason)
	d.detail("comment", cmd.Comment)
	if len(cmd.Hits) > 0 {
		d.detail("hits", answered(slices.Concat(hitsOf(d.workflow, d.old), clearedOf(d.workflow, d.old)), cmd.Hits))
	}
}

// answered are the possible matches with the answer to each: the context may hold others later.
func answered(hits []Hit, answers []HitAnswer) []map[string]any {
	var all []map[string]any
	for _, hit := range hits {
		for _, answer := range answers {
			if answer.Hit == hit.ID {
				all = append(all, map[string]any{"hit": hit.ID, "value": hit.Value, "answer": answer.Answer, "comment": answer.Comment})
			}
		}
	}
	return all
}

// withdraw drops a proposal when something has changed that the second person would have to know.
func (d *draft) withdraw() {
	if !d.quiet && !d.entry.Cause.keeps() && d.entry.Cause != CauseProposed && d.entry.Cause != CauseUndone {
		d.record.Proposed = nil
	}
}
