package ownership

import (
	"cmp"
	"math/big"
	"slices"
)

// certainty is what is known of a claim.
type certainty int

const (
	no certainty = iota
	perhaps
	yes
)

// holding is all that one party holds in one company on the day of the assessment, whoever states it.
type holding struct {
	owner, company int   // indexes of parties
	part           Share // of the company
	votes          Share // of its votes
	rights         Share // to its profits, or to what remains of it, where shares are stated, too
	appoints       Share // of its board
	disputed       bool  // its sources contradict each other
	control        certainty
	trust          bool // by a role in a trust or a nomination
	office         int  // it manages the company: 2 as senior manager, 1 on the board
	stated         bool // by a voting link: its votes are not taken from its shares
}

// graph is a structure on one day, ready to be computed with.
type graph struct {
	Structure
	day          string
	index        map[string]int // of parties, by id
	subject      int
	held         [][]holding // by company: its holders, sorted by owner
	hidden       []Share     // by company: the shares of unnamed holders
	broken       []bool      // by company: more than 100 % are stated
	claims       []Link      // indirect links that sum up chains which are stated, too
	findings     []Finding
	unnamedPower []int  // companies in which an unnamed holder has votes or control
	above        []bool // by party: the subject's shares lead there; see reached
	rounded      bool   // a share has been rounded outward
	capped       bool   // an upper bound is that of a whole, not a sum of chains
	steps        int    // holdings that were examined for control
	budget       int    // operations that may still be spent on exact circles
}

// newGraph reads a checked structure as of a day.
func newGraph(s Structure, day string) *graph {
	g := &graph{Structure: s.sorted(), day: day, index: map[string]int{}, budget: exactOperations}
	for i, p := range g.Parties {
		g.index[p.ID] = i
	}
	g.subject = g.index[s.Subject]
	n := len(g.Parties)
	g.held, g.hidden, g.broken = make([][]holding, n), make([]Share, n), make([]bool, n)
	for i := range g.hidden {
		g.hidden[i] = none()
	}
	direct, indirect := g.active()
	g.collect(g.sortOut(direct, indirect))
	for company := range g.held {
		g.fit(company)
	}
	return g
}

// active are the links of the day.
func (g *graph) active() (direct, indirect []Link) {
	for _, l := range g.Links {
		switch {
		case !l.holds(g.day):
		case l.Indirect:
			indirect = append(indirect, l)
		default:
			direct = append(direct, l)
		}
	}
	return direct, indirect
}

// sortOut adds to the direct links those indirect ones which do not sum up anything stated in detail: only then are they
// not repetitions. The others are claims, which are compared with the result of the details.
func (g *graph) sortOut(direct, indirect []Link) []Link {
	owners := map[string][]string{}
	for _, l := range direct {
		if role := roles[l.Interest]; role != office && role != noRole {
			owners[l.Company] = append(owners[l.Company], l.Owner)
		}
	}
	reached := map[string]map[string]bool{}
	for _, l := range indirect {
		if reached[l.Company] == nil {
			reached[l.Company] = reaches(owners, l.Company)
		}
		switch {
		case l.Owner == "" || !reached[l.Company][l.Owner]:
			direct = append(direct, l)
		case l.Company == g.Subject:
			g.claims = append(g.claims, l)
		default: // it may repeat the result of chains, so it proves nothing
			share := upTo(l.share())
			l.Share = &share
			direct = append(direct, l)
		}
	}
	slices.SortStableFunc(direct, func(a, b Link) int { return cmp.Compare(a.Company, b.Company) })
	return direct
}

// reaches are all to whom a chain of owners leads from a company.
func reaches(owners map[string][]string, company string) map[string]bool {
	seen, open := map[string]bool{}, []string{company}
	for len(open) > 0 {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		for _, next := range owners[at] {
			if next != "" && !seen[next] {
				seen[next] = true
				open = append(open, next)
			}
		}
	}
	return seen
}

// collect makes one holding of all links between two parties.
func (g *graph) collect(links []Link) {
	type pair struct{ owner, company string }
	between := map[pair][]Link{}
	var order []pair
	for _, l := range links {
		p := pair{l.Owner, l.Company}
		if between[p] == nil {
			order = append(order, p)
		}
		between[p] = append(between[p], l)
	}
	slices.SortFunc(order, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.company, b.company), cmp.Compare(a.owner, b.owner))
	})
	nominators := map[string]int{}
	for p, of := range between {
		if slices.ContainsFunc(of, func(l Link) bool { return l.Interest == Nominator }) {
			nominators[p.company]++
		}
	}
	for _, p := range order {
		company := g.index[p.company]
		h := g.holding(between[p], nominators[p.company] == 1)
		if p.owner == "" {
			g.hidden[company] = g.hidden[company].plus(h.part)
			if h.control > no || h.votes.possible(zero, false) || h.appoints.possible(zero, false) {
				g.unnamedPower = append(g.unnamedPower, company)
			}
			g.unnamed(between[p][0])
			continue
		}
		if h.owner = g.index[p.owner]; h.owner == company {
			g.find(Finding{Code: ownsItself, Party: p.owner, Share: &h.part})
		}
		h.company = company
		g.held[company] = append(g.held[company], h)
	}
	for company := range g.held {
		g.compareRegisters(g.Parties[company].ID, linksOf(links, g.Parties[company].ID))
	}
}

func linksOf(links []Link, company string) (of []Link) {
	from, _ := slices.BinarySearchFunc(links, company, func(l Link, id string) int { return cmp.Compare(l.Company, id) })
	for _, l := range links[from:] {
		if l.Company != company {
			break
		}
		of = append(of, l)
	}
	return of
}

// holding sums up the links between two parties.
func (g *graph) holding(links []Link, onlyNominator bool) holding {
	h := holding{appoints: none()}
	var differ, votesDiffer, rightsDiffer bool
	h.part, differ = g.agreed(links, economic, Shareholding)
	h.rights, rightsDiffer = g.agreed(links, economic, Profits, Surplus)
	if !g.has(links, Shareholding) {
		h.part = h.rights
	}
	h.votes, votesDiffer = g.agreed(links, voting, Votes)
	h.disputed = differ || votesDiffer || rightsDiffer
	for _, l := range links {
		switch role := roles[l.Interest]; role {
		case voting:
			h.stated = true
		case controlling:
			h.control = yes
			if l.Interest == Parent && !hasRole(links, economic) {
				h.part = Unknown()
			}
		case maybe:
			h.control = max(h.control, perhaps)
			if !hasRole(links, economic) {
				h.part = Unknown()
			}
		case board:
			if l.Share == nil {
				h.appoints = Exactly(one)
			} else {
				h.appoints = h.appoints.plus(*l.Share)
			}
		case ofTrust:
			h.control, h.trust = yes, true
			if l.Interest == Beneficiary && !hasRole(links, economic) {
				h.part = l.share()
			}
		case nominating:
			h.control, h.trust, h.part = yes, true, Unknown()
			if onlyNominator {
				h.part = Exactly(one)
			}
		case office:
			h.office = max(h.office, rank(l.Interest))
		}
	}
	return h
}

func rank(office Interest) int {
	if office == Manager {
		return 2
	}
	return 1
}

func hasRole(links []Link, kind role) bool {
	return slices.ContainsFunc(links, func(l Link) bool { return roles[l.Interest] == kind })
}

func (g *graph) has(links []Link, interest Interest) bool {
	return slices.ContainsFunc(links, func(l Link) bool { return l.Interest == interest })
}

// agreed is the share on which all sources agree; where they contradict each other, all that any of them states. Of several interests it is the largest.
func (g *graph) agreed(links []Link, kind role, interests ...Interest) (share Share, differ bool) {
	bySource := map[Source]map[Interest]Share{}
	for _, l := range links {
		if !slices.Contains(interests, l.Interest) {
			continue
		}
		source := l.source()
		if bySource[source] == nil {
			bySource[source] = map[Interest]Share{}
		}
		if before, more := bySource[source][l.Interest]; more {
			bySource[source][l.Interest] = before.plus(l.share())
		} else {
			bySource[source][l.Interest] = l.share()
		}
	}
	var result *Share
	var stated []Statement
	for _, source := range []Source{Declared, Document, Registry} {
		of, any := bySource[source]
		if !any {
			continue
		}
		share := largest(of)
		stated = append(stated, Statement{Source: source, Share: share})
		if result == nil {
			result = &share
			continue
		}
		both, ok := result.meet(share)
		if !ok {
			differ, both = true, result.hull(share)
		}
		result = &both
	}
	if differ {
		g.find(Finding{Code: sourcesDiffer, Party: links[0].Company, Owner: links[0].Owner, Votes: kind == voting, Stated: stated})
	}
	if result == nil {
		return none(), false
	}
	return *result, differ
}

// largest is the one whose upper bound is the highest.
func largest(of map[Interest]Share) (result Share) {
	result = none()
	for _, interest := range interestNames() {
		if share, stated := of[interest]; stated && (share.High.Cmp(result.High) > 0 || share.Low.Cmp(result.Low) > 0) {
			result = share
		}
	}
	return result
}

// fit bounds the holdings in a company by each other: their sum is at most the whole. If more is stated, no share is certain.
func (g *graph) fit(company int) {
	held := g.held[company]
	if slices.ContainsFunc(held, func(h holding) bool { return h.stated }) {
		for i := range held {
			if !held[i].stated && !held[i].part.isNone() {
				held[i].votes = Unknown()
			}
		}
	} else {
		for i := range held {
			if held[i].control != no || g.sharesIn(held[i]) {
				held[i].votes = held[i].part
			}
		}
	}
	g.ownVotes(company)
	if slices.ContainsFunc(held, func(h holding) bool { return h.disputed }) {
		g.disputed(company)
		return
	}
	parts := make([]*Share, 0, len(held)+1)
	votes := make([]*Share, 0, len(held))
	for i := range held {
		parts, votes = append(parts, &held[i].part), append(votes, &held[i].votes)
	}
	if sum, over := bound(append(parts, &g.hidden[company])); over {
		g.broken[company] = true
		g.find(Finding{Code: over100, Party: g.Parties[company].ID, Share: &sum})
	}
	if sum, over := bound(votes); over {
		g.find(Finding{Code: over100, Party: g.Parties[company].ID, Share: &sum, Votes: true})
	}
}

// disputed is for companies about which sources contradict each other. What one source states of others is then as uncertain as what is disputed: it is not
// used to settle the dispute.
func (g *graph) disputed(company int) {
	held := g.held[company]
	highs, votes := new(big.Rat).Add(new(big.Rat), g.hidden[company].Low), new(big.Rat)
	for _, h := range held {
		if h.disputed {
			highs.Add(highs, h.part.High)
			votes.Add(votes, h.votes.High)
		} else {
			highs.Add(highs, h.part.Low)
			votes.Add(votes, h.votes.Low)
		}
	}
	for i := range held {
		if highs.Cmp(one) > 0 && !held[i].disputed {
			held[i].part = upTo(held[i].part)
		}
		if votes.Cmp(one) > 0 && !held[i].disputed {
			held[i].votes = upTo(held[i].votes)
		}
	}
	g.broken[company] = highs.Cmp(one) > 0
}

// ownVotes leaves out the votes that a company has in itself: the others' weigh the more.
func (g *graph) ownVotes(company int) {
	held := g.held[company]
	own := slices.IndexFunc(held, func(h holding) bool { return h.owner == company })
	if own < 0 || held[own].votes.isNone() {
		return
	}
	v := held[own].votes
	held[own].votes = none()
	grow := func(bound, by *big.Rat) *big.Rat {
		if left := new(big.Rat).Sub(one, by); left.Sign() > 0 {
			if bound = new(big.Rat).Quo(bound, left); bound.Cmp(one) <= 0 {
				return bound
			}
		}
		return one
	}
	for i := range held {
		if i != own {
			held[i].votes.Low, held[i].votes.High = grow(held[i].votes.Low, v.Low), grow(held[i].votes.High, v.High)
		}
	}
}

func (g *graph) sharesIn(h holding) bool { return !h.part.isNone() && !h.trust }

// bound limits each share by the minimum of the others. over states that the lower bounds alone exceed the whole; then
// their sum is returned, and no lower bound is kept.
func bound(shares []*Share) (sum Share, over bool) {
	low, open := new(big.Rat), 0
	for _, s := range shares {
		low.Add(low, s.Low)
		if s.OverLow {
			open++
		}
	}
	if order := low.Cmp(one); order > 0 || order == 0 && open > 0 {
		for _, s := range shares {
			s.Low, s.OverLow = zero, false
		}
		return Share{Low: low, High: low}, true
	}
	for _, s := range shares {
		if s.exact() {
			continue
		}
		left := new(big.Rat).Sub(one, low)
		left.Add(left, s.Low)
		others := open > 0
		if s.OverLow {
			others = open > 1
		}
		if order := left.Cmp(s.High); order < 0 {
			s.High, s.UnderHigh = left, others
		} else if order == 0 {
			s.UnderHigh = s.UnderHigh || others
		}
	}
	return none(), false
}
