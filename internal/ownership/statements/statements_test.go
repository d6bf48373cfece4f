package statements

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ballerine/internal/ownership"
	"ballerine/internal/problem"
)

const today = "2026-11-30"

func assess(t *testing.T, text string) ownership.Assessment {
	t.Helper()
	s, err := Read([]byte(text), Options{Day: today})
	if err != nil {
		t.Fatalf("%v %+v", err, problem.As(err).Fields)
	}
	a, err := ownership.Assess(s, ownership.Rules()[0], today)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestStatementsBecomeAnAssessment(t *testing.T) {
	a := assess(t, read(t, "chain.bods.json"))
	if len(a.People) != 2 || a.People[0].Name != "Ada Example" || a.People[0].Share.String() != "30 %" || a.People[0].Verdict != ownership.IsOwner {
		t.Fatalf("%+v", a.People)
	}
	if b := a.People[1]; b.Name != "Ben Example" || b.Share.String() != "more than 15 %, at most 30 %" || b.Verdict != ownership.IsOwner {
		t.Errorf("%+v", b)
	}
}

func TestLinesAreReadAsAnArrayIs(t *testing.T) {
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(read(t, "chain.bods.json")), &all); err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, one := range all {
		var compact map[string]any
		if err := json.Unmarshal(one, &compact); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(compact)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(text, '\n'))
	}
	if a := assess(t, lines.String()); len(a.People) != 2 || a.People[0].Share.String() != "30 %" {
		t.Errorf("%+v", a.People)
	}
}

func TestOnlyTheLastStatementOfARecordCounts(t *testing.T) {
	text := read(t, "updated.bods.json")
	for day, want := range map[string]string{"2020-06-01": "100 %", "2021-06-01": "40 %", "2022-06-01": "0 %"} {
		s, err := Read([]byte(text), Options{Day: day})
		if err != nil {
			t.Fatal(err)
		}
		a, err := ownership.Assess(s, ownership.Rules()[0], day)
		if err != nil {
			t.Fatal(err)
		}
		got := "0 %"
		if len(a.People) > 0 {
			got = a.People[0].Share.String()
		}
		if got != want {
			t.Errorf("%s: %s, not %s", day, got, want)
		}
	}
}

func TestOwnDocumentsAreRead(t *testing.T) {
	a := assess(t, `{"subject": "acme", "parties": [{"id": "acme", "kind": "company", "name": "Acme"}, {"id": "ann", "kind": "person"}],
		"links": [{"owner": "ann", "company": "acme", "interest": "shareholding", "share": {"exclusive_minimum": 25, "maximum": "50"}}]}`)
	if a.People[0].Share.String() != "more than 25 %, at most 50 %" {
		t.Errorf("%+v", a.People)
	}
}

func TestAllFaultsAreNamedWithTheirPlace(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		at   []string
	}{
		"own": {
			`{"subject": "acme", "parties": [{"id": "acme", "kind": "firm"}], "links": [{"owner": "x", "company": "acme", "interest": "shareholding", "share": 101}, {"company": "acme", "interest": "votes", "share": "12,5"}], "more": 1}`,
			[]string{"$", "links[0].share", "links[1].share", "parties[0].kind"},
		},
		"references": {
			`{"subject": "none", "parties": [{"id": "acme", "kind": "company"}, {"id": "ann", "kind": "person"}], "links": [{"owner": "bob", "company": "ann", "interest": "votes"}]}`,
			[]string{"subject", "links[0].owner", "links[0].company"},
		},
		"bounds": {
			`{"subject": "acme", "parties": [{"id": "acme", "kind": "company"}], "links": [{"company": "acme", "interest": "votes", "share": {"minimum": 50, "maximum": 25}}]}`,
			[]string{"links[0].share"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read([]byte(test.text), Options{})
			if err == nil {
				t.Fatal("it was accepted")
			}
			places := map[string]bool{}
			for _, f := range problem.As(err).Fields {
				places[f.Location] = true
				if strings.Contains(f.Message, "12,5") {
					t.Error("a message repeats the document")
				}
			}
			for _, at := range test.at {
				if !places[at] {
					t.Errorf("%s is not named: %v", at, places)
				}
			}
		})
	}
}

// Readers of JSON differ in which of two names they take that only differ in their letters' case, and so does what they read of a share.
func TestNamesThatOnlyLookLikeMembersAreRefused(t *testing.T) {
	text := read(t, "chain.bods.json")
	for name, changed := range map[string]string{
		"case":   strings.Replace(text, `"share": {`, `"Share": {"exact": 1}, "share": {`, 1),
		"letter": strings.Replace(text, `"share": {`, `"\u017fhare": {"exact": 1}, "share": {`, 1),
		"status": strings.Replace(text, `"recordStatus": "new"`, `"recordStatu\u017f": "closed"`, 1),
		"twice":  strings.Replace(text, `"share": {`, `"share": {"exact": 1}, "share": {`, 1),
	} {
		if changed == text {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := Read([]byte(changed), Options{Day: today}); err == nil {
			t.Errorf("%s: it was accepted", name)
		}
	}
}

func TestSourcesOfOneRecordAreKeptApart(t *testing.T) {
	one := `{"statementId": "%s", "statementDate": "%s", "declarationSubject": "acme", "recordId": "%s", "recordType": "%s", "recordStatus": "new", "source": {"type": ["%s"]}, "recordDetails": %s}`
	relation := func(share string) string {
		return `{"isComponent": false, "subject": "acme", "interestedParty": "ada", "interests": [{"type": "shareholding", "share": {"exact": ` + share + `}}]}`
	}
	text := "[" + strings.Join([]string{
		fmt.Sprintf(one, strings.Repeat("1", 32), "2020-01-01", "acme", "entity", "officialRegister", `{"isComponent": false, "entityType": {"type": "registeredEntity"}}`),
		fmt.Sprintf(one, strings.Repeat("2", 32), "2020-01-01", "ada", "person", "officialRegister", `{"isComponent": false, "personType": "knownPerson"}`),
		fmt.Sprintf(one, strings.Repeat("3", 32), "2020-01-01", "r", "relationship", "officialRegister", relation("60")),
		fmt.Sprintf(one, strings.Repeat("4", 32), "2021-01-01", "r", "relationship", "selfDeclaration", relation("5")),
	}, ",") + "]"
	if a := assess(t, text); a.People[0].Verdict != ownership.Undecided {
		t.Errorf("%+v", a.People)
	}
}

func TestWhatIsNoJSONIsSaidSo(t *testing.T) {
	for name, text := range map[string]string{"empty": " ", "cut": `[{"statementId": "x"`, "bytes": "\xff\xfe{}", "number": "12"} {
		if _, err := Read([]byte(text), Options{}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"chain.bods.json", "updated.bods.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"subject": "a", "parties": [{"id": "a", "kind": "company"}], "links": [{"company": "a", "owner": "a", "interest": "shareholding", "share": "100"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Read(text, Options{Day: today})
		if err != nil {
			return
		}
		a, err := ownership.Assess(s, ownership.Rules()[0], today)
		if err != nil {
			t.Fatalf("what was read cannot be assessed: %v", err)
		}
		for _, p := range a.People {
			if p.Share.Check() != nil {
				t.Fatalf("share %s", p.Share)
			}
		}
	})
}

// published is where the published schema and examples of BODS may be. They are not part of this repository.
const published = "../../../../shared/data/bods"

func TestPublishedExamplesAreRead(t *testing.T) {
	files, _ := filepath.Glob(published + "/examples/*.json")
	if len(files) == 0 {
		t.Skip("SKIPPED, NOT TESTED HERE: the published examples of BODS are not beside the repository")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Read(text, Options{Day: today})
		if err != nil {
			t.Errorf("%s: %v %+v", filepath.Base(file), err, problem.As(err).Fields)
			continue
		}
		a, err := ownership.Assess(s, ownership.Rules()[0], today)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		t.Logf("%s", filepath.Base(file))
		for _, p := range a.People {
			t.Logf("  %s %s %v %s %v", p.Name, p.Share, p.Control, p.Verdict, p.Bases)
		}
		for _, f := range a.Findings {
			t.Logf("  %s", f.Text)
		}
	}
}
