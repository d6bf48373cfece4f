package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"ballerine/internal/policy/ledger"
)

// Stores are the stores whose lists show an entry that cannot be decoded as such.
type Stores struct {
	Ledger ledger.Store
}

// SpoilEntry overwrites what is stored of the second entry of a kind with what cannot be decoded.
type SpoilEntry func(t *testing.T, kind string)

// entries is a list whose second of three entries, numbered from 1, is damaged.
type entries struct {
	put  func(s Stores, n int) error
	list func(s Stores) (all, unreadable []string, err error)
}

// UnreadableEntries says of each list that one entry that cannot be decoded is shown as such and hides no other.
func UnreadableEntries(t *testing.T, open func(t *testing.T) (Stores, SpoilEntry)) {
	for kind, of := range unreadableEntries(context.Background()) {
		t.Run(kind, func(t *testing.T) {
			s, spoil := open(t)
			for n := 1; n <= 3; n++ {
				must(t, of.put(s, n))
			}
			spoil(t, kind)
			all, unreadable, err := of.list(s)
			must(t, err)
			if slices.Sort(all); len(all) != 3 || len(unreadable) != 1 || unreadable[0] != all[1] || slices.Compact(slices.Clone(all))[2] != all[2] {
				t.Errorf("%v are listed, %v as unreadable", all, unreadable)
			}
		})
	}
}

func unreadableEntries(ctx context.Context) map[string]entries {
	return map[string]entries{
		"decision": {
			func(s Stores, n int) error {
				_, err := s.Ledger.PutDecision(ctx, ledger.Sealed{Head: ledger.Head{
					Tenant: "a", Policy: "p", ID: fmt.Sprint("dec_", n), At: time.Date(2026, 5, 4, 8, 0, n, 0, time.UTC), Outcome: "review", Fired: []string{}, Version: 1,
				}, Body: []byte{1}})
				return err
			},
			func(s Stores) (all, unreadable []string, err error) {
				query := ledger.Query{Limit: 1, Filter: ledger.Filter{Outcome: "review", From: time.Date(2026, 5, 4, 8, 0, 1, 0, time.UTC)}}
				for len(all) < 10 {
					page, next, err := s.Ledger.Decisions(ctx, "a", "p", query)
					if err != nil {
						return nil, nil, err
					}
					for _, d := range page {
						if all = append(all, d.ID); d.Unreadable {
							unreadable = append(unreadable, d.ID)
						}
						if place := fmt.Sprintf("2026-05-04T08:00:0%s.000000000Z#%s", d.ID[len("dec_"):], d.ID); d.Place() != place || d.Tenant != "a" || d.Policy != "p" {
							return nil, nil, fmt.Errorf("the place of %s is %s", place, d.Place())
						}
					}
					if query.After = next; next == "" {
						break
					}
				}
				return all, unreadable, nil
			},
		},
	}
}
