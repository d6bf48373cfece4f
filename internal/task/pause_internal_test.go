package task

import (
	"testing"
	"time"

	"ballerine/internal/workflow"
)

func TestPauseIsWhatTheMachineCertainlyMakes(t *testing.T) {
	growing := workflow.RetryPolicy{Interval: 2 * time.Second, Rate: 3, MaxInterval: 10 * time.Second}
	jittered := growing
	jittered.Jitter = true
	for _, c := range []struct {
		retry   workflow.RetryPolicy
		attempt int
		want    time.Duration
	}{
		{growing, 0, 2 * time.Second},
		{growing, 1, 6 * time.Second},
		{growing, 2, 10 * time.Second},
		{jittered, 2, 0},
		{workflow.RetryPolicy{}, 5, time.Second},
		{workflow.RetryPolicy{Interval: time.Hour, Rate: 10}, 200, 365 * 24 * time.Hour},
	} {
		if got := pause(c.retry, c.attempt); got != c.want {
			t.Errorf("%+v after attempt %d: %s, want %s", c.retry, c.attempt, got, c.want)
		}
	}
}
