package telemetry_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ballerine/internal/telemetry"
)

var series = []telemetry.Series{
	{Name: "oldest", AtZero: true},
	{Name: "due"},
	{Name: "incidents"},
	{Name: "deliveries", Dimension: "outcome", Value: "retrying"},
	{Name: "disabled"},
}

// written is what CloudWatch would take from the lines: by metric, with the dimension's value.
func written(t *testing.T, measure func(m telemetry.Metrics)) map[string]float64 {
	t.Helper()
	var text strings.Builder
	metrics := telemetry.NewEMF(&text, "risk-prod", series, func() time.Time { return time.UnixMilli(1_700_000_000_000) })
	measure(metrics)
	for range 2 { // the second writes nothing
		if err := metrics.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	found := map[string]float64{}
	for line := range strings.Lines(text.String()) {
		var head struct {
			AWS struct {
				Timestamp         int64
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct{ Name string }
				}
			} `json:"_aws"`
		}
		var values map[string]any
		if err := json.Unmarshal([]byte(line), &head); err != nil {
			t.Fatal(err)
		}
		_ = json.Unmarshal([]byte(line), &values)
		directive := head.AWS.CloudWatchMetrics[0]
		if head.AWS.Timestamp != 1_700_000_000_000 || directive.Namespace != "risk-prod" || len(directive.Dimensions) != 1 {
			t.Errorf("%s", line)
		}
		for _, metric := range directive.Metrics {
			name := metric.Name
			for _, dimension := range directive.Dimensions[0] {
				name += " " + dimension + "=" + values[dimension].(string)
			}
			if _, twice := found[name]; twice {
				t.Errorf("%s is there twice: %s", name, text.String())
			}
			found[name] = values[metric.Name].(float64)
		}
	}
	return found
}

func TestFunctionsWriteTheSeriesThatAreKept(t *testing.T) {
	for name, c := range map[string]struct {
		measure func(m telemetry.Metrics)
		want    map[string]float64
	}{
		"counts are added up": {func(m telemetry.Metrics) { m.Count("incidents"); m.Count("incidents") }, map[string]float64{"incidents": 2}},
		"what nobody reads is not written": {func(m telemetry.Metrics) {
			m.Count("requests", "operation", "getCase")
			m.Observe("duration", time.Second)
			m.Gauge("unreadable", 3)
		}, map[string]float64{}},
		"of a dimension only the value that is read": {func(m telemetry.Metrics) {
			m.Count("deliveries", "outcome", "delivered")
			m.Count("deliveries", "outcome", "retrying")
			m.Count("deliveries", "retrying", "outcome")
			m.Count("deliveries")
		}, map[string]float64{"deliveries outcome=retrying": 1}},
		"without a dimension the sum over all": {func(m telemetry.Metrics) {
			m.Count("disabled", "reason", "gone")
			m.Count("disabled", "reason", "failing")
		}, map[string]float64{"disabled": 2}},
		"a gauge has its newest value": {func(m telemetry.Metrics) { m.Gauge("due", 4); m.Gauge("due", 2) }, map[string]float64{"due": 2}},
		"zero only where it is asked for": {func(m telemetry.Metrics) {
			m.Gauge("due", 4)
			m.Gauge("due", 0)
			m.Gauge("oldest", 0)
		}, map[string]float64{"oldest": 0}},
		"together": {func(m telemetry.Metrics) {
			m.Gauge("oldest", 7)
			m.Count("deliveries", "outcome", "retrying")
			m.Count("incidents")
		}, map[string]float64{"oldest": 7, "deliveries outcome=retrying": 1, "incidents": 1}},
	} {
		got := written(t, c.measure)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		for metric, value := range c.want {
			if found, ok := got[metric]; !ok || found != value {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	}
}
