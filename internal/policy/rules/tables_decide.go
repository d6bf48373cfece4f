package rules

import (
	"strconv"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/policy/table"
)

// table asks a rule's table, and applies what the rows that count state.
func (d *decision) table(one *rule) {
	t := one.table
	var few [8]int
	result := t.table.Decide(d.env, few[:0])
	if result.Truth == expr.True && t.table.Aggregate() != table.List {
		if total, ok := d.totals(t, result.Rows); ok {
			d.fireRow(one, result.Rows, total)
		} else {
			result = table.Result{Reason: "the sum is too large to be exact, or there are no values to add"}
		}
	} else if result.Truth == expr.True {
		for at := range result.Rows {
			row := result.Rows[at : at+1]
			d.fireRow(one, row, t.points(row[0], one))
		}
	}
	verdict := expr.Verdict{Truth: result.Truth, Missing: result.Missing, Reason: result.Reason}
	switch result.Truth {
	case expr.True:
		d.fired = append(d.fired, one.id)
		d.outputs(one, result.Rows)
		d.traceWith(one, passed, func() string { return d.rowsReason(one, result.Rows) })
	case expr.False:
		d.traceWith(one, failed, func() string { return "No row of " + t.name + " applies." })
	default:
		d.unknown++
		d.unknownTable(one, verdict)
	}
}

// unknownTable applies the rule's missing. A rule that fires without an outcome of its own has the most severe of its
// table's: what the rows would have stated is not known, and no subject must pass because of that.
func (d *decision) unknownTable(one *rule, verdict expr.Verdict) {
	if one.missing == missingFire && one.place < 0 {
		d.countPlace(one.table.worst)
	}
	d.unknownRule(one, verdict)
}

// points of a row; what it does not state is the rule's.
func (t *policyTable) points(row int, one *rule) points {
	p := one.score
	if f, ok := t.number(row, outputScore); ok {
		p.base = f
	}
	if f, ok := t.number(row, outputAdditional); ok {
		p.additional = f
	}
	return p
}

// totals are the points that an aggregate computes from rows. ok is false if one of the outputs, including those that
// are only part of the answer, has no exact total.
func (d *decision) totals(t *policyTable, rows []int) (p points, ok bool) {
	ok = true
	for name, into := range map[string]*float64{outputScore: &p.base, outputAdditional: &p.additional} {
		if k, has := t.outputs[name]; has {
			total, good, exact := t.table.Total(rows, k)
			*into, ok = total, ok && good && exact
		}
	}
	for _, name := range t.extra {
		_, _, exact := t.table.Total(rows, t.outputs[name])
		ok = ok && exact
	}
	return p, ok
}

// fireRow counts what rows state in total: the outcome of each, and points once.
func (d *decision) fireRow(one *rule, rows []int, p points) {
	for _, row := range rows {
		outcome := one.table.text(row, outputOutcome)
		if outcome == "" {
			outcome = one.outcome
		}
		d.count(outcome)
	}
	d.points = append(d.points, p)
	domain, indicator := one.domain, one.indicator
	if text := one.table.text(rows[0], outputDomain); text != "" {
		domain = text
	}
	if text := one.table.text(rows[0], outputIndicator); text != "" {
		indicator = text
	}
	_, hasColumn := one.table.outputs[outputIndicator]
	if indicator != "" || domain != "" && !hasColumn { // a table with a column of indicators has none for a row without
		d.indicators = append(d.indicators, Indicator{domain, indicator, p.base})
	}
}

// outputs puts into the answer what the policy itself has no use for.
func (d *decision) outputs(one *rule, rows []int) {
	t, all := one.table, rows
	if len(t.extra) == 0 {
		return
	}
	if d.results == nil {
		d.results = map[string][]map[string]any{}
	}
	if t.table.Aggregate() != table.List {
		rows = rows[:1]
	}
	for _, row := range rows {
		columns := make(map[string]any, len(t.extra))
		for _, name := range t.extra {
			columns[name] = t.table.Then(row)[t.outputs[name]]
			if total, ok, _ := t.table.Total(all, t.outputs[name]); ok && t.table.Aggregate() != table.List {
				columns[name] = total
			}
		}
		d.results[one.id] = append(d.results[one.id], columns)
	}
}

// rowsReason is a sentence on the rows that count.
func (d *decision) rowsReason(one *rule, rows []int) string {
	t := one.table
	numbers := make([]string, len(rows))
	var reasons []string
	for i, row := range rows {
		numbers[i] = strconv.Itoa(row + 1)
		if template := t.reasons[row]; template != nil {
			reasons = append(reasons, template.Render(d.env, d.policy.hide))
		} else if text := t.text(row, outputReason); text != "" {
			reasons = append(reasons, text)
		}
	}
	sentence := "Row " + numbers[0] + " of " + t.name + " applies."
	if len(rows) > 1 {
		sentence = "Rows " + strings.Join(numbers[:len(numbers)-1], ", ") + " and " + numbers[len(numbers)-1] + " of " + t.name + " apply."
	}
	if len(reasons) == 0 && one.reason != nil {
		reasons = append(reasons, one.reason.Render(d.env, d.policy.hide))
	}
	return strings.Join(append([]string{sentence}, reasons...), " ")
}
