package interpret

import "context"

// Journal keeps the engine's state: ordered keys with values.
// Implementations: Buckets over the embedded store, and Memory of interprettest.
type Journal interface {
	// Write applies all changes in one transaction, in order. They are durable when it returns nil, or at the latest when
	// anything written after them is.
	Write(ctx context.Context, changes []Change) error
	// Get returns the value under a key, nil if there is none.
	Get(ctx context.Context, key string) ([]byte, error)
	// Scan calls each for every key with the prefix, ascending. The slices must not be kept.
	Scan(ctx context.Context, prefix string, each func(key string, value []byte) error) error
}

// laterWriter is a Journal that can also write without waiting for the disk, in its place in the order of all writes.
// What is lost in a crash is done again: the engine uses it only where the next thing is a call that may be repeated.
type laterWriter interface {
	WriteLater(ctx context.Context, changes []Change) error
}

// Change puts a value under a key; a nil value deletes the key.
type Change struct {
	Key   string
	Value []byte
}
