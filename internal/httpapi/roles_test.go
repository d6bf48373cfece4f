package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
)

// as calls as somebody with one role, or as nobody in particular.
func (b *back) as(p identity.Principal, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(body))
	if p.Kind != "" {
		r = r.WithContext(httpapi.WithPrincipal(r.Context(), p))
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

// TestEveryOperationIsRefusedToTheRolesThatMayNotDoIt goes through all operations; which role may do what is written out
// with the roles themselves.
func TestEveryOperationIsRefusedToTheRolesThatMayNotDoIt(t *testing.T) {
	b := newBack(t)
	routes, err := httpapi.Routes()
	if err != nil {
		t.Fatal(err)
	}
	path := strings.NewReplacer("{id}", "x_none", "{document}", "doc_none", "{incident}", "inc_none", "{delivery}", "dlv_none", "{decision}", "dec_none", "{trial}", "trial_none", "{run}", "backtest_none")
	refused, let := 0, 0
	for _, route := range routes {
		if route.Public {
			continue
		}
		at := parameter.ReplaceAllString(path.Replace(route.Path), "none")
		for _, role := range identity.Roles() {
			p := identity.Principal{Tenant: "t", Kind: identity.User, ID: "user_9", Name: "Ida", Email: "ida@example.com", Roles: []string{role}}
			w := b.as(p, route.Method, at, "")
			if identity.Allow(p, route.Operation) == nil {
				if let++; w.Code == http.StatusForbidden || w.Code == http.StatusUnauthorized {
					t.Errorf("%s may %s, and gets %d: %s", role, route.Operation, w.Code, w.Body)
				}
				continue
			}
			if refused++; w.Code != http.StatusForbidden || b.answer(w, http.StatusForbidden)["code"] != "forbidden" {
				t.Errorf("%s may not %s, and gets %d: %s", role, route.Operation, w.Code, w.Body)
			}
		}
		if w := b.as(identity.Principal{}, route.Method, at, ""); w.Code != http.StatusUnauthorized {
			t.Errorf("nobody does %s: %d", route.Operation, w.Code)
		}
		if w := b.as(identity.Principal{Tenant: "t", Kind: identity.User, ID: "user_9"}, route.Method, at, ""); w.Code != http.StatusForbidden {
			t.Errorf("a person without a role does %s: %d", route.Operation, w.Code)
		}
	}
	if refused == 0 || let == 0 {
		t.Errorf("%d were refused, %d were not", refused, let)
	}
}

// TestNoProblemRepeatsWhatWasSent sends what nobody may read in an answer that is kept, logged and shown.
func TestNoProblemRepeatsWhatWasSent(t *testing.T) {
	b := newBack(t)
	id := b.waiting("ada")
	const private = "Wilhelmina"
	for _, c := range []struct {
		who, method, path, body string
		header                  []string
		status                  int
	}{
		{"rita", "POST", "/v1/cases/assignments", `{"user":"` + private + `","cases":[{"id":"` + id + `"}]}`, nil, 422},
		{"rita", "POST", "/v1/cases/assignments", `{"user":"rita","cases":"` + private + `"}`, nil, 422},
		{"rita", "PUT", "/v1/cases/" + id + "/assignee", `{"user":"` + private + `"}`, nil, 422},
		{"rita", "POST", "/v1/cases/" + id + "/decisions", `{"event":"reject","undo_seconds":"` + private + `"}`, []string{"If-Match", `"2"`}, 422},
		{"rita", "POST", "/v1/cases/" + id + "/decisions", `{"event":"` + private + `"}`, []string{"If-Match", `"2"`}, 409},
		{"rita", "POST", "/v1/cases/" + id + "/decisions", `{"event":"approve","comment":"` + private + `"}`, []string{"If-Match", `"1"`}, 412},
		{"rita", "POST", "/v1/cases/" + id + "/undo", ``, []string{"If-Match", private}, 422},
		{"rita", "PUT", "/v1/cases/" + id + "/presence", `{"editing":"` + private + `"}`, nil, 422},
		{"rita", "POST", "/v1/views", `{"name":"x","query":{"q":"` + strings.Repeat(private, 30) + `"}}`, nil, 422},
		{"rita", "POST", "/v1/views", `{"name":"` + strings.Repeat(private, 10) + `"}`, nil, 422},
		{"rita", "POST", "/v1/views", `{"name":"x","query":{"` + private + `":"x"}}`, nil, 422},
		{"rita", "GET", "/v1/cases?status=" + private, "", nil, 422},
		{"rita", "GET", "/v1/cases?cursor=" + private, "", nil, 422},
		{"rita", "GET", "/v1/cases?due_before=" + private, "", nil, 422},
		{"rita", "GET", "/v1/cases/" + id + "/history?cause=" + private, "", nil, 422},
		{"rita", "GET", "/v1/statistics?days=" + private, "", nil, 422},
		{"rita", "GET", "/v1/workflows/" + private, "", nil, 404},
		{"rita", "GET", "/v1/cases/" + private, "", nil, 404},
		{"rita", "POST", "/v1/views", `{"name":"` + private + `"`, nil, 400},
		{"rita", "PATCH", "/v1/cases/" + id + "/context", `{"applicant":{"email":["` + private + `"]}}`, nil, 422},
	} {
		w := b.call(c.who, c.method, c.path, c.body, c.header...)
		if w.Code != c.status || strings.Contains(w.Body.String(), private) || strings.Contains(w.Body.String(), "ada@example.com") {
			t.Errorf("%s %s: %d, want %d: %s", c.method, c.path, w.Code, c.status, w.Body)
		}
	}
}

func TestWhatIsNotAnETagOfACaseIsRefusedAndNoneIsAskedFor(t *testing.T) {
	b := newBack(t)
	id := b.waiting("ada")
	for given, status := range map[string]int{`2`: 422, `"0"`: 422, `"two"`: 422, `W/"2"`: 422, `"9"`: 412, ``: 428} {
		for path, body := range map[string]string{"/decisions": `{"event":"approve"}`, "/undo": ""} {
			w := b.call("rita", "POST", "/v1/cases/"+id+path, body, "If-Match", given)
			if w.Code != status {
				t.Errorf("%s with If-Match %q: %d, want %d: %s", path, given, w.Code, status, w.Body)
			}
		}
	}
}
