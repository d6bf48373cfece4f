package docscan

import (
	"slices"
	"strings"
	"time"

	"ballerine/internal/country"
	"ballerine/internal/problem"
)

// CheckCase checks all documents of a case. applicant is what the case states about the person: name {given, family} (or
// given_name, family_name) and date_of_birth "YYYY-MM-DD"; absent members are not compared. The same input produces the
// same report, in the order of the documents, the missing ones after them.
//
// A document that was not uploaded or is refused drops out if a later one of the same kind and side is checked: the
// applicant has tried again. Documents that a reviewer has rejected must not be passed.
func CheckCase(documents []Input, applicant map[string]any, required []Requirement, now time.Time) Report {
	report := Report{Documents: []DocumentReport{}, Passed: true}
	first := make([]DocumentReport, len(documents))
	for i, input := range documents {
		first[i] = checkFile(input)
	}
	for i, input := range documents {
		checked := first[i]
		if replaced(checked, first[i+1:]) {
			continue
		}
		if checked.Status == Checked {
			report.zone(checkContent(&checked, input, applicant, now))
		}
		report.Documents = append(report.Documents, checked)
	}
	report.Documents = append(report.Documents, missingOf(documents, report.Documents, required)...)
	report.sum()
	return report
}

// zone keeps the first zone, or the first that was read.
func (r *Report) zone(found *MRZReport) {
	if found != nil && (r.MRZ == nil || r.MRZ.Source == sourceDeclared && found.Source == sourceRead) {
		r.MRZ = found
	}
}

// sum states what all documents come to.
func (r *Report) sum() {
	for _, d := range r.Documents {
		r.FindingsCount += len(d.Findings)
		for _, f := range d.Findings {
			if rank(f.Severity) > rank(r.Severity) {
				r.Severity = f.Severity
			}
		}
		if d.Expiry != nil && (r.Expired == nil || d.Expiry.Expired) {
			r.Expired = answer(d.Expiry.Expired)
		}
		r.Passed = r.Passed && d.Status == Checked
	}
	r.Passed = r.Passed && r.Severity != high
	r.Confirmed = r.MRZ != nil && r.MRZ.Confirmed
}

func rank(s Severity) int { return slices.Index([]Severity{"", low, medium, high}, s) }

func (d *DocumentReport) find(code string, severity Severity, source Source, message string) {
	d.Findings = append(d.Findings, Finding{code, severity, message, source})
}

// checkFile reports whether the file is of the kind that it should be and can be opened.
func checkFile(input Input) DocumentReport {
	r := DocumentReport{ID: input.ID, Kind: input.Kind, Side: input.Side, Status: Checked, Findings: []Finding{}}
	if len(input.Head) == 0 {
		r.Status = Missing
		r.find("not_uploaded", high, sourceRead, "The document was announced and not uploaded.")
		return r
	}
	contentType, err := sniff(input.Head, input.ContentType)
	if err != nil {
		r.Status = Refused
		r.find("content_type", high, sourceRead, problem.As(err).Message)
		return r
	}
	r.Looked = input.Look.Done
	findings, refuse := checkImage(contentType, input)
	r.Findings = append(r.Findings, findings...)
	r.Findings = append(r.Findings, checkPDF(contentType, input.Head)...)
	if refuse {
		r.Status = Refused
	}
	return r
}

// checkContent checks what was read and what was declared against the case, the clock and each other. It returns the zone.
func checkContent(r *DocumentReport, input Input, applicant map[string]any, now time.Time) *MRZReport {
	declared, typed := r.readZone(property(input, "mrz"), sourceDeclared)
	zone, source, known := declared, sourceDeclared, typed
	var confidence *float64
	if input.Read != nil {
		if read, ok := r.readZone(input.Read.MRZ, sourceRead); ok {
			zone, source, known, confidence = read, sourceRead, true, &input.Read.Confidence
			if typed && !sameZone(read, declared) {
				r.find("mrz_differs", high, sourceDeclared, "The zone that was declared is not the one in the picture.")
			}
		}
	}
	if input.ZoneSought && input.Look.Whole && input.Read == nil && ZoneOf(input.Kind) == ZoneAlways && input.Side != "back" {
		r.find("mrz_not_read", low, sourceRead, "The machine-readable zone could not be read in the picture: what was typed was not compared with it.")
	}
	var found *MRZReport
	if known {
		before := len(r.Findings)
		found = r.compare(zone, source, applicant, now)
		r.number(zone, property(input, "number"))
		r.issuer(zone, source, input.Issuers)
		found.Confidence = confidence
		found.Confirmed = source == sourceRead && input.Read.Confidence >= minConfidence && found.Valid && len(r.Findings) == before && !r.has("mrz_differs")
	}
	r.expiry(zone, source, known, input.Properties["expires"], now)
	if found != nil && r.has("expiry_differs") {
		found.Confirmed = false
	}
	return found
}

func property(input Input, name string) string {
	value, _ := input.Properties[name].(string)
	return strings.TrimSpace(value)
}

func (d *DocumentReport) has(code string) bool {
	return slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Code == code })
}

// readZone reads a zone and records what is wrong with it. False if there is none.
func (d *DocumentReport) readZone(written string, source Source) (MRZ, bool) {
	if written == "" {
		return MRZ{}, false
	}
	zone, err := ReadMRZ(written)
	if err != nil {
		for _, f := range problem.As(err).Fields {
			d.find("mrz_"+f.Code, high, source, f.Message)
		}
		return MRZ{}, false
	}
	for _, f := range zone.Findings {
		d.find(f.Code, f.Severity, source, f.Message)
	}
	return zone, true
}

// sameZone reports whether two readings are of the same document.
func sameZone(a, b MRZ) bool {
	a.Findings, b.Findings = nil, nil
	return a.Format == b.Format && a.DocumentNumber == b.DocumentNumber && a.IssuingState == b.IssuingState && a.Nationality == b.Nationality &&
		a.Birth == b.Birth && a.Expiry == b.Expiry && a.Surname == b.Surname && a.GivenNames == b.GivenNames
}

// replaced reports whether the document failed and a later one replaces it.
func replaced(d DocumentReport, later []DocumentReport) bool {
	return d.Status != Checked && slices.ContainsFunc(later, func(l DocumentReport) bool {
		return l.Kind == d.Kind && l.Side == d.Side && l.Status == Checked
	})
}

// compare checks a zone against the clock and against what was declared of the person.
func (d *DocumentReport) compare(zone MRZ, source Source, applicant map[string]any, now time.Time) *MRZReport {
	r := &MRZReport{
		Source: source, Valid: zone.Valid(), Format: string(zone.Format), IssuingState: zone.IssuingState, Nationality: zone.Nationality, Sex: zone.Sex,
	}
	if expiry, ok := zone.ExpiryDate(now); ok {
		r.ExpiryDate = expiry.Format(time.DateOnly)
		r.Expired = answer(day(now).After(expiry))
	}
	given, family := declaredName(applicant)
	matches, odd := compareName(zone, given, family)
	r.NameMatches = matches
	switch {
	case given == "" || family == "":
		d.find("name_not_given", medium, source, "The case has no name with which the document's could be compared.")
	case matches == nil:
		d.find("name_not_comparable", high, source, "The declared name, or a part of it, has no machine-readable form: a person has to compare it.")
	case !*matches:
		d.find("name_differs", medium, source, "The name is not the one that was declared.")
	}
	if odd {
		d.find("name_unusual_characters", high, sourceDeclared, "The declared name has characters that do not occur in names on documents, or mixes scripts: searches for it may find nothing.")
	}
	birth, known := zone.BirthDate(now)
	if declared, ok := declaredBirth(applicant); ok && known {
		r.DateOfBirthMatches = answer(declared.Equal(birth))
		if !*r.DateOfBirthMatches {
			d.find("date_of_birth_differs", medium, source, "The date of birth differs from the declared one.")
		}
	}
	return r
}

// number compares the number that was typed with the zone's.
func (d *DocumentReport) number(zone MRZ, typed string) {
	plain := func(number string) string {
		return strings.ToUpper(strings.Map(func(r rune) rune {
			if r == '<' || separates(r) {
				return -1
			}
			return r
		}, number))
	}
	if typed != "" && zone.DocumentNumber != "" && plain(typed) != plain(zone.DocumentNumber) {
		d.find("number_differs", medium, sourceDeclared, "The number that was declared is not the one in the zone.")
	}
}

// issuer judges whether documents of the state that issued it are taken.
func (d *DocumentReport) issuer(zone MRZ, source Source, taken []string) {
	if len(taken) > 0 && zone.IssuingState != "" && !slices.Contains(taken, country.Three(zone.IssuingState)) {
		d.find("issuer_not_accepted", high, source, "Documents of this kind are not accepted from the state that has issued it.")
	}
}

// expiry judges when the document expires by all sources: of two dates the sooner one counts, and a difference between
// them is a finding.
func (d *DocumentReport) expiry(zone MRZ, source Source, known bool, property any, now time.Time) {
	dates := []Expiry{}
	add := func(date time.Time, source Source) {
		dates = append(dates, Expiry{date.Format(time.DateOnly), day(now).After(date), source})
	}
	if known {
		if date, ok := zone.ExpiryDate(now); ok {
			add(date, source)
		}
	}
	if property != nil {
		if date, ok := dateOf(property); ok {
			add(date, sourceDeclared)
		} else {
			d.find("expires_unreadable", medium, sourceDeclared, "The declared date of expiry is not a date.")
		}
	}
	if len(dates) == 0 {
		return
	}
	if len(dates) == 2 && dates[0].Date != dates[1].Date {
		d.find("expiry_differs", medium, sourceDeclared, "The date of expiry that was declared is not the one in the zone.")
	}
	soonest := slices.MinFunc(dates, func(a, b Expiry) int { return strings.Compare(a.Date, b.Date) })
	d.Expiry = &soonest
	if soonest.Expired {
		d.find("expired", medium, soonest.Source, "The document has expired.")
	}
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
	return dateOf(applicant["date_of_birth"])
}

// dateOf reads "YYYY-MM-DD"; a time after the date does not matter.
func dateOf(value any) (time.Time, bool) {
	written, _ := value.(string)
	if len(written) > 10 && (written[10] == 'T' || written[10] == ' ') {
		written = written[:10]
	}
	date, err := time.Parse(time.DateOnly, written)
	return date, err == nil
}

// missingOf lists what is required and has not been uploaded at all.
func missingOf(documents []Input, checked []DocumentReport, required []Requirement) []DocumentReport {
	var missing []DocumentReport
	add := func(kind, side, code, message string) {
		missing = append(missing, DocumentReport{Kind: kind, Side: side, Status: Missing, Findings: []Finding{{code, high, message, sourceRead}}})
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
			add(want.Kind, side, "missing", "The document is required but was not uploaded.")
		}
		if want.MRZ && announced && !slices.ContainsFunc(documents, func(d Input) bool { return d.Kind == want.Kind && hasZone(d) }) {
			add(want.Kind, "", "mrz_missing", "No document of this kind has a readable machine-readable zone.")
		}
	}
	return missing
}

func hasZone(input Input) bool {
	_, err := ReadMRZ(property(input, "mrz"))
	if err != nil && input.Read != nil {
		_, err = ReadMRZ(input.Read.MRZ)
	}
	return err == nil
}
