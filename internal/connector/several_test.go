package connector

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/problem"
)

// people is a plugin that looks a company up, reads the pages of its people and asks about each.
const people = `id: people
title: People
price: {amount: 0.5, currency: EUR}
steps:
  - id: company
    price: 0
    request: {method: GET, url: "{vendor.base}/companies", query: {number: "{context.number}"}}
    response: {schema: {type: object, required: [id]}, result: {id: "{body.id}"}}
  - id: list
    request: {method: GET, url: "{vendor.base}/companies/{steps.company.id}/people", headers: {X-Key: "{secret.KEY}"}}
    response:
      schema: {type: object, required: [people]}
      pages: {items: body.people, total: body.total, next: {offset: {parameter: start}}, most: 3}
      result: {ids: "{items[].id}", complete: "{pages.complete}"}
  - id: each_one
    each: steps.list.ids
    partial: refused
    concurrency: 3
    request: {method: POST, url: "{vendor.base}/people", body: {id: "{item}", number: "{index}"}}
    response: {schema: {type: object, required: [name]}, result: {name: "{body.name}"}}
response:
  result:
    names: "{steps.each_one.results[].name}"
    all: "{steps.list.complete && steps.each_one.complete}"
    errors: "{steps.each_one.errors}"
    omitted: "{steps.each_one.omitted}"
result: {type: object, required: [names, all]}
cases:
  - name: three people on two pages, of whom one is refused
    context: {number: "7"}
    answers:
      - {body: {id: c7}}
      - {body: {total: 3, people: [{id: a}, {id: b}]}}
      - {body: {total: 3, people: [{id: c}]}}
      - {body: {name: Ada}}
      - {status: 404, body: {}}
      - {body: {name: Grace}}
    expect:
      calls:
        - {method: GET, url: "https://base.invalid/companies?number=7"}
        - {url: "https://base.invalid/companies/c7/people"}
        - {url: "https://base.invalid/companies/c7/people?start=2"}
        - {method: POST, body: {id: a, number: 0}}
        - {body: {id: b, number: 1}}
        - {body: {id: c, number: 2}}
      result: {names: [Ada, Grace], all: false, omitted: 0, errors: [{index: 1, code: vendor_rejected, status: 404}]}
`

func TestCallsUseWhatThoseBeforeThemAnswered(t *testing.T) {
	p := parse(t, people)
	for _, r := range append(p.RunCases(t.Context()), p.Conform(t.Context())...) {
		if !r.Passed {
			t.Errorf("%s: %q", r.Name, r.Problems)
		}
	}
}

func TestTheKitBehavesAtEveryStep(t *testing.T) {
	names := map[string]bool{}
	for _, r := range parse(t, people).Conform(t.Context()) {
		names[r.Name] = true
	}
	for _, name := range []string{"step company: error", "step list: endless pages", "step list: garbage", "step each_one: refusal", "step each_one: slow"} {
		if !names[name] {
			t.Errorf("%s did not run: %v", name, names)
		}
	}
	blind := strings.NewReplacer("all: \"{steps.list.complete && steps.each_one.complete}\"", "all: true", "    errors: \"{steps.each_one.errors}\"\n", "",
		"names: \"{steps.each_one.results[].name}\"", "names: \"{steps.list.ids}\"", "all: false, omitted: 0, errors: [{index: 1, code: vendor_rejected, status: 404}]", "all: true", "[Ada, Grace]", "[a, b, c]").Replace(people)
	plugin, _ := ParsePlugin("blind.yaml", []byte(blind))
	if failed := strings.Join(failures(plugin.Conform(t.Context())), "\n"); !strings.Contains(failed, "an element that fails cannot be seen in the result") {
		t.Errorf("%s", failed)
	}
}

// register is a vendor that has people, in pages of two.
type register struct {
	*target
	mutex sync.Mutex
	asked []string
	keys  map[string][]string
	say   func(w http.ResponseWriter, r *http.Request, body string) bool // true: it has answered
}

func newRegister(t *testing.T, total int) *register {
	t.Helper()
	g := &register{target: newTarget(t), keys: map[string][]string{}}
	g.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		g.mutex.Lock()
		name := r.Method + " " + r.URL.RequestURI() + string(content)
		g.asked = append(g.asked, name)
		g.keys[name] = append(g.keys[name], r.Header.Get("Idempotency-Key"))
		say := g.say
		g.mutex.Unlock()
		if say != nil && say(w, r, string(content)) {
			return
		}
		switch {
		case r.URL.Path == "/companies":
			respond(w, 200, "application/json", `{"id":"c7"}`)
		case r.Method == http.MethodPost:
			var given struct{ ID string }
			_ = json.Unmarshal(content, &given)
			respond(w, 200, "application/json", `{"name":"`+strings.ToUpper(given.ID)+`"}`)
		default:
			start, _ := strconv.Atoi(r.URL.Query().Get("start"))
			list := []string{}
			for i := start; i < min(start+2, total); i++ {
				list = append(list, fmt.Sprintf(`{"id":"p%d"}`, i))
			}
			respond(w, 200, "application/json", fmt.Sprintf(`{"total":%d,"people":[%s]}`, total, strings.Join(list, ",")))
		}
	})
	return g
}

func TestEveryCallOfAnAttemptIsAccounted(t *testing.T) {
	g := newRegister(t, 3)
	p := parse(t, people)
	outcome, err := g.client().Do(t.Context(), p, Call{Case: "case_1", Context: map[string]any{"number": "7"}})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]any{"names": []any{"P0", "P1", "P2"}, "all": true, "errors": []any{}, "omitted": 0.0}; !reflect.DeepEqual(outcome.Result, want) {
		t.Errorf("%v", outcome.Result)
	}
	var steps []string
	for _, c := range outcome.Trace.Calls {
		steps = append(steps, fmt.Sprintf("%s/%d/%d", c.Step, c.Element, c.Page))
		if c.Key == "" || c.Status != 200 || !c.Charged || strings.Contains(c.Request, "c7") {
			t.Errorf("%+v", c)
		}
	}
	if want := []string{"company/0/0", "list/0/1", "list/0/2", "each_one/1/0", "each_one/2/0", "each_one/3/0"}; !slices.Equal(steps, want) {
		t.Errorf("%v", steps)
	}
	if cost := p.Cost(outcome.Trace); cost != 2.5 {
		t.Errorf("five calls that cost 0.5 and one that is free cost %v", cost)
	}
}

func TestEachCallKeepsItsKeyInEveryAttempt(t *testing.T) {
	g := newRegister(t, 3)
	client, p := g.client(), parse(t, people)
	for range 2 {
		if _, err := client.Do(t.Context(), p, Call{Case: "case_1", Context: map[string]any{"number": "7"}}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]string{}
	for name, keys := range g.keys {
		if len(keys) != 2 || keys[0] == "" || keys[0] != keys[1] {
			t.Errorf("%s: %v", name, keys)
		}
		if seen[keys[0]] != "" {
			t.Errorf("%s and %s have one key", name, seen[keys[0]])
		}
		seen[keys[0]] = name
	}
}

func TestABoundThatCutsPagesOffIsSaid(t *testing.T) {
	for total, complete := range map[int]bool{0: true, 1: true, 2: true, 6: true, 7: false, 100: false} {
		g := newRegister(t, total)
		outcome, err := g.client().Do(t.Context(), parse(t, people), Call{Case: "case_1", Context: map[string]any{"number": "7"}})
		if err != nil {
			t.Fatal(err)
		}
		result := outcome.Result.(map[string]any)
		if result["all"] != complete || len(result["names"].([]any)) != min(total, 6) {
			t.Errorf("%d: %v", total, result)
		}
	}
}

func TestElementsThatFailAreNamedOrFailTheAttempt(t *testing.T) {
	for name, c := range map[string]struct {
		partial string
		status  map[string]int // by element
		want    problem.Code
		errors  int
	}{
		"none":                      {"", nil, "", 0},
		"one refused, not said":     {"", map[string]int{"p1": 404}, problem.VendorRejected, 0},
		"one refused":               {"partial: refused", map[string]int{"p1": 404}, "", 1},
		"one away, refused is said": {"partial: refused", map[string]int{"p1": 503}, problem.VendorUnavailable, 0},
		"one away":                  {"partial: any", map[string]int{"p1": 503}, "", 1},
		"all away":                  {"partial: any", map[string]int{"p0": 503, "p1": 503, "p2": 503}, problem.VendorUnavailable, 0},
		"all refused":               {"partial: refused", map[string]int{"p0": 404, "p1": 404, "p2": 404}, problem.VendorRejected, 0},
	} {
		g := newRegister(t, 3)
		g.say = func(w http.ResponseWriter, _ *http.Request, body string) bool {
			for id, status := range c.status {
				if strings.Contains(body, `"`+id+`"`) {
					respond(w, status, "application/json", "{}")
					return true
				}
			}
			return false
		}
		p := parse(t, strings.Replace(people, "partial: refused", c.partial, 1)[:strings.Index(people, "cases:")-len("partial: refused")+len(c.partial)])
		outcome, err := g.client().Do(t.Context(), p, Call{Case: "case_1", Context: map[string]any{"number": "7"}})
		if problem.CodeOf(err) != c.want && (err != nil || c.want != "") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err == nil && len(outcome.Result.(map[string]any)["errors"].([]any)) != c.errors {
			t.Errorf("%s: %v", name, outcome.Result)
		}
		if len(outcome.Trace.Calls) < 4 {
			t.Errorf("%s: %d calls are accounted", name, len(outcome.Trace.Calls))
		}
	}
}

func TestMoreElementsThanTheBoundAreCounted(t *testing.T) {
	g := newRegister(t, 6)
	p := parse(t, strings.Replace(people, "concurrency: 3", "concurrency: 3\n    most: 4", 1))
	outcome, err := g.client().Do(t.Context(), p, Call{Case: "case_1", Context: map[string]any{"number": "7"}})
	if err != nil {
		t.Fatal(err)
	}
	if result := outcome.Result.(map[string]any); len(result["names"].([]any)) != 4 || result["omitted"] != 2.0 || result["all"] != false {
		t.Errorf("%v", result)
	}
}

func TestAStepWhoseConditionFailsIsNotMade(t *testing.T) {
	v := newTarget(t)
	p := parse(t, `id: twice
title: Twice
steps:
  - id: first
    when: context.ask
    request: {method: GET, url: "{vendor.base}/first"}
request: {method: GET, url: "{vendor.base}/second", query: {of: "{steps.first.ok}"}}
`)
	for _, asks := range []bool{true, false} {
		v.calls = 0
		if _, err := v.client().Do(t.Context(), p, Call{Case: "case_1", Context: map[string]any{"ask": asks}}); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{true: 2, false: 1}[asks]; v.calls != want || v.request.URL.Query().Has("of") != asks {
			t.Errorf("%v: %d calls, %s", asks, v.calls, v.request.URL)
		}
	}
}

// paging is a plugin whose answer has pages.
const paging = `id: paging
title: Paging
request: {method: GET, url: "{vendor.base}/things", query: {size: 2, token: "{secret.KEY}"}}
response:
  pages: {items: body.things, total: body.total, next: %s}
  result: {things: "{items}", complete: "{pages.complete}", count: "{pages.count}"}
`

func TestPagesAreFoundInEveryWay(t *testing.T) {
	for name, c := range map[string]struct {
		next string
		page func(r *http.Request, host string) (header, body string)
	}{
		"link in the body": {"{link: {from: body.next}}", func(r *http.Request, host string) (string, string) {
			return "", map[string]string{
				"": `{"things":[1,2],"next":"` + host + `/things?p=2&size=2&token=[secret]"}`, "2": `{"things":[3,4],"next":"/things?p=3"}`, "3": `{"things":[5]}`,
			}[r.URL.Query().Get("p")]
		}},
		"header Link": {"{link: {}}", func(r *http.Request, _ string) (string, string) {
			return map[string]string{"": `</things?p=1>; rel="prev", </things?p=2,2>; title="a, b"; rel="last next"`, "2,2": `<?p=3>; rel=next`, "3": `</things?p=2,2>; rel="prev"`}[r.URL.Query().Get("p")],
				map[string]string{"": `{"things":[1,2]}`, "2,2": `{"things":[3,4]}`, "3": `{"things":[5]}`}[r.URL.Query().Get("p")]
		}},
		"cursor": {"{cursor: {from: body.meta.after, parameter: after}}", func(r *http.Request, _ string) (string, string) {
			return "", map[string]string{"": `{"things":[1,2],"meta":{"after":17}}`, "17": `{"things":[3,4],"meta":{"after":"x/y"}}`, "x/y": `{"things":[5],"meta":{"after":null}}`}[r.URL.Query().Get("after")]
		}},
		"page": {"{page: {parameter: page}}", func(r *http.Request, _ string) (string, string) {
			return "", map[string]string{"": `{"things":[1,2],"total":5}`, "2": `{"things":[3,4],"total":5}`, "3": `{"things":[5],"total":5}`}[r.URL.Query().Get("page")]
		}},
		"page from 0, without a total": {"{page: {parameter: page, first: 0}}", func(r *http.Request, _ string) (string, string) {
			return "", map[string]string{"": `{"things":[1,2]}`, "1": `{"things":[3,4]}`, "2": `{"things":[5]}`, "3": `{"things":[]}`}[r.URL.Query().Get("page")]
		}},
		"offset": {"{offset: {parameter: skip}}", func(r *http.Request, _ string) (string, string) {
			return "", map[string]string{"": `{"things":[1,2],"total":5}`, "2": `{"things":[3,4],"total":5}`, "4": `{"things":[5],"total":5}`}[r.URL.Query().Get("skip")]
		}},
	} {
		v := newTarget(t)
		var tokens []string
		v.answer = func(w http.ResponseWriter, r *http.Request) {
			header, body := c.page(r, v.URL)
			if header != "" {
				w.Header().Set("Link", header)
			}
			tokens = append(tokens, r.URL.Query().Get("token"))
			respond(w, 200, "application/json", body)
		}
		outcome, err := v.client().Do(t.Context(), parse(t, fmt.Sprintf(paging, c.next)), Call{Case: "case_1"})
		if err != nil {
			t.Errorf("%s: %v %v", name, err, problem.As(err).Fields)
			continue
		}
		result := outcome.Result.(map[string]any)
		if !reflect.DeepEqual(result["things"], []any{1.0, 2.0, 3.0, 4.0, 5.0}) || result["complete"] != true {
			t.Errorf("%s: %v", name, result)
		}
		if slices.ContainsFunc(tokens, func(token string) bool { return token != "s3cr3t value" }) {
			t.Errorf("%s: a page is asked for without its secret: %q", name, tokens)
		}
	}
}

func TestPagesThatCannotBeReliedOnAreGarbage(t *testing.T) {
	for name, c := range map[string]struct{ next, first, second, place string }{
		"another host":        {"{link: {from: body.next}}", `{"things":[1],"next":"https://evil.example/things"}`, "", "response.pages.link"},
		"another scheme":      {"{link: {from: body.next}}", `{"things":[1],"next":"ftp://x"}`, "", "response.pages.link"},
		"no address":          {"{link: {from: body.next}}", `{"things":[1],"next":"http://a b:c"}`, "", "response.pages.link"},
		"no cursor":           {"{cursor: {from: body.next, parameter: c}}", `{"things":[1],"next":{"a":1}}`, "", "response.pages.cursor"},
		"a circle":            {"{cursor: {from: body.next, parameter: c}}", `{"things":[1],"next":"a"}`, `{"things":[2],"next":"a"}`, "response.pages.cursor"},
		"the same page again": {"{page: {parameter: page}}", `{"things":[1,2],"total":9}`, `{"things":[1,2],"total":9}`, "response.pages.page"},
		"no list later":       {"{page: {parameter: page}}", `{"things":[1,2],"total":9}`, `{"total":9}`, "response.pages.items"},
		"no list":             {"{page: {parameter: page}}", `{"things":"many"}`, "", "response.pages.items"},
		"no number":           {"{page: {parameter: page}}", `{"things":[1],"total":"many"}`, "", "response.pages.total"},
	} {
		v := newTarget(t)
		v.answer = func(w http.ResponseWriter, _ *http.Request) {
			respond(w, 200, "application/json", map[bool]string{true: c.first, false: c.second}[v.calls == 1])
		}
		_, err := v.client().Do(t.Context(), parse(t, fmt.Sprintf(paging, c.next)), Call{Case: "case_1"})
		if problem.CodeOf(err) != problem.VendorGarbage || len(problem.As(err).Fields) != 1 || problem.As(err).Fields[0].Location != c.place {
			t.Errorf("%s: %v %v", name, err, problem.As(err).Fields)
		}
	}
}

func TestFewerItemsThanTheTotalAreNotComplete(t *testing.T) {
	v := newTarget(t)
	v.answer = func(w http.ResponseWriter, _ *http.Request) {
		respond(w, 200, "application/json", map[bool]string{true: `{"things":[1,2],"total":5}`, false: `{"things":[],"total":5}`}[v.calls == 1])
	}
	outcome, err := v.client().Do(t.Context(), parse(t, fmt.Sprintf(paging, "{page: {parameter: page}}")), Call{Case: "case_1"})
	if err != nil || outcome.Result.(map[string]any)["complete"] != false {
		t.Errorf("%v %v", outcome.Result, err)
	}
}

// Whatever a vendor's pages are: what is read is a beginning of what it has, and complete reports whether it is all.
func TestWhatIsReadIsABeginningAndSaysSo(t *testing.T) {
	v := newTarget(t)
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 4), 0, 8).Draw(t, "sizes")
		most := rapid.IntRange(1, 6).Draw(t, "most")
		all, starts, at := []any{}, map[string][]any{}, 0
		for _, size := range sizes {
			page := []any{}
			for range size {
				page = append(page, float64(at))
				at++
			}
			starts[strconv.Itoa(len(all))] = page
			all = append(all, page...)
		}
		v.answer = func(w http.ResponseWriter, r *http.Request) {
			start := r.URL.Query().Get("skip")
			if start == "" {
				start = "0"
			}
			body, _ := json.Marshal(map[string]any{"things": append([]any{}, starts[start]...)})
			respond(w, 200, "application/json", string(body))
		}
		p, found := ParsePlugin("p.yaml", []byte(strings.Replace(fmt.Sprintf(paging, "{offset: {parameter: skip}}"), "next:", fmt.Sprintf("most: %d, next:", most), 1)))
		if found.Failed() {
			t.Fatal(found)
		}
		outcome, err := v.client().Do(t.Context(), p, Call{Case: "case_1"})
		if err != nil {
			t.Fatal(err)
		}
		result := outcome.Result.(map[string]any)
		things := result["things"].([]any)
		if len(things) > len(all) || !reflect.DeepEqual(things, all[:len(things)]) || len(things) < len(all) && result["complete"] == true || most > len(sizes) && result["complete"] != true {
			t.Fatalf("%v of %v with %d pages: %v", things, sizes, most, result)
		}
	})
}

func FuzzLinkHeadersAreRead(f *testing.F) {
	for _, header := range []string{`<https://a.example/?p=2>; rel="next"`, `</a,b>; title="x; rel=next", <b>; rel=next`, `<`, `<>; rel=next`, `;rel="next"`, `<a>;rel="prev next",`} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if link := nextLink([]string{header}); link != "" && !strings.Contains(header, link) {
			t.Errorf("%q is not in %q", link, header)
		}
	})
}

func TestCallsInAListShareTheLimit(t *testing.T) {
	g := newRegister(t, 6)
	client := g.client()
	p := parse(t, strings.Replace(people, "price: {a", "limit: {rate: 12/m, concurrency: 2}\nprice: {a", 1))
	if _, err := client.Do(t.Context(), p, Call{Case: "case_1", Context: map[string]any{"number": "7"}}); err != nil {
		t.Fatal(err)
	}
	_, err := client.Do(t.Context(), p, Call{Case: "case_2", Context: map[string]any{"number": "7"}})
	if !Limited(err) || problem.As(err).Details["retry_after_seconds"] != 50 { // ten calls of five seconds each
		t.Errorf("%v %v", err, problem.As(err).Details)
	}
	if running := client.limits.kept["/people"].running; running != 0 {
		t.Errorf("%d places are still taken", running)
	}
}

func TestOneDeadlineIsThatOfAllCalls(t *testing.T) {
	g := newRegister(t, 3)
	g.say = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		if r.URL.Query().Get("start") != "2" {
			return false
		}
		<-r.Context().Done() // the second page never comes
		return true
	}
	p := parse(t, strings.Replace(people, "title: People", "title: People\ntimeout: PT0.2S", 1))
	outcome, err := g.client().Do(t.Context(), p, Call{Case: "case_1", Context: map[string]any{"number": "7"}})
	if problem.CodeOf(err) != problem.Timeout || len(outcome.Trace.Calls) != 3 || outcome.Trace.Status != 0 {
		t.Errorf("%v %+v", err, outcome.Trace)
	}
	if cost := p.Cost(outcome.Trace); cost != 0.5 {
		t.Errorf("a call that is free, one that was answered and one that was not cost %v", cost)
	}
}

func TestAListThatMayBeShortIsNoticedWhenUnread(t *testing.T) {
	for _, c := range []struct {
		from, to string
		unread   int
	}{
		{"", "", 0},
		{"    all: \"{steps.list.complete && steps.each_one.complete}\"\n    errors: \"{steps.each_one.errors}\"\n    omitted: \"{steps.each_one.omitted}\"\n", "    all: true\n", 1},
		{", complete: \"{pages.complete}\"}", "}", 1},
	} {
		_, found := ParsePlugin("p.yaml", []byte(strings.Replace(people, c.from, c.to, 1)))
		unread := 0
		for _, d := range found {
			if d.Code == "unread" && d.Severity == problem.SeverityWarning && d.Line > 0 {
				unread++
			}
		}
		if unread != c.unread || found.Failed() {
			t.Errorf("%q: %v", c.to, found)
		}
	}
}

func TestAnErrorNamesItsStepAndNoValue(t *testing.T) {
	g := newRegister(t, 3)
	g.say = func(w http.ResponseWriter, _ *http.Request, body string) bool {
		if strings.Contains(body, "p1") {
			respond(w, 200, "application/json", `{"nme":"Ada Lovelace"}`)
		}
		return strings.Contains(body, "p1")
	}
	_, err := g.client().Do(t.Context(), parse(t, strings.Replace(strings.Split(people, "cases:")[0], "    partial: refused\n", "", 1)), Call{Case: "case_1", Context: map[string]any{"number": "7"}})
	found := problem.As(err)
	if found.Code != problem.VendorGarbage || len(found.Fields) != 1 || found.Fields[0].Location != "steps.each_one.each[1].response.body" || strings.Contains(fmt.Sprint(found.Message, found.Fields), "Ada") {
		t.Errorf("%v %v", found, found.Fields)
	}
}
