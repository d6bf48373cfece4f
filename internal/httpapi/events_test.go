package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/webhook"
)

const talking = `
id: desk
subject: individual
context: {schema: {type: object, properties: {applicant: {type: object, properties: {email: {type: string}}}}}}
initial: collect
states:
  collect: {on: {SUBMIT: {target: review, actions: {type: emit, event: told, payload: {email: applicant.email}}}}}
  review: {tags: [manual_review], on: {approve: approved}}
  approved: {type: final}
`

// lastEvent starts a case that publishes an event, and makes that event readable.
func (b *back) lastEvent() (id string) {
	b.t.Helper()
	w := b.call("client", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"},"context":{"applicant":{"email":"ada@example.com"}}}`)
	id = b.answer(w, http.StatusCreated)["id"].(string)
	b.answer(b.call("client", "POST", "/v1/cases/"+id+"/events", `{"type":"SUBMIT"}`), http.StatusOK)
	b.now = b.now.Add(time.Minute)
	return id
}

// events are read page after page.
func (b *back) events(who identity.Principal, query string) (events []map[string]any) {
	b.t.Helper()
	for cursor := ""; ; {
		page := b.answer(b.as(who, "GET", "/v1/events?limit=2"+query+cursor, ""), http.StatusOK)
		for _, one := range page["data"].([]any) {
			events = append(events, one.(map[string]any))
		}
		if page["next_cursor"] == nil {
			return events
		}
		cursor = "&cursor=" + page["next_cursor"].(string)
	}
}

func TestEventsAreTheEnvelopesOfWebhooks(t *testing.T) {
	b := newBackOf(t, talking)
	first, second := b.lastEvent(), b.lastEvent()
	client := identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1"}
	all := b.events(client, "")
	if len(all) != 6 {
		t.Fatalf("%d events: %v", len(all), all)
	}
	store := b.db.Webhooks()
	service := webhook.New(webhook.Config{Store: store, AllowLoopback: true, Now: func() time.Time { return b.now }})
	subscription, err := service.Subscribe(t.Context(), "t", "", "http://127.0.0.1:1/", []string{"*"})
	if err != nil {
		t.Fatal(err)
	}
	effects, err := b.db.Cases().Undelivered(t.Context(), b.now, 100)
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string]string{} // what a subscriber would have been sent
	for _, e := range effects {
		for _, event := range e.Published() {
			created, err := service.Create(t.Context(), webhook.Event{ID: event.ID, Tenant: "t", Type: event.Type, Subject: e.Case, Time: e.At, Data: event.Data})
			if err == nil && len(created) == 1 && created[0].Subscription == subscription.ID && event.Type != "" {
				sent[event.ID] = string(created[0].Body)
			}
		}
	}
	listed := map[string]string{}
	for _, one := range all {
		text, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		listed[one["id"].(string)] = string(text)
	}
	if a, b := slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(sent)); !slices.Equal(a, b) {
		t.Fatalf("listed %v, sent %v", a, b)
	}
	for id, text := range sent {
		var one any
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			t.Fatal(err)
		}
		if again, _ := json.Marshal(one); string(again) != listed[id] {
			t.Errorf("%s is listed as\n%s, and sent as\n%s", id, listed[id], again)
		}
	}
	for query, want := range map[string]int{
		"&case=" + first: 3, "&type=case.created": 2, "&type=case.created&type=workflow.told": 4, "&type=case.created,workflow.told": 4, "&type=case.*": 4, "&type=workflow.*&case=" + second: 1,
		"&after=" + all[3]["id"].(string): 2, "&created_before=2020-01-01T00:00:00Z": 0, "&created_after=2020-01-01T00:00:00Z": 6,
	} {
		if got := b.events(client, query); len(got) != want {
			t.Errorf("%s lists %d, want %d", query, len(got), want)
		}
	}
	if got := b.events(identity.Principal{Tenant: "other", Kind: identity.Client, ID: "key_2"}, ""); len(got) != 0 {
		t.Errorf("another tenant reads %v", got)
	}
}

func TestEventsThatCannotBeListedExplainWhy(t *testing.T) {
	b := newBackOf(t, talking)
	b.lastEvent()
	client := identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1"}
	for query, want := range map[string]string{
		"type=case.compleded": "query.type[0] unknown", "type=A": "query.type[0] format", "after=evt_1": "query.after format", "types=case.created": "query unknown",
		"created_after=2026-01-02T00:00:00Z&created_before=2026-01-01T00:00:00Z": "query.created_before range", "cursor=x": "query.cursor cursor",
	} {
		answer := b.answer(b.as(client, "GET", "/v1/events?"+query, ""), http.StatusUnprocessableEntity)
		first := answer["errors"].([]any)[0].(map[string]any)
		if got := fmt.Sprint(first["location"], " ", first["code"]); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	page := b.answer(b.as(client, "GET", "/v1/events?limit=1", ""), http.StatusOK)
	b.answer(b.as(client, "GET", "/v1/events?limit=1&type=case.created&cursor="+page["next_cursor"].(string), ""), http.StatusUnprocessableEntity)
	b.answer(b.as(identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_3", Scopes: []string{"webhooks:read"}}, "GET", "/v1/events", ""), http.StatusForbidden)
}

func TestWhatAWorkflowPutsIntoItsEventsIsPersonalData(t *testing.T) {
	b := newBackOf(t, talking)
	b.lastEvent()
	for name, row := range map[string]struct {
		who  identity.Principal
		sees bool
	}{
		"a key that sees personal data":    {identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1", Scopes: []string{"cases:read"}}, true},
		"a key that does not":              {identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_2", Scopes: []string{"cases:read", identity.Redacted}}, false},
		"a developer of the tenant's team": {identity.Principal{Tenant: "t", Kind: identity.User, ID: "user_dev", Roles: []string{"developer"}}, false},
	} {
		for _, one := range b.events(row.who, "") {
			data := one["data"].(map[string]any)
			if one["type"] != "workflow.told" {
				if data["status"] == nil || data["redacted"] != nil {
					t.Errorf("%s: of %s nothing is personal, and it is %v", name, one["type"], data)
				}
				continue
			}
			if sees := data["email"] == "ada@example.com"; sees != row.sees || (data["redacted"] == true) == row.sees {
				t.Errorf("%s: %v", name, data)
			}
		}
	}
}
