package identity

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/keyring"
	"ballerine/internal/problem"
)

type memory struct {
	Store
	keys   map[string]Key
	people map[string]Person
}

func newMemory() memory { return memory{keys: map[string]Key{}, people: map[string]Person{}} }

func (m memory) User(_ context.Context, tenant, id string) (Person, error) {
	if p, ok := m.people[id]; ok && p.Tenant == tenant {
		return p, nil
	}
	return Person{}, problem.New(problem.NotFound, "none")
}

func (m memory) PutUser(_ context.Context, p Person) error { m.people[p.ID] = p; return nil }

func (m memory) KeyByPrefix(_ context.Context, prefix string) (Key, error) {
	for _, k := range m.keys {
		if k.Prefix == prefix {
			return k, nil
		}
	}
	return Key{}, problem.New(problem.NotFound, "none")
}

func (m memory) Key(_ context.Context, tenant, id string) (Key, error) {
	if k, ok := m.keys[id]; ok && k.Tenant == tenant {
		return k, nil
	}
	return Key{}, problem.New(problem.NotFound, "none")
}

func (m memory) Keys(_ context.Context, tenant string) (found []Key, _ error) {
	for _, key := range m.keys {
		if key.Tenant == tenant {
			found = append(found, key)
		}
	}
	return found, nil
}

func (m memory) PutKey(_ context.Context, prev int, key Key) error {
	if m.keys[key.ID].Revision != prev {
		return problem.New(problem.Conflict, "Another write came first.")
	}
	m.keys[key.ID] = key
	return nil
}

func TestKeysExpireAndFormerSecretsEndWithTheOverlap(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	store := newMemory()
	keys := NewKeys(KeysConfig{Store: store, Now: func() time.Time { return now }, Overlap: time.Hour})
	admin, c := Principal{Tenant: "t", Kind: User, ID: "u", Roles: []string{"admin"}}, context.Background()
	key, first, err := keys.Create(c, admin, CreateKey{Scopes: []string{"cases:read"}, ExpiresAt: now.Add(3 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := keys.Rotate(c, admin, key.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	good := func(text string) bool { _, err := keys.Check(c, text); return err == nil }
	if !good(first) || !good(second) || good(second[:len(second)-1]+"!") {
		t.Fatal("during the overlap both secrets and no other are good")
	}
	now = now.Add(time.Hour)
	if good(first) || !good(second) {
		t.Fatal("after the overlap only the new secret is good")
	}
	now = now.Add(2 * time.Hour)
	if good(second) {
		t.Fatal("an expired key is good")
	}
	now = now.Add(-2 * time.Hour)
	if err := keys.Revoke(c, "other", key.ID); problem.CodeOf(err) != problem.NotFound {
		t.Fatal("another tenant revokes", err)
	}
	if err := keys.Revoke(c, "t", key.ID); err != nil || good(second) {
		t.Fatal("a revoked key is good", err)
	}
}

func TestTokensAreGoodForOneAudienceAndOneTimeOnly(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	old, newer := []byte(strings.Repeat("o", 32)), []byte(strings.Repeat("n", 32))
	before, after := tokensOf(t, clock, old), tokensOf(t, clock, newer, old)
	flow, err := before.Flow(Principal{Tenant: "t"}, "case_1", "flow_1", now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := after.ReadFlow(flow)
	if err != nil || p.Case != "case_1" || p.Kind != Applicant || p.Tenant != "t" {
		t.Fatal(p, err)
	}
	if _, err := after.ReadCallback(strings.TrimPrefix(flow, flowMark)); err == nil {
		t.Fatal("a flow token is good as a callback's")
	}
	now = now.Add(time.Hour + time.Second)
	if _, _, err := after.ReadFlow(flow); problem.CodeOf(err) != problem.CredentialsExpired {
		t.Fatal("an expired token is good")
	}
}

func TestRolesMayDoWhatTheTableGrants(t *testing.T) {
	for _, x := range []struct {
		role, operation string
		allowed         bool
	}{
		{"reviewer", "decideCase", true},
		{"auditor", "decideCase", false},
		{"auditor", "listHistory", true},
		{"developer", "createKey", true},
		{"reviewer", "createKey", false},
		{"reviewer", "cancelCase", false},
		{"manager", "cancelCase", true},
		{"developer", "getDocumentContent", false},
		{"admin", "step", false},
		{"admin", "nothing", false},
	} {
		if err := Allow(Principal{Tenant: "t", Kind: User, Roles: []string{x.role}}, x.operation); (err == nil) != x.allowed {
			t.Errorf("%s %s: %v", x.role, x.operation, err)
		}
	}
	client := Principal{Tenant: "t", Kind: Client}
	if Allow(client, "startCase") != nil || Allow(client, "createKey") == nil || Allow(client, "decideCase") == nil {
		t.Error("a key without scopes may do all that clients may, and not make keys or decide")
	}
	if Allow(client, "retryIncident") != nil || Allow(client, "skipIncident") == nil {
		t.Error("a key without scopes may have work done again, and not put a result in its place")
	}
	if Allow(client, "listLists") != nil || Allow(client, "getListEntries") == nil || Allow(client, "changeList") == nil {
		t.Error("a key without scopes sees which lists there are, and neither reads nor changes entries")
	}
	if client.Scopes = []string{"cases:repair"}; Allow(client, "skipIncident") != nil {
		t.Error("a key that says so may")
	}
	if client.Scopes = nil; Allow(client, "updatePublishingSettings") == nil {
		t.Error("a key without scopes changes how the tenant publishes")
	}
	if client.Scopes = []string{"settings:write"}; Allow(client, "updatePublishingSettings") != nil {
		t.Error("a key that names settings:write may")
	}
	for _, scope := range []string{"*", "definitions:approve"} {
		if client.Scopes = []string{scope}; Allow(client, "approveProposal") == nil {
			t.Errorf("a key with the scope %s approves", scope)
		}
	}
	if slices.Contains(Permissions(), Approve) {
		t.Error("a key can be given the permission to approve")
	}
}

func TestBehindAKeyAreAllWhoWereShownASecretOfIt(t *testing.T) {
	store := newMemory()
	keys, c := NewKeys(KeysConfig{Store: store}), context.Background()
	all := func(id string) Principal {
		return Principal{Tenant: "t", Kind: User, ID: id, Roles: []string{"admin"}}
	}
	first, _, err := keys.Create(c, all("user_a"), CreateKey{Scopes: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := keys.Create(c, Principal{Tenant: "t", Kind: Client, ID: first.ID, Scopes: []string{"*"}}, CreateKey{Scopes: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"user_b", "user_b", "user_a"} {
		if _, _, err = keys.Rotate(c, all(id), second.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err = keys.Rotate(c, Principal{Tenant: "t", Kind: Client, ID: second.ID, Scopes: []string{"*"}}, first.ID, ""); err != nil { // round in a circle
		t.Fatal(err)
	}
	if kept := store.keys[second.ID].RotatedBy; !slices.Equal(kept, []string{"user_b", "user_a"}) {
		t.Errorf("rotated by %v", kept)
	}
	if got, err := keys.Behind(c, "t", second.ID); err != nil || !slices.Equal(got, []string{first.ID, "user_a", "user_b"}) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := keys.Behind(c, "t", first.ID); err != nil || !slices.Equal(got, []string{second.ID, "user_a", "user_b"}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := keys.Behind(c, "other", first.ID); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("another tenant asks: %v", err)
	}
}

// TestWhatEachRoleMayDoInTheBackOffice writes the table out a second time: changing what a role may do takes two edits.
func TestWhatEachRoleMayDoInTheBackOffice(t *testing.T) {
	roles := []string{"admin", "manager", "reviewer", "auditor", "developer"}
	known := map[string]bool{"getHealth": true} // anybody's
	for operations, may := range map[string]string{
		"getMe listUsers listCases listEvents getCase getPosition getQueue lookAtCase leaveCase listViews listWorkflows getWorkflow listHistory listRelatedCases listNotes listTasks verifyCase listDocuments listIncidents listNotifications markNotificationsRead": "admin manager reviewer auditor developer",
		"startCase decide saveContext sendEvent assignCase assignCases addNote editNote snoozeCase endSnooze escalateCase endEscalation announceDocument createFlowToken":                                                                                            "admin manager reviewer",
		"decideCase undoDecision decideDocument undoDocumentDecision claimCase releaseCase":                                                                                                                                                                          "admin manager reviewer",
		"cancelCase retryIncident skipIncident":                                                                             "admin manager",
		"listDeadLetters replayDeadLetters discardDeadLetters":                                                              "admin manager",
		"getDocumentLink getDocumentContent getTaskExchange":                                                                "admin manager reviewer auditor",
		"createView updateView deleteView getStatistics":                                                                    "admin manager reviewer auditor",
		"createKey rotateKey revokeKey createWebhook updateWebhook deleteWebhook rotateWebhookSecret testWebhook redeliver": "admin developer",
		"listKeys listWebhooks getWebhook listDeliveries":                                                                   "admin auditor developer",
		"evaluatePolicy backtestPolicy startBacktest listBacktests getBacktest cancelBacktest":                              "admin manager developer",
		"listPolicyDecisions getPolicyDecision replayPolicyDecision":                                                        "admin manager auditor developer",
		"listLists getList listListEditions":                                                                                "admin manager auditor developer",
		"getListEntries":                                                                                                    "admin manager auditor",
		"createScreening":                                                                                                   "admin manager reviewer",
		"listWatchlists":                                                                                                    "admin manager reviewer auditor developer",
		"uploadWatchlist loadWatchlist releaseWatchlist rejectWatchlist rescreenWatchlist removeWatchlist retainWatchlist": "admin manager",
		"putList putListEntries changeList forgetListEdition deleteList":                                                   "admin manager",
		"migrateCases publishWorkflow publishPolicy publishPlugin copyWorkflow importWorkspace":                            "admin developer",

		"createTrial endTrial":            "admin developer",
		"approveTrial":                    "admin manager",
		"listTrials getTrial reportTrial": "admin manager auditor developer",

		"listWorkflowVersions listPolicyVersions listPluginVersions getWorkflowVersion getPolicyVersion getPluginVersion listPolicies listPlugins getConnectorHealth diffWorkflow exportWorkspace": "admin manager auditor developer",
		"getPublishingSettings listProposals getProposal": "admin manager auditor developer",
		"withdrawProposal":               "admin manager auditor developer",
		"updatePublishingSettings":       "admin",
		"approveProposal rejectProposal": "admin manager",
		"receiveCallback receiveVendorCallback getFlowCase saveFlowContext announceFlowDocument listFlowDocuments sendFlowEvent getFlowState saveFlowPage submitFlow": "",
		"step rules vendor document children screening dispatch deliver sweep backtest nobody":                                                                        "",
	} {
		for _, operation := range strings.Fields(operations) {
			known[operation] = true
			for _, role := range roles {
				want := slices.Contains(strings.Fields(may), role)
				if err := Allow(Principal{Tenant: "t", Kind: User, Roles: []string{role}}, operation); (err == nil) != want {
					t.Errorf("%s %s: %v, want allowed=%t", role, operation, err, want)
				}
			}
			if Allow(Principal{Tenant: "t", Kind: User, Roles: []string{"janitor"}}, operation) == nil {
				t.Errorf("%s: a role that does not exist may", operation)
			}
		}
	}
	for id := range operations {
		if !known[id] {
			t.Errorf("nobody has said a second time who may %s", id)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add("blr_0123456789AB_0123456789012345678901234567890123456789abc")
	f.Fuzz(func(t *testing.T, text string) {
		if prefix, secret, ok := parseKey(text); ok && text != keyMark+prefix+"_"+secret {
			t.Fatal("parts do not make the whole")
		}
	})
}

// tokensOf are tokens of these secrets, newest first.
func tokensOf(t *testing.T, now func() time.Time, secrets ...[]byte) *Tokens {
	t.Helper()
	ring, err := keyring.Of(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return NewTokens(now, ring)
}
