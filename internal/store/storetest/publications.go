package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Publications is the behaviour of a cases.Store as the place where events are read again.
func Publications(t *testing.T, open func(t *testing.T) cases.Store) {
	rows := map[string]func(*box){
		"a tenant's are read in the order in which they were final, in pages":  (*box).publicationPages,
		"what is taken back is not read again, and what is held back waits":    (*box).retracted,
		"those of a case are found by their places, with all parts":            (*box).publicationPlaces,
		"a refused commit publishes nothing":                                   (*box).unpublished,
		"a commit that is no longer fresh is refused":                          (*box).late,
		"a reader that follows many writers misses nothing and reads all once": (*box).followed,
		"what has been kept for its time does not pile up":                     (*box).expired,
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) { row(&box{T: t, Store: open(t), ctx: context.Background()}) })
	}
}

func publication(tenant, id string, version, part int, at, final time.Time, kinds ...string) cases.Publication {
	p := cases.Publication{Tenant: tenant, Case: id, Version: version, Part: part, At: at, Final: final}
	for n, kind := range kinds {
		p.Events = append(p.Events, cases.Published{ID: fmt.Sprintf("%s/%d/%d", id, version, n), Type: kind, Data: map[string]any{"case": id, "n": float64(n)}})
	}
	return p
}

// publish writes a new case with publications.
func (b *box) publish(tenant, id string, at time.Time, publications ...cases.Publication) cases.Record {
	b.Helper()
	change := created(record(tenant, id))
	change.Entry.At, change.Publications = at, publications
	must(b.T, b.Commit(b.ctx, change))
	return change.Next
}

// read again, page after page, what was final before a time.
func (b *box) published(tenant string, from cases.Place, until time.Time, limit int) (ids []string) {
	b.Helper()
	for range 1000 {
		found, more, err := b.Store.Publications(b.ctx, tenant, from, until, limit)
		must(b.T, err)
		if len(found) > limit {
			b.Fatalf("%d on a page of %d", len(found), limit)
		}
		for _, p := range found {
			for _, e := range p.Events {
				ids = append(ids, e.ID)
			}
			from = p.Place()
			from.Part++
		}
		if !more {
			return ids
		}
	}
	b.Fatal("the pages do not end")
	return nil
}

func (b *box) publicationPages() {
	var want []string
	for n := range 60 { // times come in any order
		id, at := fmt.Sprintf("case_%02d", n), epoch.Add(time.Duration(n*37%60)*time.Millisecond)
		b.publish("a", id, at, publication("a", id, 1, 0, at, at, "case.created"))
		b.publish("b", "x"+id, at, publication("b", "x"+id, 1, 0, at, at, "case.created"))
	}
	for n := range 60 {
		for id := range 60 {
			if id*37%60 == n {
				want = append(want, fmt.Sprintf("case_%02d/1/0", id))
			}
		}
	}
	for _, limit := range []int{1, 7, 100} {
		b.want(fmt.Sprintf("all, by %d", limit), b.published("a", cases.Place{}, epoch.Add(time.Hour), limit), want...)
	}
	b.want("until a time", b.published("a", cases.Place{}, epoch.Add(10*time.Millisecond), 7), want[:10]...)
	b.want("from a time on", b.published("a", cases.Place{Final: epoch.Add(50 * time.Millisecond)}, epoch.Add(time.Hour), 7), want[50:]...)
	b.want("nothing", b.published("a", cases.Place{Final: epoch.Add(time.Hour)}, epoch, 7))
	b.want("of another tenant", b.published("c", cases.Place{}, epoch.Add(time.Hour), 7))
	found, _, err := b.Store.Publications(b.ctx, "a", cases.Place{}, epoch.Add(time.Hour), 1)
	must(b.T, err)
	if e := found[0]; e.Events[0].Type != "case.created" || e.Events[0].Data["case"] != e.Case || !e.At.Equal(epoch) || e.Tenant != "a" {
		b.Errorf("%+v", e)
	}
}

func (b *box) retracted() {
	final := epoch.Add(31 * time.Second)
	r := b.publish("a", "case_1", epoch, publication("a", "case_1", 1, 0, epoch, final, "case.decision"))
	b.publish("a", "case_2", epoch, publication("a", "case_2", 1, 0, epoch, final, "case.decision"))
	b.want("held back", b.published("a", cases.Place{}, final, 7))
	change := next(r, nil)
	change.Retracted = []cases.Publication{publication("a", "case_1", 1, 0, epoch, final)}
	must(b.T, b.Commit(b.ctx, change))
	b.want("after its time", b.published("a", cases.Place{}, final.Add(time.Millisecond), 7), "case_2/1/0")
	places := []cases.Place{{Final: final, Case: "case_1", Version: 1}}
	found, err := b.PublicationsAt(b.ctx, "a", places)
	must(b.T, err)
	for _, p := range found {
		if len(p.Events) > 0 {
			b.Errorf("it is still read: %+v", p)
		}
	}
}

func (b *box) publicationPlaces() {
	parts := []cases.Publication{publication("a", "case_1", 1, 0, epoch, epoch, "case.created"), publication("a", "case_1", 1, 1, epoch, epoch, "workflow.a")}
	parts[0].Parts, parts[1].Parts = 2, 2
	r := b.publish("a", "case_1", epoch, parts...)
	change := next(r, nil)
	change.Publications = []cases.Publication{publication("a", "case_1", 2, 0, change.Entry.At, change.Entry.At, "case.completed")}
	must(b.T, b.Commit(b.ctx, change))
	place := func(id string, version int, at time.Time) cases.Place {
		return cases.Place{Final: at, Case: id, Version: version}
	}
	found, err := b.PublicationsAt(b.ctx, "a", []cases.Place{
		place("case_1", 2, change.Entry.At), place("case_1", 1, epoch), place("case_1", 3, epoch), place("case_2", 1, epoch),
	})
	must(b.T, err)
	var got []string
	for _, p := range found {
		got = append(got, fmt.Sprintf("%s %d.%d", p.Events[0].Type, p.Version, p.Part))
	}
	b.want("in the order of the places", got, "case.completed 2.0", "case.created 1.0", "workflow.a 1.1")
	none, err := b.PublicationsAt(b.ctx, "b", []cases.Place{place("case_1", 1, epoch)})
	if err != nil || len(none) > 0 {
		b.Errorf("another tenant reads %v, %v", none, err)
	}
}

func (b *box) unpublished() {
	r := b.publish("a", "case_1", epoch)
	must(b.T, b.Commit(b.ctx, next(r, nil)))
	late := next(r, nil)
	late.Publications = []cases.Publication{publication("a", "case_1", 2, 0, epoch, epoch, "case.completed")}
	if err := b.Commit(b.ctx, late); err == nil {
		b.Fatal("a write over another one must be refused")
	}
	b.want("nothing is published", b.published("a", cases.Place{}, epoch.Add(time.Hour), 7))
}

// late: the store checks that a commit is fresh, and does not write one that is not.
func (b *box) late() {
	change := created(record("a", "case_1"))
	change.Entry.At, change.Publications = epoch, []cases.Publication{publication("a", "case_1", 1, 0, epoch, epoch, "case.created")}
	change.Fresh = func() error { return problem.New(problem.Conflict, "late") }
	if err := b.Commit(b.ctx, change); problem.CodeOf(err) != problem.Conflict {
		b.Fatalf("%v", err)
	}
	b.want("nothing was written", b.published("a", cases.Place{}, epoch.Add(time.Hour), 7))
	change.Fresh = func() error { return nil }
	if err := b.Commit(b.ctx, change); err != nil {
		b.Fatal(err)
	}
	b.want("one is", b.published("a", cases.Place{}, epoch.Add(time.Hour), 7), "case_1/1/0")
}

// writersClock is a clock of several writers. It passes as they draft changes, and waits while a change that is fresh has not been
// written for the time that a store may take for it.
type writersClock struct {
	sync.Mutex
	written *sync.Cond
	now     time.Time
	step    int
	fresh   []time.Time // when changes that are being written were found fresh
}

const commitTime = 5 * time.Second

func (c *writersClock) time() time.Time {
	c.Lock()
	defer c.Unlock()
	return c.now
}

func (c *writersClock) pass() time.Time {
	c.Lock()
	defer c.Unlock()
	c.step = (c.step*17 + 5) % 41
	next := c.now.Add(time.Duration(10*c.step) * time.Millisecond)
	for slices.ContainsFunc(c.fresh, func(at time.Time) bool { return next.Sub(at) > commitTime }) {
		c.written.Wait()
		next = c.now.Add(time.Duration(10*c.step) * time.Millisecond)
	}
	c.now = next
	return next
}

// commit drafts changes until one is fresh when the store begins to write it.
func (c *writersClock) commit(b *box, id string) error {
	for {
		at, late := c.pass(), false
		var began time.Time
		change := created(record("a", id))
		change.Entry.At, change.Publications = at, []cases.Publication{publication("a", id, 1, 0, at, at, "case.created")}
		change.Fresh = func() error {
			c.Lock()
			defer c.Unlock()
			if late = c.now.Sub(at) > cases.DraftTime; late {
				return problem.New(problem.Conflict, "late")
			}
			began = c.now
			c.fresh = append(c.fresh, began)
			return nil
		}
		err := b.Commit(b.ctx, change)
		c.Lock()
		if at := slices.Index(c.fresh, began); at >= 0 {
			c.fresh = slices.Delete(c.fresh, at, at+1)
		}
		c.Unlock()
		c.written.Broadcast()
		if !late {
			return err
		}
	}
}

// followed lets writers commit while a reader follows them. What the store calls settled stays, and a writer that the clock has
// left too far behind is refused and drafts again, as the commands do.
func (b *box) followed() {
	const writers, each = 4, 25
	clock := &writersClock{now: epoch}
	clock.written = sync.NewCond(clock)
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for n := range each {
				if err := clock.commit(b, fmt.Sprintf("case_%d_%02d", w, n)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writing.Wait(); close(done) }()
	var ids []string
	from := cases.Place{}
	for last := false; !last; {
		select {
		case <-done:
			clock.Lock()
			clock.now, last = clock.now.Add(time.Hour), true
			clock.Unlock()
		default:
		}
		until := b.Settled(clock.time())
		for more := true; more; {
			var found []cases.Publication
			var err error
			found, more, err = b.Store.Publications(b.ctx, "a", from, until, 10)
			must(b.T, err)
			for _, p := range found {
				ids, from = append(ids, p.Case), p.Place()
				from.Part++
			}
		}
	}
	slices.Sort(ids)
	if whole := len(ids); whole != writers*each || len(slices.Compact(ids)) != whole {
		b.Errorf("%d were read of %d: %s", whole, writers*each, strings.Join(ids, " "))
	}
}

// expired is held in terms of what can be read: a store whose items go by themselves has them until then.
func (b *box) expired() {
	b.publish("quiet", "case_0", epoch, publication("quiet", "case_0", 1, 0, epoch, epoch, "case.created"))
	for n := range 12 {
		id, at := fmt.Sprintf("case_%02d", n), epoch.Add(time.Duration(n)*10*24*time.Hour)
		b.publish("a", id, at, publication("a", id, 1, 0, at, at, "case.created"))
	}
	end := epoch.Add(110 * 24 * time.Hour)
	b.want("what is young enough", b.published("a", cases.Place{Final: end.Add(-cases.PublicationLife)}, end.Add(time.Hour), 7), "case_08/1/0", "case_09/1/0", "case_10/1/0", "case_11/1/0")
}
