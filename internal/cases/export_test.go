package cases

// PartBound is a part of a record, for tests.
type PartBound struct {
	Place string
	Limit int
	Of    func(Record) any
}

// Bounds are all parts of a record.
func Bounds() (found []PartBound) {
	for _, b := range bounds {
		found = append(found, PartBound{b.place, b.limit, b.of})
	}
	return found
}

// FirstFormat seals an entry as the first format did.
func FirstFormat(e Entry, r Record) (Entry, error) {
	var err error
	e.Format = formatFirst
	if e.RecordDigest, _, err = recordDigest(formatFirst, r, e.Salt); err == nil {
		e.Hash, err = hashOf(e)
	}
	return e, err
}

// RecordDigest is the digest of the newest format.
func RecordDigest(r Record, salt string) (string, error) {
	sum, _, err := recordDigest(formatWhole, r, salt)
	return sum, err
}
