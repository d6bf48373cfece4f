package watchlist

import (
	"encoding/xml"
	"strconv"
	"strings"

	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
)

// The consolidated list's own names, as in its schema (scsanctions.un.org, sc-sanctions.xsd).
type (
	unEntry struct {
		ID        once      `xml:"DATAID"`
		Reference once      `xml:"REFERENCE_NUMBER"`
		Type      once      `xml:"UN_LIST_TYPE"`
		First     once      `xml:"FIRST_NAME"`
		Second    once      `xml:"SECOND_NAME"`
		Third     once      `xml:"THIRD_NAME"`
		Fourth    once      `xml:"FOURTH_NAME"`
		Original  once      `xml:"NAME_ORIGINAL_SCRIPT"`
		Nations   []string  `xml:"NATIONALITY>VALUE"`
		Aliases   []unAlias `xml:"INDIVIDUAL_ALIAS"`
		Others    []unAlias `xml:"ENTITY_ALIAS"`
		Births    []unBirth `xml:"INDIVIDUAL_DATE_OF_BIRTH"`
		Seats     []unPlace `xml:"ENTITY_ADDRESS"`
	}
	unAlias struct {
		Quality once `xml:"QUALITY"`
		Name    once `xml:"ALIAS_NAME"`
	}
	unBirth struct {
		Type once `xml:"TYPE_OF_DATE"`
		Date once `xml:"DATE"`
		Year once `xml:"YEAR"`
		From once `xml:"FROM_YEAR"`
		To   once `xml:"TO_YEAR"`
	}
	unPlace struct {
		Country string `xml:"COUNTRY"`
	}
)

// unitedNations reads the consolidated list of the Security Council.
func unitedNations(s *source) (screening.List, error) {
	list := screening.List{Name: "un"}
	date := ""
	of := func(kind names.Kind) func(decode func(any) error) string {
		return func(decode func(any) error) string {
			var e unEntry
			if decode(&e) != nil {
				return ""
			}
			list.Entries = append(list.Entries, e.entry(kind))
			return tooMany(&list)
		}
	}
	err := s.elements("a consolidated list of the United Nations", func(root xml.StartElement) {
		date, _, _ = strings.Cut(attribute(root, "dateGenerated"), "T")
	}, taking{"INDIVIDUAL": of(names.Person), "ENTITY": of(names.Organization)})
	if err != nil {
		return list, err
	}
	list.Edition, err = s.edition(date)
	return list, err
}

func (u unEntry) entry(kind names.Kind) screening.Entry {
	e := screening.Entry{ID: u.Reference.text(), Kind: kind}
	if e.ID == "" {
		e.ID = u.ID.text()
	}
	whole := strings.Join(strings.Fields(strings.Join([]string{u.First.text(), u.Second.text(), u.Third.text(), u.Fourth.text()}, " ")), " ")
	e.Names = append(e.Names, screening.ListedName{Text: whole})
	if original := u.Original.text(); original != "" {
		e.Names = append(e.Names, screening.ListedName{Text: original})
	}
	for _, a := range append(u.Aliases, u.Others...) {
		if text := a.Name.text(); text != "" {
			e.Names = append(e.Names, screening.ListedName{Text: text, Weak: strings.EqualFold(a.Quality.text(), "low")})
		}
	}
	for _, b := range u.Births {
		if birth, ok := b.birth(); ok {
			e.Births = append(e.Births, birth)
		}
	}
	for _, n := range u.Nations {
		country(&e, n)
	}
	for _, s := range u.Seats {
		country(&e, s.Country)
	}
	if u.Type != "" {
		e.Programs = []string{u.Type.text()}
	}
	return e
}

func (b unBirth) birth() (screening.Birth, bool) {
	circa := strings.HasPrefix(b.Type.text(), "APPROX")
	from, errFrom := strconv.Atoi(b.From.text())
	to, errTo := strconv.Atoi(b.To.text())
	if errFrom == nil && errTo == nil {
		return screening.Birth{From: min(from, to), To: max(from, to), Circa: circa}, true
	}
	for _, text := range []string{strings.SplitN(b.Date.text(), "T", 2)[0], b.Year.text()} {
		if birth, ok, err := screening.ParseBirth(text); err == nil && ok && birth.Plausible() {
			birth.Circa = circa
			return birth, true
		}
	}
	return screening.Birth{}, false
}
