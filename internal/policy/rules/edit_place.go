package rules

import (
	"strings"

	"ballerine/internal/policy/table"

	"go.yaml.in/yaml/v3"
)

// replace puts another table into the place of one.
func (e *editor) replace(tables *yaml.Node, name string, s table.Source) {
	old := lookup(tables, name)
	if old.Kind != yaml.MappingNode || old.Anchor != "" {
		e.failed = true
		return
	}
	end := e.after(tables, name, e.after(e.root, "tables", len(e.text)))
	r := newReader("", nil)
	was := r.tableSource(old, "")
	known := len(r.found) == 0 && !aliased(old)
	w := tableWriter{flow: inFlow(old), ending: e.ending}
	if len(old.Content) > 0 {
		w.indent = old.Content[0].Column - 1
	}
	if !known || hitText(was) != hitText(s) {
		e.member(old, "hit", end, func(indent string) string { return w.hit(s) })
	}
	if !known || !sameInputs(was, s) {
		e.member(old, "inputs", end, func(indent string) string { return w.inputs(s) })
	}
	if !known || !sameOutputs(was, s) {
		e.member(old, "outputs", end, func(indent string) string { return w.outputs(s) })
	}
	rows := lookup(old, "rows")
	if known && rows != nil && rows.Style&yaml.FlowStyle == 0 && len(rows.Content) > 0 && !w.flow && e.rows(old, end, was, s, w) {
		return
	}
	e.member(old, "rows", end, func(indent string) string { return w.rows(s) })
}

// inFlow reports whether a mapping is written in brackets.
func inFlow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

func aliased(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode {
		return true
	}
	for _, child := range n.Content {
		if aliased(child) {
			return true
		}
	}
	return false
}

// after is where the member after the one of a name begins, in a mapping of blocks; outer when it is the last.
func (e *editor) after(parent *yaml.Node, name string, outer int) int {
	found := false
	for _, m := range members(parent) {
		if found && m.key.Line > 0 && m.key.Line <= len(e.lines) {
			return e.lines[m.key.Line-1]
		}
		found = found || m.key.Value == name
	}
	return outer
}

// member replaces the value of a member, or adds the member as the first. end is where the parent ends.
func (e *editor) member(parent *yaml.Node, name string, end int, text func(indent string) string) {
	value := lookup(parent, name)
	switch {
	case value == nil && len(parent.Content) == 0:
		e.failed = true
	case value == nil && inFlow(parent):
		first := e.offset(parent.Content[0])
		e.put(first, first, quoteJSON(name)+": "+strings.TrimPrefix(text(""), " ")+", ")
	case value == nil:
		first := parent.Content[0]
		at := e.lines[first.Line-1]
		indent := e.text[at:e.offset(first)]
		if strings.TrimSpace(indent) != "" {
			e.failed = true
			return
		}
		e.put(at, at, indent+name+":"+text(indent)+e.ending)
	case value.Kind == yaml.ScalarNode || value.Kind == yaml.AliasNode || inFlow(value):
		from := e.offset(value)
		e.put(from, e.flowEnd(from, inFlow(parent)), strings.TrimPrefix(text(""), " "))
		if strings.HasPrefix(text(""), e.ending) { // it continues below
			e.edits[len(e.edits)-1].from = len(strings.TrimRight(e.text[:from], " "))
		}
	default:
		e.block(parent, name, end, text(""))
	}
}

// block replaces the lines of a value in block style, with the rest of its key's line.
func (e *editor) block(parent *yaml.Node, name string, end int, text string) {
	for _, m := range members(parent) {
		if m.key.Value != name {
			continue
		}
		colon := strings.IndexByte(e.text[e.offset(m.key):], ':')
		from := e.offset(m.key) + colon + 1
		to := e.trimmed(from, e.after(parent, name, end))
		if to > 0 && strings.HasSuffix(e.text[:to], e.ending) {
			to -= len(e.ending)
		}
		e.put(from, to, text)
	}
}

// trimmed is the end of a region without the blank lines and comments at its end: they belong to what follows.
func (e *editor) trimmed(from, to int) int {
	if strings.Contains("\n"+e.text[from:to], "\n...") || strings.Contains("\n"+e.text[from:to], "\n---") {
		e.failed = true // the document ends in between
	}
	for to > from {
		start := strings.LastIndexByte(strings.TrimSuffix(e.text[:to], "\n"), '\n') + 1
		if start < from || !idle(e.text[start:to]) {
			return to
		}
		to = start
	}
	return to
}

// idle reports whether a line is blank or a comment.
func idle(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// rows puts rows of lines of their own into the place of others; a row that was there keeps its text, and one that has
// changed the comments above it. It returns false when the rows are written in another way.
func (e *editor) rows(parent *yaml.Node, end int, was, s table.Source, w tableWriter) bool {
	list := lookup(parent, "rows")
	head := 0 // the line of the key
	for _, m := range members(parent) {
		if m.key.Value == "rows" {
			head = m.key.Line
		}
	}
	dash := e.lines[list.Content[0].Line-1]
	if head >= list.Content[0].Line {
		return false
	}
	first := e.trimmed(e.lines[head], dash)
	to := e.trimmed(dash, e.after(parent, "rows", end))
	starts := make([]int, len(list.Content)) // of each row with the comments above it
	begins := make([]int, len(list.Content)) // of each row
	for i, row := range list.Content {
		begins[i] = e.lines[row.Line-1]
		if !strings.HasPrefix(strings.TrimLeft(e.text[begins[i]:], " "), "- ") || i > 0 && begins[i] <= begins[i-1] {
			return false
		}
		if starts[0] = first; i > 0 {
			starts[i] = e.trimmed(begins[i-1], begins[i])
		}
	}
	w.dash = e.text[dash : dash+strings.IndexByte(e.text[dash:], '-')]
	piece := func(i int) string {
		if i+1 < len(starts) {
			return e.text[starts[i]:starts[i+1]]
		}
		return e.text[starts[i]:to]
	}
	kept := match(was.Rows, s.Rows)
	taken := make([]bool, len(was.Rows))
	for _, i := range kept {
		if i >= 0 {
			taken[i] = true
		}
	}
	var b strings.Builder
	line := func(text string) {
		if b.WriteString(text); !strings.HasSuffix(text, "\n") {
			b.WriteString(e.ending)
		}
	}
	before := -1
	for n, row := range s.Rows {
		if i := kept[n]; i >= 0 {
			line(piece(i))
			before = i
			continue
		}
		if before++; before < len(taken) && !taken[before] {
			b.WriteString(e.text[starts[before]:begins[before]])
		}
		line(w.row(row))
	}
	if len(s.Rows) == 0 {
		return false
	}
	text := b.String()
	if !strings.HasSuffix(e.text[:to], "\n") {
		text = strings.TrimSuffix(text, e.ending)
	}
	e.put(first, to, text)
	return true
}

// match returns for each new row the old one that it equals, each once; -1 if there is none.
func match(was, now []table.Row) []int {
	places := map[string][]int{}
	for i, row := range was {
		places[rowKey(row)] = append(places[rowKey(row)], i)
	}
	found := make([]int, len(now))
	for n, row := range now {
		found[n] = -1
		if rest := places[rowKey(row)]; len(rest) > 0 {
			found[n], places[rowKey(row)] = rest[0], rest[1:]
		}
	}
	return found
}

// SameRows counts the rows of a table that are those of another, in any position.
func SameRows(was, now table.Source) int {
	same := 0
	for _, i := range match(was.Rows, now.Rows) {
		if i >= 0 {
			same++
		}
	}
	return same
}

// addTo adds a table to others.
func (e *editor) addTo(tables *yaml.Node, name string, s table.Source) {
	if tables.Kind != yaml.MappingNode {
		e.failed = true
		return
	}
	if inFlow(tables) {
		close := e.flowEnd(e.offset(tables), inFlow(e.root)) - 1
		w := tableWriter{flow: true, ending: e.ending}
		comma := ""
		if len(tables.Content) > 0 {
			comma = ", "
		}
		e.put(close, close, comma+quoteJSON(name)+": "+w.whole(s))
		return
	}
	key := tables.Content[len(tables.Content)-2]
	end := e.trimmed(e.lines[key.Line-1], e.after(e.root, "tables", len(e.text)))
	e.below(end, key.Column-1, name, s)
}

// below writes a table after a line.
func (e *editor) below(at, indent int, name string, s table.Source) {
	w := tableWriter{indent: indent + 2, ending: e.ending}
	text := strings.Repeat(" ", indent) + name + ":" + e.ending + w.whole(s)
	if at > 0 && !strings.HasSuffix(e.text[:at], "\n") {
		text = e.ending + text
	}
	e.put(at, at, text)
}

// addTables adds the first table.
func (e *editor) addTables(name string, s table.Source) {
	if inFlow(e.root) {
		close := e.flowEnd(e.offset(e.root), false) - 1
		comma := ""
		if len(e.root.Content) > 0 {
			comma = ", "
		}
		w := tableWriter{flow: true, ending: e.ending}
		e.put(close, close, comma+`"tables": {`+quoteJSON(name)+": "+w.whole(s)+"}")
		return
	}
	end := e.trimmed(0, len(e.text))
	before := ""
	if end > 0 && !strings.HasSuffix(e.text[:end], "\n") {
		before = e.ending
	}
	w := tableWriter{indent: 4, ending: e.ending}
	e.put(end, end, before+"tables:"+e.ending+"  "+name+":"+e.ending+w.whole(s))
}
