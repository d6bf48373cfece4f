package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/watched"
	"ballerine/internal/workflow"
)

// Reviewers' answers to a hit are remembered with the subject, so that nobody has to answer for the same list entry
// again. The screening marks hits accordingly: see package watched. Only hits that the workflow's own screening found
// are remembered, and only these are cleared: a vendor's answers have no versions, and a client may have written
// anything else in the context.

// Source of work that screens against watch lists.
const sourceScreening = "screening"

// clearedOf are the possible matches that were ruled out before for the subject, in the order of the definition.
func clearedOf(wf *workflow.Workflow, r Record) (hits []Hit) {
	for _, work := range screeningsOf(wf) {
		path := work.ID + ".cleared"
		found, _ := workflow.ValueAt(r.Context, path).([]any)
		for i, one := range found {
			hits = append(hits, Hit{ID: fmt.Sprintf("%s[%d]", path, i), Work: work.ID, Value: hitValue(one), Cleared: true})
		}
	}
	return hits
}

// screeningsOf are a workflow's screenings, in the order of the definition.
func screeningsOf(wf *workflow.Workflow) (found []workflow.Invocation) {
	for _, s := range wf.Chart.States() {
		for _, work := range wf.Invocations(s.Path) {
			if work.Source == sourceScreening && !slices.ContainsFunc(found, func(w workflow.Invocation) bool { return w.ID == work.ID }) {
				found = append(found, work)
			}
		}
	}
	return found
}

// screens reports whether a hit was found by a screening of the workflow.
func screens(wf *workflow.Workflow, hit string) bool {
	id, _, _ := strings.Cut(hit, ".")
	return slices.ContainsFunc(screeningsOf(wf), func(w workflow.Invocation) bool { return w.ID == id })
}

// needsNow is needsOf for a decision that is being taken: hits recorded as cleared are open if the remembered answer has
// changed by now, and nobody approves a listed subject alone. Errors: Unavailable, Internal.
func (s *Service) needsNow(ctx context.Context, d *draft, cmd DecideCommand) (Needs, error) {
	needs := needsOf(d.workflow, d.old)
	needs.FourEyes = needs.FourEyes || cmd.matched()
	if len(needs.Cleared)+len(needs.Hits) == 0 {
		return needs, nil
	}
	var answers watched.Answers
	if s.Watched != nil {
		var err error
		if answers, err = s.Watched.Answers(ctx, d.record.Tenant, d.record.Subject.ID); err != nil {
			return needs, err
		}
	}
	// A confirmed match takes two people to overturn.
	needs.FourEyes = needs.FourEyes || slices.ContainsFunc(slices.Concat(needs.Hits, needs.Cleared), func(h Hit) bool { return confirmed(answers, h) })
	var stays []Hit
	for _, hit := range needs.Cleared {
		key := keyOf(hit.Value)
		if answers.About(key.List, key.ID).Clears(key.Version, key.Asked, PeopleToClear(d.workflow)) {
			stays = append(stays, hit)
			continue
		}
		hit.Cleared = false
		needs.Hits = append(needs.Hits, hit)
	}
	if len(stays) < len(needs.Cleared) && !slices.Contains(needs.Because, WhyHits) {
		needs.Because, needs.Reason = append(needs.Because, WhyHits), true
	}
	needs.Cleared = stays
	return needs, nil
}

// PeopleToClear is how many people must have answered that a hit is another person before it is ruled out in cases of a
// workflow: two where the workflow requires four eyes anywhere.
func PeopleToClear(wf *workflow.Workflow) int {
	if wf.Review.FourEyes.Asked() {
		return 2
	}
	return 1
}

// confirmed reports whether a hit was confirmed to be this subject, by the answers that are remembered now or were when it was found.
func confirmed(answers watched.Answers, hit Hit) bool {
	key := keyOf(hit.Value)
	if given := answers.About(key.List, key.ID); given != nil {
		return given.Verdict == watched.Confirmed
	}
	before, _ := hit.Value["before"].(map[string]any)
	return textOf(before, "answer") == string(watched.Confirmed)
}

// keyOf is which entry of which list a screening's hit is, in which version, and for whom it was found.
func keyOf(value map[string]any) watched.Answer {
	return watched.Answer{List: textOf(value, "list"), ID: textOf(value, "id"), Version: textOf(value, "version"), Asked: textOf(value, "asked")}
}

func textOf(value map[string]any, name string) string {
	text, _ := value[name].(string)
	return text
}

// remembered schedules the answers of a decision to be remembered once it can no longer be undone. "Not a match" counts
// only from decisions in favour of a case, which answer every hit; with the number of people behind it: 0 if nothing is
// approved. "A match" counts from everybody.
func (d *draft) remembered(cmd DecideCommand, people int) {
	var counts []any // ids of hits: they are no personal data
	for _, a := range cmd.Hits {
		if (people > 0 || a.matches()) && screens(d.workflow, a.Hit) {
			counts = append(counts, a.Hit)
		}
	}
	if len(counts) > 0 {
		d.effects = append(d.effects, Effect{Kind: EffectAnswer, Data: map[string]any{"hits": counts, "people": float64(max(people, 1))}})
	}
}

// Remember stores a decision's answers to the subject's hits, from the history. Repeating it is no error. Errors: Unavailable, Conflict,
// Internal when the entry cannot be read.
func (s *Service) Remember(ctx context.Context, effect Effect) error {
	if s.Watched == nil {
		return problem.New(problem.Internal, "Answers to hits cannot be kept here.")
	}
	record, err := s.Store.Get(ctx, effect.Tenant, effect.Case)
	if err != nil {
		return err
	}
	entries, err := s.Store.History(ctx, effect.Tenant, effect.Case, effect.Version-1, 1)
	if err != nil {
		return err
	}
	if len(entries) == 0 || entries[0].Version != effect.Version || entries[0].Unreadable {
		return problem.New(problem.Internal, "The entry of the decision cannot be read.")
	}
	counts, _ := effect.Data["hits"].([]any)
	given := answersIn(entries[0], record.ID, counts)
	people, _ := effect.Data["people"].(float64)
	for i := range given {
		given[i].People, given[i].For = int(people), keptFor(record)
	}
	if len(given) == 0 {
		return nil
	}
	return watched.Change(ctx, s.Watched, effect.Tenant, record.Subject.ID, func(a *watched.Answers) (changed bool) {
		for _, one := range given {
			changed = a.Give(one) || changed
		}
		return changed
	})
}

// answersIn are the answers of a decision to the hits that count. A hit without a version or a subject is left out,
// because nobody could determine whether the answer still holds. Details that were erased contain no answers.
func answersIn(entry Entry, id string, counts []any) (given []watched.Answer) {
	all, _ := entry.Details["hits"].([]any)
	for _, one := range all {
		reply, _ := one.(map[string]any)
		value, _ := reply["value"].(map[string]any)
		answer := keyOf(value)
		if !slices.Contains(counts, reply["hit"]) || answer.List == "" || answer.ID == "" || answer.Version == "" || answer.Asked == "" {
			continue
		}
		if answer.Verdict = watched.Cleared; reply["answer"] == "match" {
			answer.Verdict = watched.Confirmed
		}
		answer.At, answer.Case, answer.Commit = entry.At, id, entry.Version
		answer.By = watched.Person{Kind: entry.Actor.Kind, ID: entry.Actor.ID, For: entry.Actor.For}
		answer.Entry = entryOf(value)
		given = append(given, answer)
	}
	return given
}

// entryOf is what a hit shows of the entry.
func entryOf(value map[string]any) watched.Entry {
	texts := func(name string) (all []string) {
		found, _ := value[name].([]any)
		for _, one := range found {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	e := watched.Entry{Name: textOf(value, "main_name"), Schema: textOf(value, "schema"), Births: texts("birth_dates"), Countries: texts("countries"), Programs: texts("programs")}
	if e.Name == "" { // the name that agrees is the main one
		e.Name = textOf(value, "name")
	}
	return e
}
