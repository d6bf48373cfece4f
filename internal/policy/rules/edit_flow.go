package rules

import "strings"

// flowEnd is the end of what begins at an offset: a list or an object in brackets, a quoted text, or a plain one on one line.
func (e *editor) flowEnd(at int, within bool) int {
	depth := 0
	for at < len(e.text) {
		c := e.text[at]
		switch {
		case c == '[' || c == '{':
			depth++
			at++
		case c == ']' || c == '}':
			depth--
			at++
		case c == '"' || c == '\'':
			at = e.quotedEnd(at)
		case c == '#' && (at == 0 || strings.IndexByte(" \t\r\n", e.text[at-1]) >= 0):
			at += max(1, len(firstLine(e.text[at:])))
			continue
		case strings.IndexByte(" \t\r\n,:", c) >= 0:
			at++
			continue
		default:
			at = e.plainEnd(at, within || depth > 0)
		}
		if depth <= 0 {
			return at
		}
	}
	e.failed = true
	return at
}

func (e *editor) quotedEnd(at int) int {
	quote := e.text[at]
	for at++; at < len(e.text); at++ {
		switch {
		case quote == '"' && e.text[at] == '\\':
			at++
		case e.text[at] == quote && quote == '\'' && strings.HasPrefix(e.text[at+1:], "'"):
			at++
		case e.text[at] == quote:
			return at + 1
		}
	}
	e.failed = true
	return at
}

// plainEnd is the end of a text without quotes; within brackets, a comma or a bracket ends it.
func (e *editor) plainEnd(at int, within bool) int {
	start := at
	for ; at < len(e.text); at++ {
		c := e.text[at]
		next := byte('\n')
		if at+1 < len(e.text) {
			next = e.text[at+1]
		}
		space := strings.IndexByte(" \t\r\n", next) >= 0
		if c == '\n' || c == '\r' || within && strings.IndexByte(",[]{}", c) >= 0 || c == ':' && (space || within && strings.IndexByte(",[]{}", next) >= 0) ||
			c == '#' && at > start && strings.IndexByte(" \t", e.text[at-1]) >= 0 {
			break
		}
	}
	return start + len(strings.TrimRight(e.text[start:at], " \t"))
}
