package cases

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Related is another case of the same person, or what may be one.
type Related struct {
	Record Record
	Why    []Why // at least one
}

// Relations are the cases that are related to one.
type Relations struct {
	Found      []Related
	More       bool     // there are others
	Unreadable []string // cases that exist but cannot be decoded
}

// Why names what two cases have in common.
type Why struct {
	Kind  string // subject, or one of the kinds that schemas know
	Value string // as the case has it; "" where only the subject does
}

const (
	// relatedEach is how many cases are read for each thing they may have in common.
	relatedEach = 50
	// relatedAll is how many cases an answer has.
	relatedAll = 100
)

// Related returns other cases that are about the same subject, or share an identifier with this one: those with more in
// common first, then the newest. It leaves out the case that started it, and those that it started. A caller who may not
// see personal data only gets those of the same subject: the others would reveal whether an address or a number is
// known. Errors: NotFound.
func (s *Service) Related(ctx context.Context, p identity.Principal, id string) (Relations, error) {
	if bound(p) {
		return Relations{}, problem.New(problem.NotFound, "There is no such case.") // applicants and vendors know of no other cases
	}
	record, err := s.read(ctx, p.Tenant, id)
	if err != nil {
		return Relations{}, err
	}
	queries := []Query{{Subject: record.Subject.ID, Limit: relatedEach + 1}}
	if !identity.Has(p, identity.CasesPersonal) {
		record.Traits = nil
	}
	for _, one := range record.Traits {
		queries = append(queries, Query{Terms: []string{one.Hash}, Limit: relatedEach + 1})
	}
	pages := make([]Page, len(queries))
	running, within := errgroup.WithContext(ctx)
	for i, query := range queries {
		running.Go(func() (err error) {
			pages[i], err = s.Store.List(within, p.Tenant, query)
			return err
		})
	}
	if err := running.Wait(); err != nil {
		return Relations{}, err
	}
	return s.related(ctx, record, pages), nil
}

// related combines what was found by the subject and by each trait.
func (s *Service) related(ctx context.Context, record Record, pages []Page) (all Relations) {
	values := s.values(ctx, record)
	var found []Related
	at := map[string]int{}
	for i, page := range pages {
		all.More = all.More || page.Next != "" || len(page.Records) > relatedEach
		all.Unreadable = merged(all.Unreadable, page.Unreadable)
		for _, other := range page.Records {
			why := Why{Kind: "subject"}
			if i > 0 {
				trait := record.Traits[i-1]
				if !slices.ContainsFunc(other.Traits, trait.same) {
					continue
				}
				why = Why{Kind: trait.Kind, Value: values[trait.Kind+trait.Hash]}
			}
			if other.ID == record.ID || sameFamily(record, other) {
				continue
			}
			n, there := at[other.ID]
			if !there {
				n, at[other.ID] = len(found), len(found)
				found = append(found, Related{Record: other})
			}
			found[n].Why = append(found[n].Why, why)
		}
	}
	slices.SortFunc(found, func(a, b Related) int {
		if len(a.Why) != len(b.Why) {
			return len(b.Why) - len(a.Why)
		}
		return strings.Compare(b.Record.ID, a.Record.ID)
	})
	for range all.Unreadable {
		s.Metrics.Count("case_unreadable_total")
	}
	all.Found, all.More = found[:min(len(found), relatedAll)], all.More || len(found) > relatedAll
	return all
}

// sameFamily reports whether one of the cases has started the other.
func sameFamily(a, b Record) bool {
	return a.Parent != nil && a.Parent.Case == b.ID || b.Parent != nil && b.Parent.Case == a.ID
}

// values are a case's identifiers as they were written, by kind and hash.
func (s *Service) values(ctx context.Context, record Record) map[string]string {
	written := map[string]string{}
	wf, err := s.follows(ctx, record)
	if err != nil || len(s.SearchKey) == 0 {
		return written // what is in common is known without
	}
	hasher := newHasher(s.SearchKey, record.Tenant)
	for _, one := range identifiersOf(record, wf) {
		trait := hasher.trait(one)
		written[trait.Kind+trait.Hash] = one.shown
	}
	return written
}
