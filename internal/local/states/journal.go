package states

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Journal keeps the engine's state: ordered keys with values.
// Implementations: Memory, and Buckets over the embedded store.
type Journal interface {
	// Write applies all changes in one transaction, in order. They are durable when it returns nil, or at the latest when
	// anything written after them is.
	Write(ctx context.Context, changes []Change) error
	// Get returns the value under a key, nil when there is none.
	Get(ctx context.Context, key string) ([]byte, error)
	// Scan calls each for every key with the prefix, ascending. The slices must not be kept.
	Scan(ctx context.Context, prefix string, each func(key string, value []byte) error) error
}

// LaterWriter is a Journal that can also write without waiting for the disk, in its place in the order of all writes.
// What is lost in a crash is done again: the engine uses it only where the next thing is a call that may be repeated.
type LaterWriter interface {
	WriteLater(ctx context.Context, changes []Change) error
}

// Change puts a value under a key; a nil value deletes the key.
type Change struct {
	Key   string
	Value []byte
}

// Memory is a Journal that lasts as long as the process: for tests and measurements. The zero value is empty and ready.
type Memory struct {
	mutex  sync.Mutex
	values map[string][]byte
	writes int
}

// Write implements Journal.
func (m *Memory) Write(_ context.Context, changes []Change) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.values == nil {
		m.values = map[string][]byte{}
	}
	m.writes++
	for _, c := range changes {
		if c.Value == nil {
			delete(m.values, c.Key)
			continue
		}
		m.values[c.Key] = slices.Clone(c.Value)
	}
	return nil
}

// Get implements Journal.
func (m *Memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.values[key], nil
}

// Scan implements Journal.
func (m *Memory) Scan(_ context.Context, prefix string, each func(key string, value []byte) error) error {
	m.mutex.Lock()
	values := maps.Clone(m.values)
	m.mutex.Unlock()
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if err := each(key, values[key]); err != nil {
			return err
		}
	}
	return nil
}

// Writes counts the transactions so far.
func (m *Memory) Writes() int {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.writes
}
