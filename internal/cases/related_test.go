package cases_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

const persons = `
id: people
title: People
subject: individual
context:
  schema:
    type: object
    properties:
      applicant:
        type: object
        properties:
          email: {type: string}
          phone: {type: string}
          country: {type: string}
          badge: {type: string, identifies: device}
          passport_number: {type: string, identifies: none}
documents:
  - {kind: passport, content_types: [image/png], max_size: 1000}
initial: collect
by: [client]
states:
  collect:
    tags: [collection_flow]
    on: {SUBMIT: done}
  done: {type: final}
`

// newPeople is a desk whose cases are found from each other.
func newPeople(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, persons)
	config := d.Service.Config
	config.SearchKey = []byte("a key for tests of thirty-two by")
	d.Service = cases.New(config)
	return d
}

// person starts a case of a subject of its own.
func (d *desk) person(subject, applicant map[string]any) cases.Record {
	d.t.Helper()
	return must[cases.Record](d)(d.Start(d.t.Context(), client, cases.StartCommand{
		Workflow: "people", Subject: cases.SubjectInput{Type: "individual", Data: subject}, Context: map[string]any{"applicant": applicant},
	}))
}

// passport announces a passport.
func (d *desk) hasPassport(r cases.Record, properties map[string]any) {
	d.t.Helper()
	doc := d.announcesPassport(r, properties)
	d.files.put(doc.Key, cases.ObjectInfo{Size: 10, SHA256: sum("a")})
	must[cases.Record](d)(d.DocumentArrived(d.t.Context(), "demo", r.ID, doc.ID))
	d.pass(time.Second)
}

func (d *desk) announcesPassport(r cases.Record, properties map[string]any) cases.Document {
	d.t.Helper()
	doc, _, err := d.AnnounceDocument(d.t.Context(), client, r.ID, cases.AnnounceCommand{Kind: "passport", ContentType: "image/png", Size: 10, SHA256: sum("a"), Properties: properties})
	must[bool](d)(true, err)
	return doc
}

func TestNoDocumentIsKeptOutOfRelatedCasesByWhatIsSaidBesideIt(t *testing.T) {
	zone := "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
	many := map[string]any{}
	for i := range 20 {
		many[fmt.Sprintf("a%02d", i)] = map[string]any{"email": fmt.Sprintf("a%d@example.com", i), "phone": fmt.Sprintf("+49170123%04d", i), "document_number": fmt.Sprintf("C000%04d", i)}
	}
	number := func(i int) map[string]any { return map[string]any{"number": fmt.Sprintf("X000%04d", i)} }
	for name, fill := range map[string]func(d *desk, r cases.Record){
		"addresses and numbers in the data": func(d *desk, r cases.Record) {
			must[cases.Record](d)(d.SaveContext(t.Context(), client, r.ID, map[string]any{"applicant": many}))
		},
		"documents that were only announced": func(d *desk, r cases.Record) {
			for i := range 15 {
				d.announcesPassport(r, map[string]any{"mrz": strings.Replace(zone, "UTO", "DEU", 1), "number": number(i)["number"]})
			}
		},
		"older documents with numbers": func(d *desk, r cases.Record) {
			for i := range 15 {
				d.hasPassport(r, number(i))
			}
		},
	} {
		for which, passport := range map[string]map[string]any{"a zone": {"mrz": zone}, "a typed number": {"number": "L898902C3"}} {
			if which == "a typed number" && name == "addresses and numbers in the data" {
				continue // the declared and the read number are the same
			}
			t.Run(name+" beside "+which, func(t *testing.T) {
				d := newPeople(t)
				one, other := d.person(nil, nil), d.person(nil, nil)
				fill(d, one)
				d.hasPassport(one, passport)
				d.hasPassport(other, map[string]any{"number": "L898902C3"})
				if got := d.related(one)[other.ID]; got != "document_number" {
					t.Errorf("the other case has %q in common", got)
				}
			})
		}
	}
}

func TestWhoSeesNoPersonalDataLearnsOfTheSubjectsOtherCasesOnly(t *testing.T) {
	d := newPeople(t)
	same := map[string]any{"email": "a@example.com"}
	start := func(externalID string) cases.Record {
		return must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{
			Workflow: "people", Subject: cases.SubjectInput{Type: "individual", ExternalID: externalID}, Context: map[string]any{"applicant": same},
		}))
	}
	one, mine, other := start("anna"), start("anna"), start("ben")
	for name, who := range map[string]identity.Principal{
		"a developer": {Tenant: "demo", Kind: identity.User, ID: "user_9", Roles: []string{"developer"}},
		"a key":       {Tenant: "demo", Kind: identity.Client, ID: "key_9", Scopes: []string{"cases:read", identity.Redacted}},
	} {
		found, err := d.Related(t.Context(), who, one.ID)
		if err != nil || len(found.Found) != 1 || found.Found[0].Record.ID != mine.ID || len(found.Found[0].Why) != 1 || found.Found[0].Why[0].Kind != "subject" {
			t.Errorf("%s: %+v %v", name, found, err)
		}
	}
	if got := d.related(one); got[mine.ID] != "email subject" || got[other.ID] != "email" {
		t.Errorf("a reviewer: %v", got)
	}
}

// related are the kinds that each related case has in common, by its id.
func (d *desk) related(r cases.Record) map[string]string {
	d.t.Helper()
	found, err := d.Related(d.t.Context(), reviewer, r.ID)
	must[bool](d)(true, err)
	kinds := map[string]string{}
	for _, one := range found.Found {
		var why []string
		for _, w := range one.Why {
			why = append(why, w.Kind)
		}
		slices.Sort(why)
		kinds[one.Record.ID] = strings.Join(why, " ")
	}
	return kinds
}

func TestRelatedCasesAreFoundHoweverIdentifiersAreWritten(t *testing.T) {
	zone := "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
	for name, pair := range map[string]struct {
		one, other         map[string]any
		passport, another  map[string]any
		subject, atSubject map[string]any
		want               string
	}{
		"an e-mail address in capitals":             {one: map[string]any{"email": "Anna@Example.com "}, other: map[string]any{"email": "anna@example.COM"}, want: "email"},
		"a telephone number from abroad":            {one: map[string]any{"phone": "+49 (0)30 90-1820"}, other: map[string]any{"phone": "0049 30 901820"}, want: "phone"},
		"a telephone number within a country":       {one: map[string]any{"phone": "030/901820", "country": "DE"}, other: map[string]any{"phone": "+49 30 901820"}, want: "phone"},
		"a number of Italy keeps its zero":          {one: map[string]any{"phone": "06 698 12345", "country": "IT"}, other: map[string]any{"phone": "+39 06 69812345"}, want: "phone"},
		"the same digits of two countries":          {one: map[string]any{"phone": "030 901820", "country": "DE"}, other: map[string]any{"phone": "030 901820", "country": "AT"}},
		"a field that the schema names":             {one: map[string]any{"badge": "b-17"}, other: map[string]any{"badge": "b-17"}, want: "device"},
		"a field that the schema excepts":           {one: map[string]any{"passport_number": "L898902C3"}, other: map[string]any{"passport_number": "L898902C3"}},
		"the number of a passport":                  {passport: map[string]any{"number": "L89 8902-C3"}, another: map[string]any{"number": "l898902c3"}, want: "document_number"},
		"the number in a machine-readable zone":     {passport: map[string]any{"mrz": zone}, another: map[string]any{"number": "L898902C3"}, want: "document_number"},
		"one number of two countries":               {passport: map[string]any{"number": "L898902C3", "country": "DE"}, another: map[string]any{"number": "L898902C3", "country": "AT"}},
		"a country in two letters and in three":     {passport: map[string]any{"number": "L898902C3", "country": "DE"}, another: map[string]any{"number": "L898902C3", "issuing_country": "DEU"}, want: "document_number"},
		"what is known of the subject only":         {subject: map[string]any{"email": "anna@example.com"}, other: map[string]any{"email": "anna@example.com"}, want: "email"},
		"two things":                                {one: map[string]any{"email": "a@example.com", "phone": "+491701234567"}, other: map[string]any{"email": "a@example.com", "phone": "+49 170 1234567"}, want: "email phone"},
		"an extension is nobody's telephone number": {one: map[string]any{"phone": "1234"}, other: map[string]any{"phone": "1234"}},
		"nothing":           {one: map[string]any{"email": "a@example.com"}, other: map[string]any{"email": "b@example.com"}},
		"no address at all": {one: map[string]any{"email": "none"}, other: map[string]any{"email": "none"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newPeople(t)
			one, other := d.person(pair.subject, pair.one), d.person(pair.atSubject, pair.other)
			if pair.passport != nil {
				d.hasPassport(one, pair.passport)
				d.hasPassport(other, pair.another)
			}
			if got := d.related(one)[other.ID]; got != pair.want {
				t.Errorf("the other case has %q in common, not %q", got, pair.want)
			}
			if got := d.related(other)[one.ID]; got != pair.want {
				t.Errorf("from the other case: %q, not %q", got, pair.want)
			}
		})
	}
}

func TestWhatACaseNoLongerSaysFindsItNoMore(t *testing.T) {
	d := newPeople(t)
	one, other := d.person(nil, map[string]any{"email": "a@example.com", "phone": "+491701234567"}), d.person(nil, map[string]any{"email": "a@example.com", "phone": "+491701234567"})
	must[cases.Record](d)(d.SaveContext(t.Context(), client, one.ID, map[string]any{"applicant": map[string]any{"email": nil}}))
	if got := d.related(other)[one.ID]; got != "phone" {
		t.Errorf("%q is in common", got)
	}
	change := d.store.last()
	if lost := cases.LostTraits(change); len(lost) != 1 || slices.Contains(change.Next.Indexed(), lost[0]) {
		t.Errorf("the change loses %v", lost)
	}
	must[cases.Record](d)(d.SaveContext(t.Context(), client, one.ID, map[string]any{"applicant": nil}))
	if len(d.related(other)) != 0 || len(d.related(one)) != 0 {
		t.Error("cases are related by what was taken out")
	}
}

func TestNobodyLearnsOfOtherCasesFromTheirOwn(t *testing.T) {
	d := newPeople(t)
	same := map[string]any{"email": "a@example.com"}
	one, other := d.person(nil, same), d.person(nil, same)
	if len(one.Traits) != 1 || one.Traits[0] != other.Traits[0] {
		t.Fatalf("traits %v and %v", one.Traits, other.Traits)
	}
	applicant := identity.Principal{Tenant: "demo", Kind: identity.Applicant, ID: "tok", Case: one.ID}
	elsewhere := identity.Principal{Tenant: "elsewhere", Kind: identity.User, ID: "user_1"}
	for name, p := range map[string]identity.Principal{"an applicant": applicant, "a vendor": {Tenant: "demo", Kind: identity.Vendor, Case: one.ID}, "another tenant": elsewhere} {
		if _, err := d.Related(t.Context(), p, one.ID); problem.CodeOf(err) != problem.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	config := d.Service.Config
	config.SearchKey = []byte("another key for tests, also of 32")
	keyed := cases.New(config)
	foreign, err := keyed.Start(t.Context(), client, cases.StartCommand{Workflow: "people", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"applicant": same}})
	if err != nil || foreign.Traits[0].Hash == one.Traits[0].Hash {
		t.Errorf("the same hash with another key: %v", err)
	}
}

func TestACaseHasABoundedNumberOfTraits(t *testing.T) {
	d := newPeople(t)
	many := map[string]any{}
	for i := range 60 {
		many["e"+strings.Repeat("x", i)] = map[string]any{"email": strings.Repeat("a", i+1) + "@example.com"}
	}
	r := d.person(nil, many)
	if n := len(r.Traits); n == 0 || n > 20 {
		t.Errorf("%d traits", n)
	}
	if n := len(r.Indexed()); n > 50 {
		t.Errorf("%d entries of the index", n)
	}
}
