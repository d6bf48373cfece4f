package metered_test

import (
	"testing"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/trial"
	"ballerine/internal/registry"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/store/dynamo/metered"
	"ballerine/internal/store/storetest"
	"ballerine/internal/webhook"
)

var tables = dynamo.Tables{Cases: "cases", Subjects: "subjects", Registry: "registry", Deliveries: "deliveries", Idempotency: "idempotency"}

func open(t *testing.T) *dynamo.Store {
	t.Helper()
	client := metered.New().Client()
	if err := dynamo.CreateTables(t.Context(), client, tables); err != nil {
		t.Fatal(err)
	}
	return dynamo.New(client, tables)
}

func TestAdapterBehavesAsOverDynamoDB(t *testing.T) {
	t.Run("cases", func(t *testing.T) { storetest.Cases(t, func(t *testing.T) cases.Store { return open(t).Cases() }) })
	t.Run("limits", func(t *testing.T) { storetest.Limits(t, func(t *testing.T) cases.Store { return open(t).Cases() }) })
	t.Run("queues", func(t *testing.T) {
		storetest.Queues(t, 2, func(t *testing.T) cases.Store { return open(t).Cases() })
	})
	t.Run("outbox", func(t *testing.T) { storetest.Outbox(t, func(t *testing.T) cases.Store { return open(t).Cases() }) })
	t.Run("publications", func(t *testing.T) {
		storetest.Publications(t, func(t *testing.T) cases.Store { return open(t).Cases() })
	})
	t.Run("reviews", func(t *testing.T) {
		storetest.Reviews(t, func(t *testing.T) backoffice.Store { return open(t).Review() })
	})
	t.Run("registry", func(t *testing.T) {
		storetest.Registry(t, func(t *testing.T) registry.Store { return open(t).Registry() })
	})
	t.Run("backtests", func(t *testing.T) {
		storetest.Backtests(t, func(t *testing.T) (backtest.Store, ledger.Store) { s := open(t); return s.Backtests(), s.Ledger() })
	})
	t.Run("ledger", func(t *testing.T) { storetest.Ledger(t, func(t *testing.T) ledger.Store { return open(t).Ledger() }) })
	t.Run("trials", func(t *testing.T) { storetest.Trials(t, func(t *testing.T) trial.Store { return open(t).Trials() }) })
	t.Run("keys", func(t *testing.T) { storetest.Keys(t, func(t *testing.T) identity.Store { return open(t).Keys() }) })
	t.Run("webhooks", func(t *testing.T) {
		storetest.Webhooks(t, func(t *testing.T) webhook.Store { return open(t).Webhooks() })
	})
	t.Run("idempotency", func(t *testing.T) {
		storetest.Idempotency(t, func(t *testing.T) idempotency.Store { return open(t).Idempotency() })
	})
}
