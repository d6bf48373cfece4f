package embedded

import (
	"encoding/json"
	"fmt"

	"ballerine/internal/problem"
)

// read decodes a key's value. Errors: NotFound with the name of what is missing.
func read[T any](tx *Tx, bucket, key, what string) (value T, err error) {
	text := tx.Get(bucket, key)
	if text == nil {
		return value, problem.New(problem.NotFound, "There is no such %s.", what)
	}
	if err := json.Unmarshal(text, &value); err != nil {
		return value, fmt.Errorf("decode %s: %w", what, err)
	}
	return value, nil
}

// find is read in a transaction of its own.
func find[T any](db *DB, bucket, key, what string) (value T, err error) {
	err = db.View(func(tx *Tx) error {
		value, err = read[T](tx, bucket, key, what)
		return err
	})
	return value, err
}

// entries is all, with what unreadable makes of the rest of the key of what cannot be decoded.
func entries[T any](db *DB, bucket, prefix string, unreadable func(key string) T) (values []T, err error) {
	err = db.View(func(tx *Tx) error {
		tx.Scan(bucket, prefix, "", func(key string, text []byte) bool {
			var value T
			if json.Unmarshal(text, &value) != nil {
				value = unreadable(key[len(prefix):])
			}
			values = append(values, value)
			return true
		})
		return nil
	})
	return values, err
}

// all decodes every value under a prefix, in the order of the keys. It fails when one cannot be decoded: it is for what is of no use
// in part.
func all[T any](db *DB, bucket, prefix string) (values []T, err error) {
	err = db.View(func(tx *Tx) error {
		tx.Scan(bucket, prefix, "", func(_ string, text []byte) bool {
			var value T
			if err = json.Unmarshal(text, &value); err != nil {
				return false
			}
			values = append(values, value)
			return true
		})
		return err
	})
	return values, err
}

// encoded is JSON of a value that always encodes; should it not, the transaction fails.
func encoded(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "A value could not be encoded.")
	}
	return text, nil
}

func decodes(text []byte, into any) bool { return json.Unmarshal(text, into) == nil }
