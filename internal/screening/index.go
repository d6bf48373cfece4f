package screening

import (
	"math"
	"sync"

	"ballerine/internal/cache"
	"ballerine/internal/screening/names"
)

// Index finds entries by name.
type Index struct {
	lists   []List
	entries []place
	names   []indexed
	words   names.Words
	occurs  [][]occurrence          // of each word
	joins   map[string][]occurrence // of two words that follow each other, as one
	wholes  map[string][]int32      // names by what they have in common as a whole
	shorts  map[string][]int32      // organizations and vessels by their name without spaces
	initial map[string][]int32      // and by their initials
	scratch sync.Pool
	known   *cache.Cache[string, []int32] // what words agree with a word: people have few names
}

// place is where an entry is.
type place struct{ list, entry int32 }

// indexed is a name of an entry.
type indexed struct {
	name   names.Name
	entry  int32
	weak   bool
	weight float32
}

// occurrence is a name that has a word.
type occurrence struct {
	name   int32
	weight float32
}

// Build makes an index of lists.
func Build(lists ...List) *Index {
	x := &Index{lists: lists, joins: map[string][]occurrence{}, wholes: map[string][]int32{}, shorts: map[string][]int32{}, initial: map[string][]int32{}}
	entries, all := 0, 0
	for l := range lists {
		entries += len(lists[l].Entries)
		for e := range lists[l].Entries {
			all += len(lists[l].Entries[e].Names)
		}
	}
	x.entries, x.names = make([]place, 0, entries), make([]indexed, 0, all)
	for l := range lists {
		for e := range lists[l].Entries {
			x.entries = append(x.entries, place{int32(l), int32(e)})
			entry := &lists[l].Entries[e]
			for _, n := range entry.Names {
				x.add(names.Read(entry.Kind, n.Text), n.Weak)
			}
		}
	}
	x.words.Sort()
	x.known = cache.New[string, []int32](remembered)
	x.scratch.New = func() any {
		return &scratch{sums: make([]float32, len(x.names)), theirs: make([]float32, len(x.names))}
	}
	return x
}

// Editions are the editions of the lists, by their names.
func (x *Index) Editions() map[string]string {
	all := make(map[string]string, len(x.lists))
	for _, l := range x.lists {
		all[l.Name] = l.Edition
	}
	return all
}

func (x *Index) add(n names.Name, weak bool) {
	if len(n.Tokens) == 0 {
		return
	}
	id := int32(len(x.names))
	one := indexed{name: n, entry: int32(len(x.entries) - 1), weak: weak}
	for i := range n.Tokens {
		t := n.Tokens[i]
		one.weight += float32(t.Weight)
		x.occur(t, id)
		if i > 0 { // words that may be written as one
			one := n.Tokens[i-1].Latin + t.Latin
			x.joins[one] = append(x.joins[one], occurrence{id, float32(n.Tokens[i-1].Weight + t.Weight)})
		}
	}
	x.names = append(x.names, one)
	x.wholes[n.Whole()] = append(x.wholes[n.Whole()], id)
	if n.Kind != names.Person {
		x.shorts[n.Short()] = append(x.shorts[n.Short()], id)
		x.initial[n.Initials()] = append(x.initial[n.Initials()], id)
	}
}

func (x *Index) occur(t names.Token, name int32) {
	w := x.words.Add(t)
	if int(w) == len(x.occurs) {
		x.occurs = append(x.occurs, nil)
	}
	all := x.occurs[w]
	if n := len(all); n > 0 && all[n-1].name == name {
		all[n-1].weight += float32(t.Weight)
		return
	}
	x.occurs[w] = append(all, occurrence{name, float32(t.Weight)})
}

// rarity is how many bits of information there are in a name having a word.
func (x *Index) rarity(latin string) float64 {
	count := 0
	if w, ok := x.words.Exactly(latin); ok {
		count = len(x.occurs[w])
	}
	return math.Log2(1 + float64(len(x.names)+2)/float64(count+1))
}

// remembered is how many words of queries an index remembers.
const remembered = 1 << 14

// scratch is what a search writes to, kept for the next one.
type scratch struct {
	sums, theirs []float32 // for each name, how much weight of the query's words it has
	touched      []int32
}

// candidates calls visit with each name that could reach the threshold: the sum of what its words have in common with the
// query's bounds the score from above.
func (x *Index) candidates(query *names.Name, threshold float64, visit func(name int32)) {
	s := x.scratch.Get().(*scratch)
	defer x.scratch.Put(s)
	total := 0.0
	for i := range query.Tokens {
		t := &query.Tokens[i]
		total += t.Weight
		for _, w := range x.find(t) {
			s.all(x.occurs[w], float32(t.Weight))
		}
		s.all(x.joins[t.Latin], everything)
		if i == 0 {
			continue
		}
		for _, w := range x.words.Latin(query.Tokens[i-1].Latin + t.Latin) {
			s.all(x.occurs[w], everything)
		}
	}
	for _, alike := range [][]int32{x.wholes[query.Whole()], x.shorts[query.Initials()], x.initial[query.Short()]} {
		for _, name := range alike {
			s.add(name, everything, everything)
		}
	}
	for _, name := range s.touched {
		sum := float64(s.sums[name])
		theirs := float64(s.theirs[name])
		s.sums[name], s.theirs[name] = 0, 0
		if sum >= everything || names.Bound(sum, theirs, total, float64(x.names[name].weight)) >= threshold {
			visit(name)
		}
	}
	s.touched = s.touched[:0]
}

// find is the words of the lists that agree with a word of a query.
func (x *Index) find(t *names.Token) []int32 {
	key := t.Key()
	if len(t.Groups()) > 0 {
		key += "+"
	}
	found, known := x.known.Get(key)
	if !known {
		found = x.words.Find(t)
		x.known.Put(key, found)
	}
	return found
}

func (s *scratch) add(name int32, weight, theirs float32) {
	if s.sums[name] == 0 {
		s.touched = append(s.touched, name)
	}
	s.sums[name] += weight
	s.theirs[name] += theirs
}

func (s *scratch) all(occurs []occurrence, weight float32) {
	for _, o := range occurs {
		s.add(o.name, weight, o.weight)
	}
}

// everything is more than any name weighs: what has it passes every bound.
const everything = 1 << 20
