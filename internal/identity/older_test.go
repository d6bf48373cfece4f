package identity

import (
	"context"
	"testing"
	"time"

	"ballerine/internal/problem"
)

func TestEveryFormerSecretHasItsTime(t *testing.T) {
	now, memory, c := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), newMemory(), context.Background()
	keys := NewKeys(KeysConfig{Store: memory, Now: func() time.Time { return now }})
	admin := Principal{Tenant: "t", Kind: User, ID: "ada", Roles: []string{"admin"}}
	key, text, err := keys.Create(c, admin, CreateKey{Scopes: []string{"cases:read"}})
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{text}
	rotate := func() {
		t.Helper()
		_, text, err := keys.Rotate(c, admin, key.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		secrets, now = append(secrets, text), now.Add(time.Hour)
	}
	good := func(want ...bool) {
		t.Helper()
		for i, text := range secrets {
			if _, err := keys.Check(c, text); (err == nil) != want[i] {
				t.Errorf("secret %d: %v", i, err)
			}
		}
	}
	rotate()
	rotate() // an hour after the first
	good(true, true, true)
	now = now.Add(22*time.Hour - time.Nanosecond)
	good(true, true, true)
	now = now.Add(time.Nanosecond) // a day after the first rotation
	good(false, true, true)
	if _, err := keys.Check(c, secrets[0]); problem.CodeOf(err) != problem.CredentialsExpired {
		t.Errorf("%v", err)
	}
	now = now.Add(time.Hour)
	good(false, false, true)
	for range 6 {
		rotate()
	}
	good(false, false, false, false, true, true, true, true, true) // at most 5
	if kept := memory.keys[key.ID]; len(kept.Older) != maxSecrets-2 {
		t.Errorf("%d are kept", len(kept.Older))
	}
	if err := keys.Revoke(c, "t", key.ID); err != nil {
		t.Fatal(err)
	}
	good(make([]bool, 9)...)
}

func TestAnOlderSecretIsAsGoodAsWhoGrantedIt(t *testing.T) {
	now, memory, c := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), newMemory(), context.Background()
	keys := NewKeys(KeysConfig{Store: memory, Now: func() time.Time { return now }})
	admin := func(id string) Principal { return Principal{Tenant: "t", Kind: User, ID: id, Roles: []string{"admin"}} }
	key, first, err := keys.Create(c, admin("ada"), CreateKey{Scopes: []string{"cases:read"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, err := keys.Rotate(c, admin("bob"), key.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	ada := memory.people["ada"]
	ada.Disabled = true
	if err := memory.PutUser(c, ada); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Check(c, first); problem.CodeOf(err) != problem.CredentialsRevoked {
		t.Errorf("who granted it is gone: %v", err)
	}
}
