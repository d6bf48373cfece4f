package httpapi

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/identity"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// PolicyDecision is a decision of a policy as it is kept.
type PolicyDecision struct {
	ID         string            `json:"id"`
	Policy     string            `json:"policy"`
	Version    int               `json:"version"`
	Digest     string            `json:"digest" doc:"SHA-256 of the policy's source"`
	Engine     int               `json:"engine" doc:"revision of the rules that made the decision; it increases when the meaning of policies is corrected"`
	At         time.Time         `json:"at" doc:"the time that the policy used, to the nanosecond"`
	Outcome    string            `json:"outcome"`
	Score      float64           `json:"score"`
	Severity   string            `json:"severity"`
	Fired      []string          `json:"fired" nullable:"false"`
	Editions   map[string]string `json:"editions,omitempty" doc:"editions of the lists that it used"`
	Calls      map[string]int    `json:"calls,omitempty" doc:"versions of the policies that it may have called, by id"`
	Case       string            `json:"case,omitempty"`
	Subject    string            `json:"subject,omitempty"`
	TookUS     int64             `json:"took_us" doc:"microseconds of the evaluation"`
	Omitted    []string          `json:"omitted,omitempty" doc:"parts that were too large to be stored: input, trace, fired"`
	Trial      *ledger.Side      `json:"trial,omitempty" doc:"the side of a trial that has decided; decisions of a challenger have version 0"`
	Shadow     *PolicyShadow     `json:"shadow,omitempty" doc:"the decision of the draft"`
	Unreadable bool              `json:"unreadable,omitempty" doc:"whether the decision is stored but cannot be read; usually only its id and time are known"`
	Input      any               `json:"input,omitempty" doc:"its input; requires the permission decisions:input"`
	Answer     any               `json:"answer,omitempty" doc:"the original answer, with the trace"`
}

// PolicyShadow is what a draft would have decided.
type PolicyShadow struct {
	Trial    string   `json:"trial"`
	Outcome  string   `json:"outcome,omitempty"`
	Score    float64  `json:"score"`
	Severity string   `json:"severity,omitempty"`
	Fired    []string `json:"fired" nullable:"false"`
	Error    string   `json:"error,omitempty" doc:"code of the error that prevented its decision"`
	TookUS   int64    `json:"took_us" doc:"microseconds of the evaluation"`
}

// DecisionShape is a decision as the interface shows it. The command line shows it alike.
func DecisionShape(d ledger.Decision) PolicyDecision {
	shape := PolicyDecision{
		ID: d.ID, Policy: d.Policy, Version: d.Version, Digest: d.Digest, Engine: max(1, d.Engine), At: d.At, Outcome: d.Outcome, Score: d.Score, Severity: d.Severity, Fired: list(d.Fired),
		Editions: d.Editions, Calls: d.Calls, Case: d.Case, Subject: d.Subject, TookUS: d.Took.Microseconds(), Omitted: d.Omitted,
		Trial: d.Trial, Unreadable: d.Unreadable,
	}
	if w := d.Shadow; w != nil {
		shape.Shadow = &PolicyShadow{w.Trial, w.Outcome, w.Score, w.Severity, list(w.Fired), w.Error, w.Took.Microseconds()}
	}
	if d.Input != nil {
		shape.Input = d.Input
	}
	if d.Answer != nil {
		shape.Answer = d.Answer
	}
	return shape
}

func (s *server) registerEvaluation(api huma.API) {
	type evaluateIn struct {
		OnID
		Body struct {
			Input   map[string]any `json:"input"`
			Now     *time.Time     `json:"now,omitempty" doc:"default: now"`
			Version int            `json:"version,omitempty" minimum:"1" doc:"default: the latest, and a challenger that runs alongside it"`
			Subject string         `json:"subject,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}$" doc:"opaque id of the subject, without personal data; stored with the decision. The same subject is always assigned to the same side of a trial"`
		}
	}
	evaluate := op(Client, "evaluatePolicy", "POST", "/v1/policies/{id}/evaluate", "Evaluate a policy and keep the decision with its input").creating()
	evaluate.DefaultStatus = http.StatusOK
	add(s, api, evaluate, func(c ctx, in *evaluateIn) (*body[rules.Answer], error) {
		if s.Policies == nil {
			return nil, problem.New(problem.UnknownPolicy, "There is no such policy.")
		}
		tenant := principalOf(c).Tenant
		policy, err := s.Policies(c, tenant, in.ID, in.Body.Version)
		if err != nil {
			return nil, err
		}
		if err := policy.Check(in.Body.Input); err != nil {
			return nil, err
		}
		at := s.Now()
		if in.Body.Now != nil {
			at = *in.Body.Now
		}
		answer, err := s.decisions().Decide(c, ledger.Request{Tenant: tenant, Policy: policy, Input: in.Body.Input, At: at, ID: reserved(c, "dec"), Subject: in.Body.Subject, Pinned: in.Body.Version > 0})
		return &body[rules.Answer]{answer}, err
	})
}

func (s *server) decisions() *ledger.Ledger {
	if s.Ledger == nil {
		return &ledger.Ledger{}
	}
	return s.Ledger
}

// LedgerFilters are the filters of a list of decisions, and of a backtest. They are exported because Huma reads exported
// members only.
type LedgerFilters struct {
	From    time.Time `query:"from" json:"from,omitzero" doc:"only decisions made at or after this time"`
	To      time.Time `query:"to" json:"to,omitzero" doc:"only decisions made before this time"`
	Outcome string    `query:"outcome" json:"outcome,omitempty" maxLength:"100"`
	Version int       `query:"version" json:"version,omitempty" minimum:"1" doc:"of the policy"`
	Case    string    `query:"case" json:"case,omitempty" maxLength:"100"`
	Trial   string    `query:"trial" json:"trial,omitempty" maxLength:"100" doc:"only decisions of this trial: made by either side, or evaluated by its shadow"`
}

func (f LedgerFilters) filter() ledger.Filter {
	return ledger.Filter{From: f.From, To: f.To, Outcome: f.Outcome, Version: f.Version, Case: f.Case, Trial: f.Trial}
}

// maxFull bounds a page of decisions with what they saw, in bytes: Lambda answers with at most 6 MB.
const maxFull = 4 << 20

func (s *server) registerLedger(api huma.API) {
	type Shape struct {
		View string `query:"view" enum:"summary,full" default:"summary" doc:"full: with input and answer; requires the permission decisions:input, and pages may be shorter"`
	}
	type listIn struct {
		OnID
		LedgerFilters
		Shape
		Paging
	}
	add(s, api, op(Review, "listPolicyDecisions", "GET", "/v1/policies/{id}/decisions", "List the decisions of a policy, newest first"), func(c ctx, in *listIn) (*noStore[List[PolicyDecision]], error) {
		p := principalOf(c)
		if in.View == "full" && !identity.Has(p, identity.DecisionInput) {
			return nil, identity.Lacks(identity.DecisionInput)
		}
		scope := []any{"decisions", p.Tenant, in.ID, in.LedgerFilters}
		after, err := s.cursors.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		page, next, err := s.decisions().List(c, p.Tenant, in.ID, ledger.Query{Filter: in.filter(), After: after, Limit: in.Limit, Bodies: in.View == "full"})
		if err != nil {
			return nil, err
		}
		out := List[PolicyDecision]{Data: []PolicyDecision{}}
		size := 0
		for i, one := range page {
			d := one.Listed()
			if size += len(d.Input) + len(d.Answer); size > maxFull && i > 0 {
				next = page[i-1].Place()
				break
			}
			shape := DecisionShape(d)
			if !seesInputs(c) {
				shape.Shadow = nil // a draft can ask anything of the input
			}
			out.Data = append(out.Data, shape)
		}
		out.NextCursor = s.cursors.sign(scope, next)
		return &noStore[List[PolicyDecision]]{"no-store", out}, nil
	})
	type oneIn struct {
		OnID
		Decision string `path:"decision" maxLength:"100"`
	}
	add(s, api, op(Review, "getPolicyDecision", "GET", "/v1/policies/{id}/decisions/{decision}", "Get a policy decision; its input requires a permission"), func(c ctx, in *oneIn) (*noStore[PolicyDecision], error) {
		p := principalOf(c)
		d, err := s.decisions().Get(c, p.Tenant, in.ID, in.Decision)
		if err != nil {
			return nil, err
		}
		if !seesInputs(c) {
			d.Input, d.Shadow = nil, nil
			if d.Answer, err = withoutValues(d.Answer); err != nil {
				return nil, err
			}
		}
		return &noStore[PolicyDecision]{"no-store", DecisionShape(d)}, nil
	})
	add(s, api, op(Review, "replayPolicyDecision", "POST", "/v1/policies/{id}/decisions/{decision}/replay", "Replay a policy decision with the same version and input, and compare the answers"), func(c ctx, in *oneIn) (*body[ledger.Replay], error) {
		replay, err := s.decisions().Replay(c, principalOf(c).Tenant, in.ID, in.Decision)
		return &body[ledger.Replay]{replay}, err
	})
}
