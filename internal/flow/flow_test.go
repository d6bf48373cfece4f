package flow_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/flow"
	"ballerine/internal/problem"
)

var now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func definition(t testing.TB, file string) *flow.Definition {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d, found := parse(t, file, string(text))
	if d == nil || len(found) > 1 { // verified is what no page asks for
		t.Fatal(found)
	}
	return d
}

// journey is an applicant's way through the pages of testdata/business.yaml.
type journey struct {
	t  testing.TB
	d  *flow.Definition
	in flow.Input
}

func begin(t testing.TB) *journey {
	t.Helper()
	return &journey{t, definition(t, "testdata/business.yaml"), flow.Input{Context: map[string]any{}, States: []string{"collect"}, Collects: true, Now: now}}
}

// save saves answers, applies what is changed, and returns what was refused as "place code".
func (j *journey) save(page string, partial bool, values map[string]any) []string {
	j.t.Helper()
	saved, err := j.d.Save(j.in, page, values, partial)
	if err != nil {
		return places(err)
	}
	j.in.Context, _ = merge(j.in.Context, saved.Patch).(map[string]any)
	j.in.Progress = saved.Progress
	return nil
}

func places(err error) (found []string) {
	var e *problem.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return []string{string(problem.CodeOf(err))}
	}
	for _, f := range e.Fields {
		found = append(found, strings.TrimPrefix(f.Location, "body.values.")+" "+f.Code)
	}
	return found
}

func merge(target, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	merged := map[string]any{}
	if t, ok := target.(map[string]any); ok {
		for name, value := range t {
			merged[name] = value
		}
	}
	for name, value := range p {
		if value == nil {
			delete(merged, name)
		} else {
			merged[name] = merge(merged[name], value)
		}
	}
	return merged
}

func (j *journey) expect(what string, got, want any) {
	j.t.Helper()
	if !reflect.DeepEqual(got, want) {
		j.t.Errorf("%s: %v, expected %v", what, got, want)
	}
}

func remaining(s flow.State, page string) (found []string) {
	for _, r := range s.Remaining {
		if r.Page == page || page == "" {
			found = append(found, strings.TrimPrefix(r.Place(), "pages."+r.Page+".")+" "+r.Code)
		}
	}
	return found
}

func pageOf(t testing.TB, s flow.State, id string) flow.PageState {
	t.Helper()
	at := slices.IndexFunc(s.Pages, func(p flow.PageState) bool { return p.ID == id })
	if at < 0 {
		t.Fatalf("there is no page %s", id)
	}
	return s.Pages[at]
}

func elementOf(t testing.TB, p flow.PageState, name string) flow.ElementState {
	t.Helper()
	at := slices.IndexFunc(p.Elements, func(e flow.ElementState) bool { return e.Field == name || e.Document == name && name != "" })
	if at < 0 {
		t.Fatalf("the page %s has no %s", p.ID, name)
	}
	return p.Elements[at]
}

var (
	company = map[string]any{"company": map[string]any{"name": "Acme", "country": "DE"}, "industry": "G", "regulated": false}
	contact = map[string]any{
		"contact.given": "Ada", "contact.family": "Lovelace", "contact.born": "1985-12-10", "contact.phone": "+49 30 1234567", "contact.role": "director",
		"address": map[string]any{"line1": "Hauptstraße 1", "postal_code": "10115", "city": "Berlin", "country": "DE"},
	}
	owners = map[string]any{"owners": []any{map[string]any{"name": "Ada Lovelace", "share": 60.0, "politically_exposed": false}}}
	terms  = map[string]any{"terms": map[string]any{"accepted": true, "version": "2026-01"}}
)

func TestAFlowIsGoneThroughFromTheFirstPageToTheLast(t *testing.T) {
	j := begin(t)
	next := func(want string, done, total int) {
		t.Helper()
		s := j.d.State(j.in)
		j.expect("next", s.Next, want)
		j.expect("progress", s.Progress, flow.PageCount{Done: done, Total: total})
	}
	next("company", 0, 4) // whether there are owners to be asked for is not known yet
	j.expect("refused", j.save("company", false, company), []string(nil))
	next("contact", 1, 4)
	j.expect("refused", j.save("contact", false, contact), []string(nil))
	next("owners", 2, 5)
	j.expect("refused", j.save("owners", false, owners), []string(nil))
	next("papers", 3, 5)
	j.expect("refused", j.save("papers", false, nil), []string(nil))
	next("papers", 3, 5) // it was saved, and the document is missing
	j.in.Documents = []flow.Document{{ID: "doc_1", Kind: "register", Status: "received"}}
	next("send", 4, 5)
	s := j.d.State(j.in)
	_, event, left, found := s.Submits("")
	j.expect("submits", fmt.Sprint(event, " ", found, " ", len(left)), "SUBMIT true 1")
	j.expect("remaining", remaining(s, ""), []string{"terms required"})
	j.expect("refused", j.save("send", false, terms), []string(nil))
	s = j.d.State(j.in)
	j.expect("complete", s.Complete, true)
	j.expect("draft", len(j.in.Progress.Draft), 0)
	j.expect("phone", j.in.Context["contact"].(map[string]any)["phone"], "+49301234567")
	j.expect("consent", j.in.Context["terms"], map[string]any{"accepted": true, "version": "2026-01", "at": "2026-03-04T12:00:00Z"})
}

func TestSavingTheSameAgainChangesNothing(t *testing.T) {
	j := begin(t)
	j.save("contact", false, contact)
	saved, err := j.d.Save(j.in, "contact", contact, false)
	if err != nil || len(saved.Patch) > 0 || !reflect.DeepEqual(saved.Progress, j.in.Progress) {
		t.Errorf("%+v, %v", saved, err)
	}
	j.save("send", true, terms)
	j.in.Now = now.Add(time.Hour) // consent is as old as it was
	if saved, err = j.d.Save(j.in, "send", terms, true); err != nil || len(saved.Patch) > 0 {
		t.Errorf("%+v, %v", saved, err)
	}
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		page    string
		partial bool
		values  map[string]any
		want    []string
	}{
		"unknown fields": {"company", true, map[string]any{"compny": "x", "contact.given": "Ada", "verified": true, "": 1}, []string{" unknown", "compny unknown", "contact.given unknown", "verified unknown"}},
		"types":          {"company", true, map[string]any{"company": "Acme", "turnover": "1", "regulated": "yes", "channels": "web", "mcc": 1234.0, "budget": 3.0}, []string{"budget type", "channels type", "company type", "mcc type", "regulated type", "turnover type"}},
		"numbers":        {"company", true, map[string]any{"turnover": -1.0, "employees": 1e6}, []string{"employees max", "turnover min"}},
		"money":          {"company", true, map[string]any{"turnover": 1.234, "budget": map[string]any{"amount": 1.5, "currency": "JPY", "x": 1}}, []string{"budget unknown_part", "budget.amount precision", "turnover precision"}},
		"currency":       {"company", true, map[string]any{"budget": map[string]any{"currency": "USD"}}, []string{"budget.currency currency", "budget.amount required"}},
		"choices":        {"company", true, map[string]any{"channels": []any{"web", "web", "fax", 1.0}, "markets": []any{"DE", "GB"}}, []string{"channels[1] duplicate", "channels[2] option", "channels[3] type", "markets[1] option"}},
		"tags":           {"company", true, map[string]any{"keywords": []any{"a", "b", "c", "much too long"}}, []string{"keywords[3] max_length", "keywords too_many"}},
		"codes":          {"company", true, map[string]any{"industry": "Z", "mcc": "12"}, []string{"industry code", "mcc code"}},
		"a company":      {"company", true, map[string]any{"company": map[string]any{"country": "Germany", "owner": "x", "lei": 1.0}}, []string{"company unknown_part", "company.country country", "company.lei type"}},
		"hidden":         {"company", true, map[string]any{"licence": "DE-1234"}, []string{"licence hidden"}},
		"shown by it":    {"company", true, map[string]any{"licence": "de-1234", "regulated": true}, []string{"licence pattern"}},
		"required":       {"company", false, map[string]any{"regulated": true}, []string{"company required", "industry required", "licence required"}},
		"texts":          {"contact", true, map[string]any{"contact.family": "L", "contact.given": "A\u200bda", "contact.role": "boss"}, []string{"contact.family min_length", "contact.given hidden_character", "contact.role option"}},
		"one line":       {"contact", true, map[string]any{"contact.given": "A\nB", "notes": "A\nB"}, []string{"contact.given hidden_character"}},
		"dates":          {"contact", true, map[string]any{"contact.born": "2010-02-30", "contact.since": "2020-1-1"}, []string{"contact.born date", "contact.since date"}},
		"age":            {"contact", true, map[string]any{"contact.born": "2008-03-05"}, []string{"contact.born min_age"}},
		"future":         {"contact", true, map[string]any{"contact.born": "2026-03-04"}, []string{"contact.born past", "contact.born min_age"}},
		"a rule":         {"contact", true, map[string]any{"contact.born": "1985-01-01", "contact.since": "1980-01-01"}, []string{"contact.since rule"}},
		"phone":          {"contact", true, map[string]any{"contact.phone": "030 1234567", "contact.nationality": "D"}, []string{"contact.nationality country", "contact.phone phone"}},
		"state":          {"contact", true, map[string]any{"address": map[string]any{"line1": "x", "city": "y", "country": "US", "state": "XX"}, "state": "ZZ"}, []string{"address.state state", "state state"}},
		"no page":        {"about", true, nil, []string{"not_found"}},
		"closed page":    {"owners", true, owners, []string{"not_collecting"}},
	} {
		t.Run(name, func(t *testing.T) {
			j := begin(t)
			before := fmt.Sprint(j.in)
			if got := j.save(c.page, c.partial, c.values); !reflect.DeepEqual(got, c.want) {
				t.Errorf("refused: %v\nexpected: %v", got, c.want)
			}
			if fmt.Sprint(j.in) != before {
				t.Error("what was refused has changed something")
			}
		})
	}
}

func TestAGroupIsJudgedElementByElement(t *testing.T) {
	one := func(members ...any) map[string]any {
		made := map[string]any{"name": "Ada", "share": 10.0, "politically_exposed": false}
		for i := 0; i < len(members); i += 2 {
			made[members[i].(string)] = members[i+1]
		}
		return made
	}
	for name, c := range map[string]struct {
		owners any
		want   []string
	}{
		"whole":     {[]any{one(), one("politically_exposed", true, "position", "Minister")}, nil},
		"no list":   {"x", []string{"owners type"}},
		"no object": {[]any{one(), 3.0}, []string{"owners[1] type"}},
		"unknown":   {[]any{one("age", 3.0)}, []string{"owners[0] unknown"}},
		"values":    {[]any{one("share", 200.0), one("name", 3.0)}, []string{"owners[0].share max", "owners[1].name type"}},
		"hidden":    {[]any{one("position", "Minister")}, []string{"owners[0].position hidden"}},
		"missing":   {[]any{one("politically_exposed", true)}, []string{"owners[0].position required"}},
		"too many":  {[]any{one(), one(), one(), one(), one()}, []string{"owners too_many"}},
		"together":  {[]any{one("share", 60.0), one("share", 60.0)}, []string{"owners rule"}},
		"none":      {[]any{}, []string{"owners required"}},
	} {
		t.Run(name, func(t *testing.T) {
			j := begin(t)
			j.save("contact", false, contact)
			if got := j.save("owners", false, map[string]any{"owners": c.owners}); !reflect.DeepEqual(got, c.want) {
				t.Errorf("refused: %v, expected %v", got, c.want)
			}
		})
	}
}

// What the schema does not take in part is kept as a draft until the rest is there.
func TestNothingThatWasEnteredIsLost(t *testing.T) {
	j := begin(t)
	j.expect("refused", j.save("contact", true, map[string]any{"contact.given": "Ada", "notes": "x"}), []string(nil))
	j.expect("context", j.in.Context, map[string]any{"notes": "x"})
	j.expect("draft", j.in.Progress.Draft, map[string]any{"contact.given": "Ada"})
	s := j.d.State(j.in)
	given := elementOf(t, pageOf(t, s, "contact"), "contact.given")
	if given.Value != "Ada" || !given.Draft || len(given.Faults) > 0 || pageOf(t, s, "contact").Saved {
		t.Errorf("%+v", given)
	}
	j.expect("next", s.Next, "company")
	j.expect("refused", j.save("contact", true, map[string]any{"contact.family": "Lovelace"}), []string(nil))
	j.expect("context", j.in.Context, map[string]any{"notes": "x", "contact": map[string]any{"given": "Ada", "family": "Lovelace"}})
	j.expect("draft", len(j.in.Progress.Draft), 0)
	// Taking out what the schema requires is a draft, too, until nothing is left of what requires it.
	j.expect("refused", j.save("contact", true, map[string]any{"contact.given": nil}), []string(nil))
	j.expect("draft", j.in.Progress.Draft, map[string]any{"contact.given": nil})
	j.expect("value", elementOf(t, pageOf(t, j.d.State(j.in), "contact"), "contact.given").Value, nil)
	j.expect("refused", j.save("contact", true, map[string]any{"contact.family": ""}), []string(nil))
	j.expect("context", j.in.Context, map[string]any{"notes": "x"})
	j.expect("draft", len(j.in.Progress.Draft), 0)
}

func TestADraftIsReportedBeforeItIsSubmitted(t *testing.T) {
	j := begin(t)
	text, err := os.ReadFile("testdata/business.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "field: contact.family, type: text, required: true", "field: contact.family, type: text", 1)
	j.d, _ = parse(t, "business.yaml", changed)
	j.save("contact", true, map[string]any{"contact.given": "Ada"})
	j.expect("remaining", slices.Contains(remaining(j.d.State(j.in), "contact"), "contact.family required"), true)
	without, _ := parse(t, "business.yaml", strings.Replace(changed, "- {field: contact.family,", "- {field: state2,", 1))
	j.expect("remaining", slices.Contains(remaining(without.State(j.in), "contact"), "contact.given schema"), true)
}

func TestUnknownIsNotFalse(t *testing.T) {
	j := begin(t)
	s := j.d.State(j.in)
	// Whether owners are asked for depends on the role: nobody knows, so the page is not shown, and the role is needed.
	owners := pageOf(t, s, "owners")
	j.expect("owners", fmt.Sprint(owners.Visible, owners.Undecided), "false [contact.role]")
	j.expect("needed", slices.Contains(remaining(s, "contact"), "contact.role needed"), true)
	// Whether an identity card is required depends on regulated: until somebody knows, it is.
	card := elementOf(t, pageOf(t, s, "papers"), "id_card")
	j.expect("id_card", fmt.Sprint(card.Required, card.Undecided), "true map[required:[regulated]]")
	// A field that depends on what no page asks for can be changed: verified is not there.
	j.expect("notes", elementOf(t, pageOf(t, s, "contact"), "notes").Disabled, false)

	j.save("contact", false, contact)
	j.in.Context["regulated"], j.in.Context["verified"] = false, true
	s = j.d.State(j.in)
	j.expect("owners", pageOf(t, s, "owners").Visible, true)
	j.expect("id_card", elementOf(t, pageOf(t, s, "papers"), "id_card").Required, false)
	j.expect("notes", elementOf(t, pageOf(t, s, "contact"), "notes").Disabled, true)
	j.expect("refused", j.save("contact", true, map[string]any{"notes": "x"}), []string{"notes disabled"})
	delete(j.in.Context, "verified")
	// A validator that lacks an answer is not satisfied; saving continues.
	j.save("contact", true, map[string]any{"contact.born": nil})
	j.expect("refused", j.save("contact", true, map[string]any{"contact.since": "2020-01-01"}), []string(nil))
	j.expect("undecided", remaining(j.d.State(j.in), "contact"), []string{"contact.since undecided"})
}

func TestAReviewersRequestOpensJustThosePages(t *testing.T) {
	j := begin(t)
	for page, values := range map[string]map[string]any{"company": company, "contact": contact, "send": terms} {
		j.save(page, false, values)
	}
	j.save("owners", false, owners)
	j.in.Documents = []flow.Document{
		{ID: "doc_1", Kind: "register", Status: "approved"},
		{ID: "doc_2", Kind: "id_card", Side: "front", Status: "revision", Reason: "blurred", Requested: true},
	}
	s := j.d.State(j.in)
	open := func(s flow.State) (ids []string) {
		for _, p := range s.Pages {
			if p.Open {
				ids = append(ids, p.ID)
			}
		}
		return ids
	}
	j.expect("revision", s.Revision, true)
	j.expect("open", open(s), []string{"papers", "send"})
	j.expect("next", s.Next, "papers")
	j.expect("refused", j.save("company", true, company), []string{"not_collecting"})
	file := elementOf(t, pageOf(t, s, "papers"), "id_card").Files[0]
	j.expect("file", strings.Join([]string{file.Status, file.Reason, file.Fault.Code}, " "), "revision blurred revision")
	// It is uploaded again: the round continues, and the back has not arrived yet.
	j.in.Documents = append(j.in.Documents, flow.Document{ID: "doc_3", Kind: "id_card", Side: "front", Status: "received"})
	s = j.d.State(j.in)
	j.expect("open", open(s), []string{"papers", "send"})
	j.expect("remaining", remaining(s, ""), []string{"documents.id_card.back missing"})
	j.in.Documents = append(j.in.Documents, flow.Document{ID: "doc_4", Kind: "id_card", Side: "back", Status: "awaiting_upload"})
	j.expect("remaining", remaining(j.d.State(j.in), ""), []string{"documents.id_card.back uploading"})
	// What is missing elsewhere opens its page, so that nobody is stuck.
	j.in.Context["industry"] = nil
	j.expect("open", open(j.d.State(j.in)), []string{"company", "papers", "send"})
}

func TestNothingIsOpenWhileTheCaseDoesNotWait(t *testing.T) {
	j := begin(t)
	j.in.Collects = false
	s := j.d.State(j.in)
	if s.Next != "" || slices.ContainsFunc(s.Pages, func(p flow.PageState) bool { return p.Open }) {
		t.Errorf("%+v", s.Pages)
	}
	j.expect("refused", j.save("company", true, company), []string{"not_collecting"})
	if _, _, _, found := s.Submits(""); found {
		t.Error("it can be submitted")
	}
}

func TestConsentIsToTheVersionThatIsShown(t *testing.T) {
	j := begin(t)
	j.expect("refused", j.save("send", true, map[string]any{"terms": map[string]any{"accepted": true, "version": "2025-01"}}), []string{"terms outdated"})
	j.expect("refused", j.save("send", false, map[string]any{"terms": map[string]any{"accepted": false}}), []string{"terms required"})
	j.expect("refused", j.save("send", true, map[string]any{"terms": map[string]any{"accepted": true, "version": "2026-01", "by": "x"}}), []string{"terms unknown_part"})
	j.in.Context["terms"] = map[string]any{"accepted": true, "version": "2025-01", "at": "2025-01-01T00:00:00Z"}
	j.expect("remaining", remaining(j.d.State(j.in), "send"), []string{"terms outdated"})
	j.expect("refused", j.save("send", true, map[string]any{"terms": map[string]any{"accepted": true, "version": "2026-01", "at": "1999-01-01T00:00:00Z"}}), []string(nil))
	j.expect("refused", j.save("send", false, terms), []string(nil))
	j.expect("at", j.in.Context["terms"].(map[string]any)["at"], "2026-03-04T12:00:00Z")
}

func TestTextsAreInTheLanguageOfTheReader(t *testing.T) {
	j := begin(t)
	for locale, want := range map[string]string{"": "en Your company []", "en-GB": "en Your company []", "de": "de Ihr Unternehmen []", "de_AT": "de Ihr Unternehmen []", "fr": "fr Your company [title]"} {
		j.in.Locale = locale
		s := j.d.State(j.in)
		page := pageOf(t, s, "company")
		j.expect(locale, fmt.Sprint(s.Locale, " ", page.Title, " ", page.Original), want)
	}
	s := j.d.State(j.in)
	j.expect("languages", s.Languages, []string{"de", "en"})
	j.in.Locale = "fr"
	if f := elementOf(t, pageOf(t, j.d.State(j.in), "company"), "company").Faults[0]; !f.Original || f.Message != "Please fill this in." {
		t.Errorf("%+v", f)
	}
}

func TestClientsLearnOnlyRulesOfAnswers(t *testing.T) {
	j := begin(t)
	s := j.d.State(j.in)
	licence := elementOf(t, pageOf(t, s, "company"), "licence")
	j.expect("visible", licence.Rules["visible"], []any{"==", []any{"path", "regulated"}, []any{"value", true}})
	j.expect("required", licence.Rules["required"], []any{"==", []any{"path", "regulated"}, []any{"value", true}})
	j.expect("pattern", licence.Checks.Pattern, `(?:^(?:[A-Z]){2}\u{2d}(?:[0-9]){4}$)`)
	j.expect("notes", len(elementOf(t, pageOf(t, s, "contact"), "notes").Rules), 0) // verified is none of the applicant's answers
	j.expect("owners", pageOf(t, s, "owners").Rule, []any{"==", []any{"path", "contact", "role"}, []any{"value", "director"}})
	j.expect("group", elementOf(t, pageOf(t, s, "owners"), "owners").Elements[3].Rules["visible"], []any{"==", []any{"path", "item", "politically_exposed"}, []any{"value", true}})
}

// A page or an element that is hidden by something that applicants do not know of is not there for them.
func TestWhatIsHiddenForReasonsOfItsOwnIsNotShown(t *testing.T) {
	text, err := os.ReadFile("testdata/business.yaml")
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.Replace(string(text), "visible: contact.role == 'director'", "visible: verified == true", 1)
	secret = strings.Replace(secret, "{type: selfie}", "{type: selfie, visible: verified == true}", 1)
	d, _ := parse(t, "business.yaml", secret)
	in := flow.Input{Context: map[string]any{"verified": false}, Collects: true, Now: now}
	for _, p := range d.State(in).Pages {
		if p.ID == "owners" || slices.ContainsFunc(p.Elements, func(e flow.ElementState) bool { return e.Document == "selfie" }) {
			t.Errorf("%s is shown", p.ID)
		}
	}
	in.Context["verified"] = true
	if pages := d.State(in).Pages; len(pages) != 5 {
		t.Errorf("%d pages", len(pages))
	}
}
