package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
	"ballerine/internal/statechart"
)

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
	Message       *cases.Message    `json:"message,omitempty" doc:"data that the applicant has to supply"`

	Accepted map[string]any `json:"accepted,omitempty" doc:"data that vendors have returned for the applicant while their final answer is pending, by work: for example the address of a session"`
}

// FlowDocument is what an applicant sees of a document.
type FlowDocument struct {
	ID          string               `json:"id"`
	Kind        string               `json:"kind"`
	Side        string               `json:"side,omitempty"`
	ContentType string               `json:"content_type"`
	Size        int64                `json:"size"`
	Status      cases.DocumentStatus `json:"status"`
	Reason      string               `json:"reason,omitempty" doc:"why another file is requested"`
}

type flowAnswer struct {
	ETag string `header:"ETag"`
	Body *FlowCase
}

func (s *server) flowView(c ctx, record cases.Record) (*FlowCase, error) {
	v, err := s.Cases.View(c, principalOf(c), record)
	if err != nil {
		return nil, err
	}
	return &FlowCase{
		ID: v.ID, Workflow: v.Workflow, Status: v.Status, Configuration: list(v.Configuration), Tags: list(v.Tags), Version: v.Version,
		Next: list(v.Next), Documents: each(v.Documents, flowDocument), Message: v.Message, Accepted: v.Accepted(),
	}, nil
}

func flowDocument(d cases.Document) FlowDocument {
	shape := FlowDocument{ID: d.ID, Kind: d.Kind, Side: d.Side, ContentType: d.ContentType, Size: d.Size, Status: d.Status}
	if d.Decision != nil && d.Status == cases.DocumentRevision {
		shape.Reason = d.Decision.Reason
	}
	return shape
}

func (s *server) registerFlowTokens(api huma.API) {
	type tokenIn struct {
		OnCase
		Body struct {
			ExpiresIn int `json:"expires_in,omitempty" minimum:"60" maximum:"86400" doc:"seconds"`
		}
	}
	type token struct {
		Token     string    `json:"token"`
		ExpiresAt time.Time `json:"expires_at"`
		URL       string    `json:"url,omitempty" doc:"the applicant's pages with the token, where the workflow names them (flow.url)"`
	}
	add(s, api, op(Client, "createFlowToken", "POST", "/v1/cases/{id}/flow-tokens", "Create a flow token for the applicant").creating(), func(c ctx, in *tokenIn) (*body[token], error) {
		p := principalOf(c)
		record, err := s.Cases.Get(c, p, in.ID)
		if err == nil {
			err = s.Keys.Invites(c, p)
		}
		if err != nil {
			return nil, err
		}
		life := s.FlowToken
		if in.Body.ExpiresIn > 0 {
			life = time.Duration(in.Body.ExpiresIn) * time.Second
		}
		id := reserved(c, "flow")
		expires, err := s.Cases.InvitesApplicant(c, p, in.ID, id, s.Now().UTC().Add(life).Truncate(time.Second))
		if err != nil {
			return nil, err
		}
		text, err := s.Tokens.Flow(p, in.ID, id, expires)
		if err != nil {
			return nil, err
		}
		url, err := s.Cases.FlowURL(c, record, text)
		return &body[token]{token{text, expires, url}}, err
	})
}

func (s *server) registerFlow(api huma.API) {
	answer := func(c ctx, record cases.Record, err error) (*flowAnswer, error) {
		if err != nil {
			return nil, err
		}
		shape, err := s.flowView(c, record)
		return &flowAnswer{tag(record.Version), shape}, err
	}
	add(s, api, op(Flow, "getFlowCase", "GET", "/v1/flow/case", "Get the applicant's case"), func(c ctx, _ *none) (*flowAnswer, error) {
		record, err := s.Cases.Get(c, principalOf(c), principalOf(c).Case)
		return answer(c, record, err)
	})
	type patchIn struct {
		Seen
		Body map[string]any
	}
	type eventIn struct {
		Seen
		Body eventBody
	}
	type announceIn struct {
		Seen
		Body announceBody
	}
	add(s, api, op(Flow, "saveFlowContext", "PATCH", "/v1/flow/context", "Save the applicant's data (RFC 7396)"), func(c ctx, in *patchIn) (*flowAnswer, error) {
		c, err := in.on(c, principalOf(c).Case)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.SaveContext(c, principalOf(c), principalOf(c).Case, in.Body)
		return answer(c, record, inPatch(err))
	})
	add(s, api, op(Flow, "sendFlowEvent", "POST", "/v1/flow/events", "Send an event").repeatable(), func(c ctx, in *eventIn) (*flowAnswer, error) {
		c, err := in.on(c, principalOf(c).Case)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.Send(c, principalOf(c), principalOf(c).Case, cases.SendCommand{Type: in.Body.Type, Payload: in.Body.Payload, IdempotencyID: callOf(c)})
		return answer(c, record, err)
	})
	add(s, api, op(Flow, "announceFlowDocument", "POST", "/v1/flow/documents", "Announce a document and get its upload link").creating(), func(c ctx, in *announceIn) (*body[announced[FlowDocument]], error) {
		c, err := in.on(c, principalOf(c).Case)
		if err != nil {
			return nil, err
		}
		document, upload, err := s.announce(c, principalOf(c).Case, in.Body)
		return &body[announced[FlowDocument]]{announced[FlowDocument]{flowDocument(document), upload}}, err
	})
	add(s, api, op(Flow, "listFlowDocuments", "GET", "/v1/flow/documents", "List the applicant's documents"), func(c ctx, _ *none) (*body[List[FlowDocument]], error) {
		record, err := s.Cases.Get(c, principalOf(c), principalOf(c).Case)
		return wholeList(each(record.Documents, flowDocument)), err
	})
}
