package ownership

import (
	"cmp"
	"container/heap"
	"math/big"
	"math/bits"
	"slices"
)

// settle solves the equations of a circle, y = b + W·y, where b is what arrives at each of its companies from outside, and puts y, what
// passes through them, into amount. It eliminates one company after the other, the one with the fewest neighbours first. All numbers stay
// positive or zero, so that a rounding in one direction keeps its direction. Not ok: the circle keeps all that it gets, or more.
func (g *graph) settle(circle []int, inside map[int]int, amount []*big.Rat, up bool) bool {
	owned, owners := g.within(circle, inside, up)
	order, _ := elimination(owned, owners)
	gain := make([]*big.Rat, len(circle)) // 1 / (1 − what it owns of itself)
	done := make([]bool, len(circle))
	for _, k := range order {
		if done[k] = true; owned[k][k] == nil {
			gain[k] = one
		} else if left := new(big.Rat).Sub(one, owned[k][k]); left.Sign() > 0 {
			gain[k] = g.round(left.Inv(left), up)
		} else {
			return false
		}
		for _, i := range sortedKeys(owners[k]) {
			if done[i] {
				continue
			}
			factor := g.round(new(big.Rat).Mul(owned[i][k], gain[k]), up)
			for j, part := range owned[k] {
				if done[j] {
					continue
				}
				more := new(big.Rat).Mul(factor, part)
				if before := owned[i][j]; before != nil {
					more.Add(more, before)
				}
				owned[i][j], owners[j][i] = g.round(more, up), true
			}
			more := new(big.Rat).Mul(factor, amount[circle[k]])
			amount[circle[i]] = g.round(more.Add(more, amount[circle[i]]), up)
		}
	}
	for _, k := range slices.Backward(order) {
		done[k] = false
		sum := new(big.Rat).Set(amount[circle[k]])
		for j, part := range owned[k] {
			if !done[j] && j != k {
				sum.Add(sum, new(big.Rat).Mul(part, amount[circle[j]]))
			}
		}
		amount[circle[k]] = g.round(sum.Mul(sum, gain[k]), up)
	}
	return true
}

// within are the holdings of a circle's companies in each other: by owner, its part of the others; by company, who owns it.
func (g *graph) within(circle []int, inside map[int]int, up bool) (owned []map[int]*big.Rat, owners []map[int]bool) {
	owned, owners = make([]map[int]*big.Rat, len(circle)), make([]map[int]bool, len(circle))
	for k := range circle {
		owned[k], owners[k] = map[int]*big.Rat{}, map[int]bool{}
	}
	for k, company := range circle {
		for _, h := range g.held[company] {
			if j, in := inside[h.owner]; in && weight(h, up).Sign() > 0 {
				owned[j][k], owners[k][j] = weight(h, up), true
			}
		}
	}
	return owned, owners
}

// elimination is the order in which the companies of a circle are eliminated, and how many multiplications that takes.
func elimination(owned []map[int]*big.Rat, owners []map[int]bool) (order []int, operations int) {
	out, in := make([]map[int]bool, len(owned)), make([]map[int]bool, len(owned))
	for k := range owned {
		out[k], in[k] = map[int]bool{}, map[int]bool{}
		for j := range owned[k] {
			out[k][j] = true
		}
		for j := range owners[k] {
			in[k][j] = true
		}
	}
	left := make([]bool, len(owned))
	var next candidates
	for k := range owned {
		next = append(next, candidate{len(out[k]) * len(in[k]), k})
	}
	heap.Init(&next)
	for len(order) < len(owned) {
		top := heap.Pop(&next).(candidate)
		best := top.company
		if left[best] {
			continue
		}
		if cost := len(out[best]) * len(in[best]); cost > top.cost {
			heap.Push(&next, candidate{cost, best})
			continue
		}
		left[best] = true
		order = append(order, best)
		for i := range in[best] {
			delete(out[i], best)
		}
		for j := range out[best] {
			delete(in[j], best)
		}
		for i := range in[best] {
			if left[i] {
				continue
			}
			for j := range out[best] {
				if !left[j] {
					operations++
					out[i][j], in[j][i] = true, true
				}
			}
		}
		if operations > exactOperations {
			return order, operations
		}
	}
	return order, operations
}

// candidates are companies by what it costs to eliminate them, or has cost before.
type candidates []candidate

type candidate struct{ cost, company int }

func (c candidates) Len() int { return len(c) }
func (c candidates) Less(i, j int) bool {
	return cmp.Or(c[i].cost-c[j].cost, c[i].company-c[j].company) < 0
}
func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *candidates) Push(x any)   { *c = append(*c, x.(candidate)) }
func (c *candidates) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

func sortedKeys(set map[int]bool) []int {
	keys := make([]int, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// unit is the whole in fixed-point numbers of a series.
const unit = uint64(1) << 62

// rounds is how many links a series follows at most. What is left then is counted as uncertain.
const rounds = 20_000_000

// series follows what arrives at a circle round and round, for circles that are too large to be solved exactly. Not ok: more may come out than goes in.
// Parts are rounded down; what is lost by that, and what is left when it ends, might be anybody's and is added for the upper bound.
func (g *graph) series(circle []int, inside map[int]int, amount []*big.Rat, up bool) (outside map[int]*big.Rat, ok bool) {
	type edge struct {
		from, to int // to: in the circle, or an owner outside
		part     uint64
	}
	var round, leave []edge
	for k, company := range circle {
		sum := new(big.Rat)
		for _, h := range g.held[company] {
			part := weight(h, up)
			sum.Add(sum, part)
			if j, in := inside[h.owner]; in {
				round = append(round, edge{k, j, fixed(part)})
			} else if !h.part.isNone() {
				leave = append(leave, edge{k, h.owner, fixed(part)})
			}
		}
		if sum.Cmp(one) > 0 { // more might come out than goes in
			return nil, false
		}
	}
	now, lost := make([]uint64, len(circle)), uint64(len(circle))
	arrived := new(big.Rat)
	for k, company := range circle {
		now[k] = fixed(amount[company])
		arrived.Add(arrived, amount[company])
	}
	if arrived.Cmp(one) > 0 {
		return nil, false
	}
	g.rounded = true
	got := map[int]uint64{}
	left := unit
	for n := 0; n*(len(round)+len(leave)) < rounds && left > lost; n++ {
		for _, e := range leave {
			got[e.to] += times(now[e.from], e.part)
		}
		next := make([]uint64, len(circle))
		for _, e := range round {
			next[e.to] += times(now[e.from], e.part)
		}
		lost += 2 * uint64(len(round)+len(leave))
		left = 0
		for _, part := range next {
			left += part
		}
		now = next
	}
	outside = map[int]*big.Rat{}
	for owner, part := range got {
		if up {
			part = min(unit, part+lost+left)
		}
		outside[owner] = new(big.Rat).SetFrac(new(big.Int).SetUint64(part), new(big.Int).SetUint64(unit))
	}
	return outside, true
}

// affordable reports whether a circle can be solved exactly, and takes that from the budget.
func (g *graph) affordable(circle []int, inside map[int]int, up bool) bool {
	_, operations := elimination(g.within(circle, inside, up))
	if operations > g.budget {
		return false
	}
	g.budget -= operations
	return true
}

// fixed is a part of the whole as a fixed-point number, rounded down; at most the whole.
func fixed(part *big.Rat) uint64 {
	if part.Cmp(one) >= 0 {
		return unit
	}
	scaled := new(big.Int).Mul(part.Num(), new(big.Int).SetUint64(unit))
	return scaled.Quo(scaled, part.Denom()).Uint64()
}

// times is a part of a part, rounded down.
func times(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high<<2 | low>>62
}
