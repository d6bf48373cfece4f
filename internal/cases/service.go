package cases

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/telemetry"
	"ballerine/internal/workflow"
)

// Config is what a Service needs. Store, Catalog and Objects are required.
type Config struct {
	Store   Store
	Catalog Catalog
	Objects Objects
	// Decisions answer at once; nil where nobody asks for any.
	Decisions Decisions
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
}

// Service runs the commands and queries of cases. It is safe for concurrent use, also by several processes.
type Service struct{ Config }

// attempts bounds how often a write is tried when others come first.
const attempts = 12

// maxTimers bounds how many timers that are due one call applies.
const maxTimers = 100

// maxSeen bounds how many idempotency ids of events a record remembers.
const maxSeen = 32

// New makes a Service.
func New(config Config) *Service {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.NewID == nil {
		now := config.Now
		config.NewID = func(prefix string) string {
			return prefix + "_" + ulid.MustNew(ulid.Timestamp(now()), rand.Reader).String()
		}
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
	return &Service{config}
}

// draft is a change in the making: a copy of the record, the history entry, and what goes with them.
type draft struct {
	record   Record
	workflow *workflow.Workflow
	entry    Entry
	effects  []Effect
	told     []told
	notes    []Note
	runs     []TaskRun
	subject  *Subject
	dropped  []Effect // of a former commit: they shall not happen
	now      time.Time
	hold     time.Duration // how long the effects wait, so that the change can be undone
	undone   *Undo         // the decision that this change takes back
	nothing  bool          // the command has nothing to write

	old      Record // as it was read
	was      Status // before the change
	creating bool
}

// told is an event for subscribers whose data the change itself completes: where the case is now, in which version.
type told struct {
	kind  string
	extra map[string]any
}

// command fills a draft in. It may be called again on a newer record when another write came first.
type command func(d *draft) error

// apply is the one way in which a case changes: load, apply the timers that are due, run the command on the pure core,
// write record, history and effects in one transaction; again when another write came first.
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
	record, err := s.Store.Get(ctx, tenant, id)
	if err != nil {
		return Record{}, err
	}
	wf, err := s.Catalog.Workflow(ctx, tenant, record.Workflow.ID, record.Workflow.Version)
	if err != nil {
		return Record{}, err
	}
	if record, err = s.expire(ctx, record, wf); err != nil {
		return Record{}, err
	}
	d := s.draft(record, wf, actor)
	if err := run(d); err != nil {
		return Record{}, err
	}
	if d.nothing {
		return record, nil
	}
	return s.commit(ctx, d)
}

// expire applies the timers that are due, each as an entry of its own. What was applied stays when it fails.
func (s *Service) expire(ctx context.Context, record Record, wf *workflow.Workflow) (Record, error) {
	for applied := 0; record.Status == StatusActive; applied++ {
		event, due := wf.Chart.Due(record.Snapshot, s.Now())
		if !due {
			break
		}
		if applied == maxTimers {
			return record, problem.New(problem.Livelock, "More than %d timers of the case are due one after the other.", maxTimers)
		}
		d := s.draft(record, wf, Actor{Kind: string(identity.System), ID: "timer"})
		d.entry.Cause, d.entry.Event = CauseTimer, event.Type
		if err := s.step(d, event); err != nil {
			return record, err
		}
		var err error
		if record, err = s.commit(ctx, d); err != nil {
			return record, err
		}
	}
	return record, nil
}

func (s *Service) draft(record Record, wf *workflow.Workflow, actor Actor) *draft {
	now := s.Now().UTC().Truncate(time.Millisecond)
	d := &draft{record: record, old: record, workflow: wf, now: now, was: record.Status}
	d.entry = Entry{At: now, Actor: actor, From: wf.Chart.Configuration(record.Snapshot), Workflow: record.Workflow, PrevHash: record.Head}
	return d
}

// step runs the pure core and takes its result into the draft.
func (s *Service) step(d *draft, event statechart.Event) error {
	result, err := d.workflow.Chart.StepWith(d.record.Snapshot, statechart.Input{
		Context: d.record.Context, Extra: d.extra(), Event: event, Now: d.now,
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

func (d *draft) changed(names ...string) {
	for _, name := range names {
		if !slices.Contains(d.entry.Changed, name) {
			d.entry.Changed = append(d.entry.Changed, name)
		}
	}
	slices.Sort(d.entry.Changed)
}

func (d *draft) detail(name string, value any) {
	if d.entry.Details == nil {
		d.entry.Details = map[string]any{}
	}
	d.entry.Details[name] = value
}

// tell adds an event for subscribers about the case as the change leaves it. extra is thin, too.
func (d *draft) tell(kind string, extra map[string]any) { d.told = append(d.told, told{kind, extra}) }

// publish adds an event for subscribers. Data is thin: ids and states, no personal data.
func (d *draft) publish(kind string, data map[string]any) {
	d.effects = append(d.effects, Effect{Kind: EffectPublish, Type: kind, Data: data})
}

// commit counts the versions up, seals the history entry, adds what follows from the change, and writes it all.
func (s *Service) commit(ctx context.Context, d *draft) (Record, error) {
	revision := d.record.Revision
	d.record.Version++
	d.record.Revision++
	d.record.UpdatedAt = d.now
	d.record.Tags = d.workflow.Chart.Tags(d.record.Snapshot)
	d.entry.Version = d.record.Version
	d.entry.To = d.workflow.Chart.Configuration(d.record.Snapshot)
	d.clocks()
	d.follow(s.MaxEvents)
	s.index(d)
	if changes := d.fieldChanges(); len(changes) > 0 && !d.creating {
		d.detail("changes", changes)
	}
	if d.hold > 0 {
		d.holdBack(d.hold)
	} else if !d.entry.Cause.keeps() {
		d.record.Undo = nil
	}
	if err := s.seal(d); err != nil {
		return Record{}, err
	}
	for i := range d.effects {
		e := &d.effects[i]
		e.Tenant, e.Case, e.Version, e.Number, e.At = d.record.Tenant, d.record.ID, d.record.Version, i, d.now
	}
	err := s.Store.Commit(ctx, Change{
		Revision: revision, Before: d.old, Next: d.record, Entry: d.entry, Effects: d.effects, Dropped: d.dropped,
		Notes: d.notes, TaskRuns: d.runs, Subject: d.subject, Counts: d.count(),
	})
	if err != nil {
		return Record{}, err
	}
	s.count(d)
	return d.record, nil
}

// follow adds the effects that every change has: the execution is started, woken or stopped, subscribers are told.
func (d *draft) follow(maxEvents int) {
	d.record.DueAt = d.workflow.Chart.Deadline(d.record.Snapshot)
	if d.record.Status != StatusActive {
		d.record.DueAt = time.Time{}
	}
	if d.undone != nil {
		return // the execution and the subscribers have not heard of what is taken back
	}
	d.dropIncidents()
	d.followExecution(maxEvents)
	from, to := d.entry.From, d.entry.To
	if d.creating {
		d.publish("case.created", d.summary())
	}
	for _, t := range d.told {
		data := d.summary()
		maps.Copy(data, t.extra)
		d.publish(t.kind, data)
	}
	if !d.creating && !slices.Equal(from, to) {
		data := d.summary()
		data["from"], data["to"] = from, to
		d.publish("case.state_changed", data)
	}
	if d.was == StatusActive && d.record.Status != StatusActive {
		d.publish("case."+string(d.record.Status), d.summary())
	}
	d.report()
}

// dropIncidents forgets those whose state has been left: nobody can retry them any more.
func (d *draft) dropIncidents() {
	if d.record.Status != StatusActive {
		d.record.Incidents = nil
		return
	}
	left := slices.DeleteFunc(slices.Clone(d.record.Incidents), func(i Incident) bool {
		_, waits := d.workflow.Chart.Retry(d.record.Snapshot, i.State, i.Visit, i.Work)
		return !waits
	})
	if len(left) == len(d.record.Incidents) {
		return
	}
	d.record.Incidents = left
	d.changed("incidents")
}

// followExecution hands over to another execution when it is time, else it wakes every branch of the execution whose
// region is no longer where it waits.
func (d *draft) followExecution(maxEvents int) {
	if d.creating {
		if !d.record.Execution.Express {
			d.effects = append(d.effects, d.startEffect())
		}
		return
	}
	undoable := d.hold > 0 || d.record.Undo != nil && d.entry.Cause.keeps() // the execution may be called back
	if d.entry.Cause == CauseReplaced || d.entry.Cause == CauseMigrated || !undoable && d.worn(maxEvents) {
		d.handOver()
		return
	}
	for _, region := range sortedRegions(d.record.Parked) {
		park := d.record.Parked[region]
		position := d.workflow.Chart.PositionIn(d.record.Snapshot, park.region(region))
		if park.Position.Same(position) && d.record.Status == StatusActive {
			continue
		}
		d.record.Parked = without(d.record.Parked, region)
		if d.record.Status == StatusCancelled {
			continue // it is stopped instead
		}
		d.effects = append(d.effects, d.wakeEffect(park.Token, position))
	}
}

func (d *draft) wakeEffect(token string, position statechart.Position) Effect {
	return Effect{Kind: EffectWake, Name: d.record.Execution.Name, Token: token, Position: position, Latest: d.record.Execution.latest()}
}

// startEffect starts an execution where the record is.
func (d *draft) startEffect() Effect {
	return Effect{Kind: EffectStart, Name: d.record.Execution.Name, Machine: d.record.Workflow, Position: d.workflow.Chart.Position(d.record.Snapshot), Latest: d.record.Execution.latest()}
}

func (d *draft) summary() map[string]any {
	data := map[string]any{
		"case": d.record.ID, "workflow": d.record.Workflow.ID, "workflow_version": d.record.Workflow.Version,
		"status": string(d.record.Status), "version": d.record.Version, "configuration": d.entry.To,
	}
	if d.record.ExternalID != "" {
		data["external_id"] = d.record.ExternalID
	}
	if d.record.Outcome != "" {
		data["outcome"] = d.record.Outcome
	}
	if d.record.Parent != nil {
		data["parent"] = d.record.Parent.Case
	}
	return data
}

// index brings the record's search terms up to date.
func (s *Service) index(d *draft) {
	if len(s.SearchKey) == 0 {
		return
	}
	skip := reserved(d.workflow) // what work has written is not searched
	searched := func(name string) bool { return name == "documents" || !slices.Contains(skip, name) }
	if d.creating || slices.ContainsFunc(d.entry.Changed, searched) {
		d.record.Terms = terms(s.SearchKey, d.record.Tenant, searchWords(d.record, skip))
	}
}

func (s *Service) count(d *draft) {
	s.Metrics.Count("case_events_total", "workflow", d.record.Workflow.ID, "cause", string(d.entry.Cause))
	if d.creating {
		s.Metrics.Count("cases_started_total", "workflow", d.record.Workflow.ID)
	}
}

func (s *Service) salt() (string, error) {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return "", fmt.Errorf("read random salt: %w", err)
	}
	return hex.EncodeToString(raw), nil
}

func actorOf(p identity.Principal) Actor { return Actor{Kind: string(p.Kind), ID: p.ID} }

// bound says whether the principal is one that knows a single case.
func bound(p identity.Principal) bool {
	return p.Kind == identity.Applicant || p.Kind == identity.Vendor
}

// sees says whether the principal may know of the case at all: applicants and vendors know one.
func sees(p identity.Principal, id string) error {
	if bound(p) && p.Case != id {
		return problem.New(problem.NotFound, "There is no such case.")
	}
	return nil
}
