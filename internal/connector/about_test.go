package connector

import (
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/problem"
)

const concerning = base + `  method: GET
response:
  schema: {type: object, required: [ok]}
  about:
    - {answer: body.ref, asked: case.id}
    - {answer: body.number, asked: context.number, as: number}
    - {answer: body.born, asked: context.born, as: date}
    - {answer: body.name, asked: "join(' ', [context.given, context.family])", as: name}
  result: {ok: "{body.ok}"}
cases:
  - name: good
    context: {number: "00123", born: "1974-08-12", given: Zoë, family: Sample}
    answer: {body: {ok: true, ref: case_example, number: "123", born: "1974-08-12T00:00:00Z", name: SAMPLE Zoe Maria}}
    expect: {result: {ok: true}}
`

func TestAnAnswerAboutSomebodyElseDoesNotCount(t *testing.T) {
	p := parse(t, concerning)
	one := Call{Tenant: "demo", Case: "case_1", State: "s", Visit: 1, Work: "w", Context: map[string]any{"number": "00AB-123", "born": "1974-08-12", "given": "Zoë", "family": "Sample"}}
	for body, fault := range map[string]string{
		`{"ok":true}`:                                    "", // it does not state that
		`{"ok":true,"ref":null,"number":null}`:           "",
		`{"ok":true,"ref":"CASE_1 "}`:                    "",
		`{"ok":true,"ref":"case_2"}`:                     "response.about[0]",
		`{"ok":true,"ref":["case_1"]}`:                   "response.about[0]",
		`{"ok":true,"number":"ab 123"}`:                  "",
		`{"ok":true,"number":"AB-124"}`:                  "response.about[1]",
		`{"ok":true,"born":"1974-08-12T23:00:00+02:00"}`: "",
		`{"ok":true,"born":"1974-08-13"}`:                "response.about[2]",
		`{"ok":true,"born":""}`:                          "response.about[2]",
		`{"ok":true,"name":"Sample, ZOE"}`:               "",
		`{"ok":true,"name":"zoe"}`:                       "",
		`{"ok":true,"name":"Zoe Simple"}`:                "response.about[3]",
		`{"ok":true,"name":"  "}`:                        "response.about[3]",
		`{"ok":true,"ref":"case_2","name":"Eve"}`:        "response.about[0] response.about[3]",
	} {
		v := newTarget(t)
		v.answer = func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, "application/json", body) }
		outcome, err := v.client().Do(t.Context(), p, one)
		var faults []string
		if err != nil {
			for _, f := range problem.As(err).Fields {
				if faults = append(faults, f.Location); f.Code != somebodyElse {
					t.Errorf("%s: %v", body, f)
				}
			}
		}
		if strings.Join(faults, " ") != fault || (err != nil) != (fault != "") || err != nil && (problem.CodeOf(err) != problem.VendorGarbage || outcome.Result != nil) {
			t.Errorf("%s: %v %v", body, faults, err)
		}
		if err != nil && strings.Contains(sentence(problem.As(err)), "Eve") {
			t.Errorf("the error has a value: %v", err)
		}
	}
}

func TestTheKitLetsVendorsAnswerAboutSomebodyElse(t *testing.T) {
	if failed := failures(parse(t, concerning).Conform(t.Context())); len(failed) > 0 {
		t.Errorf("%q", failed)
	}
	silent := parse(t, strings.Replace(concerning, `, ref: case_example, number: "123", born: "1974-08-12T00:00:00Z", name: SAMPLE Zoe Maria`, "", 1))
	if failed := failures(silent.Conform(t.Context())); len(failed) != 1 || !strings.Contains(failed[0], "answer about another person") {
		t.Errorf("an example that says nothing: %q", failed)
	}
}

// TestANameAgreesWithItself in any order, case and with more names, and agreeing does not depend on which is which.
func TestANameAgreesWithItself(t *testing.T) {
	words := rapid.SliceOfN(rapid.StringMatching(`[A-Za-zéüß]{1,8}`), 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		name, more := words.Draw(t, "name"), words.Draw(t, "more")
		shuffled := rapid.Permutation(append(append([]string{}, name...), more...)).Draw(t, "shuffled")
		one, other := strings.Join(name, " "), strings.ToUpper(strings.Join(shuffled, ", "))
		if strings.ContainsRune(one, 'ß') {
			return // has no capital letter
		}
		if !sameName(one, other) || !sameName(other, one) || !sameName(one, one) {
			t.Fatalf("%q and %q", one, other)
		}
		a, b := strings.Join(name, " "), strings.Join(more, " ")
		if sameName(a, b) != sameName(b, a) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

func TestACallbackAboutSomebodyElseIsSeenByItsResult(t *testing.T) {
	text := base + `  method: POST
mode: callback
response:
  later: {keep: {born: "{context.born}", name: "{context.name}"}}
callback:
  timeout: P1D
  signature: {secret: KEY, scheme: body, signature_header: X-Signature}
  about:
    - {answer: body.born, asked: accepted.born, as: date}
    - {answer: body.name, asked: accepted.name, as: name}
  result: {outcome: "{body.ok && agrees && 'verified' || 'review'}"}
result: {type: object, required: [outcome]}
cases:
  - name: verified
    context: {born: "1974-08-12", name: Anna Sample}
    answer: {body: {}}
    callback: {ok: true, born: "1974-08-12", name: ANNA SAMPLE}
    expect: {result: {outcome: verified}}
`
	p := parse(t, text)
	for body, want := range map[string]string{
		`{"ok":true}`: "verified", // it does not state that
		`{"ok":true,"born":"1974-08-12","name":"Anna Maria Sample"}`: "verified",
		`{"ok":true,"born":"1974-08-13","name":"Anna Sample"}`:       "review",
		`{"ok":true,"born":"1974-08-12","name":"Eve Sample"}`:        "review",
	} {
		for what, accepted := range map[string]any{want: map[string]any{"born": "1974-08-12", "name": "Anna Sample"}, "verified": map[string]any{}} {
			result, _, err := p.CalledBack(Call{}, accepted, nil, []byte(body))
			if outcome := result.(map[string]any)["outcome"]; err != nil || outcome != what {
				t.Errorf("%s after %v: %v %v", body, accepted, outcome, err)
			}
		}
	}
	if failed := failures(p.Conform(t.Context())); len(failed) > 0 {
		t.Errorf("%q", failed)
	}
	blind := parse(t, strings.Replace(text, "body.ok && agrees", "body.ok", 1))
	if failed := failures(blind.Conform(t.Context())); !strings.Contains(strings.Join(failed, " "), "depend on agrees") {
		t.Errorf("a result that does not depend on it: %q", failed)
	}
}
