package cases

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"ballerine/internal/statechart"
)

// full fills everything that a value can hold, each list and map with two elements, to a depth of recursive types.
func full(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1, 0).UTC()))
			return
		}
		for i := range v.NumField() {
			full(v.Field(i), depth)
		}
	case reflect.Pointer:
		if v.Type() != reflect.TypeFor[*statechart.Position]() || depth > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			full(v.Elem(), depth-1)
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[[]statechart.Position]() && depth <= 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			full(v.Index(i), depth-1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for i := range 2 {
			element := reflect.New(v.Type().Elem()).Elem()
			full(element, depth-1)
			v.SetMapIndex(reflect.ValueOf(fmt.Sprint("key", i)).Convert(v.Type().Key()), element)
		}
	case reflect.Interface:
		v.Set(reflect.ValueOf(map[string]any{"object": map[string]any{"list": []any{1.5, []any{"x"}, map[string]any{"y": nil}}}, "flag": true}))
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1.5)
	default:
		v.SetInt(7)
	}
}

// shared states where two values hold the same memory.
func shared(a, b reflect.Value, path string) (places []string) {
	switch a.Kind() {
	case reflect.Struct:
		if a.Type() == reflect.TypeFor[time.Time]() {
			return nil // its location is never changed
		}
		for i := range a.NumField() {
			places = append(places, shared(a.Field(i), b.Field(i), path+"."+a.Type().Field(i).Name)...)
		}
	case reflect.Pointer, reflect.Interface:
		if a.Kind() == reflect.Pointer && !a.IsNil() && a.Pointer() == b.Pointer() {
			return []string{path}
		}
		if !a.IsNil() {
			places = shared(a.Elem(), b.Elem(), path)
		}
	case reflect.Slice:
		if a.Len() > 0 && a.Pointer() == b.Pointer() {
			return []string{path}
		}
		for i := range a.Len() {
			places = append(places, shared(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
	case reflect.Map:
		if !a.IsNil() && a.Pointer() == b.Pointer() {
			return []string{path}
		}
		for _, key := range a.MapKeys() {
			places = append(places, shared(a.MapIndex(key), b.MapIndex(key), fmt.Sprintf("%s[%v]", path, key))...)
		}
	}
	return places
}

// A field that is new in the record and left out of Clone fails here.
func TestAClonedRecordSharesNothing(t *testing.T) {
	var record Record
	full(reflect.ValueOf(&record).Elem(), 4)
	clone := record.Clone()
	if !reflect.DeepEqual(record, clone) {
		t.Errorf("the clone is another record:\n%+v\n%+v", record, clone)
	}
	for _, place := range shared(reflect.ValueOf(record), reflect.ValueOf(clone), "record") {
		t.Errorf("%s is shared", place)
	}
	if empty := (Record{}).Clone(); !reflect.DeepEqual(empty, Record{}) {
		t.Errorf("the clone of an empty record is %+v", empty)
	}
	same := record
	if len(shared(reflect.ValueOf(record), reflect.ValueOf(same), "record")) < 15 {
		t.Error("what is shared is not found")
	}
}
