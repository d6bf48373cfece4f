package lists

import (
	"context"

	"ballerine/internal/problem"
)

// All are the lists of a tenant, by id.
func (s *Service) All(ctx context.Context, tenant string) ([]List, error) {
	return s.Store.Lists(ctx, tenant)
}

// Get reads a list. Errors: NotFound.
func (s *Service) Get(ctx context.Context, tenant, id string) (List, error) {
	list, err := s.head(ctx, tenant, id)
	if err == nil && (list.Revision == 0 || list.Deleted) {
		err = notFound()
	}
	return list, err
}

// Editions are those of a list before a number (0: all), the newest first. next is 0 after the last page. Errors: NotFound.
func (s *Service) Editions(ctx context.Context, tenant, id string, before, limit int) (page []Edition, next int, err error) {
	if _, err := s.Get(ctx, tenant, id); err != nil {
		return nil, 0, err
	}
	page, err = s.Store.Editions(ctx, tenant, id, before, limit+1)
	if err == nil && len(page) > limit {
		page = page[:limit]
		next = page[limit-1].Number
	}
	return page, next, err
}

// Page is a part of an edition's entries.
type Page struct {
	Edition Edition
	Entries []Entry
	Next    int // how many come before the next page; 0: this is the last
}

// Entries reads a page of an edition (0: the newest), after so many entries: at most limit, and about as many bytes.
// Errors: NotFound, also for an edition that was forgotten.
func (s *Service) Entries(ctx context.Context, tenant, id string, number, after, limit, bytes int) (page Page, err error) {
	list, err := s.Get(ctx, tenant, id)
	if err != nil {
		return page, err
	}
	if number == 0 {
		if list.Digest == "" {
			return Page{Entries: []Entry{}}, nil
		}
		number = list.Edition
	}
	if page.Edition, err = s.Store.Edition(ctx, tenant, id, number); err != nil {
		return page, err
	}
	if page.Edition.Forgotten {
		return page, problem.New(problem.NotFound, "The entries of this edition were erased.")
	}
	chunks, skip := within(page.Edition.Chunks, after, limit)
	entries, err := s.entries(ctx, page.Edition, chunks)
	if err != nil {
		return page, err
	}
	page.Entries = entries[min(skip, len(entries)):]
	page.Entries = page.Entries[:min(limit, len(page.Entries))]
	size := 0
	for i, e := range page.Entries {
		if size += 100 + len(e.Value) + len(e.Note); size > bytes && i > 0 {
			page.Entries = page.Entries[:i]
			break
		}
	}
	if end := after + len(page.Entries); end < page.Edition.Entries {
		page.Next = end
	}
	return page, nil
}

// within are the chunks that hold the entries of a page, and how many of theirs come before it.
func within(all []Chunk, after, limit int) (chunks []Chunk, skip int) {
	skip = after
	for _, c := range all {
		if len(chunks) == 0 && skip >= c.Entries {
			skip -= c.Entries
			continue
		}
		if limit+skip <= 0 {
			break
		}
		chunks = append(chunks, c)
		limit -= c.Entries
	}
	return chunks, skip
}
