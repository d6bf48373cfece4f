package ownership

import (
	"cmp"
	"fmt"
	"slices"

	"ballerine/internal/problem"
)

// Kind is what a party is.
type Kind string

// The kinds of parties.
const (
	Person         Kind = "person"
	UnknownPerson  Kind = "unknown_person" // a person who is not named
	Company        Kind = "company"        // any organization with legal personality
	Trust          Kind = "trust"          // a trust or a similar arrangement: settlor, trustees, protector, beneficiaries
	Nomination     Kind = "nomination"     // an arrangement by which a nominee acts for a nominator
	State          Kind = "state"          // a state or one of its bodies: it has no owner
	UnknownCompany Kind = "unknown_company"
)

// kinds are all kinds, for messages and validation.
func kinds() []Kind {
	return []Kind{Person, UnknownPerson, Company, Trust, Nomination, State, UnknownCompany}
}

func (k Kind) human() bool { return k == Person || k == UnknownPerson }

// Interest is what a link confers on its owner.
type Interest string

// The interests. Which of them are shares, votes, control or offices is in the table kindsOfInterest.
const (
	Shareholding      Interest = "shareholding"
	Votes             Interest = "votes"
	Profits           Interest = "profits"            // rights to profits or income
	Surplus           Interest = "surplus"            // rights to what remains on dissolution
	BoardAppointment  Interest = "board_appointment"  // appoints board members; without a share, the majority of them
	Influence         Interest = "influence"          // significant influence or control by other means
	Articles          Interest = "articles"           // control by articles or a shareholders' agreement
	Law               Interest = "law"                // control by a law or legal framework
	Contract          Interest = "contract"           // rights granted by a contract
	ConditionalRights Interest = "conditional_rights" // rights that a contract grants under a condition
	Parent            Interest = "parent"             // consolidates the company in its accounts: control without a share
	Settlor           Interest = "settlor"            // of a trust
	Trustee           Interest = "trustee"            // of a trust
	Protector         Interest = "protector"          // of a trust
	Beneficiary       Interest = "beneficiary"        // of a trust
	Nominator         Interest = "nominator"          // of a nomination
	Nominee           Interest = "nominee"            // of a nomination
	Manager           Interest = "manager"            // senior managing official
	Director          Interest = "director"           // member of the board
	Chair             Interest = "chair"              // of the board
	Signatory         Interest = "signatory"          // signs for the company
	Representative    Interest = "representative"     // acts for the company
	UseOfAssets       Interest = "use_of_assets"      // uses assets of the company
	IncomeFromAssets  Interest = "income_from_assets" // of assets of the company
	Unspecified       Interest = "unspecified"        // there is an interest, and it is not stated which
)

// role is what an interest counts as.
type role int

const (
	noRole      role = iota
	economic         // a part of the company
	voting           // a part of its votes
	board            // appoints its board
	controlling      // controls it, whatever the share
	maybe            // may be control or a part of it
	ofTrust          // a role in a trust: everybody with one counts as controlling it
	nominating       // acts through a nominee
	office           // manages it
)

var roles = map[Interest]role{
	Shareholding: economic, Profits: economic, Surplus: economic, Votes: voting, BoardAppointment: board, Influence: controlling, Articles: controlling,
	Law: controlling, Parent: controlling, Contract: maybe, ConditionalRights: maybe, Unspecified: maybe, Settlor: ofTrust, Trustee: ofTrust,
	Protector: ofTrust, Beneficiary: ofTrust, Nominator: nominating, Nominee: noRole, Manager: office, Director: office, Chair: office,
	Signatory: noRole, Representative: noRole, UseOfAssets: noRole, IncomeFromAssets: maybe,
}

// Party is a person, an organization or an arrangement.
type Party struct {
	ID      string
	Name    string
	Kind    Kind
	Country string // ISO 3166-1 alpha-2, or empty
	Listed  bool   // its shares are traded on a regulated market: its owners need not be disclosed
	Reason  string // why its owners, or its identity, are not stated: a code of the source, or empty
}

// Link states an interest of one party in another.
type Link struct {
	ID         string // of the statement, to distinguish it from others; may be empty
	Owner      string // id of a party; empty if the owner is not stated
	Company    string // id of a party
	Interest   Interest
	Share      *Share // how large it is; nil where that is not stated
	Indirect   bool   // held through others: a statement about the whole of their shares
	Beneficial bool   // the source states that the owner is a beneficial owner of the company
	From, To   string // dates (YYYY-MM-DD) between which it holds, To excluded; empty: unbounded
	Source     Source
	Reason     string // why Owner is empty: a code of the source
}

// Source is who states a link.
type Source string

// The sources. A link without one counts as declared.
const (
	Declared Source = "declared" // by the applicant
	Registry Source = "registry" // by a public register
	Document Source = "document" // read from a document
)

// Structure is what is stated about the owners of an organization.
type Structure struct {
	Subject string // id of the party that is assessed
	Parties []Party
	Links   []Link
}

// Check finds what cannot be meant. Errors: Invalid, with all places; ids and names are not repeated.
func (s Structure) Check() error {
	e := problem.New(problem.Invalid, "The ownership structure has problems.")
	kindOf := map[string]Kind{}
	for i, p := range s.Parties {
		at := fmt.Sprintf("parties[%d]", i)
		if p.ID == "" {
			e.With(at+".id", "required", "a party must have an id")
		} else if _, twice := kindOf[p.ID]; twice {
			e.With(at+".id", "duplicate", "another party has this id")
		}
		if !slices.Contains(kinds(), p.Kind) {
			e.With(at+".kind", "enum", "must be one of %s", list(kinds()))
		}
		kindOf[p.ID] = p.Kind
	}
	if kind, known := kindOf[s.Subject]; !known {
		e.With("subject", "unknown", "no party has this id")
	} else if kind.human() {
		e.With("subject", "type", "the subject must be an organization or an arrangement, not a person")
	}
	for i, l := range s.Links {
		checkLink(e, fmt.Sprintf("links[%d]", i), l, kindOf)
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

func checkLink(e *problem.Error, at string, l Link, kindOf map[string]Kind) {
	if _, known := kindOf[l.Owner]; l.Owner != "" && !known {
		e.With(at+".owner", "unknown", "no party has this id")
	}
	if kind, known := kindOf[l.Company]; !known {
		e.With(at+".company", "unknown", "no party has this id")
	} else if kind.human() {
		e.With(at+".company", "type", "nobody can hold an interest in a person")
	}
	if _, known := roles[l.Interest]; !known {
		e.With(at+".interest", "enum", "must be one of %s", list(interestNames()))
	}
	if l.Share != nil {
		if err := l.Share.Check(); err != nil {
			e.With(at+".share", "range", "the share %s", err.Error())
		}
	}
	if l.From != "" && l.To != "" && l.To < l.From {
		e.With(at+".to", "range", "the link ends before it begins")
	}
}

// interestNames are all interests, sorted.
func interestNames() []Interest {
	all := make([]Interest, 0, len(roles))
	for interest := range roles {
		all = append(all, interest)
	}
	slices.Sort(all)
	return all
}

// list writes values as a sentence does: a, b or c.
func list[T ~string](values []T) string {
	text := ""
	for i, value := range values {
		switch {
		case i > 0 && i == len(values)-1:
			text += " or "
		case i > 0:
			text += ", "
		}
		text += string(value)
	}
	return text
}

// sorted sorts parties and links so that results do not depend on the order in which they are stated.
func (s Structure) sorted() Structure {
	s.Parties, s.Links = slices.Clone(s.Parties), slices.Clone(s.Links)
	slices.SortStableFunc(s.Parties, func(a, b Party) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(s.Links, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.Company, b.Company), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Interest, b.Interest),
			cmp.Compare(a.source(), b.source()), cmp.Compare(a.ID, b.ID), a.compareShares(b))
	})
	return s
}

func (l Link) compareShares(m Link) int {
	a, b := l.share(), m.share()
	return cmp.Or(a.Low.Cmp(b.Low), a.High.Cmp(b.High), cmp.Compare(l.From, m.From), cmp.Compare(l.To, m.To))
}

func (l Link) source() Source { return cmp.Or(l.Source, Declared) }

// share is how large the interest is; unknown where it is not stated.
func (l Link) share() Share {
	if l.Share == nil {
		return Unknown()
	}
	return *l.Share
}

// holds reports whether the link holds on a day (YYYY-MM-DD).
func (l Link) holds(day string) bool {
	return (l.From == "" || l.From <= day) && (l.To == "" || day < l.To)
}
