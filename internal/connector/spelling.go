package connector

import (
	"cmp"
	"slices"
	"strings"
)

// Whatever must not be written down is looked for here, in every way in which it is written that docs/vendors.md lists. What is escaped is undone step
// by step, and what is in base64 or hex is decoded; after each step everything is looked for in one pass. So it does not matter in what order
// somebody has encoded it, and the time depends on the length of the text alone.

// Bounds of what is looked for.
const (
	shortestFold = 16      // bytes of a text that is found in capitals and small letters, too, and turned round
	mostEscapes  = 8       // how often a text may be escaped
	mostCodes    = 2       // how often base64 or hex may be inside of another
	mostWork     = 96      // bytes that are looked at for each byte of a text
	leastWork    = 1 << 16 // of a short one
	shortestTail = 4       // bytes at the end of a text that is cut off with which a secret may begin
	longestTail  = 64      // bytes at its end that may be a part of what is escaped
)

// hider removes texts from others. One without texts changes nothing. It is safe for concurrent use.
type hider struct {
	texts *automaton
	short map[string]bool // whole values that are too short to be looked for in others
}

// hidden is a text that must not be written down, and what stands for it.
type hidden struct{ text, instead string }

// hiderOf looks for texts.
func hiderOf(all []hidden) *hider {
	h, texts, seen := &hider{short: map[string]bool{}}, []wanted{}, map[string]bool{}
	add := func(text, instead string, fold bool) {
		if len(text) >= shortestSecret && !seen[text] {
			seen[text] = true
			texts = append(texts, wanted{text: text, fold: fold, instead: instead})
		}
	}
	for _, one := range all {
		if len(one.text) < shortestSecret {
			h.short[one.text] = one.text != ""
			continue
		}
		for _, text := range []string{one.text, strings.TrimPrefix(one.text, "whsec_")} {
			fold := len(text) >= shortestFold
			add(text, one.instead, fold)
			if fold {
				turned := []rune(text)
				slices.Reverse(turned)
				add(string(turned), one.instead, true)
			}
			for v := (&view{text: text}).undone(); v != nil; v = v.undone() { // what it is itself may look as if it were escaped
				add(v.text, one.instead, fold)
			}
		}
	}
	h.texts = automatonOf(texts)
	return h
}

// Replace returns a text with all occurrences replaced. Where some of them overlap, one placeholder replaces all.
func (h *hider) Replace(text string) string { return h.replace(search{text: text}) }

// cutOff does it for a text whose end is missing: what a secret may begin with there is left out, too.
func (h *hider) cutOff(text string) string { return h.replace(search{text: text, cut: true}) }

// name does it for a name whose letters are in another case than somebody has written them.
func (h *hider) name(text string) string { return h.replace(search{text: text, fold: true}) }

// whole does it for a value: it may be one that is too short to be looked for in others.
func (h *hider) whole(text string) string {
	if h != nil && h.short[strings.TrimSpace(text)] {
		return redaction
	}
	return h.Replace(text)
}

func (h *hider) replace(s search) string {
	if h == nil || len(h.texts.texts) == 0 || s.text == "" {
		return s.text
	}
	s.texts, s.work = h.texts, max(leastWork, mostWork*len(s.text))
	if s.look(&view{text: s.text}, mostEscapes, mostCodes); s.work < 0 {
		return leftOut(s.text)
	}
	return s.without()
}

// search looks for texts in one.
type search struct {
	text  string
	fold  bool
	cut   bool
	texts *automaton
	found []found
	work  int // what is left of it; less than 0: not everything could be looked at
	steps int // nodes that were looked at
}

// found is a part of the text that must not be written down.
type found struct {
	begin, end int32
	instead    string
}

// look looks for the texts in a view and in what it may be made of.
func (s *search) look(v *view, escapes, codes int) {
	for ; v != nil && s.work >= 0; v = v.undone() {
		s.work -= len(v.text)
		s.find(v)
		if codes > 0 {
			s.decode(v, escapes, codes)
		}
		if escapes--; escapes < 0 {
			return
		}
	}
}

// decode looks into what is in base64 or hex.
func (s *search) decode(v *view, escapes, codes int) {
	all := v.runs()
	for shift := 0; len(all) > 0 && shift < 4 && s.work >= 0; shift++ {
		s.look(v.decoded(all, shift), escapes, codes-1)
	}
}

// find notes all texts that are in a view.
func (s *search) find(v *view) {
	at := int32(0)
	for i := range len(v.text) {
		char := v.text[i]
		if at == 0 { // most of the time
			if at = s.texts.root[folded[char]]; at == 0 {
				continue
			}
		} else {
			if char == gap {
				s.end(v, i, at)
			}
			next, steps := s.texts.step(at, folded[char])
			s.steps += steps
			if at = next; at == 0 {
				continue
			}
		}
		if n := &s.texts.nodes[at]; n.text >= 0 || n.shorter != 0 || s.cut {
			s.reached(v, i+1, at)
		}
	}
}

// reached notes what ends at a place of a view.
func (s *search) reached(v *view, end int, at int32) {
	if text := s.texts.ending(at, v.text[:end], s.fold); text != nil {
		s.note(v.begin(end-len(text.text)), v.end(end-1), text.instead)
	}
	if depth := int(s.texts.nodes[at].depth); s.cut && depth >= shortestTail && int(v.end(end-1)) > len(s.text)-longestTail {
		s.note(v.begin(end-depth), int32(len(s.text)), redaction)
	}
}

// end notes a text whose last byte was cut off in what was decoded.
func (s *search) end(v *view, gap int, at int32) {
	if n := s.texts.nodes[at]; n.depth >= shortestSecret && n.left == 1 {
		s.note(v.begin(gap-int(n.depth)), v.end(gap), redaction)
	}
}

// note notes a part. One that overlaps the one before is a part of it.
func (s *search) note(begin, end int32, instead string) {
	if n := len(s.found); n > 0 && s.found[n-1].begin <= begin && begin < s.found[n-1].end {
		s.found[n-1].end = max(s.found[n-1].end, end)
		return
	}
	s.found = append(s.found, found{begin, end, instead})
}

// without is the text without what was found.
func (s *search) without() string {
	if len(s.found) == 0 {
		return s.text
	}
	slices.SortFunc(s.found, func(a, b found) int { return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(b.end, a.end)) })
	var b strings.Builder
	written := int32(0)
	for i := 0; i < len(s.found); {
		one := s.found[i]
		for ; i < len(s.found) && (s.found[i].begin == one.begin || s.found[i].begin < one.end); i++ {
			one.end = max(one.end, s.found[i].end)
		}
		b.WriteString(s.text[written:one.begin])
		b.WriteString(one.instead)
		written = one.end
	}
	b.WriteString(s.text[written:])
	return b.String()
}

// view is what a text is when something has been undone.
type view struct {
	text     string
	from, to []int32 // where each byte begins and ends in the text itself; nil: where it is
	fresh    []bool  // which bytes were not the same before; nil: all
}

// viewOf has room for so many bytes.
func viewOf(size int) *view {
	return &view{from: make([]int32, 0, size), to: make([]int32, 0, size)}
}

func (v *view) begin(i int) int32 {
	if v.from == nil {
		return int32(i)
	}
	return v.from[i]
}

func (v *view) end(i int) int32 {
	if v.to == nil {
		return int32(i + 1)
	}
	return v.to[i]
}

func (v *view) add(from, to int32) { v.from, v.to = append(v.from, from), append(v.to, to) }

func (v *view) isFresh(from, to int) bool {
	return v.fresh == nil || slices.Contains(v.fresh[from:to], true)
}

// undone is the view with everything undone once that is escaped in it; nil: nothing is.
func (v *view) undone() *view {
	var next *view
	var text []byte
	copied := 0 // bytes of v that are in next
	keep := func(until int) {
		for ; copied < until; copied++ {
			text = append(text, v.text[copied])
			next.add(v.begin(copied), v.end(copied))
			next.fresh = append(next.fresh, false)
		}
	}
	for at := 0; at < len(v.text); {
		skip := strings.IndexAny(v.text[at:], escapeBytes)
		if skip < 0 {
			break
		}
		at += skip
		var char [4]byte
		stands, size := unescaped(char[:0], v.text[at:])
		if size == 0 {
			at++
			continue
		}
		if next == nil {
			next = viewOf(len(v.text))
			next.fresh, text = make([]bool, 0, len(v.text)), make([]byte, 0, len(v.text))
		}
		keep(at)
		for range stands {
			next.add(v.begin(at), v.end(at+size-1))
			next.fresh = append(next.fresh, true)
		}
		text = append(text, stands...)
		at += size
		copied = at
	}
	if next == nil {
		return nil
	}
	keep(len(v.text))
	next.text = string(text)
	return next
}
