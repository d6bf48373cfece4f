package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ballerine/internal/outbound"
	"ballerine/internal/problem"
)

// schedule is how long after a failed attempt the next one is made. After the last one the delivery has failed: eight
// attempts over a little more than 31 hours. A receiver's Retry-After (429, 503) can make a pause longer, up to a day.
func schedule() []time.Duration {
	return []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}
}

// lease is how long a running attempt keeps others away beyond its timeout, unless Config.Lease is set: clocks of
// processes differ, and a function may be frozen between its attempt and what it writes of it.
const lease = 50 * time.Second

// Attempt makes one attempt at a pending delivery and records the result. Two callers never attempt the same delivery at
// the same time: the second gets Conflict. The returned error is about our own side only; a receiver's failure is in the
// delivery.
//
// Any 2xx is a success. 410 Gone disables the subscription, as the Standard Webhooks specification requires, and fails
// the delivery; so does, at its end, a receiver that has accepted nothing for Config.FailingFor. Anything else, a
// redirect included, is retried on the schedule. No part of an answer's body is stored.
func (s *Service) Attempt(ctx context.Context, delivery Delivery) (Delivery, error) {
	return s.attempt(ctx, delivery, s.config.Timeout)
}

func (s *Service) attempt(ctx context.Context, delivery Delivery, timeout time.Duration) (Delivery, error) {
	if delivery.Status != Pending {
		return delivery, problem.New(problem.Conflict, "The delivery is not pending.")
	}
	now := s.config.Now().UTC()
	if delivery.LeasedUntil.After(now) {
		return delivery, problem.New(problem.Conflict, "An attempt is in progress.")
	}
	claimed := delivery
	claimed.LeasedUntil = now.Add(timeout + s.config.Lease)
	claimed.NextAt = claimed.LeasedUntil
	if err := s.update(ctx, &claimed); err != nil {
		return delivery, err
	}
	subscription, err := s.config.Store.Subscription(ctx, delivery.Tenant, delivery.Subscription)
	switch {
	case problem.CodeOf(err) == problem.NotFound:
		return s.giveUp(ctx, claimed, "unsubscribed")
	case errors.Is(err, ErrUnreadable): // the schedule ends it, or it is repaired before
		return s.record(ctx, claimed, Attempt{At: now, Error: reasonUnreadable}, 0)
	case err != nil:
		return claimed, fmt.Errorf("read the subscription: %w", err)
	case subscription.Disabled:
		return s.giveUp(ctx, claimed, "disabled")
	}
	attempt, pause, err := s.send(ctx, subscription, claimed, timeout)
	if err != nil {
		return claimed, err // the lease runs out, and it is due again
	}
	if err := s.heed(ctx, subscription, claimed, attempt); err != nil {
		return claimed, err
	}
	return s.record(ctx, claimed, attempt, pause)
}

// giveUp ends a delivery that is no longer wanted.
func (s *Service) giveUp(ctx context.Context, delivery Delivery, reason string) (Delivery, error) {
	delivery.Attempts = append(slices.Clone(delivery.Attempts), Attempt{At: s.config.Now().UTC(), Error: reason})
	delivery.Status, delivery.NextAt, delivery.LeasedUntil = Failed, time.Time{}, time.Time{}
	s.config.Metrics.Count("webhook_deliveries", "outcome", string(Failed))
	return delivery, s.update(ctx, &delivery)
}

// send makes the call. pause is the receiver's Retry-After. An error means that there was no attempt to speak of.
func (s *Service) send(ctx context.Context, subscription Subscription, delivery Delivery, timeout time.Duration) (Attempt, time.Duration, error) {
	started := s.config.Now().UTC()
	headers, err := Sign(subscription.Secrets, delivery.EventID, started, delivery.Body)
	if err != nil {
		return Attempt{}, 0, err
	}
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(within, http.MethodPost, subscription.URL, bytes.NewReader(delivery.Body))
	if err != nil {
		return Attempt{At: started, Error: "url"}, 0, nil
	}
	request.Header = headers
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", s.config.UserAgent)
	answer, err := s.config.Client.Do(request)
	attempt := Attempt{At: started, Duration: s.config.Now().Sub(started)}
	if err != nil {
		if ctx.Err() != nil {
			return Attempt{}, 0, fmt.Errorf("the attempt was cancelled: %w", ctx.Err())
		}
		attempt.Error = string(outbound.Classify(err))
		return attempt, 0, nil
	}
	_, _ = io.CopyN(io.Discard, answer.Body, 4<<10) // only so that the connection can be used again
	_ = answer.Body.Close()
	attempt.Status = answer.StatusCode
	switch {
	case attempt.Status >= 200 && attempt.Status < 300:
	case attempt.Status >= 300 && attempt.Status < 400:
		attempt.Error = "redirect"
	default:
		attempt.Error = "status"
	}
	return attempt, s.retryAfter(answer), nil
}

func (s *Service) retryAfter(answer *http.Response) time.Duration {
	if answer.StatusCode != http.StatusTooManyRequests && answer.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	return outbound.RetryAfter(answer.Header, s.config.Now(), 24*time.Hour)
}

// record records an attempt and decides what follows.
func (s *Service) record(ctx context.Context, delivery Delivery, attempt Attempt, pause time.Duration) (Delivery, error) {
	delivery.Attempts = append(slices.Clone(delivery.Attempts), attempt)
	delivery.LeasedUntil = time.Time{}
	tried := len(delivery.Attempts) - delivery.Round
	schedule := schedule()
	outcome := "retrying"
	switch {
	case attempt.Error == "":
		delivery.Status, delivery.NextAt, outcome = Delivered, time.Time{}, string(Delivered)
	case attempt.Status == http.StatusGone || tried > len(schedule):
		delivery.Status, delivery.NextAt, outcome = Failed, time.Time{}, string(Failed)
	default:
		delivery.NextAt = s.config.Now().UTC().Add(max(schedule[tried-1], pause))
	}
	s.config.Metrics.Count("webhook_deliveries", "outcome", outcome)
	s.config.Metrics.Observe("webhook_duration", attempt.Duration, "outcome", outcome)
	s.note(delivery, attempt)
	// The attempt has been made: it is written down also when the caller has gone in the meantime.
	if err := s.update(context.WithoutCancel(ctx), &delivery); err != nil {
		return delivery, err
	}
	if pause := delivery.NextAt.Sub(s.config.Now()); s.config.Queue != nil && delivery.Status == Pending && pause <= longestPause {
		s.put(ctx, []Queued{queued(delivery, max(0, pause))})
	}
	return delivery, nil
}

func (s *Service) update(ctx context.Context, delivery *Delivery) error {
	delivery.Revision++
	delivery.UpdatedAt = s.config.Now().UTC()
	return s.config.Store.UpdateDelivery(ctx, *delivery)
}

// Redeliver starts a new round for a delivery of the subscription, whatever its status, and makes its first attempt
// immediately. Repeating the call, by its name ("": it has none), continues its round, and makes no second attempt if
// the first was made. Errors: NotFound, Conflict if the subscription is disabled or an attempt is running.
func (s *Service) Redeliver(ctx context.Context, tenant, subscription, id, call string) (Delivery, error) {
	delivery, err := s.config.Store.Delivery(ctx, tenant, id)
	if err != nil {
		return Delivery{}, err
	}
	if delivery.Subscription != subscription {
		return Delivery{}, problem.New(problem.NotFound, "There is no such delivery.")
	}
	target, err := s.config.Store.Subscription(ctx, tenant, subscription)
	if err != nil {
		return Delivery{}, err
	}
	if target.Disabled {
		return Delivery{}, problem.New(problem.Conflict, "The subscription is disabled.")
	}
	now := s.config.Now().UTC()
	if delivery.LeasedUntil.After(now) {
		return Delivery{}, problem.New(problem.Conflict, "An attempt is in progress.")
	}
	if call != "" && delivery.Redelivered == call {
		return s.first(ctx, delivery)
	}
	delivery.Status, delivery.Round, delivery.NextAt, delivery.Redelivered = Pending, len(delivery.Attempts), s.ownTurn(now), call
	if err := s.update(ctx, &delivery); err != nil {
		return Delivery{}, err
	}
	return s.Attempt(ctx, delivery)
}

// ownTurn is when a delivery is due that the caller attempts immediately: nobody else takes it before, and the caller is
// gone by then.
func (s *Service) ownTurn(now time.Time) time.Time { return now.Add(s.config.Timeout + s.config.Lease) }

// first makes the first attempt of a delivery's round, unless it was made.
func (s *Service) first(ctx context.Context, delivery Delivery) (Delivery, error) {
	if delivery.Status != Pending || len(delivery.Attempts) > delivery.Round {
		return delivery, nil
	}
	return s.Attempt(ctx, delivery)
}

// testType is the type of the event that Test sends.
const testType = "webhook.test"

// Test sends a subscription an event without a subject, whatever types it names, and returns the delivery with its first
// attempt. If it fails it is retried like every other. event is the id of the event, a ULID behind a prefix, so that
// repeating the call sends the same one; "" makes one. Errors: NotFound, Conflict if the subscription is disabled.
func (s *Service) Test(ctx context.Context, tenant, id, event string) (Delivery, error) {
	subscription, err := s.config.Store.Subscription(ctx, tenant, id)
	if err != nil {
		return Delivery{}, err
	}
	if subscription.Disabled {
		return Delivery{}, problem.New(problem.Conflict, "The subscription is disabled.")
	}
	now := s.config.Now().UTC()
	at := now
	if event == "" {
		event = s.config.NewID("evt_")
	} else if _, text, _ := strings.Cut(event, "_"); len(text) == ulid.EncodedSize {
		made, err := ulid.Parse(text)
		if err != nil {
			return Delivery{}, problem.Wrap(err, problem.Invalid, "The event id is not a ULID.")
		}
		at = made.Timestamp().UTC() // the delivery's id follows from it
	}
	test := Event{Tenant: tenant, ID: event, Type: testType, Subject: id, Time: at, Data: map[string]any{"webhook": id}}
	body, err := s.body(test)
	if err != nil {
		return Delivery{}, err
	}
	delivery := newDelivery(test, id, body, now)
	delivery.NextAt = s.ownTurn(now)
	created, err := s.config.Store.CreateDelivery(ctx, delivery)
	if err == nil && !created {
		delivery, err = s.config.Store.Delivery(ctx, tenant, delivery.ID)
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("create a delivery: %w", err)
	}
	return s.first(ctx, delivery)
}

// Sign makes the three headers of the Standard Webhooks specification, with one signature for each secret that is valid
// at the time, newest first. Errors: Internal when there is no valid one.
func Sign(secrets []Secret, id string, at time.Time, body []byte) (http.Header, error) {
	var signatures []string
	for _, secret := range secrets {
		if !secret.ExpiresAt.IsZero() && !secret.ExpiresAt.After(at) {
			continue
		}
		signer, err := standardwebhooks.NewWebhook(secret.Value)
		if err != nil {
			return nil, problem.New(problem.Internal, "A webhook secret is not valid.")
		}
		signature, err := signer.Sign(id, at, body)
		if err != nil {
			return nil, problem.New(problem.Internal, "The webhook cannot be signed.")
		}
		signatures = append(signatures, signature)
	}
	if len(signatures) == 0 {
		return nil, problem.New(problem.Internal, "The subscription has no valid secret.")
	}
	headers := http.Header{}
	headers.Set(standardwebhooks.HeaderWebhookID, id)
	headers.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	headers.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return headers, nil
}
