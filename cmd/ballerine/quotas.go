package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ballerine/internal/problem"
)

//go:embed awsquotas.json
var awsQuotas []byte

// quotaTable are AWS's default quotas of an account, as of a date.
type quotaTable struct {
	Date         string         `json:"date"`
	LargeRegions []string       `json:"large_regions"`
	Quotas       []defaultQuota `json:"quotas"`
}

type defaultQuota struct {
	ID     string  `json:"id"`
	Quota  string  `json:"quota"`
	Large  float64 `json:"large"` // in the large regions
	Other  float64 `json:"other"`
	Unit   string  `json:"unit"`
	Source string  `json:"source"`
}

// load is what a deployment is to carry. The figures of a case are those of its workflow.
type load struct {
	casesPerHour, peak                float64
	pages, pageRequests               float64
	requests, requestSeconds          float64
	works, workSeconds                float64
	vendorCalls, vendorSeconds        float64
	webhooks, webhookSeconds          float64
	executions, wakes, transitions    float64
	writeUnits                        float64
	region                            string
	concurrency, throttleOfDeployment float64
}

// needed is one row of the answer.
type needed struct {
	Quota   string  `json:"quota"`
	Needed  float64 `json:"needed"`
	Most    float64 `json:"most"`
	Unit    string  `json:"unit,omitempty"`
	Share   int     `json:"share_percent"`
	Enough  bool    `json:"enough"`
	Source  string  `json:"source"`
	Formula string  `json:"formula"`
}

func quotasCommand() *cobra.Command {
	var l load
	cmd := &cobra.Command{
		Use: "quotas", Short: "Calculate the AWS account quotas that a deployment needs for an expected load", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := l.check(); err != nil {
				return err
			}
			var table quotaTable
			if err := json.Unmarshal(awsQuotas, &table); err != nil {
				return problem.Wrap(err, problem.Internal, "The table of quotas cannot be read.")
			}
			return reportQuotas(cmd, table, l.needs(table))
		},
	}
	number := func(into *float64, name string, value float64, usage string) {
		cmd.Flags().Float64Var(into, name, value, usage)
	}
	number(&l.casesPerHour, "cases-per-hour", 100, "cases started in the busiest hour")
	number(&l.peak, "peak", 3, "ratio of the busiest second to the average of the hour")
	number(&l.pages, "pages", 20, "dashboard pages open at the same time")
	number(&l.pageRequests, "page-requests", 0.4, "requests per second of an open page")
	number(&l.requests, "requests", 15, "requests of clients and applicants per case")
	number(&l.requestSeconds, "request-seconds", 0.1, "average duration of a request, in seconds")
	number(&l.works, "works", 12, "function calls by the state machine per case, without vendor calls")
	number(&l.workSeconds, "work-seconds", 0.2, "average duration of these calls, in seconds")
	number(&l.vendorCalls, "vendor-calls", 3, "vendor calls per case")
	number(&l.vendorSeconds, "vendor-seconds", 5, "average response time of a vendor, in seconds")
	number(&l.webhooks, "webhooks", 8, "webhooks per case: its events × the subscriptions that receive them")
	number(&l.webhookSeconds, "webhook-seconds", 0.5, "average response time of a receiver of webhooks, in seconds")
	number(&l.executions, "executions", 1, "executions started per case; each child case has its own")
	number(&l.wakes, "wakes", 5, "waits per case that are ended by an event")
	number(&l.transitions, "transitions", 40, "state transitions per case")
	number(&l.writeUnits, "write-units", 700, "DynamoDB write units per case, in the table of cases and its indexes")
	number(&l.concurrency, "concurrency", 0, "the account's quota of concurrent function executions, if it differs from the default; new accounts have 10")
	number(&l.throttleOfDeployment, "throttle", 250, "requests per second that the deployment's own throttle allows (template.yaml)")
	cmd.Flags().StringVar(&l.region, "region", "eu-central-1", "region: some have larger quotas")
	return cmd
}

// check refuses numbers that are none.
func (l load) check() error {
	for _, n := range []float64{l.casesPerHour, l.peak, l.pages, l.pageRequests, l.requests, l.requestSeconds, l.works, l.workSeconds, l.vendorCalls, l.vendorSeconds, l.webhooks, l.webhookSeconds, l.executions, l.wakes, l.transitions, l.writeUnits, l.concurrency, l.throttleOfDeployment} {
		if n < 0 || math.IsNaN(n) || math.IsInf(n, 0) {
			return usageError{errors.New("all figures must be numbers of at least 0")}
		}
	}
	return nil
}

// needs are the rows: what the busiest second needs of each quota. What runs at the same time is the rate times the duration (Little's law).
func (l load) needs(table quotaTable) []needed {
	rate := l.casesPerHour / 3600 * l.peak
	requests := rate*l.requests + l.pages*l.pageRequests
	running := requests*l.requestSeconds + rate*(l.works*l.workSeconds+l.vendorCalls*l.vendorSeconds) + min(mostDelivering, rate*l.webhooks*l.webhookSeconds)
	values := map[string]struct {
		value   float64
		formula string
	}{
		"concurrency":     {math.Ceil(running) + alwaysRunning, "requests, work and webhooks (20 at most) of the busiest second × their duration, and the sweep and the stream's functions"},
		"start":           {rate * l.executions, "cases a second × executions"},
		"token":           {rate * l.wakes, "cases a second × wakes"},
		"transition":      {rate * l.transitions, "cases a second × transitions"},
		"write":           {rate * l.writeUnits, "cases a second × write units"},
		"account_request": {requests, "cases a second × requests, and open pages × their requests"},
	}
	var rows []needed
	for _, q := range table.Quotas {
		most := q.Other
		if slices.Contains(table.LargeRegions, l.region) {
			most = q.Large
		}
		if q.ID == "concurrency" && l.concurrency > 0 {
			most = l.concurrency
		}
		rows = append(rows, row(q.Quota, values[q.ID].value, most, q.Unit, q.Source, values[q.ID].formula))
	}
	return append(rows, row("the deployment's own throttle of the API", requests, l.throttleOfDeployment, "/s", "template.yaml: ThrottlingRateLimit", values["account_request"].formula))
}

// mostDelivering is how many calls of deliver run at once: MaximumConcurrency in template.yaml. A call makes ten attempts at most; here it makes one.
const mostDelivering = 20

// alwaysRunning are the sweep and two of dispatch, which run all the time when anything happens.
const alwaysRunning = 3

func row(quota string, value, most float64, unit, source, formula string) needed {
	value = math.Round(value*100) / 100
	share := 100
	if most > 0 {
		share = int(math.Ceil(100 * value / most))
	}
	return needed{Quota: quota, Needed: value, Most: most, Unit: unit, Share: share, Enough: value <= most, Source: source, Formula: formula}
}

func reportQuotas(cmd *cobra.Command, table quotaTable, rows []needed) error {
	short := 0
	for _, r := range rows {
		if !r.Enough {
			short++
		}
	}
	if asJSON(cmd) {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"date": table.Date, "quotas": rows, "enough": short == 0}); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
	} else {
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "QUOTA\tNEEDED\tMOST\tSHARE\t")
		for _, r := range rows {
			verdict := ""
			if !r.Enough {
				verdict = "not enough: request an increase"
			}
			fmt.Fprintf(w, "%s\t%g%s\t%g%s\t%d %%\t%s\n", r.Quota, r.Needed, r.Unit, r.Most, r.Unit, r.Share, verdict)
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "\nAWS's defaults as of %s; an account may have others (Service Quotas).\n", table.Date)
	}
	if short > 0 {
		return problem.New(problem.Invalid, "The load exceeds %d of the quotas.", short)
	}
	return nil
}
