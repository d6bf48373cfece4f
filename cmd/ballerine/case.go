package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
	"ballerine/statemachines"
)

// target is where cases are: a running system, or the data of one that is stopped.
type target struct {
	endpoint, key, data, tenant string
}

// source of cases, wherever they are.
type source interface {
	list(ctx context.Context, query cases.Query) ([]httpapi.Case, error)
	show(ctx context.Context, id string) (httpapi.Case, error)
	verify(ctx context.Context, id string) (cases.VerifyReport, error)
	incidents(ctx context.Context, id string) ([]cases.OpenIncident, error)
	retry(ctx context.Context, id, incident string, patch map[string]any) (httpapi.Case, error)
	skip(ctx context.Context, id, incident string, result any, comment string) (httpapi.Case, error)
	io.Closer
}

func caseCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "case", Short: "List, show, verify and repair cases, of a running system (--endpoint) or of local data"}
	flags := cmd.PersistentFlags()
	flags.StringVar(&t.endpoint, "endpoint", os.Getenv("BALLERINE_ENDPOINT"), "URL of a running system")
	flags.StringVar(&t.key, "api-key", os.Getenv("BALLERINE_API_KEY"), "API key for the endpoint")
	flags.StringVar(&t.data, "data", ".ballerine", "folder of a stopped system's data")
	flags.StringVar(&t.tenant, "tenant", "demo", "tenant within the local data")
	cmd.AddCommand(caseListCommand(t), caseShowCommand(t), caseVerifyCommand(t), caseIncidentsCommand(t), caseRetryCommand(t), caseSkipCommand(t))
	return cmd
}

func (t *target) open() (source, error) {
	if t.endpoint != "" {
		if t.key == "" {
			return nil, usageError{fmt.Errorf("--endpoint needs --api-key")}
		}
		return remote{strings.TrimSuffix(t.endpoint, "/"), t.key}, nil
	}
	file := filepath.Join(t.data, "ballerine.db")
	if _, err := os.Stat(file); err != nil {
		return nil, usageError{fmt.Errorf("there is no data in %s: name --data or --endpoint", t.data)}
	}
	db, err := embedded.Open(file)
	if err != nil {
		return nil, err
	}
	core, err := app.New(app.Parts{Store: db.Cases(), Definitions: statemachines.Files})
	if err != nil {
		return nil, err
	}
	return atRest{db, core.Cases, identity.SystemOf(t.tenant, "cli")}, nil
}

// with opens the source for a command.
func (t *target) with(run func(source) error) error {
	s, err := t.open()
	if err != nil {
		return err
	}
	defer s.Close()
	return run(s)
}

func caseListCommand(t *target) *cobra.Command {
	var query cases.Query
	var status string
	cmd := &cobra.Command{
		Use: "list", Short: "List cases, newest first",
		RunE: func(cmd *cobra.Command, _ []string) error {
			query.Status = cases.Status(status)
			return t.with(func(s source) error {
				found, err := s.list(cmd.Context(), query)
				if err != nil {
					return err
				}
				return printCases(cmd, found)
			})
		},
	}
	cmd.Flags().StringVar(&query.Workflow, "workflow", "", "only of this workflow")
	cmd.Flags().StringVar(&query.State, "state", "", "only in this state")
	cmd.Flags().StringVar(&query.Tag, "tag", "", "only with this tag")
	cmd.Flags().StringVar(&status, "status", "", "active, completed, failed or cancelled")
	cmd.Flags().BoolVar(&query.Incident, "incident", false, "only with work that has failed and waits for an operator")
	cmd.Flags().IntVar(&query.Limit, "limit", 50, "at most this many, 1 to 200")
	return cmd
}

func printCases(cmd *cobra.Command, found []httpapi.Case) error {
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		return json.NewEncoder(out).Encode(map[string]any{"data": found})
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "CASE\tWORKFLOW\tSTATUS\tSTATE\tRISK\tUPDATED")
	for _, c := range found {
		risk := "-"
		if c.Risk != nil {
			risk = fmt.Sprintf("%v %s", c.Risk.Score, c.Risk.Severity)
		}
		fmt.Fprintf(table, "%s\t%s@%d\t%s\t%s\t%s\t%s\n", c.ID, c.Workflow.ID, c.Workflow.Version, c.Status, strings.Join(c.Configuration, ","), risk, c.UpdatedAt.Format(time.RFC3339))
	}
	return table.Flush()
}

func caseShowCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "show CASE", Short: "Show a case as JSON", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				found, err := s.show(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				lines := json.NewEncoder(cmd.OutOrStdout())
				if !asJSON(cmd) {
					lines.SetIndent("", "  ")
				}
				return lines.Encode(found)
			})
		},
	}
}

func caseVerifyCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "verify CASE...", Short: "Prove that histories are whole: no gap, no change", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			broken := 0
			err := t.with(func(s source) error {
				for _, id := range ids {
					report, err := s.verify(cmd.Context(), id)
					if err != nil {
						return err
					}
					if !report.Valid {
						broken++
					}
					if err := printReport(cmd, report); err != nil {
						return err
					}
				}
				return nil
			})
			if err == nil && broken > 0 {
				err = problem.New(problem.Invalid, "%d of %d histories are not whole.", broken, len(ids))
			}
			return err
		},
	}
}

func printReport(cmd *cobra.Command, report cases.VerifyReport) error {
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(report)
	}
	state := "whole"
	if !report.Valid {
		state = "NOT WHOLE: " + strings.Join(report.Problems, "; ")
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %d entries, %s\n", report.Case, report.Entries, state)
	return err
}

// atRest reads the data of a stopped system.
type atRest struct {
	db        *embedded.DB
	service   *cases.Service
	principal identity.Principal
}

func (l atRest) Close() error { return l.db.Close() }

func (l atRest) list(ctx context.Context, query cases.Query) ([]httpapi.Case, error) {
	page, err := l.service.List(ctx, l.principal, query)
	if err != nil {
		return nil, err
	}
	found := []httpapi.Case{}
	for _, record := range page.Records {
		shaped, err := l.shape(ctx, record)
		if err != nil {
			return nil, err
		}
		found = append(found, shaped)
	}
	return found, nil
}

func (l atRest) show(ctx context.Context, id string) (httpapi.Case, error) {
	record, err := l.service.Get(ctx, l.principal, id)
	if err != nil {
		return httpapi.Case{}, err
	}
	return l.shape(ctx, record)
}

func (l atRest) shape(ctx context.Context, record cases.Record) (httpapi.Case, error) {
	view, err := l.service.View(ctx, record)
	if err != nil {
		return httpapi.Case{}, err
	}
	return httpapi.ShapeCase(view), nil
}

func (l atRest) verify(ctx context.Context, id string) (cases.VerifyReport, error) {
	return l.service.Verify(ctx, l.principal, id)
}

// remote asks a running system.
type remote struct{ endpoint, key string }

func (remote) Close() error { return nil }

// get reads a JSON answer; a problem becomes an error with its code.
func (r remote) get(ctx context.Context, path string, into any) error {
	return r.call(ctx, http.MethodGet, path, nil, into)
}

func (r remote) call(ctx context.Context, method, path string, body, into any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return problem.Wrap(err, problem.Invalid, "The request does not encode.")
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, r.endpoint+path, content)
	if err != nil {
		return usageError{fmt.Errorf("the endpoint is not a URL: %w", err)}
	}
	request.Header.Set("Authorization", "Bearer "+r.key)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return problem.Wrap(err, problem.Unavailable, "The endpoint does not answer.")
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return json.NewDecoder(response.Body).Decode(into)
	}
	var refused struct{ Code, Detail string }
	if json.NewDecoder(response.Body).Decode(&refused) != nil || refused.Code == "" {
		return problem.New(problem.Unavailable, "The endpoint answers with status %d.", response.StatusCode)
	}
	return problem.New(problem.Code(refused.Code), "%s", refused.Detail)
}

func (r remote) list(ctx context.Context, query cases.Query) ([]httpapi.Case, error) {
	parameters := url.Values{"limit": {fmt.Sprint(query.Limit)}}
	for name, value := range map[string]string{"workflow": query.Workflow, "state": query.State, "tag": query.Tag, "status": string(query.Status)} {
		if value != "" {
			parameters.Set(name, value)
		}
	}
	if query.Incident {
		parameters.Set("incident", "true")
	}
	var page httpapi.List[httpapi.Case]
	err := r.get(ctx, "/v1/cases?"+parameters.Encode(), &page)
	return page.Data, err
}

func (r remote) show(ctx context.Context, id string) (found httpapi.Case, err error) {
	err = r.get(ctx, "/v1/cases/"+url.PathEscape(id), &found)
	return found, err
}

func (r remote) verify(ctx context.Context, id string) (report cases.VerifyReport, err error) {
	err = r.get(ctx, "/v1/cases/"+url.PathEscape(id)+"/verification", &report)
	return report, err
}
