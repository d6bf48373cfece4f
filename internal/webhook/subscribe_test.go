package webhook

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ballerine/internal/problem"
)

func TestARotatedSecretSignsBesideTheNewOneUntilItExpires(t *testing.T) {
	b := newBench(t)
	old := b.subscribe(t, "*")
	rotated, err := b.Rotate(t.Context(), "demo", old.ID, "")
	if err != nil || len(rotated.Secrets) != 2 || rotated.Secrets[1].Value != old.Secrets[0].Value || rotated.Secrets[0].Value == old.Secrets[0].Value {
		t.Fatalf("%+v, %v", rotated, err)
	}
	verifies := func(secret string, r received) bool {
		verifier, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		return verifier.VerifyIgnoringTimestamp(r.body, r.header) == nil
	}
	b.attempt(t, b.publish(t, "e1"))
	first := b.received[0]
	if !verifies(old.Secrets[0].Value, first) || !verifies(rotated.Secrets[0].Value, first) {
		t.Error("both secrets must verify during the overlap")
	}
	if parts := strings.Split(first.header.Get("webhook-signature"), " "); len(parts) != 2 || !strings.HasPrefix(parts[1], "v1,") {
		t.Errorf("signatures %q", parts)
	}
	b.advance(24 * time.Hour)
	b.attempt(t, b.publish(t, "e2"))
	second := b.received[1]
	if verifies(old.Secrets[0].Value, second) || !verifies(rotated.Secrets[0].Value, second) {
		t.Error("only the new secret verifies after the overlap")
	}
	again, err := b.Rotate(t.Context(), "demo", old.ID, "")
	if err != nil || len(again.Secrets) != 2 {
		t.Errorf("an expired secret is kept: %d, %v", len(again.Secrets), err)
	}
}

func TestOnlyWhoWantsAnEventGetsIt(t *testing.T) {
	for pattern, want := range map[string]bool{
		"*": true, "case.*": true, "case.completed": true, "case.complete": false, "case": false, "document.*": false, "case.completed.*": false,
	} {
		if got := (Subscription{Events: []string{pattern}}).Wants("case.completed"); got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
	if (Subscription{Events: []string{"*"}, Disabled: true}).Wants("case.completed") {
		t.Error("a disabled subscription wants nothing")
	}
	b := newBench(t)
	b.subscribe(t, "document.*")
	foreign := b.event("e1")
	foreign.Tenant = "other"
	for _, event := range []Event{b.event("e1"), foreign} {
		if created, err := b.Create(t.Context(), event); err != nil || len(created) != 0 {
			t.Errorf("%v %v", created, err)
		}
	}
}

func TestASubscriptionsProblemsAreAllNamed(t *testing.T) {
	service := New(Config{Store: newMemory(), EventTypes: []string{"case.completed", "case.state_changed"}})
	_, err := service.Subscribe(t.Context(), "demo", "", "http://10.0.0.1/x", []string{"case.*", "Case.Completed", "case.finished", "doc.*", "*"})
	var got []string
	for _, field := range problem.As(err).Fields {
		got = append(got, field.Location+" "+field.Code)
	}
	want := []string{"body.url scheme", "body.url refused_address", "body.events[1] format", "body.events[2] unknown", "body.events[3] unknown"}
	if problem.CodeOf(err) != problem.Invalid || !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if _, err := service.Subscribe(t.Context(), "demo", "", "https://example.com/", nil); problem.CodeOf(err) != problem.Invalid {
		t.Errorf("no events: %v", err)
	}
}

func TestATenantHasABoundedNumberOfSubscriptions(t *testing.T) {
	b := newBench(t)
	for range maxSubscriptions {
		b.subscribe(t, "*")
	}
	if _, err := b.Subscribe(t.Context(), "demo", "", b.server.URL, []string{"*"}); problem.CodeOf(err) != problem.Invalid {
		t.Error(err)
	}
}

func TestAStaleUpdateIsRefused(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "case.*")
	updated, err := b.Update(t.Context(), "demo", subscription.ID, 1, Patch{Events: []string{"*", "*"}})
	if err != nil || updated.Version != 2 || !slices.Equal(updated.Events, []string{"*"}) || updated.URL != subscription.URL {
		t.Fatalf("%+v %v", updated, err)
	}
	if _, err := b.Update(t.Context(), "demo", subscription.ID, 1, Patch{Events: []string{"case.*"}}); problem.CodeOf(err) != problem.Stale {
		t.Errorf("got %v", err)
	}
	bad := "http://10.0.0.1/"
	if _, err := b.Update(t.Context(), "demo", subscription.ID, 0, Patch{URL: &bad}); problem.CodeOf(err) != problem.Invalid {
		t.Errorf("got %v", err)
	}
	if _, err := b.Update(t.Context(), "other", subscription.ID, 0, Patch{}); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("a foreign tenant: %v", err)
	}
}

func TestASubscriptionIsTestedWhateverItNames(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "case.completed")
	other := b.subscribe(t, "*")
	delivery, err := b.Test(t.Context(), "demo", subscription.ID, "")
	if err != nil || delivery.Status != Delivered || delivery.Type != testType || len(b.received) != 1 {
		t.Fatalf("%+v, %d received, %v", delivery, len(b.received), err)
	}
	if page, _, err := b.Deliveries(t.Context(), "demo", other.ID, "", 10); err != nil || len(page) != 0 {
		t.Errorf("the other one was sent %d, %v", len(page), err)
	}
	disabled := true
	if _, err := b.Update(t.Context(), "demo", subscription.ID, 0, Patch{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Test(t.Context(), "demo", subscription.ID, ""); problem.CodeOf(err) != problem.Conflict {
		t.Errorf("a disabled one: %v", err)
	}
}

// watched reports each delivery that is written, before anybody else can.
type watched struct {
	Store
	written func(Delivery)
}

// CreateDelivery implements Store.
func (w watched) CreateDelivery(ctx context.Context, d Delivery) (bool, error) {
	created, err := w.Store.CreateDelivery(ctx, d)
	w.written(d)
	return created, err
}

// UpdateDelivery implements Store.
func (w watched) UpdateDelivery(ctx context.Context, d Delivery) error {
	err := w.Store.UpdateDelivery(ctx, d)
	w.written(d)
	return err
}

// TestNobodyElseTakesADeliveryThatItsCallerAttempts is about a test and a redelivery while the schedule reads what is due.
func TestNobodyElseTakesADeliveryThatItsCallerAttempts(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "*")
	writes := 0
	b.Service = New(Config{Store: watched{b.store, func(Delivery) {
		writes++
		if due, _, err := b.store.DueDeliveries(t.Context(), DuePage{Before: b.clock(), Each: 10, Limit: 10}); err != nil || len(due) > 0 {
			t.Errorf("after write %d another process could take %d: %v", writes, len(due), err)
		}
	}}, Now: b.clock, AllowLoopback: true, Timeout: time.Minute})
	tested, err := b.Test(t.Context(), "demo", subscription.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Redeliver(t.Context(), "demo", subscription.ID, tested.ID, ""); err != nil || len(b.received) != 2 || writes < 5 {
		t.Errorf("%d received, %d writes, %v", len(b.received), writes, err)
	}
}

func TestUnknownEventTypesAreRefusedWithWhatIsMeant(t *testing.T) {
	b := newBench(t)
	b.config.EventTypes = []string{"case.completed", "case.failed", "workflow.*"}
	for pattern, hint := range map[string]string{"case.complete": "did you mean case.completed?", "vendor.*": "known are", "case.*": "", "*": "", "workflow.passed": "", "workflow.*": ""} {
		_, err := b.Subscribe(t.Context(), "demo", "", "https://example.com/hook", []string{pattern})
		if hint == "" && err != nil || hint != "" && (err == nil || !strings.Contains(err.Error(), hint)) {
			t.Errorf("%s: %v, want %q", pattern, err, hint)
		}
	}
}
