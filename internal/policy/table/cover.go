package table

import "slices"

// cover looks for a part of a box that none of some rows is for. It goes through the columns one by one: the rows divide a
// column into stretches, each with the rows that are for it, and those divide the next column.
type cover struct {
	c     *checker
	box   box
	order []int // of the columns: those first in which the fewest rows are for everything
	left  box   // the part that was found
}

// uncovered is a part of a box that none of the rows covers; nil if there is none. sure is false if a limit was reached.
func (c *checker) uncovered(b box, rows []int) (left box, sure bool) {
	v := &cover{c: c, box: b, left: make(box, len(b))}
	found, sure := v.within(rows)
	if !found {
		return nil, sure
	}
	return v.left, sure
}

// within starts with the rows that have something of the box.
func (v *cover) within(rows []int) (found, sure bool) {
	if v.c.pieces += len(rows); v.c.pieces > maxPieces {
		return false, false
	}
	near := make([]int, 0, len(rows))
	whole := make([]int, len(v.box)) // by column: rows that have all of it
	for _, i := range rows {
		if !v.c.boxes[i].meets(v.box) {
			continue
		}
		near = append(near, i)
		for k := range v.box {
			if has(v.c.boxes[i][k], v.box[k]) {
				whole[k]++
			}
		}
	}
	for k := range v.box {
		v.order = append(v.order, k)
	}
	slices.SortStableFunc(v.order, func(a, b int) int { return whole[a] - whole[b] })
	return v.level(0, near)
}

// level looks below the columns that are decided, at rows that are for what was decided.
func (v *cover) level(at int, rows []int) (found, sure bool) {
	if len(rows) == 0 {
		for _, k := range v.order[at:] {
			v.left[k] = v.box[k]
		}
		return true, true
	}
	if v.c.pieces += len(rows); v.c.pieces > maxPieces {
		return false, false
	}
	if slices.ContainsFunc(rows, func(i int) bool { return v.takesRest(at, i) }) {
		return false, true
	}
	return v.stretches(at, rows)
}

// takesRest reports whether a row has all of the columns that are not decided.
func (v *cover) takesRest(at, row int) bool {
	for _, k := range v.order[at:] {
		if !has(v.c.boxes[row][k], v.box[k]) {
			return false
		}
	}
	return true
}

// edge is where a row's part of a column begins or ends.
type edge struct {
	part  int
	row   int // in the list of rows
	begin bool
}

// stretches visits the parts of a column. Equal sets of rows are examined once.
func (v *cover) stretches(at int, rows []int) (found, sure bool) {
	k := v.order[at]
	var edges []edge
	for n, i := range rows {
		for _, r := range common(v.c.boxes[i][k], v.box[k]) {
			edges = append(edges, edge{r.from, n, true}, edge{r.to + 1, n, false})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		switch {
		case a.part != b.part:
			return a.part - b.part
		case a.begin == b.begin:
			return a.row - b.row
		case b.begin: // what ends goes first: the row may begin again here
			return -1
		}
		return 1
	})
	active := newActive(rows)
	seen := map[uint64]bool{}
	next := 0
	for _, whole := range v.box[k] {
		for part := whole.from; part <= whole.to; {
			for ; next < len(edges) && edges[next].part <= part; next++ {
				active.change(edges[next])
			}
			end := whole.to
			if next < len(edges) {
				end = min(end, edges[next].part-1)
			}
			if !seen[active.hash] {
				seen[active.hash] = true
				v.left[k] = []reach{{part, end}}
				if found, sure := v.level(at+1, active.rows); found || !sure {
					return found, sure
				}
			}
			part = end + 1
		}
	}
	return false, true
}

// active is the rows that are for where the look stands.
type active struct {
	all   []int
	rows  []int
	place []int // of each of all, in rows; -1: not there
	at    []int // of each of rows, in all
	hash  uint64
}

func newActive(all []int) *active {
	a := &active{all: all, place: make([]int, len(all))}
	for n := range a.place {
		a.place[n] = -1
	}
	return a
}

func (a *active) change(e edge) {
	a.hash ^= scattered(uint64(e.row + 1))
	if e.begin {
		a.place[e.row] = len(a.rows)
		a.rows, a.at = append(a.rows, a.all[e.row]), append(a.at, e.row)
		return
	}
	gone, last := a.place[e.row], len(a.rows)-1
	a.rows[gone], a.at[gone] = a.rows[last], a.at[last]
	a.place[a.at[gone]] = gone
	a.rows, a.at, a.place[e.row] = a.rows[:last], a.at[:last], -1
}

// scattered spreads a number over 64 bits, so that sets of numbers can be distinguished by the exclusive or of their members.
func scattered(n uint64) uint64 {
	n *= 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
