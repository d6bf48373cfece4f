package httpapi

import (
	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
)

func (s *server) registerTasks(api huma.API) {
	add(s, api, op(Review, "listTasks", "GET", "/v1/cases/{id}/tasks", "List the attempts of the work of a case"), func(c ctx, in *OnCase) (*body[List[cases.TaskRun]], error) {
		runs, err := s.Cases.TaskRuns(c, principalOf(c), in.ID)
		return wholeList(runs), err
	})
	type exchangeIn struct {
		OnCase
		Task string `path:"task" maxLength:"200" doc:"Id of the attempt"`
	}
	add(s, api, op(Review, "getTaskExchange", "GET", "/v1/cases/{id}/tasks/{task}/exchange", "Get what was sent to a vendor and its answer in an attempt; the view is recorded in the history"), func(c ctx, in *exchangeIn) (*noStore[cases.Exchange], error) {
		exchange, err := s.Cases.Exchange(c, principalOf(c), in.ID, in.Task)
		return &noStore[cases.Exchange]{"no-store", exchange}, err
	})
}
