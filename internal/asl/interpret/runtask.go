package interpret

import (
	"encoding/json"
	"math"
	"slices"
	"time"
)

// schedule prepares an attempt of a Task: its deadline, its token, its call.
func (r *run) schedule(s *state) {
	timeout, ok := r.secondsOf(s.timeout, s.timeoutPath)
	heartbeat, beatOK := r.secondsOf(s.heartbeat, s.heartbeatPath)
	if !ok || !beatOK {
		r.fail(ErrorRuntime, "The seconds of the state '"+s.name+"' are missing or not a whole number of at least 1.")
		return
	}
	deadline := time.Time{}
	if timeout > 0 {
		deadline = r.now.Add(time.Duration(timeout) * time.Second)
	}
	r.Token = ""
	if s.token {
		r.Token = r.newToken()
	}
	r.block(phaseCall, deadline)
	if heartbeat > 0 {
		r.Beat = r.now.Add(time.Duration(heartbeat) * time.Second)
	}
	if r.prepare() {
		r.note("TaskScheduled", "")
		r.full()
	}
}

// prepare computes the call of a Task from its input: also after a restart, with the same outcome.
func (r *run) prepare() bool {
	s := r.machine.states[r.State]
	effective, ok := r.at(s.input, r.data, "InputPath")
	if !ok {
		return false
	}
	filled, ok := r.fill(s.parameters, effective)
	if !ok {
		return false
	}
	parameters := filled.(map[string]any) // Load has seen that it is an object
	name, isText := parameters["FunctionName"].(string)
	if !isText {
		r.fail(ErrorRuntime, "FunctionName of the state '"+s.name+"' is not a string.")
		return false
	}
	r.function, r.payload = name, []byte("{}")
	if payload, ok := parameters["Payload"]; ok {
		r.payload = encodeValue(payload)
	}
	if len(r.payload) > MaxData {
		r.failTask(ErrorDataLimit, "The state/task '"+s.name+"' has an input with a size exceeding the maximum number of bytes service limit.")
		return false
	}
	return true
}

func (r *run) secondsOf(fixed int64, p *path) (int64, bool) {
	if p == nil {
		return fixed, true
	}
	value, _ := p.read(r.data, r.context())
	seconds, ok := wholeNumber(value)
	return seconds, ok && seconds > 0
}

// answered handles what the function returned: the result of a plain task. A token task continues when its token is sent.
func (r *run) answered(payload []byte) {
	if len(payload) > MaxData {
		r.failTask(ErrorDataLimit, "The state/task '"+r.State+"' returned a result with a size exceeding the maximum number of bytes service limit.")
		return
	}
	value, err := decodeValue(payload)
	if err != nil {
		r.failTask("Runtime.MarshalError", "The function's answer is not JSON.")
		return
	}
	r.completed(map[string]any{"ExecutedVersion": "$LATEST", "Payload": value, "StatusCode": json.Number("200")})
}

// completed continues with a task's result.
func (r *run) completed(result any) {
	s := r.machine.states[r.State]
	if s.resultSelector != nil {
		var ok bool
		if result, ok = r.fill(s.resultSelector, result); !ok {
			return
		}
	}
	merged, ok := r.merge(s, result)
	if !ok {
		return
	}
	output, ok := r.at(s.output, merged, "OutputPath")
	if !ok {
		return
	}
	if len(encodeIfLarge(output)) > MaxData {
		r.failTask(ErrorDataLimit, "The state/task '"+s.name+"' returned a result with a size exceeding the maximum number of bytes service limit.")
		return
	}
	r.note("TaskSucceeded", "")
	r.note("StateExited", "")
	r.Token = ""
	r.enter(s.next, output)
}

// failTask retries, catches, or fails the execution.
func (r *run) failTask(errorName, cause string) {
	s := r.machine.states[r.State]
	kind := "TaskFailed"
	if errorName == ErrorTimeout || errorName == ErrorHeartbeat {
		kind = "TaskTimedOut"
	}
	r.note(kind, errorName)
	r.Token = ""
	if r.retryLater(s, errorName) {
		r.full()
		return
	}
	reported := errorName
	if errorName == ErrorHeartbeat {
		reported = ErrorTimeout // as Step Functions does
	}
	for _, c := range s.catch {
		if !matches(c.errorEquals, errorName, kind == "TaskTimedOut") {
			continue
		}
		output := any(map[string]any{"Error": reported, "Cause": cause})
		switch {
		case c.discard:
			output = r.data
		case c.resultPath != nil:
			merged, ok := c.resultPath.write(r.data, output)
			if !ok {
				r.fail(ErrorResultPathFailure, "The ResultPath of a Catch of the state '"+s.name+"' cannot be applied to its input.")
				return
			}
			output = merged
		}
		r.note("StateExited", "")
		r.enter(c.next, output)
		return
	}
	r.fail(reported, cause)
}

// retryLater finds the first retrier for the error; when its attempts are not used up, the task waits for the next.
func (r *run) retryLater(s *state, errorName string) bool {
	timedOut := errorName == ErrorTimeout || errorName == ErrorHeartbeat
	i := slices.IndexFunc(s.retry, func(c retrier) bool { return matches(c.ErrorEquals, errorName, timedOut) })
	if i < 0 {
		return false
	}
	attempts := make([]int, len(s.retry))
	copy(attempts, r.Attempts)
	if attempts[i] >= valueOr(s.retry[i].MaxAttempts, 3) {
		return false
	}
	delay := s.retry[i].delay(attempts[i], r.random)
	attempts[i]++
	r.Attempts = attempts
	r.Retried++
	r.block(phaseRetry, r.now.Add(delay))
	return true
}

// again is the next attempt of a task whose delay has passed.
func (r *run) again() {
	r.Transitions++
	r.schedule(r.machine.states[r.State])
}

// delay before the retry after n earlier ones.
func (c retrier) delay(n int, random func() float64) time.Duration {
	seconds := valueOr(c.IntervalSeconds, 1) * math.Pow(valueOr(c.BackoffRate, 2), float64(n))
	if c.MaxDelaySeconds != nil {
		seconds = min(seconds, *c.MaxDelaySeconds)
	}
	if c.JitterStrategy == "FULL" {
		seconds *= random()
	}
	return time.Duration(min(seconds, 31_622_400) * float64(time.Second)) // Step Functions' longest delay, about a year
}

// matches reports whether ErrorEquals names the error. States.Runtime is never caught; States.DataLimitExceeded only by name.
func matches(names []string, errorName string, timedOut bool) bool {
	if errorName == ErrorRuntime {
		return false
	}
	return slices.ContainsFunc(names, func(name string) bool {
		switch name {
		case errorName:
			return true
		case ErrorAll:
			return errorName != ErrorDataLimit
		case ErrorTaskFailed:
			return !timedOut && errorName != ErrorDataLimit
		case ErrorTimeout:
			return timedOut
		default:
			return false
		}
	})
}

func valueOr[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
