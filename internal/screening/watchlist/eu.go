package watchlist

import (
	"encoding/xml"
	"strings"

	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
)

// The European Union's own names in its Financial Sanctions Files, version 1.1 (namespace http://eu.europa.ec/fpi/fsd/export).
type (
	euEntity struct {
		Reference    string         `xml:"euReferenceNumber,attr"`
		ID           string         `xml:"logicalId,attr"`
		Subject      euSubject      `xml:"subjectType"`
		Regulations  []euRegulation `xml:"regulation"`
		Names        []euName       `xml:"nameAlias"`
		Births       []euBirth      `xml:"birthdate"`
		Citizenships []euCountry    `xml:"citizenship"`
		Addresses    []euCountry    `xml:"address"`
	}
	euSubject struct {
		Code string `xml:"code,attr"` // person or enterprise
	}
	euRegulation struct {
		Programme string `xml:"programme,attr"`
	}
	euName struct {
		Whole  string `xml:"wholeName,attr"`
		First  string `xml:"firstName,attr"`
		Middle string `xml:"middleName,attr"`
		Last   string `xml:"lastName,attr"`
		Strong string `xml:"strong,attr"` // "false": low quality
	}
	euBirth struct {
		Date  string `xml:"birthdate,attr"`
		Day   string `xml:"dayOfMonth,attr"`
		Month string `xml:"monthOfYear,attr"`
		Year  string `xml:"year,attr"`
		From  string `xml:"yearRangeFrom,attr"`
		To    string `xml:"yearRangeTo,attr"`
		Circa string `xml:"circa,attr"`
	}
	euCountry struct {
		Code        string `xml:"countryIso2Code,attr"` // "00": not known
		Description string `xml:"countryDescription,attr"`
	}
)

const euList = "eu-fsf"

// euXML reads xmlFullSanctionsList_1_1.
func euXML(s *source) (screening.List, error) {
	list := screening.List{Name: euList}
	date := ""
	err := s.elements("the European Union's list", func(root xml.StartElement) {
		date, _, _ = strings.Cut(attribute(root, "generationDate"), "T")
	}, taking{
		"sanctionEntity": func(decode func(any) error) string {
			var e euEntity
			if decode(&e) != nil {
				return ""
			}
			one := e.entry()
			if one.ID == "" || len(one.Names) == 0 {
				return "an entry has no euReferenceNumber or no name."
			}
			list.Entries = append(list.Entries, one)
			return tooMany(&list)
		},
	})
	if err != nil {
		return list, err
	}
	list.Edition, err = s.edition(dated("2006-01-02", date))
	return list, err
}

func (x euEntity) entry() screening.Entry {
	e := screening.Entry{ID: strings.TrimSpace(x.Reference), Kind: euKind(x.Subject.Code)}
	if e.ID == "" {
		e.ID = strings.TrimSpace(x.ID)
	}
	for _, n := range x.Names {
		addName(&e, n.text(), strings.EqualFold(n.Strong, "false"))
	}
	lead(&e, "")
	for _, b := range x.Births {
		b.add(&e)
	}
	for _, places := range [][]euCountry{x.Citizenships, x.Addresses} {
		for _, c := range places {
			c.add(&e)
		}
	}
	for _, r := range x.Regulations {
		addProgram(&e, r.Programme)
	}
	return e
}

func euKind(code string) names.Kind {
	if code = strings.ToLower(strings.TrimSpace(code)); code == "person" || code == "p" {
		return names.Person
	}
	return names.Organization
}

func (n euName) text() string {
	if strings.TrimSpace(n.Whole) != "" {
		return n.Whole
	}
	return strings.Join([]string{n.First, n.Middle, n.Last}, " ")
}

// add reads the most exact of the data: a day, a span of years, a year.
func (b euBirth) add(e *screening.Entry) {
	circa := strings.EqualFold(b.Circa, "true")
	day, known, err := screening.ParseBirth(b.Date)
	switch from, to := number(b.From), number(b.To); {
	case err == nil && known:
	case from > 0 && to > 0:
		day = screening.Birth{From: min(from, to), To: max(from, to)}
	default:
		day, known, err = screening.ParseBirth(strings.Trim(b.Year+"-"+b.Month+"-"+b.Day, "-"))
		if year := number(b.Year); year > 0 && (err != nil || !known) {
			day = screening.Birth{From: year, To: year}
		}
	}
	day.Circa = circa
	addBirth(e, day)
}

func (c euCountry) add(e *screening.Entry) {
	code := strings.ToUpper(strings.TrimSpace(c.Code))
	switch {
	case len(code) == 2 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
		country(e, code)
	case !strings.EqualFold(strings.TrimSpace(c.Description), "unknown"):
		country(e, c.Description)
	}
}

// euCSV reads csvFullSanctionsList_1_1: a line for each name, address, date of birth or paper of an entry. It does not
// mark weak names, so none is weak.
func euCSV(t *table) (screening.List, error) {
	list := screening.List{Name: euList}
	at := map[string]int{}
	err := t.each(func(get func(string) string) string {
		id := get("Entity_EU_ReferenceNumber")
		if id == "" {
			id = get("Entity_LogicalId")
		}
		if id == "" {
			return "the line has no Entity_EU_ReferenceNumber."
		}
		n, known := at[id]
		if !known {
			n = len(list.Entries)
			at[id] = n
			list.Entries = append(list.Entries, screening.Entry{ID: id, Kind: euKind(euSubjectOf(get))})
			if list.Edition == "" {
				list.Edition = firstOf(dated("02/01/2006", get("fileGenerationDate")), dated("2006-01-02", get("fileGenerationDate")))
			}
		}
		euLine(&list.Entries[n], get)
		return tooMany(&list)
	})
	if err != nil {
		return list, err
	}
	list.Edition = edition(list.Edition, t.text)
	return list, nameless(t.file, list)
}

// euSubjectOf is person or enterprise; files have the words in one or the other column.
func euSubjectOf(get func(string) string) string {
	for _, column := range []string{"Entity_SubjectType", "Entity_SubjectType_ClassificationCode"} {
		if euKind(get(column)) == names.Person {
			return "person"
		}
	}
	return ""
}

func euLine(e *screening.Entry, get func(string) string) {
	addName(e, euName{Whole: get("NameAlias_WholeName"), First: get("NameAlias_FirstName"), Middle: get("NameAlias_MiddleName"), Last: get("NameAlias_LastName")}.text(), false)
	euBirth{
		get("BirthDate_BirthDate"), get("BirthDate_Day"), get("BirthDate_Month"), get("BirthDate_Year"), get("BirthDate_YearRangeFrom"), get("BirthDate_YearRangeTo"), get("BirthDate_Circa"),
	}.add(e)
	euCountry{get("Citizenship_CountryIso2Code"), get("Citizenship_CountryDescription")}.add(e)
	euCountry{get("Address_CountryIso2Code"), get("Address_CountryDescription")}.add(e)
	addProgram(e, get("Entity_Regulation_Programme"))
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
