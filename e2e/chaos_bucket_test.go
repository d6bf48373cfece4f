package e2e

import (
	"context"
	"errors"
	"sync"

	"ballerine/internal/cases"
)

// bucket keeps what vendors were sent and have answered; some of it is not taken. Nothing else is stored in the storm.
type bucket struct {
	cases.Objects
	chaos *chaos
	mutex sync.Mutex
	kept  map[string][]byte
}

func (b *bucket) Keep(ctx context.Context, key, _ string, content []byte) error {
	if b.chaos.strikes("refused by the bucket", 0.02) {
		return errors.New("the bucket does not answer")
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if _, there := b.kept[key]; !there {
		b.kept[key] = content
	}
	return ctx.Err()
}
