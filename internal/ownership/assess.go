package ownership

import (
	"cmp"
	"math/big"
	"slices"
)

// Verdict says whether a person is a beneficial owner.
type Verdict string

// The verdicts. Undecided: what is stated neither makes the person one nor rules it out.
const (
	IsOwner    Verdict = "yes"
	IsNoOwner  Verdict = "no"
	Undecided  Verdict = "unknown"
	maxPaths           = 20    // of one person that are returned
	maxSteps           = 3_000 // in looking for the paths of all people
	maxNamedIn         = 50    // parties that one finding names
)

// Basis is what makes a person a beneficial owner, or may make one.
type Basis string

// The bases.
const (
	byShare   Basis = "share"   // the share through all chains
	byStake   Basis = "stake"   // the shares in the subject that the person and companies under their control hold
	byVotes   Basis = "votes"   // the votes in the subject that the person and companies under their control hold
	byControl Basis = "control" // control of the subject
	byTrust   Basis = "trust"   // a role in a trust or a nomination that is, or stands behind, the subject
	byOffice  Basis = "office"  // senior manager, where nobody else is a beneficial owner
)

// PersonResult is what a person has to do with the subject.
type PersonResult struct {
	ID, Name string
	Share    Share // of the subject, through all chains
	Votes    Share // of the subject, with companies under the person's control
	Control  bool  // of the subject, with certainty
	MayBe    bool  // control is possible
	Verdict  Verdict
	Bases    []Basis // of the verdict: what makes or may make the person a beneficial owner; empty for no
	Paths    []Path  // strongest first
	MorePath bool    // there are more paths than are returned
}

// Assessment is the answer.
type Assessment struct {
	Subject     string
	Name        string // of the subject; its id where it has none
	Day         string // YYYY-MM-DD, as of which it holds
	Rule        Rule
	People      []PersonResult // largest share first, then by id
	Findings    []Finding
	Unexplained Share // of the subject: what no person is stated to own
	Rounded     bool  // shares are rounded outward by less than a millionth of a percent, because circles are too large to be solved exactly
}

// Assess computes who owns and controls the subject as of a day (YYYY-MM-DD), and who is a beneficial owner by a rule.
// Errors: as Structure.Check.
func Assess(s Structure, rule Rule, day string) (Assessment, error) {
	if err := s.Check(); err != nil {
		return Assessment{}, err
	}
	g := newGraph(s, day)
	shares := g.shares()
	a := Assessment{Subject: s.Subject, Name: g.name(s.Subject), Day: day, Rule: rule}
	by := g.interests()
	for i, p := range g.Parties {
		if !p.Kind.human() {
			continue
		}
		if person, concerned := g.person(i, shares[i], by, rule); concerned {
			a.People = append(a.People, person)
		}
	}
	a.Unexplained = g.unexplained(shares)
	g.managers(a.People, rule, a.Unexplained)
	g.declaredOwners(a.People)
	slices.SortStableFunc(a.People, func(x, y PersonResult) int {
		return cmp.Or(y.Share.Low.Cmp(x.Share.Low), y.Share.High.Cmp(x.Share.High), cmp.Compare(x.ID, y.ID))
	})
	g.paths(a.People)
	g.circlesFound()
	a.Findings, a.Rounded = g.sortedFindings(), g.rounded
	return a, nil
}

// shares are the parts of the subject that end up with each party, by index.
func (g *graph) shares() []Share {
	low := g.flow(false)
	high := low
	if !g.exact() {
		high = g.flow(true)
	}
	over, under := g.strictly(func(s Share) bool { return s.Low.Sign() > 0 || s.OverLow }, func(s Share) bool { return s.OverLow }),
		g.strictly(func(s Share) bool { return s.High.Sign() > 0 }, func(s Share) bool { return s.UnderHigh })
	result := make([]Share, len(low))
	sum := new(big.Rat) // of what is certain, for owners at whom chains end
	for i := range low {
		result[i] = Share{Low: low[i], High: high[i], OverLow: over[i], UnderHigh: under[i] && !g.capped && high[i].Sign() > 0}
		if g.ends(i) {
			sum = g.round(sum.Add(sum, low[i]), false)
		}
	}
	for i := range result {
		left := new(big.Rat).Sub(one, sum)
		if g.ends(i) {
			left.Add(left, low[i])
		} else {
			left = one
		}
		if left.Cmp(result[i].High) < 0 {
			result[i].High, result[i].UnderHigh = left, false
		}
		if result[i].High.Cmp(result[i].Low) <= 0 { // rounding may have crossed them
			result[i] = Exactly(result[i].Low)
		}
	}
	return g.claimed(result)
}

// ends says whether chains end at a party: a person, or an organization of which no owner is stated.
func (g *graph) ends(party int) bool { return len(g.held[party]) == 0 }

// exact says whether each share that counts is a single number, and none was rounded.
func (g *graph) exact() bool {
	for company := range g.held {
		for _, h := range g.held[company] {
			if !h.part.exact() {
				return false
			}
		}
	}
	return !g.rounded
}

// strictly says for each party whether a chain leads to it whose links all count and one of which is open: the bound is then not reached.
func (g *graph) strictly(counts, open func(Share) bool) []bool {
	seen := [2][]bool{make([]bool, len(g.Parties)), make([]bool, len(g.Parties))}
	type state struct{ at, open int }
	seen[0][g.subject] = true
	next := []state{{g.subject, 0}}
	for len(next) > 0 {
		from := next[len(next)-1]
		next = next[:len(next)-1]
		for _, h := range g.held[from.at] {
			if !counts(h.part) {
				continue
			}
			to := state{h.owner, from.open}
			if open(h.part) {
				to.open = 1
			}
			if !seen[to.open][to.at] {
				seen[to.open][to.at] = true
				next = append(next, to)
			}
		}
	}
	return seen[1]
}

// claimed takes statements about the whole of a party's share in the subject jointly with what the chains amount to.
func (g *graph) claimed(shares []Share) []Share {
	for _, l := range g.claims {
		if l.Company != g.Subject || roles[l.Interest] != economic || l.Share == nil {
			continue
		}
		owner := g.index[l.Owner]
		if both, ok := shares[owner].meet(*l.Share); ok {
			shares[owner] = both
		} else {
			g.find(Finding{Code: indirectDiffers, Party: l.Company, Owner: l.Owner, Stated: []Statement{{Source: l.source(), Share: *l.Share}}, Share: &shares[owner]})
			shares[owner] = shares[owner].hull(*l.Share)
		}
	}
	return shares
}

// person judges one person; not concerned: they have nothing to do with the subject.
func (g *graph) person(i int, share Share, by [][]holding, rule Rule) (result PersonResult, concerned bool) {
	p := g.Parties[i]
	controls := control(i, by)
	how := max(controls[g.subject], g.claimedControl(p.ID))
	part, votes := g.jointly(i, controls)
	result = PersonResult{ID: p.ID, Name: p.Name, Share: share, Votes: votes, Control: how == yes, MayBe: how == perhaps}
	found := map[Basis]certainty{byShare: rule.met(share), byControl: how}
	if rule.Chains {
		found[byStake] = rule.met(part)
	}
	if rule.Votes {
		found[byVotes] = rule.met(votes)
	}
	if g.throughTrust(by[i]) {
		found[byTrust], found[byControl] = how, no
	}
	verdict := no
	for _, how := range found {
		verdict = max(verdict, how)
	}
	if found[byShare] == verdict { // the others say the same where they are made of the same shares
		if part.sameAs(share) {
			found[byStake] = no
		}
		if votes.sameAs(share) {
			found[byVotes] = no
		}
	}
	if found[byStake] == verdict && votes.sameAs(part) {
		found[byVotes] = no
	}
	for _, basis := range []Basis{byShare, byStake, byVotes, byControl, byTrust} {
		if verdict > no && found[basis] == verdict {
			result.Bases = append(result.Bases, basis)
		}
	}
	result.Verdict = [...]Verdict{no: IsNoOwner, perhaps: Undecided, yes: IsOwner}[verdict]
	inSubject := slices.ContainsFunc(by[i], func(h holding) bool { return h.company == g.subject })
	return result, inSubject || verdict > no || !share.isNone() || !part.isNone() || !votes.isNone()
}

// claimedControl is what indirect statements about the subject say of control by a party.
func (g *graph) claimedControl(id string) certainty {
	how := no
	for _, l := range g.claims {
		if l.Company != g.Subject || l.Owner != id {
			continue
		}
		switch roles[l.Interest] {
		case controlling:
			how = yes
		case board:
			how = max(how, majority(l.Share))
		case voting:
			if l.share().certain(half, false) {
				how = yes
			}
		case maybe:
			how = max(how, perhaps)
		}
	}
	return how
}

func (g *graph) throughTrust(held []holding) bool {
	return slices.ContainsFunc(held, func(h holding) bool { return h.trust })
}

// managers makes the senior managers beneficial owners where the rule says so and nobody else is one, or may be. Somebody may be one as long as
// an unexplained share is as large as that of a beneficial owner.
func (g *graph) managers(people []PersonResult, rule Rule, unexplained Share) {
	if rule.met(unexplained) != no {
		g.find(Finding{Code: undisclosed, Party: g.Subject, Share: &unexplained})
		return
	}
	if !rule.Managers || slices.ContainsFunc(people, func(p PersonResult) bool { return p.Verdict != IsNoOwner }) {
		return
	}
	highest := 0
	offices := map[string]int{}
	for _, h := range g.held[g.subject] {
		offices[g.Parties[h.owner].ID] = h.office
		highest = max(highest, h.office)
	}
	any := false
	for i, p := range people {
		if rank := offices[p.ID]; rank > 0 && rank == highest {
			people[i].Verdict, people[i].Bases, any = IsOwner, []Basis{byOffice}, true
		}
	}
	g.find(Finding{Code: nobodyQualifies, Party: g.Subject, Managers: any})
}

// unexplained is the part of the subject that no person, state or listed company is stated to own.
func (g *graph) unexplained(shares []Share) Share {
	low, high := new(big.Rat).Set(one), new(big.Rat).Set(one)
	for i, p := range g.Parties {
		if !g.ends(i) || i == g.subject {
			continue
		}
		if p.Kind == Person || p.Kind == State || p.Listed {
			low, high = g.round(low.Sub(low, shares[i].High), false), g.round(high.Sub(high, shares[i].Low), true)
		}
	}
	floor := func(r *big.Rat) *big.Rat {
		if r.Sign() < 0 {
			return zero
		}
		return r
	}
	return Share{Low: floor(low), High: floor(high)}
}

// declaredOwners notes people whom a source calls beneficial owners of the subject and the rule does not.
func (g *graph) declaredOwners(people []PersonResult) {
	for _, p := range people {
		declared := slices.ContainsFunc(g.Links, func(l Link) bool {
			return l.Beneficial && l.Owner == p.ID && l.Company == g.Subject && l.holds(g.day)
		})
		if declared && p.Verdict == IsNoOwner {
			g.find(Finding{Code: declaredOwner, Party: g.Subject, Owner: p.ID, Share: &p.Share})
		}
	}
}
