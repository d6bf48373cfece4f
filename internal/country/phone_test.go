package country_test

import (
	"slices"
	"testing"

	"ballerine/internal/country"
)

func TestATelephoneNumberIsKeptAsE164HasIt(t *testing.T) {
	for written, want := range map[string]string{
		"+49 30 123456-7": "+49301234567", "0049 (0)30/1234567": "+49301234567", " +1 (212) 555.0100": "+12125550100", "+500 12345": "+50012345", "+383 38 123 456": "+38338123456",
		"030 1234567": "", "+49": "", "+49301234567890123": "", "+999 1234567": "", "+0 1234567": "", "+49 30 12a4567": "", "": "", "tel:+49301234567": "", "+٤٩301234567": "",
	} {
		if got, ok := country.Phone(written); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %t, expected %q", written, got, ok, want)
		}
	}
}

func TestStatesAreThoseThatAddressesName(t *testing.T) {
	for two, n := range map[string]int{"US": 57, "CA": 13, "AU": 8, "DE": 0, "": 0} {
		names := country.States(two)
		if len(names) != n || !slices.IsSorted(names) {
			t.Errorf("%s has %v", two, names)
		}
		if n > 0 {
			names[0] = "changed"
			if country.States(two)[0] == "changed" {
				t.Error("the table can be changed")
			}
		}
	}
}
