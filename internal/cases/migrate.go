package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// MigrateCommand moves cases from one version of their workflow to another.
type MigrateCommand struct {
	Workflow string
	From, To int
	States   map[string]string // which state of the new version takes the place of one of the old: see statechart.Migrate
	DryRun   bool
	Cases    []string // only these; none: all active cases of the version, a page at a time
	Limit    int      // of a page: 1 to MaxMigrated
	After    string   // where the former page ended
}

// MaxMigrated bounds how many cases one call moves.
const MaxMigrated = 100

// Outcomes of a case's move.
const (
	Moved     = "moved"
	WouldMove = "would_move"
	Unchanged = "unchanged" // it is at the new version already, or at another one, or has ended
	Refused   = "refused"
)

// Migrated states what happened to a case, or would happen.
type Migrated struct {
	Case    string          `json:"case"`
	Outcome string          `json:"outcome" enum:"moved,would_move,unchanged,refused"`
	From    []string        `json:"from" nullable:"false" doc:"where it was"`
	To      []string        `json:"to" nullable:"false" doc:"its states now, or after the migration"`
	Starts  []string        `json:"starts" nullable:"false" doc:"work that starts, state/id"`
	Drops   []string        `json:"drops" nullable:"false" doc:"work that is cancelled, state/id"`
	Code    string          `json:"code,omitempty" doc:"why it was refused"`
	Reason  string          `json:"reason,omitempty"`
	Errors  []problem.Field `json:"errors,omitempty" doc:"all problems; never contains values"`
}

// Migrate moves cases to another version, each in one commit of its own, in which another execution takes over. What
// cannot be moved is left as it is and reported. A call that is repeated finds what is moved already and leaves it alone.
// Errors: UnknownWorkflow, Invalid.
func (s *Service) Migrate(ctx context.Context, p identity.Principal, cmd MigrateCommand) (done []Migrated, next string, err error) {
	versions, err := s.bothVersions(ctx, p.Tenant, cmd)
	if err != nil {
		return nil, "", err
	}
	ids := cmd.Cases
	if len(ids) == 0 {
		if ids, next, err = s.toMigrate(ctx, p.Tenant, cmd); err != nil {
			return nil, "", err
		}
	}
	done = []Migrated{}
	for _, id := range ids {
		one, err := s.migrate(ctx, p, id, cmd, versions)
		if err != nil {
			return done, "", err // what is done stays done: repeating the call continues
		}
		done = append(done, one)
	}
	return done, next, nil
}

type versions struct{ old, next *workflow.Workflow }

func (s *Service) bothVersions(ctx context.Context, tenant string, cmd MigrateCommand) (v versions, err error) {
	if len(cmd.Cases) > MaxMigrated {
		return v, problem.New(problem.Invalid, "Too many cases.").With("body.cases", "length", "one call can migrate at most %d cases", MaxMigrated)
	}
	if cmd.From == cmd.To && len(cmd.States) == 0 {
		return v, problem.New(problem.Invalid, "Nothing would change.").With("body.to", "same", "choose another version, or map states to enter them again")
	}
	if v.old, err = s.Catalog.Workflow(ctx, tenant, cmd.Workflow, cmd.From); err != nil {
		return v, err
	}
	v.next, err = s.Catalog.Workflow(ctx, tenant, cmd.Workflow, cmd.To)
	return v, err
}

// toMigrate is a page of the active cases of a version.
func (s *Service) toMigrate(ctx context.Context, tenant string, cmd MigrateCommand) (ids []string, next string, err error) {
	limit := cmd.Limit
	if limit < 1 || limit > MaxMigrated {
		limit = MaxMigrated
	}
	page, err := s.Store.List(ctx, tenant, Query{Workflow: cmd.Workflow, Status: StatusActive, Order: OldestFirst, Limit: limit, After: cmd.After})
	if err != nil {
		return nil, "", err
	}
	for _, r := range page.Records {
		if r.Workflow.Version == cmd.From {
			ids = append(ids, r.ID)
		}
	}
	return ids, page.Next, nil
}

// migrate moves one case, or reports what would happen.
func (s *Service) migrate(ctx context.Context, p identity.Principal, id string, cmd MigrateCommand, v versions) (Migrated, error) {
	report := Migrated{Case: id, Outcome: Unchanged, From: []string{}, To: []string{}, Starts: []string{}, Drops: []string{}}
	_, err := s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		report.Outcome = Unchanged
		report.From = d.entry.From
		report.To = report.From
		here := d.record.Workflow == WorkflowRef{v.old.ID, v.old.Version}
		if d.unchanged = !here || d.record.Status != StatusActive; d.unchanged {
			return nil
		}
		result, err := d.moved(v, cmd.States)
		if err != nil {
			return err
		}
		report.Outcome = Moved
		report.To = v.next.Chart.Configuration(result.Snapshot)
		held, lost := d.heldDeadlines(v)
		report.Starts, report.Drops = worksOf(result.Effects, statechart.EffectInvoke), append(worksOf(result.Effects, statechart.EffectCancel), lost...)
		if cmd.DryRun {
			report.Outcome, d.unchanged = WouldMove, true
			return nil
		}
		d.entry.Cause = CauseMigrated
		d.detail("migration", map[string]any{"from": v.old.Version, "to": v.next.Version, "states": cmd.States})
		d.workflow, d.record.Workflow, d.entry.Workflow = v.next, WorkflowRef{v.next.ID, v.next.Version}, WorkflowRef{v.next.ID, v.next.Version}
		if len(lost) > 0 {
			d.detail("deadlines_dropped", plainList(lost))
		}
		d.record.Incidents = held
		d.member(memberIncidents)
		d.take(result)
		return nil
	})
	var refused *problem.Error
	if errors.As(err, &refused) && refusable(refused.Code) {
		report.Outcome, report.To, report.Code, report.Reason, report.Errors = Refused, report.From, string(refused.Code), refused.Message, refused.Fields
		return report, nil
	}
	return report, err
}

// refusable reports whether an error is about the case, so that the others can be moved all the same.
func refusable(code problem.Code) bool {
	return slices.Contains([]problem.Code{problem.Invalid, problem.CaseClosed, problem.Livelock, problem.NotReady, problem.NotFound, problem.TooLarge, problem.Conflict}, code)
}

// moved computes the move. The case's data must fit the new version's schema: a case that breaks it could no longer be
// written.
func (d *draft) moved(v versions, states map[string]string) (statechart.Result, error) {
	if u := d.record.Undo; u != nil && d.now.Before(u.Until) {
		return statechart.Result{}, problem.New(problem.NotReady, "A decision about the case can still be undone.")
	}
	e := problem.New(problem.Invalid, "The case cannot be migrated to this version.")
	result, err := v.next.Chart.Migrate(v.old.Chart, d.record.Snapshot, states, statechart.Input{Context: d.record.Context, Extra: extraOf(v.next, d.record, d.now), Now: d.now})
	var invalid *problem.Error
	switch {
	case errors.As(err, &invalid) && invalid.Code == problem.Invalid:
		e.Fields = append(e.Fields, invalid.Fields...)
	case err != nil:
		return result, err
	}
	if err == nil && v.approve(d.record.Snapshot, result.Snapshot) {
		e.With("states", "approves", "a migration must not approve a case: map to a state in which a person decides")
	}
	if err == nil && d.needsLess(v, result.Snapshot) {
		e.With("to", "needs_less", "this case requires four eyes, but this version does not: decide the case first")
	}
	whole := d.record.Context
	if err == nil {
		whole = result.Context // what states that are entered write counts, too
	}
	if err := v.next.CheckContext(v.next.OfCallers(whole)); errors.As(err, &invalid) {
		e.Fields = append(e.Fields, invalid.Fields...)
	}
	if len(e.Fields) > 0 {
		return result, e
	}
	return result, checkSize(result.Context)
}

// needsLess reports whether a move would leave a decision that requires two people to one: a migration cannot bypass the second one.
func (d *draft) needsLess(v versions, next statechart.Snapshot) bool {
	moved := d.record
	moved.TwoPeople = false // it stays with the case
	if d.record.Proposed == nil && !needsOf(v.old, moved).FourEyes {
		return false
	}
	moved.Workflow, moved.Snapshot = WorkflowRef{v.next.ID, v.next.Version}, next
	return !needsOf(v.next, moved).FourEyes
}

// heldDeadlines are the case's incidents in the new version, and those of its deadlines that the new version does not
// have: they no longer have consequences.
func (d *draft) heldDeadlines(v versions) (kept []Incident, lost []string) {
	for _, i := range d.record.Incidents {
		if i.Event != "" && i.Child == "" {
			event, there := v.next.Chart.Moved(v.old.Chart, statechart.Event{Type: i.Event, State: i.State, Visit: i.Visit})
			if !there {
				lost = append(lost, i.State+"/"+i.Event)
				continue
			}
			i.Event = event.Type
		}
		kept = append(kept, i)
	}
	return kept, lost
}

// approve reports whether a move would decide in favour of a case: it is where it can only end well, and was not; it is tagged
// approved, and was not; or it has ended well while a person was asked.
func (v versions) approve(old, next statechart.Snapshot) bool {
	before, after := v.old.Chart.Tags(old), v.next.Chart.Tags(next)
	tagged := slices.Contains(after, workflow.TagApproved) && !slices.Contains(before, workflow.TagApproved)
	ended := next.Status == statechart.Done && slices.Contains(before, TagReview)
	return tagged || favoured(v.next, next) && (ended || !favoured(v.old, old))
}

// favoured reports whether a case is where it can only end in its favour.
func favoured(wf *workflow.Workflow, s statechart.Snapshot) bool {
	return slices.Contains(wf.Chart.Tags(s), workflow.TagApproved) || slices.ContainsFunc(activeStates(s), wf.InFavour)
}

func worksOf(effects []statechart.Effect, kind statechart.EffectKind) []string {
	found := []string{}
	for _, e := range effects {
		if e.Kind == kind {
			found = append(found, fmt.Sprintf("%s/%s", e.State, e.Work))
		}
	}
	return found
}
