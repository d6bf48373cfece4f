package ownership

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// Share is how large an interest is, as a part of the whole: 0 to 1. OverLow states that it is more than Low, and
// UnderHigh that it is less than High; otherwise the bounds are included. Its numbers are never changed.
type Share struct {
	Low, High          *big.Rat
	OverLow, UnderHigh bool
}

var (
	zero = new(big.Rat)
	one  = big.NewRat(1, 1)
	half = big.NewRat(1, 2)
)

// Exactly is a share that is known, as a part of the whole.
func Exactly(part *big.Rat) Share { return Share{Low: part, High: part} }

// Unknown is a share that is not stated: from zero to the whole.
func Unknown() Share { return Share{Low: zero, High: one} }

// none is no share at all.
func none() Share { return Exactly(zero) }

var decimal = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,12})?$`)

// readPercent reads a percentage of 0 to 100 with at most twelve decimal places, such as 25.01, as a part of the whole.
// The error states what is wrong with the text, and does not repeat it.
func readPercent(text string) (*big.Rat, error) {
	if !decimal.MatchString(text) {
		return nil, fmt.Errorf("must be a percentage from 0 to 100, as a decimal number with at most 12 decimal places")
	}
	value, _ := new(big.Rat).SetString(text)
	if value.Quo(value, big.NewRat(100, 1)); value.Cmp(one) > 0 {
		return nil, fmt.Errorf("must be at most 100 percent")
	}
	return value, nil
}

// Check reports what is wrong with the bounds: nil if they contain at least one share.
func (s Share) Check() error {
	order := s.Low.Cmp(s.High)
	switch {
	case s.Low.Sign() < 0 || s.High.Cmp(one) > 0:
		return fmt.Errorf("must be from 0 to 100 percent")
	case order > 0:
		return fmt.Errorf("has a lower bound above its upper bound")
	case order == 0 && (s.OverLow || s.UnderHigh):
		return fmt.Errorf("holds no value: its bounds are equal, and one of them is excluded")
	}
	return nil
}

// exact reports whether the share is a single number.
func (s Share) exact() bool { return s.Low.Cmp(s.High) == 0 }

// known reports whether the share is stated: narrower than from zero to the whole.
func (s Share) known() bool {
	return s.Low.Sign() > 0 || s.High.Cmp(one) < 0 || s.OverLow || s.UnderHigh
}

// sameAs reports whether both have the same bounds.
func (s Share) sameAs(t Share) bool {
	return s.Low.Cmp(t.Low) == 0 && s.High.Cmp(t.High) == 0 && s.OverLow == t.OverLow && s.UnderHigh == t.UnderHigh
}

// isNone reports whether it is certain that there is no share.
func (s Share) isNone() bool { return s.High.Sign() == 0 }

// certain reports whether every share of the interval is above part, or at it where inclusive.
func (s Share) certain(part *big.Rat, inclusive bool) bool {
	order := s.Low.Cmp(part)
	return order > 0 || order == 0 && (inclusive || s.OverLow)
}

// possible reports whether some share of the interval is above part, or at it where inclusive.
func (s Share) possible(part *big.Rat, inclusive bool) bool {
	order := s.High.Cmp(part)
	return order > 0 || order == 0 && inclusive && !s.UnderHigh
}

// plus is the sum of two shares of one whole: at most the whole.
func (s Share) plus(t Share) Share {
	sum := Share{
		Low: new(big.Rat).Add(s.Low, t.Low), High: new(big.Rat).Add(s.High, t.High),
		OverLow: s.OverLow || t.OverLow, UnderHigh: s.UnderHigh || t.UnderHigh,
	}
	if sum.High.Cmp(one) > 0 {
		sum.High, sum.UnderHigh = one, false
	}
	if sum.Low.Cmp(one) > 0 {
		sum.Low, sum.OverLow = one, false
	}
	return sum
}

// times is a share of a share.
func (s Share) times(t Share) Share {
	product := Share{Low: new(big.Rat).Mul(s.Low, t.Low), High: new(big.Rat).Mul(s.High, t.High)}
	more := func(a, b Share) bool { return a.OverLow && (b.Low.Sign() > 0 || b.OverLow) }
	product.OverLow = more(s, t) || more(t, s)
	product.UnderHigh = product.High.Sign() > 0 && (s.UnderHigh || t.UnderHigh)
	return product
}

// meet is what two statements about one share have in common; not ok where they contradict each other.
func (s Share) meet(t Share) (both Share, ok bool) {
	both = s
	if order := t.Low.Cmp(s.Low); order > 0 || order == 0 && t.OverLow {
		both.Low, both.OverLow = t.Low, t.OverLow
	}
	if order := t.High.Cmp(s.High); order < 0 || order == 0 && t.UnderHigh {
		both.High, both.UnderHigh = t.High, t.UnderHigh
	}
	return both, both.Check() == nil
}

// hull is the smallest interval that holds both.
func (s Share) hull(t Share) Share {
	wide := s
	if order := t.Low.Cmp(s.Low); order < 0 || order == 0 && !t.OverLow {
		wide.Low, wide.OverLow = t.Low, t.OverLow
	}
	if order := t.High.Cmp(s.High); order > 0 || order == 0 && !t.UnderHigh {
		wide.High, wide.UnderHigh = t.High, t.UnderHigh
	}
	return wide
}

// places is how many decimal places of a percentage are written.
const places = 12

// Decimals writes the bounds as percentages with at most twelve decimal places, the lower rounded down and the upper rounded up.
func (s Share) Decimals() (low, high string) {
	return percent(s.Low, false), percent(s.High, true)
}

func percent(part *big.Rat, up bool) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(places+2), nil)
	scaled, rest := new(big.Int).QuoRem(new(big.Int).Mul(part.Num(), scale), part.Denom(), new(big.Int))
	if up && rest.Sign() > 0 {
		scaled.Add(scaled, big.NewInt(1))
	}
	digits := scaled.String()
	if missing := places + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	whole, fraction := digits[:len(digits)-places], strings.TrimRight(digits[len(digits)-places:], "0")
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// String is the share as people write it: "30 %", "25 % to 50 %", "more than 25 %, at most 50 %".
func (s Share) String() string {
	low, high := s.Decimals()
	switch {
	case s.exact():
		return low + " %"
	case !s.known():
		return "an unknown share"
	case !s.OverLow && !s.UnderHigh:
		return low + " % to " + high + " %"
	}
	text, limit := "at least ", ", at most "
	if s.OverLow {
		text = "more than "
	}
	if s.UnderHigh {
		limit = ", less than "
	}
	return text + low + " %" + limit + high + " %"
}
