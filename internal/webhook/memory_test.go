package webhook

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"ballerine/internal/problem"
)

// memory is the simplest Store that keeps its word.
type memory struct {
	mu            sync.Mutex
	subscriptions map[string]Subscription
	deliveries    map[string]Delivery
	looked        int // how many failed deliveries were given out
}

func newMemory() *memory {
	return &memory{subscriptions: map[string]Subscription{}, deliveries: map[string]Delivery{}}
}

func (m *memory) PutSubscription(_ context.Context, s Subscription) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.subscriptions[s.Tenant+s.ID].Version != s.Version-1 {
		return problem.New(problem.Conflict, "Another write came first.")
	}
	m.subscriptions[s.Tenant+s.ID] = s
	return nil
}

func (m *memory) Subscription(_ context.Context, tenant, id string) (Subscription, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.subscriptions[tenant+id]
	if !ok {
		return s, problem.New(problem.NotFound, "There is no such subscription.")
	}
	return s, nil
}

func (m *memory) Subscriptions(_ context.Context, tenant string) ([]Subscription, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.Collect(maps.Values(m.subscriptions))
	list = slices.DeleteFunc(list, func(s Subscription) bool { return s.Tenant != tenant })
	slices.SortFunc(list, func(a, b Subscription) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

func (m *memory) DeleteSubscription(_ context.Context, tenant, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.subscriptions, tenant+id)
	return nil
}

func (m *memory) CreateDelivery(_ context.Context, d Delivery) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.deliveries[d.Tenant+d.ID]; ok {
		return false, nil
	}
	m.deliveries[d.Tenant+d.ID] = d
	return true, nil
}

func (m *memory) UpdateDelivery(_ context.Context, d Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.deliveries[d.Tenant+d.ID].Revision != d.Revision-1 {
		return problem.New(problem.Conflict, "Another write came first.")
	}
	m.deliveries[d.Tenant+d.ID] = d
	return nil
}

func (m *memory) Delivery(_ context.Context, tenant, id string) (Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.deliveries[tenant+id]
	if !ok {
		return d, problem.New(problem.NotFound, "There is no such delivery.")
	}
	return d, nil
}

func (m *memory) Deliveries(_ context.Context, tenant, subscription, after string, limit int) ([]Delivery, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []Delivery
	for _, d := range m.deliveries {
		if d.Tenant == tenant && d.Subscription == subscription && (after == "" || d.ID < after) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b Delivery) int { return strings.Compare(b.ID, a.ID) })
	if len(list) > limit {
		return list[:limit], list[limit-1].ID, nil
	}
	return list, "", nil
}

func (m *memory) FailedDeliveries(_ context.Context, tenant, subscription, subject, after string, limit int) (page []Delivery, next string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := func(d Delivery) string { return d.Subject() + "#" + d.ID }
	var list []Delivery
	for _, d := range m.deliveries {
		if d.Tenant == tenant && d.Subscription == subscription && d.Status == Failed && (subject == "" || d.Subject() == subject) && (after == "" || at(d) < after) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b Delivery) int { return strings.Compare(at(b), at(a)) })
	m.looked += min(len(list), limit)
	if len(list) > limit {
		return list[:limit], at(list[limit-1]), nil
	}
	return list, "", nil
}

func (m *memory) DueDeliveries(_ context.Context, page DuePage) (due []Delivery, next string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	receivers := map[string][]Delivery{}
	for _, d := range m.deliveries {
		if d.Status == Pending && !d.NextAt.After(page.Before) && d.Tenant+" "+d.Subscription > page.After {
			receivers[d.Tenant+" "+d.Subscription] = append(receivers[d.Tenant+" "+d.Subscription], d)
		}
	}
	for _, receiver := range slices.Sorted(maps.Keys(receivers)) {
		if len(due) == page.Limit {
			return due, next, nil
		}
		list := receivers[receiver]
		slices.SortFunc(list, func(a, b Delivery) int { return cmp.Or(a.NextAt.Compare(b.NextAt), strings.Compare(a.ID, b.ID)) })
		due = append(due, list[:min(len(list), page.Each, page.Limit-len(due))]...)
		next = receiver
	}
	return due, "", nil
}
