// Package start is what the functions have in common: structured logs, and errors that Retry and Catch know by name.
package start

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"

	"ballerine/internal/problem"
	"ballerine/internal/task"
	"ballerine/internal/telemetry"
)

// Logger is the functions' logger: JSON lines with the ids of the context. It becomes slog's default.
func Logger() *slog.Logger {
	logger := slog.New(telemetry.Handler{Handler: slog.NewJSONHandler(os.Stdout, nil)})
	slog.SetDefault(logger)
	return logger
}

// Must ends the process with a log line when a function cannot be built. Lambda reports a failed init phase.
func Must[T any](built T, err error) T {
	if err != nil {
		slog.Error("the function cannot start", "code", string(problem.CodeOf(err)), "error", err.Error())
		os.Exit(1)
	}
	return built
}

// Task serves a task, a stream or a schedule.
func Task(handler task.Handler) { lambda.Start(Named(handler)) }

// Named gives the handler's errors the name of their problem code, which is what Retry and Catch compare. What has no
// code is internal: its text goes to the log only.
func Named(handler task.Handler) task.Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		answer, err := handler(ctx, payload)
		if err == nil {
			return answer, nil
		}
		p := problem.As(err)
		slog.WarnContext(ctx, "the task failed", "code", string(p.Code), "error", err.Error())
		return nil, messages.InvokeResponse_Error{Type: string(p.Code), Message: p.Message}
	}
}
