package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/cases"
	"ballerine/internal/fair"
	"ballerine/internal/outbox"
	"ballerine/internal/store/embedded"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func open(t testing.TB) *embedded.DB {
	t.Helper()
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// write commits a case with one effect.
func write(t fataler, store cases.Store, effect cases.Effect) {
	r := cases.Record{Tenant: effect.Tenant, ID: effect.Case, Status: cases.StatusActive, Version: 1, Revision: 1, CreatedAt: effect.At, UpdatedAt: effect.At}
	err := store.Commit(context.Background(), cases.Change{Next: r, Entry: cases.Entry{Version: 1, At: effect.At}, Effects: []cases.Effect{effect}})
	if err != nil {
		t.Fatal(err)
	}
}

type fataler interface{ Fatal(args ...any) }

// TestEachEffectHappensOrBecomesADeadLetter plays failures, repeats and kills by chance: each effect happens at least once or,
// when it keeps failing, is a dead letter after a bounded number of attempts; and those that never fail happen at once.
func TestEachEffectHappensOrBecomesADeadLetter(t *testing.T) {
	db := open(t)
	var runs atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		run, now := fmt.Sprint("run", runs.Add(1)), epoch
		policy := outbox.Policy{First: 2 * time.Second, Longest: time.Minute, Jitter: 0.2, Attempts: 6}
		failures, happened, tries := map[string]int{}, map[string]int{}, map[string]int{}
		var mutex sync.Mutex
		var kill func()
		left := 0
		begin := func() *outbox.Outbox {
			return outbox.New(outbox.Config{
				Store: db.Cases(), Policy: policy, Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
				Bury: func(ctx context.Context, e cases.Effect) error { return db.Cases().Bury(ctx, e) },
				Send: func(_ context.Context, effects []cases.Effect) []error {
					mutex.Lock()
					defer mutex.Unlock()
					answers := make([]error, len(effects))
					for i, e := range effects {
						key := e.Tenant + e.Case
						if left--; left == 0 {
							kill()
							answers[i] = errors.New("killed")
							continue
						}
						if tries[key]++; tries[key] <= failures[key] {
							answers[i] = errors.New("down")
							continue
						}
						happened[key]++
					}
					return answers
				},
			})
		}
		o := begin()
		for _, tenant := range []string{"healthy", "sick"} {
			for n := range rapid.IntRange(1, 6).Draw(rt, tenant) {
				e := cases.Effect{Tenant: run + tenant, Case: fmt.Sprint("case_", n), Version: 1, Kind: rapid.SampledFrom([]cases.EffectKind{cases.EffectWake, cases.EffectPublish}).Draw(rt, "kind"), At: now}
				if tenant == "sick" {
					failures[e.Tenant+e.Case] = rapid.SampledFrom([]int{0, 1, 3, 5, 1000}).Draw(rt, "failures")
				}
				write(rt, db.Cases(), e)
			}
		}
		kills := 0
		for range 22 {
			ctx, cancel := context.WithCancel(context.Background())
			kill, left = cancel, 0
			if kills < 3 && rapid.IntRange(0, 9).Draw(rt, "kill") == 0 {
				kills++
				left = rapid.IntRange(1, 4).Draw(rt, "after")
			}
			_, _ = o.Read(ctx, now.Add(time.Millisecond)) // a reader that is killed reads again
			if err := o.Wait(context.Background()); err != nil {
				rt.Fatal(err)
			}
			if ctx.Err() != nil {
				o = begin()
			}
			cancel()
			if err := db.Update(context.Background(), func(*embedded.Tx) error { return nil }); err != nil {
				rt.Fatal(err)
			}
			now = now.Add(45 * time.Second)
		}
		var dead []string
		for _, tenant := range []string{run + "healthy", run + "sick"} {
			letters, _, err := db.Cases().DeadLetters(context.Background(), tenant, "", 200)
			if err != nil {
				rt.Fatal(err)
			}
			for _, e := range letters {
				dead = append(dead, e.Tenant+e.Case)
				if e.Delivery.Attempts != policy.Attempts || e.Delivery.Error != "internal" {
					rt.Fatalf("buried after %+v", e.Delivery)
				}
			}
		}
		for key := range tries {
			if buried := slices.Contains(dead, key); buried != (failures[key] >= policy.Attempts) || !buried && happened[key] == 0 {
				rt.Fatalf("%s: %d failures, happened %d times, dead letter: %v", key, failures[key], happened[key], buried)
			}
			if tries[key] > policy.Attempts+kills+1 {
				rt.Fatalf("%s was tried %d times", key, tries[key])
			}
		}
		if left, err := db.Cases().Undelivered(context.Background(), now.Add(time.Hour), 100); err != nil || len(left) != 0 {
			rt.Fatalf("left %v %v", left, err)
		}
	})
}

// A receiver that hangs, and thousands of effects of its tenant, keep nobody else's wake-up waiting.
func TestWhoHangsDelaysNoOtherTenant(t *testing.T) {
	db := open(t)
	woken, ctx := make(chan string, 1), t.Context()
	o := hanging(db, func(e cases.Effect) { woken <- e.Tenant }, 200)
	o.Take(ctx, backlog("a", 2000))
	wake := cases.Effect{Tenant: "b", Case: "case_1", Version: 1, Kind: cases.EffectWake, At: time.Now()}
	write(t, db.Cases(), wake)
	o.Take(ctx, []cases.Effect{wake})
	if who := <-woken; who != "b" {
		t.Error(who)
	}
}

// hanging is an outbox in which everything of tenant a hangs until its time is over.
func hanging(db *embedded.DB, woken func(cases.Effect), waiting int) *outbox.Outbox {
	return outbox.New(outbox.Config{
		Store: db.Cases(), Logger: slog.New(slog.DiscardHandler), Bury: func(ctx context.Context, e cases.Effect) error { return db.Cases().Bury(ctx, e) },
		Limits: fair.Limits{Total: 64, PerTenant: 32, PerReceiver: 16, Waiting: max(waiting, 20_000)},
		Send: func(ctx context.Context, effects []cases.Effect) []error {
			if effects[0].Tenant != "a" {
				woken(effects[0])
				return make([]error, len(effects))
			}
			<-ctx.Done()
			return []error{ctx.Err()}
		},
	})
}

func backlog(tenant string, n int) (effects []cases.Effect) {
	for i := range n {
		kind := cases.EffectWake
		if i%2 == 0 {
			kind = cases.EffectPublish
		}
		effects = append(effects, cases.Effect{Tenant: tenant, Case: fmt.Sprint("case_", i), Version: 1, Kind: kind, At: time.Now()})
	}
	return effects
}

// BenchmarkHealthyTenant measures from the commit of a wake-up to its delivery while another tenant has 10,000 effects
// waiting for a receiver that hangs. The figure is p99-ms.
func BenchmarkHealthyTenant(b *testing.B) {
	db := open(b)
	woken := make(chan struct{}, 1)
	o := hanging(db, func(cases.Effect) { woken <- struct{}{} }, 20_000)
	ctx, cancel := context.WithCancel(b.Context())
	db.OnCommit(func(effects []cases.Effect) { o.Take(ctx, effects) })
	for _, e := range backlog("a", 10_000)[:1] {
		write(b, db.Cases(), e)
	}
	var writers sync.WaitGroup
	for part := range 20 {
		writers.Go(func() {
			for i := range 500 {
				kind := []cases.EffectKind{cases.EffectWake, cases.EffectPublish}[i%2]
				write(b, db.Cases(), cases.Effect{Tenant: "a", Case: fmt.Sprintf("case_%d_%d", part, i), Version: 1, Kind: kind, At: time.Now()})
			}
		})
	}
	writers.Wait()
	var loop sync.WaitGroup
	loop.Go(func() { o.Run(ctx, 50*time.Millisecond) })
	var times []time.Duration
	b.ResetTimer()
	for i := range b.N {
		began := time.Now()
		write(b, db.Cases(), cases.Effect{Tenant: "b", Case: fmt.Sprint("case_", i), Version: 1, Kind: cases.EffectWake, At: began})
		<-woken
		times = append(times, time.Since(began))
	}
	b.StopTimer()
	cancel()
	loop.Wait()
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
}
