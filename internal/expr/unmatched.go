package expr

import (
	"fmt"
	"slices"
	"strings"
)

// Unmatched finds comparisons of a field with a text that the field never has, by the values that its schema lists: == never holds then, and !=
// always does. Places are those of the source.
func (p *Program) Unmatched(shape *Shape) []*Error {
	c := checker{shape: shape, source: p.source}
	c.types(p.root)
	return c.never
}

// unmatched notes constants that a field is compared with and never is.
func (c *checker) unmatched(field node, constants []node, column, width int) {
	path, ok := field.(pathNode)
	if !ok {
		return
	}
	listed := c.shape.Limits(names(path.steps)).Enum
	var known []string
	for _, one := range listed {
		text, isText := one.(string)
		if !isText {
			return
		}
		known = append(known, text)
	}
	if len(known) == 0 {
		return
	}
	for _, one := range constants {
		text, isText := valueOf(one).(string)
		if !isText || slices.Contains(known, text) {
			continue
		}
		hint := didYouMean(text, known)
		if hint == "" && len(known) <= 24 {
			hint = "known: " + strings.Join(known, ", ")
		}
		line, at := position(c.source, max(1, column))
		c.never = append(c.never, &Error{line, at, max(1, width), fmt.Sprintf("%s is never %q", path.text, text), hint})
	}
}

// valueOf a constant; nil: it is none.
func valueOf(n node) any {
	if c, ok := n.(constant); ok {
		return c.value
	}
	return nil
}
