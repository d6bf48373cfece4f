package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"ballerine/internal/app"
	"ballerine/internal/asl/interpret"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/identity/issuer"
	"ballerine/internal/local/gateway"
	"ballerine/internal/local/lambda"
	"ballerine/internal/local/objects"
	"ballerine/internal/local/sandbox"
	"ballerine/internal/local/sfnserver"
	"ballerine/internal/local/sqsserver"
	"ballerine/internal/problem"
	"ballerine/internal/ratelimit"
	"ballerine/internal/registry"
	"ballerine/internal/store/embedded"
	"ballerine/internal/store/s3"
	"ballerine/internal/task"
	"ballerine/internal/telemetry/prometheus"
)

// Options of a stack.
type Options struct {
	Data        string // folder in which all data is stored
	Address     string // "127.0.0.1:8787"; port 0 picks a free one
	Definitions fs.FS
	Version     string
	Logger      *slog.Logger
	Now         func() time.Time
	// DynamoDB is the URL of a DynamoDB (Local) that keeps cases, keys and webhooks instead of the file; executions stay
	// in the file.
	DynamoDB string
	// Limits bound what callers add to a case's history; what is zero is the default.
	Limits cases.Limits
	// RequestLimits bound how fast tenants, credentials and applicants send requests; what is zero has no limit.
	RequestLimits ratelimit.Limits
	// Secrets is a folder of vendors' secrets, <name> or <tenant>/<name>; "": there is none. Those of the environment
	// (BALLERINE_SECRET_NAME) take precedence, those of the sandbox vendors come last.
	Secrets string
	// Settings are what vendors' plugins name as {connector.NAME}.
	Settings map[string]string
	// NewSecrets lets the data go on with other secrets when its own are lost: all links, tokens and sign-ins of before are void.
	NewSecrets bool
	// Session is how long a sign-in lasts; TokenLife how long each of its tokens does. Default 12 h and 10 min.
	Session, TokenLife time.Duration
	// Functions is a folder of compiled bootstraps (<name>/bootstrap) that run as child processes behind a Lambda Runtime
	// API instead of in this process. They need DynamoDB: the file belongs to one process.
	Functions string

	// Traffic records or replays the traffic with vendors; nil: neither. Not with Functions.
	Traffic connector.Traffic

	// Cast are people whom the sandbox vendors know by their full name, "Given Family".
	Cast map[string]sandbox.Part
	// Simulation is of a stack whose days go by at once; nil: they take a day each.
	Simulation *Simulation

	// wrap puts something around a function, so that a test can let it crash.
	wrap func(name string, handler task.Handler) task.Handler
	// shadowTime is the longest that a decision waits for its shadow, for tests on a busy machine.
	shadowTime time.Duration
	// noList leaves the tenant without a watch list.
	noList bool
}

// Stack is the whole system, running.
type Stack struct {
	URL  string
	Demo Demo
	Core *app.Core

	options    Options
	secrets    *secrets
	db         *embedded.DB
	stores     stores
	children   *lambda.Server
	engine     *interpret.Engine
	express    *interpret.Express
	backtest   *backtests
	issuer     *issuer.Issuer
	sandbox    *sandbox.Server
	objects    inProcess
	direct     gateway.Direct
	server     *http.Server
	invoker    functions
	metrics    *prometheus.Registry
	stopWork   context.CancelFunc
	queues     *sqsserver.Server // nil: the functions are in this process
	stopQueues context.CancelFunc
	work       sync.WaitGroup
	failed     chan error
}

// bucket of documents, as a path of the stack's own address.
const bucket = "ballerine-documents"

// intervals of the local schedule.
const (
	sweepEvery   = 5 * time.Second // a minute on AWS: here people watch
	measureEvery = 5 * time.Second
	// readEvery is how often the outbox is checked for what is due: how late a retry, or a decision that was held back, can
	// be. Checking a file that has nothing due costs microseconds; a DynamoDB, eight queries.
	readEvery       = 50 * time.Millisecond
	readTablesEvery = time.Second
)

// Start runs the system and returns when it answers. Errors: Unavailable when the data or the address is taken.
func Start(ctx context.Context, options Options) (*Stack, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.TokenLife <= 0 {
		options.TokenLife = 10 * time.Minute
	}
	if options.Functions != "" && options.DynamoDB == "" {
		return nil, problem.New(problem.Invalid, "Functions as child processes need --dynamodb: the data file belongs to one process.")
	}
	if err := os.MkdirAll(options.Data, 0o700); err != nil {
		return nil, fmt.Errorf("create data folder: %w", err)
	}
	if err := finishSeed(options.Data); err != nil {
		return nil, err
	}
	s := &Stack{options: options, metrics: prometheus.NewRegistry(), failed: make(chan error, 1)}
	listener, err := net.Listen("tcp", options.Address)
	if err != nil {
		return nil, err
	}
	s.URL = "http://" + listener.Addr().String()
	if err := s.build(ctx); err != nil {
		return nil, errors.Join(err, listener.Close(), s.Close(ctx))
	}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	if err := s.resume(ctx); err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	return s, nil
}

// Failed states when the server has ended by itself.
func (s *Stack) Failed() <-chan error { return s.failed }

// build wires everything; nothing runs yet.
func (s *Stack) build(ctx context.Context) (err error) {
	if s.db, err = embedded.Open(filepath.Join(s.options.Data, "ballerine.db")); err != nil {
		return err
	}
	if s.secrets, err = openSecrets(ctx, s.options.Data, s.db, s.options.NewSecrets); err != nil {
		return err
	}
	if s.issuer, err = s.openIssuer(); err != nil {
		return err
	}
	if s.stores, err = s.openStores(ctx); err != nil {
		return err
	}
	functions := functions{}
	invoke := func(ctx context.Context, function string, payload []byte) ([]byte, error) {
		return functions.Invoke(ctx, function, payload)
	}
	engine := interpret.Config{Journal: interpret.Buckets{DB: s.db}, Invoke: invoke, Load: Machines{s.db}.load, Logger: s.options.Logger}
	engine.Patient = func(function string) bool { return function == "vendor" }
	vendors := sandbox.Config{APIKey: s.secrets.VendorKey, CallbackSecret: s.secrets.CallbackSecret, Log: s.options.Logger, Cast: s.options.Cast}
	if simulated := s.options.Simulation; simulated != nil {
		engine.Clock, vendors.Clock, vendors.Pass = simulated.Clock, simulated.Clock, simulated.Clock.Pass
		if simulated.Meter != nil {
			engine.Moved, s.options.wrap = simulated.Meter.Moved, simulated.Meter.wrap
		}
	}
	if s.engine, err = interpret.New(engine); err != nil {
		return err
	}
	if s.express, err = interpret.NewExpress(engine, s.references()); err != nil {
		return err
	}
	s.backtest = newBacktests(s.db, invoke, s.options.Logger)
	s.sandbox = sandbox.New(vendors)
	if s.Core, err = app.New(s.parts()); err != nil {
		return err
	}
	if s.options.Functions != "" {
		err = s.startChildren(functions)
	} else {
		err = s.functions(functions)
	}
	if err != nil {
		return err
	}
	s.invoker = functions
	if err := s.register(); err != nil {
		return err
	}
	handler, err := s.handler(functions)
	if err != nil {
		return err
	}
	s.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: uploadTime, IdleTimeout: 2 * time.Minute}
	return s.demo(ctx)
}

func (s *Stack) openIssuer() (*issuer.Issuer, error) {
	i, err := issuer.New(issuer.Config{URL: s.URL, Audience: dashboardClient, Expiry: s.options.TokenLife, Now: s.options.Now, State: s.secrets.Issuer})
	if err != nil {
		return nil, err
	}
	if s.secrets.Issuer, err = i.State(); err != nil {
		return nil, err
	}
	return i, s.secrets.save()
}

func (s *Stack) parts() app.Parts {
	options := awss3.Options{
		Region: "local", EndpointResolverV2: oneEndpoint(s.URL), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s.secrets.AccessKey, s.secrets.ObjectKey, ""), HTTPClient: &s.objects,
	}
	if s.options.Simulation != nil {
		options.Retryer = aws.NopRetryer{} // it would wait on the machine's clock
	}
	stored := s3.New(awss3.New(options), bucket, s.options.Now)
	return app.Parts{
		Store: s.stores.cases, Keys: s.stores.keys, Webhooks: s.stores.webhooks, Reviews: s.stores.reviews, Idempotency: s.stores.idempotency,
		Registry: s.stores.registry, Ledger: s.stores.ledger, Lists: s.stores.lists, Trials: s.stores.trials, Watched: s.stores.watched, ShadowTime: s.options.shadowTime, Machines: Machines{s.db},
		Backtests: s.stores.backtests, Runner: s.backtest, Bulk: app.Bulk{Parts: localParts, Turn: localTurn, Workers: 1},
		Executions: interpret.Executions{Engine: s.engine, Published: s.references()}, Decisions: s.express, Objects: stored, Files: stored,
		Secrets:     s.allSecrets(),
		Traffic:     s.options.Traffic,
		SecretNames: connector.InventoryOf(s.allSecrets()),
		Definitions: s.options.Definitions, Settings: s.settings(),
		SigningSecrets: [][]byte{s.secrets.Signing}, PublicURL: s.URL, AllowLoopback: true, Version: s.options.Version,
		Issuers:    []identity.Issuer{{URL: s.URL, Audience: dashboardClient, Keys: s.issuer, Now: s.options.Now}},
		OutboxRuns: s.options.Functions == "", Writable: s.db.Writable,
		Limits: s.options.Limits, Rates: s.stores.rates, RequestLimits: s.options.RequestLimits,
		Now: s.options.Now, Metrics: s.metrics, Logger: s.options.Logger,
	}
}

func (s *Stack) references() cases.References { return registry.NewReferences(s.stores.registry) }

// oneEndpoint answers the S3 client's question where a bucket is, without the rules of all of AWS: they are a good part
// of a local call's cost.
type oneEndpoint string

// ResolveEndpoint implements awss3.EndpointResolverV2.
func (e oneEndpoint) ResolveEndpoint(_ context.Context, parameters awss3.EndpointParameters) (endpoint smithyendpoints.Endpoint, err error) {
	address, err := url.Parse(string(e))
	if err != nil {
		return endpoint, fmt.Errorf("endpoint of the object server: %w", err)
	}
	if parameters.Bucket != nil {
		address = address.JoinPath(*parameters.Bucket)
	}
	endpoint.URI = *address
	return endpoint, nil
}

// names of the functions, as in template.yaml.
var audiences = map[httpapi.Audience]string{
	httpapi.Client: "clientapi", httpapi.Review: "reviewapi", httpapi.Admin: "adminapi", httpapi.Flow: "flowapi", httpapi.Hooks: "hooks",
	httpapi.Screening: "screening",
}

// register loads the compiled machines of the shipped workflows.
func (s *Stack) register() error {
	for _, w := range s.Core.Catalog.Shipped() {
		definition, err := s.Core.Catalog.Machine(w.ID)
		if err != nil {
			return err
		}
		machine, err := loadMachine(definition)
		if err != nil {
			return err
		}
		ref := cases.WorkflowRef{ID: w.ID, Version: w.Version}
		if err := s.engine.Register(interpret.MachineName(ref), machine); err != nil {
			return err
		}
		if err := s.registerExpress(ref); err != nil {
			return err
		}
	}
	return nil
}

// registerExpress makes the Express machine of a workflow without waits known.
func (s *Stack) registerExpress(ref cases.WorkflowRef) error {
	definition := s.Core.Catalog.Express(ref.ID)
	if definition == nil {
		return nil
	}
	machine, err := loadMachine(definition)
	if err != nil {
		return err
	}
	return s.express.Register(ref, machine)
}

// handler is everything that the address serves.
func (s *Stack) handler(functions functions) (http.Handler, error) {
	routes, err := httpapi.Routes()
	if err != nil {
		return nil, err
	}
	var table []gateway.Route
	for _, r := range routes {
		function, ok := audiences[r.Audience]
		if !ok {
			function = "clientapi" // what is for everybody
		}
		table = append(table, gateway.Route{Method: r.Method, Path: r.Path, Function: function, Public: r.Public})
	}
	api, err := gateway.New(gateway.Config{
		Routes: table, Authorizer: "authorizer", Invoker: functions, Direct: s.direct,
		NewID: func() string { return s.Core.NewID("req") }, Now: s.options.Now, Logger: s.options.Logger,
	})
	if err != nil {
		return nil, err
	}
	store, err := objects.New(objects.Config{
		Dir: filepath.Join(s.options.Data, "objects"), Bucket: bucket, AccessKey: s.secrets.AccessKey, SecretKey: s.secrets.ObjectKey,
		Origins: []string{s.URL}, OnCreated: func(key string) { s.created(functions, key) }, OnDamaged: s.damagedObject, Logger: s.options.Logger,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	if err := s.pages(mux, api); err != nil {
		return nil, err
	}
	files := s.distant(store)
	s.objects.serve(files)
	mux.Handle("/"+bucket+"/", files)
	mux.Handle("/sandbox/", http.StripPrefix("/sandbox", s.sandbox))
	provider := s.provider()
	mux.Handle("/.well-known/", provider)
	mux.Handle("/oauth2/", provider)
	mux.Handle("GET /metrics", s.metrics)
	if s.children != nil {
		stepFunctions := sfnserver.Handler(sfnEngine{s.engine, s.backtest}, s.options.Now)
		mux.Handle(sfnPath, stepFunctions)
		mux.Handle(strings.TrimSuffix(sfnPath, "/"), stepFunctions)
		work, stop := context.WithCancel(context.Background())
		s.queues, s.stopQueues = sqsserver.New(work, sqsserver.Config{
			Functions: map[string]string{"deliveries": "deliver", "wakes": "sweep"}, Invoker: functions, Logger: s.options.Logger,
		}), stop
		mux.Handle(sqsPath, s.queues)
	}
	return mux, nil
}

// distant lets files take their time, and some requests fail, while demo cases are set up.
func (s *Stack) distant(handler http.Handler) http.Handler {
	if s.options.Simulation == nil {
		return handler
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := s.options.Simulation.Fault; fault != nil && fault(r) {
			http.Error(w, "the store does not respond", http.StatusServiceUnavailable)
			return
		}
		s.options.Simulation.Clock.Pass(35*time.Millisecond + time.Duration(len(r.URL.Path)%17)*time.Millisecond)
		handler.ServeHTTP(w, r)
	})
}

// resume starts what runs in the background: the outbox's feed, the schedule, and the executions that were running
// when the process ended.
func (s *Stack) resume(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stopWork = stop
	if err := s.engine.Recover(ctx); err != nil {
		s.options.Logger.Warn("some executions could not continue", "error", err.Error())
	}
	if err := s.backtest.resume(work, s.spawn); err != nil {
		return err
	}
	if err := s.stores.follow(ctx, work, s); err != nil {
		return err
	}
	s.keepSnapshots(work)
	s.spawn(func() { s.missedUploads(work) })
	s.spawn(func() {
		every(work, sweepEvery, s.options.Logger, "sweep", func() error { _, err := s.invoker.Invoke(work, "sweep", []byte("{}")); return err })
	})
	s.spawn(func() {
		every(work, sweepEvery, s.options.Logger, "rescreen", func() error {
			_, err := s.invoker.Invoke(work, "screening", []byte(`{"action":"rescreen"}`))
			return err
		})
	})
	if s.children != nil {
		return nil // the sweep's own process delivers what is due
	}
	interval := readEvery
	if s.options.DynamoDB != "" {
		interval = readTablesEvery
	}
	outbox := s.Core.Outbox()
	s.spawn(func() {
		outbox.Run(work, interval, func(err error) { s.options.Logger.Warn("deliveries were not read", "error", err.Error()) })
	})
	s.spawn(func() {
		every(work, measureEvery, s.options.Logger, "measure", func() error { return outbox.Measure(work) })
	})
	return nil
}

// uploadTime is how long a request may take to arrive, such as a document over a slow line; the gateway allows calls less.
const uploadTime = 5 * time.Minute

// requestTime is how long running requests may take to end; connections that never sent one are not waited for.
const requestTime = 2 * time.Second

func (s *Stack) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return s.server.Close()
	}
	return err
}

// Close stops cleanly: no new requests, the running ones end, then the executions, the background work and the file.
func (s *Stack) Close(ctx context.Context) error {
	var failures []error
	if s.server != nil {
		failures = append(failures, s.shutdown(ctx))
	}
	if s.express != nil {
		failures = append(failures, s.express.Close(ctx))
	}
	if s.engine != nil {
		failures = append(failures, s.engine.Close(ctx))
	}
	if s.queues != nil {
		s.stopQueues()
		s.queues.Wait()
	}
	if s.stopWork != nil {
		s.stopWork()
		s.work.Wait()
	}
	if s.children != nil {
		failures = append(failures, s.children.Close())
	}
	if s.sandbox != nil {
		s.sandbox.Close()
	}
	if s.db != nil {
		failures = append(failures, s.db.Close())
	}
	return errors.Join(failures...)
}
