package embedded

import (
	"context"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// bucketBookmarks has one value, under bookmarksKey.
const (
	bucketBookmarks = "bookmarks"
	bookmarksKey    = "all"
)

// Bookmarks implements cases.Store.
func (s Cases) Bookmarks(context.Context) (cases.Bookmarks, error) {
	marks, err := find[cases.Bookmarks](s.db, bucketBookmarks, bookmarksKey, "bookmark")
	if problem.CodeOf(err) == problem.NotFound {
		return cases.Bookmarks{}, nil
	}
	return marks, err
}

// PutBookmarks implements cases.Store.
func (s Cases) PutBookmarks(ctx context.Context, marks cases.Bookmarks) error {
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[cases.Bookmarks](tx, bucketBookmarks, bookmarksKey, "bookmark")
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		if there.Revision != marks.Revision {
			return problem.New(problem.Conflict, "The bookmarks are no longer at revision %d.", marks.Revision)
		}
		marks.Revision++
		text, err := encoded(marks)
		if err == nil {
			tx.Put(bucketBookmarks, bookmarksKey, text)
		}
		return err
	})
}
