package cases

import (
	"fmt"
	"slices"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// Where a workflow requires four eyes, only a decision of people approves a case that once had a possible match which
// nobody had cleared, or whose risk required a second person. Otherwise a person who corrects data and has the checks
// repeated could approve alone what they may not decide, and so could an applicant who is asked for data again.

// denies returns which transitions are not taken on an event although their guards hold; nil: none. Decisions are judged
// by approve, once it is known where they lead.
func (d *draft) denies(event statechart.Event) func(*statechart.Transition, map[string]any) bool {
	if d.entry.Cause == CauseDecision || !d.workflow.Review.FourEyes.Asked() {
		return nil
	}
	return func(t *statechart.Transition, context map[string]any) bool {
		return d.favours(t) && d.asksPeople(event, context)
	}
}

// favours reports whether a transition leads into an outcome in favour of the case that it was not in before.
func (d *draft) favours(t *statechart.Transition) bool {
	return d.workflow.EntersInFavour(t, activeStates(d.record.Snapshot), d.record.Tags)
}

// asksPeople reports whether only people can decide in favour of the case.
func (d *draft) asksPeople(event statechart.Event, context map[string]any) bool {
	r := d.record
	if r.Vouched && !d.newFindings(event, context) {
		return false
	}
	r.Context = context
	return r.TwoPeople || r.HadHits || d.severe() || len(hitsOf(d.workflow, r)) > 0 || len(unlistedOf(d.workflow, r)) > 0
}

// newFindings reports whether the change brings findings that the people who decided before it did not know: possible
// matches, or a risk that requires a second person. The event's own answer is not in the draft yet.
func (d *draft) newFindings(event statechart.Event, context map[string]any) bool {
	if risk := d.record.Risk; d.severe() && (slices.Contains(d.fields, risk.Work) || event.Type == "done.invoke."+risk.Work) {
		return true
	}
	return slices.ContainsFunc(d.workflow.HitPaths(), func(path string) bool {
		work, _, _ := strings.Cut(path, ".")
		found, _ := workflow.ValueAt(context, path).([]any)
		return len(found) > 0 && (slices.Contains(d.fields, work) || event.Type == "done.invoke."+work)
	})
}

// severe reports whether the risk requires a second person.
func (d *draft) severe() bool {
	risk := d.record.Risk
	return risk != nil && risk.Severity != "" && d.workflow.Review.FourEyes.Reached(risk.Severity)
}

// unlistedOf is the work that has found more possible matches than it lists, also in an answer that is no longer valid.
func unlistedOf(wf *workflow.Workflow, r Record) (works []string) {
	for _, path := range wf.HitPaths() {
		work, _, _ := strings.Cut(path, ".")
		former := slices.ContainsFunc(r.Former, func(f FormerHits) bool { return f.Path == path && f.More })
		if (former || workflow.MoreHits(r.Context, path)) && !slices.Contains(works, work) {
			works = append(works, work)
		}
	}
	return works
}

// agrees refuses a second person's answers that contradict the first one's. Errors: Invalid.
func (p *Proposal) agrees(cmd DecideCommand) error {
	e := problem.New(problem.Invalid, "The two people do not agree on the possible matches.")
	for i, answer := range cmd.Hits {
		if slices.ContainsFunc(p.Hits, func(a HitAnswer) bool { return a.Hit == answer.Hit && a.Answer != answer.Answer }) {
			e.With(fmt.Sprintf("body.hits[%d].answer", i), "contradiction", "the first person has answered differently: enter the same answer, or decide against the case")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}
