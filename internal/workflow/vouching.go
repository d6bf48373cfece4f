package workflow

import (
	"slices"
	"strings"

	"ballerine/internal/statechart"
)

// TagApproved is the tag of states in which a case has been decided in its favour.
const TagApproved = "approved"

// HitPaths are the context paths of lists of possible matches: those that the definition lists, or the member `hits` of
// each vendor's and each screening's answer.
func (w *Workflow) HitPaths() []string {
	if w.Review.Hits != nil {
		return w.Review.Hits
	}
	var paths []string
	for _, s := range w.Chart.States() {
		for _, work := range w.Invocations(s.Path) {
			if path := work.ID + ".hits"; (work.Source == "vendor" || work.Source == "screening") && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// ValueAt is what a context has at a path of names; nil if it has no value there.
func ValueAt(context map[string]any, path string) any {
	var value any = context
	for _, name := range strings.Split(path, ".") {
		members, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = members[name]
	}
	return value
}

// MoreHits reports whether the answer that has a list of possible matches states that the list is incomplete.
func MoreHits(context map[string]any, path string) bool {
	at := strings.LastIndex(path, ".")
	if at < 0 {
		return false
	}
	more, _ := ValueAt(context, path[:at]+".more").(bool)
	return more
}

// EntersInFavour reports whether a transition leads into an outcome in favour of a case that is in none yet: active are the paths of its
// states, and tags are theirs.
func (w *Workflow) EntersInFavour(t *statechart.Transition, active, tags []string) bool {
	if slices.Contains(tags, TagApproved) || slices.ContainsFunc(active, w.InFavour) {
		return false
	}
	for _, s := range t.Targets {
		for ; s != nil; s = s.Initial {
			if w.InFavour(s.Path) || slices.Contains(s.Tags, TagApproved) {
				return true
			}
		}
	}
	return false
}

// EventApproveUnanswered is the decision that approves without a complete answer, as its name states.
const EventApproveUnanswered = "approve_unanswered"

// againstEvents are names of decisions that are not in favour of a case, wherever they lead.
var againstEvents = []string{"reject", "decline", "refuse", "revision", "resubmission"}

// Standing is where a case is: the paths of its active states, and their tags.
type Standing struct{ Active, Tags []string }

// Approves reports whether a decision that has led from one standing to another is in favour of a case: it is called approve or approve_unanswered, it
// enters a state that is tagged approved, or one from which the case can only end in its favour.
func (w *Workflow) Approves(event string, before, after Standing) bool {
	if event == "approve" || event == EventApproveUnanswered {
		return true
	}
	if slices.Contains(againstEvents, event) {
		return false
	}
	if slices.Contains(after.Tags, TagApproved) && !slices.Contains(before.Tags, TagApproved) {
		return true
	}
	return slices.ContainsFunc(after.Active, func(path string) bool { return w.InFavour(path) && !slices.Contains(before.Active, path) })
}

// vouching is what a simulation knows of who has to decide in favour of a case, as a case does: see cases.
type vouching struct {
	severity  string // of the newest policy's answer
	rated     string // the work that returned it; "": none did
	twoPeople bool   // the risk has once asked for two people
	hadHits   bool   // there have once been possible matches
	vouched   bool   // people have decided in its favour since
}

// denies returns the transitions that a case would not take on an event although their guards hold; nil: none.
func (s *simulation) denies(event statechart.Event, decided bool) func(*statechart.Transition, map[string]any) bool {
	if decided || !s.w.Review.FourEyes.Asked() {
		return nil
	}
	at, v := s.standing(), s.vouching
	v.rate(s.w, event)
	return func(t *statechart.Transition, context map[string]any) bool {
		if !s.w.EntersInFavour(t, at.Active, at.Tags) || v.vouched && !v.news(s.w, event, context) {
			return false
		}
		return v.twoPeople || v.hadHits || v.severe(s.w) || anyHits(s.w, context)
	}
}

// decides reports whether an event is a person's decision: it is sent as one, or its sender is not stated and it belongs to a person.
func (s *simulation) decides(event statechart.Event) bool {
	if event.By != 0 {
		return event.By&statechart.People != 0
	}
	return slices.ContainsFunc(s.w.Chart.Next(s.snapshot, s.input(event)), func(n statechart.Next) bool {
		return n.Event == event.Type && (slices.Contains(n.By, "reviewer") || slices.Contains(n.By, "approver"))
	})
}

// vouch keeps what a step has brought; approved: it was a decision of people in favour of the case. changed are the fields that it has written.
func (s *simulation) vouch(event statechart.Event, approved bool, changed []string) {
	v := &s.vouching
	v.rate(s.w, event)
	v.twoPeople = v.twoPeople || v.severe(s.w)
	v.hadHits = v.hadHits || anyHits(s.w, s.context)
	switch {
	case v.news(s.w, event, s.context, changed...):
		v.vouched = false
	case approved:
		v.vouched = true
	}
}

func (s *simulation) standing() Standing {
	at := Standing{Tags: s.w.Chart.Tags(s.snapshot)}
	for _, a := range s.snapshot.Active {
		at.Active = append(at.Active, a.State)
	}
	return at
}

// rate takes the risk over from a policy's answer.
func (v *vouching) rate(w *Workflow, event statechart.Event) {
	id, isResult := strings.CutPrefix(event.Type, "done.invoke.")
	work, known := w.Work(id)
	answer, _ := event.Payload.(map[string]any)
	if _, scored := answer["score"].(float64); !isResult || !known || work.Source != "rules" || !scored {
		return
	}
	v.severity, _ = answer["severity"].(string)
	v.rated = id
}

func (v *vouching) severe(w *Workflow) bool {
	return v.rated != "" && v.severity != "" && w.Review.FourEyes.Reached(v.severity)
}

// news reports whether an event brings findings that people who decided before it did not know.
func (v *vouching) news(w *Workflow, event statechart.Event, context map[string]any, changed ...string) bool {
	of := func(work string) bool { return event.Type == "done.invoke."+work || slices.Contains(changed, work) }
	if v.severe(w) && of(v.rated) {
		return true
	}
	return slices.ContainsFunc(w.HitPaths(), func(path string) bool {
		work, _, _ := strings.Cut(path, ".")
		found, _ := ValueAt(context, path).([]any)
		return len(found) > 0 && of(work)
	})
}

func anyHits(w *Workflow, context map[string]any) bool {
	return slices.ContainsFunc(w.HitPaths(), func(path string) bool {
		found, _ := ValueAt(context, path).([]any)
		return len(found) > 0 || MoreHits(context, path)
	})
}
