package watchlists

import (
	"context"
	"slices"

	"ballerine/internal/problem"
	"ballerine/internal/screening"
)

// News is what a list's current edition has that subjects have not been compared with yet.
type News struct {
	Index   *screening.Index // nil: none
	Target  string           // id of the edition
	Edition string           // its name
	Changed map[string]bool  // ids of entries that existed before and have changed; all others are new
}

// News compares the current edition of a list with an earlier one, by its id. If that is no longer known, or "", all of the list is
// new. Errors: UnknownList when the list is not loaded, missing or damaged; Unavailable, Internal.
func (s *Service) News(ctx context.Context, tenant, name, since string) (News, error) {
	c, err := s.read(ctx, tenant)
	if err != nil {
		return News{}, err
	}
	l := c.list(name)
	if l == nil || l.Current == nil {
		return News{}, problem.New(problem.UnknownList, "This watch list is not loaded: %s.", name)
	}
	news := News{Target: l.Current.ID, Edition: l.Current.Edition}
	if since == news.Target {
		return news, nil
	}
	at := slices.IndexFunc(l.Former, func(e Edition) bool { return e.ID == since })
	if at >= 0 {
		news.Index, news.Changed, err = s.difference(ctx, tenant, l.Former[at], *l.Current)
		if problem.CodeOf(err) != problem.UnknownList {
			return news, err
		}
	}
	news.Index, err = s.index(ctx, tenant, []Edition{*l.Current})
	return news, err
}

// difference is an index of what an edition adds and changes. Errors: UnknownList when one of the two is missing or damaged.
func (s *Service) difference(ctx context.Context, tenant string, older, newer Edition) (*screening.Index, map[string]bool, error) {
	key := tenant + " " + older.ID + " to " + newer.ID
	_, building := s.opened.of(tenant)
	building.Lock()
	defer building.Unlock()
	if x, changed, ok := s.opened.kept(key); ok {
		return x, changed, nil
	}
	before, err := s.edition(ctx, tenant, older)
	if err != nil {
		return nil, nil, err
	}
	after, err := s.edition(ctx, tenant, newer)
	if err != nil {
		return nil, nil, err
	}
	difference := screening.Compare(before, after)
	changed := make(map[string]bool, len(difference.Changed))
	for _, e := range difference.Changed {
		changed[e.ID] = true
	}
	x := screening.Build(difference.News(after))
	s.opened.keep(key, x, changed)
	return x, changed, nil
}
