package cases

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// A list by risk is the lists of its severities, one after the other, each by deadline: stores need no index for it.

// severitiesUp are the severities that policies return unless they define their own, the lowest first.
var severitiesUp = []string{"none", "low", "medium", "high", "critical"}

// byRisk reports whether the query's order is by severity: open cases only.
func (q Query) byRisk() bool { return q.Order == RiskiestFirst || q.Order == CalmestFirst }

// bySeverity compares two severities. One that a policy has defined itself is above the others: it cannot be assumed to be harmless.
func bySeverity(a, b string) int {
	rank := func(severity string) int {
		if at := slices.Index(severitiesUp, severity); at >= 0 {
			return at
		}
		return len(severitiesUp)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
}

// severities are those of open cases that match the query, in its order.
func (s *Service) severities(ctx context.Context, tenant string, query Query) ([]string, error) {
	counts, err := s.Store.Counts(ctx, tenant, GroupOpen)
	if err != nil {
		return nil, err
	}
	var found []string
	for name, number := range counts {
		severity, ok := strings.CutPrefix(name, "risk/")
		if ok && number > 0 && (len(query.Severities) == 0 || slices.Contains(query.Severities, severity)) {
			found = append(found, severity)
		}
	}
	slices.SortFunc(found, query.compareSeverities)
	return found, nil
}

func (q Query) compareSeverities(a, b string) int {
	if q.Order == RiskiestFirst {
		a, b = b, a
	}
	return bySeverity(a, b)
}

// listByRisk fills a page from the lists of the severities. The cursor is the severity and where its list continues.
func (s *Service) listByRisk(ctx context.Context, tenant string, query Query) (page Page, err error) {
	severities, err := s.severities(ctx, tenant, query)
	if err != nil {
		return Page{}, err
	}
	from, after, resumes := strings.Cut(query.After, "\x00")
	for _, severity := range severities {
		if resumes && query.compareSeverities(severity, from) < 0 {
			continue
		}
		part := query
		part.Severities, part.Order, part.Limit, part.After = []string{severity}, SoonestFirst, query.Limit-len(page.Records), ""
		if resumes && severity == from {
			part.After = after
		}
		if part.Limit == 0 {
			page.Next = severity + "\x00"
			return page, nil
		}
		read, err := s.Store.List(ctx, tenant, part)
		if err != nil {
			return Page{}, err
		}
		page.Records, page.Unreadable = append(page.Records, read.Records...), append(page.Unreadable, read.Unreadable...)
		if read.Next != "" {
			page.Next = severity + "\x00" + read.Next
			return page, nil
		}
	}
	return page, nil
}
