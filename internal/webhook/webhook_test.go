package webhook

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"pgregory.net/rapid"

	"ballerine/internal/problem"
)

// bench is a service with a clock and a receiver that a test steers.
type bench struct {
	*Service
	store    *memory
	mu       sync.Mutex
	now      time.Time
	answer   func(w http.ResponseWriter, r *http.Request)
	received []received
	server   *httptest.Server
}

type received struct {
	header http.Header
	body   []byte
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{store: newMemory(), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	b.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		b.mu.Lock()
		b.received = append(b.received, received{r.Header.Clone(), body})
		answer := b.answer
		b.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(b.server.Close)
	b.Service = New(Config{Store: b.store, Now: b.clock, AllowLoopback: true, Timeout: time.Minute})
	return b
}

func (b *bench) answerWith(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

func (b *bench) subscribe(t *testing.T, events ...string) Subscription {
	t.Helper()
	subscription, err := b.Subscribe(t.Context(), "demo", "", b.server.URL+"/hook", events)
	if err != nil {
		t.Fatal(err)
	}
	return subscription
}

func (b *bench) event(id string) Event {
	return Event{Tenant: "demo", ID: id, Type: "case.completed", Subject: "case_1", Time: b.clock(), Data: map[string]any{"case": "case_1", "outcome": "approved", "note": "<&>"}}
}

func (b *bench) publish(t *testing.T, id string) Delivery {
	t.Helper()
	created, err := b.Create(t.Context(), b.event(id))
	if err != nil || len(created) != 1 {
		t.Fatalf("created %d deliveries: %v", len(created), err)
	}
	return created[0]
}

func (b *bench) attempt(t *testing.T, delivery Delivery) Delivery {
	t.Helper()
	after, err := b.Attempt(t.Context(), delivery)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := b.store.Delivery(t.Context(), delivery.Tenant, delivery.ID)
	if err != nil || stored.Revision != after.Revision || stored.Status != after.Status {
		t.Fatalf("what is stored differs: %v, %v", stored, err)
	}
	return after
}

func TestADeliveryIsSignedAsTheStandardRequires(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "case.*")
	done := b.attempt(t, b.publish(t, "case_1/3/0"))
	if done.Status != Delivered || len(done.Attempts) != 1 || done.Attempts[0].Status != http.StatusNoContent || !done.NextAt.IsZero() || !done.LeasedUntil.IsZero() {
		t.Fatalf("%+v", done)
	}
	got := b.received[0]
	verifier, err := standardwebhooks.NewWebhook(subscription.Secrets[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.VerifyIgnoringTimestamp(got.body, got.header); err != nil {
		t.Fatal(err)
	}
	if got.header.Get("webhook-id") != "case_1/3/0" || got.header.Get("webhook-timestamp") != "1767323045" || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("%v", got.header)
	}
	if string(got.body) != string(done.Body) {
		t.Error("what was sent is not what is kept")
	}
	want := `{"specversion":"1.0","id":"case_1/3/0","source":"/ballerine","type":"case.completed","time":"2026-01-02T03:04:05Z","subject":"case_1","datacontenttype":"application/json","data":{"case":"case_1","note":"<&>","outcome":"approved"}}`
	if string(got.body) != want {
		t.Errorf("body\n%s\nwant\n%s", got.body, want)
	}
	other, _ := standardwebhooks.NewWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if other.VerifyIgnoringTimestamp(got.body, got.header) == nil {
		t.Error("another secret verifies")
	}
}

// The vector is the specification's own.
func TestTheSignatureOfTheStandardsExample(t *testing.T) {
	header, err := Sign([]Secret{{Value: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if err != nil || header.Get("webhook-signature") != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Fatal(header, err)
	}
}

func TestPublishingTwiceDeliversOnce(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	b.subscribe(t, "case.completed")
	first, err := b.Create(t.Context(), b.event("e1"))
	if err != nil || len(first) != 2 || first[0].ID == first[1].ID {
		t.Fatalf("%v %v", first, err)
	}
	second, err := b.Create(t.Context(), b.event("e1"))
	if err != nil || len(second) != 0 || len(b.store.deliveries) != 2 {
		t.Fatalf("published again: %v %v", second, err)
	}
}

func TestPublishingMakesTheFirstAttemptAtOnce(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "*")
	for range 2 {
		if err := b.Publish(t.Context(), "demo", b.event("e1")); err != nil {
			t.Fatal(err)
		}
	}
	b.answerWith(http.StatusInternalServerError)
	if err := b.Publish(t.Context(), "demo", b.event("e2")); err != nil {
		t.Fatal(err)
	}
	page, _, err := b.Deliveries(t.Context(), "demo", subscription.ID, "", 10)
	if err != nil || len(page) != 2 || len(b.received) != 2 {
		t.Fatalf("%d deliveries, %d calls, %v", len(page), len(b.received), err)
	}
	for _, delivery := range page {
		if want := map[string]Status{"e1": Delivered, "e2": Pending}[delivery.EventID]; delivery.Status != want || len(delivery.Attempts) != 1 {
			t.Errorf("%+v", delivery)
		}
	}
	b.answerWith(http.StatusOK)
	b.advance(5 * time.Second)
	if tried, err := b.AttemptDue(t.Context(), 10); tried != 1 || err != nil {
		t.Errorf("tried %d: %v", tried, err)
	}
	if err := b.Publish(t.Context(), "demo", Event{}); problem.CodeOf(err) != problem.Invalid {
		t.Errorf("a bad event: %v", err)
	}
}

func TestASlowReceiverDoesNotHoldUpPublish(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "*")
	release := make(chan struct{})
	defer close(release)
	b.mu.Lock()
	b.answer = func(http.ResponseWriter, *http.Request) { <-release }
	b.mu.Unlock()
	b.config.FirstTimeout, b.config.Timeout = 20*time.Millisecond, time.Hour
	if err := b.Publish(t.Context(), "demo", b.event("e1")); err != nil {
		t.Fatal(err)
	}
	page, _, err := b.Deliveries(t.Context(), "demo", subscription.ID, "", 10)
	if err != nil || page[0].Status != Pending || page[0].Attempts[0].Error != "timeout" {
		t.Errorf("%+v %v", page, err)
	}
}

func TestAFailingReceiverIsTriedOnTheScheduleUntilItRecovers(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	delivery := b.publish(t, "e1")
	b.answerWith(http.StatusInternalServerError)
	for i, pause := range schedule()[:3] {
		delivery = b.attempt(t, delivery)
		if delivery.Status != Pending || !delivery.NextAt.Equal(b.clock().Add(pause)) || delivery.Attempts[i].Error != "status" {
			t.Fatalf("attempt %d: %+v", i, delivery)
		}
		b.advance(pause - time.Second)
		if summary, err := b.attemptDue(t.Context(), 10); err != nil || summary.Tried != 0 {
			t.Fatalf("tried too early: %+v %v", summary, err)
		}
		b.advance(time.Second)
	}
	b.answerWith(http.StatusOK)
	summary, err := b.attemptDue(t.Context(), 10)
	if err != nil || summary != (Summary{Tried: 1, Delivered: 1}) {
		t.Fatalf("%+v %v", summary, err)
	}
	ids := map[string]bool{}
	for _, r := range b.received {
		ids[r.header.Get("webhook-id")] = true
	}
	if len(b.received) != 4 || len(ids) != 1 {
		t.Errorf("%d calls with %d ids", len(b.received), len(ids))
	}
}

func TestADeliveryFailsWhenTheScheduleIsUsedUp(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "*")
	b.answerWith(http.StatusBadGateway)
	delivery := b.publish(t, "e1")
	attempts := 0
	for delivery.Status == Pending {
		delivery = b.attempt(t, delivery)
		attempts++
		b.advance(24 * time.Hour)
	}
	if delivery.Status != Failed || attempts != len(schedule())+1 || !delivery.NextAt.IsZero() {
		t.Fatalf("after %d attempts: %+v", attempts, delivery)
	}
	b.answerWith(http.StatusOK)
	again, err := b.Redeliver(t.Context(), "demo", subscription.ID, delivery.ID, "")
	if err != nil || again.Status != Delivered || len(again.Attempts) != attempts+1 {
		t.Fatalf("%+v %v", again, err)
	}
}

func TestARedeliveryBeginsTheScheduleAnew(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "*")
	delivered := b.attempt(t, b.publish(t, "e1"))
	b.answerWith(http.StatusServiceUnavailable)
	again, err := b.Redeliver(t.Context(), "demo", subscription.ID, delivered.ID, "")
	if err != nil || again.Status != Pending || again.Round != 1 || !again.NextAt.Equal(b.clock().Add(5*time.Second)) {
		t.Fatalf("%+v %v", again, err)
	}
	for name, call := range map[string][3]string{
		"foreign tenant": {"other", subscription.ID, delivered.ID}, "other subscription": {"demo", "whk_x", delivered.ID}, "unknown": {"demo", subscription.ID, "dlv_x"},
	} {
		if _, err := b.Redeliver(t.Context(), call[0], call[1], call[2], ""); problem.CodeOf(err) != problem.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRetryAfterLengthensAPause(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	for id, c := range map[string]struct {
		header string
		want   time.Duration
	}{
		"seconds": {"90", 90 * time.Second}, "shorter": {"1", 5 * time.Second}, "absurd": {"99999999999", 24 * time.Hour}, "negative": {"-5", 5 * time.Second},
		"date": {"Fri, 02 Jan 2026 03:14:05 GMT", 10 * time.Minute}, "words": {"soon", 5 * time.Second},
	} {
		b.mu.Lock()
		b.answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", c.header)
			w.WriteHeader(http.StatusTooManyRequests)
		}
		b.mu.Unlock()
		if got := b.attempt(t, b.publish(t, id)); !got.NextAt.Equal(b.clock().Add(c.want)) {
			t.Errorf("%s: next in %v", id, got.NextAt.Sub(b.clock()))
		}
	}
}

func TestGoneDisablesTheSubscription(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "*")
	first, second := b.publish(t, "e1"), b.publish(t, "e2")
	b.answerWith(http.StatusGone)
	if got := b.attempt(t, first); got.Status != Failed || got.Attempts[0].Status != http.StatusGone {
		t.Fatalf("%+v", got)
	}
	stored, err := b.Subscription(t.Context(), "demo", subscription.ID)
	if err != nil || !stored.Disabled || stored.Reason != "gone" {
		t.Fatalf("%+v %v", stored, err)
	}
	if got := b.attempt(t, second); got.Status != Failed || got.Attempts[0].Error != "disabled" || len(b.received) != 1 {
		t.Errorf("%+v after %d calls", got, len(b.received))
	}
	if created, err := b.Create(t.Context(), b.event("e3")); err != nil || len(created) != 0 {
		t.Errorf("a disabled subscription gets deliveries: %v %v", created, err)
	}
	if _, err := b.Redeliver(t.Context(), "demo", subscription.ID, first.ID, ""); problem.CodeOf(err) != problem.Conflict {
		t.Errorf("redelivered to a disabled subscription: %v", err)
	}
	on := false
	if _, err := b.Update(t.Context(), "demo", subscription.ID, 0, Patch{Disabled: &on}); err != nil {
		t.Fatal(err)
	}
	b.answerWith(http.StatusOK)
	if again, err := b.Redeliver(t.Context(), "demo", subscription.ID, first.ID, ""); err != nil || again.Status != Delivered {
		t.Errorf("%+v %v", again, err)
	}
}

func TestDeliveriesOfARemovedSubscriptionFail(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "*")
	delivery := b.publish(t, "e1")
	if err := b.Unsubscribe(t.Context(), "demo", subscription.ID); err != nil {
		t.Fatal(err)
	}
	if got := b.attempt(t, delivery); got.Status != Failed || got.Attempts[0].Error != "unsubscribed" || len(b.received) != 0 {
		t.Errorf("%+v", got)
	}
	if err := b.Unsubscribe(t.Context(), "demo", subscription.ID); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("removed twice: %v", err)
	}
}

func TestRedirectsAreFailuresAndNotFollowed(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	b.mu.Lock()
	b.answer = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}
	b.mu.Unlock()
	got := b.attempt(t, b.publish(t, "e1"))
	if got.Status != Pending || got.Attempts[0].Error != "redirect" || len(b.received) != 1 {
		t.Errorf("%+v after %d calls", got, len(b.received))
	}
}

func TestNothingOfAnAnswersBodyIsKept(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	b.mu.Lock()
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "the-secret-answer")
	}
	b.mu.Unlock()
	got := b.attempt(t, b.publish(t, "e1"))
	written, err := json.Marshal(got)
	if err != nil || strings.Contains(string(written), "the-secret-answer") {
		t.Errorf("%s %v", written, err)
	}
}

func TestAPrivateAddressIsRefusedWhenItIsDialled(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "*") // a loopback URL, kept while it was allowed
	strict := New(Config{Store: b.store, Now: b.clock})
	delivery := b.publish(t, "e1")
	got, err := strict.Attempt(t.Context(), delivery)
	if err != nil || got.Status != Pending || got.Attempts[0].Error != "refused_address" || len(b.received) != 0 {
		t.Fatalf("%+v %v", got, err)
	}
	if strings.Contains(got.Attempts[0].Error, subscription.URL) {
		t.Error("the URL is in the log")
	}
}

func TestABadEventIsRefusedWithAllItsProblems(t *testing.T) {
	b := newBench(t)
	_, err := b.Create(t.Context(), Event{ID: "a.b", Type: "case.*"})
	if e := problem.As(err); e.Code != problem.Invalid || len(e.Fields) != 4 {
		t.Errorf("%v", err)
	}
	big := b.event("e1")
	big.Data["note"] = strings.Repeat("x", maxBody)
	if _, err := b.Create(t.Context(), big); problem.CodeOf(err) != problem.TooLarge {
		t.Errorf("%v", err)
	}
}

func TestTheDeliveryLogPagesNewestFirst(t *testing.T) {
	b := newBench(t)
	subscription := b.subscribe(t, "*")
	for _, id := range []string{"e1", "e2", "e3"} {
		b.publish(t, id)
		b.advance(time.Second)
	}
	var events []string
	after := ""
	for {
		page, next, err := b.Deliveries(t.Context(), "demo", subscription.ID, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, delivery := range page {
			events = append(events, delivery.EventID)
		}
		if after = next; next == "" {
			break
		}
	}
	if !slices.Equal(events, []string{"e3", "e2", "e1"}) {
		t.Error(events)
	}
	if _, _, err := b.Deliveries(t.Context(), "other", subscription.ID, "", 2); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("a foreign tenant: %v", err)
	}
}

func TestDeliveryIDsAreStableAndDistinct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z]{1,8}`)
		at := time.UnixMilli(rapid.Int64Range(0, 1<<42).Draw(t, "at"))
		a := Event{Tenant: word.Draw(t, "tenant"), ID: word.Draw(t, "id"), Time: at}
		b := Event{Tenant: word.Draw(t, "tenant2"), ID: word.Draw(t, "id2"), Time: at}
		one, two := word.Draw(t, "one"), word.Draw(t, "two")
		same := a.Tenant == b.Tenant && a.ID == b.ID && one == two
		if (deliveryID(a, one) == deliveryID(b, two)) != same {
			t.Fatal("ids do not tell deliveries apart")
		}
		later := a
		later.Time = at.Add(time.Millisecond)
		if deliveryID(later, one) <= deliveryID(a, one) {
			t.Fatal("ids do not sort by time")
		}
	})
}
