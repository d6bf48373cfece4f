package names

import (
	"math/bits"
	"strings"
)

// consonants are what a name sounds like without its vowels: letters that languages write for one sound are made one, and
// what is doubled is single. Khaled and خالد are both kld.
func consonants(latin string) string {
	if latin == "" {
		return ""
	}
	var b strings.Builder
	var last byte
	for i := 0; i < len(latin); i++ {
		c := latin[i]
		next := byte(0)
		if i+1 < len(latin) {
			next = latin[i+1]
		}
		switch c {
		case 'a', 'e', 'i', 'o', 'u', 'y', 'w':
			c = 0
		case 'c':
			switch next {
			case 'h':
				c, i = 's', i+1
			case 'e', 'i', 'y':
				c = 's'
			default:
				c = 'k'
			}
		case 'k', 'g', 'q':
			if next == 'h' {
				i++
			}
			c = 'k'
		case 's', 'z', 'x':
			if next == 'h' {
				i++
			}
			c = 's'
		case 'j':
			c = 's'
		case 't', 'd':
			if next == 'h' {
				i++
			}
			c = 't'
		case 'p':
			if next == 'h' {
				c, i = 'f', i+1
			} else {
				c = 'b'
			}
		case 'v', 'f':
			c = 'f'
		case 'r', 'l':
			c = 'l'
		case 'h':
			if i > 0 && next == 0 {
				c = 0 // silent at the end
			}
		}
		if c != 0 && c != last {
			b.WriteByte(c)
		}
		if c != 0 {
			last = c
		}
	}
	return b.String()
}

// Costs of an edit, in twelfths of a letter. A letter for one that languages write in its place costs less than another.
const (
	whole = 12
	near  = 5 // letters that are written for one sound; a letter doubled
	vowel = 8 // a vowel for a vowel
)

// costs of a letter for another, by their characters in ASCII.
var costs = func() (all [128][128]uint8) {
	for a := range all {
		for b := range all[a] {
			if a != b {
				all[a][b] = whole
			}
		}
	}
	group := func(letters string, cost uint8) {
		for _, a := range letters {
			for _, b := range letters {
				if a != b {
					all[a][b] = min(cost, all[a][b])
				}
			}
		}
	}
	group("aeiouy", vowel)
	for _, letters := range kindred {
		group(letters, near)
	}
	return all
}()

// kindred are letters that are written for each other.
var kindred = []string{"iyj", "ckq", "vw", "sz", "uow", "ei", "gk", "td", "pb", "fv", "kx", "sx", "ae"}

// hard are the letters that no other is written for: l, m, n, r.
const hard = 1<<('l'-'a') | 1<<('m'-'a') | 1<<('n'-'a') | 1<<('r'-'a')

// letters are the letters a–z of a text, as bits.
func letters(latin string) (all uint32) {
	for i := range len(latin) {
		if c := latin[i]; c >= 'a' {
			all |= 1 << (c - 'a')
		}
	}
	return all
}

// atLeast is what the distance of two texts is at least, by their sets of letters: each edit takes one letter away and adds
// one, and one of a hard letter costs a whole letter.
func atLeast(a, b uint32) int {
	onlyA, onlyB := a&^b, b&^a
	edits := max(bits.OnesCount32(onlyA), bits.OnesCount32(onlyB))
	dear := max(bits.OnesCount32(onlyA&hard), bits.OnesCount32(onlyB&hard))
	return whole*dear + near*(edits-dear)
}

// similarOf are the letters that a letter of a set is written for, or that cost little by themselves.
func similarOf(set uint32) uint32 {
	all := uint32(silent)
	for ; set != 0; set &= set - 1 {
		all |= similarTo[bits.TrailingZeros32(set)]
	}
	return all
}

// similarTo are the kindred letters of each letter.
var similarTo = func() (all [26]uint32) {
	for _, letters := range kindred {
		for _, a := range letters {
			for _, b := range letters {
				if a != b {
					all[a-'a'] |= 1 << (b - 'a')
				}
			}
		}
	}
	return all
}()

const silent = 1 << ('h' - 'a') // costs little where it is added

var vowels = letters("aeiouy")

// atLeastOf is atLeast, more exactly: a letter that the other text lacks costs little only if it has a similar one. Each
// such letter is removed, or added, by an edit of its own, so that what one text lacks of the other sums up; an edit may
// do both.
func atLeastOf(a, similarA, b, similarB uint32) int {
	onlyA, onlyB := a&^b, b&^a
	return max(costOf(onlyA, similarB), costOf(onlyB, similarA))
}

func costOf(only, similar uint32) int {
	dear := only &^ similar
	return near*bits.OnesCount32(only&similar) + vowel*bits.OnesCount32(dear&vowels) + whole*bits.OnesCount32(dear&^vowels)
}

// sounds are groups of consonants that no letter outside is written for.
var sounds = [...]string{"l", "m", "n", "r", "td", "pb", "ckqgxsz"}

// soundsOf are the groups that a set of letters has one of, as bits.
func soundsOf(set uint32) (all uint8) {
	for n, group := range soundSets {
		if set&group != 0 {
			all |= 1 << n
		}
	}
	return all
}

var soundSets = func() (all [len(sounds)]uint32) {
	for n, group := range sounds {
		all[n] = letters(group)
	}
	return all
}()

// apart is how many letters must be changed, left out or added for a whole letter each, by the sounds of two words.
func apart(a, b uint8) int { return max(bits.OnesCount8(a&^b), bits.OnesCount8(b&^a)) }

const maxLetters = 48

// distance is what it costs to write b for a, in twelfths of a letter: letters changed, left out, added, and two that
// changed places. It stops when it is above the limit. Texts are cut to 48 letters.
func distance(a, b string, limit int) int {
	if a == b {
		return 0
	}
	a, b = a[:min(len(a), maxLetters)], b[:min(len(b), maxLetters)]
	var rows [3][maxLetters + 1]int16
	var adding [maxLetters]int16
	before, last, row := &rows[0], &rows[1], &rows[2]
	former := int16(0) // least of the row before
	for j := range len(b) {
		adding[j] = added(b, j)
		last[j+1] = last[j] + adding[j]
	}
	for i := range len(a) {
		out := added(a, i)
		row[0] = last[0] + out
		least := row[0]
		prices := &costs[a[i]&127]
		for j := range len(b) {
			d := min(last[j]+int16(prices[b[j]&127]), last[j+1]+out, row[j]+adding[j])
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, before[j-1]+whole-2)
			}
			row[j+1] = d
			least = min(least, d)
		}
		if hopeless(former, least, limit) {
			return limit + 1
		}
		former = least
		before, last, row = last, row, before
	}
	return int(last[len(b)])
}

// hopeless reports whether no row that follows two rows, of which these are the least distances, can be below the limit: a row is computed from the one
// before, or of the one before that by two letters that change places.
func hopeless(former, least int16, limit int) bool {
	return int(least) > limit && int(former)+whole-2 > limit
}

// additions are what a letter costs that the other text lacks, by the letter before it: little when it doubles that one, or
// is an h after another.
var additions = func() (all [128][128]int16) {
	for before := range all {
		for c := range all[before] {
			switch {
			case before != 0 && (before == c || c == 'h'):
				all[before][c] = near
			case strings.IndexByte("aeiouyh", byte(c)) >= 0:
				all[before][c] = vowel + 2
			default:
				all[before][c] = whole
			}
		}
	}
	return all
}()

func added(s string, i int) int16 {
	if i == 0 {
		return additions[0][s[0]&127]
	}
	return additions[s[i-1]&127][s[i]&127]
}
