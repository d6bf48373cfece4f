package main

import (
	"bytes"
	"cmp"
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
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/local"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/lists"
	"ballerine/internal/policy/trial"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/store/embedded"
	"ballerine/internal/webhook"
	"ballerine/statemachines"
)

// target is where cases are: a running system, or the data of one that is stopped.
type target struct {
	endpoint, key, data, tenant string

	sets []*pflag.FlagSet // of the commands that have these flags
}

// flags add the flags that select it.
func (t *target) flags(flags *pflag.FlagSet) {
	t.systemFlags(flags)
	flags.StringVar(&t.data, "data", ".ballerine", "data folder of a stopped system")
	flags.StringVar(&t.tenant, "tenant", "demo", "tenant within the local data")
}

// systemFlags add the flags that locate a running system. Help shows defaults: what the environment holds must not be one.
func (t *target) systemFlags(flags *pflag.FlagSet) {
	t.sets = append(t.sets, flags)
	flags.StringVar(&t.endpoint, "endpoint", "", "URL of a running system; default: BALLERINE_ENDPOINT")
	flags.StringVar(&t.key, "api-key", "", "API key, or a person's token, for the endpoint; default: BALLERINE_API_KEY")
}

// fromEnvironment sets what flags have left open. --endpoint= means that there is none, and so does --data: whoever
// names a folder means its data, whatever system the shell is set up for.
func (t *target) fromEnvironment() {
	if !t.given("endpoint") && !t.given("data") {
		t.endpoint = cmp.Or(t.endpoint, os.Getenv("BALLERINE_ENDPOINT"))
	}
	t.key = cmp.Or(t.key, os.Getenv("BALLERINE_API_KEY"))
}

// given reports whether a flag is on the command line.
func (t *target) given(flag string) bool {
	return slices.ContainsFunc(t.sets, func(flags *pflag.FlagSet) bool { return flags.Changed(flag) })
}

// source of cases and definitions, wherever they are.
type source interface {
	definitions
	proposals
	decided
	listed
	tried
	undelivered
	happened
	list(ctx context.Context, query cases.Query) ([]httpapi.Case, error)
	show(ctx context.Context, id string) (httpapi.Case, error)
	verify(ctx context.Context, id string) (cases.VerifyReport, error)
	// history yields the requested entries, a page at a time.
	history(ctx context.Context, id string, want historyRequest, yield func([]cases.Entry) error) error
	incidents(ctx context.Context, id string) ([]cases.OpenIncident, error)
	retry(ctx context.Context, id, incident string, patch map[string]any) (httpapi.Case, error)
	skip(ctx context.Context, id, incident string, result any, comment string) (httpapi.Case, error)
	migrate(ctx context.Context, command cases.MigrateCommand) (httpapi.Migration, error)
	io.Closer
}

// system is the running one. Errors: usage when none is named, or no key for it.
func (t *target) system() (remote, error) {
	t.fromEnvironment()
	switch {
	case t.endpoint == "":
		return remote{}, usageError{errors.New("this command requires a running system: specify it with --endpoint or BALLERINE_ENDPOINT" + t.beside())}
	case t.key == "":
		return remote{}, usageError{errors.New("--endpoint requires --api-key")}
	}
	return remote{strings.TrimSuffix(t.endpoint, "/"), t.key}, nil
}

// beside states that --data is in the way, where it is.
func (t *target) beside() string {
	if t.given("data") {
		return ", without --data"
	}
	return ""
}

func (t *target) open() (source, error) {
	t.fromEnvironment()
	if t.endpoint != "" && t.given("data") {
		return nil, usageError{errors.New("specify either --data or --endpoint")}
	}
	if t.endpoint != "" {
		return t.system()
	}
	file := filepath.Join(t.data, "ballerine.db")
	if _, err := os.Stat(file); err != nil {
		return nil, usageError{fmt.Errorf("there is no data in %s: specify --data or --endpoint", t.data)}
	}
	db, err := embedded.Open(file)
	if err != nil {
		return nil, err
	}
	core, err := app.New(app.Parts{Store: db.Cases(), Webhooks: db.Webhooks(), Registry: db.Registry(), Ledger: db.Ledger(), Lists: db.Lists(), Trials: db.Trials(), Watched: db.Watched(), Machines: local.NewMachines(db), Definitions: statemachines.Files})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	publisher, err := core.Publisher()
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return atRest{db, core.Repairs(), core.WebhookService(), publisher, core.Decider(), core.ListService(), core.Trials, identity.SystemOf(t.tenant, "cli")}, nil
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
	webhooks  *webhook.Service
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
	view, err := l.service.View(ctx, l.principal, record)
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

// answer is an endpoint's answer to a request that it has accepted.
type answer struct {
	status int
	tag    string // ETag
	text   []byte
}

func (a answer) decode(into any) error { return json.Unmarshal(a.text, into) }

// send reads a JSON answer; nil: there is none to read.
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
			return answer{}, problem.Wrap(err, problem.Invalid, "The request could not be encoded.")
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
	if m.method == http.MethodPost && request.Header.Get("Idempotency-Key") == "" {
		request.Header.Set("Idempotency-Key", rand.Text())
	}
	ctx, cancel := context.WithTimeout(ctx, longestAnswer)
	defer cancel()
	response, err := http.DefaultClient.Do(request.WithContext(ctx))
	if err != nil {
		return answer{}, unreachable(err, request.URL.Scheme+"://"+request.URL.Host+" does not respond.")
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return answer{}, refusal(response)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, unreachable(err, "The response could not be read to its end.")
	}
	return answer{response.StatusCode, response.Header.Get("ETag"), text}, nil
}

// whereKeys states what to do about a credential that an endpoint does not take.
const whereKeys = "Use another one with --api-key or BALLERINE_API_KEY."

// longestAnswer is how long an endpoint may take for an answer: longer than any gateway waits.
const longestAnswer = 5 * time.Minute

// refusal is the problem that an endpoint answers with.
func refusal(response *http.Response) error {
	var refused struct {
		Code, Detail string
		Errors       []problem.Field
		Allowed      any
		Details      map[string]any
	}
	if json.NewDecoder(response.Body).Decode(&refused) != nil || refused.Code == "" {
		if response.StatusCode == http.StatusUnauthorized { // a gateway's own
			return problem.New(problem.Unauthenticated, "The endpoint requires a key. "+whereKeys)
		}
		if response.StatusCode == http.StatusRequestEntityTooLarge {
			return problem.New(problem.TooLarge, "The request is larger than the endpoint accepts.")
		}
		return away(response.StatusCode, problem.New(problem.Unavailable, "The endpoint responded with status %d.", response.StatusCode))
	}
	if found := diagnosticsOf(refused.Details); len(found) > 0 {
		return diagnosticsError{found}
	}
	e := problem.New(problem.Code(refused.Code), "%s", refused.Detail)
	e.Details = refused.Details
	if refused.Allowed != nil {
		e = e.Detail("allowed", refused.Allowed)
	}
	if e.Fields = refused.Errors; response.StatusCode == http.StatusUnauthorized {
		e.Message += " " + whereKeys
	}
	return away(response.StatusCode, e)
}

// diagnosticsOf are the problems of a document in an answer.
func diagnosticsOf(details map[string]any) (found problem.Diagnostics) {
	text, err := json.Marshal(details["diagnostics"])
	if err != nil || json.Unmarshal(text, &found) != nil {
		return nil
	}
	return found
}

func (r remote) list(ctx context.Context, query cases.Query) ([]httpapi.Case, error) {
	parameters := url.Values{"limit": {fmt.Sprint(query.Limit)}}
	for name, value := range map[string]string{
		"workflow": query.Workflow, "state": query.State, "tag": strings.Join(query.Tags, ""), "status": string(query.Status), "sort": string(query.Order),
		"waiting_for": strings.TrimSuffix(query.WaitingFor+"/"+query.WaitingWork, "/"),
	} {
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
