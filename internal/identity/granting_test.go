package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/problem"
)

// grantHouse is a house with keys and people, and a clock.
type grantHouse struct {
	memory
	keys *Keys
	now  time.Time
}

func newGrantHouse() *grantHouse {
	h := &grantHouse{memory: newMemory(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	h.keys = NewKeys(KeysConfig{Store: h.memory, Now: func() time.Time { return h.now }})
	return h
}

func person(id string, roles ...string) Principal {
	return Principal{Tenant: "t", Kind: User, ID: id, Roles: roles}
}

// may are the permissions of a credential now.
func (h *grantHouse) may(text string) ([]Permission, error) {
	p, err := h.keys.Check(context.Background(), text)
	return Held(p), err
}

func TestNobodyGrantsMoreThanTheyHold(t *testing.T) {
	c := context.Background()
	for name, x := range map[string]struct {
		who    Principal
		scopes []string
		lacks  string // "": it is granted
	}{
		"a developer, everything":           {person("d", "developer"), []string{"*"}, "cases:write"},
		"a developer, all without saying":   {person("d", "developer"), nil, "cases:write"},
		"a developer, what only others may": {person("d", "developer"), []string{"decisions:input"}, "decisions:input"},
		"a developer, one too many":         {person("d", "developer"), []string{"cases:read", "cases:write"}, "cases:write"},
		"a developer, people's data":        {person("d", "developer"), []string{"cases:read", "keys:write"}, "cases:personal"},
		"a developer, what they hold":       {person("d", "developer"), []string{"cases:read", "cases:redacted", "keys:write"}, ""},
		"a key without people's data":       {Principal{Tenant: "t", Kind: Client, ID: "k", Scopes: []string{"keys:write", "cases:read", "cases:redacted"}}, []string{"cases:read"}, "cases:personal"},
		"an admin, everything":              {person("a", "admin"), []string{"*"}, ""},
		"an admin, all without saying":      {person("a", "admin"), nil, ""},
		"an admin who is a developer, too":  {person("a", "developer", "admin"), []string{"lists:write"}, ""},
		"nobody in particular":              {person("n"), []string{"cases:read"}, "cases:read"},
		"the machine":                       {SystemOf("t", "sweep"), []string{"cases:read"}, "cases:read"},
		"an applicant":                      {Principal{Tenant: "t", Kind: Applicant, ID: "flow_1", Case: "c"}, []string{"cases:read"}, "cases:read"},
		"a key, what it has not":            {Principal{Tenant: "t", Kind: Client, ID: "k", Scopes: []string{"keys:write"}}, []string{"cases:read"}, "cases:read"},
		"a key, everything":                 {Principal{Tenant: "t", Kind: Client, ID: "k", Scopes: []string{"keys:write", "cases:read"}}, []string{"*"}, "cases:write"},
		"a key without scopes, by itself":   {Principal{Tenant: "t", Kind: Client, ID: "k"}, []string{"keys:write"}, "keys:write"},
		"a key that has everything":         {Principal{Tenant: "t", Kind: Client, ID: "k", Scopes: []string{"*"}}, nil, ""},
	} {
		h := newGrantHouse()
		_, text, err := h.keys.Create(c, x.who, CreateKey{Scopes: x.scopes})
		if x.lacks == "" {
			if err != nil || text == "" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		missing, _ := problem.As(err).Details["missing"].([]Permission)
		if problem.CodeOf(err) != problem.Forbidden || !slices.Contains(missing, Permission(x.lacks)) || !strings.Contains(err.Error(), x.lacks) || text != "" || len(h.memory.keys) != 0 {
			t.Errorf("%s: %v, lacks %v", name, err, missing)
		}
	}
}

func TestRotationShowsASecretOnlyToWhoHoldsItsScopes(t *testing.T) {
	h, c := newGrantHouse(), context.Background()
	key, _, err := h.keys.Create(c, person("admin", "admin"), CreateKey{Scopes: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]Principal{
		"a developer": person("dev", "developer"),
		"a key":       {Tenant: "t", Kind: Client, ID: "key_other", Scopes: []string{"keys:write", "cases:read"}},
	} {
		before := h.memory.keys[key.ID]
		if _, _, err := h.keys.Rotate(c, who, key.ID, ""); problem.CodeOf(err) != problem.Forbidden || h.memory.keys[key.ID].Revision != before.Revision {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.keys.Revoke(c, "t", key.ID); err != nil {
		t.Errorf("anybody with keys:write ends it: %v", err)
	}
}

func TestAKeyDoesWhatItsGranterHoldsNow(t *testing.T) {
	h, c := newGrantHouse(), context.Background()
	key, text, err := h.keys.Create(c, person("ada", "admin"), CreateKey{Scopes: []string{"cases:write", "cases:read", "lists:write", "keys:write"}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.keys.Check(c, text)
	if err != nil {
		t.Fatal(err)
	}
	_, child, err := h.keys.Create(c, p, CreateKey{Scopes: []string{"cases:write", "cases:read"}})
	if err != nil {
		t.Fatal(err)
	}
	ada := h.people["ada"]
	ada.Roles = []string{"reviewer"}
	h.people["ada"] = ada
	for name, want := range map[string][]Permission{text: {CasesPersonal, CasesRead, CasesWrite}, child: {CasesPersonal, CasesRead, CasesWrite}} {
		if got, err := h.may(name); err != nil || !slices.Equal(got, want) {
			t.Errorf("its granter is a reviewer now: %v %v, want %v", got, err, want)
		}
	}
	ada.Roles = []string{"auditor"}
	h.people["ada"] = ada
	if got, err := h.may(child); err != nil || !slices.Equal(got, []Permission{CasesPersonal, CasesRead}) {
		t.Errorf("a key by a key of an auditor: %v %v", got, err)
	}
	ada.Roles = []string{"developer"}
	h.people["ada"] = ada
	if got, err := h.may(child); err != nil || !slices.Equal(got, []Permission{CasesRead}) {
		t.Errorf("its granter does not see personal data any more: %v %v", got, err)
	}
	ada.Roles = nil
	h.people["ada"] = ada
	if got, err := h.may(text); err != nil || len(got) != 0 {
		t.Errorf("its granter holds nothing: %v %v", got, err)
	}
	ada.Roles, ada.Disabled = []string{"admin"}, true
	h.people["ada"] = ada
	gone := func(when string) {
		t.Helper()
		for _, one := range []string{text, child} {
			if _, err := h.may(one); problem.CodeOf(err) != problem.CredentialsRevoked {
				t.Errorf("%s: %v", when, err)
			}
		}
	}
	gone("disabled")
	delete(h.people, "ada")
	gone("gone")

	_, taken, err := h.keys.Rotate(c, person("bob", "admin"), key.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.may(taken); err != nil || len(got) != 5 {
		t.Errorf("taken over by rotating it: %v %v", got, err)
	}
	if _, err := h.may(text); problem.CodeOf(err) != problem.CredentialsRevoked {
		t.Errorf("the former secret was granted by who is gone: %v", err)
	}
	if _, err := h.may(child); problem.CodeOf(err) != problem.CredentialsRevoked {
		t.Errorf("who takes a key over does not vouch for what it has made for somebody else: %v", err)
	}
	if p, err = h.keys.Check(c, taken); err != nil {
		t.Fatal(err)
	}
	_, fresh, err := h.keys.Create(c, p, CreateKey{Scopes: []string{"cases:write", "cases:read"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.may(fresh); err != nil || len(got) != 3 {
		t.Errorf("the key that it makes from now on: %v %v", got, err)
	}
	if err := h.keys.Revoke(c, "t", key.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.may(fresh); problem.CodeOf(err) != problem.CredentialsRevoked {
		t.Errorf("a key that a revoked key has made: %v", err)
	}
}

func TestAKeyCannotVouchForItselfAndChainsEnd(t *testing.T) {
	h, c := newGrantHouse(), context.Background()
	first, text, err := h.keys.Create(c, person("ada", "admin"), CreateKey{Scopes: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := h.keys.Check(c, text)
	second, secondText, err := h.keys.Create(c, p, CreateKey{Scopes: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	q, _ := h.keys.Check(c, secondText)
	if _, text, err = h.keys.Rotate(c, q, first.ID, ""); err != nil || h.memory.keys[first.ID].GrantedBy != "ada" {
		t.Errorf("the key that it has made vouches for it: %s %v", h.memory.keys[first.ID].GrantedBy, err)
	}
	p, _ = h.keys.Check(c, text)
	if _, _, err = h.keys.Rotate(c, p, first.ID, ""); err != nil || h.memory.keys[first.ID].GrantedBy != "ada" {
		t.Errorf("it vouches for itself: %s %v", h.memory.keys[first.ID].GrantedBy, err)
	}
	last, made := second, 2
	for ; made < 20; made++ {
		next, text, err := h.keys.Create(c, Principal{Tenant: "t", Kind: Client, ID: last.ID, Scopes: []string{"*"}}, CreateKey{Scopes: []string{"*"}})
		if problem.CodeOf(err) == problem.Forbidden {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.keys.Check(c, text); err != nil {
			t.Errorf("key %d of a chain was made, and is not good: %v", made, err)
		}
		last = next
	}
	if made != deepest {
		t.Errorf("a chain of %d keys", made)
	}
	for _, id := range []string{first.ID, second.ID} { // as nothing here can make it
		k := h.memory.keys[id]
		k.GrantedBy = map[string]string{first.ID: second.ID, second.ID: first.ID}[id]
		h.memory.keys[id] = k
	}
	if _, err := h.may(secondText); problem.CodeOf(err) != problem.CredentialsRevoked {
		t.Errorf("a circle: %v", err)
	}
}

func TestRotationMakesNoChainLongerThanKeysCanBe(t *testing.T) {
	h, c := newGrantHouse(), context.Background()
	made := func(by Principal) (Key, Principal) {
		t.Helper()
		key, text, err := h.keys.Create(c, by, CreateKey{Scopes: []string{"*"}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := h.keys.Check(c, text)
		if err != nil {
			t.Fatal(err)
		}
		return key, p
	}
	ada := person("ada", "admin")
	_, p := made(ada)
	rotated := 1
	for ; rotated < 20; rotated++ { // each is rotated by the one before
		key, q := made(ada)
		_, text, err := h.keys.Rotate(c, p, key.ID, "")
		if err != nil {
			if problem.CodeOf(err) != problem.Forbidden || !strings.Contains(err.Error(), "a person must rotate it") || h.memory.keys[key.ID].Revision != 1 {
				t.Errorf("key %d: %v", rotated, err)
			}
			if _, _, err := h.keys.Rotate(c, q, key.ID, ""); err != nil {
				t.Errorf("by itself: %v", err)
			}
			if _, _, err := h.keys.Rotate(c, ada, key.ID, ""); err != nil {
				t.Errorf("by a person: %v", err)
			}
			break
		}
		if p, err = h.keys.Check(c, text); err != nil {
			t.Fatalf("key %d was rotated, and is not good: %v", rotated, err)
		}
	}
	if rotated != deepest {
		t.Errorf("a chain of %d keys", rotated)
	}
	_, other := made(ada)
	top, q := made(ada)
	for range deepest - 1 {
		_, q = made(q)
	}
	if _, _, err := h.keys.Rotate(c, other, top.ID, ""); problem.CodeOf(err) != problem.Forbidden || !strings.Contains(err.Error(), "has granted") {
		t.Errorf("a key at the end of a chain of its own is put further down: %v", err)
	}
	if err := h.keys.Revoke(c, "t", q.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.keys.Rotate(c, other, top.ID, ""); err != nil {
		t.Errorf("the last of its chain is revoked: %v", err)
	}
}

// TestASecretThatNobodyHasSeenTakesNobodysPlace is for calls whose answers were lost, and that come again under their name.
func TestASecretThatNobodyHasSeenTakesNobodysPlace(t *testing.T) {
	h, c := newGrantHouse(), context.Background()
	ada := person("ada", "admin")
	create := CreateKey{ID: "key_of_the_call", Scopes: []string{"cases:read"}}
	first, lost, err := h.keys.Create(c, ada, create)
	if err != nil {
		t.Fatal(err)
	}
	again, text, err := h.keys.Create(c, ada, create)
	if err != nil || again.ID != first.ID || again.Prefix != first.Prefix || text == lost || len(h.memory.keys) != 1 {
		t.Fatalf("%+v, %v, want the same key", again, err)
	}
	if _, _, err := h.keys.Create(c, person("bob", "admin"), create); problem.CodeOf(err) != problem.Conflict {
		t.Errorf("somebody else's call: %v", err)
	}
	good := func(when string, want bool, texts ...string) {
		t.Helper()
		for n, text := range texts {
			if _, err := h.keys.Check(c, text); (err == nil) != want {
				t.Errorf("%s, secret %d: %v", when, n, err)
			}
		}
	}
	good("created", true, text)
	good("created", false, lost)
	_, unseen, err := h.keys.Rotate(c, ada, first.ID, "call_1")
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := h.keys.Rotate(c, ada, first.ID, "call_1")
	if err != nil {
		t.Fatal(err)
	}
	good("rotated by a call that came twice", true, text, second)
	good("rotated by a call that came twice", false, unseen)
	_, third, err := h.keys.Rotate(c, ada, first.ID, "call_2")
	if err != nil {
		t.Fatal(err)
	}
	good("rotated by another call", true, text, second, third)
	good("rotated by another call", false, unseen)
	if _, _, err := h.keys.Create(c, ada, create); problem.CodeOf(err) != problem.Conflict {
		t.Errorf("created again after it was rotated: %v", err)
	}
}

func TestWhoHasRotatedAKeyIsKeptUpToABound(t *testing.T) {
	h, c := newGrantHouse(), context.Background()
	key, _, err := h.keys.Create(c, person("ada", "admin"), CreateKey{Scopes: []string{"cases:read"}})
	if err != nil {
		t.Fatal(err)
	}
	for n := range maxRotators {
		if _, _, err := h.keys.Rotate(c, person(fmt.Sprint("user_", n), "admin"), key.ID, ""); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
	}
	before := h.memory.keys[key.ID]
	if _, _, err := h.keys.Rotate(c, person("bob", "admin"), key.ID, ""); problem.CodeOf(err) != problem.Conflict || h.memory.keys[key.ID].Hash != before.Hash {
		t.Errorf("one too many: %v", err)
	}
	for _, id := range []string{"ada", "user_7"} {
		if _, _, err := h.keys.Rotate(c, person(id, "admin"), key.ID, ""); err != nil {
			t.Errorf("%s, who is kept already: %v", id, err)
		}
	}
	if behind, err := h.keys.Behind(c, "t", key.ID); err != nil || len(behind) != maxRotators+1 {
		t.Errorf("%d, %v", len(behind), err)
	}
}

// TestNoKeyEverDoesWhatNobodyBehindItHolds takes any order of grants, rotations, lost roles and departures.
func TestNoKeyEverDoesWhatNobodyBehindItHolds(t *testing.T) {
	all := append([]string{"*", Redacted}, each(Permissions())...)
	rapid.Check(t, func(t *rapid.T) {
		h, c := newGrantHouse(), context.Background()
		roles := func() []string {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(Roles()), 0, 2, rapid.ID).Draw(t, "roles")
		}
		type made struct{ id, text, by string }
		people, keys := []string{"ada", "bob"}, []made{}
		now := map[string][]string{}
		for _, id := range people {
			now[id] = roles()
		}
		// whoIs is a granter as the interface sees them, and the person in the end.
		whoIs := func(id string) (Principal, string, bool) {
			for _, k := range keys {
				if k.id == id {
					p, err := h.keys.Check(c, k.text)
					return p, k.by, err == nil
				}
			}
			return person(id, now[id]...), id, true
		}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			ids := slices.Clone(people)
			for _, k := range keys {
				ids = append(ids, k.id)
			}
			id := rapid.SampledFrom(ids).Draw(t, "who")
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				if p, by, ok := whoIs(id); ok {
					scopes := rapid.SliceOfN(rapid.SampledFrom(all), 0, 4).Draw(t, "scopes")
					if k, text, err := h.keys.Create(c, p, CreateKey{Scopes: scopes}); err == nil {
						keys = append(keys, made{k.ID, text, by})
					}
				}
			case 2:
				if p, by, ok := whoIs(id); ok && len(keys) > 0 {
					n := rapid.IntRange(0, len(keys)-1).Draw(t, "key")
					if k, text, err := h.keys.Rotate(c, p, keys[n].id, ""); err == nil {
						if k.GrantedBy == id {
							keys[n].by = by
						}
						keys[n].text = text
					}
				}
			case 3:
				who := rapid.SampledFrom(people).Draw(t, "person")
				now[who] = roles()
				if there, ok := h.people[who]; ok {
					there.Roles = now[who]
					h.people[who] = there
				}
			}
			for _, k := range keys {
				p, err := h.keys.Check(c, k.text)
				if err != nil {
					continue
				}
				for _, permission := range Permissions() {
					granter := person(k.by, now[k.by]...)
					if Has(p, permission) && !mayGrant(granter, permission) {
						t.Fatalf("a key that %s stands behind (%v) has %s", k.by, now[k.by], permission)
					}
				}
			}
		}
	})
}

func each(permissions []Permission) []string {
	out := make([]string, len(permissions))
	for i, p := range permissions {
		out[i] = string(p)
	}
	return out
}
