package task

import (
	"bytes"
	"context"
	"maps"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// The scans of the sweep that take more than one call. The place where each continues is stored, so that a new process
// does not begin at the front: with short-lived processes the end would never be reached.
const (
	markOpen       = "open"
	markEffects    = "effects"
	markDeliveries = "deliveries"
)

const (
	bookmarksTime = 3 * time.Second
	// longestMark bounds a bookmark, in bytes: a look whose place is longer begins at the front.
	longestMark = 1024
)

// open reads the bookmarks. Without them the looks go on where this process was.
func (s *sweep) open(ctx context.Context, failures *[]error) cases.Bookmarks {
	var marks cases.Bookmarks
	err := within(ctx, bookmarksTime, func(ctx context.Context) (err error) {
		marks, err = s.Store.Bookmarks(ctx)
		return err
	})
	if err != nil {
		*failures = append(*failures, err)
		return cases.Bookmarks{Revision: unread}
	}
	if marks.Revision > 0 {
		s.page = string(marks.At[markOpen])
		if s.Outbox != nil {
			s.Outbox.GoOn(string(marks.At[markEffects]))
			s.Outbox.Webhooks.GoOn(string(marks.At[markDeliveries]))
		}
	}
	return marks
}

// unread is the revision of bookmarks that could not be read: they are left as they are.
const unread = -1

// keep writes the bookmarks where they have moved. Another sweep that was first has its own: they are as good.
func (s *sweep) keep(ctx context.Context, marks cases.Bookmarks) {
	at := map[string][]byte{markOpen: []byte(s.page)}
	if s.Outbox != nil {
		at[markEffects], at[markDeliveries] = []byte(s.Outbox.Place()), []byte(s.Outbox.Webhooks.Place())
	}
	maps.DeleteFunc(at, func(_ string, mark []byte) bool { return len(mark) == 0 || len(mark) > longestMark })
	if marks.Revision == unread || maps.EqualFunc(at, marks.At, bytes.Equal) {
		return
	}
	marks.At = at
	err := within(context.WithoutCancel(ctx), bookmarksTime, func(ctx context.Context) error { return s.Store.PutBookmarks(ctx, marks) })
	if err != nil && problem.CodeOf(err) != problem.Conflict {
		s.Logger.WarnContext(ctx, "where the sweep continues was not stored: the next one repeats some of it", "error", err.Error())
	}
}
