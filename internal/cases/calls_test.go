package cases

import (
	"math"
	"testing"
	"time"
)

// TestPercentilesAreNearTheTrueOnes: buckets cost five percent and a millisecond.
func TestPercentilesAreNearTheTrueOnes(t *testing.T) {
	for _, milliseconds := range []int{0, 1, 3, 10, 42, 150, 999, 5000, 59999} {
		took := map[int]int{tookBucket(time.Duration(milliseconds) * time.Second): 1}
		got := percentile(took, 0.5)
		if got == nil || math.Abs(*got-float64(milliseconds)) > 1+0.05*float64(milliseconds) {
			t.Errorf("%d ms is %v", milliseconds, *got)
		}
	}
	took := map[int]int{tookBucket(10 * time.Second): 98, tookBucket(1000 * time.Second): 2}
	if p50, p99 := percentile(took, 0.5), percentile(took, 0.99); *p50 > 11 || *p99 < 950 {
		t.Errorf("p50 %v, p99 %v", *p50, *p99)
	}
	if percentile(map[int]int{}, 0.5) != nil {
		t.Error("of nothing there is a percentile")
	}
}

func TestWhatACallCountsFor(t *testing.T) {
	at := time.Date(2026, 3, 4, 23, 59, 0, 0, time.FixedZone("", -3600))
	for name, c := range map[string]struct {
		run  TaskRun
		want map[string]int
	}{
		"no call":         {TaskRun{Name: "p", Error: "timeout"}, nil},
		"put off":         {TaskRun{Name: "p", Error: "vendor_unavailable", Call: &Call{Via: ViaLimit}}, map[string]int{"via/limit": 1}},
		"called back":     {TaskRun{Name: "p", Call: &Call{Via: ViaCallback, Price: &Price{1, "EUR"}}}, nil},
		"left alone":      {TaskRun{Name: "p", Error: "vendor_unavailable", Call: &Call{Via: ViaBreaker}}, map[string]int{"via/breaker": 1}},
		"as the fallback": {TaskRun{Name: "p", Call: &Call{Via: ViaFallback}}, map[string]int{"calls": 1, "done": 1, "via/fallback": 1, "took/0": 1}},
	} {
		c.run.StartedAt = at
		got := RunCounts(c.run)["calls/p/2026-03-05"]
		if len(got) != len(c.want) {
			t.Errorf("%s: %v", name, got)
		}
		for facet, number := range c.want {
			if got[facet] != number {
				t.Errorf("%s: %v", name, got)
			}
		}
	}
}
