package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"

	"ballerine/internal/webhook"
)

// deadDelivery puts a delivery into the store whose attempts are used up.
func (b *back) deadDelivery(tenant string, n int) string {
	b.t.Helper()
	store := b.db.Webhooks()
	id := fmt.Sprintf("dlv_%s_%d", tenant, n)
	if n == 1 {
		if err := store.PutSubscription(b.t.Context(), webhook.Subscription{Tenant: tenant, ID: "whk_1", URL: "http://127.0.0.1:1/", Events: []string{"*"}, Version: 1}); err != nil {
			b.t.Fatal(err)
		}
	}
	_, err := store.CreateDelivery(b.t.Context(), webhook.Delivery{
		Tenant: tenant, ID: id, Subscription: "whk_1", EventID: "evt", Type: "case.completed", Body: []byte(`{"subject":"case_1"}`), Status: webhook.Failed,
		Attempts: []webhook.Attempt{{At: b.now, Status: 500, Error: "status"}}, Revision: 1, CreatedAt: b.now, UpdatedAt: b.now,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func TestExhaustedDeliveriesAreAmongTheDeadLetters(t *testing.T) {
	b := newBack(t)
	first, second := b.deadDelivery("t", 1), b.deadDelivery("t", 2)
	foreign := b.deadDelivery("other", 1)
	const path = "/v1/outbox/dead-letters"
	listed := func(query string) (ids []any) {
		for cursor := ""; ; {
			page := b.ok("mara", "GET", path+"?limit=1"+query+cursor, "")
			for _, one := range page["data"].([]any) {
				ids = append(ids, one.(map[string]any)["id"])
			}
			if page["next_cursor"] == nil {
				return ids
			}
			cursor = "&cursor=" + page["next_cursor"].(string)
		}
	}
	for query, want := range map[string]int{"": 2, "&kind=deliver": 2, "&receiver=whk_1": 2, "&case=case_1": 2, "&kind=publish": 0, "&case=case_2": 0, "&receiver=whk_2": 0} {
		if got := listed(query); len(got) != want {
			t.Errorf("%q lists %v, want %d", query, got, want)
		}
	}
	one := b.ok("mara", "GET", path, "")["data"].([]any)[0].(map[string]any)
	for name, want := range map[string]any{"case": "case_1", "effect": second, "kind": "deliver", "type": "case.completed", "receiver": "whk_1", "attempts": 1.0, "error": "status"} {
		if one[name] != want {
			t.Errorf("%s is %v, want %v", name, one[name], want)
		}
	}
	b.ok("mara", "POST", path+"/discard", `{"effect":"`+first+`","reason":"told by telephone"}`)
	b.answer(b.call("mara", "POST", path+"/replay", `{"effect":"`+foreign+`"}`), http.StatusNotFound)
	b.answer(b.call("mara", "POST", path+"/replay", `{"effect":"`+first+`"}`), http.StatusNotFound)
	if settled := b.ok("mara", "POST", path+"/replay", `{}`); settled["settled"] != 1.0 || settled["more"] != false {
		t.Errorf("%v", settled)
	}
	if got := listed(""); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	for id, want := range map[string]webhook.Status{first: webhook.Discarded, second: webhook.Pending} {
		if d, err := b.db.Webhooks().Delivery(t.Context(), "t", id); err != nil || d.Status != want {
			t.Errorf("%s is %s, want %s: %v", id, d.Status, want, err)
		}
	}
}
