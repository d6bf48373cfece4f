package webhook

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"
)

// exhausted is a delivery whose attempts are used up.
func (b *bench) exhausted(t *testing.T, id string) Delivery {
	t.Helper()
	b.answerWith(500)
	delivery := b.publish(t, id)
	for range len(schedule()) + 1 {
		delivery = b.attempt(t, delivery)
		b.advance(25 * time.Hour)
	}
	if delivery.Status != Failed {
		t.Fatalf("status %s after all attempts", delivery.Status)
	}
	return delivery
}

func (b *bench) dead(t *testing.T, filter DeadFilter) (ids []string) {
	t.Helper()
	for after := ""; ; {
		page, next, err := b.Dead(t.Context(), "demo", filter, after, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range page {
			ids = append(ids, one.ID)
		}
		if after = next; next == "" {
			return ids
		}
	}
}

func TestAnExhaustedDeliveryIsFoundAndReplayed(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	lost := b.exhausted(t, "evt_1")
	b.answerWith(204)
	b.attempt(t, b.publish(t, "evt_2"))
	for _, filter := range []DeadFilter{{}, {Subject: "case_1"}, {Subscription: lost.Subscription}, {Delivery: lost.ID}} {
		if got := b.dead(t, filter); len(got) != 1 || got[0] != lost.ID {
			t.Errorf("%+v finds %v", filter, got)
		}
	}
	for _, filter := range []DeadFilter{{Subject: "case_2"}, {Subscription: "whk_x"}, {Delivery: "dlv_x"}} {
		if got := b.dead(t, filter); len(got) != 0 {
			t.Errorf("%+v finds %v", filter, got)
		}
	}
	if others, _, err := b.Dead(t.Context(), "other", DeadFilter{}, "", 10); err != nil || len(others) != 0 {
		t.Errorf("another tenant: %v, %v", others, err)
	}
	if n, more, err := b.SettleDead(t.Context(), "demo", DeadFilter{}, Settlement{}); n != 1 || more || err != nil {
		t.Fatal(n, more, err)
	}
	if got := b.dead(t, DeadFilter{}); len(got) != 0 {
		t.Errorf("still dead: %v", got)
	}
	if n, err := b.AttemptDue(t.Context(), 10); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if again, err := b.store.Delivery(t.Context(), "demo", lost.ID); err != nil || again.Status != Delivered || again.Round != len(schedule())+1 {
		t.Errorf("%+v, %v", again, err)
	}
	wantProblem(t, b.SettleOne(t.Context(), "demo", lost.ID, Settlement{}), problem.NotFound)
}

func TestADiscardedDeliveryIsNeverMade(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	lost := b.exhausted(t, "evt_1")
	if err := b.SettleOne(t.Context(), "demo", lost.ID, Settlement{Discard: true}); err != nil {
		t.Fatal(err)
	}
	b.advance(48 * time.Hour)
	if n, err := b.AttemptDue(t.Context(), 10); n != 0 || err != nil {
		t.Error(n, err)
	}
	if got := b.dead(t, DeadFilter{}); len(got) != 0 {
		t.Errorf("still dead: %v", got)
	}
}

func TestADiscardedDeliveryKeepsWhoDiscardedItAndWhy(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	lost := b.exhausted(t, "evt_1")
	how := Settlement{Discard: true, By: "user_1", Reason: "the receiver is gone", Call: "call_1"}
	wantProblem(t, b.SettleOne(t.Context(), "demo", lost.ID, Settlement{Discard: true, Reason: strings.Repeat("x", maxReason+1)}), problem.Invalid)
	for range 2 { // the same call again finds it done
		if err := b.SettleOne(t.Context(), "demo", lost.ID, how); err != nil {
			t.Fatal(err)
		}
	}
	found, err := b.store.Delivery(t.Context(), "demo", lost.ID)
	if err != nil || found.Status != Discarded || found.Settled == nil || found.Settled.By != "user_1" || found.Settled.Reason != how.Reason || !found.Settled.At.Equal(b.clock()) || found.Revision != lost.Revision+1 {
		t.Errorf("%+v %+v, %v", found, found.Settled, err)
	}
	how.Call = "call_2"
	wantProblem(t, b.SettleOne(t.Context(), "demo", lost.ID, how), problem.NotFound)
	again, err := b.Redeliver(t.Context(), "demo", lost.Subscription, lost.ID, "call_3")
	if err != nil || again.Settled == nil {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestSettlingReadsFailedDeliveriesOnlyAndNoMoreThanItSettles(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	b.answerWith(204)
	for n := range 30 {
		b.attempt(t, b.publish(t, fmt.Sprintf("fine_%d", n)))
	}
	lost := b.exhausted(t, "evt_1")
	b.store.looked = 0
	if n, more, err := b.SettleDead(t.Context(), "demo", DeadFilter{Subject: "case_1"}, Settlement{Discard: true}); n != 1 || more || err != nil {
		t.Fatal(n, more, err)
	}
	if b.store.looked != 1 {
		t.Errorf("%d deliveries were read for %s alone", b.store.looked, lost.ID)
	}
}

func TestARepeatedCallMakesNoSecondSubscriptionSecretOrEvent(t *testing.T) {
	b := newBench(t)
	first, err := b.Subscribe(t.Context(), "demo", "whk_of_the_call", b.server.URL+"/hook", []string{"*"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.Subscribe(t.Context(), "demo", "whk_of_the_call", b.server.URL+"/hook", []string{"*"})
	if all, _ := b.Subscriptions(t.Context(), "demo"); err != nil || len(all) != 1 || again.Secrets[0].Value != first.Secrets[0].Value {
		t.Errorf("%d subscriptions, %v", len(all), err)
	}
	var secrets []string
	for _, call := range []string{"call_1", "call_1", "call_2"} {
		rotated, err := b.Rotate(t.Context(), "demo", first.ID, call)
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, rotated.Secrets[0].Value)
	}
	if secrets[0] != secrets[1] || secrets[1] == secrets[2] {
		t.Errorf("secrets %v", secrets)
	}
	b.answerWith(204)
	const event = "evt_01KJVKTEF8FAQ48Y49Q9JHTFXC"
	one, err := b.Test(t.Context(), "demo", first.ID, event)
	if err != nil {
		t.Fatal(err)
	}
	b.advance(time.Minute)
	two, err := b.Test(t.Context(), "demo", first.ID, event)
	if err != nil || two.ID != one.ID || len(two.Attempts) != 1 || len(b.received) != 1 {
		t.Errorf("%+v after %+v, %v", two, one, err)
	}
	for _, call := range []string{"call_3", "call_3", ""} {
		if two, err = b.Redeliver(t.Context(), "demo", first.ID, one.ID, call); err != nil {
			t.Fatal(err)
		}
	}
	if len(two.Attempts) != 3 || len(b.received) != 3 {
		t.Errorf("%d attempts, %d received", len(two.Attempts), len(b.received))
	}
}

func TestAChangeThatChangesNothingIsNotWritten(t *testing.T) {
	b := newBench(t)
	one := b.subscribe(t, "case.*")
	on, off := false, true
	for _, step := range []struct {
		patch   Patch
		version int
	}{{Patch{Events: []string{"case.*"}}, 1}, {Patch{Disabled: &on}, 1}, {Patch{Disabled: &off}, 2}, {Patch{Disabled: &off}, 2}} {
		if got, err := b.Update(t.Context(), "demo", one.ID, 0, step.patch); err != nil || got.Version != step.version {
			t.Errorf("%+v: version %d, %v", step.patch, got.Version, err)
		}
	}
}

func TestDeadLettersOfADisabledSubscriptionStay(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "*")
	lost := b.exhausted(t, "evt_1")
	off := true
	if _, err := b.Update(t.Context(), "demo", subscription.ID, 0, Patch{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	if n, more, err := b.SettleDead(t.Context(), "demo", DeadFilter{}, Settlement{}); n != 0 || more || err != nil {
		t.Error(n, more, err)
	}
	wantProblem(t, b.SettleOne(t.Context(), "demo", lost.ID, Settlement{}), problem.Conflict)
	if n, _, err := b.SettleDead(t.Context(), "demo", DeadFilter{}, Settlement{Discard: true}); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func TestManyDeadLettersAreSettledInParts(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	for n := range maxSettled + 5 {
		delivery := b.publish(t, fmt.Sprintf("evt_%d", n))
		delivery.Status, delivery.NextAt, delivery.Revision = Failed, time.Time{}, 2
		if err := b.store.UpdateDelivery(t.Context(), delivery); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []struct {
		settled int
		more    bool
	}{{maxSettled, true}, {5, false}, {0, false}} {
		if n, more, err := b.SettleDead(t.Context(), "demo", DeadFilter{}, Settlement{}); n != want.settled || more != want.more || err != nil {
			t.Errorf("%d %v %v, want %+v", n, more, err, want)
		}
	}
}

func wantProblem(t *testing.T, err error, code problem.Code) {
	t.Helper()
	if problem.CodeOf(err) != code {
		t.Errorf("%v, want %s", err, code)
	}
}

func TestAnUnreadableSubscriptionHoldsUpNoOther(t *testing.T) {
	b := newBench(t)
	if _, err := b.Subscribe(t.Context(), "demo", "whk_2", b.server.URL+"/hook", []string{"*"}); err != nil {
		t.Fatal(err)
	}
	b.store.subscriptions["demowhk_1"] = UnreadableSubscription("demo", "whk_1")
	event := Event{Tenant: "demo", ID: "evt_1", Type: "case.completed", Subject: "case_1", Time: b.now}
	for want := 1; want >= 0; want-- { // and again, as the outbox does
		created, err := b.Create(t.Context(), event)
		if problem.CodeOf(err) != problem.Internal || len(created) != want {
			t.Errorf("%d created, %v", len(created), err)
		}
	}
	delete(b.store.subscriptions, "demowhk_1")
	if _, err := b.Create(t.Context(), event); err != nil {
		t.Errorf("once it is removed: %v", err)
	}
}
