package idempotency

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"ballerine/internal/ids"
	"ballerine/internal/keyring"
	"ballerine/internal/problem"
)

const (
	keepAnswers  = 24 * time.Hour
	takeOverLate = 60 * time.Second // a call that has been in flight for so long has died
	maxKey       = 200              // bytes
)

// Call is a creating call as its sender names it.
type Call struct {
	Tenant    string
	Operation string // its id
	Caller    string // keys of different callers do not meet
	Key       string // the Idempotency-Key
	Target    string // the path with its query
	Body      []byte
}

// Calls begins and ends calls, and repeats the answers of those that have ended.
type Calls struct {
	store Store
	now   func() time.Time
	ring  *keyring.Ring // keeps answers unreadable in the store: they hold secrets and personal data
}

// New makes Calls. The keys that seal answers are derived from the ring's secrets.
func New(store Store, now func() time.Time, ring *keyring.Ring) *Calls {
	return &Calls{store: store, now: now, ring: ring}
}

// cipherOf is what seals answers with a secret.
func cipherOf(secret []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "ballerine answers", 32)
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The key for stored responses cannot be created.")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The cipher for stored responses cannot be created.")
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The cipher for stored responses cannot be created.")
	}
	return aead, nil
}

// Begin reserves a call: if mine is true, the caller holds it and carries it out. Otherwise the same call came before,
// and has its Answer or is in flight. A call whose process died is taken over. Errors: IdempotencyRequired, Invalid,
// IdempotencyMismatch, Unavailable.
func (c *Calls) Begin(ctx context.Context, call Call) (there Reservation, mine bool, err error) {
	if call.Key == "" {
		return Reservation{}, false, problem.New(problem.IdempotencyRequired, "Send an Idempotency-Key, so that a repeated call has no further effect.").With("header.Idempotency-Key", "required", "this is required")
	}
	if len(call.Key) > maxKey {
		return Reservation{}, false, problem.New(problem.Invalid, "The Idempotency-Key is too long.").With("header.Idempotency-Key", "length", "a key must have at most %d bytes", maxKey)
	}
	ours := c.reservation(call)
	there, mine, err = c.store.Reserve(ctx, ours, time.Time{})
	if err != nil || mine {
		return ours, mine, err
	}
	if there.Hash != ours.Hash {
		return Reservation{}, false, problem.New(problem.IdempotencyMismatch, "This Idempotency-Key was used for a different call.")
	}
	if late := ours.StartedAt.Add(-takeOverLate); there.Answer == nil && there.StartedAt.Before(late) {
		ours.FirstAt, ours.Again = there.FirstAt, true
		if there, mine, err = c.store.Reserve(ctx, ours, late); mine {
			there = ours
		}
	}
	return there, mine, err
}

func (c *Calls) reservation(call Call) Reservation {
	hash := sha256.New()
	hash.Write([]byte(call.Target + "\x00"))
	hash.Write(call.Body)
	now := c.now().UTC()
	sum := sha256.Sum256([]byte(call.Caller + "\x00" + call.Key))
	return Reservation{
		Key: call.Tenant + "#" + call.Operation + "#" + hex.EncodeToString(sum[:16]), Hash: hex.EncodeToString(hash.Sum(nil)),
		Holder: rand.Text(), StartedAt: now, FirstAt: now, ExpiresAt: now.Add(keepAnswers),
	}
}

// End keeps the answer of a call for those that repeat it. It outlives the call's own context.
func (c *Calls) End(ctx context.Context, r Reservation, answer Answer) error {
	ctx = context.WithoutCancel(ctx)
	aead, err := cipherOf(c.ring.Secrets()[0])
	if err != nil {
		return err
	}
	sealed := answer
	sealed.Body = aead.Seal(nil, nil, answer.Body, []byte(r.Key)) //nolint:gosec // the AEAD makes its own nonce
	return c.store.Complete(ctx, r.Key, r.Holder, sealed)
}

// Refuse ends a call that was refused and has had no effect: its key is free, so that the call can be corrected and
// repeated. One that was taken over fails instead: the call before it may have had an effect.
func (c *Calls) Refuse(ctx context.Context, r Reservation) error {
	if r.Again {
		return c.Fail(ctx, r)
	}
	return c.store.Release(context.WithoutCancel(ctx), r.Key, r.Holder)
}

// Fail ends a call that has failed, whether or not it has done something. The same call again takes it over at once, and creates
// what it may have created, under the same id.
func (c *Calls) Fail(ctx context.Context, r Reservation) error {
	return c.store.Abandon(context.WithoutCancel(ctx), r.Key, r.Holder)
}

// Answer is what a call that has ended was answered with. Errors: IdempotencyInFlight, Internal.
func (c *Calls) Answer(r Reservation) (Answer, error) {
	if r.Answer == nil {
		return Answer{}, problem.New(problem.IdempotencyInFlight, "The first call with this Idempotency-Key is still in progress.")
	}
	var body []byte
	opens := func(secret []byte) bool {
		aead, err := cipherOf(secret)
		if err == nil {
			body, err = aead.Open(nil, nil, r.Answer.Body, []byte(r.Key))
		}
		return err == nil
	}
	if !c.ring.Any(opens) {
		return Answer{}, problem.New(problem.Internal, "The stored response cannot be read.")
	}
	return Answer{Status: r.Answer.Status, Header: r.Answer.Header, Body: body}, nil
}

// Name is what a record remembers the call by, longer than its answer is kept. It identifies the caller and the request:
// the same key used by somebody else, or by the caller for another request, has another name.
func (r Reservation) Name() string {
	sum := sha256.Sum256([]byte(r.Key + "\x00" + r.Hash))
	return "call:" + hex.EncodeToString(sum[:16])
}

// ID is a ULID derived from the call, so that a call that is taken over creates nothing twice: its time is that of the
// first call, the rest is a hash.
func (r Reservation) ID() string {
	sum := sha256.Sum256([]byte(r.Key + "\x00" + r.Hash))
	return ids.Derived(r.FirstAt, sum[:])
}
