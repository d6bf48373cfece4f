// Package telemetry provides structured logs with the ids of request, case, execution and trace, and metrics. It never
// handles personal data: log ids, codes and durations, not values.
package telemetry

import (
	"context"
	"log/slog"
	"time"
)

// Metrics counts and measures. Dimensions are name, value, name, value, …; values come from small closed sets, or are ids of definitions.
// Implementations: EMF (AWS: the series of Kept, written after each invocation), prometheus.Registry (/metrics on one machine: all), Discard.
type Metrics interface {
	Count(name string, dimensions ...string)
	Observe(name string, d time.Duration, dimensions ...string)
	// Gauge states how much there is of something now: the newest value counts.
	Gauge(name string, value float64, dimensions ...string)
}

// Discard is Metrics that nobody reads.
var Discard Metrics = discard{}

type discard struct{}

func (discard) Count(string, ...string)                  {}
func (discard) Observe(string, time.Duration, ...string) {}
func (discard) Gauge(string, float64, ...string)         {}

type attributesKey struct{}

// With returns a context whose log lines carry these attributes too ("request_id", "case_id", "execution", "trace_id").
func With(ctx context.Context, attributes ...slog.Attr) context.Context {
	old := attributesOf(ctx)
	return context.WithValue(ctx, attributesKey{}, append(old[:len(old):len(old)], attributes...))
}

func attributesOf(ctx context.Context) []slog.Attr {
	attributes, _ := ctx.Value(attributesKey{}).([]slog.Attr)
	return attributes
}

// Handler adds the attributes of With to every record of the handler it wraps.
type Handler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h Handler) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(attributesOf(ctx)...)
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h Handler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return Handler{h.Handler.WithAttrs(attributes)}
}

// WithGroup implements slog.Handler.
func (h Handler) WithGroup(name string) slog.Handler { return Handler{h.Handler.WithGroup(name)} }
