package cases

import (
	"context"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/problem"
)

// Delivery is the state of an effect's delivery. An effect that is delivered at the first attempt never has one.
type Delivery struct {
	Attempts int       `json:"attempts,omitempty"` // that failed, since Since
	Since    time.Time `json:"since,omitzero"`     // when the attempts that count began; a replay starts over
	LastAt   time.Time `json:"last_at,omitzero"`   // when the newest one failed
	NextAt   time.Time `json:"next_at,omitzero"`   // not before; zero: at once
	Error    string    `json:"error,omitempty"`    // the newest failure's code: never a message, which could hold personal data
	DeadAt   time.Time `json:"dead_at,omitzero"`   // when it became a dead letter: it is no longer attempted
	Claimed  bool      `json:"claimed,omitempty"`  // its delivery has begun: it can no longer be dropped
}

// DispatchTime is how long an effect that has not been attempted belongs to the process that made its commit; after it
// the outbox's readers take it.
const DispatchTime = 30 * time.Second

// Due is when the effect is to be delivered.
func (e Effect) Due() time.Time {
	switch {
	case !e.Delivery.NextAt.IsZero():
		return e.Delivery.NextAt
	case e.Held():
		return e.NotBefore
	default:
		return e.At
	}
}

// Held reports whether the effect waits, or has waited, so that its cause can be undone. Such an effect has to be
// claimed before it is delivered.
func (e Effect) Held() bool { return e.NotBefore.After(e.At) }

// Fresh reports whether only the process that made the commit knows of the effect.
func (e Effect) Fresh() bool {
	return e.Delivery.Attempts == 0 && e.Delivery.NextAt.IsZero() && !e.Held()
}

// Ref names the effect in its case: "3/0".
func (e Effect) Ref() string { return strconv.Itoa(e.Version) + "/" + strconv.Itoa(e.Number) }

// parseRef reads what Ref has written. Errors: Invalid.
func parseRef(ref string) (version, number int, err error) {
	v, n, _ := strings.Cut(ref, "/")
	version, errV := strconv.Atoi(v)
	number, errN := strconv.Atoi(n)
	if errV != nil || errN != nil || version < 1 || number < 0 {
		return 0, 0, problem.New(problem.Invalid, "An effect of a case is identified by version and number, as in 3/0.")
	}
	return version, number, nil
}

// Receiver is whom the effect is for: a receiver that hangs delays only effects for itself.
func (e Effect) Receiver() string {
	switch e.Kind {
	case EffectStart, EffectWake, EffectStop:
		return "executions"
	case EffectReport:
		return e.Name
	case EffectCancel:
		return "children"
	case EffectPublish:
		return "subscribers"
	case EffectAnswer, EffectWatch:
		return "answers"
	case EffectNone, EffectUnreadable:
	}
	return ""
}

// Outbox is the part of a Store that delivers effects from it. An effect is handed back as it was read: where adapters
// keep it follows from its Due.
type Outbox interface {
	// Undelivered reads effects that are due before the time, of all tenants, each tenant's in the order they are due: at
	// most limit. It is OutboxPage{Before: before, Fresh: before, Each: limit, Limit: limit}.
	Undelivered(ctx context.Context, before time.Time, limit int) ([]Effect, error)
	// Waiting reads a page of the outbox: see OutboxPage. Dead letters and what is due later are not read at all. next is
	// the After of the page behind it, "" at the end.
	Waiting(ctx context.Context, page OutboxPage) (effects []Effect, next string, err error)
	// Outstanding returns the effects of one commit of a case, written at a time, that were not delivered: dead letters too.
	Outstanding(ctx context.Context, tenant, id string, version int, at time.Time) ([]Effect, error)
	// Claim takes an effect for delivery, so that no commit can drop it any more. It can be claimed again. Errors: NotFound
	// when it was dropped or delivered.
	Claim(ctx context.Context, effect Effect) error
	// Postpone records an attempt: before is the effect as it was read, after is the same one with another Delivery. An
	// effect that no longer exists is not recreated, and is no error.
	Postpone(ctx context.Context, before, after Effect) error
	// Bury makes an effect a dead letter by itself, without its case: as it was read, except for the failure and DeadAt. An
	// effect that no longer exists is not recreated, and is no error.
	Bury(ctx context.Context, effect Effect) error
	// Delivered removes effects. Doing it twice is no error.
	Delivered(ctx context.Context, effects ...Effect) error
	// DeadLetters pages through a tenant's, by case, version and number. after is the next of the page before; next is ""
	// at the end. limit is 1 to 200.
	DeadLetters(ctx context.Context, tenant, after string, limit int) (effects []Effect, next string, err error)
	// DeadLetter returns one. Errors: NotFound.
	DeadLetter(ctx context.Context, tenant, id string, version, number int) (Effect, error)
	// Settle is what Change.Replayed, or Change.Discarded, does, for an effect whose case cannot be written. Errors: NotFound
	// when it is no dead letter.
	Settle(ctx context.Context, effect Effect, discard bool) error
	// Backlog states how much is due before the time, over all tenants; it counts to a limit.
	Backlog(ctx context.Context, before time.Time, limit int) (Backlog, error)
}

// OutboxPage is a reader's query of the outbox: tenants in the order of their names, so that one with many effects does
// not delay the others.
type OutboxPage struct {
	Before time.Time // effects that are due before it
	Fresh  time.Time // of those that have not been attempted: written before it
	After  string    // the last tenant of the page before; "" at first
	Each   int       // effects of one tenant, at most: those that are due the longest
	Limit  int       // effects, at most; at least Each
}

// Takes reports whether a page that is read has the effect in it.
func (p OutboxPage) Takes(e Effect) bool {
	return e.Due().Before(p.Before) && (!e.Fresh() || e.At.Before(p.Fresh))
}

// Backlog is how much waits in the outbox.
type Backlog struct {
	Due    int       // effects that are due
	Oldest time.Time // when the one was due that has been due the longest; zero: none
	Dead   int       // dead letters
}

// Replayed is a dead letter as it is written to be tried again.
func (e Effect) Replayed(now time.Time) Effect {
	e.Delivery = Delivery{NextAt: now, Claimed: e.Delivery.Claimed}
	return e
}
