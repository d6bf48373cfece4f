package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/webhook"
)

// Webhook is a subscription; Secret is shown once.
type Webhook struct {
	ID           string    `json:"id"`
	URL          string    `json:"url"`
	Events       []string  `json:"events" nullable:"false"`
	Disabled     bool      `json:"disabled"`
	Reason       string    `json:"reason,omitempty" doc:"Why it is disabled: gone, failing, by_request"`
	FailingSince time.Time `json:"failing_since,omitzero" doc:"Since when its receiver has accepted no delivery, RFC 3339; the subscription is disabled after five days"`
	Version      int       `json:"version"`
	Secret       string    `json:"secret,omitempty" doc:"shown once"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// Delivery is one event on its way to a receiver.
type Delivery struct {
	ID        string            `json:"id"`
	EventID   string            `json:"event_id"`
	Type      string            `json:"type"`
	Status    webhook.Status    `json:"status"`
	Attempts  []webhook.Attempt `json:"attempts" nullable:"false"`
	NextAt    *time.Time        `json:"next_at"`
	Settled   *DeliverySettled  `json:"settled,omitempty" doc:"who last replayed or discarded it after it had failed, and why"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
}

// DeliverySettled is what a person has done about a delivery that had failed.
type DeliverySettled struct {
	How    string    `json:"how" enum:"replayed,discarded"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty" personal:"text"`
}

func webhookShape(s webhook.Subscription) Webhook {
	return Webhook{ID: s.ID, URL: s.URL, Events: list(s.Events), Disabled: s.Disabled, Reason: s.Reason, FailingSince: s.FailingSince, Version: s.Version, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt}
}

func deliveryShape(d webhook.Delivery) Delivery {
	shape := Delivery{
		ID: d.ID, EventID: d.EventID, Type: d.Type, Status: d.Status, Attempts: list(d.Attempts), NextAt: orNull(d.NextAt),
		CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
	if s := d.Settled; s != nil {
		shape.Settled = &DeliverySettled{How: "replayed", By: s.By, At: s.At, Reason: s.Reason}
		if s.Discard {
			shape.Settled.How = "discarded"
		}
	}
	return shape
}

func (s *server) registerWebhooks(api huma.API) {
	type webhookBody struct {
		URL    string   `json:"url" minLength:"1" maxLength:"2000"`
		Events []string `json:"events" nullable:"false"`
	}
	shown := func(w webhook.Subscription) Webhook {
		shape := webhookShape(w)
		if len(w.Secrets) > 0 {
			shape.Secret = w.Secrets[0].Value
		}
		return shape
	}
	add(s, api, op(Client, "createWebhook", "POST", "/v1/webhooks", "Create a webhook subscription; the secret is shown once").creating(), func(c ctx, in *body[webhookBody]) (*created[Webhook], error) {
		w, err := s.Webhooks.Subscribe(c, principalOf(c).Tenant, reserved(c, "whk"), in.Body.URL, in.Body.Events)
		return &created[Webhook]{"/v1/webhooks/" + w.ID, shown(w)}, err
	})
	add(s, api, op(Client, "listWebhooks", "GET", "/v1/webhooks", "List webhook subscriptions"), func(c ctx, _ *none) (*body[List[Webhook]], error) {
		all, err := s.Webhooks.Subscriptions(c, principalOf(c).Tenant)
		return wholeList(each(all, webhookShape)), err
	})
	add(s, api, op(Client, "getWebhook", "GET", "/v1/webhooks/{id}", "Get a webhook subscription"), func(c ctx, in *OnID) (*body[Webhook], error) {
		w, err := s.Webhooks.Subscription(c, principalOf(c).Tenant, in.ID)
		return &body[Webhook]{webhookShape(w)}, err
	})
	type updateIn struct {
		OnID
		Seen
		Body struct {
			URL      *string  `json:"url,omitempty" maxLength:"2000"`
			Events   []string `json:"events,omitempty"`
			Disabled *bool    `json:"disabled,omitempty"`
		}
	}
	add(s, api, op(Client, "updateWebhook", "PATCH", "/v1/webhooks/{id}", "Change a webhook subscription"), func(c ctx, in *updateIn) (*body[Webhook], error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		w, err := s.Webhooks.Update(c, principalOf(c).Tenant, in.ID, version, webhook.Patch{URL: in.Body.URL, Events: in.Body.Events, Disabled: in.Body.Disabled})
		return &body[Webhook]{webhookShape(w)}, err
	})
	add(s, api, op(Client, "deleteWebhook", "DELETE", "/v1/webhooks/{id}", "Delete a webhook subscription"), func(c ctx, in *OnID) (*none, error) {
		return nil, s.Webhooks.Unsubscribe(c, principalOf(c).Tenant, in.ID)
	})
	add(s, api, op(Client, "rotateWebhookSecret", "POST", "/v1/webhooks/{id}/rotate-secret", "Rotate the secret, shown once; the previous one stays valid for a while").repeatable(), func(c ctx, in *OnID) (*body[Webhook], error) {
		w, err := s.Webhooks.Rotate(c, principalOf(c).Tenant, in.ID, reserved(c, "call"))
		return &body[Webhook]{shown(w)}, err
	})
	add(s, api, op(Client, "testWebhook", "POST", "/v1/webhooks/{id}/test", "Send a test event and return its result").repeatable(), func(c ctx, in *OnID) (*body[Delivery], error) {
		d, err := s.Webhooks.Test(c, principalOf(c).Tenant, in.ID, reserved(c, "evt"))
		return &body[Delivery]{deliveryShape(d)}, err
	})
}

func (s *server) registerDeliveries(api huma.API) {
	type listIn struct {
		OnID
		Paging
	}
	add(s, api, op(Client, "listDeliveries", "GET", "/v1/webhooks/{id}/deliveries", "List deliveries, newest first"), func(c ctx, in *listIn) (*body[List[Delivery]], error) {
		scope := []any{"deliveries", principalOf(c).Tenant, in.ID}
		after, err := s.cursors.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		page, next, err := s.Webhooks.Deliveries(c, principalOf(c).Tenant, in.ID, after, in.Limit)
		return pageOf(each(page, deliveryShape), s.cursors.sign(scope, next)), err
	})
	type oneIn struct {
		OnID
		Delivery string `path:"delivery"`
	}
	add(s, api, op(Client, "redeliver", "POST", "/v1/webhooks/{id}/deliveries/{delivery}/redeliver", "Redeliver immediately").repeatable(), func(c ctx, in *oneIn) (*body[Delivery], error) {
		d, err := s.Webhooks.Redeliver(c, principalOf(c).Tenant, in.ID, in.Delivery, reserved(c, "call"))
		return &body[Delivery]{deliveryShape(d)}, err
	})
}
