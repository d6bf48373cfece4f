package task

import (
	"reflect"
	"slices"
	"testing"
)

func TestSweepLogsAllThatItHasDone(t *testing.T) {
	kind := reflect.TypeFor[swept]()
	var want, got []string
	for i := range kind.NumField() {
		want = append(want, kind.Field(i).Tag.Get("json"))
	}
	for i, attribute := range (swept{}).attributes() {
		if name, ok := attribute.(string); ok && i%2 == 0 {
			got = append(got, name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("logged: %v, done: %v", got, want)
	}
}
