package names

import (
	"slices"
	"strings"
	"unicode"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/text/unicode/norm"

	"ballerine/internal/problem"
	"ballerine/internal/text"
)

// Kind is what bears a name. It decides which words weigh little: titles for people, legal forms for organizations.
type Kind string

// The kinds.
const (
	Person       Kind = "Person"
	Organization Kind = "Organization"
	LegalEntity  Kind = "LegalEntity" // a person or an organization: it is not known which
	Vessel       Kind = "Vessel"
)

// KindOf reads the name of a kind, or of a schema of Follow the Money. The empty text is a person. Errors: Invalid.
func KindOf(s string) (Kind, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "person":
		return Person, nil
	case "organization", "organisation", "company", "publicbody":
		return Organization, nil
	case "legalentity", "entity", "thing":
		return LegalEntity, nil
	case "vessel", "airplane", "vehicle":
		return Vessel, nil
	}
	return "", problem.New(problem.Invalid, "The schema must be Person, Organization, Company, LegalEntity or Vessel.")
}

// Bounds of a name. What is longer is cut: no list has a longer name, and a query must not cost more than its worth.
const (
	maxText   = 1024 // characters
	maxTokens = 24
)

// Name is a name as it is compared. The zero value is a name without words. It is safe for concurrent use.
type Name struct {
	Kind   Kind
	Text   string // as it was passed, without invisible characters
	Tokens []Token
	joined string // the Latin forms of the words that count, in order
	bare   string // the consonants of the same
	weak   bool   // a script without vowels is in it
	signed bool   // characters that are words are in it
}

// Token is a word of a name.
type Token struct {
	Text    string  // as it was written, folded
	Latin   string  // in small Latin letters and digits
	Weight  float64 // 1 for a word that distinguishes people; less for titles, particles, legal forms and words of trades
	class   class
	bare    string   // its consonants, with letters that sound alike made one
	sign    bool     // one character of a script that writes syllables or words: 习, 김
	voiced  bool     // it was written with its vowels
	letters uint32   // which of a–z it has: cheap to compare before anything else is
	sounds  uint32   // the same of its consonants
	same    []uint16 // the groups of spellings and short forms that it is in
}

type class uint8

const (
	word class = iota
	initial
	particle
	title
	form // legal form
	trade
)

// weights of the classes. Fitted to the labelled pairs that docs/screening.md measures, see there.
var weights = [...]float64{word: 1, initial: 0.4, particle: 0.25, title: 0.1, form: 0.05, trade: 0.5}

// Check explains why a name cannot be searched for, so that a search that could not find anything is not mistaken for
// one without hits. Errors: Invalid, TooLarge.
func Check(name string) error {
	if len([]rune(name)) > maxText {
		return problem.New(problem.TooLarge, "A name can have %d characters.", maxText)
	}
	words := split(asSeen(name))
	if len(words) > maxTokens {
		return problem.New(problem.TooLarge, "A name can have %d words.", maxTokens)
	}
	for _, w := range words {
		if _, ok := read(Person, w); ok {
			return nil
		}
	}
	return problem.New(problem.Invalid, "The name has no letter or digit: it cannot be searched for.")
}

// Read reads a name of a kind. It never fails: a name without a letter or digit has no tokens, and agrees with no name.
func Read(kind Kind, name string) Name {
	shown := asSeen(text.Cut(name, 4*maxText))
	n := Name{Kind: kind, Text: strings.Join(strings.Fields(shown), " ")}
	words := split(shown)
	if kind != Person {
		words = spelled(words)
	}
	n.Tokens = make([]Token, 0, min(len(words), maxTokens))
	for _, w := range words {
		if len(n.Tokens) == maxTokens {
			break
		}
		if t, ok := read(kind, w); ok {
			n.Tokens = append(n.Tokens, t)
		}
	}
	if kind != Person {
		n.Tokens = shorten(n.Tokens)
	}
	n.classify()
	n.join()
	return n
}

// asSeen is a text without what cannot be seen, in compatible letters, and with Latin ones for those that are only drawn like them: letters in boxes, and
// of scripts in which no list has names. Letters of other scripts are carried over by what they sound like.
func asSeen(name string) string {
	return strings.Map(func(r rune) rune {
		if letter, boxed := unboxed(r); boxed {
			return letter
		}
		if unicode.In(r, unicode.Cherokee, unicode.Lisu) {
			if latin, ok := text.Lookalike(r); ok {
				return latin
			}
			if latin, ok := text.Lookalike(unicode.ToUpper(r)); ok {
				return unicode.ToLower(latin)
			}
		}
		return r
	}, norm.NFKC.String(text.Visible(name)))
}

// unboxed is the letter of the white letters in black circles and squares, which have no compatible form.
func unboxed(r rune) (letter rune, ok bool) {
	for _, first := range []rune{0x1f150, 0x1f170} {
		if r >= first && r < first+26 {
			return 'A' + r - first, true
		}
	}
	return r, false
}

// undigited has letters for the digits that are written in their places (4nna Ke11er), in a word that is mostly letters. A number behind a word is
// left out (Anna1985).
func undigited(latin string) string {
	if word := strings.TrimRight(latin, "0123456789"); len(word) >= 3 && len(latin)-len(word) >= 2 {
		latin = word
	}
	digits := 0
	for i := range len(latin) {
		if latin[i] <= '9' {
			digits++
		}
	}
	if digits == 0 || len(latin)-digits < 3 || digits >= len(latin)-digits {
		return latin
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return rune("olzeasgtbg"[r-'0'])
		}
		return r
	}, latin)
}

// split cuts a text into words. Dots within single letters and apostrophes join (A.B.C., Qa'ida); a capital after a small
// letter begins a word (SergeiLavrov) when both parts have three letters; characters that are words are separate.
func split(s string) []string {
	var words []string
	for part := range strings.FieldsFuncSeq(s, separates) {
		for _, w := range dotted(part) {
			words = append(words, humps(w)...)
		}
	}
	return words
}

func separates(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', 'ʻ', '`', '´', '.', '&', '＇':
		return false
	}
	return unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r)
}

// dotted joins A.B.C. and G.m.b.H., and cuts Corp.Ltd.
func dotted(part string) []string {
	if !strings.Contains(part, ".") {
		return []string{part}
	}
	parts := strings.FieldsFunc(part, func(r rune) bool { return r == '.' })
	if !slices.ContainsFunc(parts, func(p string) bool { return len([]rune(p)) > 2 }) {
		return []string{strings.Join(parts, "")}
	}
	return parts
}

// humps cuts before a capital after small letters, and around characters that are words.
func humps(w string) []string {
	var parts []string
	runes, from := []rune(w), 0
	cut := func(to int) {
		if to > from {
			parts = append(parts, string(runes[from:to]))
		}
		from = to
	}
	for i, r := range runes {
		switch {
		case isSign(r):
			cut(i)
			cut(i + 1)
		case i-from >= 3 && len(runes)-i >= 3 && unicode.IsUpper(r) && unicode.IsLower(runes[i-1]) && unicode.IsLower(runes[i+1]):
			cut(i)
		}
	}
	cut(len(runes))
	return parts
}

// isSign reports whether a character is a syllable or word of its own.
func isSign(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hangul) }

// vowelless are scripts whose vowels are not written, or not as letters that a table could carry over.
var vowelless = []*unicode.RangeTable{unicode.Arabic, unicode.Hebrew, unicode.Khmer, unicode.Thai, unicode.Lao, unicode.Syriac, unicode.Myanmar}

// read makes a token of a word. False when no letter or digit is left of it.
func read(kind Kind, w string) (Token, bool) {
	folded := text.Fold(w)
	t := Token{Text: folded, voiced: true}
	if folded == "&" {
		t.Latin = "and"
	} else {
		t.Latin = latin(folded)
	}
	if kind == Person {
		t.Latin = undigited(t.Latin)
	}
	if t.Latin == "" {
		return t, false
	}
	for _, r := range folded {
		t.sign = t.sign || isSign(r)
		t.voiced = t.voiced && !unicode.In(r, vowelless...)
	}
	if kind != Organization && kind != Vessel {
		t.same = variants[t.Latin]
	}
	t.finish()
	return t, true
}

func (t *Token) finish() {
	t.bare = consonants(t.Latin)
	t.letters, t.sounds = letters(t.Latin), letters(t.bare)
}

// latin writes a folded word in Latin letters and digits.
func latin(folded string) string {
	written := text.Plain(folded)
	var b strings.Builder
	for _, r := range written {
		if r < unicode.MaxASCII {
			keep(&b, r)
			continue
		}
		for _, l := range strings.ToLower(unidecode.Unidecode(string(r))) {
			keep(&b, l)
		}
	}
	return b.String()
}

func keep(b *strings.Builder, r rune) {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		b.WriteRune(r)
	}
}

// classify weighs the tokens. If a kind's own rules would leave no words that count (a person called Sheikh, a company
// called Holding), the words count after all.
func (n *Name) classify() {
	counted := false
	for i := range n.Tokens {
		t := &n.Tokens[i]
		t.class = classOf(n.Kind, *t)
		counted = counted || t.class == word || t.class == trade
	}
	for i := range n.Tokens {
		t := &n.Tokens[i]
		if !counted && t.class != initial {
			t.class = word
		}
		t.Weight = weights[t.class]
	}
}

func classOf(kind Kind, t Token) class {
	if kind != Person {
		switch {
		case forms[t.Latin]:
			return form
		case trades[t.Latin]:
			return trade
		}
	}
	if kind != Organization && kind != Vessel {
		switch {
		case titles[t.Latin]:
			return title
		case particles[t.Latin]:
			return particle
		case len(t.Latin) == 1 && !t.sign:
			return initial
		}
	}
	return word
}

// join keeps the words that count as one text: names that are cut into words in different places agree by it.
func (n *Name) join() {
	var whole, bare strings.Builder
	for _, t := range n.Tokens {
		n.weak, n.signed = n.weak || !t.voiced, n.signed || t.sign
		if t.class == form || t.class == title {
			continue
		}
		whole.WriteString(t.Latin)
	}
	n.joined = whole.String()
	bare.WriteString(consonants(n.joined))
	n.bare = bare.String()
}
