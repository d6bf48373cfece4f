package idempotency_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ballerine/internal/idempotency"
	"ballerine/internal/keyring"
	"ballerine/internal/problem"
)

// memory is a Store without a lock.
type memory struct {
	kept map[string]idempotency.Reservation
	down error
}

func (m *memory) Reserve(_ context.Context, r idempotency.Reservation, takeOver time.Time) (idempotency.Reservation, bool, error) {
	if m.down != nil {
		return idempotency.Reservation{}, false, m.down
	}
	there, ok := m.kept[r.Key]
	if !ok || !there.ExpiresAt.After(r.StartedAt) || there.Answer == nil && there.Hash == r.Hash && there.StartedAt.Before(takeOver) {
		m.kept[r.Key] = r
		return r, true, nil
	}
	return there, false, nil
}

func (m *memory) Complete(ctx context.Context, key, holder string, answer idempotency.Answer) error {
	r, ok := m.kept[key]
	if ok && r.Holder == holder && ctx.Err() == nil {
		r.Answer = &answer
		m.kept[key] = r
	}
	return m.down
}

func (m *memory) Release(ctx context.Context, key, holder string) error {
	if r, ok := m.kept[key]; ok && r.Holder == holder && r.Answer == nil && ctx.Err() == nil {
		delete(m.kept, key)
	}
	return m.down
}

func (m *memory) Abandon(ctx context.Context, key, holder string) error {
	if r, ok := m.kept[key]; ok && r.Holder == holder && r.Answer == nil && ctx.Err() == nil {
		r.StartedAt = time.Time{}
		m.kept[key] = r
	}
	return m.down
}

type desk struct {
	*idempotency.Calls
	store *memory
	now   time.Time
}

func newDesk(t *testing.T) *desk {
	d := &desk{store: &memory{kept: map[string]idempotency.Reservation{}}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	ring, err := keyring.Of(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	d.Calls = idempotency.New(d.store, func() time.Time { return d.now }, ring)
	return d
}

func (d *desk) begin(t *testing.T, change ...func(*idempotency.Call)) (idempotency.Reservation, bool) {
	t.Helper()
	call := idempotency.Call{Tenant: "t", Operation: "createCase", Caller: "key_1", Key: "k", Target: "/v1/cases", Body: []byte(`{"workflow":"kyc"}`)}
	for _, c := range change {
		c(&call)
	}
	r, mine, err := d.Begin(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	return r, mine
}

func TestARepeatedCallGetsTheFirstAnswer(t *testing.T) {
	d := newDesk(t)
	first, mine := d.begin(t)
	if !mine {
		t.Fatal("the first call is not to be carried out")
	}
	secret := idempotency.Answer{Status: 201, Header: map[string]string{"Location": "/v1/cases/1"}, Body: []byte(`{"secret":"s3cr3t"}`)}
	if err := d.End(t.Context(), first, secret); err != nil {
		t.Fatal(err)
	}
	again, mine := d.begin(t)
	got, err := d.Answer(again)
	if mine || err != nil || got.Status != 201 || string(got.Body) != string(secret.Body) || got.Header["Location"] != "/v1/cases/1" {
		t.Errorf("%t %v %+v", mine, err, got)
	}
	if strings.Contains(string(d.store.kept[first.Key].Answer.Body), "s3cr3t") {
		t.Error("the store can read the answer")
	}
}

func TestWhatMakesACallAnother(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*idempotency.Call)
		code   problem.Code
	}{
		"another tenant":    {func(c *idempotency.Call) { c.Tenant = "u" }, ""},
		"another operation": {func(c *idempotency.Call) { c.Operation = "createKey" }, ""},
		"another caller":    {func(c *idempotency.Call) { c.Caller = "key_2" }, ""},
		"another key":       {func(c *idempotency.Call) { c.Key = "l" }, ""},
		"another body":      {func(c *idempotency.Call) { c.Body = []byte("{}") }, problem.IdempotencyMismatch},
		"another target":    {func(c *idempotency.Call) { c.Target = "/v1/cases?x=1" }, problem.IdempotencyMismatch},
		"no key":            {func(c *idempotency.Call) { c.Key = "" }, problem.IdempotencyRequired},
		"a long key":        {func(c *idempotency.Call) { c.Key = strings.Repeat("k", 201) }, problem.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.begin(t)
			call := idempotency.Call{Tenant: "t", Operation: "createCase", Caller: "key_1", Key: "k", Target: "/v1/cases", Body: []byte(`{"workflow":"kyc"}`)}
			c.change(&call)
			_, mine, err := d.Begin(t.Context(), call)
			if problem.CodeOf(err) != c.code || mine != (c.code == "") {
				t.Errorf("%t %v", mine, err)
			}
		})
	}
}

func TestACallInFlightIsTakenOverOnceItHasDied(t *testing.T) {
	d := newDesk(t)
	first, _ := d.begin(t)
	d.now = d.now.Add(59 * time.Second)
	there, mine := d.begin(t)
	if _, err := d.Answer(there); mine || problem.CodeOf(err) != problem.IdempotencyInFlight {
		t.Errorf("it is in flight: %t %v", mine, err)
	}
	d.now = d.now.Add(2 * time.Second)
	over, mine := d.begin(t)
	if !mine || over.ID() != first.ID() {
		t.Errorf("the take-over creates something else: %t %s %s", mine, over.ID(), first.ID())
	}
	if err := d.End(t.Context(), first, idempotency.Answer{Status: 201}); err != nil {
		t.Fatal(err)
	}
	if there, _ := d.begin(t); there.Answer != nil {
		t.Error("who has lost the call has answered it")
	}
}

func TestARefusalIsNotKept(t *testing.T) {
	d := newDesk(t)
	first, _ := d.begin(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Refuse(gone, first); err != nil { // the caller has gone meanwhile
		t.Fatal(err)
	}
	if _, mine := d.begin(t); !mine {
		t.Error("the call cannot be tried again")
	}
}

func TestACallThatHasFailedIsTakenOverAtOnceByTheSameCall(t *testing.T) {
	d := newDesk(t)
	first, _ := d.begin(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Fail(gone, first); err != nil { // the caller has gone meanwhile
		t.Fatal(err)
	}
	d.now = d.now.Add(time.Second)
	over, mine := d.begin(t)
	if !mine || over.ID() != first.ID() {
		t.Fatalf("what it may have made is made anew: %t %s %s", mine, over.ID(), first.ID())
	}
	if err := d.Refuse(t.Context(), over); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(time.Second)
	if again, mine := d.begin(t); !mine || again.ID() != first.ID() {
		t.Errorf("a refusal makes forgotten that there was a call before: %t %s %s", mine, again.ID(), first.ID())
	}
}

func TestKeptAnswersAreForgottenAfterADay(t *testing.T) {
	d := newDesk(t)
	first, _ := d.begin(t)
	if err := d.End(t.Context(), first, idempotency.Answer{Status: 201}); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(24 * time.Hour)
	if again, mine := d.begin(t); !mine || again.ID() == first.ID() {
		t.Error("it is still known")
	}
}

func TestAnswersAreBoundToTheirCall(t *testing.T) {
	d := newDesk(t)
	first, _ := d.begin(t)
	if err := d.End(t.Context(), first, idempotency.Answer{Status: 201, Body: []byte("a")}); err != nil {
		t.Fatal(err)
	}
	moved := d.store.kept[first.Key]
	moved.Key = "t#createCase#other"
	if _, err := d.Answer(moved); problem.CodeOf(err) != problem.Internal {
		t.Errorf("an answer was read under another call's key: %v", err)
	}
}

func TestAStoreThatIsDownIsReported(t *testing.T) {
	d := newDesk(t)
	d.store.down = errors.New("down")
	if _, mine, err := d.Begin(t.Context(), idempotency.Call{Key: "k"}); mine || !errors.Is(err, d.store.down) {
		t.Errorf("%t %v", mine, err)
	}
}

// A secret was put in front of the one that has sealed the answer: it is given again all the same, also by a process that seals with the
// new one already.
func TestAnAnswerOutlivesTheSecretThatHasSealedIt(t *testing.T) {
	d := newDesk(t)
	r, _ := d.begin(t)
	if err := d.End(t.Context(), r, idempotency.Answer{Status: 201, Body: []byte(`{"id":"case_1"}`)}); err != nil {
		t.Fatal(err)
	}
	newer, err := keyring.Of(append(make([]byte, 31), 1), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	d.Calls = idempotency.New(d.store, func() time.Time { return d.now }, newer)
	again, mine := d.begin(t)
	answer, err := d.Answer(again)
	if err != nil || mine || string(answer.Body) != `{"id":"case_1"}` {
		t.Errorf("%s %v %v", answer.Body, mine, err)
	}
	other, err := keyring.Of(append(make([]byte, 31), 1))
	if err != nil {
		t.Fatal(err)
	}
	d.Calls = idempotency.New(d.store, func() time.Time { return d.now }, other)
	if _, err := d.Answer(again); problem.CodeOf(err) != problem.Internal {
		t.Errorf("opened with a secret that has not sealed it: %v", err)
	}
}
