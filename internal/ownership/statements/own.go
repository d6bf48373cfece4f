package statements

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"ballerine/internal/ownership"
	"ballerine/internal/problem"
)

type ownDocument struct {
	Subject string     `json:"subject"`
	Parties []ownParty `json:"parties"`
	Links   []ownLink  `json:"links"`
}

type ownParty struct {
	ID      string         `json:"id"`
	Kind    ownership.Kind `json:"kind"`
	Name    string         `json:"name"`
	Country string         `json:"country"`
	Listed  bool           `json:"listed"`
	Reason  string         `json:"reason"`
}

type ownLink struct {
	ID         string             `json:"id"`
	Owner      string             `json:"owner"`
	Company    string             `json:"company"`
	Interest   ownership.Interest `json:"interest"`
	Share      json.RawMessage    `json:"share"`
	Indirect   bool               `json:"indirect"`
	Beneficial bool               `json:"beneficial_owner"`
	From       string             `json:"from"`
	To         string             `json:"to"`
	Source     ownership.Source   `json:"source"`
	Reason     string             `json:"reason"`
}

func readOwn(value any, options Options) (ownership.Structure, error) {
	var document ownDocument
	if err := checked(compiledStructure(), value, &document, "The ownership structure has problems."); err != nil {
		return ownership.Structure{}, err
	}
	s := ownership.Structure{Subject: document.Subject}
	if options.Subject != "" {
		s.Subject = options.Subject
	}
	for _, p := range document.Parties {
		s.Parties = append(s.Parties, ownership.Party{ID: p.ID, Name: p.Name, Kind: p.Kind, Country: p.Country, Listed: p.Listed, Reason: p.Reason})
	}
	e := problem.New(problem.Invalid, "The ownership structure has problems.")
	for i, l := range document.Links {
		share, err := ownShare(l.Share)
		if err != nil {
			e.With(fmt.Sprintf("links[%d].share", i), "range", "the share %s", err.Error())
		}
		s.Links = append(s.Links, ownership.Link{
			ID: l.ID, Owner: l.Owner, Company: l.Company, Interest: l.Interest, Share: share, Indirect: l.Indirect, Beneficial: l.Beneficial,
			From: l.From, To: l.To, Source: l.Source, Reason: l.Reason,
		})
	}
	if len(e.Fields) > 0 {
		return ownership.Structure{}, e
	}
	return s, s.Check()
}

// ownShare reads a share: one percentage, as a number or as text, or an object of bounds.
func ownShare(text json.RawMessage) (*ownership.Share, error) {
	if len(text) == 0 {
		return nil, nil
	}
	if text[0] != '{' {
		part, err := percentage(text)
		if err != nil {
			return nil, err
		}
		share := ownership.Exactly(part)
		return &share, nil
	}
	var b struct {
		Minimum          json.RawMessage `json:"minimum"`
		Maximum          json.RawMessage `json:"maximum"`
		ExclusiveMinimum json.RawMessage `json:"exclusive_minimum"`
		ExclusiveMaximum json.RawMessage `json:"exclusive_maximum"`
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, err
	}
	return bounds(nil, b.Minimum, b.Maximum, b.ExclusiveMinimum, b.ExclusiveMaximum)
}

// bounds makes a share of percentages, each of which may be missing. Where all are, there is no share.
func bounds(exact, minimum, maximum, exclusiveMinimum, exclusiveMaximum json.RawMessage) (*ownership.Share, error) {
	if exact != nil {
		part, err := percentage(exact)
		if err != nil {
			return nil, err
		}
		share := ownership.Exactly(part)
		return &share, nil
	}
	share, any := ownership.Unknown(), false
	for _, bound := range []struct {
		text json.RawMessage
		set  func(*big.Rat)
	}{
		{minimum, func(part *big.Rat) { share.Low = part }},
		{maximum, func(part *big.Rat) { share.High = part }},
		{exclusiveMinimum, func(part *big.Rat) {
			if minimum == nil || part.Cmp(share.Low) >= 0 {
				share.Low, share.OverLow = part, true
			}
		}},
		{exclusiveMaximum, func(part *big.Rat) {
			if maximum == nil || part.Cmp(share.High) <= 0 {
				share.High, share.UnderHigh = part, true
			}
		}},
	} {
		if bound.text == nil {
			continue
		}
		part, err := percentage(bound.text)
		if err != nil {
			return nil, err
		}
		bound.set(part)
		any = true
	}
	if !any {
		return nil, nil
	}
	return &share, share.Check()
}

// percentage reads a number of JSON, or a text with one.
func percentage(text json.RawMessage) (*big.Rat, error) {
	number := strings.Trim(string(text), `"`)
	if len(number) > 60 {
		return nil, fmt.Errorf("has too many digits")
	}
	if _, exponent, found := strings.Cut(strings.ToLower(number), "e"); found && len(exponent) > 3 {
		return nil, fmt.Errorf("must be a percentage from 0 to 100")
	}
	part, ok := new(big.Rat).SetString(number)
	if !ok || part.Sign() < 0 || part.Cmp(big.NewRat(100, 1)) > 0 {
		return nil, fmt.Errorf("must be a percentage from 0 to 100")
	}
	return part.Quo(part, big.NewRat(100, 1)), nil
}
