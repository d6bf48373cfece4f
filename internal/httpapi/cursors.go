package httpapi

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"ballerine/internal/keyring"
	"ballerine/internal/problem"
)

// cursors signs the stores' cursors, so that each is valid only for the list that it was returned with.
type cursors struct{ ring *keyring.Ring }

// sign makes an opaque cursor of a store's, good only with the same tenant and filters.
func (c cursors) sign(scope any, after string) *string {
	if after == "" {
		return nil
	}
	text := base64.RawURLEncoding.EncodeToString(append(mac(c.ring.Secrets()[0], scope, after), after...))
	return &text
}

// read checks a cursor. Errors: Invalid.
func (c cursors) read(scope any, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil && len(raw) > 16 && c.ring.Any(func(secret []byte) bool { return hmac.Equal(raw[:16], mac(secret, scope, string(raw[16:]))) }) {
		return string(raw[16:]), nil
	}
	return "", problem.New(problem.Invalid, "The cursor does not belong to this list.").With("query.cursor", "cursor", "use it unchanged, with the same filters")
}

func mac(secret []byte, scope any, after string) []byte {
	key, _ := hkdf.Key(sha256.New, secret, nil, "ballerine cursors", 32) // fails for lengths only that no hash has
	mac := hmac.New(sha256.New, key)
	text, _ := json.Marshal([]any{scope, after}) // strings and numbers: cannot fail
	mac.Write(text)
	return mac.Sum(nil)[:16]
}
