package expr

import (
	"reflect"
	"strings"
	"testing"

	"github.com/diegoholiveira/jsonlogic/v3"
)

// corpus are rules over data where nothing is missing and no types are converted: there, we mean what json-logic means.
var corpus = []string{
	`{"==": [{"var": "n"}, 5]}`, `{"===": [{"var": "s"}, "Berlin"]}`, `{"!=": [{"var": "n"}, 5]}`, `{"!==": [{"var": "n"}, 6]}`,
	`{"<": [1, {"var": "n"}, 9]}`, `{"<=": [5, {"var": "n"}, 5]}`, `{">": [{"var": "n"}, 4]}`, `{">=": [{"var": "n"}, 6]}`,
	`{"!": [{"var": "yes"}]}`, `{"!!": [{"var": "s"}]}`, `{"!!": [{"var": "empty"}]}`, `{"and": [{"var": "yes"}, {">": [{"var": "n"}, 1]}]}`, `{"or": [{"var": "no"}, {"var": "yes"}]}`,
	`{"if": [{"var": "no"}, "a", {"var": "yes"}, "b", "c"]}`, `{"if": [{"var": "no"}, "a", "c"]}`, `{"?:": [{"var": "yes"}, 1, 2]}`,
	`{"in": ["erl", {"var": "s"}]}`, `{"in": [{"var": "n"}, [1, 5]]}`, `{"in": [{"var": "n"}, [1, 2]]}`,
	`{"+": [1, {"var": "n"}, 2]}`, `{"*": [2, {"var": "n"}]}`, `{"-": [{"var": "n"}, 2]}`, `{"-": [{"var": "n"}]}`, `{"/": [{"var": "n"}, 2]}`, `{"%": [{"var": "n"}, 3]}`,
	`{"min": [3, {"var": "n"}]}`, `{"max": [3, {"var": "n"}]}`, `{"cat": ["x", {"var": "s"}]}`, `{"substr": [{"var": "s"}, 1]}`, `{"substr": [{"var": "s"}, -2]}`, `{"substr": [{"var": "s"}, 1, 3]}`, `{"substr": [{"var": "s"}, 1, -1]}`,
	`{"merge": [[1, 2], 3, [4]]}`, `{"missing": ["n", "gone"]}`, `{"missing_some": [1, ["n", "gone"]]}`, `{"missing_some": [2, ["n", "gone", "lost"]]}`,
	`{"some": [{"var": "list"}, {">": [{"var": ""}, 2]}]}`, `{"all": [{"var": "list"}, {">": [{"var": ""}, 0]}]}`, `{"none": [{"var": "list"}, {">": [{"var": ""}, 2]}]}`, `{"all": [{"var": "empty"}, true]}`,
	`{"some": [{"var": "hits"}, {">": [{"var": "score"}, 0.9]}]}`, `{"filter": [{"var": "list"}, {">": [{"var": ""}, 1]}]}`, `{"map": [{"var": "list"}, {"*": [{"var": ""}, 2]}]}`,
	`{"reduce": [{"var": "list"}, {"+": [{"var": "current"}, {"var": "accumulator"}]}, 0]}`, `{"map": [{"var": "hits"}, {"var": "score"}]}`,
	`{"var": "nested.deep"}`, `{"var": "hits.1.score"}`, `{"var": ["gone", 7]}`, `{"filter": [{"var": "hits"}, {"==": [{"var": "name"}, "a"]}]}`,
}

func TestJSONLogicGivesWhatTheReferenceLibraryGives(t *testing.T) {
	data := decode(t, `{"n": 5, "s": "Berlin", "yes": true, "no": false, "list": [1, 2, 3], "empty": [], "nested": {"deep": "x"}, "hits": [{"name": "a", "score": 0.5}, {"name": "b", "score": 0.95}]}`).(map[string]any)
	for _, rule := range corpus {
		p, err := CompileJSONLogic(decode(t, rule))
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		got, verdict := p.Value(&Env{Scope: Map(data), Now: noon})
		if verdict.Truth != True {
			t.Errorf("%s is unknown: %+v", rule, verdict)
			continue
		}
		want, err := jsonlogic.ApplyInterface(decode(t, rule), data) //nolint:staticcheck // Apply takes text; the values are at hand
		if err != nil {
			t.Errorf("%s: the other library: %v", rule, err)
			continue
		}
		if !deepEqual(got, want) && !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v here and %v there", rule, got, want)
		}
	}
}

func TestJSONLogicIsUnknownWhereSomethingIsMissingOrUnlike(t *testing.T) {
	for _, rule := range []string{
		`{"==": [{"var": "gone"}, 1]}`, `{"!=": [{"var": "gone"}, 1]}`, `{"!": {"var": "gone"}}`, `{"and": [true, {"var": "gone"}]}`, `{"or": [false, {"var": "gone"}]}`,
		`{"some": [{"var": "hits"}, {">": [{"var": "gone"}, 1]}]}`, `{"none": [{"var": "gone"}, true]}`, `{"filter": [{"var": "hits"}, {"var": "gone"}]}`, `{"map": [{"var": "hits"}, {"var": "gone"}]}`,
		`{"+": ["a", 1]}`, `{"<": ["a", 1]}`, `{"/": [1, 0]}`, `{"reduce": [{"var": "gone"}, 1, 0]}`, `{"if": [{"var": "gone"}, 1, 2]}`, `{"some": [{"var": "count"}, true]}`, `{"substr": [{"var": "count"}, 1]}`,
	} {
		p, err := CompileJSONLogic(decode(t, rule))
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		if got := p.Test(env()); got.Truth != Unknown || (len(got.Missing) == 0 && got.Reason == "") {
			t.Errorf("%s is %+v, want unknown with a reason", rule, got)
		}
	}
}

func TestWhatARuleMakesIsBounded(t *testing.T) {
	list := make([]any, 60)
	for i := range list {
		list[i] = 1.0
	}
	for _, rule := range []string{
		`{"==": ["x", {"reduce": [{"var": "list"}, {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}, "xx"]}]}`,
		`{"==": [[], {"reduce": [{"var": "list"}, {"merge": [{"var": "accumulator"}, {"var": "accumulator"}]}, [1, 2]]}]}`,
		`{"==": [1, {"reduce": [{"var": "list"}, {"*": [{"var": "accumulator"}, {"var": "accumulator"}]}, 2]}]}`,
	} {
		p, err := CompileJSONLogic(decode(t, rule))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Test(&Env{Scope: Map{"list": list}}); got.Truth != Unknown || got.Reason == "" {
			t.Errorf("%s is %+v, want unknown with a reason", rule, got)
		}
	}
	if _, err := Compile("a =~ '" + strings.Repeat("x", maxPattern+1) + "'"); err == nil {
		t.Error("a huge pattern must be refused")
	}
}

func TestProgramsAreSafeForConcurrentUse(t *testing.T) {
	p, err := CompileJSONLogic(decode(t, `{"some": [{"var": "hits"}, {">": [{"var": "score"}, 0.9]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan Truth)
	for range 8 {
		go func() {
			result := True
			for range 100 {
				result = result.And(p.Test(env()).Truth)
			}
			done <- result
		}()
	}
	for range 8 {
		if got := <-done; got != True {
			t.Errorf("got %v", got)
		}
	}
}

// json-logic-js found it: 0 has one text, however it was come by.
func TestNegativeZeroIsZeroInATextToo(t *testing.T) {
	p, err := CompileJSONLogic(decode(t, `{"cat": [{"-": [{"var": "n"}]}, "/", {"*": [{"var": "n"}, -1]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, verdict := p.Value(&Env{Scope: Map{"n": 0.0}, Now: noon}); got != "0/0" || verdict.Truth != True {
		t.Errorf("%v %+v", got, verdict)
	}
}
