package asl

import (
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// expressSeconds is how long a decision may take: API Gateway ends a call after 30 seconds.
const expressSeconds = 25

// CompileExpress makes the Express machine of a workflow without waits: it runs from the beginning to the end while
// somebody waits for the answer. Work that fails for good, where the chart does not say what then, ends the run: the case
// waits for an operator, and an execution of the other machine takes over. Errors: Invalid, with everything that waits.
func CompileExpress(w *workflow.Workflow) (*Machine, error) {
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
