package proof

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"ballerine/internal/identity"
)

// holders states which roles hold a permission, of those that the walk has to do with. rest are all the others of clients
// together, spoken those of them that a key has only when it names them or "*".
var holders = map[string]string{
	"cases:read": "admin manager reviewer auditor developer", "cases:write": "admin manager reviewer", "cases:personal": "admin manager reviewer auditor",
	"cases:collect": "admin manager reviewer", "cases:decide": "admin manager reviewer", "cases:approve": "admin manager", "cases:operate": "admin manager", "cases:migrate": "admin developer",
	"cases:repair": "admin manager", "flow_tokens:create": "admin manager reviewer", "keys:write": "admin developer", "rest": "admin", "spoken": "admin",
}

// A key has these only if it names them; the decisions of people not even by "*".
var (
	wanted = []string{"cases:decide", "cases:approve", "cases:migrate", "cases:repair", "keys:write", "spoken"}
	byName = []string{"cases:decide", "cases:approve"}
)

// actor is somebody who calls: a person with a role, a key, or an applicant with a token for a case.
type actor struct {
	caller
	role string // of a person

	// of a key
	scopes               []string
	secret, former       string // texts; former: the one before the last rotation
	formerEnds           time.Time
	by, person           string   // who has granted the secret, and the person behind that key then
	formerBy, formerMind string   // the same of the former secret
	hands                []string // who has made or rotated the key, and so may hold a secret of it
	revoked              bool

	// of an applicant
	id      string // of the case
	expires time.Time
	inviter *actor // who has granted the token; nil: somebody of whom nothing is kept
}

func written(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

// office is everybody there is.
type office struct {
	world  *world
	actors []*actor
}

func (o *office) find(id string) *actor {
	for _, a := range o.actors {
		if a.principal.ID == id {
			return a
		}
	}
	return nil
}

func (a *actor) isKey() bool    { return a.principal.Kind == identity.Client }
func (a *actor) isPerson() bool { return a.principal.Kind == identity.User }

// stands reports whether a key's scopes stand for a permission.
func stands(scopes []string, permission string) bool {
	switch {
	case permission == "cases:personal":
		return len(scopes) == 0 || slices.ContainsFunc(scopes, func(s string) bool { return s == "*" || strings.HasPrefix(s, "cases:") })
	case slices.Contains(scopes, permission), slices.Contains(scopes, "*") && !slices.Contains(byName, permission):
		return true
	}
	return len(scopes) == 0 && !slices.Contains(wanted, permission)
}

func (a *actor) hasRole(permission string) bool {
	return slices.Contains(strings.Fields(holders[permission]), a.role)
}

// holds reports whether somebody has a permission now. A key has the permissions of its scopes as far as its grantor has them.
func (o *office) holds(a *actor, permission string) bool {
	switch {
	case a.isPerson():
		return a.hasRole(permission)
	case a.isKey():
		return stands(a.scopes, permission) && o.backed(a.by, a.person, permission)
	}
	return false
}

func (o *office) backed(by, person, permission string) bool {
	granter := o.find(by)
	return o.holds(granter, permission) && (person == "" || o.find(person).hasRole(permission))
}

// gone reports whether what stands behind a secret was ended, or goes back too far.
func (o *office) gone(by string) bool {
	depth := 0
	for a := o.find(by); a.isKey(); a = o.find(a.by) {
		if a.revoked || depth == 4 {
			return true
		}
		depth++
	}
	return false
}

// chain are a key and the keys behind it.
func (o *office) chain(a *actor) (ids []string) {
	for ; a.isKey(); a = o.find(a.by) {
		ids = append(ids, a.principal.ID)
	}
	return ids
}

// below is how many keys are in the longest chain of keys that a key has granted, and that have not ended.
func (o *office) below(key *actor) (longest int) {
	for _, a := range o.actors {
		if a.isKey() && !a.revoked && a.by == key.principal.ID {
			longest = max(longest, 1+o.below(a))
		}
	}
	return longest
}

// behind is the person at the end of a chain of keys; "" for a person.
func (o *office) behind(a *actor) string {
	if !a.isKey() {
		return ""
	}
	for a.isKey() {
		a = o.find(a.by)
	}
	return a.principal.ID
}

// hire lets people of every role sign in.
func (o *office) hire(t complaint) {
	for _, role := range []string{"admin", "manager", "reviewer", "developer", "auditor"} {
		o.actors = append(o.actors, &actor{caller: user(o.world.tenant, "user_"+role, role), role: role})
	}
	for _, a := range o.actors {
		o.world.call(t, a.caller, "GET", "/v1/me", "")
	}
}

// promote gives a person another role, which their next sign-in states.
func (o *office) promote(t complaint, a *actor, role string) {
	a.role, a.principal.Roles = role, []string{role}
	o.world.call(t, a.caller, "GET", "/v1/me", "")
}

// refusal is what somebody's credential gets by itself; "" when it is good. old: a key's former secret is shown.
func (o *office) refusal(a *actor, old bool) string {
	switch now := o.world.now(); {
	case a.isKey() && a.revoked:
		if old {
			return "invalid_credentials"
		}
		return "credentials_revoked"
	case a.isKey() && old && !now.Before(a.formerEnds):
		return "credentials_expired"
	case a.isKey() && old && o.gone(a.formerBy), a.isKey() && !old && o.gone(a.by):
		return "credentials_revoked"
	case a.id != "" && !now.Before(a.expires):
		return "credentials_expired"
	case a.inviter != nil && (a.inviter.revoked || o.gone(a.inviter.principal.ID) || !o.holds(a.inviter, "flow_tokens:create") || !o.holds(a.inviter, "cases:personal")):
		return "credentials_revoked"
	}
	return ""
}

// may reports whether a call gets by the permission that it takes.
func (o *office) may(a *actor, old bool, permission string) bool {
	if a.isKey() && old {
		return stands(a.scopes, permission) && o.backed(a.formerBy, a.formerMind, permission)
	}
	return o.holds(a, permission)
}

// createKey asks for a key, and takes it in when it is given.
func (o *office) createKey(t complaint, a *actor, old bool, scopes []string) {
	t.Helper()
	want := o.refusal(a, old)
	if want == "" && (!o.may(a, old, "keys:write") || o.lacks(a, old, scopes) || len(o.chain(a)) >= 4) {
		want = "forbidden"
	}
	got := o.world.call(t, a.as(old), "POST", "/v1/keys", string(written(object{"scopes": scopes})), "Idempotency-Key", o.world.newID("once"))
	if got.code != want {
		t.Fatalf("a key for %v by %s (%s): %v, want %q", scopes, a.name, a.role, got, want)
	}
	if want != "" {
		return
	}
	id, secret := fmt.Sprint(got.body["id"]), fmt.Sprint(got.body["secret"])
	o.actors = append(o.actors, &actor{
		caller: caller{name: id, bearer: secret, principal: identity.Principal{Tenant: o.world.tenant, Kind: identity.Client, ID: id}},
		scopes: scopes, secret: secret, by: a.principal.ID, person: o.behind(a), hands: []string{a.principal.ID},
	})
}

// lacks reports whether somebody lacks some of what scopes stand for.
func (o *office) lacks(a *actor, old bool, scopes []string) bool {
	for permission := range holders {
		if stands(scopes, permission) && !o.may(a, old, permission) {
			return true
		}
	}
	return false
}

// as is the caller with the secret that they show.
func (a *actor) as(old bool) caller {
	c := a.caller
	if old {
		c.bearer = a.former
	}
	return c
}

// rotate gives a key a new secret.
func (o *office) rotate(t complaint, a *actor, old bool, key *actor) {
	t.Helper()
	want := o.refusal(a, old)
	switch {
	case want != "":
	case !o.may(a, old, "keys:write"):
		want = "forbidden"
	case key.revoked:
		want = "conflict"
	case a != key && o.lacks(a, old, key.scopes):
		want = "forbidden"
	case a.isKey() && !slices.Contains(o.chain(a), key.principal.ID) && len(o.chain(a))+1+o.below(key) > 4:
		want = "forbidden"
	}
	got := o.world.call(t, a.as(old), "POST", "/v1/keys/"+key.principal.ID+"/rotate", "")
	if got.code != want {
		t.Fatalf("%s is rotated by %s (%s): %v, want %q", key.name, a.name, a.role, got, want)
	}
	if want != "" {
		return
	}
	person := o.behind(a)
	mine := slices.Contains(o.chain(a), key.principal.ID)
	key.formerBy, key.formerMind = key.by, key.person
	key.former, key.formerEnds = key.secret, o.world.now().Add(24*time.Hour)
	key.secret = fmt.Sprint(got.body["secret"])
	key.bearer = key.secret
	key.hands = append(key.hands, a.principal.ID)
	if !mine {
		key.by, key.person = a.principal.ID, person
	}
}

// revoke ends a key.
func (o *office) revoke(t complaint, a *actor, old bool, key *actor) {
	t.Helper()
	want := o.refusal(a, old)
	if want == "" && !o.may(a, old, "keys:write") {
		want = "forbidden"
	}
	if got := o.world.call(t, a.as(old), "DELETE", "/v1/keys/"+key.principal.ID, ""); got.code != want {
		t.Fatalf("%s is revoked by %s (%s): %v, want %q", key.name, a.name, a.role, got, want)
	}
	key.revoked = key.revoked || want == ""
}
