package local

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/asl/simclock"
	"ballerine/internal/identity"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/store/dynamo/metered"
	"ballerine/internal/task"
)

// Simulation is what a stack has whose days go by at once.
type Simulation struct {
	Clock *simclock.Clock
	Fault func(r *http.Request) bool // which requests for files fail; nil: none does
	Meter *Meter                     // nil: not counted
}

// Meter counts what a stack would be charged for on AWS.
type Meter struct {
	Tables *metered.Database     // keeps what the file does otherwise
	Called func(function string) // of each call of a function; it must not block
	Moved  func(transitions int) // of state machines; it must not block
}

// followMeter hands the effects of commits to the outbox, as a table's stream does: an invocation of dispatch for each commit.
func followMeter(_, work context.Context, s *Stack) error {
	outbox, meter := s.Core.Outbox(), s.options.Simulation.Meter
	meter.Tables.OnInsert(func(table string, images []map[string]types.AttributeValue) {
		if effects := dynamo.InsertedEffects(images); table == tables.Cases && len(effects) > 0 {
			meter.Called("dispatch")
			outbox.Take(work, effects)
		}
	})
	return nil
}

// DemoClient is the demo tenant's key as a principal.
func (s *Stack) DemoClient(ctx context.Context) (identity.Principal, error) {
	keys := identity.NewKeys(identity.KeysConfig{Store: s.stores.keys, Now: s.options.Now})
	return keys.Check(ctx, s.secrets.DemoKey)
}

// Idle returns when no execution is being worked on and no effect is on its way. The order of the looks matters: what
// is handed from the one to the other between them shows in the last.
func (s *Stack) Idle(ctx context.Context) error {
	for {
		outbox := s.Core.Outbox()
		before, _ := outbox.State()
		if s.engine.Busy() == 0 {
			_, open := outbox.State()
			busy := s.engine.Busy()
			after, _ := outbox.State()
			if open == 0 && busy == 0 && before == after {
				return nil
			}
		}
		if err := wait(ctx, 100*time.Microsecond); err != nil {
			return err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// wrap counts a function's calls.
func (m *Meter) wrap(name string, handler task.Handler) task.Handler {
	return func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
		m.Called(name)
		return handler(ctx, event)
	}
}
