package linediff

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestADiffShowsWhatDiffersAndThreeLinesAround(t *testing.T) {
	numbers := func(from, to rune) string {
		text := ""
		for n := from; n <= to; n++ {
			text += string(n) + "\n"
		}
		return text
	}
	for name, one := range map[string]struct {
		before, after string
		want          Diff
	}{
		"nothing":         {"a\nb\n", "a\nb\n", Diff{Hunks: []Hunk{}}},
		"both empty":      {"", "", Diff{Hunks: []Hunk{}}},
		"all new":         {"", "a\nb\n", Diff{2, 0, []Hunk{{0, 0, 1, 2, []string{"+a", "+b"}}}, false}},
		"all gone":        {"a\n", "", Diff{0, 1, []Hunk{{1, 1, 0, 0, []string{"-a"}}}, false}},
		"in the middle":   {numbers('a', 'i'), strings.Replace(numbers('a', 'i'), "e", "E", 1), Diff{1, 1, []Hunk{{2, 7, 2, 7, []string{" b", " c", " d", "-e", "+E", " f", " g", " h"}}}, false}},
		"near each other": {numbers('a', 'j'), strings.NewReplacer("b\n", "", "i", "I").Replace(numbers('a', 'j')), Diff{1, 2, []Hunk{{1, 10, 1, 9, []string{" a", "-b", " c", " d", " e", " f", " g", " h", "-i", "+I", " j"}}}, false}},
		"far from each other": {numbers('a', 'k'), strings.NewReplacer("b\n", "", "j", "J").Replace(numbers('a', 'k')), Diff{1, 2, []Hunk{
			{1, 5, 1, 4, []string{" a", "-b", " c", " d", " e"}}, {7, 5, 6, 5, []string{" g", " h", " i", "-j", "+J", " k"}},
		}, false}},
		"added between":     {"a\nb\n", "a\nx\nb\n", Diff{1, 0, []Hunk{{1, 2, 1, 3, []string{" a", "+x", " b"}}}, false}},
		"a line break less": {"a\nb\n", "a\nb", Diff{1, 1, []Hunk{{1, 2, 1, 2, []string{" a", "-b", "+b", unended}}}, false}},
		"a line break more": {"b", "b\n", Diff{1, 1, []Hunk{{1, 1, 1, 1, []string{"-b", unended, "+b"}}}, false}},
		"other line breaks": {"a\r\n", "a\n", Diff{1, 1, []Hunk{{1, 1, 1, 1, []string{"-a\r", "+a"}}}, false}},
	} {
		if diff := cmp.Diff(one.want, Of(one.before, one.after)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// applied is the old text with a diff laid over it, as `patch` does it.
func applied(t interface{ Fatalf(string, ...any) }, before string, d Diff) string {
	var out strings.Builder
	old, at, newAt := lines(before), 0, 0
	for _, h := range d.Hunks {
		start, newStart := h.OldStart-1, h.NewStart-1
		if h.OldLines == 0 {
			start++
		}
		if h.NewLines == 0 {
			newStart++
		}
		for ; at < start; at, newAt = at+1, newAt+1 {
			out.WriteString(old[at])
		}
		if newAt != newStart {
			t.Fatalf("a hunk says that it begins at line %d of the new text, and is at %d", newStart, newAt)
		}
		oldLines, newLines := 0, 0
		for i, line := range h.Lines {
			text := line[1:] + "\n"
			if i+1 < len(h.Lines) && h.Lines[i+1] == unended {
				text = line[1:]
			}
			switch line[0] {
			case '\\':
				continue
			case '+':
				out.WriteString(text)
				newLines++
				continue
			case ' ':
				out.WriteString(text)
				newLines++
			}
			if old[at] != text {
				t.Fatalf("a hunk has %q for line %d of the old text, which is %q", text, at+1, old[at])
			}
			at, oldLines = at+1, oldLines+1
		}
		if newAt += newLines; oldLines != h.OldLines || newLines != h.NewLines {
			t.Fatalf("a hunk says %d and %d lines, and has %d and %d", h.OldLines, h.NewLines, oldLines, newLines)
		}
	}
	for ; at < len(old); at++ {
		out.WriteString(old[at])
	}
	return out.String()
}

func TestADiffLaidOverTheOldTextGivesTheNewOne(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a\n", "b\n", "c\n", "\n", "\\\n", "-x\n"}), 0, 30).Draw(t, "lines"), "") + rapid.SampledFrom([]string{"", "a", "end"}).Draw(t, "end")
	})
	rapid.Check(t, func(t *rapid.T) {
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		d := Of(before, after)
		if got := applied(t, before, d); got != after {
			t.Fatalf("%q", got)
		}
		if (before == after) != (len(d.Hunks) == 0) {
			t.Fatalf("%+v", d)
		}
		if want := len(lines(before)) + len(lines(after)) - 2*common(lines(before), lines(after)); d.Added+d.Removed != want {
			t.Fatalf("%d edits, a shortest way has %d", d.Added+d.Removed, want)
		}
	})
}

// common is the length of the longest common subsequence, by the table that everybody knows.
func common(a, b []string) int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
	}
	for i := range a {
		for j := range b {
			table[i+1][j+1] = max(table[i][j+1], table[i+1][j])
			if a[i] == b[j] {
				table[i+1][j+1] = table[i][j] + 1
			}
		}
	}
	return table[len(a)][len(b)]
}

func TestTextsThatHaveNothingInCommonAreReplaced(t *testing.T) {
	var before, after []string
	for i := range 5 * maxEdits {
		before, after = append(before, strings.Repeat("a", i%90)+"\n"), append(after, strings.Repeat("b", i%80)+"+\n")
	}
	a, b := "head\n"+strings.Join(before, "")+"tail\n", "head\n"+strings.Join(after, "")+"tail\n"
	d := Of(a, b)
	if got := applied(t, a, d); got != b || d.Added != len(after) || d.Removed != len(before) || len(d.Hunks) != 1 {
		t.Errorf("%d added, %d removed, %d hunks, the new text: %t", d.Added, d.Removed, len(d.Hunks), got == b)
	}
}

func TestADiffIsCutWhereItIsTooLong(t *testing.T) {
	before, after := strings.Repeat("a\n", 20), "A\n"+strings.Repeat("a\n", 18)+"Z\n"
	d := Of(before, after)
	first := slices.Clone(d.Hunks[:1])
	if left := d.Within(1000); d.Cut || len(d.Hunks) != 2 || left >= 1000 || left < 900 {
		t.Errorf("%d left: %+v", left, d)
	}
	if left := d.Within(20); !d.Cut || left != 8 || cmp.Diff(first, d.Hunks) != "" || d.Added != 2 {
		t.Errorf("%d left: %+v", left, d)
	}
}

func FuzzOf(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nc\nd")
	f.Add("", "\n")
	f.Fuzz(func(t *testing.T, before, after string) {
		if got := applied(t, before, Of(before, after)); got != after {
			t.Fatalf("%q", got)
		}
	})
}
