package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"time"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/docscan"
	"ballerine/internal/httpapi"
	"ballerine/internal/httpapi/bridge"
	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/ids"
	"ballerine/internal/keyring"
	"ballerine/internal/outbound"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/lists"
	"ballerine/internal/policy/trial"
	"ballerine/internal/problem"
	"ballerine/internal/ratelimit"
	"ballerine/internal/registry"
	"ballerine/internal/task"
	"ballerine/internal/telemetry"
	"ballerine/internal/watched"
	"ballerine/internal/webhook"
)

// Parts are the adapters and settings of one installation. A function needs only those that its handler uses.
type Parts struct {
	Store       cases.Store
	Keys        identity.Store
	Webhooks    webhook.Store
	Reviews     backoffice.Store
	Idempotency idempotency.Store
	Registry    registry.Store // nil: only what ships is published
	Ledger      ledger.Store   // nil: decisions of policies are not kept
	Backtests   backtest.Store // nil: there are no runs of backtests
	Runner      backtest.Runner
	Bulk        Bulk
	Lists       lists.Store   // nil: there are none
	Trials      trial.Store   // nil: no drafts are tried beside live policies
	Watched     watched.Store // nil: answers to hits are not remembered
	Machines    registry.Machines
	Executions  cases.Executions
	Decisions   cases.Decisions // nil: there are no such callers
	Objects     cases.Objects
	Files       Files // nil: there are none
	Secrets     connector.Secrets
	Traffic     connector.Traffic   // of vendors, recorded or replayed; nil: as it is
	SecretNames connector.Inventory // nil: missing secrets of plugins are not reported

	Definitions    fs.FS                                                  // see package statemachines
	Settings       map[string]string                                      // what vendor plugins name: {"sandbox": URL}
	SigningSecrets [][]byte                                               // of flow tokens, callback tokens and cursors; newest first, 32 bytes at least
	SearchSecret   []byte                                                 // keys the hashes of the search; nil: the last of SigningSecrets
	SigningSource  keyring.Reader                                         // reads SigningSecrets again when they have been replaced; nil: they stay
	Issuers        []identity.Issuer                                      // of reviewers' tokens
	FourEyes       func(ctx context.Context, tenant string) (bool, error) // whether a tenant's challengers need an approval; default: as it publishes
	ShadowTime     time.Duration                                          // the longest that a decision waits for its shadow; default 100 ms
	PublicURL      string                                                 // where vendors call back, without a slash at its end
	AllowLoopback  bool                                                   // webhooks and vendors may be on this machine
	Rates          ratelimit.Store                                        // nil: requests are not limited
	RequestLimits  ratelimit.Limits                                       // of requests by caller; what is zero has no limit
	Limits         cases.Limits                                           // of entries in a case's history; what is zero is the default
	LookAgain      time.Duration                                          // see cases.Config; 0: its default
	Writable       func(ctx context.Context) error                        // whether the store takes writes, for the health operation; nil: it is not asked
	OutboxRuns     bool                                                   // the process runs the outbox in a loop of its own: see task.Outbox.Run; sweep leaves it alone
	Waker          task.Waker                                             // starts sweep before its schedule; nil: only the schedule does
	Deliveries     webhook.Queue                                          // of attempts at webhooks, which deliver makes; nil: this process makes them

	Version string
	Now     func() time.Time
	NewID   func(prefix string) string // prefix without its underscore
	Metrics telemetry.Metrics
	Logger  *slog.Logger
}

// Files keeps what is no document of a case: watch lists. See editions.Objects.
type Files interface {
	Get(ctx context.Context, key string, limit int64) (content []byte, tag string, err error)
	Put(ctx context.Context, key string, content []byte, tag string) error
	Delete(ctx context.Context, key string) error
}

// Bulk is how backtests are worked.
type Bulk struct {
	Parts   int           // of a run, at most; default 400
	Turn    time.Duration // of a part, before it is released; default 20 s
	Workers int           // of a part; default: one for each processor
}

// finestPart is the least time that a part of a backtest spans.
const finestPart = 10 * time.Minute

// Core is what all handlers share. Its constructors are methods so that a function links only what it uses.
type Core struct {
	Parts
	Catalog *registry.Catalog
	Trials  *trial.Service // nil: see Parts
	Cases   *cases.Service
	Tokens  *identity.Tokens

	Addresses identity.Addresses // where vendors call back that have one address for all cases

	ring    *keyring.Ring      // nil without signing secrets
	opener  *lists.Opener      // nil without lists
	limiter *ratelimit.Limiter // nil: requests are not limited

	deliver sync.Once
	outbox  *task.Outbox
}

// callbackLife is how long a vendor may take to call back.
const callbackLife = 90 * 24 * time.Hour

// New wires the core. Errors: Invalid when a definition has problems, Internal when a setting is missing.
func New(parts Parts) (*Core, error) {
	parts = withDefaults(parts)
	catalog, err := registry.New(parts.Definitions, parts.Registry)
	if err != nil {
		return nil, err
	}
	c := &Core{Parts: parts, Catalog: catalog}
	if parts.Rates != nil && parts.RequestLimits != (ratelimit.Limits{}) {
		c.limiter = ratelimit.New(ratelimit.Config{Store: parts.Rates, Limits: parts.RequestLimits, Now: parts.Now, Metrics: parts.Metrics})
	}
	if parts.Lists != nil {
		c.opener = lists.NewOpener(parts.Lists)
		catalog.Lists = c.opener
	}
	if len(parts.SigningSecrets) > 0 {
		if c.ring, err = ring(parts); err != nil {
			return nil, err
		}
		c.Tokens = identity.NewTokens(parts.Now, c.ring)
	}
	if parts.Trials != nil {
		config := trial.Config{Store: parts.Trials, Policies: catalog, FourEyes: parts.FourEyes, Now: parts.Now, NewID: parts.NewID}
		if parts.Keys != nil {
			config.Behind = c.keys().Behind
		}
		c.Trials = trial.New(config)
	}
	c.Addresses = identity.NewAddresses(parts.PublicURL, addressKey(parts))
	config := cases.Config{
		Store: parts.Store, Catalog: catalog, Objects: parts.Objects, Decisions: parts.Decisions, Now: parts.Now, NewID: parts.NewID, Metrics: parts.Metrics,
		Watched: parts.Watched, SearchKey: searchKey(parts), Limits: parts.Limits, LookAgain: parts.LookAgain,
	}
	if parts.Keys != nil {
		config.Behind = c.keys().Behind
	}
	c.Cases = cases.New(config)
	return c, nil
}

func ring(parts Parts) (*keyring.Ring, error) {
	if parts.SigningSource == nil {
		return keyring.Of(parts.SigningSecrets...)
	}
	return keyring.Reading(parts.SigningSource, parts.Now, parts.Logger, parts.SigningSecrets...)
}

// searchKey keys the search's hashes. It is derived from the oldest signing secret, so that a new one in front changes
// nothing. If a former version's secrets follow for a while (see SigningSource), SearchSecret names the one that stays.
func searchKey(parts Parts) []byte { return lastingKey(parts, "ballerine/search/1") }

// addressKey makes the addresses at which vendors call back for all cases: they are written down at the vendors', and have to stay.
func addressKey(parts Parts) []byte { return lastingKey(parts, "ballerine/callbacks/1") }

func lastingKey(parts Parts, purpose string) []byte {
	secret := parts.SearchSecret
	if secret == nil && len(parts.SigningSecrets) > 0 {
		secret = parts.SigningSecrets[len(parts.SigningSecrets)-1]
	}
	if secret == nil {
		return nil
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}

func withDefaults(parts Parts) Parts {
	if parts.Now == nil {
		parts.Now = time.Now
	}
	if parts.NewID == nil {
		parts.NewID = ids.Source(parts.Now)
	}
	if parts.FourEyes == nil {
		parts.FourEyes = registry.FourEyes(parts.Registry)
	}
	if parts.Metrics == nil {
		parts.Metrics = telemetry.Discard
	}
	if parts.Bulk.Parts == 0 {
		parts.Bulk.Parts = 400
	}
	if parts.Bulk.Turn == 0 {
		parts.Bulk.Turn = 20 * time.Second
	}
	if parts.Logger == nil {
		parts.Logger = slog.Default()
	}
	return parts
}

func (c *Core) base() task.Base {
	return task.Base{Cases: c.Cases, Store: c.Store, Now: c.Now, NewID: c.NewID, Metrics: c.Metrics, Logger: c.Logger}
}

// Step is the function that parks waits and applies timers and failures.
func (c *Core) Step() task.Handler {
	return task.NewStep(task.StepConfig{Cases: c.Cases, Executions: c.Executions, Logger: c.Logger})
}

// Rules is the function that evaluates policies.
func (c *Core) Rules() task.Handler {
	return task.NewRules(c.base(), c.Catalog, c.Decider())
}

// Decider makes decisions of policies, and keeps them where there is a ledger.
func (c *Core) Decider() *ledger.Ledger {
	l := &ledger.Ledger{Store: c.Ledger, Policies: c.Catalog, Metrics: c.Metrics, Logger: c.Logger, ShadowTime: c.ShadowTime}
	if c.opener != nil {
		l.Lists = c.opener
	}
	if c.Trials != nil {
		l.Trials = c.Trials
	}
	return l
}

// Backtest is the function that does the steps of backtests.
func (c *Core) Backtest() task.Handler {
	return task.NewBacktest(&backtest.Worker{
		Store: c.Backtests, Ledger: c.Decider(), Planning: backtest.Planning{Parts: c.Bulk.Parts, Finest: finestPart}, Turn: c.Bulk.Turn, Workers: c.Bulk.Workers, Now: c.Now,
	})
}

// backtests are the runs, for the API; nil where there are none.
func (c *Core) backtests() *backtest.Service {
	if c.Backtests == nil || c.Runner == nil {
		return nil
	}
	return &backtest.Service{Store: c.Backtests, Runner: c.Runner, Now: c.Now, NewID: c.NewID}
}

// ListService makes and changes lists.
func (c *Core) ListService() *lists.Service { return &lists.Service{Store: c.Lists, Now: c.Now} }

// Children is the function that starts child cases.
func (c *Core) Children() task.Handler { return task.NewChildren(c.base()) }

// Screening is the function that looks for people and organizations on watch lists: its operations, for a caller in the same process, and
// all of it, with its work for state machines. Errors: as API.
func (c *Core) Screening(lists task.Screener, api httpapi.Watchlists) (serve bridge.Handler, function task.Handler, err error) {
	config, err := c.apiConfig(httpapi.ScreeningOperations())
	if err != nil {
		return nil, nil, err
	}
	config.Watchlists = api
	handler, err := httpapi.New(config)
	if err != nil {
		return nil, nil, err
	}
	serve = bridge.New(handler)
	called, work := Function(serve), task.NewScreening(c.base(), lists)
	return serve, func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		if bridge.FromGateway(payload) {
			return called(ctx, payload)
		}
		return work(ctx, payload)
	}, nil
}

// Document is the function that checks documents and takes notices of uploads. The caller passes the reader of machine-readable zones, so that functions
// that look at no pictures do not link it.
func (c *Core) Document(read docscan.Reader) task.Handler {
	return task.NewDocument(c.base(), c.Objects, read)
}

// Vendor is the function that calls vendors. Errors: Invalid when a plugin has problems.
func (c *Core) Vendor() (task.Handler, error) {
	if err := c.Catalog.LoadPlugins(); err != nil {
		return nil, err
	}
	client := c.vendorClient(task.NewVendorFiles(c.Objects))
	client.Traffic = c.Traffic
	return task.NewVendor(c.base(), task.VendorConfig{
		Plugins: c.Catalog, Client: client,
		CallbackURL: func(call connector.Call, plugin *connector.Plugin, started time.Time) (string, error) {
			if plugin.Correlates() {
				return c.Addresses.Of(call.Tenant, plugin.ID), nil
			}
			token, err := c.Tokens.Callback(identity.Callback{
				Tenant: call.Tenant, Case: call.Case, State: call.State, Visit: call.Visit, Work: call.Work, Round: call.Round, Plugin: plugin.ID,
			}, callbackEnd(started, c.Now()))
			return c.PublicURL + "/v1/hooks/" + token, err
		},
	}), nil
}

// callbackEnd is when a callback's token ends: one to two lives from now, and the same for all attempts but those
// around the end of a life.
func callbackEnd(started, now time.Time) time.Time {
	return started.Add((now.Sub(started)/callbackLife + 2) * callbackLife) //nolint:durationcheck // the quotient is a number, not a duration
}

func (c *Core) vendorClient(files connector.Files) *connector.Client {
	return &connector.Client{
		HTTP:    outbound.NewClient(outbound.Options{AllowLoopback: c.AllowLoopback, Timeout: time.Minute}),
		Secrets: c.Secrets, Files: files, Settings: c.Settings, Now: c.Now,
	}
}

// WebhookService is the webhook side, for the API, dispatch and sweep.
func (c *Core) WebhookService() *webhook.Service {
	lease := time.Duration(0) // the usual
	if c.OutboxRuns {
		lease = 2 * time.Second // no other process attempts: it only makes a successor of this process wait
	}
	return webhook.New(webhook.Config{
		Lease: lease, Logger: c.Logger, Queue: c.Deliveries,
		Store: c.Webhooks, Now: c.Now, Metrics: c.Metrics, AllowLoopback: c.AllowLoopback, EventTypes: cases.EventTypes(),
		NewID: func(prefix string) string { return c.NewID(strings.TrimSuffix(prefix, "_")) },
	})
}

// Outbox delivers effects: there is one, so that no two of a process deliver the same at once.
func (c *Core) Outbox() *task.Outbox {
	c.deliver.Do(func() {
		c.outbox = task.NewOutbox(task.OutboxConfig{
			Cases: c.Cases, Store: c.Store, Executions: c.Executions, Webhooks: c.WebhookService(), Waker: c.Waker, Now: c.Now, Metrics: c.Metrics, Logger: c.Logger,
		})
	})
	return c.outbox
}

// Dispatch is the function behind the cases table's stream; decode reads the store's kind of event.
func (c *Core) Dispatch(decode func(json.RawMessage) ([]cases.Effect, error)) task.Handler {
	return task.NewDispatch(c.Outbox(), decode)
}

// Deliver is the function behind the queue of attempts at webhooks.
func (c *Core) Deliver() task.Handler { return task.NewDeliver(c.WebhookService()) }

// Sweep is the function behind the schedule.
func (c *Core) Sweep() task.Handler {
	outbox := c.Outbox()
	if c.OutboxRuns {
		outbox = nil
	}
	return task.NewSweep(task.SweepConfig{
		Cases: c.Cases, Store: c.Store, Executions: c.Executions, Outbox: outbox, Now: c.Now, Logger: c.Logger,
		Overdue: 5 * time.Second, Quiet: 2 * time.Minute, Batch: 200,
	})
}

// Publisher is the writing side of the registry. Errors: Invalid when a plugin has problems.
func (c *Core) Publisher() (*registry.Publisher, error) {
	if err := c.Catalog.LoadPlugins(); err != nil {
		return nil, err
	}
	publisher := &registry.Publisher{Catalog: c.Catalog, Store: c.Registry, Machines: c.Machines, Now: c.Now}
	if c.SecretNames != nil {
		publisher.Unconfigured = func(ctx context.Context, tenant string, p *connector.Plugin) problem.Diagnostics {
			return p.Unconfigured(ctx, tenant, c.Settings, c.SecretNames)
		}
	}
	if c.Parts.Keys != nil {
		publisher.Behind = c.keys().Behind
	}
	return publisher, nil
}
