package docscan

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// What somebody has typed confirms nothing, however valid it is.
func TestADeclaredZoneIsAClaim(t *testing.T) {
	report := CheckCase([]Input{passport(t, specimenTD3)}, anna, nil, time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC))
	if !report.Passed || !report.MRZ.Valid || !*report.MRZ.NameMatches {
		t.Fatalf("%+v", report)
	}
	if report.Confirmed || report.MRZ.Confirmed || report.MRZ.Source != sourceDeclared || report.MRZ.Confidence != nil {
		t.Errorf("what was typed counts as read: %+v", report.MRZ)
	}
}

func TestAZoneThatWasReadConfirms(t *testing.T) {
	early := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		declared, read string
		confidence     float64
		applicant      map[string]any
		number         string
		confirmed      bool
		code           string
	}{
		"read alone":                {"", specimenTD3, 0.97, anna, "", true, ""},
		"as it was declared":        {specimenTD3, specimenTD3, 0.97, anna, "l898902c-3", true, ""},
		"without confidence":        {specimenTD3, specimenTD3, 0.5, anna, "", false, ""},
		"another one was declared":  {strings.Replace(longTD1, "\n", "", 1), specimenTD3, 0.97, anna, "", false, "mrz_differs"},
		"with a wrong digit":        {"", strings.Replace(specimenTD3, "L898902C36", "L898902C46", 1), 0.97, anna, "", false, "check_digit_document_number"},
		"of another person":         {"", specimenTD3, 0.97, person("Petra", "Quibble", "1974-08-12"), "", false, "name_differs"},
		"with another number":       {"", specimenTD3, 0.97, anna, "X1", false, "number_differs"},
		"when nobody says who":      {"", specimenTD3, 0.97, nil, "", false, "name_not_given"},
		"but nothing could be read": {specimenTD3, "P<UTO", 0.97, anna, "", false, "mrz_length"},
	} {
		input := passport(t, c.declared)
		input.Properties["number"] = c.number
		input.Read = &Reading{MRZ: c.read, Confidence: c.confidence}
		report := CheckCase([]Input{input}, c.applicant, nil, early)
		if report.Confirmed != c.confirmed || report.MRZ == nil || c.code != "" && !slices.Contains(codes(report), c.code) || c.code == "" && c.confirmed && report.FindingsCount > 0 {
			t.Errorf("%s: %+v %v", name, report.MRZ, codes(report))
		}
	}
}

// A passport that states that it has expired has expired, whatever the source.
func TestExpiryIsJudgedWhateverItsSource(t *testing.T) {
	good := specimen{format: td3, code: "P", state: "UTO", number: "L898902C3", nationality: "UTO", birth: "740812", sex: 'F', expiry: "300415", surname: "ERIKSSON", given: "ANNA<MARIA", emptyDigit: '<'}.text()
	if zone, err := ReadMRZ(good); err != nil || !zone.Valid() {
		t.Fatal(zone.Findings, err)
	}
	yes, no := answer(true), answer(false)
	for name, c := range map[string]struct {
		zone, expires string
		expired       *bool
		want          []string
	}{
		"nobody says":           {"", "", nil, nil},
		"declared, past":        {"", "2020-01-01", yes, []string{"expired"}},
		"declared, to come":     {"", "2030-01-01", no, nil},
		"declared, today":       {"", "2026-01-02", no, nil},
		"declared, no date":     {"", "soon", nil, []string{"expires_unreadable"}},
		"zone, past":            {specimenTD3, "", yes, []string{"expired"}},
		"zone, to come":         {good, "", no, nil},
		"both the same":         {good, "2030-04-15", no, nil},
		"the typed one is past": {good, "2020-04-15", yes, []string{"expiry_differs", "expired"}},
		"the zone's is past":    {specimenTD3, "2030-04-15", yes, []string{"expiry_differs", "expired"}},
	} {
		input := passport(t, c.zone)
		if c.expires != "" {
			input.Properties["expires"] = c.expires
		}
		report := CheckCase([]Input{input}, anna, nil, now)
		if !slices.Equal(codes(report), c.want) || (report.Expired == nil) != (c.expired == nil) || report.Expired != nil && *report.Expired != *c.expired {
			t.Errorf("%s: %v, %v", name, codes(report), report.Expired)
		}
	}
}

// One character more or less must not keep another person's passport from being noticed, and what cannot be compared passes
// nothing.
func TestNoCharacterSwitchesTheNameCheckOff(t *testing.T) {
	const match, differs, open = "match", "differs", "open"
	for _, c := range []struct {
		given, family string
		want          string
		odd           bool
	}{
		{"Anna Maria", "Eriksson", match, false},
		{"ANNA MARIA", "ERIKSSON", match, false},
		{"Anna-Maria", "Eriksson.", match, false},
		{"Anna (Maria)", "“Eriksson”", match, false},
		{"Ａｎｎａ", "Ｅｒｉｋｓｓｏｎ", match, false}, // full width, as some keyboards write
		{"A\u0301nna", "Erikssón", match, false},
		// the same person, written so that a search would not find her
		{"Anna 1", "Eriksson", match, true},
		{"Anna😀", "Eriksson", match, true},
		{"An\u200bna", "Eriksson", match, true},
		{"\u202eAnna", "Eriksson", match, true},
		{"An\u00adna\ufeff", "Eriksson", match, true},
		{"𝐀nna", "Eriksson", match, true},
		{"Аnnа", "Eriksson", match, true}, // Cyrillic А and а
		{"Anna", "Eriksѕοn", match, true}, // Cyrillic ѕ, Greek ο
		{"Ann漢a", "Eriksson", match, true},
		// another person's passport
		{"Petra", "Quibble", differs, false},
		{"Petra1", "Quibble", differs, true},
		{"Petra", "Quibble😀", differs, true},
		{"Pe\u200btra", "Quib\u202eble", differs, true},
		{"Petra", "Quіbble", differs, true}, // Cyrillic і
		{"Petra漢", "Quibble", differs, true},
		{"Петра", "Quibble", differs, false},
		{"Petra", "Эрикссон", differs, false},
		{"Anna", "Quibble Эрикссон", differs, false},
		// nobody can tell without reading the other script
		{"Анна", "Эрикссон", open, false},
		{"Anna", "Эрикссон", open, false},
		{"Анна", "Eriksson", open, false},
		{"Anna Мария", "Eriksson", open, false},
		{"漢字", "Eriksson", open, false},
		{"12345", "Eriksson", open, true},
		{"😀", "😀", open, true},
		{"\u200b", "Eriksson", open, true},
	} {
		report := CheckCase([]Input{passport(t, specimenTD3)}, person(c.given, c.family, "1974-08-12"), nil, now)
		got := open
		if m := report.MRZ.NameMatches; m != nil {
			got = map[bool]string{true: match, false: differs}[*m]
		}
		odd := slices.Contains(codes(report), "name_unusual_characters")
		if got != c.want || odd != c.odd {
			t.Errorf("%+q %+q: %s, odd %v; want %s, %v", c.given, c.family, got, odd, c.want, c.odd)
		}
		if report.Passed != (c.want != open && !c.odd) {
			t.Errorf("%+q %+q: passed %v with %v", c.given, c.family, report.Passed, codes(report))
		}
	}
}

func TestEveryFindingShowsWhereItComesFrom(t *testing.T) {
	input := passport(t, specimenTD3)
	input.Properties["expires"] = "2031-01-01"
	inputs := []Input{input, given(Input{ID: "doc_2", Kind: "bill", ContentType: "image/png", Head: picture(t, 100, 900)}), {ID: "doc_3", Kind: "letter"}}
	report := CheckCase(inputs, person("Petra 2", "Quibble", "1999-01-01"), []Requirement{{Kind: "selfie"}}, now)
	if report.FindingsCount < 7 {
		t.Fatal(codes(report))
	}
	for _, d := range report.Documents {
		for _, f := range d.Findings {
			if want := map[bool]Source{true: sourceDeclared, false: sourceRead}[d.Kind == "passport"]; f.Source != want {
				t.Errorf("%s: %q", f.Code, f.Source)
			}
		}
	}
	if report.Severity != high {
		t.Error(report.Severity)
	}
}
