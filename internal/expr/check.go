package expr

import "fmt"

// Check finds what cannot be right about a program over the documents of a shape: fields that the schema does not have,
// and comparisons of types that can never be compared. Places are those of the source. With a nil shape it finds only
// what follows from the expression alone.
func (p *Program) Check(shape *Shape) []*Error {
	var found []*Error
	for _, r := range p.paths {
		if field := shape.Find(r.Steps); !field.Known {
			found = append(found, &Error{max(1, r.Line), max(1, r.Column), max(1, r.Width), "unknown field " + r.Path, shape.Suggest(r.Steps)})
		}
	}
	c := checker{shape: shape, source: p.source}
	c.types(p.root)
	return append(found, c.found...)
}

// CheckCondition is Check, and also checks that the program can return true or false.
func (p *Program) CheckCondition(shape *Shape) []*Error {
	found := p.Check(shape)
	c := checker{shape: shape}
	if t := c.types(p.root); t&TypeBool == 0 {
		found = append(found, &Error{1, 1, max(1, len([]rune(p.source))), "a condition must be true or false, and this is " + t.String(), ""})
	}
	return found
}

// CheckTypes finds comparisons and calls of types that can never fit, and conditions that can return neither true nor
// false. It does not check for fields that the schema does not have.
func (p *Program) CheckTypes(shape *Shape, condition bool) []*Error {
	c := checker{shape: shape, source: p.source}
	if t := c.types(p.root); condition && t&TypeBool == 0 {
		c.found = append(c.found, &Error{1, 1, max(1, len([]rune(p.source))), "a condition must be true or false, and this is " + t.String(), ""})
	}
	return c.found
}

// Types are the types that the program can return over the documents of a shape.
func (p *Program) Types(shape *Shape) Types {
	c := checker{shape: shape}
	return c.types(p.root)
}

type checker struct {
	shape  *Shape
	source string
	found  []*Error
	never  []*Error // see Unmatched
}

// types infers the types that a node can return, and records what can never be true.
func (c *checker) types(n node) Types {
	switch n := n.(type) {
	case constant:
		return typeOf(n.value)
	case pathNode:
		return c.shape.Find(names(n.steps)).Types
	case andNode:
		return c.both(n.left, n.right)
	case orNode:
		return c.both(n.left, n.right)
	case notNode:
		c.types(n.inner)
		return TypeBool
	case existsNode:
		c.types(n.inner)
		return TypeBool
	case truthyNode:
		c.types(n.inner)
		return TypeBool
	case catNode:
		for _, part := range n.parts {
			c.types(part)
		}
		return TypeText
	case compareNode:
		c.compare(n)
		return TypeBool
	case ternaryNode:
		c.types(n.condition)
		return c.types(n.then) | c.types(n.otherwise)
	case coalesceNode:
		var all Types
		for _, choice := range n.choices {
			all |= c.types(choice)
		}
		return all
	case listNode, missingNode, missingSomeNode, filterNode, mapNode, mergeNode:
		return TypeList
	case matchNode:
		return c.needs(n.inner, TypeText)
	case foldedNode:
		return c.needs(n.field, TypeText|TypeList)
	case lastYearNode:
		return c.needs(n.field, TypeText|TypeDate)
	case ownersNode:
		return c.needs(n.registered, TypeList)
	case screeningNode:
		return c.needs(n.hits, TypeList)
	case categoryNode:
		return c.needs(n.hits, TypeList)
	case resultNode:
		return c.needs(n.result, TypeObject)
	case listedNode:
		return c.needs(n.inner, Any&^(TypeObject|TypeNull))
	case inNode:
		if list, ok := n.right.(listNode); ok {
			c.unmatched(n.left, list.elements, 1, 1)
		} else if list, ok := valueOf(n.right).([]any); ok {
			elements := make([]node, len(list))
			for i, one := range list {
				elements[i] = constant{one}
			}
			c.unmatched(n.left, elements, 1, 1)
		}
		return TypeBool
	case memberNode, quantifierNode, schemaNode, customNode:
		return TypeBool
	case negateNode, rankNode:
		return TypeNumber
	case arithmeticNode:
		return c.arithmetic(n)
	case callNode:
		return c.call(n)
	}
	return Any
}

// needs notes a part that is never of a type that its condition can read.
func (c *checker) needs(part node, wanted Types) Types {
	if is := c.types(part); is&wanted == 0 {
		c.note(1, 1, fmt.Sprintf("expected %s, but this is %s", wanted, is), "")
	}
	return TypeBool
}

func (c *checker) both(left, right node) Types {
	c.types(left)
	c.types(right)
	return TypeBool
}

func (c *checker) compare(n compareNode) {
	left, right := c.types(n.left), c.types(n.right)
	common := left & right
	if n.op <= notEqual {
		c.unmatched(n.left, []node{n.right}, n.column, n.width)
		c.unmatched(n.right, []node{n.left}, n.column, n.width)
		if left == TypeNull || right == TypeNull || common != 0 {
			return
		}
		c.note(n.column, n.width, fmt.Sprintf("%s is never equal to %s", left, right), hintFor(left, right))
		return
	}
	if common&(TypeNumber|TypeText|TypeDate) == 0 {
		c.note(n.column, n.width, fmt.Sprintf("%s cannot be compared with %s", left, right), hintFor(left, right))
	}
}

// hintFor two types that are not alike.
func hintFor(left, right Types) string {
	if left|right == TypeText|TypeDate {
		return "write date(…) around the text"
	}
	return ""
}

func (c *checker) arithmetic(n arithmeticNode) Types {
	left, right := c.types(n.left), c.types(n.right)
	if n.op == '+' && left&right&TypeText != 0 {
		return left & right & (TypeText | TypeNumber)
	}
	if left&TypeNumber == 0 || right&TypeNumber == 0 {
		c.note(n.column, n.width, fmt.Sprintf("arithmetic requires numbers, not %s and %s", left, right), "")
	}
	return TypeNumber
}

func (c *checker) call(n callNode) Types {
	f := functionTable[n.name]
	for i, argument := range n.arguments {
		given := c.types(argument)
		if wanted := f.wants(i); given&wanted == 0 {
			c.note(n.column, n.width, fmt.Sprintf("%s needs %s, not %s", n.name, wanted, given), f.usage)
		}
	}
	return f.returns
}

func (c *checker) note(column, width int, message, hint string) {
	line, column := position(c.source, max(1, column))
	c.found = append(c.found, &Error{line, column, max(1, width), message, hint})
}
