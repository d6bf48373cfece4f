package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"ballerine/internal/ids"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
)

// Policies knows the versions of policies.
type Policies = rules.Versions

// Ledger decides and keeps. Without a Store it only decides.
type Ledger struct {
	Store    Store
	Policies Policies // for Replay, and for those that are called
	Lists    Lists    // nil: there are none
	Trials   Trials   // drafts that are tried beside live versions; nil: there are none
	Metrics  telemetry.Metrics
	Logger   *slog.Logger
	Clock    func() time.Time // measures evaluations; default time.Now

	ShadowTime time.Duration // the longest that a decision waits for its shadow; default 100 ms
	shadows    atomic.Int32  // that are under way
}

// Request is a decision to be made.
type Request struct {
	Tenant string
	Policy *rules.Policy
	Input  map[string]any
	At     time.Time // the time that the policy is evaluated at

	ID    string    // of the decision; "": it follows from Work
	Work  string    // what the decision is for: the same work over the same input by the same source is the same decision
	Since time.Time // of Work: the time in the id, the same for all attempts

	Case, Subject string
	Pinned        bool // the version was asked for by its number: no trial takes part
}

// Decide evaluates a policy and stores the decision. An existing decision is not made again: its answer is returned, so
// that what a retry commits is what is stored. Errors: those of rules.Policy.Evaluate, and of the store.
func (l *Ledger) Decide(ctx context.Context, r Request) (rules.Answer, error) {
	text, input, err := plain(r.Input)
	if err != nil {
		return rules.Answer{}, err
	}
	h := Head{
		ID: r.ID, Tenant: r.Tenant, Policy: r.Policy.ID, Version: r.Policy.Version, Digest: digestOf(r.Policy), Engine: rules.Revision, At: r.At.UTC().Round(0),
		Case: r.Case, Subject: r.Subject,
	}
	if h.ID == "" { // by the live version, whoever decides: an attempt after the end of a trial finds what was decided during it
		h.ID = idOf(r, h, text)
	}
	beside := l.beside(ctx, r, h.At)
	answer, err := l.answer(ctx, r, beside.Challenger, input, text, &h)
	if err != nil || l.Store == nil {
		return answer, err
	}
	if beside.Shadow != nil && h.Version == r.Policy.Version { // a challenger's decision is not the live version's
		h.Shadow = l.shadow(ctx, beside.Shadow, input, h, answer.Outcome)
	}
	return l.keep(ctx, h, text, answer)
}

// evaluate makes the answer by a version or a draft, and notes what it saw.
func (l *Ledger) evaluate(ctx context.Context, p *rules.Policy, input map[string]any, seen rules.Seen, h *Head) (rules.Answer, error) {
	options, err := p.Open(l.Library(ctx, h.Tenant), seen)
	if err != nil {
		return rules.Answer{}, err
	}
	options.Now, options.Decision, options.Trial = h.At, h.ID, h.Trial.answer()
	h.remember(options)
	began := l.now()
	answer, err := p.Evaluate(input, options)
	h.Took = l.now().Sub(began)
	return answer, err
}

func (l *Ledger) keep(ctx context.Context, h Head, input json.RawMessage, answer rules.Answer) (rules.Answer, error) {
	h.Outcome, h.Score, h.Severity, h.Fired = answer.Outcome, answer.Score, answer.Severity, answer.Fired
	text, err := json.Marshal(answer)
	if err != nil {
		return answer, problem.Wrap(err, problem.Internal, "The answer could not be encoded.")
	}
	sealed, err := Seal(Decision{Head: h, Input: input, Answer: text})
	if err != nil {
		return answer, err
	}
	if len(sealed.Omitted) > 0 {
		l.reportOmitted(ctx, sealed.Head)
	}
	kept, err := l.Store.PutDecision(ctx, sealed)
	if err != nil || kept.same(h) {
		return answer, err
	}
	before, err := kept.Open()
	if err != nil || before.Answer == nil {
		return answer, err
	}
	var first rules.Answer
	if err := json.Unmarshal(before.Answer, &first); err != nil {
		return answer, problem.Wrap(err, problem.Internal, "A kept decision cannot be read.")
	}
	return first, nil
}

func (l *Ledger) reportOmitted(ctx context.Context, h Head) {
	if l.Metrics != nil {
		l.Metrics.Count("decisions_trimmed_total", "policy", h.Policy)
	}
	if l.Logger != nil {
		l.Logger.WarnContext(ctx, "a decision is too large and was kept without a part of it", "decision", h.ID, "policy", h.Policy, "omitted", h.Omitted)
	}
}

func (l *Ledger) now() time.Time {
	if l.Clock != nil {
		return l.Clock()
	}
	return time.Now()
}

// plain is an input as it will be read again: what is evaluated is what is kept.
func plain(input map[string]any) (json.RawMessage, map[string]any, error) {
	if input == nil {
		input = map[string]any{}
	}
	text, err := json.Marshal(input)
	if err != nil {
		return nil, nil, problem.Wrap(err, problem.Invalid, "The input is not JSON.")
	}
	var again map[string]any
	if err := json.Unmarshal(text, &again); err != nil {
		return nil, nil, problem.Wrap(err, problem.Invalid, "The input is not JSON.")
	}
	return text, again, nil
}

func digestOf(p *rules.Policy) string { return "sha256:" + p.Digest }

// idOf a decision that is part of a work.
func idOf(r Request, h Head, input []byte) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\x00%s\x00%s\x00%d\x00%s\x00%s\x00", r.Tenant, r.Work, h.Policy, h.Version, h.Digest, r.Case)
	sum.Write(input)
	return "dec_" + ids.Derived(r.Since, sum.Sum(nil))
}

// Get reads a decision. Errors: NotFound.
func (l *Ledger) Get(ctx context.Context, tenant, policy, id string) (Decision, error) {
	if l.Store == nil || !Named(policy, id) {
		return Decision{}, problem.New(problem.NotFound, "There is no such decision.")
	}
	sealed, err := l.Store.Decision(ctx, tenant, policy, id)
	if err != nil {
		return Decision{}, err
	}
	return sealed.Open()
}

// List returns a page of the decisions of a policy, the newest first.
func (l *Ledger) List(ctx context.Context, tenant, policy string, query Query) ([]Sealed, string, error) {
	if l.Store == nil || !Named(policy) {
		return nil, "", nil
	}
	return l.Store.Decisions(ctx, tenant, policy, query)
}

// Replay is the result of making a decision again.
type Replay struct {
	Identical   bool         `json:"identical"`
	Differences []Difference `json:"differences" nullable:"false"`
	Corrected   *Corrected   `json:"corrected,omitempty" doc:"whether the answers differ and the meaning of policies was corrected since the decision"`
}

// Corrected states that another revision of the rules made a decision than makes it again, which may be why they differ.
type Corrected struct {
	Revision int    `json:"revision" doc:"revision of the rules that made the decision"`
	Now      int    `json:"now" doc:"the revision of the rules that evaluated it again"`
	Message  string `json:"message" doc:"what has been corrected since"`
}

// explained adds to answers that differ which corrections were made in between.
func (r Replay) explained(engine int) Replay {
	if message := rules.CorrectedInReplays(engine); !r.Identical && message != "" {
		r.Corrected = &Corrected{max(1, engine), rules.Revision, message}
	}
	return r
}

// Difference is a place where the answers differ. Values of the input are not shown.
type Difference struct {
	Location string `json:"location"` // "outcome", "trace[2].status"
	Was      any    `json:"was,omitempty"`
	Is       any    `json:"is,omitempty"`
}

// Replay makes a decision again: by the version that made it, at its time, over its input. Errors: NotFound; NotReady if
// that is not, or no longer, possible: the policy is gone or has changed, or the input is not stored.
func (l *Ledger) Replay(ctx context.Context, tenant, policy, id string) (Replay, error) {
	d, err := l.Get(ctx, tenant, policy, id)
	if err != nil {
		return Replay{}, err
	}
	if d.Input == nil || d.Answer == nil || len(d.Omitted) > 0 {
		return Replay{}, problem.New(problem.NotReady, "The decision cannot be replayed: its input was not kept.").With("path.decision", "input_missing", "its input was not kept")
	}
	p, err := l.decidedBy(ctx, tenant, d.Head)
	if err != nil {
		return Replay{}, err
	}
	return Again(p, l.Library(ctx, tenant), d)
}

// decidedBy is the version, or the draft of a trial, that has made a decision. Errors: NotReady when it is gone or another.
func (l *Ledger) decidedBy(ctx context.Context, tenant string, h Head) (p *rules.Policy, err error) {
	what := "version " + strconv.Itoa(h.Version) + " of its policy"
	switch {
	case !h.challenged():
		p, err = l.Policies.PolicyVersion(ctx, tenant, h.Policy, h.Version)
	case l.Trials != nil:
		what = "the draft of its trial"
		p, err = l.Trials.Draft(ctx, tenant, h.Policy, h.Trial.ID)
	default:
		err = problem.New(problem.NotFound, "There is no such trial.")
	}
	switch {
	case problem.CodeOf(err) == problem.UnknownPolicy, problem.CodeOf(err) == problem.NotFound:
		return nil, problem.New(problem.NotReady, "The decision cannot be replayed: %s no longer exists.", what).With("path.decision", "policy_gone", "the version of its policy no longer exists")
	case err != nil:
		return nil, err
	case digestOf(p) != h.Digest:
		return nil, problem.New(problem.NotReady, "The decision cannot be replayed: the source of %s has changed.", what).With("path.decision", "policy_changed", "the source of its policy has changed")
	}
	return p, nil
}

// Again makes a decision again by a policy, with the lists and policies of a library as it saw them, and compares the
// whole answer. Errors: those of the library.
func Again(p *rules.Policy, library rules.Library, d Decision) (Replay, error) {
	var input map[string]any
	if err := json.Unmarshal(d.Input, &input); err != nil {
		return Replay{}, problem.Wrap(err, problem.Internal, "A kept decision cannot be read.")
	}
	options, err := p.Open(library, d.seen())
	if err != nil && problem.CodeOf(err).Retryable() {
		return Replay{}, err
	}
	if err != nil {
		return Replay{}, problem.Wrap(err, problem.NotReady, "The decision cannot be replayed: a list or policy that it used no longer exists.").With("path.decision", "gone", "a list or policy that it used no longer exists")
	}
	options.Now, options.Decision, options.Trial, options.Unchecked = d.At, d.ID, d.Trial.answer(), !rules.Checked(d.Engine)
	answer, err := p.Evaluate(input, options)
	if err != nil {
		return Replay{Differences: []Difference{{Location: "error", Is: problem.CodeOf(err)}}}.explained(d.Engine), nil // that it fails now is the difference
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return Replay{}, problem.Wrap(err, problem.Internal, "The answer could not be encoded.")
	}
	if bytes.Equal(text, d.Answer) {
		return Replay{Identical: true, Differences: []Difference{}}, nil
	}
	found, err := Differences(d.Answer, text)
	return Replay{Identical: len(found) == 0, Differences: found}.explained(d.Engine), err
}
