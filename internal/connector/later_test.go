package connector

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"
)

const calledBack = base + "  method: POST\nmode: callback\ncallback:\n  timeout: P2D\n  signature: {secret: HOOK}\n"

func TestAVendorThatCallsBackAcceptsWithEverySuccess(t *testing.T) {
	for name, c := range map[string]struct {
		response string
		status   int
		body     string
		awaiting bool
		accepted any
		result   any
		code     problem.Code
	}{
		"200":                        {"", 200, `{"id":"s"}`, true, nil, nil, ""},
		"201":                        {"", 201, `{"id":"s"}`, true, nil, nil, ""},
		"204 without a body":         {"", 204, ``, true, nil, nil, ""},
		"what is not read is free":   {"", 202, `not JSON`, true, nil, nil, ""},
		"a refusal":                  {"", 400, `{}`, false, nil, nil, problem.VendorRejected},
		"by its status":              {"response: {later: {status: [202]}}\n", 202, `{}`, true, nil, nil, ""},
		"the result by its status":   {"response: {later: {status: [202]}}\n", 200, `{"ok":true}`, false, nil, map[string]any{"ok": true}, ""},
		"by its body":                {"response: {later: {when: \"body.state == 'created'\"}}\n", 200, `{"state":"created"}`, true, nil, nil, ""},
		"the result by its body":     {"response: {later: {when: \"body.state == 'created'\"}}\n", 200, `{"state":"done"}`, false, nil, map[string]any{"state": "done"}, ""},
		"a part is kept":             {"response: {later: {keep: {url: \"{body.url}\"}}}\n", 201, `{"url":"https://v.example/s","token":"t"}`, true, map[string]any{"url": "https://v.example/s"}, nil, ""},
		"what is kept must be there": {"response: {schema: {required: [url]}, later: {keep: {url: \"{body.url}\"}}}\n", 201, `{}`, false, nil, nil, problem.VendorGarbage},
	} {
		v := newTarget(t)
		v.answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}
		p := parse(t, calledBack+c.response)
		outcome, err := v.client().Do(t.Context(), p, call)
		if problem.CodeOf(err) != c.code || outcome.Awaiting != c.awaiting || !reflect.DeepEqual(outcome.Accepted, c.accepted) || !reflect.DeepEqual(outcome.Result, c.result) {
			t.Errorf("%s: %+v, %v", name, outcome, err)
		}
		if p.Wait != 48*time.Hour {
			t.Errorf("waits for %s", p.Wait)
		}
	}
}

func TestSignaturesOverTheBodyAlone(t *testing.T) {
	body := []byte(`{"status":"done"}`)
	// HMACs of the body under "key", made with OpenSSL.
	for name, c := range map[string]struct{ settings, header, signature string }{
		"Veriff":  {"signature_header: X-HMAC-SIGNATURE", "X-Hmac-Signature", "b818eb457824e2038d572df04f804ee61ded0c1048a01b8f414846136bc36d2b"},
		"Onfido":  {"signature_header: X-SHA2-Signature", "X-Sha2-Signature", "b818eb457824e2038d572df04f804ee61ded0c1048a01b8f414846136bc36d2b"},
		"Sumsub":  {"signature_header: X-Payload-Digest, algorithm: sha512", "X-Payload-Digest", "5b6943d54d2496f1dffa62b770eb7366e317c403d7a48abbcd12b9d446a3f31ef65a950d084ca77ca980043503328d7c4f1e6a7a817b51bbc681af0584ab4973"},
		"capital": {"signature_header: X-Sign, prefix: sha256=", "X-Sign", "sha256=B818EB457824E2038D572DF04F804EE61DED0C1048A01B8F414846136BC36D2B"},
		"base64":  {"signature_header: X-Sign, encoding: base64", "X-Sign", "uBjrRXgk4gONVy3wT4BO5h3tDBBIoBuPQUhGE2vDbSs="},
	} {
		p := parse(t, base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  signature: {secret: HOOK, scheme: body, "+c.settings+"}\n")
		header := http.Header{"Content-Type": {"application/json"}, c.header: {c.signature}}
		if result, err := p.ReadCallback(header, body, "old key", time.Unix(0, 0)); err != nil || !reflect.DeepEqual(result, map[string]any{"status": "done"}) {
			t.Errorf("%s: %v %v", name, result, err)
		}
		for what, bad := range map[string]struct{ body, secret string }{"another body": {`{}`, "key"}, "another secret": {string(body), "other"}, "no secret": {string(body), ""}} {
			if _, err := p.ReadCallback(header, []byte(bad.body), bad.secret, time.Unix(0, 0)); problem.CodeOf(err) != problem.InvalidCredentials {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		header.Del(c.header)
		if _, err := p.ReadCallback(header, body, "key", time.Unix(0, 0)); problem.CodeOf(err) != problem.InvalidCredentials {
			t.Errorf("%s: no signature verifies: %v", name, err)
		}
	}
}

func TestACallbackThatIsNotTheAnswerIsRecognised(t *testing.T) {
	p := parse(t, base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  when: \"body.status != 'started'\"\n  signature: {secret: HOOK, scheme: body, signature_header: X-Sign}\n")
	read := func(body string) error {
		header := http.Header{"Content-Type": {"application/json"}, "X-Sign": {signedWith(p.callback.verifier, "key", body)}}
		_, err := p.ReadCallback(header, []byte(body), "key", time.Unix(0, 0))
		return err
	}
	if err := read(`{"status":"started"}`); !errors.Is(err, ErrNotAnAnswer) {
		t.Errorf("started: %v", err)
	}
	if err := read(`{"status":"done"}`); err != nil {
		t.Errorf("done: %v", err)
	}
}

func TestWhatASchemeDoesNotReadIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"scheme: body": "required",
		"scheme: body, signature_header: X-Sign, timestamp_header: X": "not_here",
		"signature_header: X-Sign":                                    "not_here",
		"scheme: standard-webhooks, encoding: base64":                 "not_here",
	} {
		_, problems := ParsePlugin("p.yaml", []byte(base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  signature: {secret: HOOK, "+text+"}\n"))
		if !problems.Failed() || problems[0].Code != want {
			t.Errorf("%s: %v", text, problems)
		}
	}
}

func TestPublishingWarnsOfNoTimeoutAndOfUnreadResults(t *testing.T) {
	p, problems := ParsePlugin("p.yaml", []byte(strings.Replace(calledBack, "  timeout: P2D\n", "", 1)+"response: {result: \"{a: body.x}\"}\n"))
	var codes []string
	for _, d := range problems {
		codes = append(codes, d.Code)
	}
	if p == nil || problems.Failed() || len(codes) != 2 || p.Wait != 24*time.Hour {
		t.Errorf("%v", problems)
	}
}
