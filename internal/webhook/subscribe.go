package webhook

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"ballerine/internal/outbound"
	"ballerine/internal/problem"
)

// Limits of subscriptions.
const (
	maxSubscriptions = 50
	maxEvents        = 50
	maxSecrets       = 5  // that sign at once
	secretBytes      = 32 // Standard Webhooks: 24 to 64
	secretPrefix     = "whsec_"
)

var patternForm = regexp.MustCompile(`^(\*|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*)?)$`)

// Subscribe creates a subscription with a new secret. The caller shows Secrets[0] once. Errors: Invalid, with all fields.
func (s *Service) Subscribe(ctx context.Context, tenant, url string, events []string) (Subscription, error) {
	if err := s.check(url, events); err != nil {
		return Subscription{}, err
	}
	existing, err := s.config.Store.Subscriptions(ctx, tenant)
	if err != nil {
		return Subscription{}, err
	}
	if len(existing) >= maxSubscriptions {
		return Subscription{}, problem.New(problem.Invalid, "A tenant has at most %d subscriptions.", maxSubscriptions)
	}
	now := s.config.Now().UTC()
	secret, err := s.newSecret(now)
	if err != nil {
		return Subscription{}, err
	}
	subscription := Subscription{
		Tenant: tenant, ID: s.config.NewID("whk_"), URL: url, Events: normal(events), Secrets: []Secret{secret},
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	return subscription, s.config.Store.PutSubscription(ctx, subscription)
}

// Patch changes a subscription; a nil member stays as it is.
type Patch struct {
	URL      *string
	Events   []string
	Disabled *bool // false brings a disabled one back
}

// Update changes a subscription that is still at version (0: at any). Errors: NotFound, Stale, Invalid, Conflict.
func (s *Service) Update(ctx context.Context, tenant, id string, version int, patch Patch) (Subscription, error) {
	return s.change(ctx, tenant, id, version, func(subscription *Subscription) error {
		if patch.URL != nil {
			subscription.URL = *patch.URL
		}
		if patch.Events != nil {
			subscription.Events = normal(patch.Events)
		}
		if patch.Disabled != nil {
			subscription.Disabled, subscription.Reason = *patch.Disabled, ""
			if *patch.Disabled {
				subscription.Reason = "by_request"
			}
		}
		return s.check(subscription.URL, subscription.Events)
	})
}

// Rotate gives the subscription a new secret, Secrets[0], to be shown once. The old ones go on signing beside it for the
// overlap, so that the receiver can change over without losing a message. Errors: NotFound, Conflict.
func (s *Service) Rotate(ctx context.Context, tenant, id string) (Subscription, error) {
	now := s.config.Now().UTC()
	secret, err := s.newSecret(now)
	if err != nil {
		return Subscription{}, err
	}
	return s.change(ctx, tenant, id, 0, func(subscription *Subscription) error {
		secrets := []Secret{secret}
		for _, old := range subscription.Secrets {
			if old.ExpiresAt.IsZero() {
				old.ExpiresAt = now.Add(s.config.Overlap)
			}
			if old.ExpiresAt.After(now) && len(secrets) < maxSecrets {
				secrets = append(secrets, old)
			}
		}
		subscription.Secrets = secrets
		return nil
	})
}

// Subscription returns one. Errors: NotFound.
func (s *Service) Subscription(ctx context.Context, tenant, id string) (Subscription, error) {
	return s.config.Store.Subscription(ctx, tenant, id)
}

// Subscriptions returns all of a tenant.
func (s *Service) Subscriptions(ctx context.Context, tenant string) ([]Subscription, error) {
	return s.config.Store.Subscriptions(ctx, tenant)
}

// Unsubscribe removes one. What is still to be delivered to it fails at its next attempt. Errors: NotFound.
func (s *Service) Unsubscribe(ctx context.Context, tenant, id string) error {
	if _, err := s.config.Store.Subscription(ctx, tenant, id); err != nil {
		return err
	}
	return s.config.Store.DeleteSubscription(ctx, tenant, id)
}

// change reads, changes and writes, again when another write came first and no version was asked for.
func (s *Service) change(ctx context.Context, tenant, id string, version int, edit func(*Subscription) error) (Subscription, error) {
	var err error
	for range 5 {
		var subscription Subscription
		if subscription, err = s.config.Store.Subscription(ctx, tenant, id); err != nil {
			return Subscription{}, err
		}
		if version != 0 && subscription.Version != version {
			return Subscription{}, problem.New(problem.Stale, "The subscription has changed since it was read.").Detail("version", subscription.Version)
		}
		subscription.Secrets, subscription.Events = slices.Clone(subscription.Secrets), slices.Clone(subscription.Events)
		if err = edit(&subscription); err != nil {
			return Subscription{}, err
		}
		subscription.Version++
		subscription.UpdatedAt = s.config.Now().UTC()
		if err = s.config.Store.PutSubscription(ctx, subscription); problem.CodeOf(err) != problem.Conflict {
			return subscription, err
		}
	}
	return Subscription{}, err
}

func (s *Service) newSecret(now time.Time) (Secret, error) {
	key := make([]byte, secretBytes)
	if _, err := io.ReadFull(s.config.Random, key); err != nil {
		return Secret{}, fmt.Errorf("make a webhook secret: %w", err)
	}
	return Secret{Value: secretPrefix + base64.StdEncoding.EncodeToString(key), CreatedAt: now}, nil
}

func (s *Service) check(url string, events []string) error {
	e := problem.New(problem.Invalid, "The subscription has problems.")
	e.Fields = outbound.CheckURL(url, "body.url", s.config.AllowLoopback)
	if len(events) == 0 {
		e.With("body.events", "required", "At least one event type is needed; * stands for all.")
	}
	if len(events) > maxEvents {
		e.With("body.events", "too_many", "At most %d event types can be named.", maxEvents)
		return e
	}
	for i, pattern := range events {
		location := fmt.Sprintf("body.events[%d]", i)
		switch {
		case len(pattern) > 100 || !patternForm.MatchString(pattern):
			e.With(location, "format", "An event type is lower-case words with dots, such as case.completed, case.* or *.")
		case s.config.EventTypes != nil && !slices.ContainsFunc(s.config.EventTypes, func(t string) bool { return matches(pattern, t) }):
			e.With(location, "unknown", "There is no such event type; known are %s.", strings.Join(s.config.EventTypes, ", "))
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// Wants says whether the subscription is on and one of its patterns matches the event type.
func (s Subscription) Wants(eventType string) bool {
	return !s.Disabled && slices.ContainsFunc(s.Events, func(pattern string) bool { return matches(pattern, eventType) })
}

func matches(pattern, eventType string) bool {
	if pattern == "*" || pattern == eventType {
		return true
	}
	family, ok := strings.CutSuffix(pattern, "*") // "case."
	return ok && len(eventType) > len(family) && strings.HasPrefix(eventType, family)
}

func normal(events []string) []string {
	list := slices.Clone(events)
	slices.Sort(list)
	return slices.Compact(list)
}
