package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"ballerine/internal/problem"
)

// Deliveries whose attempts are used up are dead letters, like effects of the outbox: they are no longer attempted, and
// a person replays or discards them. The store keeps an index of them, so that the length of the delivery log does not
// matter. Deliveries to a subscription that no longer exists cannot be sent, and are not among them.

// maxSettled bounds how many deliveries one call replays or discards, and how many it finds settled by somebody else meanwhile.
const maxSettled = 200

// DeadFilter chooses dead letters; empty members do not filter.
type DeadFilter struct {
	Subject      string // what the events are about: a case's id
	Subscription string
	Delivery     string
}

func (f DeadFilter) matches(d Delivery) bool {
	return d.Status == Failed && (f.Subject == "" || f.Subject == d.Subject()) && (f.Delivery == "" || f.Delivery == d.ID)
}

// Subject is what the delivery's event is about: the id of a case. "" if it does not state one.
func (d Delivery) Subject() string {
	var event struct {
		Subject string `json:"subject"`
	}
	if json.Unmarshal(d.Body, &event) != nil {
		return ""
	}
	return event.Subject
}

// Newest is the delivery's newest attempt.
func (d Delivery) Newest() Attempt {
	if len(d.Attempts) == 0 {
		return Attempt{}
	}
	return d.Attempts[len(d.Attempts)-1]
}

// Dead pages through the tenant's dead letters, by subscription and by what they are about, newest first. A page may hold fewer
// than asked for, or none, while there are more (next is not ""). limit is 1 to 200.
func (s *Service) Dead(ctx context.Context, tenant string, filter DeadFilter, after string, limit int) (found []Delivery, next string, err error) {
	subscriptions, err := s.config.Store.Subscriptions(ctx, tenant)
	if err != nil {
		return nil, "", fmt.Errorf("read the subscriptions: %w", err)
	}
	limit = min(max(limit, 1), 200)
	at, position, _ := strings.Cut(after, " ")
	for _, subscription := range subscriptions {
		if subscription.ID < at || filter.Subscription != "" && filter.Subscription != subscription.ID {
			continue
		}
		if subscription.ID != at {
			position = ""
		}
		if len(found) == limit {
			return found, subscription.ID + " ", nil
		}
		page, behind, err := s.config.Store.FailedDeliveries(ctx, tenant, subscription.ID, filter.Subject, position, limit-len(found))
		if err != nil {
			return nil, "", fmt.Errorf("read the deliveries that have failed: %w", err)
		}
		for _, delivery := range page {
			if filter.matches(delivery) {
				found = append(found, delivery)
			}
		}
		if behind != "" {
			return found, subscription.ID + " " + behind, nil
		}
	}
	return found, "", nil
}

// Settlement is what a person does about dead letters.
type Settlement struct {
	Discard bool
	By      string // who does it
	Reason  string
	Call    string // names the call, so that the same one again finds what it has done; "": it has no name
}

// maxReason bounds a reason, in bytes.
const maxReason = 1000

func (how Settlement) check() error {
	if len(how.Reason) > maxReason {
		return problem.New(problem.Invalid, "The selection is not valid.").With("body.reason", "length", "a reason must have at most %d bytes", maxReason)
	}
	return nil
}

// SettleDead replays or discards the dead letters that the filter chooses, up to maxSettled, and returns how many, and
// whether there may be more. Replayed ones are due at once, in turns with all others. Those of a disabled subscription can
// only be discarded, and are left; what another call settles at the same time is left to it. Errors: Invalid.
func (s *Service) SettleDead(ctx context.Context, tenant string, filter DeadFilter, how Settlement) (settled int, more bool, err error) {
	if err := how.check(); err != nil {
		return 0, false, err
	}
	subscriptions, err := s.config.Store.Subscriptions(ctx, tenant)
	if err != nil {
		return 0, false, fmt.Errorf("read the subscriptions: %w", err)
	}
	looked := 0
	for _, one := range subscriptions {
		if one.Disabled && !how.Discard || filter.Subscription != "" && filter.Subscription != one.ID {
			continue
		}
		for after := ""; ; {
			if settled >= maxSettled || looked >= 2*maxSettled {
				return settled, true, nil
			}
			page, next, err := s.config.Store.FailedDeliveries(ctx, tenant, one.ID, filter.Subject, after, maxSettled-settled)
			if err != nil {
				return settled, true, fmt.Errorf("read the deliveries that have failed: %w", err)
			}
			looked += len(page)
			n, err := s.settleAll(ctx, filter, page, how)
			if settled += n; err != nil {
				return settled, true, err
			}
			if after = next; next == "" {
				break
			}
		}
	}
	return settled, false, nil
}

func (s *Service) settleAll(ctx context.Context, filter DeadFilter, page []Delivery, how Settlement) (settled int, err error) {
	for _, delivery := range page {
		if !filter.matches(delivery) {
			continue
		}
		err := s.settle(ctx, delivery, how)
		if problem.CodeOf(err) == problem.Conflict { // or what was read was not the newest
			err = s.SettleOne(ctx, delivery.Tenant, delivery.ID, how)
		}
		switch problem.CodeOf(err) {
		case "":
			settled++
		case problem.Conflict, problem.NotFound: // somebody else has settled it
		default:
			return settled, err
		}
	}
	return settled, nil
}

// SettleOne replays or discards one dead letter. Repeating the call, by its name, has no effect. Errors: NotFound when it is
// none, Invalid, Conflict when its subscription is disabled or another write came first.
func (s *Service) SettleOne(ctx context.Context, tenant, id string, how Settlement) error {
	if err := how.check(); err != nil {
		return err
	}
	delivery, err := s.config.Store.Delivery(ctx, tenant, id)
	if err != nil {
		return err
	}
	if delivery.settledBy(how.Call) {
		return nil
	}
	if delivery.Status != Failed {
		return problem.New(problem.NotFound, "There is no such dead letter.")
	}
	subscription, err := s.config.Store.Subscription(ctx, tenant, delivery.Subscription)
	if err != nil && (problem.CodeOf(err) != problem.NotFound || !how.Discard) {
		return err
	}
	if subscription.Disabled && !how.Discard {
		return problem.New(problem.Conflict, "The subscription is disabled.")
	}
	return s.settle(ctx, delivery, how)
}

func (d Delivery) settledBy(call string) bool {
	return call != "" && d.Settled != nil && d.Settled.Call == call
}

// settle starts a new round for a dead letter, or marks it as discarded.
func (s *Service) settle(ctx context.Context, delivery Delivery, how Settlement) error {
	now := s.config.Now().UTC()
	delivery.LeasedUntil, delivery.Redelivered = time.Time{}, ""
	delivery.Settled = &Settled{By: how.By, At: now, Reason: how.Reason, Discard: how.Discard, Call: how.Call}
	if how.Discard {
		delivery.Status, delivery.NextAt = Discarded, time.Time{}
		return s.update(ctx, &delivery)
	}
	delivery.Status, delivery.Round, delivery.NextAt = Pending, len(delivery.Attempts), now
	return s.update(ctx, &delivery)
}
