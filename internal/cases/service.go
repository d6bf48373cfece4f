package cases

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/ids"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/telemetry"
	"ballerine/internal/watched"
	"ballerine/internal/workflow"
)

// Config is what a Service needs. Store, Catalog and Objects are required.
type Config struct {
	Store   Store
	Catalog Catalog
	Objects Objects
	// Decisions runs cases whose callers wait for the answer; nil where there are none.
	Decisions Decisions
	// Behind are the people and keys that may hold a secret of a key. Without it no key decides where a decision takes two people.
	Behind func(ctx context.Context, tenant, key string) ([]string, error)
	// Watched stores the answers to subjects' hits. If it is nil, no answers are stored, and stored ones do not count.
	Watched watched.Store
	// Returns refuses a result that a person sets for work, if the work could not have returned it. Errors: Invalid, with
	// each place below "result". nil: the workflow alone defines what its work returns.
	Returns func(ctx context.Context, tenant string, wf *workflow.Workflow, work workflow.Invocation, result any) error
	// SearchKey keys the hashes that cases are searched by. Where it is nil, as in tasks, a case keeps those that it has.
	SearchKey []byte

	Now          func() time.Time                             // default time.Now
	NewID        func(prefix string) string                   // default prefix + "_" + ULID
	Random       io.Reader                                    // of salts; default crypto/rand
	Pause        func(ctx context.Context, attempt int) error // between attempts after a conflict; default some milliseconds, jittered
	Metrics      telemetry.Metrics
	MaxEvents    int           // of an execution, before another takes over; default MaxEvents
	UploadExpiry time.Duration // of presigned uploads; default 15 minutes
	LinkExpiry   time.Duration // of document links; default 5 minutes
	LookAgain    time.Duration // bounds how long a write without an answer is looked for; default 2 seconds
	FollowUp     time.Duration // after which a wait without a deadline of its own is an incident; default 90 days
	Limits       Limits        // of entries in a case's history; what is zero is as in DefaultLimits
}

// Service runs the commands and queries of cases. It is safe for concurrent use, also by several processes.
type Service struct{ Config }

// attempts bounds how often a write is tried when others come first.
const attempts = 12

// maxTimers bounds how many timers that are due one call applies.
const maxTimers = 100

// maxSeen bounds how many idempotency ids of events and flow tokens a record remembers.
const maxSeen = 32

// New makes a Service.
func New(config Config) *Service {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.NewID == nil {
		config.NewID = ids.Source(config.Now)
	}
	if config.Random == nil {
		config.Random = rand.Reader
	}
	if config.Pause == nil {
		config.Pause = pause
	}
	if config.Metrics == nil {
		config.Metrics = telemetry.Discard
	}
	if config.MaxEvents <= 0 {
		config.MaxEvents = MaxEvents
	}
	if config.UploadExpiry <= 0 {
		config.UploadExpiry = 15 * time.Minute
	}
	if config.LinkExpiry <= 0 {
		config.LinkExpiry = 5 * time.Minute
	}
	if config.LookAgain <= 0 {
		config.LookAgain = 2 * time.Second
	}
	if config.FollowUp <= 0 {
		config.FollowUp = FollowUp
	}
	config.Limits.Applicant = config.Limits.Applicant.or(DefaultLimits.Applicant)
	config.Limits.Client = config.Limits.Client.or(DefaultLimits.Client)
	return &Service{config}
}

// draft is a change in the making: a copy of the record, the history entry, and what goes with them.
type draft struct {
	record    Record
	workflow  *workflow.Workflow
	entry     Entry
	effects   []Effect
	notices   []notice
	notes     []Note
	people    []Notice // what they are notified of at this moment
	gone      []Notice // notices that are withdrawn
	results   []ChildResult
	runs      []TaskRun
	subject   *Subject
	former    *Superseded   // has ended: its external id is this new case's
	dropped   []Effect      // of a former commit: they shall not happen
	buried    []Effect      // of former commits: they become dead letters
	replayed  []Effect      // dead letters: they are tried again
	discarded []Effect      // dead letters: they shall not happen
	retracted []Publication // of a former commit: subscribers are not notified
	quiet     bool          // the change is about the outbox itself: it has no effects
	fields    []string      // of the context that have changed
	members   []string      // of the record that have changed
	answered  []string      // work that has finished in this change
	now       time.Time
	hold      time.Duration        // how long the effects wait, so that the change can be undone
	undone    *Undo                // the decision that this change takes back
	unchanged bool                 // the command has no change to write
	another   bool                 // the case gets another execution
	lost      int                  // executions in a row, when another one replaces them
	known     map[string]readGroup // children, by the work that has started them

	old      Record // as it was read
	was      Status // before the change
	creating bool
}

// notice is an event for subscribers whose data the change itself completes: where the case is now, in which version.
type notice struct {
	kind  string
	extra map[string]any
}

// command changes a draft. It may be called again on a newer record if another write came first.
type command func(d *draft) error

// apply is the only way in which a case changes: load, apply the timers that are due, run the command on the pure core,
// write record, history and effects in one transaction; and retry if another write came first.
func (s *Service) apply(ctx context.Context, tenant, id string, actor Actor, run command) (Record, error) {
	for attempt := 0; ; attempt++ {
		record, err := s.attempt(ctx, tenant, id, actor, run)
		if problem.CodeOf(err) != problem.Conflict {
			return record, err
		}
		s.Metrics.Count("case_conflicts_total")
		if attempt+1 == attempts {
			return Record{}, problem.New(problem.Conflict, "Other writes to this case came first, %d times in a row.", attempts)
		}
		if err := s.Pause(ctx, attempt); err != nil {
			return Record{}, problem.Wrap(err, problem.Timeout, "The call ended before the case could be written.")
		}
	}
}

func (s *Service) attempt(ctx context.Context, tenant, id string, actor Actor, run command) (Record, error) {
	record, err := s.read(ctx, tenant, id)
	if err != nil {
		return Record{}, err
	}
	wf, err := s.follows(ctx, record)
	if err != nil {
		return Record{}, err
	}
	if record, err = s.expire(ctx, record, wf); err != nil {
		return Record{}, err
	}
	d := s.draft(record, wf, actor)
	err = run(d)
	if err == nil && d.unchanged {
		return record, nil // a repeated call has been answered, whatever has happened since
	}
	if seen := seenOf(ctx, id); seen > 0 {
		if err := s.unchanged(ctx, record, seen); err != nil {
			return Record{}, err
		}
	}
	if err != nil {
		return Record{}, err
	}
	if err := d.pace(s.Limits); err != nil {
		s.Metrics.Count("case_rate_limited_total", "caller", actor.Kind)
		return Record{}, err
	}
	return s.commit(ctx, d)
}

// follows is the workflow of a record. Errors: Unavailable if it is not known here. A record never loses its workflow,
// so it was started or moved by a newer program than this one, as happens during a deployment or after a rollback: the
// caller has to retry, and no decision is made meanwhile.
func (s *Service) follows(ctx context.Context, record Record) (*workflow.Workflow, error) {
	wf, err := s.Catalog.Workflow(ctx, record.Tenant, record.Workflow.ID, record.Workflow.Version)
	if problem.CodeOf(err) == problem.UnknownWorkflow {
		return nil, problem.Wrap(err, problem.Unavailable, "The case runs a version of its workflow that does not exist here: it was started by a newer release.").Detail("workflow", record.Workflow.String())
	}
	return wf, err
}

// withoutWorkflow reports whether an error is that of follows. What needs no workflow then continues without it.
func withoutWorkflow(err error) bool {
	return problem.CodeOf(err) == problem.Unavailable && problem.CodeOf(errors.Unwrap(err)) == problem.UnknownWorkflow
}

// expire applies the timers that are due, each as an entry of its own. What was applied stays when it fails.
func (s *Service) expire(ctx context.Context, record Record, wf *workflow.Workflow) (Record, error) {
	for applied := 0; record.Status == StatusActive; applied++ {
		event, due := wf.Chart.Due(record.Snapshot, s.Now())
		if !due {
			return s.overdue(ctx, record, wf)
		}
		if applied == maxTimers {
			return record, problem.New(problem.Livelock, "More than %d timers of the case are due one after the other.", maxTimers)
		}
		var err error
		if record, err = s.expireOne(ctx, record, wf, event); err != nil {
			return record, err
		}
	}
	return record, nil
}

// expireOne applies one deadline that has passed. The record stays what it was when that fails.
func (s *Service) expireOne(ctx context.Context, record Record, wf *workflow.Workflow, event statechart.Event) (Record, error) {
	begin := func() *draft {
		d := s.draft(record, wf, Actor{Kind: string(identity.System), ID: "timer"})
		d.entry.Cause, d.entry.Event = CauseTimer, event.Type
		return d
	}
	d := begin()
	err := s.timer(d, event)
	if err == nil {
		var next Record
		if next, err = s.commit(ctx, d); err == nil {
			return next, nil
		}
	}
	cause, held := unworkable[problem.CodeOf(err)]
	if !held {
		return record, err
	}
	d = begin()
	s.holdDeadline(d, event, string(problem.CodeOf(err)), cause)
	next, err := s.commit(ctx, d)
	if err != nil {
		return record, err
	}
	return next, nil
}

func (s *Service) draft(record Record, wf *workflow.Workflow, actor Actor) *draft {
	now := s.Now().UTC().Truncate(time.Millisecond)
	d := &draft{record: record, old: record, workflow: wf, now: now, was: record.Status}
	d.entry = Entry{At: now, Actor: actor, From: wf.Chart.Configuration(record.Snapshot), Workflow: record.Workflow, PrevHash: record.Head}
	return d
}

// step runs the pure core and takes its result into the draft.
func (s *Service) step(d *draft, event statechart.Event) error {
	d.judge() // guards see what has become stale
	result, err := d.workflow.Chart.StepWith(d.record.Snapshot, statechart.Input{
		Context: d.record.Context, Extra: d.extra(), Event: event, Now: d.now, Denied: d.denies(event),
	})
	if err != nil {
		return err
	}
	d.take(result)
	return nil
}

// take puts a result of the pure core into the record.
func (d *draft) take(result statechart.Result) {
	d.record.Snapshot, d.record.Context = result.Snapshot, result.Context
	d.changed(result.Changed...)
	if len(result.Trace) > 0 {
		before, _ := d.entry.Details["trace"].([]statechart.Trace)
		d.detail("trace", append(before, result.Trace...))
	}
	for _, effect := range result.Effects {
		switch effect.Kind {
		case statechart.EffectEmit:
			d.publish("workflow."+effect.Name, effect.Payload)
		case statechart.EffectNotify:
			d.publish("case.notify", effect.Payload)
		case statechart.EffectCancel:
			d.dropChildren(effect)
		}
	}
	if result.Snapshot.Status == statechart.Done && d.record.Status == StatusActive {
		d.record.Status = StatusCompleted
		d.record.Outcome = strings.TrimPrefix(d.workflow.Chart.Position(result.Snapshot).Label, "#")
	}
}

// changed names fields of the context that the change has written; member names members of the record. The two are kept
// apart, since a field of the context may be called as a member of the record is.
func (d *draft) changed(names ...string) {
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = fieldPath(name)
	}
	d.fields = merged(d.fields, names)
	d.entry.Changed = merged(d.entry.Changed, paths)
}

func (d *draft) member(name string) {
	d.members = merged(d.members, []string{name})
	d.entry.Changed = merged(d.entry.Changed, []string{name})
}

// merged are the names of both lists, sorted, each once.
func merged(a, b []string) []string {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

// The members of a record that the history names beside the fields of the context.
const (
	memberDocuments  = "documents"
	memberAssignee   = "assignee"
	memberIncidents  = "incidents"
	memberSnooze     = "snooze"
	memberEscalation = "escalation"
)

// IsMember reports whether a history entry means a member of the record by a name, and no field of the context.
func IsMember(name string) bool { return fieldPath(name) != name }

// fieldPath is how the history names a field of the context: by its name, but for those that are called as a member is.
func fieldPath(name string) string {
	switch name {
	case memberDocuments, memberAssignee, memberIncidents, memberSnooze, memberEscalation:
		return "context." + name
	default:
		return name
	}
}

func (d *draft) detail(name string, value any) {
	if d.entry.Details == nil {
		d.entry.Details = map[string]any{}
	}
	d.entry.Details[name] = value
}

// notify adds an event for subscribers about the case as the change leaves it. extra is thin, too.
func (d *draft) notify(kind string, extra map[string]any) {
	d.notices = append(d.notices, notice{kind, extra})
}

// publish adds an event for subscribers. Data is thin: ids and states, no personal data.
func (d *draft) publish(kind string, data map[string]any) {
	d.effects = append(d.effects, Effect{Kind: EffectPublish, Type: kind, Data: data})
}

// remember stores the id of a request that a caller may repeat, so that it is done once.
func (d *draft) remember(id string) {
	seen := append(slices.Clone(d.record.Seen), id)
	d.record.Seen = seen[max(0, len(seen)-maxSeen):]
}

func actorOf(p identity.Principal) Actor { return Actor{Kind: string(p.Kind), ID: p.ID} }

// bound reports whether the principal is one that knows a single case.
func bound(p identity.Principal) bool {
	return p.Kind == identity.Applicant || p.Kind == identity.Vendor
}

// sees reports whether the principal may know of the case at all: applicants and vendors know one.
func sees(p identity.Principal, id string) error {
	if bound(p) && p.Case != id {
		return problem.New(problem.NotFound, "There is no such case.")
	}
	return nil
}
