package connector

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"ballerine/internal/problem"
)

// concern is something that an answer repeats of what was asked: whom it is about.
type concern struct {
	answer *query // in the answer
	asked  *query // in what was asked
	as     likeness
}

// likeness is how the two are compared.
type likeness string

// The likenesses.
const (
	asText   likeness = "text"   // the same text, in whatever case
	asNumber likeness = "number" // the same letters and digits, without zeros in front
	asDate   likeness = "date"   // the same day
	asName   likeness = "name"   // the words of one are all among those of the other
)

type writtenConcern struct {
	Answer string   `json:"answer"`
	Asked  string   `json:"asked"`
	As     likeness `json:"as"`
}

const aboutPlace = "/response/about"

// askedRoots are the names visible to expressions that identify the subject of the request.
var askedRoots = []string{"context", "input", "case"}

func (s *source) about(w written) (all []concern) {
	if len(w.Response.About) > 0 && w.Response.Pages != nil {
		s.report(aboutPlace, "pages", "check it in response.result", "Pages of an answer are not compared with what was asked.")
	}
	return s.concerns(aboutPlace, w.Response.About, laterRoots, askedRoots)
}

// concerns compiles what is compared, by the names that the two sides see.
func (s *source) concerns(at string, written []writtenConcern, answer, asked []string) (all []concern) {
	for i, one := range written {
		place := fmt.Sprintf("%s/%d", at, i)
		c := concern{as: one.As, answer: s.condition(place+"/answer", one.Answer, answer), asked: s.condition(place+"/asked", one.Asked, asked)}
		if c.as == "" {
			c.as = asText
		}
		all = append(all, c)
	}
	return all
}

// concerns checks that an answer is about the subject of the request, as far as it states that. Errors: VendorGarbage.
func (p *Plugin) concerns(seen map[string]any) error {
	e := problem.New(problem.VendorGarbage, "The answer of %s is about a different subject than the request.", p.ID)
	for i, c := range p.about {
		if c.differs(seen) {
			e.With(fmt.Sprintf("response.about[%d]", i), somebodyElse, "is not what was asked about")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// differs reports whether both sides state something, and not the same.
func (c concern) differs(seen map[string]any) bool {
	answered, err := c.answer.value(seen)
	if err != nil || answered == nil {
		return false
	}
	asked, err := c.asked.value(seen)
	return err == nil && asked != nil && !c.as.agree(answered, asked)
}

// agrees reports whether a callback contains nothing that differs from the subject of the request.
func (c *callback) agrees(seen map[string]any) bool {
	return !slices.ContainsFunc(c.about, func(one concern) bool { return one.differs(seen) })
}

// somebodyElse is the code of an answer that is not about whom was asked about.
const somebodyElse = "somebody_else"

func (l likeness) agree(answered, asked any) bool {
	one, ok := scalarOf(answered)
	other, ok2 := scalarOf(asked)
	if !ok || !ok2 {
		return false
	}
	switch l {
	case asNumber:
		return numberOf(one) == numberOf(other)
	case asDate:
		return one[:min(len(one), 10)] == other[:min(len(other), 10)]
	case asName:
		return sameName(one, other)
	default:
		return strings.EqualFold(strings.TrimSpace(one), strings.TrimSpace(other))
	}
}

func scalarOf(value any) (string, bool) {
	switch value.(type) {
	case string, float64, bool:
		text, _ := scalar(value)
		return text, true
	}
	return "", false
}

// numberOf is a number as registers write it in several ways.
func numberOf(text string) string {
	kept := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, text)
	return strings.TrimLeft(kept, "0")
}

// sameName reports whether all words of the shorter name are words of the longer one, whatever their order, case and accents. Names without a word
// match nobody.
func sameName(one, other string) bool {
	short, long := wordsOf(one), wordsOf(other)
	if len(short) > len(long) {
		short, long = long, short
	}
	return len(short) > 0 && !slices.ContainsFunc(short, func(word string) bool { return !slices.Contains(long, word) })
}

func wordsOf(text string) []string {
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(text))
	return strings.FieldsFunc(plain, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
