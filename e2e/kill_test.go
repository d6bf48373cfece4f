package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/store/embedded"
	"ballerine/internal/webhook"
	"ballerine/statemachines"
)

// killsFromEnvironment names how often the system is killed; more kills bring more load.
const killsFromEnvironment = "BALLERINE_KILLS"

const (
	kills     = 9
	eachTime  = 5 // clients that begin between two kills
	stranded  = "uploaded"
	reconcile = 3 * time.Minute // the sweep looks at cases that have been quiet for two
)

// TestNothingIsLostDoubledOrStuckWhenThePowerFails kills the whole system at random moments while its clients, vendors
// and subscribers go on, and restarts it. In the end every case has come to its end, each acknowledged write is there
// once, and all subscribers have been notified.
func TestNothingIsLostDoubledOrStuckWhenThePowerFails(t *testing.T) {
	number := kills
	if text := os.Getenv(killsFromEnvironment); text != "" {
		var err error
		if number, err = strconv.Atoi(text); err != nil || number < 1 {
			t.Fatalf("%s is no number of kills", killsFromEnvironment)
		}
	}
	data, address := t.TempDir(), freeAddress(t)
	launch := func() *server { return start(t, data, "--addr", address) }
	vendor, subscribed := newLateVendor(t, data), newSubscribers(t)
	l := &load{t: t, outcomes: map[string]outcome{}, end: time.Now().Add(patience + time.Duration(number)*2*time.Second)}
	l.current.Store(launch())
	healthy := prepare(l.server(), vendor, subscribed)

	for n := range number {
		l.begin(t, n)
		time.Sleep(time.Duration(50+rand.IntN(450)) * time.Millisecond)
		l.server().kill()
		l.current.Store(launch())
	}
	l.clients.Wait()
	vendor.calls.Wait()
	close(vendor.ended)
	l.server().kill() // whatever is needed has been kept
	l.current.Store(launch())

	l.checkOutcomes()
	l.repeat()
	all := l.settled(subscribed)
	t.Logf("%d kills: %d cases, %d acknowledged writes, %s, %s", number+1, len(all), len(l.writes), vendor.summary(), subscribed.summary())
	vendor.check()
	l.stopDelivered(launch, data, healthy)
	l.checkData(data)
}

// stopDelivered stops the system once nothing is left to be delivered. What is seen of a delivery on its way may be older than
// the stop, so a system with something left gets more time.
func (l *load) stopDelivered(launch func() *server, data, healthy string) {
	l.t.Helper()
	for end := time.Now().Add(reconcile); ; {
		l.server().stop()
		left := leftovers(l.t, data, healthy)
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			l.t.Errorf("not delivered: %v", left)
			return
		}
		l.current.Store(launch())
		time.Sleep(time.Second)
	}
}

// leftovers are the effects, and the deliveries to the healthy receiver, that a stopped system has still to deliver.
func leftovers(t *testing.T, data, healthy string) (left []string) {
	t.Helper()
	db, err := embedded.Open(filepath.Join(data, "ballerine.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	effects, err := db.Cases().Undelivered(t.Context(), time.Now().Add(time.Hour), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range effects {
		left = append(left, fmt.Sprintf("effect %+v", each))
	}
	for after := ""; ; {
		page, next, err := db.Webhooks().Deliveries(t.Context(), "demo", healthy, after, 200)
		if err != nil {
			t.Fatal(err)
		}
		for _, delivery := range page {
			if delivery.Status != webhook.Delivered {
				left = append(left, fmt.Sprintf("delivery of %s: %s after %v", delivery.Type, delivery.Status, delivery.Attempts))
			}
		}
		if after = next; after == "" {
			return left
		}
	}
}

// prepare publishes what the load needs, and subscribes the receivers.
func prepare(s *server, vendor *lateVendor, subscribed *subscribers) (healthy string) {
	s.t.Helper()
	developer := s.token("developer")
	for _, d := range [][3]string{{"plugins", "late", vendor.plugin()}, {"workflows", "vetted", vetted}, {"workflows", "owner", owner}, {"workflows", "company", company}} {
		s.must(http.StatusCreated, "POST", "/v1/"+d[0]+"/"+d[1]+"/versions", developer, map[string]any{"source": d[2]}, "Idempotency-Key", "publish-"+d[1])
	}
	for _, path := range receivers {
		body := map[string]any{"url": subscribed.server.URL + path, "events": []string{"*"}}
		id, _ := s.must(http.StatusCreated, "POST", "/v1/webhooks", s.ready.Demo.APIKey, body, "Idempotency-Key", path).body["id"].(string)
		if path == "/healthy" {
			healthy = id
		}
	}
	return healthy
}

// begin lets the next clients begin, each kind in its turn.
func (l *load) begin(t *testing.T, round int) {
	docs, err := passports()
	if err != nil {
		t.Fatal(err)
	}
	kinds := []struct {
		name, workflow string
		drive          func(name string) (id, got, want string, err error)
	}{
		{"onboarded", "kyc", l.onboarded(docs["valid"], "Toni")},
		{"decided", "vetted", l.decided},
		{"family", "company", l.family},
		{stranded, "kyc", l.uploaded},
		{"undone", "vetted", l.undone},
		{"withdrawn", "company", l.withdrawn},
		{"expired", "kyc", l.onboarded(docs["expired"], "Toni")}, // goes to review
		{"cancelled", "company", l.cancelled},
		{"flaky", "kyc", l.onboarded(docs["valid"], "Flaky")}, // the vendor fails twice, then recovers
	}
	for n := range eachTime {
		number := round*eachTime + n
		kind := kinds[number%len(kinds)]
		l.run(kind.workflow, fmt.Sprintf("%s-%d", kind.name, number), kind.drive)
	}
}

func (l *load) checkOutcomes() {
	l.t.Helper()
	for name, o := range l.outcomes {
		if o.got != o.want {
			a, _ := l.get(o.id, "reviewer")
			l.t.Errorf("%s ended as %q, want %q: %s", name, o.got, o.want, a.raw)
		}
	}
}

// repeat sends every acknowledged write once more, as a client does that has lost the answer: it gets one about the same thing.
func (l *load) repeat() {
	l.t.Helper()
	for _, w := range l.writes {
		a, err := l.try(w.method, w.path, w.role, w.body, append([]string{"Idempotency-Key", w.key}, w.header...)...)
		if err != nil || a.status != w.answer.status || a.body["id"] != w.answer.body["id"] {
			l.t.Errorf("%s: %d %v when repeated, was %d %v (%v)", w.key, a.status, a.body["id"], w.answer.status, w.answer.body["id"], err)
		}
	}
}

// settled waits until what has to happen by itself has happened, and gives all cases.
func (l *load) settled(subscribed *subscribers) (all []map[string]any) {
	l.t.Helper()
	var open, missing string
	for end := time.Now().Add(reconcile); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
		all = l.all()
		open = unsettled(all)
		if missing = l.unheard(all, subscribed); open == "" && missing == "" {
			return all
		}
	}
	l.t.Errorf("not settled: %s %s", open, missing)
	return all
}

// all reads every case.
func (l *load) all() (found []map[string]any) {
	l.t.Helper()
	for cursor := ""; ; {
		a, err := l.try("GET", "/v1/cases?limit=200&sort=created_at&cursor="+cursor, "", nil)
		if err != nil || a.status != http.StatusOK {
			l.t.Fatal(failed("list", a, err))
		}
		data, _ := a.body["data"].([]any)
		for _, each := range data {
			one, _ := each.(map[string]any)
			found = append(found, one)
		}
		if cursor, _ = a.body["next_cursor"].(string); cursor == "" {
			return found
		}
	}
}

// unsettled describes a case that has not settled yet.
func unsettled(all []map[string]any) string {
	active := map[any]bool{}
	for _, one := range all {
		active[one["id"]] = one["status"] == "active"
	}
	for _, one := range all {
		if parent, ok := one["parent"].(map[string]any); ok && active[one["id"]] && !active[parent["case"]] {
			return fmt.Sprintf("%v is an orphan.", one["id"])
		}
		documents, _ := one["documents"].([]any)
		for _, each := range documents {
			if doc, _ := each.(map[string]any); doc["status"] == "awaiting_upload" && one["status"] == "active" {
				return fmt.Sprintf("%v has not noticed an upload.", one["id"])
			}
		}
	}
	return ""
}

// unheard lists events that the healthy receiver has not received. An event that it must not receive fails the test immediately.
func (l *load) unheard(all []map[string]any, subscribed *subscribers) string {
	l.t.Helper()
	for _, one := range all {
		id, _ := one["id"].(string)
		happened, revoked := eventsOf(l.history(id))
		if wrong := subscribed.has(revoked); len(wrong) > 0 {
			l.t.Fatalf("subscribers were notified of what was undone: %v", wrong)
		}
		if missing := subscribed.lacks(happened); len(missing) > 0 {
			return fmt.Sprintf("Subscribers have not been notified of %v.", missing)
		}
	}
	return ""
}

func (l *load) history(id string) (entries []map[string]any) {
	l.t.Helper()
	a, err := l.try("GET", "/v1/cases/"+id+"/history?limit=200", "reviewer", nil)
	if err != nil || a.status != http.StatusOK || a.body["next_cursor"] != nil {
		l.t.Fatal(failed("history", a, err))
	}
	data, _ := a.body["data"].([]any)
	for _, each := range data {
		entry, _ := each.(map[string]any)
		entry["case"] = id
		entries = append(entries, entry)
	}
	return entries
}

// eventsOf a history are the events that subscribers must have received, and those that they must not: a decision that was undone.
func eventsOf(entries []map[string]any) (happened, revoked []notification) {
	undone := map[any]bool{} // versions of decisions that were taken back
	for at, entry := range entries {
		for before := at - 1; entry["cause"] == "undone" && before >= 0; before-- { // others may have written in between
			if entries[before]["cause"] == "decision" {
				undone[entries[before]["version"]] = true
				break
			}
		}
	}
	for _, entry := range entries {
		version, _ := entry["version"].(float64)
		id, _ := entry["case"].(string)
		switch {
		case entry["cause"] == "undone":
		case version == 1:
			happened = append(happened, notification{id, "case.created", 1})
		case undone[entry["version"]]:
			revoked = append(revoked, notification{id, "case.state_changed", int(version)}, notification{id, "case.completed", int(version)}, notification{id, "case.decision", int(version)})
		case !slices.Equal(texts(entry["from"]), texts(entry["to"])):
			happened = append(happened, notification{id, "case.state_changed", int(version)})
			if entry["cause"] == "decision" {
				happened = append(happened, notification{id, "case.decision", int(version)})
			}
		case entry["cause"] == "cancelled":
			happened = append(happened, notification{id, "case.cancelled", int(version)})
		}
	}
	return happened, revoked
}

// checkData opens the stopped system's file: as many cases as were started, with what was acknowledged, every history whole,
// every index right, nothing given up.
func (l *load) checkData(data string) {
	t := l.t
	t.Helper()
	db, err := embedded.Open(filepath.Join(data, "ballerine.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	core, err := app.New(app.Parts{Store: db.Cases(), Registry: db.Registry(), Definitions: statemachines.Files})
	if err != nil {
		t.Fatal(err)
	}
	ctx, p := context.Background(), identity.SystemOf("demo", "test")
	names := map[string]int{}
	for query := casesQuery(200); ; {
		page, err := db.Cases().List(ctx, "demo", query)
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range page.Records {
			if record.Parent == nil {
				names[record.ExternalID]++
			}
			l.checkRecord(db, record)
			if report, err := core.Cases.Verify(ctx, p, record.ID); err != nil || !report.Valid {
				t.Errorf("history of %s: %v %v", record.ExternalID, report.Problems, err)
			}
		}
		if query.After = page.Next; query.After == "" {
			break
		}
	}
	for name := range l.outcomes {
		if names[name] != 1 {
			t.Errorf("%s is there %d times", name, names[name])
		}
	}
	if len(names) != len(l.outcomes) {
		t.Errorf("%d cases, want %d", len(names), len(l.outcomes))
	}
	if problems, err := db.Cases().Check(); err != nil || len(problems) > 0 {
		t.Errorf("indexes: %v %v", problems, err)
	}
	if dead, _, err := db.Cases().DeadLetters(ctx, "demo", "", 10); err != nil || len(dead) > 0 {
		t.Errorf("effects were given up: %+v %v", dead, err)
	}
}

// checkRecord compares a case with what was reported to its client.
func (l *load) checkRecord(db *embedded.DB, record cases.Record) {
	t := l.t
	t.Helper()
	if record.Status == cases.StatusActive && record.DueAt.IsZero() && len(record.Incidents) == 0 {
		t.Errorf("%s waits without a deadline in %v", record.ExternalID, record.Snapshot.Active)
	}
	switch record.Workflow.ID {
	case "vetted":
		notes, err := db.Cases().Notes(context.Background(), "demo", record.ID)
		if counted, _ := record.Context["ticks"].(float64); err != nil || counted != ticks || len(notes) != ticks {
			t.Errorf("%s: %v ticks and %d notes, want %d (%v)", record.ExternalID, record.Context["ticks"], len(notes), ticks, err)
		}
	case "company":
		page, err := db.Cases().List(context.Background(), "demo", cases.Query{Parent: record.ID, Limit: 200})
		if err != nil || len(page.Records) > owners || record.Outcome == "approved" && len(page.Records) != owners {
			t.Errorf("%s has %d children (%v)", record.ExternalID, len(page.Records), err)
		}
	case "kyc":
		if record.Status == cases.StatusActive && (len(record.Documents) != 1 || record.Documents[0].Status != cases.DocumentReceived) {
			t.Errorf("%s has the documents %+v", record.ExternalID, record.Documents)
		}
	}
}

// drive takes a case to its end, whatever happens to the server meanwhile. It gives up at the deadline.
func drive(c *applicantCase, server func() *server, deadline time.Time) (outcome string) {
	for time.Now().Before(deadline) {
		if c.collect(server()) == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	for time.Now().Before(deadline) {
		if outcome, done, err := c.finish(server()); err == nil && done {
			return outcome
		}
		time.Sleep(50 * time.Millisecond)
	}
	return "gave up"
}
