package importing_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/workflow"
	"ballerine/internal/workflow/importing"
)

// TestNoMemberGetsLost puts a member that nobody knows into every object of every definition: wherever it is, it is reported,
// as a warning or by a refusal. A reader that forgets to look at a place fails here.
func TestNoMemberGetsLost(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	places := 0
	for _, file := range files {
		input, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var document any
		if strings.HasPrefix(filepath.Base(file), "broken") || json.Unmarshal(input, &document) != nil {
			continue
		}
		eachObject(document, "", func(object map[string]any, path string) {
			object["zzUnheardOf"] = "zz"
			defer delete(object, "zzUnheardOf")
			if carried(path) {
				return
			}
			text, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			places++
			result, problems := importing.Import("input.json", text, importing.Options{})
			if kept(result) {
				return // carried, or a name like any other
			}
			for _, d := range append(problems, result.Notes...) {
				if strings.Contains(d.Path+d.Message, "zzUnheardOf") || path != "" && strings.HasPrefix(path, d.Path) && d.Code == "not_carried" {
					return
				}
			}
			t.Errorf("%s: what stands at %s.zzUnheardOf gets lost", filepath.Base(file), path)
		})
	}
	if places < 150 {
		t.Errorf("only %d places were tried", places)
	}
}

// kept reports whether the member is in what was written, and not only in the list of what was refused.
func kept(result importing.Result) bool {
	text := string(result.Workflow)
	for _, plugin := range result.Plugins {
		text += string(plugin)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "zzUnheardOf") && !strings.HasPrefix(line, "path:") && !strings.HasPrefix(line, "message:") {
			return true
		}
	}
	return false
}

// carried are parts that are data, and converted or reported as a whole.
func carried(path string) bool {
	for _, part := range []string{".meta", "contextSchema.schema", ".propertiesSchema", ".options.rule", ".schema", ".params", ".context"} {
		if strings.Contains(path, part) {
			return true
		}
	}
	return false
}

func eachObject(value any, path string, visit func(object map[string]any, path string)) {
	switch v := value.(type) {
	case map[string]any:
		visit(v, path)
		for name, inner := range v {
			at := name
			if path != "" {
				at = path + "." + name
			}
			eachObject(inner, at, visit)
		}
	case []any:
		for k, inner := range v {
			eachObject(inner, fmt.Sprintf("%s[%d]", path, k), visit)
		}
	}
}

// TestMeaningIsCarriedOrRefusedByKind has the smallest machine of each kind of difference, with the expected result: the
// configuration after some events, or the place of the refusal.
func TestMeaningIsCarriedOrRefusedByKind(t *testing.T) {
	const four, five = `"predictableActionArguments":true,`, `"types":{},`
	states := func(version, a, more string) string {
		return `{"id":"m",` + version + `"initial":"a","states":{"a":` + a + `,"b":{"type":"final"}` + more + `}}`
	}
	for name, one := range map[string]struct{ machine, events, want string }{
		"v4: a transition to itself leaves the state": {states(four, `{"on":{"X":"a"},"after":{"60000":"b"}}`, ""), `[{"type":"X","after":"PT30S"},{"after":"PT40S"}]`, "a"},
		"v5: it does not":                          {states(five, `{"on":{"X":"a"},"after":{"60000":"b"}}`, ""), `[{"type":"X","after":"PT30S"},{"after":"PT40S"}]`, "b"},
		"v5: unless it says so":                    {states(five, `{"on":{"X":{"target":"a","reenter":true}},"after":{"60000":"b"}}`, ""), `[{"type":"X","after":"PT30S"},{"after":"PT40S"}]`, "a"},
		"the version is not stated":                {states("", `{"on":{"X":"a"},"after":{"60000":"b"}}`, ""), "", "refused at states.a.on.X"},
		"nor does it matter":                       {states("", `{"on":{"X":"a","Y":"b"}}`, ""), `[{"type":"X"},{"type":"Y"}]`, "b"},
		"v4: into itself":                          {states(four, `{"initial":"x","after":{"60000":"#m.b"},"on":{"X":"#m.a.y"},"states":{"x":{},"y":{}}}`, ""), `[{"type":"X","after":"PT30S"},{"after":"PT40S"}]`, "a.y"},
		"v4: into itself with a dot":               {states(four, `{"initial":"x","after":{"60000":"#m.b"},"on":{"X":".y"},"states":{"x":{},"y":{}}}`, ""), `[{"type":"X","after":"PT30S"},{"after":"PT40S"}]`, "b"},
		"v4: a list of events":                     {states("", `{"on":[{"event":"X","target":"b"}]}`, ""), `[{"type":"X"}]`, "b"},
		"v4: a wildcard before the rest":           {states("", `{"on":[{"event":"*","target":"b"},{"event":"X","target":"c"}]}`, `,"c":{}`), "", "refused at states.a.on[0].event"},
		"v4: a literal star":                       {states(four, `{"on":{"pay.*":"b","X":"c"}}`, `,"c":{}`), `[{"type":"pay._"}]`, "b"},
		"v4: inside, where it is already":          {states(four, `{"initial":"x","on":{"X":".x"},"states":{"x":{"after":{"60000":"#m.b"}}}}`, ""), `[{"type":"X","after":"PT30S"},{"after":"PT40S"}]`, "b"},
		"v4: inside, where it is not":              {states(four, `{"initial":"x","on":{"X":".x","Y":".y"},"states":{"x":{"after":{"60000":"#m.b"}},"y":{}}}`, ""), `[{"type":"Y","after":"PT30S"},{"type":"X"},{"after":"PT40S"}]`, "a.x"},
		"v4: inside, with a condition":             {states(four, `{"initial":"x","on":{"X":{"target":".x","in":"#m.a.y"}},"states":{"x":{"after":{"60000":"#m.b"}},"y":{}}}`, ""), `[{"after":"PT70S"}]`, "b"},
		"v5: inside, where it is already":          {states(five, `{"initial":"x","on":{"X":".x"},"states":{"x":{"after":{"60000":"#m.b"}}}}`, ""), `[{"type":"X","after":"PT30S"},{"after":"PT40S"}]`, "a.x"},
		"v4: the machine begins anew":              {states(four+`"on":{"N":"a"},"entry":{"type":"xstate.raise","event":{"type":"GO"}},`, `{"on":{"GO":"c"}}`, `,"c":{"on":{"D":"d"}},"d":{}`), `[{"type":"D"},{"type":"N"}]`, "c"},
		"v5: the machine begins anew":              {states(five+`"on":{"N":{"target":".a","reenter":true}},"entry":{"type":"xstate.raise","event":{"type":"GO"}},`, `{"on":{"GO":"c"}}`, `,"c":{"on":{"D":"d"}},"d":{}`), `[{"type":"D"},{"type":"N"}]`, "c"},
		"v4: the state around begins anew":         {states(four, `{"initial":"x","after":{"60000":"b"},"states":{"x":{"on":{"X":"y"}},"y":{"on":{"X":"#m.a"}}}}`, ""), `[{"type":"X","after":"PT30S"},{"type":"X"},{"after":"PT40S"}]`, "a.x"},
		"v4: the state around goes on":             {states(four, `{"initial":"x","after":{"60000":"b"},"states":{"x":{"on":{"X":{"target":"#m.a","internal":true}}}}}`, ""), "", "refused at states.a.states.x.on.X"},
		"v4: a wildcard takes a state's deadlines": {states(four, `{"on":{"*":"c"},"after":{"1000":"b"}}`, `,"c":{}`), "", "refused at states.a.on.*"},
		"v5: history of regions from inside":       {`{"id":"m",` + five + `"initial":"p","states":{"p":{"type":"parallel","states":{"q":{"on":{"X":"h"}},"h":{"type":"history"}}}}}`, "", "refused at states.p.states.q.on.X"},
		"to the machine itself":                    {states(five, `{"on":{"X":"c"}}`, `,"c":{"on":{"X":"#m"}}`), `[{"type":"X"},{"type":"X"}]`, "a"},
		"v5: a partial wildcard":                   {states(five, `{"on":{"pay.*":"b"}}`, ""), `[{"type":"pay.card"}]`, "b"},
		"a wildcard that takes deadlines":          {states(five, `{"initial":"x","after":{"1000":"b"},"states":{"x":{"on":{"*":"y"}},"y":{}}}`, ""), "", "refused at states.a.states.x.on.*"},
		"v4: history of what is active":            {states(four, `{"initial":"x","on":{"OUT":"b"},"states":{"x":{"on":{"N":"y"}},"y":{"on":{"H":"h"}},"h":{"type":"history"}}}`, ""), "", "refused at states.a.states.y.on.H"},
		"v4: in, as a state value":                 {`{"id":"m","type":"parallel","states":{"p":{"initial":"x","states":{"x":{"on":{"G":{"target":"y","in":{"q":"v"}}}},"y":{}}},"q":{"initial":"u","states":{"u":{"on":{"V":"v"}},"v":{}}}}}`, `[{"type":"G"},{"type":"V"},{"type":"G"}]`, "p.y q.v"},
		"v4: another region":                       {`{"id":"m",` + four + `"type":"parallel","states":{"p":{"initial":"x","states":{"x":{"on":{"G":"#m.q.v"}},"y":{}}},"q":{"initial":"u","states":{"u":{},"v":{}}}}}`, "", "refused at states.p.states.x.on.G"},
		"regions are asked before what is around":  {`{"id":"m","initial":"p","states":{"p":{"type":"parallel","on":{"X":"#m.z"},"states":{"q":{"on":{"X":{"actions":"note"}}},"r":{}}},"z":{}}}`, "", "refused at states.p.states.q.on.X"},
		"a raised event that comes later":          {states(five, `{"entry":{"type":"xstate.raise","event":{"type":"X"},"delay":1000},"on":{"X":"b"}}`, ""), "", "refused at states.a.entry.delay"},
		"a raised event that carries something":    {states(five, `{"entry":{"type":"xstate.raise","event":{"type":"X","n":1,"t":"say \"hi\""}},"on":{"X":{"target":"b","guard":{"type":"expr","options":{"rule":"event.payload.n == 1 && event.payload.t == 'say \"hi\"'"}}}}}`, ""), `[]`, "b"},
		"raise with params":                        {states(five, `{"entry":{"type":"xstate.raise","event":{"type":"X"},"params":{"n":1}},"on":{"X":"b"}}`, ""), "", "refused at states.a.entry.params"},
		"an event that is sent":                    {states(four, `{"entry":{"type":"xstate.send","event":{"type":"X"},"delay":5},"on":{"X":"b"}}`, ""), "", "refused at states.a.entry"},
		"a condition with branches":                {states(four, `{"entry":{"type":"xstate.choose","conds":[]},"on":{"X":"b"}}`, ""), "", "refused at states.a.entry"},
		"a delay of nothing":                       {states(five, `{"after":{"0":"b"}}`, ""), "", "refused at states.a.after.0"},
		"a delay that is a function":               {states(five, `{"after":{"soon":"b"}}`, ""), "", "refused at states.a.after.soon"},
		"a text in the list of a deadline":         {states(five, `{"after":{"1000":["b"]}}`, ""), "", "refused at states.a.after.1000"},
		"v5: escaped dots":                         {`{"id":"m",` + five + `"initial":"a","states":{"a":{"on":{"X":"b\\.c"}},"b.c":{"type":"final"}}}`, `[{"type":"X"}]`, "b_c"},
		"names that would be the same":             {`{"id":"m","initial":"a b","states":{"a b":{"on":{"X":"a_b"}},"a_b":{"type":"final"}}}`, `[{"type":"X"}]`, "a_b_2"},
		"events that would be the same":            {states("", `{"on":{"X Y":"b","X_Y":"c"}}`, `,"c":{}`), "", "refused at states.a.on.X_Y"},
		"an event of the system's own":             {states(four, `{"on":{"done.invoke.x":"b"}}`, ""), "", "refused at states.a.on.done.invoke.x"},
		"work in a final state":                    {states("", `{"on":{"X":"c"}}`, `,"c":{"type":"final","invoke":{"src":"x"}}`), "", "refused at states.c.invoke"},
		"work around states":                       {states("", `{"initial":"x","invoke":{"src":"x"},"states":{"x":{}}}`, ""), "", "refused at states.a.invoke"},
		"work at once":                             {states("", `{"invoke":[{"id":"x","src":"x","onDone":"b"},{"id":"y","src":"y","onDone":"c"}]}`, `,"c":{}`), `[{"type":"done.invoke.y","payload":{}}]`, "c"},
		"the end of work is not that of the state": {states("", `{"invoke":{"id":"x","src":"x"},"onDone":"b"}`, ""), `[{"type":"done.invoke.x","payload":{}}]`, "a"},
		"a machine inside":                         {states(five, `{"invoke":{"src":{"states":{}},"onDone":"b"}}`, ""), "", "refused at states.a.invoke.src"},
		"activities":                               {states(four, `{"activities":["beep"],"on":{"X":"b"}}`, ""), "", "refused at states.a.activities"},
		"a target that is nowhere":                 {states("", `{"on":{"X":"nowhere"}}`, ""), "", "refused at states.a.on.X"},
	} {
		t.Run(name, func(t *testing.T) {
			result, problems := importing.Import("machine.json", []byte(one.machine), importing.Options{})
			if problems.Failed() {
				w, found := workflow.Parse("workflow.yaml", result.Workflow, nil)
				if got := "refused at " + problems[0].Path; got != one.want || w != nil || !strings.Contains(fmt.Sprint(found), workflow.RefusedKey) && !marked(found) {
					t.Errorf("%s, want %s: %v\n%v", got, one.want, problems, found)
				}
				return
			}
			if got := stateAfter(t, result.Workflow, one.events); got != one.want {
				t.Errorf("at %s, want %s\n%s", got, one.want, result.Workflow)
			}
		})
	}
}

func marked(found problem.Diagnostics) bool {
	for _, d := range found {
		if d.Code == workflow.RefusedKey {
			return true
		}
	}
	return false
}

func stateAfter(t *testing.T, text []byte, events string) string {
	t.Helper()
	w, found := workflow.Parse("workflow.yaml", text, nil)
	if w == nil {
		t.Fatalf("%v\n%s", found, text)
	}
	read, err := workflow.ReadEvents([]byte(events))
	if err != nil {
		t.Fatal(err)
	}
	lines := workflow.Simulate(w, read, nil, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	return strings.Join(lines[len(lines)-1].Configuration, " ")
}
