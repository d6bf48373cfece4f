package ledger

import (
	"context"
	"runtime"
	"time"

	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// Shadow is what a draft would have decided beside the live version.
type Shadow struct {
	Trial    string        `json:"trial"`
	Outcome  string        `json:"outcome,omitempty"`
	Score    float64       `json:"score"`
	Severity string        `json:"severity,omitempty"`
	Fired    []string      `json:"fired,omitempty"`
	Error    string        `json:"error,omitempty"` // code of the error that prevented its decision
	Took     time.Duration `json:"took"`            // nanoseconds of the evaluation
}

// maxShadow bounds the ids of rules that a shadow keeps, in bytes: beyond MaxBytes a store has space for them.
const maxShadow = 16 << 10

// shadowTime is the longest that a decision waits for its shadow.
const shadowTime = 100 * time.Millisecond

// codeBusy is the error of a shadow that was not begun, as too many are under way.
const codeBusy = "busy"

// maxShadows bounds how many evaluations of drafts are under way in a process: those that nobody waits for any longer
// still use a processor.
func maxShadows() int32 { return int32(8 * runtime.GOMAXPROCS(0)) }

// shadow evaluates a draft over what the live version saw. Whatever its result, the decision is valid and not delayed for long.
func (l *Ledger) shadow(ctx context.Context, draft *Draft, input map[string]any, h Head, outcome string) *Shadow {
	s := l.tryShadow(ctx, draft, input, h)
	result := "same"
	switch {
	case s.Error != "":
		result = s.Error
	case s.Outcome != outcome:
		result = "flip"
	}
	if l.Metrics != nil {
		l.Metrics.Count("trial_shadows_total", "policy", h.Policy, "result", result)
		l.Metrics.Observe("trial_shadow_duration", s.Took, "policy", h.Policy)
	}
	return s
}

func (l *Ledger) tryShadow(ctx context.Context, draft *Draft, input map[string]any, h Head) *Shadow {
	if l.shadows.Add(1) > maxShadows() {
		l.shadows.Add(-1)
		return &Shadow{Trial: draft.Trial, Error: codeBusy}
	}
	limit := l.ShadowTime
	if limit <= 0 {
		limit = shadowTime
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	done := make(chan *Shadow, 1)
	go func() {
		defer l.shadows.Add(-1)
		defer cancel()
		done <- l.verdict(ctx, draft, input, h)
	}()
	select {
	case s := <-done:
		return s
	case <-ctx.Done():
	}
	select {
	case s := <-done: // it was ready as the time ended, or was the one that ended it
		return s
	default:
		return &Shadow{Trial: draft.Trial, Error: string(problem.Timeout), Took: limit}
	}
}

// verdict of a draft, with the trace and all that the live version made, so that their times compare.
func (l *Ledger) verdict(ctx context.Context, draft *Draft, input map[string]any, live Head) *Shadow {
	h := live
	h.Trial, h.Took = nil, 0
	answer, err := l.guarded(ctx, draft, func() (rules.Answer, error) { return l.evaluate(ctx, draft.Policy, input, live.seen(), &h) })
	s := &Shadow{Trial: draft.Trial, Took: h.Took}
	if err != nil {
		s.Error = string(problem.CodeOf(err))
		return s
	}
	size := 0
	for _, rule := range answer.Fired {
		size += len(rule) + len(`"",`)
	}
	if size > maxShadow {
		s.Error = string(problem.TooLarge)
		return s
	}
	s.Outcome, s.Score, s.Severity, s.Fired = answer.Outcome, answer.Score, answer.Severity, answer.Fired
	return s
}
