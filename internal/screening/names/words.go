package names

import (
	"math"
	"slices"
	"strings"
)

// Words are the words of many names, to be found by words that agree with them. It is built by Add and then Sort, and from
// there on safe for concurrent use.
type Words struct {
	tokens   []Token
	byText   map[string]int32
	byGroup  map[uint16][]int32
	byLatin  map[string][]int32
	signs    map[string][]int32 // characters that are words, by how they are read
	initials []int32
	unvoiced []int32
	sorted   [4]shelf // by the budget of their length
}

// shelf holds words of one budget in the order of their letters, so that what has been computed for the beginning of one
// word serves for the next.
type shelf struct {
	letters int // of the longest word with this budget
	numbers []int32
	texts   []string
	sets    []uint32 // their letters
	shared  []uint8  // how many letters a word has in common with the one before
}

// shelfOf is the shelf of words with so many letters.
func shelfOf(letters int) int {
	switch {
	case letters < 5:
		return 0
	case letters < 8:
		return 1
	case letters < 11:
		return 2
	}
	return 3
}

// Add adds a word, and returns its number: the same for the same word.
func (w *Words) Add(t Token) int32 {
	if w.byText == nil {
		w.byText, w.byGroup, w.byLatin, w.signs = map[string]int32{}, map[uint16][]int32{}, map[string][]int32{}, map[string][]int32{}
	}
	if n, known := w.byText[t.Key()]; known {
		for _, g := range t.same { // the word was a company's first, which has no spellings
			if !slices.Contains(w.byGroup[g], n) {
				w.byGroup[g] = append(w.byGroup[g], n)
			}
		}
		if len(w.tokens[n].same) == 0 {
			w.tokens[n].same = t.same
		}
		return n
	}
	n := int32(len(w.tokens))
	w.tokens = append(w.tokens, t)
	w.byText[t.Key()] = n
	w.byLatin[t.Latin] = append(w.byLatin[t.Latin], n)
	for _, g := range t.same {
		w.byGroup[g] = append(w.byGroup[g], n)
	}
	if t.sign {
		w.signs[t.Latin] = append(w.signs[t.Latin], n)
	}
	if t.class == initial {
		w.initials = append(w.initials, n)
	}
	if !t.voiced {
		w.unvoiced = append(w.unvoiced, n)
	}
	return n
}

// Sort ends the building.
func (w *Words) Sort() {
	for n := range w.tokens {
		if t := &w.tokens[n]; t.voiced && !t.sign && t.class != initial {
			s := &w.sorted[shelfOf(len(t.Latin))]
			s.numbers = append(s.numbers, int32(n))
		}
	}
	for i, most := range [...]int{4, 7, 10, maxLetters} {
		w.sorted[i].sort(w.tokens, most)
	}
}

func (s *shelf) sort(tokens []Token, most int) {
	s.letters = most
	slices.SortFunc(s.numbers, func(a, b int32) int { return strings.Compare(tokens[a].Latin, tokens[b].Latin) })
	before := ""
	for _, n := range s.numbers {
		text := tokens[n].Latin[:min(len(tokens[n].Latin), maxLetters)]
		s.texts, s.sets = append(s.texts, text), append(s.sets, letters(text))
		s.shared = append(s.shared, uint8(common(before, text)))
		before = text
	}
}

func common(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// Key tells words apart that agree with different words, even where they are the same in Latin letters.
func (t *Token) Key() string {
	switch {
	case t.sign || !t.voiced:
		return t.Text
	case t.class == initial:
		return t.Latin + "."
	}
	return t.Latin
}

// Exactly finds a word by its Latin letters.
func (w *Words) Exactly(latin string) (n int32, ok bool) {
	n, ok = w.byText[latin]
	return n, ok
}

// Latin are the words with these Latin letters, in whichever script they were written.
func (w *Words) Latin(latin string) []int32 { return w.byLatin[latin] }

// Find returns the numbers of all words that agree with a token, in order: those, and no others, for which Compare would
// say so.
func (w *Words) Find(t *Token) []int32 {
	var found []int32
	try := func(numbers []int32) {
		for _, n := range numbers {
			if alike(t, &w.tokens[n]) > 0 {
				found = append(found, n)
			}
		}
	}
	if t.class == initial || t.sign || !t.voiced {
		for n := range w.tokens {
			if alike(t, &w.tokens[n]) > 0 {
				found = append(found, int32(n))
			}
		}
		return found
	}
	for i := range w.sorted {
		found = w.sorted[i].find(t.Latin, t.letters, found)
	}
	try(w.signs[t.Latin])
	try(w.initials)
	try(w.unvoiced)
	for _, g := range t.same {
		found = append(found, w.byGroup[g]...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// find adds the words within the budget: distance, over the words in order. A row is kept for each letter; a word begins
// with the rows of the letters that it shares with the one before, and ends where no ending can bring it below the limit.
func (s *shelf) find(query string, set uint32, found []int32) []int32 {
	query = query[:min(len(query), maxLetters)]
	limit := budget(max(s.letters, len(query)))
	if s.letters < maxLetters && near*(len(query)-s.letters) > limit {
		return found
	}
	var rows [maxLetters + 1][maxLetters + 1]int16
	var adding [maxLetters]int16
	for j := range len(query) {
		adding[j] = added(query, j)
		rows[0][j+1] = rows[0][j] + adding[j]
	}
	alive := 0 // rows that hold for the word before
	dead := maxLetters + 1
	for n, text := range s.texts {
		shared := int(s.shared[n])
		if shared >= dead {
			continue
		}
		dead = maxLetters + 1
		alive = min(alive, shared)
		if atLeast(set, s.sets[n]) > limit || near*(len(query)-len(text)) > limit {
			continue
		}
		for i := alive; i < len(text); i++ {
			alive = i + 1
			if int(nextRow(&rows, i, text, query, &adding)) > limit {
				dead = i + 1
				break
			}
		}
		if dead > maxLetters && int(rows[len(text)][len(query)]) <= budget(max(len(text), len(query))) {
			found = append(found, s.numbers[n])
		}
	}
	return found
}

// nextRow computes the row of letter i, and returns the least of it.
func nextRow(rows *[maxLetters + 1][maxLetters + 1]int16, i int, text, query string, adding *[maxLetters]int16) int16 {
	out := added(text, i)
	last, row := &rows[i], &rows[i+1]
	row[0] = last[0] + out
	least := row[0]
	prices := &costs[text[i]&127]
	for j := range len(query) {
		d := min(last[j]+int16(prices[query[j]&127]), last[j+1]+out, row[j]+adding[j])
		if i > 0 && j > 0 && text[i] == query[j-1] && text[i-1] == query[j] {
			d = min(d, rows[i-1][j-1]+whole-2)
		}
		row[j+1] = d
		least = min(least, d)
	}
	return least
}

// Whole is what two names have in common that agree as a whole, wherever they are cut into words.
func (n *Name) Whole() string { return n.bare }

// Short is the name without spaces: what another name's initials may be.
func (n *Name) Short() string { return n.joined }

// Initials are the first letters of an organization's words, legal forms aside: its short form may be made of them.
func (n *Name) Initials() string {
	var b strings.Builder
	for _, t := range n.Tokens {
		if t.class != form {
			b.WriteByte(t.Latin[0])
		}
	}
	return b.String()
}

// Bound is the greatest score that two names of these weights can have whose words agree with at most this much weight.
func Bound(inA, inB, a, b float64) float64 {
	inA, inB = min(inA, a), min(inB, b)
	agrees := (inA + inB) / 2
	if agrees <= 0 {
		return 0
	}
	return agrees / (agrees + against*min(a-inA, b-inB) + more*math.Abs((a-inA)-(b-inB)))
}

// Groups are the numbers of the groups of spellings that a word is in.
func (t *Token) Groups() []uint16 { return t.same }
