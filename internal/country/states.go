package country

import (
	"slices"
	"strings"
)

// states are those that addresses of a country name, by their codes in ISO 3166-2 without the country.
var states = map[string][]string{
	"AU": strings.Fields("ACT NSW NT QLD SA TAS VIC WA"),
	"CA": strings.Fields("AB BC MB NB NL NS NT NU ON PE QC SK YT"),
	"US": strings.Fields("AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT NC ND NE NH NJ NM NV NY " +
		"OH OK OR PA PR RI SC SD TN TX UM UT VA VI VT WA WI WV WY"),
}

// States are the codes of a country's states, sorted, where addresses have them; nil for other countries. The country is alpha-2 in
// capitals.
func States(two string) []string { return slices.Clone(states[two]) }
