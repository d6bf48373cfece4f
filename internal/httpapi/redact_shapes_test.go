package httpapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/workflow"
)

// outputs are the types of all answers, by the operation.
func outputs(t *testing.T) map[string]reflect.Type {
	t.Helper()
	s, _, err := build(Config{Operations: AllOperations(), Secret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	return s.outputs
}

// texts finds the members of an answer that are text and not marked, as "type.member".
func texts(t reflect.Type, tag, member string, seen map[reflect.Type]bool, found map[string]bool) {
	switch t.Kind() {
	case reflect.String:
		if tag == "" || tag == "none" {
			found[member] = true
		}
	case reflect.Pointer, reflect.Slice, reflect.Map:
		texts(t.Elem(), tag, member, seen, found)
	case reflect.Struct:
		if seen[t] || t == reflect.TypeFor[time.Time]() {
			return
		}
		seen[t] = true
		name := regexp.MustCompile(`[a-z/]+/`).ReplaceAllString(t.String(), "") // of type arguments
		for i := range t.NumField() {
			if field := t.Field(i); field.IsExported() {
				texts(field.Type, field.Tag.Get("personal"), name+"."+field.Name, seen, found)
			}
		}
	}
}

// TestEveryTextOfAnAnswerIsDecidedAbout lists the texts that are shown to people who do not see personal data. Whoever adds one
// states here that it is not, or marks the field with `personal`.
func TestEveryTextOfAnAnswerIsDecidedAbout(t *testing.T) {
	shown, seen := map[string]bool{}, map[reflect.Type]bool{}
	for operation, output := range outputs(t) {
		if withoutCases[identity.Needs(operation)] {
			continue
		}
		texts(output, "", "", seen, shown)
	}
	text := []byte(strings.Join(slices.Sorted(maps.Keys(shown)), "\n") + "\n")
	const file = "testdata/shown-without-personal-data.txt"
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(kept, text) {
		t.Errorf("%s has drifted (%v). Is a new text personal data? Then mark its field with `personal`. If not, run go test ./internal/httpapi -run TestEveryText -update", file, err)
	}
}

const (
	secretly     = "Zq7personal"
	secretNumber = 770770771
)

// fill puts personal data wherever an answer can have some.
func fill(v reflect.Value, tag string, depth int) {
	if depth > 12 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), tag, depth+1)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				fill(v.Field(i), field.Tag.Get("personal"), depth+1)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), tag, depth+1)
		}
	case reflect.String:
		if tag != "" && tag != "none" {
			v.SetString(secretly)
		}
	case reflect.Int:
		if tag == "digest" {
			v.SetInt(secretNumber)
		}
	case reflect.Interface:
		if v.Type().NumMethod() == 0 && tag != "none" {
			v.Set(reflect.ValueOf([]any{secretly, map[string]any{"deep": secretly}}))
		}
	case reflect.Map:
		if tag == "none" || v.Type().Key().Kind() != reflect.String {
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		one := reflect.New(v.Type().Elem()).Elem()
		fill(one, tag, depth+1)
		v.SetMapIndex(reflect.ValueOf("q").Convert(v.Type().Key()), one)
	}
}

func TestNoAnswersShapeLetsPersonalDataThrough(t *testing.T) {
	filled := 0
	for operation, output := range outputs(t) {
		if withoutCases[identity.Needs(operation)] {
			continue
		}
		v := reflect.New(output)
		fill(v.Elem(), "", 0)
		before, err := json.Marshal(v.Interface())
		if err != nil {
			t.Fatal(operation, err)
		}
		filled += bytes.Count(before, []byte(secretly)) + bytes.Count(before, []byte(strconv.Itoa(secretNumber)))
		r := &redactor{versions: func(cases.WorkflowRef) []*workflow.Workflow { return nil }}
		after, err := json.Marshal(r.clean(v, "", "").Interface())
		if err != nil || bytes.Contains(after, []byte(secretly)) || bytes.Contains(after, []byte(strconv.Itoa(secretNumber))) {
			t.Errorf("%s lets it through: %s %v", operation, after, err)
		}
		if again, _ := json.Marshal(v.Interface()); !bytes.Equal(before, again) {
			t.Errorf("%s: the answer itself was changed, which may be shared", operation)
		}
	}
	if filled < 50 {
		t.Errorf("only %d places were filled", filled)
	}
}

// TestEveryDigestOfAnAnswerIsMarked: whoever tries all dates finds a date of birth by its digest, however long that is.
func TestEveryDigestOfAnAnswerIsMarked(t *testing.T) {
	public := map[string]bool{ // of lists that are no case's data, and of details with a salt that is not shown
		"httpapi.WatchlistEdition.SHA256": true, "cases.Entry.DetailsDigest": true,
	}
	shown := map[string]bool{}
	seen := map[reflect.Type]bool{}
	for operation, output := range outputs(t) {
		if !withoutCases[identity.Needs(operation)] {
			texts(output, "", "", seen, shown)
		}
	}
	for member := range shown {
		if regexp.MustCompile(`(?i)sha|digest|hash|checksum|\.(key|sent|received)$`).MatchString(member) && !public[member] {
			t.Errorf("%s is shown without cases:personal: mark its field with `personal:\"digest\"`, or say here what it is a digest of", member)
		}
	}
}
