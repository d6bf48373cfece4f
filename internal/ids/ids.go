// Package ids makes the ids of records: ULIDs, which sort by the time they state, to the millisecond, as the texts that they are.
package ids

import (
	"crypto/rand"
	"time"

	"github.com/oklog/ulid/v2"
)

// Source makes ids that cannot be guessed, of the kind that its argument names: "case" makes "case_01J…". The clock states their time.
func Source(now func() time.Time) func(kind string) string {
	return func(kind string) string { return kind + "_" + Random(now()) }
}

// Random is a ULID of a time that cannot be guessed. It panics without randomness or after the year 10889.
func Random(at time.Time) string { return ulid.MustNew(ulid.Timestamp(at), rand.Reader).String() }

// Derived is a ULID that is always the same for the same time and hash, which has at least ten bytes, so that what is
// done twice has one id.
func Derived(at time.Time, hash []byte) string {
	var id ulid.ULID
	if err := id.SetTime(ulid.Timestamp(at)); err != nil { // only after the year 10889
		_ = id.SetTime(ulid.MaxTime())
	}
	copy(id[6:], hash[:10])
	return id.String()
}
