package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Keys is the identity.Store of the tables.
type Keys struct{ *Store }

var _ identity.Store = Keys{}

// Keys returns the tables' identity.Store.
func (s *Store) Keys() Keys { return Keys{s} }

// KeyByPrefix implements identity.Store: a guard item names the key, both are read consistently.
func (s Keys) KeyByPrefix(ctx context.Context, prefix string) (identity.Key, error) {
	guard, err := s.get(ctx, s.tables.Registry, join("prefix", prefix), "prefix", "key")
	if err != nil {
		return identity.Key{}, err
	}
	return s.Key(ctx, guard.string("tenant"), guard.string("key"))
}

// Key implements identity.Store.
func (s Keys) Key(ctx context.Context, tenant, id string) (identity.Key, error) {
	return find[identity.Key](ctx, s.Store, s.tables.Registry, tenant, join("key", id), "key")
}

// Keys implements identity.Store.
func (s Keys) Keys(ctx context.Context, tenant string) ([]identity.Key, error) {
	return readable(ctx, s.Store, s.tables.Registry, tenant, "key#", "", 0, func(id string) identity.Key { return identity.UnreadableKey(tenant, id) })
}

// PutKey implements identity.Store.
func (s Keys) PutKey(ctx context.Context, prev int, k identity.Key) error {
	i, err := newItem(k.Tenant, join("key", k.ID), k)
	if err != nil {
		return err
	}
	i["revision"] = whole(k.Revision)
	guard := item{"pk": text(join("prefix", k.Prefix)), "sk": text("prefix"), "tenant": text(k.Tenant), "key": text(k.ID)}
	condition, values := absent, item(nil)
	if prev > 0 {
		condition, values = "revision = :revision", item{":revision": whole(prev)}
	}
	err = s.transact(ctx, []types.TransactWriteItem{
		put(s.tables.Registry, i, condition, values), guarded(s.tables.Registry, guard, "key", k.ID),
	})
	return translate(err)
}

// guarded writes a guard item that must be free, or the owner's already.
func guarded(table string, guard item, attribute, owner string) types.TransactWriteItem {
	w := put(table, guard, absent+" OR #owner = :owner", item{":owner": text(owner)})
	w.Put.ExpressionAttributeNames = map[string]string{"#owner": attribute}
	return w
}

// User implements identity.Store.
func (s Keys) User(ctx context.Context, tenant, id string) (identity.Person, error) {
	return find[identity.Person](ctx, s.Store, s.tables.Registry, tenant, join("user", id), "user")
}

// UserByEmail implements identity.Store.
func (s Keys) UserByEmail(ctx context.Context, tenant, email string) (identity.Person, error) {
	guard, err := s.get(ctx, s.tables.Registry, tenant, join("email", email), "user")
	if err != nil {
		return identity.Person{}, err
	}
	return s.User(ctx, tenant, guard.string("user"))
}

// Users implements identity.Store.
func (s Keys) Users(ctx context.Context, tenant string) ([]identity.Person, error) {
	return readable(ctx, s.Store, s.tables.Registry, tenant, "user#", "", 0, func(id string) identity.Person { return identity.UnreadablePerson(tenant, id) })
}

// tokenAt is when the token with the stored data of a person was made, in milliseconds.
func tokenAt(person identity.Person) int64 {
	if person.TokenAt.IsZero() {
		return 0
	}
	return person.TokenAt.UnixMilli()
}

// PutUser implements identity.Store.
func (s Keys) PutUser(ctx context.Context, person identity.Person) error {
	i, err := newItem(person.Tenant, join("user", person.ID), person)
	if err != nil {
		return err
	}
	guard := item{"pk": text(person.Tenant), "sk": text(join("email", person.Email)), "user": text(person.ID)}
	i["token_at"] = whole(int(tokenAt(person)))
	writes := []types.TransactWriteItem{put(s.tables.Registry, i, "attribute_not_exists(token_at) OR token_at <= :token", item{":token": i["token_at"]})}
	if person.Email != "" {
		writes = append(writes, guarded(s.tables.Registry, guard, "user", person.ID))
	}
	before, err := s.User(ctx, person.Tenant, person.ID)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return err
	}
	if err == nil && before.Email != "" && before.Email != person.Email {
		writes = append(writes, types.TransactWriteItem{Delete: &types.Delete{TableName: aws.String(s.tables.Registry), Key: key(person.Tenant, join("email", before.Email))}})
	}
	if before.TokenAt.After(person.TokenAt) {
		return identity.NewerToken()
	}
	err = s.transact(ctx, writes)
	if problem.CodeOf(translate(err)) == problem.Conflict {
		if now, failed := s.User(ctx, person.Tenant, person.ID); failed == nil && now.TokenAt.After(person.TokenAt) {
			return identity.NewerToken()
		}
		return problem.Wrap(err, problem.AlreadyExists, "Another user has this address.").With("body.email", "taken", "another user has this address")
	}
	return translate(err)
}
