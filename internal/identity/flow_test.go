package identity

import (
	"context"
	"testing"
	"time"

	"ballerine/internal/problem"
)

func TestAFlowTokenIsAsGoodAsWhoGrantedIt(t *testing.T) {
	c, now := context.Background(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	client := func(id string) Principal { return Principal{Tenant: "t", Kind: Client, ID: id} }
	for name, x := range map[string]struct {
		by   func(person, key, child string) Principal
		end  func(h *grantHouse, key string)
		want problem.Code
	}{
		"nothing has changed": {by: func(_, _, child string) Principal { return client(child) }},
		"the key is revoked": {func(_, key, _ string) Principal { return client(key) }, func(h *grantHouse, key string) {
			if err := h.keys.Revoke(c, "t", key); err != nil {
				t.Fatal(err)
			}
		}, problem.CredentialsRevoked},
		"the key that made the key is revoked": {func(_, _, child string) Principal { return client(child) }, func(h *grantHouse, key string) {
			if err := h.keys.Revoke(c, "t", key); err != nil {
				t.Fatal(err)
			}
		}, problem.CredentialsRevoked},
		"the person behind the key is disabled": {func(_, _, child string) Principal { return client(child) }, func(h *grantHouse, _ string) {
			ada := h.memory.people["ada"]
			ada.Disabled = true
			h.memory.people["ada"] = ada
		}, problem.CredentialsRevoked},
		"the person has lost the role": {func(person, _, _ string) Principal { return Principal{Tenant: "t", Kind: User, ID: person} }, func(h *grantHouse, _ string) {
			ada := h.memory.people["ada"]
			ada.Roles = []string{"auditor"}
			h.memory.people["ada"] = ada
		}, problem.CredentialsRevoked},
		"a person of whom nothing is kept": {by: func(string, string, string) Principal { return Principal{Tenant: "t", Kind: User, ID: "new"} }},
		"a key that there is not":          {by: func(string, string, string) Principal { return client("key_x") }, want: problem.CredentialsRevoked},
		"made before this was kept":        {by: func(string, string, string) Principal { return Principal{Tenant: "t"} }},
	} {
		t.Run(name, func(t *testing.T) {
			h := newGrantHouse()
			key, _, err := h.keys.Create(c, person("ada", "admin"), CreateKey{Scopes: []string{"*"}})
			if err != nil {
				t.Fatal(err)
			}
			child, _, err := h.keys.Create(c, Principal{Tenant: "t", Kind: Client, ID: key.ID, Scopes: []string{"*"}}, CreateKey{Scopes: []string{"flow_tokens:create", "cases:personal"}})
			if err != nil {
				t.Fatal(err)
			}
			tokens := tokensOf(t, clock, make([]byte, 32))
			text, err := tokens.Flow(x.by("ada", key.ID, child.ID), "case_1", "flow_1", now.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			a := &Authenticator{Keys: h.keys, Tokens: tokens}
			if p, err := a.Authenticate(c, "Bearer "+text); name != "a key that there is not" && (err != nil || p.Case != "case_1" || p.Kind != Applicant) {
				t.Fatalf("%+v, %v", p, err)
			}
			if x.end != nil {
				x.end(h, key.ID)
			}
			if _, err := a.Authenticate(c, "Bearer "+text); problem.CodeOf(err) != x.want {
				t.Errorf("%v, want %q", err, x.want)
			}
		})
	}
}

func TestWhatAPersonsLinkWritesIsThatPersonsToo(t *testing.T) {
	c, now := context.Background(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	h := newGrantHouse()
	key, _, err := h.keys.Create(c, person("ada", "admin"), CreateKey{Scopes: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	tokens := tokensOf(t, func() time.Time { return now }, make([]byte, 32))
	a := &Authenticator{Keys: h.keys, Tokens: tokens}
	for by, want := range map[string]string{"ada": "ada", key.ID: ""} {
		kind := User
		if by == key.ID {
			kind = Client
		}
		text, err := tokens.Flow(Principal{Tenant: "t", Kind: kind, ID: by}, "case_1", "flow_1", now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if p, err := a.Authenticate(c, "Bearer "+text); err != nil || p.By != want || !p.Whole() {
			t.Errorf("by %s: %+v, %v", by, p, err)
		}
	}
	if (Principal{Tenant: "t", Kind: Client, ID: "key_1", By: "ada"}).Whole() {
		t.Error("a key is somebody's link")
	}
}

func TestWhoInvitesIsKnownAndSeesPersonalData(t *testing.T) {
	c := context.Background()
	h := newGrantHouse()
	if err := h.keys.Invites(c, person("rita", "reviewer")); err != nil || len(h.memory.people["rita"].Roles) != 1 {
		t.Errorf("%v, %+v", err, h.memory.people["rita"])
	}
	key := func(scopes ...string) Principal {
		return Principal{Tenant: "t", Kind: Client, ID: "key_1", Scopes: scopes}
	}
	for name, x := range map[string]struct {
		who  Principal
		want problem.Code
	}{
		"a key":                            {key("*"), ""},
		"a key without scopes":             {key(), ""},
		"a redacted key":                   {key("flow_tokens:create", "cases:read", "cases:redacted"), problem.Forbidden},
		"a key that sees no personal data": {key("flow_tokens:create"), problem.Forbidden},
		"a key that sees them":             {key("flow_tokens:create", "cases:personal"), ""},
		"an auditor":                       {person("otto", "auditor"), problem.Forbidden},
	} {
		if err := h.keys.Invites(c, x.who); problem.CodeOf(err) != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
