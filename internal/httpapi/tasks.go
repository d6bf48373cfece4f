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
}
