package faulty

import (
	"context"

	"ballerine/internal/registry"
)

// Registry is a registry.Store of which one call goes wrong.
type Registry struct {
	registry.Store
	Plan *Plan
}

var _ registry.Store = Registry{}

// PutDefinition implements registry.Store.
func (s Registry) PutDefinition(ctx context.Context, d registry.Definition) error {
	return do(ctx, s.Plan, "Registry.PutDefinition", func(ctx context.Context) error { return s.Store.PutDefinition(ctx, d) })
}

// Definition implements registry.Store.
func (s Registry) Definition(ctx context.Context, tenant string, kind registry.Kind, id string, version int) (registry.Definition, error) {
	return doValue(ctx, s.Plan, "Registry.Definition", func(ctx context.Context) (registry.Definition, error) {
		return s.Store.Definition(ctx, tenant, kind, id, version)
	})
}

// Definitions implements registry.Store.
func (s Registry) Definitions(ctx context.Context, tenant string, kind registry.Kind, id string) ([]registry.Definition, error) {
	return doValue(ctx, s.Plan, "Registry.Definitions", func(ctx context.Context) ([]registry.Definition, error) {
		return s.Store.Definitions(ctx, tenant, kind, id)
	})
}

// PutSettings implements registry.Store.
func (s Registry) PutSettings(ctx context.Context, settings registry.Settings) error {
	return do(ctx, s.Plan, "Registry.PutSettings", func(ctx context.Context) error { return s.Store.PutSettings(ctx, settings) })
}

// Settings implements registry.Store.
func (s Registry) Settings(ctx context.Context, tenant string) (registry.Settings, error) {
	return doValue(ctx, s.Plan, "Registry.Settings", func(ctx context.Context) (registry.Settings, error) { return s.Store.Settings(ctx, tenant) })
}

// AddProposal implements registry.Store.
func (s Registry) AddProposal(ctx context.Context, p registry.Proposal) error {
	return do(ctx, s.Plan, "Registry.AddProposal", func(ctx context.Context) error { return s.Store.AddProposal(ctx, p) })
}

// Proposal implements registry.Store.
func (s Registry) Proposal(ctx context.Context, tenant, id string) (registry.Proposal, error) {
	return doValue(ctx, s.Plan, "Registry.Proposal", func(ctx context.Context) (registry.Proposal, error) { return s.Store.Proposal(ctx, tenant, id) })
}

// Proposals implements registry.Store.
func (s Registry) Proposals(ctx context.Context, tenant string, query registry.ProposalQuery) ([]registry.Proposal, string, error) {
	return two(ctx, s.Plan, "Registry.Proposals", func(ctx context.Context) ([]registry.Proposal, string, error) {
		return s.Store.Proposals(ctx, tenant, query)
	})
}

// DecideProposal implements registry.Store.
func (s Registry) DecideProposal(ctx context.Context, p registry.Proposal, made []registry.Definition, settings *registry.Settings) error {
	return do(ctx, s.Plan, "Registry.DecideProposal", func(ctx context.Context) error { return s.Store.DecideProposal(ctx, p, made, settings) })
}
