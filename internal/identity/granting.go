package identity

import (
	"context"
	"slices"
	"time"

	"ballerine/internal/problem"
)

// Nobody grants more than they hold, now or later. "Now" is checked when a key is made or its secret is shown again
// (Grantable); "later" each time that a key is used (Keys.bounded): a key has the permissions of its scopes as far as
// the grantor of its secret holds them at that time. A person who has left holds none, and neither does a key that was
// revoked or has expired.

// deepest is how many keys may be in the chain of grants between a key and a person.
const deepest = 4

// noPermission is a scope that is no permission: a key without scopes may do all that clients may.
const noPermission = "none"

// granted are the permissions that the scopes of a key contain.
func granted(scopes []string) []Permission {
	key := Principal{Tenant: "any", Kind: Client, Scopes: scopes}
	return slices.DeleteFunc(Permissions(), func(permission Permission) bool { return !Has(key, permission) })
}

// mayGrant reports whether a principal holds a permission in a way that allows granting it to a key. A permission that
// only clients can have is granted by people of the roles that its row names.
func mayGrant(p Principal, permission Permission) bool {
	if p.Kind == User {
		return p.Tenant != "" && slices.ContainsFunc(grants[permission].roles, p.HasRole)
	}
	return p.Kind == Client && Has(p, permission)
}

// lacking are the permissions of the scopes that a principal cannot grant, sorted.
func lacking(p Principal, scopes []string) []Permission {
	return slices.DeleteFunc(granted(scopes), func(permission Permission) bool { return mayGrant(p, permission) })
}

// grantable reports whether a principal may be shown a secret with these scopes: "*" is all that clients can have, no
// scopes mean the same implicitly, and both require all of these permissions. Errors: Forbidden.
func grantable(p Principal, scopes []string) error {
	missing := lacking(p, scopes)
	if len(missing) == 0 {
		return nil
	}
	e := problem.New(problem.Forbidden, "You cannot grant permissions that you do not have: %s.", joined(missing))
	if len(scopes) == 0 {
		e.Message += " A key without scopes has all permissions of clients: list the scopes that it needs."
	}
	if slices.Contains(missing, CasesPersonal) {
		e.Message += " Add the scope " + Redacted + " for a key that does not see personal data."
	}
	return e.Detail("missing", missing)
}

// granter returns who granted the newest secret.
func (key Key) granter() string {
	if key.GrantedBy != "" {
		return key.GrantedBy
	}
	return key.CreatedBy // of before this was kept
}

// grantedBy are a person or a key that has granted a secret, and the person who vouched for that key then ("": the same,
// or not known).
type grantedBy struct{ granter, person string }

// granted returns who granted the newest secret.
func (key Key) granted() grantedBy { return grantedBy{key.granter(), key.Person} }

// formerGranted returns who granted the secret before the last rotation.
func (key Key) formerGranted() grantedBy {
	if key.FormerBy != "" {
		return grantedBy{key.FormerBy, key.FormerPerson}
	}
	return key.granted()
}

// live reports whether a key has neither ended nor been ended.
func (key Key) live(now time.Time) bool {
	return key.RevokedAt.IsZero() && (key.ExpiresAt.IsZero() || now.Before(key.ExpiresAt))
}

// bounded are a key's scopes as far as the grantor of its secret holds them now, and the person who vouches for that.
// Errors: CredentialsRevoked if the grantor has left, Unavailable.
func (k *Keys) bounded(ctx context.Context, key Key, by grantedBy, depth int) ([]string, error) {
	holder, err := k.holder(ctx, key.Tenant, by.granter, depth)
	if err != nil {
		return nil, err
	}
	missing := lacking(holder, key.Scopes)
	if by.person != "" && by.person != by.granter {
		person, err := k.holder(ctx, key.Tenant, by.person, deepest)
		if err != nil {
			return nil, err
		}
		missing = append(missing, lacking(person, key.Scopes)...)
	}
	if len(missing) == 0 {
		return key.Scopes, nil
	}
	var left []string
	for _, permission := range granted(key.Scopes) {
		if !slices.Contains(missing, permission) {
			left = append(left, string(permission))
		}
	}
	if len(left) == 0 {
		left = []string{noPermission}
	}
	if slices.Contains(missing, CasesPersonal) || slices.Contains(key.Scopes, Redacted) {
		left = append(left, Redacted)
	}
	return left, nil
}

// holder is a person or a key with what they hold now. People's roles are those of their last sign-in.
func (k *Keys) holder(ctx context.Context, tenant, id string, depth int) (Principal, error) {
	person, err := k.config.Store.User(ctx, tenant, id)
	switch {
	case err == nil && person.Disabled:
		return Principal{}, granterGone()
	case err == nil:
		return Principal{Tenant: tenant, Kind: User, ID: id, Roles: person.Roles}, nil
	case problem.CodeOf(err) != problem.NotFound:
		return Principal{}, problem.Wrap(err, problem.Unavailable, "Credentials cannot be checked now.")
	}
	key, err := k.config.Store.Key(ctx, tenant, id)
	switch {
	case problem.CodeOf(err) == problem.NotFound, err == nil && (!key.live(k.config.Now()) || depth >= deepest):
		return Principal{}, granterGone()
	case err != nil:
		return Principal{}, problem.Wrap(err, problem.Unavailable, "Credentials cannot be checked now.")
	}
	scopes, err := k.bounded(ctx, key, key.granted(), depth+1)
	return Principal{Tenant: tenant, Kind: Client, ID: id, Scopes: scopes}, err
}

// admits reports whether the grantor of a flow token may still grant one. A person who is not registered yet (who has
// not opened the dashboard) may, as stated by their own token. Errors: CredentialsRevoked, Unavailable.
func (k *Keys) admits(ctx context.Context, by Principal) error {
	if by.Kind == User {
		if _, err := k.config.Store.User(ctx, by.Tenant, by.ID); problem.CodeOf(err) == problem.NotFound {
			return nil
		}
	}
	holder, err := k.holder(ctx, by.Tenant, by.ID, -1) // itself, and what stands behind it
	if err != nil {
		return err
	}
	if !Has(holder, FlowTokens) || !Has(holder, CasesPersonal) {
		return granterGone()
	}
	return nil
}

// Invites makes sure that a principal may make flow tokens, and that their permissions can be checked later: a person is
// registered, so that their tokens end with their role. A flow token shows personal data, so it requires the permission
// to see them. Errors: Forbidden, Unavailable.
func (k *Keys) Invites(ctx context.Context, p Principal) error {
	switch {
	case !Has(p, FlowTokens):
		return Lacks(FlowTokens)
	case !Has(p, CasesPersonal):
		return Lacks(CasesPersonal)
	case p.Kind != User:
		return nil
	}
	return k.vouch(ctx, p)
}

// granters are the keys behind a key, nearest first, up to the person. Errors: Unavailable, NotFound.
func (k *Keys) granters(ctx context.Context, tenant, id string) ([]string, error) {
	var found []string
	for len(found) <= deepest {
		key, err := k.config.Store.Key(ctx, tenant, id)
		if problem.CodeOf(err) == problem.NotFound {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		found, id = append(found, id), key.granter()
	}
	return found, nil
}

// personBehind is the person at the end of a chain of keys; "" for a person. Errors: Unavailable, NotFound.
func (k *Keys) personBehind(ctx context.Context, p Principal) (string, error) {
	if p.Kind != Client {
		return "", nil
	}
	chain, err := k.granters(ctx, p.Tenant, p.ID)
	if err != nil || len(chain) == 0 {
		return "", err
	}
	last, err := k.config.Store.Key(ctx, p.Tenant, chain[len(chain)-1])
	return last.granter(), err
}

// vouch makes sure that a granter is known, so that what they hold can be asked later, and that a chain of keys ends.
func (k *Keys) vouch(ctx context.Context, p Principal) error {
	if p.Kind == User {
		_, err := (&Directory{Store: k.config.Store, Now: k.config.Now}).Register(ctx, p)
		return err
	}
	behind, err := k.granters(ctx, p.Tenant, p.ID)
	if err != nil {
		return err
	}
	if len(behind) >= deepest {
		return problem.New(problem.Forbidden, "A key with %d other keys in its chain of grants cannot create keys: a person must create it.", deepest-1)
	}
	return nil
}

// reach makes sure that the chain of grants between a key and a person does not become too long when a key with this
// many keys in its chain, itself among them, grants its new secret: neither for the key, nor for those that it has
// granted. Errors: Forbidden, Unavailable.
func (k *Keys) reach(ctx context.Context, key Key, chain int) error {
	if chain == 0 {
		return nil // a person grants it
	}
	below := 0
	if chain < deepest {
		all, err := k.config.Store.Keys(ctx, key.Tenant)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(key Key) bool { return key.Unreadable }) { // it may be one of those below
			return problem.New(problem.Internal, "A key of the tenant cannot be read: the length of the chain of grants is unknown.")
		}
		below = lowest(all, key.ID, k.config.Now())
	}
	switch {
	case chain >= deepest:
		return problem.New(problem.Forbidden, "A key with %d other keys in its chain of grants cannot rotate other keys: a person must rotate it.", deepest-1)
	case chain+1+below > deepest:
		return problem.New(problem.Forbidden, "More than %d other keys would be in the chain of grants of a key that this one has granted, which would end it: a person must rotate it.", deepest-1)
	}
	return nil
}

// lowest is how many keys are below a key in the longest chain of those that it has granted and that are live.
func lowest(all []Key, id string, now time.Time) int {
	level := []string{id}
	for depth := 0; ; depth++ {
		var next []string
		for _, key := range all {
			if key.live(now) && slices.Contains(level, key.granter()) {
				next = append(next, key.ID)
			}
		}
		if len(next) == 0 || depth == deepest { // a circle has no end
			return depth
		}
		level = next
	}
}
