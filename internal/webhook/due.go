package webhook

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ballerine/internal/outbound"
	"ballerine/internal/problem"
)

// Attempts are shared fairly: every tenant and every receiver has its own bounded share of them, waiting ones take
// turns, and what is due is read receiver by receiver. So a receiver that hangs, or one with very many deliveries,
// delays no other.
const (
	// maxWaiting bounds how many deliveries of a tenant wait here for an attempt; the store has the others.
	maxWaiting = 1000
	// eachReceiver is how many deliveries of a receiver a page of what is due has at most, pageSize how many in all.
	eachReceiver, pageSize = 16, 400
	// slowFor is how long no first attempt is made at a receiver that has let one run out of time.
	slowFor = 30 * time.Second
	// pageTime bounds the reading of a page of what is due.
	pageTime = 5 * time.Second
)

// Summary counts what AttemptAll did.
type Summary struct {
	Tried     int `json:"tried"`
	Delivered int `json:"delivered"`
	Retrying  int `json:"retrying"`
	Failed    int `json:"failed"`
	Skipped   int `json:"skipped"` // another caller was there first
}

// AttemptDue attempts at most limit deliveries of all tenants that are due, and returns how many it has. Errors of our
// own side do not keep the others from being attempted; they are joined.
func (s *Service) AttemptDue(ctx context.Context, limit int) (int, error) {
	summary, err := s.attemptDue(ctx, limit)
	return summary.Tried, err
}

func (s *Service) attemptDue(ctx context.Context, limit int) (Summary, error) {
	due, _, err := s.config.Store.DueDeliveries(ctx, DuePage{Before: s.config.Now().UTC(), Each: limit, Limit: limit})
	if err != nil {
		return Summary{}, fmt.Errorf("read the due deliveries: %w", err)
	}
	return s.AttemptAll(ctx, due)
}

// AttemptAll attempts the deliveries and returns when it has. What another caller attempts, or was first to wait for
// here, is skipped.
func (s *Service) AttemptAll(ctx context.Context, deliveries []Delivery) (Summary, error) {
	return s.attemptAll(ctx, deliveries, s.config.Timeout)
}

func (s *Service) attemptAll(ctx context.Context, deliveries []Delivery, timeout time.Duration) (Summary, error) {
	results := make([]Delivery, len(deliveries))
	failures := make([]error, len(deliveries))
	var waiting sync.WaitGroup
	for i, delivery := range deliveries {
		waiting.Add(1)
		taken := s.queue(delivery, func() {
			defer waiting.Done()
			results[i], failures[i] = s.attempt(ctx, delivery, timeout)
		})
		if !taken {
			failures[i] = problem.New(problem.Conflict, "The delivery is already waiting for its attempt.")
			waiting.Done()
		}
	}
	waiting.Wait()
	return summarise(results, failures)
}

// queue lets a delivery wait for its turn, unless it does already.
func (s *Service) queue(delivery Delivery, attempt func()) bool {
	id := delivery.Tenant + "/" + delivery.ID
	s.mutex.Lock()
	_, flying := s.flying[id]
	s.flying[id] = struct{}{}
	s.mutex.Unlock()
	if flying {
		return false
	}
	landed := func() {
		s.mutex.Lock()
		delete(s.flying, id)
		s.mutex.Unlock()
	}
	taken := s.pool.Go(delivery.Tenant, delivery.Subscription, func() {
		defer landed()
		attempt()
	})
	if !taken {
		landed()
	}
	return taken
}

// Offer starts the first attempts at new deliveries, and does not wait for them: see Finish. It makes none at a receiver
// that recently took too long: its deliveries are due, and OfferDue finds them. Attempts have Config.FirstTimeout. With
// a Queue they are made elsewhere.
func (s *Service) Offer(deliveries []Delivery) {
	if s.config.Queue != nil {
		attempts := make([]Queued, len(deliveries))
		for i, delivery := range deliveries {
			attempts[i] = queued(delivery, 0)
		}
		s.put(s.base, attempts)
		return
	}
	for _, delivery := range deliveries {
		if !s.isSlow(delivery) {
			s.offer(delivery, s.firstTimeout())
		}
	}
}

func (s *Service) offer(delivery Delivery, timeout time.Duration) bool {
	return s.queue(delivery, func() {
		if s.finishing.Load() || s.base.Err() != nil {
			return
		}
		if _, err := s.attempt(s.base, delivery, timeout); err != nil && problem.CodeOf(err) != problem.Conflict {
			s.config.Metrics.Count("webhook_attempts_put_off") // the delivery is kept, and due again
		}
	})
}

// OfferDue reads what is due, in turns by receiver, and lets it be attempted; it does not wait for the attempts. It
// returns how many it has newly offered. It reads a bounded number of pages; the next call continues after them. With a
// Queue it skips for a while what has just become due, because there is a message for it. And it takes as many of one
// receiver as in total: messages cost little, and the queue lets receivers take turns.
func (s *Service) OfferDue(ctx context.Context) (offered int, err error) {
	before, each := s.config.Now().UTC(), eachReceiver
	if s.config.Queue != nil {
		before, each = before.Add(-queueTime), pageSize
	}
	for range 10 {
		s.mutex.Lock()
		after := s.after
		s.mutex.Unlock()
		reading, cancel := context.WithTimeout(ctx, pageTime)
		due, next, err := s.config.Store.DueDeliveries(reading, DuePage{Before: before, After: after, Each: each, Limit: pageSize})
		cancel()
		if err != nil {
			return offered, fmt.Errorf("read the due deliveries: %w", err)
		}
		offered += s.offerAll(ctx, due)
		s.mutex.Lock()
		s.after = next
		s.mutex.Unlock()
		if next == "" {
			break
		}
		select {
		case <-ctx.Done():
			return offered, nil // the next call continues
		default:
		}
	}
	return offered, nil
}

// offerAll lets deliveries that are due be attempted, and returns how many were newly offered.
func (s *Service) offerAll(ctx context.Context, due []Delivery) (offered int) {
	if s.config.Queue != nil {
		return s.putDue(ctx, due)
	}
	for _, delivery := range due {
		if s.offer(delivery, s.config.Timeout) {
			offered++
		}
	}
	return offered
}

// Place is where the next OfferDue continues.
func (s *Service) Place() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.after
}

// GoOn lets the next OfferDue go on at a place that another process was at.
func (s *Service) GoOn(place string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.after = place
}

// Finish lets the offered attempts begin for a while, and returns when none is under way any longer. Those that have not
// begun by then are not made here: they stay due.
func (s *Service) Finish(ctx context.Context, within time.Duration) {
	waiting, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if s.pool.Wait(waiting) == nil {
		return
	}
	s.finishing.Store(true)
	defer s.finishing.Store(false)
	_ = s.pool.Wait(ctx) // attempts have deadlines
}

// Close cancels the offered attempts, and returns when none is under way any longer.
func (s *Service) Close() {
	s.stop()
	_ = s.pool.Wait(context.Background()) // no attempt outlives base
}

func (s *Service) firstTimeout() time.Duration {
	return min(s.config.FirstTimeout, s.config.Timeout)
}

// note remembers receivers that take too long, so that a commit's first attempts do not wait for them again and again.
func (s *Service) note(delivery Delivery, attempt Attempt) {
	receiver := delivery.Tenant + "/" + delivery.Subscription
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if attempt.Error == string(outbound.TimedOut) {
		s.slow[receiver] = s.config.Now().Add(slowFor)
	} else {
		delete(s.slow, receiver)
	}
}

func (s *Service) isSlow(delivery Delivery) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	until, ok := s.slow[delivery.Tenant+"/"+delivery.Subscription]
	return ok && s.config.Now().Before(until)
}

func summarise(results []Delivery, failures []error) (Summary, error) {
	var summary Summary
	for i, result := range results {
		switch {
		case problem.CodeOf(failures[i]) == problem.Conflict:
			summary.Skipped++
			failures[i] = nil
		case failures[i] != nil: // joined below
		case result.Status == Delivered:
			summary.Delivered++
		case result.Status == Failed:
			summary.Failed++
		default:
			summary.Retrying++
		}
	}
	summary.Tried = summary.Delivered + summary.Failed + summary.Retrying
	return summary, errors.Join(failures...)
}
