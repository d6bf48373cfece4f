package ownership

import (
	"math/big"
	"slices"
)

// Bounds of the exact computation. Beyond them shares are rounded outward: the interval still holds the true share, and is a little wider.
const (
	exactOperations = 3_000 // multiplications with rational numbers, for all circles of a structure
	exactBits       = 512   // of a denominator
)

// flow computes for each party the part of the subject that ends up with it: the sum over all chains from the subject to the party of the
// products of their shares, for the lower or (up) for the upper bounds. Companies on the way get what passes through them.
func (g *graph) flow(up bool) []*big.Rat {
	amount := make([]*big.Rat, len(g.Parties))
	for i := range amount {
		amount[i] = new(big.Rat)
	}
	amount[g.subject].Set(one)
	for _, circle := range g.circles() {
		g.pass(circle, amount, up)
	}
	return amount
}

// weight is the bound of a holding that counts.
func weight(h holding, up bool) *big.Rat {
	if up {
		return h.part.High
	}
	return h.part.Low
}

// pass lets what has arrived at the companies of one circle flow on to their owners outside.
func (g *graph) pass(circle []int, amount []*big.Rat, up bool) {
	inside := map[int]int{}
	arrived := new(big.Rat)
	for k, company := range circle {
		inside[company] = k
		arrived.Add(arrived, amount[company])
	}
	if arrived.Sign() == 0 {
		return
	}
	if arrived.Cmp(one) > 0 { // a chain passes a circle once: at most the whole arrives
		arrived.Set(one)
		g.capped = true
	}
	if len(circle) == 1 && !g.ownsItself(circle[0]) {
		if up && amount[circle[0]].Cmp(one) > 0 {
			amount[circle[0]].Set(one)
		}
	} else if !g.affordable(circle, inside, up) {
		if outside, ok := g.series(circle, inside, amount, up); ok {
			g.arrive(outside, arrived, amount, up)
		} else {
			g.spread(circle, inside, arrived, amount, up)
		}
		return
	} else if !g.settle(circle, inside, amount, up) {
		g.spread(circle, inside, arrived, amount, up)
		return
	}
	g.arrive(g.leaving(circle, inside, amount, up), arrived, amount, up)
}

// leaving is what the owners outside get of what passes through the companies of a circle.
func (g *graph) leaving(circle []int, inside map[int]int, amount []*big.Rat, up bool) map[int]*big.Rat {
	outside := map[int]*big.Rat{}
	for _, company := range circle {
		for _, h := range g.held[company] {
			if _, in := inside[h.owner]; in || h.part.isNone() {
				continue
			}
			part := new(big.Rat).Mul(amount[company], weight(h, up))
			if sum := outside[h.owner]; sum != nil {
				part.Add(part, sum)
			}
			outside[h.owner] = part
		}
	}
	return outside
}

// arrive adds what leaves a circle to what its owners have: none of them gets more than had arrived there.
func (g *graph) arrive(outside map[int]*big.Rat, arrived *big.Rat, amount []*big.Rat, up bool) {
	for owner, part := range outside {
		if part.Cmp(arrived) > 0 {
			part = arrived
			g.capped = true
		}
		amount[owner] = g.round(new(big.Rat).Add(amount[owner], part), up)
	}
}

func (g *graph) ownsItself(company int) bool {
	return slices.ContainsFunc(g.held[company], func(h holding) bool { return h.owner == company && !h.part.isNone() })
}

// spread is for circles whose bounds do not determine the result: of what has arrived, nobody outside is certain to receive any, and anybody may receive all.
func (g *graph) spread(circle []int, inside map[int]int, arrived *big.Rat, amount []*big.Rat, up bool) {
	if !up {
		return
	}
	g.capped = true
	got := map[int]bool{}
	for _, company := range circle {
		for _, h := range g.held[company] {
			if _, in := inside[h.owner]; !in && !got[h.owner] && h.part.High.Sign() > 0 {
				got[h.owner] = true
				amount[h.owner] = new(big.Rat).Add(amount[h.owner], arrived)
			}
		}
	}
}

// round keeps a number's size bounded: down to fewer digits, or up.
func (g *graph) round(number *big.Rat, up bool) *big.Rat {
	if number.Denom().BitLen() <= exactBits {
		return number
	}
	g.rounded = true
	scale := new(big.Int).Lsh(big.NewInt(1), exactBits/2)
	scaled, rest := new(big.Int).QuoRem(new(big.Int).Mul(number.Num(), scale), number.Denom(), new(big.Int))
	if up && rest.Sign() > 0 {
		scaled.Add(scaled, big.NewInt(1))
	}
	return new(big.Rat).SetFrac(scaled, scale)
}

// circles are the companies from which the subject's shares are reached, grouped into those that own each other in a circle (most are alone),
// owned before owners. Tarjan's algorithm finds the groups with their order turned round.
func (g *graph) circles() [][]int {
	t := tarjan{g: g, number: map[int]int{}, low: map[int]int{}, on: map[int]bool{}}
	t.visit(g.subject)
	slices.Reverse(t.groups)
	return t.groups
}

type tarjan struct {
	g           *graph
	number, low map[int]int
	stack       []int
	on          map[int]bool
	groups      [][]int
}

// visit walks without recursion, for chains can be long.
func (t *tarjan) visit(start int) {
	type step struct{ at, next int }
	open := []step{{at: start}}
	t.enter(start)
	for len(open) > 0 {
		top := &open[len(open)-1]
		if held := t.g.held[top.at]; top.next < len(held) {
			h := held[top.next]
			top.next++
			if len(t.g.held[h.owner]) == 0 || h.part.isNone() {
				continue
			}
			if _, seen := t.number[h.owner]; !seen {
				t.enter(h.owner)
				open = append(open, step{at: h.owner})
			} else if t.on[h.owner] {
				t.low[top.at] = min(t.low[top.at], t.number[h.owner])
			}
			continue
		}
		at := top.at
		open = open[:len(open)-1]
		if len(open) > 0 {
			below := open[len(open)-1].at
			t.low[below] = min(t.low[below], t.low[at])
		}
		if t.low[at] == t.number[at] {
			t.close(at)
		}
	}
}

func (t *tarjan) enter(at int) {
	t.number[at] = len(t.number)
	t.low[at] = t.number[at]
	t.stack = append(t.stack, at)
	t.on[at] = true
}

func (t *tarjan) close(at int) {
	from := len(t.stack) - 1
	for t.stack[from] != at {
		from--
	}
	group := slices.Clone(t.stack[from:])
	for _, member := range group {
		t.on[member] = false
	}
	t.stack = t.stack[:from]
	slices.Sort(group)
	t.groups = append(t.groups, group)
}
