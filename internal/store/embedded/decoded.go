package embedded

import (
	"bytes"
	"encoding/json"

	"ballerine/internal/cache"
	"ballerine/internal/cases"
)

// How much of records is kept decoded: a case is read several times for each time that it is written.
const (
	maxDecoded     = 512      // records
	maxDecodedText = 64 << 10 // bytes of JSON of one
)

// decoded caches records beside the text that they were read from. It is never the source of what is in the file: it
// only saves decoding the same text again.
type decoded struct{ kept *cache.Cache[string, reading] }

type reading struct {
	text   []byte
	record cases.Record
}

func newDecoded() decoded { return decoded{cache.New[string, reading](maxDecoded)} }

// record decodes the text of a key. The caller owns the result.
func (d decoded) record(key string, text []byte) (record cases.Record, err error) {
	if there, ok := d.kept.Get(key); ok && bytes.Equal(there.text, text) {
		return there.record.Clone(), nil
	}
	if err := json.Unmarshal(text, &record); err != nil || len(text) > maxDecodedText {
		return record, err
	}
	d.kept.Put(key, reading{bytes.Clone(text), record.Clone()})
	return record, nil
}

// forget drops a record that has been rewritten.
func (d decoded) forget(key string) { d.kept.Remove(key) }
