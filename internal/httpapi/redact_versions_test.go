package httpapi

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// versioned are the versions of one workflow, from 1; one that is nil cannot be read.
type versioned []*workflow.Workflow

func (p versioned) Workflow(_ context.Context, _, _ string, version int) (*workflow.Workflow, error) {
	if version == 0 {
		version = len(p)
	}
	if version > len(p) {
		return nil, problem.New(problem.UnknownWorkflow, "There is no such version.")
	}
	if p[version-1] == nil {
		return nil, problem.New(problem.Internal, "It cannot be read.")
	}
	return p[version-1], nil
}

func TestWhatAnyVersionMarksIsNotShown(t *testing.T) {
	const marked = `id: desk
subject: individual
context: {schema: {type: object, properties: {who: {type: object, properties: {name: {type: string, personal: true}, country: {type: string}}}}}}
documents: [{kind: pass, title: Pass, content_types: [image/png], properties: {type: object, properties: {number: {type: string, personal: true}, land: {type: string}}}}]
initial: a
states: {a: {type: final}}
`
	version := func(text string) *workflow.Workflow {
		w, found := workflow.Parse("desk.yaml", []byte(text), nil)
		if w == nil {
			t.Fatal(found)
		}
		return w
	}
	open := strings.ReplaceAll(marked, ", personal: true", "")
	for name, one := range map[string]struct {
		versions versioned
		of       int
		want     string
	}{
		"marked":                           {versioned{version(marked)}, 1, "map[country:FR name:<nil>] map[land:FR number:<nil>]"},
		"moved to a version without marks": {versioned{version(marked), version(open)}, 2, "map[country:FR name:<nil>] map[land:FR number:<nil>]"},
		"of a version before the marks":    {versioned{version(open), version(marked)}, 1, "map[country:FR name:<nil>] map[land:FR number:<nil>]"},
		"no version has marks":             {versioned{version(open), version(open)}, 2, "map[country:FR name:Ann] map[land:FR number:X1]"},
		"a version that cannot be read":    {versioned{nil, version(open)}, 2, "<nil> map[]"},
	} {
		for i, w := range one.versions {
			if w != nil {
				w.Version = i + 1
			}
		}
		r := &redactor{versions: func(ref cases.WorkflowRef) []*workflow.Workflow {
			return versionsOf(t.Context(), one.versions, "t", ref)
		}}
		shown := Case{
			Workflow: cases.WorkflowRef{ID: "desk", Version: one.of}, Context: map[string]any{"who": map[string]any{"name": "Ann", "country": "FR"}},
			Documents: []Document{{Kind: "pass", Properties: map[string]any{"number": "X1", "land": "FR"}}},
		}
		clean := r.clean(reflect.ValueOf(shown), "", "").Interface().(Case)
		if got := fmt.Sprint(clean.Context["who"], clean.Documents[0].Properties); got != one.want {
			t.Errorf("%s: %s, want %s", name, got, one.want)
		}
	}
}

func TestWhatWasReadInAPictureIsNotShown(t *testing.T) {
	r := &redactor{versions: func(cases.WorkflowRef) []*workflow.Workflow { return nil }}
	shown := Case{Documents: []Document{{Kind: "pass", Checks: map[string]any{"looked": true, cases.CheckRead: map[string]any{"mrz": "P<UTOERIKSSON", "confidence": 0.97}}}}}
	clean := r.clean(reflect.ValueOf(shown), "", "").Interface().(Case)
	if got := fmt.Sprint(clean.Documents[0].Checks); strings.Contains(got, "ERIKSSON") || strings.Contains(got, "0.97") || !strings.Contains(got, cases.CheckRead) {
		t.Error(got)
	}
}
