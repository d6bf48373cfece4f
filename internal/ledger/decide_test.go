package ledger_test

import (
	"context"
	"fmt"
	"testing"

	"ballerine/internal/ledger"
)

// BenchmarkDecide tells what a decision costs before it is written.
func BenchmarkDecide(b *testing.B) {
	p := parse(b, small)
	input := map[string]any{
		"applicant": map[string]any{"date_of_birth": "1984-03-04", "country": "DE"}, "sanctions": map[string]any{"hits": 1.0}, "income": map[string]any{"monthly": 900.0},
	}
	l := &ledger.Ledger{Store: forgetful{}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := l.Decide(b.Context(), ledger.Request{Tenant: "t", Policy: p, Input: input, At: morning, ID: fmt.Sprint("dec_", i), Subject: fmt.Sprint("subj_", i%5000)}); err != nil {
			b.Fatal(err)
		}
	}
}

// forgetful is a store that writes nothing.
type forgetful struct{ memory }

func (forgetful) PutDecision(_ context.Context, d ledger.Sealed) (ledger.Sealed, error) {
	return d, nil
}
