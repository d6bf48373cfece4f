package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Approve publishes what somebody else has proposed, all of it or nothing. Everything is checked again against the
// present definitions; if something that it is based on has changed, it is outdated for good. If the same person
// approves it again, the answer is the same. Errors: NotFound, Forbidden (a key; the proposer), AlreadyDecided, Outdated
// (Details "changed"), Invalid, Conflict.
func (p *Publisher) Approve(ctx context.Context, who identity.Principal, id, comment string) (Proposal, error) {
	if len(comment) > maxComment {
		return Proposal{}, commentTooLong()
	}
	for attempt := 1; ; attempt++ {
		done, err := p.approve(ctx, who, id, comment)
		if problem.CodeOf(err) != problem.Conflict || attempt == 3 {
			return done, err
		}
	}
}

func (p *Publisher) approve(ctx context.Context, who identity.Principal, id, comment string) (Proposal, error) {
	proposal, err := p.open(ctx, who, id, Approved)
	if err != nil || proposal.Status != Open {
		return proposal.Without(), err
	}
	if err := p.upToDate(ctx, who, proposal); err != nil {
		return proposal.Without(), err
	}
	proposal.Status, proposal.DecidedBy, proposal.DecidedAt, proposal.Reason = Approved, who.ID, p.now(), comment
	made, err := p.versions(ctx, who, &proposal)
	if err != nil {
		return proposal.Without(), err
	}
	var settings *Settings
	if s := proposal.Settings; s != nil {
		settings = &Settings{
			Tenant: who.Tenant, Version: s.Base + 1, FourEyes: s.FourEyes, Comment: proposal.Comment, ChangedAt: proposal.DecidedAt,
			ChangedBy: proposal.ProposedBy, ApprovedBy: who.ID, Proposal: id,
		}
	}
	return proposal.Without(), p.Store.DecideProposal(ctx, proposal, made, settings)
}

// versions are what the documents of an approved proposal become, checked and with their state machines.
func (p *Publisher) versions(ctx context.Context, who identity.Principal, proposal *Proposal) ([]Definition, error) {
	known := p.incoming(ctx, proposal.Tenant)
	var documents []Publish
	for _, d := range proposal.Documents {
		if digestOf(d.Source) != d.Digest {
			return nil, problem.New(problem.Internal, "A stored proposal differs from what was proposed.")
		}
		documents = append(documents, d.publish())
	}
	failures := p.checkEach(documents, known)
	if len(failures) == 1 && failures[0] != nil {
		return nil, failures[0] // with its lines
	}
	if err := combine(documents, failures, "The proposal can no longer be published."); err != nil {
		return nil, err
	}
	if err := p.unmarked(ctx, who, slices.Collect(maps.Values(known.made))); err != nil {
		return nil, err
	}
	made := make([]Definition, len(proposal.Documents))
	machines, c := errgroup.WithContext(ctx)
	machines.SetLimit(machinesAtOnce)
	for i := range proposal.Documents {
		d := &proposal.Documents[i]
		d.Version = d.Base + 1
		made[i] = Definition{
			Tenant: proposal.Tenant, Kind: d.Kind, ID: d.ID, Version: d.Version, Title: d.Title, Digest: d.Digest, Source: d.Source, Comment: d.Comment,
			PublishedAt: proposal.DecidedAt, PublishedBy: proposal.ProposedBy, ApprovedBy: proposal.DecidedBy, Proposal: proposal.ID,
		}
		machines.Go(func() error { return p.machines(c, &made[i], known.made[key(d.Kind, d.ID)]) })
	}
	return made, machines.Wait()
}

// machinesAtOnce bounds how many state machines are made side by side: a workspace may have many, and a call has half a minute.
const machinesAtOnce = 8

// upToDate fails with Outdated, and marks the proposal as outdated, if something that it is based on is no longer the newest version.
func (p *Publisher) upToDate(ctx context.Context, who identity.Principal, proposal Proposal) error {
	var changed []map[string]any
	var names []string
	for _, d := range proposal.Documents {
		newest, err := p.newestOf(ctx, proposal.Tenant, d.Kind, d.ID)
		if err != nil {
			return err
		}
		if newest.Version != d.Base || newest.Digest != d.BaseDigest {
			changed = append(changed, map[string]any{"kind": d.Kind, "id": d.ID, "base": d.Base, "newest": newest.Version})
			names = append(names, fmt.Sprintf("%s is at version %d", d, newest.Version))
		}
	}
	if s := proposal.Settings; s != nil {
		now, err := p.Settings(ctx, proposal.Tenant)
		if err != nil {
			return err
		}
		if now.Version != s.Base {
			changed = append(changed, map[string]any{"kind": "settings", "base": s.Base, "newest": now.Version})
			names = append(names, fmt.Sprintf("the settings are at version %d", now.Version))
		}
	}
	if len(changed) == 0 {
		return nil
	}
	proposal.Status, proposal.DecidedBy, proposal.DecidedAt, proposal.Reason = Outdated, who.ID, p.now(), strings.Join(names, "; ")
	if err := p.Store.DecideProposal(ctx, proposal, nil, nil); err != nil {
		return err
	}
	return outdated().Detail("changed", changed)
}

func outdated() *problem.Error {
	return problem.New(problem.Outdated, "The version that the proposal is based on has changed. Create a new proposal.")
}

// Reject rejects what somebody else has proposed. Errors: NotFound, Forbidden, AlreadyDecided, Invalid, Conflict.
func (p *Publisher) Reject(ctx context.Context, who identity.Principal, id, reason string) (Proposal, error) {
	if strings.TrimSpace(reason) == "" || len(reason) > maxComment {
		return Proposal{}, problem.New(problem.Invalid, "A reason is required.").With("body.reason", "length", "a reason must have 1 to %d bytes", maxComment)
	}
	return p.end(ctx, who, id, Rejected, reason)
}

// Withdraw withdraws the caller's own proposal. Errors: NotFound, Forbidden (somebody else's), AlreadyDecided, Conflict.
func (p *Publisher) Withdraw(ctx context.Context, who identity.Principal, id string) (Proposal, error) {
	return p.end(ctx, who, id, Withdrawn, "")
}

// end records the end of a proposal that is not published.
func (p *Publisher) end(ctx context.Context, who identity.Principal, id string, as Status, reason string) (Proposal, error) {
	for attempt := 1; ; attempt++ {
		proposal, err := p.open(ctx, who, id, as)
		if err != nil || proposal.Status != Open {
			return proposal.Without(), err
		}
		proposal.Status, proposal.DecidedBy, proposal.DecidedAt, proposal.Reason = as, who.ID, p.now(), reason
		err = p.Store.DecideProposal(ctx, proposal, nil, nil)
		if problem.CodeOf(err) != problem.Conflict || attempt == 3 {
			return proposal.Without(), err
		}
	}
}

// open reads a proposal that the caller may let end so: one that is open, or that has ended so by the same caller.
// Errors: NotFound, Forbidden, AlreadyDecided, Outdated.
func (p *Publisher) open(ctx context.Context, who identity.Principal, id string, as Status) (Proposal, error) {
	proposal, err := p.Store.Proposal(ctx, who.Tenant, id)
	if err != nil {
		return proposal, err
	}
	if err := mayEnd(who, proposal, as); err != nil {
		return proposal, err
	}
	switch {
	case proposal.Status == Open, proposal.Status == as && proposal.DecidedBy == who.ID:
		return proposal, nil
	case proposal.Status == Outdated:
		return proposal, outdated()
	}
	return proposal, problem.New(problem.AlreadyDecided, "The proposal is already %s.", proposal.Status).Detail("status", proposal.Status).Detail("decided_by", proposal.DecidedBy)
}

// mayEnd is the rule of four eyes: another person decides about a proposal, and both are people where that matters.
// Anyone who may hold a secret of the key that proposed it does not count as another person.
func mayEnd(who identity.Principal, proposal Proposal, as Status) error {
	own := who.ID == proposal.ProposedBy
	switch {
	case as == Withdrawn && !own:
		return problem.New(problem.Forbidden, "Only its proposer can withdraw a proposal. Others can reject it.")
	case as == Withdrawn:
		return nil
	case who.Kind != identity.User || who.ID == "":
		return problem.New(problem.Forbidden, "Only a person who has signed in can decide a proposal: a key does not identify a person.")
	case own:
		return problem.New(problem.Forbidden, "You cannot decide your own proposal: four eyes require two people. You can withdraw it.")
	case slices.Contains(proposal.Behind, who.ID):
		return problem.New(problem.Forbidden, "It was proposed with a key that you have created or rotated: four eyes require two people.")
	}
	return nil
}
