package compile

import (
	"crypto/sha256"
	"encoding/hex"
	"unicode/utf8"
)

// maxName is the longest name that Step Functions takes for a state, in characters.
const maxName = 80

// States of every machine that belong to no state of the chart.
const (
	routeState   = "Route"
	unknownState = "UnknownLabel"
	outState     = "Out"
	handedState  = "HandedOver"
	doneState    = "Done"
)

// names assigns to each state of the chart, and each role within it, a name that is unique in the machine. Names are
// "<state path>" and "<state path>.<role>"; one that is taken or too long ends in a hash instead.
type names struct {
	given map[string]string // path NUL role -> name
	taken map[string]bool
}

func newNames(paths []string) *names {
	n := &names{given: map[string]string{}, taken: map[string]bool{routeState: true, unknownState: true, outState: true, handedState: true, doneState: true}}
	for _, path := range paths { // before any role: a state keeps its own name
		n.of(path, "")
	}
	return n
}

// of is the name for a role of a state; "" is the state itself. The same arguments return the same name.
func (n *names) of(path, role string) string {
	key := path + "\x00" + role
	if name, ok := n.given[key]; ok {
		return name
	}
	name := path
	if role != "" {
		name += "." + role
	}
	if n.taken[name] || utf8.RuneCountInString(name) > maxName {
		sum := sha256.Sum256([]byte(key))
		suffix := "~" + hex.EncodeToString(sum[:6])
		runes := []rune(name)
		name = string(runes[:min(len(runes), maxName-len(suffix))]) + suffix
	}
	n.given[key], n.taken[name] = name, true
	return name
}
