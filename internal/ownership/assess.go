package ownership

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// Verdict says whether a person is a beneficial owner.
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
	maxControlSteps         = 1_000_000 // holdings that are looked at for control
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

// claimed takes statements about the whole of a party's share in the subject together with what the chains amount to. Statements that contradict each other,
// or the chains, leave all that any of them says.
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

// rightsIn says whether somebody has more of a company's profits, or of what remains of it, than of its shares.
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

// person judges one person; not concerned: they have nothing to do with the subject.
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
	if found[byShare] == verdict { // the others say the same where they are made of the same shares
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

// trusted says whether somebody is a beneficial owner by a role in a trust that would be one, or behind an organization with such a role.
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

// claim is what indirect statements about the subject say of somebody, beside shares.
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

// managers makes the senior managers beneficial owners where the rule says so and nobody else is one, or may be. Somebody may be one as long as
// an unexplained share is as large as that of a beneficial owner, or somebody who is not named has votes or control.
func (g *graph) managers(people []PersonResult, rule Rule, unexplained Share, v view) {
	switch {
	case rule.met(unexplained) != no:
		g.find(Finding{Code: undisclosed, Party: g.Subject, Share: &unexplained})
		return
	case g.powerUnnamed(rule, v):
		g.find(Finding{Code: undisclosed, Party: g.Subject})
		return
	}
	nobody := !slices.ContainsFunc(people, func(p PersonResult) bool { return p.Verdict != IsNoOwner })
	if !rule.Managers || !nobody && !rule.Always {
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
			people[i].Verdict, any = IsOwner, true
			people[i].Bases = append(people[i].Bases, byOffice)
		}
	}
	if nobody || !any {
		g.find(Finding{Code: nobodyQualifies, Party: g.Subject, Managers: any, Always: !nobody})
	}
}

// powerUnnamed says whether somebody who is not named may control the subject, or have enough of its votes: the owner of an interest whose owner is not
// stated, or whoever is behind an organization of which no owner is stated.
func (g *graph) powerUnnamed(rule Rule, v view) bool {
	for _, company := range g.unnamedPower {
		if company == g.subject || g.controlOf(company, v.by)[g.subject] > no {
			return true
		}
	}
	for i, p := range g.Parties {
		if p.Kind.human() || p.Kind == State || !g.ends(i) || i == g.subject {
			continue
		}
		if g.controlOf(i, v.by)[g.subject] > no || v.votes != nil && rule.met(v.votes[i]) != no {
			return true
		}
	}
	return false
}

// sameNames notes people of one name who would be a beneficial owner if they were one person: then it is not known whether they are.
func (g *graph) sameNames(people []PersonResult, rule Rule) {
	byName := map[string][]int{}
	for i, p := range people {
		if name := strings.Join(strings.Fields(strings.ToLower(p.Name)), " "); name != "" {
			byName[name] = append(byName[name], i)
		}
	}
	for _, i := range slices.Sorted(maps.Keys(byName)) {
		same := byName[i]
		if len(same) < 2 {
			continue
		}
		f := Finding{Code: sameName, Party: g.Subject}
		share, votes := none(), none()
		for _, k := range same {
			share, votes = share.plus(people[k].Share), votes.plus(people[k].Votes)
			if len(f.Parties) < maxNamedIn {
				f.Parties = append(f.Parties, people[k].ID)
			}
		}
		f.Share = &share
		g.find(f)
		if rule.met(share) == no && (!rule.Votes || rule.met(votes) == no) {
			continue
		}
		for _, k := range same {
			if people[k].Verdict == IsNoOwner {
				people[k].Verdict, people[k].Bases = Undecided, []Basis{bySameName}
			}
		}
	}
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
