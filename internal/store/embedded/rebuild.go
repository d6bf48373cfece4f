package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"ballerine/internal/cases"
)

// bucketMeta states what the file is: name -> value.
const bucketMeta = "meta"

// The lists and counters that this program keeps. In a file with another version they are rebuilt when it is opened.
const (
	metaLists  = "lists"
	listsKnown = "3" // 2: by for whom, and since when, cases wait; 3: by the newest change
)

// atOnce is how many records one transaction of a rebuild goes through.
const atOnce = 2000

// rebuild makes the lists and counters from the records, unless they exist. It starts over after a crash, because only
// its end records that they exist. It restores how many cases were started each day; what was decided on days before the
// rebuild is in the histories only.
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
		for _, bucket := range []string{bucketLists, bucketCounts, bucketUpdated} {
			if err := tx.DeleteBucket([]byte(bucket)); err != nil && !errors.Is(err, bolterrors.ErrBucketNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil || known {
		return err
	}
	for after, passed := []byte(nil), 0; ; {
		var skipped int
		if after, skipped, err = rebuildFrom(bolt, after); err != nil {
			return fmt.Errorf("rebuild lists: %w", err)
		}
		if passed += skipped; after == nil {
			passedOver(bucketRecords, passed)
			break
		}
	}
	return bolt.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaLists), []byte(listsKnown))
	})
}

// passedOver reports values that could not be read when the file was opened: a damaged one does not prevent a start.
// Their keys may be confidential.
func passedOver(bucket string, number int) {
	if number > 0 {
		slog.Error("values of the data file cannot be read and are skipped", "bucket", bucket, "values", number)
	}
}

// rebuildFrom continues after a record's key and returns the last one it has seen, nil at the end, and how many cannot be read.
func rebuildFrom(bolt *bbolt.DB, after []byte) (last []byte, passed int, err error) {
	err = bolt.Update(func(tx *bbolt.Tx) error {
		last, passed = nil, 0
		records := tx.Bucket([]byte(bucketRecords))
		if records == nil {
			return nil
		}
		lists, err := tx.CreateBucketIfNotExists([]byte(bucketLists))
		if err != nil {
			return err
		}
		updated, err := tx.CreateBucketIfNotExists([]byte(bucketUpdated))
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
			if record, ok := decodeRecord(value); ok {
				if err := relist(lists, updated, record, readHeader(value)); err != nil {
					return err
				}
				tally(sums, record)
			} else {
				passed++
			}
			last = append([]byte(nil), key...)
			key, value = cursor.Next()
		}
		if key == nil {
			last = nil
		}
		return addUp(tx, sums)
	})
	return last, passed, err
}

func decodeRecord(value []byte) (record cases.Record, ok bool) {
	if len(value) < headerSize {
		return record, false
	}
	return record, decodes(value[headerSize:], &record)
}

// relist enters a record in the lists.
func relist(lists, updated *bbolt.Bucket, record cases.Record, header header) error {
	for _, entry := range listKeys(record) {
		if err := lists.Put([]byte(entry), []byte{}); err != nil {
			return err
		}
	}
	return updated.Put([]byte(header.changed(record.Tenant, record.ID)), []byte{})
}

// tally counts a record.
func tally(sums map[string]int64, record cases.Record) {
	for _, list := range record.Lists() {
		if cases.Counted(list) {
			sums[join(record.Tenant, cases.GroupOpen, list)]++
		}
	}
	sums[join(record.Tenant, cases.GroupDay(record.CreatedAt), "started")]++
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
