// Package keyring holds the secrets that sign and seal, newest first: the first signs, all of them verify. It reads them again while the
// process lives, so that a secret that was replaced takes effect without a new process.
package keyring

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"ballerine/internal/problem"
)

const (
	// keep is how long secrets are used until they are read again.
	keep = 5 * time.Minute
	// earliest is how long they are used at least, also when something is signed by another one.
	earliest = 10 * time.Second
	// readTime bounds the reading. The former secrets do until the next one.
	readTime = 2 * time.Second
	// shortest is the length of a secret, in bytes.
	shortest = 32
)

// Reader reads the secrets from where they are kept, newest first.
type Reader func(ctx context.Context) ([][]byte, error)

// Ring holds secrets. It is safe for concurrent use.
type Ring struct {
	read   Reader // nil: they stay as they are
	now    func() time.Time
	logger *slog.Logger

	mutex   sync.Mutex
	secrets [][]byte
	asked   time.Time
}

// Of holds secrets that stay as they are. Errors: Invalid when there are none, or one is short.
func Of(secrets ...[]byte) (*Ring, error) {
	if err := check(secrets); err != nil {
		return nil, err
	}
	return &Ring{secrets: secrets}, nil
}

// Reading holds secrets that are read again every few minutes; those given are the first. now may be nil: time.Now; so may logger:
// slog.Default. Errors: Invalid.
func Reading(read Reader, now func() time.Time, logger *slog.Logger, secrets ...[]byte) (*Ring, error) {
	ring, err := Of(secrets...)
	if err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	if logger == nil {
		logger = slog.Default()
	}
	ring.read, ring.now, ring.logger, ring.asked = read, now, logger, now()
	return ring, nil
}

// Parse returns the secrets of a text, newest first: {"keys": [base64, …]}, or any other text, whose bytes are the only
// one. Errors: Invalid if the text begins like JSON and is not valid JSON, and if a secret is short; usable ones are
// returned with it.
func Parse(text string) (usable [][]byte, err error) {
	all := [][]byte{[]byte(text)}
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		var written struct {
			Keys [][]byte `json:"keys"`
		}
		if json.Unmarshal([]byte(text), &written) != nil { // its message quotes the secret
			return nil, problem.New(problem.Invalid, `The signing secret is not {"keys": [base64, …]}.`)
		}
		all = written.Keys
	}
	return slices.DeleteFunc(slices.Clone(all), isShort), check(all)
}

func isShort(secret []byte) bool { return len(secret) < shortest }

func check(secrets [][]byte) error {
	if len(secrets) == 0 {
		return problem.New(problem.Invalid, "A signing secret is needed.")
	}
	if slices.ContainsFunc(secrets, isShort) {
		return problem.New(problem.Invalid, "A signing secret has at least %d bytes.", shortest)
	}
	return nil
}

// Secrets are those of now, newest first: never none.
func (r *Ring) Secrets() [][]byte {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.read != nil && r.now().Sub(r.asked) >= keep {
		r.again()
	}
	return r.secrets
}

// Renewed reads the secrets again, because something was signed by none of them: perhaps by another process that has a
// newer one. It reports whether they have changed. Invalid signatures cannot make it read more often than every few
// seconds.
func (r *Ring) Renewed() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.read == nil || r.now().Sub(r.asked) < earliest {
		return false
	}
	return r.again()
}

// again reads the secrets, and reports whether they have changed. The mutex is held. Unreadable or missing secrets change nothing.
func (r *Ring) again() bool {
	r.asked = r.now()
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	fresh, err := r.read(ctx)
	if err == nil {
		err = check(fresh)
	}
	if err != nil {
		r.logger.WarnContext(ctx, "the signing secrets were not renewed: those that were read before stay in use", "error", err.Error())
		return false
	}
	if slices.EqualFunc(fresh, r.secrets, bytes.Equal) {
		return false
	}
	r.secrets = fresh
	return true
}

// Any tries the secrets, newest first, until one fits, and if none does, once more with those that were read again.
func (r *Ring) Any(fits func(secret []byte) bool) bool {
	return slices.ContainsFunc(r.Secrets(), fits) || r.Renewed() && slices.ContainsFunc(r.Secrets(), fits)
}
