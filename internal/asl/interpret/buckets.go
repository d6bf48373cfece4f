package interpret

import (
	"bytes"
	"context"

	"ballerine/internal/store/embedded"
)

// Buckets is a Journal in one bucket of the embedded store: the same file, the same group commits as the records.
type Buckets struct {
	DB     *embedded.DB
	Bucket string // "executions" when empty
}

var (
	_ Journal     = Buckets{}
	_ laterWriter = Buckets{}
)

func (b Buckets) bucket() string {
	if b.Bucket == "" {
		return "executions"
	}
	return b.Bucket
}

func (b Buckets) apply(changes []Change) func(*embedded.Tx) error {
	return func(tx *embedded.Tx) error {
		for _, c := range changes {
			if c.Value == nil {
				tx.Delete(b.bucket(), c.Key)
				continue
			}
			tx.Put(b.bucket(), c.Key, c.Value)
		}
		return nil
	}
}

// Write implements Journal. It need not wait for the disk: the file's writes are durable in their order, so a record that
// an execution has moved proves every step of the execution before it.
func (b Buckets) Write(ctx context.Context, changes []Change) error {
	return b.DB.UpdateInOrder(ctx, b.apply(changes))
}

// WriteLater implements laterWriter.
func (b Buckets) WriteLater(ctx context.Context, changes []Change) error {
	return b.DB.UpdateLater(ctx, b.apply(changes))
}

// Get implements Journal.
func (b Buckets) Get(_ context.Context, key string) (value []byte, err error) {
	err = b.DB.View(func(tx *embedded.Tx) error {
		value = bytes.Clone(tx.Get(b.bucket(), key))
		return nil
	})
	return value, err
}

// Scan implements Journal.
func (b Buckets) Scan(_ context.Context, prefix string, each func(key string, value []byte) error) error {
	var failure error
	err := b.DB.View(func(tx *embedded.Tx) error {
		tx.Scan(b.bucket(), prefix, "", func(key string, value []byte) bool {
			failure = each(key, value)
			return failure == nil
		})
		return nil
	})
	if failure != nil {
		return failure
	}
	return err
}
