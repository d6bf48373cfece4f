package table

import (
	"fmt"
	"slices"

	"ballerine/internal/expr"
)

// Result is the result of a table.
type Result struct {
	Truth   expr.Truth // true: Rows count; false: no row applies; unknown: it is not known which
	Rows    []int      // from 0; the ones that count by the hit policy, in the order that it defines
	Missing []string   // paths that were needed and not there
	Reason  string     // why it is not known, when not (only) because something is missing; without values
}

// Decide evaluates the table. The rows of the result are written into the passed slice where it is large enough.
func (t *Table) Decide(env *expr.Env, into []int) Result {
	var few [8]value
	values := few[:0]
	var missing []expr.Verdict
	plain := true
	for i := range t.columns {
		v, why := t.columns[i].value(env, t)
		if v.state != known {
			plain = false
			missing = append(missing, make([]expr.Verdict, i+1-len(missing))...)
			missing[i] = why
		}
		values = append(values, v)
	}
	if !plain {
		return t.settle(values, missing, t.scan(values, into[:0]))
	}
	if t.hit == First {
		if row := t.index.first(t, values); row >= 0 {
			return Result{Truth: expr.True, Rows: append(into[:0], row)}
		}
		return Result{Truth: expr.False}
	}
	return t.counted(t.index.all(t, values, into[:0]))
}

// value of a column; the verdict states why it is not known.
func (c *column) value(env *expr.Env, t *Table) (value, expr.Verdict) {
	v, verdict := c.program.Value(env)
	if verdict.Truth != expr.True {
		return value{}, verdict
	}
	one, reason := read(v, c.typed, t.location)
	return one, expr.Verdict{Reason: reason}
}

// scanned is the result of scanning every row.
type scanned struct {
	rows  []int // that apply
	doubt []int // that may apply
}

// scan tests every row.
func (t *Table) scan(values []value, into []int) scanned {
	found := scanned{rows: into}
	for i := range t.rows {
		switch t.applies(i, values) {
		case expr.True:
			found.rows = append(found.rows, i)
		case expr.Unknown:
			found.doubt = append(found.doubt, i)
		}
	}
	return found
}

// applies is an and of the row's cells, in three-valued logic.
func (t *Table) applies(i int, values []value) expr.Truth {
	truth := expr.True
	for k := range values {
		if truth = truth.And(t.test(i, k).truth(&values[k], t.columns[k].typed)); truth == expr.False {
			return expr.False
		}
	}
	return truth
}

// settle takes doubt into account: where a row in doubt could have made a difference, the table has no answer.
func (t *Table) settle(values []value, verdicts []expr.Verdict, found scanned) Result {
	doubt := found.doubt
	if len(found.rows) > 0 {
		switch t.hit {
		case First:
			doubt = slices.DeleteFunc(doubt, func(i int) bool { return i > found.rows[0] })
		case Priority:
			best := t.best(found.rows)
			doubt = slices.DeleteFunc(doubt, func(i int) bool { return t.before(best, i) })
		case Any: // which of them makes no difference
			doubt = slices.DeleteFunc(doubt, func(i int) bool { return slices.Equal(t.rows[i].then, t.rows[found.rows[0]].then) })
		}
	}
	if len(doubt) == 0 {
		return t.counted(found.rows)
	}
	result := Result{Truth: expr.Unknown}
	for k := range values {
		tested := slices.ContainsFunc(doubt, func(i int) bool { return !t.test(i, k).all })
		if values[k].state == known || !tested || k >= len(verdicts) {
			continue
		}
		for _, path := range verdicts[k].Missing {
			if !slices.Contains(result.Missing, path) {
				result.Missing = append(result.Missing, path)
			}
		}
		if result.Reason == "" {
			result.Reason = verdicts[k].Reason
		}
	}
	return result
}

// counted applies the hit policy to the rows that apply, which come in the order of the table.
func (t *Table) counted(rows []int) Result {
	if len(rows) == 0 {
		return Result{Truth: expr.False}
	}
	switch t.hit {
	case First:
		rows = rows[:1]
	case Unique:
		if len(rows) > 1 {
			return Result{Reason: fmt.Sprintf("the rows %d and %d apply, and only one may", rows[0]+1, rows[1]+1)}
		}
	case Any:
		for _, i := range rows[1:] {
			if !slices.Equal(t.rows[i].then, t.rows[rows[0]].then) {
				return Result{Reason: fmt.Sprintf("rows %d and %d apply and have different results", rows[0]+1, i+1)}
			}
		}
		rows = rows[:1]
	case Priority:
		rows[0] = t.best(rows)
		rows = rows[:1]
	}
	return Result{Truth: expr.True, Rows: rows}
}

// best of rows: the highest priority, of equal ones the first.
func (t *Table) best(rows []int) int {
	best := rows[0]
	for _, i := range rows[1:] {
		if t.before(i, best) {
			best = i
		}
	}
	return best
}

// before reports whether a row goes before another.
func (t *Table) before(a, b int) bool {
	if x, y := t.rows[a].rank, t.rows[b].rank; x != y {
		return x < y
	}
	return a < b
}

// Total aggregates the numbers of an output over rows; the rows without one do not count. ok is false when none has one.
// exact is false when the sum, or a part of it, is too large to be exact: then it is no number to compare with.
func (t *Table) Total(rows []int, output int) (total float64, ok, exact bool) {
	if t.aggregate == Count {
		return float64(len(rows)), true, true
	}
	exact = true
	for _, i := range rows {
		f, is := t.rows[i].then[output].(float64)
		switch {
		case !is:
			continue
		case !ok:
			total = f
		case t.aggregate == Sum:
			total += f
		case t.aggregate == Min:
			total = min(total, f)
		case t.aggregate == Max:
			total = max(total, f)
		}
		ok, exact = true, exact && expr.Exact(total)
	}
	return total, ok, exact
}
