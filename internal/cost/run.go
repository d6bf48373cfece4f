package cost

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"ballerine/internal/asl/simclock"
	"ballerine/internal/calendar"
	"ballerine/internal/cases"
	"ballerine/internal/demo/specimen"
	"ballerine/internal/local"
	"ballerine/internal/local/sandbox"
	"ballerine/internal/problem"
	"ballerine/internal/store/dynamo/metered"
)

//go:embed kyc.yaml
var shipped []byte

// Shipped are the cases of the shipped KYC workflow.
func Shipped() []Script {
	scripts, err := ReadScripts("kyc.yaml", shipped)
	if err != nil {
		panic(err) // a test reads it
	}
	return scripts
}

// Counted is what one case used.
type Counted struct {
	Units       map[metered.Line]metered.Units
	Calls       map[string]float64 // of functions
	Transitions float64            // of Standard state machines
	Requests    float64            // to the HTTP API
	Objects     float64            // that were put into the bucket
}

// Options of a run.
type Options struct {
	Definitions fs.FS // with the compiled machines
	Cases       int   // how many are counted, after one that is not; 0: 3
}

// runTime is how long a case may take on the machine's own clock.
const runTime = 2 * time.Minute

// Run plays a script's case several times and returns the mean of what each used. Errors: Invalid if the script does not
// fit the workflow, and the system's answer to a step that it refuses.
func Run(ctx context.Context, options Options, script Script) (counted Counted, err error) {
	folder, err := os.MkdirTemp("", "ballerine-cost-")
	if err != nil {
		return counted, fmt.Errorf("folder for the cases: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	p := &player{script: script, clock: simclock.New(begin(time.Now())), tables: metered.New(), calls: map[string]float64{}, authorized: map[string]time.Time{}}
	p.stack, err = local.Start(ctx, local.Options{
		Data: folder, Address: "127.0.0.1:0", Definitions: options.Definitions, Logger: slog.New(slog.DiscardHandler), Now: p.clock.Now,
		Cast:       map[string]sandbox.Part{p.name("given") + " " + p.name("family"): script.Vendor.part()},
		Simulation: &local.Simulation{Clock: p.clock, Meter: &local.Meter{Tables: p.tables, Called: p.called, Moved: p.moved}},
	})
	if err != nil {
		return counted, err
	}
	defer func() { err = errors.Join(err, p.stack.Close(context.WithoutCancel(ctx))) }()
	if err := p.play(ctx); err != nil { // the first one makes what all later ones find
		return counted, err
	}
	number := options.Cases
	if number == 0 {
		number = 3
	}
	before := p.counted()
	for range number {
		if err := p.play(ctx); err != nil {
			return counted, err
		}
	}
	return p.counted().less(before, float64(number)), nil
}

// begin is when a case is first played: at the beginning of a minute. How many waits, buckets and sweeps a case meets depends on where within
// a minute it starts, and the same case has to cost the same each time.
func begin(now time.Time) time.Time { return now.Truncate(time.Minute) }

// player plays one script.
type player struct {
	script Script
	clock  *simclock.Clock
	tables *metered.Database
	stack  *local.Stack

	mutex       sync.Mutex
	calls       map[string]float64
	transitions float64
	requests    float64
	objects     float64

	authorized map[string]time.Time // by credential: since when API Gateway knows it

	id, flow string // of the case that is played
	number   int
}

func (p *player) called(function string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	switch function {
	case "sweep", "backtest": // run by the clock, whatever cases there are
	case "authorizer": // is called for each call here, and once in a while on AWS: see call
	default:
		p.calls[function]++
	}
}

func (p *player) moved(transitions int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.transitions += float64(transitions)
}

func (p *player) counted() Counted {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return Counted{p.tables.Units(), maps.Clone(p.calls), p.transitions, p.requests, p.objects}
}

// less is the mean of each of a number of cases since before.
func (c Counted) less(before Counted, number float64) Counted {
	mean := Counted{
		Units: map[metered.Line]metered.Units{}, Calls: map[string]float64{}, Transitions: (c.Transitions - before.Transitions) / number,
		Requests: (c.Requests - before.Requests) / number, Objects: (c.Objects - before.Objects) / number,
	}
	for line, units := range c.Units {
		if line.Index == "due" || line.Index == "queue" {
			units.Read = before.Units[line].Read // the schedule reads it, whatever cases there are
		}
		was := before.Units[line]
		if used := (metered.Units{Read: (units.Read - was.Read) / number, Write: (units.Write - was.Write) / number}); used != (metered.Units{}) {
			mean.Units[line] = used
		}
	}
	for name, calls := range c.Calls {
		if used := calls - before.Calls[name]; used > 0 {
			mean.Calls[name] = used / number
		}
	}
	return mean
}

func (p *player) name(part string) string {
	applicant, _ := p.script.Context["applicant"].(map[string]any)
	name, _ := applicant["name"].(map[string]any)
	text, _ := name[part].(string)
	return text
}

// play plays the case once, from its start to where its steps end.
func (p *player) play(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	p.number++
	if err := p.start(ctx); err != nil {
		return fmt.Errorf("case %s: start: %w", p.script.Name, err)
	}
	for n, step := range p.script.Steps {
		if err := p.step(ctx, step); err != nil {
			return fmt.Errorf("case %s: steps[%d]: %w", p.script.Name, n, err)
		}
		if err := p.settle(ctx); err != nil {
			return fmt.Errorf("case %s: steps[%d]: %w", p.script.Name, n, err)
		}
	}
	p.clock.Pass(time.Hour) // held-back effects have been delivered, and the next case's calls are authorized again
	return p.settle(ctx)
}

func (p *player) start(ctx context.Context) error {
	start := map[string]any{"workflow": p.script.Workflow, "context": p.script.Context}
	if p.script.Context == nil {
		delete(start, "context")
	}
	if p.script.Subject != "" {
		start["subject"] = map[string]any{"type": p.script.Subject, "external_id": fmt.Sprintf("customer-%06d", p.number)}
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := p.call(ctx, "POST", "/v1/cases", p.stack.Demo.APIKey, start, &made); err != nil {
		return err
	}
	p.id = made.ID
	var token struct {
		Token string `json:"token"`
	}
	if err := p.call(ctx, "POST", "/v1/cases/"+p.id+"/flow-tokens", p.stack.Demo.APIKey, map[string]any{}, &token); err != nil {
		return err
	}
	p.flow = token.Token
	return p.settle(ctx)
}

func (p *player) step(ctx context.Context, step Step) error {
	switch {
	case step.Save != nil:
		if err := p.call(ctx, "GET", "/v1/flow/case", p.flow, nil, nil); err != nil {
			return err
		}
		return p.call(ctx, "PATCH", "/v1/flow/context", p.flow, step.Save, nil)
	case step.Upload != "":
		return p.upload(ctx, step.Upload)
	case step.Send != "":
		if err := p.call(ctx, "POST", "/v1/flow/events", p.flow, map[string]any{"type": step.Send}, nil); err != nil {
			return err
		}
		return p.call(ctx, "GET", "/v1/flow/case", p.flow, nil, nil)
	case step.Event != "":
		return p.call(ctx, "POST", "/v1/cases/"+p.id+"/events", p.stack.Demo.APIKey, map[string]any{"type": step.Event}, nil)
	case step.Wait > 0:
		return p.pass(ctx, time.Duration(step.Wait)*time.Minute)
	case step.Review != nil:
		return p.review(ctx, *step.Review)
	}
	return problem.New(problem.Invalid, "A step must be one of save, upload, send, event, wait and review.")
}

// upload sends a document as an applicant does: a specimen of the person.
func (p *player) upload(ctx context.Context, kind string) error {
	content, contentType, properties, err := p.document(kind)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	var announced struct {
		Upload struct {
			Method  string            `json:"method"`
			URL     string            `json:"url"`
			Headers map[string]string `json:"headers"`
		} `json:"upload"`
	}
	body := map[string]any{"kind": kind, "content_type": contentType, "size": len(content), "sha256": hex.EncodeToString(sum[:])}
	if properties != nil {
		body["properties"] = properties
	}
	if err := p.call(ctx, "POST", "/v1/flow/documents", p.flow, body, &announced); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, announced.Upload.Method, announced.Upload.URL, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	for name, value := range announced.Upload.Headers {
		request.Header.Set(name, value)
	}
	p.mutex.Lock()
	p.objects++
	p.mutex.Unlock()
	if err := do(request, nil); err != nil {
		return err
	}
	return p.settle(ctx)
}

func (p *player) document(kind string) (content []byte, contentType string, properties map[string]any, err error) {
	now := p.clock.Now()
	person := specimen.Person{
		Given: p.name("given"), Family: p.name("family"), Nationality: "UTO", Number: fmt.Sprintf("C%07d", 1048577+p.number), Sex: "F", Origin: "DE",
		Born: time.Date(1990, 5, 17, 0, 0, 0, 0, time.UTC), Expires: calendar.AddMonths(now, 60),
	}
	if kind == "passport" {
		content, err = person.Page("")
		return content, "image/jpeg", map[string]any{"mrz": person.Zone(), "number": person.Number, "expires": person.Expires.Format(time.DateOnly)}, err
	}
	content, err = person.Selfie(now)
	return content, "image/jpeg", nil, err
}

// reauthorizeEvery is how long API Gateway keeps an authorizer's answer, as in template.yaml.
const reauthorizeEvery = 30 * time.Second

// Intervals at which the dashboard asks, in seconds.
const (
	presenceEvery = 5
	countsEvery   = 15
)

// review is a reviewer who opens the case from the queue, has it open for some minutes, and decides.
func (p *player) review(ctx context.Context, review Review) error {
	reviewer := ""
	for _, user := range p.stack.Demo.Users {
		if user.Email == "reviewer@demo.test" {
			reviewer = user.Token
		}
	}
	if reviewer == "" {
		return problem.New(problem.Internal, "The local system has no reviewer.")
	}
	on := "/v1/cases/" + p.id
	for _, path := range []string{"/v1/me", "/v1/queue", "/v1/cases?view=summary&limit=50&status=active", on, "/v1/workflows/" + p.script.Workflow, on + "/notes", on + "/tasks", on + "/history?limit=50"} {
		if err := p.call(ctx, "GET", path, reviewer, nil, nil); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	var read struct {
		Version int `json:"version"`
	}
	if err := p.call(ctx, "GET", on, reviewer, nil, &read); err != nil {
		return err
	}
	for second := range review.Minutes * 60 {
		if second%presenceEvery == 0 {
			var seen struct {
				Version int `json:"version"`
			}
			if err := p.call(ctx, "PUT", on+"/presence", reviewer, map[string]any{"editing": false}, &seen); err != nil {
				return err
			}
			if seen.Version > read.Version {
				if err := p.call(ctx, "GET", on, reviewer, nil, &read); err != nil {
					return err
				}
			}
		}
		if second%countsEvery == 0 {
			if err := p.call(ctx, "GET", "/v1/queue", reviewer, nil, nil); err != nil {
				return err
			}
		}
		p.clock.Pass(time.Second)
	}
	if review.Decide == "" {
		return nil
	}
	decision := map[string]any{"event": review.Decide}
	if review.Reason != "" {
		decision["reason"] = review.Reason
	}
	return p.callIf(ctx, "POST", on+"/decisions", reviewer, fmt.Sprintf(`"%d"`, read.Version), "If-Match", decision, nil)
}

// pass lets time go by, stopping wherever something is due on the way.
func (p *player) pass(ctx context.Context, d time.Duration) error {
	until := p.clock.Now().Add(d)
	for {
		if err := p.stack.Idle(ctx); err != nil {
			return err
		}
		next, ok := p.clock.Next()
		if !ok || next.After(until) {
			p.clock.Forward(until)
			return p.stack.Idle(ctx)
		}
		p.clock.Forward(next)
	}
}

// soon is how far ahead something is due that a case is waiting for: a retry or a vendor, never one of the workflow's timers.
const soon = 15 * time.Minute

// settle returns when the case has ended, or its execution waits where the case is.
func (p *player) settle(ctx context.Context) error {
	for {
		if err := p.stack.Idle(ctx); err != nil {
			return err
		}
		record, err := p.stack.Core.Store.Get(ctx, local.DemoTenant, p.id)
		if err != nil {
			return err
		}
		wf, err := p.stack.Core.Catalog.Workflow(ctx, local.DemoTenant, record.Workflow.ID, record.Workflow.Version)
		if err != nil {
			return err
		}
		park, parked := record.Parked[""]
		if record.Status != cases.StatusActive || parked && park.Position.Same(wf.Chart.Position(record.Snapshot)) {
			return nil
		}
		if next, ok := p.clock.Next(); ok && next.Sub(p.clock.Now()) < soon {
			p.clock.Forward(next)
		}
	}
}

func (p *player) call(ctx context.Context, method, path, token string, body, into any) error {
	return p.callIf(ctx, method, path, token, "", "", body, into)
}

func (p *player) callIf(ctx context.Context, method, path, token, condition, header string, body, into any) error {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode a call: %w", err)
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, p.stack.URL+path, content)
	if err != nil {
		return fmt.Errorf("call: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		request.Header.Set("Content-Type", map[bool]string{false: "application/json", true: "application/merge-patch+json"}[method == "PATCH"])
	}
	if method == "POST" && !strings.HasSuffix(path, "/decisions") {
		request.Header.Set("Idempotency-Key", fmt.Sprintf("call-%d-%.0f", p.number, p.requests))
	}
	if header != "" {
		request.Header.Set(header, condition)
	}
	p.mutex.Lock()
	p.requests++
	if now := p.clock.Now(); now.Sub(p.authorized[token]) > reauthorizeEvery {
		p.authorized[token] = now
		p.calls["authorizer"]++
	}
	p.mutex.Unlock()
	return do(request, into)
}

// do sends a request. Errors: the answer's own, when it refuses.
func do(request *http.Request, into any) error {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("call: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it was read
	text, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	if err != nil {
		return fmt.Errorf("read an answer: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		var refusal struct {
			Detail string `json:"detail"`
		}
		_ = json.Unmarshal(text, &refusal) // another body has no detail
		return problem.New(problem.Invalid, "%s %s returned %d: %s", request.Method, request.URL.Path, response.StatusCode, refusal.Detail)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("decode an answer: %w", err)
	}
	return nil
}
