package trial_test

import (
	"context"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/policy/trial"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

// forgetful is a ledger that writes nothing.
type forgetful struct{ ledger.Store }

func (forgetful) PutDecision(_ context.Context, d ledger.Sealed) (ledger.Sealed, error) {
	return d, nil
}

// shelf is a store of the trials that run.
type shelf struct {
	trial.Store
	running []trial.Trial
}

func (s shelf) RunningTrials(context.Context, string, string) ([]trial.Trial, error) {
	return s.running, nil
}

func (s shelf) Trial(_ context.Context, _, _, id string) (trial.Trial, error) {
	for _, t := range s.running {
		if t.ID == id {
			return t, nil
		}
	}
	return trial.Trial{}, problem.New(problem.NotFound, "There is no such trial.")
}

const small = `id: p
outcomes: [reject, review, approve]
default: approve
rules:
  - {id: underage, when: "age(applicant.date_of_birth) < 18", outcome: reject}
  - {id: sanctioned, when: {all: [{field: sanctions.hits, operator: GT, value: 0}]}, outcome: review, score: {base: 90, additional: 20}}
  - {id: income, when: "income.monthly < 1000", outcome: review, score: {base: 40, additional: 5}}
  - {id: country, when: {field: applicant.country, operator: IN, value: [KP, IR]}, outcome: reject, score: {base: 80}}
  - {id: old, when: "age(applicant.date_of_birth) > 90", outcome: review}
`

// BenchmarkDecide states what a decision costs before it is written: alone, and with what is tried beside it.
func BenchmarkDecide(b *testing.B) {
	policy, _ := rules.Parse("p", []byte(small))
	catalog, err := registry.New(fstest.MapFS{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	one := func(kind trial.Kind) trial.Trial {
		return trial.Trial{
			ID: "trial_" + string(kind), Tenant: "t", Policy: "p", Kind: kind, Share: 1000, Base: 1, BaseDigest: "sha256:" + policy.Digest, Source: small, Status: trial.Running, StartedAt: began,
		}
	}
	input := map[string]any{
		"applicant": map[string]any{"date_of_birth": "1984-03-04", "country": "DE"}, "sanctions": map[string]any{"hits": 1.0}, "income": map[string]any{"monthly": 900.0},
	}
	for _, c := range []struct {
		name    string
		alone   bool
		running []trial.Trial
	}{
		{"alone", true, nil},
		{"nothing tried", false, nil},
		{"shadow", false, []trial.Trial{one(trial.Shadow)}},
		{"challenger", false, []trial.Trial{one(trial.Challenger)}},
		{"both", false, []trial.Trial{one(trial.Shadow), one(trial.Challenger)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			l := &ledger.Ledger{Store: forgetful{}}
			if !c.alone {
				l.Trials = trial.New(trial.Config{Store: shelf{running: c.running}, Policies: catalog, Now: time.Now})
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				request := ledger.Request{Tenant: "t", Policy: policy, Input: input, At: time.Now(), ID: fmt.Sprint("dec_", i), Subject: fmt.Sprint("subj_", i%5000)}
				if _, err := l.Decide(b.Context(), request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
