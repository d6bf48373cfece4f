package ownership

import (
	"maps"
	"slices"
	"strings"
)

// managers makes the senior managers beneficial owners if the rule provides for that and nobody else is one, or may be.
// Somebody may be one as long as an unexplained share is as large as that of a beneficial owner, or an unnamed holder
// has votes or control.
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

// powerUnnamed reports whether an unnamed party may control the subject, or have enough of its votes: the owner of an
// interest whose owner is not stated, or whoever is behind an organization without a stated owner.
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

// sameNames marks people of one name who would be a beneficial owner if they were one person: whether they are is then unknown.
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
