package table

import (
	"maps"
	"slices"
)

// index finds the rows that may apply. Rows are put into groups by the columns in which they test for certain values;
// within a group, a hash of those values leads to a bucket, and within a bucket, the intervals of one more column lead
// to a few rows. Each of these is then tested, so the index can only be too generous, never wrong.
type index struct {
	values []map[string]int32  // of columns of texts: each value's number, from 1
	points []map[float64]int32 // of columns of numbers, dates and booleans that test for certain values
	groups []group
}

// group is the rows that test for certain values in the same columns.
type group struct {
	columns []int
	buckets map[uint64]*bucket
}

// bucket is rows whose values have the same hash, ascending.
type bucket struct {
	rows   []int32
	column int       // whose intervals divide the rows; -1: none
	bounds []float64 // sorted; the segments are between and at them
	starts []int32   // of each segment, in list
	list   []int32
}

const (
	maxSpread = 64 // hashes that one row is found by
	maxGroups = 64
	minDivide = 8 // rows of a bucket that is divided
)

func newIndex(t *Table) *index {
	x := &index{values: make([]map[string]int32, len(t.columns)), points: make([]map[float64]int32, len(t.columns))}
	for k := range t.columns {
		x.number(t, k)
	}
	byMask := map[string]*group{}
	for i := range t.rows {
		columns := x.mask(t, i)
		key := string(maskKey(columns))
		if byMask[key] == nil && len(byMask) >= maxGroups {
			columns, key = nil, ""
		}
		if byMask[key] == nil {
			byMask[key] = &group{columns: columns, buckets: map[uint64]*bucket{}}
		}
		x.spread(t, i, byMask[key])
	}
	for _, key := range slices.Sorted(maps.Keys(byMask)) {
		g := byMask[key]
		for _, b := range g.buckets {
			b.divide(t)
		}
		x.groups = append(x.groups, *g)
	}
	return x
}

func maskKey(columns []int) []byte {
	key := make([]byte, len(columns))
	for i, k := range columns {
		key[i] = byte(k)
	}
	return key
}

// number numbers each value that a column tests for, if it only tests for certain values.
func (x *index) number(t *Table, k int) {
	texts, points := map[string]int32{}, map[float64]int32{}
	for i := range t.rows {
		one := t.test(i, k)
		if one.ordered && !one.negated {
			return
		}
		for _, text := range one.texts {
			if texts[text] == 0 {
				texts[text] = int32(len(texts) + 1)
			}
		}
		for _, f := range one.certain() {
			if points[f] == 0 {
				points[f] = int32(len(points) + 1)
			}
		}
	}
	if t.columns[k].typed == Text {
		x.values[k] = texts
	} else {
		x.points[k] = points
	}
}

// certain are the numbers that a test accepts; booleans are 0 and 1.
func (t *test) certain() []float64 {
	var found []float64
	for i, wanted := range t.bools {
		if wanted {
			found = append(found, float64(i))
		}
	}
	for _, s := range t.spans {
		if s.low == s.high {
			found = append(found, s.low)
		}
	}
	return found
}

// size is how many values a test accepts in a column that has numbers for them; 0 if it does not test for certain ones.
func (x *index) size(t *Table, i, k int) int {
	one := t.test(i, k)
	if one.all || one.negated || (x.values[k] == nil && x.points[k] == nil) {
		return 0
	}
	return len(one.texts) + len(one.certain())
}

// mask are the columns in which a row tests for certain values, as far as they do not spread it too widely.
func (x *index) mask(t *Table, i int) []int {
	var columns []int
	for k := range t.columns {
		if x.size(t, i, k) > 0 {
			columns = append(columns, k)
		}
	}
	for {
		product, widest := 1, 0
		for at, k := range columns {
			product *= x.size(t, i, k)
			if x.size(t, i, k) > x.size(t, i, columns[widest]) {
				widest = at
			}
			product = min(product, 1<<20)
		}
		if product <= maxSpread {
			return columns
		}
		columns = slices.Delete(columns, widest, widest+1)
	}
}

// spread puts a row into the buckets of all values that it accepts.
func (x *index) spread(t *Table, i int, g *group) {
	hashes := []uint64{seed}
	for _, k := range g.columns {
		var next []uint64
		for _, h := range hashes {
			one := t.test(i, k)
			for _, text := range one.texts {
				next = append(next, mix(h, x.values[k][text]))
			}
			for _, f := range one.certain() {
				next = append(next, mix(h, x.points[k][f]))
			}
		}
		hashes = next
	}
	for _, h := range hashes {
		b := g.buckets[h]
		if b == nil {
			b = &bucket{column: -1}
			g.buckets[h] = b
		}
		if n := len(b.rows); n == 0 || b.rows[n-1] != int32(i) {
			b.rows = append(b.rows, int32(i))
		}
	}
}

const seed uint64 = 0xcbf29ce484222325

// mix one more value's number into a hash. Different values may meet: what is found is tested.
func mix(h uint64, number int32) uint64 {
	h ^= uint64(number)
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// divide looks for the column whose intervals leave the fewest rows to test.
func (b *bucket) divide(t *Table) {
	if len(b.rows) < minDivide {
		return
	}
	best, least := -1, 8*len(b.rows)+16
	for k := range t.columns {
		if typed := t.columns[k].typed; typed != Number && typed != Date {
			continue
		}
		if bounds := b.boundsOf(t, k); len(bounds) > 0 {
			if total := b.total(t, k, bounds); total < least {
				best, least = k, total
			}
		}
	}
	if best >= 0 {
		b.fill(t, best, b.boundsOf(t, best))
	}
}

// boundsOf are the ends of a column's intervals.
func (b *bucket) boundsOf(t *Table, k int) []float64 {
	var bounds []float64
	for _, i := range b.rows {
		for _, s := range t.test(int(i), k).spans {
			bounds = append(bounds, s.low, s.high)
		}
	}
	slices.Sort(bounds)
	return slices.Compact(bounds)
}

// segment of a number among bounds: 2i+1 at the bound i, 2i below it.
func segment(bounds []float64, f float64) int {
	i, at := slices.BinarySearch(bounds, f)
	if at {
		return 2*i + 1
	}
	return 2 * i
}

// covered are the segments, from and to, that a test can be met in.
func covered(one *test, bounds []float64, visit func(from, to int)) {
	if one.all || one.negated {
		visit(0, 2*len(bounds))
		return
	}
	for _, s := range one.spans {
		from, to := segment(bounds, s.low), segment(bounds, s.high)
		if s.lowOpen {
			from++
		}
		if s.highOpen {
			to--
		}
		visit(from, to)
	}
}

// total is how many entries the segments would have.
func (b *bucket) total(t *Table, k int, bounds []float64) int {
	total := 0
	for _, i := range b.rows {
		covered(t.test(int(i), k), bounds, func(from, to int) { total += max(0, to-from+1) })
	}
	return total
}

func (b *bucket) fill(t *Table, k int, bounds []float64) {
	segments := 2*len(bounds) + 1
	counts := make([]int32, segments+1)
	each := func(visit func(row int32, at int)) {
		for _, i := range b.rows {
			covered(t.test(int(i), k), bounds, func(from, to int) {
				for at := from; at <= to; at++ {
					visit(i, at)
				}
			})
		}
	}
	each(func(_ int32, at int) { counts[at+1]++ })
	for at := range segments {
		counts[at+1] += counts[at]
	}
	b.column, b.bounds, b.starts, b.list = k, bounds, counts, make([]int32, counts[segments])
	next := slices.Clone(counts)
	each(func(row int32, at int) {
		b.list[next[at]] = row
		next[at]++
	})
}

// candidates of a group: the rows that may apply, ascending.
func (x *index) candidates(g *group, values []value) []int32 {
	h := seed
	for _, k := range g.columns {
		var number int32
		if x.values[k] != nil {
			number = x.values[k][values[k].text]
		} else {
			number = x.points[k][values[k].number]
		}
		if number == 0 {
			return nil
		}
		h = mix(h, number)
	}
	b := g.buckets[h]
	if b == nil || b.column < 0 {
		if b == nil {
			return nil
		}
		return b.rows
	}
	at := segment(b.bounds, values[b.column].number)
	return b.list[b.starts[at]:b.starts[at+1]]
}

// first row that applies; -1: none. All values are known.
func (x *index) first(t *Table, values []value) int {
	best := -1
	for g := range x.groups {
		for _, i := range x.candidates(&x.groups[g], values) {
			if best >= 0 && int(i) >= best {
				break
			}
			if t.met(int(i), values) {
				best = int(i)
				break
			}
		}
	}
	return best
}

// all rows that apply, ascending. All values are known.
func (x *index) all(t *Table, values []value, into []int) []int {
	for g := range x.groups {
		for _, i := range x.candidates(&x.groups[g], values) {
			if t.met(int(i), values) {
				into = append(into, int(i))
			}
		}
	}
	slices.Sort(into)
	return slices.Compact(into)
}

// met reports whether known values pass all tests of a row.
func (t *Table) met(i int, values []value) bool {
	tests := t.tests[i*len(values) : (i+1)*len(values)]
	for k := range tests {
		if !tests[k].meets(&values[k], t.columns[k].typed) {
			return false
		}
	}
	return true
}
