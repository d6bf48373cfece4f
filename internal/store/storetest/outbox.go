package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Outbox is the behaviour of a cases.Store as an outbox.
func Outbox(t *testing.T, open func(t *testing.T) cases.Store) {
	rows := map[string]func(*box){
		"each tenant has its share of a page, those that are due the longest":            (*box).shares,
		"what was postponed is not read before it is due, and is found again":            (*box).postponed,
		"an unattempted effect belongs to the process of its commit for a while":         (*box).fresh,
		"an effect that was claimed cannot be dropped, one that was dropped not claimed": (*box).claims,
		"dead letters are listed apart, replayed or discarded":                           (*box).deadLetters,
		"a commit buries, replays and discards all or nothing":                           (*box).commits,
		"of a race of claim and drop one wins":                                           (*box).race,
		"the outstanding effects of a commit are found wherever they wait":               (*box).outstanding,
		"bookmarks are kept over those that were read":                                   (*box).bookmarks,
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) { row(&box{T: t, Store: open(t), ctx: context.Background()}) })
	}
}

// box is a store under test.
type box struct {
	*testing.T
	cases.Store
	ctx context.Context
}

func effectOf(tenant, id string, version, number int) cases.Effect {
	return cases.Effect{Tenant: tenant, Case: id, Version: version, Number: number, Kind: cases.EffectWake, Name: id + "-1", Token: "token", At: epoch, Data: map[string]any{"n": float64(number)}}
}

// commit writes a new case with effects.
func (b *box) commit(tenant, id string, effects ...cases.Effect) cases.Record {
	b.Helper()
	change := created(record(tenant, id))
	change.Effects = effects
	must(b.T, b.Commit(b.ctx, change))
	return change.Next
}

// flush makes background writes visible.
func (b *box) flush() {
	b.Helper()
	must(b.T, b.PutTaskRun(b.ctx, "z", "any", cases.TaskRun{ID: "later", StartedAt: epoch}))
}

func (b *box) read(page cases.OutboxPage) (refs []string, next string) {
	b.Helper()
	b.flush()
	effects, next, err := b.Waiting(b.ctx, page)
	must(b.T, err)
	for _, e := range effects {
		if e.Kind != cases.EffectNone {
			refs = append(refs, e.Tenant+" "+e.Case+" "+e.Ref())
		}
	}
	return refs, next
}

// all reads everything that is due before the time, page by page.
func (b *box) all(before time.Time) (refs []string) {
	b.Helper()
	page := cases.OutboxPage{Before: before, Fresh: before, Each: 100, Limit: 100}
	for {
		found, next := b.read(page)
		refs = append(refs, found...)
		if page.After = next; next == "" {
			return refs
		}
	}
}

func (b *box) want(what string, got []string, want ...string) {
	b.Helper()
	if !slices.Equal(got, want) {
		b.Errorf("%s: %v, want %v", what, got, want)
	}
}

func (b *box) shares() {
	var many []cases.Effect
	for n := range 40 {
		e := effectOf("a", "case_1", 1, n)
		e.At = epoch.Add(time.Duration(n) * time.Millisecond)
		many = append(many, e)
	}
	b.commit("a", "case_1", many...)
	for _, tenant := range []string{"a-b", "b", "c"} {
		b.commit(tenant, "case_1", effectOf(tenant, "case_1", 1, 0))
	}
	page := cases.OutboxPage{Before: epoch.Add(time.Minute), Fresh: epoch.Add(time.Minute), Each: 3, Limit: 5}
	got, next := b.read(page)
	b.want("first page", got, "a case_1 1/0", "a case_1 1/1", "a case_1 1/2", "a-b case_1 1/0", "b case_1 1/0")
	if next != "b" {
		b.Errorf("next %q", next)
	}
	page.After = next
	got, next = b.read(page)
	b.want("second page", got, "c case_1 1/0")
	if next != "" {
		b.Errorf("next at the end: %q", next)
	}
	backlog, err := b.Backlog(b.ctx, epoch.Add(time.Minute), 100)
	if err != nil || backlog.Due != 43 || !backlog.Oldest.Equal(epoch) || backlog.Dead != 0 {
		b.Errorf("%+v %v", backlog, err)
	}
	if backlog, err = b.Backlog(b.ctx, epoch.Add(time.Minute), 10); err != nil || backlog.Due != 10 {
		b.Errorf("counted to a limit: %+v %v", backlog, err)
	}
}

// failed is the effect after a failed attempt.
func failed(e cases.Effect, again time.Time) cases.Effect {
	e.Delivery.Attempts++
	e.Delivery.Since, e.Delivery.LastAt, e.Delivery.NextAt, e.Delivery.Error = epoch, epoch, again, "unavailable"
	return e
}

func (b *box) postponed() {
	first, second := effectOf("a", "case_1", 1, 0), effectOf("a", "case_1", 1, 1)
	b.commit("a", "case_1", first, second)
	later := failed(first, epoch.Add(time.Minute))
	must(b.T, b.Postpone(b.ctx, first, later))
	b.want("now", b.all(epoch.Add(time.Second)), "a case_1 1/1")
	b.want("later", b.all(epoch.Add(time.Minute+time.Millisecond)), "a case_1 1/1", "a case_1 1/0")
	latest := failed(later, epoch.Add(time.Hour))
	must(b.T, b.Postpone(b.ctx, later, latest))
	b.want("after two", b.all(epoch.Add(2*time.Minute)), "a case_1 1/1")
	effects, err := b.Undelivered(b.ctx, epoch.Add(2*time.Hour), 10)
	must(b.T, err)
	if got := effects[1].Delivery; got.Attempts != 2 || got.Error != "unavailable" || !got.NextAt.Equal(epoch.Add(time.Hour)) || effects[1].Token != "token" {
		b.Errorf("%+v", effects[1])
	}
	must(b.T, b.Delivered(b.ctx, latest, second))
	must(b.T, b.Postpone(b.ctx, latest, failed(latest, epoch.Add(2*time.Hour)))) // it has vanished: that is fine
	must(b.T, b.Bury(b.ctx, latest))
	b.want("delivered", b.all(epoch.Add(24*time.Hour)))
}

func (b *box) fresh() {
	held := effectOf("a", "case_1", 1, 1)
	held.NotBefore = epoch.Add(8 * time.Second)
	tried := effectOf("a", "case_1", 1, 2)
	b.commit("a", "case_1", effectOf("a", "case_1", 1, 0), held, tried)
	must(b.T, b.Postpone(b.ctx, tried, failed(tried, epoch.Add(5*time.Second))))
	got, _ := b.read(cases.OutboxPage{Before: epoch.Add(10 * time.Second), Fresh: epoch.Add(-20 * time.Second), Each: 10, Limit: 10})
	b.want("while dispatch has it", got, "a case_1 1/2", "a case_1 1/1")
	got, _ = b.read(cases.OutboxPage{Before: epoch.Add(40 * time.Second), Fresh: epoch.Add(10 * time.Second), Each: 10, Limit: 10})
	b.want("when dispatch has missed it", got, "a case_1 1/0", "a case_1 1/2", "a case_1 1/1")
}

// heldBy is an effect of a decision that can be undone.
func heldBy(number int) cases.Effect {
	e := effectOf("a", "case_1", 1, number)
	e.NotBefore = epoch.Add(8 * time.Second)
	return e
}

func (b *box) claims() {
	r := b.commit("a", "case_1", heldBy(0), heldBy(1), heldBy(2))
	must(b.T, b.Claim(b.ctx, heldBy(1)))
	must(b.T, b.Claim(b.ctx, heldBy(1)))
	undo := next(r, nil)
	undo.Dropped = []cases.Effect{heldBy(0), heldBy(1), heldBy(2)}
	wants(b.T, b.Commit(b.ctx, undo), problem.UndoOver)
	if got, err := b.Get(b.ctx, "a", "case_1"); err != nil || got.Version != 1 {
		b.Errorf("an undo that was refused has written: %d %v", got.Version, err)
	}
	undo.Dropped = []cases.Effect{heldBy(0), heldBy(2)}
	must(b.T, b.Commit(b.ctx, undo))
	wants(b.T, b.Claim(b.ctx, heldBy(0)), problem.NotFound)
	b.want("left", b.all(epoch.Add(time.Minute)), "a case_1 1/1")
	claimed := heldBy(1)
	claimed.Delivery.Claimed = true
	later := failed(claimed, epoch.Add(time.Minute))
	must(b.T, b.Postpone(b.ctx, claimed, later))
	b.flush()
	again := next(undo.Next, nil)
	again.Dropped = []cases.Effect{heldBy(1)}
	wants(b.T, b.Commit(b.ctx, again), problem.UndoOver)
	must(b.T, b.Delivered(b.ctx, later))
	b.flush()
	wants(b.T, b.Commit(b.ctx, again), problem.UndoOver)
	wants(b.T, b.Claim(b.ctx, later), problem.NotFound)
}

// race lets a claim and a drop of the same effect meet.
func (b *box) race() {
	for n := range 12 {
		id := fmt.Sprintf("case_%d", n)
		e := effectOf("a", id, 1, 0)
		e.NotBefore = epoch.Add(8 * time.Second)
		undo := next(b.commit("a", id, e), nil)
		undo.Dropped = []cases.Effect{e}
		claimed := make(chan error)
		go func() { claimed <- b.Claim(b.ctx, e) }()
		dropped := b.Commit(b.ctx, undo)
		for problem.CodeOf(dropped) == problem.Conflict { // two writes on one item at a time: a caller tries again
			dropped = b.Commit(b.ctx, undo)
		}
		if won := <-claimed; (won == nil) == (dropped == nil) {
			b.Errorf("claim %v, drop %v", won, dropped)
		}
	}
}

func dead(e cases.Effect) cases.Effect {
	e.Delivery.Attempts, e.Delivery.Error, e.Delivery.DeadAt = 20, "timeout", epoch.Add(time.Hour)
	return e
}

func (b *box) deadLetters() {
	for _, tenant := range []string{"a", "a-b", "b"} {
		for n := range 5 {
			id := fmt.Sprintf("case_%d", n)
			e := effectOf(tenant, id, 1, 0)
			b.commit(tenant, id, e)
			if tenant != "b" {
				must(b.T, b.Bury(b.ctx, dead(e)))
			}
		}
	}
	b.want("due", b.all(epoch.Add(time.Minute)), "b case_0 1/0", "b case_1 1/0", "b case_2 1/0", "b case_3 1/0", "b case_4 1/0")
	var ids []string
	for after := ""; ; {
		page, next, err := b.Store.DeadLetters(b.ctx, "a", after, 2)
		must(b.T, err)
		for _, e := range page {
			if e.Tenant != "a" || e.Delivery.Error != "timeout" || e.Token != "token" {
				b.Errorf("%+v", e)
			}
			ids = append(ids, e.Case)
		}
		if after = next; after == "" {
			break
		}
	}
	b.want("listed", ids, "case_0", "case_1", "case_2", "case_3", "case_4")
	one, err := b.DeadLetter(b.ctx, "a", "case_3", 1, 0)
	must(b.T, err)
	_, err = b.DeadLetter(b.ctx, "b", "case_3", 1, 0)
	wants(b.T, err, problem.NotFound)
	now := epoch.Add(2 * time.Hour)
	must(b.T, b.Settle(b.ctx, one.Replayed(now), false))
	wants(b.T, b.Settle(b.ctx, one.Replayed(now), false), problem.NotFound)
	must(b.T, b.Settle(b.ctx, dead(effectOf("a", "case_4", 1, 0)), true))
	wants(b.T, b.Settle(b.ctx, dead(effectOf("a", "case_4", 1, 0)), true), problem.NotFound)
	due := b.all(now.Add(time.Second))
	if due = due[:1]; !slices.Equal(due, []string{"a case_3 1/0"}) {
		b.Errorf("due after the replay: %v", due)
	}
	if backlog, err := b.Backlog(b.ctx, epoch, 100); err != nil || backlog.Dead != 8 || backlog.Due != 0 {
		b.Errorf("%+v %v", backlog, err)
	}
}

func (b *box) commits() {
	first, second, third := effectOf("a", "case_1", 1, 0), effectOf("a", "case_1", 1, 1), effectOf("a", "case_1", 1, 2)
	r := b.commit("a", "case_1", first, second, third)
	burial := next(r, nil)
	burial.Buried = []cases.Effect{dead(first), dead(second)}
	must(b.T, b.Commit(b.ctx, burial))
	again := next(burial.Next, nil)
	again.Buried = []cases.Effect{dead(third), dead(first)}
	wants(b.T, b.Commit(b.ctx, again), problem.NotFound)
	b.want("alive", b.all(epoch.Add(time.Minute)), "a case_1 1/2")
	now := epoch.Add(time.Hour)
	both := next(burial.Next, nil)
	both.Replayed, both.Discarded = []cases.Effect{dead(first).Replayed(now)}, []cases.Effect{dead(third)}
	wants(b.T, b.Commit(b.ctx, both), problem.NotFound)
	both.Discarded = []cases.Effect{dead(second)}
	must(b.T, b.Commit(b.ctx, both))
	b.want("alive after the replay", b.all(now.Add(time.Second)), "a case_1 1/2", "a case_1 1/0")
	if left, _, err := b.Store.DeadLetters(b.ctx, "a", "", 10); err != nil || len(left) != 0 {
		b.Errorf("%v %v", left, err)
	}
}

func (b *box) outstanding() {
	waiting, moved, buried, gone := effectOf("a", "case_1", 1, 0), effectOf("a", "case_1", 1, 1), effectOf("a", "case_1", 1, 2), effectOf("a", "case_1", 1, 3)
	b.commit("a", "case_1", waiting, moved, buried, gone)
	b.commit("a", "case_2", effectOf("a", "case_2", 1, 0))
	must(b.T, b.Postpone(b.ctx, moved, failed(moved, epoch.Add(time.Hour))))
	must(b.T, b.Bury(b.ctx, dead(buried)))
	must(b.T, b.Delivered(b.ctx, gone))
	b.flush()
	found, err := b.Outstanding(b.ctx, "a", "case_1", 1, epoch)
	must(b.T, err)
	var refs []string
	for _, e := range found {
		refs = append(refs, e.Ref())
	}
	slices.Sort(refs)
	b.want("outstanding", refs, "1/0", "1/1", "1/2")
	if found, err = b.Outstanding(b.ctx, "a", "case_1", 2, epoch); err != nil || len(found) != 0 {
		b.Errorf("of another commit: %v %v", found, err)
	}
}

func (b *box) bookmarks() {
	none, err := b.Bookmarks(b.ctx)
	must(b.T, err)
	if len(none.At) != 0 || none.Revision != 0 {
		b.Fatalf("there are bookmarks: %+v", none)
	}
	for n, at := range []string{"2#open#a", "", "\x00\xff7#open#b"} {
		marks, err := b.Bookmarks(b.ctx)
		must(b.T, err)
		marks.At = map[string][]byte{"open": []byte(at), "effects": []byte("a")}
		must(b.T, b.PutBookmarks(b.ctx, marks))
		if after, err := b.Bookmarks(b.ctx); err != nil || string(after.At["open"]) != at || string(after.At["effects"]) != "a" || after.Revision != n+1 {
			b.Errorf("%+v %v", after, err)
		}
		marks.At = map[string][]byte{"open": []byte("another")}
		if err := b.PutBookmarks(b.ctx, marks); problem.CodeOf(err) != problem.Conflict {
			b.Errorf("bookmarks over former ones: %v", err)
		}
	}
	if err := b.PutBookmarks(b.ctx, cases.Bookmarks{At: map[string][]byte{"open": []byte("new")}}); problem.CodeOf(err) != problem.Conflict {
		b.Errorf("bookmarks where there are some: %v", err)
	}
	if after, err := b.Bookmarks(b.ctx); err != nil || string(after.At["open"]) != "\x00\xff7#open#b" {
		b.Errorf("who came second has kept its own: %+v %v", after, err)
	}
}
