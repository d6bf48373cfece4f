package faulty

import (
	"context"

	"ballerine/internal/policy/lists"
)

// Lists is a lists.Store of which one call goes wrong.
type Lists struct {
	lists.Store
	Plan *Plan
}

var _ lists.Store = Lists{}

// Lists implements lists.Store.
func (s Lists) Lists(ctx context.Context, tenant string) ([]lists.List, error) {
	return doValue(ctx, s.Plan, "Lists.Lists", func(ctx context.Context) ([]lists.List, error) { return s.Store.Lists(ctx, tenant) })
}

// Heads implements lists.Store.
func (s Lists) Heads(ctx context.Context, tenant string, ids []string) ([]lists.List, error) {
	return doValue(ctx, s.Plan, "Lists.Heads", func(ctx context.Context) ([]lists.List, error) { return s.Store.Heads(ctx, tenant, ids) })
}

// PutList implements lists.Store.
func (s Lists) PutList(ctx context.Context, list lists.List, edition *lists.Edition, bodies map[string][]byte) error {
	return do(ctx, s.Plan, "Lists.PutList", func(ctx context.Context) error { return s.Store.PutList(ctx, list, edition, bodies) })
}

// Edition implements lists.Store.
func (s Lists) Edition(ctx context.Context, tenant, list string, number int) (lists.Edition, error) {
	return doValue(ctx, s.Plan, "Lists.Edition", func(ctx context.Context) (lists.Edition, error) { return s.Store.Edition(ctx, tenant, list, number) })
}

// Editions implements lists.Store.
func (s Lists) Editions(ctx context.Context, tenant, list string, before, limit int) ([]lists.Edition, error) {
	return doValue(ctx, s.Plan, "Lists.Editions", func(ctx context.Context) ([]lists.Edition, error) {
		return s.Store.Editions(ctx, tenant, list, before, limit)
	})
}

// Chunks implements lists.Store.
func (s Lists) Chunks(ctx context.Context, tenant, list string, names []string) (map[string][]byte, error) {
	return doValue(ctx, s.Plan, "Lists.Chunks", func(ctx context.Context) (map[string][]byte, error) { return s.Store.Chunks(ctx, tenant, list, names) })
}

// Forget implements lists.Store.
func (s Lists) Forget(ctx context.Context, edition lists.Edition, chunks []string) error {
	return do(ctx, s.Plan, "Lists.Forget", func(ctx context.Context) error { return s.Store.Forget(ctx, edition, chunks) })
}
