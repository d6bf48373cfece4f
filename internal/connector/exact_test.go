package connector

import (
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"
)

// TestAnswersAndCallbacksAreReadExactlyOrNotAtAll: what decoders take in different ways, round or cannot read again is no answer.
func TestAnswersAndCallbacksAreReadExactlyOrNotAtAll(t *testing.T) {
	p := parse(t, base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  signature: {secret: HOOK, scheme: body, signature_header: X-Sign}\n")
	header := http.Header{"Content-Type": {"application/json"}}
	for body, code := range map[string]string{
		`{"status":"done","amount":9007199254740991,"part":0.1}`:                             "",
		`{"status":"failed","status":"done"}`:                                                "duplicate",
		`{"status":"done","deep":{"a":1,"a":1}}`:                                             "duplicate",
		`{"status":"done","amount":9007199254740993}`:                                        "",
		`{"status":"done","amount":1e400}`:                                                   "",
		`{"status":"done","name":"\ud800"}`:                                                  "encoding",
		"{\"status\":\"done\",\"name\":\"\xff\"}":                                            "encoding",
		`{"status":"done","name":"a\u0000b"}`:                                                "control",
		`{"status":"done","deep":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`: "too_deep",
		`{"status":"done","deep":` + strings.Repeat("[", 20_000):                             "json",
		`{"status":`: "json",
	} {
		v := newTarget(t)
		v.answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, body)
		}
		_, answered := v.client().Do(t.Context(), parse(t, base+"  method: POST\n"), call)
		header.Set("X-Sign", signedWith(p.callback.verifier, "key", body))
		_, called := p.ReadCallback(header, []byte(body), "key", time.Unix(0, 0))
		for way, err := range map[string]error{"answer": answered, "callback": called} {
			switch found := problem.As(err); {
			case code == "" && err != nil:
				t.Errorf("%s %.60s: %v", way, body, err)
			case code != "" && (err == nil || found.Code != problem.VendorGarbage || len(found.Fields) == 0 || found.Fields[0].Code != code):
				t.Errorf("%s %.60s: %v, want %s", way, body, err, code)
			}
		}
	}
}

// Vendors count in 64 bits: what nobody reads spoils nothing, and what is read is what the vendor has written.
func TestNumbersThatAreNotExactAreKeptAsText(t *testing.T) {
	v := newTarget(t)
	v.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"status":"done","id":12345678901234567890,"score":0.25,"list":[9007199254740993,9007199254740991,{"deep":1e400}]}`)
	}
	outcome, err := v.client().Do(t.Context(), parse(t, base+"  method: POST\nresponse:\n  result: {id: \"{body.id}\", score: \"{body.score}\", list: \"{body.list}\"}\n"), call)
	want := map[string]any{"id": "12345678901234567890", "score": 0.25, "list": []any{"9007199254740993", 9007199254740991.0, map[string]any{"deep": "1e400"}}}
	if err != nil || !reflect.DeepEqual(outcome.Result, want) {
		t.Errorf("%v: %v", err, outcome.Result)
	}
	_, err = v.client().Do(t.Context(), parse(t, base+"  method: POST\nresponse:\n  schema: {type: object, properties: {id: {type: number}}}\n"), call)
	if found := problem.As(err); err == nil || found.Code != problem.VendorGarbage || found.Fields[0].Location != "response.body.id" {
		t.Errorf("a schema that asks for a number: %v", err)
	}
}
