package workflow_test

import (
	"slices"
	"testing"

	"ballerine/internal/workflow"
)

func TestFieldsKeepTheOrderOfTheDocument(t *testing.T) {
	w, found := workflow.Parse("w.yaml", []byte(`
id: ordered
title: Ordered
subject: business
context:
  schema:
    type: object
    properties:
      zone: {type: string}
      company:
        type: object
        properties:
          name: {type: string}
          address: {type: object, properties: {street: {type: string}, city: {type: string}}}
      owners: {type: array, items: {type: object, properties: {share: {type: number}, name: {type: string}}}}
initial: open
states:
  open: {on: {close: closed}}
  closed: {type: final, tags: [approved]}
`), nil)
	if found.Failed() {
		t.Fatal(found)
	}
	want := []string{"zone", "company", "company.name", "company.address", "company.address.street", "company.address.city", "owners", "owners[].share", "owners[].name"}
	if !slices.Equal(w.FieldOrder, want) {
		t.Errorf("order %q, want %q", w.FieldOrder, want)
	}
}
