package ownership

import "slices"

// person judges one person; not concerned: they are unrelated to the subject.
func (g *graph) person(i int, v view, rule Rule) (result PersonResult, concerned bool) {
	p := g.Parties[i]
	controls := g.controlOf(i, v.by)
	claimed := g.claimedBy(p.ID)
	how := max(controls[g.subject], claimed.control)
	part, votes := g.jointly(i, controls)
	if claimed.votes.Low.Cmp(votes.Low) > 0 || claimed.votes.High.Cmp(votes.High) > 0 {
		votes = votes.hull(claimed.votes)
		votes.Low, votes.OverLow = claimed.votes.Low, claimed.votes.OverLow
	}
	share := v.shares[i]
	result = PersonResult{ID: p.ID, Name: p.Name, Share: share, Votes: votes, Control: how == yes, MayBe: how == perhaps}
	found := map[Basis]certainty{byShare: rule.met(share), byControl: how}
	if rule.Chains {
		found[byStake] = rule.met(part)
	}
	if rule.Votes {
		found[byVotes] = max(rule.met(votes), rule.met(v.votes[i]))
	}
	if v.rights != nil {
		found[byRights] = rule.met(v.rights[i])
	}
	found[byRights] = max(found[byRights], rule.met(claimed.rights))
	for _, c := range v.controllers {
		found[byController] = max(found[byController], min(c.how, rule.met(c.shares[i])))
	}
	found[byTrust] = g.trusted(i, v, controls, rule)
	if g.throughTrust(v.by[i]) {
		found[byTrust], found[byControl] = max(found[byTrust], how), no
	}
	verdict := no
	for _, how := range found {
		verdict = max(verdict, how)
	}
	if found[byShare] == verdict { // the others agree if they are computed from the same shares
		if part.sameAs(share) {
			found[byStake] = no
		}
		if votes.sameAs(share) {
			found[byVotes] = no
		}
		found[byRights], found[byController] = no, no
	}
	if found[byStake] == verdict && votes.sameAs(part) {
		found[byVotes] = no
	}
	for _, basis := range []Basis{byShare, byStake, byVotes, byRights, byControl, byController, byTrust} {
		if verdict > no && found[basis] == verdict {
			result.Bases = append(result.Bases, basis)
		}
	}
	result.Verdict = [...]Verdict{no: IsNoOwner, perhaps: Undecided, yes: IsOwner}[verdict]
	inSubject := slices.ContainsFunc(v.by[i], func(h holding) bool { return h.company == g.subject })
	return result, inSubject || verdict > no || claimed.any || !share.isNone() || !part.isNone() || !votes.isNone()
}

// trusted reports whether somebody is a beneficial owner by a role in a trust that would be one, or behind an organization with such a role.
func (g *graph) trusted(i int, v view, controls map[int]certainty, rule Rule) certainty {
	found := no
	for _, h := range v.by[i] {
		if sure, concerned := v.trusts[h.company]; concerned && h.trust {
			if found = max(found, perhaps); sure {
				found = yes
			}
		}
	}
	for _, c := range v.trustees {
		found = max(found, min(c.how, max(rule.met(c.shares[i]), controls[c.party])))
	}
	return found
}

// claim is what indirect statements about the subject state about somebody, beside shares.
type claim struct {
	any           bool
	control       certainty
	votes, rights Share
}

func (g *graph) claimedBy(id string) claim {
	c := claim{votes: none(), rights: none()}
	for _, l := range g.claims {
		if l.Owner != id {
			continue
		}
		c.any = true
		switch roles[l.Interest] {
		case controlling, ofTrust, nominating:
			c.control = yes
		case board:
			if l.Share == nil || l.Share.certain(half, false) {
				c.control = yes
			} else if l.Share.possible(half, false) {
				c.control = max(c.control, perhaps)
			}
		case voting:
			c.votes = c.votes.plus(l.share())
			if l.share().certain(half, false) {
				c.control = yes
			} else if l.share().possible(half, false) {
				c.control = max(c.control, perhaps)
			}
		case economic:
			if l.Interest != Shareholding {
				c.rights = c.rights.plus(l.share())
			}
		case maybe:
			c.control = max(c.control, perhaps)
		}
	}
	return c
}

func (g *graph) throughTrust(held []holding) bool {
	return slices.ContainsFunc(held, func(h holding) bool { return h.trust })
}
