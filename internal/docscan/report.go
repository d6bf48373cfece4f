package docscan

// Severity of a finding.
type Severity string

// A high finding keeps a case's documents from passing; a medium one is for rules and reviewers to weigh; a low one is a remark.
const (
	low    Severity = "low"
	medium Severity = "medium"
	high   Severity = "high"
)

// Source is the origin of a statement.
type Source string

// What people have typed is a claim: it is declared, and proves nothing about a document. What was read was found in the
// uploaded file.
const (
	sourceDeclared Source = "declared"
	sourceRead     Source = "read"
)

// Finding is one thing that was noticed. It never carries a value.
type Finding struct {
	Code     string   `json:"code"` // "check_digit", "expired", "too_small", …
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Source   Source   `json:"source"` // of what it was noticed in; of two that disagree, the weaker one
}

// Status of one document in a report.
type Status string

// A document was checked, is missing, or is refused: not what it was announced to be, or harmful to open.
const (
	Checked Status = "checked"
	Missing Status = "missing"
	Refused Status = "refused"
)

// Input is one document of a case.
type Input struct {
	ID          string
	Kind        string         // "passport", "id_card", …
	Side        string         // "front", "back" or ""
	ContentType string         // as announced
	Head        []byte         // the first HeadSize bytes, or all; empty if there is no upload
	Look        Look           // the result of LookAt; zero: it was not called
	ZoneSought  bool           // LookAt was to read the zone
	Properties  map[string]any // as declared: "mrz" is the text of the zone, "expires" a date, "number" the document's
	Issuers     []string       // states whose documents of the kind are taken, by three letters; empty: all
	Read        *Reading       // what a reader has read in the picture; nil: nothing
}

// Reading is what was read in the picture of a document.
type Reading struct {
	MRZ        string  // the zone as text
	Confidence float64 // from 0 to 1
}

// minConfidence is how sure a reader must be for what it has read to confirm a document.
const minConfidence = 0.9

// HeadSize is how many bytes of a document CheckCase needs at most.
const HeadSize = 1 << 20

// Requirement is a kind of document that a case must have. Without sides one document of the kind is enough.
type Requirement struct {
	Kind  string
	Sides []string
	MRZ   bool // at least one document of the kind must carry a readable zone
}

// Report is the result of checking the documents of a case. Its JSON is a contract: rules and guards read it.
type Report struct {
	Passed        bool             `json:"passed"`    // nothing missing or refused, and no finding of severity high
	Confirmed     bool             `json:"confirmed"` // a zone was read in a picture without contradictions: see MRZReport
	Expired       *bool            `json:"expired"`   // some document has expired, by any source; null: no source states an expiry
	Severity      Severity         `json:"severity"`  // of the worst finding; "" without any
	Documents     []DocumentReport `json:"documents"`
	FindingsCount int              `json:"findings_count"`
	MRZ           *MRZReport       `json:"mrz"` // of the first document that has a readable zone, a read one first; null without one
}

// DocumentReport is what was found about one document.
type DocumentReport struct {
	ID       string    `json:"id"` // "" when missing
	Kind     string    `json:"kind"`
	Side     string    `json:"side"`
	Status   Status    `json:"status"`
	Looked   bool      `json:"looked"` // the picture was decoded and its pixels were judged
	Expiry   *Expiry   `json:"expiry"` // null: unknown
	Findings []Finding `json:"findings"`
}

// Expiry is when a document expires: the soonest of the stated dates.
type Expiry struct {
	Date    string `json:"date"` // "2012-04-15"
	Expired bool   `json:"expired"`
	Source  Source `json:"source"`
}

// MRZReport is what the machine-readable zone states, without names and numbers. A null means: unknown, which is never
// good.
type MRZReport struct {
	Source     Source   `json:"source"`     // declared: typed by somebody; read: found in the picture
	Confirmed  bool     `json:"confirmed"`  // it was read with confidence, is valid, and no declared data disagrees
	Confidence *float64 `json:"confidence"` // of the reader, from 0 to 1; null for a declared one

	Valid              bool   `json:"valid"`  // the format and all check digits hold
	Format             string `json:"format"` // "TD1", "TD2", "TD3"
	NameMatches        *bool  `json:"name_matches"`
	DateOfBirthMatches *bool  `json:"date_of_birth_matches"`
	Expired            *bool  `json:"expired"`
	ExpiryDate         string `json:"expiry_date"`   // "2012-04-15"; "" when it is unknown
	IssuingState       string `json:"issuing_state"` // "UTO"
	Nationality        string `json:"nationality"`
	Sex                string `json:"sex"` // "F", "M", "X" (not specified), "" (not readable)
}
