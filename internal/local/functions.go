package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"ballerine/internal/local/states"
	"ballerine/internal/problem"
	"ballerine/internal/task"
)

// Functions are the functions of this process by name, invoked as Lambda would: with a time limit, and with a panic
// or an error turned into {errorType, errorMessage}.
type Functions map[string]task.Handler

// functionTime is the longest that a function may run, as in template.yaml.
const functionTime = 60 * time.Second

// Invoke calls a function. Errors are *states.InvokeError, as Step Functions sees them.
func (f Functions) Invoke(ctx context.Context, name string, payload []byte) (answer []byte, err error) {
	handler, ok := f[name]
	if !ok {
		return nil, &states.InvokeError{Type: "Lambda.ResourceNotFoundException", Message: "no function is named " + name}
	}
	ctx, cancel := context.WithTimeout(ctx, functionTime)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = &states.InvokeError{Type: "Runtime.Panic", Message: fmt.Sprintf("panic in %s: %v\n%s", name, r, debug.Stack())}
		}
	}()
	answer, err = handler(ctx, json.RawMessage(payload))
	if err == nil {
		return answer, nil
	}
	var invoke *states.InvokeError
	if errors.As(err, &invoke) {
		return nil, invoke
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, &states.InvokeError{Type: "Sandbox.Timedout", Message: "the function ran for longer than " + functionTime.String()}
	}
	p := problem.As(err)
	return nil, &states.InvokeError{Type: string(p.Code), Message: p.Message}
}
