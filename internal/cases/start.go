package cases

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// maxContext bounds a case's context as JSON, in bytes.
const maxContext = 200 << 10

// StartCommand asks for a new case.
type StartCommand struct {
	ID         string // the case's id when the caller has reserved one, so that a retry starts nothing twice; "" makes one
	Workflow   string
	Version    int // 0: the newest
	ExternalID string
	Subject    SubjectInput
	Context    map[string]any

	parent  *Parent // of a child case
	express bool    // decided at once: see Decision
}

// SubjectInput is whom the case is about.
type SubjectInput struct {
	Type       string
	ExternalID string
	Data       map[string]any // name, email, …
}

// Start creates a case at its workflow's initial state. Errors: UnknownWorkflow, Invalid, TooLarge, AlreadyExists (the
// external id is taken within the workflow: Details "case" names its case).
func (s *Service) Start(ctx context.Context, p identity.Principal, cmd StartCommand) (Record, error) {
	wf, err := s.Catalog.Workflow(ctx, p.Tenant, cmd.Workflow, cmd.Version)
	if err != nil {
		return Record{}, err
	}
	if cmd.Context == nil {
		cmd.Context = map[string]any{}
	}
	if err := checkStart(wf, cmd); err != nil {
		return Record{}, err
	}
	id := cmd.ID
	if id == "" {
		id = s.NewID("case")
	}
	d, err := s.newCase(ctx, p, wf, id, cmd)
	if err != nil {
		return Record{}, err
	}
	record, err := s.commit(ctx, d)
	if problem.CodeOf(err) == problem.AlreadyExists && cmd.ID != "" {
		if existing, getErr := s.Store.Get(ctx, p.Tenant, id); getErr == nil {
			return existing, nil // the same call came before
		}
	}
	return record, err
}

func checkStart(wf *workflow.Workflow, cmd StartCommand) error {
	problems := problem.New(problem.Invalid, "The case cannot be started like this.")
	if wf.Subject != "" && cmd.Subject.Type != wf.Subject {
		problems.With("body.subject.type", "subject_type", "the workflow %s is about subjects of type %s", wf.ID, wf.Subject)
	}
	addContextProblems(problems, wf, nil, cmd.Context)
	if len(problems.Fields) > 0 {
		return problems
	}
	return checkSize(cmd.Context)
}

func (s *Service) newCase(ctx context.Context, p identity.Principal, wf *workflow.Workflow, id string, cmd StartCommand) (*draft, error) {
	now := s.Now().UTC().Truncate(time.Millisecond)
	subject, err := s.subject(ctx, p.Tenant, cmd.Subject, now)
	if err != nil {
		return nil, err
	}
	record := Record{
		Tenant: p.Tenant, ID: id, ExternalID: cmd.ExternalID, Workflow: WorkflowRef{wf.ID, wf.Version}, Status: StatusActive,
		Context: cmd.Context, Execution: ExecutionRef{Name: executionName(id, 1), Sequence: 1, StartedAt: now, Express: cmd.express}, CreatedAt: now,
		Parent: cmd.parent, Subject: SubjectRef{ID: subject.ID, Type: subject.Type, ExternalID: subject.ExternalID, Name: displayName(subject.Data)},
	}
	d := &draft{record: record, workflow: wf, now: now, creating: true, was: StatusActive, subject: &subject}
	d.entry = Entry{At: now, Actor: actorOf(p), Cause: CauseStarted, From: []string{}, Workflow: record.Workflow}
	d.detail("context", cmd.Context)
	result, err := wf.Chart.StartWith(statechart.Input{Context: cmd.Context, Extra: d.extra(), Now: now})
	if err != nil {
		return nil, err
	}
	d.take(result)
	return d, nil
}

func executionName(id string, sequence int) string { return id + "-" + strconv.Itoa(sequence) }

// subject finds the subject by its external id and takes over what is newly said of it, or makes a new one.
func (s *Service) subject(ctx context.Context, tenant string, in SubjectInput, now time.Time) (Subject, error) {
	subject := Subject{Tenant: tenant, ID: s.NewID("subj"), Type: in.Type, ExternalID: in.ExternalID, Data: in.Data, CreatedAt: now, UpdatedAt: now}
	if in.ExternalID == "" {
		return subject, nil
	}
	found, err := s.Store.Subject(ctx, tenant, in.Type, in.ExternalID)
	switch {
	case err == nil:
		data := maps.Clone(found.Data)
		if data == nil {
			data = map[string]any{}
		}
		maps.Copy(data, in.Data)
		found.Data, found.UpdatedAt = data, now
		return found, nil
	case problem.CodeOf(err) != problem.NotFound:
		return Subject{}, err
	}
	// Two first cases of one subject at the same time must agree on its id.
	sum := sha256.Sum256([]byte(strings.Join([]string{tenant, in.Type, in.ExternalID}, "\x00")))
	subject.ID = "subj_" + base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])
	return subject, nil
}

// displayName is the name as a list of cases shows it.
func displayName(data map[string]any) string {
	switch name := data["name"].(type) {
	case string:
		return name
	case map[string]any:
		given, _ := name["given"].(string)
		family, _ := name["family"].(string)
		return strings.TrimSpace(given + " " + family)
	}
	return ""
}

// reserved are the context fields that only the system writes: the results of the workflow's work, and the fields that
// guards see beside the context.
func reserved(wf *workflow.Workflow) []string {
	names := []string{"documents", "event", "children"}
	for _, state := range wf.Chart.States() {
		for _, invocation := range state.Invocations {
			names = append(names, invocation.ID)
		}
	}
	return names
}

// addContextProblems checks what a caller writes: the patch must not touch reserved fields, the whole must keep to the
// schema. before is nil for a new case.
func addContextProblems(problems *problem.Error, wf *workflow.Workflow, before, patch map[string]any) {
	names := reserved(wf)
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		if slices.Contains(names, name) {
			problems.With("body.context."+name, "reserved", "this field is written by the workflow's own work")
		}
	}
	whole := patch
	if before != nil {
		whole, _ = mergePatch(before, patch).(map[string]any)
	}
	var invalid *problem.Error
	if err := wf.CheckContext(callersPart(wf, whole)); errors.As(err, &invalid) {
		for _, f := range invalid.Fields {
			problems.With("body."+f.Location, f.Code, "%s", f.Message)
		}
	}
}

// callersPart is the part of a context that callers write: the schema speaks of that, not of results.
func callersPart(wf *workflow.Workflow, whole map[string]any) map[string]any {
	callers := maps.Clone(whole)
	for _, name := range reserved(wf) {
		delete(callers, name)
	}
	return callers
}

func checkSize(context map[string]any) error {
	text, err := json.Marshal(context)
	if err != nil {
		return problem.Wrap(err, problem.Invalid, "The context is not JSON.")
	}
	if len(text) > maxContext {
		return problem.New(problem.TooLarge, "The case's context would be larger than %d KB.", maxContext>>10)
	}
	return nil
}

// mergePatch is RFC 7396: objects are merged, null removes, anything else replaces. The inputs are not changed.
func mergePatch(target, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	merged := map[string]any{}
	if t, ok := target.(map[string]any); ok {
		maps.Copy(merged, t)
	}
	for name, value := range p {
		if value == nil {
			delete(merged, name)
			continue
		}
		merged[name] = mergePatch(merged[name], value)
	}
	return merged
}
