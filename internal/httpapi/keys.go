package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/identity"
)

// Key is an API key without what it is checked by; Secret is the whole key, shown once.
type Key struct {
	ID        string     `json:"id"`
	Name      string     `json:"name,omitempty"`
	Prefix    string     `json:"prefix"`
	Scopes    []string   `json:"scopes" nullable:"false"`
	CreatedAt time.Time  `json:"created_at"`
	CreatedBy string     `json:"created_by,omitempty"`
	ExpiresAt *time.Time `json:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at"`
	Secret    string     `json:"secret,omitempty" doc:"shown once"`
}

func keyShape(k identity.Key) Key {
	return Key{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Scopes: list(k.Scopes), CreatedAt: k.CreatedAt, CreatedBy: k.CreatedBy,
		ExpiresAt: orNull(k.ExpiresAt), RevokedAt: orNull(k.RevokedAt),
	}
}

func (s *server) registerKeys(api huma.API) {
	type keyBody struct {
		Name      string    `json:"name,omitempty" maxLength:"100"`
		Scopes    []string  `json:"scopes,omitempty" maxItems:"50"`
		ExpiresAt time.Time `json:"expires_at,omitzero"`
	}
	add(s, api, op(Review, "createKey", "POST", "/v1/keys", "Create an API key; it is shown once").creating(), func(c ctx, in *body[keyBody]) (*created[Key], error) {
		key, text, err := s.Keys.Create(c, principalOf(c), identity.CreateKey{ID: reserved(c, "key"), Name: in.Body.Name, Scopes: in.Body.Scopes, ExpiresAt: in.Body.ExpiresAt})
		shape := keyShape(key)
		shape.Secret = text
		return &created[Key]{"/v1/keys/" + key.ID, shape}, err
	})
	add(s, api, op(Review, "listKeys", "GET", "/v1/keys", "List API keys"), func(c ctx, _ *none) (*body[List[Key]], error) {
		keys, err := s.Keys.List(c, principalOf(c).Tenant)
		keys, lost := readable(s, c, "listKeys", keys, func(k identity.Key) string { return lostIn(k.Unreadable, k.ID) })
		return wholeList(each(keys, keyShape), lost...), err
	})
	add(s, api, op(Review, "rotateKey", "POST", "/v1/keys/{id}/rotate", "Rotate the secret of an API key; the previous one stays valid for a while").repeatable(), func(c ctx, in *OnID) (*body[Key], error) {
		key, text, err := s.Keys.Rotate(c, principalOf(c), in.ID, reserved(c, "call"))
		shape := keyShape(key)
		shape.Secret = text
		return &body[Key]{shape}, err
	})
	add(s, api, op(Review, "revokeKey", "DELETE", "/v1/keys/{id}", "Revoke an API key"), func(c ctx, in *OnID) (*none, error) {
		return nil, s.Keys.Revoke(c, principalOf(c).Tenant, in.ID)
	})
}
