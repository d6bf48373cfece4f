package ledger

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// FuzzDecode holds the decoder against encoding/json: what it accepts, it reads in the same way.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		`{"a":{"b":[1,2.5,-3e2,null,true,"x\u00e9\n"],"c":{}},"a":{"d":1}}`, ` { } `, `null`, `{"a":1e400}`, `{"a":01}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}",
		`{"a":9007199254740993}`, `{"a":-0}`, `{"a":0.1}`, `{"a":123456789012345678}`, `{"a":tru}`, `{"a":"\x"}`, `{"a":[[[[]]]]}`, `{"a":1}x`, `{"a":1,}`, "{\"a\":\"\t\"}", `{"é":"é"}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want map[string]any
		wanted := json.Unmarshal([]byte(text), &want)
		d := &decoder{}
		for range 2 { // what it made before must not show
			d.reset(text)
			got, err := d.document()
			if err != nil {
				continue // encoding/json has the word
			}
			if wanted != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%q gives %#v, want %#v %v", text, got, want, wanted)
			}
		}
		d.reset(text)
		if err := d.skip(1); err == nil && d.at == len(text) && !json.Valid([]byte(text)) {
			t.Fatalf("%q was passed over", text)
		}
	})
}

// FuzzLine holds the fast way through a line against the plain one.
func FuzzLine(f *testing.F) {
	for _, line := range []string{
		`{"id":"dec_1","outcome":"review","at":"2026-05-04T08:00:00Z","score":1.5,"fired":["a"],"input":{"a":{"b":1},"c":[1]},"answer":{"x":[]}}`,
		`{"id":"dec_1","outcome":"review","version":2,"took":5,"editions":{"l":"3"},"input":null}`, `{"ID":"dec_1","outcome":"review","input":{}}`,
		`{"outcome":"review","input":{"a":1},"input":{"b":2}}`, `{"outcome":"review","input":5}`, `{"outcome":"","input":{}}`, `{"outcome":"x","version":1.5}`, `{"outcome":"x","at":"soon"}`,
		`{"outcome":"x","fired":[null]}`, `{"outcome":"x","omitted":5}`, `{"outcome":"x","out\u0063ome":"y"}`, `[]`, `{}`, `{"outcome":"x"}{`,
	} {
		f.Add(line)
	}
	r := &Reader{}
	f.Fuzz(func(t *testing.T, text string) {
		want, wanted := Line(text).whole()
		got, err := Line(text).Sample(r)
		if (err == nil) != (wanted == nil) {
			t.Fatalf("%q gives %v, want %v", text, err, wanted)
		}
		if err == nil && (!reflect.DeepEqual(*got.Head, *want.Head) || !reflect.DeepEqual(got.Input, want.Input)) {
			t.Fatalf("%q gives %+v %v, want %+v %v", text, *got.Head, got.Input, *want.Head, want.Input)
		}
	})
}

func TestAHeadIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Head{
			ID: rapid.String().Draw(t, "id"), Tenant: "t", Policy: "p", Version: rapid.Int().Draw(t, "version"), Digest: "sha256:x",
			At: time.Unix(0, rapid.Int64().Draw(t, "at")).UTC(), Outcome: rapid.String().Draw(t, "outcome"), Score: rapid.Float64().Draw(t, "score"), Severity: "low",
			Fired: rapid.SliceOf(rapid.String()).Draw(t, "fired"), Took: time.Duration(rapid.Int64().Draw(t, "took")),
		}
		if rapid.Bool().Draw(t, "more") {
			want.Editions, want.Calls, want.Case, want.Subject = map[string]string{"l": "3"}, map[string]int{"q": 2}, "case_1", "subj_1"
			want.Omitted, want.Engine = []string{"input"}, 2
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadHead(text)
		var plain Head
		if err := json.Unmarshal(text, &plain); err != nil {
			t.Fatal(err)
		}
		if err != nil || !reflect.DeepEqual(got, plain) {
			t.Fatalf("%+v %v, want %+v", got, err, plain)
		}
		if _, err := ReadHead(text[:len(text)-1]); err == nil {
			t.Fatal("half a head was read")
		}
	})
}

func TestBodiesAreReadAsTheyWereWrittenAndOldOnesToo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		input := rapid.SliceOfN(rapid.ByteRange(' ', '~'), 0, 500).Draw(t, "input")
		answer := append(rapid.SliceOfN(rapid.ByteRange(' ', '~'), 0, 500).Draw(t, "answer"), input[:len(input)/2]...)
		body, err := pack(input, answer)
		if err != nil {
			t.Fatal(err)
		}
		gotInput, gotAnswer, err := unpack(body)
		if err != nil || !bytes.Equal(gotInput, input) || !bytes.Equal(gotAnswer, answer) {
			t.Fatalf("%q %q %v, want %q %q", gotInput, gotAnswer, err, input, answer)
		}
		if len(answer) > 0 || len(input) > 0 {
			at := rapid.IntRange(1, len(body)-1).Draw(t, "at")
			body[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			gotInput, gotAnswer, err = unpack(body)
			if err == nil && (!bytes.Equal(gotInput, input) || !bytes.Equal(gotAnswer, answer)) {
				t.Fatal("a damaged body was read")
			}
		}
		old := &bytes.Buffer{}
		w := gzip.NewWriter(old)
		_, _ = w.Write(append(append(bytes.Clone(input), '\n'), answer...))
		_ = w.Close()
		gotInput, gotAnswer, err = unpack(old.Bytes())
		if err != nil || !bytes.Equal(gotInput, input) || !bytes.Equal(gotAnswer, answer) {
			t.Fatalf("old: %q %q %v, want %q %q", gotInput, gotAnswer, err, input, answer)
		}
	})
}

// document reads the whole text, which must be an object or null.
func (d *decoder) document() (map[string]any, error) {
	d.space()
	v, err := d.value(1)
	if err != nil {
		return nil, err
	}
	d.space()
	o, ok := v.(map[string]any)
	if d.at < len(d.text) || !ok && v != nil {
		return nil, errNotPlain
	}
	return o, nil
}
