package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"ballerine/internal/problem"
)

// The form of an API key: blr_<prefix>_<secret>, both of letters and digits.
const (
	keyMark      = "blr_"
	prefixLength = 12
	secretLength = 43 // of 62 characters: more than 256 bits
	alphabet     = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// KeysConfig is what Keys need. Store is required.
type KeysConfig struct {
	Store   Store
	Now     func() time.Time           // default time.Now
	NewID   func(prefix string) string // default prefix + "_" + ULID
	Random  io.Reader                  // of secrets; default crypto/rand
	Overlap time.Duration              // how long a rotated secret stays good beside the new one; default 24 h
}

// Keys makes, rotates, revokes and checks API keys. It is safe for concurrent use.
type Keys struct{ config KeysConfig }

// NewKeys makes Keys.
func NewKeys(config KeysConfig) *Keys {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.NewID == nil {
		now := config.Now
		config.NewID = func(prefix string) string {
			return prefix + "_" + ulid.MustNew(ulid.Timestamp(now()), rand.Reader).String()
		}
	}
	if config.Random == nil {
		config.Random = rand.Reader
	}
	if config.Overlap <= 0 {
		config.Overlap = 24 * time.Hour
	}
	return &Keys{config}
}

// CreateKey asks for a new key.
type CreateKey struct {
	ID        string // reserved by the caller; "" makes one
	Name      string
	Scopes    []string
	ExpiresAt time.Time // zero: never
}

// Create makes a key; the text is shown once and never kept. A client cannot give away more than it has.
// Errors: Invalid, Forbidden, Conflict.
func (k *Keys) Create(ctx context.Context, p Principal, cmd CreateKey) (key Key, text string, err error) {
	now := k.config.Now().UTC()
	if err := checkKey(p, cmd, now); err != nil {
		return Key{}, "", err
	}
	if cmd.ID == "" {
		cmd.ID = k.config.NewID("key")
	}
	prefix, err := k.random(prefixLength)
	if err != nil {
		return Key{}, "", err
	}
	secret, err := k.random(secretLength)
	if err != nil {
		return Key{}, "", err
	}
	key = Key{
		ID: cmd.ID, Tenant: p.Tenant, Name: cmd.Name, Prefix: prefix, Hash: hashSecret(secret), Scopes: cmd.Scopes,
		CreatedAt: now, CreatedBy: p.ID, ExpiresAt: cmd.ExpiresAt, Revision: 1,
	}
	return key, keyMark + prefix + "_" + secret, k.config.Store.PutKey(ctx, 0, key)
}

func checkKey(p Principal, cmd CreateKey, now time.Time) error {
	e := problem.New(problem.Invalid, "The key cannot be made like this.")
	if len(cmd.Name) > 100 {
		e.With("body.name", "length", "a name has at most 100 bytes")
	}
	if !cmd.ExpiresAt.IsZero() && !cmd.ExpiresAt.After(now) {
		e.With("body.expires_at", "range", "the expiry must be in the future")
	}
	known := Permissions()
	for i, scope := range cmd.Scopes {
		if scope != "*" && !slices.Contains(known, Permission(scope)) {
			e.With(fmt.Sprintf("body.scopes[%d]", i), "unknown", "known scopes are %s", joined(known))
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	if p.Kind != Client {
		return nil
	}
	for _, scope := range cmd.Scopes {
		if !holds(p.Scopes, Permission(scope)) {
			return problem.New(problem.Forbidden, "A key cannot give away scopes that it does not have.")
		}
	}
	if len(cmd.Scopes) == 0 && !slices.Contains(p.Scopes, "*") {
		return problem.New(problem.Forbidden, "A key with scopes cannot make one without.")
	}
	return nil
}

// List returns the tenant's keys.
func (k *Keys) List(ctx context.Context, tenant string) ([]Key, error) {
	return k.config.Store.Keys(ctx, tenant)
}

// Rotate gives a key a new secret; the former one stays good for the overlap. A client rotates only its own key or one
// that has no more scopes than itself. Errors: NotFound, Forbidden, Conflict.
func (k *Keys) Rotate(ctx context.Context, p Principal, id string) (key Key, text string, err error) {
	secret, err := k.random(secretLength)
	if err != nil {
		return Key{}, "", err
	}
	key, err = k.change(ctx, p.Tenant, id, func(key *Key, now time.Time) error {
		if !key.RevokedAt.IsZero() {
			return problem.New(problem.Conflict, "The key is revoked.")
		}
		if p.Kind == Client && p.ID != id {
			if err := checkKey(p, CreateKey{Scopes: key.Scopes}, now); err != nil {
				return err
			}
		}
		key.FormerHash, key.FormerEnds = key.Hash, now.Add(k.config.Overlap)
		key.Hash = hashSecret(secret)
		if key.CreatedBy != p.ID && !slices.Contains(key.RotatedBy, p.ID) {
			key.RotatedBy = append(key.RotatedBy, p.ID)
		}
		return nil
	})
	return key, keyMark + key.Prefix + "_" + secret, err
}

// Behind are the people and keys that may hold a secret of a key: who made it, who rotated it, and who is behind these,
// sorted. Errors: NotFound.
func (k *Keys) Behind(ctx context.Context, tenant, id string) ([]string, error) {
	key, err := k.config.Store.Key(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{id: true, "": true}
	for next := append([]string{key.CreatedBy}, key.RotatedBy...); len(next) > 0; next = next[1:] {
		if seen[next[0]] {
			continue
		}
		seen[next[0]] = true
		other, err := k.config.Store.Key(ctx, tenant, next[0])
		if err != nil && problem.CodeOf(err) != problem.NotFound { // not found: it is a person
			return nil, err
		}
		next = append(append(next, other.CreatedBy), other.RotatedBy...)
	}
	delete(seen, id)
	delete(seen, "")
	return slices.Sorted(maps.Keys(seen)), nil
}

// Revoke ends a key at once, former secrets too. Doing it twice is no error. Errors: NotFound, Conflict.
func (k *Keys) Revoke(ctx context.Context, tenant, id string) error {
	_, err := k.change(ctx, tenant, id, func(key *Key, now time.Time) error {
		if key.RevokedAt.IsZero() {
			key.RevokedAt, key.FormerHash, key.FormerEnds = now, "", time.Time{}
		}
		return nil
	})
	return err
}

func (k *Keys) change(ctx context.Context, tenant, id string, edit func(*Key, time.Time) error) (Key, error) {
	key, err := k.config.Store.Key(ctx, tenant, id)
	if err != nil {
		return Key{}, err
	}
	if err := edit(&key, k.config.Now().UTC()); err != nil {
		return Key{}, err
	}
	key.Revision++
	return key, k.config.Store.PutKey(ctx, key.Revision-1, key)
}

// Check turns a key's text into its principal. Errors: Unauthenticated, Unavailable.
func (k *Keys) Check(ctx context.Context, text string) (Principal, error) {
	prefix, secret, ok := ParseKey(text)
	if !ok {
		return Principal{}, unauthenticated()
	}
	key, err := k.config.Store.KeyByPrefix(ctx, prefix)
	switch {
	case problem.CodeOf(err) == problem.NotFound:
		return Principal{}, unauthenticated()
	case err != nil:
		return Principal{}, problem.Wrap(err, problem.Unavailable, "Credentials cannot be checked now.")
	case !key.good(hashSecret(secret), k.config.Now()):
		return Principal{}, unauthenticated()
	}
	return Principal{Tenant: key.Tenant, Kind: Client, ID: key.ID, Scopes: key.Scopes}, nil
}

// good compares with both secrets in constant time, whichever matches.
func (key Key) good(hash string, now time.Time) bool {
	newest := subtle.ConstantTimeCompare([]byte(hash), []byte(key.Hash)) == 1
	former := subtle.ConstantTimeCompare([]byte(hash), []byte(key.FormerHash)) == 1 && now.Before(key.FormerEnds)
	return (newest || former) && key.RevokedAt.IsZero() && (key.ExpiresAt.IsZero() || now.Before(key.ExpiresAt))
}

// ParseKey splits a key's text.
func ParseKey(text string) (prefix, secret string, ok bool) {
	rest, ok := strings.CutPrefix(text, keyMark)
	if !ok || len(rest) != prefixLength+1+secretLength || rest[prefixLength] != '_' {
		return "", "", false
	}
	prefix, secret = rest[:prefixLength], rest[prefixLength+1:]
	other := func(r rune) bool { return !strings.ContainsRune(alphabet, r) }
	if strings.ContainsFunc(prefix, other) || strings.ContainsFunc(secret, other) {
		return "", "", false
	}
	return prefix, secret, true
}

// hashSecret needs no slow hash: a secret has 256 random bits.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// random makes letters and digits, each equally likely.
func (k *Keys) random(length int) (string, error) {
	out, buffer := make([]byte, 0, length), make([]byte, 64)
	for len(out) < length {
		if _, err := io.ReadFull(k.config.Random, buffer); err != nil {
			return "", fmt.Errorf("make a key: %w", err)
		}
		for _, b := range buffer {
			if int(b) < 4*len(alphabet) && len(out) < length {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out), nil
}

// unauthenticated is the same for every reason, so that a guesser learns nothing.
func unauthenticated() error {
	return problem.New(problem.Unauthenticated, "The credential is missing or not good.")
}

func joined(permissions []Permission) string {
	names := make([]string, len(permissions))
	for i, p := range permissions {
		names[i] = string(p)
	}
	return strings.Join(names, ", ")
}
