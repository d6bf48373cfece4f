package connector

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"ballerine/internal/problem"
)

// signedCallback is one of testdata/signatures.yaml.
type signedCallback struct {
	Vendor    string            `yaml:"vendor"`
	Signature map[string]string `yaml:"signature"`
	Secret    string            `yaml:"secret"`
	Headers   map[string]string `yaml:"headers"`
	Body      string            `yaml:"body"`
	Now       int64             `yaml:"now"`
}

func (c signedCallback) header() http.Header {
	header := http.Header{"Content-Type": {"application/json"}}
	for name, value := range c.Headers {
		header.Set(name, value)
	}
	return header
}

func (c signedCallback) at(offset time.Duration) time.Time { return time.Unix(c.Now, 0).Add(offset) }

func (c signedCallback) plugin(t *testing.T) *Plugin {
	t.Helper()
	written, err := json.Marshal(c.Signature)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  signature: "+string(written)+"\n")
}

func signedCallbacks(t *testing.T) []signedCallback {
	t.Helper()
	text, err := os.ReadFile("testdata/signatures.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []signedCallback
	if err := yaml.Unmarshal(text, &all); err != nil || len(all) < 20 {
		t.Fatal(len(all), err)
	}
	for i := range all {
		if all[i].Now == 0 {
			all[i].Now = 1_700_000_000
		}
	}
	return all
}

// signedWith is what a vendor writes for a message, without its prefix, for HMACs.
func signedWith(v verifier, secret, message string) string {
	sum := hmacOf(v.Algorithm, []byte(secret), []byte(message))
	if v.Encoding == "base64" {
		return base64.StdEncoding.EncodeToString(sum)
	}
	return hex.EncodeToString(sum)
}

// carries reports whether the header proves something: a change of any other one changes nothing.
func (c signedCallback) carries(v verifier, name string) bool {
	name = http.CanonicalHeaderKey(name)
	return name == http.CanonicalHeaderKey(v.SignatureHeader) || v.stamped() && v.TimestampField == "" && name == http.CanonicalHeaderKey(v.TimestampHeader) ||
		v.Scheme == standardScheme || v.content != nil && strings.Contains(strings.ToLower(v.Content), "{header."+strings.ToLower(name)+"}")
}

// Each vendor's own way of signing passes, and nothing that differs from it does.
func TestCallbacksOfVendorsAreVerifiedAsTheySign(t *testing.T) {
	for _, c := range signedCallbacks(t) {
		t.Run(c.Vendor, func(t *testing.T) {
			v := c.plugin(t).callback.verifier
			passes := func(header http.Header, body, secret string, now time.Time) bool {
				valid, _ := v.verify(header, []byte(body), secret, now)
				return valid
			}
			if valid, usable := v.verify(c.header(), []byte(c.Body), c.Secret, c.at(0)); !valid || !usable {
				t.Fatal("the vendor's own callback is refused")
			}
			if protected := v.Scheme != basicScheme && v.Scheme != tokenScheme; protected && passes(c.header(), c.Body+" ", c.Secret, c.at(0)) {
				t.Error("another body passes")
			}
			if c.Secret != "" && (passes(c.header(), c.Body, "other", c.at(0)) || passes(c.header(), c.Body, "", c.at(0))) {
				t.Error("another secret passes")
			}
			for name := range c.Headers {
				if !c.carries(v, name) {
					continue
				}
				for what, values := range map[string][]string{"missing": nil, "empty": {""}, "doubled": {c.Headers[name], c.Headers[name]}, "joined": {c.Headers[name] + "," + c.Headers[name]}, "huge": {c.Headers[name] + strings.Repeat(" ", maxSignatureHeader)}} {
					header := c.header()
					if header.Del(name); values != nil {
						header[http.CanonicalHeaderKey(name)] = values
					}
					if passes(header, c.Body, c.Secret, c.at(0)) {
						t.Errorf("%s: %s passes", name, what)
					}
				}
			}
			if v.stamped() {
				for offset, want := range map[time.Duration]bool{v.tolerance: true, -v.tolerance: true, v.tolerance + time.Second: false, -v.tolerance - time.Second: false} {
					if passes(c.header(), c.Body, c.Secret, c.at(offset)) != want {
						t.Errorf("%v away from its timestamp: %v", offset, !want)
					}
				}
			}
		})
	}
}

// Whichever character of whichever header that proves something is replaced, the callback is refused. What a vendor writes besides
// (v0=…, another signature while a secret is rotated) proves nothing, and neither do letters' cases.
func TestNoChangedSignaturePasses(t *testing.T) {
	all := slices.DeleteFunc(signedCallbacks(t), func(c signedCallback) bool {
		return strings.Contains(c.Vendor, "Stripe") || strings.Contains(c.Vendor, "Persona")
	})
	rapid.Check(t, func(r *rapid.T) {
		c := rapid.SampledFrom(all).Draw(r, "callback")
		v := c.plugin(t).callback.verifier
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(c.Headers))).Draw(r, "header")
		if !c.carries(v, name) {
			return
		}
		value := []byte(c.Headers[name])
		at := rapid.IntRange(0, len(value)-1).Draw(r, "at")
		with := rapid.SampledFrom([]byte("0189abzAZ+/=,.;: -_")).Draw(r, "with")
		if strings.EqualFold(string(value[at]), string(with)) || strings.IndexByte(";, ", value[at]) >= 0 && strings.IndexByte(";, ", with) >= 0 {
			return
		}
		value[at] = with
		header := c.header()
		header.Set(name, string(value))
		if valid, _ := v.verify(header, []byte(c.Body), c.Secret, c.at(0)); valid {
			r.Fatalf("%s: %s: %q passes", c.Vendor, name, value)
		}
	})
}

func TestASetOfPairsIsReadInOneWayOnly(t *testing.T) {
	p := parse(t, base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  signature: {secret: HOOK, scheme: timestamp-body, signature_header: Sign, timestamp_field: t, signature_field: v1}\n")
	v := p.callback.verifier
	good := signedWith(v, "key", "1700000000.{}")
	for given, want := range map[string]bool{
		"t=1700000000,v1=" + good:                                        true,
		"v1=" + good + ",t=1700000000":                                   true,
		"t=1700000000, v1=" + good:                                       true,
		"t=1700000000,v1=" + strings.ToUpper(good):                       true,
		"t=1,v1=00 t=1700000000,v1=" + good:                              true,
		"t=1700000000,t=1700000000,v1=" + good:                           false,
		"t=1700000001,v1=" + good:                                        false,
		"t=+1700000000,v1=" + good:                                       false,
		"t=01700000000,v1=" + good:                                       false,
		"t=,v1=" + good:                                                  false,
		"t=1700000000,v1=":                                               false,
		"t=1700000000,v1=zz,v1=" + good:                                  false,
		"t=1700000000,v1=" + good[:62]:                                   false,
		"t=1700000000,v0=" + good:                                        false,
		"t=1700000000,V1=" + good:                                        false,
		"t=1700000000,=,v1=" + good:                                      false,
		"v1=" + good:                                                     false,
		"t=1700000000 v1=" + good:                                        false,
		"t=1700000000," + strings.Repeat("v1=00,", 9) + "v1=" + good:     true,
		"t=1700000000," + strings.Repeat("v1=00,", 10) + "v1=" + good:    false,
		strings.Repeat("t=1,v1=00 ", 10) + "t=1700000000,v1=" + good:     false,
		"t=1700000000,v1=" + good + "," + strings.Repeat("x=yz,", 2_000): false,
	} {
		if valid, _ := v.verify(http.Header{"Sign": {given}}, []byte("{}"), "key", time.Unix(1_700_000_000, 0)); valid != want {
			t.Errorf("%.60q: %v", given, valid)
		}
	}
}

func TestOneGoodSignatureOfSeveralIsEnough(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := parse(t, base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  signature: {secret: HOOK}\n").callback.verifier
	message := "a.1700000000.{}"
	shared := "v1," + base64.StdEncoding.EncodeToString(hmacOf("sha256", []byte("key"), []byte(message)))
	owned := "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(message)))
	secret := "whsec_a2V5 whpk_" + base64.StdEncoding.EncodeToString(public)
	for given, want := range map[string]bool{
		shared:                                  true,
		owned:                                   true,
		"v1,AAAA v2,x " + owned:                 true,
		"v1a,AAAA " + shared:                    true,
		"v1a" + shared[2:]:                      false,
		"v1" + owned[3:]:                        false,
		shared[3:]:                              false,
		"v1," + shared:                          false,
		"v1 " + shared[3:]:                      false,
		shared + "," + shared:                   false,
		strings.ToUpper(shared):                 false,
		strings.Repeat("v1,AAAA ", 10) + shared: false,
	} {
		header := http.Header{"Webhook-Id": {"a"}, "Webhook-Timestamp": {"1700000000"}, "Webhook-Signature": {given}}
		if valid, _ := v.verify(header, []byte("{}"), secret, time.Unix(1_700_000_000, 0)); valid != want {
			t.Errorf("%.30s: %v", given, valid)
		}
	}
}

func TestTimestampsAreReadInTheirFormat(t *testing.T) {
	for format, stamps := range map[string]map[string]bool{
		"seconds":      {"1700000000": true, "1700000000000": false, "1.7e9": false, "2023-11-14T22:13:20Z": false, "99999999999999999999": false},
		"milliseconds": {"1700000000123": true, "1700000000": false},
		"rfc3339":      {"2023-11-14T22:13:20Z": true, "2023-11-14T23:13:20.5+01:00": true, "2023-11-14T22:13:20": false, "1700000000": false, "2023-11-14T22:19:20Z": false},
	} {
		p := parse(t, base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  signature: {secret: HOOK, scheme: timestamp-body, timestamp_format: "+format+"}\n")
		v := p.callback.verifier
		for stamp, want := range stamps {
			header := http.Header{"Webhook-Timestamp": {stamp}, "Webhook-Signature": {signedWith(v, "key", stamp+".{}")}}
			if valid, _ := v.verify(header, []byte("{}"), "key", time.Unix(1_700_000_000, 0)); valid != want {
				t.Errorf("%s %s: %v", format, stamp, valid)
			}
		}
	}
}

// A secret that is no key refuses everybody: that is a fault of the installation, and the vendor should try again.
func TestASecretThatIsNoKeyIsOurOwnFault(t *testing.T) {
	short := "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7LcMyBDXn2sNYcTjbxXcADukqbI025ZyMn+A1xcRgj4L1fqmTATB90pMlewHKJD0F7cep+YiZqHU1ygjNRCy8ACa/v+YQGiZnqaI1ArcagLGP0yfvmr5AHulYPyZKO96VzOkx4m00Z1Bg22bgedEmabNcNqvNfwDFZycf1WueNwIDAQAB"
	for settings, secrets := range map[string][]string{
		"algorithm: ed25519":                       {"", "some-text", "whpk_AAAA", short, "-----BEGIN PUBLIC KEY-----"},
		"algorithm: rsa-sha256, encoding: base64":  {"", short, "lY2I3Ug+bQPA1UWR1zQJMxLwq+XPUxLuPg35Z/W7trM="},
		"algorithm: ecdsa-sha256":                  {"", short},
		"algorithm: sha256, key_encoding: base64":  {"not base64!"},
		"algorithm: sha1, key_encoding: hex":       {"xyz"},
		"algorithm: rsa-pss-sha256, encoding: hex": {strings.Repeat("A", 44)},
	} {
		p := parse(t, base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  signature: {secret: HOOK, scheme: body, signature_header: Sign, "+settings+"}\n")
		for _, secret := range secrets {
			_, err := p.ReadCallback(http.Header{"Sign": {"00"}}, []byte("{}"), secret, time.Unix(0, 0))
			if problem.CodeOf(err) != problem.Internal || secret != "" && strings.Contains(err.Error(), secret) {
				t.Errorf("%s, %.20q: %v", settings, secret, err)
			}
		}
	}
}

func TestAPublicKeyOfTheDefinitionNeedsNoSecret(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := parse(t, base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  signature: {public_key: "+hex.EncodeToString(public)+", scheme: body, signature_header: Sign, algorithm: ed25519}\n")
	body := []byte(`{"status":"done"}`)
	header := http.Header{"Content-Type": {"application/json"}, "Sign": {hex.EncodeToString(ed25519.Sign(private, body))}}
	client := &Client{Secrets: brokenSecrets{}}
	if result, err := client.ReadCallback(t.Context(), "demo", p, header, body); err != nil || fmt.Sprint(result) != "map[status:done]" {
		t.Errorf("%v %v", result, err)
	}
	if found := p.Unconfigured(t.Context(), "demo", map[string]string{"base": "https://a.example"}, InventoryOf(MapSecrets{})); len(found) != 0 {
		t.Errorf("asks for %v", found)
	}
}

func FuzzSignature(f *testing.F) {
	f.Add("t=1700000000,v1=00", "1700000000", "{}")
	f.Add("v1,AAAA v1a,AAAA", "1", "")
	f.Add("Basic dXNlcjpwYXNz", "", "x")
	var all []*Plugin
	for _, settings := range []string{
		"secret: HOOK", "secret: HOOK, scheme: timestamp-body, timestamp_field: t, signature_field: v1", "secret: HOOK, scheme: basic", "secret: HOOK, scheme: token",
		"secret: HOOK, scheme: body, signature_header: Webhook-Signature, algorithm: ed25519", "secret: HOOK, scheme: timestamp-body, encoding: base64url, timestamp_format: rfc3339",
	} {
		p, found := ParsePlugin("p.yaml", []byte(base+"  method: POST\nmode: callback\ncallback:\n  timeout: P1D\n  signature: {"+settings+"}\n"))
		if found.Failed() {
			f.Fatal(found)
		}
		all = append(all, p)
	}
	secret := "lY2I3Ug+bQPA1UWR1zQJMxLwq+XPUxLuPg35Z/W7trM="
	f.Fuzz(func(t *testing.T, given, stamp, body string) {
		header := http.Header{"Webhook-Id": {"a"}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {given}, "Authorization": {given}}
		for _, p := range all {
			if valid, _ := p.callback.verifier.verify(header, []byte(body), secret, time.Unix(1_700_000_000, 0)); valid && !strings.Contains(given, secret) {
				t.Error(strconv.Quote(given) + " passes")
			}
		}
	})
}
