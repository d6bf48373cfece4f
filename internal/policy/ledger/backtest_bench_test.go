package ledger_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
)

// shippedPolicy is one that ships.
func shippedPolicy(t testing.TB, name string) *rules.Policy {
	t.Helper()
	source, err := os.ReadFile("../../../statemachines/policies/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, found := rules.Parse(name+".yaml", source)
	if p == nil {
		t.Fatal(found)
	}
	return p
}

// applicant is what the policy kyc-risk sees of a case: who it is, and the results of the document, identity and sanctions checks.
func applicant(n int) map[string]any {
	documents := []any{}
	for i, kind := range []string{"passport", "selfie", "proof_of_address"}[:1+n%3] {
		documents = append(documents, map[string]any{"id": fmt.Sprintf("doc_01J%023d", 10*n+i), "kind": kind, "side": "front", "status": "checked", "pages": 1.0})
	}
	hits := []any{}
	for i := range n % 7 / 5 {
		hits = append(hits, map[string]any{
			"list": "UN", "name": fmt.Sprintf("PERSON %d", n), "birth_year": float64(1940 + n%60), "score": 0.5 + float64(n%50)/100, "id": fmt.Sprintf("un-%d-%d", n, i),
			"reasons": []any{"the names are alike", "the year of birth is the same"},
		})
	}
	return map[string]any{
		"applicant": map[string]any{
			"name": map[string]any{"given": "Anna Maria", "family": fmt.Sprintf("Eriksson-Björk %d", n)}, "date_of_birth": fmt.Sprintf("%d-%02d-%02d", 1930+n%82, 1+n%12, 1+n%28),
			"country": []string{"DE", "FR", "SE", "KP"}[n%4], "email": fmt.Sprintf("anna.%d@example.com", n),
		},
		"id_check": map[string]any{
			"passed": n%11 > 0, "findings_count": float64(n % 3), "documents": documents,
			"findings": []any{map[string]any{"code": "low_resolution", "document": "passport", "message": "The page is smaller than it should be."}},
			"mrz": map[string]any{
				"valid": n%13 > 0, "format": "TD3", "name_matches": true, "date_of_birth_matches": n%17 > 0, "expired": n%19 == 0, "document_number": fmt.Sprintf("L%08d", n),
				"issuer": "UTO", "nationality": "UTO", "expires": "2031-04-15",
			},
		},
		"identity":  map[string]any{"status": []string{"verified", "verified", "review", "failed"}[n%4], "score": 0.98, "reference": fmt.Sprintf("idv-%d", n), "checked_at": "2026-05-04T08:00:00Z"},
		"sanctions": map[string]any{"hits": hits, "screened_at": "2026-05-04T08:00:01Z", "list_editions": map[string]any{"UN": "2026-05-01", "EU": "2026-04-30"}},
	}
}

// kept are decisions of a policy over inputs, as a store keeps them, and as they are exported.
func kept(t testing.TB, p *rules.Policy, number int, input func(n int) map[string]any) (sealed []*ledger.Sealed, lines []ledger.Line) {
	t.Helper()
	store := memory{}
	l := ledger.Ledger{Store: store}
	for n := range number {
		id := fmt.Sprintf("dec_01J%023d", n)
		at := morning.Add(time.Duration(n) * time.Minute)
		if _, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: p, Input: input(n), At: at, ID: id, Case: "case_01J00000000000000000000000", Subject: "subj_01J00000000000000000000000"}); err != nil {
			t.Fatal(err)
		}
		s, err := store.Decision(t.Context(), "t", p.ID, id)
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.Open()
		if err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		sealed, lines = append(sealed, &s), append(lines, ledger.Line(line))
	}
	return sealed, lines
}

// BenchmarkBacktest measures decisions per second, with the shipped policy for individuals: over inputs in memory, as stores
// keep them, and as they are exported. cpu-ns/decision is what a decision takes of a processor.
func BenchmarkBacktest(b *testing.B) {
	const number = 2000
	p := shippedPolicy(b, "kyc-risk")
	for _, name := range []string{"memory", "sealed", "lines"} {
		b.Run(name, func(b *testing.B) {
			all := lazies(b, p, name, number)
			source := func(_ context.Context, yield func([]ledger.Lazy) error) error {
				for i := 0; i < number; i += 200 {
					if err := yield(all[i : i+200]); err != nil {
						return err
					}
				}
				return nil
			}
			b.ReportAllocs()
			began := processorTime(b)
			for b.Loop() {
				if _, err := ledger.Run(b.Context(), p, source, ledger.BacktestOptions{Examples: 5}); err != nil {
					b.Fatal(err)
				}
			}
			done := float64(number) * float64(b.N)
			b.ReportMetric(float64(processorTime(b)-began)/done, "cpu-ns/decision")
			b.ReportMetric(done/b.Elapsed().Seconds(), "decisions/s")
		})
	}
}

func lazies(b *testing.B, p *rules.Policy, form string, number int) (all []ledger.Lazy) {
	b.Helper()
	sealed, lines := kept(b, p, number, applicant)
	for i, s := range sealed {
		switch form {
		case "sealed":
			all = append(all, s)
		case "lines":
			all = append(all, lines[i])
		default:
			d, err := s.Open()
			if err != nil {
				b.Fatal(err)
			}
			var input map[string]any
			if err := json.Unmarshal(d.Input, &input); err != nil {
				b.Fatal(err)
			}
			all = append(all, ledger.Sample{Head: &s.Head, Input: input})
		}
	}
	b.Logf("a body has %d bytes, a line %d", len(sealed[1].Body), len(lines[1]))
	return all
}

// processorTime is what this process has had of the processors: the clock of a shared machine is of little use.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func TestShippedPoliciesAreTriedWithoutDecodingWhatTheyDoNotRead(t *testing.T) {
	for _, name := range []string{"aml-risk", "application-score", "kyb-risk", "kyc-risk", "underwriting"} {
		if shippedPolicy(t, name).Bulk() == nil {
			t.Errorf("%s reads whole inputs", name)
		}
	}
}
