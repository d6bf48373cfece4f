package local_test

import (
	"fmt"
	"testing"

	"ballerine/internal/cases"
)

// The group is owned by people: each is a case of its own, which is screened and decided by a person.
const (
	owned = `
id: owned
title: A company and its owners
subject: business
initial: owners
states:
  owners:
    invoke:
      src: children
      id: people
      input: {workflow: person, each: owners, context: {applicant: item}, result: {hits: sanctions.hits}}
    on: {WITHDRAW: withdrawn}
    onDone:
      - {guard: "children.people.outcomes.rejected > 0", target: rejected}
      - {guard: "people.completed == people.total", target: approved}
      - {target: withdrawn}
  approved: {type: final}
  rejected: {type: final}
  withdrawn: {type: final}
`
	person = `
id: person
title: An owner
subject: individual
initial: check
states:
  check:
    invoke: {src: screening, id: sanctions, input: {schema: Person, with: {name: "applicant.name.given + ' ' + applicant.name.family"}}}
    onDone: review
  review: {tags: [manual_review], by: client, on: {approve: approved, reject: rejected}}
  approved: {type: final}
  rejected: {type: final}
`
)

func owners(n int) map[string]any {
	var list []any
	for i := range n {
		list = append(list, map[string]any{
			"name": map[string]any{"given": "Ada", "family": fmt.Sprintf("Byron-%d", i)}, "date_of_birth": "1980-01-01", "country": "SE", "email": "ada@example.com",
		})
	}
	return map[string]any{"owners": list}
}

func (s *system) childrenOf(id string) []cases.Record {
	s.t.Helper()
	page, err := s.Core.Cases.List(s.t.Context(), s.client, cases.Query{Parent: id, Order: cases.OldestFirst, Limit: 200})
	if err != nil {
		s.t.Fatal(err)
	}
	return page.Records
}

// inReview waits until all the children of a case are with a person.
func (s *system) inReview(id string, n int) (children []cases.Record) {
	s.t.Helper()
	s.until("all children are with a person", func() bool {
		children = s.childrenOf(id)
		for _, child := range children {
			if child.Snapshot.Active[0].State != "review" {
				return false
			}
		}
		return len(children) == n
	})
	return children
}

func TestAParentWaitsForItsChildrenOnTheWholeSystem(t *testing.T) {
	data := t.TempDir()
	s := newSystem(t, data, owned, person)
	parent := s.start("owned", "business", owners(12))
	other := s.start("owned", "business", owners(2))
	children := s.inReview(parent.ID, 12)
	for _, child := range children[:6] {
		s.send(child.ID, "approve")
	}
	s.stop()
	s = newSystem(t, data, owned, person) // the wait for the others survives
	defer s.stop()
	for _, child := range children[6:] {
		s.send(child.ID, "approve")
	}
	s.reach(parent.ID, "approved")
	s.ended(parent)
	s.ended(children[0])

	rejected := s.inReview(other.ID, 2)
	s.send(rejected[0].ID, "reject")
	s.send(rejected[1].ID, "approve")
	s.reach(other.ID, "rejected")
	s.ended(other)
}

func TestChildrenEndWithTheirParentOnTheWholeSystem(t *testing.T) {
	s := newSystem(t, t.TempDir(), owned, person)
	defer s.stop()
	left, cancelled := s.start("owned", "business", owners(2)), s.start("owned", "business", owners(2))
	s.inReview(left.ID, 2)
	s.inReview(cancelled.ID, 2)
	s.send(left.ID, "WITHDRAW")
	if _, err := s.Core.Cases.Cancel(t.Context(), s.client, cancelled.ID, 0, "withdrawn"); err != nil {
		t.Fatal(err)
	}
	for _, parent := range []cases.Record{left, cancelled} {
		for _, child := range s.childrenOf(parent.ID) {
			s.until("the child is called off", func() bool {
				r, err := s.Core.Cases.Get(t.Context(), s.client, child.ID)
				return err == nil && r.Status == cases.StatusCancelled
			})
			s.ended(child)
		}
	}
}

// TestAParentKeepsUpWithTwoHundredChildrenAtOnce would fail by conflicts if each report were a commit of its own.
func TestAParentKeepsUpWithTwoHundredChildrenAtOnce(t *testing.T) {
	const quick = `
id: person
subject: individual
initial: check
states:
  check:
    invoke: {src: rules, id: risk, input: {policy: kyc-risk}}
    onDone: approved
  approved: {type: final}
`
	s := newSystem(t, t.TempDir(), owned, quick)
	defer s.stop()
	parent := s.start("owned", "business", owners(200))
	s.reach(parent.ID, "approved")
	r, err := s.Core.Cases.Get(t.Context(), s.client, parent.ID)
	if err != nil || r.Version > 100 {
		t.Errorf("%d versions of the parent, %v", r.Version, err)
	}
	s.ended(parent)
}
