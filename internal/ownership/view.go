package ownership

import "slices"

// view is what is computed once of a structure, for all people.
type view struct {
	by          [][]holding  // by owner
	shares      []Share      // of the subject, by party
	votes       []Share      // of its votes, multiplied along chains
	rights      []Share      // of its profits or of what remains of it
	controllers []controller // organizations that control the subject
	trusts      map[int]bool // trusts and nominations whose share is that of a beneficial owner, and whether that is certain
	trustees    []controller // organizations with a role in such a trust
}

// controller is an organization, and what people have of it.
type controller struct {
	party  int
	how    certainty
	shares []Share
}

// look computes what people are judged by.
func (g *graph) look(rule Rule) view {
	v := view{by: g.interests(), shares: g.shares(), trusts: map[int]bool{}}
	if rule.Votes {
		v.votes = g.with(func(h holding) Share { return h.votes }).shares()
	}
	if g.anyRights() {
		v.rights = g.with(func(h holding) Share {
			switch {
			case h.rights.High.Cmp(h.part.High) > 0:
				return h.rights
			case g.rightsIn(h.company): // others' rights are not those of their shares
				return upTo(h.part)
			}
			return h.part
		}).shares()
	}
	for i, p := range g.Parties {
		if p.Kind.human() || i == g.subject {
			continue
		}
		if how := g.controlOf(i, v.by)[g.subject]; how > no && rule.Controllers && len(v.controllers) < maxControllers {
			v.controllers = append(v.controllers, controller{i, how, g.sharesOf(i)})
		}
	}
	g.lookAtTrusts(&v, rule)
	return v
}

// lookAtTrusts finds the trusts that would be beneficial owners if they were people, and the organizations with a role in them.
func (g *graph) lookAtTrusts(v *view, rule Rule) {
	for i := range g.Parties {
		found := rule.met(v.shares[i])
		if i == g.subject {
			found = yes
		}
		if v.votes != nil {
			found = max(found, rule.met(v.votes[i]))
		}
		found = max(found, g.controlOf(i, v.by)[g.subject])
		if found == no {
			continue
		}
		for _, h := range g.held[i] {
			if !h.trust {
				continue
			}
			v.trusts[i] = found == yes
			if !g.Parties[h.owner].Kind.human() && len(v.trustees) < maxControllers {
				v.trustees = append(v.trustees, controller{h.owner, found, g.sharesOf(h.owner)})
			}
		}
	}
}

// sharesOf are the parts of another organization that end up with each party.
func (g *graph) sharesOf(party int) []Share {
	other := *g
	other.subject, other.claims, other.findings, other.above = party, nil, nil, nil
	shares := other.shares()
	g.rounded = g.rounded || other.rounded
	return shares
}

// with is the graph with other parts: votes, or rights.
func (g *graph) with(part func(holding) Share) *graph {
	other := *g
	other.held = make([][]holding, len(g.held))
	other.claims, other.findings, other.above = nil, nil, nil
	for company, held := range g.held {
		other.held[company] = slices.Clone(held)
		parts := make([]*Share, len(held))
		for i := range held {
			other.held[company][i].part = part(held[i])
			parts[i] = &other.held[company][i].part
		}
		bound(parts)
	}
	return &other
}

func (g *graph) anyRights() bool {
	for company := range g.held {
		if g.rightsIn(company) {
			return true
		}
	}
	return false
}

// rightsIn reports whether somebody has more of a company's profits, or of what remains of it, than of its shares.
func (g *graph) rightsIn(company int) bool {
	return slices.ContainsFunc(g.held[company], func(h holding) bool { return h.rights.High.Cmp(h.part.High) > 0 })
}

// controlOf is what a party controls, as long as chains are not so many that they would take minutes: then anything may be controlled.
func (g *graph) controlOf(party int, by [][]holding) map[int]certainty {
	if g.steps > maxControlSteps {
		return map[int]certainty{g.subject: perhaps}
	}
	controls, steps := control(party, by)
	g.steps += steps
	return controls
}
