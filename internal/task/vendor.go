package task

import (
	"context"
	"fmt"
	"time"

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
	// CallbackURL gives the address at which a vendor may answer this call later, with its own credential in it. It must
	// be the same for every attempt: vendors compare repeated requests. started is the case's own beginning.
	CallbackURL func(call connector.Call, plugin string, started time.Time) (string, error)
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
		call := connector.Call{
			Tenant: job.Record.Tenant, Case: job.Record.ID, State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Round: job.Round, Attempt: attempt + 1,
			Context: job.Record.Context, Input: with, Documents: counting(job.Record),
			IdempotencyKey: fmt.Sprintf("%s-%d-%s-%d", job.Record.ID, job.Visit, job.Invocation.ID, job.Round),
		}
		if call.CallbackURL, err = config.CallbackURL(call, id, job.Record.CreatedAt); err != nil {
			return cases.Outcome{}, id, problem.Wrap(err, problem.Internal, "The callback address could not be created.")
		}
		outcome, err := config.Client.Do(ctx, plugin, call)
		done := cases.Outcome{Payload: outcome.Result, Awaiting: outcome.Awaiting, Accepted: outcome.Accepted}
		if reads := plugin.Reads(); reads != nil {
			done.Used = &cases.Used{Context: reads.Context, With: reads.Input, Documents: reads.Documents}
		}
		if done.Awaiting {
			done.Until = base.Now().Add(plugin.Wait)
		}
		return done, id, err
	})
}

// counting are the documents of a case that a vendor may be asked about: there, and turned down by nobody.
func counting(record cases.Record) (found []connector.Document) {
	for _, d := range record.Documents {
		switch d.Status {
		case cases.DocumentReceived, cases.DocumentChecked, cases.DocumentApproved:
			found = append(found, connector.Document{ID: d.ID, Kind: d.Kind, Side: d.Side, ContentType: d.ContentType, SHA256: d.SHA256, Size: d.Size})
		}
	}
	return found
}
