package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// SendCommand is an event for a case.
type SendCommand struct {
	Type          string
	Payload       any    // JSON value
	IdempotencyID string // repeating the id returns the same record and changes nothing
}

// maxPayload bounds an event's payload as JSON, in bytes.
const maxPayload = 64 << 10

// Send applies an event of a client or an applicant: one that is theirs to send, and does something now. Errors: NotFound,
// Invalid, EventNotAllowed (Details "allowed"), NotCollecting, CaseClosed, TooLarge, Conflict.
func (s *Service) Send(ctx context.Context, p identity.Principal, id string, cmd SendCommand) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	if err := checkEvent(cmd); err != nil {
		return Record{}, err
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if cmd.IdempotencyID != "" && slices.Contains(d.record.Seen, cmd.IdempotencyID) {
			d.unchanged = true
			return nil
		}
		if err := d.open(); err != nil {
			return err
		}
		return s.send(ctx, d, p, cmd)
	})
}

// send applies an event to a case that is open.
func (s *Service) send(ctx context.Context, d *draft, p identity.Principal, cmd SendCommand) error {
	d.entry.Cause, d.entry.Event = CauseEvent, cmd.Type
	s.arrivals(ctx, d)
	if cmd.Payload != nil {
		d.detail("payload", cmd.Payload)
	}
	by := senderAt(d.workflow, d.record.Snapshot, p)
	if err := d.standsIn(p); err != nil {
		return err
	}
	write, writes := contextEvents[cmd.Type]
	if writes {
		if err := d.collects(p); err != nil {
			return err
		}
		if err := write(d, cmd.Payload); err != nil {
			return err
		}
	}
	if cmd.IdempotencyID != "" {
		d.remember(cmd.IdempotencyID)
	}
	event := statechart.Event{Type: cmd.Type, Payload: cmd.Payload, ID: cmd.IdempotencyID, Optional: writes, By: by}
	if err := s.step(d, event); err != nil {
		return d.whose(err, p, "body.type", cmd.Type, false)
	}
	if err := d.correctsOpen(p); err != nil {
		return err
	}
	return d.fitting()
}

func checkEvent(cmd SendCommand) error {
	if cmd.Type == "" || len(cmd.Type) > 80 {
		return problem.New(problem.Invalid, "The name of the event is not valid.").With("body.type", "required", "the type of an event must have 1 to 80 characters")
	}
	if statechart.IsInternal(cmd.Type) {
		return problem.New(problem.Invalid, "The event is reserved for the system.").With("body.type", "reserved", "events that begin with done., error., after., outcome. or child. are reserved for the system")
	}
	hidden := problem.New(problem.Invalid, "The payload of the event is not valid.")
	if checkVisible(hidden, "body.payload", cmd.Payload); len(hidden.Fields) > 0 {
		return hidden
	}
	text, err := json.Marshal(cmd.Payload)
	if err != nil {
		return problem.Wrap(err, problem.Invalid, "The payload is not JSON.")
	}
	if len(text) > maxPayload {
		return problem.New(problem.TooLarge, "The payload is larger than %d KB.", maxPayload>>10)
	}
	return nil
}

// DecideCommand is what a reviewer decides about a case: one of the events that the state has.
type DecideCommand struct {
	Event      string
	Reason     string                    // a code
	Comment    string                    // free text: kept in the history's details
	Message    string                    // message to the applicant, shown with the documents that are requested again
	Documents  []DocumentDecisionCommand // decided together with the case
	Hits       []HitAnswer               // what each possible match is
	OnBehalfOf string                    // the person for whom a key decides
	Undo       time.Duration             // how long the decision can be taken back; its effects wait until then
}

// maxMessage bounds a message to the applicant, in bytes.
const maxMessage = 10000

func checkDecision(cmd DecideCommand) error {
	if err := checkEvent(SendCommand{Type: cmd.Event}); err != nil {
		return err
	}
	e := problem.New(problem.Invalid, "The decision is not complete.")
	if len(cmd.Message) > maxMessage {
		e.With("body.message", "length", "a message must have at most %d bytes", maxMessage)
	}
	checkUndo(e, cmd.Undo)
	checkProse(e, "body.reason", cmd.Reason)
	checkProse(e, "body.comment", cmd.Comment)
	checkProse(e, "body.message", cmd.Message)
	for i, decision := range cmd.Documents {
		decision.check(e, fmt.Sprintf("body.documents[%d]", i))
	}
	for i, answer := range cmd.Hits {
		if answer.Answer != "match" && answer.Answer != "not_a_match" {
			e.With(fmt.Sprintf("body.hits[%d].answer", i), "enum", "an answer must be match or not_a_match")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// checkUndo adds what is wrong with the time in which a decision can be taken back.
func checkUndo(e *problem.Error, window time.Duration) {
	if window < 0 || window > MaxUndo {
		e.With("body.undo_seconds", "range", "the undo period must be 0 to %d seconds", int(MaxUndo.Seconds()))
	}
}

// Decide applies a decision of a person, or of a key on a person's behalf, on the version that they have seen. Errors: as
// Send, and Forbidden, PreconditionRequired, Stale.
func (s *Service) Decide(ctx context.Context, p identity.Principal, id string, seen int, cmd DecideCommand) (Record, error) {
	if err := checkDecision(cmd); err != nil {
		return Record{}, err
	}
	return s.onSeen(ctx, p, id, seen, func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		if err := d.decider(p, cmd.OnBehalfOf, cmd.Reason); err != nil {
			return err
		}
		if err := s.othersApproveDocuments(ctx, d, cmd.Documents...); err != nil {
			return err
		}
		untouched := *d
		if err := s.decide(d, p, cmd); err != nil {
			return err
		}
		if !d.approves(cmd.Event) {
			d.record.TwoPeople = d.record.TwoPeople || cmd.matched()
			d.remembered(cmd, 0)
			return nil
		}
		return s.approve(ctx, d, untouched, cmd)
	})
}

// approve checks what a decision in favour of the case takes. Without a second person where one is needed, the draft is only a proposal.
func (s *Service) approve(ctx context.Context, d *draft, untouched draft, cmd DecideCommand) error {
	if err := s.othersApprove(ctx, d); err != nil {
		return err
	}
	needs, err := s.needsNow(ctx, d, cmd)
	if err != nil {
		return err
	}
	if err := needs.check(cmd); err != nil {
		return err
	}
	decides, by, err := s.twoPeople(ctx, d, needs, cmd)
	switch {
	case err != nil:
		return err
	case !decides:
		*d = untouched
		d.propose(cmd, by)
	default:
		d.record.Vouched = true
		people := 1
		if needs.FourEyes {
			people = 2
		}
		d.remembered(cmd, people)
	}
	return nil
}

// decide takes a decision into the draft.
func (s *Service) decide(d *draft, p identity.Principal, cmd DecideCommand) error {
	by := decider(p)
	for i, decision := range cmd.Documents {
		if err := d.decideDocument(decision); err != nil {
			return at(err, fmt.Sprintf("body.documents[%d]", i))
		}
	}
	d.entry.Cause, d.entry.Event = CauseDecision, cmd.Event
	d.decided(cmd)
	for _, next := range nextOf(d, by) {
		if next.Event == cmd.Event && !next.Allowed {
			return d.refused(next, by)
		}
	}
	d.leaveMessage(cmd)
	d.hold = cmd.Undo
	d.notify("case.decision", map[string]any{"event": cmd.Event, "reason": cmd.Reason}) // never the comment: it is free text
	if err := s.step(d, statechart.Event{Type: cmd.Event, Payload: map[string]any{"reason": cmd.Reason, "comment": cmd.Comment}, By: by}); err != nil {
		return d.whose(err, p, "body.event", cmd.Event, true)
	}
	return d.fitting()
}

// leaveMessage leaves a message for the applicant. A decision without one takes the former message away.
func (d *draft) leaveMessage(cmd DecideCommand) {
	d.record.Message = nil
	message := Message{Text: strings.TrimSpace(cmd.Message), Documents: []MessageDocument{}, At: d.now}
	for _, doc := range d.record.Documents {
		for _, decision := range cmd.Documents {
			if decision.ID == doc.ID && doc.Status == DocumentRevision {
				message.Documents = append(message.Documents, MessageDocument{ID: doc.ID, Kind: doc.Kind, Reason: decision.Reason})
			}
		}
	}
	if message.Text == "" && len(message.Documents) == 0 {
		return
	}
	d.record.Message = &message
	d.detail("message", message)
}

// at puts an error's places under another one.
func at(err error, location string) error {
	p := problem.As(err)
	if len(p.Fields) > 0 {
		return err
	}
	return problem.Wrap(err, p.Code, "%s", p.Message).With(location, string(p.Code), "%s", p.Message)
}

// refused explains to a reviewer why a decision would have no effect: its condition does not hold.
func (d *draft) refused(next statechart.Next, by statechart.Audience) error {
	return problem.New(problem.EventNotAllowed, "The decision is not possible now.").
		Detail("allowed", allowedOf(nextOf(d, by))).Detail("explanation", next.Explanation).With("body.event", "guard", "%s", *next.Reason)
}

func allowedOf(next []statechart.Next) []string {
	names := []string{}
	for _, n := range next {
		if n.Allowed {
			names = append(names, n.Event)
		}
	}
	return names
}

// onSeen is apply for people: the record must be at the version that they have seen.
func (s *Service) onSeen(ctx context.Context, p identity.Principal, id string, seen int, run command) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	if seen == 0 {
		return Record{}, problem.New(problem.PreconditionRequired, "Send the version of the case that the change is based on.").With("header.If-Match", "required", "send the ETag of the case as If-Match")
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if err := s.unchanged(ctx, d.record, seen); err != nil {
			return err
		}
		return run(d)
	})
}

// eventContextSaved notifies a chart that its context was saved: automatic transitions (always) are evaluated again.
const eventContextSaved = "context.saved"

// SaveContext merges a patch (RFC 7396) into the context, and notifies the chart. Errors: NotFound, Invalid, TooLarge,
// NotCollecting, CaseClosed, Conflict.
func (s *Service) SaveContext(ctx context.Context, p identity.Principal, id string, patch map[string]any) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		if err := d.collects(p); err != nil {
			return err
		}
		d.entry.Cause = CauseContext
		if err := d.standsIn(p); err != nil {
			return err
		}
		return s.write(d, p, patch)
	})
}

// write merges a patch into the context, and notifies the chart.
func (s *Service) write(d *draft, p identity.Principal, patch map[string]any) error {
	if err := d.patch(patch); err != nil {
		return err
	}
	if err := s.step(d, statechart.Event{Type: eventContextSaved, Optional: true}); err != nil {
		return err
	}
	if err := d.correctsOpen(p); err != nil {
		return err
	}
	return d.fitting()
}

// patch merges data into the context: it must keep to the schema, and what the workflow's own work writes is not touched.
func (d *draft) patch(patch map[string]any) error {
	problems := problem.New(problem.Invalid, "The data is not valid.")
	addContextProblems(problems, d.workflow, d.record.Context, patch)
	if len(problems.Fields) > 0 {
		return problems
	}
	d.record.Context, _ = mergePatch(d.record.Context, patch).(map[string]any)
	d.detail("patch", patch)
	d.changed(slices.Collect(maps.Keys(patch))...)
	return nil
}

// open refuses changes of a case that has ended.
func (d *draft) open() error {
	if d.record.Status != StatusActive {
		return problem.New(problem.CaseClosed, "The case has ended: events are no longer accepted.").Detail("allowed", []string{})
	}
	return nil
}
