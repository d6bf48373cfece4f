package fair_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/fair"
)

// Whoever hangs keeps its share and no more: everybody else's jobs run to their end.
func TestWhoHangsDelaysNobodyElse(t *testing.T) {
	p := fair.New(fair.Limits{Total: 12, PerTenant: 4, PerReceiver: 2, Waiting: 1000})
	release := make(chan struct{})
	defer func() {
		close(release)
		_ = p.Wait(context.Background()) // it cannot end
	}()
	for range 100 {
		p.Go("a", "dead", func() { <-release })
		p.Go("b", "dead", func() { <-release })
	}
	done := make(chan string, 300)
	for n := range 50 {
		p.Go("a", "alive", func() { done <- "a" })
		p.Go("c", fmt.Sprint(n), func() { done <- "c" })
	}
	counts := map[string]int{}
	for range 100 {
		counts[<-done]++
	}
	if !maps.Equal(counts, map[string]int{"a": 50, "c": 50}) {
		t.Errorf("%v", counts)
	}
}

// A tenant that comes later with one job is not behind all that another has waiting.
func TestTenantsTakeTurns(t *testing.T) {
	p := fair.New(fair.Limits{Total: 1, PerTenant: 1, PerReceiver: 1, Waiting: 1000})
	gate, order := make(chan struct{}), make(chan string, 20)
	p.Go("a", "", func() { <-gate })
	for range 9 {
		p.Go("a", "", func() { order <- "a" })
	}
	p.Go("b", "", func() { order <- "b" })
	close(gate)
	if err := p.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(order)
	place := 0
	for who := range order {
		if place++; who == "b" && place > 2 {
			t.Errorf("b came as number %d", place)
		}
	}
}

func TestWhatWaitsIsBounded(t *testing.T) {
	p := fair.New(fair.Limits{Total: 1, PerTenant: 1, PerReceiver: 1, Waiting: 3})
	gate := make(chan struct{})
	p.Go("a", "", func() { <-gate })
	taken := 0
	for range 10 {
		if p.Go("a", "", func() {}) {
			taken++
		}
	}
	if taken != 3 || p.Busy() != 4 {
		t.Errorf("taken %d, busy %d", taken, p.Busy())
	}
	close(gate)
	if err := p.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	ran := make(chan struct{}, 1)
	if !p.Go("a", "", func() { ran <- struct{}{} }) {
		t.Fatal("a pool that is empty refuses")
	}
	<-ran
}

// Every job runs once, and at no time are there more than the limits allow.
func TestLimitsHoldWhateverComes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := fair.Limits{Total: rapid.IntRange(1, 6).Draw(t, "total"), PerTenant: rapid.IntRange(1, 4).Draw(t, "tenant"), PerReceiver: rapid.IntRange(1, 3).Draw(t, "receiver"), Waiting: 100}
		jobs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [2]string {
			return [2]string{rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "t"), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "r")}
		}), 1, 60).Draw(t, "jobs")
		p := fair.New(limits)
		var mutex sync.Mutex
		now, ran, bad := map[string]int{}, 0, ""
		count := func(job [2]string, delta int) {
			mutex.Lock()
			defer mutex.Unlock()
			for key, limit := range map[string]int{"": limits.Total, job[0]: limits.PerTenant, job[0] + "/" + job[1]: limits.PerReceiver} {
				if now[key] += delta; now[key] > limit {
					bad = key
				}
			}
			if delta > 0 {
				ran++
			}
		}
		for _, job := range jobs {
			p.Go(job[0], job[1], func() { count(job, 1); count(job, -1) })
		}
		if err := p.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		if bad != "" || ran != len(jobs) || p.Busy() != 0 {
			t.Fatalf("over the limit: %q, ran %d of %d", bad, ran, len(jobs))
		}
	})
}
