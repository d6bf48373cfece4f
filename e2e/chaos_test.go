package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/telemetry"
)

// chaosFromEnvironment names how many cases run through the storm. seedFromEnvironment throws the same dice again; since functions run side by
// side, it is not quite the same run.
const (
	chaosFromEnvironment = "BALLERINE_CHAOS"
	seedFromEnvironment  = "BALLERINE_CHAOS_SEED"
	fewCases             = 60
)

// chaosStep is how far the time advances between two checks of stream, queues and clients.
const chaosStep = 5 * time.Second

// chaosClient is a client's way with one case: every call is repeated with the same key until it has an answer.
type chaosClient struct {
	name     string
	begins   time.Time
	id       string
	answered bool // the event
	retried  int  // incidents, by a person: each is retried
}

// TestEveryCaseEndsOnceInAStorm takes cases through throttling, timeouts, kills, calls made twice, lost answers, records twice and out of
// order, lost and doubled messages, lost executions, and outages of each part in turn. In the end each case has ended once, each
// subscriber that listens has been notified once, and each outage was reported by its alarm.
func TestEveryCaseEndsOnceInAStorm(t *testing.T) {
	number, seed := fewCases, rand.Uint64()
	for name, into := range map[string]func(uint64){chaosFromEnvironment: func(n uint64) { number = int(n) }, seedFromEnvironment: func(n uint64) { seed = n }} {
		if text := os.Getenv(name); text != "" {
			value, err := strconv.ParseUint(text, 10, 64)
			if err != nil || value == 0 {
				t.Fatalf("%s is no number", name)
			}
			into(value)
		}
	}
	t.Logf("%s=%d", seedFromEnvironment, seed)
	c := newChaos(t, seed)
	c.subscribe()
	c.vendor.chaos.Store(c)
	began := c.clock.Now()
	clients := make([]*chaosClient, number)
	for n := range clients { // half of them begin in the storm, a quarter while the vendor is down, the others during all outages
		from, over := []time.Duration{0, 0, 30 * time.Minute, 30 * time.Minute}[n%4], []time.Duration{25 * time.Minute, 25 * time.Minute, 20 * time.Minute, 3 * time.Hour}[n%4]
		clients[n] = &chaosClient{name: fmt.Sprintf("customer-%d", n), begins: began.Add(from + time.Duration(n)*over/time.Duration(number))}
	}

	c.storm.Store(true)
	c.pass(30*time.Minute, clients)
	c.storm.Store(false)
	stormed := c.cloud.since(began)
	for _, outage := range chaosOutages(c) {
		from := c.clock.Now()
		outage.begin()
		c.pass(outage.lasts, clients)
		outage.end()
		c.pass(5*time.Minute, clients)
		if on := c.cloud.since(from); !slices.Contains(on, outage.alarm) {
			t.Errorf("%s: %s was quiet; on were %v", outage.name, outage.alarm, on)
		}
	}
	c.untilEnded(clients)
	c.pass(20*time.Minute, clients)
	for _, kind := range []string{"killed", "called twice", "throttled by Lambda", "cold start of 5 s"} {
		if c.counts[kind] == 0 {
			t.Errorf("the storm had no fault of the kind %q: %v", kind, c.counts)
		}
	}
	t.Logf("%d cases in %s; faults %v; alarms in the storm %v", number, c.clock.Now().Sub(began).Round(time.Minute), c.counts, stormed)
	c.check(clients)
	if all := c.cloud.since(began); !slices.Contains(all, "WebhooksFailing") {
		t.Errorf("nobody was told of the dead receiver: %v", all)
	}
	if on := slices.DeleteFunc(c.cloud.on(c.clock.Now()), func(name string) bool { return name == "WebhooksFailing" }); !slices.Equal(on, lasting) {
		t.Errorf("on in the end: %v, want %v", on, lasting)
	}
}

// lasting are the alarms that stay on until a person has looked: about what was given up. WebhooksFailing may be another, as long as a dead
// receiver is tried.
var lasting = []string{"DeliveriesFailed", "DispatchFailed", "OutboxDeadLetters"}

// TestNoAlarmIsOnWhileNothingFails: whoever is woken up by nothing stops to look.
func TestNoAlarmIsOnWhileNothingFails(t *testing.T) {
	c := newChaos(t, 1)
	c.subscribeTo("/healthy")
	began, clients := c.clock.Now(), make([]*chaosClient, 10)
	for n := range clients {
		clients[n] = &chaosClient{name: fmt.Sprintf("customer-%d", n), begins: began.Add(time.Duration(n) * time.Minute)}
	}
	c.pass(25*time.Minute, clients)
	c.untilEnded(clients)
	c.check(clients)
	if on := c.cloud.since(began); len(on) > 0 {
		t.Errorf("on without a reason: %v", on)
	}
}

// outage is a part that fails for a time, with the alarm that has to tell of it.
type outage struct {
	name       string
	alarm      string
	lasts      time.Duration
	begin, end func()
}

func chaosOutages(c *chaos) []outage {
	refuse := func(function string, refused bool) func() {
		return func() {
			c.mutex.Lock()
			defer c.mutex.Unlock()
			c.refused[function] = refused
		}
	}
	queue := c.queues["deliveries"]
	return []outage{
		{"the vendor is down", "Incidents", 20 * time.Minute, func() { c.vendor.down.Store(true) }, func() { c.vendor.down.Store(false) }},
		{"Lambda does not run the clients' API", "ApiErrors", 15 * time.Minute, refuse("clientapi", true), refuse("clientapi", false)},
		{"Lambda does not run dispatch", "DispatchFailed", 15 * time.Minute, refuse("dispatch", true), refuse("dispatch", false)},
		{"Lambda does not run the sweep", "SweepMissing", 15 * time.Minute, refuse("sweep", true), refuse("sweep", false)},
		{"Lambda does not run the turns of re-screenings", "RescreeningLate", 45 * time.Minute, refuse("screening", true), refuse("screening", false)},
		{"Lambda does not run deliver", "DeliveriesFailed", 15 * time.Minute, refuse("deliver", true), refuse("deliver", false)},
		{"nobody asks the queue of deliveries", "DeliveriesLate", 25 * time.Minute, func() { queue.unread.Store(true) }, func() { queue.unread.Store(false) }},
		{"the queue of deliveries takes nothing", "DeliveriesNotQueued", 15 * time.Minute, func() { queue.down.Store(true) }, func() { queue.down.Store(false) }},
		{"an effect cannot be read", "OutboxDeadLetters", 5 * time.Minute, c.stream.poisoned, func() {}},
	}
}

func (c *chaos) subscribe() {
	c.subscribeTo("/healthy")
	c.subscribeTo("/dead")
}

func (c *chaos) subscribeTo(path string) {
	c.t.Helper()
	status, answer := c.request("POST", "/v1/webhooks", map[string]any{"url": c.heard.server.URL + path, "events": []string{"*"}}, path)
	if status != http.StatusCreated {
		c.t.Fatalf("%d %v", status, answer)
	}
}

// pass lets time go by, in which everybody does their part.
func (c *chaos) pass(d time.Duration, clients []*chaosClient) {
	for end := c.clock.Now().Add(d); c.clock.Now().Before(end); {
		for _, client := range clients {
			client.act(c)
		}
		c.stream.read(c.t.Context())
		c.queues["deliveries"].receive(c.t.Context(), "deliver")
		c.queues["wakes"].receive(c.t.Context(), "sweep")
		if c.strikes("executions lost", 0.1) {
			c.loseAnExecution()
		}
		c.settle()
		before := c.clock.Now()
		c.clock.Pass(chaosStep)
		if now := c.clock.Now(); now.Truncate(time.Minute).After(before) {
			_, _ = c.invoke(c.t.Context(), "sweep", []byte("{}"))
			_, _ = c.invoke(c.t.Context(), "screening", []byte(`{"action": "rescreen"}`))
			c.observe()
		}
		c.settle()
	}
}

// settle waits until no execution is being worked on.
func (c *chaos) settle() {
	for c.engine.Busy() > 0 {
		time.Sleep(100 * time.Microsecond)
	}
}

// observe measures what AWS measures each minute.
func (c *chaos) observe() {
	visible := func(queue string, number int) {
		c.cloud.put("AWS/SQS", "ApproximateNumberOfMessagesVisible", float64(number), "QueueName", c.cloud.deployed.Physical("delivery", queue))
	}
	visible("DispatchFailures", c.stream.lost)
	visible("DeliveryFailures", c.queues["deliveries"].given)
	c.cloud.put("AWS/SQS", "ApproximateAgeOfOldestMessage", c.queues["deliveries"].waiting().Seconds(), "QueueName", c.cloud.deployed.Physical("delivery", "Deliveries"))
}

// act is the client's next call.
func (client *chaosClient) act(c *chaos) {
	switch {
	case c.clock.Now().Before(client.begins) || client.answered:
	case client.id == "":
		if status, answer := c.request("POST", "/v1/cases", map[string]any{"workflow": "chaos", "external_id": client.name, "context": map[string]any{}}, client.name+"-start"); status == http.StatusCreated {
			client.id, _ = answer["id"].(string)
		} else {
			client.refused(c, status, answer)
		}
	default:
		if status, answer := c.request("POST", "/v1/cases/"+client.id+"/events", map[string]any{"type": "GO"}, client.name+"-go"); status == http.StatusOK {
			client.answered = true
		} else {
			client.refused(c, status, answer)
		}
	}
}

// refused is for an answer that a client repeats its call after; no other may come.
func (client *chaosClient) refused(c *chaos, status int, answer map[string]any) {
	if status < http.StatusInternalServerError && status != http.StatusConflict && status != http.StatusTooManyRequests {
		c.t.Errorf("%s: %d %v", client.name, status, answer)
		client.answered = true
	}
}

// untilEnded lets time go by until every case has ended, with a person who retries what failed.
func (c *chaos) untilEnded(clients []*chaosClient) {
	for round := range 36 {
		open := 0
		for _, client := range clients {
			_, one := c.request("GET", "/v1/cases/"+client.id, nil, "")
			if one["status"] == "completed" {
				continue
			}
			open++
			incidents, _ := one["incidents"].([]any)
			for _, each := range incidents {
				incident, _ := each.(map[string]any)
				path := fmt.Sprintf("/v1/cases/%s/incidents/%v/retry", client.id, incident["id"])
				status, answer := c.request("POST", path, map[string]any{}, fmt.Sprintf("retry-%v-%d", incident["id"], round))
				if status == http.StatusOK {
					client.retried++
				} else if status != http.StatusConflict {
					c.t.Errorf("%s: %d %v", path, status, answer)
				}
			}
		}
		if open == 0 {
			return
		}
		c.pass(10*time.Minute, clients)
	}
	for _, client := range clients {
		if _, one := c.request("GET", "/v1/cases/"+client.id, nil, ""); one["status"] != "completed" {
			c.t.Errorf("%s has not ended: %v", client.name, one)
		}
	}
}

// check verifies the end of each case.
func (c *chaos) check(clients []*chaosClient) {
	c.t.Helper()
	core, err := c.core("check", telemetry.Discard)
	if err != nil {
		c.t.Fatal(err)
	}
	page, err := core.Store.List(c.t.Context(), "acme", casesQuery(1000))
	if err != nil || len(page.Records) != len(clients) {
		c.t.Errorf("%d cases of %d clients (%v)", len(page.Records), len(clients), err)
	}
	for _, client := range clients {
		_, history := c.request("GET", "/v1/cases/"+client.id+"/history?limit=200", nil, "")
		entries, _ := history["data"].([]any)
		moves := map[string]int{}
		for _, each := range entries {
			entry, _ := each.(map[string]any)
			if from, to := texts(entry["from"]), texts(entry["to"]); !slices.Equal(from, to) {
				moves[fmt.Sprint(to)]++
			}
		}
		if ended := moves["[approved]"] + moves["[declined]"]; ended != 1 || moves["[screen]"] != 1 || moves["[cool]"] != 1 || moves["[decide]"] != 1 {
			c.t.Errorf("%s moved %v", client.name, moves)
		}
		if keys := c.vendor.keys(client.id); keys < 1 || keys > 1+client.retried {
			c.t.Errorf("%s: the vendor was asked with %d Idempotency-Keys, after %d retries", client.name, keys, client.retried)
		}
		if heard := c.heard.times("case.completed", client.id); heard != 1 {
			c.t.Errorf("%s: %d events reported that it has ended", client.name, heard)
		}
		if report, err := core.Cases.Verify(c.t.Context(), identity.SystemOf("acme", "test"), client.id); err != nil || !report.Valid {
			c.t.Errorf("%s: the history has %v (%v)", client.name, report.Problems, err)
		}
	}
}
