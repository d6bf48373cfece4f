// Package trial tries a draft of a policy beside its live version, on decisions that are being made. A shadow decides along
// and changes nothing; a challenger decides for a share of subjects, and counts.
//
// A trial is of one draft, which never changes, against one live version: when another version is published, the trial is
// outdated, and no longer takes part. What a trial did is in the ledger, with each decision; see ledger.TrialReport.
package trial
