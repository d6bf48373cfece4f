package embedded

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"ballerine/internal/cases"
)

// bucketMeta says what the file is: name -> value.
const bucketMeta = "meta"

// The lists and counters that this program keeps. A file that says otherwise has them made anew when it is opened.
const (
	metaLists  = "lists"
	listsKnown = "1"
)

// atOnce is how many records one transaction of a rebuild goes through.
const atOnce = 2000

// rebuild makes the lists and counters from the records, unless they are there. It begins anew after a crash, because
// only its end writes that they are there. How many cases were started each day comes back; what was decided on days
// before the rebuild is in the histories only.
func rebuild(bolt *bbolt.DB) error {
	known := false
	err := bolt.Update(func(tx *bbolt.Tx) error {
		meta, err := tx.CreateBucketIfNotExists([]byte(bucketMeta))
		if err != nil {
			return err
		}
		if known = string(meta.Get([]byte(metaLists))) == listsKnown; known {
			return nil
		}
		for _, bucket := range []string{bucketLists, bucketCounts} {
			if err := tx.DeleteBucket([]byte(bucket)); err != nil && !errors.Is(err, bolterrors.ErrBucketNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil || known {
		return err
	}
	for after := []byte(nil); ; {
		if after, err = rebuildFrom(bolt, after); err != nil || after == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("rebuild lists: %w", err)
	}
	return bolt.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaLists), []byte(listsKnown))
	})
}

// rebuildFrom goes on after a record's key and returns the last it has seen; nil at the end.
func rebuildFrom(bolt *bbolt.DB, after []byte) (last []byte, err error) {
	err = bolt.Update(func(tx *bbolt.Tx) error {
		last = nil
		records := tx.Bucket([]byte(bucketRecords))
		if records == nil {
			return nil
		}
		lists, err := tx.CreateBucketIfNotExists([]byte(bucketLists))
		if err != nil {
			return err
		}
		sums := map[string]int64{}
		cursor := records.Cursor()
		key, value := cursor.First()
		if after != nil {
			if key, value = cursor.Seek(after); string(key) == string(after) {
				key, value = cursor.Next()
			}
		}
		for n := 0; key != nil && n < atOnce; n++ {
			var record cases.Record
			if err := json.Unmarshal(value[headerSize:], &record); err != nil {
				_, id, _ := strings.Cut(string(key), "\x00")
				return fmt.Errorf("decode record %s: %w", id, err)
			}
			for _, entry := range listKeys(record) {
				if err := lists.Put([]byte(entry), []byte{}); err != nil {
					return err
				}
			}
			for _, list := range record.Lists() {
				if cases.Counted(list) {
					sums[join(record.Tenant, cases.GroupOpen, list)]++
				}
			}
			sums[join(record.Tenant, cases.GroupDay(record.CreatedAt), "started")]++
			last = append([]byte(nil), key...)
			key, value = cursor.Next()
		}
		if key == nil {
			last = nil
		}
		return addUp(tx, sums)
	})
	return last, err
}

func addUp(tx *bbolt.Tx, sums map[string]int64) error {
	counts, err := tx.CreateBucketIfNotExists([]byte(bucketCounts))
	if err != nil {
		return err
	}
	for key, sum := range sums {
		if value := counts.Get([]byte(key)); len(value) == 8 {
			sum += int64(binary.BigEndian.Uint64(value))
		}
		if err := counts.Put([]byte(key), binary.BigEndian.AppendUint64(nil, uint64(sum))); err != nil {
			return err
		}
	}
	return nil
}
