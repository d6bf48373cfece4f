package embedded

import (
	"context"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

const (
	bucketKeys     = "keys"     // tenant, id -> key
	bucketPrefixes = "prefixes" // prefix -> tenant, id
	bucketUsers    = "users"    // tenant, id -> user
	bucketEmails   = "emails"   // tenant, email -> id
)

// Keys is the identity.Store of the file.
type Keys struct{ db *DB }

var _ identity.Store = Keys{}

// Keys returns the file's identity.Store.
func (db *DB) Keys() Keys { return Keys{db} }

// KeyByPrefix implements identity.Store.
func (s Keys) KeyByPrefix(_ context.Context, prefix string) (key identity.Key, err error) {
	err = s.db.View(func(tx *Tx) error {
		at := tx.Get(bucketPrefixes, prefix)
		if at == nil {
			return problem.New(problem.NotFound, "There is no such key.")
		}
		key, err = read[identity.Key](tx, bucketKeys, string(at), "key")
		return err
	})
	return key, err
}

// Key implements identity.Store.
func (s Keys) Key(_ context.Context, tenant, id string) (identity.Key, error) {
	return find[identity.Key](s.db, bucketKeys, join(tenant, id), "key")
}

// Keys implements identity.Store.
func (s Keys) Keys(_ context.Context, tenant string) ([]identity.Key, error) {
	return entries(s.db, bucketKeys, join(tenant, ""), func(id string) identity.Key { return identity.UnreadableKey(tenant, id) })
}

// PutKey implements identity.Store.
func (s Keys) PutKey(ctx context.Context, prev int, key identity.Key) error {
	text, err := encoded(key)
	if err != nil {
		return err
	}
	at := join(key.Tenant, key.ID)
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[identity.Key](tx, bucketKeys, at, "key")
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		owner := tx.Get(bucketPrefixes, key.Prefix)
		if there.Revision != prev || (owner != nil && string(owner) != at) {
			return problem.New(problem.Conflict, "Another write to the key came first.")
		}
		tx.Put(bucketKeys, at, text)
		tx.Put(bucketPrefixes, key.Prefix, []byte(at))
		return nil
	})
}

// User implements identity.Store.
func (s Keys) User(_ context.Context, tenant, id string) (identity.Person, error) {
	return find[identity.Person](s.db, bucketUsers, join(tenant, id), "user")
}

// UserByEmail implements identity.Store.
func (s Keys) UserByEmail(_ context.Context, tenant, email string) (person identity.Person, err error) {
	err = s.db.View(func(tx *Tx) error {
		id := tx.Get(bucketEmails, join(tenant, email))
		if id == nil {
			return problem.New(problem.NotFound, "There is no such user.")
		}
		person, err = read[identity.Person](tx, bucketUsers, join(tenant, string(id)), "user")
		return err
	})
	return person, err
}

// Users implements identity.Store.
func (s Keys) Users(_ context.Context, tenant string) ([]identity.Person, error) {
	return entries(s.db, bucketUsers, join(tenant, ""), func(id string) identity.Person { return identity.UnreadablePerson(tenant, id) })
}

// PutUser implements identity.Store.
func (s Keys) PutUser(ctx context.Context, person identity.Person) error {
	text, err := encoded(person)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *Tx) error {
		email := join(person.Tenant, person.Email)
		if owner := tx.Get(bucketEmails, email); person.Email != "" && owner != nil && string(owner) != person.ID {
			return problem.New(problem.AlreadyExists, "Another user has this address.").With("body.email", "taken", "another user has this address")
		}
		before, err := read[identity.Person](tx, bucketUsers, join(person.Tenant, person.ID), "user")
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		if before.TokenAt.After(person.TokenAt) {
			return identity.NewerToken()
		}
		if err == nil && before.Email != person.Email {
			tx.Delete(bucketEmails, join(person.Tenant, before.Email))
		}
		tx.Put(bucketUsers, join(person.Tenant, person.ID), text)
		if person.Email != "" {
			tx.Put(bucketEmails, email, []byte(person.ID))
		}
		return nil
	})
}
