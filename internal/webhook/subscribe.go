package webhook

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"ballerine/internal/expr"
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

// Subscribe creates a subscription with a new secret. The caller shows Secrets[0] once. id is reserved by the caller, so that the
// same call again finds what it has created; "" makes one. Errors: Invalid, with all fields.
func (s *Service) Subscribe(ctx context.Context, tenant, id, url string, events []string) (Subscription, error) {
	if err := s.check(url, events); err != nil {
		return Subscription{}, err
	}
	existing, err := s.config.Store.Subscriptions(ctx, tenant)
	if err != nil {
		return Subscription{}, err
	}
	if id == "" {
		id = s.config.NewID("whk_")
	}
	for _, one := range existing {
		if one.ID == id {
			return one, nil // the call is a repetition
		}
	}
	if len(existing) >= maxSubscriptions {
		return Subscription{}, problem.New(problem.Invalid, "A tenant can have at most %d subscriptions.", maxSubscriptions)
	}
	now := s.config.Now().UTC()
	secret, err := s.newSecret(now)
	if err != nil {
		return Subscription{}, err
	}
	subscription := Subscription{
		Tenant: tenant, ID: id, URL: url, Events: normal(events), Secrets: []Secret{secret},
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	err = s.config.Store.PutSubscription(ctx, subscription)
	if problem.CodeOf(err) == problem.Conflict {
		if there, readErr := s.config.Store.Subscription(ctx, tenant, id); readErr == nil {
			return there, nil // a concurrent repetition of the call
		}
	}
	return subscription, err
}

// Patch changes a subscription; a nil member stays as it is.
type Patch struct {
	URL      *string
	Events   []string
	Disabled *bool // false brings a disabled one back
}

// Update changes a subscription that is still at version (0: at any); if nothing would change, it is not written. Errors: NotFound, Stale, Invalid, Conflict.
func (s *Service) Update(ctx context.Context, tenant, id string, version int, patch Patch) (Subscription, error) {
	return s.change(ctx, tenant, id, version, func(subscription *Subscription) error {
		if patch.URL != nil {
			if subscription.URL != *patch.URL {
				subscription.FailingSince = time.Time{}
			}
			subscription.URL = *patch.URL
		}
		if patch.Events != nil {
			subscription.Events = normal(patch.Events)
		}
		if patch.Disabled != nil {
			subscription.Disabled, subscription.Reason = *patch.Disabled, ""
			if !*patch.Disabled {
				subscription.FailingSince = time.Time{}
			}
			if *patch.Disabled {
				subscription.Reason = "by_request"
			}
		}
		return s.check(subscription.URL, subscription.Events)
	})
}

// Rotate gives the subscription a new secret, Secrets[0], to be shown once. The old ones continue to sign beside it for
// the overlap, so that the receiver can change over without losing a message. Repeating the call, by its name ("": it
// has none), finds the secret that it has made. Errors: NotFound, Conflict.
func (s *Service) Rotate(ctx context.Context, tenant, id, call string) (Subscription, error) {
	now := s.config.Now().UTC()
	secret, err := s.newSecret(now)
	if err != nil {
		return Subscription{}, err
	}
	secret.Call = call
	return s.change(ctx, tenant, id, 0, func(subscription *Subscription) error {
		if newest := subscription.Secrets; len(newest) > 0 && (newest[0].Value == secret.Value || call != "" && newest[0].Call == call) {
			return nil // an attempt before this one has written it
		}
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

// change reads, changes and writes, and retries if another write came first and no version was required.
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
		before := subscription
		subscription.Secrets, subscription.Events = slices.Clone(subscription.Secrets), slices.Clone(subscription.Events)
		if err = edit(&subscription); err != nil {
			return Subscription{}, err
		}
		if reflect.DeepEqual(before, subscription) {
			return subscription, nil
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
	e := problem.New(problem.Invalid, "The subscription is not valid.")
	e.Fields = outbound.CheckURL(url, "body.url", s.config.AllowLoopback)
	if len(events) == 0 {
		e.With("body.events", "required", "At least one event type is required; * matches all.")
	}
	s.checkTypes(e, "body.events", events)
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// Wanted is what an event's type has to match to be among those that are named as a subscription names them; nil for none.
// Errors: Invalid, at location.
func (s *Service) Wanted(location string, types []string) (func(eventType string) bool, error) {
	if len(types) == 0 {
		return nil, nil
	}
	e := problem.New(problem.Invalid, "There are no such event types.")
	if s.checkTypes(e, location, types); len(e.Fields) > 0 {
		return nil, e
	}
	return Subscription{Events: types}.Wants, nil
}

func (s *Service) checkTypes(e *problem.Error, where string, events []string) {
	if len(events) > maxEvents {
		e.With(where, "too_many", "At most %d event types can be listed.", maxEvents)
		return
	}
	for i, pattern := range events {
		location := fmt.Sprintf("%s[%d]", where, i)
		switch {
		case len(pattern) > 100 || !patternForm.MatchString(pattern):
			e.With(location, "format", "An event type must be lower-case words separated by dots, such as case.completed, case.* or *.")
		case s.config.EventTypes != nil && !slices.ContainsFunc(s.config.EventTypes, func(t string) bool { return known(pattern, t) }):
			hint := "known are " + strings.Join(s.config.EventTypes, ", ")
			if meant := expr.Suggest(pattern, s.config.EventTypes); meant != "" {
				hint = "did you mean " + meant + "?"
			}
			e.With(location, "unknown", "There is no such event type: %s", hint)
		}
	}
}

// Wants reports whether the subscription is on and one of its patterns matches the event type.
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

// known reports whether a pattern can match an event of a type that exists. A type that ends in ".*" represents names
// that are not known here.
func known(pattern, eventType string) bool {
	family, open := strings.CutSuffix(eventType, "*")
	return matches(pattern, eventType) || open && strings.HasPrefix(pattern, family)
}

func normal(events []string) []string {
	list := slices.Clone(events)
	slices.Sort(list)
	return slices.Compact(list)
}
