package interpret

import (
	"encoding/json"
	"slices"
	"time"
)

// Status of an execution, in Step Functions' words.
type Status string

// The statuses.
const (
	Running   Status = "RUNNING"
	Succeeded Status = "SUCCEEDED"
	Failed    Status = "FAILED"
	Aborted   Status = "ABORTED"
)

// phase states what a running execution waits for.
type phase string

const (
	phaseCall  phase = "call"  // its function must be called, or is being called
	phaseToken phase = "token" // its function was called, the token is out
	phaseRetry phase = "retry" // until Deadline, then the function is called again
	phaseWait  phase = "wait"  // a Wait state, until Deadline
	phaseJoin  phase = "join"  // a Parallel state, until its branches have ended
)

// Limits of Step Functions.
const (
	MaxData   = 256 * 1024 // bytes of any input, result or output
	MaxEvents = 25_000     // history events of one execution
)

// record is all of an execution that is kept.
type record struct {
	Machine     string          `json:"machine"`
	Name        string          `json:"name"`
	Status      Status          `json:"status"`
	Input       json.RawMessage `json:"input,omitempty"`
	Started     time.Time       `json:"started"`
	Ended       time.Time       `json:"ended,omitzero"`
	Last        string          `json:"state,omitempty"` // the state that was entered last
	Turns       int             `json:"turns"`           // counts what the execution has waited for
	Threads     []*thread       `json:"threads,omitempty"`
	Transitions int             `json:"transitions"`
	Events      int             `json:"events"`
	Output      json.RawMessage `json:"output,omitempty"`
	Error       string          `json:"error,omitempty"`
	Cause       string          `json:"cause,omitempty"`
}

// thread is one of the branches of an execution: the machine itself, and one for each branch of a Parallel.
type thread struct {
	ID       int               `json:"id"` // 0 is the machine itself
	Parent   int               `json:"parent,omitempty"`
	Branch   int               `json:"branch,omitempty"` // of the parent's Parallel
	State    string            `json:"state,omitempty"`
	Entered  time.Time         `json:"entered,omitzero"`
	Data     json.RawMessage   `json:"data,omitempty"` // the state's input
	Attempts []int             `json:"attempts,omitempty"`
	Retried  int               `json:"retried,omitempty"`
	Turn     int               `json:"turn"` // distinguishes a late answer from a current one; no two threads have the same
	Phase    phase             `json:"phase,omitempty"`
	Deadline time.Time         `json:"deadline,omitzero"`
	Beat     time.Time         `json:"beat,omitzero"`
	Token    string            `json:"token,omitempty"`
	Results  []json.RawMessage `json:"results,omitempty"` // of the branches, null while they run
	Running  int               `json:"running,omitempty"` // branches that have not ended

	machine  *Machine
	data     any    // Data, decoded
	function string // what phaseCall must call
	payload  []byte
}

// next is when the thread has to continue; zero: never by itself.
func (t *thread) next() time.Time {
	if !t.Beat.IsZero() && (t.Deadline.IsZero() || t.Beat.Before(t.Deadline)) {
		return t.Beat
	}
	return t.Deadline
}

// Event is one entry of an execution's history. It carries no data.
type Event struct {
	At    time.Time `json:"at"`
	Type  string    `json:"type"` // as in GetExecutionHistory, "StateEntered" for every kind of state
	State string    `json:"state,omitempty"`
	Error string    `json:"error,omitempty"`
}

// run is an execution while it is worked on. Its methods change only the run: the engine keeps it, then acts. They work on
// one thread at a time, the embedded one.
type run struct {
	record
	*thread
	root     *Machine
	now      time.Time
	random   func() float64
	newToken func() string
	log      []Event // not kept yet
}

// copied lets a change work on threads of its own.
func (r run) copied() run {
	threads := make([]*thread, len(r.Threads))
	for i, t := range r.Threads {
		clone := *t
		clone.Results = slices.Clone(t.Results)
		threads[i] = &clone
		if r.thread == t {
			r.thread = &clone
		}
	}
	r.Threads = threads
	return r
}

// on makes a thread the one that is worked on; false when no thread fits.
func (r *run) on(fits func(t *thread) bool) bool {
	at := slices.IndexFunc(r.Threads, fits)
	if at < 0 || r.Status != Running {
		return false
	}
	r.thread = r.Threads[at]
	return true
}

// fork enters the branches of a Parallel.
func (r *run) fork(s *state) {
	input, ok := r.at(s.input, r.data, "InputPath")
	if !ok {
		return
	}
	r.block(phaseJoin, time.Time{})
	parent := r.thread
	parent.Results, parent.Running = make([]json.RawMessage, len(s.branches)), len(s.branches)
	r.note("ParallelStateStarted", "")
	for i, machine := range s.branches {
		if r.Status != Running {
			return
		}
		r.Turns++
		r.thread = &thread{ID: r.Turns, Parent: parent.ID, Branch: i, machine: machine}
		r.Threads = append(r.Threads, r.thread)
		r.enter(machine.startAt, input)
	}
}

// join ends the thread of a branch; with the last one its Parallel continues.
func (r *run) join(output any) {
	ended := r.thread
	r.Threads = slices.DeleteFunc(r.Threads, func(t *thread) bool { return t == ended })
	r.on(func(t *thread) bool { return t.ID == ended.Parent })
	r.Results[ended.Branch] = encodeValue(output)
	if r.Running--; r.Running > 0 {
		return
	}
	s := r.machine.states[r.State]
	results := make([]any, len(r.Results))
	for i, text := range r.Results {
		results[i], _ = decodeValue(text) // it was encoded from a value
	}
	r.Results = nil
	merged, ok := r.merge(s, results)
	if ok {
		merged, ok = r.at(s.output, merged, "OutputPath")
	}
	if !ok {
		return
	}
	if len(encodeIfLarge(merged)) > MaxData {
		r.fail(ErrorDataLimit, "The state '"+s.name+"' returned a result with a size exceeding the maximum number of bytes service limit.")
		return
	}
	r.note("ParallelStateSucceeded", "")
	r.note("StateExited", "")
	r.enter(s.next, merged)
}

func (r *run) note(kind, errorName string) {
	r.Events++
	r.log = append(r.log, Event{At: r.now, Type: kind, State: r.State, Error: errorName})
}

// start begins at the machine's first state.
func (r *run) start(input any) {
	r.thread = &thread{machine: r.root}
	r.Threads = []*thread{r.thread}
	r.note("ExecutionStarted", "")
	r.enter(r.machine.startAt, input)
}

// enter goes to a state, and on through those that need no waiting.
func (r *run) enter(name string, data any) {
	for name != "" {
		s := r.machine.states[name]
		r.State, r.Last, r.Entered, r.data = name, name, r.now, data
		r.Attempts, r.Retried = nil, 0
		r.Transitions++
		r.note("StateEntered", "")
		if r.full() {
			return
		}
		if s.kind == "Task" {
			r.schedule(s)
			return
		}
		if s.kind == "Wait" {
			r.wait(s)
			return
		}
		if s.kind == "Parallel" {
			r.fork(s)
			return
		}
		if s.kind == "Fail" {
			r.fail(s.error, s.cause)
			return
		}
		var ok bool
		if name, data, ok = r.pass(s); !ok {
			return
		}
		if len(encodeIfLarge(data)) > MaxData {
			r.fail(ErrorDataLimit, "The state '"+s.name+"' returned a result with a size exceeding the maximum number of bytes service limit.")
			return
		}
		r.note("StateExited", "")
	}
	if r.ID != 0 {
		r.join(data)
		return
	}
	r.succeed(data)
}

// full ends an execution whose history is full.
func (r *run) full() bool {
	if r.Events < MaxEvents {
		return false
	}
	r.Events = MaxEvents - 1
	r.fail(ErrorRuntime, "The execution reached the maximum number of history events (25000).")
	return true
}

// pass evaluates Choice, Pass and Succeed: what follows, with which data.
func (r *run) pass(s *state) (next string, output any, ok bool) {
	effective, ok := r.at(s.input, r.data, "InputPath")
	if !ok {
		return "", nil, false
	}
	output, next = effective, s.next
	switch s.kind {
	case "Choice":
		if next, ok = r.choose(s, effective); !ok {
			return "", nil, false
		}
	case "Pass":
		if s.parameters != nil {
			if effective, ok = r.fill(s.parameters, effective); !ok {
				return "", nil, false
			}
		}
		if s.hasResult {
			effective = s.result
		}
		if output, ok = r.merge(s, effective); !ok {
			return "", nil, false
		}
	}
	output, ok = r.at(s.output, output, "OutputPath")
	return next, output, ok
}

func (r *run) choose(s *state, data any) (string, bool) {
	for _, c := range s.choices {
		yes, missing := c.test(data, r.context())
		if missing != "" {
			r.fail(ErrorRuntime, "Invalid path '"+missing+"': The choice state's condition path references an invalid value.")
			return "", false
		}
		if yes {
			return c.next, true
		}
	}
	if s.fallback == "" {
		r.fail(ErrorNoChoiceMatched, "No choice rule matched, and there is no default.")
		return "", false
	}
	return s.fallback, true
}

func (c rule) test(data any, contextObject func() any) (yes bool, missing string) {
	switch {
	case c.not != nil:
		yes, missing = c.not.test(data, contextObject)
		return !yes, missing
	case c.and != nil:
		for _, inner := range c.and {
			if yes, missing = inner.test(data, contextObject); !yes || missing != "" {
				return false, missing
			}
		}
		return true, ""
	case c.or != nil:
		for _, inner := range c.or {
			if yes, missing = inner.test(data, contextObject); yes || missing != "" {
				return yes, missing
			}
		}
		return false, ""
	default:
		value, ok := c.variable.read(data, contextObject)
		if !ok {
			return false, c.variable.source
		}
		text, isText := value.(string)
		return isText && text == c.equals, ""
	}
}

// wait sets the deadline of a Wait state.
func (r *run) wait(s *state) {
	effective, ok := r.at(s.input, r.data, "InputPath")
	if !ok {
		return
	}
	until, ok := s.until(r.now, effective, r.context())
	if !ok {
		r.fail(ErrorRuntime, "The Wait state's time is missing or not of its type.")
		return
	}
	r.block(phaseWait, until)
}

func (s *state) until(now time.Time, data any, contextObject func() any) (time.Time, bool) {
	stamp := s.timestamp
	if s.timestampPath != nil {
		value, _ := s.timestampPath.read(data, contextObject)
		stamp, _ = value.(string)
	}
	if stamp != "" || s.timestampPath != nil {
		until, err := time.Parse(time.RFC3339Nano, stamp)
		return until, err == nil
	}
	seconds := s.seconds
	if s.secondsPath != nil {
		value, _ := s.secondsPath.read(data, contextObject)
		whole, ok := wholeNumber(value)
		if !ok || whole < 0 {
			return time.Time{}, false
		}
		seconds = whole
	}
	return now.Add(time.Duration(seconds) * time.Second), true
}

// waited continues after a Wait state.
func (r *run) waited() {
	s := r.machine.states[r.State]
	output, ok := r.at(s.input, r.data, "InputPath")
	if ok {
		output, ok = r.at(s.output, output, "OutputPath")
	}
	if ok {
		r.note("StateExited", "")
		r.enter(s.next, output)
	}
}

// block makes the execution wait: a new turn.
func (r *run) block(p phase, deadline time.Time) {
	r.Turns++
	r.Turn, r.Phase, r.Deadline, r.Beat = r.Turns, p, deadline, time.Time{}
	r.Data = encodeValue(r.data)
}

func (r *run) end(status Status) {
	r.Status, r.Ended, r.Threads = status, r.now, nil
	r.note(map[Status]string{Succeeded: "ExecutionSucceeded", Failed: "ExecutionFailed", Aborted: "ExecutionAborted"}[status], r.Error)
}

func (r *run) succeed(output any) {
	r.Output = encodeValue(output)
	r.end(Succeeded)
}

func (r *run) fail(errorName, cause string) {
	r.Error, r.Cause = errorName, cause
	r.end(Failed)
}

// at applies an InputPath or OutputPath; a path that leads nowhere fails the execution.
func (r *run) at(p *path, data any, field string) (any, bool) {
	if p == nil {
		return data, true
	}
	value, ok := p.read(data, r.context())
	if !ok {
		r.fail(ErrorRuntime, "Invalid path '"+p.source+"' in "+field+": it could not be found.")
	}
	return value, ok
}

func (r *run) fill(t *template, data any) (any, bool) {
	value, missing := t.fill(data, r.context())
	if missing != "" {
		r.fail(ErrorRuntime, "The JSONPath '"+missing+"' could not be found in the input of the state '"+r.State+"'.")
	}
	return value, missing == ""
}

// merge puts a state's result into its raw input.
func (r *run) merge(s *state, result any) (any, bool) {
	if s.discardResult {
		return r.data, true
	}
	if s.resultPath == nil {
		return result, true
	}
	merged, ok := s.resultPath.write(r.data, result)
	if !ok {
		r.fail(ErrorResultPathFailure, "The ResultPath of the state '"+s.name+"' cannot be applied to its input.")
	}
	return merged, ok
}

// context is the context object, built when a path refers to it.
func (r *run) context() func() any {
	var built any
	return func() any {
		if built == nil {
			built = r.contextObject()
		}
		return built
	}
}

func (r *run) contextObject() any {
	input, err := decodeValue(r.Input)
	if err != nil {
		panic("states: an execution's input was checked at its start: " + err.Error())
	}
	object := map[string]any{
		"Execution": map[string]any{
			"Id": executionARN + r.Machine + ":" + r.Name, "Name": r.Name, "Input": input,
			"StartTime": r.Started.UTC().Format(stampFormat),
		},
		"State":        map[string]any{"Name": r.State, "EnteredTime": r.Entered.UTC().Format(stampFormat), "RetryCount": r.Retried},
		"StateMachine": map[string]any{"Id": machineARN + r.Machine, "Name": r.Machine},
	}
	if r.Token != "" {
		object["Task"] = map[string]any{"Token": r.Token}
	}
	return object
}

const (
	executionARN = "arn:aws:states:local:000000000000:execution:"
	machineARN   = "arn:aws:states:local:000000000000:stateMachine:"
	stampFormat  = "2006-01-02T15:04:05.000Z"
)

// encodeIfLarge encodes data only when it might break the limit: most data here is a handful of short strings.
func encodeIfLarge(data any) []byte {
	if size(data) <= MaxData/8 {
		return nil
	}
	return encodeValue(data)
}

// size is a lower bound of the encoded length; escapes make it at most six times as long.
func size(data any) int {
	switch v := data.(type) {
	case map[string]any:
		n := 2
		for name, inner := range v {
			n += len(name) + 4 + size(inner)
		}
		return n
	case []any:
		n := 2
		for _, inner := range v {
			n += 1 + size(inner)
		}
		return n
	case string:
		return len(v) + 2
	case json.Number:
		return len(v)
	default:
		return 5
	}
}
