package country

import "testing"

func TestACountryIsKnownByEitherCode(t *testing.T) {
	for given, want := range map[string]string{"DE": "DE", "de": "DE", "DEU": "DE", " gbr ": "GB", "XKX": "XK", "": "", "D": "", "England": "", "FK": "FK", "1D": "", "ZZZ": ""} {
		if got := Two(given); got != want {
			t.Errorf("%q is %q, expected %q", given, got, want)
		}
	}
}

func TestEveryCountryHasACodeOfItsOwn(t *testing.T) {
	if len(countries) < 220 || len(twos) != len(countries) {
		t.Errorf("%d countries, %d codes of three letters", len(countries), len(twos))
	}
	for two, c := range countries {
		if len(two) != 2 || len(c.Three) != 3 || c.Code == "" || Two(c.Three) != two {
			t.Errorf("%s: %+v", two, c)
		}
	}
}
