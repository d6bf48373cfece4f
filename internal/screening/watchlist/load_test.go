package watchlist_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"ballerine/internal/problem"
	"ballerine/internal/screening"
	"ballerine/internal/screening/watchlist"
)

// text is an entry as one line.
func text(e screening.Entry) string {
	var parts []string
	for _, n := range e.Names {
		name := n.Text
		if n.Weak {
			name += " (weak)"
		}
		parts = append(parts, name)
	}
	for _, b := range e.Births {
		parts = append(parts, b.String())
	}
	parts = append(parts, strings.Join(e.Countries, ","), strings.Join(e.Programs, ","))
	return e.ID + " " + string(e.Kind) + ": " + strings.Join(parts, " | ")
}

func TestListsAreReadAsTheirIssuersWriteThem(t *testing.T) {
	for file, want := range map[string][]string{
		"ofac/sdn.csv": {
			"101 Person: KELLER, Anna Maria | OWL (weak) | HOFFMANN, Anna | 1970-03-25 | circa 1971 | CH,KP | SDGT,IRAQ2",
			"102 Organization: NORDWIND LOGISTIK GMBH | NORDWIND SPEDITION | DE | CUBA",
			"103 Vessel: OCEAN STAR |  | IRAN",
			"104 Person: SOKOLOV, Sergei | 1958 to 1963 |  | UKRAINE",
		},
		"un.xml": {
			"CDi.001 Person: ANNA MARIA KELLER | Анна Келлер | Anna Hoffmann | Owl (weak) | 1970-03-25 | circa 1971 | 1968 to 1972 | CD | DRC",
			"CDe.001 Organization: NORDWIND LOGISTIK | Nordwind Spedition | DE | ",
		},
		"targets.simple.csv": {
			"Q1 Person: Anna Maria Keller | Anna Hoffmann | Анна Келлер | 1970-03-25 | 1971 | CH,KP | SDGT",
			"Q2 Organization: Nordwind Logistik GmbH | DE | ",
			"Q3 LegalEntity: 0x12ab |  | ",
		},
	} {
		l, err := watchlist.Load(os.DirFS("testdata"), file)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		var got []string
		for _, e := range l.Entries {
			got = append(got, text(e))
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s", file, strings.Join(got, "\n"))
		}
	}
}

func TestAFolderOrEachOfItsFilesStandsForTheList(t *testing.T) {
	want, err := watchlist.Load(os.DirFS("testdata"), "ofac/sdn.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ofac", "ofac/alt.csv", "ofac/add.csv"} {
		if l, err := watchlist.Load(os.DirFS("testdata"), name); err != nil || l.Edition != want.Edition || l.Name != "ofac-sdn" {
			t.Errorf("%s: %s %s, %v", name, l.Name, l.Edition, err)
		}
	}
}

func TestAnEditionNamesTheContent(t *testing.T) {
	files := fstest.MapFS{"a.csv": {Data: []byte("name\nAnna\n")}, "b.csv": {Data: []byte("name\nAnne\n")}}
	a, errA := watchlist.Load(files, "a.csv")
	b, errB := watchlist.Load(files, "b.csv")
	if errA != nil || errB != nil || a.Edition == b.Edition || a.Edition == "" {
		t.Errorf("%q and %q, %v, %v", a.Edition, b.Edition, errA, errB)
	}
	if un, err := watchlist.Load(os.DirFS("testdata"), "un.xml"); err != nil || !strings.HasPrefix(un.Edition, "2026-02-27-") {
		t.Errorf("%q, %v", un.Edition, err)
	}
}

func TestADamagedListIsNeverAShorterOne(t *testing.T) {
	sdn, err := os.ReadFile("testdata/ofac/sdn.csv")
	if err != nil {
		t.Fatal(err)
	}
	un, err := os.ReadFile("testdata/un.xml")
	if err != nil {
		t.Fatal(err)
	}
	for about, c := range map[string]struct{ name, content, want string }{
		"cut within a field": {"sdn.csv", string(sdn[:120]), "sdn.csv, line 1, column"},
		"cut within a line":  {"sdn.csv", "101,\"KELLER, Anna\",\"individual\"", "line 1: the line has 3 fields instead of 12"},
		"another CSV":        {"sdn.csv", "name\nAnna\n", "line 1: the line has 1 fields instead of 12"},
		"XML cut":            {"un.xml", string(un[:700]), "un.xml, line"},
		"aliases absent":     {"sdn.csv", string(sdn), "sdn.csv, alt.csv and add.csv of one folder, and alt.csv cannot be read"},
		"another XML":        {"un.xml", "<html></html>", "has no entries"},
		"no column":          {"own.csv", "who\nAnna\n", "no column name"},
		"a bad date":         {"own.csv", "name,dob\nAnna,25.3.1970\n", "own.csv, line 2: a date of birth"},
		"no name":            {"own.csv", "name,dob\n,1970\n", "own.csv, line 2: the name is missing"},
		"empty":              {"own.csv", "", "no column name"},
		"a header alone":     {"own.csv", "name\n", "has no entries"},
		"absent":             {"other", "", "cannot be read"},
		"wrong encoding":     {"own.csv", "name\nM\xfcller\n", "own.csv, line 2"},
	} {
		_, err := watchlist.Load(fstest.MapFS{c.name: {Data: []byte(c.content)}}, map[bool]string{true: "missing", false: c.name}[about == "absent"])
		var told *problem.Error
		if !errors.As(err, &told) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", about, err)
		}
		if err != nil && (strings.Contains(err.Error(), "Anna") || strings.Contains(err.Error(), "1970")) {
			t.Errorf("%s: the error has what the list says: %v", about, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, file := range []string{"ofac/sdn.csv", "un.xml", "targets.simple.csv"} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	aliases, err := os.ReadFile("testdata/ofac/alt.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, name := range []string{"sdn.csv", "list.xml", "own.csv"} {
			files := fstest.MapFS{"alt.csv": {Data: aliases}, "add.csv": {}, name: {Data: text}}
			l, err := watchlist.Load(files, name)
			if err == nil {
				screening.Build(l).Search(screening.Query{Name: l.Entries[0].Names[0].Text}, screening.Options{})
			}
		}
	})
}
