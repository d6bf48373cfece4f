package catalogue

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/connector"
)

// shapesOf are the answer shapes of each category: whoever is in it can stand in for the others of the same shape.
var shapesOf = map[string][]string{
	"address":   {"address/1"},
	"bank":      {"bank-account/1"},
	"bank-data": {"bank-account/1"},
	"credit":    {"credit/1"},
	"crm":       {"record/1"},
	"email":     {"email/1"},
	"identity":  {"identity/1", "record/1"}, // some vendors want to know the applicant first
	"messages":  {"message/1"},
	"officers":  {"officers/1"},
	"ownership": {"ownership/1"},
	"phone":     {"phone/1"},
	"registry":  {"registry/1"},
	"screening": {"individual-screening/1", "company-screening/1"},
}

// subject is a case that any connector can be called for; docs/connectors.md names its fields. Each value is there once, so that it can
// be found where it should not be.
const subject = `{
  "applicant": {
    "name": {"given": "Annabella", "family": "Eriksdotter"}, "date_of_birth": "1974-08-12", "country": "US",
    "email": "annabella@example.com", "phone": "+14155550123",
    "address": {"street": "1 Sampleton Street", "city": "Specimenville", "region": "CA", "postal_code": "94103", "country": "US"}
  },
  "company": {"name": "Example Trading Ltd", "registration_number": "01234567", "country": "GB", "lei": "213800EXAMPLE0000042", "duns": "123456789"},
  "bank_account": {"id": "fca_example", "iban": "GB33BUKB20201555555555", "holder": "Annabella Eriksdotter"},
  "onfido": {"reference": "8a1d9e0c-example"},
  "message": {"subject": "Your application", "text": "We have received it."}
}`

// personal are values of the subject that tell who the person is.
var personal = []string{"Annabella", "Eriksdotter", "1974", "annabella@example.com", "4155550123", "Sampleton", "Specimenville", "94103", "GB33BUKB20201555555555"}

// inAddress are the connectors that have to write personal data into an address, each for a reason.
var inAddress = map[string]string{
	"twilio-lookup": "Lookup has GET requests only, with the number in the path",
}

func all(t *testing.T) []Entry {
	t.Helper()
	entries, err := All()
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 17 {
		t.Fatalf("only %d connectors", len(entries))
	}
	return entries
}

func TestEveryConnectorSaysWhatItWasMadeFrom(t *testing.T) {
	for _, e := range all(t) {
		_, found := connector.ParsePlugin(e.ID+".yaml", e.Source)
		for _, d := range found {
			t.Errorf("%s: %s", e.ID, d)
		}
		if e.Vendor == "" || e.NotCovered == "" || len(e.Documentation) == 0 {
			t.Errorf("%s: its comment lacks the vendor, its documentation or what is not covered", e.ID)
		}
		for _, page := range e.Documentation {
			if address, err := url.Parse(page); err != nil || address.Scheme != "https" || address.Host == "" {
				t.Errorf("%s: %q is not the address of a page", e.ID, page)
			}
		}
		for what, needs := range map[string]struct{ told, used []string }{
			"secrets":  {namesOf(t, e.ID, e.Secrets), e.Plugin.Secrets()},
			"settings": {namesOf(t, e.ID, e.Settings), e.Plugin.Settings()},
		} {
			if !slices.Equal(needs.told, needs.used) {
				t.Errorf("%s: its comment names the %s %v, and it uses %v", e.ID, what, needs.told, needs.used)
			}
		}
		if e.Callback && !strings.Contains(e.Note, "callback_url") {
			t.Errorf("%s: its comment does not say what to enter at the vendor's", e.ID)
		}
		if !strings.Contains(string(e.Source), "\nid: "+e.ID+"\n") {
			t.Errorf("%s is in a file of another name", e.ID)
		}
	}
}

func namesOf(t *testing.T, id string, needs []Need) []string {
	t.Helper()
	names := []string{}
	for _, n := range needs {
		names = append(names, n.Name)
		if len(n.About) < 10 {
			t.Errorf("%s: where does %s come from?", id, n.Name)
		}
	}
	slices.Sort(names)
	return names
}

func TestConnectorsOfACategoryHaveItsShape(t *testing.T) {
	seen := map[string]bool{}
	defer func() {
		for category := range shapesOf {
			if !seen[category] {
				t.Errorf("the category %s has no connector", category)
			}
		}
	}()
	for _, e := range all(t) {
		seen[e.Category] = true
		if !slices.Contains(shapesOf[e.Category], e.Shape) {
			t.Errorf("%s: %s is not a shape of the category %s", e.ID, e.Shape, e.Category)
		}
	}
}

var (
	expectsError  = regexp.MustCompile(`(?m)^\s+(expect: )?\{?error: (vendor_\w+|invalid)`)
	expectsResult = regexp.MustCompile(`(?m)^\s+(expect: \{.*)?result: ?`)
)

func TestEveryConnectorPassesItsCasesAndTheKit(t *testing.T) {
	for _, e := range all(t) {
		cases, kit := e.Plugin.RunCases(t.Context()), e.Plugin.Conform(t.Context())
		if len(cases) < 3 || len(kit) < 8 {
			t.Errorf("%s: %d cases, %d scenarios", e.ID, len(cases), len(kit))
		}
		if e.Callback && !slices.ContainsFunc(kit, func(r connector.CaseResult) bool { return r.Name == "wrong signature" }) {
			t.Errorf("%s: no case has a callback", e.ID)
		}
		if !expectsError.Match(e.Source) || !expectsResult.Match(e.Source) {
			t.Errorf("%s: its cases lack a result, or an error", e.ID)
		}
		for _, r := range append(cases, kit...) {
			if !r.Passed {
				t.Errorf("%s: %s: %q", e.ID, r.Name, r.Problems)
			}
		}
	}
}

func call(t *testing.T) connector.Call {
	t.Helper()
	c := connector.Call{Case: "case_1"}
	if err := json.Unmarshal([]byte(subject), &c.Context); err != nil {
		t.Fatal(err)
	}
	return c
}

// A workflow that names another connector of the category changes nothing else: all of them read the same fields.
func TestEveryConnectorCanAskAboutTheSameCase(t *testing.T) {
	for _, e := range all(t) {
		if _, err := e.Plugin.Preview(t.Context(), call(t), nil); err != nil {
			t.Errorf("%s: %v", e.ID, err)
		}
	}
}

func TestNoConnectorWritesPersonalDataIntoAddresses(t *testing.T) {
	for _, e := range all(t) {
		shown, err := e.Plugin.Preview(t.Context(), call(t), nil)
		if err != nil {
			continue // named above
		}
		address, err := url.QueryUnescape(shown.URL)
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		for _, value := range personal {
			if strings.Contains(address, value) {
				seen = append(seen, value)
			}
		}
		if reason := inAddress[e.ID]; len(seen) > 0 && reason == "" || len(seen) == 0 && reason != "" {
			t.Errorf("%s writes %q into the address, and the reason is %q: addresses are written into logs, so send it in the body", e.ID, seen, reason)
		}
		if strings.HasPrefix(shown.URL, "http:") {
			t.Errorf("%s: %s", e.ID, shown.URL)
		}
	}
}

func TestAHeadContinuesOnIndentedLines(t *testing.T) {
	got := head("# Vendor: A\n# Not covered: one thing\n#   and another\n#\n# Text.\nid: x\n# Vendor: B\n")
	if want := []string{"Vendor: A", "Not covered: one thing and another", "", "Text."}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
