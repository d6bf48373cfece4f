package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/trial"
	"ballerine/internal/problem"
)

// PolicyTrial is a draft that is tried beside the live version of a policy.
type PolicyTrial struct {
	ID          string       `json:"id"`
	Policy      string       `json:"policy"`
	Kind        trial.Kind   `json:"kind" enum:"shadow,challenger" doc:"shadow: evaluated without effect; challenger: decides for its share of subjects"`
	Status      trial.Status `json:"status" enum:"proposed,running,ended,outdated" doc:"outdated: another version is live, and the trial no longer has an effect"`
	Share       float64      `json:"share,omitempty" doc:"of a challenger: the share of subjects that it decides for"`
	BaseVersion int          `json:"base_version" doc:"the live version that it is compared with"`
	Digest      string       `json:"digest" doc:"SHA-256 of the draft"`
	Comment     string       `json:"comment,omitempty"`
	ProposedAt  time.Time    `json:"proposed_at"`
	ProposedBy  string       `json:"proposed_by"`
	Behind      []string     `json:"behind,omitempty" doc:"if proposed with a key: people who may know its secret, and so cannot approve either"`
	ApprovedBy  string       `json:"approved_by,omitempty"`
	StartedAt   *time.Time   `json:"started_at"`
	EndedAt     *time.Time   `json:"ended_at"`
	EndedBy     string       `json:"ended_by,omitempty" doc:"absent if a newer version has ended it"`
	Source      string       `json:"source,omitempty" doc:"the draft; not in lists"`
}

// TrialStart is a trial that was started, or proposed.
type TrialStart struct {
	PolicyTrial
	Warnings []problem.Diagnostic `json:"warnings" nullable:"false"`
}

// TrialShape is a trial as the interface shows it. The command line shows it alike.
func TrialShape(t trial.Trial) PolicyTrial {
	return PolicyTrial{
		ID: t.ID, Policy: t.Policy, Kind: t.Kind, Status: t.Status, Share: float64(t.Share) / ledger.ShareUnit, BaseVersion: t.Base, Digest: t.Digest, Comment: t.Comment,
		ProposedAt: t.ProposedAt, ProposedBy: t.ProposedBy, Behind: t.Behind, ApprovedBy: t.ApprovedBy, StartedAt: orNull(t.StartedAt), EndedAt: orNull(t.EndedAt), EndedBy: t.EndedBy, Source: t.Source,
	}
}

// TrialReportPage is the report of a trial, over as many decisions as one answer has time for.
type TrialReportPage struct {
	ledger.TrialReport
	Complete   bool    `json:"complete" doc:"false: there are older decisions; send the cursor to continue, and add up the parts"`
	NextCursor *string `json:"next_cursor"`
}

// OnTrial is the path of one trial. It is exported because Huma reads exported members only.
type OnTrial struct {
	OnID
	Trial string `path:"trial" maxLength:"100"`
}

func (s *server) registerTrials(api huma.API) {
	type trialIn struct {
		OnID
		Body struct {
			Kind    trial.Kind `json:"kind" enum:"shadow,challenger"`
			Share   float64    `json:"share,omitempty" exclusiveMinimum:"0" maximum:"0.5" doc:"of a challenger: the share of subjects that it decides for, in steps of 0.0001"`
			Source  string     `json:"source" minLength:"1" doc:"the draft, YAML or JSON"`
			Comment string     `json:"comment,omitempty" maxLength:"2000"`
		}
	}
	create := op(Admin, "createTrial", "POST", "/v1/policies/{id}/trials", "Start a trial of a draft of a policy, as shadow or challenger").creating().defining()
	add(s, api, create, func(c ctx, in *trialIn) (*created[TrialStart], error) {
		trials, err := s.trials()
		if err != nil {
			return nil, err
		}
		share, ok := ledger.ShareOf(in.Body.Share)
		if !ok {
			return nil, problem.New(problem.Invalid, "The trial is not valid.").With("body.share", "range", "a share must be from 0.0001 to 0.5, in steps of 0.0001")
		}
		t, warnings, err := trials.Start(c, principalOf(c), trial.Start{
			ID: reserved(c, "trial"), Policy: in.ID, Kind: in.Body.Kind, Share: share, Source: in.Body.Source, Comment: in.Body.Comment,
		})
		return &created[TrialStart]{"/v1/policies/" + t.Policy + "/trials/" + t.ID, TrialStart{TrialShape(t), list([]problem.Diagnostic(warnings))}}, err
	})
	type listIn struct {
		OnID
		Paging
	}
	add(s, api, op(Admin, "listTrials", "GET", "/v1/policies/{id}/trials", "List the trials of a policy, newest first"), func(c ctx, in *listIn) (*body[List[PolicyTrial]], error) {
		trials, err := s.trials()
		if err != nil {
			return nil, err
		}
		scope := []any{"trials", principalOf(c).Tenant, in.ID}
		after, err := s.cursors.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		page, next, err := trials.List(c, principalOf(c).Tenant, in.ID, after, in.Limit)
		page, lost := readable(s, c, "listTrials", page, func(t trial.Trial) string { return lostIn(t.Unreadable, t.ID) })
		return pageOf(each(page, TrialShape), s.cursors.sign(scope, next), lost...), err
	})
}

func (s *server) registerTrial(api huma.API) {
	one := func(run func(c ctx, trials *trial.Service, in *OnTrial) (trial.Trial, error)) func(c ctx, in *OnTrial) (*body[PolicyTrial], error) {
		return func(c ctx, in *OnTrial) (*body[PolicyTrial], error) {
			trials, err := s.trials()
			if err != nil {
				return nil, err
			}
			t, err := run(c, trials, in)
			return &body[PolicyTrial]{TrialShape(t)}, err
		}
	}
	add(s, api, op(Admin, "getTrial", "GET", "/v1/policies/{id}/trials/{trial}", "Get a trial with its draft"), one(func(c ctx, trials *trial.Service, in *OnTrial) (trial.Trial, error) {
		return trials.Get(c, principalOf(c).Tenant, in.ID, in.Trial)
	}))
	add(s, api, op(Admin, "endTrial", "POST", "/v1/policies/{id}/trials/{trial}/end", "End a trial, or withdraw its proposal").repeatable(), one(func(c ctx, trials *trial.Service, in *OnTrial) (trial.Trial, error) {
		return trials.End(c, principalOf(c), in.ID, in.Trial)
	}))
	add(s, api, op(Admin, "approveTrial", "POST", "/v1/policies/{id}/trials/{trial}/approval", "Approve a challenger that another person has proposed").repeatable(), one(func(c ctx, trials *trial.Service, in *OnTrial) (trial.Trial, error) {
		approved, err := trials.Approve(c, principalOf(c), in.ID, in.Trial)
		if again(c) && problem.CodeOf(err) == problem.NotReady && approved.Status == trial.Running && approved.ApprovedBy == principalOf(c).ID {
			err = nil // by this very call
		}
		return approved, err
	}))
}

// maxReport is how many decisions one answer counts.
const maxReport = 20_000

func (s *server) registerTrialReport(api huma.API) {
	type reportIn struct {
		OnTrial
		Examples int    `query:"examples" minimum:"0" maximum:"100" default:"5" doc:"number of example decisions to list for each flip"`
		Cursor   string `query:"cursor" maxLength:"2000"`
	}
	add(s, api, op(Admin, "reportTrial", "GET", "/v1/policies/{id}/trials/{trial}/report", "Get the results of a trial, newest decisions first"), func(c ctx, in *reportIn) (*noStore[TrialReportPage], error) {
		trials, err := s.trials()
		if err != nil {
			return nil, err
		}
		tenant := principalOf(c).Tenant
		scope := []any{"trial report", tenant, in.ID, in.Trial}
		after, err := s.cursors.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		pages := &ledger.Pages{Store: s.decisions().Store, After: after, Max: maxReport, Deadline: time.Now().Add(maxBacktestTime)}
		report, err := trials.Report(c, tenant, in.ID, in.Trial, pages, in.Examples)
		if err != nil {
			return nil, err
		}
		if report.Shadow != nil {
			shadow := *report.Shadow
			shadow.Backtest = *unnamed(c, &shadow.Backtest)
			report.Shadow = &shadow
		}
		return &noStore[TrialReportPage]{"no-store", TrialReportPage{report, pages.Next == "", s.cursors.sign(scope, pages.Next)}}, nil
	})
}

func (s *server) trials() (*trial.Service, error) {
	if s.Trials == nil {
		return nil, problem.New(problem.NotFound, "There is no such trial.")
	}
	return s.Trials, nil
}
