package compile

import (
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// expressSeconds is how long a decision may take: API Gateway ends a call after 30 seconds.
const expressSeconds = 25

// Express makes the Express machine of a workflow without waits: it runs from the beginning to the end while a caller
// waits for the answer. Work that fails for good, where the chart does not define what follows, ends the run: the case
// waits for an operator, and an execution of the other machine takes over. Errors: Invalid, with everything that waits.
func Express(w *workflow.Workflow) (*Machine, error) {
	if waits := w.Waits(); len(waits) > 0 {
		e := problem.New(problem.Invalid, "The workflow waits, so it has no Express machine.")
		e.Fields = waits
		return nil, e
	}
	machine, err := compile(w, true)
	if err != nil {
		return nil, err
	}
	machine.TimeoutSeconds = expressSeconds
	return machine, nil
}

// rest emits what replaces a wait: the run ends there. When concurrent work has ended, the first of its branches may not
// know yet that the case has moved on; so the record is checked first whether it really rests.
func (b *branch) rest(s *statechart.State, owner, role, what string) {
	name := b.names.of(s.Path, role)
	ends := State{Name: name, Type: "Succeed", Comment: "It would wait here: another execution takes over. " + what}
	if role != "" {
		b.states = append(b.states, ends)
		return
	}
	ends.Name = b.names.of(owner, "rests")
	position := b.names.of(owner, "asked")
	payload := b.inRegion(Object{{"action", "timer"}, {"tenant.$", "$.tenant"}, {"case.$", "$.case"}, {"state", s.Path}})
	b.states = append(b.states,
		State{
			Name: name, Type: "Task", Comment: "Asks where the record is.", Resource: resourceInvoke,
			Parameters: call("step", append(payload, Member{"execution.$", "$$.Execution.Name"})),
			OutputPath: "$.Payload", TimeoutSeconds: functionSeconds, Retry: stepRetry(), Next: position,
		},
		State{Name: position, Type: "Choice", Choices: []Choice{rule(s.Path, ends.Name)}, Default: b.routeName()},
		ends)
}
