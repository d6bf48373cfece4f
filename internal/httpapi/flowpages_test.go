package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
)

const pagesDesk = `
id: desk
subject: individual
context:
  schema:
    type: object
    additionalProperties: false
    properties:
      applicant:
        type: object
        additionalProperties: false
        required: [given, family]
        properties: {given: {type: string, personal: true}, family: {type: string, personal: true}, born: {type: string, format: date, personal: true}, minister: {type: boolean}, office: {type: string}}
documents: [{kind: passport, title: {en: Passport, de: Reisepass}, content_types: [image/png]}]
flow:
  pages:
    - id: about
      title: {en: About you, de: Über Sie}
      elements:
        - {field: applicant.given, type: text, required: true}
        - {field: applicant.family, type: text, required: true}
        - {field: applicant.born, type: date, min_age: 18}
        - {field: applicant.minister, type: boolean, required: true}
        - {field: applicant.office, type: text, visible: applicant.minister == true, required: true}
    - {id: papers, title: {en: Papers, de: Papiere}, elements: [{document: passport, required: applicant.minister == true}]}
    - {id: send, title: {en: Send, de: Senden}, event: SUBMIT, elements: [{type: review}]}
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: review}}
  review: {tags: [manual_review], on: {approve: approved, revision: collect}}
  approved: {type: final}
`

// applying is an applicant with a case.
type applying struct {
	*back
	case_ string
}

func applicant(t *testing.T) applying {
	t.Helper()
	b := newBackOf(t, pagesDesk)
	id, _ := b.answer(b.call("client", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"}}`), http.StatusCreated)["id"].(string)
	return applying{b, id}
}

func (a applying) call(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(a.t.Context(), method, path, strings.NewReader(body))
	r = r.WithContext(httpapi.WithPrincipal(r.Context(), identity.Principal{Tenant: "t", Kind: identity.Applicant, ID: "flow_1", Case: a.case_}))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r)
	return w
}

type flowAnswered struct {
	Case struct{ Version int }
	Flow struct {
		Next     string
		Revision bool
		Complete bool
		Progress struct{ Done, Total int }
		Pages    []struct {
			ID, Title   string
			Open, Saved bool
			Elements    []struct {
				Field string
				Value any
				Draft bool
			}
		}
		Remaining []struct{ Page, Field, Document, Code string }
	}
}

func (a applying) ok(method, path, body string, headers ...string) (found flowAnswered) {
	a.t.Helper()
	w := a.call(method, path, body, headers...)
	if w.Code != http.StatusOK {
		a.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &found); err != nil {
		a.t.Fatal(err)
	}
	return found
}

// refused is what a call is refused for, as "place code".
func (a applying) refused(status int, method, path, body string) (places []string) {
	a.t.Helper()
	w := a.call(method, path, body)
	var found struct {
		Errors []struct{ Location, Code string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &found); w.Code != status || err != nil {
		a.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	for _, e := range found.Errors {
		places = append(places, e.Location+" "+e.Code)
	}
	return places
}

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, expected %v", what, got, want)
	}
}

func TestAnApplicantGoesThroughThePages(t *testing.T) {
	a := applicant(t)
	s := a.ok("GET", "/v1/flow/state?locale=de-AT", "")
	expect(t, "next", s.Flow.Next, "about")
	expect(t, "title", s.Flow.Pages[0].Title, "Über Sie")
	expect(t, "refused", a.refused(http.StatusUnprocessableEntity, "POST", "/v1/flow/submit", `{}`),
		[]string{"pages.about.applicant.given required", "pages.about.applicant.family required", "pages.about.applicant.minister required", "pages.papers.documents.passport missing"})

	// Half a page is kept, though the schema takes no half of an object, and nobody else sees it.
	s = a.ok("PUT", "/v1/flow/pages/about", `{"values":{"applicant.given":"Ada"},"partial":true}`)
	expect(t, "draft", fmt.Sprint(s.Flow.Pages[0].Elements[0].Value, " ", s.Flow.Pages[0].Elements[0].Draft, " ", s.Flow.Pages[0].Saved), "Ada true false")
	record := a.answer(a.back.call("client", "GET", "/v1/cases/"+a.case_, ""), http.StatusOK)
	if text, _ := json.Marshal(record); strings.Contains(string(text), "Ada") {
		t.Errorf("a draft is shown: %s", text)
	}
	version := s.Case.Version
	expect(t, "version", a.ok("PUT", "/v1/flow/pages/about", `{"values":{"applicant.given":"Ada"},"partial":true}`).Case.Version, version)
	s = a.ok("PUT", "/v1/flow/pages/about", `{"values":{"applicant.family":"Lovelace","applicant.minister":false}}`)
	expect(t, "next", s.Flow.Next, "papers")
	expect(t, "saved", s.Flow.Pages[0].Saved && !s.Flow.Pages[0].Elements[0].Draft, true)

	s = a.ok("PUT", "/v1/flow/pages/papers", `{"values":{}}`)
	expect(t, "complete", fmt.Sprint(s.Flow.Next, " ", s.Flow.Complete, " ", s.Flow.Progress), "send true {2 2}")
	s = a.ok("POST", "/v1/flow/submit", `{}`, "Idempotency-Key", "one")
	expect(t, "again", a.ok("POST", "/v1/flow/submit", `{}`, "Idempotency-Key", "one").Case.Version, s.Case.Version)
	expect(t, "next", s.Flow.Next, "")
	expect(t, "context", a.answer(a.back.call("client", "GET", "/v1/cases/"+a.case_, ""), http.StatusOK)["context"], map[string]any{"applicant": map[string]any{"given": "Ada", "family": "Lovelace", "minister": false}})
	a.refused(http.StatusConflict, "PUT", "/v1/flow/pages/about", `{"values":{"applicant.given":"Eve"}}`)
	a.refused(http.StatusConflict, "POST", "/v1/flow/submit", `{}`)
}

func TestPagesRefuseWhatTheyDoNotAsk(t *testing.T) {
	a := applicant(t)
	for body, want := range map[string][]string{
		`{"values":{"applicant.given":3,"applicant.born":"2020-02-02","risk":1,"applicant.office":"x"},"partial":true}`: {"body.values.applicant.born min_age", "body.values.applicant.given type", "body.values.risk unknown", "body.values.applicant.office hidden"},
		`{"values":{"applicant.minister":true}}`: {"body.values.applicant.given required", "body.values.applicant.family required", "body.values.applicant.office required"},
		`{}`:                                     {"body.values required"},
		`{"values":{},"Values":{"applicant.given":"Eve"},"Partial":true}`: {"body.Partial unknown", "body.Values unknown"},
		`{"VALUES":{}}`:                 {"body.VALUES unknown", "body.values required"},
		`{"values":[]}`:                 {"body.values type"},
		`{"values":{},"page":"about"}`:  {"body.page unknown"},
		`{"values":{},"partial":"yes"}`: {"body.partial type"},
		`{"values":{"applicant.given":"A\u0007"},"partial":true}`: {"body.values.applicant.given hidden_character"},
	} {
		before := a.version(a.case_)
		got := a.refused(http.StatusUnprocessableEntity, "PUT", "/v1/flow/pages/about", body)
		slices.Sort(got)
		slices.Sort(want)
		expect(t, body, got, want)
		expect(t, body, a.version(a.case_), before)
	}
	a.refused(http.StatusNotFound, "PUT", "/v1/flow/pages/nowhere", `{"values":{}}`)
	a.refused(http.StatusNotFound, "POST", "/v1/flow/submit", `{"page":"about"}`)
	expect(t, "locale", a.refused(http.StatusUnprocessableEntity, "GET", "/v1/flow/state?locale=1", ""), []string{"query.locale pattern"})
	if w := a.call("PUT", "/v1/flow/pages/about", `{"values":{"applicant.given":"Secret name \u0000"},"partial":true}`); strings.Contains(w.Body.String(), "Secret") {
		t.Errorf("a value is in the answer: %s", w.Body)
	}
}

func TestWhatIsEnteredBehindWhatIsSubmittedIsKept(t *testing.T) {
	desk := strings.Replace(pagesDesk, "      applicant:\n", "      later: {type: object, required: [x, y], properties: {x: {type: string}, y: {type: string}}}\n      applicant:\n", 1)
	desk = strings.Replace(desk, "initial: collect", "    - {id: later, title: Later, elements: [{field: later.x, type: text}, {field: later.y, type: text}]}\ninitial: collect", 1)
	b := newBackOf(t, desk)
	id, _ := b.answer(b.call("client", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"}}`), http.StatusCreated)["id"].(string)
	a := applying{b, id}
	a.ok("PUT", "/v1/flow/pages/about", `{"values":{"applicant.given":"Ada","applicant.family":"Lovelace","applicant.minister":false}}`)
	a.ok("PUT", "/v1/flow/pages/later", `{"values":{"later.x":"half"},"partial":true}`)
	s := a.ok("POST", "/v1/flow/submit", `{}`)
	x := s.Flow.Pages[3].Elements[0]
	expect(t, "draft", fmt.Sprint(x.Value, " ", x.Draft), "half true")
}

func TestAPageOfManyFaultsIsRefusedBriefly(t *testing.T) {
	desk := strings.Replace(pagesDesk, "      applicant:\n", "      words: {type: array}\n      owners: {type: array}\n      home: {type: object}\n      applicant:\n", 1)
	desk = strings.Replace(desk, "initial: collect", "    - {id: many, title: Many, elements: [{field: words, type: tags}, {field: home, type: address}, {field: owners, type: group, elements: [{field: name, type: text}]}]}\ninitial: collect", 1)
	b := newBackOf(t, desk)
	id, _ := b.answer(b.call("client", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"}}`), http.StatusCreated)["id"].(string)
	a := applying{b, id}
	var members strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&members, `"Ada%d":1,`, i)
	}
	for _, values := range []string{
		`{"words":[` + strings.Repeat("1,", 100_000) + `1]}`, `{"home":{` + members.String() + `"city":1}}`, `{"owners":[{` + members.String() + `"name":1}]}`,
		`{"owners":[` + strings.Repeat(`{"name":1},`, 199) + `{"name":1}]}`,
	} {
		w := a.call("PUT", "/v1/flow/pages/many", `{"partial":true,"values":`+values+`}`)
		if w.Code != http.StatusUnprocessableEntity || w.Body.Len() > 30_000 || strings.Contains(w.Body.String(), "Ada") {
			t.Errorf("%.20s: %d, %d bytes", values, w.Code, w.Body.Len())
		}
	}
}
