package local

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ballerine/internal/asl/interpret"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/local/lambda"
	"ballerine/internal/local/sfnserver"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/problem"
)

// sfnPath is where the functions find Step Functions.
const sfnPath = "/step-functions/"

// sqsPath is where the functions find SQS.
const sqsPath = "/queues/"

// functionNames are all functions, as in template.yaml.
var functionNames = []string{"step", "rules", "vendor", "document", "children", "screening", "backtest", "dispatch", "deliver", "sweep", "clientapi", "reviewapi", "adminapi", "flowapi", "hooks", "authorizer"}

// startChildren puts every function behind the Lambda Runtime API, as a process of its own.
func (s *Stack) startChildren(f functions) (err error) {
	environment, err := s.environment()
	if err != nil {
		return err
	}
	var configs []lambda.Function
	for _, name := range functionNames {
		path := filepath.Join(s.options.Functions, name, "bootstrap")
		if _, err := os.Stat(path); err != nil {
			return problem.Wrap(err, problem.Invalid, "There is no compiled function %s in %s.", name, s.options.Functions)
		}
		configs = append(configs, lambda.Function{Name: name, Bootstrap: path, Env: environment, Timeout: functionTime, Concurrency: 4})
	}
	if s.children, err = lambda.New(lambda.Config{Functions: configs, Logs: os.Stderr}); err != nil {
		return err
	}
	for _, name := range functionNames {
		f[name] = func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
			answer, failed, err := s.children.Invoke(ctx, name, payload)
			if failed != nil {
				return nil, &interpret.InvokeError{Type: failed.Type, Message: failed.Message}
			}
			return answer, err
		}
	}
	return nil
}

// environment is that of template.yaml, with the services of this machine.
func (s *Stack) environment() ([]string, error) {
	folder := s.options.Secrets
	if folder != "" { // a function runs in a folder of its own
		absolute, err := filepath.Abs(folder)
		if err != nil {
			return nil, fmt.Errorf("find the folder of secrets: %w", err)
		}
		folder = absolute
	}
	machines := map[string]string{}
	for _, w := range s.Core.Catalog.Shipped() {
		ref := cases.WorkflowRef{ID: w.ID, Version: w.Version}
		machines[ref.String()] = sfnserver.ARN(ref)
	}
	variables := map[string]any{
		"MACHINES": machines, "BACKTEST_MACHINE": sfnserver.MachineARN(backtestMachine), "PLUGIN_SETTINGS": s.settings(), "CASE_LIMITS": s.options.Limits, "REQUEST_LIMITS": s.options.RequestLimits, "VENDOR_SECRETS_INLINE": s.vendorSecrets(), "VENDOR_SECRETS_FOLDER": folder,
		"SIGNING_KEYS": map[string]any{"keys": [][]byte{s.secrets.Signing}},
		"CASES_TABLE":  tables.Cases, "SUBJECTS_TABLE": tables.Subjects, "REGISTRY_TABLE": tables.Registry,
		"DELIVERIES_TABLE": tables.Deliveries, "IDEMPOTENCY_TABLE": tables.Idempotency, "DOCUMENTS_BUCKET": bucket,
		"PUBLIC_URL": s.URL, "ALLOW_LOOPBACK": "true", "OIDC_ISSUER": s.URL, "OIDC_AUDIENCE": "ballerine-dashboard",
		"AWS_REGION": region, "AWS_ACCESS_KEY_ID": s.secrets.AccessKey, "AWS_SECRET_ACCESS_KEY": s.secrets.ObjectKey,
		"AWS_ENDPOINT_URL_SQS": s.URL + sqsPath, "DELIVERIES_QUEUE": s.URL + sqsPath + "deliveries", "WAKES_QUEUE": s.URL + sqsPath + "wakes",
		"AWS_ENDPOINT_URL_DYNAMODB": s.options.DynamoDB, "AWS_ENDPOINT_URL_S3": s.URL, "AWS_ENDPOINT_URL_SFN": s.URL + strings.TrimSuffix(sfnPath, "/"),
	}
	var environment []string
	for name, value := range variables {
		text, ok := value.(string)
		if !ok {
			encoded, err := json.Marshal(value)
			if err != nil {
				return nil, problem.Wrap(err, problem.Internal, "The functions' environment could not be written.")
			}
			text = string(encoded)
		}
		environment = append(environment, name+"="+text)
	}
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, connector.SecretPrefix) {
			environment = append(environment, variable)
		}
	}
	return environment, nil
}

// backtestMachine is the name under which the functions find what runs backtests.
const backtestMachine = "backtest"

// sfnEngine is the interpreter in sfnserver's words, and what runs backtests beside it.
type sfnEngine struct {
	*interpret.Engine
	backtests *backtests
}

// Start implements sfnserver.Engine.
func (e sfnEngine) Start(ctx context.Context, machine, name string, input []byte) error {
	if machine != backtestMachine {
		return e.Engine.Start(ctx, machine, name, input)
	}
	var ref backtest.Ref
	if err := json.Unmarshal(input, &ref); err != nil {
		return problem.Wrap(err, problem.Invalid, "The input names no backtest.")
	}
	return e.backtests.Start(ctx, ref)
}

// Stop implements sfnserver.Engine.
func (e sfnEngine) Stop(ctx context.Context, machine, name, cause string) error {
	if machine != backtestMachine {
		return e.Engine.Stop(ctx, machine, name, cause)
	}
	return e.backtests.stopNamed(ctx, name)
}

// Describe implements sfnserver.Engine.
func (e sfnEngine) Describe(ctx context.Context, machine, name string) (sfnserver.Status, error) {
	description, err := e.Engine.Describe(ctx, machine, name)
	return sfnserver.Status{Status: string(description.Status), Started: description.Started}, err
}
