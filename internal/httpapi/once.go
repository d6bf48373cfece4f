package httpapi

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/oklog/ulid/v2"

	"ballerine/internal/problem"
)

type ctx = context.Context

const (
	keepAnswers  = 24 * time.Hour
	takeOverLate = 60 * time.Second // a call that has been in flight for so long has died
)

// once runs a call under its Idempotency-Key: the same call again gets the same answer. A call that died is taken over,
// which creates nothing twice, as the ids of what it creates follow from the key.
func (s *server) once(w http.ResponseWriter, r *http.Request, op operation, handler func(http.ResponseWriter, *http.Request)) {
	ctx := r.Context()
	there, mine, err := s.reserve(r, op)
	switch {
	case err != nil:
		writeProblem(ctx, w, err)
		return
	case !mine:
		s.replay(ctx, w, there)
		return
	}
	ctx = context.WithValue(ctx, callKey{}, r.Header.Get("Idempotency-Key"))
	ctx = context.WithValue(ctx, idKey{}, idOf(there))
	kept := &recorder{header: w.Header()}
	finished := false
	defer func() {
		if !finished { // it panicked; the reservation must not stand in the way
			_ = s.Idempotency.Release(context.WithoutCancel(ctx), there.Key, there.Holder)
		}
	}()
	handler(kept, r.WithContext(ctx))
	if kept.status >= 200 && kept.status < 300 {
		err = s.Idempotency.Complete(context.WithoutCancel(ctx), there.Key, there.Holder, s.sealer.answer(there.Key, kept))
	} else {
		err = s.Idempotency.Release(context.WithoutCancel(ctx), there.Key, there.Holder)
	}
	finished = true
	if err != nil { // what was done stands; the key can be taken over later
		s.log(ctx, op.OperationID, err)
	}
	w.WriteHeader(kept.status)
	_, _ = w.Write(kept.body.Bytes()) // the caller has gone: nobody to tell
}

func (s *server) reserve(r *http.Request, op operation) (Reservation, bool, error) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		return Reservation{}, false, problem.New(problem.IdempotencyRequired, "Send an Idempotency-Key, so that a repeated call does nothing twice.").With("header.Idempotency-Key", "required", "this is needed")
	}
	if len(key) > 200 {
		return Reservation{}, false, problem.New(problem.Invalid, "The Idempotency-Key is too long.").With("header.Idempotency-Key", "length", "a key has at most 200 bytes")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return Reservation{}, false, problem.Wrap(err, problem.Timeout, "The body did not arrive.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	p := principalOf(r.Context())
	hash := sha256.New()
	hash.Write([]byte(r.URL.RequestURI() + "\x00"))
	hash.Write(body)
	now := s.Now().UTC()
	sum := sha256.Sum256([]byte(p.ID + "\x00" + p.Case + "\x00" + key)) // keys of different callers do not meet
	mine := Reservation{
		Key: p.Tenant + "#" + op.OperationID + "#" + hex.EncodeToString(sum[:16]), Hash: hex.EncodeToString(hash.Sum(nil)),
		Holder: rand.Text(), StartedAt: now, FirstAt: now, ExpiresAt: now.Add(keepAnswers),
	}
	there, reserved, err := s.Idempotency.Reserve(r.Context(), mine, time.Time{})
	if err != nil || reserved {
		return mine, reserved, err
	}
	if there.Hash != mine.Hash {
		return Reservation{}, false, problem.New(problem.IdempotencyMismatch, "This Idempotency-Key belongs to another call.")
	}
	if late := now.Add(-takeOverLate); there.Answer == nil && there.StartedAt.Before(late) {
		mine.FirstAt = there.FirstAt
		there, reserved, err = s.Idempotency.Reserve(r.Context(), mine, late)
		if reserved {
			there = mine
		}
	}
	return there, reserved, err
}

func (s *server) replay(ctx context.Context, w http.ResponseWriter, there Reservation) {
	if there.Answer == nil {
		w.Header().Set("Retry-After", "1")
		writeProblem(ctx, w, problem.New(problem.IdempotencyInFlight, "The first call with this Idempotency-Key has not ended."))
		return
	}
	body, err := s.sealer.open(there.Key, there.Answer.Body)
	if err != nil {
		writeProblem(ctx, w, err)
		return
	}
	for name, value := range there.Answer.Header {
		w.Header().Set(name, value)
	}
	w.Header().Set("Idempotency-Replayed", "true")
	w.WriteHeader(there.Answer.Status)
	_, _ = w.Write(body) // the caller has gone: nobody to tell
}

// idOf is a ULID that follows from the key: its time is that of the first call, the rest is a hash.
func idOf(r Reservation) string {
	sum := sha256.Sum256([]byte(r.Key + "\x00" + r.Hash))
	var id ulid.ULID
	_ = id.SetTime(ulid.Timestamp(r.FirstAt)) // fails after the year 10889
	_ = id.SetEntropy(sum[:10])               // fails for another length
	return id.String()
}

// sealer keeps answers unreadable in the store (they hold secrets and personal data) and signs cursors.
type sealer struct {
	aead   cipher.AEAD
	cursor []byte
}

func newSealer(secret []byte) (sealer, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "ballerine answers", 32)
	if err != nil {
		return sealer{}, problem.Wrap(err, problem.Internal, "The key of answers cannot be made.")
	}
	cursor, err := hkdf.Key(sha256.New, secret, nil, "ballerine cursors", 32)
	if err != nil {
		return sealer{}, problem.Wrap(err, problem.Internal, "The key of cursors cannot be made.")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, problem.Wrap(err, problem.Internal, "The cipher of answers cannot be made.")
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead: aead, cursor: cursor}, err
}

func (s sealer) answer(key string, kept *recorder) Answer {
	answer := Answer{Status: kept.status, Header: map[string]string{}, Body: s.aead.Seal(nil, nil, kept.body.Bytes(), []byte(key))} //nolint:gosec // the AEAD makes its own nonce
	for _, name := range []string{"Content-Type", "Location", "Etag"} {
		if value := kept.header.Get(name); value != "" {
			answer.Header[name] = value
		}
	}
	return answer
}

func (s sealer) open(key string, sealed []byte) ([]byte, error) {
	body, err := s.aead.Open(nil, nil, sealed, []byte(key))
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The kept answer cannot be read.")
	}
	return body, nil
}

// sign makes an opaque cursor of a store's, good only with the same tenant and filters.
func (s sealer) sign(scope any, after string) *string {
	if after == "" {
		return nil
	}
	text := base64.RawURLEncoding.EncodeToString(append(s.mac(scope, after), after...))
	return &text
}

// read checks a cursor. Errors: Invalid.
func (s sealer) read(scope any, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil && len(raw) > 16 && hmac.Equal(raw[:16], s.mac(scope, string(raw[16:]))) {
		return string(raw[16:]), nil
	}
	return "", problem.New(problem.Invalid, "The cursor does not belong to this list.").With("query.cursor", "cursor", "take it as it was given, with the same filters")
}

func (s sealer) mac(scope any, after string) []byte {
	mac := hmac.New(sha256.New, s.cursor)
	text, _ := json.Marshal([]any{scope, after}) // strings and numbers: cannot fail
	mac.Write(text)
	return mac.Sum(nil)[:16]
}
