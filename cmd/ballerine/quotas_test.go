package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func quotasOf(t *testing.T, args ...string) (map[string]needed, called) {
	t.Helper()
	got := call(t, "", append([]string{"quotas", "--json"}, args...)...)
	var answer struct{ Quotas []needed }
	if err := json.Unmarshal([]byte(strings.SplitN(got.out, "\n", 2)[0]), &answer); err != nil {
		t.Fatalf("%v: %s %s", err, got.out, got.errs)
	}
	rows := map[string]needed{}
	for _, r := range answer.Quotas {
		rows[strings.SplitN(r.Quota, ",", 2)[0]] = r
	}
	return rows, got
}

func TestQuotasAreComputedFromTheLoad(t *testing.T) {
	rows, got := quotasOf(t, "--cases-per-hour", "3600", "--peak", "2", "--pages", "100", "--page-requests", "0.5", "--requests", "10", "--request-seconds", "0.1",
		"--works", "10", "--work-seconds", "0.5", "--vendor-calls", "2", "--vendor-seconds", "5", "--webhooks", "6", "--webhook-seconds", "0.5", "--wakes", "4", "--transitions", "30", "--write-units", "400")
	if got.code != 0 {
		t.Fatalf("%d %s", got.code, got.errs)
	}
	for quota, want := range map[string]float64{
		"Lambda: functions that run at the same time":         46, // 70 × 0.1 + 2 × (10 × 0.5 + 2 × 5 + 6 × 0.5) + 3
		"Step Functions: StartExecution":                      2,
		"Step Functions: SendTaskSuccess and SendTaskFailure": 8,
		"Step Functions: StateTransition":                     60,
		"DynamoDB: write units of a table":                    800,
		"API Gateway: requests of the account":                70,
		"the deployment's own throttle of the API":            70,
	} {
		if rows[quota].Needed != want || !rows[quota].Enough {
			t.Errorf("%s: %+v, want %g", quota, rows[quota], want)
		}
	}
}

// TestReceiversThatHangTakeNoMoreThanTheTemplateLets, however many there are.
func TestReceiversThatHangTakeNoMoreThanTheTemplateLets(t *testing.T) {
	template, err := os.ReadFile("../../template.yaml")
	if err != nil || !strings.Contains(string(template), fmt.Sprintf("MaximumConcurrency: %d} # receivers that hang", mostDelivering)) {
		t.Errorf("deliver has another concurrency in template.yaml than %d (%v)", mostDelivering, err)
	}
	none, _ := quotasOf(t, "--webhooks", "0")
	hanging, _ := quotasOf(t, "--webhooks", "1000", "--webhook-seconds", "10")
	const running = "Lambda: functions that run at the same time"
	if more := hanging[running].Needed - none[running].Needed; more != mostDelivering {
		t.Errorf("webhooks add %g", more)
	}
}

func TestALoadThatNeedsMoreThanAQuotaIsAProblem(t *testing.T) {
	rows, got := quotasOf(t, "--concurrency", "10")
	if got.code != 0 || !rows["Lambda: functions that run at the same time"].Enough {
		t.Errorf("the default load fits a new account: %d %s %+v", got.code, got.errs, rows)
	}
	rows, got = quotasOf(t, "--concurrency", "10", "--cases-per-hour", "2000")
	if got.code != exitProblems || rows["Lambda: functions that run at the same time"].Enough || !strings.Contains(got.errs, "exceeds 1 of the quotas") {
		t.Errorf("%d %s %+v", got.code, got.errs, rows)
	}
	if text := call(t, "", "quotas", "--pages", "700"); text.code != exitProblems || !strings.Contains(text.out, "not enough") {
		t.Errorf("%d %s", text.code, text.out)
	}
	if got := call(t, "", "quotas", "--pages", "-1"); got.code != exitUsage {
		t.Errorf("a negative number: %d %s", got.code, got.errs)
	}
}

func TestLargeRegionsHaveTheirOwnQuotas(t *testing.T) {
	large, _ := quotasOf(t, "--region", "eu-west-1")
	other, _ := quotasOf(t, "--region", "eu-central-1")
	if a, b := large["Step Functions: StateTransition"].Most, other["Step Functions: StateTransition"].Most; a != 1500 || b != 500 {
		t.Errorf("%g %g", a, b)
	}
}

func TestMoreLoadNeverNeedsLess(t *testing.T) {
	var table quotaTable
	if err := json.Unmarshal(awsQuotas, &table); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		number := func(name string) float64 { return rapid.Float64Range(0, 1000).Draw(t, name) }
		l := load{casesPerHour: number("cases"), peak: number("peak"), pages: number("pages"), pageRequests: number("page requests"), requests: number("requests"), requestSeconds: number("seconds"), works: number("works"), workSeconds: number("work seconds"), executions: number("executions"), wakes: number("wakes"), transitions: number("transitions"), writeUnits: number("units")}
		more := l
		more.casesPerHour, more.pages = l.casesPerHour+number("more cases"), l.pages+number("more pages")
		before, after := l.needs(table), more.needs(table)
		for i := range before {
			if after[i].Needed < before[i].Needed {
				t.Fatalf("%s: %g, with more load %g", before[i].Quota, before[i].Needed, after[i].Needed)
			}
		}
	})
}

func TestTheTableOfQuotasHasADateAndSources(t *testing.T) {
	var table quotaTable
	if err := json.Unmarshal(awsQuotas, &table); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.DateOnly, table.Date); err != nil {
		t.Error(err)
	}
	for _, q := range table.Quotas {
		if source, err := url.Parse(q.Source); err != nil || source.Host != "docs.aws.amazon.com" || q.Large < q.Other || q.Other <= 0 {
			t.Errorf("%+v", q)
		}
	}
}
