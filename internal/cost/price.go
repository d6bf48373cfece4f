package cost

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/store/dynamo/metered"
)

//go:embed prices.yaml
var priceList []byte

// Prices of a region at a date, and what is assumed beside them.
type Prices struct {
	Date           string   `yaml:"date"`
	Region         string   `yaml:"region"`
	Sources        []string `yaml:"sources"`
	WriteUnit      float64  `yaml:"write_unit"`
	ReadUnit       float64  `yaml:"read_unit"`
	Transition     float64  `yaml:"transition"`
	Invocation     float64  `yaml:"invocation"`
	GigabyteSecond float64  `yaml:"gigabyte_second"`
	Request        float64  `yaml:"http_request"`
	ObjectPut      float64  `yaml:"object_put"`
	ObjectGet      float64  `yaml:"object_get"`
	Logs           float64  `yaml:"gigabyte_of_logs"`
	Trace          float64  `yaml:"trace"`
	QueueRequest   float64  `yaml:"queue_request"`
	KeyRequest     float64  `yaml:"kms_request"`
	Schedule       float64  `yaml:"schedule"`
	Month          struct {
		Alarm     float64 `yaml:"alarm"` // of each metric that it evaluates
		Metric    float64 `yaml:"metric"`
		Dashboard float64 `yaml:"dashboard"`
		Key       float64 `yaml:"key"`
		Secret    float64 `yaml:"secret"`
	} `yaml:"month"`
	Free struct { // of an account, each month
		Alarms        float64 `yaml:"alarms"`
		Metrics       float64 `yaml:"metrics"`
		Dashboards    float64 `yaml:"dashboards"`
		QueueRequests float64 `yaml:"queue_requests"`
	} `yaml:"free"`
	LogBytes struct {
		Invocation float64 `yaml:"invocation"`
		Request    float64 `yaml:"request"`
	} `yaml:"logs"`
	Functions map[string]Function `yaml:"functions"`
}

// Function is what a call of a function is charged by.
type Function struct {
	Memory       float64 `yaml:"memory"` // MB
	Milliseconds float64 `yaml:"milliseconds"`
}

// Listed are the prices of the file that ships.
func Listed() Prices {
	var p Prices
	decoder := yaml.NewDecoder(bytes.NewReader(priceList))
	decoder.KnownFields(true)
	if err := decoder.Decode(&p); err != nil {
		panic(err) // a test reads it
	}
	return p
}

// Line of a bill for 1,000 cases.
type Line struct {
	What     string  `json:"what"`
	Quantity float64 `json:"quantity"` // of one case
	Unit     string  `json:"unit"`
	Dollars  float64 `json:"dollars"` // of 1,000 cases
}

const thousand = 1000

// Bill is what 1,000 cases cost, by line, and in all.
func (p Prices) Bill(c Counted) (lines []Line, sum float64) {
	add := func(what string, quantity float64, unit string, price float64) {
		if quantity > 0 {
			lines = append(lines, Line{what, quantity, unit, quantity * price * thousand})
			sum += quantity * price * thousand
		}
	}
	writes, reads := map[string]float64{}, 0.0
	for line, units := range c.Units {
		writes[tableOf(line)] += units.Write
		reads += units.Read
	}
	for _, table := range slices.Sorted(maps.Keys(writes)) {
		add("DynamoDB writes: "+table, writes[table], "write units", p.WriteUnit)
	}
	add("DynamoDB reads", reads, "read units", p.ReadUnit)
	add("Step Functions", c.Transitions, "transitions", p.Transition)
	invocations := 0.0
	for _, name := range slices.Sorted(maps.Keys(c.Calls)) {
		calls, f := c.Calls[name], p.Functions[name]
		invocations += calls
		add("Lambda: "+name, calls, "calls", p.Invocation+f.Memory/1024*f.Milliseconds/1000*p.GigabyteSecond)
	}
	add("API Gateway", c.Requests, "requests", p.Request)
	add("S3", c.Objects, "documents", p.ObjectPut+2*p.ObjectGet)
	add("S3: requests and answers of vendors", c.Calls["vendor"], "objects", p.ObjectPut) // one for each attempt
	add("S3: catalogue of watch lists", c.Calls["screening"], "reads", p.ObjectGet)
	add("Logs", (invocations*p.LogBytes.Invocation+c.Requests*p.LogBytes.Request)/1e9, "GB", p.Logs)
	add("Traces", 1, "traces", p.Trace) // at most: one of its execution, with all functions that this calls
	return lines, sum
}

func tableOf(line metered.Line) string {
	if line.Index == "" {
		return line.Table
	}
	return line.Table + ", index " + line.Index
}

// Table is a bill as Markdown.
func Table(lines []Line, sum float64) string {
	var b strings.Builder
	b.WriteString("| | a case | $ for 1,000 cases |\n|---|--:|--:|\n")
	for _, line := range lines {
		quantity := fmt.Sprintf("%.1f", line.Quantity)
		if line.Quantity < 0.1 {
			quantity = fmt.Sprintf("%.2g", line.Quantity)
		}
		fmt.Fprintf(&b, "| %s | %s %s | %.4f |\n", line.What, strings.TrimSuffix(quantity, ".0"), line.Unit, line.Dollars)
	}
	fmt.Fprintf(&b, "| **In all** | | **%.2f** |\n", sum)
	return b.String()
}
