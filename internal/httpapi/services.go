package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ballerine/internal/identity"
	"ballerine/internal/webhook"
)

// OnID is the path of one thing that is not a case.
type OnID struct {
	ID string `path:"id"`
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
	add(s, api, op(Client, "createWebhook", "POST", "/v1/webhooks", "Subscribe to events; the secret is shown once").creating(), func(c ctx, in *body[webhookBody]) (*created[Webhook], error) {
		w, err := s.Webhooks.Subscribe(c, principalOf(c).Tenant, in.Body.URL, in.Body.Events)
		return &created[Webhook]{"/v1/webhooks/" + w.ID, shown(w)}, err
	})
	add(s, api, op(Client, "listWebhooks", "GET", "/v1/webhooks", "List subscriptions"), func(c ctx, _ *none) (*body[List[Webhook]], error) {
		all, err := s.Webhooks.Subscriptions(c, principalOf(c).Tenant)
		return &body[List[Webhook]]{List[Webhook]{Data: each(all, webhookShape)}}, err
	})
	add(s, api, op(Client, "getWebhook", "GET", "/v1/webhooks/{id}", "Read a subscription"), func(c ctx, in *OnID) (*body[Webhook], error) {
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
	add(s, api, op(Client, "updateWebhook", "PATCH", "/v1/webhooks/{id}", "Change a subscription"), func(c ctx, in *updateIn) (*body[Webhook], error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		w, err := s.Webhooks.Update(c, principalOf(c).Tenant, in.ID, version, webhook.Patch{URL: in.Body.URL, Events: in.Body.Events, Disabled: in.Body.Disabled})
		return &body[Webhook]{webhookShape(w)}, err
	})
	add(s, api, op(Client, "deleteWebhook", "DELETE", "/v1/webhooks/{id}", "Unsubscribe"), func(c ctx, in *OnID) (*none, error) {
		return nil, s.Webhooks.Unsubscribe(c, principalOf(c).Tenant, in.ID)
	})
	add(s, api, op(Client, "rotateWebhookSecret", "POST", "/v1/webhooks/{id}/rotate-secret", "Make a new secret, shown once; the old one signs beside it for a while").repeatable(), func(c ctx, in *OnID) (*body[Webhook], error) {
		w, err := s.Webhooks.Rotate(c, principalOf(c).Tenant, in.ID)
		return &body[Webhook]{shown(w)}, err
	})
	s.registerDeliveries(api)
}

func (s *server) registerDeliveries(api huma.API) {
	type listIn struct {
		OnID
		Paging
	}
	add(s, api, op(Client, "listDeliveries", "GET", "/v1/webhooks/{id}/deliveries", "Read the delivery log, newest first"), func(c ctx, in *listIn) (*body[List[Delivery]], error) {
		scope := []any{"deliveries", principalOf(c).Tenant, in.ID}
		after, err := s.sealer.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		page, next, err := s.Webhooks.Deliveries(c, principalOf(c).Tenant, in.ID, after, in.Limit)
		return &body[List[Delivery]]{List[Delivery]{each(page, deliveryShape), s.sealer.sign(scope, next)}}, err
	})
	type oneIn struct {
		OnID
		Delivery string `path:"delivery"`
	}
	add(s, api, op(Client, "redeliver", "POST", "/v1/webhooks/{id}/deliveries/{delivery}/redeliver", "Deliver again, now").repeatable(), func(c ctx, in *oneIn) (*body[Delivery], error) {
		d, err := s.Webhooks.Redeliver(c, principalOf(c).Tenant, in.ID, in.Delivery)
		return &body[Delivery]{deliveryShape(d)}, err
	})
}

func (s *server) registerKeys(api huma.API) {
	type keyBody struct {
		Name      string    `json:"name,omitempty" maxLength:"100"`
		Scopes    []string  `json:"scopes,omitempty" maxItems:"50"`
		ExpiresAt time.Time `json:"expires_at,omitzero"`
	}
	add(s, api, op(Review, "createKey", "POST", "/v1/keys", "Make an API key; it is shown once").creating(), func(c ctx, in *body[keyBody]) (*created[Key], error) {
		key, text, err := s.Keys.Create(c, principalOf(c), identity.CreateKey{ID: reserved(c, "key"), Name: in.Body.Name, Scopes: in.Body.Scopes, ExpiresAt: in.Body.ExpiresAt})
		shape := keyShape(key)
		shape.Secret = text
		return &created[Key]{"/v1/keys/" + key.ID, shape}, err
	})
	add(s, api, op(Review, "listKeys", "GET", "/v1/keys", "List API keys"), func(c ctx, _ *none) (*body[List[Key]], error) {
		keys, err := s.Keys.List(c, principalOf(c).Tenant)
		return &body[List[Key]]{List[Key]{Data: each(keys, keyShape)}}, err
	})
	add(s, api, op(Review, "rotateKey", "POST", "/v1/keys/{id}/rotate", "Give a key a new secret; the former stays good for a while").repeatable(), func(c ctx, in *OnID) (*body[Key], error) {
		key, text, err := s.Keys.Rotate(c, principalOf(c), in.ID)
		shape := keyShape(key)
		shape.Secret = text
		return &body[Key]{shape}, err
	})
	add(s, api, op(Review, "revokeKey", "DELETE", "/v1/keys/{id}", "End a key at once"), func(c ctx, in *OnID) (*none, error) {
		return nil, s.Keys.Revoke(c, principalOf(c).Tenant, in.ID)
	})
}

// callbackIn takes the headers along: the vendor's signature is over the exact body.
type callbackIn struct {
	Token   string `path:"token"`
	RawBody []byte `contentType:"application/json"`

	header http.Header
}

// Resolve implements huma.Resolver.
func (in *callbackIn) Resolve(c huma.Context) []error {
	r, _ := humago.Unwrap(c)
	in.header = r.Header
	return nil
}

func (s *server) registerHooks(api huma.API) {
	hook := op(Hooks, "receiveCallback", "POST", "/v1/hooks/{token}", "Take a vendor's callback")
	hook.raw, hook.DefaultStatus, hook.SkipValidateBody = true, http.StatusNoContent, true // each plugin has a schema of its own
	add(s, api, hook, func(c ctx, in *callbackIn) (*none, error) {
		callback, err := s.Tokens.ReadCallback(in.Token)
		if err != nil {
			return nil, err
		}
		p := callback.Principal()
		if err := identity.Allow(p, hook.OperationID); err != nil {
			return nil, err
		}
		plugin, err := s.Plugins(c, callback.Tenant, callback.Plugin)
		if err != nil {
			return nil, err
		}
		result, err := s.Vendors.ReadCallback(c, callback.Tenant, plugin, in.header, in.RawBody)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(in.RawBody)
		_, err = s.Cases.Answer(c, p, callback.Case, callback.State, callback.Visit, callback.Work, result, "callback:"+hex.EncodeToString(sum[:16]))
		return nil, err
	})
}
