package rules

import (
	"fmt"
	"strings"
)

// Revision counts the corrections of what policies mean: it is raised by every change by which the same policy over the same
// input may decide otherwise. It is kept with each decision, so that a replay can distinguish a correction from a fault.
const Revision = 1 + len(corrections)

// corrections are what each revision after the first corrected. See docs/adr/0033-one-meaning-for-every-reader.md.
var corrections = [...]string{
	"missing or differently typed members of lists, letter case, dates with times, null in tables, tables with `missing: fire`, inexact sums, and json-logic's !! and cat",
	"values that violate the policy's inputs",
}

// checked is the first revision that checks values against the inputs. See docs/adr/0045-values-that-violate-the-inputs-never-count-as-good.md.
const checked = 3

// Checked reports whether a decision of a revision (0: the first) was made with its input checked. It is made again as it was made.
func Checked(revision int) bool { return revision >= checked }

// Corrected states what was corrected between the revision that made a decision (0: the first) and this one; "" if there were no corrections.
func Corrected(revision int) string { return explain(revision, corrections[:]) }

// CorrectedInReplays is Corrected without what a replay leaves as it was; see Checked.
func CorrectedInReplays(revision int) string { return explain(revision, corrections[:checked-2]) }

func explain(revision int, those []string) string {
	revision = max(1, revision)
	switch {
	case revision > Revision:
		return fmt.Sprintf("The decision was made by revision %d of the rules, which is newer than that of this software, %d.", revision, Revision)
	case revision > len(those):
		return ""
	}
	return fmt.Sprintf("The meaning of %s was corrected since: the decision was made by revision %d of the rules, now it is %d.", strings.Join(those[revision-1:], "; of "), revision, Revision)
}
