package trial

import (
	"context"
	"slices"
	"time"

	"ballerine/internal/cache"

	"ballerine/internal/identity"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

// Policies knows the published policies of a tenant.
type Policies interface {
	// Policy is the newest version. Errors: UnknownPolicy.
	Policy(ctx context.Context, tenant, id string) (*rules.Policy, error)
	// CheckPolicy checks a document as publishing does. Errors: Invalid with every problem.
	CheckPolicy(ctx context.Context, tenant, id, source string) (*rules.Policy, problem.Diagnostics, error)
	// Versions of a definition, the newest first, without their sources. Errors: NotFound.
	Versions(ctx context.Context, tenant string, kind registry.Kind, id string) ([]registry.Definition, error)
}

// Config of a Service. Store and Policies are required.
type Config struct {
	Store    Store
	Policies Policies
	// FourEyes reports whether a tenant's challengers need another person's approval. nil: they do not.
	FourEyes func(ctx context.Context, tenant string) (bool, error)
	// Behind are the people who may hold a secret of a key. Without it no key can propose a trial that needs an approval.
	Behind func(ctx context.Context, tenant, key string) ([]string, error)
	Now    func() time.Time
	NewID  func(prefix string) string
}

// Service starts and ends trials, and informs the ledger of them.
type Service struct {
	Config

	known  *cache.Cache[place, running] // what runs beside policies, for as long as fresh
	drafts *cache.Cache[string, *rules.Policy]
}

// New makes the service.
func New(config Config) *Service {
	return &Service{Config: config, known: cache.New[place, running](maxKnown), drafts: cache.New[string, *rules.Policy](maxKnown)}
}

// Start is a trial to be started.
type Start struct {
	ID      string // of the trial; "": a new one
	Policy  string
	Kind    Kind
	Share   int // of a challenger, in hundredths of a percent
	Source  string
	Comment string
}

// Limits of what a person writes, in bytes.
const (
	maxComment = 2000
	maxSource  = registry.MaxSource
)

// Start checks a draft as publishing does and tries it: at once, or, as a challenger where four eyes are asked for, once
// another person has approved it. Errors: Invalid with every problem (Details "diagnostics" has those of the draft),
// TooLarge, UnknownPolicy, AlreadyExists when another trial of the kind runs, Conflict.
func (s *Service) Start(ctx context.Context, who identity.Principal, cmd Start) (Trial, problem.Diagnostics, error) {
	if err := cmd.check(); err != nil {
		return Trial{}, nil, err
	}
	live, err := s.Policies.Policy(ctx, who.Tenant, cmd.Policy)
	if err != nil {
		return Trial{}, nil, err
	}
	draft, warnings, err := s.Policies.CheckPolicy(ctx, who.Tenant, cmd.Policy, cmd.Source)
	if err != nil {
		return Trial{}, nil, err
	}
	warnings = append(warnings, unlike(live, draft)...)
	now := s.Now().UTC().Truncate(time.Millisecond)
	t := Trial{
		ID: cmd.ID, Tenant: who.Tenant, Policy: cmd.Policy, Kind: cmd.Kind, Share: cmd.Share, Base: live.Version, BaseDigest: "sha256:" + live.Digest,
		Digest: "sha256:" + draft.Digest, Source: cmd.Source, Comment: cmd.Comment, Status: Running, ProposedAt: now, ProposedBy: who.ID, StartedAt: now, Revision: 1,
	}
	if t.ID == "" {
		t.ID = s.NewID("trial")
	}
	if t.Kind == Challenger && s.FourEyes != nil {
		approval, err := s.FourEyes(ctx, who.Tenant)
		if err != nil {
			return Trial{}, nil, err
		}
		if approval {
			t.Status, t.StartedAt = Proposed, time.Time{}
			if t.Behind, err = s.behind(ctx, who); err != nil {
				return Trial{}, nil, err
			}
		}
	}
	if there, err := s.Store.Trial(ctx, t.Tenant, t.Policy, t.ID); cmd.ID != "" && err == nil && there.Digest == t.Digest {
		return there, warnings, nil // the call was repeated
	}
	return t, warnings, s.put(ctx, 0, t)
}

// behind are those who cannot approve what the caller proposes, beside the caller. Errors: Forbidden if the proposal
// comes from no particular person: that person could approve it under their own name.
func (s *Service) behind(ctx context.Context, who identity.Principal) ([]string, error) {
	switch {
	case who.Kind == identity.User:
		return nil, nil
	case who.Kind != identity.Client:
		return nil, problem.New(problem.Forbidden, "Four eyes are required to start a challenger. Propose it to the running system, where a second person can approve it.")
	case s.Behind == nil:
		return nil, problem.New(problem.Internal, "The people behind a key cannot be determined here.")
	}
	return s.Behind(ctx, who.Tenant, who.ID)
}

// put writes a trial. One that is outdated leaves its place to one that begins.
func (s *Service) put(ctx context.Context, prev int, t Trial) error {
	defer s.forget(t.Tenant, t.Policy)
	err := s.Store.PutTrial(ctx, prev, t)
	if problem.CodeOf(err) != problem.AlreadyExists {
		return err
	}
	there, readErr := s.Store.RunningTrials(ctx, t.Tenant, t.Policy)
	if readErr != nil {
		return readErr
	}
	for _, other := range there {
		if other, readErr = s.Get(ctx, t.Tenant, t.Policy, other.ID); readErr != nil {
			return readErr
		}
		if other.Kind != t.Kind || other.Status != Outdated {
			continue
		}
		other.Revision++
		if err := s.Store.PutTrial(ctx, other.Revision-1, other); err != nil {
			return err
		}
		return s.Store.PutTrial(ctx, prev, t)
	}
	return problem.Wrap(err, problem.AlreadyExists, "Another %s of this policy is running: end it first.", t.Kind).With("body.kind", "taken", "another one runs")
}

func (cmd Start) check() error {
	e := problem.New(problem.Invalid, "The trial is not valid.")
	switch cmd.Kind {
	case Shadow:
		if cmd.Share != 0 {
			e.With("body.share", "unknown", "only a challenger can have a share: a shadow evaluates every decision")
		}
	case Challenger:
		if cmd.Share <= 0 || cmd.Share > maxShare {
			e.With("body.share", "range", "a share must be from 0.0001 to 0.5, in steps of 0.0001")
		}
	default:
		e.With("body.kind", "enum", "a trial must be a shadow or a challenger")
	}
	if len(cmd.Comment) > maxComment {
		e.With("body.comment", "length", "a comment must have at most %d bytes", maxComment)
	}
	if len(e.Fields) > 0 {
		return e
	}
	if len(cmd.Source) > maxSource {
		return problem.New(problem.TooLarge, "A definition can have at most %d KB.", maxSource>>10)
	}
	return nil
}

// unlike reports differences of the draft that people who know the live version may not expect.
func unlike(live, draft *rules.Policy) (found problem.Diagnostics) {
	warn := func(path, code, message string) {
		found = append(found, problem.Diagnostic{File: "source", Line: 1, Column: 1, Path: path, Code: code, Message: message, Severity: problem.SeverityWarning})
	}
	for _, outcome := range draft.Outcomes {
		if !slices.Contains(live.Outcomes, outcome) {
			warn("outcomes", "unknown_outcome", "the live version has no outcome "+outcome+": workflows and callers may not handle it")
		}
	}
	if live.Digest == draft.Digest {
		warn("", "same", "the draft equals the live version: the trial will only show random differences")
	}
	return found
}

// Approve lets a challenger that was proposed begin. Errors: NotFound; Forbidden for the proposer, and for anything but
// a person; NotReady if it is not proposed; AlreadyExists if another challenger runs; Invalid if the draft is no longer
// valid.
func (s *Service) Approve(ctx context.Context, who identity.Principal, policy, id string) (Trial, error) {
	t, err := s.Get(ctx, who.Tenant, policy, id)
	switch {
	case err != nil:
		return t, err
	case who.Kind != identity.User:
		return t, problem.New(problem.Forbidden, "Only a person can approve a trial.")
	case who.ID == t.ProposedBy:
		return t, problem.New(problem.Forbidden, "The trial must be approved by a person other than its proposer.")
	case slices.Contains(t.Behind, who.ID):
		return t, problem.New(problem.Forbidden, "It was proposed with a key that you have created or rotated: four eyes require two people.")
	case t.Status != Proposed:
		return t, problem.New(problem.NotReady, "The trial is %s and cannot be approved.", t.Status).With("path.trial", string(t.Status), "only a trial that is proposed can be approved")
	}
	if _, _, err := s.Policies.CheckPolicy(ctx, t.Tenant, t.Policy, t.Source); err != nil {
		return t, err
	}
	t.Status, t.ApprovedBy, t.StartedAt, t.Revision = Running, who.ID, s.Now().UTC().Truncate(time.Millisecond), t.Revision+1
	return t, s.put(ctx, t.Revision-1, t)
}

// End stops a trial, or takes a proposal back. One that has ended, or is outdated, stays as it is. Errors: NotFound, Conflict.
func (s *Service) End(ctx context.Context, who identity.Principal, policy, id string) (Trial, error) {
	t, err := s.Get(ctx, who.Tenant, policy, id)
	if err != nil || t.Status == Ended || t.Status == Outdated {
		return t, err
	}
	t.Status, t.EndedAt, t.EndedBy, t.Revision = Ended, s.Now().UTC().Truncate(time.Millisecond), who.ID, t.Revision+1
	return t, s.put(ctx, t.Revision-1, t)
}

// Get reads a trial with its source. Errors: NotFound.
func (s *Service) Get(ctx context.Context, tenant, policy, id string) (Trial, error) {
	if !ledger.Named(policy, id) {
		return Trial{}, problem.New(problem.NotFound, "There is no such trial.")
	}
	t, err := s.Store.Trial(ctx, tenant, policy, id)
	if err != nil {
		return t, err
	}
	found := []Trial{t}
	err = s.settle(ctx, tenant, policy, found)
	return found[0], err
}

// List returns a page of the trials of a policy without their sources, the newest first.
func (s *Service) List(ctx context.Context, tenant, policy, after string, limit int) ([]Trial, string, error) {
	if !ledger.Named(policy) {
		return nil, "", nil
	}
	page, next, err := s.Store.Trials(ctx, tenant, policy, after, limit)
	if err != nil {
		return nil, "", err
	}
	return page, next, s.settle(ctx, tenant, policy, page)
}

// settle marks trials that run, or could, as outdated when another version is live.
func (s *Service) settle(ctx context.Context, tenant, policy string, trials []Trial) error {
	waiting := func(t Trial) bool { return t.Status == Running || t.Status == Proposed }
	if !slices.ContainsFunc(trials, waiting) {
		return nil
	}
	live, err := s.Policies.Policy(ctx, tenant, policy)
	if err != nil && problem.CodeOf(err) != problem.UnknownPolicy {
		return err
	}
	var versions []registry.Definition
	for i := range trials {
		t := &trials[i]
		if !waiting(*t) || live != nil && t.beside(live) {
			continue
		}
		if versions == nil {
			if versions, err = s.Policies.Versions(ctx, tenant, registry.Policy, policy); err != nil && problem.CodeOf(err) != problem.NotFound {
				return err
			}
		}
		t.Status = Outdated
		for _, v := range versions {
			if v.Version == t.Base+1 { // with it the trial was over
				t.EndedAt = v.PublishedAt
			}
		}
	}
	return nil
}

// beside reports whether a trial is against this version.
func (t Trial) beside(live *rules.Policy) bool {
	return t.Base == live.Version && t.BaseDigest == "sha256:"+live.Digest
}
