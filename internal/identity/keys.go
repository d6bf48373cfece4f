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

	"ballerine/internal/ids"
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
		config.NewID = ids.Source(config.Now)
	}
	if config.Random == nil {
		config.Random = rand.Reader
	}
	if config.Overlap <= 0 {
		config.Overlap = 24 * time.Hour
	}
	return &Keys{config}
}

// CreateKey requests a new key.
type CreateKey struct {
	ID        string // reserved by the caller; "" makes one
	Name      string
	Scopes    []string
	ExpiresAt time.Time // zero: never
}

// Create makes a key; the text is shown once and never stored. Nobody, person or key, grants more than they hold.
// Repeating the call, because its answer was lost, gives the same key another secret. Errors: Invalid, Forbidden,
// Conflict.
func (k *Keys) Create(ctx context.Context, p Principal, cmd CreateKey) (key Key, text string, err error) {
	now := k.config.Now().UTC()
	if err := checkKey(cmd, now); err != nil {
		return Key{}, "", err
	}
	if err := grantable(p, cmd.Scopes); err != nil {
		return Key{}, "", err
	}
	if err := k.vouch(ctx, p); err != nil {
		return Key{}, "", err
	}
	person, err := k.personBehind(ctx, p)
	if err != nil {
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
		CreatedAt: now, CreatedBy: p.ID, GrantedBy: p.ID, Person: person, ExpiresAt: cmd.ExpiresAt, Revision: 1,
	}
	err = k.config.Store.PutKey(ctx, 0, key)
	if problem.CodeOf(err) == problem.Conflict {
		key, err = k.createdBefore(ctx, key, err)
	}
	return key, keyMark + key.Prefix + "_" + secret, err
}

// createdBefore gives a key that an earlier attempt of the call has created the new secret: nobody has seen the first
// one. Its id is derived from the call, so no other call can have made it.
func (k *Keys) createdBefore(ctx context.Context, key Key, conflict error) (Key, error) {
	there, err := k.config.Store.Key(ctx, key.Tenant, key.ID)
	switch {
	case problem.CodeOf(err) == problem.NotFound, err == nil && (there.Revision != 1 && there.RotatedIn != key.ID || there.CreatedBy != key.CreatedBy || !there.RevokedAt.IsZero()):
		return key, conflict
	case err != nil || there.Hash == key.Hash:
		return there, err // by this attempt itself
	}
	there.Hash, there.RotatedIn = key.Hash, key.ID
	there.Revision++
	return there, k.config.Store.PutKey(ctx, there.Revision-1, there)
}

func checkKey(cmd CreateKey, now time.Time) error {
	e := problem.New(problem.Invalid, "The key cannot be created.")
	if len(cmd.Name) > 100 {
		e.With("body.name", "length", "a name must have at most 100 bytes")
	}
	if !cmd.ExpiresAt.IsZero() && !cmd.ExpiresAt.After(now) {
		e.With("body.expires_at", "range", "the expiry must be in the future")
	}
	known := Permissions()
	for i, scope := range cmd.Scopes {
		if scope != "*" && scope != Redacted && !slices.Contains(known, Permission(scope)) {
			e.With(fmt.Sprintf("body.scopes[%d]", i), "unknown", "known scopes are %s, and %s", joined(known), Redacted)
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// List returns the tenant's keys.
func (k *Keys) List(ctx context.Context, tenant string) ([]Key, error) {
	return k.config.Store.Keys(ctx, tenant)
}

// Rotate gives a key a new secret; each former one stays valid for the overlap from when it was replaced, up to
// maxSecrets in total. The secret is shown to the caller, who must hold all permissions of the key's scopes, or be the
// key itself. The caller is the grantor of the new secret: a key whose maker leaves is taken over by rotating it.
// Errors: NotFound, Forbidden, also if the chain of grants would become too long, Conflict, also if too many have
// rotated the key.
//
// call names the call, "" if it has no name: repeating it, because its answer was lost, replaces the secret that nobody
// has seen, and the one before it stays valid.
func (k *Keys) Rotate(ctx context.Context, p Principal, id, call string) (key Key, text string, err error) {
	secret, err := k.random(secretLength)
	if err != nil {
		return Key{}, "", err
	}
	var behind []string // keys in the caller's chain of grants
	switch p.Kind {
	case Client:
		behind, err = k.granters(ctx, p.Tenant, p.ID)
	default:
		err = k.vouch(ctx, p)
	}
	if err != nil {
		return Key{}, "", err
	}
	person, err := k.personBehind(ctx, p)
	if err != nil {
		return Key{}, "", err
	}
	key, err = k.change(ctx, p.Tenant, id, func(key *Key, now time.Time) error {
		if !key.RevokedAt.IsZero() {
			return problem.New(problem.Conflict, "The key is revoked.")
		}
		if p.ID != id {
			if err := grantable(p, key.Scopes); err != nil {
				return err
			}
		}
		if call != "" && key.RotatedIn == call {
			key.Hash = hashSecret(secret)
			return nil
		}
		key.retire(now)
		key.FormerBy, key.FormerPerson, key.RotatedIn = key.granter(), key.Person, call
		if !slices.Contains(behind, id) { // a key does not grant itself, nor by a key that it has granted
			if err := k.reach(ctx, *key, len(behind)); err != nil {
				return err
			}
			key.GrantedBy, key.Person = p.ID, person
		}
		key.FormerHash, key.FormerEnds = key.Hash, now.Add(k.config.Overlap)
		key.Hash = hashSecret(secret)
		return key.rotatedBy(p.ID)
	})
	return key, keyMark + key.Prefix + "_" + secret, err
}

// maxSecrets bounds how many secrets of a key are good at the same time; the oldest goes first.
const maxSecrets = 5

// retire makes room for a new former secret: the present one becomes an older one and keeps its expiry.
func (key *Key) retire(now time.Time) {
	var older []Secret
	if key.FormerHash != "" {
		by := key.formerGranted()
		older = append(older, Secret{key.FormerHash, key.FormerEnds, by.granter, by.person})
	}
	older = slices.DeleteFunc(append(older, key.Older...), func(s Secret) bool { return !now.Before(s.Ends) })
	key.Older = older[:min(len(older), maxSecrets-2)]
}

// maxRotators bounds how many people and keys can have rotated a key: all of them are kept, since they may hold a secret of it.
const maxRotators = 100

func (key *Key) rotatedBy(id string) error {
	switch {
	case key.CreatedBy == id || slices.Contains(key.RotatedBy, id):
		return nil
	case len(key.RotatedBy) >= maxRotators:
		return problem.New(problem.Conflict, "This key was rotated by %d people and keys: create a new one, and revoke this one.", maxRotators)
	}
	key.RotatedBy = append(slices.Clone(key.RotatedBy), id)
	return nil
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
			key.RevokedAt, key.FormerHash, key.FormerBy, key.FormerPerson, key.FormerEnds, key.Older = now, "", "", "", time.Time{}, nil
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

// Check turns a key's text into its principal, whose scopes are what the key may do now. Errors: InvalidCredentials,
// CredentialsExpired and CredentialsRevoked for the right secret, Unavailable.
func (k *Keys) Check(ctx context.Context, text string) (Principal, error) {
	prefix, secret, ok := parseKey(text)
	if !ok {
		return Principal{}, invalid()
	}
	key, err := k.config.Store.KeyByPrefix(ctx, prefix)
	switch {
	case problem.CodeOf(err) == problem.NotFound:
		return Principal{}, invalid()
	case err != nil:
		return Principal{}, problem.Wrap(err, problem.Unavailable, "Credentials cannot be checked now.")
	}
	by, err := key.check(hashSecret(secret), k.config.Now())
	if err != nil {
		return Principal{}, err
	}
	scopes, err := k.bounded(ctx, key, by, 0)
	if err != nil {
		return Principal{}, err
	}
	return Principal{Tenant: key.Tenant, Kind: Client, ID: key.ID, Scopes: scopes}, nil
}

// check compares with all secrets in constant time, whichever matches, and returns who granted that one.
func (key Key) check(hash string, now time.Time) (grantedBy, error) {
	newest := subtle.ConstantTimeCompare([]byte(hash), []byte(key.Hash)) == 1
	former := subtle.ConstantTimeCompare([]byte(hash), []byte(key.FormerHash)) == 1
	by, ends := key.formerGranted(), key.FormerEnds
	for _, secret := range key.Older {
		if subtle.ConstantTimeCompare([]byte(hash), []byte(secret.Hash)) == 1 && !former {
			former, by, ends = true, grantedBy{secret.By, secret.Person}, secret.Ends
		}
	}
	switch {
	case !newest && !former:
		return grantedBy{}, invalid()
	case !key.RevokedAt.IsZero():
		return grantedBy{}, revoked()
	case !key.live(now), !newest && !now.Before(ends):
		return grantedBy{}, expired()
	case newest:
		return key.granted(), nil
	}
	return by, nil
}

// parseKey splits a key's text.
func parseKey(text string) (prefix, secret string, ok bool) {
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

func joined(permissions []Permission) string {
	names := make([]string, len(permissions))
	for i, p := range permissions {
		names[i] = string(p)
	}
	return strings.Join(names, ", ")
}
