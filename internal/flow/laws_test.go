package flow_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/flow"
	"ballerine/internal/workflow"
)

// answers that fields may get, good and bad.
var answers = []any{
	nil, "", "Ada", "DE", "US", "CA", "1985-12-10", "2020-01-01", "2030-01-01", "+493012345678", "director", "DE-1234", "G", "5411", true, false, 0.0, 12.5, 3.0, -1.0,
	[]any{},
	[]any{"web"},
	[]any{"DE", "FR"},
	[]any{"x", 1.0},
	map[string]any{},
	map[string]any{"name": "Acme", "country": "DE"},
	map[string]any{"name": "Acme"},
	map[string]any{"line1": "x", "city": "y", "country": "US", "state": "CA"},
	map[string]any{"amount": 1.5, "currency": "EUR"},
	map[string]any{"accepted": true, "version": "2026-01"},
	[]any{map[string]any{"name": "Ada", "share": 50.0, "politically_exposed": false}},
	[]any{map[string]any{"name": "Ada"}},
	[]any{map[string]any{"name": "Ada", "share": 50.0, "politically_exposed": true, "position": "Minister"}},
}

func drawnAnswers(t *rapid.T, fields []string) map[string]any {
	values := map[string]any{}
	for range rapid.IntRange(0, 4).Draw(t, "answers") {
		values[rapid.SampledFrom(fields).Draw(t, "field")] = rapid.SampledFrom(answers).Draw(t, "answer")
	}
	return values
}

// TestSavingKeepsItsLaws saves answers of all kinds in any order. Whatever is taken, the context keeps to its schema, nothing that was
// entered before is lost, the same again changes nothing, and a page that was saved as a whole has nothing missing.
func TestSavingKeepsItsLaws(t *testing.T) {
	text, err := os.ReadFile("testdata/business.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w, _ := workflow.Parse("business.yaml", text, nil)
	d, _ := flow.Parse("business.yaml", w)
	fields := map[string][]string{}
	for _, p := range d.Pages {
		for _, e := range p.Elements {
			if e.Field != "" {
				fields[p.ID] = append(fields[p.ID], e.Field)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		in := flow.Input{Context: map[string]any{}, Collects: true, Now: now, States: []string{"collect"}}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			page := rapid.SampledFrom([]string{"company", "contact", "owners", "send"}).Draw(t, "page")
			values, partial := drawnAnswers(t, fields[page]), rapid.IntRange(0, 3).Draw(t, "partial") > 0
			before := d.State(in)
			saved, err := d.Save(in, page, values, partial)
			if err != nil {
				if !reflect.DeepEqual(before, d.State(in)) {
					t.Fatal("what was refused has changed something")
				}
				continue
			}
			in.Context, _ = merge(in.Context, saved.Patch).(map[string]any)
			in.Progress = saved.Progress
			if err := w.CheckContext(in.Context); err != nil {
				t.Fatalf("%v breaks the schema: %v", in.Context, err)
			}
			after := d.State(in)
			kept(t, before, after, page, values)
			if again, err := d.Save(in, page, values, partial); err != nil || len(again.Patch) > 0 || !reflect.DeepEqual(again.Progress, in.Progress) {
				t.Fatalf("the same again: %+v, %v", again, err)
			}
			if left := missing(after, page); !partial && len(left) > 0 {
				t.Fatalf("%s is saved and lacks %v", page, left)
			}
		}
	})
}

func missing(s flow.State, page string) (left []flow.Remaining) {
	for _, r := range s.Remaining {
		if r.Page == page && r.Field != "" && r.Code != "undecided" && r.Code != "needed" {
			left = append(left, r)
		}
	}
	return left
}

// kept compares the values of fields that were not sent.
func kept(t *rapid.T, before, after flow.State, page string, values map[string]any) {
	for _, p := range before.Pages {
		for _, e := range p.Elements {
			if _, sent := values[e.Field]; sent && p.ID == page || e.Field == "" || e.Type == "group" {
				continue
			}
			at := slices.IndexFunc(after.Pages, func(other flow.PageState) bool { return other.ID == p.ID })
			same := slices.IndexFunc(after.Pages[at].Elements, func(other flow.ElementState) bool { return other.Field == e.Field })
			if got := after.Pages[at].Elements[same].Value; !reflect.DeepEqual(got, e.Value) {
				t.Fatalf("%s was %v and is %v, and nobody has sent it", e.Field, e.Value, got)
			}
		}
	}
}

// FuzzParse: whatever a definition contains, it is read or reported, and what was read has a state.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "testdata/business.yaml", "../../statemachines/kyc.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("id: a\nflow: {pages: [{id: a, fields: [a.b, '', 3], elements: [{}, {type: group, field: x, elements: [{type: state, field: a, country: a}]}]}]}\ninitial: a\nstates: {a: {type: final}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		w, _ := workflow.Parse("fuzz.yaml", text, nil)
		if w == nil {
			return
		}
		d, found := flow.Parse("fuzz.yaml", w)
		if (d == nil) != found.Failed() {
			t.Fatalf("no definition, and nothing is reported: %v", found)
		}
		if d == nil {
			return
		}
		for _, one := range found {
			if one.Line < 1 || one.Path == "" {
				t.Errorf("%+v has no place", one)
			}
		}
		in := flow.Input{Context: map[string]any{}, Collects: true, Now: now, Locale: "de"}
		s := d.State(in)
		for _, p := range s.Pages {
			_, _ = d.Save(in, p.ID, map[string]any{"a": 1.0, "x": []any{map[string]any{"a": "b"}}}, true)
		}
	})
}
