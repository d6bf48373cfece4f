package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/keyring"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/lists"
	"ballerine/internal/policy/rules"
	"ballerine/internal/policy/trial"
	"ballerine/internal/ratelimit"
	"ballerine/internal/registry"
	"ballerine/internal/telemetry"
	"ballerine/internal/webhook"
	"ballerine/internal/workflow"
)

// Audience is who an operation is for; each is served by a function of its own.
type Audience string

// The audiences.
const (
	Client Audience = "client"
	Review Audience = "review"
	Admin  Audience = "admin"
	Flow   Audience = "flow"
	Hooks  Audience = "hooks"

	Screening Audience = "screening" // clients and reviewers who search watch lists for names, and people who load these
)

// Config is what the interface needs. Secret (or Ring), Authenticator and the services behind the audiences' operations are required.
type Config struct {
	Operations    []Operations // what is served
	Cases         *cases.Service
	Webhooks      *webhook.Service
	Authenticator *identity.Authenticator
	Keys          *identity.Keys
	People        *identity.Directory // of the back office
	Reviews       *backoffice.Service // saved views, and who is viewing what
	Workflows     func(ctx context.Context, tenant string) (found []*workflow.Workflow, unreadable []string, err error)
	Tokens        *identity.Tokens
	Idempotency   idempotency.Store
	Policies      func(ctx context.Context, tenant, id string, version int) (*rules.Policy, error) // 0: the newest. Errors: problem.UnknownPolicy
	Ledger        *ledger.Ledger                                                                   // decisions of policies
	Backtests     *backtest.Service                                                                // nil: there are no runs
	Trials        *trial.Service                                                                   // drafts beside live versions
	Plugins       func(ctx context.Context, tenant, id string) (*connector.Plugin, error)          // Errors: problem.NotFound
	Lists         *lists.Service
	Watchlists    Watchlists
	Publisher     *registry.Publisher
	Vendors       *connector.Client  // reads callbacks
	Addresses     identity.Addresses // of callbacks that name no case
	Secret        []byte             // signs cursors and seals the answers that repeated calls get again; 32 bytes or more
	Ring          *keyring.Ring      // the same, where it may be replaced; nil: of Secret

	// Rates counts requests by caller; nil: they are not limited.
	Rates *ratelimit.Limiter

	// Writable reports whether the store takes writes; nil: it is not asked. Errors: problem.Unavailable
	Writable func(ctx context.Context) error

	Now       func() time.Time           // default time.Now
	NewID     func(prefix string) string // default prefix + "_" + ULID
	Metrics   telemetry.Metrics
	Logger    *slog.Logger
	FlowToken time.Duration // how long a flow token is good; default 1 h, at most 24 h
	Version   string        // of the software, for the health answer
}

type principalKey struct{}

// WithPrincipal returns a context whose calls act as p: the bridge's, once the authorizer has checked the credential.
func WithPrincipal(ctx context.Context, p identity.Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

func principalOf(ctx context.Context) identity.Principal {
	p, _ := ctx.Value(principalKey{}).(identity.Principal)
	return p
}

type refusalKey struct{}

// WithRefusal returns a context whose calls are unauthenticated, for the reason that the authorizer has found: every
// operation that needs a credential answers 401 with it.
func WithRefusal(ctx context.Context, refusal error) context.Context {
	return context.WithValue(ctx, refusalKey{}, refusal)
}

func refusalOf(ctx context.Context) error {
	err, _ := ctx.Value(refusalKey{}).(error)
	return err
}

type requestKey struct{}

// WithRequestID returns a context whose answers carry this X-Request-Id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

type idKey struct{}

// reserved is the id that is derived from the call's Idempotency-Key, with the prefix; "" without a key.
func reserved(ctx context.Context, prefix string) string {
	if id, _ := ctx.Value(idKey{}).(string); id != "" {
		return prefix + "_" + id
	}
	return ""
}

type againKey struct{}

// again reports whether the call, by its Idempotency-Key, is a repetition of one that may have done its work, without an answer.
func again(ctx context.Context) bool {
	before, _ := ctx.Value(againKey{}).(bool)
	return before
}

// callKey is the name of a call with an Idempotency-Key: see idempotency.Reservation.Name.
type callKey struct{}

func callOf(ctx context.Context) string {
	key, _ := ctx.Value(callKey{}).(string)
	return key
}

var _ http.Handler = (*server)(nil)
