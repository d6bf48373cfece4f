package task

import (
	"context"

	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/problem"
)

// recall uses a former answer to the same request. No check waits because none can be read: the vendor is called then.
func (v vendor) recall(ctx context.Context, plugin *connector.Plugin, call connector.Call) (connector.Outcome, bool) {
	outcome, found, err := v.Client.Recall(ctx, plugin, call, func(key string) ([]byte, error) {
		content, err := v.Cases.FindVendorAnswer(ctx, call.Tenant, key)
		return content, unlessMissing(err)
	})
	if err != nil {
		v.Logger.WarnContext(ctx, "former answer not read", "plugin", plugin.ID, "error", err.Error())
	}
	return outcome, found
}

// keepExchange keeps what was sent and answered, before anything refers to it. Its id is the attempt's.
func (v vendor) keepExchange(ctx context.Context, plugin *connector.Plugin, call connector.Call, content []byte, run *cases.TaskRun) {
	run.ID = call.Task
	reference := v.Cases.KeepExchange(ctx, call.Tenant, call.Case, call.Task, content)
	if reference == nil || run.Call == nil {
		return
	}
	run.Call.Exchange = reference
	if !reference.Kept {
		v.Logger.WarnContext(ctx, "exchange not kept", "plugin", plugin.ID, "case", call.Case, "task", call.Task)
	}
}

// unlessMissing returns nil for an error that only states that something is missing.
func unlessMissing(err error) error {
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	return err
}

// keep stores an answer to be used again. If it cannot be stored, that costs another call, but no check fails.
func (v vendor) keep(ctx context.Context, plugin *connector.Plugin, call connector.Call, kept *connector.Kept) {
	if kept == nil {
		return
	}
	var err error
	if kept.Content == nil {
		err = problem.New(problem.TooLarge, "The answer is too large to be used again.")
	} else {
		err = v.Cases.KeepVendorAnswer(ctx, cases.VendorAnswer{Tenant: call.Tenant, Case: call.Case, Key: kept.Key, Content: kept.Content, Until: kept.Until})
	}
	if err != nil {
		v.Logger.WarnContext(ctx, "answer not kept", "plugin", plugin.ID, "code", problem.CodeOf(err))
	}
}
