// Package prometheus keeps metrics for a scraper: on one machine. Functions write theirs into their logs, and do not link this.
package prometheus

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// Registry is telemetry.Metrics that a scraper reads in Prometheus' text format.
type Registry struct{ set *metrics.Set }

// NewRegistry makes an empty one.
func NewRegistry() *Registry { return &Registry{metrics.NewSet()} }

// Count implements telemetry.Metrics.
func (r *Registry) Count(name string, dimensions ...string) {
	r.set.GetOrCreateCounter(label(name, dimensions)).Inc()
}

// Observe implements telemetry.Metrics: a histogram in seconds.
func (r *Registry) Observe(name string, d time.Duration, dimensions ...string) {
	r.set.GetOrCreateHistogram(label(name+"_seconds", dimensions)).Update(d.Seconds())
}

// Gauge implements telemetry.Metrics.
func (r *Registry) Gauge(name string, value float64, dimensions ...string) {
	r.set.GetOrCreateGauge(label(name, dimensions), nil).Set(value)
}

// ServeHTTP implements http.Handler.
func (r *Registry) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	r.set.WritePrometheus(w)
}

func label(name string, dimensions []string) string {
	if len(dimensions) < 2 {
		return name
	}
	var b strings.Builder
	b.WriteString(name)
	separator := byte('{')
	for i := 0; i+1 < len(dimensions); i += 2 {
		b.WriteByte(separator)
		b.WriteString(dimensions[i])
		b.WriteByte('=')
		b.WriteString(strconv.Quote(dimensions[i+1]))
		separator = ','
	}
	b.WriteByte('}')
	return b.String()
}
