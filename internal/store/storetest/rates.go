package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/ratelimit"
)

// Rates is the behaviour of a ratelimit.Store.
func Rates(t *testing.T, open func(t *testing.T) ratelimit.Store) {
	ctx, limit := context.Background(), ratelimit.Limit{Rate: 2, Burst: 10}
	t.Run("tokens are taken until none is left and come back with time", func(t *testing.T) {
		s := open(t)
		for i, c := range []struct {
			at   time.Duration
			n    int
			want ratelimit.Grant
		}{
			{0, 4, ratelimit.Grant{Taken: 4, Left: 6}},
			{0, 8, ratelimit.Grant{Taken: 6}},
			{0, 1, ratelimit.Grant{Wait: 500 * time.Millisecond}},
			{400 * time.Millisecond, 1, ratelimit.Grant{Wait: 100 * time.Millisecond}},
			{500 * time.Millisecond, 3, ratelimit.Grant{Taken: 1}},
			{time.Hour, 3, ratelimit.Grant{Taken: 3, Left: 7}},
			{time.Minute, 1, ratelimit.Grant{Wait: -1}}, // a clock that is far behind gets none
		} {
			got, err := s.Take(ctx, "a#tenant", limit, c.n, epoch.Add(c.at))
			must(t, err)
			if c.want.Wait < 0 && got.Wait > 0 {
				got.Wait = -1
			}
			if got != c.want {
				t.Errorf("step %d: %+v, want %+v", i, got, c.want)
			}
		}
	})
	t.Run("buckets are apart", func(t *testing.T) {
		s := open(t)
		for _, bucket := range []string{"a#tenant", "b#tenant", "a#credential#key_1", "a#credential#key_2"} {
			if got, err := s.Take(ctx, bucket, limit, 100, epoch); err != nil || got.Taken != 10 {
				t.Errorf("%s: %+v %v", bucket, got, err)
			}
		}
	})
	t.Run("callers at the same time together get what is there", func(t *testing.T) {
		s := open(t)
		var mutex sync.Mutex
		var all sync.WaitGroup
		taken := 0
		for range 8 {
			all.Go(func() {
				for range 10 {
					grant, err := s.Take(ctx, "busy", ratelimit.Limit{Rate: 1, Burst: 20}, 1, epoch)
					if err != nil && problem.CodeOf(err) != problem.Conflict {
						t.Error(err)
					}
					mutex.Lock()
					taken += grant.Taken
					mutex.Unlock()
				}
			})
		}
		all.Wait()
		if taken != 20 {
			t.Errorf("%d of 20 tokens were taken", taken)
		}
	})
}
