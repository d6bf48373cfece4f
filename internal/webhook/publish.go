package webhook

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"ballerine/internal/ids"
	"ballerine/internal/problem"
)

// eventIDForm leaves out the dot, which separates the parts of what is signed.
var eventIDForm = regexp.MustCompile(`^[A-Za-z0-9_/-]{1,200}$`)

// maxBody is the largest body, in bytes. Events are thin: a larger one is a mistake of ours.
const maxBody = 64 << 10

// Envelope is what a subscriber is sent: a CloudEvents 1.0 event in its JSON form.
type Envelope struct {
	SpecVersion     string         `json:"specversion" enum:"1.0"`
	ID              string         `json:"id" doc:"unique and stable: webhook-id of the deliveries"`
	Source          string         `json:"source" doc:"the system that sent it"`
	Type            string         `json:"type" doc:"what happened"`
	Time            time.Time      `json:"time" doc:"when it happened"`
	Subject         string         `json:"subject,omitempty" doc:"what it is about: the case's id"`
	DataContentType string         `json:"datacontenttype" enum:"application/json"`
	Data            map[string]any `json:"data" personal:"event" nullable:"false" doc:"the data of this event type, as described under webhooks in this document"`
}

// Envelope puts an event into its envelope.
func (s *Service) Envelope(event Event) Envelope {
	data := event.Data
	if data == nil {
		data = map[string]any{}
	}
	return Envelope{
		SpecVersion: "1.0", ID: event.ID, Source: s.config.Source, Type: event.Type, Time: event.Time.UTC(), Subject: event.Subject,
		DataContentType: "application/json", Data: data,
	}
}

// Publish creates a delivery for each of the tenant's subscriptions that want the event, and makes the first attempt at
// the new ones immediately, within Config.FirstTimeout, so that a slow receiver does not hold up the caller. Repeating
// it has no effect. An attempt that fails is no error: the delivery is stored and retried on the schedule. Errors:
// Invalid.
func (s *Service) Publish(ctx context.Context, tenant string, event Event) error {
	event.Tenant = tenant
	created, err := s.Create(ctx, event)
	if err != nil {
		return err
	}
	if _, err := s.attemptAll(ctx, created, s.firstTimeout()); err != nil {
		s.config.Metrics.Count("webhook_attempts_put_off") // the deliveries are kept, and due: AttemptDue makes up for it
	}
	return nil
}

// Create only creates the deliveries, due immediately, and returns those that are new. Repeating it creates none.
// Errors: Invalid.
func (s *Service) Create(ctx context.Context, event Event) ([]Delivery, error) {
	body, err := s.body(event)
	if err != nil {
		return nil, err
	}
	subscriptions, err := s.config.Store.Subscriptions(ctx, event.Tenant)
	if err != nil {
		return nil, fmt.Errorf("read the subscriptions: %w", err)
	}
	now := s.config.Now().UTC()
	var created []Delivery
	unreadable := ""
	for _, subscription := range subscriptions {
		if subscription.Reason == reasonUnreadable {
			unreadable = subscription.ID
		}
		if !subscription.Wants(event.Type) {
			continue
		}
		delivery := newDelivery(event, subscription.ID, body, now)
		isNew, err := s.config.Store.CreateDelivery(ctx, delivery)
		if err != nil {
			return created, fmt.Errorf("create a delivery: %w", err)
		}
		if isNew {
			created = append(created, delivery)
		}
	}
	if unreadable != "" { // the others have theirs; whether this one wants it is not known, and must not be forgotten
		return created, problem.New(problem.Internal, "The subscription %s cannot be read, so it is unknown whether it wants the event.", unreadable)
	}
	return created, nil
}

func newDelivery(event Event, subscription string, body []byte, now time.Time) Delivery {
	return Delivery{
		Tenant: event.Tenant, ID: deliveryID(event, subscription), Subscription: subscription, EventID: event.ID, Type: event.Type,
		Body: body, Status: Pending, NextAt: now, Revision: 1, CreatedAt: now, UpdatedAt: now,
	}
}

func (s *Service) body(event Event) ([]byte, error) {
	e := problem.New(problem.Invalid, "The event is not valid.")
	if !eventIDForm.MatchString(event.ID) {
		e.With("id", "format", "An event id must have 1 to 200 of the characters A-Z a-z 0-9 _ - /.")
	}
	if event.Type == "*" || !patternForm.MatchString(event.Type) || event.Type[len(event.Type)-1] == '*' {
		e.With("type", "format", "An event type must be lower-case words separated by dots.")
	}
	if event.Tenant == "" {
		e.With("tenant", "required", "An event must have a tenant.")
	}
	if event.Time.IsZero() {
		e.With("time", "required", "An event must have a time.")
	}
	if len(e.Fields) > 0 {
		return nil, e
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(s.Envelope(event))
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The event cannot be written as JSON.")
	}
	body := bytes.TrimSpace(buffer.Bytes())
	if len(body) > maxBody {
		return nil, problem.New(problem.TooLarge, "An event can have at most %d bytes.", maxBody)
	}
	return body, nil
}

// deliveryID is the same for the same event and subscription, and sorts by the event's time.
func deliveryID(event Event, subscription string) string {
	sum := sha256.Sum256([]byte(event.Tenant + "\n" + event.ID + "\n" + subscription))
	return "dlv_" + ids.Derived(event.Time, sum[:])
}
