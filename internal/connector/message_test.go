package connector

import (
	"strings"
	"testing"

	"ballerine/internal/problem"
)

// An answer that only accepts the request is seldom shaped as the result: authors who forget to declare that are shown where to declare it.
func TestWhatIsKeptIsReadByTheResultsSchemaUntilItHasItsOwn(t *testing.T) {
	const result = "response: {schema: {required: [status]}, result: {s: \"{body.status}\"}, later: {status: [202], keep: {id: \"{body.ticket}\"}%s}}\n"
	p := parse(t, calledBack+strings.Replace(result, "%s", "", 1))
	_, err := p.Answered(t.Context(), call, Answer{Status: 202, Body: []byte(`{"ticket":"t1"}`)})
	if fields := problem.As(err).Fields; problem.CodeOf(err) != problem.VendorGarbage || len(fields) != 2 || fields[1].Location != "response.later.schema" {
		t.Errorf("without a schema of its own: %v", err)
	}
	p = parse(t, calledBack+strings.Replace(result, "%s", ", schema: {required: [ticket]}", 1))
	if outcome, err := p.Answered(t.Context(), call, Answer{Status: 202, Body: []byte(`{"ticket":"t1"}`)}); err != nil || !outcome.Awaiting {
		t.Errorf("with one: %+v %v", outcome, err)
	}
	if _, err := p.Answered(t.Context(), call, Answer{Status: 202, Body: []byte(`{}`)}); len(problem.As(err).Fields) != 1 {
		t.Errorf("its own schema is blamed for nothing else: %v", err)
	}
}

func TestAMisspeltNameInARequestIsSuggested(t *testing.T) {
	for name, want := range map[string]string{"secrets.KEY": "did you mean secret?", "vender.url": "did you mean vendor?", "contxt.a": "did you mean context?", "nothing.like": "available: context, input"} {
		_, found := ParsePlugin("p.yaml", []byte(base+"  method: POST\n  headers: {X-A: \"{"+name+"}\"}\n"))
		if !strings.Contains(found[0].Hint, want) {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestAMissingSettingIsNamedAsTheEnvironmentCallsIt(t *testing.T) {
	for name, want := range map[string]string{"acme": "BALLERINE_SETTING_ACME=…", "acmeUK": "BALLERINE_SETTING_acmeUK=…"} {
		p := parse(t, strings.Replace(base+"  method: POST\n", "{vendor.base}", "{vendor."+name+"}", 1))
		found := p.Unconfigured(t.Context(), "", nil, nil)
		if len(found) != 1 || !strings.Contains(found[0].Hint, want) {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestAFailedExampleSaysItsCodeOnce(t *testing.T) {
	p := parse(t, base+"  method: POST\n  body: {country: \"{context.country}\"}\n  schema: {required: [country]}\ncases:\n  - {name: none, expect: {}}\n")
	got := p.RunCases(t.Context())[0].Problems
	if len(got) != 1 || !strings.HasPrefix(got[0], "the attempt fails with invalid: The request to ") || strings.Contains(got[0], ".;") {
		t.Errorf("%q", got)
	}
}
