package webhook

import (
	"context"
	"net/http"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
)

// Config is what a Service needs.
type Config struct {
	Store         Store
	Client        *http.Client               // of outbound.NewClient
	Now           func() time.Time           // default time.Now
	NewID         func(prefix string) string // default: prefix + ULID
	Metrics       telemetry.Metrics          // default telemetry.Discard
	Source        string                     // CloudEvents source; default "/ballerine"
	AllowLoopback bool                       // subscriptions may name http and https URLs of this machine
	EventTypes    []string                   // the types that exist: an unknown exact one is refused; nil: any
	Concurrency   int                        // attempts at once in AttemptDue; default 8
	Overlap       time.Duration              // how long an old secret signs beside the new one; default 24 h
}

// Service is the webhook side of a tenant's cases.
type Service struct{ config Config }

// New makes a Service.
func New(config Config) *Service { return &Service{config: config} }

// Summary counts what AttemptDue did.
type Summary struct {
	Tried, Delivered, Retrying, Failed, Skipped int
}

// Publish creates a delivery for each subscription that wants the event. Doing it again creates nothing.
func (s *Service) Publish(ctx context.Context, event Event) ([]Delivery, error) {
	return nil, problem.New(problem.Unavailable, "Webhooks are not ready.")
}
