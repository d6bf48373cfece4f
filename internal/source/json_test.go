package source_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ballerine/internal/source"
)

func TestWhatDecodersTakeInDifferentWaysIsFound(t *testing.T) {
	t.Parallel()
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf(`"n%d":%d`, i, i)
	}
	for text, want := range map[string]string{
		`{"a":1,"b":[{"c":"é"},2,null,true,-1.5e3]}`: "",
		`{"input":{"e":"jos` + "\xe9" + `@x.com"}}`:  "1:19  encoding",
		`{"e":"\ud800"}`:                                      "1:7 e encoding",
		`{"e":["x","\udc00"]}`:                                "1:12 e[1] encoding",
		`{"e":"\ud800\ud800"}`:                                "1:7 e encoding, 1:13 e encoding",
		`{"e":"\ud83d\ude00 \\ud800 \"\n"}`:                   "",
		`{"e":"a\u0000b"}`:                                    "1:8 e control",
		`{"a":1,"a":2}`:                                       "1:8 a duplicate",
		"{\"a\":{\"b\":1,\n \"\\u0062\":2}}":                  "2:2 a.b duplicate",
		`[{"a":1},{"a":1,"A":2,"a":3}]`:                       "1:23 [1].a duplicate",
		`{` + strings.Join(append(many, many[30]), ",") + "}": "1:342 n30 duplicate",
		`{"a":`: "", `no`: "", `{"a" 1, "a": 2}`: "", ``: "", `"\u12"`: "", `{,}`: "", `[1 2]`: "",
		strings.Repeat("[", 100_000):                                                                          "1:65 " + strings.Repeat("[0]", 64) + " too_deep",
		strings.Repeat("[", 64) + strings.Repeat("]", 64):                                                     "",
		strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64):                                           "",
		`{"a":[` + strings.Repeat(`{"b":`, 63) + "1":                                                          "1:317 a[0]" + strings.Repeat(".b", 62) + " too_deep",
		`{"a":9007199254740991,"b":-9007199254740991,"c":0.1,"d":0e999,"e":1E5,"f":0.0000000000000000000000}`: "",
		`{"a":9007199254740992}`:                                                                              "1:6 a inexact",
		`{"a":[1,-9007199254740993],"b":12345678901234567890}`:                                                "1:9 a[1] inexact, 1:32 b inexact",
		`[1e400,-1e400,1e-400,1e16,9007199254740991.5]`:                                                       "1:2 [0] inexact, 1:8 [1] inexact, 1:15 [2] inexact, 1:22 [3] inexact, 1:27 [4] inexact",
		`{"a":"9007199254740993"}`:                                                                            "",
	} {
		var messages []string
		for _, f := range source.JSONFaults([]byte(text)) {
			messages = append(messages, fmt.Sprintf("%d:%d %s %s", f.Line, f.Column, f.Path, f.Code))
		}
		if got := strings.Join(messages, ", "); got != want {
			t.Errorf("%.60s: %s, want %s", text, got, want)
		}
	}
}

// FuzzJSONFaults: JSON without faults is equivalent after it was decoded and encoded.
func FuzzJSONFaults(f *testing.F) {
	for _, seed := range []string{`{"a":1,"a":2}`, `["\ud800"]`, "\"\xff\"", `{"a":[{"b":"\u0062"}]}`, `{"x":"\\u0000"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		faults := source.JSONFaults(text)
		var v any
		if json.Unmarshal(text, &v) != nil || len(faults) > 0 {
			return
		}
		if again, err := json.Marshal(v); err != nil || strings.Contains(string(again), `\ufffd`) && !strings.Contains(string(text), "\ufffd") && !strings.Contains(strings.ToLower(string(text)), `\ufffd`) {
			t.Errorf("%q has no fault and becomes %s", text, again)
		}
	})
}

func BenchmarkJSONFaults(b *testing.B) {
	text := []byte(`{"input":{"applicant":{"name":"Ada Lovelace","country":"GB","born":"1815-12-10"},"sanctions":{"hits":[{"score":0.5},{"score":0.7}]}},"now":"2026-01-01T00:00:00Z"}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		source.JSONFaults(text)
	}
}
