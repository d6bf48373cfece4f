package cases

import (
	"context"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// People of the back office can act for the applicant where a case collects data: for an applicant who came in person,
// or who cannot use the pages. The history names both. Whoever has supplied data, for the applicant or as a correction,
// cannot approve: see docs/adr/0040.

// forApplicant is the audience in which a person sends the applicant's events. Nobody is in no transition's audience: it
// only distinguishes the person from applicants, who do not learn why an event is not possible.
const forApplicant = statechart.Applicant | statechart.Nobody

// actorApplicant is for whom a person acts, as the history has it.
const actorApplicant = string(identity.Applicant)

// maxSuppliers bounds how many people supply data of one case.
const maxSuppliers = 100

// collectsFor reports whether the principal is a person who may act for the applicant of an existing case.
func collectsFor(wf *workflow.Workflow, at statechart.Snapshot, p identity.Principal) bool {
	return p.Kind == identity.User && identity.Has(p, identity.CasesCollect) && wf.Chart.Turn(at)&statechart.Applicant != 0
}

// senderAt is sender for an existing case: a person sends the applicant's events while it waits for them.
func senderAt(wf *workflow.Workflow, at statechart.Snapshot, p identity.Principal) statechart.Audience {
	if collectsFor(wf, at, p) {
		return forApplicant
	}
	return sender(p)
}

// actingAt is acting for an existing case.
func actingAt(wf *workflow.Workflow, at statechart.Snapshot, p identity.Principal) statechart.Audience {
	if collectsFor(wf, at, p) {
		return acting(p) | forApplicant
	}
	return acting(p)
}

// standsIn records that somebody changes the case's data and, where applicable, that a person acts for the applicant. Errors: TooLarge.
func (d *draft) standsIn(p identity.Principal) error {
	if collectsFor(d.workflow, d.record.Snapshot, p) {
		d.entry.Actor.As = actorApplicant
	}
	return d.suppliedBy(p)
}

// suppliedBy records that somebody changes the case's data. A person has then supplied them, whatever the case waits
// for. What keys write is attributed to the client, and so is what applicants write with a token made by a key; with a
// token made by a person, it is attributed to that person, too. Errors: TooLarge.
func (d *draft) suppliedBy(p identity.Principal) error {
	switch {
	case p.Kind == identity.User:
		return d.supplies(p.ID)
	case p.Kind == identity.Applicant && p.By != "":
		return d.supplies(p.By)
	}
	return nil
}

// supplies notes that a person has supplied data of the case. Errors: TooLarge.
func (d *draft) supplies(person string) error {
	switch {
	case slices.Contains(d.record.Suppliers, person):
		return nil
	case len(d.record.Suppliers) >= maxSuppliers:
		return problem.New(problem.TooLarge, "At most %d people can supply data of a case.", maxSuppliers)
	}
	d.record.Suppliers = append(slices.Clone(d.record.Suppliers), person)
	return nil
}

// InvitesApplicant records in the history that a person makes a flow token, before they receive it: whoever has the
// token writes as the applicant. It returns when the token ends. token is the principal that the token represents,
// reserved by the caller: if it is made again for the same call, it ends at the same time and is recorded once. Systems
// make tokens by the thousand, and these are in the client's own history. Errors: NotFound, Conflict.
func (s *Service) InvitesApplicant(ctx context.Context, p identity.Principal, id, token string, expires time.Time) (time.Time, error) {
	if p.Kind != identity.User {
		return expires, nil
	}
	_, err := s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if slices.Contains(d.record.Seen, token) {
			before, err := s.invited(ctx, p, id, token)
			if d.unchanged = !before.IsZero(); d.unchanged {
				expires = before
			}
			if err != nil || d.unchanged {
				return err
			}
		}
		d.entry.Cause = CauseFlowToken
		d.detail(detailToken, map[string]any{"id": token, "expires_at": expires})
		d.remember(token)
		return nil
	})
	return expires, err
}

// detailToken is the member of an entry's details that names the token that was made, by the principal that it represents.
const detailToken = "flow_token"

// invited is when a token ends that the history knows; zero when it was too long ago to look for.
func (s *Service) invited(ctx context.Context, p identity.Principal, id, token string) (time.Time, error) {
	entries, _, err := s.HistoryPage(ctx, p, id, HistoryQuery{NewestFirst: true, Causes: []Cause{CauseFlowToken}, Limit: maxSeen})
	if err != nil {
		return time.Time{}, err
	}
	for _, e := range entries {
		made, _ := e.Details[detailToken].(map[string]any)
		if made["id"] != token {
			continue
		}
		text, _ := made["expires_at"].(string)
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, nil
}

// FlowURL is the address of the applicant's pages of a case, with their token; "" when its workflow names none. Errors: Unavailable.
func (s *Service) FlowURL(ctx context.Context, record Record, token string) (string, error) {
	wf, err := s.follows(ctx, record)
	if err != nil {
		return "", err
	}
	return wf.FlowURL(token), nil
}

// othersApprove refuses a decision in favour of a case by somebody who has supplied data of it, in person or with a key
// that they may hold. Errors: FourEyes, Unavailable.
func (s *Service) othersApprove(ctx context.Context, d *draft) error {
	return s.notSuppliers(ctx, d, "Another person must approve: you have supplied data of this case.")
}

// notSuppliers refuses an action of somebody who has supplied data of the case, in person or with a key that they may
// hold. Errors: FourEyes with the message, Unavailable.
func (s *Service) notSuppliers(ctx context.Context, d *draft, message string) error {
	if len(d.old.Suppliers) == 0 {
		return nil
	}
	by, err := s.eyesOf(ctx, d.record.Tenant, d.entry.Actor)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(by.all(), func(id string) bool { return slices.Contains(d.old.Suppliers, id) }) {
		return problem.New(problem.FourEyes, "%s", message)
	}
	return nil
}

// resultByHand records that somebody enters the result of work by hand, which is allowed only to people who have not
// supplied what the work would have checked. People who may hold their key count as them. Errors: FourEyes, TooLarge,
// Unavailable.
func (s *Service) resultByHand(ctx context.Context, d *draft) error {
	if err := s.notSuppliers(ctx, d, "Another person must set the result: you have supplied data of this case."); err != nil {
		return err
	}
	by, err := s.eyesOf(ctx, d.record.Tenant, d.entry.Actor)
	if err != nil {
		return err
	}
	for _, id := range by.all() {
		if err := d.supplies(id); err != nil {
			return err
		}
	}
	return nil
}

// staysOpen refuses a change of data that would by itself decide in favour of the case. Errors: FourEyes.
func (d *draft) staysOpen() error {
	if favoured(d.workflow, d.record.Snapshot) && !favoured(d.workflow, d.old.Snapshot) {
		return problem.New(problem.FourEyes, "Another person must approve: the data that you supply would by itself decide in favour of the case.")
	}
	return nil
}

// correctsOpen is staysOpen for a person who corrects data while a decision is pending. Errors: FourEyes.
func (d *draft) correctsOpen(p identity.Principal) error {
	if p.Kind != identity.User || !slices.Contains(d.old.Tags, TagReview) {
		return nil
	}
	return d.staysOpen()
}
