package httpapi

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"ballerine/internal/identity"
)

var update = flag.Bool("update", false, "write the generated document")

func TestDocumentIsTheOneCheckedIn(t *testing.T) {
	document, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	const file = "../../infra/openapi.yaml"
	if *update {
		if err := os.MkdirAll("../../infra", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, document, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(kept, document) {
		t.Fatalf("%s has drifted (%v): run go test ./internal/httpapi -run TestDocument -update", file, err)
	}
}

func TestEveryOperationHasAPermission(t *testing.T) {
	s, _, err := build(Config{Operations: AllOperations(), Secret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, row := range identity.Operations() {
		rows[row.ID] = true
	}
	for pattern, op := range s.operations {
		if !rows[op.OperationID] {
			t.Errorf("%s %s is in no permission table", pattern, op.OperationID)
		}
	}
	if len(s.operations) < 39 {
		t.Errorf("%d operations", len(s.operations))
	}
}
