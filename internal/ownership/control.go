package ownership

// interests are the holdings by owner.
func (g *graph) interests() [][]holding {
	by := make([][]holding, len(g.Parties))
	for _, held := range g.held {
		for _, h := range held {
			by[h.owner] = append(by[h.owner], h)
		}
	}
	return by
}

// control is what a party controls, by index. It is the least fixed point of two rules: a company is controlled by
// whoever has a right that confers control of it, or more than half of its votes; and the rights and votes of a
// controlled company count as one's own. Votes that a company has in itself do not count. Where control, or more than
// half, is only possible, the result is perhaps.
func control(party int, by [][]holding) (result map[int]certainty, steps int) {
	result = map[int]certainty{}
	for _, least := range []certainty{perhaps, yes} {
		companies, looked := follow(party, by, least)
		steps += looked
		for company := range companies {
			result[company] = least
		}
	}
	return result, steps
}

// follow are the companies that a party controls with a certainty of least, as far as chains of control go.
func follow(party int, by [][]holding, least certainty) (result map[int]bool, steps int) {
	result = map[int]bool{}
	votes, appoints := map[int]Share{}, map[int]Share{}
	open := []int{party}
	for len(open) > 0 {
		from := open[len(open)-1]
		open = open[:len(open)-1]
		steps += len(by[from])
		for _, h := range by[from] {
			if h.company == h.owner {
				continue
			}
			most := more(votes, h.company, h.votes, least)
			most = more(appoints, h.company, h.appoints, least) || most
			if (most || h.control >= least) && !result[h.company] && h.company != party {
				result[h.company] = true
				open = append(open, h.company)
			}
		}
	}
	return result, steps
}

// more adds to what a party has in a company, and reports whether that is more than half.
func more(sums map[int]Share, company int, share Share, least certainty) bool {
	if before, any := sums[company]; any {
		share = before.plus(share)
	}
	sums[company] = share
	if least == perhaps {
		return share.possible(half, false)
	}
	return share.certain(half, false)
}

// jointly is what a party holds in the subject itself, with the companies that it controls: part and votes, each at least what is certain
// and at most what is possible.
func (g *graph) jointly(party int, controls map[int]certainty) (part, votes Share) {
	part, votes = none(), none()
	for _, h := range g.held[g.subject] {
		how := controls[h.owner]
		if h.owner == party {
			how = yes
		}
		switch {
		case h.owner == g.subject || how == no:
		case how == yes:
			part, votes = part.plus(h.part), votes.plus(h.votes)
		default:
			part, votes = part.plus(upTo(h.part)), votes.plus(upTo(h.votes))
		}
	}
	return part, votes
}

// upTo is a share of which it is not certain that there is any.
func upTo(s Share) Share {
	return Share{Low: zero, High: s.High, UnderHigh: s.UnderHigh && s.High.Sign() > 0}
}
