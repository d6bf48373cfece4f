// Package linediff computes the lines that differ between two texts, as hunks of a unified diff.
package linediff

import "strings"

// Diff is what turns the old text into the new one.
type Diff struct {
	Added   int    `json:"added"`   // lines
	Removed int    `json:"removed"` // lines
	Hunks   []Hunk `json:"hunks" nullable:"false"`
	Cut     bool   `json:"cut,omitempty" doc:"further hunks were left out: there are too many"`
}

// Hunk is a stretch of lines that differ, with up to three lines around them that do not.
type Hunk struct {
	OldStart int      `json:"old_start" doc:"number of its first line in the old text, from 1; if it has none there, of the line before"`
	OldLines int      `json:"old_lines"`
	NewStart int      `json:"new_start" doc:"the same in the new text"`
	NewLines int      `json:"new_lines"`
	Lines    []string `json:"lines" nullable:"false" doc:"each begins with a space (in both), - (in the old text), + (in the new one), or a backslash (the line before does not end in a line break)"`
}

// around is how many lines that do not differ are shown on each side of those that do.
const around = 3

// unended stands below a last line without a line break.
const unended = `\ No newline at end of file`

// Of compares two texts. The diff is a shortest one unless they differ in more than a thousand lines or so.
func Of(before, after string) Diff {
	a, b := lines(before), lines(after)
	d := Diff{Hunks: []Hunk{}}
	edits := script(a, b)
	for i := 0; i < len(edits); {
		if edits[i].kind == same {
			i++
			continue
		}
		end := i // one behind the hunk's last edit that is none
		for j := i; j < len(edits) && j <= end+2*around+1; j++ {
			if edits[j].kind != same {
				end = j
			}
		}
		d.add(edits[max(0, i-around):min(len(edits), end+1+around)], a, b)
		i = end + 1
	}
	return d
}

// add makes a hunk of edits.
func (d *Diff) add(edits []edit, a, b []string) {
	h := Hunk{OldStart: edits[0].old, NewStart: edits[0].new}
	for _, e := range edits {
		text := ""
		switch e.kind {
		case same:
			text = " " + a[e.old]
			h.OldLines, h.NewLines = h.OldLines+1, h.NewLines+1
		case removed:
			text = "-" + a[e.old]
			h.OldLines, d.Removed = h.OldLines+1, d.Removed+1
		case added:
			text = "+" + b[e.new]
			h.NewLines, d.Added = h.NewLines+1, d.Added+1
		}
		line, ended := strings.CutSuffix(text, "\n")
		if h.Lines = append(h.Lines, line); !ended {
			h.Lines = append(h.Lines, unended)
		}
	}
	if h.OldLines > 0 {
		h.OldStart++
	}
	if h.NewLines > 0 {
		h.NewStart++
	}
	d.Hunks = append(d.Hunks, h)
}

// Within drops all hunks from the first one that does not fit into so many bytes, and returns how many remain.
func (d *Diff) Within(bytes int) (left int) {
	for i, h := range d.Hunks {
		size := 0
		for _, line := range h.Lines {
			size += len(line) + 1
		}
		if size > bytes {
			d.Hunks, d.Cut = d.Hunks[:i], true
			break
		}
		bytes -= size
	}
	return bytes
}

// lines are a text's lines with their line breaks, so that it is known whether the last one has one.
func lines(text string) []string {
	found := strings.SplitAfter(text, "\n")
	if found[len(found)-1] == "" {
		found = found[:len(found)-1]
	}
	return found
}
