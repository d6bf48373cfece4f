package statechart

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/source"
)

// Who may send an event is part of the meaning of a chart. This file alone decides it: Step refuses by it and Next lists
// by it; it is not compiled.
//
// A transition belongs to the audience that its own `by` names. Without one it is a decision of people if it leaves a
// state in which people decide: an active one inside its source, or one beside it. Otherwise the nearest declaration
// counts, going up from its source: a state's `by`, its tag manual_review (reviewers), or its tag collection_flow (the
// applicant, and the client in their name). Without any declaration, the events named by the flow's pages belong to the
// applicant, too, and the rest to the client.

// Audience is a set of parties who may send an event.
type Audience uint8

// The audiences.
const (
	Applicant Audience = 1 << iota // whom the case is about, with a flow token
	Client                         // the customer's system, with a key
	Reviewer                       // a person who decides cases
	Approver                       // a person who decides what reviewers may not decide
	// Nobody is a caller who sends no events. It is in no transition's audience.
	Nobody

	// People decide: with a reason, on the version of the case that they have seen.
	People = Reviewer | Approver
	// Outside are the parties who supply what a case needs.
	Outside = Applicant | Client
)

// The tags that define who acts in a state.
const (
	TagReview  = "manual_review"   // a person decides
	TagCollect = "collection_flow" // the applicant, or the client in their name, supplies what is needed
)

// misspelt warns of tags that are nearly one of those that define who acts: another name defines nothing, and what a person was to decide
// the client can send.
func (p *parser) misspelt(tags []string, node *yaml.Node, path string) {
	known := []string{TagReview, TagCollect}
	for _, tag := range tags {
		if near := expr.Suggest(tag, known); near != "" && !slices.Contains(known, tag) {
			p.doc.Warn(node, path, "misspelt_tag", "the tag "+tag+" has no effect on who may send an event", "did you mean "+near+"?")
		}
	}
}

var audienceNames = []string{"applicant", "client", "reviewer", "approver"}

// AudienceNames are the words of `by`.
func AudienceNames() []string { return slices.Clone(audienceNames) }

// Names of those in the audience, in a fixed order.
func (a Audience) Names() []string {
	names := []string{}
	for i, name := range audienceNames {
		if a&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// AudienceOf is the one of a name; 0 for no name.
func AudienceOf(name string) Audience {
	if at := slices.Index(audienceNames, name); at >= 0 {
		return 1 << at
	}
	return 0
}

func (a Audience) String() string { return strings.Join(a.Names(), ", ") }

// audience reads a list of those who may send an event, or one of them.
func (p *parser) audience(node *yaml.Node, path string) Audience {
	var found Audience
	for i, element := range source.Sequence(node) {
		at := path
		if node.Kind == yaml.SequenceNode {
			at = fmt.Sprintf("%s[%d]", path, i)
		}
		name := p.doc.String(element, at)
		bit := slices.Index(audienceNames, name)
		switch {
		case bit < 0:
			p.doc.Unknown(element, at, "audience", name, audienceNames)
		case found&(1<<bit) != 0:
			p.doc.Report(element, at, "duplicate", name+" occurs twice", "")
		default:
			found |= 1 << bit
		}
	}
	if len(source.Sequence(node)) == 0 {
		p.doc.Report(node, path, "required", "by is empty: nobody could send the event", "name some of "+strings.Join(audienceNames, ", ")+", or leave by out")
	}
	return found
}

// by reads the audience of a transition.
func (p *parser) by(t *Transition, m source.Pair, path string) {
	t.By = p.audience(m.Value, path)
	if t.Event == "" || IsInternal(t.Event) {
		p.doc.Warn(m.Key, path, "never", "by defines who may send an event; this transition is automatic", "")
	}
}

// reviewed reports whether people decide in the state, so that leaving it from outside is a decision, too. The tag
// manual_review declares that, whatever the state's own `by` lets others do in it.
func (s *State) reviewed() bool { return slices.Contains(s.Tags, TagReview) || s.decides() }

// decides reports whether what the state has is for people alone.
func (s *State) decides() bool {
	if s.By != 0 {
		return s.By&Outside == 0
	}
	return slices.Contains(s.Tags, TagReview)
}

// standing is the nearest declaration of whose turn it is, going up from the state; 0: there is none.
func (s *State) standing() Audience {
	for at := s; at != nil; at = at.Parent {
		switch {
		case at.By != 0:
			return at.By
		case slices.Contains(at.Tags, TagReview):
			return Reviewer
		case slices.Contains(at.Tags, TagCollect):
			return Outside
		}
	}
	return 0
}

// collecting is for whom the state collects data by the nearest tag; 0: there is no such tag.
func (s *State) collecting() Audience {
	for at := s; at != nil; at = at.Parent {
		switch {
		case at.decides():
			return People
		case slices.Contains(at.Tags, TagCollect) && at.By != 0:
			return at.By
		case slices.Contains(at.Tags, TagCollect):
			return Outside
		}
	}
	return 0
}

// prepareAudiences notes what does not depend on where a case is.
func (c *Chart) prepareAudiences(offered []string) {
	c.offered = offered
	for _, s := range c.states {
		s.turn, s.collects, s.deciding = s.standing(), s.collecting(), s.reviewed()
		c.decides = c.decides || s.deciding
	}
}

// audience returns who may take a transition now, by the requested event.
func (r *run) audience(t *Transition) Audience {
	switch {
	case t.By != 0:
		return t.By
	case r.chart.decides && r.decidedWith(t):
		return Reviewer
	case t.Source.turn != 0:
		return t.Source.turn
	case slices.Contains(r.chart.offered, r.selecting):
		return Outside
	}
	return Client
}

// decidedWith reports whether a transition leaves a state in which people decide. Its source and the states around that
// are judged separately.
func (r *run) decidedWith(t *Transition) bool {
	var domain *State
	if len(t.Targets) > 0 {
		domain = r.domainOf(t)
	}
	for i := range r.active {
		s := r.active[i].state
		if s.deciding && s != t.Source && !t.Source.isInside(s) && (s.isInside(t.Source) || domain != nil && s.isInside(domain)) {
			return true
		}
	}
	return false
}

// everyone is the audience that may take all of the transitions.
func (r *run) everyone(chosen []*Transition) Audience {
	all := Outside | People
	for _, t := range chosen {
		all &= r.audience(t)
	}
	return all
}

// anyone is the audience that may take at least one of the transitions that active states have for an event.
func (r *run) anyone(event string) (any Audience) {
	r.selecting = event
	for _, s := range r.innermostFirst() {
		for _, t := range s.Transitions {
			if !t.Forbidden && (t.Event == event || t.isGlob() && !IsInternal(event) && matches(t.Event, event)) {
				any |= r.audience(t)
			}
		}
	}
	return any
}

func (t *Transition) isGlob() bool { return strings.HasSuffix(t.Event, "*") }

// permit refuses an event that does not belong to the caller, as if the states did not know it, and an event of theirs
// that no transition takes now. The chart's own events need no permission.
func (r *run) permit(in Input, chosen []*Transition) error {
	by := in.Event.By
	switch {
	case by == 0:
		return nil
	case len(chosen) > 0:
		if r.everyone(chosen)&by == 0 {
			return r.notAllowed(in)
		}
		return nil
	case in.Event.Optional:
		return nil
	}
	why := explanation(r.trace)
	if r.anyone(in.Event.Type)&by == 0 {
		return r.notAllowed(in)
	}
	e := problem.New(problem.EventNotAllowed, "The event has no effect now: a condition does not hold.").Detail("allowed", r.allowed())
	if by == Applicant { // a condition may reveal checks
		return e.With("body.type", "guard", "this is not possible yet")
	}
	return e.Detail("explanation", why).With("body.type", "guard", "%s", why)
}

// mine reports whether an event is shown to a caller: they may send it. Applicants do not learn why it is not possible
// now, because a condition may reveal checks.
func (r *run) mine(n *Next, by Audience) bool {
	if r.by == Applicant {
		n.Reason, n.Explanation = nil, nil
	}
	return r.by == 0 || by&r.by != 0
}

// Turn returns for whom a case waits in the snapshot's states, so that they may write data and documents: the audience
// of a state that collects, and whoever has an event in a state that has no work to do. States in which people decide
// belong to them alone, and the chart's own steps are nobody's turn.
func (c *Chart) Turn(snapshot Snapshot) (turn Audience) {
	if snapshot.Status == Done {
		return 0
	}
	r := c.newRun(snapshot, Input{})
	for i := range r.active {
		if leaf := r.active[i].state; leaf.isLeaf() {
			turn |= r.turnIn(leaf)
		}
	}
	return turn
}

func (r *run) turnIn(leaf *State) (turn Audience) {
	if leaf.collects != 0 {
		return leaf.collects
	}
	for s := leaf; s != r.chart.root; s = s.Parent {
		if at := r.find(s); at >= 0 && len(openWork(s, r.active[at].Work)) > 0 {
			return 0 // the chart is busy with its input
		}
		for _, t := range s.Transitions {
			if t.Event == "" || t.Forbidden || IsInternal(t.Event) {
				continue
			}
			r.selecting = t.Event
			turn |= r.audience(t)
		}
	}
	return turn
}
