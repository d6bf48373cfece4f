package document

import (
	"slices"
	"strings"
	"time"

	"ballerine/internal/problem"
)

// CheckCase checks all documents of a case. applicant is what the case says of the person: name {given, family} (or
// given_name, family_name) and date_of_birth "YYYY-MM-DD"; what is absent is not compared. The same input gives the same
// report, in the order of the documents, the missing ones after them.
//
// A document that was not uploaded or is refused drops out when a later one of the same kind and side is checked: the
// applicant has tried again. Documents that a reviewer has turned down must not be given.
func CheckCase(documents []Input, applicant map[string]any, required []Requirement, now time.Time) Report {
	report := Report{Documents: []DocumentReport{}}
	first := make([]DocumentReport, len(documents))
	for i, input := range documents {
		first[i] = checkOne(input)
	}
	for i, input := range documents {
		checked := first[i]
		if replaced(checked, first[i+1:]) {
			continue
		}
		if zone, ok := zoneOf(input); ok && checked.Status == Checked {
			found, findings := compare(zone, applicant, now)
			checked.Findings = append(checked.Findings, findings...)
			if report.MRZ == nil {
				report.MRZ = found
			}
		}
		report.Documents = append(report.Documents, checked)
	}
	report.Documents = append(report.Documents, missingOf(documents, report.Documents, required)...)
	report.Passed = true
	for _, d := range report.Documents {
		report.FindingsCount += len(d.Findings)
		high := slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Severity == High })
		if d.Status != Checked || high {
			report.Passed = false
		}
	}
	return report
}

func checkOne(input Input) DocumentReport {
	r := DocumentReport{ID: input.ID, Kind: input.Kind, Side: input.Side, Status: Checked, Findings: []Finding{}}
	if len(input.Head) == 0 {
		r.Status = Missing
		r.Findings = append(r.Findings, Finding{"not_uploaded", High, "The document was announced and not uploaded."})
		return r
	}
	contentType, err := Sniff(input.Head, input.ContentType)
	if err != nil {
		r.Status = Refused
		r.Findings = append(r.Findings, Finding{"content_type", High, problem.As(err).Message})
		return r
	}
	findings, refuse := checkImage(contentType, input.Head)
	r.Findings = append(r.Findings, findings...)
	r.Findings = append(r.Findings, checkPDF(contentType, input.Head)...)
	if refuse {
		r.Status = Refused
		return r
	}
	if text, ok := input.Properties["mrz"].(string); ok && strings.TrimSpace(text) != "" {
		zone, err := ReadMRZ(text)
		if err != nil {
			for _, f := range problem.As(err).Fields {
				r.Findings = append(r.Findings, Finding{"mrz_" + f.Code, High, f.Message})
			}
		}
		r.Findings = append(r.Findings, zone.Findings...)
	}
	return r
}

// replaced says whether the document came to nothing and a later one took its place.
func replaced(d DocumentReport, later []DocumentReport) bool {
	return d.Status != Checked && slices.ContainsFunc(later, func(l DocumentReport) bool {
		return l.Kind == d.Kind && l.Side == d.Side && l.Status == Checked
	})
}

func zoneOf(input Input) (MRZ, bool) {
	text, ok := input.Properties["mrz"].(string)
	if !ok || strings.TrimSpace(text) == "" {
		return MRZ{}, false
	}
	zone, err := ReadMRZ(text)
	return zone, err == nil
}

// compare holds a zone against the clock and against what was declared.
func compare(zone MRZ, applicant map[string]any, now time.Time) (*MRZReport, []Finding) {
	var findings []Finding
	add := func(code string, severity Severity, message string) {
		findings = append(findings, Finding{code, severity, message})
	}
	r := &MRZReport{
		Valid: zone.Valid(), Format: string(zone.Format), IssuingState: zone.IssuingState, Nationality: zone.Nationality, Sex: zone.Sex,
	}
	if expiry, ok := zone.ExpiryDate(now); ok {
		r.ExpiryDate = expiry.Format(time.DateOnly)
		r.Expired = answer(day(now).After(expiry))
		if *r.Expired {
			add("expired", Medium, "The document has expired.")
		}
	}
	given, family := declaredName(applicant)
	r.NameMatches = nameMatches(zone, given, family)
	switch {
	case r.NameMatches != nil && !*r.NameMatches:
		add("name_differs", Medium, "The name is not the one that was declared.")
	case r.NameMatches == nil && given != "" && family != "":
		add("name_not_comparable", Low, "The declared name cannot be written as a zone would.")
	}
	birth, known := zone.BirthDate(now)
	if declared, ok := declaredBirth(applicant); ok && known {
		r.DateOfBirthMatches = answer(declared.Equal(birth))
		if !*r.DateOfBirthMatches {
			add("date_of_birth_differs", Medium, "The date of birth is not the one that was declared.")
		}
	}
	return r, findings
}

func declaredName(applicant map[string]any) (given, family string) {
	if name, ok := applicant["name"].(map[string]any); ok {
		given, _ = name["given"].(string)
		family, _ = name["family"].(string)
	}
	if given == "" {
		given, _ = applicant["given_name"].(string)
	}
	if family == "" {
		family, _ = applicant["family_name"].(string)
	}
	return strings.TrimSpace(given), strings.TrimSpace(family)
}

func declaredBirth(applicant map[string]any) (time.Time, bool) {
	text, _ := applicant["date_of_birth"].(string)
	if len(text) > 10 { // a time after the date does not matter
		text = text[:10]
	}
	date, err := time.Parse(time.DateOnly, text)
	return date, err == nil
}

// missingOf lists what is required and has not been uploaded at all.
func missingOf(documents []Input, checked []DocumentReport, required []Requirement) []DocumentReport {
	var missing []DocumentReport
	add := func(kind, side, code, message string) {
		missing = append(missing, DocumentReport{Kind: kind, Side: side, Status: Missing, Findings: []Finding{{code, High, message}}})
	}
	for _, want := range required {
		sides := want.Sides
		if len(sides) == 0 {
			sides = []string{""}
		}
		announced := false
		for _, side := range sides {
			if slices.ContainsFunc(checked, func(d DocumentReport) bool { return d.Kind == want.Kind && (side == "" || d.Side == side) }) {
				announced = true
				continue
			}
			add(want.Kind, side, "missing", "The document is required and was not given.")
		}
		if want.MRZ && announced && !slices.ContainsFunc(documents, func(d Input) bool {
			_, ok := zoneOf(d)
			return ok && d.Kind == want.Kind
		}) {
			add(want.Kind, "", "mrz_missing", "No document of this kind has a readable machine-readable zone.")
		}
	}
	return missing
}
