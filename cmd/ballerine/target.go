package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/ledger"
	"ballerine/internal/lists"
	"ballerine/internal/local"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/store/embedded"
	"ballerine/internal/trial"
	"ballerine/statemachines"
)

// target is where cases are: a running system, or the data of one that is stopped.
type target struct {
	endpoint, key, data, tenant string
}

// flags say where.
func (t *target) flags(flags interface {
	StringVar(p *string, name, value, usage string)
},
) {
	flags.StringVar(&t.endpoint, "endpoint", os.Getenv("BALLERINE_ENDPOINT"), "URL of a running system")
	flags.StringVar(&t.key, "api-key", os.Getenv("BALLERINE_API_KEY"), "API key for the endpoint")
	flags.StringVar(&t.data, "data", ".ballerine", "folder of a stopped system's data")
	flags.StringVar(&t.tenant, "tenant", "demo", "tenant within the local data")
}

// source of cases and definitions, wherever they are.
type source interface {
	definitions
	proposals
	decided
	listed
	tried
	list(ctx context.Context, query cases.Query) ([]httpapi.Case, error)
	show(ctx context.Context, id string) (httpapi.Case, error)
	verify(ctx context.Context, id string) (cases.VerifyReport, error)
	incidents(ctx context.Context, id string) ([]cases.OpenIncident, error)
	retry(ctx context.Context, id, incident string, patch map[string]any) (httpapi.Case, error)
	skip(ctx context.Context, id, incident string, result any, comment string) (httpapi.Case, error)
	migrate(ctx context.Context, command cases.MigrateCommand) (httpapi.Migration, error)
	io.Closer
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
	core, err := app.New(app.Parts{Store: db.Cases(), Registry: db.Registry(), Ledger: db.Ledger(), Lists: db.Lists(), Trials: db.Trials(), Machines: local.NewMachines(db), Definitions: statemachines.Files})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	publisher, err := core.Publisher()
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return atRest{db, core.Cases, publisher, core.Decider(), core.ListService(), core.Trials, identity.SystemOf(t.tenant, "cli")}, nil
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

// atRest reads the data of a stopped system.
type atRest struct {
	db        *embedded.DB
	service   *cases.Service
	publisher *registry.Publisher
	ledger    *ledger.Ledger
	values    *lists.Service
	trialling *trial.Service
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
	return r.send(ctx, message{method: method, path: path, body: body}, into)
}

// message is a request: with a body that is JSON, or with content of another kind.
type message struct {
	method, path string
	body         any
	kind         string
	content      []byte
	header       http.Header
}

// answer is what an endpoint said to a request that it has taken.
type answer struct {
	status int
	tag    string // ETag
	text   []byte
}

func (a answer) decode(into any) error { return json.Unmarshal(a.text, into) }

// send reads a JSON answer; nil: there is none to be read.
func (r remote) send(ctx context.Context, m message, into any) error {
	got, err := r.exchange(ctx, m)
	if err != nil || into == nil {
		return err
	}
	return got.decode(into)
}

// exchange makes a request. Errors: the problem that the endpoint answers with.
func (r remote) exchange(ctx context.Context, m message) (answer, error) {
	if m.body != nil {
		text, err := json.Marshal(m.body)
		if err != nil {
			return answer{}, problem.Wrap(err, problem.Invalid, "The request does not encode.")
		}
		m.kind, m.content = "application/json", text
	}
	var content io.Reader
	if m.content != nil {
		content = bytes.NewReader(m.content)
	}
	request, err := http.NewRequestWithContext(ctx, m.method, r.endpoint+m.path, content)
	if err != nil {
		return answer{}, usageError{fmt.Errorf("the endpoint is not a URL: %w", err)}
	}
	maps.Copy(request.Header, m.header)
	request.Header.Set("Authorization", "Bearer "+r.key)
	if m.kind != "" {
		request.Header.Set("Content-Type", m.kind)
	}
	if m.method == http.MethodPost {
		request.Header.Set("Idempotency-Key", rand.Text())
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, problem.Wrap(err, problem.Unavailable, "The endpoint does not answer.")
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return answer{}, refusal(response)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, problem.Wrap(err, problem.Unavailable, "The answer did not arrive.")
	}
	return answer{response.StatusCode, response.Header.Get("ETag"), text}, nil
}

// refusal is the problem that an endpoint answers with.
func refusal(response *http.Response) error {
	var refused struct {
		Code, Detail string
		Errors       []problem.Field
		Details      struct {
			Diagnostics problem.Diagnostics `json:"diagnostics"`
		}
	}
	if json.NewDecoder(response.Body).Decode(&refused) != nil || refused.Code == "" {
		return problem.New(problem.Unavailable, "The endpoint answers with status %d.", response.StatusCode)
	}
	if len(refused.Details.Diagnostics) > 0 {
		return diagnosticsError{refused.Details.Diagnostics}
	}
	e := problem.New(problem.Code(refused.Code), "%s", refused.Detail)
	e.Fields = refused.Errors
	return e
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
