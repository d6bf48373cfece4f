package storetest

import (
	"context"
	"fmt"
	"slices"
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
		key := identity.Key{ID: "key_1", Tenant: "a", Prefix: "p1", Hash: "h", Older: []identity.Secret{{Hash: "o", Ends: epoch, By: "ada"}}, Revision: 1}
		must(t, s.PutKey(ctx, 0, key))
		got, err := s.KeyByPrefix(ctx, "p1")
		if err != nil || got.ID != "key_1" || got.Tenant != "a" || !slices.Equal(got.Older, key.Older) {
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
		must(t, s.PutUser(ctx, identity.Person{ID: "user_3", Tenant: "a"}))
		must(t, s.PutUser(ctx, identity.Person{ID: "user_4", Tenant: "a"})) // issuers need not state addresses
		_, err := s.UserByEmail(ctx, "a", "")
		wants(t, err, problem.NotFound)
		must(t, s.PutUser(ctx, identity.Person{ID: "user_1", Tenant: "a", Email: "z@y"}))
		must(t, s.PutUser(ctx, identity.Person{ID: "user_2", Tenant: "a", Email: "x@y"}))
		got, err := s.UserByEmail(ctx, "a", "z@y")
		if err != nil || got.ID != "user_1" {
			t.Errorf("%+v %v", got, err)
		}
		all, err := s.Users(ctx, "a")
		if err != nil || len(all) != 4 {
			t.Errorf("%+v %v", all, err)
		}
	})
	t.Run("an older token does not take the place of a newer one", func(t *testing.T) {
		s := open(t)
		must(t, s.PutUser(ctx, identity.Person{ID: "user_2", Tenant: "a", Email: "x@y"}))
		at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
		must(t, s.PutUser(ctx, identity.Person{ID: "user_5", Tenant: "a", Roles: []string{"admin"}}))
		must(t, s.PutUser(ctx, identity.Person{ID: "user_5", Tenant: "a", Roles: []string{"auditor"}, TokenAt: at}))
		wants(t, s.PutUser(ctx, identity.Person{ID: "user_5", Tenant: "a", Roles: []string{"admin"}, TokenAt: at.Add(-time.Second)}), problem.Conflict)
		wants(t, s.PutUser(ctx, identity.Person{ID: "user_5", Tenant: "a", Email: "x@y", TokenAt: at}), problem.AlreadyExists)
		must(t, s.PutUser(ctx, identity.Person{ID: "user_5", Tenant: "a", Roles: []string{"auditor"}, TokenAt: at}))
		if kept, err := s.User(ctx, "a", "user_5"); err != nil || len(kept.Roles) != 1 || kept.Roles[0] != "auditor" || !kept.TokenAt.Equal(at) {
			t.Errorf("%+v %v", kept, err)
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
		due, _, err := s.DueDeliveries(ctx, webhook.DuePage{Before: epoch.Add(3 * time.Second), Each: 2, Limit: 2})
		if err != nil || len(due) != 2 || due[0].ID != "dlv_01" || due[1].ID != "dlv_02" {
			t.Errorf("due %+v %v", due, err)
		}
	})
	t.Run("what has failed is found without the rest of the log, in pages, and also what is about one subject", func(t *testing.T) {
		failedDeliveries(t, open(t), delivery)
	})
	t.Run("each receiver has its share of a page of what is due", func(t *testing.T) {
		s := open(t)
		create := func(tenant, subscription string, n int, next time.Duration) {
			d := delivery(n)
			d.Tenant, d.Subscription, d.ID, d.NextAt = tenant, subscription, fmt.Sprintf("dlv_%s_%s_%02d", tenant, subscription, n), epoch.Add(next)
			_, err := s.CreateDelivery(ctx, d)
			must(t, err)
		}
		for n := range 30 {
			create("a", "dead", n, time.Duration(n)*time.Millisecond)
		}
		create("a", "later", 0, time.Hour)
		create("a", "whk", 0, 2*time.Second)
		create("a-b", "whk", 0, time.Second)
		create("b", "whk", 0, time.Second)
		var pages [][]string
		for page := (webhook.DuePage{Before: epoch.Add(3 * time.Second), Each: 2, Limit: 4}); ; {
			due, next, err := s.DueDeliveries(ctx, page)
			must(t, err)
			var ids []string
			for _, d := range due {
				ids = append(ids, d.ID)
			}
			pages = append(pages, ids)
			if page.After = next; next == "" || len(pages) > 9 {
				break
			}
		}
		want := [][]string{{"dlv_a_dead_00", "dlv_a_dead_01", "dlv_a_whk_00", "dlv_a-b_whk_00"}, {"dlv_b_whk_00"}}
		if fmt.Sprint(pages) != fmt.Sprint(want) {
			t.Errorf("pages %v, want %v", pages, want)
		}
	})
}

// failedDeliveries is the behaviour of the index of failed deliveries.
func failedDeliveries(t *testing.T, s webhook.Store, delivery func(n int) webhook.Delivery) {
	t.Helper()
	ctx := context.Background()
	update := func(d webhook.Delivery, status webhook.Status) webhook.Delivery {
		t.Helper()
		d.Revision++
		if d.Status = status; status != webhook.Pending {
			d.NextAt = time.Time{}
		}
		must(t, s.UpdateDelivery(ctx, d))
		return d
	}
	var failed []webhook.Delivery
	for n := range 12 {
		d := delivery(n)
		d.Body = fmt.Appendf(nil, `{"subject":"case_%d"}`, n%3)
		if n == 11 {
			d.Subscription = "whk_2"
		}
		_, err := s.CreateDelivery(ctx, d)
		must(t, err)
		if n%2 == 1 {
			failed = append(failed, update(d, webhook.Failed)) // 1 3 5 7 9, and 11 of another subscription
		}
	}
	found := func(subscription, subject string, limit int) (ids []string) {
		t.Helper()
		for after, pages := "", 0; ; pages++ {
			page, next, err := s.FailedDeliveries(ctx, "a", subscription, subject, after, limit)
			must(t, err)
			if len(page) > limit || len(page) == 0 && next != "" || pages > 12 {
				t.Fatalf("a page of %d, next %q", len(page), next)
			}
			for _, d := range page {
				if d.Status != webhook.Failed {
					t.Errorf("%s is %s", d.ID, d.Status)
				}
				ids = append(ids, d.ID)
			}
			if after = next; after == "" {
				return ids
			}
		}
	}
	same := func(what string, got []string, want ...string) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	for _, limit := range []int{1, 2, 200} {
		same("all", found("whk_1", "", limit), "dlv_05", "dlv_07", "dlv_01", "dlv_09", "dlv_03")
		same("of one subject", found("whk_1", "case_0", limit), "dlv_09", "dlv_03")
	}
	same("of another subscription", found("whk_2", "", 5), "dlv_11")
	same("about nothing that there is", found("whk_1", "case", 5))
	if page, _, err := s.FailedDeliveries(ctx, "b", "whk_1", "", "", 5); err != nil || len(page) != 0 {
		t.Errorf("another tenant sees %v %v", page, err)
	}
	update(failed[0], webhook.Pending)
	discarded := failed[1]
	discarded.Settled = &webhook.Settled{By: "user_1", At: epoch, Reason: "of no use", Discard: true}
	update(discarded, webhook.Discarded)
	same("those that were settled have left it", found("whk_1", "", 2), "dlv_05", "dlv_07", "dlv_09")
	if d, err := s.Delivery(ctx, "a", discarded.ID); err != nil || d.Settled == nil || *d.Settled != *discarded.Settled {
		t.Errorf("%+v %v", d.Settled, err)
	}
	update(update(failed[2], webhook.Failed), webhook.Failed)
	same("one that fails again is in it once", found("whk_1", "case_2", 2), "dlv_05")
	due, _, err := s.DueDeliveries(ctx, webhook.DuePage{Before: epoch.Add(time.Hour), Each: 50, Limit: 50})
	if err != nil || len(due) != 7 {
		t.Errorf("%d are due, %v", len(due), err)
	}
}

// Idempotency is the behaviour of an idempotency.Store.
func Idempotency(t *testing.T, open func(t *testing.T) idempotency.Store) {
	ctx, s := context.Background(), open(t)
	reserve := func(holder, hash string, at time.Time) (idempotency.Reservation, bool) {
		t.Helper()
		there, got, err := s.Reserve(ctx, idempotency.Reservation{Key: "k", Hash: hash, Holder: holder, StartedAt: at, FirstAt: at, ExpiresAt: at.Add(24 * time.Hour)}, at.Add(-time.Minute))
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
	abandoned(t, s)
}

// abandoned is the behaviour of a key whose call has ended without an answer.
func abandoned(t *testing.T, s idempotency.Store) {
	t.Helper()
	ctx := context.Background()
	reserve := func(holder, hash string, takeOver time.Time) (idempotency.Reservation, bool) {
		t.Helper()
		there, got, err := s.Reserve(ctx, idempotency.Reservation{Key: "k2", Hash: hash, Holder: holder, StartedAt: epoch, FirstAt: epoch, ExpiresAt: epoch.Add(24 * time.Hour)}, takeOver)
		must(t, err)
		return there, got
	}
	if _, got := reserve("one", "h", time.Time{}); !got {
		t.Fatal("a free key is reserved")
	}
	must(t, s.Abandon(ctx, "k2", "nobody"))
	if there, got := reserve("two", "h", time.Time{}); got || there.StartedAt.IsZero() {
		t.Errorf("somebody else has abandoned it: %+v", there)
	}
	must(t, s.Abandon(ctx, "k2", "one"))
	if there, got := reserve("two", "h", time.Time{}); got || !there.StartedAt.IsZero() || !there.FirstAt.Equal(epoch) {
		t.Errorf("an abandoned key is not known for one: %+v", there)
	}
	if _, got := reserve("two", "other", epoch); got {
		t.Error("another body takes an abandoned key over")
	}
	if there, got := reserve("two", "h", epoch.Add(-time.Hour)); !got {
		t.Errorf("an abandoned key is not taken over at once: %+v", there)
	}
	must(t, s.Complete(ctx, "k2", "two", idempotency.Answer{Status: 201}))
	must(t, s.Abandon(ctx, "k2", "two"))
	if there, got := reserve("three", "h", epoch); got || there.Answer == nil {
		t.Errorf("what has an answer is abandoned: %+v", there)
	}
	must(t, s.Abandon(ctx, "k3", "one")) // what is not there is no error
}
