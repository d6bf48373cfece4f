package linediff

type kind int8

const (
	same kind = iota
	removed
	added
)

// edit is a step from the old lines to the new ones: old and new are how many lines of each precede it.
type edit struct {
	kind     kind
	old, new int
}

// maxEdits bounds the search for a shortest script: its memory grows with the square. Beyond, everything between the
// common beginning and end counts as replaced.
const maxEdits = 1000

// script is the way from a to b, every line of both once.
func script(a, b []string) []edit {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	edits := make([]edit, 0, max(len(a), len(b)))
	for i := range head {
		edits = append(edits, edit{same, i, i})
	}
	edits = append(edits, between(a, b, head, len(a)-tail, len(b)-tail)...)
	for i := range tail {
		edits = append(edits, edit{same, len(a) - tail + i, len(b) - tail + i})
	}
	return edits
}

// between is the script of a[from:endA] and b[from:endB], after Myers, "An O(ND) Difference Algorithm and Its Variations".
func between(a, b []string, from, endA, endB int) []edit {
	x, y := numbered(a[from:endA], b[from:endB])
	trace, ok := search(x, y)
	var edits []edit
	if !ok {
		for i := range x {
			edits = append(edits, edit{removed, from + i, from})
		}
		for i := range y {
			edits = append(edits, edit{added, endA, from + i})
		}
		return edits
	}
	return forward(trace, len(x), len(y), from)
}

// numbered assigns equal numbers to equal lines, because they compare faster.
func numbered(a, b []string) (x, y []int32) {
	numbers := map[string]int32{}
	of := func(lines []string) []int32 {
		found := make([]int32, len(lines))
		for i, line := range lines {
			number, ok := numbers[line]
			if !ok {
				number = int32(len(numbers))
				numbers[line] = number
			}
			found[i] = number
		}
		return found
	}
	return of(a), of(b)
}

// search follows every diagonal k = i - j as far as it can, with one more edit in each round. Round d of the trace
// states how far each diagonal -d, -d+2, …, d reached, at (k+d)/2. ok is false if maxEdits were not enough.
func search(x, y []int32) (trace [][]int32, ok bool) {
	var before []int32
	for d := 0; d <= min(len(x)+len(y), maxEdits); d++ {
		now := make([]int32, d+1)
		for k := -d; k <= d; k += 2 {
			i := start(before, d, k)
			for i < len(x) && i-k < len(y) && i-k >= 0 && x[i] == y[i-k] {
				i++
			}
			now[(k+d)/2] = int32(i)
			if i >= len(x) && i-k >= len(y) {
				return append(trace, now), true
			}
		}
		trace, before = append(trace, now), now
	}
	return nil, false
}

// start is how far diagonal k is by the d-th edit itself: a line added to what diagonal k+1 had, or one removed from k-1.
func start(before []int32, d, k int) int {
	if d == 0 {
		return 0
	}
	at := func(k int) int { return int(before[(k+d-1)/2]) }
	if k == -d || (k != d && at(k-1) < at(k+1)) {
		return at(k + 1)
	}
	return at(k-1) + 1
}

// forward reads the trace from its end and returns the edits from their beginning.
func forward(trace [][]int32, i, j, from int) []edit {
	edits := make([]edit, i+j)
	at := len(edits)
	put := func(kind kind, i, j int) {
		at--
		edits[at] = edit{kind, from + i, from + j}
	}
	for d := len(trace) - 1; d >= 0; d-- {
		k := i - j
		var before []int32
		if d > 0 {
			before = trace[d-1]
		}
		begin := start(before, d, k)
		for i > begin {
			i, j = i-1, j-1
			put(same, i, j)
		}
		if d == 0 {
			break
		}
		if k == -d || (k != d && before[(k-1+d-1)/2] < before[(k+1+d-1)/2]) {
			j--
			put(added, i, j)
		} else {
			i--
			put(removed, i, j)
		}
	}
	return edits[at:]
}
