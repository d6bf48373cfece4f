package compile_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"ballerine/internal/asl/interpret"
	"ballerine/internal/asl/interpret/interprettest"
)

// follower is a record that the KYC machine follows: each call returns the next label of its walk.
type follower struct {
	mutex sync.Mutex
	walk  []string
	token chan string
}

func (f *follower) next() []byte {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	label := f.walk[0]
	f.walk = f.walk[1:]
	return position(label)
}

func position(label string) []byte {
	text, _ := json.Marshal(map[string]any{"tenant": "demo", "case": "case_1", "label": label, "visit": 1, "seconds": 600}) // plain data
	return text
}

func (f *follower) invoke(_ context.Context, _ string, payload []byte) ([]byte, error) {
	var call struct{ Token string }
	if err := json.Unmarshal(payload, &call); err != nil {
		return nil, err
	}
	if call.Token == "" {
		return f.next(), nil
	}
	f.token <- call.Token
	return []byte(`{}`), nil
}

// maxTransitions is what a KYC case may cost at most, with one review.
const maxTransitions = 14

func TestKYCTransitionsStayWithinTheBill(t *testing.T) {
	walks := map[string]struct {
		walk []string
		want int
	}{
		"straight":               {[]string{"collect", "screen/id_check", "screen/identity", "screen/identity/answer", "screen/sanctions", "screen/risk", "approved"}, 10},
		"with one review":        {[]string{"collect", "screen/id_check", "screen/identity", "screen/identity/answer", "screen/sanctions", "screen/risk", "review", "approved"}, 12},
		"vendor answers at once": {[]string{"collect", "screen/id_check", "screen/identity", "screen/sanctions", "screen/risk", "approved"}, 9},
	}
	all := fixtures(t)
	machine, err := interpret.Load(compiled(t, all[len(all)-1]).JSON(), substitutions)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range walks {
		t.Run(name, func(t *testing.T) {
			f := &follower{walk: c.walk[1:], token: make(chan string, 10)}
			clock := interprettest.NewVirtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			engine, err := interpret.New(interpret.Config{Journal: &interprettest.Memory{}, Clock: clock, Invoke: f.invoke})
			if err != nil {
				t.Fatal(err)
			}
			if err := engine.Register("kyc", machine); err != nil {
				t.Fatal(err)
			}
			ctx := context.Background()
			if err := engine.Start(ctx, "kyc", "one", position(c.walk[0])); err != nil {
				t.Fatal(err)
			}
			clock.Settle(engine)
			for len(f.token) > 0 {
				if err := engine.SendTaskSuccess(ctx, <-f.token, f.next()); err != nil {
					t.Fatal(err)
				}
				clock.Settle(engine)
			}
			got, err := engine.Describe(ctx, "kyc", "one")
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != interpret.Succeeded || got.State != "approved" {
				t.Fatalf("%s in %s: %s", got.Status, got.State, got.Cause)
			}
			if got.Transitions != c.want || got.Transitions > maxTransitions {
				t.Errorf("%d transitions, want %d, at most %d", got.Transitions, c.want, maxTransitions)
			}
			history, err := engine.History(ctx, "kyc", "one")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range history[6:] {
				if e.Type == "StateEntered" && (e.State == "Route" || strings.HasPrefix(e.State, "Unknown")) {
					t.Errorf("the walk went through %s: a Choice does not know its label", e.State)
				}
			}
		})
	}
}
