package screening_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
	"ballerine/internal/screening/watchlist"
)

// The labelled data lie beside the repository, and are not part of it.
const data = "../../../shared/data"

// full measures with all rows, as docs/screening.md has them; otherwise every tenth innocent is asked for.
var full = os.Getenv("BALLERINE_QUALITY") == "all"

func rows(t testing.TB, file string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(data, "screening", file))
	if err != nil {
		t.Skip("the labelled data are not here: the quality of matching is not measured")
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var found []map[string]string
	for _, r := range all[1:] {
		row := map[string]string{}
		for i, column := range all[0] {
			row[column] = r[i]
		}
		found = append(found, row)
	}
	return found
}

// counted are right and wrong answers.
type counted struct{ hit, alarm, miss int }

func (c *counted) add(is, says bool) {
	switch {
	case is && says:
		c.hit++
	case says:
		c.alarm++
	case is:
		c.miss++
	}
}

func (c counted) f1() float64 { return 2 * float64(c.hit) / float64(2*c.hit+c.alarm+c.miss) }

func TestLabelledPairsAreToldApart(t *testing.T) {
	all := rows(t, "name_bench.csv")
	var ours counted
	scores := map[string][]float64{}
	plain := make([]float64, len(all))
	for i, r := range all {
		kind, err := names.KindOf(r["schema"])
		if err != nil {
			t.Fatal(err)
		}
		a, b := names.Read(kind, r["name1"]), names.Read(kind, r["name2"])
		is, score := r["is_match"] == "true", names.Score(&a, &b)
		ours.add(is, score >= names.Match)
		plain[i] = levenshtein([]rune(strings.ToLower(r["name1"])), []rune(strings.ToLower(r["name2"])))
		scores[r["is_match"]+r["quality"]] = append(scores[r["is_match"]+r["quality"]], score)
		if r["quality"] == "STRONG" && is != (score >= names.Match) {
			t.Errorf("%s and %s: %.3f", r["name1"], r["name2"], score)
		}
	}
	best := counted{miss: 1}
	for threshold := 0.3; threshold < 1; threshold += 0.01 {
		var c counted
		for i, r := range all {
			c.add(r["is_match"] == "true", plain[i] >= threshold)
		}
		if c.f1() > best.f1() {
			best = c
		}
	}
	t.Logf("F1 %.3f, %d of %d found, %d wrong; Levenshtein at its best threshold: F1 %.3f", ours.f1(), ours.hit, ours.hit+ours.miss, ours.alarm, best.f1())
	if ours.f1() < 0.88 {
		t.Errorf("F1 is %.3f", ours.f1())
	}
	for _, order := range [][3]string{{"trueWEAK", "trueMEDIUM", "trueSTRONG"}, {"falseSTRONG", "falseMEDIUM", "falseWEAK"}} {
		if !(mean(scores[order[0]]) < mean(scores[order[1]]) && mean(scores[order[1]]) < mean(scores[order[2]])) {
			t.Errorf("%v: %.3f, %.3f, %.3f", order, mean(scores[order[0]]), mean(scores[order[1]]), mean(scores[order[2]]))
		}
	}
}

func mean(all []float64) (sum float64) {
	for _, x := range all {
		sum += x / float64(len(all))
	}
	return sum
}

// levenshtein is what others do: one less the edits by the length.
func levenshtein(a, b []rune) float64 {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		last := row[0]
		row[0]++
		for j := range b {
			d := last
			if a[i] != b[j] {
				d++
			}
			last, row[j+1] = row[j+1], min(d, row[j+1]+1, row[j]+1)
		}
	}
	return 1 - float64(row[len(b)])/float64(max(len(a), len(b), 1))
}

// alert is the best hit of somebody who is asked for.
type alert struct {
	score, evidence float64
	listed          bool
}

func TestListedPeopleAreFoundAmongInnocents(t *testing.T) {
	listed := rows(t, "un_altered.csv")
	un, err := watchlist.Load(os.DirFS(data), "un")
	if err != nil {
		t.Fatal(err)
	}
	x := screening.Build(un)
	for _, c := range []struct {
		about         string
		birth         bool
		found, alarms float64 // shares
	}{{"name only", false, 0.985, 0.002}, {"name and date of birth", true, 0.985, 0.0005}} {
		var alerts []alert
		search := func(r map[string]string, isListed bool) bool {
			q := screening.Query{Name: r["full_name"], Kind: names.Person}
			if c.birth {
				if b, ok, err := screening.ParseBirth(r["date_of_birth"]); ok && err == nil {
					q.Birth = &b
				}
			}
			hits := x.Search(q, screening.Options{})
			if len(hits) > 0 {
				alerts = append(alerts, alert{hits[0].Score, hits[0].Evidence, isListed})
			}
			return len(hits) > 0
		}
		found, alarms, asked := 0, 0, 0
		for _, r := range listed {
			if search(r, true) {
				found++
			}
		}
		for _, file := range []string{"innocents_global.csv", "innocents_us.csv"} {
			for i, r := range rows(t, file) {
				if !full && i%10 != 0 {
					continue
				}
				asked++
				if search(r, false) {
					alarms++
				}
			}
		}
		slices.SortFunc(alerts, func(a, b alert) int {
			switch {
			case a.score > b.score || a.score == b.score && a.evidence > b.evidence:
				return -1
			case a.score == b.score && a.evidence == b.evidence:
				return 0
			}
			return 1
		})
		first := 0
		for _, a := range alerts[:min(len(alerts), 360)] {
			if a.listed {
				first++
			}
		}
		t.Logf("%s: %d of %d listed people found, %d of %d innocents; %d listed people within the first 360 alerts", c.about, found, len(listed), alarms, asked, first)
		if share := float64(found) / float64(len(listed)); share < c.found {
			t.Errorf("%s: %.4f of the listed people are found", c.about, share)
		}
		if share := float64(alarms) / float64(asked); share > c.alarms {
			t.Errorf("%s: %.5f of the innocents are hits", c.about, share)
		}
		if float64(first) < 0.97*float64(len(listed)) {
			t.Errorf("%s: %d listed people are within the first 360 alerts", c.about, first)
		}
	}
}

func TestOneNameInTwoScriptsIsFound(t *testing.T) {
	all := rows(t, "cross_script.csv")
	found := 0
	for _, r := range all {
		a, b := names.Read(names.Person, r["name1"]), names.Read(names.Person, r["name2"])
		if names.Score(&a, &b) >= names.Match {
			found++
		}
	}
	t.Logf("%d of %d", found, len(all))
	if found*10 < len(all)*7 {
		t.Errorf("%d of %d", found, len(all))
	}
}

func BenchmarkSearch(b *testing.B) {
	all := rows(b, "innocents_us.csv")
	var lists []screening.List
	for _, name := range []string{"ofac", "un"} {
		l, err := watchlist.Load(os.DirFS(data), name)
		if err != nil {
			b.Fatal(err)
		}
		lists = append(lists, l)
	}
	x := screening.Build(lists...)
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		x.Search(screening.Query{Name: all[i%len(all)]["full_name"], Kind: names.Person}, screening.Options{})
	}
}
