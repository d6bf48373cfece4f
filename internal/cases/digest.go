package cases

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Formats of entries: what their digests cover. Entries that were written before there was a second keep the first for
// ever, and verify as they were written.
const (
	formatFirst = 0 // the record's status, snapshot, context, outcome, documents and assignee
	formatWhole = 2 // the whole record, but for what covered leaves out
)

// covered is the record as its digest has it: everything but what is mechanics, changes without an entry, or follows from
// the rest. A new field of the record is covered unless it is left out here; it must be omitted from the JSON when it is
// empty, so that the digests of older records stay what they are (TestDigestsOfOldRecordsStay).
func covered(r Record) Record {
	r = r.slim()
	r.Revision, r.Head, r.Parked = 0, "", nil // parking writes them, and has no entry
	r.Terms, r.Traits, r.Seen = nil, nil, nil // follow from the rest, and from entries
	r.Undo, r.DocumentUndos = nil, nil        // hold former values: the entries do, too
	return r
}

// recordDigest is over a record in the way of a format. bytes is about how large the record is.
func recordDigest(format int, r Record, salt string) (sum string, bytes int, err error) {
	if format == formatWhole {
		return digestOf(salt, covered(r))
	}
	return digestOf(salt, firstCovered(r))
}

func firstCovered(r Record) map[string]any {
	r = r.slim()
	return map[string]any{
		"status": r.Status, "snapshot": r.Snapshot, "context": r.Context, "outcome": r.Outcome, "documents": r.Documents, "assignee": r.Assignee,
	}
}

// hashOf an entry: over everything but the hash itself and what can be erased.
func hashOf(e Entry) (string, error) {
	e.Hash, e.Details, e.Salt = "", nil, ""
	return digest("", e)
}

// digest is SHA-256 over a salt and the value's JSON, in hex. encoding/json writes maps with sorted keys, structs in the
// order of their fields and numbers in their shortest form, so a value read back from a store has the same digest as
// long as its types are the same: untyped values must be plain. Bytes that are not valid text are digested as what they
// read back as, whatever their source.
func digest(salt string, value any) (string, error) {
	sum, _, err := digestOf(salt, value)
	return sum, err
}

func digestOf(salt string, value any) (string, int, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", 0, fmt.Errorf("encode for digest: %w", err)
	}
	text = readBack(text)
	hash := sha256.New()
	_, _ = hash.Write([]byte(salt)) // a hash never fails to write
	_, _ = hash.Write(text)
	return hex.EncodeToString(hash.Sum(nil)), len(text), nil
}

// readBack writes the replacement character as itself where encoding/json has written an escape in the place of bytes
// that are no UTF-8: that is how it reads back and is written again.
func readBack(text []byte) []byte {
	escape := []byte(`\ufffd`)
	if !bytes.Contains(text, escape) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '\\':
			out = append(out, text[i])
		case bytes.HasPrefix(text[i:], escape):
			out = append(out, "\ufffd"...)
			i += len(escape) - 1
		default: // an escape of another kind: its next byte belongs to it
			out = append(out, text[i], text[i+1])
			i++
		}
	}
	return out
}

// oldWay is the digest of the first format over a value that contained bytes which were not valid text.
func oldWay(salt string, value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encode for digest: %w", err)
	}
	text = bytes.ReplaceAll(readBack(text), []byte("\ufffd"), []byte(`\ufffd`))
	sum := sha256.Sum256(append([]byte(salt), text...))
	return hex.EncodeToString(sum[:]), nil
}
