package statements

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"

	"ballerine/internal/ownership"
)

// Publication is who publishes statements, and when.
type Publication struct {
	Publisher string // a name
	Day       string // YYYY-MM-DD
}

// codes of BODS by interest. Offices and rights that BODS does not have are left out, and returned by Write.
var codes = map[ownership.Interest]string{
	ownership.Shareholding: "shareholding", ownership.Votes: "votingRights", ownership.Profits: "rightsToProfitOrIncome",
	ownership.Surplus: "rightsToSurplusAssetsOnDissolution", ownership.BoardAppointment: "appointmentOfBoard",
	ownership.Influence: "otherInfluenceOrControl", ownership.Articles: "controlViaCompanyRulesOrArticles", ownership.Law: "controlByLegalFramework",
	ownership.Contract: "rightsGrantedByContract", ownership.ConditionalRights: "conditionalRightsGrantedByContract",
	ownership.Settlor: "settlor", ownership.Trustee: "trustee", ownership.Protector: "protector",
	ownership.Beneficiary: "beneficiaryOfLegalArrangement", ownership.Nominator: "nominator", ownership.Nominee: "nominee",
	ownership.Manager: "seniorManagingOfficial", ownership.Director: "boardMember", ownership.Chair: "boardChair",
	ownership.UseOfAssets: "enjoymentAndUseOfAssets", ownership.IncomeFromAssets: "rightToProfitOrIncomeFromAssets",
	ownership.Unspecified: "unknownInterest",
}

// Write makes BODS 0.4 statements of a structure: parties first, then a relationship for each link. Ids are digests of
// the contents of a statement, so that the same structure has the same statements. omitted are the links that BODS has
// no code for.
func Write(s ownership.Structure, p Publication) (statements []json.RawMessage, omitted []ownership.Link, err error) {
	w := writer{s: s, p: p}
	for _, party := range s.Parties {
		w.party(party)
	}
	for _, link := range s.Links {
		code, known := codes[link.Interest]
		if !known {
			omitted = append(omitted, link)
			continue
		}
		w.link(link, code)
	}
	return w.statements, omitted, w.err
}

type writer struct {
	s          ownership.Structure
	p          Publication
	statements []json.RawMessage
	err        error
}

type object = map[string]any

func (w *writer) party(p ownership.Party) {
	if p.Kind == ownership.Person || p.Kind == ownership.UnknownPerson {
		details := object{"isComponent": false, "personType": "knownPerson"}
		if p.Kind == ownership.UnknownPerson {
			details["personType"] = "unknownPerson"
		}
		if p.Name != "" {
			details["names"] = []object{{"type": "legal", "fullName": p.Name}}
		}
		if p.Country != "" {
			details["nationalities"] = []object{{"name": p.Country, "code": p.Country}}
		}
		w.add("person", p.ID, details, "")
		return
	}
	entity := map[ownership.Kind]object{
		ownership.Company: {"type": "registeredEntity"}, ownership.Trust: {"type": "arrangement", "subtype": "trust"},
		ownership.Nomination: {"type": "arrangement", "subtype": "nomination"}, ownership.State: {"type": "state"},
		ownership.UnknownCompany: {"type": "unknownEntity"},
	}[p.Kind]
	details := object{"isComponent": false, "entityType": entity}
	if p.Name != "" {
		details["name"] = p.Name
	}
	if p.Country != "" {
		details["jurisdiction"] = object{"name": p.Country, "code": p.Country}
	}
	if p.Listed {
		details["publicListing"] = object{"hasPublicListing": true}
	}
	w.add("entity", p.ID, details, "")
}

func (w *writer) link(l ownership.Link, code string) {
	interest := object{"type": code, "directOrIndirect": "direct"}
	if l.Indirect {
		interest["directOrIndirect"] = "indirect"
	}
	if l.Beneficial {
		interest["beneficialOwnershipOrControl"] = true
	}
	if l.Share != nil {
		interest["share"] = shareObject(*l.Share)
	}
	if l.From != "" {
		interest["startDate"] = l.From
	}
	if l.To != "" {
		interest["endDate"] = l.To
	}
	var owner any = l.Owner
	if l.Owner == "" {
		reason := l.Reason
		if !slices.Contains(reasons, reason) {
			reason = "unknown"
		}
		owner = object{"reason": reason}
	}
	details := object{"isComponent": false, "subject": l.Company, "interestedParty": owner, "interests": []object{interest}}
	w.add("relationship", digest("link", strconv.Itoa(len(w.statements)), l.ID, l.Owner, l.Company, string(l.Interest), string(l.Source), l.From, l.To)[:32], details, l.Source)
}

// reasons are the codes of BODS for why a party is not named.
var reasons = []string{
	"noBeneficialOwners", "subjectUnableToConfirmOrIdentifyBeneficialOwner", "interestedPartyHasNotProvidedInformation",
	"subjectExemptFromDisclosure", "interestedPartyExemptFromDisclosure", "unknown", "informationUnknownToPublisher",
}

func shareObject(s ownership.Share) object {
	if s.Low.Cmp(s.High) == 0 {
		return object{"exact": number(s.Low)}
	}
	low, high := "minimum", "maximum"
	if s.OverLow {
		low = "exclusiveMinimum"
	}
	if s.UnderHigh {
		high = "exclusiveMaximum"
	}
	return object{low: number(s.Low), high: number(s.High)}
}

// number is a percentage as a number of JSON. Those that were read have at most twelve decimal places.
func number(part *big.Rat) json.Number {
	low, _ := ownership.Exactly(part).Decimals()
	return json.Number(low)
}

func (w *writer) add(kind, record string, details object, source ownership.Source) {
	statement := object{
		"statementDate": w.p.Day, "declarationSubject": w.s.Subject, "recordId": record, "recordType": kind, "recordStatus": "new",
		"recordDetails": details,
		"publicationDetails": object{
			"publicationDate": w.p.Day, "bodsVersion": "0.4", "publisher": object{"name": w.p.Publisher},
		},
	}
	if types, known := map[ownership.Source]string{ownership.Declared: "selfDeclaration", ownership.Registry: "officialRegister", ownership.Document: "primaryResearch"}[source]; known {
		statement["source"] = object{"type": []string{types}}
	}
	text, err := json.Marshal(statement)
	if err != nil {
		w.err = err
		return
	}
	statement["statementId"] = digest(string(text))
	if text, err = json.Marshal(statement); err != nil {
		w.err = err
		return
	}
	w.statements = append(w.statements, text)
}

func digest(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		hash.Write([]byte(part))
		hash.Write([]byte{0})
	}
	return hex.EncodeToString(hash.Sum(nil))
}
