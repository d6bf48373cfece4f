package embedded_test

import (
	"path/filepath"
	"testing"
	"time"

	"ballerine/internal/idempotency"
	"ballerine/internal/store/embedded"
)

func TestACallThatDiedWithItsProcessIsTakenOverAtOnce(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "test.db"), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	call := func(holder string) idempotency.Reservation {
		return idempotency.Reservation{Key: "k", Hash: "h", Holder: holder, StartedAt: now, FirstAt: now, ExpiresAt: now.Add(time.Hour)}
	}
	first, err := embedded.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, got, err := first.Idempotency().Reserve(t.Context(), call("one"), time.Time{}); err != nil || !got {
		t.Fatalf("%v %v", got, err)
	}
	there, got, err := first.Idempotency().Reserve(t.Context(), call("two"), now.Add(-time.Minute))
	if err != nil || got || !there.StartedAt.Equal(now) {
		t.Errorf("a call that is in flight is said to have begun at %s, taken over: %v %v", there.StartedAt, got, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := embedded.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	there, got, err = second.Idempotency().Reserve(t.Context(), call("three"), time.Time{})
	if err != nil || got || !there.StartedAt.IsZero() || !there.FirstAt.Equal(now) {
		t.Errorf("a call that died: %+v, taken over before its beginning was known: %v %v", there, got, err)
	}
	if _, got, err = second.Idempotency().Reserve(t.Context(), call("three"), now.Add(-time.Minute)); err != nil || !got {
		t.Errorf("it is not taken over: %v %v", got, err)
	}
	if there, got, err = second.Idempotency().Reserve(t.Context(), call("four"), now.Add(-time.Minute)); err != nil || got || there.StartedAt.IsZero() {
		t.Errorf("the call that has taken it over is in flight: %+v %v %v", there, got, err)
	}
}
