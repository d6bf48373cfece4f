package ownership

import (
	"cmp"
	"container/heap"
)

// Path is one chain from a person to the subject.
type Path struct {
	Steps []Step // from the person's holding to the one in the subject
	Share Share  // the product of the steps' shares
	Total bool   // it is stated as the sum of all chains, not one of them
}

// Step is one link of a path.
type Step struct {
	Owner, Company string
	Share          Share
	Control        bool   // the owner controls the company by a right of its own
	What           string // the link in words: "60 %", "30 %, control", "role in trust"
}

// trail is a path that is being looked for, from the subject upward.
type trail struct {
	below    *trail   // nil for the subject alone
	step     *holding // the last one
	length   int
	strength float64 // the product of the upper bounds, for the order only
}

// at is the party at which the trail has arrived.
func (t *trail) at(subject int) int {
	if t.step == nil {
		return subject
	}
	return t.step.owner
}

// compare orders trails of the same strength and length, so that the result does not depend on the order in which they are found.
func (t *trail) compare(u *trail) int {
	if t.step == nil || u.step == nil || t == u {
		return 0
	}
	return cmp.Or(t.below.compare(u.below), cmp.Compare(t.step.owner, u.step.owner))
}

type trails []*trail

func (t trails) Len() int { return len(t) }
func (t trails) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(t[j].strength, t[i].strength), cmp.Compare(t[i].length, t[j].length), t[i].compare(t[j])) < 0
}
func (t trails) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *trails) Push(x any)   { *t = append(*t, x.(*trail)) }
func (t *trails) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

// paths finds the chains that connect people with the subject, strongest first. Chains that pass a company twice are
// left out: their shares are in the sum, and they do not help to explain it.
func (g *graph) paths(people []PersonResult) {
	place := map[int]int{}
	for i, p := range people {
		place[g.index[p.ID]] = i
	}
	for _, l := range g.claims {
		if i, person := place[g.index[l.Owner]]; person && l.Company == g.Subject {
			h := g.holding([]Link{l}, false)
			people[i].Paths = append(people[i].Paths, Path{
				Steps: []Step{{Owner: l.Owner, Company: l.Company, Share: h.part, Control: h.control == yes, What: h.label() + ", indirectly"}},
				Share: h.part, Total: true,
			})
		}
	}
	open := trails{{strength: 1}}
	steps, returned := 0, 0
	for ; len(open) > 0 && steps < maxSteps; steps++ {
		t := heap.Pop(&open).(*trail)
		at := t.at(g.subject)
		if i, person := place[at]; person && t.step != nil {
			if returned += t.length; len(people[i].Paths) == maxPaths || returned > maxReturned {
				people[i].MorePath = true
			} else {
				people[i].Paths = append(people[i].Paths, g.path(t))
			}
			continue
		}
		for i := range g.held[at] {
			h := &g.held[at][i]
			if h.part.isNone() && h.control == no && h.votes.isNone() || h.owner == g.subject || t.passes(h.owner) {
				continue
			}
			part, _ := h.part.High.Float64()
			heap.Push(&open, &trail{t, h, t.length + 1, t.strength * part})
		}
	}
	if len(open) > 0 {
		for i := range people {
			people[i].MorePath = true
		}
	}
}

func (t *trail) passes(party int) bool {
	for ; t.step != nil; t = t.below {
		if t.step.owner == party {
			return true
		}
	}
	return false
}

func (g *graph) path(t *trail) Path {
	p := Path{Share: Exactly(one)}
	for ; t.step != nil; t = t.below {
		h := t.step
		p.Share = p.Share.times(h.part)
		p.Steps = append(p.Steps, Step{
			Owner: g.Parties[h.owner].ID, Company: g.Parties[h.company].ID, Share: h.part, Control: h.control == yes, What: h.label(),
		})
	}
	return p
}
