package task

import (
	"context"
	"time"

	"ballerine/internal/cache"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/problem"
)

// budgets watch what vendors cost. What was spent is read once a minute for a tenant and plugin: a process notices what others have
// spent that much later.
type budgets struct {
	spent *cache.Cache[string, spending]
}

type spending struct {
	amount float64
	at     time.Time
}

// Bounds of what is remembered.
const (
	spentFor   = time.Minute
	maxBudgets = 1_000
)

// budgetDetail marks the error of a call that was not made because the budget is used up.
const budgetDetail = "budget"

// overBudget reports whether a vendor was not asked because its budget is used up.
func overBudget(err error) bool {
	return problem.CodeOf(err) == problem.VendorRejected && problem.As(err).Details[budgetDetail] == true
}

// afford reports, counts and logs a budget that is used up. Errors: VendorRejected when no more calls are to be made.
func (v vendor) afford(ctx context.Context, tenant string, plugin *connector.Plugin) error {
	if plugin.Budget == nil {
		return nil
	}
	key, now := tenant+"/"+plugin.ID, v.Now()
	spent, known := v.budgets.spent.Get(key)
	if !known || now.Sub(spent.at) >= spentFor || now.UTC().Month() != spent.at.UTC().Month() {
		by, err := v.Cases.Spend(ctx, tenant, plugin.ID)
		if err != nil {
			v.Logger.WarnContext(ctx, "budget not read", "plugin", plugin.ID, "error", err.Error())
			return nil // no check waits because a sum cannot be read
		}
		spent = spending{by[plugin.Price.Currency], now}
		v.budgets.spent.Put(key, spent)
		if spent.amount >= plugin.Budget.Amount {
			v.Metrics.Count("vendor_budget_exceeded_total")
			v.Logger.WarnContext(ctx, "budget used up", "tenant", tenant, "plugin", plugin.ID, "stops", plugin.Budget.Stop)
		}
	}
	if !plugin.Budget.Stop || spent.amount < plugin.Budget.Amount {
		return nil
	}
	return problem.New(problem.VendorRejected, "%s is not asked: its budget for this month is used up.", plugin.ID).Detail(budgetDetail, true)
}

// charge adds what a call has cost to what this process knows, until the sum is read again.
func (v vendor) charge(tenant string, plugin *connector.Plugin, call *cases.Call) {
	if call == nil || call.Price == nil || plugin.Budget == nil {
		return
	}
	if spent, known := v.budgets.spent.Get(tenant + "/" + plugin.ID); known {
		spent.amount += call.Price.Amount
		v.budgets.spent.Put(tenant+"/"+plugin.ID, spent)
	}
}

// callOf describes the call of an attempt; nil if none was made.
func callOf(plugin *connector.Plugin, trace connector.Trace) *cases.Call {
	if trace.Request == "" {
		return nil
	}
	call := &cases.Call{Request: trace.Request, Key: trace.Key, Sent: trace.Sent, Status: trace.Status, Received: trace.Received, Bytes: trace.Bytes}
	for _, one := range trace.Calls {
		call.Calls = append(call.Calls, cases.CallPart{
			Step: one.Step, Element: one.Element, Page: one.Page, Request: one.Request, Key: one.Key, Sent: one.Sent, Status: one.Status, Received: one.Received, Bytes: one.Bytes, Price: plugin.Cost(one),
		})
	}
	recalled := !trace.Recalled.IsZero()
	if recalled {
		call.Via, call.AnsweredAt = cases.ViaCache, trace.Recalled
		if trace.Origin.Task != "" {
			call.Origin = &cases.Origin{Case: trace.Origin.Case, Task: trace.Origin.Task}
		}
	}
	if amount := plugin.Cost(trace); amount > 0 || (trace.Charged || recalled) && plugin.Price != nil {
		call.Price = &cases.Price{Amount: amount, Currency: plugin.Price.Currency}
	}
	return call
}
