package httpapi

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
)

// Queue is how many open cases there are, by what people look for.
type Queue struct {
	Open          int            `json:"open"`
	Mine          int            `json:"mine"`
	Unassigned    int            `json:"unassigned"`
	ToDecide      int            `json:"to_decide" doc:"cases that wait for a person's decision"`
	Overdue       int            `json:"overdue" doc:"cases whose decision deadline has passed"`
	Incident      int            `json:"incident" doc:"cases with failed work that waits for an operator"`
	Notifications int            `json:"notifications" doc:"unread notifications of the caller"`
	Escalated     int            `json:"escalated" doc:"cases that were escalated to approvers"`
	OverdueCapped bool           `json:"overdue_capped" doc:"whether there are more overdue cases than were counted"`
	Workflow      map[string]int `json:"workflow" nullable:"false"`
	State         map[string]int `json:"state" nullable:"false" doc:"workflow/state"`
	Risk          map[string]int `json:"risk" nullable:"false"`
	Waiting       map[string]int `json:"waiting" nullable:"false" doc:"by the party that they wait for; see waiting_for"`
}

func queueShape(q cases.QueueCounts) Queue {
	shape := Queue{
		Open: q.Counts["open"], Mine: q.Mine, Unassigned: q.Counts["unassigned"], ToDecide: q.Counts["to_decide"], Overdue: q.Overdue, Incident: q.Counts["incident"], Escalated: q.Counts["escalated"], OverdueCapped: q.Capped,
		Workflow: map[string]int{}, State: map[string]int{}, Risk: map[string]int{}, Waiting: map[string]int{},
	}
	for name, number := range q.Counts {
		facet, value, _ := strings.Cut(name, "/")
		switch facet {
		case "workflow":
			shape.Workflow[value] = number
		case "state":
			shape.State[value] = number
		case "waiting":
			shape.Waiting[value] = number
		case "risk":
			shape.Risk[value] = number
		}
	}
	return shape
}

func (s *server) registerQueue(api huma.API) {
	add(s, api, op(Review, "getQueue", "GET", "/v1/queue", "Count the open cases"), func(c ctx, _ *none) (*body[One[Queue]], error) {
		queue, err := s.Cases.Queue(c, principalOf(c))
		if err != nil {
			return nil, err
		}
		shape := queueShape(queue)
		if _, shape.Notifications, err = s.Reviews.Notifications(c, principalOf(c)); err != nil {
			s.log(c, "getQueue", err) // the counts are right without
		}
		return &body[One[Queue]]{One[Queue]{shape}}, nil
	})
}
