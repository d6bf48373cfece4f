package names

import (
	"cmp"
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

// shelf holds words of one budget by their sounds, and then in the order of their letters, so that what has been computed for the beginning of one
// word serves for the next.
type shelf struct {
	letters int // of the longest word with this budget
	words   []shelved
	groups  []group
	adding  []uint8 // what each letter of each word costs to be added
}

// shelved is a word on a shelf, with what is cheap to compare before anything else is.
type shelved struct {
	text    string
	set     uint32 // its letters
	similar uint32 // letters that one of its is written for
	number  int32
	adding  int32 // where its costs begin
	shared  uint8 // how many letters it has in common with the one before
}

// group is the words of a shelf with the same sounds.
type group struct {
	sounds   uint8
	from, to int32
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
			text := t.Latin[:min(len(t.Latin), maxLetters)]
			set := letters(text)
			s.words = append(s.words, shelved{text: text, set: set, similar: similarOf(set), number: int32(n)})
		}
	}
	for i, most := range [...]int{4, 7, 10, maxLetters} {
		w.sorted[i].sort(most)
	}
}

func (s *shelf) sort(most int) {
	s.letters = most
	slices.SortFunc(s.words, func(a, b shelved) int {
		return cmp.Or(cmp.Compare(soundsOf(a.set), soundsOf(b.set)), strings.Compare(a.text, b.text))
	})
	before := ""
	for n := range s.words {
		word := &s.words[n]
		if last := len(s.groups) - 1; last < 0 || s.groups[last].sounds != soundsOf(word.set) {
			s.groups = append(s.groups, group{sounds: soundsOf(word.set), from: int32(n)})
			before = ""
		}
		s.groups[len(s.groups)-1].to = int32(n + 1)
		word.shared, word.adding = uint8(common(before, word.text)), int32(len(s.adding))
		for i := range len(word.text) {
			s.adding = append(s.adding, uint8(added(word.text, i)))
		}
		before = word.text
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

// Key distinguishes words that agree with different words, even if they are the same in Latin letters.
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

// Find returns the numbers of all words that agree with a token, in order: exactly those that Compare would accept.
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

// search is a word that is looked for on a shelf, with the rows of the words that were compared last.
type search struct {
	text         string
	set          uint32 // of the whole word, which may be longer than text
	own, similar uint32 // letters of text, and letters that one of them is written for
	limit        int
	rows         [maxLetters + 1][maxLetters + 1]int16
	least        [maxLetters + 1]int16 // of each row
	adding       [maxLetters]int16
}

// find adds the words within the budget: distance, over the words in order. A row is kept for each letter; a word begins
// with the rows of the letters that it shares with the one before, and ends where no ending can bring it below the limit.
func (s *shelf) find(query string, set uint32, found []int32) []int32 {
	query = query[:min(len(query), maxLetters)]
	q := search{text: query, set: set, own: letters(query), limit: budget(max(s.letters, len(query)))}
	if s.letters < maxLetters && near*(len(query)-s.letters) > q.limit {
		return found
	}
	q.similar = similarOf(q.own)
	for j := range len(query) {
		q.adding[j] = added(query, j)
		q.rows[0][j+1] = q.rows[0][j] + q.adding[j]
	}
	sounds := soundsOf(q.own)
	for _, g := range s.groups {
		if whole*apart(sounds, g.sounds) <= q.limit {
			found = s.within(g, &q, found)
		}
	}
	return found
}

// within is find in a group.
func (s *shelf) within(g group, q *search, found []int32) []int32 {
	alive := 0 // rows that hold for the word before
	dead := maxLetters + 1
	for n := g.from; n < g.to; n++ {
		w := &s.words[n]
		shared := int(w.shared)
		if shared >= dead {
			continue
		}
		dead = maxLetters + 1
		alive = min(alive, shared)
		if near*(len(q.text)-len(w.text)) > q.limit || atLeast(q.set, w.set) > q.limit || atLeastOf(q.own, q.similar, w.set, w.similar) > q.limit {
			continue
		}
		adding := s.adding[w.adding : int(w.adding)+len(w.text)]
		for i := alive; i < len(w.text); i++ {
			alive = i + 1
			q.next(i, w.text, int16(adding[i]))
			if hopeless(q.least[i], q.least[i+1], q.limit) {
				dead = i + 1
				break
			}
		}
		if dead > maxLetters && int(q.rows[len(w.text)][len(q.text)]) <= budget(max(len(w.text), len(q.text))) {
			found = append(found, w.number)
		}
	}
	return found
}

// next computes the row of letter i of a text, which costs out where it is left out.
func (q *search) next(i int, text string, out int16) {
	query := q.text
	last, row := &q.rows[i], &q.rows[i+1]
	row[0] = last[0] + out
	least := row[0]
	prices := &costs[text[i]&127]
	for j := range len(query) {
		d := min(last[j]+int16(prices[query[j]&127]), last[j+1]+out, row[j]+q.adding[j])
		if i > 0 && j > 0 && text[i] == query[j-1] && text[i-1] == query[j] {
			d = min(d, q.rows[i-1][j-1]+whole-2)
		}
		row[j+1] = d
		least = min(least, d)
	}
	q.least[i+1] = least
}

// Whole is what two names have in common that agree as a whole, wherever they are cut into words.
func (n *Name) Whole() string { return n.bare }

// Short is the name without spaces: what another name's initials may be.
func (n *Name) Short() string { return n.joined }

// Initials are the first letters of an organization's words, legal forms aside: its short form may consist of them.
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
