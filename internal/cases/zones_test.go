package cases

import (
	"slices"
	"testing"
)

func TestACaseIsFoundByTheNumberThatWasRead(t *testing.T) {
	const zone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
	for name, document := range map[string]Document{
		"read":  {Checks: map[string]any{CheckRead: map[string]any{"mrz": zone, "confidence": 0.97}}},
		"typed": {Properties: map[string]any{"mrz": zone}},
	} {
		words := searchWords(Record{Documents: []Document{document}}, nil)
		if !slices.ContainsFunc(words, func(word string) bool { return word == "l898902c3" }) {
			t.Errorf("%s: %v", name, words)
		}
	}
	if zones := (Document{Checks: map[string]any{CheckRead: "masked"}, Properties: map[string]any{"mrz": "no zone"}}).Zones(); len(zones) != 0 {
		t.Errorf("zones of nothing: %v", zones)
	}
}
