package watchlist

import (
	"encoding/xml"
	"regexp"
	"strings"

	"ballerine/internal/csvfile"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
)

// The United Kingdom's own names in its Sanctions List (UK-Sanctions-List.xml).
type (
	ukDesignation struct {
		ID            once     `xml:"UniqueID"`
		Type          once     `xml:"IndividualEntityShip"`
		Regime        once     `xml:"RegimeName"`
		Names         []ukName `xml:"Names>Name"`
		Originals     []string `xml:"NonLatinNames>NonLatinName>NameNonLatinScript"`
		Births        []string `xml:"IndividualDetails>Individual>DOBs>DOB"`
		Nationalities []string `xml:"IndividualDetails>Individual>Nationalities>Nationality"`
		Addresses     []string `xml:"Addresses>Address>AddressCountry"`
	}
	ukName struct {
		Parts    [6]string
		Type     string
		Strength string
	}
)

// UnmarshalXML implements xml.Unmarshaler: Name1 to Name6, the last of which is the family name or the whole name.
func (n *ukName) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var parts struct {
		One      once `xml:"Name1"`
		Two      once `xml:"Name2"`
		Three    once `xml:"Name3"`
		Four     once `xml:"Name4"`
		Five     once `xml:"Name5"`
		Six      once `xml:"Name6"`
		Type     once `xml:"NameType"`
		Strength once `xml:"AliasStrength"`
	}
	err := d.DecodeElement(&parts, &start)
	*n = ukName{[6]string{parts.One.text(), parts.Two.text(), parts.Three.text(), parts.Four.text(), parts.Five.text(), parts.Six.text()}, parts.Type.text(), parts.Strength.text()}
	return err
}

// ukXML reads the UK Sanctions List.
func ukXML(s *source) (screening.List, error) {
	list := screening.List{Name: "uk-sanctions"}
	date := ""
	err := s.elements("the UK Sanctions List", func(xml.StartElement) {}, taking{
		"DateGenerated": func(decode func(any) error) string { _ = decode(&date); return "" },
		"Designation": func(decode func(any) error) string {
			var d ukDesignation
			if decode(&d) != nil {
				return ""
			}
			one := d.entry()
			if one.ID == "" || len(one.Names) == 0 {
				return "a designation has no UniqueID or no name."
			}
			list.Entries = append(list.Entries, one)
			return tooMany(&list)
		},
	})
	if err != nil {
		return list, err
	}
	date, _, _ = strings.Cut(strings.TrimSpace(date), "T")
	list.Edition, err = s.edition(firstOf(dated("02/01/2006", date), dated("2006-01-02", date)))
	return list, err
}

func (x ukDesignation) entry() screening.Entry {
	e := screening.Entry{ID: x.ID.text(), Kind: ukKind(x.Type.text())}
	main := ""
	for _, n := range x.Names {
		whole := strings.Join(n.Parts[:], " ")
		if main == "" && strings.EqualFold(strings.TrimSpace(n.Type), "primary name") {
			main = whole
		}
		addName(&e, whole, ukWeak(n.Strength))
	}
	for _, name := range x.Originals {
		addName(&e, name, false)
	}
	lead(&e, main)
	for _, date := range x.Births {
		ukBirth(&e, date)
	}
	for _, places := range [][]string{x.Nationalities, x.Addresses} {
		for _, name := range places {
			country(&e, name)
		}
	}
	addProgram(&e, x.Regime.text())
	return e
}

func ukKind(s string) names.Kind {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "individual":
		return names.Person
	case "ship":
		return names.Vessel
	}
	return names.Organization
}

// ukWeak reports whether the issuer calls a name low quality.
func ukWeak(quality string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(quality)), "low")
}

var century = regexp.MustCompile(`(\d\d)yy$`)

// ukBirth adds a date of birth: 25/03/1970, with letters or zeros for what is not known (dd/mm/1970, 00/00/1970), or 1970; dd/mm/19yy is a century.
func ukBirth(e *screening.Entry, date string) {
	date = strings.ToLower(strings.TrimSpace(date))
	if m := century.FindStringSubmatch(date); m != nil {
		first := number(m[1]) * 100
		addBirth(e, screening.Birth{From: first, To: first + 99})
		return
	}
	parts := strings.Split(date, "/")
	year := number(parts[len(parts)-1])
	b := screening.Birth{From: year, To: year}
	if len(parts) > 1 {
		if month := number(parts[len(parts)-2]); month >= 1 && month <= 12 {
			b.Month = month
		}
	}
	if len(parts) > 2 && b.Month > 0 {
		if day := number(parts[0]); day >= 1 && day <= 31 {
			b.Day = day
		}
	}
	addBirth(e, b)
}

// conListDate reports whether the first line of a file is that of ConList.csv: Last Updated and a date.
func conListDate(first []csvfile.Field) bool {
	return len(first) >= 2 && strings.HasPrefix(strings.TrimSpace(first[0].Text), "Last Updated") && len(first) < 30
}

var numbered = regexp.MustCompile(`\(\d+\)`)

// conList reads ConList.csv, the consolidated list of the Office of Financial Sanctions Implementation: a line for each name of an entry.
func conList(t *table) (screening.List, error) {
	list := screening.List{Name: "uk-ofsi"}
	at, mains := map[string]int{}, map[int]string{}
	err := t.each(func(get func(string) string) string {
		id := get("Group ID")
		if id == "" {
			return "the line has no Group ID."
		}
		n, known := at[id]
		if !known {
			n = len(list.Entries)
			at[id] = n
			list.Entries = append(list.Entries, screening.Entry{ID: id, Kind: ukKind(get("Group Type"))})
		}
		if main := conListLine(&list.Entries[n], get); main != "" && mains[n] == "" {
			mains[n] = main
		}
		return tooMany(&list)
	})
	if err != nil {
		return list, err
	}
	for n := range list.Entries {
		lead(&list.Entries[n], mains[n])
	}
	list.Edition = edition(dated("02/01/2006", t.first[1].Text), t.text)
	return list, nameless(t.file, list)
}

// conListLine adds the contents of a line; main is its name if it is the main one.
func conListLine(e *screening.Entry, get func(string) string) (main string) {
	whole := strings.Join([]string{get("Name 1"), get("Name 2"), get("Name 3"), get("Name 4"), get("Name 5"), get("Name 6")}, " ")
	addName(e, whole, ukWeak(get("Alias Quality")))
	addName(e, get("Name Non-Latin Script"), false)
	for _, date := range numbered.Split(get("DOB"), -1) {
		ukBirth(e, date)
	}
	for _, column := range []string{"Nationality", "Country"} {
		for _, name := range numbered.Split(get(column), -1) {
			country(e, name)
		}
	}
	addProgram(e, get("Regime"))
	if strings.EqualFold(get("Alias Type"), "primary name") {
		return whole
	}
	return ""
}
