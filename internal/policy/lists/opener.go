package lists

import (
	"container/list"
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"ballerine/internal/expr"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// Opener opens lists for policies. It reads from the store which edition is the newest each time, so that a change
// counts immediately for all functions; an edition never changes, so its entries are read once. An edition that is
// requested by its number may have been deleted, here or by another process: its head is read from the store each time,
// and entries in memory are used only while the store still has it.
type Opener struct {
	Now   func() time.Time // default time.Now
	store Store
	limit int

	mutex   sync.Mutex
	cached  map[editionKey]*list.Element // of cachedSet
	order   *list.List                   // the one that was used last in front
	size    int
	reading singleflight.Group
}

var _ rules.Lists = (*Opener)(nil)

type editionKey struct {
	tenant, list string
	number       int
}

type cachedSet struct {
	key  editionKey
	set  *Set
	used time.Time
}

// idle is how long an unused edition stays in memory, so that erased entries do not remain there until the process ends:
// the next call for any list releases it.
const idle = 15 * time.Minute

// cacheBytes bounds the editions that a process keeps: a part of the smallest function's memory.
const cacheBytes = 64 << 20

// NewOpener opens the lists of a store.
func NewOpener(store Store) *Opener {
	return &Opener{store: store, limit: cacheBytes, cached: map[editionKey]*list.Element{}, order: list.New(), Now: time.Now}
}

// ListNames are the names of a tenant's lists.
func (o *Opener) ListNames(ctx context.Context, tenant string) ([]string, error) {
	all, err := o.store.Lists(ctx, tenant)
	names := make([]string, 0, len(all))
	for _, l := range all {
		names = append(names, l.ID)
	}
	return names, err
}

// OpenLists implements rules.Lists.
func (o *Opener) OpenLists(ctx context.Context, tenant string, names []string, editions map[string]string) (map[string]expr.List, error) {
	numbers, err := o.numbers(ctx, tenant, names, editions)
	if err != nil {
		return nil, err
	}
	opened := make(map[string]expr.List, len(names))
	missing := problem.New(problem.UnknownList, "The policy uses lists that were not supplied.")
	for _, name := range names {
		number := numbers[name]
		if number < 1 {
			missing.With("lists."+name, "unknown", "%s", why(name, editions[name], number))
			continue
		}
		_, named := editions[name]
		set, err := o.open(ctx, editionKey{tenant, name, number}, named)
		if problem.CodeOf(err) == problem.NotFound {
			missing.With("lists."+name, "unknown", "edition %d of the list %s no longer exists", number, name)
			continue
		}
		if err != nil {
			return nil, err
		}
		opened[name] = set
	}
	if len(missing.Fields) > 0 {
		return nil, missing
	}
	return opened, nil
}

// without states that a list exists and has no entries yet.
const without = -1

func why(name, edition string, number int) string {
	switch {
	case edition != "":
		return "there is no such edition of the list " + name
	case number == without:
		return "no entries were uploaded to the list " + name + " yet"
	}
	return "there is no list " + name
}

// numbers states which editions are meant; what is not there is missing, or without.
func (o *Opener) numbers(ctx context.Context, tenant string, names []string, editions map[string]string) (map[string]int, error) {
	numbers := make(map[string]int, len(names))
	var newest []string
	for _, name := range names {
		if text, named := editions[name]; named {
			if n, err := strconv.Atoi(text); err == nil && n > 0 {
				numbers[name] = n
			}
		} else if identifier.MatchString(name) {
			newest = append(newest, name)
		}
	}
	if len(newest) == 0 {
		return numbers, nil
	}
	heads, err := o.store.Heads(ctx, tenant, newest)
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		switch {
		case h.Deleted:
		case h.Digest == "":
			numbers[h.ID] = without
		default:
			numbers[h.ID] = h.Edition
		}
	}
	return numbers, nil
}

// open returns an edition, read once however many ask; of one that was named, the store has to have the entries still.
// Errors: NotFound when its entries are gone.
func (o *Opener) open(ctx context.Context, key editionKey, named bool) (*Set, error) {
	if named {
		if err := o.there(ctx, key); err != nil {
			return nil, err
		}
	}
	if set := o.known(key); set != nil {
		return set, nil
	}
	read, err, _ := o.reading.Do(key.tenant+"\x00"+key.list+"\x00"+strconv.Itoa(key.number), func() (any, error) {
		if set := o.known(key); set != nil {
			return set, nil
		}
		set, err := o.read(context.WithoutCancel(ctx), key)
		if err == nil {
			o.keep(key, set)
		}
		return set, err
	})
	set, _ := read.(*Set)
	return set, err
}

// there reports whether the store has the entries of an edition. What it has not, memory does not keep. Errors: NotFound.
func (o *Opener) there(ctx context.Context, key editionKey) error {
	_, err := o.edition(ctx, key)
	if problem.CodeOf(err) == problem.NotFound {
		o.drop(key)
	}
	return err
}

// edition reads the head of an edition whose entries are there. Errors: NotFound.
func (o *Opener) edition(ctx context.Context, key editionKey) (Edition, error) {
	edition, err := o.store.Edition(ctx, key.tenant, key.list, key.number)
	if err == nil && edition.Forgotten {
		err = notFound()
	}
	return edition, err
}

func (o *Opener) read(ctx context.Context, key editionKey) (*Set, error) {
	edition, err := o.edition(ctx, key)
	if err != nil {
		return nil, err
	}
	texts, err := chunkTexts(ctx, o.store, edition, edition.Chunks, o.neighbour(key))
	if err != nil {
		return nil, err
	}
	set := newSet(strconv.Itoa(edition.Number), edition.Shape, edition.Entries)
	set.parts = texts
	for _, c := range edition.Chunks {
		set.size += len(texts[c.Name])
		if err := each(texts[c.Name], func(value string, until int64, _ string) error { return set.add(value, until) }); err != nil {
			return nil, err
		}
	}
	if set.Len() != edition.Entries {
		return nil, unreadable(errors.New("an edition does not have its stated number of entries"))
	}
	return set, nil
}

// neighbour are the parts of another edition of the list: most are those of this one, too.
func (o *Opener) neighbour(key editionKey) map[string]string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for e := o.order.Front(); e != nil; e = e.Next() {
		if other, ok := e.Value.(cachedSet); ok && other.key.tenant == key.tenant && other.key.list == key.list {
			return other.set.parts
		}
	}
	return nil
}

func (o *Opener) known(key editionKey) *Set {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	now := o.Now()
	defer o.letGo(now)
	e, there := o.cached[key]
	if !there {
		return nil
	}
	o.order.MoveToFront(e)
	found, _ := e.Value.(cachedSet)
	e.Value = cachedSet{key, found.set, now}
	return found.set
}

// keep keeps an edition while there is space, preferring those used last.
func (o *Opener) keep(key editionKey, set *Set) {
	if set.size > o.limit {
		return
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.remove(o.cached[key])
	now := o.Now()
	o.cached[key] = o.order.PushFront(cachedSet{key, set, now})
	o.size += set.size
	o.letGo(now)
}

// letGo removes what does not fit, and what has been unused for a while.
func (o *Opener) letGo(now time.Time) {
	for last := o.order.Back(); last != nil; last = o.order.Back() {
		if old, _ := last.Value.(cachedSet); o.size <= o.limit && now.Sub(old.used) < idle {
			return
		}
		o.remove(last)
	}
}

func (o *Opener) drop(key editionKey) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.remove(o.cached[key])
}

func (o *Opener) remove(e *list.Element) {
	if e == nil {
		return
	}
	old, _ := o.order.Remove(e).(cachedSet)
	delete(o.cached, old.key)
	o.size -= old.set.size
}
