package webhook

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"time"

	"github.com/oklog/ulid/v2"

	"ballerine/internal/outbound"
	"ballerine/internal/telemetry"
)

// Config is what a Service needs.
type Config struct {
	Store         Store
	Client        *http.Client               // default: outbound.NewClient with AllowLoopback
	Now           func() time.Time           // default time.Now
	NewID         func(prefix string) string // default: prefix + ULID of now
	Random        io.Reader                  // of secrets; default crypto/rand.Reader
	Metrics       telemetry.Metrics          // default telemetry.Discard
	Source        string                     // CloudEvents source; default "/ballerine"
	UserAgent     string                     // default "Ballerine-Webhooks/1"
	AllowLoopback bool                       // subscriptions may name http and https URLs of this machine
	EventTypes    []string                   // the types that exist: a pattern that matches none is refused; nil: any
	Concurrency   int                        // attempts at once in AttemptDue; default 8
	Timeout       time.Duration              // of one attempt; default 10 s
	FirstTimeout  time.Duration              // of the attempt that Publish makes; default 3 s
	Overlap       time.Duration              // how long an old secret signs beside the new one; default 24 h
}

// Service is the webhook side of the tenants' cases. It is safe for concurrent use, also by several processes.
type Service struct{ config Config }

// New makes a Service.
func New(config Config) *Service {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Timeout <= 0 {
		config.Timeout = 10 * time.Second
	}
	if config.FirstTimeout <= 0 {
		config.FirstTimeout = 3 * time.Second
	}
	if config.Client == nil {
		config.Client = outbound.NewClient(outbound.Options{AllowLoopback: config.AllowLoopback, Timeout: config.Timeout})
	}
	if config.Random == nil {
		config.Random = rand.Reader
	}
	if config.NewID == nil {
		config.NewID = func(prefix string) string {
			return prefix + ulid.MustNew(ulid.Timestamp(config.Now()), rand.Reader).String()
		}
	}
	if config.Metrics == nil {
		config.Metrics = telemetry.Discard
	}
	if config.Source == "" {
		config.Source = "/ballerine"
	}
	if config.UserAgent == "" {
		config.UserAgent = "Ballerine-Webhooks/1"
	}
	if config.Concurrency <= 0 {
		config.Concurrency = 8
	}
	if config.Overlap <= 0 {
		config.Overlap = 24 * time.Hour
	}
	return &Service{config: config}
}

// Deliveries pages through the delivery log of a subscription, newest first. Errors: NotFound.
func (s *Service) Deliveries(ctx context.Context, tenant, subscription, after string, limit int) (page []Delivery, next string, err error) {
	if _, err := s.config.Store.Subscription(ctx, tenant, subscription); err != nil {
		return nil, "", err
	}
	return s.config.Store.Deliveries(ctx, tenant, subscription, after, min(max(limit, 1), 200))
}
