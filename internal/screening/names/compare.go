package names

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Match is the similarity from which two names count as the same. It was fitted, with the weights, to labelled pairs:
// see docs/screening.md for the pairs and the effect of other thresholds.
const Match = 0.8

// Comparison is how much two names agree. Score and Evidence are the same for (a, b) and (b, a).
type Comparison struct {
	Score    float64  // similarity, 0 to 1
	Evidence float64  // bits that agree, less what speaks against: no bound; it orders hits
	Reasons  []string // one sentence for each word; empty when the score is 0
}

// Rarity returns how many bits of information there are in a name having this word, in Latin letters. Common words have few.
type Rarity func(latin string) float64

// even is the rarity of words that have not been counted: longer words are rarer.
func even(latin string) float64 { return 4 + float64(min(len(latin), 8)) }

// Sides are what the reasons call the two names.
type Sides [2]string

// Either is what two names are called of which none is another's.
var Either = Sides{"the first name", "the second name"}

// Compare compares two names. rarity may be nil.
func Compare(a, b *Name, rarity Rarity, sides Sides) Comparison {
	if rarity == nil {
		rarity = even
	}
	if len(a.Tokens) == 0 || len(b.Tokens) == 0 {
		return Comparison{}
	}
	if b.Text < a.Text { // the order of equal assignments must not depend on which name is first
		a, b, sides = b, a, Sides{sides[1], sides[0]}
	}
	p := pairing(a, b)
	s := p.score()
	if w := wholes(a, b); w > s {
		return Comparison{Score: w, Evidence: evidence(a, b, rarity) * w, Reasons: []string{asWhole(a, b, w)}}
	}
	if s == 0 {
		return Comparison{}
	}
	return Comparison{Score: s, Evidence: p.evidence(rarity), Reasons: p.reasons(sides)}
}

// Score is Compare's similarity alone, without reasons.
func Score(a, b *Name) float64 {
	if len(a.Tokens) == 0 || len(b.Tokens) == 0 {
		return 0
	}
	if b.Text < a.Text {
		a, b = b, a
	}
	p := pairing(a, b)
	return max(p.score(), wholes(a, b))
}

// pairs assigns tokens of a to those of b.
type pairs struct {
	a, b   Name
	to     [maxTokens]int8 // for each of a: the one of b, or -1
	from   [maxTokens]int8 // for each of b
	agrees [maxTokens]float64
}

// budget is how much two words of the longer one's length may differ, in twelfths of a letter, to be one word with a typing
// error or in another spelling: one letter in a short word, two in a longer one.
func budget(letters int) int {
	switch {
	case letters < 3:
		return near + 2
	case letters < 5:
		return whole
	case letters < 8:
		return 2*whole - 2
	case letters < 11:
		return 2 * whole
	}
	return 2*whole + whole/2
}

// alike is how much two tokens agree, 0 to 1; 0 for two different words.
func alike(a, b *Token) float64 {
	if a.sign && b.sign {
		if a.Text == b.Text {
			return 1
		}
		return 0 // two characters that are at most read alike
	}
	if a.Latin == b.Latin {
		return 1
	}
	if related(a.same, b.same) {
		return variant
	}
	if a.class == initial || b.class == initial {
		if a.Latin[0] == b.Latin[0] && a.voiced && b.voiced {
			return 0.85
		}
		return 0
	}
	switch {
	case a.sign || b.sign:
		return 0 // syllables are too short for typing errors
	case a.voiced != b.voiced:
		return unvoiced(a, b)
	}
	longer := max(len(a.Latin), len(b.Latin))
	limit := budget(longer)
	if near*(2*longer-len(a.Latin)-len(b.Latin)) > limit || atLeast(a.letters, b.letters) > limit {
		return 0
	}
	d := distance(a.Latin, b.Latin, limit)
	if d > limit {
		return 0
	}
	return 1 - float64(d)/float64(longer*whole)
}

// variant is the agreement of two spellings of one name.
const variant = 0.96

func related(a, b []uint16) bool {
	for _, x := range a {
		if slices.Contains(b, x) {
			return true
		}
	}
	return false
}

// unvoiced compares a word that was written without vowels with one that has them, by the consonants. The fewer there are,
// the more words have the same ones.
func unvoiced(a, b *Token) float64 {
	longer := max(len(a.bare), len(b.bare))
	if a.bare == b.bare {
		return [...]float64{0, 0, 0.6, 0.82, 0.92}[min(longer, 4)]
	}
	if longer < 5 || atLeast(a.sounds, b.sounds) > whole || distance(a.bare, b.bare, whole) > whole {
		return 0
	}
	return 0.75
}

// pairing assigns tokens to tokens: those that are the same first, then the best of what is left.
func pairing(a, b *Name) pairs {
	p := pairs{a: *a, b: *b}
	p.a.Tokens, p.b.Tokens = rejoin(a.Tokens, b.Tokens), rejoin(b.Tokens, a.Tokens)
	for i := range p.a.Tokens {
		p.to[i] = -1
	}
	for j := range p.b.Tokens {
		p.from[j] = -1
	}
	for i := range p.a.Tokens {
		for j := range p.b.Tokens {
			if p.from[j] < 0 && p.to[i] < 0 && alike(&p.a.Tokens[i], &p.b.Tokens[j]) == 1 {
				p.take(i, j, 1)
			}
		}
	}
	p.assign()
	return p
}

// rejoin joins two consecutive words if the other name has them as one (Patr ushev, Pol Pot).
func rejoin(tokens, others []Token) []Token {
	for i := 0; i+1 < len(tokens); i++ {
		one, two := &tokens[i], &tokens[i+1]
		for j := range others {
			if !joins(one.Latin, two.Latin, others[j].Latin) {
				continue
			}
			t := Token{Text: one.Text + " " + two.Text, Latin: others[j].Latin, voiced: one.voiced && two.voiced, Weight: others[j].Weight, class: others[j].class}
			t.finish()
			return slices.Concat(tokens[:i:i], []Token{t}, rejoin(tokens[i+2:], others))
		}
	}
	return tokens
}

func joins(one, two, both string) bool {
	return len(both) > 3 && len(one)+len(two) == len(both) && both[:len(one)] == one && both[len(one):] == two
}

func (p *pairs) take(i, j int, agrees float64) {
	p.to[i], p.from[j], p.agrees[i] = int8(j), int8(i), agrees
}

// edge is a token of a that may match one of b.
type edge struct {
	i, j   int
	agrees float64
}

// assign finds the assignment of the words that are left with the greatest agreement of all.
func (p *pairs) assign() {
	var edges []edge
	for i := range p.a.Tokens {
		for j := range p.b.Tokens {
			if p.to[i] >= 0 || p.from[j] >= 0 {
				continue
			}
			if s := alike(&p.a.Tokens[i], &p.b.Tokens[j]); s > 0 {
				edges = append(edges, edge{i, j, s})
			}
		}
	}
	if len(edges) > 16 { // names that repeat one word: the best first
		slices.SortStableFunc(edges, func(x, y edge) int { return cmp.Compare(y.agrees, x.agrees) })
		for _, e := range edges {
			if p.to[e.i] < 0 && p.from[e.j] < 0 {
				p.take(e.i, e.j, e.agrees)
			}
		}
		return
	}
	_, chosen := best(edges, 0, 0)
	for n, e := range edges {
		if chosen&(1<<n) != 0 {
			p.take(e.i, e.j, e.agrees)
		}
	}
}

// best is the greatest sum of agreements of edges that share no token, and those edges as a set of bits.
func best(edges []edge, left, right uint32) (sum float64, chosen uint32) {
	for n, e := range edges {
		if left&(1<<e.i) != 0 || right&(1<<e.j) != 0 {
			continue
		}
		with, more := best(edges[n+1:], left|1<<e.i, right|1<<e.j)
		if with += e.agrees; with > sum {
			sum, chosen = with, 1<<n|more<<(n+1)
		}
	}
	return sum, chosen
}

// Prices of what does not agree, fitted like the weights.
const (
	against = 2.0  // a word on both sides that has no partner: another person
	more    = 0.16 // a word that only one side has
	alone   = 0.45 // the same, when the other side has but one word that counts
	sharpen = 1.0
)

func (p *pairs) score() float64 {
	var agree, weight, extraA, extraB float64
	for i := range p.a.Tokens {
		t := &p.a.Tokens[i]
		if p.to[i] < 0 {
			extraA += t.Weight
			continue
		}
		w := (t.Weight + p.b.Tokens[p.to[i]].Weight) / 2
		agree += w * p.agrees[i]
		weight += w
	}
	for j := range p.b.Tokens {
		if p.from[j] < 0 {
			extraB += p.b.Tokens[j].Weight
		}
	}
	if weight == 0 {
		return 0
	}
	both, one := min(extraA, extraB), math.Abs(extraA-extraB)
	price := more
	if weight < 1.5 {
		price = alone
	}
	return agree / (weight + against*both + price*one)
}

// wholes compares two names as if they had no spaces, for names that are cut into words in different places, and for names
// of which one is in a script without vowels: the consonants must be the same. 0 when that does not make them one.
func wholes(a, b *Name) float64 {
	across := a.weak != b.weak || a.signed != b.signed
	switch {
	case across && !a.signed && !b.signed && len(a.bare) >= 7 && a.bare == b.bare:
		return 0.88
	case across || len(a.Tokens) == len(b.Tokens):
		return 0 // cut in the same places
	}
	longer := max(len(a.joined), len(b.joined))
	if a.bare != b.bare || longer < 6 || longer > maxLetters {
		return initials(a, b)
	}
	limit := longer * whole / 9
	d := distance(a.joined, b.joined, limit)
	if d > limit {
		return 0
	}
	return 1 - float64(d)/float64(longer*whole)
}

// initials compares a short form with the words that it abbreviates: PLA and People's Liberation Army.
func initials(a, b *Name) float64 {
	if a.Kind == Person || b.Kind == Person {
		return 0
	}
	if len(a.Tokens) > len(b.Tokens) {
		a, b = b, a
	}
	if len(a.joined) < 3 || len(b.Tokens) < 3 {
		return 0
	}
	if a.joined != b.Initials() {
		return 0
	}
	return 0.8
}

// evidence of two names that agree as a whole.
func evidence(a, b *Name, rarity Rarity) float64 {
	sum := func(n *Name) (all float64) {
		for _, t := range n.Tokens {
			all += t.Weight * rarity(t.Latin)
		}
		return all
	}
	return min(sum(a), sum(b))
}

func (p *pairs) evidence(rarity Rarity) float64 {
	var sum float64
	for i := range p.a.Tokens {
		t := &p.a.Tokens[i]
		if p.to[i] < 0 {
			sum -= t.Weight
			continue
		}
		other := &p.b.Tokens[p.to[i]]
		sum += (t.Weight + other.Weight) / 2 * p.agrees[i] * min(rarity(t.Latin), rarity(other.Latin))
	}
	for j := range p.b.Tokens {
		if p.from[j] < 0 {
			sum -= p.b.Tokens[j].Weight
		}
	}
	return sum
}

// reasons explain for each word how it was matched.
func (p *pairs) reasons(sides Sides) []string {
	all := make([]string, 0, len(p.a.Tokens))
	for i := range p.a.Tokens {
		t := &p.a.Tokens[i]
		if p.to[i] < 0 {
			all = append(all, lonely(t, sides[0]))
			continue
		}
		all = append(all, reason(t, &p.b.Tokens[p.to[i]], p.agrees[i]))
	}
	for j := range p.b.Tokens {
		if p.from[j] < 0 {
			all = append(all, lonely(&p.b.Tokens[j], sides[1]))
		}
	}
	return all
}

func lonely(t *Token, side string) string {
	return fmt.Sprintf("%s: only in %s%s", t.Text, side, little(t))
}

func little(t *Token) string {
	if t.Weight < 0.5 {
		return ", which counts little"
	}
	return ""
}

func reason(a, b *Token, agrees float64) string {
	switch {
	case a.Text == b.Text:
		return fmt.Sprintf("%s: the same", a.Text)
	case a.class == initial || b.class == initial:
		return fmt.Sprintf("%s and %s: an initial", a.Text, b.Text)
	case agrees == 1 || agrees == variant && related(a.same, b.same):
		return fmt.Sprintf("%s and %s: spellings of one word", a.Text, b.Text)
	case !a.voiced || !b.voiced:
		return fmt.Sprintf("%s and %s: the consonants agree by %.2f", a.Text, b.Text, agrees)
	}
	return fmt.Sprintf("%s and %s: the letters agree by %.2f", a.Text, b.Text, agrees)
}

func asWhole(a, b *Name, score float64) string {
	return fmt.Sprintf("%s and %s: agree by %.2f when spaces are left out", a.Text, b.Text, score)
}
