package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/app/screened"
	"ballerine/internal/asl/interpret"
	"ballerine/internal/docscan/zone"
	"ballerine/internal/httpapi"
	"ballerine/internal/httpapi/bridge"
	"ballerine/internal/local/gateway"
	"ballerine/internal/problem"
	"ballerine/internal/task"
)

// functions are the functions of this process by name, invoked as Lambda would: with a time limit, and with a panic
// or an error turned into {errorType, errorMessage}.
type functions map[string]task.Handler

// functionTime is the longest that a function may run, as in template.yaml.
const functionTime = 60 * time.Second

// Invoke calls a function. Errors are *interpret.InvokeError, as Step Functions sees them.
func (f functions) Invoke(ctx context.Context, name string, payload []byte) (answer []byte, err error) {
	handler, ok := f[name]
	if !ok {
		return nil, &interpret.InvokeError{Type: "Lambda.ResourceNotFoundException", Message: "no function is named " + name}
	}
	return invoke(ctx, name, handler, json.RawMessage(payload))
}

// direct calls a function as Invoke does, with the event and the answer as values.
func direct[I, O any](name string, run func(context.Context, I) (O, error)) func(context.Context, I) (O, error) {
	return func(ctx context.Context, event I) (O, error) { return invoke(ctx, name, run, event) }
}

func invoke[I, O any](ctx context.Context, name string, run func(context.Context, I) (O, error), event I) (answer O, err error) {
	var none O
	ctx, cancel := context.WithTimeout(ctx, functionTime)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			answer, err = none, &interpret.InvokeError{Type: "Runtime.Panic", Message: fmt.Sprintf("panic in %s: %v\n%s", name, r, debug.Stack())}
		}
	}()
	answer, err = run(ctx, event)
	if err == nil {
		return answer, nil
	}
	var failure *interpret.InvokeError
	if errors.As(err, &failure) {
		return none, failure
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return none, &interpret.InvokeError{Type: "Sandbox.Timedout", Message: "the function ran for longer than " + functionTime.String()}
	}
	p := problem.As(err)
	return none, &interpret.InvokeError{Type: string(p.Code), Message: p.Message}
}

// functions builds the handlers of all functions, as their main packages do. The gateway hands its events to those of the API
// as they are.
func (s *Stack) functions(f functions) (err error) {
	f["step"], f["document"], f["sweep"], f["authorizer"] = s.Core.Step(), s.Core.Document(zone.Read), s.Core.Sweep(), s.Core.Authorizer()
	f["children"], f["rules"], f["backtest"] = s.Core.Children(), s.Core.Rules(), s.Core.Backtest()
	f["deliver"] = s.Core.Deliver()
	f["dispatch"] = s.Core.Dispatch(s.stores.decode)
	if f["vendor"], err = s.Core.Vendor(); err != nil {
		return err
	}
	s.direct = gateway.Direct{Functions: map[string]bridge.Handler{}, Authorizer: direct("authorizer", s.Core.Authorize())}
	for _, operations := range httpapi.AllOperations() {
		if operations.Audience == httpapi.Screening {
			continue
		}
		serve, err := s.Core.Serve(operations)
		if err != nil {
			return err
		}
		name := audiences[operations.Audience]
		f[name], s.direct.Functions[name] = app.Function(serve), direct(name, serve)
	}
	serve, function, err := screened.Handlers(s.Core)
	if err != nil {
		return err
	}
	f["screening"], s.direct.Functions["screening"] = function, direct("screening", serve)
	if s.options.wrap == nil {
		return nil
	}
	s.direct = gateway.Direct{} // every call passes what is wrapped
	for name, handler := range f {
		f[name] = s.options.wrap(name, handler)
	}
	return nil
}
