package watchlists

import (
	"context"
	"slices"
	"strings"
	"sync"

	"ballerine/internal/cache"
	"ballerine/internal/problem"
	"ballerine/internal/screening"
)

// opened are indexes of tenants' lists, as their catalogues were when they were built.
type opened struct {
	mutex    sync.Mutex
	indexes  *cache.Cache[string, *screening.Index] // by tenant and the ids of the editions
	building map[string]*sync.Mutex                 // by tenant

	key     string // of the news that were compared last
	news    *screening.Index
	changed map[string]bool
}

// kept are the news that were compared last, if they are those of a key.
func (o *opened) kept(key string) (*screening.Index, map[string]bool, bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.news, o.changed, o.key == key
}

func (o *opened) keep(key string, news *screening.Index, changed map[string]bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.key, o.news, o.changed = key, news, changed
}

// maxIndexes is how many a process keeps. One of 300,000 entries takes about 750 MB.
const maxIndexes = 4

// Screen searches the current editions of a tenant's lists; of those that are named, or of all. Errors: UnknownList if
// one of them is not loaded, missing or damaged, or none is loaded: nobody is harmless because there is no list;
// Unavailable, Internal.
func (s *Service) Screen(ctx context.Context, tenant string, names []string, q screening.Query, o screening.Options) ([]screening.Hit, map[string]string, error) {
	c, err := s.read(ctx, tenant)
	if err != nil {
		return nil, nil, err
	}
	var searched []Edition
	current := map[string]string{}
	for _, l := range c.Lists {
		if l.Current != nil && (len(names) == 0 || slices.Contains(names, l.Name)) {
			searched, current[l.Name] = append(searched, *l.Current), l.Current.Edition
		}
	}
	var missing []string
	for _, name := range names {
		if current[name] == "" && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) > 0:
		return nil, nil, problem.New(problem.UnknownList, "These watch lists are not loaded: %s.", strings.Join(missing, ", "))
	case len(searched) == 0:
		return nil, nil, problem.New(problem.UnknownList, "No watch list is loaded.")
	}
	x, err := s.index(ctx, tenant, searched)
	if err != nil {
		return nil, nil, err
	}
	return x.Search(q, o), current, nil
}

// index is that of some editions of a tenant. It is built once, by the call that needs it first; others of the tenant wait for it.
func (s *Service) index(ctx context.Context, tenant string, of []Edition) (*screening.Index, error) {
	key := tenant
	for _, e := range of {
		key += " " + e.ID
	}
	indexes, building := s.opened.of(tenant)
	if known, ok := indexes.Get(key); ok {
		return known, nil
	}
	building.Lock()
	defer building.Unlock()
	if known, ok := indexes.Get(key); ok {
		return known, nil
	}
	lists := make([]screening.List, len(of))
	for i, e := range of {
		var err error
		if lists[i], err = s.edition(ctx, tenant, e); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, problem.Wrap(err, problem.Timeout, "The watch lists could not be opened in time.")
	}
	x := screening.Build(lists...)
	indexes.Put(key, x)
	return x, nil
}

// of are the indexes, and what a tenant's are built under.
func (o *opened) of(tenant string) (*cache.Cache[string, *screening.Index], *sync.Mutex) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.indexes == nil {
		o.indexes, o.building = cache.New[string, *screening.Index](maxIndexes), map[string]*sync.Mutex{}
	}
	if o.building[tenant] == nil {
		o.building[tenant] = &sync.Mutex{}
	}
	return o.indexes, o.building[tenant]
}
