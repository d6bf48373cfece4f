package statechart

import (
	"slices"
	"strings"

	"ballerine/internal/expr"
)

// ReasonCode is a stable name of why something is not possible now.
type ReasonCode string

// The reasons. Clients have a text for each, in each of their languages.
const (
	ReasonStated         ReasonCode = "stated"          // the sentence that the workflow states
	ReasonConditionFalse ReasonCode = "condition_false" // the guard does not hold
	ReasonDataMissing    ReasonCode = "data_missing"    // the guard needs data that the case does not have
	ReasonUndecidable    ReasonCode = "undecidable"     // the guard could not be evaluated
	ReasonForbidden      ReasonCode = "forbidden"       // the state forbids it
)

// Explanation states why something is not possible now, for programs and in other languages than English.
type Explanation struct {
	Code    ReasonCode        `json:"code" enum:"stated,condition_false,data_missing,undecidable,forbidden" doc:"stated: by the workflow; condition_false: the guard does not hold; data_missing: the guard needs data that the case does not have; undecidable: the guard could not be evaluated; forbidden: the state forbids it"`
	Texts   map[string]string `json:"texts,omitempty" doc:"for stated: the sentence by language (ISO 639-1), where the workflow has it in several"`
	Guard   string            `json:"guard,omitempty" doc:"for condition_false: the guard as written, shortened"`
	Missing []string          `json:"missing,omitempty" nullable:"false" doc:"for data_missing: the fields of the context that the guard needs"`
	Detail  string            `json:"detail,omitempty" doc:"for undecidable: why the guard could not be evaluated, in English"`

	sentence string // for stated: what the workflow states
}

// String is the reason as an English sentence, or as the workflow states it.
func (e Explanation) String() string {
	switch e.Code {
	case ReasonStated:
		return e.sentence
	case ReasonConditionFalse:
		return "the condition does not hold: " + e.Guard
	case ReasonDataMissing:
		return "not known yet: " + strings.Join(e.Missing, ", ")
	case ReasonForbidden:
		return "it is forbidden in this state"
	}
	return "cannot be decided: " + e.Detail
}

// explanation states why none of the transitions that were examined is taken. A forbidden transition explains it only when
// no other was examined.
func explanation(examined []Trace) (last Explanation) {
	last.Code = ReasonForbidden
	for _, t := range examined {
		if t.Outcome != "forbidden" {
			last = explain(t)
		}
	}
	return last
}

// explain states why the guard of one transition does not hold.
func explain(t Trace) Explanation {
	switch {
	case t.otherwise.Text != "":
		return Explanation{Code: ReasonStated, Texts: t.otherwise.In, sentence: t.otherwise.Text}
	case t.Outcome != expr.Unknown.String():
		return Explanation{Code: ReasonConditionFalse, Guard: t.Guard}
	case len(t.Missing) > 0:
		return Explanation{Code: ReasonDataMissing, Missing: slices.Clone(t.Missing)}
	}
	return Explanation{Code: ReasonUndecidable, Detail: t.Reason}
}

// Sentence is a text for people.
type Sentence struct {
	Text string            // in English if there are several languages; "": none
	In   map[string]string // by language; nil: it is in one language, and which one is not known
}

// Title is the state's name for people, from its meta; empty if that has none.
func (s *State) Title() Sentence {
	texts, several := s.Meta["title"].(map[string]any)
	if !several {
		title, _ := s.Meta["title"].(string)
		return Sentence{Text: title}
	}
	in := map[string]string{}
	for language, text := range texts {
		in[language], _ = text.(string)
	}
	return Sentence{Text: in["en"], In: in}
}
