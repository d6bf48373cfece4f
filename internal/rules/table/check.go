package table

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Limits of the checks. A table that would take more is used all the same, and it is said that it was not checked whole.
const (
	maxPairs  = 5_000_000  // pairs of rows that are compared
	maxPieces = 10_000_000 // rows held against parts of what others leave
	maxTold   = 20         // problems of one sort
)

// box is what a row is for: the parts of each column's values.
type box [][]reach

// checker holds the rows of a table against each other.
type checker struct {
	t       *Table
	atoms   []atoms
	boxes   []box
	earlier map[int][]int // of FIRST: the rows before a row that share inputs with it
	pairs   int
	pieces  int
	told    map[string]int
	found   []Problem
	cut     []string // what was looked for when a limit was met
}

// check finds rows that contradict each other, rows that can never count, and inputs that no row is for.
func (t *Table) check() []Problem {
	if len(t.rows) == 0 {
		p := whole("empty", "", "the table has no rows")
		p.Warning = true
		return []Problem{p}
	}
	c := &checker{t: t, earlier: map[int][]int{}, told: map[string]int{}}
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
	for _, code := range slices.Sorted(maps.Keys(c.told)) {
		if more := c.told[code] - maxTold; more > 0 {
			p := whole(code, "", "there are %d more problems of this sort (%s)", more, code)
			p.Warning = true
			c.found = append(c.found, p)
		}
	}
	if len(c.cut) > 0 {
		p := whole("unchecked", "", "the table is too large to be checked whole: the look for %s was cut short", strings.Join(c.cut, " and "))
		p.Warning = true
		c.found = append(c.found, p)
	}
	return c.found
}

// tell notes a problem; of a sort that there is much of, only the first ones are made.
func (c *checker) tell(code string, warning bool, problem func() Problem) {
	if c.told[code]++; c.told[code] <= maxTold {
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

// overlaps compares the rows that share values of the column in which the fewest do.
func (c *checker) overlaps() {
	column, order := c.divider()
	for at, i := range order {
		to := c.boxes[i][column][len(c.boxes[i][column])-1].to
		for _, j := range order[at+1:] {
			if c.boxes[j][column][0].from > to {
				break
			}
			if c.pairs++; c.pairs > maxPairs {
				c.limit("overlaps")
				return
			}
			if c.boxes[i].meets(c.boxes[j]) {
				c.pair(min(i, j), max(i, j))
			}
		}
	}
}

// divider is the column to compare rows by, with the rows that are for anything at all in the order of their values in it.
func (c *checker) divider() (column int, order []int) {
	least := -1
	for k := range c.t.columns {
		var rows []int
		for i, b := range c.boxes {
			if !slices.ContainsFunc(b, func(cell []reach) bool { return len(cell) == 0 }) {
				rows = append(rows, i)
			}
		}
		from := func(i int) int { return c.boxes[i][k][0].from }
		slices.SortStableFunc(rows, func(a, b int) int { return from(a) - from(b) })
		pairs := 0
		for at, i := range rows {
			cell := c.boxes[i][k]
			end, _ := slices.BinarySearchFunc(rows, cell[len(cell)-1].to+1, func(j, to int) int { return from(j) - to })
			pairs += end - at - 1
		}
		if least < 0 || pairs < least {
			least, column, order = pairs, k, rows
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
		c.tell("duplicate", c.t.hit != Unique, func() Problem { return ofRow(j, "", "", "row %d says what row %d says", j+1, i+1) })
		return
	}
	when := func() string { return c.example(c.boxes[i].and(c.boxes[j])) }
	switch {
	case c.t.hit == Unique:
		c.tell("overlap", false, func() Problem {
			return ofRow(j, "", "in a UNIQUE table at most one row applies", "rows %d and %d both apply when %s", i+1, j+1, when())
		})
	case c.t.hit == Any && !same:
		c.tell("overlap", false, func() Problem {
			return ofRow(j, "", "in a table of hit policy ANY, rows that apply together say the same", "rows %d and %d say different things when %s", i+1, j+1, when())
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
			c.limit("rows that never count")
			return
		}
		if left == nil {
			c.tell("shadowed", true, func() Problem {
				return ofRow(j, "", "move it up, or remove it", "row %d never counts: %s before it take all that it is for", j+1, named(before))
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
		c.tell("gap", true, func() Problem {
			return whole("", "add a row with - in every input for all other cases, if there is something to say for them", "no row applies when %s", c.example(left))
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
