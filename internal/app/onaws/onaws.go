// Package onaws creates the application's parts for AWS from the environment of a function. The same variables with local
// endpoints (AWS_ENDPOINT_URL_…) run the functions locally.
package onaws

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/identity"
	"ballerine/internal/keyring"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/store/awssecrets"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/store/s3"
	"ballerine/internal/store/stepfunctions"
	"ballerine/internal/task"
	"ballerine/internal/telemetry"
	"ballerine/internal/webhook"
	"ballerine/statemachines"
)

// environment reads variables; os.Getenv in a function.
type environment func(name string) string

// Load wires the parts that every function shares. What only some functions need is added by the With functions, so
// that no function links clients that it does not use. Errors: Internal names the variable that is wrong.
func Load(ctx context.Context, with ...With) (*app.Core, error) {
	b := &builder{env: os.Getenv}
	b.aws = recorded(aws.Config{Region: b.env("AWS_REGION"), Credentials: aws.CredentialsProviderFunc(b.credentials)})
	client := dynamodb.NewFromConfig(b.aws, func(o *dynamodb.Options) { o.BaseEndpoint = b.endpoint("DYNAMODB") })
	tables := dynamo.New(client, dynamo.Tables{
		Cases: b.env("CASES_TABLE"), Subjects: b.env("SUBJECTS_TABLE"), Registry: b.env("REGISTRY_TABLE"),
		Deliveries: b.env("DELIVERIES_TABLE"), Idempotency: b.env("IDEMPOTENCY_TABLE"),
	})
	b.parts = app.Parts{
		Store: tables.Cases(), Keys: tables.Keys(), Webhooks: tables.Webhooks(), Reviews: tables.Review(), Registry: tables.Registry(), Ledger: tables.Ledger(), Lists: tables.Lists(), Trials: tables.Trials(), Watched: tables.Watched(), Backtests: tables.Backtests(), Idempotency: tables.Idempotency(), Rates: tables.Rates(),
		Definitions: statemachines.Files, PublicURL: b.env("PUBLIC_URL"), AllowLoopback: b.env("ALLOW_LOOPBACK") == "true",
		Version: b.env("VERSION"), Now: time.Now, Logger: slog.Default(), Metrics: telemetry.Discard,
	}
	if err := b.json("CASE_LIMITS", &b.parts.Limits); err != nil {
		return nil, err
	}
	if err := b.json("REQUEST_LIMITS", &b.parts.RequestLimits); err != nil {
		return nil, err
	}
	for _, add := range with {
		if err := add(ctx, b); err != nil {
			return nil, err
		}
	}
	return app.New(b.parts)
}

// credentials are those that Lambda puts into the environment. The SDK's own search for credentials would find these
// too, but it brings clients of five more services into every function.
func (b *builder) credentials(context.Context) (aws.Credentials, error) {
	c := aws.Credentials{AccessKeyID: b.env("AWS_ACCESS_KEY_ID"), SecretAccessKey: b.env("AWS_SECRET_ACCESS_KEY"), SessionToken: b.env("AWS_SESSION_TOKEN"), Source: "environment"}
	if !c.HasKeys() {
		return c, problem.New(problem.Internal, "There are no AWS credentials in the environment.")
	}
	return c, nil
}

// endpoint of a service other than AWS's own, as the SDK names the variables; nil for AWS's own.
func (b *builder) endpoint(service string) *string {
	if url := b.env("AWS_ENDPOINT_URL_" + service); url != "" {
		return aws.String(url)
	}
	return nil
}

// With adds parts that some functions need.
type With func(ctx context.Context, b *builder) error

type builder struct {
	env   environment
	aws   aws.Config
	parts app.Parts
}

// Metrics writes the embedded metric format to standard output. The function flushes it after each invocation.
func Metrics(emf *telemetry.EMF) With {
	return func(_ context.Context, b *builder) error {
		b.parts.Metrics = emf
		return nil
	}
}

// Executions are those of Step Functions.
func Executions(_ context.Context, b *builder) error {
	var machines stepfunctions.Machines
	if err := b.json("MACHINES", &machines); err != nil {
		return err
	}
	b.parts.Executions = stepfunctions.New(b.stepFunctions(), machines, registry.NewReferences(b.parts.Registry))
	return nil
}

// Wakes are Executions that only send tokens.
func Wakes(_ context.Context, b *builder) error {
	b.parts.Executions = stepfunctions.New(b.stepFunctions(), nil, nil)
	return nil
}

// Open makes queues of the environment's: of attempts at webhooks, and of what wakes the sweep; nil for those that are not named there.
type Open func(config aws.Config, endpoint *string, env func(name string) string) (webhook.Queue, task.Waker)

// Queues are those of SQS. Their client is in a package of its own: what it sets up when it starts would be in every function.
func Queues(open Open) With {
	return func(_ context.Context, b *builder) error {
		b.parts.Deliveries, b.parts.Waker = open(b.aws, b.endpoint("SQS"), b.env)
		return nil
	}
}

// Decisions are run by Express machines.
func Decisions(_ context.Context, b *builder) error {
	var machines stepfunctions.Machines
	if err := b.json("EXPRESS_MACHINES", &machines); err != nil {
		return err
	}
	b.parts.Decisions = stepfunctions.NewDecisions(b.stepFunctions(), machines, registry.NewReferences(b.parts.Registry))
	return nil
}

// Publishing makes state machines.
func Publishing(_ context.Context, b *builder) error {
	var settings stepfunctions.MachineSettings
	if err := b.json("PUBLISHED_MACHINES", &settings); err != nil {
		return err
	}
	b.parts.Machines = stepfunctions.NewPublishing(b.stepFunctions(), settings)
	return nil
}

// Backtests are run by a state machine.
func Backtests(_ context.Context, b *builder) error {
	if machine := b.env("BACKTEST_MACHINE"); machine != "" {
		b.parts.Runner = stepfunctions.NewBacktests(b.stepFunctions(), machine)
	}
	return nil
}

func (b *builder) stepFunctions() *sfn.Client {
	return sfn.NewFromConfig(b.aws, func(o *sfn.Options) { o.BaseEndpoint = b.endpoint("SFN") })
}

// Objects are those of the documents' bucket.
func Objects(_ context.Context, b *builder) error {
	client := awss3.NewFromConfig(b.aws, func(o *awss3.Options) {
		o.BaseEndpoint = b.endpoint("S3")
		o.UsePathStyle = o.BaseEndpoint != nil
	})
	objects := s3.New(client, b.env("DOCUMENTS_BUCKET"), time.Now)
	b.parts.Objects, b.parts.Files = objects, objects
	return nil
}

// Signing reads the secrets that sign tokens and cursors, from Secrets Manager, and reads them again when they were replaced:
// {"keys": [base64, …]}, newest first, and those of the version before, so that what was signed before a rotation is good.
func Signing(ctx context.Context, b *builder) error {
	if text := b.env("SIGNING_KEYS"); text != "" { // set directly on one machine
		secrets, err := keyring.Parse(text)
		b.parts.SigningSecrets = secrets
		return err
	}
	source := awssecrets.Signing{API: secretsmanager.NewFromConfig(b.aws), Secret: b.env("SIGNING_SECRET"), Parse: keyring.Parse}
	secrets, oldest, err := source.Keys(ctx)
	if err != nil {
		return problem.Wrap(err, problem.Internal, "The signing secret could not be read.")
	}
	b.parts.SigningSecrets, b.parts.SearchSecret, b.parts.SigningSource = secrets, oldest, source.Read
	return nil
}

// Reviewers are those of the user pool, or of another OpenID Connect issuer that puts tenant and roles into its tokens.
func Reviewers(_ context.Context, b *builder) error {
	url, audience := b.env("OIDC_ISSUER"), b.env("OIDC_AUDIENCE")
	switch {
	case url == "":
	case strings.HasPrefix(url, "https://cognito-idp."):
		b.parts.Issuers = []identity.Issuer{identity.Cognito(url, audience)}
	default:
		b.parts.Issuers = []identity.Issuer{{URL: url, Audience: audience}}
	}
	return nil
}

// Vendors adds what calling vendors needs: settings and secrets.
func Vendors(_ context.Context, b *builder) error {
	if err := b.json("PLUGIN_SETTINGS", &b.parts.Settings); err != nil {
		return err
	}
	if b.env("VENDOR_SECRETS_INLINE") != "" { // on one machine
		var secrets connector.MapSecrets
		if err := b.json("VENDOR_SECRETS_INLINE", &secrets); err != nil {
			return err
		}
		b.parts.Secrets = connector.OfMachine(b.env("VENDOR_SECRETS_FOLDER"), secrets)
		b.parts.SecretNames = connector.InventoryOf(b.parts.Secrets)
		return nil
	}
	secrets := awssecrets.New(awssecrets.Config{API: secretsmanager.NewFromConfig(b.aws), Prefix: b.env("VENDOR_SECRETS")})
	b.parts.Secrets, b.parts.SecretNames = secrets, secrets
	return nil
}

// json reads a variable that holds JSON; an empty one is ignored.
func (b *builder) json(name string, into any) error {
	text := b.env(name)
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return problem.Wrap(err, problem.Internal, "The variable %s does not contain JSON.", name)
	}
	return nil
}

var _ cases.Executions = (*stepfunctions.Executions)(nil)
