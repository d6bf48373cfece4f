package ownership

import (
	"fmt"
	"math/big"
	"strings"
)

// Rule defines from which share on a person is a beneficial owner, and what else makes them one.
type Rule struct {
	ID          string
	Threshold   *big.Rat // a part of the whole
	Inclusive   bool     // the threshold itself is enough: "25 % or more"
	Votes       bool     // votes count as shares do
	Chains      bool     // a company's holding in the subject counts in full for whoever controls it, not only multiplied
	Controllers bool     // whoever has enough of an organization that controls the subject is one, too
	Always      bool     // senior managers are beneficial owners beside others, not only where there are none
	Managers    bool     // if nobody else is one, the senior managers are
	Basis       string   // where the rule is from
}

var quarter = big.NewRat(1, 4)

// Rules are the rules that have a name.
func Rules() []Rule {
	return []Rule{
		{
			ID: "eu", Threshold: quarter, Inclusive: true, Votes: true, Chains: true, Controllers: true, Managers: true,
			Basis: "Regulation (EU) 2024/1624, Articles 51 to 54 and 63: 25 % or more of the shares, votes or other ownership interest, or control",
		},
		{
			ID: "uk", Threshold: quarter, Inclusive: false, Votes: true, Chains: true, Managers: true,
			Basis: "Money Laundering Regulations 2017, regulations 5 and 28, and Companies Act 2006, Schedule 1A: more than 25 % of the shares or votes, directly or indirectly, or control",
		},
		{
			ID: "us", Threshold: quarter, Inclusive: true, Chains: false, Managers: true, Always: true,
			Basis: "31 CFR 1010.230 (legal entity customers): 25 % or more of the equity interests, directly or indirectly, and an individual with significant responsibility to control",
		},
	}
}

// ParseRule reads the name of a rule, or a threshold of one's own: ">10" for more than 10 %, ">=15" for 15 % or more.
// The error lists what can be written.
func ParseRule(text string) (Rule, error) {
	var names []string
	for _, rule := range Rules() {
		if rule.ID == text {
			return rule, nil
		}
		names = append(names, rule.ID)
	}
	if number, own := strings.CutPrefix(text, ">"); own {
		number, inclusive := strings.CutPrefix(number, "=")
		part, err := readPercent(strings.TrimSpace(strings.TrimSuffix(number, "%")))
		if err != nil {
			return Rule{}, fmt.Errorf("the threshold of a rule %w", err)
		}
		if part.Sign() == 0 && inclusive {
			return Rule{}, fmt.Errorf("the threshold of a rule must be above 0, or everybody is a beneficial owner")
		}
		return Rule{ID: text, Threshold: part, Inclusive: inclusive, Votes: true, Chains: true, Controllers: true, Managers: true, Basis: "a threshold of your own"}, nil
	}
	return Rule{}, fmt.Errorf(`unknown rule: use %s, or a threshold of your own such as ">10" or ">=15"`, strings.Join(names, ", "))
}

// met reports whether a share is enough.
func (r Rule) met(s Share) certainty {
	switch {
	case s.certain(r.Threshold, r.Inclusive):
		return yes
	case s.possible(r.Threshold, r.Inclusive):
		return perhaps
	}
	return no
}
