package telemetry

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// EMF is Metrics in CloudWatch's embedded metric format: it gathers during an invocation; Flush writes one line for each
// set of dimensions.
type EMF struct {
	w         io.Writer
	now       func() time.Time
	namespace string
	mu        sync.Mutex
	series    map[string]*series
}

type series struct {
	dimensions []string // name, value, …
	counts     map[string]float64
	durations  map[string][]float64 // milliseconds
	gauges     map[string]float64
}

// NewEMF writes to w, into a namespace of its own for each installation of an account; now may be nil: time.Now.
func NewEMF(w io.Writer, namespace string, now func() time.Time) *EMF {
	if now == nil {
		now = time.Now
	}
	return &EMF{w: w, now: now, namespace: namespace, series: map[string]*series{}}
}

// Count implements Metrics.
func (e *EMF) Count(name string, dimensions ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.at(dimensions).counts[name]++
}

// maxValues is how many values a metric may have in one line.
const maxValues = 100

// Observe implements Metrics.
func (e *EMF) Observe(name string, d time.Duration, dimensions ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.at(dimensions); len(s.durations[name]) < maxValues {
		s.durations[name] = append(s.durations[name], float64(d)/float64(time.Millisecond))
	}
}

// Gauge implements Metrics.
func (e *EMF) Gauge(name string, value float64, dimensions ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.at(dimensions).gauges[name] = value
}

func (e *EMF) at(dimensions []string) *series {
	key := strings.Join(dimensions, "\x00")
	s, ok := e.series[key]
	if !ok {
		s = &series{dimensions: slices.Clone(dimensions[:len(dimensions)/2*2]), counts: map[string]float64{}, durations: map[string][]float64{}, gauges: map[string]float64{}}
		e.series[key] = s
	}
	return s
}

type emfMetric struct {
	Name string
	Unit string
}

// Flush writes what was gathered and forgets it.
func (e *EMF) Flush() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	keys := make([]string, 0, len(e.series))
	for key := range e.series {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		line, err := json.Marshal(e.series[key].line(e.namespace, e.now()))
		if err != nil {
			return fmt.Errorf("write metrics: %w", err)
		}
		if _, err := e.w.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("write metrics: %w", err)
		}
	}
	clear(e.series)
	return nil
}

func (s *series) line(namespace string, now time.Time) map[string]any {
	line := map[string]any{}
	names, metrics := []string{}, []emfMetric{}
	for i := 0; i < len(s.dimensions); i += 2 {
		line[s.dimensions[i]] = s.dimensions[i+1]
		names = append(names, s.dimensions[i])
	}
	for name, value := range s.counts {
		line[name] = value
		metrics = append(metrics, emfMetric{name, "Count"})
	}
	for name, values := range s.durations {
		line[name] = values
		metrics = append(metrics, emfMetric{name, "Milliseconds"})
	}
	for name, value := range s.gauges {
		line[name] = value
		metrics = append(metrics, emfMetric{name, "None"})
	}
	slices.SortFunc(metrics, func(a, b emfMetric) int { return strings.Compare(a.Name, b.Name) })
	line["_aws"] = map[string]any{
		"Timestamp":         now.UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{"Namespace": namespace, "Dimensions": [][]string{names}, "Metrics": metrics}},
	}
	return line
}
