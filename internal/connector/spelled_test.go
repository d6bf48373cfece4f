package connector

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/problem"
)

// encodings are those that docs/vendors.md lists, each of which may be within another one.
var encodings = map[string]func(string) string{
	"percent":      url.QueryEscape,
	"path":         url.PathEscape,
	"all percent":  spellings["all percent"],
	"percent in u": func(s string) string { return eachUnit(s, "%u") },
	"JSON":         func(s string) string { return quoted(s, true) },
	"PHP":          func(s string) string { return strings.ReplaceAll(quoted(s, false), "/", `\/`) },
	"units":        inUnits,
	"bytes":        inBytes,
	"HTML":         html.EscapeString,
	"numbers":      spellings["numbers"],
	"hex numbers":  spellings["hex numbers"],
	"zeros":        func(s string) string { return eachRune(s, func(r rune) string { return fmt.Sprintf("&#%012d;", r) }) },
	"no semicolon": func(s string) string { return eachRune(s, func(r rune) string { return fmt.Sprintf("&#%d", r) }) + ";" },
	"names":        strings.NewReplacer("/", "&sol;", "+", "&plus;", "=", "&equals;", "_", "&lowbar;", "@", "&commat;", "&", "&amp;", ":", "&colon;").Replace,
	"base64":       func(s string) string { return base64.StdEncoding.EncodeToString([]byte("{\"key\":\"" + s + "\"}")) },
	"base64url":    func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("xy" + s)) },
	"lines":        func(s string) string { return inLines(base64.StdEncoding.EncodeToString([]byte("x"+s+"yy")), 20) },
	"hex":          func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":          func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"hex, colons": func(s string) string {
		return strings.TrimSuffix(each2(s, func(b byte) string { return fmt.Sprintf("%02x:", b) }), ":")
	},
	"hex, spaces": func(s string) string {
		return strings.TrimSuffix(each2(s, func(b byte) string { return fmt.Sprintf("%02X ", b) }), " ")
	},
	"hex, 0x": func(s string) string {
		return strings.TrimSuffix(each2(s, func(b byte) string { return fmt.Sprintf("0x%02x, ", b) }), ", ")
	},
	"nothing": func(s string) string { return s },
}

// codesOf are those that may be within each other only twice.
var codesOf = []string{"base64", "base64url", "lines", "hex", "HEX", "hex, colons", "hex, spaces", "hex, 0x"}

func eachUnit(s, format string) string {
	return strings.ReplaceAll(inUnits(s), `\u`, format)
}

// inBytes writes characters of two digits.
func inBytes(s string) string {
	return eachRune(s, func(r rune) string {
		if r > 0xff {
			return string(r)
		}
		return fmt.Sprintf(`\x%02x`, r)
	})
}

func inLines(s string, size int) string {
	var lines []string
	for chunk := range slices.Chunk([]byte(s), size) {
		lines = append(lines, string(chunk))
	}
	return strings.Join(lines, "\n")
}

var wellKnown = []string{"sk_live_4eC39HqLyjWDarjtT1zdp7dc", "p@ss/w0rd 77", "x9/Qw+7Lm=pT&2kR", `r"vAb3dEf9hJk\n12`, "user:pass word+of/vendor", "48151623", "%41%42secret\\u0041&amp;", "clé+de/l’API=é😀&x"}

// TestASecretIsFoundInWhateverIsWithinSomethingElse: each encoding within each other, and a third around them.
func TestASecretIsFoundInWhateverIsWithinSomethingElse(t *testing.T) {
	for _, secret := range wellKnown {
		h := redactor([]string{secret})
		for inner, first := range encodings {
			for outer, second := range encodings {
				for around, third := range map[string]func(string) string{"": encodings["nothing"], "JSON": encodings["JSON"], "percent": encodings["percent"]} {
					text := third(second(first(secret)))
					if got := h.Replace("it is " + text + " here"); !strings.Contains(got, redaction) {
						t.Fatalf("%q in %s in %s in %s: %q", secret, inner, outer, around, text)
					}
				}
			}
		}
	}
}

// Property: in whatever order a secret is encoded, and whatever is beside it, it is found, and is not in what is returned in any of the encodings.
func TestNoOrderOfEncodingsHidesASecret(t *testing.T) {
	ways := []string{}
	for way := range encodings {
		ways = append(ways, way)
	}
	slices.Sort(ways)
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SampledFrom(wellKnown).Draw(t, "secret")
		text, codes := secret, 0
		for range rapid.IntRange(0, 5).Draw(t, "depth") {
			way := rapid.SampledFrom(ways).Draw(t, "way")
			if slices.Contains(codesOf, way) {
				if codes++; codes > mostCodes {
					continue
				}
			}
			text = encodings[way](rapid.SampledFrom([]string{"", "a ", "x=", "["}).Draw(t, "before") + text + rapid.SampledFrom([]string{"", " b", ",", "]"}).Draw(t, "after"))
			if len(text) > 20_000 {
				return
			}
		}
		h := redactor([]string{secret})
		got := h.Replace(text)
		if !strings.Contains(got, redaction) {
			t.Fatalf("%q is not found in %q", secret, text)
		}
		if again := h.Replace(got); again != got {
			t.Fatalf("%q became %q", got, again)
		}
	})
}

// TestTextsWithoutSecretsComeBackAsTheyWere: whatever they look like.
func TestTextsWithoutSecretsComeBackAsTheyWere(t *testing.T) {
	h := redactor(append(manySecrets[:60:60], wellKnown...))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`([A-Za-z0-9+/]{0,40}[ \n%&\\;#xu"]{0,3}){0,9}`)).Draw(t, "text")
		if got := h.Replace(text); got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func FuzzHiding(f *testing.F) {
	f.Add("secret+of/16=bytes", `\\\u00e9%25%32%35&amp;amp;#38;\ud83d\\ude00&#x`, uint(0))
	f.Add(`\\\\\\\\\\\\\\\\\\`, strings.Repeat(`\`, 100), uint(7))
	f.Add("%%%%%%%%%%%%%%%%", strings.Repeat("%25", 50), uint(300))
	f.Add("%41%41%41%41", "QUFB", uint(4000))
	ways := []string{}
	for way := range encodings {
		ways = append(ways, way)
	}
	slices.Sort(ways)
	f.Fuzz(func(t *testing.T, secret, text string, order uint) {
		if len(secret) < shortestSecret || len(secret) > 100 || len(text) > 1000 || strings.Contains(secret, "\xff") || strings.ContainsAny(secret, "[]") {
			return
		}
		h := redactor([]string{secret})
		got := h.Replace(text)
		if h.Replace(got) != got {
			t.Errorf("%q has still %q in it: %q", got, secret, h.Replace(got))
		}
		if h.Replace(text+secret) == text+secret {
			t.Errorf("%q is not found", secret)
		}
		if written := encodings[ways[order%uint(len(ways))]](secret); h.Replace(" "+written) == " "+written && strings.ToValidUTF8(secret, "") == secret {
			t.Errorf("%q is not found as %q", secret, written)
		}
		_ = h.cutOff(text)
	})
}

// TestNamesOfHeadersAreSearchedInEitherCase: they are written in one that is not the vendor's.
func TestNamesOfHeadersAreSearchedInEitherCase(t *testing.T) {
	const secret = "vAb3dEf9hJk"
	outcome, err := attemptAt(t, "id: p\ntitle: P\nrequest: {method: GET, url: \"{vendor.base}/x\", headers: {X-Key: \"{secret.KEY}\"}}\nresponse: {result: {headers: \"{headers}\"}}\n", MapSecrets{"KEY": secret}, nil, Call{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(secret, "name")
		w.Header().Set("X-P-"+secret, "a part of it")
		inJSON(w, map[string]any{})
	})
	if err != nil {
		t.Fatal(err)
	}
	unsaid(t, "names", outcome, secret, strings.ToLower(secret), http.CanonicalHeaderKey(secret))
}

// TestShortSecretsAreHiddenAsWholeValuesOnly: inside of others they occur by chance, and a word in their place would betray them.
func TestShortSecretsAreHiddenAsWholeValuesOnly(t *testing.T) {
	const pin = "42"
	answer := map[string]any{"pin": pin, "number": 42, "total": 420, "born": "1942-01-02", "ref": "A-42-77", "deep": map[string]any{"42": []any{"42"}}}
	outcome, err := attemptAt(t, "id: p\ntitle: P\nrequest: {method: GET, url: \"{vendor.base}/x\", headers: {X-Key: \"{secret.KEY}\"}}\nresponse: {result: {all: \"{body}\"}}\n", MapSecrets{"KEY": pin}, nil, Call{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-42", "of 42")
		w.Header().Set("X-Pin", pin)
		inJSON(w, answer)
	})
	if err != nil {
		t.Fatal(err)
	}
	_, calls := exchangesOf(t, outcome.Exchanged)
	const want = `{"born":"1942-01-02","deep":{"[secret]":["[secret]"]},"number":"[secret]","pin":"[secret]","ref":"A-42-77","total":420}`
	if got := calls[0].Answer.Body.Text; got != want {
		t.Errorf("%s", got)
	}
	headers := map[string]string{}
	for _, header := range calls[0].Answer.Headers {
		headers[header.Name] = header.Value
	}
	if headers["X-42"] != "of 42" || headers["X-Pin"] != redaction {
		t.Errorf("%v", headers)
	}
	for _, doubled := range []string{`{"42":1,"42":2}`, `{"a":{"42":[{"42":1,"42":2}]}}`} {
		_, err = parseBody("p", asJSON(), []byte(doubled))
		for _, field := range problem.As(redactedError(err, redactor([]string{pin}))).Fields {
			if strings.Contains(field.Location, pin) {
				t.Errorf("%s", field.Location)
			}
		}
	}
}

// TestNumbersThatHaveASecretOfDigitsAreHidden: with a sign, with places, or in a longer one.
func TestNumbersThatHaveASecretOfDigitsAreHidden(t *testing.T) {
	for _, number := range []float64{48151623, -48151623, 48151623.5, 9948151623} {
		if got := redacted(number, redactor([]string{"48151623"})); got != redaction {
			t.Errorf("%v", got)
		}
	}
}

// TestTheAddressOfCallbacksIsInNoResult: whoever has it may send some.
func TestTheAddressOfCallbacksIsInNoResult(t *testing.T) {
	const token = "token-of-the-address-0123456789"
	const address = "https://here.example/v1/hooks/" + token
	outcome, err := attemptAt(t, "id: p\ntitle: P\nmode: callback\nrequest: {method: POST, url: \"{vendor.base}/x\", body: {back: \"{callback_url}\"}}\nresponse: {later: {status: [201], keep: {back: \"{body.back}\", token: \"{body.token}\"}}}\ncallback: {signature: {scheme: token, secret: HOOK, signature_header: X-Token}, schema: {type: object}, result: {all: \"{body}\", headers: \"{headers}\"}}\n",
		MapSecrets{"HOOK": "secret-of-the-hook"}, nil, Call{CallbackURL: address}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprintf(w, `{"back":%q,"token":%q}`, address, base64.StdEncoding.EncodeToString([]byte(token)))
		})
	if err != nil || fmt.Sprint(outcome.Accepted) != "map[back:{callback_url} token:{callback token}]" {
		t.Errorf("%v %v", outcome.Accepted, err)
	}
	unsaid(t, "acceptance", outcome, token)
	p := parse(t, callingPluginOf("{scheme: token, secret: HOOK, signature_header: X-Token}"))
	received := p.received(http.Header{"Content-Type": {"application/json"}, "X-Echo": {address}}, []byte(`{"back":"`+address+`"}`), nil)
	received.At(token)
	result, err := received.Result(Asked{})
	if err != nil {
		t.Fatal(err)
	}
	unsaid(t, "callback", Outcome{Result: result, Exchanged: received.Exchanged(time.Now())}, token)
}

func callingPluginOf(signature string) string {
	return strings.Replace(callingPlugin, "SIGNATURE", signature, 1)
}

// TestAShortSecretIsWarnedOf: nobody is shown it.
func TestAShortSecretIsWarnedOf(t *testing.T) {
	p := parse(t, "id: p\ntitle: P\nrequest: {method: GET, url: \"{vendor.base}/x\", headers: {X-Key: \"{secret.KEY}\", X-Pin: \"{secret.PIN}\"}}\n")
	found := p.Unconfigured(t.Context(), "demo", map[string]string{"base": "https://v.example"}, InventoryOf(MapSecrets{"KEY": "12345678", "PIN": "1234567"}))
	if len(found) != 1 || found[0].Code != CodeSecretShort || found[0].Severity != problem.SeverityWarning || !strings.Contains(found[0].Message, "PIN") || strings.Contains(fmt.Sprint(found), "1234567") {
		t.Errorf("%v", found)
	}
}
