package connector

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// strict is a plugin that checks what it reads, with an example to start from.
const strict = base + `  method: POST
  body: {name: "{context.name}"}
%s
response:
  schema: {type: object, required: [status, id], properties: {status: {enum: [done]}, id: {type: string}}}
  result: {s: "{body.status}", id: "{body.id}"}
result: {type: object, required: [s, id]}
cases:
  - name: good
    context: {name: Ada}
    answer: {body: {status: done, id: a, more: 1}}
    expect: {result: {s: done}}
`

// failures are the scenarios that fail, with what is wrong.
func failures(results []CaseResult) (failed []string) {
	for _, r := range results {
		if !r.Passed {
			failed = append(failed, r.Name+": "+strings.Join(r.Problems, "; "))
		}
	}
	return failed
}

func TestTheKitPassesPluginsThatCheckWhatTheyRead(t *testing.T) {
	for name, c := range map[string]struct {
		plugin string
		has    string // a scenario that must have run
	}{
		"plain":       {fmt.Sprintf(strict, ""), "partial"},
		"credentials": {fmt.Sprintf(strict, "  query: {k: \"{secret.A}\"}\n  headers: {X-K: \"{secret.B}\"}\n  auth: {basic: {username: \"{secret.C}\", password: \"{secret.D}\"}}"), "secrets repeated"},
		"OAuth 2": {
			fmt.Sprintf(strict, "  auth: {oauth2: {token_url: \"{vendor.base}/token\", client_id: \"{secret.A}\", client_secret: \"{secret.B}\"}}"), "token withdrawn",
		},
		"signed for AWS":  {fmt.Sprintf(strict, "  auth: {sigv4: {access_key: \"{secret.A}\", secret_key: \"{secret.B}\", region: r, service: s3}}"), "secrets repeated"},
		"mutual TLS":      {fmt.Sprintf(strict, "  tls: {certificate: A, key: B}"), "certificate"},
		"signed requests": {fmt.Sprintf(strict, "  sign: {secret: KEY, key_encoding: base64, content: \"{body}\", headers: {X-S: \"{signature}\"}}"), "success"},
		"a text": {
			base + "  method: POST\n  format: form\n  body: {a: 1}\nresponse: {format: text, schema: {enum: [OK]}}\ncases: [{name: good, answer: {body: OK}, expect: {result: OK}}]\n", "garbage",
		},
		"nothing is read": {base + "  method: DELETE\nresponse: {format: none}\ncases: [{name: good, answer: {status: 204}, expect: {}}]\n", "slow"},
		"an acceptance":   {calledBack + "cases: [{name: good, answer: {status: 202}, expect: {awaiting: true}}]\n", "broken off"},
		"a kept part": {
			calledBack + "response: {later: {schema: {type: object, required: [url]}, keep: {url: \"{body.url}\"}}}\ncases: [{name: good, answer: {body: {url: u}}, expect: {awaiting: true}}]\n", "partial",
		},
		"documents": {
			base + "  method: POST\n  format: multipart\n  body: {f: {$document: \"{documents[0].id}\"}}\nresponse: {schema: {type: object, required: [ok]}, result: {ok: \"{body.ok}\"}}\nresult: {required: [ok]}\ncases: [{name: good, documents: [{id: d}], answer: {body: {ok: true}}, expect: {result: {ok: true}}}]\n", "success",
		},
	} {
		results := parse(t, c.plugin).Conform(t.Context())
		if failed := failures(results); len(failed) > 0 {
			t.Errorf("%s: %q", name, failed)
		}
		if !slices.ContainsFunc(results, func(r CaseResult) bool { return r.Name == c.has }) {
			t.Errorf("%s: %s did not run: %+v", name, c.has, results)
		}
	}
}

// Every way of signing that a plugin can state passes the kit, whose vendor signs by itself.
func TestTheKitSignsAsEveryVendorDoes(t *testing.T) {
	for _, c := range signedCallbacks(t) {
		written, err := json.Marshal(c.Signature)
		if err != nil {
			t.Fatal(err)
		}
		p := parse(t, base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  signature: "+string(written)+
			"\n  schema: {type: object, required: [status]}\n  result: {s: \"{body.status}\"}\ncases: [{name: good, callback: {status: done, n: 1}, expect: {result: {s: done}}}]\n")
		results := p.Conform(t.Context())
		if failed := failures(results); len(failed) > 0 || len(results) < 7 {
			t.Errorf("%s: %q", c.Vendor, failed)
		}
	}
}

func TestTheKitNamesWhatAPluginTakesUnchecked(t *testing.T) {
	for name, c := range map[string]struct{ plugin, want string }{
		"no schema": {
			base + "  method: POST\nresponse: {result: {s: \"{body.status}\"}}\ncases: [{name: good, answer: {body: {status: done, n: 1}}, expect: {result: {s: done}}}]\n",
			"partial: an answer without status is accepted without a check",
		},
		"any shape":       {base + "  method: POST\ncases: [{name: good, answer: {body: {status: done}}, expect: {}}]\n", "another shape: the answer [] is accepted"},
		"a lax callback":  {calledBack + "  result: {s: \"{body.status}\"}\ncases: [{name: good, callback: {status: done}, expect: {result: {s: done}}}]\n", "partial callback: a callback without status is accepted"},
		"all is checked":  {fmt.Sprintf(strict, "") + "retry: {attempts: 1}\n", ""},
		"names of people": {base + "  method: POST\ncases: [{name: good, answer: {body: {Ada Lovelace: done}}, expect: {}}]\n", "an answer without * is accepted"},
	} {
		failed := strings.Join(failures(parse(t, c.plugin).Conform(t.Context())), "\n")
		if c.want == "" && failed != "" || !strings.Contains(failed, c.want) || strings.Contains(failed, "Lovelace") {
			t.Errorf("%s: %s", name, failed)
		}
	}
}

// The kit's scenarios can fail: a vendor's key that is not only the vendor's is noticed.
func TestTheKitNoticesAKeyThatOthersHave(t *testing.T) {
	p := parse(t, base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  signature: {secret: HOOK, scheme: timestamp-body}\n  schema: {required: [status]}\ncases: [{name: good, callback: {status: done}, expect: {}}]\n")
	k, ok := p.callbackKit(t.Context())
	if !ok {
		t.Fatal("there is nothing to start from")
	}
	k.signer.secret += " another-secret"
	want := "wrong signature: a callback with the signature of another: is accepted as a result, expected invalid_credentials"
	if failed := failures(ran(t.Context(), 1, k.scenarios())); !slices.Equal(failed, []string{want}) {
		t.Errorf("%q", failed)
	}
	k.signer.secret = "not-the-vendors"
	if failed := failures(ran(t.Context(), 1, k.scenarios())); !strings.HasPrefix(strings.Join(failed, "\n"), "callback: the example's own callback fails") {
		t.Errorf("%q", failed)
	}
}

func TestTheKitNeedsSomethingToStartFrom(t *testing.T) {
	for _, cases := range []string{"", "cases: [{name: refused, answer: {status: 400}, expect: {error: vendor_rejected}}]\n", "cases: [{name: wrong, answer: {body: {a: 1}}, expect: {result: {a: 2}}}]\n"} {
		if results := parse(t, base+"  method: POST\n"+cases).Conform(t.Context()); len(results) != 0 {
			t.Errorf("%s: %+v", cases, results)
		}
	}
}
