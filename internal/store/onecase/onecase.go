// Package onecase is an in-memory store of one case, for tests of compiled machines.
package onecase

import (
	"context"
	"maps"
	"sync"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Store holds one case. It implements what a case needs that is started, moved and parked; the rest panics.
type Store struct {
	cases.Store
	OnCommit func(change cases.Change) // called with every commit, one after the other

	mutex  sync.Mutex
	record cases.Record
}

// Record is the case as it is.
func (s *Store) Record() cases.Record {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.record
}

// Get implements cases.Store.
func (s *Store) Get(context.Context, string, string) (cases.Record, error) { return s.Record(), nil }

// Commit implements cases.Store.
func (s *Store) Commit(_ context.Context, change cases.Change) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.record.Revision != change.Revision {
		return problem.New(problem.Conflict, "Another write came first.")
	}
	s.record = change.Next
	if s.OnCommit != nil {
		s.OnCommit(change)
	}
	return nil
}

// Park implements cases.Store.
func (s *Store) Park(_ context.Context, _, _ string, version int, region string, park cases.Park) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.record.Version != version {
		return problem.New(problem.Conflict, "The record has changed.")
	}
	parked := maps.Clone(s.record.Parked)
	if parked == nil {
		parked = map[string]cases.Park{}
	}
	parked[region] = park
	s.record.Parked = parked
	s.record.Revision++
	return nil
}

// Results implements cases.Store: none are kept.
func (s *Store) Results(context.Context, string, string) ([]cases.ChildResult, error) {
	return nil, nil
}

// PutTaskRun implements cases.Store.
func (s *Store) PutTaskRun(context.Context, string, string, cases.TaskRun) error { return nil }

// TaskRuns implements cases.Store.
func (s *Store) TaskRuns(context.Context, string, string) ([]cases.TaskRun, error) { return nil, nil }

// History implements cases.Store: none is kept.
func (s *Store) History(context.Context, string, string, int, int) ([]cases.Entry, error) {
	return nil, nil
}
