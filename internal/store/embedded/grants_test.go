package embedded_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"ballerine/internal/identity/issuer"
	"ballerine/internal/store/embedded"
)

func TestGrantsAreChangedOrLeftAsTheyWereAndForgottenWhenTheyEnd(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "test.db")
	db, err := embedded.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	change := func(key string, f func(*issuer.Grant) (*issuer.Grant, error)) {
		t.Helper()
		if err := db.Grants().Change(ctx, key, f); err != nil {
			t.Fatal(err)
		}
	}
	user := func(key string) (user string) {
		t.Helper()
		change(key, func(there *issuer.Grant) (*issuer.Grant, error) {
			if there != nil {
				user = there.User
			}
			return there, nil
		})
		return user
	}
	for key, life := range map[string]time.Duration{"session/a": time.Minute, "session/b": time.Hour, "session/c": time.Hour} {
		change(key, func(there *issuer.Grant) (*issuer.Grant, error) {
			if there != nil {
				t.Errorf("%s is there already", key)
			}
			return &issuer.Grant{User: key, Expires: start.Add(life)}, nil
		})
	}
	refused := errors.New("no")
	err = db.Grants().Change(ctx, "session/b", func(there *issuer.Grant) (*issuer.Grant, error) {
		there.User = "somebody else"
		return nil, refused
	})
	if !errors.Is(err, refused) || user("session/b") != "session/b" {
		t.Errorf("a change that failed was kept: %v, %q", err, user("session/b"))
	}
	change("session/c", func(*issuer.Grant) (*issuer.Grant, error) { return nil, nil })
	if err := db.Grants().Forget(ctx, start.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil { // a restart signs nobody out, and waits for what is queued
		t.Fatal(err)
	}
	if db, err = embedded.Open(path); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"session/a": "", "session/b": "session/b", "session/c": ""} {
		if got := user(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
