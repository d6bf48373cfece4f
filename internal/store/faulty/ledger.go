package faulty

import (
	"context"

	"ballerine/internal/policy/ledger"
)

// Ledger is a ledger.Store of which one call goes wrong.
type Ledger struct {
	ledger.Store
	Plan *Plan
}

var _ ledger.Store = Ledger{}

// PutDecision implements ledger.Store.
func (s Ledger) PutDecision(ctx context.Context, d ledger.Sealed) (ledger.Sealed, error) {
	return doValue(ctx, s.Plan, "Ledger.PutDecision", func(ctx context.Context) (ledger.Sealed, error) { return s.Store.PutDecision(ctx, d) })
}

// Decision implements ledger.Store.
func (s Ledger) Decision(ctx context.Context, tenant, policy, id string) (ledger.Sealed, error) {
	return doValue(ctx, s.Plan, "Ledger.Decision", func(ctx context.Context) (ledger.Sealed, error) { return s.Store.Decision(ctx, tenant, policy, id) })
}

// Decisions implements ledger.Store.
func (s Ledger) Decisions(ctx context.Context, tenant, policy string, query ledger.Query) ([]ledger.Sealed, string, error) {
	return two(ctx, s.Plan, "Ledger.Decisions", func(ctx context.Context) ([]ledger.Sealed, string, error) {
		return s.Store.Decisions(ctx, tenant, policy, query)
	})
}
