package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"reflect"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/ids"
	"ballerine/internal/keyring"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/telemetry"
)

// Names of members are what they are in every letter: a body with Values and values would else be read in one of two ways.
func init() { huma.ValidateStrictCasing = true } //nolint:gochecknoinits // it is a setting of the package, and read by every call

// Bounds of bodies, in bytes. API Gateway hands at most 6 MB to a function, the body's quotes escaped.
const (
	maxBody      = 1 << 20
	maxLargeBody = registry.MaxSource + 512<<10 // of a definition, as JSON
)

// idempotence of an operation.
type idempotence int

const (
	never idempotence = iota
	optional
	required
)

// operation is one row of the interface: what Huma needs, who it is for, and whether calls are remembered.
type operation struct {
	huma.Operation
	audience   Audience
	idempotent idempotence
	raw        bool  // the body is read as it is, whatever its type
	maxBody    int64 // bytes; 0: as all
}

type server struct {
	Config
	mux        *http.ServeMux
	operations map[string]operation    // by pattern
	outputs    map[string]reflect.Type // by operation id
	inputs     map[string]input        // by operation id
	cursors    cursors
	calls      *idempotency.Calls
}

// New makes the handler of the audiences' operations. Errors: Invalid.
func New(config Config) (http.Handler, error) {
	s, _, err := build(config)
	return s, err
}

// Describe returns the form of all audiences' operations. What a form does not state, package apidoc adds to it.
func Describe() (*huma.OpenAPI, error) {
	_, api, err := build(Config{Secret: make([]byte, 32), Operations: AllOperations()})
	if err != nil {
		return nil, err
	}
	return api.OpenAPI(), nil
}

func build(config Config) (*server, huma.API, error) {
	ours()
	if config.Ring == nil {
		ring, err := keyring.Of(config.Secret)
		if err != nil {
			return nil, nil, err
		}
		config.Ring = ring
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.NewID == nil {
		config.NewID = ids.Source(config.Now)
	}
	if config.Metrics == nil {
		config.Metrics = telemetry.Discard
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.FlowToken <= 0 {
		config.FlowToken = time.Hour
	}
	cursors, calls := cursors{config.Ring}, idempotency.New(config.Idempotency, config.Now, config.Ring)
	s := &server{Config: config, mux: http.NewServeMux(), operations: map[string]operation{}, outputs: map[string]reflect.Type{}, inputs: map[string]input{}, cursors: cursors, calls: calls}
	settings := huma.DefaultConfig("Ballerine", "1")
	settings.DocsPath, settings.OpenAPIPath, settings.SchemasPath, settings.CreateHooks = "", "", "", nil
	settings.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	settings.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer", Description: "API key, reviewer's JWT or flow token"}}
	api := huma.NewAPI(settings, humago.NewAdapter(s, ""))
	s.register(api)
	return s, api, nil
}

// add registers one operation.
func add[I, O any](s *server, api huma.API, op operation, handler func(ctx ctx, in *I) (*O, error)) {
	if op.maxBody == 0 {
		op.maxBody = maxBody
	}
	op.MaxBodyBytes = op.maxBody + 1
	op.Errors = []int{http.StatusInternalServerError}
	guarded := !identity.Public(op.OperationID)
	if guarded {
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.Extensions = map[string]any{"x-audience": string(op.audience)}
	if op.audience == Flow && strings.HasPrefix(op.Path, "/v1/flow") {
		op.Tags = []string{"flow"}
	}
	if !identity.Public(op.OperationID) && op.audience != Hooks {
		op.Security = []map[string][]string{{"bearer": {}}}
	}
	if op.idempotent != never {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Required: op.idempotent == required, Schema: &huma.Schema{Type: "string", MaxLength: ptr(200)}})
	}
	s.operations[op.Method+" "+op.Path], s.outputs[op.OperationID] = op, reflect.TypeFor[O]()
	huma.Register(api, op.Operation, func(c ctx, in *I) (*O, error) {
		out, err := handler(c, in)
		if err != nil {
			s.log(c, op.OperationID, err)
			return nil, problemOf(c, err)
		}
		if out != nil && redacts(principalOf(c), op.OperationID) {
			return redacted(c, s, out)
		}
		return out, nil
	})
	if guarded {
		challenged(op.Responses)
	}
	s.inputs[op.OperationID] = inputOf(api.OpenAPI(), op)
}

// challenged documents answers about the credential.
func challenged(responses map[string]*huma.Response) {
	for status, description := range map[string]string{
		"401": "The credential is missing, not valid, expired or revoked",
		"403": "Permission denied; details.permission names the permission",
	} {
		responses[status].Description = description
		responses[status].Headers = map[string]*huma.Param{"WWW-Authenticate": {Description: "RFC 6750: Bearer, with the error where there was a credential", Schema: &huma.Schema{Type: "string"}}}
	}
}

// HandleFunc implements humago.Mux: everything that precedes Huma is here.
func (s *server) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	op := s.operations[pattern]
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		r, err := s.admit(w, r, op)
		if err != nil {
			s.log(r.Context(), op.OperationID, err)
			writeProblem(r.Context(), w, err)
			return
		}
		if op.idempotent == never || (op.idempotent == optional && r.Header.Get("Idempotency-Key") == "") {
			handler(w, r)
			return
		}
		s.once(w, r, op, handler)
	})
}

// admit authenticates, authorises, and checks the kind and size of the body.
func (s *server) admit(w http.ResponseWriter, r *http.Request, op operation) (*http.Request, error) {
	if !identity.Public(op.OperationID) && op.audience != Hooks {
		p, err := s.authenticate(r)
		if err != nil {
			return r, err
		}
		r = r.WithContext(WithPrincipal(r.Context(), p))
		if err := s.rate(r.Context(), w.Header(), p); err != nil {
			return r, err
		}
		if err := identity.Allow(p, op.OperationID); err != nil {
			return r, err
		}
		if redacts(p, op.OperationID) {
			w.Header().Set("X-Redacted", string(identity.CasesPersonal))
		}
	}
	in := s.inputs[op.OperationID]
	if err := in.address(r); err != nil {
		return r, err
	}
	r = in.repeated(r)
	if r.Body == nil || r.Body == http.NoBody || r.Method == http.MethodGet {
		return r, nil
	}
	if err := op.readable(r.Header); err != nil {
		return r, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, op.maxBody))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return r, problem.New(problem.TooLarge, "A body has at most %d bytes.", op.maxBody)
		}
		return r, problem.Wrap(err, problem.Timeout, "The body could not be read to its end.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if op.raw {
		return r, nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); len(body) > 0 && (err != nil || !op.takes(kind)) {
		return r, problem.New(problem.UnsupportedMedia, "Send application/json.").With("header.Content-Type", "unsupported", "only application/json is accepted, and application/merge-patch+json with PATCH")
	}
	if err := plainJSON(body); err != nil {
		return r, err
	}
	if err := visibleNames(body); err != nil {
		return r, err
	}
	return r, in.absent(body)
}

// readable refuses a body that is compressed, or in another character set than UTF-8, and would be taken for what it is not.
// Callbacks are for their plugin to judge: vendors often name a character set that JSON does not have. Errors: UnsupportedMedia.
func (o operation) readable(h http.Header) error {
	if o.audience == Hooks {
		return nil
	}
	e := problem.New(problem.UnsupportedMedia, "The body's encoding is not supported.")
	if coding := strings.TrimSpace(strings.Join(h.Values("Content-Encoding"), ",")); coding != "" && !strings.EqualFold(coding, "identity") {
		hint := "send the body uncompressed"
		if o.maxBody == maxUpload {
			hint = "send a compressed CSV as application/gzip, without Content-Encoding"
		}
		e.With("header.Content-Encoding", "unsupported", "%s", hint)
	}
	_, params, _ := mime.ParseMediaType(h.Get("Content-Type"))
	charset := strings.ToLower(params["charset"])
	if known := charset == "" || charset == "utf-8" || charset == "utf8" || charset == "us-ascii"; !known {
		e.With("header.Content-Type", "unsupported", "send UTF-8")
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// takes reports whether a body of this type is read. What PATCH is sent here is a merge patch (RFC 7396) under either name.
func (o operation) takes(kind string) bool {
	return kind == "application/json" || kind == "application/merge-patch+json" && o.Method == http.MethodPatch
}

// authenticate returns the principal that a gateway's authorizer has found, or that of the credential. A refusal of the
// authorizer prevails over anything else.
func (s *server) authenticate(r *http.Request) (identity.Principal, error) {
	if err := refusalOf(r.Context()); err != nil {
		return identity.Principal{}, err
	}
	if p := principalOf(r.Context()); p.Kind != "" {
		return p, nil
	}
	if s.Authenticator == nil {
		return identity.Principal{}, identity.Refusal(problem.Unauthenticated)
	}
	return s.Authenticator.Authenticate(r.Context(), r.Header.Get("Authorization"))
}

var requestForm = regexp.MustCompile(`^[A-Za-z0-9_=.-]{1,100}$`)

// private makes sure that no cache between here and the caller stores an answer, and that browsers do not treat it as
// any other type than the declared one: answers hold people's data.
func private(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}

// ServeHTTP implements http.Handler: request id, panics, unknown paths and methods, log and metrics.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.Now()
	id := requestID(r.Context())
	if id == "" {
		if id = r.Header.Get("X-Request-Id"); !requestForm.MatchString(id) {
			id = s.NewID("req")
		}
	}
	ctx := telemetry.With(WithRequestID(r.Context(), id), slog.String("request_id", id))
	r = r.WithContext(ctx)
	w.Header().Set("X-Request-Id", id)
	private(w.Header())
	answer := &watcher{ResponseWriter: w, status: http.StatusOK}
	handler, pattern := s.mux.Handler(r)
	name := s.operations[pattern].OperationID
	defer func() {
		if cause := recover(); cause != nil {
			s.Logger.ErrorContext(ctx, "panic", "operation", name, "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			if !answer.wrote {
				writeProblem(ctx, answer, problem.New(problem.Internal, "Something went wrong on our side."))
			}
		}
		s.Metrics.Count("http_requests_total", "operation", name, "status", strconv.Itoa(answer.status))
		s.Metrics.Observe("http_request_duration", s.Now().Sub(began), "operation", name)
	}()
	if pattern == "" {
		s.unknown(answer, r, handler)
		return
	}
	s.mux.ServeHTTP(answer, r)
}

// unknown distinguishes an unknown path from a method that it does not have.
func (s *server) unknown(w http.ResponseWriter, r *http.Request, handler http.Handler) {
	quiet := &recorder{header: http.Header{}}
	handler.ServeHTTP(quiet, r)
	if quiet.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", quiet.header.Get("Allow"))
		writeProblem(r.Context(), w, problem.New(problem.MethodNotAllowed, "The path does not support this method."))
		return
	}
	writeProblem(r.Context(), w, problem.New(problem.NotFound, "There is no such path."))
}

// log writes down what is not shown to a caller.
func (s *server) log(c ctx, operation string, err error) {
	if code := problem.CodeOf(err); code.Status() >= http.StatusInternalServerError {
		s.Logger.ErrorContext(c, "request failed", "operation", operation, "code", string(code), "error", err.Error())
	}
}

// watcher sees the status and lets everything through.
type watcher struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (w *watcher) WriteHeader(status int) {
	w.status, w.wrote = status, true
	w.ResponseWriter.WriteHeader(status)
}

func (w *watcher) Write(text []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(text)
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(text []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(text)
}
