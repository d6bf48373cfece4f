package registry

import (
	"context"
	"fmt"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/ids"
	"ballerine/internal/problem"
)

// Status of a proposal.
type Status string

// The statuses. All but Open are final.
const (
	Open      Status = "open"
	Approved  Status = "approved"
	Rejected  Status = "rejected"
	Withdrawn Status = "withdrawn"
	Outdated  Status = "outdated" // what it is based on had changed by the time of its approval
)

// Statuses are all of them.
func Statuses() []Status { return []Status{Open, Approved, Rejected, Withdrawn, Outdated} }

// Proposal is what somebody wants to publish where nobody publishes alone: a group of documents, or a change of the
// settings. What it proposes never changes; only its end is recorded, once.
type Proposal struct {
	Tenant     string            `json:"tenant"`
	ID         string            `json:"id"` // "prop_…"; sorts by time
	Status     Status            `json:"status"`
	Documents  []Proposed        `json:"documents,omitempty"`
	Settings   *ProposedSettings `json:"settings,omitempty"`
	Comment    string            `json:"comment,omitempty"`
	ProposedAt time.Time         `json:"proposed_at"`
	ProposedBy string            `json:"proposed_by"`
	Behind     []string          `json:"behind,omitempty"` // if proposed with a key: people who may know its secret, and so cannot approve either
	DecidedAt  time.Time         `json:"decided_at,omitzero"`
	DecidedBy  string            `json:"decided_by,omitempty"`
	Reason     string            `json:"reason,omitempty"` // why it ended as it did
	Unreadable bool              `json:"-"`                // exists but cannot be decoded: only the id is known
}

// UnreadableProposal represents a proposal in lists that exists but cannot be decoded.
func UnreadableProposal(tenant, id string) Proposal {
	return Proposal{Tenant: tenant, ID: id, Unreadable: true}
}

// Proposed is a document of a proposal.
type Proposed struct {
	Kind       Kind   `json:"kind"`
	ID         string `json:"id"`
	Base       int    `json:"base"` // the latest version at that time; 0: none
	BaseDigest string `json:"base_digest,omitempty"`
	Title      string `json:"title,omitempty"`
	Digest     string `json:"digest"`
	Comment    string `json:"comment,omitempty"`
	Version    int    `json:"version,omitempty"` // that it has become
	Source     string `json:"source,omitempty"`
}

// ProposedSettings are the settings that a proposal wants.
type ProposedSettings struct {
	Base     int  `json:"base"` // the version that they change
	FourEyes bool `json:"four_eyes"`
}

// Limits of a proposal: all of it is published in one transaction.
const (
	maxDocuments = 90
	maxSources   = MaxSource
)

// ProposalQuery requests a page of proposals.
type ProposalQuery struct {
	Status Status // "": all
	After  string // id of the last one of the page before; "" begins with the newest
	Limit  int
}

// Proposals are a page of a tenant's proposals, the newest first, without their sources, including unreadable ones
// whatever the status; next is the cursor of the next page, "" at the end.
func (p *Publisher) Proposals(ctx context.Context, tenant string, query ProposalQuery) (page []Proposal, next string, err error) {
	return p.Store.Proposals(ctx, tenant, query)
}

// proposeAll makes a proposal of what would be published. What is published already is no part of it.
func (p *Publisher) proposeAll(ctx context.Context, who identity.Principal, id, comment string, all []*publishing) (*Proposal, error) {
	proposal, bytes := Proposal{ID: id, Comment: comment}, 0
	for _, one := range all {
		if !one.out.Created {
			continue
		}
		d := one.next
		bytes += len(d.Source)
		if len(d.Source) > MaxSource {
			return nil, tooLarge()
		}
		proposal.Documents = append(proposal.Documents, Proposed{
			Kind: d.Kind, ID: d.ID, Base: one.newest.Version, BaseDigest: one.newest.Digest, Title: d.Title, Digest: d.Digest, Comment: d.Comment, Source: d.Source,
		})
	}
	switch {
	case len(proposal.Documents) == 0:
		return nil, nil
	case len(proposal.Documents) > maxDocuments || bytes > maxSources:
		return nil, problem.New(problem.TooLarge, "A proposal can have at most %d documents with a total of %d MB.", maxDocuments, maxSources>>20)
	}
	made, err := p.propose(ctx, who, proposal)
	return &made, err
}

// propose stores a proposal. An existing one with this id is the same: the call was repeated. Errors: Forbidden if the
// proposal comes from no particular person.
func (p *Publisher) propose(ctx context.Context, who identity.Principal, proposal Proposal) (Proposal, error) {
	switch who.Kind {
	case identity.User:
	case identity.Client:
		if p.Behind == nil {
			return proposal, problem.New(problem.Internal, "The people behind a key cannot be determined here.")
		}
		behind, err := p.Behind(ctx, who.Tenant, who.ID)
		if err != nil {
			return proposal, err
		}
		proposal.Behind = behind
	default:
		return proposal, problem.New(problem.Forbidden, "Four eyes are required to publish. Propose it to the running system, where a second person can approve it.")
	}
	proposal.Tenant, proposal.Status, proposal.ProposedBy, proposal.ProposedAt = who.Tenant, Open, who.ID, p.now()
	if proposal.ID == "" {
		proposal.ID = "prop_" + ids.Random(p.Now())
	}
	err := p.Store.AddProposal(ctx, proposal)
	if problem.CodeOf(err) == problem.Conflict {
		if there, failed := p.Store.Proposal(ctx, who.Tenant, proposal.ID); failed == nil && there.ProposedBy == who.ID {
			return there, nil
		}
	}
	return proposal, err
}

// Without returns a proposal without its sources.
func (p Proposal) Without() Proposal {
	documents := make([]Proposed, len(p.Documents))
	for i, d := range p.Documents {
		d.Source = ""
		documents[i] = d
	}
	if p.Documents != nil {
		p.Documents = documents
	}
	return p
}

func (d Proposed) publish() Publish {
	return Publish{Kind: d.Kind, ID: d.ID, Source: d.Source, Comment: d.Comment}
}

func commentTooLong() error {
	return problem.New(problem.Invalid, "The comment is too long.").With("body.comment", "length", "a comment must have at most %d bytes", maxComment)
}

func tooLarge() error {
	return problem.New(problem.TooLarge, "A definition can have at most %d MB.", MaxSource>>20)
}

// now is the time, as exact as it is kept.
func (p *Publisher) now() time.Time { return p.Now().UTC().Truncate(time.Millisecond) }

// newestOf is the newest version of a document; the zero value if there is none.
func (p *Publisher) newestOf(ctx context.Context, tenant string, kind Kind, id string) (Definition, error) {
	newest, err := p.Catalog.Definition(ctx, tenant, kind, id, 0)
	if problem.CodeOf(err) == problem.NotFound {
		return Definition{}, nil
	}
	return newest, err
}

// String names a document as people do: "policy kyc-risk".
func (d Proposed) String() string { return fmt.Sprintf("%s %s", d.Kind, d.ID) }
