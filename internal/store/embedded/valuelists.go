package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"ballerine/internal/policy/lists"
	"ballerine/internal/problem"
)

const (
	bucketValueLists = "value-lists"   // tenant, id -> list
	bucketEditions   = "list-editions" // tenant, id, number -> edition
	bucketChunks     = "list-chunks"   // tenant, id, name -> body
)

// Lists is the lists.Store of the file.
type Lists struct{ db *DB }

var _ lists.Store = Lists{}

// Lists returns the file's lists.Store.
func (db *DB) Lists() Lists { return Lists{db} }

func editionKey(tenant, list string, number int) string {
	return join(tenant, list, fmt.Sprintf("%08d", number))
}

// Lists implements lists.Store.
func (s Lists) Lists(_ context.Context, tenant string) ([]lists.List, error) {
	found, err := entries(s.db, bucketValueLists, join(tenant, ""), func(id string) lists.List { return lists.UnreadableList(tenant, id) })
	return slices.DeleteFunc(found, func(l lists.List) bool { return l.Deleted }), err
}

// Heads implements lists.Store.
func (s Lists) Heads(_ context.Context, tenant string, ids []string) (found []lists.List, err error) {
	err = s.db.View(func(tx *Tx) error {
		for _, id := range ids {
			list, err := read[lists.List](tx, bucketValueLists, join(tenant, id), "list")
			if problem.CodeOf(err) == problem.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			found = append(found, list)
		}
		return nil
	})
	return found, err
}

// PutList implements lists.Store: everything in one transaction.
func (s Lists) PutList(ctx context.Context, list lists.List, edition *lists.Edition, bodies map[string][]byte) error {
	head, err := encoded(list)
	if err != nil {
		return err
	}
	var text []byte
	if edition != nil {
		if text, err = encoded(edition); err != nil {
			return err
		}
	}
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[lists.List](tx, bucketValueLists, join(list.Tenant, list.ID), "list")
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		if there.Revision != list.Revision-1 {
			return problem.New(problem.Conflict, "Another write to the list came first.")
		}
		for name, body := range bodies {
			tx.Put(bucketChunks, join(list.Tenant, list.ID, name), body)
		}
		if edition != nil {
			tx.Put(bucketEditions, editionKey(list.Tenant, list.ID, edition.Number), text)
		}
		tx.Put(bucketValueLists, join(list.Tenant, list.ID), head)
		return nil
	})
}

// Edition implements lists.Store.
func (s Lists) Edition(_ context.Context, tenant, list string, number int) (lists.Edition, error) {
	return find[lists.Edition](s.db, bucketEditions, editionKey(tenant, list, number), "edition of the list")
}

// Editions implements lists.Store.
func (s Lists) Editions(_ context.Context, tenant, list string, before, limit int) (page []lists.Edition, err error) {
	prefix, start := join(tenant, list, ""), ""
	if before > 0 {
		start = editionKey(tenant, list, before)
	}
	err = s.db.View(func(tx *Tx) error {
		tx.ScanBack(bucketEditions, prefix, start, func(key string, text []byte) bool {
			if limit > 0 && len(page) == limit {
				return false
			}
			var e lists.Edition
			if json.Unmarshal(text, &e) != nil {
				number, _ := strconv.Atoi(key[len(prefix):]) // a key of ours
				e = lists.UnreadableEdition(tenant, list, number)
			}
			page = append(page, e)
			return true
		})
		return nil
	})
	return page, err
}

// Chunks implements lists.Store.
func (s Lists) Chunks(_ context.Context, tenant, list string, names []string) (map[string][]byte, error) {
	bodies := make(map[string][]byte, len(names))
	err := s.db.View(func(tx *Tx) error {
		for _, name := range names {
			body := tx.Get(bucketChunks, join(tenant, list, name))
			if body == nil {
				return problem.New(problem.NotFound, "Entries of the list are missing.")
			}
			bodies[name] = slices.Clone(body)
		}
		return nil
	})
	return bodies, err
}

// Forget implements lists.Store.
func (s Lists) Forget(ctx context.Context, edition lists.Edition, chunks []string) error {
	text, err := encoded(edition)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *Tx) error {
		for _, name := range chunks {
			tx.Delete(bucketChunks, join(edition.Tenant, edition.List, name))
		}
		tx.Put(bucketEditions, editionKey(edition.Tenant, edition.List, edition.Number), text)
		return nil
	})
}
