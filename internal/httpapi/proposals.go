package httpapi

import (
	"maps"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/linediff"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/workflow"
)

// Proposal is what somebody wants to publish where nobody publishes alone.
type Proposal struct {
	ID         string             `json:"id"`
	Status     registry.Status    `json:"status" enum:"open,approved,rejected,withdrawn,outdated"`
	Comment    string             `json:"comment,omitempty"`
	ProposedAt time.Time          `json:"proposed_at"`
	ProposedBy string             `json:"proposed_by"`
	Behind     []string           `json:"behind,omitempty" doc:"if proposed with a key: people who may know its secret, and so cannot approve either"`
	DecidedAt  *time.Time         `json:"decided_at"`
	DecidedBy  string             `json:"decided_by,omitempty"`
	Reason     string             `json:"reason,omitempty" doc:"why it has ended so"`
	Documents  []ProposedDocument `json:"documents" nullable:"false" doc:"the documents, which are published atomically"`
	Settings   *ProposedSettings  `json:"settings,omitempty" doc:"a change of settings instead of documents"`
}

// ProposedDocument is a document of a proposal. Its members depend on where it is: a list has neither sources nor what
// is derived from them.
type ProposedDocument struct {
	Kind     registry.Kind        `json:"kind" enum:"workflow,policy,plugin"`
	ID       string               `json:"id"`
	Base     int                  `json:"base" doc:"the latest version at that time; 0: none"`
	Title    string               `json:"title,omitempty"`
	Digest   string               `json:"digest" doc:"SHA-256 of the source"`
	Comment  string               `json:"comment,omitempty"`
	Version  int                  `json:"version,omitempty" doc:"the proposal that was created"`
	Newest   *int                 `json:"newest,omitempty" doc:"the latest version now; if it differs from base, the proposal is outdated"`
	Source   string               `json:"source,omitempty"`
	Diff     *linediff.Diff       `json:"diff,omitempty" doc:"line by line, compared with the version that it is based on; absent if that version no longer exists"`
	Changes  []workflow.Change    `json:"changes,omitempty" doc:"of a workflow: the effects on running cases that are migrated to it"`
	Cases    []PolicyCase         `json:"cases,omitempty" doc:"of a policy: current results of its test cases"`
	Warnings []problem.Diagnostic `json:"warnings,omitempty"`
	Problems []problem.Diagnostic `json:"problems,omitempty" doc:"why it can no longer be published"`
	States   int                  `json:"states,omitempty" doc:"of a workflow: of its state machine"`
}

// PolicyCase is the result of a case that is written in a policy.
type PolicyCase struct {
	Name     string   `json:"name"`
	Line     int      `json:"line"`
	Passed   bool     `json:"passed"`
	Outcome  string   `json:"outcome"`
	Problems []string `json:"problems,omitempty"`
}

// orProposal documents an operation that answers with a proposal where four eyes are on. Its own answer is a T.
func orProposal[T any](api huma.API, o operation) operation {
	status := o.DefaultStatus
	if status == 0 {
		status = http.StatusOK
	}
	o = answering[T](api, o, status, http.StatusText(status))
	return answering[Proposal](api, o, http.StatusAccepted, "Four eyes are required: a proposal was created")
}

// answering documents that an operation answers a status with a T.
func answering[T any](api huma.API, o operation, status int, description string) operation {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, o.OperationID+"Response")
	responses := maps.Clone(o.Responses)
	if responses == nil {
		responses = map[string]*huma.Response{}
	}
	responses[strconv.Itoa(status)] = &huma.Response{Description: description, Content: map[string]*huma.MediaType{kindJSON: {Schema: schema}}}
	o.Responses = responses
	return o
}

func proposalPath(id string) string { return "/v1/proposals/" + id }

func (s *server) registerProposals(api huma.API) {
	type listIn struct {
		Status string `query:"status" enum:"open,approved,rejected,withdrawn,outdated" doc:"absent: all"`
		Paging
	}
	add(s, api, op(Admin, "listProposals", "GET", "/v1/proposals", "List proposals, newest first"), func(c ctx, in *listIn) (*body[List[Proposal]], error) {
		scope := []any{"proposals", principalOf(c).Tenant, in.Status}
		after, err := s.cursors.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		page, next, err := s.Publisher.Proposals(c, principalOf(c).Tenant, registry.ProposalQuery{Status: registry.Status(in.Status), After: after, Limit: in.Limit})
		page, lost := readable(s, c, "listProposals", page, func(p registry.Proposal) string { return lostIn(p.Unreadable, p.ID) })
		return pageOf(each(page, ProposalShape), s.cursors.sign(scope, next), lost...), err
	})
	add(s, api, op(Admin, "getProposal", "GET", "/v1/proposals/{id}", "Get a proposal with its sources, changes and problems"), func(c ctx, in *OnID) (*body[Proposal], error) {
		found, documents, err := s.Publisher.Proposal(c, principalOf(c).Tenant, in.ID)
		return &body[Proposal]{ReviewedShape(found, documents)}, err
	})
}

func (s *server) registerDecidingProposals(api huma.API) {
	type approveProposalIn struct {
		OnID
		Body *struct {
			Comment string `json:"comment,omitempty" maxLength:"2000"`
		}
	}
	add(s, api, op(Admin, "approveProposal", "POST", "/v1/proposals/{id}/approval", "Approve the proposal of another person; it is validated again and published atomically").repeatable(), func(c ctx, in *approveProposalIn) (*body[Proposal], error) {
		comment := ""
		if in.Body != nil {
			comment = in.Body.Comment
		}
		done, err := s.Publisher.Approve(c, principalOf(c), in.ID, comment)
		return &body[Proposal]{ProposalShape(done)}, err
	})
	type rejectProposalIn struct {
		OnID
		Body struct {
			Reason string `json:"reason" minLength:"1" maxLength:"2000"`
		}
	}
	add(s, api, op(Admin, "rejectProposal", "POST", "/v1/proposals/{id}/rejection", "Reject the proposal of another person").repeatable(), func(c ctx, in *rejectProposalIn) (*body[Proposal], error) {
		done, err := s.Publisher.Reject(c, principalOf(c), in.ID, in.Body.Reason)
		return &body[Proposal]{ProposalShape(done)}, err
	})
	add(s, api, op(Admin, "withdrawProposal", "POST", "/v1/proposals/{id}/withdrawal", "Withdraw one's own proposal").repeatable(), func(c ctx, in *OnID) (*body[Proposal], error) {
		done, err := s.Publisher.Withdraw(c, principalOf(c), in.ID)
		return &body[Proposal]{ProposalShape(done)}, err
	})
}

// ProposalShape is a proposal as lists show it, and as it is returned to the person who proposes or decides it.
func ProposalShape(p registry.Proposal) Proposal {
	shape := Proposal{
		ID: p.ID, Status: p.Status, Comment: p.Comment, ProposedAt: p.ProposedAt, ProposedBy: p.ProposedBy, Behind: p.Behind,
		DecidedAt: orNull(p.DecidedAt), DecidedBy: p.DecidedBy, Reason: p.Reason, Documents: each(p.Documents, proposedShape),
	}
	if s := p.Settings; s != nil {
		shape.Settings = &ProposedSettings{FourEyes: s.FourEyes, Base: s.Base}
	}
	return shape
}

func proposedShape(d registry.Proposed) ProposedDocument {
	return ProposedDocument{Kind: d.Kind, ID: d.ID, Base: d.Base, Title: d.Title, Digest: d.Digest, Comment: d.Comment, Version: d.Version}
}

// ReviewedShape is a proposal as the person who decides it sees it. The command line shows it alike.
func ReviewedShape(p registry.Proposal, documents []registry.Reviewed) Proposal {
	shape := ProposalShape(p)
	for i, r := range documents {
		d := &shape.Documents[i]
		d.Newest, d.Source, d.Diff, d.Changes, d.Warnings, d.Problems, d.States = &r.Newest, r.Source, r.Diff, r.Changes, r.Warnings, r.Problems, r.States
		d.Cases = each(r.Cases, caseShape)
	}
	return shape
}

func caseShape(r rules.CaseResult) PolicyCase {
	return PolicyCase{Name: r.Name, Line: r.Line, Passed: r.Passed, Outcome: r.Answer.Outcome, Problems: r.Problems}
}

// proposedOf is the proposal that publications have become, with the findings about each document; nil if there is none.
func proposedOf(done []registry.Publication) *Proposal {
	var shape *Proposal
	for _, p := range done {
		if p.Proposal == nil {
			continue
		}
		if shape == nil {
			made := ProposalShape(*p.Proposal)
			shape = &made
		}
		for i := range shape.Documents {
			if d := &shape.Documents[i]; d.Kind == p.Kind && d.ID == p.ID {
				d.Changes, d.Warnings, d.States = p.Changes, p.Warnings, p.States
			}
		}
	}
	return shape
}
