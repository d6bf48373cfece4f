package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
)

// memory is the model of a store: a time for each bucket.
type memory struct {
	mutex sync.Mutex
	full  map[string]time.Time
	calls int
	err   error
}

func (m *memory) Take(_ context.Context, bucket string, limit Limit, n int, now time.Time) (grant Grant, err error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.calls++; m.err != nil {
		return Grant{}, m.err
	}
	if m.full == nil {
		m.full = map[string]time.Time{}
	}
	m.full[bucket], grant = Spend(m.full[bucket], now, limit, n)
	return grant, nil
}

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

var generous = Limits{Tenant: Limit{Rate: 100, Burst: 300}, Credential: Limit{Rate: 50, Burst: 200}, Applicant: Limit{Rate: 5, Burst: 50}}

func TestOneTenantsFloodLeavesOthersAlone(t *testing.T) {
	c, store := newClock(), &memory{}
	l := New(Config{Store: store, Limits: generous, Now: c.now})
	refused := 0
	for n := range 5_000 {
		c.at = c.at.Add(time.Millisecond)
		if _, err := l.Allow(t.Context(), Caller{Tenant: "loud", Credential: fmt.Sprintf("key_%d", n%10)}); problem.CodeOf(err) == problem.RateLimited {
			refused++
		}
		if n%20 == 0 {
			if _, err := l.Allow(t.Context(), Caller{Tenant: "quiet", Credential: "key"}); err != nil {
				t.Fatalf("request %d of the quiet tenant: %v", n, err)
			}
		}
	}
	if passed := 5_000 - refused; passed > 300+500+2*55 || passed < 700 {
		t.Errorf("%d requests of the loud tenant passed in five seconds", passed)
	}
}

func TestAFloodingKeyTakesNothingOfItsTenants(t *testing.T) {
	c := newClock()
	l := New(Config{Store: &memory{}, Limits: Limits{Tenant: Limit{Rate: 1, Burst: 20}, Credential: Limit{Rate: 1, Burst: 10}}, Now: c.now})
	for range 100 {
		_, _ = l.Allow(t.Context(), Caller{Tenant: "demo", Credential: "loud"})
	}
	standings, err := l.Allow(t.Context(), Caller{Tenant: "demo", Credential: "quiet"})
	if err != nil || len(standings) != 2 || standings[0].Name != "credential" || standings[1].Name != "tenant" {
		t.Fatalf("%+v %v", standings, err)
	}
	_, err = l.Allow(t.Context(), Caller{Tenant: "demo", Credential: "loud"})
	if e := problem.As(err); e.Code != problem.RateLimited || e.Details["limit"] != "credential" || e.Details["retry_after_seconds"] != 1 {
		t.Errorf("%v %v", err, e.Details)
	}
}

func TestQuietCallersCostNoWrites(t *testing.T) {
	c, store := newClock(), &memory{}
	l := New(Config{Store: store, Limits: generous, Now: c.now})
	for range 1_000 {
		c.at = c.at.Add(2 * time.Second)
		if _, err := l.Allow(t.Context(), Caller{Tenant: "demo", Credential: "key"}); err != nil {
			t.Fatal(err)
		}
	}
	if store.calls != 0 {
		t.Errorf("%d calls of the store", store.calls)
	}
}

func TestBusyCallersCostAWriteForEachBatch(t *testing.T) {
	c, store := newClock(), &memory{}
	l := New(Config{Store: store, Limits: generous, Now: c.now})
	for range 1_000 {
		c.at = c.at.Add(40 * time.Millisecond)
		if _, err := l.Allow(t.Context(), Caller{Tenant: "demo", Credential: "key"}); err != nil {
			t.Fatal(err)
		}
	}
	if store.calls > 110 { // two buckets, batches of 20 and 25, less the share
		t.Errorf("%d calls of the store for 1,000 requests", store.calls)
	}
}

// counted keeps counts.
type counted struct {
	telemetry.Metrics
	of map[string]int
}

func (c counted) Count(name string, _ ...string) { c.of[name]++ }

func TestRequestsPassWhileTheStoreIsAway(t *testing.T) {
	c, store := newClock(), &memory{err: errors.New("away")}
	metrics := counted{telemetry.Discard, map[string]int{}}
	l := New(Config{Store: store, Limits: generous, Now: c.now, Metrics: metrics})
	for range 1_000 {
		if _, err := l.Allow(t.Context(), Caller{Tenant: "demo", Credential: "key"}); err != nil {
			t.Fatal(err)
		}
	}
	if store.calls != 1 || metrics.of["rate_limit_store_failed"] != 1 {
		t.Errorf("the store was asked %d times, %v", store.calls, metrics.of)
	}
	c.at, store.err = c.at.Add(awayFor), nil
	for range 1_000 {
		_, _ = l.Allow(t.Context(), Caller{Tenant: "demo", Credential: "key"})
	}
	if metrics.of["rate_limited_requests"] == 0 {
		t.Error("nothing is limited after the store has come back")
	}
}

func TestManyCallersAreForgotten(t *testing.T) {
	c := newClock()
	l := New(Config{Store: &memory{}, Limits: generous, Now: c.now})
	for n := range 3 * mostHeld {
		c.at = c.at.Add(time.Second)
		_, _ = l.Allow(t.Context(), Caller{Tenant: "demo", Credential: fmt.Sprint(n), Applicant: true})
	}
	if len(l.held) > mostHeld {
		t.Errorf("%d callers are remembered", len(l.held))
	}
}

// Several processes with one store: together they let through no more than the bucket and their own shares, and a caller
// who stays below the shares is never refused.
func TestProcessesTogetherKeepTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := Limit{Rate: float64(rapid.IntRange(1, 100).Draw(t, "rate")), Burst: rapid.IntRange(1, 300).Draw(t, "burst")}
		c, store := newClock(), &memory{}
		began := c.at
		processes := make([]*Limiter, rapid.IntRange(1, 5).Draw(t, "processes"))
		for i := range processes {
			processes[i] = New(Config{Store: store, Limits: Limits{Tenant: limit}, Now: c.now})
		}
		share, passed, model := shareOf(limit), 0, time.Time{}
		for range rapid.IntRange(1, 400).Draw(t, "requests") {
			c.at = c.at.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "pause")) * time.Millisecond)
			standings, err := processes[rapid.IntRange(0, len(processes)-1).Draw(t, "process")].Allow(context.Background(), Caller{Tenant: "demo", Credential: "key"})
			after, grant := Spend(model, c.at, limit, 1)
			model = after
			if err == nil {
				passed++
			}
			if len(processes) == 1 && limit.Burst < 10 && (err == nil) != (grant.Taken == 1) { // no batches, no share: as the model
				// A refusal is remembered for as long as it states, and no longer than a second.
				t.Fatalf("passed: %v, the model takes %d", err == nil, grant.Taken)
			}
			if s := standings[0]; s.Remaining < 0 || s.Remaining > limit.Burst || s.Reset < 0 || s.Reset > s.Window() {
				t.Fatalf("standing %+v", s)
			}
			most := float64(limit.Burst) + limit.Rate*c.at.Sub(began).Seconds() + float64(len(processes))*(float64(share.Burst)+share.Rate*c.at.Sub(began).Seconds()) + 1
			if float64(passed) > most {
				t.Fatalf("%d passed, the most is %g", passed, most)
			}
		}
	})
}

func TestSpendingNeverTakesMoreThanIsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := Limit{Rate: float64(rapid.IntRange(1, 1000).Draw(t, "rate")), Burst: rapid.IntRange(1, 1000).Draw(t, "burst")}
		now, full, tokens := newClock().at, time.Time{}, float64(limit.Burst)
		for range 50 {
			pause := time.Duration(rapid.IntRange(0, 2_000).Draw(t, "pause")) * time.Millisecond
			now, tokens = now.Add(pause), min(float64(limit.Burst), tokens+pause.Seconds()/limit.each().Seconds())
			n := rapid.IntRange(1, 100).Draw(t, "n")
			after, grant := Spend(full, now, limit, n)
			full = after
			if want := min(n, int(tokens+1e-6)); grant.Taken != want && grant.Taken != want-1 && grant.Taken != want+1 {
				t.Fatalf("took %d of %g, wanted %d", grant.Taken, tokens, n)
			}
			tokens -= float64(grant.Taken)
			if tokens < -1e-3 || (grant.Taken == 0) != (grant.Wait > 0) {
				t.Fatalf("%g tokens are left, wait %v", tokens, grant.Wait)
			}
		}
	})
}

func BenchmarkAllow(b *testing.B) {
	store := &memory{}
	l := New(Config{Store: store, Limits: Limits{Tenant: Limit{Rate: 1e9, Burst: 1e9}, Credential: Limit{Rate: 1e9, Burst: 1e9}}})
	for b.Loop() {
		if _, err := l.Allow(context.Background(), Caller{Tenant: "demo", Credential: "key"}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(store.calls)/float64(b.N)*1000, "writes/1000")
}
