package backtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"time"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// Service starts runs and reports their progress.
type Service struct {
	Store  Store
	Runner Runner
	Now    func() time.Time
	NewID  func(prefix string) string // prefix without its underscore
}

// Start of a run.
type Start struct {
	Tenant, Policy string
	ID             string        // "": a new one; the same again is the same run
	Draft          *rules.Policy // that was checked
	Filter         ledger.Filter
	Examples       int
	Comment        string
	By             string // who starts it
}

// names of bodies.
const (
	draftBody  = "draft"
	reportBody = "report"
)

// Start begins a run. Errors: AlreadyExists when another run has the id; those of the store and the runner.
func (s *Service) Start(ctx context.Context, cmd Start) (Run, error) {
	run := Run{
		Ref: Ref{cmd.Tenant, cmd.Policy, cmd.ID}, Status: Running, Filter: cmd.Filter, Examples: cmd.Examples, Comment: cmd.Comment,
		Digest: "sha256:" + cmd.Draft.Digest, CreatedAt: s.Now().UTC().Truncate(time.Millisecond), CreatedBy: cmd.By, Revision: 1,
	}
	if run.ID == "" {
		run.ID = s.NewID("backtest")
	}
	body, err := pack(cmd.Draft.Source)
	if err != nil {
		return run, err
	}
	err = s.Store.PutRun(ctx, 0, run)
	if problem.CodeOf(err) == problem.Conflict { // an attempt before this one has added it
		var there Run
		conflict := err
		switch there, err = s.Store.Run(ctx, run.Ref); {
		case problem.CodeOf(err) == problem.NotFound:
			return run, conflict // not yet: the same call again will find it
		case err == nil && there.Digest != run.Digest:
			return there, problem.New(problem.AlreadyExists, "A backtest with this id already exists.")
		}
		run = there
	}
	if err != nil || run.Status != Running {
		return run, err
	}
	if err := s.Store.PutBody(ctx, run.Ref, draftBody, body); err != nil {
		return run, err
	}
	return run, s.Runner.Start(ctx, run.Ref)
}

// View is a run with how far it is.
type View struct {
	Run
	Standing
	Report *ledger.Backtest // of a run that is done
}

// Get reads a run, and its report when it is done. Errors: NotFound.
func (s *Service) Get(ctx context.Context, ref Ref) (View, error) {
	if !ledger.Named(ref.Policy, ref.ID) {
		return View{}, problem.New(problem.NotFound, "There is no such backtest.")
	}
	run, err := s.Store.Run(ctx, ref)
	if err != nil {
		return View{}, err
	}
	parts, err := s.Store.Parts(ctx, ref)
	view := View{Run: run, Standing: run.Stand(parts)}
	if err != nil || run.Status != Done {
		return view, err
	}
	body, err := s.Store.Body(ctx, ref, reportBody)
	if err != nil {
		return view, err
	}
	view.Report = &ledger.Backtest{}
	return view, unpack(body, view.Report)
}

// List returns a page of the runs over the decisions of a policy, the newest first.
func (s *Service) List(ctx context.Context, tenant, policy, after string, limit int) ([]Run, string, error) {
	if !ledger.Named(policy) {
		return nil, "", nil
	}
	return s.Store.Runs(ctx, tenant, policy, after, limit)
}

// Cancel ends a run that is under way; one that was cancelled already is as it is. Errors: NotFound; NotReady when it has
// ended otherwise.
func (s *Service) Cancel(ctx context.Context, ref Ref) (Run, error) {
	if !ledger.Named(ref.Policy, ref.ID) {
		return Run{}, problem.New(problem.NotFound, "There is no such backtest.")
	}
	run, err := change(ctx, s.Store, ref, func(run *Run) bool {
		if run.Status != Running {
			return false
		}
		run.Status, run.EndedAt = Cancelled, s.Now().UTC().Truncate(time.Millisecond)
		return true
	})
	switch {
	case err != nil:
		return run, err
	case run.Status != Cancelled:
		return run, problem.New(problem.NotReady, "The backtest has ended: it is %s.", run.Status)
	}
	return run, s.Runner.Stop(ctx, ref) // again for one that was cancelled: it may not have been reached
}

// attempts to change a run that others change, too.
const attempts = 5

// change writes a run as edit leaves it; edit returns false if there is no change to write.
func change(ctx context.Context, store Store, ref Ref, edit func(run *Run) bool) (run Run, err error) {
	for range attempts {
		if run, err = store.Run(ctx, ref); err != nil || !edit(&run) {
			return run, err
		}
		prev := run.Revision
		run.Revision++
		if err = store.PutRun(ctx, prev, run); problem.CodeOf(err) != problem.Conflict {
			return run, err
		}
	}
	return run, err
}

// maxOpen bounds what a body may unfold to, in bytes.
const maxOpen = 256 << 20

func pack(text []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(text)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "A part of a backtest could not be compressed.")
	}
	return out.Bytes(), nil
}

func packJSON(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "A part of a backtest could not be encoded.")
	}
	return pack(text)
}

func opened(body []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "A part of a backtest cannot be read.")
	}
	text, err := io.ReadAll(io.LimitReader(r, maxOpen))
	if err != nil || len(text) == maxOpen {
		return nil, problem.Wrap(err, problem.Internal, "A part of a backtest cannot be read.")
	}
	return text, nil
}

func unpack(body []byte, into any) error {
	text, err := opened(body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return problem.Wrap(err, problem.Internal, "A part of a backtest cannot be read.")
	}
	return nil
}
