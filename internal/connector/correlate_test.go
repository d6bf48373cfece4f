package connector

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"
)

const correlates = calledBack + "  correlate: {answer: body.id, callback: body.session, sent: body.at}\n"

func TestTheVendorsIDIsInTheFirstAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		answer, definition, body, want string
		code                           problem.Code
	}{
		"text":              {"", "body.id", `{"id":"s-1"}`, "s-1", ""},
		"a number":          {"", "body.id", `{"id":12345678901}`, "12345678901", ""},
		"in a header":       {"", "headers.location", `{}`, "/sessions/7", ""},
		"of the case":       {"", "join('/', [case.id, case.work])", `{}`, "case_1/check", ""},
		"none":              {"", "body.id", `{}`, "", problem.VendorGarbage},
		"empty":             {"", "body.id", `{"id":" "}`, "", problem.VendorGarbage},
		"an object":         {"", "body.id", `{"id":{}}`, "", problem.VendorGarbage},
		"too long":          {"", "body.id", `{"id":"` + strings.Repeat("x", 501) + `"}`, "", problem.VendorGarbage},
		"no JSON":           {"", "body.id", `<html>`, "", problem.VendorGarbage},
		"of a later answer": {"response: {later: {status: [201]}}\n", "body.id", `{"id":"s-1"}`, "s-1", ""},
	} {
		v := newTarget(t)
		v.answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Location", "/sessions/7")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, c.body)
		}
		made := call
		made.Case, made.Work = "case_1", "check"
		p := parse(t, strings.Replace(correlates, "answer: body.id", `answer: "`+c.definition+`"`, 1)+c.answer)
		outcome, err := v.client().Do(t.Context(), p, made)
		if problem.CodeOf(err) != c.code || outcome.Correlation != c.want || c.code == "" && !outcome.Awaiting {
			t.Errorf("%s: %+v, %v", name, outcome, err)
		}
	}
}

func TestACallbackSaysWhichRequestAndWhen(t *testing.T) {
	p := parse(t, correlates)
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for body, want := range map[string]struct {
		id string
		at time.Time
	}{
		`{"session":"s-1","at":"2026-03-04T05:06:07Z"}`: {"s-1", at},
		`{"session":7,"at":1772600767}`:                 {"7", at},
		`{"session":"s-1","at":1772600767000}`:          {"s-1", at},
		`{"session":"s-1","at":"yesterday"}`:            {"s-1", time.Time{}},
		`{"session":["s-1"],"at":-1}`:                   {"", time.Time{}},
		`{"session":null,"at":1e300}`:                   {"", time.Time{}},
		`no JSON`:                                       {"", time.Time{}},
	} {
		received := p.received(asJSON(), []byte(body), nil)
		if id, sent := received.CorrelationID(), received.SentAt(); id != want.id || !sent.Equal(want.at) {
			t.Errorf("%s: %q %s", body, id, sent)
		}
	}
}

// TestExpressionsOfCallbacksDoNotSeeCredentials: a header that holds a secret is no data of the callback.
func TestExpressionsOfCallbacksDoNotSeeCredentials(t *testing.T) {
	for _, scheme := range []string{"{secret: HOOK, scheme: token, signature_header: X-Token}", "{secret: HOOK, scheme: basic}"} {
		p := parse(t, strings.Replace(calledBack, "{secret: HOOK}", scheme, 1)+"  result: {seen: '{headers}'}\n")
		header := asJSON()
		header.Set("X-Token", "short")
		header.Set("Authorization", "Basic c2hvcnQ6c2hvcnQ=")
		result, err := p.received(header, []byte(`{}`), nil).Result(Asked{})
		seen, _ := result.(map[string]any)["seen"].(map[string]any)
		if err != nil || seen["content-type"] != "application/json" || seen["authorization"] != nil || strings.Contains(scheme, "X-Token") && seen["x-token"] != nil {
			t.Errorf("%s: %v %v", scheme, result, err)
		}
	}
}

func TestTheKitKnowsFixedAddresses(t *testing.T) {
	definition := correlates + "  when: \"body.pin == accepted.pin\"\n  schema: {type: object, required: [passed]}\n  result: {passed: '{body.passed}'}\nresponse: {later: {keep: {pin: '{body.pin}'}}}\n" + `
cases:
  - name: a session that passes
    context: {applicant: {name: Ada, surname: Lovelace}, items: []}
    answer: {status: 201, body: {id: s-1, pin: "1"}}
    callback: {session: s-1, pin: "1", passed: true}
    expect: {correlation: s-1, accepted: {pin: "1"}, result: {passed: true}}
`
	p := parse(t, definition)
	for _, result := range append(p.RunCases(t.Context()), p.Conform(t.Context())...) {
		if !result.Passed && result.Name != "partial callback" {
			t.Errorf("%s: %v", result.Name, result.Problems)
		}
	}
	for change, want := range map[string]string{
		"callback: {session: s-1|callback: {session: s-2":   "the id in the callback is not the one in the answer",
		"callback: {session: s-1, |callback: {":             "the callback has no id: see callback.correlate.callback",
		"expect: {correlation: s-1|expect: {correlation: x": "correlation is s-1, expected x",
		"accepted: {pin: \"1\"}|accepted: {pin: \"2\"}":     `accepted.pin is "1", expected "2"`,
	} {
		from, to, _ := strings.Cut(change, "|")
		if problems := parse(t, strings.Replace(definition, from, to, 1)).RunCases(t.Context())[0].Problems; len(problems) == 0 || problems[0] != want {
			t.Errorf("%s: %v", change, problems)
		}
	}
	loose := parse(t, strings.NewReplacer("body.pin == accepted.pin", "body.pin == body.pin || accepted.pin").Replace(definition))
	var found []string
	for _, result := range loose.Conform(t.Context()) {
		if result.Name == "callback about another case" {
			found = result.Problems
		}
	}
	if len(found) != 1 || !strings.Contains(found[0], "counts for another case") {
		t.Errorf("%v", found)
	}
}

func TestCorrelationsAreCheckedWhereTheyStand(t *testing.T) {
	_, found := ParsePlugin("p.yaml", []byte(calledBack+"  correlate: {answer: bdy.id, callback: case.id, sent: 'body.['}\n"))
	var paths []string
	for _, d := range found {
		paths = append(paths, d.Path+" "+d.Code)
	}
	if got := strings.Join(paths, ", "); got != "callback.correlate.answer unknown_name, callback.correlate.callback unknown_name, callback.correlate.sent jmespath" {
		t.Error(got)
	}
	_, found = ParsePlugin("p.yaml", []byte(calledBack+"  correlate: {answer: body.id}\n"))
	if len(found) != 1 || found[0].Code != "required" || found[0].Path != "callback.correlate" {
		t.Errorf("%v", found)
	}
}
