package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ballerine/infra/stack"
)

// cloudWatch keeps what is measured, by the function's own lines and by AWS, and evaluates the alarms of infra/observability.yaml.
type cloudWatch struct {
	t        *testing.T
	now      func() time.Time
	deployed stack.Stack
	began    time.Time
	mutex    sync.Mutex
	data     map[string][]datum
}

type datum struct {
	at    time.Time
	value float64
}

func newCloudWatch(t *testing.T, now func() time.Time) *cloudWatch {
	t.Helper()
	templates, err := stack.Folder("..")
	if err != nil {
		t.Fatal(err)
	}
	deployed := stack.Stack{Name: "risk", Region: "eu-central-1", Account: "123456789012", Partition: "aws", Templates: templates, Parameters: map[string]string{"AlarmEmail": "ops@example.com"}}
	return &cloudWatch{t: t, now: now, deployed: deployed, began: now(), data: map[string][]datum{}}
}

func metricKey(namespace, name string, dimensions ...string) string {
	var pairs []string
	for pair := range slices.Chunk(dimensions, 2) {
		pairs = append(pairs, pair[0]+"="+pair[1])
	}
	slices.Sort(pairs)
	return namespace + " " + name + " " + strings.Join(pairs, " ")
}

func (w *cloudWatch) put(namespace, name string, value float64, dimensions ...string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	key := metricKey(namespace, name, dimensions...)
	w.data[key] = append(w.data[key], datum{w.now(), value})
}

// Write takes a line in the embedded metric format, as CloudWatch does from the log of a function.
func (w *cloudWatch) Write(line []byte) (int, error) {
	var values map[string]any
	var head struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name string }
			}
		} `json:"_aws"`
	}
	if err := json.Unmarshal(line, &values); err != nil {
		return 0, err
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return 0, err
	}
	for _, directive := range head.AWS.CloudWatchMetrics {
		var dimensions []string
		for _, name := range directive.Dimensions[0] {
			dimensions = append(dimensions, name, fmt.Sprint(values[name]))
		}
		for _, metric := range directive.Metrics {
			value, _ := values[metric.Name].(float64)
			w.put(directive.Namespace, metric.Name, value, dimensions...)
		}
	}
	return len(line), nil
}

var selected = regexp.MustCompile(`^SELECT SUM\((\w+)\) FROM SCHEMA\("([^"]+)"`)

// alarm is one of the template, with its names resolved.
type alarm struct {
	keys      []string // of the metrics that are added up
	statistic string
	period    time.Duration
	periods   int
	threshold float64
	less      bool
	missing   bool // whether no data is a breach
}

func (w *cloudWatch) alarms() map[string]alarm {
	found := map[string]alarm{}
	for name, resource := range w.deployed.Templates["observability"].Resources() {
		if stack.At(resource, "Type") != "AWS::CloudWatch::Alarm" {
			continue
		}
		p := w.deployed.Resolve("observability", stack.At(resource, "Properties"))
		whole := func(path ...string) float64 { n, _ := stack.At(p, path...).(int); return float64(n) }
		a := alarm{
			statistic: fmt.Sprint(stack.At(p, "Statistic")), period: time.Duration(whole("Period")) * time.Second, periods: int(whole("EvaluationPeriods")), threshold: whole("Threshold"),
			less: stack.At(p, "ComparisonOperator") == "LessThanThreshold", missing: stack.At(p, "TreatMissingData") == "breaching",
		}
		if queries, ok := stack.At(p, "Metrics").([]any); ok {
			query := selected.FindStringSubmatch(fmt.Sprint(stack.At(queries[0], "Expression")))
			period, _ := stack.At(queries[0], "Period").(int)
			a.statistic, a.period = "Sum", time.Duration(period)*time.Second
			for key := range w.data {
				if strings.HasPrefix(key, query[2]+" "+query[1]+" ") {
					a.keys = append(a.keys, key)
				}
			}
		} else {
			var dimensions []string
			all, _ := stack.At(p, "Dimensions").([]any)
			for _, one := range all {
				dimensions = append(dimensions, fmt.Sprint(stack.At(one, "Name")), fmt.Sprint(stack.At(one, "Value")))
			}
			a.keys = []string{metricKey(fmt.Sprint(stack.At(p, "Namespace")), fmt.Sprint(stack.At(p, "MetricName")), dimensions...)}
		}
		found[name] = a
	}
	return found
}

// breaches reports whether a period is one that the alarm is for.
func (w *cloudWatch) breaches(a alarm, from, to time.Time) bool {
	var values []float64
	for _, key := range a.keys {
		data := w.data[key] // in the order of time, or nearly
		first, _ := slices.BinarySearchFunc(data, from.Add(-time.Minute), func(d datum, at time.Time) int { return d.at.Compare(at) })
		for _, d := range data[first:] {
			if d.at.After(to.Add(time.Minute)) {
				break
			}
			if d.at.After(from) && !d.at.After(to) {
				values = append(values, d.value)
			}
		}
	}
	if len(values) == 0 {
		return a.missing
	}
	value := 0.0
	switch a.statistic {
	case "Sum":
		for _, v := range values {
			value += v
		}
	case "Maximum":
		value = slices.Max(values)
	case "SampleCount":
		value = float64(len(values))
	}
	return value > a.threshold != a.less && value != a.threshold
}

// on are the alarms that are on at one of some times: all of their last periods breach.
func (w *cloudWatch) on(times ...time.Time) (names []string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	alarms := w.alarms()
	for _, at := range times {
		names = append(names, w.onAt(at, alarms)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (w *cloudWatch) onAt(at time.Time, alarms map[string]alarm) (names []string) {
	for name, a := range alarms {
		firing := a.periods > 0
		for n := range a.periods {
			to := at.Add(-time.Duration(n) * a.period)
			if from := to.Add(-a.period); from.Before(w.began) || !w.breaches(a, from, to) {
				firing = false
			}
		}
		if firing {
			names = append(names, name)
		}
	}
	return names
}

// since are the alarms that were on at any minute from a time until now.
func (w *cloudWatch) since(from time.Time) []string {
	var times []time.Time
	for at := from; !at.After(w.now()); at = at.Add(time.Minute) {
		times = append(times, at)
	}
	return w.on(times...)
}
