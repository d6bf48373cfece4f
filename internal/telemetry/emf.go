package telemetry

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// EMF is Metrics in CloudWatch's embedded metric format: it gathers the kept series during an invocation; Flush writes one line
// for each set of dimensions. What belongs to no kept series is not written.
type EMF struct {
	w         io.Writer
	now       func() time.Time
	namespace string
	kept      []Series
	mu        sync.Mutex
	values    map[int]float64 // by the place of their series
}

// NewEMF writes to w, into a namespace of its own for each installation of an account; now may be nil: time.Now.
func NewEMF(w io.Writer, namespace string, kept []Series, now func() time.Time) *EMF {
	if now == nil {
		now = time.Now
	}
	return &EMF{w: w, now: now, namespace: namespace, kept: kept, values: map[int]float64{}}
}

// Count implements Metrics.
func (e *EMF) Count(name string, dimensions ...string) {
	e.each(name, dimensions, func(n int) { e.values[n]++ })
}

// Observe implements Metrics. No series is a duration: Lambda, API Gateway and Step Functions measure those.
func (*EMF) Observe(string, time.Duration, ...string) {}

// Gauge implements Metrics.
func (e *EMF) Gauge(name string, value float64, dimensions ...string) {
	e.each(name, dimensions, func(n int) {
		delete(e.values, n)
		if value != 0 || e.kept[n].AtZero {
			e.values[n] = value
		}
	})
}

func (e *EMF) each(name string, dimensions []string, set func(n int)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for n, series := range e.kept {
		if series.takes(name, dimensions) {
			set(n)
		}
	}
}

// Flush writes what was gathered and forgets it.
func (e *EMF) Flush() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var lines []*emfLine
	for _, n := range slices.Sorted(maps.Keys(e.values)) {
		series := e.kept[n]
		at := slices.IndexFunc(lines, func(l *emfLine) bool { return l.dimension == series.Dimension && l.value == series.Value })
		if at < 0 {
			at, lines = len(lines), append(lines, &emfLine{dimension: series.Dimension, value: series.Value, values: map[string]float64{}})
		}
		lines[at].values[series.Name] = e.values[n]
	}
	clear(e.values)
	for _, line := range lines {
		text, err := json.Marshal(line.object(e.namespace, e.now()))
		if err != nil {
			return fmt.Errorf("write metrics: %w", err)
		}
		if _, err := e.w.Write(append(text, '\n')); err != nil {
			return fmt.Errorf("write metrics: %w", err)
		}
	}
	return nil
}

// emfLine has what is measured by one dimension's value.
type emfLine struct {
	dimension, value string
	values           map[string]float64 // by the metric's name
}

type emfMetric struct{ Name string }

func (l *emfLine) object(namespace string, now time.Time) map[string]any {
	object := map[string]any{}
	dimensions, metrics := []string{}, []emfMetric{}
	if l.dimension != "" {
		object[l.dimension] = l.value
		dimensions = append(dimensions, l.dimension)
	}
	for _, name := range slices.Sorted(maps.Keys(l.values)) {
		object[name] = l.values[name]
		metrics = append(metrics, emfMetric{name})
	}
	object["_aws"] = map[string]any{
		"Timestamp":         now.UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{"Namespace": namespace, "Dimensions": [][]string{dimensions}, "Metrics": metrics}},
	}
	return object
}
