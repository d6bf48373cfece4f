package embedded

import (
	"context"
	"encoding/json"
	"time"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

const (
	bucketNotices   = "notices"    // tenant, whose, from when on it is shown, id -> notice
	bucketReadMarks = "read_marks" // tenant, user -> what they have read
)

// forgottenAtOnce bounds how many notices that are over go with a commit that writes one.
const forgottenAtOnce = 20

// inboxKey is before the keys of the notices to somebody, or to everybody with a permission.
func inboxKey(tenant, to string, shared bool) string {
	if shared {
		return join(tenant, "all", to, "")
	}
	return join(tenant, "one", to, "")
}

func noticeKey(n cases.Notice) string {
	return inboxKey(n.Tenant, n.To, n.Shared) + stamp(n.At) + n.ID()
}

// forgetNotices removes the notices that a commit withdraws, and the expired ones of the people whom it notifies.
func forgetNotices(tx *Tx, change cases.Change) {
	for _, n := range change.Notices {
		if n.Gone {
			tx.Delete(bucketNotices, noticeKey(n))
			continue
		}
		inbox := inboxKey(n.Tenant, n.To, n.Shared)
		end := inbox + stamp(change.Entry.At.Add(-cases.NoticeLife))
		var over []string
		tx.Scan(bucketNotices, inbox, "", func(key string, _ []byte) bool {
			if key >= end || len(over) == forgottenAtOnce {
				return false
			}
			over = append(over, key)
			return true
		})
		for _, key := range over {
			tx.Delete(bucketNotices, key)
		}
	}
}

// Notices implements backoffice.Store.
func (s *Review) Notices(_ context.Context, tenant, to string, shared bool, now time.Time, limit int) (found []cases.Notice, err error) {
	inbox := inboxKey(tenant, to, shared)
	from := now.Add(-cases.NoticeLife)
	err = s.db.View(func(tx *Tx) error {
		tx.ScanBack(bucketNotices, inbox, inbox+stamp(now.Add(time.Millisecond)), func(_ string, value []byte) bool {
			var n cases.Notice
			if json.Unmarshal(value, &n) != nil {
				return true // it hides no other: its case shows the same
			}
			if n.At.Before(from) || len(found) == limit {
				return false
			}
			found = append(found, n)
			return true
		})
		return nil
	})
	return found, err
}

// ReadMarks implements backoffice.Store.
func (s *Review) ReadMarks(_ context.Context, tenant, user string) (backoffice.ReadMarks, error) {
	marks, err := find[backoffice.ReadMarks](s.db, bucketReadMarks, join(tenant, user), "mark")
	if problem.CodeOf(err) == problem.NotFound {
		return backoffice.ReadMarks{Tenant: tenant, User: user}, nil
	}
	return marks, err
}

// PutReadMarks implements backoffice.Store.
func (s *Review) PutReadMarks(ctx context.Context, marks backoffice.ReadMarks) error {
	text, err := encoded(marks)
	if err != nil {
		return err
	}
	key := join(marks.Tenant, marks.User)
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[backoffice.ReadMarks](tx, bucketReadMarks, key, "mark")
		if err != nil {
			there = backoffice.ReadMarks{} // what cannot be read is written over
		}
		if there.Revision != marks.Revision-1 {
			return problem.New(problem.Conflict, "Another write to the marks came first.")
		}
		tx.Put(bucketReadMarks, key, text)
		return nil
	})
}
