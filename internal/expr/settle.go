package expr

// timeless are the functions whose result depends only on their arguments, not on the time.
var timeless = map[string]bool{
	"len": true, "lower": true, "upper": true, "trim": true, "contains": true, "starts_with": true, "ends_with": true,
	"abs": true, "round": true, "floor": true, "ceil": true, "min": true, "max": true, "sum": true,
}

// settle computes once what is the same in every evaluation. Unknown values stay as they are written, so that the reason
// can be reported; lists stay, because a caller that gets one may write into it.
func settle(n node) node {
	switch n := n.(type) {
	case andNode:
		n.left, n.right = settle(n.left), settle(n.right)
		return settled(n, n.left, n.right)
	case orNode:
		n.left, n.right = settle(n.left), settle(n.right)
		return settled(n, n.left, n.right)
	case notNode:
		inner := settle(n.inner)
		return settled(notNode{inner}, inner)
	case compareNode:
		n.left, n.right = settle(n.left), settle(n.right)
		return settled(n, n.left, n.right)
	case arithmeticNode:
		n.left, n.right = settle(n.left), settle(n.right)
		return settled(n, n.left, n.right)
	case negateNode:
		inner := settle(n.inner)
		return settled(negateNode{inner}, inner)
	case ternaryNode:
		n.condition, n.then, n.otherwise = settle(n.condition), settle(n.then), settle(n.otherwise)
		return settled(n, n.condition, n.then, n.otherwise)
	case inNode:
		n.left, n.right = settle(n.left), written(settle(n.right))
		return settled(n, n.left, n.right)
	case callNode:
		n.arguments = settleAll(n.arguments)
		if !timeless[n.name] {
			return n
		}
		return settled(n, n.arguments...)
	}
	return n
}

func settleAll(list []node) []node {
	done := make([]node, len(list))
	for i, n := range list {
		done[i] = settle(n)
	}
	return done
}

// settled is the value of a node whose parts are constants, if it has one.
func settled(n node, parts ...node) node {
	for _, part := range parts {
		if _, ok := part.(constant); !ok {
			return n
		}
	}
	env := &Env{Scope: Map{}, early: true}
	if v := n.eval(env); !isUnknown(v) && env.reason == "" { // problems on the way are reported in each evaluation
		return constant{v}
	}
	return n
}

// written is a list of constants as one value, for nodes that only look into it.
func written(n node) node {
	list, ok := n.(listNode)
	if !ok {
		return n
	}
	values := make([]any, len(list.elements))
	for i, element := range list.elements {
		c, ok := element.(constant)
		if !ok || isUnknown(c.value) {
			return n
		}
		values[i] = c.value
	}
	return constant{values}
}
