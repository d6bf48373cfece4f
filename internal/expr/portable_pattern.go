package expr

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// maxPortableRepeat bounds how often a part of a portable pattern is repeated, where it is bounded.
const maxPortableRepeat = 1000

// PortablePattern writes a pattern (RE2) for ECMAScript's engine with the flag u, so that it matches the same texts. ok is false for what
// the two read in different ways (letters of either case, line ends, word boundaries) and for repetitions of what can match in
// two ways (choices, and repetitions within repetitions), which cost that engine time without a bound.
func PortablePattern(pattern string) (script string, ok bool) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	var b strings.Builder
	if !writePattern(&b, tree, 0) {
		return "", false
	}
	return b.String(), true
}

// writePattern writes a part; loops is how many unbounded repetitions contain it.
func writePattern(b *strings.Builder, tree *syntax.Regexp, loops int) bool {
	if tree.Flags&syntax.FoldCase != 0 && tree.Op == syntax.OpLiteral {
		return false
	}
	switch tree.Op {
	case syntax.OpLiteral:
		for _, r := range tree.Rune {
			b.WriteString(patternRune(r))
		}
	case syntax.OpCharClass:
		return writeClass(b, tree.Rune)
	case syntax.OpAnyCharNotNL:
		b.WriteString(`[^\n]`)
	case syntax.OpAnyChar:
		b.WriteString(`[^]`)
	case syntax.OpBeginText:
		b.WriteByte('^')
	case syntax.OpEndText:
		b.WriteByte('$')
	case syntax.OpEmptyMatch:
		b.WriteString("(?:)")
	default:
		return writeOperator(b, tree, loops)
	}
	return true
}

func writeOperator(b *strings.Builder, tree *syntax.Regexp, loops int) bool {
	switch tree.Op {
	case syntax.OpCapture:
		return writeGroup(b, tree.Sub, "", loops)
	case syntax.OpConcat:
		return writeGroup(b, tree.Sub, "", loops)
	case syntax.OpAlternate:
		return writeGroup(b, tree.Sub, "|", loops)
	case syntax.OpStar:
		return loops == 0 && writeRepeated(b, tree, "*", 1)
	case syntax.OpPlus:
		return loops == 0 && writeRepeated(b, tree, "+", 1)
	case syntax.OpQuest:
		return writeRepeated(b, tree, "?", loops)
	case syntax.OpRepeat:
		return writeCounted(b, tree, loops)
	}
	return false
}

func writeCounted(b *strings.Builder, tree *syntax.Regexp, loops int) bool {
	switch {
	case max(tree.Min, tree.Max) > maxPortableRepeat || tree.Min != tree.Max && loops > 0:
		return false
	case tree.Max < 0:
		return writeRepeated(b, tree, fmt.Sprintf("{%d,}", tree.Min), 1)
	case tree.Min == tree.Max:
		return writeRepeated(b, tree, fmt.Sprintf("{%d}", tree.Min), loops)
	}
	return writeRepeated(b, tree, fmt.Sprintf("{%d,%d}", tree.Min, tree.Max), 1)
}

func writeRepeated(b *strings.Builder, tree *syntax.Regexp, times string, loops int) bool {
	if tree.Op != syntax.OpQuest && slices.ContainsFunc(tree.Sub, ambiguous) || !writeGroup(b, tree.Sub, "", loops) {
		return false
	}
	b.WriteString(times)
	if tree.Flags&syntax.NonGreedy != 0 {
		b.WriteByte('?')
	}
	return true
}

// ambiguous reports whether a part may match a text in two ways: repeated, an engine that goes back tries all of them.
func ambiguous(tree *syntax.Regexp) bool {
	switch tree.Op {
	case syntax.OpAlternate, syntax.OpQuest, syntax.OpStar, syntax.OpPlus, syntax.OpEmptyMatch:
		return true
	case syntax.OpRepeat:
		return tree.Min != tree.Max || slices.ContainsFunc(tree.Sub, ambiguous)
	}
	return slices.ContainsFunc(tree.Sub, ambiguous)
}

func writeGroup(b *strings.Builder, parts []*syntax.Regexp, between string, loops int) bool {
	b.WriteString("(?:")
	for i, part := range parts {
		if i > 0 {
			b.WriteString(between)
		}
		if !writePattern(b, part, loops) {
			return false
		}
	}
	b.WriteByte(')')
	return true
}

// writeClass writes the runes of a class, of which there are pairs. Engines know a few classes by other names only: all are written out.
func writeClass(b *strings.Builder, pairs []rune) bool {
	const maxPairs = 64
	if len(pairs) > 2*maxPairs { // \p{L}: what counts as a letter is another matter in each version of Unicode
		return false
	}
	b.WriteByte('[')
	for i := 0; i+1 < len(pairs); i += 2 {
		b.WriteString(patternRune(pairs[i]))
		if pairs[i] != pairs[i+1] {
			b.WriteByte('-')
			b.WriteString(patternRune(pairs[i+1]))
		}
	}
	b.WriteByte(']')
	return true
}

// patternRune is a literal character.
func patternRune(r rune) string {
	if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
		return string(r)
	}
	return fmt.Sprintf(`\u{%x}`, r)
}
