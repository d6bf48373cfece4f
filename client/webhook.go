package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// maxEvent bounds the body of a delivery, which has at most 64 KB.
const maxEvent = 256 << 10

// Event is a CloudEvent. A webhook delivers it at least once and in any order: keep ID, and compare the version in Data.
type Event struct {
	ID      string // the same for every attempt
	Source  string
	Type    string // "case.completed"
	Subject string // what it is about: the case's id
	Time    time.Time
	// Data is by type: a *CaseCompletedEventData for "case.completed", and so on. It is a *WorkflowEventData for "workflow.…",
	// and a *map[string]any for a type that this client does not know.
	Data any
	Raw  json.RawMessage // the data as it came
}

// dataOf makes the data of each type of event.
var dataOf = map[string]func() any{
	"case.created":           func() any { return new(CaseCreatedEventData) },
	"case.state_changed":     func() any { return new(CaseStateChangedEventData) },
	"case.assigned":          func() any { return new(CaseAssignedEventData) },
	"case.incident":          func() any { return new(CaseIncidentEventData) },
	"case.decision_proposed": func() any { return new(CaseDecisionProposedEventData) },
	"case.decision":          func() any { return new(CaseDecisionEventData) },
	"case.notify":            func() any { return new(CaseNotifyEventData) },
	"case.completed":         func() any { return new(CaseCompletedEventData) },
	"case.failed":            func() any { return new(CaseFailedEventData) },
	"case.cancelled":         func() any { return new(CaseCancelledEventData) },
	"webhook.disabled":       func() any { return new(WebhookDisabledEventData) },
	"webhook.test":           func() any { return new(WebhookTestEventData) },
}

// ErrSignature is a delivery that was not signed with the secret, was changed on its way, or is older than five minutes.
var ErrSignature = errors.New("the signature of the webhook is not valid")

// Verifier checks that deliveries come from the installation that a subscription was made at.
type Verifier struct{ keys []*standardwebhooks.Webhook }

// NewVerifier makes a verifier of the secret that creating a subscription returned, or of several.
func NewVerifier(secrets ...string) (*Verifier, error) {
	v := &Verifier{}
	for _, secret := range secrets {
		key, err := standardwebhooks.NewWebhook(secret)
		if err != nil || secret == "" {
			return nil, errors.New("the webhook's secret is not valid: it must be whsec_ followed by base64")
		}
		v.keys = append(v.keys, key)
	}
	if len(v.keys) == 0 {
		return nil, errors.New("no secret was given")
	}
	return v, nil
}

// Verify checks the signature of a delivery over its raw body and reads the event. Errors: ErrSignature.
func (v *Verifier) Verify(body []byte, header http.Header) (*Event, error) {
	var failed error
	for _, key := range v.keys {
		if failed = key.Verify(body, header); failed == nil {
			return readEvent(body)
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrSignature, failed)
}

// VerifyRequest reads the body of a delivery and verifies it. Answer 2xx to what it returns, 401 to ErrSignature and 400 to other errors.
func (v *Verifier) VerifyRequest(r *http.Request) (*Event, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxEvent+1))
	if err != nil {
		return nil, fmt.Errorf("read the delivery: %w", err)
	}
	if len(body) > maxEvent {
		return nil, fmt.Errorf("the delivery has more than %d KB", maxEvent>>10)
	}
	return v.Verify(body, r.Header)
}

func readEvent(body []byte) (*Event, error) {
	var envelope struct {
		ID      string          `json:"id"`
		Source  string          `json:"source"`
		Type    string          `json:"type"`
		Subject string          `json:"subject"`
		Time    time.Time       `json:"time"`
		Data    json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, errors.New("the delivery is signed, but is not a JSON event")
	}
	e := &Event{ID: envelope.ID, Source: envelope.Source, Type: envelope.Type, Subject: envelope.Subject, Time: envelope.Time, Raw: envelope.Data}
	return e, e.readData()
}

// readData reads the data by the event's type.
func (e *Event) readData() error {
	switch data, known := dataOf[e.Type]; {
	case known:
		e.Data = data()
	case strings.HasPrefix(e.Type, "workflow."):
		e.Data = new(WorkflowEventData)
	default:
		e.Data = new(map[string]any)
	}
	if len(e.Raw) > 0 {
		if err := json.Unmarshal(e.Raw, e.Data); err != nil {
			return fmt.Errorf("the data of the event %s does not have the expected form", e.Type)
		}
	}
	return nil
}
