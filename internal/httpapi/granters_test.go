package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
)

// written are the calls that write, by operation, as a key makes them: about what is not there, so that all but creating changes nothing.
func (h *house) written(secret string) map[string]*httptest.ResponseRecorder {
	h.t.Helper()
	routes, err := httpapi.Routes()
	if err != nil {
		h.t.Fatal(err)
	}
	answers := map[string]*httptest.ResponseRecorder{}
	for _, route := range routes {
		if route.Method == http.MethodGet || route.Public || route.Audience == httpapi.Flow || route.Audience == httpapi.Hooks {
			continue
		}
		h.now = h.now.Add(time.Second)
		body := bodies[route.Operation]
		if body == "" {
			body = "{}"
		}
		answers[route.Operation] = h.call("nobody", route.Method, parameter.ReplaceAllString(route.Path, "1"), body, "Authorization", "Bearer "+secret)
	}
	if len(answers) < 50 {
		h.t.Errorf("only %d calls", len(answers))
	}
	return answers
}

// lacking reports whether an answer refuses for want of a permission.
func (h *house) lacking(w *httptest.ResponseRecorder) bool {
	return w.Code == http.StatusForbidden && strings.Contains(w.Header().Get("WWW-Authenticate"), "insufficient_scope")
}

// TestKeysEndWithWhatTheirGranterHolds makes every call that writes with a key whose granter loses a role, is disabled, or whose
// secret is rotated or revoked. A new operation is in it by itself.
func TestKeysEndWithWhatTheirGranterHolds(t *testing.T) {
	h := newHouse(t)
	ada := identity.Person{Tenant: "t", ID: "ada", Name: "ada", Roles: []string{"admin"}}
	store := h.db.Keys()
	change := func(edit func(*identity.Person)) {
		t.Helper()
		there, err := store.User(t.Context(), "t", "ada")
		if err != nil {
			t.Fatal(err)
		}
		edit(&there)
		if err := store.PutUser(t.Context(), there); err != nil {
			t.Fatal(err)
		}
	}
	var scopes []string
	for _, permission := range identity.Permissions() {
		if identity.Has(identity.Principal{Tenant: "t", Kind: identity.Client, ID: "k", Scopes: []string{string(permission)}}, permission) {
			scopes = append(scopes, string(permission))
		}
	}
	made := h.made(http.StatusCreated, "ada", "POST", "/v1/keys", object{"name": "all", "scopes": scopes})
	secret, id := fmt.Sprint(made["secret"]), fmt.Sprint(made["id"])

	holds := map[string]bool{}
	for operation, w := range h.written(secret) {
		if w.Code == http.StatusUnauthorized || w.Code >= 500 {
			t.Errorf("%s: %d %s", operation, w.Code, w.Body)
		}
		holds[operation] = !h.lacking(w)
	}
	for _, operation := range []string{"startCase", "decideCase", "createKey", "revokeKey", "publishPolicy", "putList", "createWebhook", "cancelCase"} {
		if !holds[operation] {
			t.Fatalf("the key may not %s to begin with", operation)
		}
	}
	for _, roles := range [][]string{{"developer"}, {"reviewer"}, {"auditor"}, nil} {
		change(func(p *identity.Person) { p.Roles = roles })
		for operation, w := range h.written(secret) {
			person := identity.Principal{Tenant: "t", Kind: identity.User, ID: ada.ID, Roles: roles}
			granted := holds[operation] && identity.Has(person, identity.Needs(operation))
			if h.lacking(w) == granted || w.Code == http.StatusUnauthorized {
				t.Errorf("%s, when who granted the key is %v: %d %s", operation, roles, w.Code, w.Body)
			}
		}
	}
	ended := func(what, secret, code string) {
		t.Helper()
		for operation, w := range h.written(secret) {
			if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" || !strings.Contains(w.Body.String(), `"code":"`+code+`"`) {
				t.Errorf("%s with a key %s: %d %s", operation, what, w.Code, w.Body)
			}
		}
	}
	works := func(what, secret string) {
		t.Helper()
		for operation, w := range h.written(secret) {
			if w.Code == http.StatusUnauthorized || holds[operation] == h.lacking(w) {
				t.Errorf("%s with a key %s: %d %s", operation, what, w.Code, w.Body)
			}
		}
	}
	change(func(p *identity.Person) { p.Roles, p.Disabled = []string{"admin"}, true })
	ended("of somebody disabled", secret, "credentials_revoked")
	change(func(p *identity.Person) { p.Disabled = false })
	works("of somebody who is back", secret)

	rotated := fmt.Sprint(h.made(http.StatusOK, "ada", "POST", "/v1/keys/"+id+"/rotate", nil)["secret"])
	works("that was rotated just now", secret)
	h.now = h.now.Add(30 * 24 * time.Hour)
	ended("that was rotated long ago", secret, "credentials_expired")
	works("that has the newest secret", rotated)
	h.made(http.StatusNoContent, "ada", "DELETE", "/v1/keys/"+id, nil)
	ended("that was revoked", rotated, "credentials_revoked")
}
