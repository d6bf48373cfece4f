package task_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"ballerine/internal/docscan"
	"ballerine/internal/policy/rules"
	"ballerine/internal/workflow"
)

// filled sets everything that a value has, so that all of its JSON is there.
func filled(v reflect.Value, depth int) {
	if depth > 6 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(v.Elem(), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			filled(v.Field(i), depth+1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		filled(v.Index(0), depth+1)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1)
	}
}

// TestResultsByHandMayHaveWhatTasksReturn fails when what a task returns gets a member that a person could not set.
func TestResultsByHandMayHaveWhatTasksReturn(t *testing.T) {
	wf, diagnostics := workflow.Parse("w.yaml", []byte("id: w\ntitle: W\ninitial: a\nstates:\n  a:\n    invoke: [{src: document, id: papers}, {src: rules, id: risk, input: {policy: p}}]\n    onDone: b\n  b: {type: final}\n"), nil)
	if wf == nil {
		t.Fatal(diagnostics)
	}
	var report docscan.Report
	var answer rules.Answer
	filled(reflect.ValueOf(&report).Elem(), 0)
	filled(reflect.ValueOf(&answer).Elem(), 0)
	for work, returned := range map[string][]any{"papers": {report, docscan.Report{}}, "risk": {answer, rules.Answer{Outcome: "approve"}}} {
		i, _ := wf.Invocation("a", work)
		for _, one := range returned {
			text, err := json.Marshal(one)
			if err != nil {
				t.Fatal(err)
			}
			var result any
			if err := json.Unmarshal(text, &result); err != nil {
				t.Fatal(err)
			}
			if err := wf.CheckResult(i, result); err != nil {
				t.Errorf("%s: %v of %s", work, err, text)
			}
		}
	}
}
