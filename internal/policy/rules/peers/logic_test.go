package peers_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/expr"
)

// reference is json-logic-js in a process of its own.
type reference struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

func startReference(t *testing.T) *reference {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat("node_modules/json-logic-js")
	}
	if err != nil {
		const message = "json-logic-js is not installed: make setup-node"
		if os.Getenv("CI") != "" {
			t.Fatal("CI must have: " + message)
		}
		t.Skip("SKIPPED, NOT TESTED HERE: " + message)
	}
	command := exec.Command(node, "logic.mjs")
	command.Stderr = os.Stderr
	in, err1 := command.StdinPipe()
	out, err2 := command.StdoutPipe()
	if err1 != nil || err2 != nil || command.Start() != nil {
		t.Fatal("node does not start")
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 1<<24)
	return &reference{in, scanner}
}

type response struct {
	Value any    `json:"value"`
	Error string `json:"error"`
}

func (r *reference) apply(t *rapid.T, rule, data any) (s response) {
	text, err := json.Marshal(map[string]any{"rule": rule, "data": data})
	if err == nil {
		_, err = r.in.Write(append(text, '\n'))
	}
	if err != nil || !r.out.Scan() {
		t.Fatalf("json-logic-js has gone: %v\n%s", err, text)
	}
	if err := json.Unmarshal(r.out.Bytes(), &s); err != nil {
		t.Fatalf("%s\n%s", r.out.Bytes(), text)
	}
	return s
}

// kinds of values, and what holds them in the data.
const (
	aBool = iota
	aNumber
	aText
	aListOfNumbers
	aListOfTexts
	kinds
)

var held = [kinds][]string{{"yes", "no"}, {"n", "m", "o.n"}, {"s", "r", "o.s"}, {"l", "e"}, {"k", "e"}}

// drawnRule draws rules. Those that are not wild ask for what is there, of the type that their operators take; wild ones
// have anything anywhere.
type drawnRule struct {
	*rapid.T
	wild    bool
	element int // the kind of the list's elements whose condition it is; -1: the rule is over the data
}

func (d drawnRule) pick(n int) int { return rapid.IntRange(0, n-1).Draw(d.T, "pick") }

func (d drawnRule) number() any { return float64(rapid.IntRange(-6, 6).Draw(d.T, "n")) / 2 }

func (d drawnRule) text() any {
	return rapid.SampledFrom([]string{"", "a", "b", "ab", "ß", "1", "true", "Aé"}).Draw(d.T, "s")
}

func op(name string, arguments ...any) any { return map[string]any{name: arguments} }

// leaf is a literal or a path.
func (d drawnRule) leaf(kind int) any {
	if d.wild && d.pick(4) == 0 {
		return []any{map[string]any{"var": "gone"}, map[string]any{"var": "z"}, nil, map[string]any{"var": []any{"gone", d.number()}}}[d.pick(4)]
	}
	if d.element == kind {
		return map[string]any{"var": ""}
	}
	if d.element < 0 && d.pick(2) == 0 {
		return map[string]any{"var": held[kind][d.pick(len(held[kind]))]}
	}
	switch kind {
	case aBool:
		return d.pick(2) == 0
	case aNumber:
		return d.number()
	case aText:
		return d.text()
	case aListOfNumbers:
		return []any{d.number(), d.number()}
	}
	return []any{d.text(), d.text()}
}

func (d drawnRule) of(kind, depth int) any {
	if d.wild && d.pick(5) == 0 {
		kind = d.pick(kinds)
	}
	if depth == 0 || d.pick(5) == 0 {
		return d.leaf(kind)
	}
	sub := func(kind int) any { return d.of(kind, depth-1) }
	each := func(elements, result int) any { return drawnRule{d.T, d.wild, elements}.of(result, depth-1) }
	list := aListOfNumbers + d.pick(2)
	if d.pick(8) == 0 {
		return op("if", sub(aBool), sub(kind), sub(aBool), sub(kind), sub(kind))
	}
	switch kind {
	case aBool:
		return d.condition(sub, each, list)
	case aNumber:
		switch d.pick(4) {
		case 0:
			return op([]string{"+", "*", "min", "max"}[d.pick(4)], sub(aNumber), sub(aNumber), sub(aNumber))
		case 1:
			return op("-", sub(aNumber), sub(aNumber))
		case 2:
			return op("-", sub(aNumber))
		}
		return op([]string{"/", "%"}[d.pick(2)], sub(aNumber), []any{2.0, -4.0, 0.5}[d.pick(3)])
	case aText:
		if d.pick(2) == 0 {
			return op("cat", sub(aText), sub([]int{aText, aNumber, aBool}[d.pick(3)]))
		}
		return op("substr", append([]any{sub(aText), float64(d.pick(5) - 2)}, []any{float64(d.pick(5) - 2)}[:d.pick(2)]...)...)
	case aListOfTexts:
		if d.pick(3) == 0 {
			return op("missing", "n", "z", "gone", "o.s", "s")
		}
		if d.pick(3) == 0 {
			return op("missing_some", float64(d.pick(4)), []any{"n", "z", "gone", "s"})
		}
	}
	element := kind - aListOfNumbers + aNumber
	switch d.pick(3) {
	case 0:
		return op("merge", sub(kind), sub(element), sub(kind))
	case 1:
		return op("filter", sub(kind), each(element, aBool))
	}
	return op("map", sub(kind), each(element, element))
}

func (d drawnRule) condition(sub func(int) any, each func(int, int) any, list int) any {
	scalar := []int{aNumber, aText}[d.pick(2)]
	switch d.pick(8) {
	case 0, 1: // `and` and `or` are true or false here, and the operand that decided in json-logic-js
		join := op([]string{"and", "or"}[d.pick(2)], sub(aBool), sub(aBool), sub(aBool))
		if d.wild {
			return op("!!", join)
		}
		return join
	case 2:
		return op("!", sub(aBool))
	case 3:
		return op("!!", sub(d.pick(kinds)))
	case 4:
		return op([]string{"==", "===", "!=", "!=="}[d.pick(4)], sub(scalar), sub(scalar))
	case 5:
		if d.pick(2) == 0 {
			return op([]string{"<", "<="}[d.pick(2)], sub(aNumber), sub(aNumber), sub(aNumber))
		}
		return op([]string{"<", "<=", ">", ">="}[d.pick(4)], sub(scalar), sub(scalar))
	case 6:
		// json-logic-js finds nothing in an empty text, not even itself: here it is there, as in any other text.
		if d.pick(2) == 0 {
			return op("in", sub(aText), op("cat", sub(aText), "."))
		}
		return op("in", sub(list-aListOfNumbers+aNumber), op("merge", sub(list)))
	}
	return op([]string{"some", "all", "none"}[d.pick(3)], sub(list), each(list-aListOfNumbers+aNumber, aBool))
}

// A rule that asks for what is there, of the types that its operators take, means what json-logic-js means by it. Any other
// is unknown here, where json-logic-js converts, or means the same: it never differs otherwise.
func TestJSONLogicMeansWhatItsReferenceMeans(t *testing.T) {
	peer := startReference(t)
	counts := map[bool]map[string]int{true: {}, false: {}}
	rapid.Check(t, func(t *rapid.T) {
		d := drawnRule{t, rapid.Bool().Draw(t, "wild"), -1}
		texts := func() []any { return []any{d.text(), d.text(), d.text()}[:d.pick(4)] }
		data := map[string]any{
			"yes": true, "no": false, "n": d.number(), "m": d.number(), "s": d.text(), "r": d.text(), "z": nil, "e": []any{}, "k": texts(),
			"l": []any{d.number(), d.number(), d.number()}[:d.pick(4)], "o": map[string]any{"n": d.number(), "s": d.text()},
		}
		for range 10 {
			rule := d.of(d.pick(kinds), 4)
			written, _ := json.Marshal(rule)
			program, err := expr.CompileJSONLogic(rule)
			if err != nil {
				t.Fatalf("%s: %v", written, err)
			}
			value, verdict := program.Value(&expr.Env{Scope: expr.Map(data), Now: at})
			there := peer.apply(t, rule, data)
			switch {
			case verdict.Truth == expr.Unknown && d.wild:
				counts[d.wild]["unknown"]++
			case verdict.Truth == expr.Unknown:
				t.Fatalf("%s of %v is unknown here (%s), %v there", written, data, verdict.Reason, there)
			case !agree(value, there):
				t.Fatalf("%s of %v is %#v here, %#v there", written, data, value, there)
			default:
				counts[d.wild]["known"]++
			}
		}
	})
	t.Log(counts)
	if counts[false]["known"] == 0 || counts[true]["known"] == 0 || counts[true]["unknown"] == 0 {
		t.Error("too little was compared")
	}
}

// agree reports whether two values are the same; for what is true or false here, whether the other counts as that.
func agree(here any, there response) bool {
	if condition, is := here.(bool); is {
		return there.Error == "" && condition == truthy(there.Value)
	}
	text, err := json.Marshal(here)
	var plain any
	return err == nil && json.Unmarshal(text, &plain) == nil && there.Error == "" && reflect.DeepEqual(plain, there.Value)
}

func truthy(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case float64:
		return v != 0
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	}
	return v != nil
}
