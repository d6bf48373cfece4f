package httpapi

import (
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

func (s *server) registerHistory(api huma.API) {
	type historyIn struct {
		OnCase
		Sort   string   `query:"sort" enum:"version,-version" default:"version" doc:"-version: newest first"`
		Causes []string `query:"cause,explode" nullable:"false" maxItems:"20" enum:"started,event,decision,decision_proposed,timer,outcome,incident,incident_resolved,context,document,document_decision,document_decision_undone,document_viewed,exchange_viewed,assigned,taken_over,snoozed,snooze_ended,escalated,escalation_ended,note,note_edited,undone,cancelled,execution_replaced,callback_awaited,callback_ignored,postponed,children_started,child_reported,migrated,flow_token_created" doc:"only entries with these causes; repeatable"`
		Paging
	}
	add(s, api, op(Review, "listHistory", "GET", "/v1/cases/{id}/history", "List history entries, by default oldest first"), func(c ctx, in *historyIn) (*body[List[cases.Entry]], error) {
		p := principalOf(c)
		scope := []any{"history", p.Tenant, in.ID, in.Sort, in.Causes}
		text, err := s.cursors.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		query := cases.HistoryQuery{NewestFirst: in.Sort == "-version", Limit: in.Limit}
		for _, cause := range in.Causes {
			query.Causes = append(query.Causes, cases.Cause(cause))
		}
		if text != "" {
			if query.Bound, err = strconv.Atoi(text); err != nil {
				return nil, problem.Wrap(err, problem.Internal, "The cursor is not valid.")
			}
		}
		entries, bound, err := s.Cases.HistoryPage(c, p, in.ID, query)
		if err != nil {
			return nil, err
		}
		next := ""
		if bound > 0 {
			next = strconv.Itoa(bound)
		}
		return pageOf(entries, s.cursors.sign(scope, next)), nil
	})
}

func (s *server) registerVerification(api huma.API) {
	add(s, api, op(Review, "verifyCase", "GET", "/v1/cases/{id}/verification", "Verify the integrity of the history"), func(c ctx, in *OnCase) (*body[cases.VerifyReport], error) {
		report, err := s.Cases.Verify(c, principalOf(c), in.ID)
		return &body[cases.VerifyReport]{report}, err
	})
}
