package document

import "time"

// CheckCase checks all documents of a case. applicant is what the case says of the person: name {given, family} and
// date_of_birth "YYYY-MM-DD"; what is absent is not compared.
func CheckCase(documents []Input, applicant map[string]any, required []Requirement, now time.Time) Report {
	return Report{Documents: []DocumentReport{}}
}
