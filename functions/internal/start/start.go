// Package start is the common set-up of the functions: structured logs, and error names for Retry and Catch.
package start

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"ballerine/internal/app"
	"ballerine/internal/app/onaws"
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

// Run builds a function once and serves it: environment, parts, handler. Metrics are written after each invocation.
func Run(build func(core *app.Core) (task.Handler, error), with ...onaws.With) {
	logger := Logger()
	metrics := telemetry.NewEMF(os.Stdout, cmp.Or(os.Getenv("METRICS_NAMESPACE"), "Ballerine"), telemetry.Kept(), time.Now)
	core := Must(onaws.Load(context.Background(), append(with, onaws.Metrics(metrics))...))
	handler := Named(Must(build(core)))
	lambda.Start(func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		defer func() {
			if err := metrics.Flush(); err != nil {
				logger.WarnContext(ctx, "metrics could not be written", "error", err.Error())
			}
		}()
		return handler(traced(ctx), payload)
	})
}

// traced adds the invocation's and the trace's ids to every log line.
func traced(ctx context.Context) context.Context {
	if invocation, ok := lambdacontext.FromContext(ctx); ok {
		ctx = telemetry.With(ctx, slog.String("invocation_id", invocation.AwsRequestID))
	}
	if trace := os.Getenv("_X_AMZN_TRACE_ID"); trace != "" {
		ctx = telemetry.With(ctx, slog.String("trace_id", trace))
	}
	return ctx
}

// Named replaces the name of the handler's errors by their problem code, which is what Retry and Catch compare. An error
// without a code is internal: its text goes to the log only.
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
