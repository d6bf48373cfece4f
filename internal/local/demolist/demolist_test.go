package demolist_test

import (
	"strings"
	"testing"

	"ballerine/internal/local/demolist"
	"ballerine/internal/screening"
)

// TestTheDemoListFindsWhatTheGuidesSay keeps the names and dates that the documentation uses.
func TestTheDemoListFindsWhatTheGuidesSay(t *testing.T) {
	index := screening.Build(demolist.List())
	if editions := index.Editions(); len(editions) != 1 || editions[demolist.Name] == "" {
		t.Fatal(editions)
	}
	for _, c := range []struct {
		name, born    string
		least, most   float64 // score of the best hit; 0: none is expected
		first, second string
	}{
		{"Viktor Fictus", "1990-03-04", 1, 1, "DEMO-001", ""},
		{"Victor Fiktus", "", 0.9, 1, "DEMO-001", ""},
		{"Viktor Fictus", "1999-01-01", 0.8, 0.9, "DEMO-001", ""}, // a weak match
		{"Viktor Fictus", "2006-01-01", 0, 0, "", ""},             // another person
		{"Ruslan Chernenkov", "1968-07-19", 1, 1, "DEMO-013", "DEMO-012"},
		{"Anna Kovacs", "1990-03-04", 0, 0, "", ""},
	} {
		birth, known, err := screening.ParseBirth(c.born)
		if err != nil {
			t.Fatal(err)
		}
		query := screening.Query{Name: c.name}
		if known {
			query.Birth = &birth
		}
		hits := index.Search(query, screening.Options{})
		var found []string
		for _, h := range hits {
			found = append(found, h.ID)
		}
		if want := strings.TrimSpace(c.first + " " + c.second); strings.Join(found, " ") != want {
			t.Errorf("%s, %s: %v instead of %s", c.name, c.born, found, want)
		} else if len(hits) > 0 && (hits[0].Score < c.least || hits[0].Score > c.most) {
			t.Errorf("%s, %s: the score is %v", c.name, c.born, hits[0].Score)
		}
	}
}

// TestTheDemoListSaysThatItIsOne of each entry: nobody should take a hit for a real one.
func TestTheDemoListSaysThatItIsOne(t *testing.T) {
	for _, e := range demolist.List().Entries {
		if !strings.HasPrefix(e.ID, "DEMO-") || len(e.Programs) != 1 || !strings.HasSuffix(e.Programs[0], "(specimen)") {
			t.Errorf("%s looks like an entry of a real list: %v", e.ID, e.Programs)
		}
	}
}
