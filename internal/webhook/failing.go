package webhook

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"ballerine/internal/problem"
)

// A receiver that accepts nothing for days costs everybody attempts, and what it is sent is lost anyway: its
// subscription is disabled, and its owner is notified: by the subscription itself, by an event that the tenant's other
// subscribers get, by the log and a metric. What it missed is among the dead letters, and can be replayed.

// disabledType is the type of the event that reports that a subscription was disabled because of its receiver.
const disabledType = "webhook.disabled"

// failingFrom is how many attempts at one delivery have to fail in a row until its receiver counts as failing: the fourth is
// made after three minutes.
const failingFrom = 4

// Why a subscription was disabled.
const (
	reasonGone    = "gone"
	reasonFailing = "failing"
)

// heed records with the subscription what an attempt has shown about its receiver. Only changes are written: a receiver
// that works, or keeps failing, costs no writes.
func (s *Service) heed(ctx context.Context, subscription Subscription, delivery Delivery, attempt Attempt) error {
	now := s.config.Now().UTC()
	stubborn := len(delivery.Attempts)+1-delivery.Round >= failingFrom
	var err error
	switch since := subscription.FailingSince; {
	case attempt.Status == http.StatusGone:
		return s.disable(ctx, subscription, reasonGone)
	case attempt.Error == "" && !since.IsZero():
		err = s.failing(ctx, subscription, time.Time{})
	case attempt.Error == "" || !stubborn:
		return nil
	case since.IsZero():
		err = s.failing(ctx, subscription, now)
	case now.Sub(since) >= s.config.FailingFor:
		err = s.disable(ctx, subscription, reasonFailing)
	}
	if err != nil { // the next attempt shows it again: this one is written down
		s.config.Logger.WarnContext(ctx, "the state of a receiver was not recorded", "webhook", subscription.ID, "error", err.Error())
	}
	return nil
}

// failing writes down since when the receiver fails; the zero time: it does not.
func (s *Service) failing(ctx context.Context, subscription Subscription, since time.Time) error {
	_, err := s.change(ctx, subscription.Tenant, subscription.ID, 0, func(current *Subscription) error {
		if current.URL == subscription.URL && (since.IsZero() || current.FailingSince.IsZero()) {
			current.FailingSince = since
		}
		return nil
	})
	return unlessUnsubscribed(err)
}

func (s *Service) disable(ctx context.Context, subscription Subscription, reason string) error {
	disabled := false
	_, err := s.change(ctx, subscription.Tenant, subscription.ID, 0, func(current *Subscription) error {
		// A new address deserves its own answer, and one that has just worked, or was brought back, its own days.
		disabled = !current.Disabled && current.URL == subscription.URL && current.FailingSince.Equal(subscription.FailingSince)
		if disabled {
			current.Disabled, current.Reason = true, reason
		}
		return nil
	})
	if err != nil || !disabled {
		return unlessUnsubscribed(err)
	}
	s.config.Metrics.Count("webhook_subscriptions_disabled", "reason", reason)
	s.config.Logger.ErrorContext(ctx, "webhook subscription disabled", "tenant", subscription.Tenant, "webhook", subscription.ID, "reason", reason, "failing_since", subscription.FailingSince)
	if _, err := s.Create(ctx, Event{
		Tenant: subscription.Tenant, ID: s.config.NewID("evt_"), Type: disabledType, Subject: subscription.ID, Time: s.config.Now().UTC(),
		Data: map[string]any{"webhook": subscription.ID, "reason": reason},
	}); err != nil { // it stands with the subscription all the same
		s.config.Logger.ErrorContext(ctx, "subscribers were not notified that another subscription was disabled", "webhook", subscription.ID, "error", fmt.Sprint(err))
	}
	return nil
}

func unlessUnsubscribed(err error) error {
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	return err
}
