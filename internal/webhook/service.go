package webhook

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"ballerine/internal/fair"
	"ballerine/internal/ids"
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
	Concurrency   int                        // attempts at once; default 64
	PerTenant     int                        // of those, of one tenant; default a quarter
	PerReceiver   int                        // of those, at one subscription; default 4
	Timeout       time.Duration              // of one attempt; default 10 s
	Lease         time.Duration              // how long beyond its timeout an attempt keeps others away: what a process that died leaves waits as long; default 50 s
	FirstTimeout  time.Duration              // of the attempt that Publish makes; default 3 s
	FailingFor    time.Duration              // how long a receiver may accept nothing before its subscription is disabled; default 5 days
	Logger        *slog.Logger               // default slog.Default()
	Queue         Queue                      // who makes attempts; nil: this process
	Overlap       time.Duration              // how long an old secret signs beside the new one; default 24 h
}

// Service is the webhook side of the tenants' cases. It is safe for concurrent use, also by several processes.
type Service struct {
	config Config
	pool   *fair.Pool

	base      context.Context // of attempts in the background
	stop      context.CancelFunc
	finishing atomic.Bool // see Finish

	mutex  sync.Mutex
	flying map[string]struct{}  // deliveries that wait for an attempt here, or are being attempted
	slow   map[string]time.Time // receivers that lately took too long -> until when no first attempt is made at them
	queued map[string]time.Time // deliveries that OfferDue has lately put into the Queue
	after  string               // where reading what is due continues
}

// New makes a Service.
func New(config Config) *Service {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Timeout <= 0 {
		config.Timeout = 10 * time.Second
	}
	if config.Lease <= 0 {
		config.Lease = lease
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
		config.NewID = func(prefix string) string { return prefix + ids.Random(config.Now()) }
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
		config.Concurrency = 64
	}
	if config.PerTenant <= 0 {
		config.PerTenant = max(1, config.Concurrency/4)
	}
	if config.PerReceiver <= 0 {
		config.PerReceiver = 4
	}
	if config.FailingFor <= 0 {
		config.FailingFor = 5 * 24 * time.Hour
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Overlap <= 0 {
		config.Overlap = 24 * time.Hour
	}
	limits := fair.Limits{Total: config.Concurrency, PerTenant: config.PerTenant, PerReceiver: config.PerReceiver, Waiting: maxWaiting}
	s := &Service{config: config, pool: fair.New(limits), flying: map[string]struct{}{}, slow: map[string]time.Time{}, queued: map[string]time.Time{}}
	s.base, s.stop = context.WithCancel(context.Background())
	return s
}

// Deliveries pages through the delivery log of a subscription, newest first. Errors: NotFound.
func (s *Service) Deliveries(ctx context.Context, tenant, subscription, after string, limit int) (page []Delivery, next string, err error) {
	if _, err := s.config.Store.Subscription(ctx, tenant, subscription); err != nil {
		return nil, "", err
	}
	return s.config.Store.Deliveries(ctx, tenant, subscription, after, min(max(limit, 1), 200))
}
