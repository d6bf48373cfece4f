package faulty

import (
	"context"

	"ballerine/internal/identity"
)

// Keys is an identity.Store of which one call goes wrong.
type Keys struct {
	identity.Store
	Plan *Plan
}

var _ identity.Store = Keys{}

// KeyByPrefix implements identity.Store.
func (s Keys) KeyByPrefix(ctx context.Context, prefix string) (identity.Key, error) {
	return doValue(ctx, s.Plan, "Keys.KeyByPrefix", func(ctx context.Context) (identity.Key, error) { return s.Store.KeyByPrefix(ctx, prefix) })
}

// Key implements identity.Store.
func (s Keys) Key(ctx context.Context, tenant, id string) (identity.Key, error) {
	return doValue(ctx, s.Plan, "Keys.Key", func(ctx context.Context) (identity.Key, error) { return s.Store.Key(ctx, tenant, id) })
}

// Keys implements identity.Store.
func (s Keys) Keys(ctx context.Context, tenant string) ([]identity.Key, error) {
	return doValue(ctx, s.Plan, "Keys.Keys", func(ctx context.Context) ([]identity.Key, error) { return s.Store.Keys(ctx, tenant) })
}

// PutKey implements identity.Store.
func (s Keys) PutKey(ctx context.Context, prev int, key identity.Key) error {
	return do(ctx, s.Plan, "Keys.PutKey", func(ctx context.Context) error { return s.Store.PutKey(ctx, prev, key) })
}

// User implements identity.Store.
func (s Keys) User(ctx context.Context, tenant, id string) (identity.Person, error) {
	return doValue(ctx, s.Plan, "Keys.User", func(ctx context.Context) (identity.Person, error) { return s.Store.User(ctx, tenant, id) })
}

// UserByEmail implements identity.Store.
func (s Keys) UserByEmail(ctx context.Context, tenant, email string) (identity.Person, error) {
	return doValue(ctx, s.Plan, "Keys.UserByEmail", func(ctx context.Context) (identity.Person, error) { return s.Store.UserByEmail(ctx, tenant, email) })
}

// Users implements identity.Store.
func (s Keys) Users(ctx context.Context, tenant string) ([]identity.Person, error) {
	return doValue(ctx, s.Plan, "Keys.Users", func(ctx context.Context) ([]identity.Person, error) { return s.Store.Users(ctx, tenant) })
}

// PutUser implements identity.Store.
func (s Keys) PutUser(ctx context.Context, person identity.Person) error {
	return do(ctx, s.Plan, "Keys.PutUser", func(ctx context.Context) error { return s.Store.PutUser(ctx, person) })
}
