package httpapi_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/registry"
	"ballerine/internal/store/embedded"
	"ballerine/internal/store/storetest"
	"ballerine/internal/webhook"
)

// damaged is a list of three or more entries, of which one is damaged: the second in its bucket that begins with the tenant, or
// has what is between.
type damaged struct {
	path, bucket, between string
	put                   func(h *house, n int)
}

// kept puts entries as the suite of all stores does.
func kept(kind string) func(h *house, n int) {
	return func(h *house, n int) {
		db := h.db
		s := storetest.Stores{Ledger: db.Ledger(), Keys: db.Keys(), Reviews: db.Review(), Registry: db.Registry(), Lists: db.Lists(), Trials: db.Trials(), Backtests: db.Backtests()}
		h.must(storetest.AllEntries()[kind].Put(h.t.Context(), s, n))
	}
}

func (b *back) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// versions are three of one definition, or the first of three.
func versions(kind registry.Kind, source string, several bool) func(h *house, n int) {
	return func(h *house, n int) {
		d := registry.Definition{Tenant: "a", Kind: kind, ID: "d", Version: n, Digest: "sha256:0", PublishedAt: h.now, PublishedBy: "user_1"}
		if several {
			d.ID, d.Version = fmt.Sprint("d", n), 1
		}
		_, rest, _ := strings.Cut(strings.TrimSpace(source), "\n")
		d.Source = "id: " + d.ID + "\n" + strings.Replace(rest, "version: 1\n", "", 1)
		h.must(h.db.Registry().PutDefinition(h.t.Context(), d))
	}
}

var admin = identity.Principal{Tenant: "a", Kind: identity.User, ID: "user_1", Name: "Ada", Email: "1@example.com", Roles: []string{"admin"}}

// ofCase makes something about one case, the same each time.
func ofCase(make func(h *house, id string, n int)) func(h *house, n int) {
	return func(h *house, n int) {
		if n == 1 {
			r, err := h.core.Cases.Start(h.t.Context(), admin, cases.StartCommand{Workflow: "small", Subject: cases.SubjectInput{Type: "individual"}})
			h.must(err)
			h.one = r.ID
		}
		make(h, h.one, n)
	}
}

// startedAs is a case of its own.
func startedAs(id string, now time.Time) cases.Change {
	r := cases.Record{
		Tenant: "a", ID: id, Version: 1, Workflow: cases.WorkflowRef{ID: "small", Version: 1}, Status: cases.StatusCancelled, Context: map[string]any{},
		Subject:   cases.SubjectRef{ID: "subject_1", Type: "individual"},
		CreatedAt: now, UpdatedAt: now,
	}
	return cases.Change{
		Next: r, Entry: cases.Entry{Version: 1, At: now, Cause: cases.CauseStarted, From: []string{}, To: []string{}},
		Publications: []cases.Publication{{Tenant: "a", Case: id, Version: 1, At: now, Final: now, Events: []cases.Published{{ID: id + "/1/0", Type: "case.created"}}}},
	}
}

func aCase(h *house, n int) {
	h.must(h.db.Cases().Commit(h.t.Context(), startedAs(fmt.Sprint("case_", n), h.now)))
}

var damagedLists = map[string]damaged{
	"listKeys":             {path: "/v1/keys", bucket: "keys", put: kept("key")},
	"listUsers":            {path: "/v1/users", bucket: "users", put: kept("user")},
	"listViews":            {path: "/v1/views", bucket: "views", put: kept("view")},
	"listProposals":        {path: "/v1/proposals?status=open", bucket: "proposals", put: kept("proposal")},
	"listPolicyDecisions":  {path: "/v1/policies/p/decisions", bucket: "decisions", put: kept("decision")},
	"listTrials":           {path: "/v1/policies/p/trials", bucket: "trials", put: kept("trial")},
	"listBacktests":        {path: "/v1/policies/p/backtest-runs", bucket: "backtests", put: kept("backtest")},
	"listLists":            {path: "/v1/lists", bucket: "value-lists", put: kept("list")},
	"listListEditions":     {path: "/v1/lists/l/editions", bucket: "list-editions", put: kept("edition")},
	"listPolicyVersions":   {path: "/v1/policies/d/versions", bucket: "definitions", put: versions(registry.Policy, shippedPolicy, false)},
	"listPluginVersions":   {path: "/v1/plugins/d/versions", bucket: "definitions", put: versions(registry.Plugin, shippedPlugin, false)},
	"listWorkflowVersions": {path: "/v1/workflows/d/versions", bucket: "definitions", put: versions(registry.Workflow, shippedWorkflow, false)},
	"listPolicies":         {path: "/v1/policies", bucket: "definitions", put: versions(registry.Policy, shippedPolicy, true)},
	"listPlugins":          {path: "/v1/plugins", bucket: "definitions", put: versions(registry.Plugin, shippedPlugin, true)},
	"listWorkflows":        {path: "/v1/workflows", bucket: "definitions", put: versions(registry.Workflow, shippedWorkflow, true)},
	"listCases":            {path: "/v1/cases", bucket: "records", put: aCase},
	"listRelatedCases": {path: "/v1/cases/case_0/related", bucket: "records", put: func(h *house, n int) {
		if n == 1 {
			aCase(h, 0)
		}
		aCase(h, n)
	}},
	"listEvents": {path: "/v1/events", bucket: "publications", put: aCase},
	"listHistory": {path: "/v1/cases/{case}/history", bucket: "items", between: "\x00history\x00", put: ofCase(func(h *house, id string, n int) {
		_, err := h.core.Cases.InvitesApplicant(h.t.Context(), admin, id, fmt.Sprint("flow_", n), h.now.Add(time.Hour))
		h.must(err)
	})},
	"listNotes": {path: "/v1/cases/{case}/notes", bucket: "items", between: "\x00note\x00", put: ofCase(func(h *house, id string, n int) {
		_, err := h.core.Cases.AddNote(h.t.Context(), admin, id, cases.NoteCommand{ID: fmt.Sprint("note_", n), Text: "seen"})
		h.must(err)
	})},
	"listTasks": {path: "/v1/cases/{case}/tasks", bucket: "items", between: "\x00task\x00", put: ofCase(func(h *house, id string, n int) {
		h.must(h.db.Cases().PutTaskRun(h.t.Context(), "a", id, cases.TaskRun{ID: fmt.Sprint("run_", n), State: "check", Work: "answer", StartedAt: h.now.Add(time.Duration(n) * time.Second)}))
	})},
	"listWebhooks": {path: "/v1/webhooks", bucket: "subscriptions", put: func(h *house, n int) {
		h.must(h.db.Webhooks().PutSubscription(h.t.Context(), webhook.Subscription{Tenant: "a", ID: fmt.Sprint("whk_", n), URL: "https://x", Events: []string{"*"}, Version: 1}))
	}},
	"listDeliveries": {path: "/v1/webhooks/whk_1/deliveries", bucket: "deliveries", put: func(h *house, n int) {
		if n == 1 {
			h.must(h.db.Webhooks().PutSubscription(h.t.Context(), webhook.Subscription{Tenant: "a", ID: "whk_1", URL: "https://x", Events: []string{"*"}, Version: 1}))
		}
		_, err := h.db.Webhooks().CreateDelivery(h.t.Context(), webhook.Delivery{
			Tenant: "a", ID: fmt.Sprint("dlv_", n), Subscription: "whk_1", EventID: "case_1/1/0", Body: []byte(`{"subject":"case_1"}`), Status: webhook.Pending, Revision: 1, CreatedAt: h.now, UpdatedAt: h.now,
		})
		h.must(err)
	}},
}

// withinOne are lists whose entries are no records of their own.
var withinOne = map[string]string{
	"listNotifications": "one that cannot be read is passed over: its case says the same",
	"listDocuments":     "of the case's record", "listFlowDocuments": "of the case's record", "listIncidents": "of the case's record", "listListEntries": "of one edition, with a digest over all of them",
	"listWatchlists":  "of one catalogue",
	"listDeadLetters": "effects that cannot be decoded are dead letters of their own kind: storetest.Outbox",
}

// spoil damages the second entry of a list.
func (h *house) spoil(of damaged) {
	h.t.Helper()
	h.must(h.db.Update(context.Background(), func(tx *embedded.Tx) error {
		var keys []string
		tx.Scan(of.bucket, "a\x00", "", func(key string, _ []byte) bool {
			if strings.Contains(key, of.between) {
				keys = append(keys, key)
			}
			return true
		})
		if len(keys) < 3 {
			h.t.Fatalf("%d entries in %s", len(keys), of.bucket)
		}
		tx.Put(of.bucket, keys[1], bytes.Replace(tx.Get(of.bucket, keys[1]), []byte("{"), []byte("!"), 1))
		return nil
	}))
}

// listed counts the entries of an answer, and those that it reports as unreadable.
func listed(answer map[string]any) (all, unreadable int) {
	data, _ := answer["data"].([]any)
	lost, _ := answer["unreadable"].([]any)
	for _, one := range data {
		if entry, _ := one.(map[string]any); entry["unreadable"] == true || entry["status"] == "unreadable" || entry["reason"] == "unreadable" {
			unreadable++
		}
	}
	return len(data) + len(lost), unreadable + len(lost)
}

// TestOneEntryThatCannotBeReadHidesNoOther: in every list of the interface, and is reported.
func TestOneEntryThatCannotBeReadHidesNoOther(t *testing.T) {
	routes, err := httpapi.Routes()
	if err != nil {
		t.Fatal(err)
	}
	walked := 0
	for _, route := range routes {
		op := route.Operation
		if !strings.HasPrefix(op, "list") {
			continue
		}
		of, known := damagedLists[op]
		if _, within := withinOne[op]; !known && !within {
			t.Errorf("%s is a list: say here what becomes of an entry that cannot be read", op)
		}
		if !known {
			continue
		}
		walked++
		t.Run(op, func(t *testing.T) {
			h := newHouse(t)
			for n := 1; n <= 3; n++ {
				of.put(h, n)
			}
			h.now = h.now.Add(time.Hour)
			of.path = strings.Replace(of.path, "{case}", h.one, 1)
			before, none := listed(h.answer(h.as(admin, "GET", of.path, ""), http.StatusOK))
			h.spoil(of)
			after, lost := listed(h.answer(h.as(admin, "GET", of.path, ""), http.StatusOK))
			if before < 3 || none != 0 || after != before || lost != 1 {
				t.Errorf("%d entries, %d of them unreadable; after one was damaged %d and %d", before, none, after, lost)
			}
		})
	}
	if walked != len(damagedLists) {
		t.Errorf("%d lists were walked, %d are written out", walked, len(damagedLists))
	}
}
