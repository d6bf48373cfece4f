package storetest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"ballerine/internal/backoffice"
	"ballerine/internal/identity"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/lists"
	"ballerine/internal/policy/trial"
	"ballerine/internal/registry"
)

// Stores are the stores whose lists show an entry that cannot be decoded as such.
type Stores struct {
	Ledger    ledger.Store
	Keys      identity.Store
	Reviews   backoffice.Store
	Registry  registry.Store
	Lists     lists.Store
	Trials    trial.Store
	Backtests backtest.Store
}

// SpoilEntry overwrites what is stored of the second entry of a kind with what cannot be decoded.
type SpoilEntry func(t *testing.T, kind string)

// Entries is a list whose second of three entries, numbered from 1, is damaged.
type Entries struct {
	Put  func(ctx context.Context, s Stores, n int) error
	list func(ctx context.Context, s Stores) (all, unreadable []string, err error)
	// fails is an operation that must not continue as if the damaged entry did not exist; nil if none relies on all entries.
	fails func(ctx context.Context, s Stores) error
}

// UnreadableEntries checks for each list that one entry that cannot be decoded is shown as such and hides no other, and
// that what relies on all entries fails.
func UnreadableEntries(t *testing.T, open func(t *testing.T) (Stores, SpoilEntry)) {
	ctx := context.Background()
	for kind, of := range AllEntries() {
		t.Run(kind, func(t *testing.T) {
			s, spoil := open(t)
			for n := 1; n <= 3; n++ {
				must(t, of.Put(ctx, s, n))
			}
			if of.fails != nil {
				must(t, of.fails(ctx, s))
			}
			spoil(t, kind)
			all, unreadable, err := of.list(ctx, s)
			must(t, err)
			if slices.Sort(all); len(all) != 3 || len(unreadable) != 1 || unreadable[0] != all[1] || slices.Compact(slices.Clone(all))[2] != all[2] {
				t.Errorf("%v are listed, %v as unreadable", all, unreadable)
			}
			if of.fails != nil && of.fails(ctx, s) == nil {
				t.Error("what relies on all of them continues as if the unreadable one did not exist")
			}
		})
	}
}

// at is when the n-th entry was made.
func at(n int) time.Time { return time.Date(2026, 5, 4, 8, 0, n, 0, time.UTC) }

// paged reads a list page by page.
func paged(read func(after string) (ids, unreadable []string, next string, err error)) (all, unreadable []string, err error) {
	for after := ""; len(all) < 10; {
		ids, lost, next, err := read(after)
		if err != nil {
			return nil, nil, err
		}
		all, unreadable = append(all, ids...), append(unreadable, lost...)
		if after = next; next == "" {
			break
		}
	}
	return all, unreadable, nil
}

// named are the ids of a page, and those of its entries that cannot be read.
func named[T any](page []T, of func(T) (id string, unreadable bool)) (ids, unreadable []string) {
	for _, one := range page {
		id, lost := of(one)
		if ids = append(ids, id); lost {
			unreadable = append(unreadable, id)
		}
	}
	return ids, unreadable
}

// AllEntries are the lists, by what is in them.
func AllEntries() map[string]Entries {
	return map[string]Entries{
		"decision": {Put: putDecision, list: listDecisions},
		"key": {
			Put: func(ctx context.Context, s Stores, n int) error {
				granter := "user_1"
				if n > 1 {
					granter = "key_1"
				}
				return s.Keys.PutKey(ctx, 0, identity.Key{Tenant: "a", ID: fmt.Sprint("key_", n), Prefix: fmt.Sprint("p", n), CreatedAt: at(n), CreatedBy: granter, GrantedBy: granter, Revision: 1})
			},
			list: func(ctx context.Context, s Stores) (all, unreadable []string, err error) {
				page, err := s.Keys.Keys(ctx, "a")
				all, unreadable = named(page, func(k identity.Key) (string, bool) { return k.ID, k.Unreadable && k.Tenant == "a" })
				return all, unreadable, err
			},
			fails: func(ctx context.Context, s Stores) error { // the chain of grants
				keys := identity.NewKeys(identity.KeysConfig{Store: s.Keys, Now: func() time.Time { return at(10) }})
				_, _, err := keys.Rotate(ctx, identity.Principal{Tenant: "a", Kind: identity.Client, ID: "key_1", Scopes: []string{"*"}}, "key_3", "")
				return err
			},
		},
		"user": {
			Put: func(ctx context.Context, s Stores, n int) error {
				return s.Keys.PutUser(ctx, identity.Person{Tenant: "a", ID: fmt.Sprint("user_", n), Email: fmt.Sprint(n, "@example.com"), CreatedAt: at(n), UpdatedAt: at(n)})
			},
			list: func(ctx context.Context, s Stores) (all, unreadable []string, err error) {
				page, err := s.Keys.Users(ctx, "a")
				all, unreadable = named(page, func(p identity.Person) (string, bool) { return p.ID, p.Unreadable && p.Tenant == "a" })
				return all, unreadable, err
			},
		},
		"view": {
			Put: func(ctx context.Context, s Stores, n int) error {
				return s.Reviews.PutView(ctx, backoffice.View{Tenant: "a", ID: fmt.Sprint("view_", n), Name: "n", Shared: true, Owner: "user_1", Version: 1, CreatedAt: at(n), UpdatedAt: at(n)})
			},
			list: func(ctx context.Context, s Stores) (all, unreadable []string, err error) {
				page, err := s.Reviews.Views(ctx, "a")
				all, unreadable = named(page, func(v backoffice.View) (string, bool) { return v.ID, v.Unreadable && v.Tenant == "a" })
				return all, unreadable, err
			},
		},
		"proposal": {
			Put: func(ctx context.Context, s Stores, n int) error {
				return s.Registry.AddProposal(ctx, registry.Proposal{Tenant: "a", ID: fmt.Sprint("prop_", n), Status: registry.Open, ProposedAt: at(n), ProposedBy: "user_1"})
			},
			list: func(ctx context.Context, s Stores) (all, unreadable []string, err error) {
				return paged(func(after string) (ids, lost []string, next string, err error) {
					page, next, err := s.Registry.Proposals(ctx, "a", registry.ProposalQuery{Status: registry.Open, After: after, Limit: 1})
					ids, lost = named(page, func(p registry.Proposal) (string, bool) { return p.ID, p.Unreadable && p.Tenant == "a" })
					return ids, lost, next, err
				})
			},
		},
		"version": {
			Put: func(ctx context.Context, s Stores, n int) error {
				return s.Registry.PutDefinition(ctx, registry.Definition{Tenant: "a", Kind: registry.Policy, ID: "p", Version: n, Digest: "sha256:0", Source: "id: p", PublishedAt: at(n), PublishedBy: "user_1"})
			},
			list: func(ctx context.Context, s Stores) (all, unreadable []string, err error) {
				page, err := s.Registry.Definitions(ctx, "a", registry.Policy, "p")
				every, failed := s.Registry.Definitions(ctx, "a", registry.Policy, "")
				if err == nil && failed != nil || len(every) != len(page) {
					return nil, nil, fmt.Errorf("of the kind: %v %w", every, failed)
				}
				for i, d := range every {
					if d.ID != "p" || d.Version != page[i].Version || d.Unreadable != page[i].Unreadable {
						return nil, nil, fmt.Errorf("of the kind: %+v", d)
					}
				}
				all, unreadable = named(page, func(d registry.Definition) (string, bool) {
					return strconv.Itoa(d.Version), d.Unreadable && d.Tenant == "a" && d.Kind == registry.Policy
				})
				return all, unreadable, err
			},
			fails: func(ctx context.Context, s Stores) error {
				_, err := s.Registry.Definition(ctx, "a", registry.Policy, "p", 2)
				return err
			},
		},
		"list": {
			Put: func(ctx context.Context, s Stores, n int) error {
				return s.Lists.PutList(ctx, lists.List{Tenant: "a", ID: fmt.Sprint("list-", n), Type: lists.Own, Revision: 1, CreatedAt: at(n), UpdatedAt: at(n)}, nil, nil)
			},
			list: func(ctx context.Context, s Stores) (all, unreadable []string, err error) {
				page, err := s.Lists.Lists(ctx, "a")
				all, unreadable = named(page, func(l lists.List) (string, bool) { return l.ID, l.Unreadable && l.Tenant == "a" })
				return all, unreadable, err
			},
			fails: func(ctx context.Context, s Stores) error { // what a policy asks
				_, err := s.Lists.Heads(ctx, "a", []string{"list-1", "list-2"})
				return err
			},
		},
		"edition": {
			Put: putEdition,
			list: func(ctx context.Context, s Stores) (all, unreadable []string, err error) {
				return paged(func(after string) (ids, lost []string, next string, err error) {
					before, _ := strconv.Atoi(after)
					page, err := s.Lists.Editions(ctx, "a", "l", before, 1)
					ids, lost = named(page, func(e lists.Edition) (string, bool) {
						return strconv.Itoa(e.Number), e.Unreadable && e.Tenant == "a" && e.List == "l"
					})
					if len(ids) > 0 && ids[0] != "1" {
						next = ids[0]
					}
					return ids, lost, next, err
				})
			},
			fails: func(ctx context.Context, s Stores) error { // it may name the same entries
				_, err := (&lists.Service{Store: s.Lists, Now: func() time.Time { return at(10) }}).Forget(ctx, "a", "l", 1)
				if _, gone := s.Lists.Chunks(ctx, "a", "l", []string{"1-0"}); gone != nil {
					return nil //nolint:nilerr // entries of another edition are erased: that must not be
				}
				return err
			},
		},
		"trial": {
			Put: func(ctx context.Context, s Stores, n int) error {
				t := trial.Trial{Tenant: "a", Policy: "p", ID: fmt.Sprint("trial_", n), Kind: trial.Shadow, Base: 1, Source: "id: p", Status: trial.Ended, ProposedAt: at(n), ProposedBy: "user_1", Revision: 1}
				if n == 2 {
					t.Status, t.StartedAt = trial.Running, at(n)
				}
				return s.Trials.PutTrial(ctx, 0, t)
			},
			list: func(ctx context.Context, s Stores) (all, unreadable []string, err error) {
				return paged(func(after string) (ids, lost []string, next string, err error) {
					page, next, err := s.Trials.Trials(ctx, "a", "p", after, 1)
					ids, lost = named(page, func(t trial.Trial) (string, bool) { return t.ID, t.Unreadable && t.Tenant == "a" && t.Policy == "p" })
					return ids, lost, next, err
				})
			},
			fails: func(ctx context.Context, s Stores) error { // whether it decides
				_, err := s.Trials.RunningTrials(ctx, "a", "p")
				return err
			},
		},
		"backtest": {
			Put: func(ctx context.Context, s Stores, n int) error {
				return s.Backtests.PutRun(ctx, 0, backtest.Run{Ref: backtest.Ref{Tenant: "a", Policy: "p", ID: fmt.Sprint("backtest_", n)}, Status: backtest.Done, Revision: 1, CreatedAt: at(n), CreatedBy: "user_1"})
			},
			list: func(ctx context.Context, s Stores) (all, unreadable []string, err error) {
				return paged(func(after string) (ids, lost []string, next string, err error) {
					page, next, err := s.Backtests.Runs(ctx, "a", "p", after, 1)
					ids, lost = named(page, func(r backtest.Run) (string, bool) { return r.ID, r.Unreadable && r.Tenant == "a" && r.Policy == "p" })
					return ids, lost, next, err
				})
			},
		},
		"part": {
			Put: func(ctx context.Context, s Stores, n int) error {
				ref := backtest.Ref{Tenant: "a", Policy: "p", ID: "backtest_1"}
				if n == 1 {
					if err := s.Backtests.PutRun(ctx, 0, backtest.Run{Ref: ref, Status: backtest.Running, Planned: true, Windows: make([]backtest.Window, 3), Revision: 1}); err != nil {
						return err
					}
				}
				return s.Backtests.PutPart(ctx, ref, 0, backtest.Part{Number: n, Done: true, Decisions: n, Revision: 1}, []byte("{}"))
			},
			list: func(ctx context.Context, s Stores) (all, unreadable []string, err error) {
				page, err := s.Backtests.Parts(ctx, backtest.Ref{Tenant: "a", Policy: "p", ID: "backtest_1"})
				all, unreadable = named(page, func(p backtest.Part) (string, bool) {
					return strconv.Itoa(p.Number), p.Failure != nil && !p.Done && p.Failure.Part == p.Number
				})
				return all, unreadable, err
			},
			fails: func(ctx context.Context, s Stores) error { // what adds them up
				_, _, err := s.Backtests.Part(ctx, backtest.Ref{Tenant: "a", Policy: "p", ID: "backtest_1"}, 2)
				return err
			},
		},
	}
}

// putEdition adds an edition of one entry. The first and the second name the same one.
func putEdition(ctx context.Context, s Stores, n int) error {
	now := at(n)
	list := lists.List{Tenant: "a", ID: "l", Type: lists.Own, Edition: n, Entries: 1, Digest: "sha256:0", Revision: n, CreatedAt: now, UpdatedAt: now}
	name := "1-0"
	if n == 3 {
		name = "3-0"
	}
	edition := lists.Edition{Tenant: "a", List: "l", Number: n, Entries: 1, Digest: "sha256:0", Chunks: []lists.Chunk{{Name: name, Entries: 1}}, CreatedAt: now}
	return s.Lists.PutList(ctx, list, &edition, map[string][]byte{name: {byte(n)}})
}

func putDecision(ctx context.Context, s Stores, n int) error {
	_, err := s.Ledger.PutDecision(ctx, ledger.Sealed{Head: ledger.Head{
		Tenant: "a", Policy: "p", ID: fmt.Sprint("dec_", n), At: at(n), Outcome: "review", Fired: []string{}, Version: 1,
	}, Body: []byte{1}})
	return err
}

func listDecisions(ctx context.Context, s Stores) (all, unreadable []string, err error) {
	return paged(func(after string) (ids, lost []string, next string, err error) {
		page, next, err := s.Ledger.Decisions(ctx, "a", "p", ledger.Query{Limit: 1, After: after, Filter: ledger.Filter{Outcome: "review", From: at(1)}})
		if err != nil {
			return nil, nil, "", err
		}
		for _, d := range page {
			if place := fmt.Sprintf("2026-05-04T08:00:0%s.000000000Z#%s", d.ID[len("dec_"):], d.ID); d.Place() != place || d.Tenant != "a" || d.Policy != "p" {
				return nil, nil, "", fmt.Errorf("the place of %s is %s", place, d.Place())
			}
		}
		ids, lost = named(page, func(d ledger.Sealed) (string, bool) { return d.ID, d.Unreadable })
		return ids, lost, next, nil
	})
}
