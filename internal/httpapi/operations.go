package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

type (
	none struct{}
	// OnCase is the path of everything about one case. It is exported because Huma reads exported members only.
	OnCase struct {
		ID string `path:"id"`
	}
	// OnDocument is the path of one document of a case.
	OnDocument struct {
		OnCase
		Document string `path:"document"`
	}
	// Seen is the version that the caller has looked at.
	Seen struct {
		IfMatch string `header:"If-Match" doc:"the ETag of the case that was seen"`
	}
	// Paging is a page of a list.
	Paging struct {
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		Cursor string `query:"cursor" maxLength:"2000"`
	}
	body[T any]    struct{ Body T }
	created[T any] struct {
		Location string `header:"Location"`
		Body     T
	}
	caseAnswer struct {
		Status   int
		Location string `header:"Location"`
		ETag     string `header:"ETag"`
		Body     *Case
	}
	flowAnswer struct {
		ETag string `header:"ETag"`
		Body *FlowCase
	}
)

// version reads If-Match; 0 when it is absent: the domain says where that will not do. Errors: Invalid.
func (s Seen) version() (int, error) {
	if s.IfMatch == "" {
		return 0, nil
	}
	text, quoted := strings.CutPrefix(s.IfMatch, `"`)
	text, closed := strings.CutSuffix(text, `"`)
	version, err := strconv.Atoi(text)
	if !quoted || !closed || err != nil || version < 1 {
		return 0, problem.New(problem.Invalid, "If-Match is not an ETag of a case.").With("header.If-Match", "format", "send the ETag as it was given, with its quotes")
	}
	return version, nil
}

func tag(version int) string { return `"` + strconv.Itoa(version) + `"` }

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

func op(audience Audience, id, method, path, summary string) operation {
	return operation{audience: audience, Operation: huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary}}
}

func (o operation) creating() operation {
	o.idempotent, o.DefaultStatus = required, http.StatusCreated
	return o
}

// defining lets the body have a definition, which may be large.
func (o operation) defining() operation {
	o.maxBody = maxLargeBody
	return o
}

func (o operation) repeatable() operation {
	o.idempotent = optional
	return o
}

func (s *server) register(api huma.API) {
	type health struct {
		Status  string `json:"status"`
		Version string `json:"version,omitempty"`
	}
	add(s, api, op("", "getHealth", "GET", "/v1/health", "Say that it is up"), func(ctx, *none) (*body[health], error) {
		return &body[health]{health{"ok", s.Version}}, nil
	})
	for _, operations := range s.Operations {
		operations.register(s, api)
	}
}

// Operations are those of an audience. Each audience has a constructor of its own, and a function that calls one of them
// holds the code of no other's.
type Operations struct {
	Audience Audience
	register func(s *server, api huma.API)
}

// AllOperations are those of every audience.
func AllOperations() []Operations {
	return []Operations{ClientOperations(), ReviewOperations(), AdminOperations(), FlowOperations(), HookOperations()}
}

// ClientOperations are what clients call with a key.
func ClientOperations() Operations {
	return Operations{Client, func(s *server, api huma.API) {
		s.registerCases(api)
		s.registerDecisions(api)
		s.registerDocuments(api)
		s.registerEvaluation(api)
		s.registerWebhooks(api)
		s.registerFlowTokens(api)
	}}
}

// ReviewOperations are what people do in the dashboard.
func ReviewOperations() Operations {
	return Operations{Review, func(s *server, api huma.API) {
		s.registerPeople(api)
		s.registerHistory(api)
		s.registerBackOffice(api)
		s.registerDocumentReview(api)
		s.registerKeys(api)
		s.registerLedger(api)
	}}
}

// AdminOperations are for those who build and run workflows.
func AdminOperations() Operations {
	return Operations{Admin, func(s *server, api huma.API) {
		s.registerPublishing(api)
		s.registerMigrations(api)
		s.registerBacktests(api)
		s.registerLists(api)
		s.registerTrials(api)
	}}
}

// FlowOperations are the applicant's.
func FlowOperations() Operations { return Operations{Flow, (*server).registerFlow} }

// HookOperations are the vendors'.
func HookOperations() Operations { return Operations{Hooks, (*server).registerHooks} }

type startBody struct {
	Workflow   string         `json:"workflow" minLength:"1" maxLength:"100"`
	Version    int            `json:"version,omitempty" minimum:"1" doc:"default: the newest"`
	ExternalID string         `json:"external_id,omitempty" maxLength:"200"`
	Subject    map[string]any `json:"subject,omitempty" doc:"type, external_id, and what is known of it: name, email, …"`
	Context    map[string]any `json:"context,omitempty"`
}

type eventBody struct {
	Type    string `json:"type" minLength:"1" maxLength:"80"`
	Payload any    `json:"payload,omitempty"`
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
		Known string `header:"If-None-Match" doc:"the ETag that is known: 304 while the case is still so"`
	}
	add(s, api, op(Client, "getCase", "GET", "/v1/cases/{id}", "Read a case"), func(c ctx, in *getIn) (*caseAnswer, error) {
		record, err := s.Cases.Get(c, principalOf(c), in.ID)
		if err == nil && in.Known == tag(record.Version) {
			return &caseAnswer{Status: http.StatusNotModified, ETag: tag(record.Version)}, nil
		}
		return s.answer(c, record, err)
	})
	add(s, api, op(Client, "getPosition", "GET", "/v1/cases/{id}/position", "Where a case is, what can happen next, and why not"), func(c ctx, in *OnCase) (*body[cases.Whereabouts], error) {
		found, err := s.Cases.Whereabouts(c, principalOf(c), in.ID)
		return &body[cases.Whereabouts]{found}, err
	})
	s.registerCaseList(api)
	type eventIn struct {
		OnCase
		Body eventBody
	}
	add(s, api, op(Client, "sendEvent", "POST", "/v1/cases/{id}/events", "Send an event").repeatable(), func(c ctx, in *eventIn) (*caseAnswer, error) {
		record, err := s.Cases.Send(c, principalOf(c), in.ID, cases.SendCommand{Type: in.Body.Type, Payload: in.Body.Payload, IdempotencyID: callOf(c)})
		return s.answer(c, record, err)
	})
	type patchIn struct {
		OnCase
		Body map[string]any
	}
	add(s, api, op(Client, "saveContext", "PATCH", "/v1/cases/{id}/context", "Merge data into the context (RFC 7396)"), func(c ctx, in *patchIn) (*caseAnswer, error) {
		record, err := s.Cases.SaveContext(c, principalOf(c), in.ID, in.Body)
		return s.answer(c, record, err)
	})
}

func subjectOf(in map[string]any) (cases.SubjectInput, error) {
	subject := cases.SubjectInput{Data: map[string]any{}}
	e := problem.New(problem.Invalid, "The subject has problems.")
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
		Workflow  string    `query:"workflow"`
		State     string    `query:"state"`
		Tag       string    `query:"tag"`
		Status    string    `query:"status" enum:"active,completed,failed,cancelled"`
		Assignee  string    `query:"assignee" doc:"none: nobody's; me: the caller's"`
		Subject   string    `query:"subject"`
		Parent    string    `query:"parent" doc:"the case that has started them"`
		Risk      string    `query:"risk" enum:"low,medium,high,critical,none" doc:"none: not rated yet"`
		DueBefore time.Time `query:"due_before" doc:"the deadline is before this time"`
		Overdue   bool      `query:"overdue" doc:"only those that a person should have decided by now"`
		Incident  bool      `query:"incident" doc:"only those with work that has failed and waits for an operator"`
		Text      string    `query:"q" maxLength:"200" doc:"words of the case, or beginnings of them: ids, names, e-mail addresses, numbers of documents"`
		Sort      string    `query:"sort" enum:"created_at,-created_at,due_at" default:"-created_at" doc:"a leading minus: newest first; due_at: open cases, the soonest deadline first; what q finds is ordered by age"`
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
		scope := []any{"cases", p.Tenant, in.Filters}
		after, err := s.sealer.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		query := cases.Query{
			Workflow: in.Workflow, State: in.State, Tag: in.Tag, Status: cases.Status(in.Status), Assignee: in.Assignee, Subject: in.Subject, Parent: in.Parent,
			Severity: in.Risk, DueBefore: in.DueBefore, Text: in.Text, Order: cases.Order(in.Sort), Limit: in.Limit, After: after,
		}
		if in.Overdue {
			query.Overdue, query.Tag, query.Status = s.Now(), cases.TagReview, cases.StatusActive
		}
		if in.Incident {
			query.Incident, query.Status = true, cases.StatusActive
		}
		page, err := s.Cases.List(c, p, query)
		if err != nil {
			return nil, err
		}
		out := &body[List[*Case]]{List[*Case]{Data: []*Case{}, NextCursor: s.sealer.sign(scope, page.Next)}}
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

func (s *server) registerHistory(api huma.API) {
	type historyIn struct {
		OnCase
		Sort   string   `query:"sort" enum:"version,-version" default:"version" doc:"-version: newest first"`
		Causes []string `query:"cause" maxItems:"20" enum:"started,event,decision,timer,outcome,incident,incident_resolved,context,document,document_decision,document_viewed,assigned,note,undone,cancelled,execution_replaced,callback_awaited,children_started,child_reported,migrated" doc:"only entries of these causes"`
		Paging
	}
	add(s, api, op(Review, "listHistory", "GET", "/v1/cases/{id}/history", "Read the history, oldest first unless asked otherwise"), func(c ctx, in *historyIn) (*body[List[cases.Entry]], error) {
		p := principalOf(c)
		scope := []any{"history", p.Tenant, in.ID, in.Sort, in.Causes}
		text, err := s.sealer.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		query := cases.HistoryQuery{NewestFirst: in.Sort == "-version", Limit: in.Limit}
		for _, cause := range in.Causes {
			query.Causes = append(query.Causes, cases.Cause(cause))
		}
		if text != "" {
			if query.Bound, err = strconv.Atoi(text); err != nil {
				return nil, problem.Wrap(err, problem.Internal, "The cursor is not ours.")
			}
		}
		entries, bound, err := s.Cases.HistoryPage(c, p, in.ID, query)
		if err != nil {
			return nil, err
		}
		next := ""
		if bound > 0 {
			next = strconv.Itoa(bound)
		}
		return &body[List[cases.Entry]]{List[cases.Entry]{list(entries), s.sealer.sign(scope, next)}}, nil
	})
}
