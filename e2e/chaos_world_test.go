package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"ballerine/internal/app"
	"ballerine/internal/app/screened"
	"ballerine/internal/asl/compile"
	"ballerine/internal/asl/interpret"
	"ballerine/internal/asl/interpret/interprettest"
	"ballerine/internal/asl/simclock"
	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/local/gateway"
	"ballerine/internal/problem"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/store/dynamo/metered"
	"ballerine/internal/task"
	"ballerine/internal/telemetry"
)

// What the cases of the chaos run through: an event of the client, a vendor, a timer, a policy.
const (
	chaosWorkflow = `
id: chaos
title: Asked for, looked at by a vendor, kept for a while, decided by a policy
subject: application
initial: collect
states:
  collect:
    by: [client]
    on: {GO: screen}
  screen:
    invoke: {src: vendor, id: screening, input: {plugin: screener}}
    onDone: cool
  cool: {after: {PT5M: decide}}
  decide:
    invoke: {src: rules, id: decision, input: {policy: fit}}
    onDone:
      - {guard: "decision.outcome == 'approve'", target: approved}
      - {target: declined}
  approved: {type: final, tags: [approved]}
  declined: {type: final, tags: [rejected]}
`
	chaosPlugin = `
id: screener
title: A vendor who answers when it can
timeout: PT5S
retry: {attempts: 4, interval: PT1S, rate: 2, errors: [vendor_unavailable, timeout]}
request:
  method: POST
  url: "{vendor.screener}/screenings"
  body: {reference: "{case.id}"}
response:
  schema: {type: object, required: [score], properties: {score: {type: integer}}}
  result: {score: "{body.score}"}
result: {type: object, required: [score], properties: {score: {type: integer}}}
`
	chaosPolicy = `
id: fit
title: Whether the vendor was content
version: 1
inputs:
  type: object
  properties: {screening: {type: object, properties: {score: {type: integer}}}}
outcomes: [decline, approve]
default: approve
rules:
  - {id: low, outcome: decline, when: "coalesce(screening.score, 0) < 50", reason: The score is low}
`
)

// chaos is one installation as it is on AWS, in this process: each function has a core of its own over tables in memory, and is called by a
// gateway, an engine of state machines, a stream, two queues and a schedule, all of which may fail it. Its time is simulated.
type chaos struct {
	t        *testing.T
	clock    *simclock.Clock
	database *metered.Database
	tables   dynamo.Tables
	files    fstest.MapFS
	bucket   *bucket
	engine   *interpret.Engine
	api      http.Handler
	key      string
	vendor   *screener
	heard    *hearers
	cloud    *cloudWatch
	stream   *shards
	queues   map[string]*chaosQueue

	storm   atomic.Bool // whether faults come at random
	mutex   sync.Mutex
	random  *rand.Rand
	running map[string]process
	refused map[string]bool // functions that Lambda does not run, for want of concurrency
	begun   []begunExecution
	counts  map[string]int // of faults, by kind
}

// process is a running function: what it remembers goes when it is killed.
type process struct {
	handler task.Handler
	metrics *telemetry.EMF
}

type begunExecution struct {
	machine cases.Machine
	name    string
}

func newChaos(t *testing.T, seed uint64) *chaos {
	t.Helper()
	c := &chaos{
		t: t, clock: simclock.New(time.Now().Truncate(time.Minute)), database: metered.New(), running: map[string]process{}, refused: map[string]bool{}, counts: map[string]int{},
		tables: dynamo.Tables{Cases: "cases", Subjects: "subjects", Registry: "registry", Deliveries: "deliveries", Idempotency: "idempotency"},
		random: rand.New(rand.NewPCG(seed, seed)), vendor: newScreener(t), heard: newHearers(t),
	}
	c.bucket = &bucket{chaos: c, kept: map[string][]byte{}}
	c.cloud = newCloudWatch(t, c.clock.Now)
	c.stream, c.queues = newShards(c), map[string]*chaosQueue{"deliveries": {chaos: c, name: "Deliveries"}, "wakes": {chaos: c, name: "Wakes"}}
	if err := dynamo.CreateTables(t.Context(), c.database.Client(), c.tables); err != nil {
		t.Fatal(err)
	}
	c.files = fstest.MapFS{"chaos.yaml": {Data: []byte(chaosWorkflow)}, "plugins/screener.yaml": {Data: []byte(chaosPlugin)}, "policies/fit.yaml": {Data: []byte(chaosPolicy)}}
	engine, err := interpret.New(interpret.Config{Journal: &interprettest.Memory{}, Clock: c.clock, Invoke: c.invoke, Ended: c.ended, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c.engine = engine
	c.register()
	c.database.OnInsert(c.stream.inserted)
	keys := identity.NewKeys(identity.KeysConfig{Store: dynamo.New(c.database.Client(), c.tables).Keys(), Now: c.clock.Now})
	admin := identity.Principal{Tenant: "acme", Kind: identity.User, ID: "user_admin", Roles: []string{"admin"}}
	if _, c.key, err = keys.Create(t.Context(), admin, identity.CreateKey{Name: "chaos"}); err != nil {
		t.Fatal(err)
	}
	c.serve()
	return c
}

// register compiles the workflow and makes its machine known to the engine.
func (c *chaos) register() {
	core, err := c.core("", telemetry.Discard)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, w := range core.Catalog.Shipped() {
		compiled, err := compile.Workflow(w)
		if err != nil {
			c.t.Fatal(err)
		}
		machine, err := interpret.Load(compiled.JSON(), map[string]string{"StepFunctionArn": "step", "RulesFunctionArn": "rules", "VendorFunctionArn": "vendor", "DocumentFunctionArn": "document", "ChildrenFunctionArn": "children", "ScreeningFunctionArn": "screening"})
		if err != nil {
			c.t.Fatal(err)
		}
		if err := c.engine.Register(interpret.MachineName(cases.WorkflowRef{ID: w.ID, Version: w.Version}), machine); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *chaos) serve() {
	routes, err := httpapi.Routes()
	if err != nil {
		c.t.Fatal(err)
	}
	var table []gateway.Route
	for _, r := range routes {
		if function := map[httpapi.Audience]string{httpapi.Client: "clientapi", httpapi.Review: "reviewapi"}[r.Audience]; function != "" {
			table = append(table, gateway.Route{Method: r.Method, Path: r.Path, Function: function, Public: r.Public})
		}
	}
	number := atomic.Int64{}
	c.api, err = gateway.New(gateway.Config{
		Routes: table, Authorizer: "authorizer", Invoker: invokerFunc(c.invoke), Now: c.clock.Now, Logger: slog.New(slog.DiscardHandler),
		NewID: func() string { return fmt.Sprintf("req_%d", number.Add(1)) },
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

type invokerFunc func(ctx context.Context, function string, payload []byte) ([]byte, error)

func (f invokerFunc) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	return f(ctx, function, payload)
}

// core wires one function as its main package does on AWS.
func (c *chaos) core(function string, metrics telemetry.Metrics) (*app.Core, error) {
	store := dynamo.New(c.client(), c.tables)
	return app.New(app.Parts{
		Store: store.Cases(), Keys: store.Keys(), Webhooks: store.Webhooks(), Reviews: store.Review(), Idempotency: store.Idempotency(), Registry: store.Registry(), Ledger: store.Ledger(), Watched: store.Watched(), Objects: c.bucket,
		Executions: lossyExecutions{c, interpret.Executions{Engine: c.engine}}, Waker: c.queues["wakes"], Deliveries: c.queues["deliveries"],
		Definitions: c.files, Settings: map[string]string{"screener": c.vendor.server.URL}, SigningSecrets: [][]byte{bytes.Repeat([]byte("s"), 32)}, AllowLoopback: true,
		PublicURL: "https://api.test", Now: c.clock.Now, Metrics: metrics, Logger: slog.New(slog.DiscardHandler).With("function", function),
	})
}

// coldStart is how long a process may take to begin, at worst.
const coldStart = 5 * time.Second

// process returns a function's process; one that was killed is begun again, and some take their time for it: what came while they
// began is done by others, and what was due in it is late.
func (c *chaos) process(function string) (process, error) {
	p, cold, err := c.begunOf(function)
	if err == nil && cold && c.strikes("cold start of 5 s", 0.5) {
		c.clock.Pass(coldStart)
	}
	return p, err
}

// begunOf returns the process of a function, and whether it had to be begun.
func (c *chaos) begunOf(function string) (p process, cold bool, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if p, ok := c.running[function]; ok {
		return p, false, nil
	}
	p, err = c.begin(function)
	c.running[function] = p
	return p, true, err
}

// begin makes a process of a function; the caller holds the mutex.
func (c *chaos) begin(function string) (process, error) {
	p := process{metrics: telemetry.NewEMF(c.cloud, c.cloud.deployed.Name, telemetry.Kept(), c.clock.Now)}
	core, err := c.core(function, p.metrics)
	if err != nil {
		return p, err
	}
	switch function {
	case "step":
		p.handler = core.Step()
	case "rules":
		p.handler = core.Rules()
	case "vendor":
		p.handler, err = core.Vendor()
	case "dispatch":
		p.handler = core.Dispatch(dynamo.DecodeStream)
	case "deliver":
		p.handler = core.Deliver()
	case "sweep":
		p.handler = core.Sweep()
	case "screening":
		p.handler, err = screened.Function(core)
	case "authorizer":
		p.handler = core.Authorizer()
	default:
		for _, operations := range httpapi.AllOperations() {
			if (function == "clientapi") == (operations.Audience == httpapi.Client) && (function == "reviewapi") == (operations.Audience == httpapi.Review) {
				serve, failed := core.Serve(operations)
				if failed != nil {
					return p, failed
				}
				p.handler = app.Function(serve)
			}
		}
	}
	if err == nil && p.handler == nil {
		err = fmt.Errorf("no function is named %s", function)
	}
	return p, err
}

// strikes reports whether a fault of this kind comes, and counts it.
func (c *chaos) strikes(kind string, likely float64) bool {
	if !c.storm.Load() {
		return false
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	struck := c.random.Float64() < likely
	if struck {
		c.counts[kind]++
	}
	return struck
}

func (c *chaos) among(n int) int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.random.IntN(n)
}

// call is one run of a function. After it was killed, nothing that it still does reaches a table.
type call struct {
	left   atomic.Int64 // calls of tables until it is killed; 0 or less: it is not
	killed atomic.Bool
}

type callKey struct{}

var errKilled = errors.New("the process was killed")

// client is of the tables: calls are throttled, are lost, or are made without an answer, and some are the last ones of their process.
func (c *chaos) client() *dynamodb.Client {
	options := c.database.Client().Options()
	options.APIOptions = append(options.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("chaos", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			fault, made := c.faultOf(ctx)
			if fault != nil && !made {
				return middleware.InitializeOutput{}, middleware.Metadata{}, fault
			}
			out, metadata, err := next.HandleInitialize(ctx, in)
			if fault != nil {
				return middleware.InitializeOutput{}, middleware.Metadata{}, fault
			}
			return out, metadata, err
		}), middleware.Before)
	})
	return dynamodb.New(options)
}

// faultOf decides about a call of a table: a fault, and whether the call is made all the same.
func (c *chaos) faultOf(ctx context.Context) (fault error, made bool) { //nolint:revive // the fault is the answer
	run, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return nil, true
	}
	if run.killed.Load() {
		return errKilled, false
	}
	if run.left.Add(-1) == 0 {
		run.killed.Store(true)
		return errKilled, c.among(2) == 0
	}
	switch {
	case c.strikes("throttled by tables", 0.01):
		c.cloud.put("AWS/DynamoDB", "ThrottledRequests", 1, "TableName", c.tables.Cases, "Operation", "any")
		return &types.ProvisionedThroughputExceededException{Message: aws.String("too much")}, false
	case c.strikes("lost on the way to tables", 0.005):
		return context.DeadlineExceeded, false
	case c.strikes("tables' answers lost", 0.005):
		return context.DeadlineExceeded, true
	}
	return nil, true
}

// invoke calls a function as Lambda does. Errors are *interpret.InvokeError.
func (c *chaos) invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	c.mutex.Lock()
	refused := c.refused[function]
	c.mutex.Unlock()
	if refused || c.strikes("throttled by Lambda", 0.02) {
		c.cloud.put("AWS/Lambda", "Throttles", 1)
		return nil, &interpret.InvokeError{Type: "Lambda.TooManyRequestsException", Message: "Rate Exceeded."}
	}
	answer, err := c.run(ctx, function, payload)
	if c.strikes("called twice", 0.02) {
		answer, err = c.run(ctx, function, payload)
	}
	if err == nil && c.strikes("out of time after the work", 0.01) {
		answer, err = nil, &interpret.InvokeError{Type: "Sandbox.Timedout", Message: "Task timed out"}
	}
	if err != nil {
		c.cloud.put("AWS/Lambda", "Errors", 1, "FunctionName", c.cloud.deployed.Name+"-"+function)
	}
	return answer, err
}

// run calls a function once.
func (c *chaos) run(ctx context.Context, function string, payload []byte) ([]byte, error) {
	p, err := c.process(function)
	if err != nil {
		c.t.Errorf("%s cannot start: %v", function, err)
		return nil, &interpret.InvokeError{Type: "Runtime.ExitError", Message: err.Error()}
	}
	run := &call{}
	if c.strikes("killed", 0.02) {
		run.left.Store(int64(1 + c.among(12)))
	}
	answer, err := p.handler(context.WithValue(ctx, callKey{}, run), payload)
	if run.killed.Load() {
		c.mutex.Lock()
		delete(c.running, function)
		c.mutex.Unlock()
		return nil, &interpret.InvokeError{Type: "Runtime.ExitError", Message: "signal: killed"}
	}
	if failure := p.metrics.Flush(); failure != nil {
		c.t.Error(failure)
	}
	if err != nil {
		known := problem.As(err)
		return nil, &interpret.InvokeError{Type: string(known.Code), Message: known.Message}
	}
	return answer, nil
}

func (c *chaos) ended(_, _ string, status interpret.Status) {
	switch status {
	case interpret.Failed:
		c.cloud.put("AWS/States", "ExecutionsFailed", 1, "StateMachineArn", "chaos")
	case "TIMED_OUT":
		c.cloud.put("AWS/States", "ExecutionsTimedOut", 1, "StateMachineArn", "chaos")
	}
}

// lossyExecutions is Step Functions, which does not always answer.
type lossyExecutions struct {
	chaos *chaos
	inner interpret.Executions
}

func (e lossyExecutions) lossy(call func() error) error {
	if e.chaos.strikes("refused by Step Functions", 0.02) {
		return problem.New(problem.Unavailable, "Step Functions does not take it.")
	}
	err := call()
	if e.chaos.strikes("Step Functions' answers lost", 0.01) {
		return problem.New(problem.Unavailable, "Step Functions has not answered.")
	}
	return err
}

func (e lossyExecutions) Start(ctx context.Context, machine cases.Machine, name string, input cases.ExecutionInput) error {
	return e.lossy(func() error {
		e.chaos.mutex.Lock()
		e.chaos.begun = append(e.chaos.begun, begunExecution{machine, name})
		e.chaos.mutex.Unlock()
		return e.inner.Start(ctx, machine, name, input)
	})
}

func (e lossyExecutions) Wake(ctx context.Context, token string, output cases.ExecutionInput) error {
	return e.lossy(func() error { return e.inner.Wake(ctx, token, output) })
}

func (e lossyExecutions) Stop(ctx context.Context, machine cases.Machine, name, cause string) error {
	return e.lossy(func() error { return e.inner.Stop(ctx, machine, name, cause) })
}

func (e lossyExecutions) Running(ctx context.Context, machine cases.Machine, name string) (running bool, err error) {
	err = e.lossy(func() error { running, err = e.inner.Running(ctx, machine, name); return err })
	return running, err
}

// loseAnExecution ends one that may be running, with the tokens that it waits for.
func (c *chaos) loseAnExecution() {
	c.mutex.Lock()
	var one begunExecution
	if len(c.begun) > 0 {
		one = c.begun[c.random.IntN(len(c.begun))]
	}
	c.mutex.Unlock()
	if one.name != "" {
		_ = interpret.Executions{Engine: c.engine}.Stop(c.t.Context(), one.machine, one.name, "lost")
		c.cloud.put("AWS/States", "ExecutionsAborted", 1, "StateMachineArn", "chaos")
	}
}

// request calls the API as a client does; a call that has no answer is status 0.
func (c *chaos) request(method, path string, body any, idempotencyKey string) (int, map[string]any) {
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, bytes.NewReader(text))
	r.Header.Set("Authorization", "Bearer "+c.key)
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", idempotencyKey)
	}
	w := httptest.NewRecorder()
	c.api.ServeHTTP(w, r)
	if w.Code >= http.StatusInternalServerError {
		c.cloud.put("AWS/ApiGateway", "5xx", 1, "ApiId", c.cloud.deployed.Physical("template", "HttpApi"))
	}
	var answer map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	return w.Code, answer
}
