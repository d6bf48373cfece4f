package embedded

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"ballerine/internal/problem"
)

// Unreadable states which values of a data file cannot be read. The file has no checksums: its structure is checked when
// it is opened, and the contents of a value only when it is read.
type Unreadable struct {
	Values map[string]int // by bucket: never keys, which hold ids that are people's
	Looked int            // how many values were checked
	Next   string         // where to continue, if there was no time for all; "": all were checked
}

// Number is how many values cannot be read.
func (u Unreadable) Number() (number int) {
	for _, n := range u.Values {
		number += n
	}
	return number
}

// String names the buckets and how many of their values cannot be read.
func (u Unreadable) String() string {
	var parts []string
	for _, bucket := range slices.Sorted(maps.Keys(u.Values)) {
		parts = append(parts, fmt.Sprintf("%s: %d", bucket, u.Values[bucket]))
	}
	return strings.Join(parts, ", ")
}

// Err is nil when all could be read. Errors: Internal.
func (u Unreadable) Err() error {
	if u.Number() == 0 {
		return nil
	}
	return problem.New(problem.Internal, "The data file has %d values that cannot be read (%s).", u.Number(), u)
}

// Look checks the values of a data file that is not open for writing, for a while: from a place that a former call has
// returned, and around. A value is unreadable if it does not have the form that its bucket holds; a wrong byte within a
// text is not noticed.
func Look(path, from string, limit time.Duration) (found Unreadable, err error) {
	err = guarded(func() error {
		options := fileOptions()
		options.ReadOnly, options.InitialMmapSize = true, 0
		bolt, err := bbolt.Open(path, 0o600, options)
		if err != nil {
			return err
		}
		defer bolt.Close() // it was only read
		return bolt.View(func(tx *bbolt.Tx) error {
			l := look{Unreadable: Unreadable{Values: map[string]int{}}, until: time.Now().Add(limit)}
			err := l.between(tx, from, "")
			if err == nil && l.Next == "" && from != "" {
				err = l.between(tx, "", from)
			}
			found = l.Unreadable
			return err
		})
	})
	return found, err
}

type look struct {
	Unreadable
	until  time.Time
	unseen int // bytes since the clock was read
}

// atAGlance is how many bytes are checked before the clock is read again.
const atAGlance = 4 << 20

// between checks the values from a place to another one ("": the end), as long as there is time.
func (l *look) between(tx *bbolt.Tx, from, to string) error {
	return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
		bucket := string(name)
		if l.Next != "" || inLayer(bucket, "\xff") < from || to != "" && inLayer(bucket, "") > to {
			return nil
		}
		first, _ := strings.CutPrefix(from, inLayer(bucket, ""))
		if first == from {
			first = ""
		}
		cursor := b.Cursor()
		for key, value := cursor.Seek([]byte(first)); key != nil; key, value = cursor.Next() {
			place := inLayer(bucket, string(key))
			if to != "" && place >= to {
				return nil
			}
			if l.unseen > atAGlance {
				if l.unseen = 0; time.Now().After(l.until) {
					l.Next = place
					return nil
				}
			}
			if l.Looked++; !readable(bucket, value) {
				l.Values[bucket]++
			}
			l.unseen += len(key) + len(value)
		}
		return nil
	})
}

// jsonBuckets hold JSON and nothing else.
var jsonBuckets = map[string]bool{
	bucketParked: true, bucketItems: true, bucketSubjects: true, bucketResults: true, bucketCorrelations: true, bucketOutbox: true, bucketDead: true,
	bucketPublications: true, bucketBacktests: true, bucketBacktestParts: true, bucketGrants: true, bucketReservations: true,
	bucketKeys: true, bucketUsers: true, bucketSettings: true, bucketProposals: true, bucketDefinitions: true, bucketViews: true,
	bucketTrials: true, bucketValueLists: true, bucketEditions: true, bucketSubscriptions: true, bucketDeliveries: true, bucketAnswers: true, bucketWatches: true, bucketScreenings: true,
	bucketVendorAnswers: true, bucketAnswerPlaces: true, bucketAnswerEnds: true,
}

// readable reports whether a value has the form of what its bucket holds.
func readable(bucket string, value []byte) bool {
	switch {
	case jsonBuckets[bucket]:
		return json.Valid(value)
	case bucket == bucketRecords:
		return len(value) > headerSize && json.Valid(value[headerSize:])
	case bucket == bucketDecisions:
		d, err := decision(value, false)
		return err == nil && d.ID != "" && !erased(value)
	case bucket == bucketCounts:
		return len(value) == 8
	case bucket == bucketProbe:
		return true
	}
	return !erased(value)
}

// sector is the least that a disk loses.
const sector = 512

var zeros = make([]byte, sector)

// erased reports whether a sector of a value may be gone: neither a text nor what is compressed has so many zeros in a row. A binary
// module may.
func erased(value []byte) bool {
	return bytes.Contains(value, zeros) && !bytes.HasPrefix(value, binary.BigEndian.AppendUint32(nil, 0x0061736d))
}
