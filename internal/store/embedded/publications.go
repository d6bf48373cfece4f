package embedded

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"ballerine/internal/cases"
)

// bucketPublications has the events for subscribers: tenant, final, case, version, part -> publication. New ones come to its
// end, so that the writes of a commit touch one page of it.
const bucketPublications = "publications"

// publicationPage is about how many bytes of publications are read at once.
const publicationPage = 2 << 20

func publicationKey(tenant string, at cases.Place) string {
	return join(tenant, stamp(at.Final), at.Case, number(10, at.Version), number(2, at.Part))
}

// underway are the times of commits that have begun and are not yet written: their events take these places in the order.
type underway struct {
	mutex sync.Mutex
	times map[int]time.Time
	next  int
}

// begin notes a commit until the function that it returns is called.
func (u *underway) begin(change cases.Change) func() {
	if len(change.Publications)+len(change.Retracted) == 0 {
		return func() {}
	}
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.times == nil {
		u.times = map[int]time.Time{}
	}
	u.next++
	number := u.next
	u.times[number] = change.Entry.At
	return func() {
		u.mutex.Lock()
		defer u.mutex.Unlock()
		delete(u.times, number)
	}
}

// before is the time, or the oldest that is under way.
func (u *underway) before(t time.Time) time.Time {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	for _, at := range u.times {
		if at.Before(t) {
			t = at
		}
	}
	return t
}

// Settled implements cases.Store: commits that have not begun yet were drafted at most DraftTime before now, and all others
// are known here.
func (s Cases) Settled(now time.Time) time.Time {
	return s.db.underway.before(now.Add(-cases.DraftTime))
}

// commitPublications withdraws what a commit retracts, and removes what has expired: of this tenant, and of another one,
// in turns, since that one may never commit again. It removes a little more than is added.
func (db *DB) commitPublications(tx *Tx, change cases.Change) {
	for _, gone := range change.Retracted {
		tx.Delete(bucketPublications, publicationKey(gone.Tenant, gone.Place()))
	}
	if len(change.Publications) == 0 {
		return
	}
	expired := stamp(change.Entry.At.Add(-cases.PublicationLife))
	db.expire(tx, change.Next.Tenant, expired)
	other := ""
	tx.leap(bucketPublications, behind(db.writer.expired), func(key string, _ []byte) (string, bool) {
		other, _, _ = strings.Cut(key, "\x00")
		return "", false
	})
	if db.writer.expired = other; other != "" && other != change.Next.Tenant {
		db.expire(tx, other, expired)
	}
}

// expire removes the oldest publications of a tenant that were final before a time, a few at a time.
func (db *DB) expire(tx *Tx, tenant, end string) {
	prefix, few := join(tenant, ""), 4
	tx.Scan(bucketPublications, prefix, "", func(key string, _ []byte) bool {
		if few == 0 || key[len(prefix):len(prefix)+8] >= end {
			return false
		}
		few--
		tx.Delete(bucketPublications, key)
		return true
	})
}

// Publications implements cases.Store.
func (s Cases) Publications(_ context.Context, tenant string, from cases.Place, until time.Time, limit int) (found []cases.Publication, more bool, err error) {
	prefix, end, bytes := join(tenant, ""), stamp(until), 0
	first := publicationKey(tenant, from)
	err = s.db.View(func(tx *Tx) error {
		tx.leap(bucketPublications, first, func(key string, value []byte) (string, bool) {
			if !strings.HasPrefix(key, prefix) || key[len(prefix):len(prefix)+8] >= end {
				return "", false
			}
			if len(found) == limit || bytes >= publicationPage {
				more = true
				return "", false
			}
			one := readPublication(tenant, key[len(prefix):], value)
			found, bytes = append(found, one), bytes+len(value)
			return "", true
		})
		return err
	})
	return found, more, err
}

// readPublication reads a publication; of one that cannot be decoded it returns what the key states.
func readPublication(tenant, place string, value []byte) (one cases.Publication) {
	if err := json.Unmarshal(value, &one); err == nil {
		return one
	}
	at := cases.Place{Final: time.UnixMilli(int64(beUint64(place[:8]))).UTC()}
	if parts := strings.Split(place[9:], "\x00"); len(parts) == 3 {
		at.Case = parts[0]
		at.Version, _ = strconv.Atoi(parts[1]) // a key of ours
		at.Part, _ = strconv.Atoi(parts[2])
	}
	return cases.UnreadablePublication(tenant, at)
}

// PublicationsAt implements cases.Store.
func (s Cases) PublicationsAt(_ context.Context, tenant string, places []cases.Place) (found []cases.Publication, err error) {
	err = s.db.View(func(tx *Tx) error {
		for _, place := range places {
			for {
				value := tx.Get(bucketPublications, publicationKey(tenant, place))
				if value == nil {
					break
				}
				one := readPublication(tenant, strings.TrimPrefix(publicationKey(tenant, place), join(tenant, "")), value)
				found = append(found, one)
				if place.Part++; place.Part >= one.Parts {
					break
				}
			}
		}
		return nil
	})
	return found, err
}
