package docs

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// kindsOfChange are the headings of a release, in their order.
var kindsOfChange = []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}

// changelogFaults checks headings: kinds of change in their order, each at most once in a release, then topics, each once in its kind;
// nothing without content, and no entry outside a topic.
func changelogFaults(text string) (faults []string) {
	var open []string // the headings around a line, from the release on
	var topics []string
	filled, last := true, -1
	fault := func(line int, format string, args ...any) {
		faults = append(faults, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		level := len(line) - len(strings.TrimLeft(line, "#"))
		title := strings.TrimSpace(line[level:])
		switch {
		case level == 0 && title == "":
			continue
		case level == 0:
			if len(open) > 0 && len(open) < 3 {
				fault(i+1, "an entry of %s has no topic", strings.Join(open, ", "))
			}
			filled = true
			continue
		case level == 1 && i == 0:
			continue
		case level < 2 || level > 4 || level > len(open)+2:
			fault(i+1, "%q is at the wrong level", line)
			continue
		}
		if !filled && level <= len(open)+1 && !slices.Equal(open, []string{"Unreleased"}) {
			fault(i+1, "%q has no entry", open[len(open)-1])
		}
		open, filled = append(open[:level-2], title), false
		switch level {
		case 2:
			last = -1
		case 3:
			kind := slices.Index(kindsOfChange, title)
			if topics = nil; kind < 0 {
				fault(i+1, "%q is none of %v", title, kindsOfChange)
			} else if kind <= last {
				fault(i+1, "%q is out of order or repeated", title)
			}
			last = max(last, kind)
		case 4:
			if slices.Contains(topics, title) {
				fault(i+1, "the topic %q is repeated", title)
			}
			topics = append(topics, title)
		}
	}
	if !filled && !slices.Equal(open, []string{"Unreleased"}) {
		fault(len(lines), "%q has no entry", open[len(open)-1])
	}
	return faults
}

func TestTheChangelogIsInOrder(t *testing.T) {
	text, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range changelogFaults(string(text)) {
		t.Error("CHANGELOG.md, " + fault)
	}
}

func TestFaultsOfAChangelogAreFound(t *testing.T) {
	for name, row := range map[string]struct{ text, fault string }{
		"another kind":        {"# Log\n## 1\n### New\n#### A\n- x\n", `"New" is none of`},
		"kinds out of order":  {"# Log\n## 1\n### Fixed\n#### A\n- x\n### Added\n#### A\n- x\n", `"Added" is out of order`},
		"a kind twice":        {"# Log\n## 1\n### Added\n#### A\n- x\n### Added\n#### B\n- x\n", `"Added" is out of order or repeated`},
		"a topic twice":       {"# Log\n## 1\n### Added\n#### A\n- x\n#### A\n- y\n", `the topic "A" is repeated`},
		"an empty topic":      {"# Log\n## 1\n### Added\n#### A\n#### B\n- x\n", `"A" has no entry`},
		"an empty kind":       {"# Log\n## 1\n### Added\n### Fixed\n#### B\n- x\n", `"Added" has no entry`},
		"an empty end":        {"# Log\n## 1\n### Added\n#### A\n- x\n#### B\n", `"B" has no entry`},
		"an entry by itself":  {"# Log\n## 1\n### Added\n- x\n", "has no topic"},
		"a topic by itself":   {"# Log\n## 1\n#### A\n- x\n", "at the wrong level"},
		"a heading too low":   {"# Log\n## 1\n### Added\n#### A\n- x\n##### B\n- x\n", "at the wrong level"},
		"a second title":      {"# Log\n# Log\n## 1\n### Added\n#### A\n- x\n", "at the wrong level"},
		"nothing new":         {"# Log\n## Unreleased\n## 1\n### Added\n#### A\n- x\n", ""},
		"nothing in disorder": {"# Log\n\nText.\n## 2\n### Added\n#### A\n- x\n### Security\n#### A\n- x\n## 1\n### Added\n#### A\n- x\n", ""},
	} {
		faults := strings.Join(changelogFaults(row.text), "\n")
		if row.fault == "" && faults != "" || !strings.Contains(faults, row.fault) {
			t.Errorf("%s: found %q, want %q", name, faults, row.fault)
		}
	}
}
