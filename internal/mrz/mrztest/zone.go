package mrztest

import (
	"math/rand/v2"
	"strings"
)

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

func pick(r *rand.Rand, from string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = from[r.IntN(len(from))]
	}
	return string(out)
}

// digit is the check digit of a text: weights 7, 3, 1.
func digit(text string) string {
	sum := 0
	for i := range len(text) {
		v := strings.IndexByte(digits+letters, text[i])
		sum += max(v, 0) * []int{7, 3, 1}[i%3]
	}
	return digits[sum%10 : sum%10+1]
}

func filled(text string, n int) string { return (text + strings.Repeat("<", n))[:n] }

// Zone draws the text of a zone at random: TD1, TD2 or TD3.
func Zone(r *rand.Rand, format string) []string {
	word := func() string { return pick(r, letters, 2+r.IntN(9)) }
	name := word() + "<<" + word()
	if r.IntN(2) == 0 {
		name += "<" + word()
	}
	country := pick(r, letters, 3)
	number := filled(pick(r, letters+digits, 7+r.IntN(3)), 9)
	date := func() string { return pick(r, digits, 2) + "0" + pick(r, "123456789", 1) + "1" + pick(r, digits, 1) }
	born, expires, sex := date(), date(), pick(r, "MF<", 1)
	optional := func(n int) string { return filled(pick(r, digits+letters, r.IntN(n)), n) }
	switch format {
	case "TD1":
		one := "I<" + country + number + digit(number) + optional(15)
		two := born + digit(born) + sex + expires + digit(expires) + country + optional(11)
		two += digit(one[5:30] + two[0:7] + two[8:15] + two[18:29])
		return []string{one, two, filled(name, 30)}
	case "TD2":
		two := number + digit(number) + country + born + digit(born) + sex + expires + digit(expires) + optional(7)
		two += digit(two[0:10] + two[13:20] + two[21:35])
		return []string{"I<" + country + filled(name, 31), two}
	}
	personal := optional(14)
	two := number + digit(number) + country + born + digit(born) + sex + expires + digit(expires) + personal + digit(personal)
	two += digit(two[0:10] + two[13:20] + two[21:43])
	return []string{"P<" + country + filled(name, 39), two}
}
