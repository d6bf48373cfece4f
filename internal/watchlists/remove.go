package watchlists

import (
	"context"
	"errors"
	"slices"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Remove removes a list with all its editions, once two people want it: the first call records the first person, and
// that of another person removes the list. Repetitions by one person change nothing. The answer to the removal is the
// list without editions. Errors: NotFound, FourEyes if a key confirms, Conflict.
func (s *Service) Remove(ctx context.Context, p identity.Principal, name string) (List, error) {
	var after List
	var gone []string
	_, err := s.change(ctx, p.Tenant, func(c *catalogue) error {
		l := c.list(name)
		gone = nil
		switch {
		case l == nil && c.removedBy(p, name): // the answer was lost, or the call is repeated
			after = List{Name: name}
			return errUnchanged
		case l == nil:
			return problem.New(problem.NotFound, "There is no such watch list.")
		case l.Removal == nil:
			by, err := s.eyes(ctx, p)
			if err != nil {
				return err
			}
			l.Removal = s.settled(p, "")
			l.Removal.By = by
			after = *l
			return nil
		case l.Removal.By.ID == p.ID:
			after = *l
			return errUnchanged
		case p.Kind != identity.User:
			return problem.New(problem.FourEyes, "A person must confirm that the list is removed.")
		}
		if same, err := s.same(ctx, l.Removal.By, p); err != nil {
			return err
		} else if same {
			return problem.New(problem.FourEyes, "Another person must confirm that the list is removed: you have requested it, or may hold the key that has.")
		}
		gone, after = l.editions(), List{Name: name}
		c.Lists = slices.DeleteFunc(c.Lists, func(l List) bool { return l.Name == name })
		c.Removed = slices.Insert(c.Removed, 0, *s.settled(p, name))
		c.Removed = c.Removed[:min(len(c.Removed), maxRemoved)]
		return nil
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return List{}, err
	}
	return after, s.forget(ctx, p.Tenant, gone)
}

// Retain cancels the removal of a list that is not confirmed; if there is none, it changes nothing. Errors: NotFound, Conflict.
func (s *Service) Retain(ctx context.Context, p identity.Principal, name string) (List, error) {
	var after List
	_, err := s.change(ctx, p.Tenant, func(c *catalogue) error {
		l := c.list(name)
		if l == nil {
			return problem.New(problem.NotFound, "There is no such watch list.")
		}
		if l.Removal == nil {
			after = *l
			return errUnchanged
		}
		l.Removal = nil
		after = *l
		return nil
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return List{}, err
	}
	return after, nil
}

func (c *catalogue) removedBy(p identity.Principal, name string) bool {
	at := slices.IndexFunc(c.Removed, func(s Settled) bool { return s.What == name })
	return at >= 0 && c.Removed[at].By.ID == p.ID
}

// editions are the ids of all editions of a list.
func (l *List) editions() (ids []string) {
	for _, e := range []*Edition{l.Current, l.Waiting} {
		if e != nil {
			ids = append(ids, e.ID)
		}
	}
	for _, e := range l.Former {
		ids = append(ids, e.ID)
	}
	return ids
}
