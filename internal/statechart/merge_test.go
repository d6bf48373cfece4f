package statechart

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func value(t testing.TB, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(text, err)
	}
	return v
}

func TestMerge(t *testing.T) {
	for name, one := range map[string]struct {
		a, b   string
		arrays ArrayMerge
		want   string
	}{
		"objects member by member":       {`{"a":{"x":1,"y":2},"b":1}`, `{"a":{"y":3},"c":4}`, "", `{"a":{"x":1,"y":3},"b":1,"c":4}`},
		"another type wins":              {`{"a":[1],"b":{"x":1},"c":"t"}`, `{"a":{"x":1},"b":[2],"c":null}`, "", `{"a":{"x":1},"b":[2],"c":null}`},
		"concat is the default":          {`{"a":[1,2]}`, `{"a":[2,3]}`, "", `{"a":[1,2,2,3]}`},
		"replace":                        {`{"a":[1,2,3]}`, `{"a":[4]}`, arraysReplace, `{"a":[4]}`},
		"by place":                       {`{"a":[{"x":1},2,3]}`, `{"a":[{"y":1},5]}`, arraysByIndex, `{"a":[{"x":1,"y":1},5,3]}`},
		"by place, the second longer":    {`{"a":[1]}`, `{"a":[2,3]}`, arraysByIndex, `{"a":[2,3]}`},
		"by id":                          {`{"a":[{"id":"p","x":1},{"id":"q","x":2}]}`, `{"a":[{"id":"q","y":3},{"id":"r"}]}`, arraysByID, `{"a":[{"id":"p","x":1},{"id":"q","x":2,"y":3},{"id":"r"}]}`},
		"by id, one without":             {`{"a":[{"id":"p","x":1},{"x":2}]}`, `{"a":[{"id":"q"}]}`, arraysByID, `{"a":[{"id":"q","x":1},{"x":2}]}`},
		"numbers are ids, too":           {`{"a":[{"id":1,"x":1}]}`, `{"a":[{"id":1,"x":2}]}`, arraysByID, `{"a":[{"id":1,"x":2}]}`},
		"lists in elements are replaced": {`{"a":[{"id":"p","l":[1,2]}]}`, `{"a":[{"id":"p","l":[3]}]}`, arraysByID, `{"a":[{"id":"p","l":[3]}]}`},
		"lists in elements, by place":    {`{"a":[{"l":[1,2]}]}`, `{"a":[{"l":[3]}]}`, arraysByIndex, `{"a":[{"l":[3]}]}`},
		"deep lists of objects":          {`{"o":{"a":[1]}}`, `{"o":{"a":[2]}}`, arraysConcat, `{"o":{"a":[1,2]}}`},
		"nothing there":                  {`null`, `{"a":1}`, "", `{"a":1}`},
	} {
		a, b := value(t, one.a), value(t, one.b)
		got := Merge(a, b, one.arrays)
		if !reflect.DeepEqual(got, value(t, one.want)) {
			t.Errorf("%s: %v, want %s", name, got, one.want)
		}
		if !reflect.DeepEqual(a, value(t, one.a)) || !reflect.DeepEqual(b, value(t, one.b)) {
			t.Errorf("%s: an input was changed", name)
		}
	}
}

func TestMergingTheSameAgainChangesNothingUnlessListsGrow(t *testing.T) {
	var draw func(depth int) *rapid.Generator[any]
	draw = func(depth int) *rapid.Generator[any] {
		leaf := rapid.SampledFrom([]any{nil, 1.0, "t", true})
		if depth == 0 {
			return leaf
		}
		return rapid.OneOf(
			leaf,
			rapid.Map(rapid.SliceOfN(draw(depth-1), 0, 3), func(l []any) any { return l }),
			rapid.Map(rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "id"}), draw(depth-1), 0, 3), func(m map[string]any) any { return m }),
		)
	}
	rapid.Check(t, func(rt *rapid.T) {
		a, b := draw(3).Draw(rt, "a"), draw(3).Draw(rt, "b")
		before, _ := json.Marshal([]any{a, b})
		for _, arrays := range []ArrayMerge{arraysReplace, arraysByIndex} {
			once := Merge(a, b, arrays)
			if twice := Merge(once, b, arrays); !reflect.DeepEqual(once, twice) {
				rt.Fatalf("%s: %v, then %v", arrays, once, twice)
			}
		}
		for _, arrays := range ArrayMerges() {
			Merge(a, b, arrays)
		}
		if after, _ := json.Marshal([]any{a, b}); string(after) != string(before) {
			rt.Fatal("an input was changed")
		}
	})
}

func TestMergeActionLaysValuesOverWhatIsThere(t *testing.T) {
	chart := parse(t, `
initial: a
states:
  a: {on: {GO: {target: b, actions: [{type: merge, arrays: by_id, values: {found: event.payload, deep.inner: event.payload}}]}}}
  b: {type: final}
`)
	begun, err := chart.Start(map[string]any{"found": value(t, `{"l":[{"id":1,"x":1}]}`)}, start)
	if err != nil {
		t.Fatal(err)
	}
	ended, err := chart.Step(begun.Snapshot, begun.Context, Event{Type: "GO", Payload: value(t, `{"l":[{"id":1,"y":2}]}`)}, start)
	want := value(t, `{"found":{"l":[{"id":1,"x":1,"y":2}]},"deep":{"inner":{"l":[{"id":1,"y":2}]}}}`)
	if err != nil || !reflect.DeepEqual(any(ended.Context), want) {
		t.Errorf("%v, want %v (%v)", ended.Context, want, err)
	}
}

func TestAGuardThatReadsThePayloadNeverLetsItPose(t *testing.T) {
	chart := parse(t, `
initial: a
states:
  a:
    on:
      GO:
        - {guard: {type: json-logic, options: {rule: {"==": [{var: answer}, "yes"]}, payload: true}}, target: b}
        - {guard: {type: json-logic, options: {rule: {"==": [{var: answer}, "no"]}}}, target: c}
  b: {type: final}
  c: {type: final}
`)
	for name, one := range map[string]struct {
		context map[string]any
		payload any
		want    string
	}{
		"only in the payload":     {map[string]any{}, map[string]any{"answer": "yes"}, "b"},
		"the context is stronger": {map[string]any{"answer": "maybe"}, map[string]any{"answer": "yes"}, "a"},
		"other guards do not":     {map[string]any{}, map[string]any{"answer": "no"}, "a"},
	} {
		begun, err := chart.Start(one.context, start)
		if err != nil {
			t.Fatal(err)
		}
		next, err := chart.Step(begun.Snapshot, begun.Context, Event{Type: "GO", Payload: one.payload}, start)
		if err != nil || chart.Configuration(next.Snapshot)[0] != one.want {
			t.Errorf("%s: %v, want %s (%v)", name, chart.Configuration(next.Snapshot), one.want, err)
		}
	}
}
