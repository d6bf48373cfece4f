package webhook

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"ballerine/internal/problem"
)

// Queue takes attempts that are made elsewhere, one message for each, so that a receiver that hangs only delays its own.
// A message may be lost, or delivered twice: the delivery in the store is the source of truth, and OfferDue finds what
// was lost.
type Queue interface {
	// Put lets attempts be made, each after its pause. A receiver's come in turns with those of the others.
	Put(ctx context.Context, attempts []Queued) error
}

// Queued is an attempt that was put into a Queue.
type Queued struct {
	Tenant       string        `json:"tenant"`
	Subscription string        `json:"subscription"`
	Delivery     string        `json:"delivery"`
	After        time.Duration `json:"-"` // at most 15 minutes
}

// longestPause is how long an attempt can wait in a Queue. Those that are due later are found by OfferDue.
const longestPause = 15 * time.Minute

const (
	// queueTime is how long what is due belongs to the message that was put for it.
	queueTime = 15 * time.Second
	// queuedAgain is how long OfferDue puts no second message for the same attempt.
	queuedAgain = time.Minute
	// putTime bounds the putting of messages.
	putTime = 5 * time.Second
	// early is how far a clock may be behind the one that a message was put by.
	early = 5 * time.Second
)

func queued(delivery Delivery, after time.Duration) Queued {
	return Queued{Tenant: delivery.Tenant, Subscription: delivery.Subscription, Delivery: delivery.ID, After: after}
}

// put puts messages. Without them the attempts are made later: that is no error to anybody.
func (s *Service) put(ctx context.Context, attempts []Queued) {
	if len(attempts) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), putTime)
	defer cancel()
	if err := s.config.Queue.Put(ctx, attempts); err != nil {
		s.config.Metrics.Count("webhook_attempts_put_off")
		s.config.Logger.WarnContext(ctx, "attempts at webhooks were not queued: they are when they are next looked for", "count", len(attempts), "error", err.Error())
	}
}

// putDue puts messages for deliveries that are due and were not put lately, and returns for how many.
func (s *Service) putDue(ctx context.Context, due []Delivery) int {
	now := s.config.Now()
	var attempts []Queued
	s.mutex.Lock()
	maps.DeleteFunc(s.queued, func(_ string, at time.Time) bool { return now.Sub(at) >= queuedAgain })
	for _, delivery := range due {
		id := delivery.Tenant + "/" + delivery.ID
		if _, lately := s.queued[id]; lately {
			continue
		}
		s.queued[id] = now
		attempts = append(attempts, queued(delivery, 0))
	}
	s.mutex.Unlock()
	s.put(ctx, attempts)
	return len(attempts)
}

// AttemptQueued makes the attempts of messages and returns an error for each, in their order: only errors of our own
// side, after which the message has to be redelivered. What is no longer due, since another message was first or a
// person has settled it, is skipped.
func (s *Service) AttemptQueued(ctx context.Context, messages []Queued) []error {
	failures := make([]error, len(messages))
	var waiting sync.WaitGroup
	for i, message := range messages {
		waiting.Add(1)
		taken := s.queue(Delivery{Tenant: message.Tenant, ID: message.Delivery, Subscription: message.Subscription}, func() {
			defer waiting.Done()
			failures[i] = s.attemptQueued(ctx, message)
		})
		if !taken { // the same one twice at once
			waiting.Done()
		}
	}
	waiting.Wait()
	return failures
}

func (s *Service) attemptQueued(ctx context.Context, message Queued) error {
	delivery, err := s.config.Store.Delivery(ctx, message.Tenant, message.Delivery)
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the delivery: %w", err)
	}
	now := s.config.Now()
	if delivery.Status != Pending || delivery.LeasedUntil.After(now) {
		return nil
	}
	if pause := delivery.NextAt.Sub(now); pause > 0 {
		if pause <= early {
			s.put(ctx, []Queued{queued(delivery, pause)})
		}
		return nil
	}
	if _, err = s.Attempt(ctx, delivery); problem.CodeOf(err) == problem.Conflict {
		return nil
	}
	return err
}
