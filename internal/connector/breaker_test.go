package connector

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/problem"
)

const broken = base + "  method: GET\nbreaker: {failures: 3, rest: PT30S}\n"

func TestAVendorThatFailsAgainAndAgainIsLeftAlone(t *testing.T) {
	v := newTarget(t)
	now, status := time.Unix(1_700_000_000, 0), 503
	v.answer = func(w http.ResponseWriter, _ *http.Request) { respond(w, status, "application/json", `{}`) }
	client, p := v.client(), parse(t, broken)
	client.Now = func() time.Time { return now }
	for i, step := range []struct {
		after   time.Duration
		status  int
		asked   bool
		code    problem.Code
		seconds any
	}{
		{0, 503, true, problem.VendorUnavailable, nil},
		{0, 429, true, problem.VendorUnavailable, nil}, // busy, and there
		{0, 503, true, problem.VendorUnavailable, nil},
		{0, 500, true, problem.VendorUnavailable, nil},
		{0, 400, true, problem.VendorRejected, nil}, // an answer: it is there
		{0, 503, true, problem.VendorUnavailable, nil},
		{0, 503, true, problem.VendorUnavailable, nil},
		{0, 503, true, problem.VendorUnavailable, nil},
		{0, 200, false, problem.VendorUnavailable, 30},
		{29500 * time.Millisecond, 200, false, problem.VendorUnavailable, 1},
		{500 * time.Millisecond, 503, true, problem.VendorUnavailable, nil}, // the one that is let through
		{0, 200, false, problem.VendorUnavailable, 30},
		{30 * time.Second, 200, true, "", nil},
		{0, 503, true, problem.VendorUnavailable, nil},
		{0, 503, true, problem.VendorUnavailable, nil},
		{0, 200, true, "", nil},
	} {
		now, status = now.Add(step.after), step.status
		before := v.calls
		_, err := client.Do(t.Context(), p, call)
		if asked := v.calls > before; asked != step.asked || problem.CodeOf(err) != step.code || Resting(err) == step.asked || err != nil && !step.asked && problem.As(err).Details["retry_after_seconds"] != step.seconds {
			t.Errorf("step %d: asked %v, %v", i, asked, err)
		}
	}
	other := call
	other.Tenant = "other"
	status = 503
	for range 3 {
		_, _ = client.Do(t.Context(), p, call)
	}
	if _, err := client.Do(t.Context(), p, other); Resting(err) {
		t.Errorf("another tenant is held up: %v", err)
	}
}

// While the one call is under way that shows whether the vendor is back, nobody else asks.
func TestOneCallShowsWhetherAVendorIsBack(t *testing.T) {
	v := newTarget(t)
	var now atomic.Int64
	now.Store(1_700_000_000)
	var down atomic.Bool
	down.Store(true)
	var asked atomic.Int32
	entered, release := make(chan struct{}, 100), make(chan struct{})
	v.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if down.Load() {
			respond(w, 503, "text/plain", "")
			return
		}
		entered <- struct{}{}
		<-release
		respond(w, 200, "application/json", `{}`)
	})
	client, p := v.client(), parse(t, broken+"timeout: PT30S\n")
	client.Now = func() time.Time { return time.Unix(now.Load(), 0) }
	for range 3 {
		_, _ = client.Do(t.Context(), p, call)
	}
	now.Add(30)
	down.Store(false)
	var group sync.WaitGroup
	var first error
	group.Go(func() { _, first = client.Do(t.Context(), p, call) })
	<-entered
	for range 20 {
		if _, err := client.Do(t.Context(), p, call); !Resting(err) {
			t.Errorf("asks, too: %v", err)
		}
	}
	close(release)
	group.Wait()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Do(gone, p, call); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("a call that was given up: %v", err)
	}
	if _, err := client.Do(t.Context(), p, call); err != nil || first != nil || asked.Load() != 5 {
		t.Errorf("%v %v, asked %d times", first, err, asked.Load())
	}
}

// Whatever the outcomes: a vendor that is there is asked, one is never left alone for longer than it should, and never asked while it is.
func TestABreakerOpensAndClosesAsItIsStated(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var b breakers
		limits := breaker{rapid.IntRange(1, 4).Draw(r, "failures"), time.Duration(rapid.IntRange(1, 60).Draw(r, "rest")) * time.Second}
		now, row, open := time.Unix(0, 0), 0, time.Time{}
		for range rapid.IntRange(1, 60).Draw(r, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(r, "pause")) * time.Second)
			rest, allowed := b.allow("k", now, time.Second)
			if allowed != !now.Before(open) || !allowed && rest != open.Sub(now) {
				r.Fatalf("allowed %v for %v at %v, open until %v", allowed, rest, now, open)
			}
			if !allowed {
				continue
			}
			shown := rapid.SampledFrom([]presence{unknown, there, away}).Draw(r, "shown")
			switch shown {
			case there:
				row, open = 0, time.Time{}
			case away:
				if row++; row >= limits.failures {
					open = now.Add(limits.rest)
				}
			}
			b.note("k", limits, shown, now)
		}
	})
}

func TestTooManyBreakersMakeRoom(t *testing.T) {
	var b breakers
	for i := range maxBreakers + 10 {
		b.note(fmt.Sprint(i), breaker{1, time.Minute}, away, time.Unix(0, 0))
	}
	if len(b.kept) != maxBreakers {
		t.Errorf("%d are kept", len(b.kept))
	}
	if _, allowed := b.allow(fmt.Sprint(maxBreakers+9), time.Unix(1, 0), time.Second); allowed {
		t.Error("the newest is forgotten")
	}
	_, found := ParsePlugin("p.yaml", []byte(strings.Replace(broken, "PT30S", "P1D", 1)))
	if !found.Failed() || found[0].Path != "breaker.rest" {
		t.Errorf("%v", found)
	}
}
