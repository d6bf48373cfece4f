package table

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Limits of the checks. A table that would take more is used all the same, with a warning that it was not checked completely.
const (
	maxPairs    = 5_000_000  // pairs of rows that are compared
	perMeeting  = 4          // what two rows that meet take, in pairs
	maxPieces   = 10_000_000 // comparisons of rows with parts of what others leave
	maxReported = 20         // problems of one kind
)

// box is what a row is for: the parts of each column's values.
type box [][]reach

// checker holds the rows of a table against each other.
type checker struct {
	t        *Table
	atoms    []atoms
	boxes    []box
	earlier  map[int][]int // of FIRST: the rows before a row that share inputs with it
	pairs    int
	pieces   int
	reported map[string]int
	found    []Problem
	cut      []string // what was looked for when a limit was met
}

// check finds rows that contradict each other, rows that can never count, and inputs that no row is for.
func (t *Table) check() []Problem {
	if len(t.rows) == 0 {
		p := whole("empty", "", "the table has no rows")
		p.Warning = true
		return []Problem{p}
	}
	c := &checker{t: t, earlier: map[int][]int{}, reported: map[string]int{}}
	for k := range t.columns {
		c.atoms = append(c.atoms, t.atoms(k))
	}
	c.boxes = make([]box, len(t.rows))
	for i := range t.rows {
		c.boxes[i] = make(box, len(t.columns))
		for k := range t.columns {
			c.boxes[i][k] = c.atoms[k].of(t.test(i, k))
		}
	}
	c.overlaps()
	if t.hit == First {
		c.shadows()
	}
	if t.hit != Collect && t.hit != RuleOrder {
		c.gaps()
	}
	for _, code := range slices.Sorted(maps.Keys(c.reported)) {
		if more := c.reported[code] - maxReported; more > 0 {
			p := whole(code, "", "there are %d more problems of this kind (%s)", more, code)
			p.Warning = true
			c.found = append(c.found, p)
		}
	}
	if len(c.cut) > 0 {
		p := whole("unchecked", "", "the table is too large to be checked completely: the check for %s was cut short", strings.Join(c.cut, " and "))
		p.Warning = true
		c.found = append(c.found, p)
	}
	return c.found
}

// report records a problem; of each kind, only the first maxReported are built.
func (c *checker) report(code string, warning bool, problem func() Problem) {
	if c.reported[code]++; c.reported[code] <= maxReported {
		p := problem()
		p.Code, p.Warning = code, warning
		c.found = append(c.found, p)
	}
}

// limit notes that a look for something was cut short.
func (c *checker) limit(what string) {
	if !slices.Contains(c.cut, what) {
		c.cut = append(c.cut, what)
	}
}

// overlaps compares the rows that share values of the column in which the fewest do. Where every row that applies counts,
// only rows that are there twice are of interest.
func (c *checker) overlaps() {
	if c.t.hit == Priority || c.t.hit == Collect || c.t.hit == RuleOrder {
		c.twice()
		return
	}
	column, order := c.divider()
	width := len(c.t.columns)
	hulls := make([]hull, len(order)*width) // side by side, in the order of access
	for at, i := range order {
		for k, cell := range c.boxes[i] {
			hulls[at*width+k] = hull{int32(cell[0].from), int32(cell[len(cell)-1].to), len(cell) > 1}
		}
	}
	for at, i := range order {
		mine := hulls[at*width : (at+1)*width]
		for other := at + 1; other < len(order); other++ {
			theirs := hulls[other*width : (other+1)*width]
			if theirs[column].from > mine[column].to {
				break
			}
			if c.pairs++; c.pairs > maxPairs {
				c.limit("overlaps")
				return
			}
			near, gaps := meetAll(mine, theirs)
			if j := order[other]; near && (!gaps || c.boxes[i].meets(c.boxes[j])) {
				c.pairs += perMeeting
				c.pair(min(i, j), max(i, j))
			}
		}
	}
}

// hull is the first and the last part of a cell.
type hull struct {
	from, to int32
	gaps     bool // there may be some in between that are not the cell's
}

// meetAll reports whether the hulls of all columns meet; gaps whether the cells still may not.
func meetAll(a, b []hull) (near, gaps bool) {
	for k := range a {
		if a[k].from > b[k].to || b[k].from > a[k].to {
			return false, false
		}
		gaps = gaps || a[k].gaps || b[k].gaps
	}
	return true, gaps
}

// twice finds rows that are there twice.
func (c *checker) twice() {
	seen := map[string]int{}
	var key []byte
	for j := range c.t.rows {
		key = c.key(key[:0], j)
		if i, ok := seen[string(key)]; ok {
			c.pair(i, j)
			continue
		}
		seen[string(key)] = j
	}
}

// key is the same for rows with the same results for the same inputs, and hardly ever for others.
func (c *checker) key(key []byte, i int) []byte {
	for _, cell := range c.boxes[i] {
		for _, r := range cell {
			key = binary.AppendVarint(binary.AppendVarint(key, int64(r.from)), int64(r.to))
		}
		key = append(key, 0xff)
	}
	for _, v := range c.t.rows[i].then {
		key = fmt.Appendf(key, "%T%v\xff", v, v)
	}
	return key
}

// divider is the column to compare rows by, with the rows that are for anything at all in the order of their values in it.
func (c *checker) divider() (column int, order []int) {
	var rows []int
	for i, b := range c.boxes {
		if !slices.ContainsFunc(b, func(cell []reach) bool { return len(cell) == 0 }) {
			rows = append(rows, i)
		}
	}
	least := -1
	for k := range c.t.columns {
		sorted := make([][2]int, len(rows)) // where it begins, row
		for at, i := range rows {
			sorted[at] = [2]int{c.boxes[i][k][0].from, i}
		}
		slices.SortFunc(sorted, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) })
		pairs := 0
		for at, one := range sorted {
			cell := c.boxes[one[1]][k]
			end, _ := slices.BinarySearchFunc(sorted, cell[len(cell)-1].to+1, func(other [2]int, to int) int { return other[0] - to })
			pairs += end - at - 1
		}
		if least < 0 || pairs < least {
			least, column, order = pairs, k, order[:0]
			for _, one := range sorted {
				order = append(order, one[1])
			}
		}
	}
	return column, order
}

func (b box) meets(other box) bool {
	for k := range b {
		if !meet(b[k], other[k]) {
			return false
		}
	}
	return true
}

// pair of rows that are for the same inputs.
func (c *checker) pair(i, j int) {
	same := slices.Equal(c.t.rows[i].then, c.t.rows[j].then)
	if same && c.boxes[i].equals(c.boxes[j]) {
		c.report("duplicate", c.t.hit != Unique, func() Problem { return ofRow(j, "", "", "row %d duplicates row %d", j+1, i+1) })
		return
	}
	when := func() string { return c.example(c.boxes[i].and(c.boxes[j])) }
	switch {
	case c.t.hit == Unique:
		c.report("overlap", false, func() Problem {
			return ofRow(j, "", "in a UNIQUE table at most one row may apply", "rows %d and %d both apply when %s", i+1, j+1, when())
		})
	case c.t.hit == Any && !same:
		c.report("overlap", false, func() Problem {
			return ofRow(j, "", "in a table with hit policy ANY, rows that apply at the same time must have the same outputs", "rows %d and %d have different outputs when %s", i+1, j+1, when())
		})
	case c.t.hit == First:
		c.earlier[j] = append(c.earlier[j], i)
	}
}

func (b box) equals(other box) bool {
	for k := range b {
		if !slices.Equal(b[k], other[k]) {
			return false
		}
	}
	return true
}

func (b box) and(other box) box {
	both := make(box, len(b))
	for k := range b {
		both[k] = common(b[k], other[k])
	}
	return both
}

// shadows finds rows that never count, as rows before them take all that they are for.
func (c *checker) shadows() {
	for j := range c.t.rows {
		before := c.earlier[j]
		if len(before) == 0 {
			continue
		}
		slices.Sort(before)
		left, sure := c.uncovered(c.boxes[j], before)
		if !sure {
			c.limit("rows that never apply")
			return
		}
		if left == nil {
			c.report("shadowed", true, func() Problem {
				return ofRow(j, "", "move it up, or remove it", "row %d never applies: its inputs are covered by %s before it", j+1, named(before))
			})
		}
	}
}

func named(rows []int) string {
	var names []string
	for at, i := range rows {
		if at == 5 {
			names = append(names, "…")
			break
		}
		names = append(names, strconv.Itoa(i+1))
	}
	return "rows " + strings.Join(names, ", ")
}

// gaps finds inputs that no row is for.
func (c *checker) gaps() {
	all := make(box, len(c.t.columns))
	rows := make([]int, len(c.t.rows))
	for k := range all {
		if all[k] = c.atoms[k].allowed; len(all[k]) == 0 {
			return
		}
	}
	for i := range rows {
		rows[i] = i
	}
	left, sure := c.uncovered(all, rows)
	if !sure {
		c.limit("gaps")
	}
	if left != nil {
		c.report("gap", true, func() Problem {
			return whole("", "add a row with - in every input if all other cases should have a result", "no row applies when %s", c.example(left))
		})
	}
}

// example of inputs within a box.
func (c *checker) example(b box) string {
	parts := make([]string, len(b))
	for k := range b {
		parts[k] = fmt.Sprintf("%s is %s", c.t.columns[k].expression, c.atoms[k].example(b[k][0].from))
	}
	return strings.Join(parts, ", ")
}
