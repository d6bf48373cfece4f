package watchlist

import (
	"encoding/xml"
	"strconv"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/screening"
)

// OFAC's own names in sdn.xml, as in its data specification; the first has their typing error.
type (
	sdnPublished struct {
		Date    once `xml:"Publish_Date"` // MM/DD/YYYY
		Records once `xml:"Record_Count"`
	}
	sdnEntry struct {
		ID            once      `xml:"uid"`
		First         once      `xml:"firstName"`
		Last          once      `xml:"lastName"`
		Type          once      `xml:"sdnType"`
		Programs      []string  `xml:"programList>program"`
		Aliases       []sdnName `xml:"akaList>aka"`
		Addresses     []string  `xml:"addressList>address>country"`
		Nationalities []string  `xml:"nationalityList>nationality>country"`
		Citizenships  []string  `xml:"citizenshipList>citizenship>country"`
		Births        []string  `xml:"dateOfBirthList>dateOfBirthItem>dateOfBirth"`
	}
	sdnName struct {
		Category once `xml:"category"` // strong or weak
		First    once `xml:"firstName"`
		Last     once `xml:"lastName"`
	}
)

const ofacList = "ofac-sdn"

// ofacXML reads sdn.xml. It has the same contents as sdn.csv with alt.csv and add.csv.
func ofacXML(s *source) (screening.List, error) {
	list := screening.List{Name: ofacList}
	if strings.HasPrefix(strings.ToLower(s.name), "cons") { // the lists beside the SDN list have the same form: one must not take the place of the other
		list.Name = "ofac-consolidated"
	}
	var published sdnPublished
	err := s.elements("OFAC's sdn.xml", func(xml.StartElement) {}, taking{
		"publshInformation": func(decode func(any) error) string { _ = decode(&published); return "" },
		"sdnEntry": func(decode func(any) error) string {
			var e sdnEntry
			if decode(&e) != nil {
				return ""
			}
			if e.ID.text() == "" || e.Last.text() == "" {
				return "an entry has no uid or no lastName."
			}
			list.Entries = append(list.Entries, e.entry())
			return tooMany(&list)
		},
	})
	if err != nil {
		return list, err
	}
	if count, err := strconv.Atoi(published.Records.text()); err != nil || count < 1 || len(list.Entries) < count {
		return list, problem.New(problem.Invalid, "%s has %d entries and does not state that number (Record_Count): it is truncated, or was changed.", s.name, len(list.Entries))
	}
	list.Edition, err = s.edition(dated("01/02/2006", published.Date.text()))
	return list, err
}

func (x sdnEntry) entry() screening.Entry {
	e := screening.Entry{ID: x.ID.text(), Kind: ofacKind(x.Type.text())}
	e.Names = []screening.ListedName{{Text: ofacName(x.Last.text(), x.First.text())}}
	for _, a := range x.Aliases {
		if name := ofacName(a.Last.text(), a.First.text()); name != "" {
			e.Names = append(e.Names, screening.ListedName{Text: name, Weak: strings.EqualFold(a.Category.text(), "weak")})
		}
	}
	for _, date := range x.Births {
		date, circa := strings.CutPrefix(strings.TrimSpace(date), "circa ")
		if b, ok := ofacDate(date); ok && b.Plausible() {
			b.Circa = circa
			e.Births = append(e.Births, b)
		}
	}
	for _, names := range [][]string{x.Nationalities, x.Citizenships, x.Addresses} {
		for _, name := range names {
			country(&e, name)
		}
	}
	for _, program := range x.Programs {
		if program = strings.TrimSpace(program); program != "" {
			e.Programs = append(e.Programs, program)
		}
	}
	return e
}

// ofacName is a name as sdn.csv writes it.
func ofacName(last, first string) string {
	last, first = strings.TrimSpace(last), strings.TrimSpace(first)
	if last == "" || first == "" {
		return last + first
	}
	return last + ", " + first
}
