package document

// Severity of a finding.
type Severity string

// A high finding keeps a case's documents from passing; a medium one is for rules and reviewers to weigh; a low one is a remark.
const (
	Low    Severity = "low"
	Medium Severity = "medium"
	High   Severity = "high"
)

// Finding is one thing that was noticed. It never carries a value.
type Finding struct {
	Code     string   `json:"code"` // "check_digit", "expired", "too_small", …
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
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
	Head        []byte         // the first HeadSize bytes, or all; empty when nothing has been uploaded
	Properties  map[string]any // as declared; "mrz" is the text of the machine-readable zone
}

// HeadSize is how many bytes of a document CheckCase needs at most.
const HeadSize = 1 << 20

// Requirement is a kind of document that a case must have. Without sides one document of the kind is enough.
type Requirement struct {
	Kind  string
	Sides []string
	MRZ   bool // at least one document of the kind must carry a readable zone
}

// Report is what checking the documents of a case gave. Its JSON is a contract: rules and guards read it.
type Report struct {
	Passed        bool             `json:"passed"` // nothing missing or refused, and no finding of severity high
	Documents     []DocumentReport `json:"documents"`
	FindingsCount int              `json:"findings_count"`
	MRZ           *MRZReport       `json:"mrz"` // of the first document that has a readable zone; null without one
}

// DocumentReport is what was found about one document.
type DocumentReport struct {
	ID       string    `json:"id"` // "" when missing
	Kind     string    `json:"kind"`
	Side     string    `json:"side"`
	Status   Status    `json:"status"`
	Findings []Finding `json:"findings"`
}

// MRZReport is what the machine-readable zone says, without names and numbers. A null means: cannot be told.
type MRZReport struct {
	Valid              bool   `json:"valid"`  // the format and all check digits hold
	Format             string `json:"format"` // "TD1", "TD2", "TD3"
	NameMatches        *bool  `json:"name_matches"`
	DateOfBirthMatches *bool  `json:"date_of_birth_matches"`
	Expired            *bool  `json:"expired"`
	ExpiryDate         string `json:"expiry_date"`   // "2012-04-15"; "" when it cannot be told
	IssuingState       string `json:"issuing_state"` // "UTO"
	Nationality        string `json:"nationality"`
	Sex                string `json:"sex"` // "F", "M", "X" (not specified), "" (not readable)
}
