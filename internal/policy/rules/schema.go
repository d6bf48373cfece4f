package rules

import (
	_ "embed"
	"slices"
)

//go:embed policy.schema.json
var policySchema []byte

// Schema is the JSON Schema of the document, for editors. Parse finds all that it finds, and more.
func Schema() []byte { return slices.Clone(policySchema) }
