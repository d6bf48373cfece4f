package lists

import (
	"context"
	"fmt"
	"slices"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Change is entries to be added, and values to be removed.
type Change struct {
	Add    []WrittenEntry
	Remove []string
}

// Changed is the result of a change.
type Changed struct {
	Upload
	Added    int
	Replaced int // number of existing values whose expiry or note changed
	Removed  int
	Missing  int // number of values to remove that did not exist
}

// Change adds and removes entries: a new edition, unless nothing changes. An existing value gets the time and the note
// that are passed. It applies to whatever edition is current, unless the caller names the one that it has seen. Errors:
// NotFound, Invalid with every problem, TooLarge, Stale, Conflict.
func (s *Service) Change(ctx context.Context, who identity.Principal, id string, change Change, seen int) (out Changed, err error) {
	err = s.attempt(ctx, who, id, seen, false, func(list List) error {
		if list.Revision == 0 || list.Deleted {
			return notFound()
		}
		wanted, err := change.check(list.Shape)
		if err != nil {
			return err
		}
		entries, err := s.all(ctx, list)
		if err != nil {
			return err
		}
		out = Changed{}
		table, err := wanted.over(entries, list.Shape, &out)
		if err != nil {
			return err
		}
		out.Folded = wanted.add.Folded
		out.List, out.Created, err = s.save(ctx, who, list, table)
		return err
	})
	return out, err
}

// wanted is a change that was checked.
type wanted struct {
	add    Table
	remove map[string]bool // by key
}

func (c Change) check(shape Shape) (w wanted, err error) {
	b := newBuilder(shape, len(c.Add))
	for i, one := range c.Add {
		if err := b.add(one.draft(fmt.Sprintf("add[%d]", i))); err != nil {
			return w, err
		}
	}
	w.remove = map[string]bool{}
	for i, value := range c.Remove {
		at := place{path: fmt.Sprintf("remove[%d]", i)}
		normal, wrong := shape.normal(value)
		if !b.good(at, wrong) {
			continue
		}
		key := shape.key(normal)
		if other, there := b.seen[key]; there {
			b.wrong(at, &fault{"contradiction", "the value is both added and removed", "it is " + b.places[other].name() + ", too"})
		}
		w.remove[key] = true
	}
	if len(c.Add)+len(c.Remove) == 0 {
		b.wrong(place{path: "add"}, &fault{"required", "there are no entries to add or remove", ""})
	}
	w.add, err = b.table("")
	return w, err
}

// over applies a change to entries, which are by key.
func (w wanted) over(entries []Entry, shape Shape, out *Changed) (t Table, err error) {
	added := make(map[string]int, len(w.add.keys))
	for i, key := range w.add.keys {
		added[key] = i
	}
	b := newBuilder(shape, len(entries)+len(w.add.keys))
	take := func(e Entry, key string) error {
		b.entries, b.keys = append(b.entries, e), append(b.keys, key)
		b.bytes += len(e.Value) + len(e.Note)
		return b.limits()
	}
	for _, e := range entries {
		key := shape.key(e.Value)
		if w.remove[key] {
			out.Removed++
			continue
		}
		if i, there := added[key]; there {
			delete(added, key)
			if next := w.add.entries[i]; !next.ExpiresAt.Equal(e.ExpiresAt) || next.Note != e.Note {
				out.Replaced++
				e.ExpiresAt, e.Note = next.ExpiresAt, next.Note
			}
		}
		if err := take(e, key); err != nil {
			return t, err
		}
	}
	for i, key := range w.add.keys {
		if _, there := added[key]; there {
			out.Added++
			if err := take(w.add.entries[i], key); err != nil {
				return t, err
			}
		}
	}
	out.Missing = len(w.remove) - out.Removed
	return b.table("")
}

// Forget erases the entries of a former edition: decisions that have seen it stay, and cannot be made again. What editions
// that are not forgotten still name stays. Errors: NotFound, Invalid for the newest edition.
func (s *Service) Forget(ctx context.Context, tenant, id string, number int) (Edition, error) {
	list, err := s.Get(ctx, tenant, id)
	if err != nil {
		return Edition{}, err
	}
	if number == list.Edition {
		return Edition{}, problem.New(problem.Invalid, "The latest edition cannot be erased.").With("path.edition", "newest", "first create an edition without the entries, or delete the list")
	}
	all, err := s.whole(ctx, tenant, id)
	if err != nil {
		return Edition{}, err
	}
	for _, e := range all {
		if e.Number == number {
			return s.forget(ctx, e, all)
		}
	}
	return Edition{}, notFound()
}

// whole are all editions of a list, and fails when one of them cannot be read: what it names would be erased with another, or
// would be left when all is to be erased. Errors: Internal.
func (s *Service) whole(ctx context.Context, tenant, id string) ([]Edition, error) {
	all, err := s.Store.Editions(ctx, tenant, id, 0, 0)
	if err != nil {
		return nil, err
	}
	if at := slices.IndexFunc(all, func(e Edition) bool { return e.Unreadable }); at >= 0 {
		return nil, problem.New(problem.Internal, "Edition %d of the list cannot be read: entries cannot be erased as long as its contents are unknown.", all[at].Number)
	}
	return all, nil
}

// forget deletes the chunks that no other edition names.
func (s *Service) forget(ctx context.Context, edition Edition, all []Edition) (Edition, error) {
	if edition.Forgotten {
		return edition, nil
	}
	kept := map[string]bool{}
	for _, other := range all {
		if other.Number == edition.Number {
			continue
		}
		for _, c := range other.Chunks {
			kept[c.Name] = true
		}
	}
	var names []string
	for _, c := range edition.Chunks {
		if !kept[c.Name] {
			names = append(names, c.Name)
		}
	}
	edition.Chunks, edition.Forgotten = []Chunk{}, true
	return edition, s.Store.Forget(ctx, edition, names)
}

// Delete deletes a list and erases the entries of all its editions. Policies that ask it fail from then on. Its name can be
// used again: the editions are numbered on. Errors: NotFound, PreconditionRequired, Stale.
func (s *Service) Delete(ctx context.Context, who identity.Principal, id string, seen int) error {
	err := s.attempt(ctx, who, id, seen, true, func(list List) error {
		if list.Revision == 0 {
			return notFound()
		}
		if list.Deleted {
			return nil // and its entries may be left: a former call ended before they were erased
		}
		list = s.next(who, list)
		list.Deleted, list.Title, list.Entries, list.Digest = true, "", 0, ""
		return s.Store.PutList(ctx, list, nil, nil)
	})
	if err != nil {
		return err
	}
	all, err := s.whole(ctx, who.Tenant, id)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i], err = s.forget(ctx, all[i], all); err != nil {
			return err
		}
	}
	return nil
}
