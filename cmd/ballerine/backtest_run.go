package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"ballerine/internal/httpapi"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// backtest requests one page, which suffices in most cases; a larger backtest is run in parts by the system.
func (r remote) backtest(ctx context.Context, policy string, draft *rules.Policy, filter ledger.Filter, options ledger.BacktestOptions, bar *bar) (ledger.Backtest, error) {
	body := filterOf(filter)
	body["source"], body["examples"] = string(draft.Source), options.Examples
	var page httpapi.BacktestPage
	if err := r.call(ctx, http.MethodPost, "/v1/policies/"+url.PathEscape(policy)+"/backtests", body, &page); err != nil || page.Complete {
		return page.Backtest, err
	}
	bar.count(page.Decisions)
	var run httpapi.BacktestRun
	runs := "/v1/policies/" + url.PathEscape(policy) + "/backtest-runs"
	err := r.call(ctx, http.MethodPost, runs, body, &run)
	switch problem.CodeOf(err) {
	case problem.NotFound, problem.MethodNotAllowed: // of a version before runs
		return r.pages(ctx, policy, body, page, options, bar)
	}
	if err != nil {
		return ledger.Backtest{}, err
	}
	return r.await(ctx, runs+"/"+url.PathEscape(run.ID), bar)
}

// await watches a run until it has ended. When ctx ends before that, the run is cancelled.
func (r remote) await(ctx context.Context, at string, bar *bar) (ledger.Backtest, error) {
	for wait := 200 * time.Millisecond; ; wait = min(2*time.Second, wait*3/2) {
		var run httpapi.BacktestRun
		err := r.get(ctx, at, &run)
		if ctx.Err() != nil {
			return ledger.Backtest{}, r.cancel(ctx, at)
		}
		if err != nil {
			return ledger.Backtest{}, err
		}
		bar.count(run.Decisions)
		bar.part(run.Progress)
		switch {
		case run.Status == backtest.Done && run.Report != nil:
			return *run.Report, nil
		case run.Status == backtest.Failed && run.Failure != nil && run.Failure.Part > 0:
			return ledger.Backtest{}, problem.New(problem.Code(run.Failure.Code), "The backtest failed: part %d of %d could not be processed (%s).", run.Failure.Part, run.Parts, run.Failure.Code)
		case run.Status != backtest.Running:
			return ledger.Backtest{}, problem.New(problem.Unavailable, "The backtest has ended without a result: it is %s.", run.Status)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ledger.Backtest{}, r.cancel(ctx, at)
		}
	}
}

// cancelTime is how long cancelling an abandoned run may take.
const cancelTime = 10 * time.Second

func (r remote) cancel(ctx context.Context, at string) error {
	ended := ctx.Err()
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
	defer stop()
	var run httpapi.BacktestRun
	if err := r.call(ctx, http.MethodPost, at+"/cancellation", map[string]any{}, &run); err != nil {
		return problem.Wrap(err, problem.CodeOf(err), "The backtest could not be cancelled and is still running at the endpoint.")
	}
	return problem.Wrap(ended, problem.Timeout, "The backtest was cancelled.")
}

// pages continues page by page, and adds the pages up.
func (r remote) pages(ctx context.Context, policy string, body map[string]any, page httpapi.BacktestPage, options ledger.BacktestOptions, bar *bar) (ledger.Backtest, error) {
	all := page.Backtest
	for !page.Complete {
		if page.NextCursor == nil {
			return all, problem.New(problem.Unavailable, "The endpoint returned no cursor to continue after %d decisions.", all.Decisions)
		}
		body["cursor"] = *page.NextCursor
		page = httpapi.BacktestPage{}
		if err := r.call(ctx, http.MethodPost, "/v1/policies/"+url.PathEscape(policy)+"/backtests", body, &page); err != nil {
			return all, err
		}
		all = all.Merge(page.Backtest, options.Examples)
		bar.count(all.Decisions)
	}
	return all, nil
}
