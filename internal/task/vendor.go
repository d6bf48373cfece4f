package task

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"ballerine/internal/cache"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/problem"
)

// Plugins knows the published vendor plugins. Errors: NotFound.
type Plugins interface {
	Plugin(ctx context.Context, tenant, id string) (*connector.Plugin, error)
}

// VendorConfig is what the vendor function needs besides.
type VendorConfig struct {
	Plugins Plugins
	Client  *connector.Client
	// CallbackURL returns the address at which a vendor may answer this call later, with its own credential in it. It must
	// be the same for every attempt: vendors compare repeated requests. started is when the case began.
	CallbackURL func(call connector.Call, plugin *connector.Plugin, started time.Time) (string, error)
}

// vendorTime is the longest that an attempt may take, with that at a fallback. The function may run for a little longer.
const vendorTime = time.Minute

// vendor is the vendor function.
type vendor struct {
	Base
	VendorConfig
	budgets budgets
}

// NewVendor handles the vendor function: it calls a plugin, and its fallback when the plugin's attempts are used up or
// it is left alone.
func NewVendor(base Base, config VendorConfig) Handler {
	return base.worker("vendor").handler(vendor{base, config, budgets{cache.New[string, spending](maxBudgets)}}.attempt)
}

// attempt is one at the work of a job. Its name is that of the plugin that answered.
func (v vendor) attempt(ctx context.Context, job cases.Job, attempt int) (cases.Outcome, string, error) {
	within, cancel := context.WithTimeout(ctx, vendorTime)
	defer cancel()
	id, _ := job.Invocation.Input["plugin"].(string)
	plugin, err := v.Plugins.Plugin(ctx, job.Record.Tenant, id)
	if err != nil {
		return cases.Outcome{}, id, err
	}
	started := v.Now()
	first := within
	if plugin.Fallback != "" && usedUp(job, attempt, problem.Timeout) { // half of the time is the fallback's
		first, cancel = context.WithTimeout(within, vendorTime/2)
		defer cancel()
	}
	outcome, err := v.call(first, job, attempt, plugin)
	if err == nil || plugin.Fallback == "" || !connector.Resting(err) && !overBudget(err) && !usedUp(job, attempt, problem.CodeOf(err)) {
		return outcome, id, err
	}
	instead, otherErr := v.fallback(within, job, attempt, plugin)
	if instead.Run.Call != nil && instead.Run.Call.Via == "" {
		instead.Run.Call.Via = cases.ViaFallback
	}
	if otherErr != nil {
		v.account(ctx, job, attempt, plugin.Fallback, started, problem.CodeOf(otherErr), instead.Run)
		return outcome, id, bothFailed(problem.As(err), plugin.Fallback, problem.As(otherErr))
	}
	v.account(ctx, job, attempt, id, started, problem.CodeOf(err), outcome.Run)
	return instead, plugin.Fallback, nil
}

// call makes one attempt at a plugin.
func (v vendor) call(ctx context.Context, job cases.Job, attempt int, plugin *connector.Plugin) (cases.Outcome, error) {
	with, err := job.Input(v.Now())
	if err != nil {
		return cases.Outcome{}, err
	}
	call := connector.Call{
		Tenant: job.Record.Tenant, Case: job.Record.ID, State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Round: job.Round, Attempt: attempt + 1,
		Context: job.Record.Context, Input: with, Documents: counting(job.Record),
		Task: v.NewID("task"), IdempotencyKey: fmt.Sprintf("%s-%d-%s-%d", job.Record.ID, job.Visit, job.Invocation.ID, job.Round),
	}
	_, answered := job.Record.Context[job.Invocation.ID]
	call.Anew = job.Round > 0 || answered // a person wants to know it now
	if call.CallbackURL, err = v.CallbackURL(call, plugin, job.Record.CreatedAt); err != nil {
		return cases.Outcome{}, problem.Wrap(err, problem.Internal, "The callback address could not be created.")
	}
	if outcome, found := v.recall(ctx, plugin, call); found {
		return v.done(plugin, outcome), nil
	}
	if err := v.afford(ctx, call.Tenant, plugin); err != nil {
		return cases.Outcome{}, err
	}
	asked := v.Now()
	outcome, err := v.Client.Do(ctx, plugin, call)
	v.keep(ctx, plugin, call, outcome.Kept)
	done := v.done(plugin, outcome)
	v.keepExchange(ctx, plugin, call, outcome.Exchanged, &done.Run)
	v.charge(call.Tenant, plugin, done.Run.Call)
	switch {
	case connector.Resting(err):
		done.Run.Call = &cases.Call{Via: cases.ViaBreaker}
	case connector.Limited(err):
		done.Run.Call = &cases.Call{Via: cases.ViaLimit}
	}
	if outcome.Correlation != "" {
		done.VendorID = &cases.VendorID{Plugin: plugin.ID, ID: outcome.Correlation, Asked: asked}
	}
	return done, err
}

// done is what an attempt at a plugin means for the case.
func (v vendor) done(plugin *connector.Plugin, outcome connector.Outcome) cases.Outcome {
	done := cases.Outcome{Run: cases.TaskRun{Call: callOf(plugin, outcome.Trace), Titles: plugin.Titles}, Payload: outcome.Result, Awaiting: outcome.Awaiting, Accepted: outcome.Accepted}
	if reads := plugin.Reads(); reads != nil {
		done.Used = &cases.Used{Context: reads.Context, With: reads.Input, Documents: reads.Documents}
	}
	if done.Awaiting {
		done.Until = v.Now().Add(plugin.Wait)
	}
	return done
}

// usedUp reports whether there are no attempts left after an error for which a retry would help.
func usedUp(job cases.Job, attempt int, code problem.Code) bool {
	made, known := job.Workflow.Invocation(job.State, job.Invocation.ID)
	return known && mayHelp(made.Retry, code) && job.Tries+attempt+1 > made.Retry.Attempts
}

// fallback makes one attempt at the plugin that answers instead. Its own fallback is ignored, so that there are no circles.
func (v vendor) fallback(ctx context.Context, job cases.Job, attempt int, plugin *connector.Plugin) (cases.Outcome, error) {
	other, err := v.Plugins.Plugin(ctx, job.Record.Tenant, plugin.Fallback)
	if err != nil {
		return cases.Outcome{}, err
	}
	if other.Callback && !plugin.Callback {
		return cases.Outcome{}, problem.New(problem.Internal, "It calls back, and work of %s does not wait.", plugin.ID)
	}
	outcome, err := v.call(ctx, job, attempt, other)
	if err == nil && !outcome.Awaiting {
		err = plugin.Fits(outcome.Payload)
	}
	return outcome, err
}

// bothFailed is the error of the plugin, with that of its fallback.
func bothFailed(err *problem.Error, fallback string, other *problem.Error) *problem.Error {
	both := *err
	both.Message += fmt.Sprintf(" The fallback %s failed, too (%s): %s", fallback, other.Code, other.Message)
	return &both
}

// account keeps an attempt at one of two vendors that has failed, besides that at the other.
func (v vendor) account(ctx context.Context, job cases.Job, attempt int, id string, started time.Time, code problem.Code, made cases.TaskRun) {
	run := cases.TaskRun{
		ID: cmp.Or(made.ID, v.NewID("task")), State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Source: "vendor", Name: id, Attempt: job.Tries + attempt + 1,
		Outcome: "failed", Error: string(code), StartedAt: started, Duration: v.Now().Sub(started), Call: made.Call,
	}
	v.Metrics.Count("tasks_total", "source", "vendor", "outcome", run.Outcome)
	v.Logger.WarnContext(ctx, "one of two vendors failed", "name", id, "attempt", run.Attempt, "code", code)
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	if err := v.Store.PutTaskRun(within, job.Record.Tenant, job.Record.ID, run); err != nil {
		v.Logger.ErrorContext(ctx, "attempt not kept", "error", err.Error())
	}
}

// counting are the documents of a case that may be sent to a vendor: uploaded, and not rejected.
func counting(record cases.Record) (found []connector.Document) {
	for _, d := range record.Documents {
		switch d.Status {
		case cases.DocumentReceived, cases.DocumentChecked, cases.DocumentApproved:
			found = append(found, connector.Document{ID: d.ID, Kind: d.Kind, Side: d.Side, ContentType: d.ContentType, SHA256: d.SHA256, Size: d.Size})
		}
	}
	return found
}
