package screening

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// Difference is what one edition of a list has that another has not.
type Difference struct {
	Added   []Entry  // in the order of their ids
	Changed []Entry  // as the newer edition has them
	Removed []string // ids
}

// Empty reports whether both editions are equal.
func (d Difference) Empty() bool { return len(d.Added)+len(d.Changed)+len(d.Removed) == 0 }

// News is the list of what subjects have to be compared with after the change: entries that are new, or have changed.
func (d Difference) News(of List) List {
	return List{Name: of.Name, Edition: of.Edition, Entries: slices.Concat(d.Added, d.Changed)}
}

// Compare returns what has changed from an edition to a newer one. The order of entries, and that of the values of an
// entry except for its first name, is irrelevant.
func Compare(older, newer List) Difference {
	before := make(map[string]string, len(older.Entries))
	for i := range older.Entries {
		before[older.Entries[i].ID] = older.Entries[i].Digest()
	}
	var d Difference
	for i := range newer.Entries {
		e := newer.Entries[i]
		digest, known := before[e.ID]
		switch {
		case !known:
			d.Added = append(d.Added, e)
		case digest != e.Digest():
			d.Changed = append(d.Changed, e)
		}
		delete(before, e.ID)
	}
	for id := range before {
		d.Removed = append(d.Removed, id)
	}
	byID := func(a, b Entry) int { return cmp.Compare(a.ID, b.ID) }
	slices.SortFunc(d.Added, byID)
	slices.SortFunc(d.Changed, byID)
	slices.Sort(d.Removed)
	return d
}

// Digest identifies the contents of an entry: it changes with everything that people have seen of it. It does not depend
// on the order in which its issuer wrote the values, except for the first name, which is the main one.
func (e *Entry) Digest() string {
	c := *e
	c.Names = slices.Clone(e.Names)
	if len(c.Names) > 1 {
		slices.SortFunc(c.Names[1:], func(a, b ListedName) int { return cmp.Or(cmp.Compare(a.Text, b.Text), compareBool(a.Weak, b.Weak)) })
	}
	c.Births = slices.Clone(e.Births)
	slices.SortFunc(c.Births, func(a, b Birth) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Month, b.Month), cmp.Compare(a.Day, b.Day), compareBool(a.Circa, b.Circa))
	})
	c.Countries, c.Programs = slices.Sorted(slices.Values(e.Countries)), slices.Sorted(slices.Values(e.Programs))
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // an entry is texts, numbers and truth values
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
