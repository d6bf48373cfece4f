package flow_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/flow"
	"ballerine/internal/problem"
)

// made is a flow of a workflow in which a check (`risk`) and somebody else (`score`) write, too.
func made(t testing.TB, pages string) *journey {
	t.Helper()
	d, found := written(t, pages)
	if d == nil {
		t.Fatal(found)
	}
	return &journey{t, d, flow.Input{Context: map[string]any{}, States: []string{"collect"}, Collects: true, Now: now}}
}

func written(t testing.TB, pages string) (*flow.Definition, problem.Diagnostics) {
	t.Helper()
	return parse(t, "made.yaml", `
id: made
subject: individual
context: {schema: {type: object, properties: {
  a: {type: string}, b: {type: string}, found: {type: string}, n: {type: number}, score: {type: number}, born: {type: string}, terms: {type: object}, place: {type: object}, words: {type: array, items: {type: string}},
  o: {type: object, required: [x, y], properties: {x: {type: string}, y: {type: string}}},
  list: {type: array, items: {type: object, properties: {a: {type: string}, b: {type: string}, terms: {type: object}, place: {type: object}, o: {type: object, properties: {x: {type: string}}}}}}}}}
documents: [{kind: passport}]
reserved: [found]
flow:
  pages:
`+pages+`
initial: collect
states:
  collect: {tags: [collection_flow], on: {GO: check}}
  check: {invoke: [{id: risk, src: screening, input: {lists: [demo], with: {name: a}}, onDone: done, onError: done}]}
  done: {type: final}
`)
}

const last = "\n    - {id: last, event: GO, elements: [{type: review}]}\n"

// What is hidden because an answer is missing is not left out: the answer is needed, whatever form the rule has.
func TestAnAnswerThatDecidesIsNeededInAnyForm(t *testing.T) {
	rules := map[string]string{
		"portable": "a == 'yes'", "function": "lower(a) == 'yes'", "pattern": "a =~ '(?i)^yes$'", "query": "{type: jmespath, options: {rule: \"length(a) == `3`\"}}", "both": "lower(a) == 'yes' && risk.more == true",
	}
	for name, rule := range rules {
		if !strings.HasPrefix(rule, "{") {
			rule = `"` + rule + `"`
		}
		for place, pages := range map[string]string{
			"page":    "    - {id: p, elements: [{field: a, type: text}]}\n    - {id: more, visible: RULE, elements: [{field: b, type: text, required: true}]}",
			"element": "    - {id: p, elements: [{field: a, type: text}, {field: b, type: text, visible: RULE, required: true}]}",
			"group":   "    - {id: p, elements: [{field: a, type: text}, {type: group, field: list, elements: [{field: b, type: text, visible: RULE, required: true}]}]}",
		} {
			t.Run(name+" "+place, func(t *testing.T) {
				j := made(t, strings.ReplaceAll(pages, "RULE", rule)+last)
				j.in.Context["list"] = []any{map[string]any{}}
				s := j.d.State(j.in)
				j.expect("remaining", remaining(s, ""), []string{"a needed"})
				j.expect("complete", s.Complete, false)
			})
		}
	}
	j := made(t, "    - {id: p, elements: [{type: group, field: list, elements: [{field: a, type: text}, {field: b, type: text, visible: \"lower(item.a) == 'yes'\", required: true}]}]}"+last)
	j.in.Context["list"] = []any{map[string]any{"a": "no"}, map[string]any{}}
	j.expect("items", remaining(j.d.State(j.in), ""), []string{"list[1].a needed"})
	// An answer of a form that the rule cannot read decides nothing, either.
	j = made(t, "    - {id: p, elements: [{field: a, type: text}, {field: b, type: text, visible: \"date(a) < today()\", required: true}]}"+last)
	j.in.Context["a"] = "no date"
	j.expect("unreadable", remaining(j.d.State(j.in), ""), []string{"a needed"})
	j.in.Context["a"] = "2020-01-01"
	j.expect("read", remaining(j.d.State(j.in), ""), []string{"b required"})
}

func TestARevisionCanBeSubmitted(t *testing.T) {
	j := begin(t)
	for page, values := range map[string]map[string]any{"company": company, "contact": contact, "send": terms} {
		j.save(page, false, values)
	}
	j.save("owners", false, owners)
	j.in.Documents = []flow.Document{{Kind: "register", Status: "revision", Requested: true}, {ID: "doc_2", Kind: "register", Status: "received"}}
	s := j.d.State(j.in)
	page, event, left, found := s.Submits("")
	j.expect("submits", fmt.Sprint(page, " ", event, " ", left, " ", found), "send SUBMIT [] true")
	j.expect("next", s.Next, "send")
}

func TestARequestedDocumentIsAskedOnAHiddenPage(t *testing.T) {
	for _, pages := range []string{
		"    - {id: p, visible: a == 'yes', elements: [{field: b, type: text, required: true}, {document: passport}]}",
		"    - {id: p, states: [check], elements: [{field: b, type: text, required: true}, {document: passport}]}",
		"    - {id: p, visible: \"lower(a) == 'yes'\", elements: [{field: b, type: text, required: true}, {document: passport, visible: risk.more == true}]}",
	} {
		j := made(t, pages+last)
		j.in.Context["a"] = "no"
		j.in.Documents = []flow.Document{{ID: "doc_1", Kind: "passport", Status: "revision", Requested: true}}
		s := j.d.State(j.in)
		j.expect("open", pageOf(t, s, "p").Open, true)
		j.expect("remaining", remaining(s, ""), []string{"documents.passport revision"})
		j.expect("elements", len(pageOf(t, s, "p").Elements), 1)
	}
}

func TestAnyNumberOfEntriesIsRefusedBriefly(t *testing.T) {
	many := make([]any, 100_000)
	for i := range many {
		many[i] = 7.0
	}
	members := map[string]any{}
	for i := range 100_000 {
		members[fmt.Sprintf("Secret Name %d", i)] = 1.0
	}
	j := made(t, "    - {id: p, elements: [{type: tags, field: words}, {type: address, field: place}, {type: group, field: list, elements: [{field: a, type: text}]}]}"+last)
	for field, c := range map[string]struct {
		value any
		want  string
	}{
		"words": {many, "[words too_many]"}, "place": {members, "[place unknown_part]"}, "list": {many, "[list too_many]"},
	} {
		j.expect(field, fmt.Sprint(j.save("p", true, map[string]any{field: c.value})), c.want)
	}
	j.expect("item", j.save("p", true, map[string]any{"list": []any{members}}), []string{"list[0] unknown"})
	wrong := slices.Repeat([]any{map[string]any{"a": 7.0}}, 200)
	got := j.save("p", true, map[string]any{"list": wrong})
	if len(got) != flow.MaxFaults+1 || got[flow.MaxFaults] != "body.values more" {
		t.Errorf("%d faults, at last %s", len(got), got[len(got)-1])
	}
	_, err := j.d.Save(j.in, "p", map[string]any{"Ada Lovelace": 1.0, strings.Repeat("x", 65): 1.0}, true)
	if got := places(err); fmt.Sprint(got) != "[… unknown … unknown]" || strings.Contains(err.Error(), "Ada") {
		t.Error(err)
	}
}

func TestOptionsOfAGroupAreSaidOnce(t *testing.T) {
	options := make([]string, 400)
	for i := range options {
		options[i] = fmt.Sprintf("option%d", i)
	}
	pages := "    - {id: p, elements: [{type: group, field: list, MAX elements: [{field: a, type: select, hint: h, options: [" + strings.Join(options, ", ") + "]}]}]}" + last
	j := made(t, strings.Replace(pages, "MAX", "max: 200,", 1))
	j.in.Context["list"] = slices.Repeat([]any{map[string]any{"a": "option1"}}, 200)
	state, err := json.Marshal(j.d.State(j.in))
	if err != nil || len(state) > 100_000 || strings.Count(string(state), `"option399"`) != 2 {
		t.Errorf("%d bytes: %v", len(state), err)
	}
}

func TestPagesWhoseStateCanBeTooLargeAreRefused(t *testing.T) {
	title := strings.Repeat("x", 9990)
	for text, want := range map[string]bool{
		"    - {id: p, elements: [{type: group, field: list, elements: [{field: a, type: text, title: " + title + "}]}]}":          true,
		"    - {id: p, elements: [{type: group, max: 10, field: list, elements: [{field: a, type: text, title: " + title + "}]}]}": false,
	} {
		d, found := written(t, text+last)
		refused := slices.ContainsFunc(found, func(f problem.Diagnostic) bool {
			return f.Code == "too_large" && f.Path == "flow.pages[0]" && f.Line > 0 && f.Hint != ""
		})
		if refused != want || (d == nil) != want {
			t.Errorf("refused: %t, %v", refused, found.Of(problem.SeverityError))
		}
	}
}

func TestWhatWouldMakeTheStateTooLargeIsNotSaved(t *testing.T) {
	j := made(t, "    - {id: p, elements: [{field: a, type: text}, {field: b, type: text}]}"+last)
	j.d.SetLargest(3000)
	j.expect("small", j.save("p", true, map[string]any{"a": "x"}), []string(nil))
	j.expect("large", j.save("p", true, map[string]any{"b": strings.Repeat("x", 5000)}), []string{"body.values too_large"})
	j.in.Context["b"] = strings.Repeat("x", 6000)
	j.expect("less", j.save("p", true, map[string]any{"b": strings.Repeat("x", 5000)}), []string(nil)) // existing values can be corrected
}

func TestWhatIsNoPageIsReportedWhereItStands(t *testing.T) {
	_, found := written(t, "    - 7\n    - nothing\n    - {id: p, event: NEVER, elements: [{type: review}]}\n    - []\n    - {id: q, event: NOR, elements: [{type: review}]}\n")
	var got []string
	for _, f := range found {
		if f.Code == "unknown_event" || f.Code == "type" {
			got = append(got, fmt.Sprint(f.Line, " ", f.Path, " ", f.Code))
		}
	}
	if want := "[12 flow.pages[0] type 13 flow.pages[1] type 14 flow.pages[2].event unknown_event 15 flow.pages[3] type 16 flow.pages[4].event unknown_event]"; fmt.Sprint(got) != want {
		t.Errorf("%v, expected %s", got, want)
	}
}

func TestDraftsOfPagesBehindAreKept(t *testing.T) {
	j := made(t, "    - {id: p, event: GO, elements: [{field: o.x, type: text}]}\n    - {id: q, elements: [{field: o.y, type: text}]}"+last)
	before := flow.Progress{Saved: []string{"p"}, Draft: map[string]any{"o.x": "1", "o.y": nil, "gone": 3.0}, Over: map[string]string{"o.x": "a", "o.y": "b"}}
	after := j.d.Submitted(before, "p")
	j.expect("first", after, flow.Progress{Saved: []string{"p"}, Draft: map[string]any{"o.y": nil}, Over: map[string]string{"o.y": "b"}})
	j.expect("last", j.d.Submitted(before, "last").Draft, map[string]any(nil))
	j.expect("before", len(before.Draft), 3)
}

func TestAFieldOfAGroupThatIsDisabledStays(t *testing.T) {
	j := made(t, "    - {id: p, elements: [{type: group, field: list, elements: [{field: a, type: text}, {field: b, type: text, disabled: \"score == 1\"}]}]}"+last)
	item := func(a string, b any) any {
		m := map[string]any{"a": a}
		if b != nil {
			m["b"] = b
		}
		return m
	}
	save := func(items ...any) []string { return j.save("p", true, map[string]any{"list": items}) }
	j.expect("before", save(item("1", "x"), item("2", "y")), []string(nil))
	j.in.Context["score"] = 1.0
	j.expect("changed", save(item("1", "z"), item("2", "y")), []string{"list[0].b disabled"})
	j.expect("left out", save(item("1", nil), item("2", "y")), []string{"list[0].b disabled"})
	j.expect("twice", save(item("1", "x"), item("2", "y"), item("3", "x")), []string{"list[2].b disabled"})
	j.expect("added", save(item("one", "x"), item("2", "y"), item("3", nil)), []string(nil))
	j.expect("moved", save(item("2", "y"), item("3", nil)), []string(nil))
	j.expect("given", save(item("2", "y"), item("3", "new")), []string{"list[1].b disabled"})
}

func TestWhenSomebodyAgreedIsTheServersToSay(t *testing.T) {
	j := made(t, "    - {id: p, elements: [{type: consent, field: terms, version: v, text: x}, {type: group, field: list, elements: [{field: a, type: text}, {type: consent, field: terms, version: v, text: x}]}]}"+last)
	agree := func(at any) map[string]any {
		m := map[string]any{"accepted": true, "version": "v"}
		if at != nil {
			m["at"] = at
		}
		return m
	}
	first, second := "2026-03-04T12:00:00Z", "2026-03-04T13:00:00Z"
	of := func(i int) any {
		return j.in.Context["list"].([]any)[i].(map[string]any)["terms"].(map[string]any)["at"]
	}
	save := func(items ...any) []string { return j.save("p", true, map[string]any{"list": items}) }
	j.expect("forged", save(map[string]any{"terms": agree("1999-01-01T00:00:00Z")}), []string(nil))
	j.expect("at", of(0), first)
	j.in.Now = now.Add(time.Hour)
	j.expect("again", save(map[string]any{"terms": agree(nil)}, map[string]any{"terms": agree(nil)}), []string(nil))
	j.expect("at", fmt.Sprint(of(0), of(1)), first+second)
	j.in.Now = now.Add(2 * time.Hour)
	j.expect("moved", save(map[string]any{"terms": agree(second)}), []string(nil))
	j.expect("at", of(0), second)
	for _, at := range []any{5.0, "garbage", map[string]any{}} {
		j.expect("malformed", save(map[string]any{"terms": agree(at)}), []string{"list[0].terms.at type"})
		j.expect("malformed", j.save("p", true, map[string]any{"terms": agree(at)}), []string{"terms.at type"})
	}
	// What came from elsewhere in another form does not count, and is not kept.
	j.in.Context["terms"] = agree("garbage")
	j.expect("remaining", remaining(j.d.State(j.in), ""), []string{"terms.at type"})
	j.expect("again", j.save("p", true, map[string]any{"terms": agree(nil)}), []string(nil))
	j.expect("at", j.in.Context["terms"].(map[string]any)["at"], "2026-03-04T14:00:00Z")
}

func TestApplicantsAreToldOnlyNamesOfAnswers(t *testing.T) {
	j := made(t, `    - {id: p, visible: "a == 'x' || exists(b)", elements: [{field: a, type: text}]}
    - id: q
      elements:
        - {field: b, type: text, required: "risk.more == true && a == 'x'", disabled: "risk.more == true", validate: [{rule: "risk.more == false || value == 'x'"}]}
        - {type: group, field: list, elements: [{field: a, type: text, required: "score > 5 && item.b == 'x'"}, {field: b, type: text}]}`+last)
	j.in.Context["list"] = []any{map[string]any{}}
	j.in.Context["b"] = "x"
	state, err := json.Marshal(j.d.State(j.in))
	if err != nil || strings.Contains(string(state), "risk") || strings.Contains(string(state), "score") {
		t.Errorf("%s", state)
	}
	q := pageOf(t, j.d.State(j.in), "q")
	j.expect("b", elementOf(t, q, "b").Undecided, map[string][]string{"required": {"a"}})
	j.expect("item", elementOf(t, q, "list").Items[0][0].Undecided, map[string][]string{"required": {"list[0].b"}})
}

func TestEveryRuleThatRevealsACheckIsWarnedOf(t *testing.T) {
	for _, is := range []string{"visible: RULE", "required: RULE", "disabled: RULE", "validate: [{rule: RULE}]"} {
		for _, rule := range []string{`"risk.more == true"`, `"exists(risk)"`, `"found == 'x'"`, `"coalesce(risk.more, true)"`, `{type: jmespath, options: {rule: "risk.more == true"}}`} {
			member := strings.ReplaceAll(is, "RULE", rule)
			for _, element := range []string{"{field: b, type: text, " + member + "}", "{type: group, field: list, elements: [{field: b, type: text, " + member + "}]}"} {
				_, found := written(t, "    - {id: p, elements: ["+element+"]}"+last)
				if !slices.ContainsFunc(found, func(f problem.Diagnostic) bool { return f.Code == "discloses" }) {
					t.Errorf("%s: %v", element, found)
				}
			}
		}
	}
}

func TestAnswersOfTheWrongKindAreRefused(t *testing.T) {
	pages := `    - id: p
      elements:
        - {field: a, type: text}
        - {field: b, type: text, visible: a == 'yes'}
        - {field: n, type: number}
        - {field: born, type: date, max_age: 100}
        - {field: place, type: address}
        - {field: words, type: tags}
        - {type: group, field: list, elements: [{field: a, type: text}, {field: o.x, type: text}, {field: place, type: address}]}` + last
	for name, c := range map[string]struct {
		values  map[string]any
		whole   bool
		refused []string
	}{
		"empty list":        {map[string]any{"a": []any{}, "n": []any{}, "born": map[string]any{}, "place": []any{}, "list": map[string]any{}}, false, []string{"a type", "born type", "list type", "n type", "place type"}},
		"nothing":           {map[string]any{"a": "", "n": nil, "place": map[string]any{}, "words": []any{}, "list": []any{}}, false, nil},
		"year 0":            {map[string]any{"born": "0000-01-01"}, false, []string{"born date"}},
		"year 1":            {map[string]any{"born": "1926-01-01"}, false, nil},
		"not born":          {map[string]any{"born": "2999-01-01"}, false, []string{"born past"}},
		"partial address":   {map[string]any{"place": map[string]any{"city": "Paris"}, "list": []any{map[string]any{"place": map[string]any{"city": "Rome"}}}}, false, nil},
		"whole address":     {map[string]any{"place": map[string]any{"city": "Paris"}}, true, []string{"place.line1 required", "place.country required"}},
		"null where hidden": {map[string]any{"a": "no", "b": nil}, false, []string{"b hidden"}},
		"dotted name":       {map[string]any{"list": []any{map[string]any{"o.x": "1"}}}, false, []string{"list[0] unknown"}},
		"its own name":      {map[string]any{"list": []any{map[string]any{"o": map[string]any{"x": "1"}}}}, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			j := made(t, pages)
			j.expect("refused", j.save("p", !c.whole, maps.Clone(c.values)), c.refused)
		})
	}
	j := made(t, pages)
	j.save("p", true, map[string]any{"a": "yes", "b": "x"})
	j.expect("what hides it", j.save("p", true, map[string]any{"a": "no", "b": nil}), []string(nil)) // it goes with what hides it
	j.save("p", true, map[string]any{"place": map[string]any{"city": "Paris"}})
	j.expect("remaining", remaining(j.d.State(j.in), ""), []string{"place.line1 required", "place.country required"})
	if state, _ := json.Marshal(j.d.State(j.in)); !strings.Contains(string(state), `"languages":[]`) {
		t.Error("languages are null")
	}
}

// TestWhatADocumentAcceptsIsInTheState: a client offers and refuses files by it, before anything is sent.
func TestWhatADocumentAcceptsIsInTheState(t *testing.T) {
	for kind, want := range map[string]string{
		`{kind: card, content_types: [image/png, application/pdf], max_size: 2000}`: `{[image/png application/pdf] 2000}`,
		`{kind: card}`: "none",
	} {
		d, found := parse(t, "w.yaml", "id: w\nsubject: individual\ndocuments: ["+kind+"]\nflow: {pages: [{id: p, title: P, elements: [{document: card}]}]}\ninitial: a\nstates: {a: {tags: [collection_flow], on: {GO: b}}, b: {type: final}}\n")
		if d == nil {
			t.Fatal(found)
		}
		got := "none"
		if checks := d.State(flow.Input{Collects: true, States: []string{"a"}, Now: now}).Pages[0].Elements[0].Checks; checks != nil {
			got = fmt.Sprint(struct {
				types []string
				size  int64
			}{checks.ContentTypes, checks.MaxSize})
		}
		if got != want {
			t.Errorf("%s: %s", kind, got)
		}
	}
}
