package interprettest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"ballerine/internal/asl/interpret"
)

// Memory is a journal that lasts as long as the process: The zero value is empty and ready.
type Memory struct {
	mutex  sync.Mutex
	values map[string][]byte
	writes int
}

// Write implements interpret.Journal.
func (m *Memory) Write(_ context.Context, changes []interpret.Change) error {
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

// Get implements interpret.Journal.
func (m *Memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.values[key], nil
}

// Scan implements interpret.Journal.
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
