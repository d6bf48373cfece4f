package cost_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/cost"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/store/dynamo/metered"
	"ballerine/internal/webhook"
	"ballerine/statemachines"
)

// putMessages is a queue of attempts that keeps them.
type putMessages []webhook.Queued

func (m *putMessages) Put(_ context.Context, attempts []webhook.Queued) error {
	*m = append(*m, attempts...)
	return nil
}

// requestsOfAMessage are to send, to receive and to remove it, each by itself.
const requestsOfAMessage = 3

// oneWebhook takes an event to one subscriber, over tables that count: what dispatch notes, and what deliver does. It gives the units of
// the second event.
func oneWebhook(t *testing.T) (units map[metered.Line]metered.Units) {
	t.Helper()
	var taken atomic.Int32
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { taken.Add(1) }))
	defer receiver.Close()
	database, names := metered.New(), dynamo.Tables{Cases: "cases", Subjects: "subjects", Registry: "registry", Deliveries: "deliveries", Idempotency: "idempotency"}
	if err := dynamo.CreateTables(t.Context(), database.Client(), names); err != nil {
		t.Fatal(err)
	}
	store, queue := dynamo.New(database.Client(), names), &putMessages{}
	core, err := app.New(app.Parts{
		Store: store.Cases(), Webhooks: store.Webhooks(), Registry: store.Registry(), Definitions: statemachines.Files, Deliveries: queue, AllowLoopback: true, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	service, deliver := core.WebhookService(), core.Deliver()
	if _, err := service.Subscribe(t.Context(), "acme", "wh_1", receiver.URL, []string{"*"}); err != nil {
		t.Fatal(err)
	}
	before := map[metered.Line]metered.Units{}
	for n := range 2 {
		before = database.Units()
		data := map[string]any{"case": "case_01JZZZZZZZZZZZZZZZZZZZZZZZ", "workflow": "kyc", "version": 7, "from": []string{"collecting"}, "to": []string{"review"}}
		created, err := service.Create(t.Context(), webhook.Event{Tenant: "acme", ID: fmt.Sprintf("evt_%d", n), Type: "case.state_changed", Subject: "case_01JZZZZZZZZZZZZZZZZZZZZZZZ", Time: time.Now(), Data: data})
		if err != nil {
			t.Fatal(err)
		}
		service.Offer(created)
		body, _ := json.Marshal((*queue)[n])
		batch, _ := json.Marshal(map[string]any{"Records": []any{map[string]any{"messageId": "m", "body": string(body)}}})
		if answer, err := deliver(t.Context(), batch); err != nil || string(answer) != `{"batchItemFailures":[]}` || taken.Load() != int32(n+1) {
			t.Fatalf("%s %v: %d were delivered", answer, err, taken.Load())
		}
	}
	units = map[metered.Line]metered.Units{}
	for line, after := range database.Units() {
		units[line] = metered.Units{Read: after.Read - before[line].Read, Write: after.Write - before[line].Write}
	}
	return units
}

// webhookSection is the part of the page about one webhook.
func webhookSection(t *testing.T) string {
	t.Helper()
	p := cost.Listed()
	lines, sum := p.Bill(cost.Counted{Units: oneWebhook(t), Calls: map[string]float64{"deliver": 1}})
	var kept []cost.Line
	for _, line := range lines {
		if line.What == "Traces" { // what a queue calls is not traced
			sum -= line.Dollars
			continue
		}
		kept = append(kept, line)
	}
	queue := cost.Line{What: "SQS", Quantity: requestsOfAMessage, Unit: "requests", Dollars: requestsOfAMessage * p.QueueRequest * 1000}
	table := cost.Table(append(kept, queue), sum+queue.Dollars)
	return "## A webhook that a subscriber takes at once\n\nBeside the case: for each event and subscription, with a call of `deliver` and a message of its own (under load up to ten share them).\n\n" +
		strings.Replace(table, "| a case | $ for 1,000 cases |", "| a webhook | $ for 1,000 webhooks |", 1)
}

func TestAWebhookCostsWhatThePageSays(t *testing.T) {
	page, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	if section := webhookSection(t); !*update && !strings.Contains(string(page), section) {
		t.Errorf("%s has other figures: go test ./internal/cost -update writes it anew; it would be\n%s", doc, section)
	}
}
