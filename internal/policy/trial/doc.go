// Package trial evaluates a draft of a policy beside its live version, on live decisions. A shadow has no effect; a
// challenger decides for a share of subjects.
//
// A trial belongs to one draft, which never changes, and one live version: when another version is published, the trial is
// outdated and takes no further part. The ledger keeps the results with each decision; see ledger.TrialReport.
package trial
