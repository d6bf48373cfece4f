package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/webhook"
)

// unreadable writes a record that encoding/json writes and does not read: it is nested too deep. The domain refuses such
// records; a store may have an older one, or a damaged one.
func unreadable(t *testing.T, s cases.Store) {
	ctx := context.Background()
	var deep any
	for range 11_000 {
		deep = []any{deep}
	}
	for _, id := range []string{"case_a", "case_b", "case_c"} {
		r := record("a", id)
		r.DueAt, r.Terms, r.Waiting = epoch.Add(time.Hour), []string{"word"}, &cases.Waiting{For: cases.WaitsFor[0], Since: epoch}
		if id == "case_b" {
			r.Context["deep"] = deep
		}
		must(t, s.Commit(ctx, created(r)))
	}
	if _, err := s.Get(ctx, "a", "case_b"); !errors.Is(err, cases.ErrUnreadable) {
		t.Fatalf("the record is read, or its error does not say that it cannot be: %v", err)
	}
	for name, query := range map[string]cases.Query{
		"all": {}, "oldest": {Order: cases.OldestFirst}, "changed": {Order: cases.LatestFirst}, "due": {Order: cases.SoonestFirst, Status: cases.StatusActive},
		"waiting": {Order: cases.LongestFirst, Status: cases.StatusActive}, "word": {Terms: []string{"word"}},
		"waiting for": {Order: cases.LongestFirst, Status: cases.StatusActive, WaitingFor: cases.WaitsFor[0]}, "subject": {Subject: "subj_1"},
	} {
		var found, passed []string
		for pages := 0; ; pages++ {
			query.Limit = 1
			page, err := s.List(ctx, "a", query)
			must(t, err)
			for _, r := range page.Records {
				found = append(found, r.ID)
			}
			passed = append(passed, page.Unreadable...)
			if query.After = page.Next; query.After == "" || pages > 10 {
				break
			}
		}
		slices.Sort(found)
		if !slices.Equal(found, []string{"case_a", "case_c"}) || !slices.Contains(passed, "case_b") {
			t.Errorf("%s: found %v, passed over %v", name, found, passed)
		}
	}
	due, err := s.Due(ctx, epoch.Add(2*time.Hour), 10)
	if err != nil || len(due) != 3 {
		t.Errorf("due %v %v", due, err)
	}
	open, _, err := s.Open(ctx, epoch.Add(time.Hour), "", 10)
	if err != nil || len(open) != 3 || !slices.Contains(open, cases.Ref{Tenant: "a", ID: "case_b"}) {
		t.Errorf("open %v %v", open, err)
	}
	if _, err := s.Overdue(ctx, "a", epoch.Add(2*time.Hour), 10); err != nil {
		t.Errorf("overdue: %v", err)
	}
}

// unreadableParts writes a history entry and a publication that cannot be decoded: they are shown as such, and hide no other.
func unreadableParts(t *testing.T, s cases.Store) {
	ctx := context.Background()
	var deep any
	for range 11_000 {
		deep = []any{deep}
	}
	r := record("a", "case_1")
	change := created(r)
	published := func(version int, data map[string]any) cases.Publication {
		at := epoch.Add(time.Duration(version) * time.Second)
		return cases.Publication{Tenant: "a", Case: "case_1", Version: version, At: at, Final: at, Events: []cases.Published{{ID: "case_1/1/0", Type: "case.created", Data: data}}}
	}
	for version := 1; version <= 3; version++ {
		var details map[string]any
		if version == 2 {
			details = map[string]any{"deep": deep}
		}
		change.Entry.Details = details
		change.Publications = []cases.Publication{published(version, details)}
		must(t, s.Commit(ctx, change))
		change = next(change.Next, func(*cases.Record) {})
		change.Entry.Version = version + 1
	}
	for after, want := range map[int][]int{0: {1, 2, 3}, 1: {2, 3}, 2: {3}} {
		for _, limit := range []int{1, 200} {
			entries, err := s.History(ctx, "a", "case_1", after, limit)
			must(t, err)
			if len(entries) != min(limit, len(want)) {
				t.Errorf("%d entries after %d", len(entries), after)
			}
			for i, e := range entries {
				if e.Version != want[i] || e.Unreadable != (e.Version == 2) {
					t.Errorf("entry %d after %d is %+v", i, after, e)
				}
			}
		}
	}
	found, _, err := s.Publications(ctx, "a", cases.Place{}, epoch.Add(time.Hour), 10)
	must(t, err)
	var places []cases.Place
	for _, one := range found {
		if one.Unreadable != (one.Version == 2) || one.Tenant != "a" || one.Place() != published(one.Version, nil).Place() {
			t.Errorf("publication %+v", one)
		}
		places = append(places, one.Place())
	}
	again, err := s.PublicationsAt(ctx, "a", places)
	if err != nil || len(found) != 3 || len(again) != 3 || !again[1].Unreadable || again[2].Unreadable {
		t.Errorf("%d publications, at their places %+v %v", len(found), again, err)
	}
}

// Spoil overwrites what is stored of a subscription or of a delivery with what cannot be decoded.
type Spoil func(t *testing.T, subscription, delivery string)

// UnreadableWebhooks is the handling of subscriptions and deliveries that cannot be decoded.
func UnreadableWebhooks(t *testing.T, open func(t *testing.T) (webhook.Store, Spoil)) {
	ctx := context.Background()
	s, spoil := open(t)
	for n := 1; n <= 3; n++ {
		must(t, s.PutSubscription(ctx, webhook.Subscription{Tenant: "a", ID: fmt.Sprint("whk_", n), URL: "https://x", Events: []string{"*"}, Version: 1}))
		for _, status := range []webhook.Status{webhook.Pending, webhook.Failed} {
			_, err := s.CreateDelivery(ctx, webhook.Delivery{
				Tenant: "a", ID: fmt.Sprintf("dlv_%d_%s", n, status), Subscription: "whk_1", EventID: "case_1/1/0", Body: []byte(`{"subject":"case_1"}`), Status: status,
				NextAt: epoch.Add(time.Duration(n) * time.Second), Revision: 1, CreatedAt: epoch, UpdatedAt: epoch,
			})
			must(t, err)
		}
	}
	spoil(t, "whk_2", "")
	spoil(t, "whk_1", "dlv_2_pending")
	spoil(t, "whk_1", "dlv_2_failed")
	if _, err := s.Subscription(ctx, "a", "whk_2"); !errors.Is(err, webhook.ErrUnreadable) {
		t.Errorf("the subscription alone: %v", err)
	}
	subscriptions, err := s.Subscriptions(ctx, "a")
	must(t, err)
	for i, one := range subscriptions {
		if one.ID != fmt.Sprint("whk_", i+1) || one.Disabled != (i == 1) || one.Wants("case.created") == (i == 1) {
			t.Errorf("subscription %+v", one)
		}
	}
	var all []string
	for after := ""; ; {
		page, next, err := s.Deliveries(ctx, "a", "whk_1", after, 2)
		must(t, err)
		for _, d := range page {
			if (d.Status == webhook.Unreadable) != strings.HasPrefix(d.ID, "dlv_2_") || d.Subscription != "whk_1" {
				t.Errorf("delivery %+v", d)
			}
			all = append(all, d.ID)
		}
		if after = next; after == "" {
			break
		}
	}
	failed, _, err := s.FailedDeliveries(ctx, "a", "whk_1", "", "", 10)
	must(t, err)
	due, _, err := s.DueDeliveries(ctx, webhook.DuePage{Before: epoch.Add(time.Hour), Each: 2, Limit: 10})
	must(t, err)
	ids := func(of []webhook.Delivery) (found []string) {
		for _, d := range of {
			found = append(found, d.ID)
		}
		slices.Sort(found)
		return found
	}
	if len(subscriptions) != 3 || len(all) != 6 || !slices.Equal(ids(failed), []string{"dlv_1_failed", "dlv_3_failed"}) || !slices.Equal(ids(due), []string{"dlv_1_pending", "dlv_3_pending"}) {
		t.Errorf("%d subscriptions, all %v, failed %v, due %v", len(subscriptions), all, ids(failed), ids(due))
	}
}
