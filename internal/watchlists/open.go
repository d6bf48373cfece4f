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
	mutex   sync.Mutex
	indexes *cache.Cache[string, index]
	lists   *cache.Cache[string, screening.List] // by their editions' ids: most editions stay when another list gets a new one
}

type index struct {
	editions string
	*screening.Index
}

// Bounds of what a process keeps. An index of all sanctions of the world takes some hundred megabytes.
const (
	maxIndexes = 4
	maxOpened  = 8
)

// Screen looks for somebody on the current editions of a tenant's lists; of those that are named, or of all. Errors: UnknownList
// when one of them is not loaded, or none is: nobody is harmless because there is no list; Unavailable, Internal.
func (s *Service) Screen(ctx context.Context, tenant string, names []string, q screening.Query, o screening.Options) ([]screening.Hit, map[string]string, error) {
	c, err := s.read(ctx, tenant)
	if err != nil {
		return nil, nil, err
	}
	current := map[string]string{}
	var missing []string
	for _, l := range c.Lists {
		if l.Current != nil && (len(names) == 0 || slices.Contains(names, l.Name)) {
			current[l.Name] = l.Current.Edition
		}
	}
	for _, name := range names {
		if current[name] == "" {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) > 0:
		return nil, nil, problem.New(problem.UnknownList, "These watch lists are not loaded: %s.", strings.Join(missing, ", "))
	case len(current) == 0:
		return nil, nil, problem.New(problem.UnknownList, "No watch list is loaded.")
	}
	x, err := s.index(ctx, tenant, c)
	if err != nil {
		return nil, nil, err
	}
	if len(names) > 0 {
		o.Lists = names
	}
	return x.Search(q, o), current, nil
}

// index is that of a catalogue's current editions. It is built once, by the call that needs it first; others wait for it.
func (s *Service) index(ctx context.Context, tenant string, c catalogue) (*screening.Index, error) {
	s.opened.mutex.Lock()
	defer s.opened.mutex.Unlock()
	if s.opened.indexes == nil {
		s.opened.indexes, s.opened.lists = cache.New[string, index](maxIndexes), cache.New[string, screening.List](maxOpened)
	}
	var ids []string
	for _, l := range c.Lists {
		if l.Current != nil {
			ids = append(ids, l.Current.ID)
		}
	}
	editions := strings.Join(ids, " ")
	if known, ok := s.opened.indexes.Get(tenant); ok && known.editions == editions {
		return known.Index, nil
	}
	var lists []screening.List
	for _, l := range c.Lists {
		if l.Current == nil {
			continue
		}
		list, known := s.opened.lists.Get(l.Current.ID)
		if !known {
			var err error
			if list, err = s.edition(ctx, tenant, *l.Current); err != nil {
				return nil, err
			}
			s.opened.lists.Put(l.Current.ID, list)
		}
		lists = append(lists, list)
	}
	built := index{editions, screening.Build(lists...)}
	s.opened.indexes.Put(tenant, built)
	return built.Index, nil
}
