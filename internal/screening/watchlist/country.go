package watchlist

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"ballerine/internal/screening"
	"ballerine/internal/text"
)

// called are countries by names that the issuers use and the table of the language does not.
var called = map[string]string{
	"democratic republic of the congo": "CD", "congo, democratic republic of the": "CD", "republic of the congo": "CG", "congo, republic of the": "CG",
	"korea, north": "KP", "democratic people's republic of korea": "KP", "korea, south": "KR", "republic of korea": "KR",
	"russian federation": "RU", "burma": "MM", "myanmar": "MM", "syrian arab republic": "SY", "iran (islamic republic of)": "IR", "islamic republic of iran": "IR",
	"libyan arab jamahiriya": "LY", "bosnia and herzegovina": "BA", "united kingdom of great britain and northern ireland": "GB", "united states of america": "US",
	"hong kong": "HK", "macau": "MO", "cote d'ivoire": "CI", "côte d'ivoire": "CI", "palestinian": "PS", "state of palestine": "PS", "trinidad and tobago": "TT",
	"turkey": "TR", "türkiye": "TR", "united republic of tanzania": "TZ", "viet nam": "VN", "venezuela (bolivarian republic of)": "VE", "moldova, republic of": "MD",
	"czech republic": "CZ", "swaziland": "SZ", "macedonia": "MK", "the gambia": "GM", "bahamas, the": "BS", "cape verde": "CV", "sao tome and principe": "ST",
}

var codes = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	name := display.English.Regions()
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string(a) + string(b)
			if region, err := language.ParseRegion(code); err == nil && region.IsCountry() && region.String() == code {
				all[text.Fold(name.Name(region))] = code
			}
		}
	}
	for name, code := range called {
		all[text.Fold(name)] = code
	}
	return all
})

// country adds a country of an entry: by its code where the name is known, and else as it is written.
func country(e *screening.Entry, name string) {
	name = strings.TrimSpace(name)
	if name == "" {
		return
	}
	code, known := codes()[text.Fold(name)]
	switch {
	case known:
	case len(name) == 2:
		code = strings.ToUpper(name)
	default:
		code = name
	}
	if !slices.Contains(e.Countries, code) {
		e.Countries = append(e.Countries, code)
	}
}

// lineID names an entry of a list without ids.
func lineID(number int) string { return "line-" + strconv.Itoa(number) }
