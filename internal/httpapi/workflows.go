package httpapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// WorkflowSummary is a published workflow in a list.
type WorkflowSummary struct {
	ID      string            `json:"id"`
	Version int               `json:"version"`
	Title   string            `json:"title"`
	Titles  map[string]string `json:"titles,omitempty" doc:"title by language (ISO 639-1); absent: there is one text, in a language that is not known"`
	Subject string            `json:"subject" enum:"individual,business,transaction,application"`
}

// Workflow is a published workflow: what it collects, and its chart.
type Workflow struct {
	WorkflowSummary
	Description   string                       `json:"description"`
	ContextSchema map[string]any               `json:"context_schema" nullable:"false" doc:"JSON Schema of a case's context; empty: anything"`
	ContextOrder  []string                     `json:"context_order" nullable:"false" doc:"The fields of context_schema as dotted paths, in the order of the definition. [] represents the items of a list: owners[].name."`
	Documents     []DocumentKind               `json:"documents" nullable:"false"`
	Initial       string                       `json:"initial"`
	States        []workflow.OutlineState      `json:"states" nullable:"false"`
	Transitions   []workflow.OutlineTransition `json:"transitions" nullable:"false"`
	Reasons       map[string][]string          `json:"reasons" nullable:"false" doc:"reason codes to choose from, by decision event and for documents; events that are not listed accept any code"`
}

// DocumentKind is a kind of document that a workflow collects.
type DocumentKind struct {
	Kind         string            `json:"kind"`
	Title        string            `json:"title"`
	Titles       map[string]string `json:"titles,omitempty" doc:"title by language (ISO 639-1); absent: there is one text, in a language that is not known"`
	Required     bool              `json:"required"`
	Sides        []string          `json:"sides" nullable:"false"`
	ContentTypes []string          `json:"content_types" nullable:"false"`
	Fields       []string          `json:"fields" nullable:"false" doc:"what is declared with it"`
}

func (s *server) registerWorkflows(api huma.API) {
	add(s, api, op(Review, "listWorkflows", "GET", "/v1/workflows", "List the published workflows"), func(c ctx, _ *none) (*body[List[WorkflowSummary]], error) {
		found, lost, err := s.Workflows(c, principalOf(c).Tenant)
		slices.SortFunc(found, func(a, b *workflow.Workflow) int { return strings.Compare(a.ID, b.ID) })
		s.unreadable(c, "listWorkflows", lost)
		return wholeList(each(found, workflowSummary), lost...), err
	})
	type workflowIn struct {
		OnID
		Version int `query:"version" minimum:"1" doc:"absent: the latest"`
	}
	add(s, api, op(Review, "getWorkflow", "GET", "/v1/workflows/{id}", "Get a published workflow"), func(c ctx, in *workflowIn) (*body[Workflow], error) {
		w, err := s.Cases.Catalog.Workflow(c, principalOf(c).Tenant, in.ID, in.Version)
		if problem.CodeOf(err) == problem.UnknownWorkflow {
			return nil, problem.New(problem.NotFound, "There is no such workflow.")
		}
		if err != nil {
			return nil, err
		}
		return &body[Workflow]{workflowShape(w)}, nil
	})
}

func workflowSummary(w *workflow.Workflow) WorkflowSummary {
	return WorkflowSummary{ID: w.ID, Version: w.Version, Title: w.Title, Titles: w.Titles, Subject: w.Subject}
}

func workflowShape(w *workflow.Workflow) Workflow {
	shape := Workflow{
		WorkflowSummary: workflowSummary(w), Description: w.Description, ContextSchema: w.Schema, ContextOrder: list(w.FieldOrder), Initial: initialOf(w),
		Documents: each(w.Documents, documentKind), Reasons: map[string][]string{},
	}
	if shape.ContextSchema == nil {
		shape.ContextSchema = map[string]any{}
	}
	maps.Copy(shape.Reasons, w.Reasons)
	shape.States, shape.Transitions = workflow.Outline(w)
	return shape
}

func documentKind(k workflow.DocumentKind) DocumentKind {
	shape := DocumentKind{
		Kind: k.Kind, Title: k.Title, Titles: k.Titles, Required: k.Required, Sides: list(k.Sides), ContentTypes: list(k.ContentTypes), Fields: []string{},
	}
	if properties, ok := k.Properties["properties"].(map[string]any); ok {
		shape.Fields = slices.Sorted(maps.Keys(properties))
	}
	return shape
}

// initialOf is the state that a case begins in; empty when the chart itself is a parallel state.
func initialOf(w *workflow.Workflow) string {
	if initial := w.Chart.Root().Initial; initial != nil {
		return initial.Path
	}
	return ""
}
