package main

import (
	"context"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
)

func caseIncidentsCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "incidents [CASE...]", Short: "List failed work that waits for an operator: of these cases, or of the newest 200 cases that have any",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, ids []string) error {
			return t.with(func(s source) error {
				if len(ids) == 0 {
					stuck, err := s.list(cmd.Context(), cases.Query{Incident: true, Status: cases.StatusActive, Limit: 200})
					if err != nil {
						return err
					}
					for _, c := range stuck {
						ids = append(ids, c.ID)
					}
				}
				found := []cases.OpenIncident{}
				for _, id := range ids {
					open, err := s.incidents(cmd.Context(), id)
					if err != nil {
						return err
					}
					found = append(found, open...)
				}
				return printIncidents(cmd, found)
			})
		},
	}
}

func printIncidents(cmd *cobra.Command, found []cases.OpenIncident) error {
	return printRows(cmd, found, "CASE|INCIDENT|STATE|WORK|ERROR|ATTEMPTS|CAUSE", func(i cases.OpenIncident) []any {
		return []any{i.Case, i.ID, i.State, i.Work, i.Error, i.Attempts, i.Cause}
	})
}

func caseRetryCommand(t *target) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "retry CASE INCIDENT", Short: "Retry failed work; --context corrects the case's data first", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var patch map[string]any
			if file != "" {
				if err := readJSON(cmd, file, &patch); err != nil {
					return err
				}
			}
			return t.with(func(s source) error {
				after, err := s.retry(cmd.Context(), args[0], args[1], patch)
				if err != nil {
					return err
				}
				return printCases(cmd, []httpapi.Case{after})
			})
		},
	}
	cmd.Flags().StringVar(&file, "context", "", "merge patch of the context as JSON, or a file with one; - is standard input")
	return cmd
}

func caseSkipCommand(t *target) *cobra.Command {
	var file, comment string
	cmd := &cobra.Command{
		Use: "skip CASE INCIDENT --result FILE", Short: "Set the result of failed work manually, and continue", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var result any
			if err := readJSON(cmd, file, &result); err != nil {
				return err
			}
			return t.with(func(s source) error {
				after, err := s.skip(cmd.Context(), args[0], args[1], result, comment)
				if err != nil {
					return err
				}
				return printCases(cmd, []httpapi.Case{after})
			})
		},
	}
	cmd.Flags().StringVar(&file, "result", "-", "the result: a JSON object or array, or a file with JSON; - is standard input")
	cmd.Flags().StringVar(&comment, "comment", "", "reason, for the history")
	return cmd
}

func readJSON(cmd *cobra.Command, file string, into any) error {
	text, err := readValue(cmd, file)
	if err != nil {
		return err
	}
	return plainJSON(placeOf(file), text, into)
}

func (l atRest) incidents(ctx context.Context, id string) ([]cases.OpenIncident, error) {
	return l.service.Incidents(ctx, l.principal, id)
}

func (l atRest) retry(ctx context.Context, id, incident string, patch map[string]any) (httpapi.Case, error) {
	record, err := l.service.RetryIncident(ctx, l.principal, id, incident, patch)
	if err != nil {
		return httpapi.Case{}, err
	}
	return l.shape(ctx, record)
}

func (l atRest) skip(ctx context.Context, id, incident string, result any, comment string) (httpapi.Case, error) {
	record, err := l.service.SkipIncident(ctx, l.principal, id, incident, result, comment)
	if err != nil {
		return httpapi.Case{}, err
	}
	return l.shape(ctx, record)
}

func incidentPath(id, incident, what string) string {
	return "/v1/cases/" + url.PathEscape(id) + "/incidents/" + url.PathEscape(incident) + "/" + what
}

func (r remote) incidents(ctx context.Context, id string) ([]cases.OpenIncident, error) {
	var page httpapi.List[cases.OpenIncident]
	err := r.get(ctx, "/v1/cases/"+url.PathEscape(id)+"/incidents", &page)
	return page.Data, err
}

func (r remote) retry(ctx context.Context, id, incident string, patch map[string]any) (after httpapi.Case, err error) {
	body := map[string]any{}
	if patch != nil {
		body["context"] = patch
	}
	err = r.call(ctx, http.MethodPost, incidentPath(id, incident, "retry"), body, &after)
	return after, err
}

func (r remote) skip(ctx context.Context, id, incident string, result any, comment string) (after httpapi.Case, err error) {
	err = r.call(ctx, http.MethodPost, incidentPath(id, incident, "skip"), map[string]any{"result": result, "comment": comment}, &after)
	return after, err
}
