package proof

import (
	"context"
	"sync"
	"time"

	"ballerine/internal/idempotency"
)

// memory keeps the answers of calls: thousands of them are only tried here, and a disk would be waited for each time.
type memory struct {
	mutex sync.Mutex
	kept  map[string]idempotency.Reservation
}

func (m *memory) Reserve(_ context.Context, r idempotency.Reservation, takeOver time.Time) (idempotency.Reservation, bool, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	there, found := m.kept[r.Key]
	late := there.Answer == nil && there.Hash == r.Hash && there.StartedAt.Before(takeOver)
	if found && there.ExpiresAt.After(r.StartedAt) && !late {
		return there, false, nil
	}
	m.kept[r.Key] = r
	return r, true, nil
}

func (m *memory) Complete(_ context.Context, key, holder string, answer idempotency.Answer) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if there := m.kept[key]; there.Holder == holder {
		there.Answer = &answer
		m.kept[key] = there
	}
	return nil
}

func (m *memory) Abandon(_ context.Context, key, holder string) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if there := m.kept[key]; there.Holder == holder && there.Answer == nil {
		there.StartedAt = time.Time{}
		m.kept[key] = there
	}
	return nil
}

func (m *memory) Release(_ context.Context, key, holder string) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if there := m.kept[key]; there.Holder == holder && there.Answer == nil {
		delete(m.kept, key)
	}
	return nil
}
