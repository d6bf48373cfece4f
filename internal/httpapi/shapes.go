package httpapi

import (
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/statechart"
	"ballerine/internal/webhook"
)

// Case is a case as clients and reviewers see it.
type Case struct {
	ID            string             `json:"id"`
	ExternalID    *string            `json:"external_id"`
	Workflow      cases.WorkflowRef  `json:"workflow"`
	Status        cases.Status       `json:"status" enum:"active,completed,failed,cancelled"`
	Configuration []string           `json:"configuration" nullable:"false" doc:"active atomic states"`
	Tags          []string           `json:"tags" nullable:"false"`
	Version       int                `json:"version"`
	Outcome       *string            `json:"outcome"`
	Risk          *Risk              `json:"risk"`
	Subject       cases.SubjectRef   `json:"subject"`
	Parent        *cases.Parent      `json:"parent,omitempty" doc:"the case that has started this one"`
	Context       map[string]any     `json:"context"`
	Assignee      *string            `json:"assignee"`
	DueAt         *time.Time         `json:"due_at" doc:"the soonest deadline of the chart: it moves the case by itself"`
	SLA           *SLA               `json:"sla" doc:"how soon a person should decide"`
	StateSince    *time.Time         `json:"state_since"`
	Message       *cases.Message     `json:"message,omitempty" doc:"what the applicant was last told"`
	Undo          *Undo              `json:"undo,omitempty" doc:"the newest decision while it can be taken back"`
	Next          []statechart.Next  `json:"next" nullable:"false"`
	Documents     []Document         `json:"documents,omitempty"`
	Incidents     []cases.Incident   `json:"incidents,omitempty"`
	Execution     cases.ExecutionRef `json:"execution"`
	CreatedAt     time.Time          `json:"created_at"`
	UpdatedAt     time.Time          `json:"updated_at"`
}

// Risk is what the newest policy said.
type Risk struct {
	_        struct{} `nullable:"true"`
	Score    float64  `json:"score"`
	Severity string   `json:"severity"`
	Policy   string   `json:"policy,omitempty"`
	Reasons  []string `json:"reasons" nullable:"false" doc:"of the rules that fired, as sentences"`
}

// SLA is how soon a person should decide.
type SLA struct {
	_         struct{}  `nullable:"true"`
	StartedAt time.Time `json:"started_at"`
	DueAt     time.Time `json:"due_at"`
	Breached  bool      `json:"breached"`
}

// Undo is a decision that can still be taken back by who has made it.
type Undo struct {
	Event string      `json:"event"`
	By    cases.Actor `json:"by"`
	Until time.Time   `json:"until"`
}

// FlowCase is what an applicant sees of the case: nothing of risk, reviewers or checks.
type FlowCase struct {
	ID            string            `json:"id"`
	Workflow      cases.WorkflowRef `json:"workflow"`
	Status        cases.Status      `json:"status"`
	Configuration []string          `json:"configuration" nullable:"false"`
	Tags          []string          `json:"tags" nullable:"false"`
	Version       int               `json:"version"`
	Next          []statechart.Next `json:"next" nullable:"false"`
	Documents     []FlowDocument    `json:"documents" nullable:"false"`
	Message       *cases.Message    `json:"message,omitempty" doc:"what the applicant is asked for"`
}

// Document is a document without the place of its bytes.
type Document struct {
	ID          string                  `json:"id"`
	Kind        string                  `json:"kind"`
	Title       string                  `json:"title,omitempty" doc:"what the workflow calls the kind"`
	Side        string                  `json:"side,omitempty"`
	ContentType string                  `json:"content_type"`
	Size        int64                   `json:"size"`
	SHA256      string                  `json:"sha256"`
	Status      cases.DocumentStatus    `json:"status"`
	Properties  map[string]any          `json:"properties,omitempty"`
	Checks      map[string]any          `json:"checks,omitempty"`
	Decision    *cases.DocumentDecision `json:"decision,omitempty"`
	CreatedAt   time.Time               `json:"created_at"`
	UpdatedAt   time.Time               `json:"updated_at"`
}

// FlowDocument is what an applicant sees of a document.
type FlowDocument struct {
	ID          string               `json:"id"`
	Kind        string               `json:"kind"`
	Side        string               `json:"side,omitempty"`
	ContentType string               `json:"content_type"`
	Size        int64                `json:"size"`
	Status      cases.DocumentStatus `json:"status"`
	Reason      string               `json:"reason,omitempty" doc:"why another is asked for"`
}

// Key is an API key without what it is checked by; Secret is the whole key, shown once.
type Key struct {
	ID        string     `json:"id"`
	Name      string     `json:"name,omitempty"`
	Prefix    string     `json:"prefix"`
	Scopes    []string   `json:"scopes" nullable:"false"`
	CreatedAt time.Time  `json:"created_at"`
	CreatedBy string     `json:"created_by,omitempty"`
	ExpiresAt *time.Time `json:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at"`
	Secret    string     `json:"secret,omitempty" doc:"shown once"`
}

// Webhook is a subscription; Secret is shown once.
type Webhook struct {
	ID        string    `json:"id"`
	URL       string    `json:"url"`
	Events    []string  `json:"events" nullable:"false"`
	Disabled  bool      `json:"disabled"`
	Reason    string    `json:"reason,omitempty"`
	Version   int       `json:"version"`
	Secret    string    `json:"secret,omitempty" doc:"shown once"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Delivery is one event on its way to a receiver.
type Delivery struct {
	ID        string            `json:"id"`
	EventID   string            `json:"event_id"`
	Type      string            `json:"type"`
	Status    webhook.Status    `json:"status"`
	Attempts  []webhook.Attempt `json:"attempts" nullable:"false"`
	NextAt    *time.Time        `json:"next_at"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
}

// List is a page.
type List[T any] struct {
	Data       []T     `json:"data" nullable:"false"`
	NextCursor *string `json:"next_cursor"`
}

func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// list never gives null for no items.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

func each[A, B any](items []A, f func(A) B) []B {
	out := make([]B, len(items))
	for i, item := range items {
		out[i] = f(item)
	}
	return out
}

func (s *server) view(c ctx, record cases.Record) (*Case, error) {
	v, err := s.Cases.View(c, record)
	if err != nil {
		return nil, err
	}
	shape := ShapeCase(v)
	return &shape, nil
}

// ShapeCase is a case as the interface shows it. The command line shows it alike.
func ShapeCase(v cases.View) Case {
	shape := Case{
		ID: v.ID, ExternalID: orNull(v.ExternalID), Workflow: v.Workflow, Status: v.Status, Configuration: list(v.Configuration), Tags: list(v.Tags),
		Version: v.Version, Outcome: orNull(v.Outcome), Subject: v.Subject, Parent: v.Parent, Context: v.Context, Assignee: orNull(v.Assignee), DueAt: orNull(v.DueAt),
		Next: list(v.Next), Documents: each(v.Documents, documentShape), Incidents: v.Incidents, Execution: v.Execution, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
	}
	shape.StateSince, shape.Message = orNull(v.StateSince), v.Message
	if v.Risk != nil {
		shape.Risk = &Risk{Score: v.Risk.Score, Severity: v.Risk.Severity, Policy: v.Risk.Policy, Reasons: list(v.Reasons)}
	}
	if v.SLA != nil {
		shape.SLA = &SLA{StartedAt: v.SLA.StartedAt, DueAt: v.SLA.DueAt, Breached: v.SLA.Breached(v.At)}
	}
	if v.Undo != nil && v.At.Before(v.Undo.Until) {
		shape.Undo = &Undo{Event: v.Undo.Event, By: v.Undo.By, Until: v.Undo.Until}
	}
	for i := range shape.Documents {
		shape.Documents[i].Title = v.Titles[shape.Documents[i].Kind]
	}
	return shape
}

func (s *server) flowView(c ctx, record cases.Record) (*FlowCase, error) {
	v, err := s.Cases.View(c, record)
	if err != nil {
		return nil, err
	}
	next := []statechart.Next{}
	for _, n := range v.Next { // why a condition does not hold may tell of checks
		next = append(next, statechart.Next{Event: n.Event, Allowed: n.Allowed})
	}
	return &FlowCase{
		ID: v.ID, Workflow: v.Workflow, Status: v.Status, Configuration: list(v.Configuration), Tags: list(v.Tags), Version: v.Version,
		Next: next, Documents: each(v.Documents, flowDocument), Message: v.Message,
	}, nil
}

func documentShape(d cases.Document) Document {
	return Document{
		ID: d.ID, Kind: d.Kind, Side: d.Side, ContentType: d.ContentType, Size: d.Size, SHA256: d.SHA256, Status: d.Status,
		Properties: d.Properties, Checks: d.Checks, Decision: d.Decision, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
}

func flowDocument(d cases.Document) FlowDocument {
	shape := FlowDocument{ID: d.ID, Kind: d.Kind, Side: d.Side, ContentType: d.ContentType, Size: d.Size, Status: d.Status}
	if d.Decision != nil && d.Status == cases.DocumentRevision {
		shape.Reason = d.Decision.Reason
	}
	return shape
}

func keyShape(k identity.Key) Key {
	return Key{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Scopes: list(k.Scopes), CreatedAt: k.CreatedAt, CreatedBy: k.CreatedBy,
		ExpiresAt: orNull(k.ExpiresAt), RevokedAt: orNull(k.RevokedAt),
	}
}

func webhookShape(s webhook.Subscription) Webhook {
	return Webhook{ID: s.ID, URL: s.URL, Events: list(s.Events), Disabled: s.Disabled, Reason: s.Reason, Version: s.Version, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt}
}

func deliveryShape(d webhook.Delivery) Delivery {
	return Delivery{
		ID: d.ID, EventID: d.EventID, Type: d.Type, Status: d.Status, Attempts: list(d.Attempts), NextAt: orNull(d.NextAt),
		CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
}
