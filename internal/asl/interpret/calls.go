package interpret

import (
	"context"
	"errors"
)

// calling reports whether a thread waits for the answer of this call.
func calling(turn int) func(t *thread) bool {
	return func(t *thread) bool { return t.Turn == turn && t.Phase == phaseCall }
}

// call invokes the function of a task and continues with its answer.
func (e *Engine) call(x *execution, turn int) {
	x.mutex.Lock()
	if !x.run.on(calling(turn)) || e.isClosed() {
		x.mutex.Unlock()
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if x.cancel == nil {
		x.cancel = map[int]context.CancelFunc{}
	}
	x.cancel[turn] = cancel
	function, payload := x.run.function, x.run.payload
	x.mutex.Unlock()

	answer, err := e.config.Invoke(ctx, function, payload)
	e.answer(x, turn, answer, err)
}

// answer continues with the result of a function. A write that fails is retried: the answer must not be lost.
func (e *Engine) answer(x *execution, turn int, answer []byte, failure error) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	delete(x.cancel, turn)
	if !x.run.on(calling(turn)) {
		return // the token came first, or the time was up
	}
	if failure == nil && x.run.Token != "" {
		x.run.Phase = phaseToken
		e.mark(x)
		return
	}
	err := e.commitLater(context.Background(), x, x.run, func(r *run) {
		if failure != nil {
			r.failTask(errorOf(failure))
			return
		}
		r.answered(answer)
	})
	if err != nil {
		e.later(x, err, func() { e.answer(x, turn, answer, failure) })
	}
}

// errorOf names a failed call as Step Functions does: a function's own error is a cause in JSON.
func errorOf(failure error) (name, cause string) {
	var invoke *InvokeError
	if !errors.As(failure, &invoke) {
		return "Lambda.Unknown", "The cause could not be determined because Lambda did not return an error type."
	}
	return invoke.Type, string(encodeValue(map[string]any{"errorMessage": invoke.Message, "errorType": invoke.Type}))
}

// fire applies the deadlines that have passed, one after the other.
func (e *Engine) fire(x *execution) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	for !e.isClosed() {
		now := e.config.Clock.Now()
		if !x.run.on(func(t *thread) bool { due := t.next(); return !due.IsZero() && !due.After(now) }) {
			break
		}
		if err := e.commitLater(context.Background(), x, x.run, (*run).overdue); err != nil {
			e.later(x, err, func() { e.fire(x) })
			return
		}
	}
	if x.run.Status == Running { // a heartbeat may have come
		e.mutex.Lock()
		defer e.mutex.Unlock()
		e.setTimer(x, x.run.due())
	}
}

// overdue applies the deadline of the thread.
func (r *run) overdue() {
	switch {
	case r.Phase == phaseRetry:
		r.again()
	case r.Phase == phaseWait:
		r.waited()
	case r.next().Equal(r.Deadline):
		r.failTask(ErrorTimeout, "")
	default:
		r.failTask(ErrorHeartbeat, "")
	}
}
