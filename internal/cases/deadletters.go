package cases

import (
	"context"
	"errors"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// maxDeadIncidents bounds how many dead letters of a case have an incident of their own; the list of dead letters has all.
const maxDeadIncidents = 10

// maxSettled bounds how many dead letters one call replays or discards, and how many of one case one commit does.
const maxSettled = 200

const maxSettledOfCase = 25

// undeliveredError is the name of an incident's error that is a dead letter.
const undeliveredError = "undelivered"

// DeadLetter is an effect whose delivery is no longer attempted, as it is shown to people: without its data.
type DeadLetter struct {
	ID       string     `json:"id"` // "<case>/<version>/<number>"
	Case     string     `json:"case"`
	Effect   string     `json:"effect"` // "<version>/<number>"
	Kind     EffectKind `json:"kind"`
	Type     string     `json:"type,omitempty"` // of a message to subscribers: "case.completed"
	Receiver string     `json:"receiver"`       // "executions", "subscribers", "children", or the id of the parent case
	At       time.Time  `json:"at"`             // when it was written
	Attempts int        `json:"attempts"`
	Error    string     `json:"error"` // code of the newest failure
	LastAt   time.Time  `json:"last_at"`
	DeadAt   time.Time  `json:"dead_at"`
}

func deadLetterOf(e Effect) DeadLetter {
	return DeadLetter{
		ID: e.ID(), Case: e.Case, Effect: e.Ref(), Kind: e.Kind, Type: e.Type, Receiver: e.Receiver(), At: e.At,
		Attempts: e.Delivery.Attempts, Error: e.Delivery.Error, LastAt: e.Delivery.LastAt, DeadAt: e.Delivery.DeadAt,
	}
}

// DeadLetterFilter chooses dead letters; empty members do not filter.
type DeadLetterFilter struct {
	Case     string
	Kind     EffectKind
	Receiver string
}

func (f DeadLetterFilter) matches(e Effect) bool {
	return (f.Case == "" || f.Case == e.Case) && (f.Kind == "" || f.Kind == e.Kind) && (f.Receiver == "" || f.Receiver == e.Receiver())
}

// DeadLetters pages through the tenant's, by case. A page may hold fewer than asked for, or none, while there are more (next).
func (s *Service) DeadLetters(ctx context.Context, p identity.Principal, filter DeadLetterFilter, after string, limit int) ([]DeadLetter, string, error) {
	effects, next, err := s.Store.DeadLetters(ctx, p.Tenant, after, limit)
	found := []DeadLetter{}
	for _, e := range effects {
		if filter.matches(e) {
			found = append(found, deadLetterOf(e))
		}
	}
	return found, next, err
}

// Settlement is what is done with dead letters.
type Settlement struct {
	Discard bool   // they shall not happen; otherwise they are tried again, as new
	Reason  string // why; kept in the history of the case
}

// SettleDeadLetter replays or discards one dead letter of a case. Errors: NotFound, Conflict.
func (s *Service) SettleDeadLetter(ctx context.Context, p identity.Principal, id, ref string, how Settlement) error {
	version, number, err := parseRef(ref)
	if err != nil {
		return problem.New(problem.NotFound, "There is no such dead letter.")
	}
	effect, err := s.Store.DeadLetter(ctx, p.Tenant, id, version, number)
	if err != nil {
		return err
	}
	return s.settleDead(ctx, p, []Effect{effect}, how)
}

// SettleDeadLetters replays or discards those that the filter chooses, up to a limit, and returns how many, and whether
// there may be more. What another call settles at the same time is left to it.
func (s *Service) SettleDeadLetters(ctx context.Context, p identity.Principal, filter DeadLetterFilter, how Settlement) (settled int, more bool, err error) {
	var next string
	for after := ""; ; after = next {
		var effects []Effect
		if effects, next, err = s.Store.DeadLetters(ctx, p.Tenant, after, maxSettled); err != nil {
			return settled, true, err
		}
		effects = slices.DeleteFunc(effects, func(e Effect) bool { return !filter.matches(e) })
		for len(effects) > 0 {
			if settled >= maxSettled {
				return settled, true, nil
			}
			n := 1 // those of one case are handled as a group
			for n < len(effects) && n < maxSettledOfCase && effects[n].Case == effects[0].Case {
				n++
			}
			switch err := s.settleDead(ctx, p, effects[:n], how); problem.CodeOf(err) {
			case "":
				settled += n
			case problem.NotFound:
			default:
				return settled, true, err
			}
			effects = effects[n:]
		}
		if next == "" {
			return settled, false, nil
		}
	}
}

// settleDead writes what is done with dead letters of one case, with an entry in its history. Where there is no case to write
// it to, or it cannot be read, the outbox alone is written.
func (s *Service) settleDead(ctx context.Context, p identity.Principal, effects []Effect, how Settlement) error {
	_, err := s.apply(ctx, p.Tenant, effects[0].Case, actorOf(p), func(d *draft) error {
		d.settle(effects, how.Discard)
		refs := make([]any, len(effects))
		for i, e := range effects {
			refs[i] = e.Ref()
			d.record.Incidents = slices.DeleteFunc(slices.Clone(d.record.Incidents), func(i Incident) bool { return i.Effect == e.Ref() })
		}
		if len(d.record.Incidents) != len(d.old.Incidents) {
			d.member(memberIncidents)
		}
		d.entry.Cause = CauseIncidentResolved
		d.detail("effects", refs)
		d.detail("resolution", map[bool]string{false: "retried", true: "skipped"}[how.Discard])
		if how.Reason != "" {
			d.detail("comment", how.Reason)
		}
		return nil
	})
	if withoutWorkflow(err) {
		err = errors.Unwrap(err)
	}
	switch problem.CodeOf(err) {
	case problem.NotFound, problem.UnknownWorkflow, problem.Internal, problem.TooLarge:
		for _, e := range effects {
			if err = s.Store.Settle(ctx, e.Replayed(s.Now()), how.Discard); err != nil {
				return err
			}
		}
	}
	return err
}

func (d *draft) settle(effects []Effect, discard bool) {
	d.quiet = true
	for _, e := range effects {
		if discard {
			d.discarded = append(d.discarded, e)
		} else {
			d.replayed = append(d.replayed, e.Replayed(d.now))
		}
	}
}

// settleIncident replays or discards the dead letter of an incident. If it is no longer a dead letter, only the incident ends.
func (s *Service) settleIncident(ctx context.Context, d *draft, incident Incident, discard bool) error {
	version, number, err := parseRef(incident.Effect)
	if err != nil {
		return err
	}
	d.quiet = true
	effect, err := s.Store.DeadLetter(ctx, d.record.Tenant, d.record.ID, version, number)
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	if err == nil {
		d.settle([]Effect{effect}, discard)
	}
	return err
}

// BuryEffect makes an effect a dead letter, with an incident on its case, in one commit. effect is as it was read, but for
// the failure and DeadAt. Errors: NotFound when the effect, or its case, is not there; TooLarge when the case has as many
// incidents of this kind as it may.
func (s *Service) BuryEffect(ctx context.Context, effect Effect) error {
	incidentID := s.NewID("inc")
	_, err := s.apply(ctx, effect.Tenant, effect.Case, system("outbox"), func(d *draft) error {
		d.quiet = true
		d.buried = []Effect{effect}
		if n := len(newDeadLetters(d.record.Incidents, nil)); n >= maxDeadIncidents {
			return problem.New(problem.TooLarge, "The case already has %d dead letters with an incident.", n)
		}
		d.entry.Cause = CauseIncident
		d.detail("effect", effect.Ref())
		d.detail("kind", string(effect.Kind))
		d.detail("error", effect.Delivery.Error)
		d.record.Incidents = append(slices.Clone(d.record.Incidents), Incident{
			ID: incidentID, Error: undeliveredError, Cause: string(effect.Kind) + ": " + effect.Delivery.Error, Attempts: effect.Delivery.Attempts, At: d.now, Effect: effect.Ref(),
		})
		d.member(memberIncidents)
		return nil
	})
	if withoutWorkflow(err) { // it is a dead letter all the same, without an incident
		return errors.Unwrap(err)
	}
	return err
}

// newDeadLetters are the incidents of dead letters that former ones do not have.
func newDeadLetters(incidents, former []Incident) (found []Incident) {
	for _, i := range incidents {
		if i.Effect != "" && !slices.ContainsFunc(former, func(f Incident) bool { return f.ID == i.ID }) {
			found = append(found, i)
		}
	}
	return found
}
