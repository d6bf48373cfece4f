package identity

import (
	"context"
	"time"
)

// Key is an API key as it is kept: never the secret, only its hash.
type Key struct {
	ID         string    `json:"id"` // "key_…"
	Tenant     string    `json:"tenant"`
	Name       string    `json:"name,omitempty"`
	Prefix     string    `json:"prefix"`                  // public part of the newest secret; unique over all tenants
	Hash       string    `json:"hash"`                    // SHA-256 of the newest secret, hex
	FormerHash string    `json:"former_hash,omitempty"`   // the secret before the last rotation …
	FormerEnds time.Time `json:"former_ends_at,omitzero"` // … is good until then
	Scopes     []string  `json:"scopes,omitempty"`        // permissions; empty: all permissions of clients
	CreatedAt  time.Time `json:"created_at"`
	CreatedBy  string    `json:"created_by,omitempty"`
	RotatedBy  []string  `json:"rotated_by,omitempty"` // who was shown a later secret of it
	GrantedBy  string    `json:"granted_by,omitempty"` // who was shown the newest secret and vouches for it …
	FormerBy   string    `json:"former_by,omitempty"`  // … and the secret before
	// Person is who vouched for GrantedBy, if that is a key, when it granted the newest secret: somebody who takes over that
	// key later does not vouch for what it granted before. FormerPerson is the same for the secret before.
	Person       string `json:"person,omitempty"`
	FormerPerson string `json:"former_person,omitempty"`
	// Older are the secrets before the former one that are still good: each has its time, however often a key is rotated within it.
	Older     []Secret  `json:"older,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
	RotatedIn string    `json:"rotated_in,omitempty"` // the call that has made the newest secret, where that has a name
	Revision  int       `json:"revision"`             // counts writes; what PutKey is conditional on
	// Unreadable marks a key that exists but cannot be decoded: only its id is known, and it cannot be used.
	Unreadable bool `json:"-"`
}

// UnreadableKey represents a key in lists that exists but cannot be decoded.
func UnreadableKey(tenant, id string) Key { return Key{Tenant: tenant, ID: id, Unreadable: true} }

// Secret is an earlier secret of a key.
type Secret struct {
	Hash   string    `json:"hash"`
	Ends   time.Time `json:"ends_at"`
	By     string    `json:"by,omitempty"`     // who vouches for it …
	Person string    `json:"person,omitempty"` // … and who vouched for them, if that is a key
}

// Person is a user of the back office.
type Person struct {
	ID           string    `json:"id"` // "user_…"
	Tenant       string    `json:"tenant"`
	Email        string    `json:"email"` // lower case; personal data
	Name         string    `json:"name,omitempty"`
	Roles        []string  `json:"roles,omitempty"`
	PasswordHash string    `json:"password_hash,omitempty"` // of the local sign-in only
	Disabled     bool      `json:"disabled,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
	TokenAt      time.Time `json:"token_at,omitzero"` // when the token with these data was made; zero: unknown
	Unreadable   bool      `json:"-"`                 // exists but cannot be decoded: only the id is known
}

// UnreadablePerson represents a user in lists who exists but cannot be decoded.
func UnreadablePerson(tenant, id string) Person {
	return Person{Tenant: tenant, ID: id, Unreadable: true}
}

// Store keeps keys and users. Every write is one transaction.
type Store interface {
	// KeyByPrefix finds a key over all tenants, for a credential that does not name its tenant. Errors: problem.NotFound.
	KeyByPrefix(ctx context.Context, prefix string) (Key, error)
	// Key returns one key of a tenant. Errors: problem.NotFound.
	Key(ctx context.Context, tenant, id string) (Key, error)
	// Keys lists a tenant's keys, by id; one that cannot be decoded as an UnreadableKey.
	Keys(ctx context.Context, tenant string) ([]Key, error)
	// PutKey writes a key over the one that is still at revision prev (0: there is none), and indexes it by its prefix,
	// which never changes. key.Revision is prev+1. Errors: problem.Conflict if another write came first, or the prefix
	// belongs to another key.
	PutKey(ctx context.Context, prev int, key Key) error

	// User returns one user of a tenant. Errors: problem.NotFound.
	User(ctx context.Context, tenant, id string) (Person, error)
	// UserByEmail finds a user by the lower-case address. Errors: problem.NotFound.
	UserByEmail(ctx context.Context, tenant, email string) (Person, error)
	// Users lists a tenant's users, by id; one that cannot be decoded as an UnreadablePerson.
	Users(ctx context.Context, tenant string) ([]Person, error)
	// PutUser writes a user; any number may have no address. Errors: problem.AlreadyExists when another user of the tenant
	// has the address, problem.Conflict when what is kept of the user is of a newer token.
	PutUser(ctx context.Context, person Person) error
}
