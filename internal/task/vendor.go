package task

import (
	"context"
	"fmt"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/vendor"
)

// Plugins knows the published vendor plugins. Errors: NotFound.
type Plugins interface {
	Plugin(ctx context.Context, tenant, id string) (*vendor.Plugin, error)
}

// VendorConfig is what the vendor function needs besides.
type VendorConfig struct {
	Plugins Plugins
	Client  *vendor.Client
	// CallbackURL gives the address at which a vendor may answer this call later, with its own credential in it. It must
	// be the same for every attempt: vendors compare repeated requests. started is the case's own beginning.
	CallbackURL func(call vendor.Call, plugin string, started time.Time) (string, error)
}

// NewVendor handles the vendor function: it calls a plugin.
func NewVendor(base Base, config VendorConfig) Handler {
	return base.worker("vendor").handler(func(ctx context.Context, job cases.Job, attempt int) (cases.Outcome, string, error) {
		id, _ := job.Invocation.Input["plugin"].(string)
		plugin, err := config.Plugins.Plugin(ctx, job.Record.Tenant, id)
		if err != nil {
			return cases.Outcome{}, id, err
		}
		with, err := job.Input(base.Now())
		if err != nil {
			return cases.Outcome{}, id, err
		}
		call := vendor.Call{
			Tenant: job.Record.Tenant, Case: job.Record.ID, State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Attempt: attempt + 1,
			Context: job.Record.Context, Input: with,
			IdempotencyKey: fmt.Sprintf("%s-%d-%s", job.Record.ID, job.Visit, job.Invocation.ID),
		}
		if call.CallbackURL, err = config.CallbackURL(call, id, job.Record.CreatedAt); err != nil {
			return cases.Outcome{}, id, problem.Wrap(err, problem.Internal, "The callback address could not be made.")
		}
		outcome, err := config.Client.Do(ctx, plugin, call)
		return cases.Outcome{Payload: outcome.Result, Awaiting: outcome.Awaiting}, id, err
	})
}
