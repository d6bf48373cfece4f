package embedded_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/lists"
	"ballerine/internal/policy/trial"
	"ballerine/internal/ratelimit"
	"ballerine/internal/registry"
	"ballerine/internal/store/embedded"
	"ballerine/internal/store/storetest"
	"ballerine/internal/watched"
	"ballerine/internal/webhook"
)

func open(t *testing.T) *embedded.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := embedded.Open(path)
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
		found, err := embedded.Look(path, "", time.Minute)
		if err != nil || found.Number() > 0 && !spoils(t) {
			t.Errorf("what the store writes, it takes for unreadable: %s %v", found, err)
		}
	})
	return db
}

// spoils reports whether a test writes what cannot be read.
func spoils(t *testing.T) bool {
	return strings.Contains(t.Name(), "cannot_be_read") || strings.Contains(t.Name(), "Unreadable")
}

func TestCases(t *testing.T) {
	storetest.Cases(t, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestLimits(t *testing.T) {
	storetest.Limits(t, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestQueues(t *testing.T) {
	storetest.Queues(t, 25, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestOutbox(t *testing.T) {
	storetest.Outbox(t, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestPublications(t *testing.T) {
	storetest.Publications(t, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestReviews(t *testing.T) {
	storetest.Reviews(t, func(t *testing.T) backoffice.Store { return open(t).Review() })
}

func TestNotices(t *testing.T) {
	storetest.Notices(t, func(t *testing.T) (cases.Store, backoffice.Store) {
		s := open(t)
		return s.Cases(), s.Review()
	})
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

func TestWatched(t *testing.T) {
	storetest.Watched(t, func(t *testing.T) watched.Store { return open(t).Watched() })
}

func TestTrials(t *testing.T) {
	storetest.Trials(t, func(t *testing.T) trial.Store { return open(t).Trials() })
}

func TestKeys(t *testing.T) {
	storetest.Keys(t, func(t *testing.T) identity.Store { return open(t).Keys() })
}

func TestUnreadableWebhooks(t *testing.T) {
	storetest.UnreadableWebhooks(t, func(t *testing.T) (webhook.Store, storetest.Spoil) {
		db := open(t)
		return db.Webhooks(), func(t *testing.T, subscription, delivery string) {
			bucket, id := "deliveries", delivery
			if delivery == "" {
				bucket, id = "subscriptions", subscription
			}
			err := db.Update(t.Context(), func(tx *embedded.Tx) error {
				tx.Put(bucket, "a\x00"+id, []byte(`{"id":"`+"\x00"))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestUnreadableReadMarks(t *testing.T) {
	storetest.UnreadableMarks(t, func(t *testing.T) (backoffice.Store, func(t *testing.T)) {
		db := open(t)
		return db.Review(), func(t *testing.T) {
			if err := db.Update(t.Context(), func(tx *embedded.Tx) error {
				if tx.Get("read_marks", "a\x00user_1") == nil {
					t.Error("there are no marks")
				}
				tx.Put("read_marks", "a\x00user_1", []byte("{"))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestUnreadableEntries(t *testing.T) {
	storetest.UnreadableEntries(t, func(t *testing.T) (storetest.Stores, storetest.SpoilEntry) {
		db := open(t)
		places := map[string][2]string{
			"decision": {"decisions", "p\x002026-05-04T08:00:02.000000000Z#dec_2"}, "key": {"keys", "key_2"}, "user": {"users", "user_2"}, "view": {"views", "view_2"},
			"proposal": {"proposals", "prop_2"}, "version": {"definitions", "policy\x00p\x0000000002"}, "list": {"value-lists", "list-2"}, "edition": {"list-editions", "l\x0000000002"},
			"trial": {"trials", "p\x00trial_2"}, "backtest": {"backtests", "p\x00backtest_2"}, "part": {"backtest_parts", "p\x00backtest_1\x00000002"},
		}
		stores := storetest.Stores{
			Ledger: db.Ledger(), Keys: db.Keys(), Reviews: db.Review(), Registry: db.Registry(), Lists: db.Lists(), Trials: db.Trials(), Backtests: db.Backtests(),
		}
		return stores, func(t *testing.T, kind string) {
			place, known := places[kind]
			if !known {
				t.Fatalf("where is a %s?", kind)
			}
			err := db.Update(t.Context(), func(tx *embedded.Tx) error {
				if tx.Get(place[0], "a\x00"+place[1]) == nil {
					t.Errorf("there is no %s at %q", kind, place)
				}
				tx.Put(place[0], "a\x00"+place[1], []byte(`{"id":"`+"\x00"))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestWebhooks(t *testing.T) {
	storetest.Webhooks(t, func(t *testing.T) webhook.Store { return open(t).Webhooks() })
}

func TestIdempotency(t *testing.T) {
	storetest.Idempotency(t, func(t *testing.T) idempotency.Store { return open(t).Idempotency() })
}

func TestRates(t *testing.T) {
	storetest.Rates(t, func(t *testing.T) ratelimit.Store { return open(t).Rates() })
}
