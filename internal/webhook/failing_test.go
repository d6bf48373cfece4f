package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// hours lets the sweep's hours pass: an event in each, and whatever is due attempted every half hour.
func (b *bench) hours(t *testing.T, name string, n int) {
	t.Helper()
	for hour := range n {
		if _, err := b.Create(t.Context(), b.event(fmt.Sprintf("%s_%d", name, hour))); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			b.advance(30 * time.Minute)
			if _, err := b.AttemptDue(t.Context(), 1000); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAReceiverThatTakesNothingForDaysIsDisabled(t *testing.T) {
	b := newBench(t)
	dead := b.subscribe(t, "case.*")
	var heard []string
	watching := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event struct {
			Type, Subject string
			Data          map[string]string
		}
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			t.Error(err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		heard = append(heard, event.Type+" "+event.Data["webhook"]+" "+event.Data["reason"])
	}))
	t.Cleanup(watching.Close)
	if _, err := b.Subscribe(t.Context(), "demo", "", watching.URL, []string{disabledType}); err != nil {
		t.Fatal(err)
	}
	b.answerWith(http.StatusInternalServerError)
	b.hours(t, "first", 4*24)
	stored, err := b.Subscription(t.Context(), "demo", dead.ID)
	if err != nil || stored.Disabled || stored.FailingSince.IsZero() {
		t.Fatalf("after four days: %+v %v", stored, err)
	}
	if stored.Version > 3 {
		t.Errorf("the subscription was written %d times", stored.Version)
	}
	b.hours(t, "second", 2*24)
	stored, err = b.Subscription(t.Context(), "demo", dead.ID)
	if err != nil || !stored.Disabled || stored.Reason != "failing" {
		t.Fatalf("after six days: %+v %v", stored, err)
	}
	if len(heard) != 1 || heard[0] != "webhook.disabled "+dead.ID+" failing" {
		t.Errorf("the other subscriber has received %q", heard)
	}
	lost, _, err := b.Dead(t.Context(), "demo", DeadFilter{}, "", 200)
	if err != nil || len(lost) < 4*24 {
		t.Errorf("%d deliveries can be replayed: %v", len(lost), err)
	}

	on := false
	if stored, err = b.Update(t.Context(), "demo", dead.ID, 0, Patch{Disabled: &on}); err != nil || !stored.FailingSince.IsZero() {
		t.Fatalf("%+v %v", stored, err)
	}
	b.answerWith(http.StatusOK)
	b.hours(t, "third", 24)
	if stored, err = b.Subscription(t.Context(), "demo", dead.ID); err != nil || stored.Disabled || !stored.FailingSince.IsZero() {
		t.Errorf("%+v %v", stored, err)
	}
}

func TestAReceiverThatTakesSomethingStaysOn(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "case.*")
	for n := range 9 { // a day down, an hour up
		b.answerWith(http.StatusBadGateway)
		b.hours(t, fmt.Sprintf("down%d", n), 24)
		b.answerWith(http.StatusOK)
		b.hours(t, fmt.Sprintf("up%d", n), 1)
	}
	stored, err := b.Subscription(t.Context(), "demo", subscription.ID)
	if err != nil || stored.Disabled || !stored.FailingSince.IsZero() {
		t.Errorf("%+v %v", stored, err)
	}
}

// damaged is a store whose subscriptions cannot be decoded.
type damaged struct{ *memory }

func (damaged) Subscription(context.Context, string, string) (Subscription, error) {
	return Subscription{}, fmt.Errorf("%w: it is cut off", ErrUnreadable)
}

// Nobody mends the subscription: its delivery becomes a dead letter, which a person sees, and is not attempted for ever.
func TestADeliveryOfADamagedSubscriptionEndsAsADeadLetter(t *testing.T) {
	now, store := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), damaged{newMemory()}
	s := New(Config{Store: store, Now: func() time.Time { return now }})
	delivery := newDelivery(Event{Tenant: "a", ID: "evt_1", Type: "case.created", Time: now}, "sub_1", []byte("{}"), now)
	if _, err := store.CreateDelivery(t.Context(), delivery); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		now = now.Add(25 * time.Hour)
		if _, err := s.AttemptDue(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
	}
	after, err := store.Delivery(t.Context(), "a", delivery.ID)
	if err != nil || after.Status != Failed || len(after.Attempts) != 8 || after.Attempts[0].Error != "unreadable" {
		t.Errorf("%s after %d attempts: %v", after.Status, len(after.Attempts), err)
	}
}
