package embedded

import (
	"context"
	"encoding/json"
	"fmt"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

const (
	bucketSettings  = "publishing_settings" // tenant, version -> settings
	bucketProposals = "proposals"           // tenant, id -> proposal without its sources
	bucketProposed  = "proposed"            // tenant, id, number of the document -> its source
)

// proposalBudget is how many proposals a page of a list examines.
const proposalBudget = 1000

func settingsKey(tenant string, version int) string {
	return join(tenant, fmt.Sprintf("%08d", version))
}

func proposedKey(tenant, id string, number int) string {
	return join(tenant, id, fmt.Sprintf("%03d", number))
}

// PutSettings implements registry.Store.
func (s Registry) PutSettings(ctx context.Context, settings registry.Settings) error {
	return s.db.Update(ctx, func(tx *Tx) error { return putSettings(tx, settings) })
}

func putSettings(tx *Tx, settings registry.Settings) error {
	text, err := encoded(settings)
	if err != nil {
		return err
	}
	key := settingsKey(settings.Tenant, settings.Version)
	if tx.Get(bucketSettings, key) != nil {
		return problem.New(problem.Conflict, "Another user has changed the settings.")
	}
	tx.Put(bucketSettings, key, text)
	return nil
}

// Settings implements registry.Store.
func (s Registry) Settings(_ context.Context, tenant string) (settings registry.Settings, err error) {
	err = s.db.View(func(tx *Tx) error {
		tx.ScanBack(bucketSettings, join(tenant, ""), "", func(_ string, text []byte) bool {
			err = json.Unmarshal(text, &settings)
			return false
		})
		return err
	})
	if err == nil && settings.Version == 0 {
		err = problem.New(problem.NotFound, "The settings were never changed.")
	}
	return settings, err
}

// AddProposal implements registry.Store.
func (s Registry) AddProposal(ctx context.Context, p registry.Proposal) error {
	text, err := encoded(p.Without())
	if err != nil {
		return err
	}
	key := join(p.Tenant, p.ID)
	return s.db.Update(ctx, func(tx *Tx) error {
		if tx.Get(bucketProposals, key) != nil {
			return problem.New(problem.Conflict, "A proposal with this id already exists.")
		}
		tx.Put(bucketProposals, key, text)
		for i, d := range p.Documents {
			tx.Put(bucketProposed, proposedKey(p.Tenant, p.ID, i), []byte(d.Source))
		}
		return nil
	})
}

// Proposal implements registry.Store.
func (s Registry) Proposal(_ context.Context, tenant, id string) (p registry.Proposal, err error) {
	err = s.db.View(func(tx *Tx) error {
		p, err = read[registry.Proposal](tx, bucketProposals, join(tenant, id), "proposal")
		for i := range p.Documents {
			p.Documents[i].Source = string(tx.Get(bucketProposed, proposedKey(tenant, id, i)))
		}
		return err
	})
	return p, err
}

// Proposals implements registry.Store.
func (s Registry) Proposals(_ context.Context, tenant string, query registry.ProposalQuery) (page []registry.Proposal, next string, err error) {
	prefix, start := join(tenant, ""), ""
	if query.After != "" {
		start = join(tenant, query.After)
	}
	looked, last := 0, ""
	err = s.db.View(func(tx *Tx) error {
		tx.ScanBack(bucketProposals, prefix, start, func(key string, text []byte) bool {
			if len(page) == query.Limit || looked == proposalBudget {
				next = last
				return false
			}
			var p registry.Proposal
			if json.Unmarshal(text, &p) != nil {
				p = registry.UnreadableProposal(tenant, key[len(prefix):])
			}
			if looked, last = looked+1, p.ID; query.Status == "" || p.Unreadable || p.Status == query.Status {
				page = append(page, p)
			}
			return true
		})
		return nil
	})
	return page, next, err
}

// DecideProposal implements registry.Store.
func (s Registry) DecideProposal(ctx context.Context, p registry.Proposal, made []registry.Definition, settings *registry.Settings) error {
	text, err := encoded(p.Without())
	if err != nil {
		return err
	}
	key := join(p.Tenant, p.ID)
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[registry.Proposal](tx, bucketProposals, key, "proposal")
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		if there.Status != registry.Open {
			return problem.New(problem.Conflict, "Another user has decided the proposal.")
		}
		for _, d := range made {
			if err := putDefinition(tx, d); err != nil {
				return err
			}
		}
		if settings != nil {
			if err := putSettings(tx, *settings); err != nil {
				return err
			}
		}
		tx.Put(bucketProposals, key, text)
		return nil
	})
}
