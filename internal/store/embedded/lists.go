package embedded

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/store/limits"
)

// Orders within a list.
const (
	byCreated  = "c"
	byDeadline = "d" // open cases only
	byWaiting  = "w" // open cases only: since when they wait
)

// budget is how many cases a page of a list examines, so that filters with few matches answer quickly, too.
const budget = 2000

// never sorts after every deadline.
const never = "\xff\xff\xff\xff\xff\xff\xff\xff"

// listKeys are a record's entries in the lists.
func listKeys(r cases.Record) []string {
	if r.ID == "" {
		return nil
	}
	lists := r.Lists()
	keys := make([]string, 0, 3*len(lists))
	deadline := never
	if due := r.Deadline(); !due.IsZero() {
		deadline = stamp(due)
	}
	created := stamp(r.CreatedAt)
	for _, list := range lists {
		keys = append(keys, join(r.Tenant, list, byCreated+created+r.ID))
		if cases.Counted(list) {
			keys = append(keys, join(r.Tenant, list, byDeadline+deadline+r.ID))
			if r.Waiting != nil {
				keys = append(keys, join(r.Tenant, list, byWaiting+stamp(r.Waiting.Since)+r.ID))
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// moved are the entries that a change takes out of the lists, and those that it adds.
func moved(change cases.Change) (left, entered []string) {
	before, after := listKeys(change.Before), listKeys(change.Next)
	for _, key := range before {
		if _, stays := slices.BinarySearch(after, key); !stays {
			left = append(left, key)
		}
	}
	for _, key := range after {
		if _, was := slices.BinarySearch(before, key); !was {
			entered = append(entered, key)
		}
	}
	return left, entered
}

// count adds to the counters.
func count(tx *Tx, tenant string, counts cases.Counts) {
	for group, names := range counts {
		for name, delta := range names {
			key := join(tenant, group, name)
			sum := int64(delta)
			if value := tx.Get(bucketCounts, key); len(value) == 8 {
				sum += int64(binary.BigEndian.Uint64(value))
			}
			if sum == 0 {
				tx.Delete(bucketCounts, key)
				continue
			}
			tx.Put(bucketCounts, key, binary.BigEndian.AppendUint64(nil, uint64(sum)))
		}
	}
}

// Counts implements cases.Store.
func (s Cases) Counts(_ context.Context, tenant, group string) (map[string]int, error) {
	counts := map[string]int{}
	prefix := join(tenant, group, "")
	err := s.db.View(func(tx *Tx) error {
		tx.Scan(bucketCounts, prefix, "", func(key string, value []byte) bool {
			if len(value) == 8 {
				counts[key[len(prefix):]] = int(int64(binary.BigEndian.Uint64(value)))
			}
			return true
		})
		return nil
	})
	return counts, err
}

// shortest picks the list to go through: words and subjects first, else the one with the fewest open cases.
func shortest(tx *Tx, tenant string, lists []string) string {
	best, fewest := "", int64(-1)
	for _, list := range lists {
		if !cases.Counted(list) {
			return list
		}
		number := int64(0)
		if value := tx.Get(bucketCounts, join(tenant, cases.GroupOpen, list)); len(value) == 8 {
			number = int64(binary.BigEndian.Uint64(value))
		}
		if fewest < 0 || number < fewest {
			best, fewest = list, number
		}
	}
	return best
}

// walk is how a list is gone through: in which bucket, below which key, in which direction.
type walk struct {
	list           string // "": all cases
	bucket, prefix string
	back           bool
}

func walkOf(tenant, list string, query cases.Query) walk {
	w := walk{list: list, bucket: bucketNewest, prefix: join(tenant, ""), back: query.Order != cases.OldestFirst && query.Order != cases.StalestFirst && !query.ByDeadline() && !query.ByWaiting()}
	if query.ByChange() {
		w.bucket = bucketUpdated // there is one for all: to keep one for each list would move many entries with each change
	} else if list != "" {
		w.bucket, w.prefix = bucketLists, join(tenant, list, byCreated)
	}
	if query.ByDeadline() {
		w.prefix = join(tenant, list, byDeadline)
	}
	if query.ByWaiting() {
		w.prefix = join(tenant, list, byWaiting)
	}
	return w
}

// cursor is where the next page continues: the list, and the last key that was examined.
func (w walk) cursor(last string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(join(w.list, strings.TrimPrefix(last, w.prefix))))
}

// List implements cases.Store.
func (s Cases) List(_ context.Context, tenant string, query cases.Query) (page cases.Page, err error) {
	list, start := "", ""
	if query.After != "" {
		after, err := base64.RawURLEncoding.DecodeString(query.After)
		name, key, ok := strings.Cut(string(after), "\x00")
		if err != nil || !ok {
			return page, problem.New(problem.Invalid, "The cursor does not belong to this list.")
		}
		list, start = name, key
	}
	err = s.db.View(func(tx *Tx) error {
		if query.After == "" && !query.ByChange() {
			list = shortest(tx, tenant, query.Lists())
		}
		w := walkOf(tenant, list, query)
		switch from := query.From(); {
		case start != "":
			start = w.prefix + start
		case !from.IsZero():
			start = w.prefix + stamp(from) // without a case's id it sorts before those of the same time
		}
		page, err = w.page(tx, tenant, query, start)
		return err
	})
	return page, err
}

func (w walk) page(tx *Tx, tenant string, query cases.Query, start string) (page cases.Page, err error) {
	last, looked, bytes, scan := "", 0, 0, tx.Scan
	if w.back {
		scan = tx.ScanBack
	}
	scan(w.bucket, w.prefix, start, func(key string, _ []byte) bool {
		if len(page.Records) == query.Limit || looked == budget || bytes >= limits.Page {
			page.Next = w.cursor(last)
			return false
		}
		last, looked = key, looked+1
		var record cases.Record
		id := key[len(w.prefix)+8:]
		if record, err = get(tx, tenant, id, plainly); errors.Is(err, cases.ErrUnreadable) {
			page.Unreadable, err = append(page.Unreadable, id), nil
			return true
		}
		if err != nil {
			return false
		}
		if query.Over(record) {
			return false
		}
		if query.Matches(record) {
			page.Records = append(page.Records, record)
			bytes += len(tx.Get(bucketRecords, join(tenant, record.ID)))
		}
		return true
	})
	return page, err
}

// Overdue counts the open cases whose deadline has passed, up to a limit.
func (s Cases) Overdue(_ context.Context, tenant string, now time.Time, limit int) (number int, err error) {
	prefix := join(tenant, "to_decide", byDeadline)
	end := stamp(now)
	err = s.db.View(func(tx *Tx) error {
		tx.Scan(bucketLists, prefix, "", func(key string, _ []byte) bool {
			if key[len(prefix):len(prefix)+8] > end || number == limit {
				return false
			}
			number++
			return true
		})
		return nil
	})
	return number, err
}
