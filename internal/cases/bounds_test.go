package cases_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/store/limits"
)

func TestTheLargestCaseCanBeKept(t *testing.T) {
	sum, undo := 0, 0
	covered := map[string]bool{"Undo": true, "Parked": true}
	for _, b := range cases.Bounds() {
		sum += b.Limit
		switch b.Place {
		case "body.context", "children", "documents", "snapshot", "incidents", "body.message", "former":
			undo += b.Limit // what was before a decision has bounds of its own, and they are the same
		}
	}
	if total := sum + undo; total > limits.Record {
		t.Errorf("a case can have %d KB with its decision that can be undone, and a store keeps %d KB", total>>10, limits.Record>>10)
	}
	// Every field of a record is part of a bound: each is measured by the bound that changes with it.
	record := reflect.TypeFor[cases.Record]()
	for i := range record.NumField() {
		field := record.Field(i)
		if covered[field.Name] {
			continue
		}
		var full cases.Record
		fill(reflect.ValueOf(&full).Elem().Field(i), 3)
		found := false
		for _, b := range cases.Bounds() {
			found = found || size(t, b.Of(full)) > size(t, b.Of(cases.Record{}))
		}
		if !found {
			t.Errorf("nothing bounds Record.%s: give it a place in bounds.go", field.Name)
		}
	}
}

func size(t *testing.T, value any) int {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return len(text)
}

// fill gives a value and everything in it something.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("something")
	case reflect.Int, reflect.Int64:
		v.SetInt(12345)
	case reflect.Float64:
		v.SetFloat(12345)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth-1)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[interface{ IsZero() bool }]() {
			return
		}
		if method := v.Addr().MethodByName("UnmarshalText"); method.IsValid() {
			method.Call([]reflect.Value{reflect.ValueOf([]byte("2026-01-02T03:04:05.678Z"))})
			return
		}
		for i := range v.NumField() {
			if depth > 0 && v.Field(i).CanSet() {
				fill(v.Field(i), depth-1)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth-1)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth-1)
		if value.Kind() != reflect.Interface {
			fill(value, depth-1)
		}
		v.SetMapIndex(key, value)
	}
}

func TestTooLargeInputIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	d := newDesk(t)
	subject := func(data map[string]any) cases.StartCommand {
		return cases.StartCommand{Workflow: "small", Subject: cases.SubjectInput{Type: "individual", Data: data}}
	}
	keys := map[string]any{}
	for len(keys) < 50_000 {
		keys[fmt.Sprint("key_", len(keys))] = true
	}
	long := subject(map[string]any{"name": "Ada"})
	long.ExternalID = strings.Repeat("x", 300)
	for name, c := range map[string]struct {
		cmd   cases.StartCommand
		place string
	}{
		"a subject of 900,000 characters": {subject(map[string]any{"about": strings.Repeat("x", 900_000)}), "body.subject too_large"},
		"a subject of very many keys":     {subject(keys), "body.subject too_large"},
		"a name of 2,000 characters":      {subject(map[string]any{"name": strings.Repeat("é", 2000)}), "body.subject.name too_large"},
		"an external id":                  {long, "body.external_id too_large"},
	} {
		_, err := d.Start(t.Context(), client, c.cmd)
		if found := places(wantCode(t, err, problem.TooLarge)); len(found) != 1 || found[0] != c.place {
			t.Errorf("%s: %v, want %s", name, found, c.place)
		}
	}
	r := d.start()
	writes := d.store.count()
	_, err := d.SaveContext(t.Context(), client, r.ID, map[string]any{"blob": strings.Repeat("x", 201<<10)})
	if found := places(wantCode(t, err, problem.TooLarge)); len(found) != 1 || found[0] != "body.context too_large" {
		t.Errorf("%v", found)
	}
	_, _, err = d.AnnounceDocument(t.Context(), client, r.ID, cases.AnnounceCommand{
		Kind: "licence", Side: "front", ContentType: "image/png", Size: 10, SHA256: sum("a"), Properties: map[string]any{"about": strings.Repeat("x", 20<<10)},
	})
	if found := places(wantCode(t, err, problem.TooLarge)); len(found) != 1 || found[0] != "body.properties too_large" {
		t.Errorf("%v", found)
	}
	if d.store.count() != writes {
		t.Error("something was written")
	}
}

func TestALargeContextCanBeDecidedAndTheDecisionUndone(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	r = must[cases.Record](d)(d.SaveContext(t.Context(), client, r.ID, map[string]any{"blob": strings.Repeat("x", 198<<10)}))
	r = must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "checked", Comment: "The data has changed.", Undo: 10e9}))
	r = must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, r.Version))
	wantState(t, r, "review")
	d.verified(r.ID)
}

func TestWhatTheHistoryCannotKeepIsRefused(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	must[cases.Record](d)(d.SaveContext(t.Context(), client, r.ID, map[string]any{"blob": strings.Repeat("x", 198<<10)}))
	patch := map[string]any{}
	for n := range 40_000 { // nothing of it stays, but all of it was sent
		patch[fmt.Sprint("nothing_", n)] = nil
	}
	_, err := d.SaveContext(t.Context(), client, r.ID, patch)
	if found := places(wantCode(t, err, problem.Invalid)); len(found) != 1 || found[0] != "body.context too_many" {
		t.Errorf("%v", found)
	}
	patch["name"] = "Ada"
	_, err = d.SaveContext(t.Context(), client, r.ID, map[string]any{"applicant": patch})
	if found := places(wantCode(t, err, problem.TooLarge)); len(found) != 1 || found[0] != "body too_large" {
		t.Errorf("%v", found)
	}
	d.verified(r.ID)
}
