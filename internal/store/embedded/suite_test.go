package embedded_test

import (
	"path/filepath"
	"testing"

	"ballerine/internal/backtest"
	"ballerine/internal/cases"
	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/ledger"
	"ballerine/internal/lists"
	"ballerine/internal/registry"
	"ballerine/internal/review"
	"ballerine/internal/store/embedded"
	"ballerine/internal/store/storetest"
	"ballerine/internal/trial"
	"ballerine/internal/webhook"
)

func open(t *testing.T) *embedded.DB {
	t.Helper()
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if problems, err := db.Cases().Check(); err != nil || len(problems) > 0 {
			t.Errorf("indexes: %v %v", problems, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestCases(t *testing.T) {
	storetest.Cases(t, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestQueues(t *testing.T) {
	storetest.Queues(t, 25, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestReviews(t *testing.T) {
	storetest.Reviews(t, func(t *testing.T) review.Store { return open(t).Review() })
}

func TestRegistry(t *testing.T) {
	storetest.Registry(t, func(t *testing.T) registry.Store { return open(t).Registry() })
}

func TestBacktests(t *testing.T) {
	storetest.Backtests(t, func(t *testing.T) (backtest.Store, ledger.Store) {
		s := open(t)
		return s.Backtests(), s.Ledger()
	})
}

func TestLedger(t *testing.T) {
	storetest.Ledger(t, func(t *testing.T) ledger.Store { return open(t).Ledger() })
}

func TestLists(t *testing.T) {
	storetest.Lists(t, func(t *testing.T) lists.Store { return open(t).Lists() })
}

func TestTrials(t *testing.T) {
	storetest.Trials(t, func(t *testing.T) trial.Store { return open(t).Trials() })
}

func TestKeys(t *testing.T) {
	storetest.Keys(t, func(t *testing.T) identity.Store { return open(t).Keys() })
}

func TestWebhooks(t *testing.T) {
	storetest.Webhooks(t, func(t *testing.T) webhook.Store { return open(t).Webhooks() })
}

func TestIdempotency(t *testing.T) {
	storetest.Idempotency(t, func(t *testing.T) idempotency.Store { return open(t).Idempotency() })
}
