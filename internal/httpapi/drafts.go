package httpapi

import (
	"bytes"
	"encoding/json"
	"slices"

	"ballerine/internal/identity"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/problem"
)

// A draft can evaluate any condition on past decisions. A caller who may not see their inputs only learns how many there
// are, not which: examples would name decisions, and a list of decisions names their cases.

// seesInputs reports whether the caller sees the inputs of decisions.
func seesInputs(c ctx) bool { return identity.Has(principalOf(c), identity.DecisionInput) }

// narrows refuses a backtest of one case to a caller who may not see its input.
func narrows(c ctx, filter LedgerFilters) error {
	if filter.Case == "" || seesInputs(c) {
		return nil
	}
	return identity.Lacks(identity.DecisionInput).With("body.case", "forbidden", "testing the decisions of a single case requires the permission to read their input")
}

// unnamed is a report without ids of decisions. The report itself is not changed.
func unnamed(c ctx, report *ledger.Backtest) *ledger.Backtest {
	if report == nil || seesInputs(c) {
		return report
	}
	next := *report
	next.Flips = slices.Clone(report.Flips)
	for i := range next.Flips {
		next.Flips[i].Examples = []string{}
	}
	return &next
}

// withoutValues is an answer of a policy without what it may reveal of its input: values, reasons, outputs of tables.
func withoutValues(answer json.RawMessage) (json.RawMessage, error) {
	if len(answer) == 0 {
		return answer, nil
	}
	var whole map[string]any
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	if err := decoder.Decode(&whole); err != nil {
		return nil, problem.Wrap(err, problem.Internal, "A kept decision cannot be read.")
	}
	delete(whole, "outputs")
	withoutRead(whole)
	calls, _ := whole["calls"].([]any)
	for _, one := range calls {
		if called, _ := one.(map[string]any); called != nil {
			withoutRead(called)
		}
	}
	return json.Marshal(whole)
}

// withoutRead leaves out of a trace what its rules have read, and the sentences that may contain it.
func withoutRead(answer map[string]any) {
	trace, _ := answer["trace"].([]any)
	for _, one := range trace {
		step, _ := one.(map[string]any)
		if step == nil {
			continue
		}
		if reason, _ := step["reason"].(string); reason != "" {
			step["reason"] = redactedText
		}
		delete(step, "texts")
		inputs, _ := step["inputs"].(map[string]any)
		for name := range inputs {
			inputs[name] = nil
		}
	}
}
