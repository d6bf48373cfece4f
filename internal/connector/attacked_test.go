package connector

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"
)

// publicPEM is somebody's Ed25519 key, as everybody may know it.
const publicPEM = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n"

// TestAPublicKeyIsNoSharedSecret: whoever knows it could sign callbacks with it.
func TestAPublicKeyIsNoSharedSecret(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	body := []byte(`{"status":"done"}`)
	der := strings.Split(publicPEM, "\n")[1]
	form := base + "  method: POST\nmode: callback\ncallback:\n  signature: {secret: HOOK, %s}\n  schema: {required: [status]}\n  result: \"{s: body.status}\"\n"
	mac := func(key []byte, message string) []byte {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(message))
		return m.Sum(nil)
	}
	decoded, err := base64.StdEncoding.DecodeString(der)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{"PEM": publicPEM, "DER": der} {
		hash := parse(t, fmt.Sprintf(form, "scheme: body, signature_header: X-Sign"))
		for _, key := range [][]byte{[]byte(strings.Fields(secret)[0]), []byte("PUBLIC"), []byte(der), decoded} {
			header := http.Header{"Content-Type": {"application/json"}, "X-Sign": {hex.EncodeToString(mac(key, string(body)))}}
			if _, err := hash.ReadCallback(header, body, secret, now); problem.CodeOf(err) != problem.Internal {
				t.Errorf("%s signs a body: %v", name, err)
			}
		}
		standard := parse(t, fmt.Sprintf(form, "scheme: standard-webhooks"))
		for _, key := range [][]byte{[]byte(der), decoded} {
			header := http.Header{
				"Content-Type": {"application/json"}, "Webhook-Id": {"m"}, "Webhook-Timestamp": {"1700000000"},
				"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac(key, "m.1700000000."+string(body)))},
			}
			if _, err := standard.ReadCallback(header, body, secret, now); problem.CodeOf(err) != problem.InvalidCredentials {
				t.Errorf("%s signs a webhook: %v", name, err)
			}
		}
	}
}

func TestACallbackIsStoredWithoutTheSecretsItRepeats(t *testing.T) {
	p := parse(t, base+"  method: POST\n  headers: {X-Key: \"{secret.KEY}\"}\nmode: callback\ncallback:\n  signature: {scheme: token, secret: HOOK, signature_header: X-Token}\n  schema: {type: object}\n  result: \"{echo: body.echo}\"\n")
	client := newTarget(t).client()
	const key, own = "request-secret-value", "hook-secret-value"
	client.Secrets = MapSecrets{"KEY": key, "HOOK": own}
	header := http.Header{"Content-Type": {"application/json"}, "X-Token": {own}}
	result, err := client.ReadCallback(t.Context(), "demo", p, header, []byte(`{"echo":{"key":"`+key+`","hook":"sent with `+own+`"}}`))
	if err != nil || strings.Contains(fmt.Sprint(result), key) || strings.Contains(fmt.Sprint(result), own) || !strings.Contains(fmt.Sprint(result), redaction) {
		t.Errorf("%v, %v", result, err)
	}
}

func TestAValueDoesNotClimbThePathOfTheURL(t *testing.T) {
	v := newTarget(t)
	for _, value := range []string{"..", ".", "../../admin/keys", `..\admin`, "a/../../b", "..;x"} {
		p := parse(t, strings.Replace(base, "/checks", "/companies/{context.number}/status", 1)+"  method: GET\n")
		one := call
		one.Context = map[string]any{"number": value}
		_, err := v.client().Do(t.Context(), p, one)
		if problem.CodeOf(err) != problem.Invalid || strings.Contains(err.Error(), value) && len(value) > 2 {
			t.Errorf("%q: %v", value, err)
		}
	}
	if v.calls != 0 {
		t.Errorf("%d requests were sent", v.calls)
	}
}

func TestAFallbackAnswersAsThePluginDoes(t *testing.T) {
	p := parse(t, base+"  method: GET\nresult: {type: object, required: [ok], additionalProperties: false, properties: {ok: {type: boolean}}}\n")
	if err := p.Fits(map[string]any{"ok": true}); err != nil {
		t.Error(err)
	}
	if err := p.Fits(map[string]any{"verdict": "unsure"}); problem.CodeOf(err) != problem.VendorGarbage {
		t.Errorf("%v", err)
	}
	if err := parse(t, base+"  method: GET\n").Fits(map[string]any{"anything": 1}); err != nil {
		t.Errorf("a plugin without a schema of results: %v", err)
	}
}
