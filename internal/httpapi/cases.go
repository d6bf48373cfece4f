package httpapi

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
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
	Parent        *cases.Parent      `json:"parent,omitempty" doc:"the case that started this one"`
	Context       map[string]any     `json:"context" personal:"context"`
	Redacted      []string           `json:"redacted,omitempty" doc:"paths of fields that are hidden because the permission cases:personal is missing"`
	Assignee      *string            `json:"assignee"`
	DueAt         *time.Time         `json:"due_at" doc:"the next timer of the workflow, which moves the case automatically"`
	SLA           *SLA               `json:"sla" doc:"deadline for a decision"`
	StateSince    *time.Time         `json:"state_since"`
	Message       *cases.Message     `json:"message,omitempty" doc:"the latest message to the applicant"`
	Undo          *Undo              `json:"undo,omitempty" doc:"the newest decision while it can be taken back"`
	Snooze        *Snooze            `json:"snooze,omitempty" doc:"until when it is out of its queue; deadlines continue"`
	Escalation    *cases.Escalation  `json:"escalation,omitempty" doc:"that it has been handed to those who approve"`
	Next          []statechart.Next  `json:"next" nullable:"false"`
	Waiting       *cases.Waiting     `json:"waiting,omitempty" doc:"the party that an open case waits for, and since when"`
	Checks        []cases.Check      `json:"checks" nullable:"false" doc:"the checks that a decision relies on, and their status"`
	Needs         *Needs             `json:"needs,omitempty" doc:"the requirements for approving the case, if a person is asked"`
	Documents     []Document         `json:"documents,omitempty"`
	Incidents     []cases.Incident   `json:"incidents,omitempty"`
	Execution     cases.ExecutionRef `json:"execution"`
	CreatedAt     time.Time          `json:"created_at"`
	UpdatedAt     time.Time          `json:"updated_at"`
}

// TransformSchema implements huma.SchemaTransformer.
func (Case) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "risk", "sla")
}

// Risk is the answer of the newest policy.
type Risk struct {
	Score    float64  `json:"score"`
	Severity string   `json:"severity"`
	Policy   string   `json:"policy,omitempty"`
	Reasons  []string `json:"reasons" nullable:"false" personal:"text" doc:"reasons of the rules that fired, as sentences"`
}

// Needs is what approving a case takes.
type Needs struct {
	Reason   bool             `json:"reason" doc:"a reason and a comment"`
	Because  []cases.NeedsWhy `json:"because" nullable:"false" enum:"check_unanswered,not_rated,severity,hits,more_hits" doc:"why a reason and a comment are required"`
	Hits     []cases.Hit      `json:"hits" nullable:"false" doc:"possible matches, each of which needs an answer"`
	Cleared  []cases.Hit      `json:"cleared,omitempty" doc:"possible matches that were answered before for this subject, with nothing changed since: they require no answer"`
	FourEyes bool             `json:"four_eyes" doc:"a second person has to confirm"`
	Supplied bool             `json:"supplied,omitempty" doc:"whether the caller has supplied data of the case, and so cannot approve it"`
	Proposed *Proposed        `json:"proposed,omitempty" doc:"the first person's decision, which awaits confirmation by a second person"`
}

// Proposed is a decision that waits for a second person.
type Proposed struct {
	Event   string      `json:"event"`
	Reason  string      `json:"reason"`
	Comment string      `json:"comment" personal:"text"`
	By      cases.Actor `json:"by"`
	At      time.Time   `json:"at"`
}

// SLA is how soon a person should decide.
type SLA struct {
	StartedAt time.Time `json:"started_at"`
	DueAt     time.Time `json:"due_at"`
	Breached  bool      `json:"breached"`
}

// Undo is a decision that can still be undone by the person who made it.
type Undo struct {
	Event string      `json:"event"`
	By    cases.Actor `json:"by"`
	Until time.Time   `json:"until"`
}

type caseAnswer struct {
	Status   int
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     *Case
}

type startBody struct {
	Workflow   string         `json:"workflow" minLength:"1" maxLength:"100"`
	Version    int            `json:"version,omitempty" minimum:"1" doc:"default: the latest"`
	ExternalID string         `json:"external_id,omitempty" maxLength:"200"`
	Subject    map[string]any `json:"subject,omitempty" doc:"subject of the case: type (default: the workflow's subject), external_id, and known properties such as name and email"`
	Context    map[string]any `json:"context,omitempty"`
}

type eventBody struct {
	Type    string `json:"type" minLength:"1" maxLength:"80"`
	Payload any    `json:"payload,omitempty"`
}

// ShapeCase is a case as the interface shows it. The command line shows it alike.
func ShapeCase(v cases.View) Case {
	shape := Case{
		ID: v.ID, ExternalID: orNull(v.ExternalID), Workflow: v.Workflow, Status: v.Status, Configuration: list(v.Configuration), Tags: list(v.Tags),
		Version: v.Version, Outcome: orNull(v.Outcome), Subject: v.Subject, Parent: v.Parent, Context: v.Context, Assignee: orNull(v.Assignee), DueAt: orNull(v.DueAt),
		Next: list(v.Next), Documents: each(v.Documents, documentShape), Incidents: v.Incidents, Execution: v.Execution, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
	}
	shape.Checks, shape.Waiting = list(v.Checks), v.Waiting
	if n := v.Needs; n != nil {
		shape.Needs = &Needs{Reason: n.Reason, Because: n.Because, Hits: n.Hits, Cleared: n.Cleared, FourEyes: n.FourEyes, Supplied: n.Supplied}
		if p := n.Proposed; p != nil {
			shape.Needs.Proposed = &Proposed{Event: p.Event, Reason: p.Reason, Comment: p.Comment, By: p.By, At: p.At}
		}
	}
	shape.StateSince, shape.Message = orNull(v.StateSince), v.Message
	if v.Risk != nil {
		shape.Risk = &Risk{Score: v.Risk.Score, Severity: v.Risk.Severity, Policy: v.Risk.Policy, Reasons: list(v.Reasons)}
	}
	if v.SLA != nil {
		shape.SLA = &SLA{StartedAt: v.SLA.StartedAt, DueAt: v.SLA.DueAt, Breached: v.SLA.Breached(v.At)}
	}
	if v.Snooze.Asleep(v.At) {
		shape.Snooze = &Snooze{Until: v.Snooze.Until, By: v.Snooze.By, At: v.Snooze.At}
	}
	shape.Escalation = v.Escalation
	if v.Undo != nil && v.At.Before(v.Undo.Until) {
		shape.Undo = &Undo{Event: v.Undo.Event, By: v.Undo.By, Until: v.Undo.Until}
	}
	for i := range shape.Documents {
		shape.Documents[i].Title = v.Titles[shape.Documents[i].Kind]
		shape.Documents[i].Undo = documentUndo(v, shape.Documents[i].ID)
	}
	return shape
}

// documentUndo is the decision about a document, while it can be taken back.
func documentUndo(v cases.View, document string) *DocumentUndo {
	for _, u := range v.DocumentUndos {
		if u.Document == document && v.At.Before(u.Until) {
			return &DocumentUndo{By: u.By, Until: u.Until}
		}
	}
	return nil
}

func (s *server) view(c ctx, record cases.Record) (*Case, error) {
	v, err := s.Cases.View(c, principalOf(c), record)
	if err != nil {
		return nil, err
	}
	shape := ShapeCase(v)
	return &shape, nil
}

func (s *server) answer(c ctx, record cases.Record, err error) (*caseAnswer, error) {
	if err != nil {
		return nil, err
	}
	shape, err := s.view(c, record)
	if err != nil {
		return nil, err
	}
	return &caseAnswer{Status: http.StatusOK, ETag: tag(record.Version), Body: shape}, nil
}

func (s *server) registerCases(api huma.API) {
	add(s, api, op(Client, "startCase", "POST", "/v1/cases", "Start a case").creating(), func(c ctx, in *body[startBody]) (*caseAnswer, error) {
		subject, err := subjectOf(in.Body.Subject)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.Start(c, principalOf(c), cases.StartCommand{
			ID: reserved(c, "case"), Workflow: in.Body.Workflow, Version: in.Body.Version, ExternalID: in.Body.ExternalID, Subject: subject, Context: in.Body.Context,
		})
		out, err := s.answer(c, record, err)
		if err == nil {
			out.Status, out.Location = http.StatusCreated, "/v1/cases/"+record.ID
		}
		return out, err
	})
	type getIn struct {
		OnCase
		Known string `header:"If-None-Match" doc:"the ETag of the cached version: 304 if the case is unchanged"`
	}
	add(s, api, op(Client, "getCase", "GET", "/v1/cases/{id}", "Get a case"), func(c ctx, in *getIn) (*caseAnswer, error) {
		record, err := s.Cases.Get(c, principalOf(c), in.ID)
		if err == nil && in.Known == tag(record.Version) {
			return &caseAnswer{Status: http.StatusNotModified, ETag: tag(record.Version)}, nil
		}
		return s.answer(c, record, err)
	})
	add(s, api, op(Client, "getPosition", "GET", "/v1/cases/{id}/position", "Get the position of a case: possible events, and why others are not possible"), func(c ctx, in *OnCase) (*body[cases.Whereabouts], error) {
		found, err := s.Cases.Whereabouts(c, principalOf(c), in.ID)
		return &body[cases.Whereabouts]{found}, err
	})
	type eventIn struct {
		OnCase
		Seen
		Body eventBody
	}
	add(s, api, op(Client, "sendEvent", "POST", "/v1/cases/{id}/events", "Send an event").repeatable(), func(c ctx, in *eventIn) (*caseAnswer, error) {
		c, err := in.on(c, in.ID)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.Send(c, principalOf(c), in.ID, cases.SendCommand{Type: in.Body.Type, Payload: in.Body.Payload, IdempotencyID: callOf(c)})
		return s.answer(c, record, err)
	})
	type patchIn struct {
		OnCase
		Seen
		Body map[string]any
	}
	add(s, api, op(Client, "saveContext", "PATCH", "/v1/cases/{id}/context", "Merge data into the context (RFC 7396)"), func(c ctx, in *patchIn) (*caseAnswer, error) {
		c, err := in.on(c, in.ID)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.SaveContext(c, principalOf(c), in.ID, in.Body)
		return s.answer(c, record, inPatch(err))
	})
}

func subjectOf(in map[string]any) (cases.SubjectInput, error) {
	subject := cases.SubjectInput{Data: map[string]any{}}
	e := problem.New(problem.Invalid, "The subject is not valid.")
	for name, value := range in {
		if name != "type" && name != "external_id" {
			subject.Data[name] = value
			continue
		}
		text, ok := value.(string)
		if !ok || len(text) > 200 {
			e.With("body.subject."+name, "type", "expected a string of at most 200 bytes")
		}
		if name == "type" {
			subject.Type = text
		} else {
			subject.ExternalID = text
		}
	}
	if len(e.Fields) > 0 {
		return subject, e
	}
	return subject, nil
}

func (s *server) registerCaseList(api huma.API) {
	type Filters struct {
		Workflow      string    `query:"workflow"`
		State         string    `query:"state"`
		Tags          []string  `query:"tag,explode" nullable:"false" maxItems:"10" doc:"only cases in states with this tag, such as manual_review (a person has to decide); repeatable: all tags must match"`
		Status        string    `query:"status" enum:"active,completed,failed,cancelled"`
		Assignee      string    `query:"assignee" doc:"none: unassigned; me: assigned to the caller"`
		Subject       string    `query:"subject"`
		Parent        string    `query:"parent" doc:"the case that has started them"`
		Risks         []string  `query:"risk,explode" nullable:"false" maxItems:"10" doc:"the severity from a policy, by its bands: low, medium, high and critical unless it names its own; none: not rated yet; repeat it for several: one of them"`
		Outcome       string    `query:"outcome" maxLength:"200" doc:"only those that have ended in this final state"`
		SecondPerson  bool      `query:"second_person" doc:"only open cases with a decision that waits for a second person"`
		Escalated     bool      `query:"escalated" doc:"only those that were escalated to those who approve"`
		Snoozed       string    `query:"snoozed" enum:"true,false" doc:"true: only those that are snoozed; false: without them"`
		External      string    `query:"external_id" maxLength:"200" doc:"the case's id in the client's system: all cases that have had it"`
		Since         time.Time `query:"created_after" doc:"only cases created at or after this time"`
		Until         time.Time `query:"created_before" doc:"only cases created before this time"`
		Updated       time.Time `query:"updated_after" doc:"only cases changed at or after this time"`
		DueBefore     time.Time `query:"due_before" doc:"only cases whose deadline is before this time"`
		Overdue       bool      `query:"overdue" doc:"only cases whose decision deadline has passed"`
		WaitingFor    string    `query:"waiting_for" maxLength:"100" doc:"only open cases that wait for: operator (an incident), vendor, children (cases it has started), system (its own work), reviewer, applicant, client or timer (nobody); with the work that is waited for as vendor/identity"`
		WaitingBefore time.Time `query:"waiting_since_before" doc:"only open cases that have been waiting since before this time"`
		Incident      bool      `query:"incident" doc:"only cases with failed work that waits for an operator"`
		Text          string    `query:"q" maxLength:"200" doc:"words or beginnings of words in the case: ids, names, e-mail addresses, document numbers"`
		Sort          string    `query:"sort" enum:"created_at,-created_at,updated_at,-updated_at,due_at,waiting_since,risk,-risk" default:"-created_at" doc:"a leading minus: newest first; updated_at: by the newest change; due_at: open cases, the soonest deadline first; waiting_since: open cases, the longest wait first; risk: open cases by severity, the soonest deadline first within each; what q finds is ordered by age"`
	}
	type Shape struct {
		View string `query:"view" enum:"full,summary" default:"full" doc:"summary leaves out context, documents and next"`
	}
	type listIn struct {
		Filters
		Shape
		Paging
	}
	add(s, api, op(Client, "listCases", "GET", "/v1/cases", "List cases"), func(c ctx, in *listIn) (*body[List[*Case]], error) {
		p := principalOf(c)
		if in.Text != "" && !identity.Has(p, identity.CasesPersonal) { // the results reveal what was searched for
			return nil, identity.Lacks(identity.CasesPersonal)
		}
		scope := []any{"cases", p.Tenant, in.Filters}
		after, err := s.cursors.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		query := cases.Query{
			Workflow: in.Workflow, State: in.State, Tags: in.Tags, Outcome: in.Outcome, SecondPerson: in.SecondPerson, Status: cases.Status(in.Status), Assignee: in.Assignee, Subject: in.Subject, Parent: in.Parent,
			ExternalID: in.External, CreatedAfter: in.Since, CreatedBefore: in.Until, UpdatedAfter: in.Updated,
			Severities: in.Risks, DueBefore: in.DueBefore, Text: in.Text, Order: cases.Order(in.Sort), Limit: in.Limit, After: after,
		}
		if in.WaitingFor != "" {
			if query.WaitingFor, query.WaitingWork, err = cases.ParseWaitsFor(in.WaitingFor); err != nil {
				return nil, err
			}
		}
		query.WaitingBefore = in.WaitingBefore
		if in.Overdue {
			query.Overdue, query.Status = s.Now(), cases.StatusActive
			query.Tags = append(query.Tags, cases.TagReview)
		}
		query.Escalated = in.Escalated
		switch in.Snoozed {
		case "true":
			query.Snoozed = s.Now()
		case "false":
			query.Awake = s.Now()
		}
		if in.Incident {
			query.Incident, query.Status = true, cases.StatusActive
		}
		page, err := s.Cases.List(c, p, query)
		if err != nil {
			return nil, err
		}
		s.unreadable(c, "listCases", page.Unreadable)
		out := pageOf([]*Case{}, s.cursors.sign(scope, page.Next), page.Unreadable...)
		for _, record := range page.Records {
			shape, err := s.view(c, record)
			if err != nil {
				return nil, err
			}
			if in.View == "summary" {
				shape.Context, shape.Documents, shape.Next = map[string]any{}, nil, []statechart.Next{}
			}
			out.Body.Data = append(out.Body.Data, shape)
		}
		return out, nil
	})
}

func (s *server) registerCancellation(api huma.API) {
	type cancelIn struct {
		OnCase
		Seen
		Body struct {
			Reason string `json:"reason" minLength:"1" maxLength:"1000"`
		}
	}
	add(s, api, op(Review, "cancelCase", "POST", "/v1/cases/{id}/cancellation", "Cancel a case, also while somebody else is deciding it"), func(c ctx, in *cancelIn) (*caseAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.Cancel(c, principalOf(c), in.ID, version, in.Body.Reason)
		return s.answer(c, record, err)
	})
}
