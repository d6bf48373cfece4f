package lists

import (
	"context"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Service makes and changes lists.
type Service struct {
	Store Store
	Now   func() time.Time
}

// Any means whichever edition is current, where a caller names the one that it has seen.
const Any = -1

// maxTries bounds how often a write that names no edition is tried again when others come first.
const maxTries = 10

// Put is what a list is, besides its entries.
type Put struct {
	ID    string
	Title string
	Type  Type
	Shape
	Seen int // the edition; 0: none is named
}

// Put creates a list, or changes its description. Existing entries are parsed again if their type or the way they are
// compared changes: a new edition. Errors: Invalid; PreconditionRequired and Stale if it has entries; Conflict.
func (s *Service) Put(ctx context.Context, who identity.Principal, cmd Put) (list List, created bool, err error) {
	if err := cmd.check(); err != nil {
		return list, false, err
	}
	err = s.attempt(ctx, who, cmd.ID, cmd.Seen, true, func(before List) error {
		list, created = before, before.Revision == 0 || before.Deleted
		if created && cmd.Seen > 0 {
			return stale(before)
		}
		list.ID, list.Title, list.Type, list.Shape = cmd.ID, cmd.Title, cmd.Type, cmd.Shape
		if created {
			list.CreatedAt, list.Deleted = s.now(), false
		}
		if before.Digest == "" || created || before.Shape == cmd.Shape {
			list = s.next(who, list)
			return s.Store.PutList(ctx, list, nil, nil)
		}
		entries, err := s.all(ctx, before)
		if err != nil {
			return err
		}
		table, err := again(entries, cmd.Shape)
		if err != nil {
			return err
		}
		list, _, err = s.save(ctx, who, list, table)
		return err
	})
	return list, created, err
}

// check states what is wrong with a list. What is left away is text and exact.
func (cmd *Put) check() error {
	if cmd.Holds == "" {
		cmd.Holds = Text
	}
	if cmd.Matching == "" {
		cmd.Matching = Exact
	}
	e := problem.New(problem.Invalid, "The list is not valid.")
	if !identifier.MatchString(cmd.ID) {
		e.With("path.id", "pattern", "letters, digits, _, - and ., at most 100")
	}
	if !slices.Contains(Types(), cmd.Type) {
		e.With("body.type", "enum", "allow, block or own")
	}
	if !slices.Contains(Holdings(), cmd.Holds) {
		e.With("body.holds", "enum", "text, number or date")
	}
	if !slices.Contains(Matchings(), cmd.Matching) {
		e.With("body.matching", "enum", "exact or ignoring_case")
	}
	if cmd.Matching == IgnoringCase && cmd.Holds != Text {
		e.With("body.matching", "enum", "only texts can be compared ignoring case")
	}
	if _, wrong := plainText(cmd.Title, MaxTitle, false); wrong != nil {
		e.With("body.title", wrong.code, "%s", withHint(wrong.message, wrong.hint))
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// again reads entries under another shape.
func again(entries []Entry, shape Shape) (Table, error) {
	b := newBuilder(shape, len(entries))
	for _, e := range entries {
		d := draft{value: e.Value, note: e.Note, at: place{path: "holds"}}
		if !e.ExpiresAt.IsZero() {
			d.expires = e.ExpiresAt.Format(time.RFC3339Nano)
		}
		if err := b.add(d); err != nil {
			return Table{}, err
		}
	}
	if b.failed() {
		return Table{}, problem.New(problem.Invalid, "%d entries of the list cannot be read in this form.", len(b.found)+b.more).
			With("body.holds", b.found[0].Code, "existing entries do not conform: replace them, or create another list")
	}
	return b.table("")
}

// Upload is the result of a write of entries.
type Upload struct {
	List
	Created bool // a new edition; false: the newest has the same content
	Folded  int  // lines that repeated a value
}

// Replace puts the whole content of a list: a new edition, unless the newest has the same. seen is the edition that the
// caller has seen. Errors: NotFound, Invalid with every problem, TooLarge; PreconditionRequired, Stale; Conflict.
func (s *Service) Replace(ctx context.Context, who identity.Principal, id string, content Content, seen int) (up Upload, err error) {
	read := map[Shape]Table{}
	err = s.attempt(ctx, who, id, seen, true, func(list List) error {
		if list.Revision == 0 || list.Deleted {
			return notFound()
		}
		table, there := read[list.Shape]
		if !there {
			if table, err = content(list.Shape); err != nil {
				return err
			}
			read[list.Shape] = table
		}
		up.Folded = table.Folded
		up.List, up.Created, err = s.save(ctx, who, list, table)
		return err
	})
	return up, err
}

// attempt performs a write over the current list, and retries if another came first and the caller named no edition.
// needed: a caller has to name the edition if there is one. The returned list is the zero value if there is none.
func (s *Service) attempt(ctx context.Context, who identity.Principal, id string, seen int, needed bool, write func(List) error) error {
	for try := 1; ; try++ {
		list, err := s.head(ctx, who.Tenant, id)
		if err != nil {
			return err
		}
		if err := check(list, seen, needed); err != nil {
			return err
		}
		err = write(list)
		if problem.CodeOf(err) != problem.Conflict || try == maxTries {
			return err
		}
	}
}

func check(list List, seen int, needed bool) error {
	switch {
	case list.Revision == 0 || list.Deleted || seen == Any || seen == list.Edition && seen != 0:
		return nil
	case seen != 0:
		return stale(list)
	case needed && list.Digest != "":
		return problem.New(problem.PreconditionRequired, "Send If-Match with the ETag of the list that the change is based on, or * for any.").With("header.If-Match", "required", "this is required")
	}
	return nil
}

func stale(list List) error {
	return problem.New(problem.Stale, "The list has a newer edition.").Detail("edition", list.Edition).Detail("updated_at", list.UpdatedAt).Detail("updated_by", list.UpdatedBy)
}

func notFound() error { return problem.New(problem.NotFound, "There is no such list.") }

// head reads a list; the zero value with its tenant when it never was.
func (s *Service) head(ctx context.Context, tenant, id string) (List, error) {
	none := List{Tenant: tenant, ID: id}
	if !identifier.MatchString(id) {
		return none, notFound()
	}
	found, err := s.Store.Heads(ctx, tenant, []string{id})
	if err != nil || len(found) == 0 {
		return none, err
	}
	return found[0], nil
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// next is a list's next record.
func (s *Service) next(who identity.Principal, list List) List {
	list.Revision++
	list.UpdatedAt, list.UpdatedBy = s.now(), who.ID
	return list
}

// save writes a list with entries: a new edition, unless the newest has the same.
func (s *Service) save(ctx context.Context, who identity.Principal, list List, table Table) (List, bool, error) {
	sum := digest(list.Shape, table.entries)
	if list.Edition > 0 && list.Digest == sum {
		return list, false, nil
	}
	var before Edition
	if list.Edition > 0 {
		var err error
		if before, err = s.Store.Edition(ctx, list.Tenant, list.ID, list.Edition); err != nil {
			return list, false, err
		}
	}
	list = s.next(who, list)
	list.Edition, list.Entries, list.Digest = list.Edition+1, len(table.entries), sum
	chunks, bodies, err := table.split(list.Edition, before.Chunks)
	if err != nil {
		return list, false, err
	}
	edition := Edition{
		Tenant: list.Tenant, List: list.ID, Number: list.Edition, Shape: list.Shape, Entries: list.Entries, Digest: sum, Chunks: chunks,
		CreatedAt: list.UpdatedAt, CreatedBy: who.ID,
	}
	return list, true, s.Store.PutList(ctx, list, &edition, bodies)
}

// all reads the entries of a list's newest edition.
func (s *Service) all(ctx context.Context, list List) ([]Entry, error) {
	if list.Digest == "" {
		return nil, nil
	}
	edition, err := s.Store.Edition(ctx, list.Tenant, list.ID, list.Edition)
	if err != nil {
		return nil, err
	}
	return s.entries(ctx, edition, edition.Chunks)
}

// entries reads those of some chunks of an edition, in their order.
func (s *Service) entries(ctx context.Context, edition Edition, chunks []Chunk) ([]Entry, error) {
	texts, err := chunkTexts(ctx, s.Store, edition, chunks, nil)
	if err != nil {
		return nil, err
	}
	entries := []Entry{}
	for _, c := range chunks {
		err := each(texts[c.Name], func(value string, until int64, note string) error {
			entries = append(entries, entryOf(value, until, note))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// chunkTexts are the texts of chunks by name; what is known is not read again.
func chunkTexts(ctx context.Context, store Store, edition Edition, chunks []Chunk, known map[string]string) (map[string]string, error) {
	found := make(map[string]string, len(chunks))
	var names []string
	for _, c := range chunks {
		if text, there := known[c.Name]; there {
			found[c.Name] = text
		} else {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return found, nil
	}
	bodies, err := store.Chunks(ctx, edition.Tenant, edition.List, names)
	if err != nil {
		return nil, err
	}
	for name, body := range bodies {
		if found[name], err = unpack(body); err != nil {
			return nil, err
		}
	}
	return found, nil
}
