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
		"ofac/sdn.xml": {
			"101 Person: KELLER, Anna Maria | HOFFMANN, Anna | OWL (weak) | 1970-03-25 | circa 1971 | CH,KP | SDGT,IRAQ2",
			"102 Organization: NORDWIND LOGISTIK GMBH | NORDWIND SPEDITION | DE | CUBA",
			"103 Vessel: OCEAN STAR |  | IRAN",
			"104 Person: SOKOLOV, Sergei | 1958 to 1963 |  | UKRAINE",
		},
		"eu.xml": {
			"EU.1.1 Person: Anna Maria Keller | Owl (weak) | Анна Келлер | 1970-03-25 | circa 1968 to 1972 | circa 1971 | CH | UKR",
			"EU.2.2 Organization: Nordwind Logistik GmbH | DE | BLR",
		},
		"eu.csv": {
			"EU.1.1 Person: Anna Maria Keller | Owl | Анна Келлер | 1970-03-25 | circa 1968 to 1972 | circa 1971 | CH | UKR",
			"EU.2.2 Organization: Nordwind Logistik GmbH | DE | BLR",
		},
		"uk.xml": {
			"SYR0001 Person: Anna Maria KELLER | OWL (weak) | Anna HOFFMANN | Анна Келлер | 1970-03-25 | 1971 | 1900 to 1999 | CH,KP | Syria",
			"SYR0002 Organization: NORDWIND LOGISTIK | DE | Syria",
			"DPR0003 Vessel: OCEAN STAR |  | Democratic People's Republic of Korea",
		},
		"ConList.csv": {
			"9001 Person: Anna Maria KELLER | OWL (weak) | Анна Келлер | Anna HOFFMANN | 1970-03-25 | 1971 | CH,KP | Syria",
			"9002 Organization: NORDWIND LOGISTIK | DE | Syria",
			"9003 Vessel: OCEAN STAR |  | Democratic People's Republic of Korea",
		},
		"entities.ftm.json": {
			"Q1 Person: Anna Maria Keller | Keller, Anna Maria | Анна Келлер | Owl (weak) | 1970-03-25 | 1971 | 1972-01-01 | CH,KP,suhh | role.pep,sanction",
			"Q2 Organization: Nordwind Logistik GmbH | Nordwind Spedition | DE | sanction",
			"Q3 Vessel: Ocean Star | PA | sanction",
			"Q5 Person: Boris Test |  | role.rca",
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

func TestBothFormsOfAnEditionSayTheSame(t *testing.T) {
	load := func(name string) screening.List {
		t.Helper()
		l, err := watchlist.Load(os.DirFS("testdata"), name)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	csv, xml := load("ofac/sdn.csv"), load("ofac/sdn.xml")
	if d := screening.Compare(csv, xml); !d.Empty() || csv.Name != xml.Name {
		t.Errorf("OFAC: %+v, %s and %s", d, csv.Name, xml.Name)
	}
	csv, xml = load("eu.csv"), load("eu.xml")
	for _, l := range []*screening.List{&csv, &xml} { // only the XML states which names are weak
		for i := range l.Entries {
			for n := range l.Entries[i].Names {
				l.Entries[i].Names[n].Weak = false
			}
		}
	}
	if d := screening.Compare(csv, xml); !d.Empty() || csv.Name != xml.Name {
		t.Errorf("European Union: %+v, %s and %s", d, csv.Name, xml.Name)
	}
}

func TestListsHaveTheirIssuersDates(t *testing.T) {
	for file, want := range map[string]string{
		"un.xml": "un 2026-02-27-", "ofac/sdn.xml": "ofac-sdn 2026-03-04-", "eu.xml": "eu-fsf 2026-03-04-", "eu.csv": "eu-fsf 2026-03-04-", "uk.xml": "uk-sanctions 2026-03-04-",
		"ConList.csv": "uk-ofsi 2026-03-04-", "entities.ftm.json": "entities-ftm ", "targets.simple.csv": "targets-simple ",
	} {
		l, err := watchlist.Load(os.DirFS("testdata"), file)
		if err != nil || !strings.HasPrefix(l.Name+" "+l.Edition, want) {
			t.Errorf("%s: %s %s, %v", file, l.Name, l.Edition, err)
		}
		if packed, err := screening.Pack(l); err != nil || len(packed) == 0 {
			t.Errorf("%s cannot be packed: %v", file, err)
		}
	}
}

// TestTheContentSaysWhatAFileIs under any name, and the lists that OFAC keeps beside the SDN list have a name of their own.
func TestTheContentSaysWhatAFileIs(t *testing.T) {
	for file, want := range map[string]string{"ofac/sdn.xml": "ofac-sdn", "eu.xml": "eu-fsf", "eu.csv": "eu-fsf", "uk.xml": "uk-sanctions", "ConList.csv": "uk-ofsi", "un.xml": "un", "entities.ftm.json": "download"} {
		content, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if l, err := watchlist.Load(fstest.MapFS{"download": {Data: content}}, "download"); err != nil || l.Name != want {
			t.Errorf("%s: %s, %v", file, l.Name, err)
		}
		if l, err := watchlist.Load(fstest.MapFS{"CONS.XML": {Data: content}}, "CONS.XML"); want == "ofac-sdn" && (err != nil || l.Name != "ofac-consolidated") {
			t.Errorf("%s: %s, %v", file, l.Name, err)
		}
	}
}

// TestEveryCutOfAListIsRefused cuts each file at every byte but where a line of a table or of JSON ends, which nobody can see.
func TestEveryCutOfAListIsRefused(t *testing.T) {
	for _, file := range []string{"ofac/sdn.xml", "eu.xml", "uk.xml", "un.xml", "eu.csv", "ConList.csv", "entities.ftm.json"} {
		content, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := watchlist.Load(fstest.MapFS{"list": {Data: content}}, "list")
		if err != nil {
			t.Fatal(err)
		}
		lines := !strings.HasSuffix(file, ".xml")
		for cut := range len(strings.TrimRight(string(content), "\r\n")) {
			l, err := watchlist.Load(fstest.MapFS{"list": {Data: content[:cut]}}, "list")
			switch next := string(content[cut : cut+1]); {
			case err == nil && !lines:
				t.Fatalf("%s cut at %d is a list of %d entries instead of %d", file, cut, len(l.Entries), len(whole.Entries))
			case err == nil && next != "\n" && next != "\r" && content[cut-1] != '\n' && !withinLastField(content, cut):
				t.Fatalf("%s cut at %d, before %q, is a list of %d entries", file, cut, next, len(l.Entries))
			case err != nil && strings.Contains(err.Error(), "Keller"):
				t.Fatalf("%s: the error has what the list says: %v", file, err)
			}
		}
	}
}

// withinLastField reports whether a cut only shortens the last field of its line.
func withinLastField(content []byte, cut int) bool {
	rest, _, _ := strings.Cut(string(content[cut:]), "\n")
	return !strings.ContainsAny(rest, ",;\"{}")
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
		"the advanced XML":   {"sdn_advanced.xml", "<Sanctions></Sanctions>", "not sdn_advanced.xml"},
		"two roots":          {"list.xml", "<export></export><export></export>", "list.xml, line 1"},
		"in Latin 1":         {"list.xml", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><export></export>", "not in UTF-8"},
		"not UTF-8":          {"list.xml", "<export><sanctionEntity euReferenceNumber=\"M\xfcller\"/></export>", "not in UTF-8"},
		"in UTF-16":          {"list.csv", "\xff\xfen\x00", "UTF-16"},
		"an empty XML":       {"list.xml", "<export></export>", "has no entries"},
		"no name in it":      {"list.xml", "<export>\n<sanctionEntity euReferenceNumber=\"EU.1\"/></export>", "list.xml, line 2: an entry has no"},
		"fewer than it says": {"list.xml", "<sdnList><publshInformation><Record_Count>2</Record_Count></publshInformation><sdnEntry><uid>1</uid><lastName>Anna</lastName></sdnEntry></sdnList>", "Record_Count"},
		"silent of how many": {"list.xml", "<sdnList><sdnEntry><uid>1</uid><lastName>Anna</lastName></sdnEntry></sdnList>", "Record_Count"},
		"an entry in one":    {"list.xml", "<export>\n<sanctionEntity euReferenceNumber=\"EU.1\"><nameAlias wholeName=\"Bo\"/><sanctionEntity euReferenceNumber=\"EU.2\"><nameAlias wholeName=\"Anna\"/></sanctionEntity></sanctionEntity></export>", "list.xml, line 2: an entry is inside another one"},
		"a name twice":       {"list.xml", "<sdnList><publshInformation><Record_Count>1</Record_Count></publshInformation>\n<sdnEntry><uid>1</uid><lastName>Anna</lastName><lastName>Bo</lastName></sdnEntry></sdnList>", "list.xml, line 2: an entry has an element twice"},
		"a UN name twice":    {"un.xml", "<CONSOLIDATED_LIST dateGenerated=\"2026-01-02\"><INDIVIDUALS><INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>Anna</FIRST_NAME><FIRST_NAME>Bo</FIRST_NAME></INDIVIDUAL></INDIVIDUALS></CONSOLIDATED_LIST>", "un.xml, line 1: an entry has an element twice"},
		"a name, and none":   {"un.xml", "<CONSOLIDATED_LIST dateGenerated=\"2026-01-02\"><INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>Anna</FIRST_NAME><FIRST_NAME>Bo</FIRST_NAME><FIRST_NAME/></INDIVIDUAL></CONSOLIDATED_LIST>", "an entry has an element twice"},
		"markup in a name":   {"list.xml", "<sdnList><publshInformation><Record_Count>1</Record_Count></publshInformation><sdnEntry><uid>1</uid><lastName>An<i>na</i></lastName></sdnEntry></sdnList>", "a text of an entry has an element in it"},
		"other letters":      {"list.xml", "<export><sanctionentity euReferenceNumber=\"EU.1\"/></export>", "an element is named like an entry"},
		"a count of none":    {"list.xml", "<sdnList><publshInformation><Record_Count>0</Record_Count></publshInformation><sdnEntry><uid>1</uid><lastName>Anna</lastName></sdnEntry></sdnList>", "Record_Count"},
		"an attribute twice": {"list.xml", "<export><sanctionEntity euReferenceNumber=\"EU.1\"><nameAlias wholeName=\"Bo\" wholeName=\"Anna\"/></sanctionEntity></export>", "an element has an attribute twice"},
		"too deep":           {"list.xml", "<export>" + strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100) + "</export>", "nested too deeply"},
		"JSON cut":           {"e.json", "{\"id\": \"1\", \"schema\": \"Person\", \"prop", "e.json, line 1: the line is no JSON"},
		"another JSON":       {"e.json", "{\"name\": \"Anna\"}", "no id, no schema"},
		"JSON twice":         {"e.json", strings.Repeat("{\"id\": \"1\", \"schema\": \"Person\", \"properties\": {\"name\": [\"Anna\"]}}\n", 2), "e.json, line 2: the entity occurs twice"},
		"a date in JSON":     {"e.json", "{\"id\": \"1\", \"schema\": \"Person\", \"properties\": {\"name\": [\"Anna\"], \"birthDate\": [\"25.3.1970\"]}}\n", "e.json, line 1: a date of birth"},
		"JSON not UTF-8":     {"e.json", "{\"id\": \"M\xfcller\"}", "e.json, line 1: the line is not UTF-8"},
		"nobody in JSON":     {"e.json", "{\"id\": \"1\", \"schema\": \"Address\", \"properties\": {}}\n", "has no entries"},
		"a line of JSON":     {"e.json", "{\"id\": \"" + strings.Repeat("1", 9<<20) + "\"}", "e.json, line 1: the line has more than"},
		"an entry of XML":    {"list.xml", "<export><sanctionEntity euReferenceNumber=\"" + strings.Repeat("1", 9<<20) + "\"/></export>", "an element has more than"},
		"a short line":       {"ConList.csv", "Last Updated,04/03/2026\nName 6,Group Type,Alias Type,Group ID\nAnna,Individual\n", "ConList.csv, line 3: the line has 2 fields instead of 4"},
		"a line without id":  {"ConList.csv", "Last Updated,04/03/2026\nName 6,Group Type,Alias Type,Group ID\nAnna,Individual,AKA,\n", "ConList.csv, line 3: the line has no Group ID"},
		"an entry unnamed":   {"eu.csv", "Entity_LogicalId;NameAlias_WholeName\n7;\n", "the entry \"7\" has no name"},
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
	for _, file := range []string{"ofac/sdn.csv", "un.xml", "targets.simple.csv", "ofac/sdn.xml", "eu.xml", "eu.csv", "uk.xml", "ConList.csv", "entities.ftm.json"} {
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
				if len(l.Entries) == 0 || len(l.Entries[0].Names) == 0 || l.Name == "" || l.Edition == "" {
					t.Fatalf("%s: a list without entries, names, a name or an edition", name)
				}
				screening.Build(l).Search(screening.Query{Name: l.Entries[0].Names[0].Text}, screening.Options{})
			}
		}
	})
}
