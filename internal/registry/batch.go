package registry

import (
	"context"

	"ballerine/internal/connector"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// Batch is a set of documents that were submitted in one request: each may refer to the others and to the catalog.
type Batch struct {
	*incoming
	Found []problem.Diagnostics // of each document, in the order of the arguments
}

// CheckBatch checks documents as if they were published in one request, and publishes nothing.
func (c *Catalog) CheckBatch(ctx context.Context, tenant string, documents []Publish) *Batch {
	p := &Publisher{Catalog: c}
	t := &Batch{incoming: p.incoming(ctx, tenant), Found: make([]problem.Diagnostics, len(documents))}
	failures := p.checkEach(documents, t.incoming)
	for i, d := range documents {
		t.Found[i] = t.made[key(d.Kind, d.ID)].warnings
		if failures[i] != nil && !t.Found[i].Failed() {
			t.Found[i] = append(t.Found[i], problem.Diagnostic{File: "source", Line: 1, Column: 1, Code: string(problem.CodeOf(failures[i])), Message: problem.As(failures[i]).Message})
		}
	}
	return t
}

// ParsedWorkflow is one of the documents; nil: it is not one of them, or has errors.
func (t *Batch) ParsedWorkflow(id string) *workflow.Workflow {
	return t.made[key(Workflow, id)].workflow
}

// ParsedPolicy is one of the documents, or one of the catalog. Errors: UnknownPolicy.
func (t *Batch) ParsedPolicy(id string) (*rules.Policy, error) { return t.policy(id) }

// ParsedPlugin is one of the documents, or one of the catalog. Errors: NotFound.
func (t *Batch) ParsedPlugin(id string) (*connector.Plugin, error) {
	if p := t.made[key(Plugin, id)].plugin; p != nil {
		return p, nil
	}
	return t.catalog.Plugin(t.ctx, t.tenant, id)
}
