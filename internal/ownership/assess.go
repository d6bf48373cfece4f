package ownership

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
)

// Verdict reports whether a person is a beneficial owner.
type Verdict string

// The verdicts. Undecided: what is stated neither makes the person one nor rules it out.
const (
	IsOwner         Verdict = "yes"
	IsNoOwner       Verdict = "no"
	Undecided       Verdict = "unknown"
	maxPaths                = 20        // of one person that are returned
	maxSteps                = 3_000     // in looking for the paths of all people
	maxNamedIn              = 50        // parties that one finding names
	maxReturned             = 20_000    // steps of all paths that are returned
	maxControllers          = 30        // organizations that control the subject, or have a role in a trust, whose owners are computed
	maxControlSteps         = 1_000_000 // holdings that are examined for control
)

// Basis is what makes a person a beneficial owner, or may make one.
type Basis string

// The bases.
const (
	byShare      Basis = "share"      // the share through all chains
	byStake      Basis = "stake"      // the shares in the subject that the person and companies under their control hold
	byVotes      Basis = "votes"      // the votes in the subject that the person and companies under their control hold
	byControl    Basis = "control"    // control of the subject
	byTrust      Basis = "trust"      // a role in a trust or a nomination that is, or stands behind, the subject
	byRights     Basis = "rights"     // rights to profits, or to what remains, that are larger than the share
	byController Basis = "controller" // the share of an organization that controls the subject
	bySameName   Basis = "same_name"  // the shares of people of one name, if they are one person
	byOffice     Basis = "office"     // senior manager, where nobody else is a beneficial owner
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
	v := g.look(rule)
	shares := v.shares
	a := Assessment{Subject: s.Subject, Name: g.name(s.Subject), Day: day, Rule: rule}
	for i, p := range g.Parties {
		if !p.Kind.human() {
			continue
		}
		if person, concerned := g.person(i, v, rule); concerned {
			a.People = append(a.People, person)
		}
	}
	a.Unexplained = g.unexplained(shares)
	g.sameNames(a.People, rule)
	g.managers(a.People, rule, a.Unexplained, v)
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
			result[i] = Share{Low: result[i].High, High: result[i].Low}
		}
	}
	return g.claimed(result)
}

// ends reports whether chains end at a party: a person, or an organization of which no owner is stated.
func (g *graph) ends(party int) bool { return len(g.held[party]) == 0 }

// exact reports whether each share that counts is a single number, and none was rounded.
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

// strictly reports for each party whether a chain leads to it whose links all count and one of which is open: the bound is then not reached.
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

// claimed combines statements about the whole of a party's share in the subject with the result of the chains.
// Statements that contradict each other, or the chains, leave the union of all of them.
func (g *graph) claimed(shares []Share) []Share {
	stated := map[int]Share{}
	for _, l := range g.claims {
		if l.Interest != Shareholding || l.Share == nil {
			continue
		}
		owner := g.index[l.Owner]
		if before, more := stated[owner]; !more {
			stated[owner] = *l.Share
		} else if both, ok := before.meet(*l.Share); ok {
			stated[owner] = both
		} else {
			stated[owner] = before.hull(*l.Share)
		}
	}
	for _, owner := range slices.Sorted(maps.Keys(stated)) {
		claim := stated[owner]
		if both, ok := shares[owner].meet(claim); ok {
			shares[owner] = both
			continue
		}
		g.find(Finding{Code: indirectDiffers, Party: g.Subject, Owner: g.Parties[owner].ID, Stated: []Statement{{Share: claim}}, Share: &shares[owner]})
		shares[owner] = shares[owner].hull(claim)
	}
	return shares
}

// unexplained is the part of the subject that no person, state or listed company is stated to own.
func (g *graph) unexplained(shares []Share) Share {
	low, high := new(big.Rat).Set(one), new(big.Rat).Set(one)
	for i, p := range g.Parties {
		if !g.ends(i) || i == g.subject {
			continue
		}
		if p.Kind == Person || p.Kind == State {
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
	declared := map[string]bool{}
	for _, l := range g.Links {
		if l.Beneficial && l.Company == g.Subject && l.holds(g.day) {
			declared[l.Owner] = true
		}
	}
	for _, p := range people {
		if declared[p.ID] && p.Verdict == IsNoOwner {
			g.find(Finding{Code: declaredOwner, Party: g.Subject, Owner: p.ID, Share: &p.Share})
		}
	}
}
