package expr

import "regexp"

// Conjuncts are the conditions that all have to hold for the program to hold, each as a program of its own.
func (p *Program) Conjuncts() []*Program {
	var found []*Program
	var split func(n node)
	split = func(n node) {
		if and, ok := n.(andNode); ok {
			split(and.left)
			split(and.right)
			return
		}
		found = append(found, &Program{root: n, source: p.source, paths: p.paths, opaque: p.opaque, whole: p.whole})
	}
	split(p.root)
	return found
}

// Quantifies reports whether the condition itself makes a statement about every element of a list, so that it also holds
// for an empty list: json-logic's none, not some, and a JMESPath filter without results. path is the list, "" if it has
// no name.
func (p *Program) Quantifies() (path string, yes bool) {
	root, name := p.root, "none"
	if not, ok := root.(notNode); ok {
		root, name = not.inner, "some"
	}
	switch n := root.(type) {
	case quantifierNode:
		if list, ok := n.list.(pathNode); ok {
			path = list.text
		}
		return path, n.name == name
	case queryNode:
		if found := emptyFilter.FindStringSubmatch(n.source); name == "none" && found != nil {
			return found[1], true
		}
	}
	return "", false
}

// emptyFilter is a JMESPath query that checks that a list has no elements of a kind.
var emptyFilter = regexp.MustCompile("^\\s*length\\(\\s*([\\w.]+)\\[\\?[^\\]]*\\]\\s*\\)\\s*==\\s*`0`\\s*$")
