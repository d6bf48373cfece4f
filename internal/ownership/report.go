package ownership

// Report is an assessment as it is sent and printed. Shares are percentages, as decimal texts with at most twelve places, the lower bound
// rounded down and the upper rounded up.
type Report struct {
	Subject     string          `json:"subject"`
	Name        string          `json:"name"` // of the subject; its id where it has none
	AsOf        string          `json:"as_of"`
	Rule        ReportRule      `json:"rule"`
	People      []ReportPerson  `json:"people"`
	Findings    []ReportFinding `json:"findings"`
	Unexplained ReportShare     `json:"unexplained"`
	Rounded     bool            `json:"rounded,omitempty"` // bounds are a little wider than exact ones, because circles are too large
}

// ReportRule is the rule that was applied.
type ReportRule struct {
	ID        string `json:"id"`
	Threshold string `json:"threshold"`
	Inclusive bool   `json:"inclusive"` // the threshold itself is enough
	Basis     string `json:"basis"`
}

// ReportShare is an interval.
type ReportShare struct {
	Low       string `json:"low"`
	High      string `json:"high"`
	OverLow   bool   `json:"over_low,omitempty"`   // more than low
	UnderHigh bool   `json:"under_high,omitempty"` // less than high
}

// ReportPerson is a person.
type ReportPerson struct {
	ID              string       `json:"id"`
	Name            string       `json:"name"`
	Share           ReportShare  `json:"share"`
	Votes           ReportShare  `json:"votes"` // with companies under the person's control
	Control         bool         `json:"control"`
	PossibleControl bool         `json:"possible_control,omitempty"`
	BeneficialOwner Verdict      `json:"beneficial_owner"`
	Bases           []Basis      `json:"bases"` // of yes or unknown
	Paths           []ReportPath `json:"paths"`
	MorePaths       bool         `json:"more_paths,omitempty"`
}

// ReportPath is a chain, from the person to the subject.
type ReportPath struct {
	Parties []string     `json:"parties"`
	Steps   []ReportStep `json:"steps"`
	Share   ReportShare  `json:"share"`
	Total   bool         `json:"total,omitempty"` // stated as the sum of all chains, not one of them
}

// ReportStep is a link of a path.
type ReportStep struct {
	Owner   string      `json:"owner"`
	Company string      `json:"company"`
	Share   ReportShare `json:"share"`
	Control bool        `json:"control,omitempty"` // by a right of its own
	Text    string      `json:"text"`              // "60 %", "30 %, control", "role in trust"
}

// ReportFinding is a finding.
type ReportFinding struct {
	Code    Code              `json:"code"`
	Party   string            `json:"party"`
	Owner   string            `json:"owner,omitempty"`
	Parties []string          `json:"parties,omitempty"`
	Share   *ReportShare      `json:"share,omitempty"`
	Stated  []ReportStatement `json:"stated,omitempty"`
	Text    string            `json:"text"`
	Ask     string            `json:"ask,omitempty"` // what to ask the applicant
}

// ReportStatement is what one source states.
type ReportStatement struct {
	Source Source      `json:"source"`
	Share  ReportShare `json:"share"`
}

// Report is the assessment as it is sent and printed.
func (a Assessment) Report() Report {
	r := Report{
		Subject: a.Subject, Name: a.Name, AsOf: a.Day, Unexplained: reported(a.Unexplained), Rounded: a.Rounded,
		Rule:   ReportRule{ID: a.Rule.ID, Threshold: percent(a.Rule.Threshold, false), Inclusive: a.Rule.Inclusive, Basis: a.Rule.Basis},
		People: []ReportPerson{}, Findings: []ReportFinding{},
	}
	for _, p := range a.People {
		r.People = append(r.People, p.report())
	}
	for _, f := range a.Findings {
		finding := ReportFinding{Code: f.Code, Party: f.Party, Owner: f.Owner, Parties: f.Parties, Text: f.Text, Ask: f.Ask}
		if f.Share != nil {
			share := reported(*f.Share)
			finding.Share = &share
		}
		for _, s := range f.Stated {
			finding.Stated = append(finding.Stated, ReportStatement{s.Source, reported(s.Share)})
		}
		r.Findings = append(r.Findings, finding)
	}
	return r
}

func (p PersonResult) report() ReportPerson {
	result := ReportPerson{
		ID: p.ID, Name: p.Name, Share: reported(p.Share), Votes: reported(p.Votes), Control: p.Control, PossibleControl: p.MayBe,
		BeneficialOwner: p.Verdict, Bases: append([]Basis{}, p.Bases...), Paths: []ReportPath{}, MorePaths: p.MorePath,
	}
	for _, path := range p.Paths {
		shown := ReportPath{Share: reported(path.Share), Total: path.Total}
		for n, step := range path.Steps {
			if n == 0 {
				shown.Parties = append(shown.Parties, step.Owner)
			}
			shown.Parties = append(shown.Parties, step.Company)
			shown.Steps = append(shown.Steps, ReportStep{step.Owner, step.Company, reported(step.Share), step.Control, step.What})
		}
		result.Paths = append(result.Paths, shown)
	}
	return result
}

func reported(s Share) ReportShare {
	low, high := s.Decimals()
	return ReportShare{low, high, s.OverLow, s.UnderHigh}
}
