package registry

import (
	"context"

	"ballerine/internal/linediff"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// Reviewed is a document of a proposal with what the person who decides should know, as of now.
type Reviewed struct {
	Proposed
	Newest   int                 // version; another than Base: approving it will find that it is outdated
	Diff     *linediff.Diff      // against Base; nil if that no longer exists
	Changes  []workflow.Change   // of a workflow: what changes for running cases, against Base
	Cases    []rules.CaseResult  // of a policy
	Warnings problem.Diagnostics // advice
	Problems problem.Diagnostics // it could no longer be published like this
	States   int                 // of a workflow: of its state machine
}

// maxDiff bounds the lines of diffs of one proposal, in bytes: Lambda answers with at most 6 MB.
const maxDiff = 1 << 20

// Proposal reads a proposal with all that its documents change. Errors: NotFound.
func (p *Publisher) Proposal(ctx context.Context, tenant, id string) (Proposal, []Reviewed, error) {
	proposal, err := p.Store.Proposal(ctx, tenant, id)
	if err != nil {
		return proposal, nil, err
	}
	var documents []Publish
	for _, d := range proposal.Documents {
		documents = append(documents, d.publish())
	}
	known := p.incoming(ctx, tenant)
	failures := p.checkEach(documents, known)
	all, left := make([]Reviewed, len(proposal.Documents)), maxDiff
	for i, d := range proposal.Documents {
		made := known.made[key(d.Kind, d.ID)]
		if code := problem.CodeOf(failures[i]); code != "" && code != problem.Invalid {
			return proposal, nil, failures[i]
		}
		all[i] = Reviewed{Proposed: d, States: made.states}
		all[i].Warnings, all[i].Problems = made.warnings.Of(problem.SeverityWarning), made.warnings.Of(problem.SeverityError)
		if made.policy != nil {
			if policies, err := made.policy.Collect(known.policy); err == nil { // else it is among the problems
				all[i].Cases = made.policy.RunCases(policies)
			}
		}
		if err := p.compare(ctx, tenant, &all[i], made); err != nil {
			return proposal, nil, err
		}
		if all[i].Diff != nil {
			left = all[i].Diff.Within(left)
		}
	}
	return proposal, all, nil
}

// compare states what a document changes, against the version that it is based on.
func (p *Publisher) compare(ctx context.Context, tenant string, r *Reviewed, made checked) error {
	newest, err := p.newestOf(ctx, tenant, r.Kind, r.ID)
	if err != nil {
		return err
	}
	r.Newest = newest.Version
	var base Definition
	if r.Base > 0 {
		base, err = p.Catalog.Definition(ctx, tenant, r.Kind, r.ID, r.Base)
		if problem.CodeOf(err) == problem.NotFound || err == nil && base.Digest != r.BaseDigest {
			return nil // it shipped, and the software was updated
		}
		if err != nil {
			return err
		}
	}
	diff := linediff.Of(base.Source, r.Source)
	r.Diff = &diff
	r.Changes, err = p.changes(ctx, tenant, made.workflow, base)
	return err
}
