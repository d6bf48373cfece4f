package backtest

import (
	"context"
	"sync"

	"ballerine/internal/policy/ledger"
)

// Source reads windows at the same time, so many at once, for one process that does not keep how far it is. done is notified
// after each window, of how many there are; it may be nil.
func Source(store ledger.Store, ref Ref, filter ledger.Filter, windows []Window, readers int, done func(number, of int)) ledger.Source {
	return func(ctx context.Context, yield func([]ledger.Lazy) error) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		next := make(chan Window)
		var group sync.WaitGroup
		var mutex sync.Mutex
		var failed error
		finished := 0
		end := func(err error) {
			mutex.Lock()
			defer mutex.Unlock()
			if finished++; err == nil && done != nil {
				done(finished, len(windows))
			}
			if err != nil && failed == nil {
				failed = err
				cancel()
			}
		}
		for range max(1, readers) {
			group.Go(func() {
				for window := range next {
					pages := ledger.Pages{Store: store, Tenant: ref.Tenant, Policy: ref.Policy, Filter: window.within(filter)}
					end(pages.Source(ctx, yield))
				}
			})
		}
		for _, window := range windows {
			select {
			case next <- window:
			case <-ctx.Done():
			}
		}
		close(next)
		group.Wait()
		if failed == nil {
			failed = ctx.Err()
		}
		return failed
	}
}
