package cases

import (
	"maps"
	"testing"
)

func TestAGroupOfChildrenIsReadOnceForEachContext(t *testing.T) {
	d := &draft{record: Record{Context: map[string]any{"children": map[string]any{"people": map[string]any{
		"state": "owners", "visit": 1.0, "cases": map[string]any{"case_a": map[string]any{"status": "active"}, "case_b": map[string]any{"status": "active"}},
	}}}}}
	read := func() children {
		t.Helper()
		group, ok := d.group("people")
		if !ok {
			t.Fatal("there is no group")
		}
		return group
	}
	first := read()
	first.Cases["case_a"] = Child{Status: StatusCompleted, Outcome: "approved", Version: 2}
	if again := read(); again.Cases["case_a"].Version != 2 {
		t.Errorf("the group is read once more: %+v", again.Cases)
	}
	first.count()
	if err := d.putChild("people", "case_a", first); err != nil {
		t.Fatal(err)
	}
	written := read()
	fresh, _ := (&draft{record: d.record}).group("people")
	if !sameJSON(written, fresh) || fresh.Completed != 1 || fresh.Active != 1 {
		t.Errorf("the group is %+v, and reads %+v", written, fresh)
	}
	// Somebody else's context is another one, whatever was read before.
	former := d.record.Context["children"].(map[string]any)["people"].(map[string]any)
	other := maps.Clone(former)
	other["cases"] = map[string]any{"case_c": map[string]any{"status": "active"}}
	d.record.Context = map[string]any{"children": map[string]any{"people": other}}
	if group := read(); len(group.Cases) != 1 || group.Cases["case_c"].Status != StatusActive {
		t.Errorf("another context has %+v", group)
	}
}
