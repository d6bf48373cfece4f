package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// own is a watch list of one's own.
func own(t *testing.T) string {
	t.Helper()
	return written(t, "own.csv", "id,schema,name,aliases,birth_date,countries\n1,Person,Anna Maria Keller,Anna Hoffmann,1970-03-25,ch\n2,Company,Nordwind Logistik GmbH,,,de\n")
}

func written(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestANameIsLookedForOnAList(t *testing.T) {
	list := own(t)
	got := call(t, "", "screen", "Ana Maria Keller", "--dob", "1970-03-25", "--country", "CH", "--list", list, "--json")
	var found struct {
		Hits []struct {
			List, ID, Name  string
			Score, Evidence float64
			Weak            bool
			Reasons         []string
		}
		Editions map[string]string `json:"list_editions"`
	}
	if err := json.Unmarshal([]byte(got.out), &found); err != nil {
		t.Fatalf("%v: %s%s", err, got.out, got.errs)
	}
	if len(found.Hits) != 1 || found.Hits[0].ID != "1" || found.Hits[0].List != "own" || found.Hits[0].Score < 0.8 || len(found.Hits[0].Reasons) != 5 || found.Editions["own"] == "" {
		t.Errorf("%+v", found)
	}
	if got := call(t, "", "screen", "Nobody Atall", "--list", list); got.code != 0 || strings.TrimSpace(got.out) != "no hit" {
		t.Errorf("%d: %s", got.code, got.out)
	}
	if got := call(t, "", "screen", "Nordwind Logistik", "--list", list); !strings.Contains(got.out, "own 2") {
		t.Errorf("%d: %s%s", got.code, got.out, got.errs)
	}
}

func TestEachNameOfAFileIsLookedFor(t *testing.T) {
	names := written(t, "names.csv", "name,dob\nAnna Keller,1970\nNobody Atall,\n")
	got := call(t, "", "screen", "--names", names, "--list", own(t), "--json")
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	if got.code != 0 || len(lines) != 2 || !strings.HasPrefix(lines[0], `{"name":"Anna Keller","hits":[{`) || !strings.HasPrefix(lines[1], `{"name":"Nobody Atall","hits":[],`) {
		t.Errorf("%d: %s%s", got.code, got.out, got.errs)
	}
	blank := written(t, "names.csv", "name\nAnna Keller\n🙂\n")
	if got := call(t, "", "screen", "--names", blank, "--list", own(t)); got.code != 1 || got.out != "" || !strings.Contains(got.errs, "names.csv:3:1") {
		t.Errorf("%d: %s%s", got.code, got.out, got.errs)
	}
	wrong := written(t, "names.csv", "name,dob\nAnna Keller,25.3.1970\nMarta Keller,x\n")
	if got := call(t, "", "screen", "--names", wrong, "--list", own(t)); got.code != 1 || strings.Count(got.errs, "date of birth") != 2 || strings.Contains(got.errs, "25.3") {
		t.Errorf("%d: %s", got.code, got.errs)
	}
}

func TestTwoNamesAreCompared(t *testing.T) {
	if got := call(t, "", "screen", "pair", "Sergej Petrow", "PETROV, Sergey"); got.code != 0 || !strings.HasPrefix(got.out, "match, score 0.9") {
		t.Errorf("%d: %s%s", got.code, got.out, got.errs)
	}
	pairs := written(t, "pairs.csv", "schema,name1,name2\nCompany,Nordwind Bank AG,Nordwind Bank Aktiengesellschaft\nPerson,Anna Keller,Anna Hoffmann\n")
	got := call(t, "", "screen", "pair", "--pairs", pairs, "--json")
	if lines := strings.Split(strings.TrimSpace(got.out), "\n"); len(lines) != 2 || !strings.Contains(lines[0], `"match":true`) || !strings.Contains(lines[1], `"match":false`) {
		t.Errorf("%d: %s%s", got.code, got.out, got.errs)
	}
}

func TestWrongUsesOfScreenAreNamed(t *testing.T) {
	list := own(t)
	for want, args := range map[string][]string{
		"specify the name":                   {"screen", "--list", list},
		"specify a watch list":               {"screen", "Anna"},
		"--threshold must be above 0":        {"screen", "Anna", "--list", list, "--threshold", "80"},
		"specify two names":                  {"screen", "pair", "Anna"},
		"not both":                           {"screen", "pair", "Anna", "Anne", "--pairs", list},
		"The schema must be":                 {"screen", "Anna", "--list", list, "--schema", "Human"},
		"no letter or digit":                 {"screen", "🙂 —", "--list", list},
		"can have 1024 characters":           {"screen", strings.Repeat("a", 2000), "--list", list},
		"can have 24 words":                  {"screen", strings.Repeat("a b ", 20), "--list", list},
		"A date of birth must be":            {"screen", "Anna", "--list", list, "--dob", "25.3.1970"},
		"cannot be read":                     {"screen", "Anna", "--list", list + ".absent"},
		"names no column name2":              {"screen", "pair", "--pairs", written(t, "p.csv", "name1\nAnna\n")},
		"contains none of the files sdn.csv": {"screen", "Anna", "--list", t.TempDir()},
	} {
		if got := call(t, "", args...); got.code == 0 || !strings.Contains(got.errs, want) {
			t.Errorf("%v: %d: %s", args, got.code, got.errs)
		}
	}
}

func TestAPackedListSaysTheSame(t *testing.T) {
	list, packed := own(t), filepath.Join(t.TempDir(), "own.watchlist")
	if got := call(t, "", "watchlist", "pack", list, "-o", packed, "--name", "house", "--json"); got.code != 0 || !strings.Contains(got.out, `"entries":2`) {
		t.Fatalf("%d: %s%s", got.code, got.out, got.errs)
	}
	if got := call(t, "", "screen", "Nordwind Logistik", "--list", packed); !strings.Contains(got.out, "house 2") {
		t.Errorf("%d: %s%s", got.code, got.out, got.errs)
	}
	if got := call(t, "", "watchlist", "diff", list, packed); got.code != 0 || strings.Contains(got.out, "changed") {
		t.Errorf("%d: %s%s", got.code, got.out, got.errs)
	}
	newer := written(t, "newer.csv", "id,schema,name,aliases,birth_date,countries\n1,Person,Anna Maria Keller,,1970-03-25,ch\n3,Person,Emil Novak,,,cz\n")
	got := call(t, "", "watchlist", "diff", packed, newer, "--json")
	for _, want := range []string{`{"change":"added","id":"3","name":"Emil Novak","schema":"Person"}`, `{"change":"changed","id":"1"`, `{"change":"removed","id":"2","name":"Nordwind Logistik GmbH"`} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%s is not in %s%s", want, got.out, got.errs)
		}
	}
	if got := call(t, "", "watchlist", "diff", list, list); got.code != 0 || !strings.Contains(got.out, "are equal") {
		t.Errorf("%d: %s%s", got.code, got.out, got.errs)
	}
	// Who was screened before has to be compared with what has changed since, and with nothing else.
	before := written(t, "newer.csv", "id,schema,name,aliases,birth_date,countries\n1,Person,Anna Maria Keller,,1970-03-25,ch\n9,Person,Emil Nowak,,,cz\n")
	people := written(t, "people.csv", "name\nAnna Maria Keller\nEmil Novak\n")
	got = call(t, "", "screen", "--names", people, "--list", newer, "--since", before, "--json")
	if lines := strings.Split(strings.TrimSpace(got.out), "\n"); len(lines) != 2 || !strings.Contains(lines[0], `"hits":[]`) || !strings.Contains(lines[1], `"id":"3"`) {
		t.Errorf("%d: %s%s", got.code, got.out, got.errs)
	}
	if got := call(t, "", "screen", "Anna", "--list", newer, "--since", list); got.code != 2 || !strings.Contains(got.errs, "own") {
		t.Errorf("%d: %s", got.code, got.errs)
	}
	if got := call(t, "", "watchlist", "pack", list); got.code != 2 || !strings.Contains(got.errs, "-o") {
		t.Errorf("%d: %s", got.code, got.errs)
	}
	if got := call(t, "", "watchlist", "pack", written(t, "My List.csv", "name\nAnna\n"), "-o", packed); !strings.Contains(got.out, "my-list") {
		t.Errorf("%d: %s%s", got.code, got.out, got.errs)
	}
	if got := call(t, "", "watchlist", "pack", list, "-o", packed, "--name", "My List"); got.code == 0 || !strings.Contains(got.errs, "small letters") {
		t.Errorf("%d: %s", got.code, got.errs)
	}
	cut, err := os.ReadFile(packed)
	if err != nil {
		t.Fatal(err)
	}
	if got := call(t, "", "screen", "Anna", "--list", written(t, "cut", string(cut[:len(cut)/2]))); got.code == 0 || !strings.Contains(got.errs, "not complete") {
		t.Errorf("%d: %s", got.code, got.errs)
	}
}
