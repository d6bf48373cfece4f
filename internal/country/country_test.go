package country

import "testing"

func TestACountryIsKnownByEitherCode(t *testing.T) {
	for given, want := range map[string]string{"DE": "DE", "de": "DE", "DEU": "DE", " gbr ": "GB", "XKX": "XK", "": "", "D": "", "England": "", "FK": "FK", "FLK": "FK", "1D": "", "ZZZ": "", "ZZ": "", "UK": "", "XX": "", "EU": "", "SU": ""} {
		if got := Two(given); got != want {
			t.Errorf("%q is %q, expected %q", given, got, want)
		}
	}
}

func TestEveryCountryHasACodeOfItsOwn(t *testing.T) {
	if len(countries)+len(territories) != 250 || len(twos) != 250 { // ISO 3166 has 249, and XK
		t.Errorf("%d countries, %d territories, %d codes of three letters", len(countries), len(territories), len(twos))
	}
	for two, c := range countries {
		if len(two) != 2 || len(c.Three) != 3 || c.Code == "" || Two(c.Three) != two {
			t.Errorf("%s: %+v", two, c)
		}
	}
}

func TestACountryIsWrittenAsZonesHaveIt(t *testing.T) {
	for given, want := range map[string]string{"DE": "DEU", "de": "DEU", "D<<": "DEU", "DEU": "DEU", "FK": "FLK", "XK": "XKX", "RKS": "XKX", "UTO": "UTO", "": ""} {
		if got := Three(given); got != want {
			t.Errorf("%q is %q, expected %q", given, got, want)
		}
	}
}
