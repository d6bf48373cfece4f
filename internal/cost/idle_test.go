package cost_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"ballerine/infra/stack"
	"ballerine/internal/app"
	"ballerine/internal/cost"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/store/dynamo/metered"
	"ballerine/internal/telemetry"
	"ballerine/statemachines"
)

// minutesOfAMonth is how often the schedule runs in 730 hours.
const minutesOfAMonth = 730 * 60

// pollsOfAMinute are the requests by which Lambda asks an empty queue: five pollers, which wait for 20 seconds each.
const pollsOfAMinute = 15

// standing is what a stack has that is charged for without cases.
type standing struct{ alarms, dashboards, keys, secrets, schedules, queues float64 }

// chargedByUse are types that cost nothing while nobody uses them. A type that is in no list is an error: nobody would know what it costs.
var chargedByUse = []string{
	"AWS::CloudFormation::Stack", "AWS::CloudFront::Distribution", "AWS::CloudFront::Function", "AWS::CloudFront::OriginAccessControl", "AWS::CloudFront::ResponseHeadersPolicy",
	"AWS::Cognito::ManagedLoginBranding", "AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient", "AWS::Cognito::UserPoolDomain", "AWS::Cognito::UserPoolGroup", "AWS::DynamoDB::Table",
	"AWS::Events::Rule", "AWS::IAM::Role", "AWS::Lambda::Permission", "AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::Topic",
	"AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::Serverless::Application", "AWS::Serverless::HttpApi", "AWS::Serverless::StateMachine",
	"AWS::StepFunctions::StateMachineAlias", "AWS::StepFunctions::StateMachineVersion", "AWS::XRay::SamplingRule",
}

// standingOf counts what the templates make with these parameters.
func standingOf(t *testing.T, parameters map[string]string) (s standing) {
	t.Helper()
	templates, err := stack.Folder("../..")
	if err != nil {
		t.Fatal(err)
	}
	deployed := stack.Stack{Name: "risk-prod", Region: "us-east-1", Account: "123456789012", Partition: "aws", Templates: templates, Parameters: parameters}
	for name, template := range templates {
		for logical, resource := range template.Resources() {
			if deployed.Made(name, logical) {
				s.add(t, name+": "+logical, resource)
			}
		}
	}
	return s
}

func (s *standing) add(t *testing.T, where string, resource any) {
	t.Helper()
	switch kind := fmt.Sprint(stack.At(resource, "Type")); kind {
	case "AWS::CloudWatch::Alarm": // a query looks at what was written within three hours: without cases at nothing, but it is counted as one
		s.alarms++
	case "AWS::CloudWatch::Dashboard":
		s.dashboards++
	case "AWS::KMS::Key":
		s.keys++
	case "AWS::SecretsManager::Secret":
		s.secrets++
	case "AWS::Serverless::Function":
		events, _ := stack.At(resource, "Properties", "Events").(map[string]any)
		for name, event := range events {
			switch of := fmt.Sprint(stack.At(event, "Type")); of {
			case "ScheduleV2":
				s.schedules++
				if rate := stack.At(event, "Properties", "ScheduleExpression"); rate != "rate(1 minute)" {
					t.Errorf("%s: %s is called by %v", where, name, rate)
				}
			case "SQS":
				s.queues++
			case "DynamoDB": // Lambda reads streams of tables without a charge
			default:
				t.Errorf("%s: nothing is known about the cost of %s (%s)", where, name, of)
			}
		}
	default:
		if !slices.Contains(chargedByUse, kind) {
			t.Errorf("%s: nothing is known about the cost of %s", where, kind)
		}
	}
}

// swept is what one run of the schedule uses in a stack without cases.
type swept struct {
	units   map[metered.Line]metered.Units
	metrics float64
	written float64 // bytes of metrics
}

// sweepOnce runs the function sweep as the schedule does, over tables that count.
func sweepOnce(t *testing.T) (used swept) {
	t.Helper()
	database, names := metered.New(), dynamo.Tables{Cases: "cases", Subjects: "subjects", Registry: "registry", Deliveries: "deliveries", Idempotency: "idempotency"}
	if err := dynamo.CreateTables(t.Context(), database.Client(), names); err != nil {
		t.Fatal(err)
	}
	var written strings.Builder
	metrics := telemetry.NewEMF(&written, "risk-prod", telemetry.Kept(), nil)
	store := dynamo.New(database.Client(), names)
	core, err := app.New(app.Parts{
		Store: store.Cases(), Webhooks: store.Webhooks(), Registry: store.Registry(), Definitions: statemachines.Files, Metrics: metrics, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	sweep, before := core.Sweep(), map[metered.Line]metered.Units{}
	for range 3 { // the last one is like all that come later
		before, used.written = maps.Clone(database.Units()), 0
		written.Reset()
		if answer, err := sweep(t.Context(), json.RawMessage("{}")); err != nil {
			t.Fatalf("%s %v", answer, err)
		}
		if err := metrics.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	used.units, used.written = map[metered.Line]metered.Units{}, float64(written.Len())
	for line, units := range database.Units() {
		used.units[line] = metered.Units{Read: units.Read - before[line].Read, Write: units.Write - before[line].Write}
	}
	for _, series := range telemetry.Kept() {
		if strings.Contains(written.String(), `"`+series.Name+`"`) {
			used.metrics++
		}
	}
	return used
}

// idleBill is what a month costs, by line. free takes off what an account has without a charge.
func idleBill(p cost.Prices, s standing, run swept, free bool) (lines []cost.Line, sum float64) {
	add := func(what string, quantity float64, unit string, price, without float64) {
		if free {
			quantity = max(0, quantity-without)
		}
		if quantity > 0 {
			lines = append(lines, cost.Line{What: what, Quantity: quantity, Unit: unit, Dollars: quantity * price})
			sum += quantity * price
		}
	}
	reads, writes, tables := 0.0, 0.0, map[string]bool{}
	for line, units := range run.units {
		reads, writes = reads+units.Read, writes+units.Write
		if units.Read+units.Write > 0 {
			tables[line.Table] = true
		}
	}
	runs, sweep, screening := minutesOfAMonth*1.0, p.Functions["sweep"], p.Functions["screening"]
	add("KMS: the key", s.keys, "key", p.Month.Key, 0)
	add("KMS: tables ask for theirs every five minutes", float64(len(tables))*minutesOfAMonth/5, "requests", p.KeyRequest, 0)
	add("Secrets Manager: the signing secret", s.secrets, "secret", p.Month.Secret, 0)
	add("CloudWatch: alarms", s.alarms, "alarms", p.Month.Alarm, p.Free.Alarms)
	add("CloudWatch: dashboard", s.dashboards, "dashboard", p.Month.Dashboard, p.Free.Dashboards)
	add("CloudWatch: metrics that are written without cases", run.metrics, "metrics", p.Month.Metric, p.Free.Metrics)
	add("SQS: Lambda asks the queues", s.queues*pollsOfAMinute*minutesOfAMonth, "requests", p.QueueRequest, p.Free.QueueRequests)
	add("EventBridge: the schedules", minutesOfAMonth*s.schedules, "calls", p.Schedule, 0)
	add("Lambda: sweep", runs, "calls", p.Invocation+sweep.Memory/1024*sweep.Milliseconds/1000*p.GigabyteSecond, 0)
	add("Lambda: screening, a look for runs", runs, "calls", p.Invocation+screening.Memory/1024*screening.Milliseconds/1000*p.GigabyteSecond, 0)
	add("DynamoDB: reads of the screening", runs, "read units", p.ReadUnit, 0)
	add("DynamoDB: reads of the sweep", runs*reads, "read units", p.ReadUnit, 0)
	add("DynamoDB: writes of the sweep", runs*writes, "write units", p.WriteUnit, 0)
	add("Logs of the sweep", runs*(p.LogBytes.Invocation+run.written)/1e9, "GB", p.Logs, 0)
	return lines, sum
}

// Stacks without cases: one that wakes somebody up, and one that wakes nobody up.
var (
	watched   = map[string]string{"AlarmEmail": "ops@example.com"}
	unwatched = map[string]string{"Rollout": "AllAtOnce"}
)

// idleSection is the part of the page about a stack without cases.
func idleSection(t *testing.T) string {
	t.Helper()
	p, run := cost.Listed(), sweepOnce(t)
	prod, all := idleBill(p, standingOf(t, watched), run, false)
	dev, few := idleBill(p, standingOf(t, unwatched), run, false)
	_, allFree := idleBill(p, standingOf(t, watched), run, true)
	_, fewFree := idleBill(p, standingOf(t, unwatched), run, true)
	other := map[string]float64{}
	for _, line := range dev {
		other[line.What] = line.Dollars
	}
	var b strings.Builder
	fmt.Fprintf(&b, "## A stack without cases\n\nDollars a month (730 hours), counted from the templates and from a run of `sweep` over empty tables; a test fails when they come to something else. **Watched** is a stack with "+
		"`AlarmEmail` and a\n`Rollout` that can be taken back; **unwatched** one with neither, which has no alarms and no dashboard "+
		"([ADR 44](adr/0044-alarms-are-made-where-somebody-hears-of-them.md)).\n\n| | a month | watched | unwatched |\n|---|--:|--:|--:|\n")
	for _, line := range prod {
		fmt.Fprintf(&b, "| %s | %s %s | %.2f | %.2f |\n", line.What, strings.TrimSuffix(fmt.Sprintf("%.2f", line.Quantity), ".00"), line.Unit, line.Dollars, other[line.What])
	}
	fmt.Fprintf(&b, "| **In all** | | **%.2f** | **%.2f** |\n", all, few)
	fmt.Fprintf(&b, "| without what each account has for nothing: %.0f alarms, %.0f metrics, %.0f dashboards, a million requests of SQS | | **%.2f** | **%.2f** |\n", p.Free.Alarms, p.Free.Metrics, p.Free.Dashboards, allFree, fewFree)
	b.WriteString("\nThe key is replaced each year; the first and the second former one that is kept cost 1.00 more each.\n")
	return b.String()
}

// mostIdle is what a stack may cost in a month in which nothing happens, in dollars. See ADR 44 for those that are watched.
const (
	mostUnwatched   = 3.00
	mostWatchedFree = 4.75 // 0.30 of it for the three alarms of screening: who is not compared with new sanctions is no matter of money
)

func TestAStackWithoutCasesCostsLittle(t *testing.T) {
	p, run := cost.Listed(), sweepOnce(t)
	if _, sum := idleBill(p, standingOf(t, unwatched), run, false); sum > mostUnwatched {
		t.Errorf("%.2f dollars a month: at most %.2f", sum, mostUnwatched)
	}
	if _, sum := idleBill(p, standingOf(t, watched), run, true); sum > mostWatchedFree {
		t.Errorf("%.2f dollars a month beyond what is free: at most %.2f", sum, mostWatchedFree)
	}
	page, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	if section := idleSection(t); !*update && !strings.HasSuffix(string(page), section) {
		t.Errorf("%s has other figures: go test ./internal/cost -update writes it anew; it would be\n%s", doc, section)
	}
}
