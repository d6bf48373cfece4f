package workflow

import (
	_ "embed"
)

//go:embed workflow.schema.json
var documentSchema string

// DocumentSchema is the JSON Schema (2020-12) of workflow documents, for editors and other tools. Parse finds more.
func DocumentSchema() []byte { return []byte(documentSchema) }
