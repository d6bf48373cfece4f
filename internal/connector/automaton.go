package connector

// automaton finds many texts at once, in one pass (Aho and Corasick): how long that takes depends on the text that is searched, and not on how
// many are looked for. It reads folded bytes (see folded); a text whose letters must be in the same case is compared once more.
type automaton struct {
	root  [256]int32 // the node of each first byte; 0: none
	nodes []node     // the first is the root
	texts []wanted
}

// node is a beginning of some of the texts.
type node struct {
	char           byte
	child, sibling int32
	fail           int32 // the longest shorter beginning with which this one ends
	depth          int32 // its bytes
	left           int32 // bytes that are missing in the shortest text that begins like this
	text           int32 // the first text that this is, by its place in texts; -1: it is none
	shorter        int32 // the longest shorter text with which this one ends; 0: none
}

// wanted is a text that is looked for.
type wanted struct {
	text    string
	fold    bool // capitals and small letters are the same
	instead string
	same    int32 // another text that is the same when it is folded; -1: none
}

// folded are bytes as they are compared: letters of ASCII are small ones, and a + may have been a space.
var folded = func() (table [256]byte) {
	for i := range table {
		table[i] = byte(i)
	}
	for c := 'A'; c <= 'Z'; c++ {
		table[c] = byte(c - 'A' + 'a')
	}
	table['+'] = ' '
	return table
}()

// automatonOf is ready to find the texts.
func automatonOf(texts []wanted) *automaton {
	a := &automaton{nodes: []node{{text: -1}}, texts: texts}
	for i := range texts {
		a.insert(int32(i))
	}
	a.link()
	return a
}

// insert adds the nodes of a text.
func (a *automaton) insert(i int32) {
	text, at := a.texts[i].text, int32(0)
	for n := range len(text) {
		char := folded[text[n]]
		next := a.child(at, char)
		if next == 0 {
			next = int32(len(a.nodes))
			a.nodes = append(a.nodes, node{char: char, sibling: a.nodes[at].child, depth: int32(n + 1), left: int32(len(text) - n - 1), text: -1})
			if a.nodes[at].child = next; at == 0 {
				a.root[char] = next
			}
		}
		a.nodes[next].left = min(a.nodes[next].left, int32(len(text)-n-1))
		at = next
	}
	a.texts[i].same, a.nodes[at].text = a.nodes[at].text, i
}

func (a *automaton) child(at int32, char byte) int32 {
	if at == 0 {
		return a.root[char]
	}
	for next := a.nodes[at].child; next != 0; next = a.nodes[next].sibling {
		if a.nodes[next].char == char {
			return next
		}
	}
	return 0
}

// link notes where to go on where a text does not go on, the shortest beginnings first.
func (a *automaton) link() {
	queue := []int32{0}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for next := a.nodes[at].child; next != 0; next = a.nodes[next].sibling {
			queue = append(queue, next)
			fail := int32(0)
			if at != 0 {
				fail, _ = a.step(a.nodes[at].fail, a.nodes[next].char)
			}
			n := &a.nodes[next]
			if n.fail, n.shorter = fail, a.nodes[fail].shorter; a.nodes[fail].text >= 0 {
				n.shorter = fail
			}
		}
	}
}

// step reads a folded byte. steps are the nodes that it looked at: of all bytes together never more than a few for each.
func (a *automaton) step(at int32, char byte) (next int32, steps int) {
	for at != 0 {
		for next = a.nodes[at].child; next != 0; next = a.nodes[next].sibling {
			if steps++; a.nodes[next].char == char {
				return next, steps
			}
		}
		steps++
		at = a.nodes[at].fail
	}
	return a.root[char], steps + 1
}

// ending is the longest text that ends where a node was reached; nil: none. read are the bytes up to there, fold that all letters may be in any case.
func (a *automaton) ending(at int32, read string, fold bool) *wanted {
	if a.nodes[at].text < 0 {
		at = a.nodes[at].shorter
	}
	for ; at != 0; at = a.nodes[at].shorter {
		for i := a.nodes[at].text; i >= 0; i = a.texts[i].same {
			if text := &a.texts[i]; fold || text.fold || alike(read[len(read)-len(text.text):], text.text) {
				return text
			}
		}
	}
	return nil
}

// alike reports whether two texts of the same length are the same, but for spaces that are written as +.
func alike(a, b string) bool {
	for i := range len(a) {
		if a[i] != b[i] && (folded[a[i]] != ' ' || folded[b[i]] != ' ') {
			return false
		}
	}
	return true
}
