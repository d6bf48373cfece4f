package task_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/demo/specimen"
)

// What is read in a picture stays with the document: the context, which policies, vendors and developers see, has none of it. The number makes the
// case one of the same document, although nobody has typed it.
func TestWhatIsReadStaysWithTheDocumentAndIsFoundByIt(t *testing.T) {
	person := specimen.Person{
		Family: "Tester", Given: "Toni", Nationality: "UTO", Number: "X1234567", Sex: "F",
		Born: time.Date(1980, 5, 17, 0, 0, 0, 0, time.UTC), Expires: time.Date(2030, 3, 1, 0, 0, 0, 0, time.UTC),
	}
	file, err := person.Passport()
	if err != nil {
		t.Fatal(err)
	}
	r := newRoom(t, openFile(t), "http://127.0.0.1:1", "t")
	r.file = file
	jobs["document"].prepare(r)
	if _, err := jobs["document"].handler(r)(t.Context(), jobs["document"].payload(r)); err != nil {
		t.Fatal(err)
	}
	record := r.record()
	zones := record.Documents[0].Zones()
	if len(zones) != 1 || zones[0].Surname != "TESTER" || zones[0].DocumentNumber != "X1234567" {
		t.Fatalf("%+v: %+v", zones, record.Documents[0].Checks)
	}
	text, err := json.Marshal(record.Context)
	if err != nil || strings.Contains(string(text), "X1234567") || strings.Contains(strings.ToUpper(string(text)), "TESTER") {
		t.Errorf("%v: the context has what was read: %s", err, text)
	}
	if !slices.ContainsFunc(record.Traits, func(one cases.Trait) bool { return one.Kind == "document_number" && one.Country == "UTO" }) {
		t.Errorf("the case has no trait of the number that was read: %+v", record.Traits)
	}
}
