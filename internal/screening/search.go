package screening

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ballerine/internal/screening/names"
)

// Query is the subject of a search.
type Query struct {
	Name    string
	Kind    names.Kind // "" looks for all kinds
	Birth   *Birth     // of a person
	Country string     // ISO 3166-1 alpha-2
}

// Options bound a search. The zero value has the product's own threshold and no more than 50 hits.
type Options struct {
	Threshold float64 // score from which an entry is a hit, above 0 to 1; 0: names.Match
	Limit     int     // hits; 0: 50
}

// Hit is an entry that may be the subject of the search.
type Hit struct {
	List      string   `json:"list"`
	ID        string   `json:"id"`
	Version   string   `json:"version"` // of the entry: it changes when the issuer changes its contents
	Name      string   `json:"name"`    // the listed name that agrees best
	Main      string   `json:"main_name,omitempty"`
	Schema    string   `json:"schema"`
	Score     float64  `json:"score"`    // 0 to 1
	Evidence  float64  `json:"evidence"` // bits; it orders hits, and has no bound
	Weak      bool     `json:"weak"`     // the issuer calls this name low quality
	Births    []string `json:"birth_dates,omitempty"`
	Countries []string `json:"countries,omitempty"`
	Programs  []string `json:"programs,omitempty"`
	Reasons   []string `json:"reasons"` // one sentence for each word and field

	entry int32
}

// Search returns the entries that agree with the query at least as much as the threshold, best first: by score, then by
// evidence.
func (x *Index) Search(q Query, o Options) []Hit {
	if o.Threshold <= 0 {
		o.Threshold = names.Match
	}
	if o.Limit <= 0 {
		o.Limit = 50
	}
	all := map[int32]Hit{}
	for _, kind := range kindsOf(q) {
		x.search(q, kind, o, all)
	}
	hits := make([]Hit, 0, len(all))
	for _, f := range all {
		hits = append(hits, f)
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Evidence, a.Evidence), compareEntries(a, b))
	})
	hits = hits[:min(len(hits), o.Limit)]
	for i := range hits {
		x.complete(&hits[i])
	}
	return hits
}

// most values that a hit shows of an entry, each.
const shownValues = 20

// complete adds the contents of the entry, once for each hit that is returned.
func (x *Index) complete(h *Hit) {
	at := x.entries[h.entry]
	entry := &x.lists[at.list].Entries[at.entry]
	h.Version = entry.Digest()
	h.Countries, h.Programs = entry.Countries[:min(len(entry.Countries), shownValues)], entry.Programs[:min(len(entry.Programs), shownValues)]
	if main := entry.Names[0].Text; main != h.Name {
		h.Main = main
	}
	for _, b := range entry.Births[:min(len(entry.Births), shownValues)] {
		h.Births = append(h.Births, b.String())
	}
}

// kindsOf are the ways in which the name has to be read: a subject with a date of birth is a person.
func kindsOf(q Query) []names.Kind {
	switch {
	case q.Kind == names.LegalEntity || q.Kind == "" && q.Birth == nil:
		return []names.Kind{names.Person, names.Organization}
	case q.Kind == "":
		return []names.Kind{names.Person}
	}
	return []names.Kind{q.Kind}
}

// fits reports whether an entry of a kind is looked for by a name that was read as another.
func fits(read, listed names.Kind, wanted names.Kind) bool {
	switch {
	case listed == names.LegalEntity:
		return read != names.Vessel
	case wanted == "" && listed == names.Vessel:
		return read == names.Organization
	}
	return read == listed
}

// search adds what is found to found, by entry.
func (x *Index) search(q Query, kind names.Kind, o Options, all map[int32]Hit) {
	name := names.Read(kind, q.Name)
	x.candidates(&name, o.Threshold, func(id int32) {
		listed := &x.names[id]
		if !fits(kind, listed.name.Kind, q.Kind) || names.Score(&name, &listed.name) < o.Threshold {
			return
		}
		hit, ok := x.judge(q, &name, listed, o.Threshold)
		if !ok {
			return
		}
		if before, known := all[listed.entry]; !known || before.Score < hit.Score || before.Score == hit.Score && before.Evidence < hit.Evidence {
			all[listed.entry] = hit
		}
	})
}

// factors of the score by how well dates of birth agree. A name that agrees in all its words is no hit when the dates are
// more than ten years apart.
var factors = [...]float64{unknown: 1, opposed: 0.7, apart: 0.85, near: 0.95, beside: 1, same: 1}

// bits of evidence by the same.
var births = [...]float64{unknown: 0, opposed: -8, apart: -5, near: -2, beside: 3, same: 12}

// sides are what the reasons of hits call the two names.
var sides = names.Sides{"the name searched for", "the listed name"}

// judge is the hit of a listed name, when date of birth and country leave it one.
func (x *Index) judge(q Query, name *names.Name, listed *indexed, threshold float64) (Hit, bool) {
	at := x.entries[listed.entry]
	list := &x.lists[at.list]
	entry := &list.Entries[at.entry]
	c := names.Compare(name, &listed.name, x.rarity, sides)
	hit := Hit{
		List: list.Name, ID: entry.ID, Name: listed.name.Text, Schema: string(entry.Kind), Score: c.Score, Evidence: c.Evidence, Weak: listed.weak, Reasons: c.Reasons, entry: listed.entry,
	}
	birth := hit.weighBirth(q, entry)
	country := hit.weighCountry(q, entry)
	if listed.weak && birth < beside && country < same {
		return hit, false
	}
	return hit, hit.Score >= threshold
}

func (h *Hit) weighBirth(q Query, entry *Entry) agreement {
	if q.Birth == nil || len(entry.Births) == 0 {
		return unknown
	}
	agrees, which := best(*q.Birth, entry.Births)
	h.Score *= factors[agrees]
	h.Evidence += births[agrees]
	h.Reasons = append(h.Reasons, fmt.Sprintf("born %s and %s: %s", q.Birth, which, [...]string{
		opposed: "more than ten years apart", apart: "six to ten years apart", near: "up to five years apart", beside: "at most a year apart", same: "the same, as far as both are known",
	}[agrees]))
	return agrees
}

func (h *Hit) weighCountry(q Query, entry *Entry) agreement {
	if q.Country == "" || len(entry.Countries) == 0 {
		return unknown
	}
	country := strings.ToUpper(q.Country)
	if slices.Contains(entry.Countries, country) {
		h.Evidence += 2
		h.Reasons = append(h.Reasons, "country "+country+": the same")
		return same
	}
	h.Evidence--
	h.Reasons = append(h.Reasons, fmt.Sprintf("country %s, and %s on the list", country, strings.Join(entry.Countries, ", ")))
	return opposed
}
