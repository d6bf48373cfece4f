package catalogue

import (
	"slices"
	"testing"

	"ballerine/internal/connector"
)

// silent are connectors whose vendors do not repeat whom they were asked about, or not in a way that can be compared.
var silent = map[string]string{
	"companies-house-officers": "a list of officers has no number of the company",
	"companies-house-psc":      "a list of persons with significant control has no number of the company",
	"gocardless-lookup":        "the answer has the bank, and nothing of the account",
	"lob-us":                   "the address is answered as the post writes it",
	"opensanctions-company":    "the query is answered under its name, q, which the schema requires",
	"opensanctions-person":     "the query is answered under its name, q, which the schema requires",
}

// TestEveryAnswerIsComparedWithWhomWasAskedAbout: the kit lets each vendor answer, or call back, about somebody else. Calls that are made for what they do, and
// make no statement about a person, do not count.
func TestEveryAnswerIsComparedWithWhomWasAskedAbout(t *testing.T) {
	for _, e := range all(t) {
		if e.Shape == "message/1" || e.Shape == "record/1" {
			continue
		}
		compared := slices.ContainsFunc(e.Plugin.Conform(t.Context()), func(r connector.CaseResult) bool {
			return r.Name == "answer about another person" || r.Name == "callback about another case"
		}) || e.ID == "onfido" // its callbacks have an id of its own for each request, by which they are found
		if reason := silent[e.ID]; compared == (reason != "") {
			t.Errorf("%s: compared: %v (%s)", e.ID, compared, reason)
		}
	}
}
