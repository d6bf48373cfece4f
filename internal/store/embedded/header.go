package embedded

import (
	"encoding/binary"
	"time"

	"ballerine/internal/cases"
)

// header stands before a record's JSON, so that a commit is checked without decoding the record before it.
type header struct {
	revision, version uint64
	due, updated      int64 // milliseconds; due 0: none
	active            bool
}

const headerSize = 33

func (h header) append(to []byte) []byte {
	to = binary.BigEndian.AppendUint64(to, h.revision)
	to = binary.BigEndian.AppendUint64(to, h.version)
	to = binary.BigEndian.AppendUint64(to, uint64(h.due))
	to = binary.BigEndian.AppendUint64(to, uint64(h.updated))
	if h.active {
		return append(to, 1)
	}
	return append(to, 0)
}

func readHeader(value []byte) header {
	return header{
		revision: binary.BigEndian.Uint64(value), version: binary.BigEndian.Uint64(value[8:]),
		due: int64(binary.BigEndian.Uint64(value[16:])), updated: int64(binary.BigEndian.Uint64(value[24:])), active: value[32] == 1,
	}
}

func headerOf(r cases.Record) header {
	h := header{revision: uint64(r.Revision), version: uint64(r.Version), updated: r.UpdatedAt.UnixMilli(), active: r.Status == cases.StatusActive}
	if !r.DueAt.IsZero() {
		h.due = r.DueAt.UnixMilli()
	}
	return h
}

// index adds or removes the entries that a record in this state has.
func (h header) index(tenant, id string, set func(bucket, key string)) {
	if !h.active {
		return
	}
	set(bucketOpen, join(stamp(time.UnixMilli(h.updated)), tenant, id))
	if h.due != 0 {
		set(bucketDue, join(stamp(time.UnixMilli(h.due)), tenant, id))
	}
}

// changed is the record's key in the list by the newest change.
func (h header) changed(tenant, id string) string {
	return join(tenant, stamp(time.UnixMilli(h.updated))+id)
}
