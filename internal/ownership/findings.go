package ownership

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Code names a kind of finding.
type Code string

// The findings.
const (
	ownsItself      Code = "owns_itself"       // a company holds a share in itself
	circular        Code = "circle"            // companies own each other in a circle
	closedLoop      Code = "closed_loop"       // such a circle without a stated owner outside it
	over100         Code = "over_100"          // more than 100 % of a company are stated
	sourcesDiffer   Code = "sources_differ"    // two sources contradict each other
	notInRegister   Code = "not_in_register"   // a holding is declared, and the register of the company does not have it
	onlyInRegister  Code = "only_in_register"  // a holding is in the register, and not declared
	indirectDiffers Code = "indirect_differs"  // an indirect share is stated that the chains contradict
	ownerNotStated  Code = "owner_not_stated"  // an interest whose owner is not named
	unexplainedPart Code = "unexplained_share" // a part of a company has no owner
	noOwners        Code = "no_owners"         // a company without a stated owner
	endsAtState     Code = "ends_at_state"     // a chain ends at a state or one of its bodies
	endsAtListed    Code = "ends_at_listed"    // a chain ends at a listed company
	declaredOwner   Code = "declared_owner"    // somebody is declared a beneficial owner, and is not one by the rule
	undisclosed     Code = "undisclosed_owner" // the unexplained share may be that of a beneficial owner
	sameName        Code = "same_name"         // people of one name may be one person
	nobodyQualifies Code = "nobody_qualifies"  // no person is a beneficial owner by the rule
)

// Finding is something about the statements that a person should know or ask about.
type Finding struct {
	Code     Code
	Party    string      // the company concerned
	Owner    string      // the owner concerned, if one is
	Parties  []string    // of a circle; at most 50
	More     int         // how many more parties there are
	Share    *Share      // how much it is about
	Votes    bool        // it is about votes, not about shares
	Stated   []Statement // what the sources state
	Reason   string      // the source's code for why something is not stated
	Managers bool        // senior managers are used instead
	Always   bool        // the rule requires a senior manager beside other owners
	Ask      string      // what to ask the applicant; empty if there is no question
	Text     string      // the finding as a sentence
}

// Statement is what one source states.
type Statement struct {
	Source Source
	Share  Share
}

func (g *graph) find(f Finding) {
	if f.Share != nil {
		share := *f.Share
		f.Share = &share
	}
	g.findings = append(g.findings, f)
}

// unnamed notes an interest whose owner is not stated.
func (g *graph) unnamed(l Link) {
	share := l.share()
	g.find(Finding{Code: ownerNotStated, Party: l.Company, Reason: l.Reason, Share: &share})
}

// compareRegisters reports who is only declared, or only registered, as an owner of a company for which both are stated.
func (g *graph) compareRegisters(company string, links []Link) {
	declared, registered := map[string]Share{}, map[string]Share{}
	for _, l := range links {
		switch role := roles[l.Interest]; {
		case role != economic || l.Owner == "":
		case l.source() == Registry:
			registered[l.Owner] = l.share()
		default:
			declared[l.Owner] = l.share()
		}
	}
	if len(declared) == 0 || len(registered) == 0 {
		return
	}
	missing := func(code Code, from, in map[string]Share) {
		for owner, share := range from {
			if _, there := in[owner]; !there {
				g.find(Finding{Code: code, Party: company, Owner: owner, Share: &share})
			}
		}
	}
	missing(notInRegister, declared, registered)
	missing(onlyInRegister, registered, declared)
}

// circlesFound notes circles, ends of chains, and what is not explained, of all companies that the subject's shares lead to.
func (g *graph) circlesFound() {
	for _, circle := range g.circles() {
		if len(circle) > 1 {
			g.circle(circle)
		}
		for _, company := range circle {
			g.gaps(company)
		}
	}
	for i := range g.Parties {
		g.end(i)
	}
}

func (g *graph) circle(circle []int) {
	f := Finding{Code: closedLoop, Party: g.Parties[circle[0]].ID}
	for n, company := range circle {
		if n < maxNamedIn {
			f.Parties = append(f.Parties, g.Parties[company].ID)
		} else {
			f.More++
		}
		if !g.hidden[company].isNone() || slices.ContainsFunc(g.held[company], func(h holding) bool {
			return !slices.Contains(circle, h.owner) && !h.part.isNone()
		}) {
			f.Code = circular
		}
	}
	g.find(f)
}

// gaps notes the part of a company of which no owner is stated.
func (g *graph) gaps(company int) {
	if len(g.held[company]) == 0 || g.broken[company] {
		return
	}
	sum := none() // shares of unnamed holders are not explained
	for _, h := range g.held[company] {
		sum = sum.plus(h.part)
	}
	gap := Share{Low: new(big.Rat).Sub(one, sum.High), High: new(big.Rat).Sub(one, sum.Low)}
	if gap.Low.Sign() > 0 || gap.High.Sign() > 0 && !g.anyUnknown(company) {
		g.find(Finding{Code: unexplainedPart, Party: g.Parties[company].ID, Share: &gap})
	}
}

// anyUnknown reports whether a holding in the company has no stated share: then the question is about it, not about the rest.
func (g *graph) anyUnknown(company int) bool {
	return slices.ContainsFunc(g.held[company], func(h holding) bool { return !h.part.exact() })
}

// end notes where a chain of owners ends that does not end at a person.
func (g *graph) end(i int) {
	p := g.Parties[i]
	if p.Kind.human() || !g.ends(i) || i != g.subject && !g.reached(i) {
		return
	}
	switch {
	case p.Kind == State:
		g.find(Finding{Code: endsAtState, Party: p.ID})
	case p.Listed:
		g.find(Finding{Code: endsAtListed, Party: p.ID})
	default:
		g.find(Finding{Code: noOwners, Party: p.ID, Reason: p.Reason})
	}
}

// reached reports whether the subject's shares lead to a party.
func (g *graph) reached(party int) bool {
	if g.above == nil {
		g.above = g.strictly(func(s Share) bool { return s.High.Sign() > 0 }, func(Share) bool { return true })
	}
	return g.above[party]
}

// sortedFindings are the findings with their sentences, in an order that does not depend on that of the statements.
func (g *graph) sortedFindings() []Finding {
	for i := range g.findings {
		g.describe(&g.findings[i])
	}
	slices.SortStableFunc(g.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Text, b.Text))
	})
	return g.findings
}

// name is how a party is called in a sentence.
func (g *graph) name(id string) string {
	if i, known := g.index[id]; known && g.Parties[i].Name != "" {
		return g.Parties[i].Name
	}
	return id
}

func (g *graph) describe(f *Finding) {
	company, owner := g.name(f.Party), g.name(f.Owner)
	what := "shares"
	if f.Votes {
		what = "votes"
	}
	switch f.Code {
	case ownsItself:
		f.Text = fmt.Sprintf("%s holds %s of itself.", company, f.Share)
	case circular, closedLoop:
		names := make([]string, len(f.Parties))
		for i, id := range f.Parties {
			names[i] = g.name(id)
		}
		f.Text = fmt.Sprintf("%s own each other in a circle.", strings.Join(names, ", "))
		if f.More > 0 {
			f.Text = fmt.Sprintf("%s and %d more own each other in a circle.", strings.Join(names, ", "), f.More)
		}
		if f.Code == closedLoop {
			f.Text += " No owner outside of them is stated."
			f.Ask = "Who owns these companies in the end?"
		}
	case over100:
		low, _ := f.Share.Decimals()
		f.Text = fmt.Sprintf("In total, %s %% of the %s of %s are stated. None of these statements is relied on.", low, what, company)
		f.Ask = fmt.Sprintf("Which %s of %s are right?", what, company)
	case sourcesDiffer:
		parts := make([]string, len(f.Stated))
		for i, s := range f.Stated {
			parts[i] = fmt.Sprintf("%s %s", s.Source, s.Share)
		}
		f.Text = fmt.Sprintf("The %s of %s in %s differ: %s.", what, owner, company, strings.Join(parts, ", "))
		f.Ask = fmt.Sprintf("What does %s hold in %s?", owner, company)
	case notInRegister:
		f.Text = fmt.Sprintf("%s is declared to hold %s of %s, and is not in the register.", owner, f.Share, company)
		f.Ask = fmt.Sprintf("Why is %s not registered as an owner of %s?", owner, company)
	case onlyInRegister:
		f.Text = fmt.Sprintf("%s is registered with %s of %s, and is not declared.", owner, f.Share, company)
		f.Ask = fmt.Sprintf("Does %s own a part of %s?", owner, company)
	case indirectDiffers:
		f.Text = fmt.Sprintf("%s is stated to hold %s of %s indirectly; the chains amount to %s.", owner, f.Stated[0].Share, company, f.Share)
		f.Ask = fmt.Sprintf("Through whom does %s hold which part of %s?", owner, company)
	case ownerNotStated:
		f.Text = fmt.Sprintf("An owner of %s (%s) is not named%s.", company, f.Share, because(f.Reason))
		f.Ask = fmt.Sprintf("Who is the owner of %s that is not named?", company)
	case unexplainedPart:
		f.Text = fmt.Sprintf("Of %s, %s has no stated owner.", company, f.Share)
		f.Ask = fmt.Sprintf("Who owns the rest of %s?", company)
	case noOwners:
		f.Text = fmt.Sprintf("No owner of %s is stated%s.", company, because(f.Reason))
		f.Ask = fmt.Sprintf("Who owns %s?", company)
	case endsAtState:
		f.Text = fmt.Sprintf("A chain of owners ends at %s, which is a state or one of its bodies.", company)
	case endsAtListed:
		f.Text = fmt.Sprintf("A chain of owners ends at %s, whose shares are listed. Check whether it need not name its owners.", company)
	case declaredOwner:
		f.Text = fmt.Sprintf("%s is declared a beneficial owner of %s, and is not one by the rule with %s.", owner, company, f.Share)
		f.Ask = fmt.Sprintf("What makes %s a beneficial owner of %s?", owner, company)
	case undisclosed:
		f.Text = fmt.Sprintf("An unnamed party has votes in %s or may control it. There may be an unnamed beneficial owner.", company)
		f.Ask = fmt.Sprintf("Who is behind the votes and the control of %s that are not named?", company)
		if f.Share != nil {
			f.Text = fmt.Sprintf("Of %s, %s is not stated to belong to any person. There may be a beneficial owner who is not named.", company, f.Share)
			f.Ask = ""
		}
	case sameName:
		f.Text = fmt.Sprintf("%d parties have the same name: %s. If they are one person, it has %s.", len(f.Parties), strings.Join(f.Parties, ", "), f.Share)
		f.Ask = "Are they one person?"
	case nobodyQualifies:
		f.Text = "No person is a beneficial owner by their share or by control."
		if f.Always {
			f.Text = "The rule requires an individual with significant responsibility to control the organization, and none is stated."
		}
		if f.Managers {
			f.Text += " The senior managers are used instead."
		} else {
			f.Ask = fmt.Sprintf("Who are the senior managers of %s?", company)
		}
	}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}
