package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/webhook"
)

// Keys is the behaviour of an identity.Store.
func Keys(t *testing.T, open func(t *testing.T) identity.Store) {
	ctx := context.Background()
	t.Run("a key is found by its prefix, over all tenants", func(t *testing.T) {
		s := open(t)
		key := identity.Key{ID: "key_1", Tenant: "a", Prefix: "p1", Hash: "h", Revision: 1}
		must(t, s.PutKey(ctx, 0, key))
		got, err := s.KeyByPrefix(ctx, "p1")
		if err != nil || got.ID != "key_1" || got.Tenant != "a" {
			t.Errorf("%+v %v", got, err)
		}
		_, err = s.KeyByPrefix(ctx, "p2")
		wants(t, err, problem.NotFound)
		_, err = s.Key(ctx, "b", "key_1")
		wants(t, err, problem.NotFound)
	})
	t.Run("a key is written over the revision that was read", func(t *testing.T) {
		s := open(t)
		key := identity.Key{ID: "key_1", Tenant: "a", Prefix: "p1", Revision: 1}
		must(t, s.PutKey(ctx, 0, key))
		wants(t, s.PutKey(ctx, 0, key), problem.Conflict)
		key.Revision, key.RevokedAt = 2, epoch
		must(t, s.PutKey(ctx, 1, key))
		wants(t, s.PutKey(ctx, 1, key), problem.Conflict)
		wants(t, s.PutKey(ctx, 0, identity.Key{ID: "key_2", Tenant: "b", Prefix: "p1", Revision: 1}), problem.Conflict)
		all, err := s.Keys(ctx, "a")
		if err != nil || len(all) != 1 || all[0].RevokedAt.IsZero() {
			t.Errorf("%+v %v", all, err)
		}
	})
	t.Run("an address belongs to one user of a tenant", func(t *testing.T) {
		s := open(t)
		must(t, s.PutUser(ctx, identity.Person{ID: "user_1", Tenant: "a", Email: "x@y"}))
		wants(t, s.PutUser(ctx, identity.Person{ID: "user_2", Tenant: "a", Email: "x@y"}), problem.AlreadyExists)
		must(t, s.PutUser(ctx, identity.Person{ID: "user_2", Tenant: "b", Email: "x@y"}))
		must(t, s.PutUser(ctx, identity.Person{ID: "user_1", Tenant: "a", Email: "z@y"}))
		must(t, s.PutUser(ctx, identity.Person{ID: "user_2", Tenant: "a", Email: "x@y"}))
		got, err := s.UserByEmail(ctx, "a", "z@y")
		if err != nil || got.ID != "user_1" {
			t.Errorf("%+v %v", got, err)
		}
		all, err := s.Users(ctx, "a")
		if err != nil || len(all) != 2 {
			t.Errorf("%+v %v", all, err)
		}
	})
}

// Webhooks is the behaviour of a webhook.Store.
func Webhooks(t *testing.T, open func(t *testing.T) webhook.Store) {
	ctx := context.Background()
	delivery := func(n int) webhook.Delivery {
		return webhook.Delivery{
			Tenant: "a", ID: fmt.Sprintf("dlv_%02d", n), Subscription: "whk_1", EventID: fmt.Sprint(n), Body: []byte(`{"n":1}`), Status: webhook.Pending,
			NextAt: epoch.Add(time.Duration(n) * time.Second), Revision: 1, CreatedAt: epoch, UpdatedAt: epoch,
		}
	}
	t.Run("a subscription is written over the version that was read", func(t *testing.T) {
		s := open(t)
		one := webhook.Subscription{Tenant: "a", ID: "whk_1", URL: "https://x", Events: []string{"*"}, Version: 1}
		must(t, s.PutSubscription(ctx, one))
		wants(t, s.PutSubscription(ctx, one), problem.Conflict)
		one.Version, one.Disabled = 2, true
		must(t, s.PutSubscription(ctx, one))
		got, err := s.Subscription(ctx, "a", "whk_1")
		if err != nil || !got.Disabled {
			t.Errorf("%+v %v", got, err)
		}
		if all, err := s.Subscriptions(ctx, "b"); err != nil || len(all) != 0 {
			t.Errorf("another tenant sees %v %v", all, err)
		}
		for range 2 {
			must(t, s.DeleteSubscription(ctx, "a", "whk_1"))
		}
		_, err = s.Subscription(ctx, "a", "whk_1")
		wants(t, err, problem.NotFound)
	})
	t.Run("a delivery is created once and updated over the revision that was read", func(t *testing.T) {
		s := open(t)
		for n, want := range []bool{true, false} {
			if made, err := s.CreateDelivery(ctx, delivery(1)); err != nil || made != want {
				t.Errorf("time %d: %v %v", n, made, err)
			}
		}
		d, err := s.Delivery(ctx, "a", "dlv_01")
		if err != nil || string(d.Body) != `{"n":1}` {
			t.Errorf("%+v %v", d, err)
		}
		d.Revision, d.Status = 2, webhook.Delivered
		must(t, s.UpdateDelivery(ctx, d))
		wants(t, s.UpdateDelivery(ctx, d), problem.Conflict)
		wants(t, s.UpdateDelivery(ctx, delivery(9)), problem.NotFound)
		_, err = s.Delivery(ctx, "b", "dlv_01")
		wants(t, err, problem.NotFound)
	})
	t.Run("the log is newest first in pages; what is due comes soonest first", func(t *testing.T) {
		s := open(t)
		for n := range 9 {
			_, err := s.CreateDelivery(ctx, delivery(n))
			must(t, err)
		}
		var ids []string
		for after := ""; ; {
			page, next, err := s.Deliveries(ctx, "a", "whk_1", after, 4)
			must(t, err)
			for _, d := range page {
				ids = append(ids, d.ID)
			}
			if after = next; after == "" {
				break
			}
		}
		if len(ids) != 9 || ids[0] != "dlv_08" || ids[8] != "dlv_00" {
			t.Errorf("log %v", ids)
		}
		d := delivery(0)
		d.Revision, d.Status = 2, webhook.Delivered
		must(t, s.UpdateDelivery(ctx, d))
		due, err := s.DueDeliveries(ctx, epoch.Add(3*time.Second), 2)
		if err != nil || len(due) != 2 || due[0].ID != "dlv_01" || due[1].ID != "dlv_02" {
			t.Errorf("due %+v %v", due, err)
		}
	})
}

// Idempotency is the behaviour of an idempotency.Store.
func Idempotency(t *testing.T, open func(t *testing.T) idempotency.Store) {
	ctx, s := context.Background(), open(t)
	reserve := func(holder, hash string, at time.Time) (idempotency.Reservation, bool) {
		t.Helper()
		there, got, err := s.Reserve(ctx, idempotency.Reservation{Key: "k", Hash: hash, Holder: holder, StartedAt: at, ExpiresAt: at.Add(24 * time.Hour)}, at.Add(-time.Minute))
		must(t, err)
		return there, got
	}
	if _, got := reserve("one", "h", epoch); !got {
		t.Fatal("a free key is reserved")
	}
	if _, got := reserve("one", "h", epoch); !got {
		t.Error("a holder that asks again because its answer was lost holds it still")
	}
	if there, got := reserve("two", "h", epoch.Add(time.Second)); got || there.Holder != "one" || there.Answer != nil {
		t.Errorf("a key in flight is taken: %+v", there)
	}
	if _, got := reserve("two", "other", epoch.Add(time.Hour)); got {
		t.Error("another body takes a key over")
	}
	if _, got := reserve("two", "h", epoch.Add(2*time.Minute)); !got {
		t.Error("a call that was abandoned is taken over by the same call")
	}
	must(t, s.Complete(ctx, "k", "one", idempotency.Answer{Status: 500}))
	must(t, s.Release(ctx, "k", "one"))
	must(t, s.Complete(ctx, "k", "two", idempotency.Answer{Status: 201, Body: []byte("x")}))
	must(t, s.Release(ctx, "k", "two"))
	there, got := reserve("three", "h", epoch.Add(time.Hour))
	if got || there.Answer == nil || there.Answer.Status != 201 || string(there.Answer.Body) != "x" {
		t.Errorf("the answer is lost: %+v", there)
	}
	if _, got := reserve("four", "other", epoch.Add(48*time.Hour)); !got {
		t.Error("an expired key is free")
	}
	must(t, s.Release(ctx, "k", "four"))
	if _, got := reserve("five", "h", epoch); !got {
		t.Error("a released key is free")
	}
}
