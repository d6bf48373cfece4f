package cases

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
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

// StartCommand requests a new case.
type StartCommand struct {
	ID         string // the case's id if the caller has reserved one, so that a retry does not start a second case; "" makes one
	Workflow   string
	Version    int // 0: the newest
	ExternalID string
	Subject    SubjectInput
	Context    map[string]any

	parent   *Parent  // of a child case
	supplied []string // who has supplied the parent's data, which become the child's
	express  bool     // decided at once: see Decision

	newHits *NewHits    // that the case is opened for
	subject *SubjectRef // an existing one without new data; nil: see Subject
}

// SubjectInput is whom the case is about.
type SubjectInput struct {
	Type       string // "": what the workflow is about
	ExternalID string
	Data       map[string]any // name, email, …
}

// Start creates a case in its workflow's initial state. Errors: UnknownWorkflow, Invalid, TooLarge, AlreadyExists (an
// open case of the workflow has the external id: Details "case" names it; a case that has ended releases its id).
func (s *Service) Start(ctx context.Context, p identity.Principal, cmd StartCommand) (Record, error) {
	wf, err := s.Catalog.Workflow(ctx, p.Tenant, cmd.Workflow, cmd.Version)
	if err != nil {
		return Record{}, err
	}
	if cmd.Context == nil {
		cmd.Context = map[string]any{}
	}
	if cmd.Subject.Type == "" {
		cmd.Subject.Type = wf.Subject
	}
	if err := checkStart(wf, cmd); err != nil {
		return Record{}, err
	}
	id := cmd.ID
	if id == "" {
		id = s.NewID("case")
	}
	record, err := s.create(ctx, p, wf, id, cmd)
	if problem.CodeOf(err) == problem.AlreadyExists && cmd.ID != "" {
		if existing, getErr := s.Store.Get(ctx, p.Tenant, id); getErr == nil {
			return existing, nil // the call is a repetition
		}
	}
	return record, err
}

// create writes the new case, and retries if another write to what it shares with others (its subject, the counters)
// came first.
func (s *Service) create(ctx context.Context, p identity.Principal, wf *workflow.Workflow, id string, cmd StartCommand) (Record, error) {
	var former *Superseded
	for attempt := 0; ; attempt++ {
		d, err := s.newCase(ctx, p, wf, id, cmd)
		if err != nil {
			return Record{}, err
		}
		d.former, former = former, nil
		record, err := s.commit(ctx, d)
		if problem.CodeOf(err) == problem.AlreadyExists && attempt+1 < attempts {
			if former, err = s.ended(ctx, p.Tenant, id, err); err == nil {
				continue
			}
		}
		if problem.CodeOf(err) != problem.Conflict || attempt+1 == attempts {
			return record, err
		}
		s.Metrics.Count("case_conflicts_total")
		if err := s.Pause(ctx, attempt); err != nil {
			return Record{}, problem.Wrap(err, problem.Timeout, "The call ended before the case could be written.")
		}
	}
}

// ended is the case that has a new one's external id, when it has ended; else the error stays what it is.
func (s *Service) ended(ctx context.Context, tenant, id string, taken error) (*Superseded, error) {
	holder, _ := problem.As(taken).Details["case"].(string)
	if holder == "" || holder == id {
		return nil, taken
	}
	record, err := s.Store.Get(ctx, tenant, holder)
	switch {
	case err != nil:
		return nil, err
	case record.Status == StatusActive:
		return nil, taken
	}
	return &Superseded{Case: holder, Revision: record.Revision}, nil
}

func checkStart(wf *workflow.Workflow, cmd StartCommand) error {
	problems := problem.New(problem.Invalid, "The case cannot be started.")
	if wf.Subject != "" && cmd.Subject.Type != wf.Subject {
		problems.With("body.subject.type", "subject_type", "the workflow %s requires subjects of type %s", wf.ID, wf.Subject)
	}
	checkLine(problems, "body.external_id", cmd.ExternalID)
	visibleSubject(problems, cmd.Subject)
	addContextProblems(problems, wf, nil, cmd.Context)
	if len(problems.Fields) > 0 {
		return problems
	}
	e := problem.New(problem.TooLarge, "The external id of the case is too long.")
	if tooLong(e, "body.external_id", cmd.ExternalID, maxID); len(e.Fields) > 0 {
		return e
	}
	return checkSize(cmd.Context)
}

func (s *Service) newCase(ctx context.Context, p identity.Principal, wf *workflow.Workflow, id string, cmd StartCommand) (*draft, error) {
	now := s.Now().UTC().Truncate(time.Millisecond)
	subject, err := s.newSubject(ctx, p.Tenant, cmd, now)
	if err != nil {
		return nil, err
	}
	record := Record{
		Tenant: p.Tenant, ID: id, ExternalID: cmd.ExternalID, Workflow: WorkflowRef{wf.ID, wf.Version}, Status: StatusActive,
		Context: cmd.Context, Execution: ExecutionRef{Name: executionName(id, 1), Sequence: 1, StartedAt: now, Express: cmd.express}, CreatedAt: now,
		Parent: cmd.parent,
	}
	if subject != nil {
		record.Subject = SubjectRef{ID: subject.ID, Type: subject.Type, ExternalID: subject.ExternalID, Name: displayName(subject.Data)}
	} else {
		record.Subject = *cmd.subject
	}
	d := &draft{record: record, workflow: wf, now: now, creating: true, was: StatusActive, subject: subject}
	d.entry = Entry{At: now, Actor: actorOf(p), Cause: CauseStarted, From: []string{}, Workflow: record.Workflow}
	d.detail("context", cmd.Context)
	d.record.Suppliers, d.record.NewHits = slices.Clone(cmd.supplied), cmd.newHits
	if err := d.suppliedBy(p); err != nil {
		return nil, err
	}
	result, err := wf.Chart.StartWith(statechart.Input{Context: cmd.Context, Extra: d.extra(), Now: now, Denied: d.denies(statechart.Event{})})
	if err != nil {
		return nil, err
	}
	d.take(result)
	return d, d.fitting()
}

func executionName(id string, sequence int) string { return id + "-" + strconv.Itoa(sequence) }

// newSubject is the subject as the case writes it; nil if it exists and does not change.
func (s *Service) newSubject(ctx context.Context, tenant string, cmd StartCommand, now time.Time) (*Subject, error) {
	if cmd.subject != nil {
		return nil, nil
	}
	subject, err := s.subject(ctx, tenant, cmd.Subject, now)
	if err == nil {
		err = checkSubject(subject)
	}
	if err != nil {
		return nil, err
	}
	return &subject, nil
}

// subject finds the subject by its external id and applies its new data, or makes a new one.
func (s *Service) subject(ctx context.Context, tenant string, in SubjectInput, now time.Time) (Subject, error) {
	subject := Subject{Tenant: tenant, ID: s.NewID("subj"), Type: in.Type, ExternalID: in.ExternalID, Data: in.Data, Revision: 1, CreatedAt: now, UpdatedAt: now}
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
		found.Data, found.Revision, found.UpdatedAt = data, found.Revision+1, now
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

// addContextProblems checks what a caller writes: the patch must not touch reserved fields, the whole must keep to the
// schema. before is nil for a new case.
func addContextProblems(problems *problem.Error, wf *workflow.Workflow, before, patch map[string]any) {
	if len(patch) > maxFields {
		problems.With("body.context", "too_many", "a context can have at most %d fields on one level", maxFields)
		return
	}
	names := wf.Owned()
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		if slices.Contains(names, name) {
			problems.With("body.context."+name, "reserved", "this field is reserved for results of the workflow's work")
			continue
		}
		checkVisible(problems, "body.context."+name, patch[name])
	}
	whole := patch
	if before != nil {
		whole, _ = mergePatch(before, patch).(map[string]any)
	}
	var invalid *problem.Error
	if err := wf.CheckContext(wf.OfCallers(whole)); errors.As(err, &invalid) {
		for _, f := range invalid.Fields {
			problems.With("body."+f.Location, f.Code, "%s", f.Message)
		}
	}
}

// checkSize refuses a context that a case cannot have, where that must be known before the change is sealed.
func checkSize(context map[string]any) error {
	e := problem.New(problem.TooLarge, "The context of the case exceeds its maximum size.")
	r := Record{Context: context}.slim()
	for _, b := range bounds[:2] {
		tooLarge(e, b.place, b.of(r), b.limit, b.hint)
	}
	if len(e.Fields) > 0 {
		return e
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
