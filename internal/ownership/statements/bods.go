package statements

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ballerine/internal/ownership"
	"ballerine/internal/problem"
)

// statement is what is read of a BODS statement.
type statement struct {
	ID          string  `json:"statementId"`
	Date        string  `json:"statementDate"`
	Subject     string  `json:"declarationSubject"`
	Record      string  `json:"recordId"`
	Type        string  `json:"recordType"`
	Status      string  `json:"recordStatus"`
	Source      source  `json:"source"`
	Details     details `json:"recordDetails"`
	Publication struct {
		Publisher struct {
			Name string `json:"name"`
			URL  string `json:"url"`
		} `json:"publisher"`
	} `json:"publicationDetails"`
	index int // in the document
}

type source struct {
	Type []string `json:"type"`
}

// details are those of all three types of records.
type details struct {
	EntityType struct {
		Type    string `json:"type"`
		Subtype string `json:"subtype"`
	} `json:"entityType"`
	Name          string                          `json:"name"`
	Jurisdiction  struct{ Code string }           `json:"jurisdiction"`
	PublicListing struct{ HasPublicListing bool } `json:"publicListing"`
	UnknownEntity struct{ Reason string }         `json:"unspecifiedEntityDetails"`

	PersonType    string                  `json:"personType"`
	Names         []personName            `json:"names"`
	Nationalities []struct{ Code string } `json:"nationalities"`
	UnknownPerson struct{ Reason string } `json:"unspecifiedPersonDetails"`

	Company    json.RawMessage `json:"subject"`
	Owner      json.RawMessage `json:"interestedParty"`
	Interests  []interest      `json:"interests"`
	Components []string        `json:"componentRecords"`
}

type personName struct {
	Type     string `json:"type"`
	FullName string `json:"fullName"`
}

type interest struct {
	Type       string `json:"type"`
	Direct     string `json:"directOrIndirect"`
	Beneficial bool   `json:"beneficialOwnershipOrControl"`
	Share      struct {
		Exact            json.RawMessage `json:"exact"`
		Minimum          json.RawMessage `json:"minimum"`
		Maximum          json.RawMessage `json:"maximum"`
		ExclusiveMinimum json.RawMessage `json:"exclusiveMinimum"`
		ExclusiveMaximum json.RawMessage `json:"exclusiveMaximum"`
	} `json:"share"`
	From string `json:"startDate"`
	To   string `json:"endDate"`
}

// interestTypes are the codes of BODS.
var interestTypes = map[string]ownership.Interest{
	"shareholding": ownership.Shareholding, "votingRights": ownership.Votes, "appointmentOfBoard": ownership.BoardAppointment,
	"otherInfluenceOrControl": ownership.Influence, "seniorManagingOfficial": ownership.Manager, "settlor": ownership.Settlor,
	"trustee": ownership.Trustee, "protector": ownership.Protector, "beneficiaryOfLegalArrangement": ownership.Beneficiary,
	"rightsToSurplusAssetsOnDissolution": ownership.Surplus, "rightsToProfitOrIncome": ownership.Profits,
	"rightsGrantedByContract": ownership.Contract, "conditionalRightsGrantedByContract": ownership.ConditionalRights,
	"controlViaCompanyRulesOrArticles": ownership.Articles, "controlByLegalFramework": ownership.Law, "boardMember": ownership.Director,
	"boardChair": ownership.Chair, "unknownInterest": ownership.Unspecified, "unpublishedInterest": ownership.Unspecified,
	"enjoymentAndUseOfAssets": ownership.UseOfAssets, "rightToProfitOrIncomeFromAssets": ownership.IncomeFromAssets,
	"nominee": ownership.Nominee, "nominator": ownership.Nominator,
}

// readBODS reads statements: of each record the last statement that was made by the day.
func readBODS(value []any, options Options) (ownership.Structure, error) {
	var all []statement
	if err := checked(compiledBODS(), value, &all, "The statements break the schema of BODS 0.4."); err != nil {
		return ownership.Structure{}, err
	}
	e := problem.New(problem.Invalid, "The statements have problems.")
	ids := map[string]bool{}
	for i := range all {
		if all[i].index = i; ids[all[i].ID] {
			e.With(fmt.Sprintf("[%d].statementId", i), "duplicate", "another statement has this id")
		}
		ids[all[i].ID] = true
	}
	r := bodsReader{problems: e, parties: map[string]bool{}}
	current := latest(all, options.Day)
	for _, s := range current {
		if s.Type != "relationship" {
			r.party(s)
		}
	}
	for _, s := range current {
		if s.Type == "relationship" && s.Status != "closed" {
			r.relationship(s)
		}
	}
	if err := r.subject(all, options.Subject); err != nil {
		return ownership.Structure{}, err
	}
	if len(e.Fields) > 0 {
		return ownership.Structure{}, e
	}
	return r.Structure, r.Check()
}

// latest are the last statements of each record, in the order in which the records are first mentioned.
func latest(all []statement, day string) []statement {
	place := map[string]int{}
	var current []statement
	for _, s := range all {
		if day != "" && s.Date[:min(len(s.Date), len(day))] > day {
			continue
		}
		key := strings.Join([]string{s.Type, s.Record, s.Publication.Publisher.Name, s.Publication.Publisher.URL, string(sourceOf(s.Source.Type))}, "\x00")
		if i, known := place[key]; !known {
			place[key] = len(current)
			current = append(current, s)
		} else if s.Date >= current[i].Date {
			current[i] = s
		}
	}
	return current
}

type bodsReader struct {
	ownership.Structure
	problems *problem.Error
	parties  map[string]bool
}

func (r *bodsReader) party(s statement) {
	p := ownership.Party{ID: s.Record}
	if s.Type == "person" {
		p.Kind, p.Name, p.Reason = ownership.Person, legalName(s.Details.Names), s.Details.UnknownPerson.Reason
		if s.Details.PersonType != "knownPerson" {
			p.Kind = ownership.UnknownPerson
		}
		if len(s.Details.Nationalities) > 0 {
			p.Country = s.Details.Nationalities[0].Code
		}
	} else {
		p.Kind, p.Name, p.Reason = entityKind(s.Details), s.Details.Name, s.Details.UnknownEntity.Reason
		p.Country, p.Listed = s.Details.Jurisdiction.Code, s.Details.PublicListing.HasPublicListing
	}
	if !r.parties[p.ID] {
		r.parties[p.ID] = true
		r.Parties = append(r.Parties, p)
	}
}

func entityKind(d details) ownership.Kind {
	switch {
	case d.EntityType.Subtype == "nomination":
		return ownership.Nomination
	case d.EntityType.Subtype == "trust" || d.EntityType.Type == "arrangement":
		return ownership.Trust
	case d.EntityType.Type == "state" || d.EntityType.Type == "stateBody":
		return ownership.State
	case d.EntityType.Type == "anonymousEntity" || d.EntityType.Type == "unknownEntity":
		return ownership.UnknownCompany
	}
	return ownership.Company
}

func legalName(names []personName) string {
	for _, n := range names {
		if n.Type == "legal" {
			return n.FullName
		}
	}
	if len(names) > 0 {
		return names[0].FullName
	}
	return ""
}

// mentioned makes sure that a party exists: one that no statement describes is an unknown organization.
func (r *bodsReader) mentioned(id string) {
	if id != "" && !r.parties[id] {
		r.parties[id] = true
		r.Parties = append(r.Parties, ownership.Party{ID: id, Kind: ownership.UnknownCompany, Reason: "no statement describes it"})
	}
}

// reference reads a record id, or the reason why it is missing.
func reference(text json.RawMessage) (id, reason string) {
	if json.Unmarshal(text, &id) == nil {
		return id, ""
	}
	var unspecified struct{ Reason string }
	_ = json.Unmarshal(text, &unspecified) // the schema has been checked
	return "", unspecified.Reason
}

func (r *bodsReader) relationship(s statement) {
	company, _ := reference(s.Details.Company)
	owner, reason := reference(s.Details.Owner)
	if company == "" { // it states an interest in something that is not named
		return
	}
	r.mentioned(company)
	r.mentioned(owner)
	link := ownership.Link{ID: s.ID, Owner: owner, Company: company, Source: sourceOf(s.Source.Type), Reason: reason}
	if len(s.Details.Interests) == 0 {
		link.Interest = ownership.Unspecified
		r.Links = append(r.Links, link)
	}
	for n, i := range s.Details.Interests {
		share, err := bounds(i.Share.Exact, i.Share.Minimum, i.Share.Maximum, i.Share.ExclusiveMinimum, i.Share.ExclusiveMaximum)
		if err != nil {
			r.problems.With(fmt.Sprintf("[%d].recordDetails.interests[%d].share", s.index, n), "range", "the share %s", err.Error())
		}
		link.Interest = cmp.Or(interestTypes[i.Type], ownership.Unspecified)
		link.Share, link.From, link.To, link.Beneficial = share, i.From, i.To, i.Beneficial
		link.Indirect = i.Direct == "indirect"
		r.Links = append(r.Links, link)
	}
}

func sourceOf(types []string) ownership.Source {
	switch {
	case slices.Contains(types, "officialRegister"):
		return ownership.Registry
	case len(types) == 0 || slices.Contains(types, "selfDeclaration"):
		return ownership.Declared
	}
	return ownership.Document
}

// subject finds what the statements are about. Errors: Invalid, which lists what there is.
func (r *bodsReader) subject(all []statement, wanted string) error {
	if wanted != "" {
		r.Subject = wanted
		return nil
	}
	var subjects []string
	for _, s := range all {
		if !slices.Contains(subjects, s.Subject) {
			subjects = append(subjects, s.Subject)
		}
	}
	switch {
	case len(subjects) == 0:
		return problem.New(problem.Invalid, "The file has no statements.")
	case len(subjects) > 1:
		return problem.New(problem.Invalid, "The statements are about %d subjects. Choose one with --subject: %s.", len(subjects), strings.Join(subjects[:min(len(subjects), 10)], ", "))
	}
	r.Subject = subjects[0]
	return nil
}
