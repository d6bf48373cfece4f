package cases

import (
	"context"
	"fmt"
	"slices"

	"ballerine/internal/expr"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/watched"
	"ballerine/internal/workflow"
)

// rescreensOf is the screening that defines whom a workflow keeps; nil: none does.
func rescreensOf(wf *workflow.Workflow) *workflow.Invocation {
	for _, work := range screeningsOf(wf) {
		if work.Rescreening() != nil {
			return &work
		}
	}
	return nil
}

// WatchSubject has a subject screened again when a list changes, or no longer, depending on how its case has ended.
// Repeating it is no error. Errors: Unavailable, Conflict, Internal.
func (s *Service) WatchSubject(ctx context.Context, effect Effect) error {
	if s.Watched == nil {
		return problem.New(problem.Internal, "Subjects cannot be watched here.")
	}
	record, err := s.Store.Get(ctx, effect.Tenant, effect.Case)
	if err != nil {
		return err
	}
	if raised, err := s.raise(ctx, record); err != nil || raised {
		return err
	}
	wf, err := s.follows(ctx, record)
	if err != nil {
		return err
	}
	work := rescreensOf(wf)
	if work == nil || record.Status != StatusCompleted { // it is open again: its next end counts
		return nil
	}
	w := s.watchOf(record, wf, work)
	if !w.Kept {
		if drops, err := s.dropsSubject(ctx, record); err != nil || !drops {
			return err
		}
	}
	w.EndedAt = effect.At
	if err := s.putWatch(ctx, w); err != nil || !w.Kept {
		return err
	}
	return s.catchUp(ctx, w)
}

// putWatch writes what a case states about its subject, merged with what former cases of the workflow have stated.
func (s *Service) putWatch(ctx context.Context, w watched.Watch) error {
	all, err := s.Watched.WatchesOf(ctx, w.Tenant, w.Subject)
	if err != nil {
		return err
	}
	for _, former := range all {
		if former.For == w.For {
			w = w.With(former)
		}
	}
	return s.Watched.PutWatch(ctx, w)
}

// watchOf is what a case that has ended states about its subject. A subject without a name cannot be screened.
func (s *Service) watchOf(record Record, wf *workflow.Workflow, work *workflow.Invocation) watched.Watch {
	w := watched.Watch{Tenant: record.Tenant, Subject: record.Subject.ID, For: keptFor(record), Case: record.ID}
	rescreening, question := work.Rescreening(), s.question(record, wf, work)
	if !slices.Contains(rescreening.Outcomes, record.Outcome) || question.Name == "" {
		return w
	}
	if record.NewHits != nil { // the watch that keeps it defines where it is searched for
		question.Lists, question.Threshold = record.NewHits.Lists, record.NewHits.Threshold
	}
	w.Kept, w.Workflow, w.Question, w.People = true, rescreening.Workflow, question, PeopleToClear(wf)
	w.Type, w.ExternalID, w.Name = record.Subject.Type, record.Subject.ExternalID, record.Subject.Name
	w.Editions = map[string]string{}
	if record.Reads[work.ID].Changed {
		return w // a different person was screened: the present one is compared with the whole lists
	}
	answer, _ := record.Context[work.ID].(map[string]any)
	of, _ := answer["lists"].(map[string]any)
	for list := range of {
		w.Editions[list] = textOf(of, list)
	}
	return w
}

// dropsSubject reports whether the end of a case means that its subject is no longer kept: a person has decided it, or
// the client or the applicant has ended it. An automatic end, by a deadline or a check, leaves the subject as it was.
func (s *Service) dropsSubject(ctx context.Context, record Record) (bool, error) {
	last := Cause("")
	err := s.causes(ctx, record, func(cause Cause) { last = cause })
	return last == CauseDecision || last == CauseEvent, err
}

// keptFor is the workflow whose cases keep the subject. A case for new hits speaks for the workflow of those that have kept it.
func keptFor(record Record) string {
	if record.NewHits != nil {
		return record.NewHits.For
	}
	return record.Workflow.ID
}

// question is what the screening would ask of the case as it is.
func (s *Service) question(record Record, wf *workflow.Workflow, work *workflow.Invocation) watched.Question {
	env := &expr.Env{Scope: expr.Layers{extraOf(wf, record, s.Now()), record.Context}, Now: s.Now()}
	given := map[string]any{"schema": work.Input["schema"]}
	for name, program := range work.With {
		if value, verdict := program.Value(env); verdict.Truth == expr.True {
			given[name] = value
		}
	}
	q := watched.Question{Name: textOf(given, "name"), Birth: textOf(given, "birth_date"), Country: textOf(given, "country"), Schema: textOf(given, "schema")}
	lists, _ := work.Input["lists"].([]any)
	for _, one := range lists {
		q.Lists = append(q.Lists, fmt.Sprint(one))
	}
	switch threshold := work.Input["threshold"].(type) {
	case float64:
		q.Threshold = threshold
	case int:
		q.Threshold = float64(threshold)
	}
	return q
}

// catchUp has a subject compared with the lists that have changed between its screening and the end of its case. It is read after the
// subject was written: a run that begins later finds the subject itself.
func (s *Service) catchUp(ctx context.Context, w watched.Watch) error {
	runs, err := s.Watched.Runs(ctx, w.Tenant)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if !w.Late(r) {
			continue
		}
		if _, err := watched.ChangeRun(ctx, s.Watched, w.Tenant, r.List, func(r *watched.Run) bool { return w.Late(*r) && r.AddLate(w.Subject, s.Now()) }); err != nil {
			return err
		}
	}
	return nil
}

// Rescreened starts a case about a subject that is kept, for hits of its own. Repeating the id returns the same case. Errors: as Start.
func (s *Service) Rescreened(ctx context.Context, w watched.Watch, id string, about map[string]any) (Record, error) {
	return s.Start(ctx, identity.SystemOf(w.Tenant, "screening"), StartCommand{
		ID: id, Workflow: w.Workflow, Context: map[string]any{"rescreening": about}, Subject: SubjectInput{Type: w.Type},
		newHits: &NewHits{List: textOf(about, "list"), For: w.For, Lists: w.Question.Lists, Threshold: w.Question.Threshold},
		subject: &SubjectRef{ID: w.Subject, Type: w.Type, ExternalID: w.ExternalID, Name: w.Name},
	})
}

// raise has a subject compared with a list again when a case about its hits has ended without a person's decision: it
// was cancelled, or ended automatically. Such an end is no statement about the subject: it is kept as it was.
func (s *Service) raise(ctx context.Context, record Record) (raised bool, err error) {
	if record.NewHits == nil || record.Status == StatusActive {
		return false, nil
	}
	counts, err := s.counts(ctx, record)
	if err != nil || counts {
		return false, err
	}
	_, err = watched.ChangeRun(ctx, s.Watched, record.Tenant, record.NewHits.List, func(r *watched.Run) bool {
		return r.Revision > 0 && r.AddLate(record.Subject.ID, s.Now())
	})
	return true, err
}

// RescreeningCounts reports whether a case that was opened for hits is still open, or a person has decided it. One that
// was cancelled, has failed or has ended automatically leaves its hits open. Errors: Unavailable, Internal.
func (s *Service) RescreeningCounts(ctx context.Context, tenant, id string) (bool, error) {
	record, err := s.Store.Get(ctx, tenant, id)
	if problem.CodeOf(err) == problem.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return s.counts(ctx, record)
}

func (s *Service) counts(ctx context.Context, record Record) (bool, error) {
	if record.Status != StatusCompleted {
		return record.Status == StatusActive, nil
	}
	last := Cause("")
	err := s.causes(ctx, record, func(cause Cause) { last = cause })
	return last == CauseDecision, err
}

// causes visits what has moved a case: decisions that stand, events and deadlines. Results of work follow from the one before.
func (s *Service) causes(ctx context.Context, record Record, visit func(Cause)) error {
	for after := 0; after < record.Version; {
		entries, err := s.Store.History(ctx, record.Tenant, record.ID, after, 200)
		if err != nil || len(entries) == 0 {
			return err
		}
		for _, e := range entries {
			switch e.Cause {
			case CauseDecision, CauseEvent, CauseTimer:
				visit(e.Cause)
			case CauseUndone:
				visit("")
			}
		}
		after = entries[len(entries)-1].Version
	}
	return nil
}
