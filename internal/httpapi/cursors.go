package httpapi

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"ballerine/internal/problem"
)

// cursors signs the stores' cursors, so that one is good for the list that it was given with and for nothing else.
type cursors struct{ key []byte }

func newCursors(secret []byte) (cursors, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "ballerine cursors", 32)
	if err != nil {
		return cursors{}, problem.Wrap(err, problem.Internal, "The key of cursors cannot be made.")
	}
	return cursors{key}, nil
}

// sign makes an opaque cursor of a store's, good only with the same tenant and filters.
func (c cursors) sign(scope any, after string) *string {
	if after == "" {
		return nil
	}
	text := base64.RawURLEncoding.EncodeToString(append(c.mac(scope, after), after...))
	return &text
}

// read checks a cursor. Errors: Invalid.
func (c cursors) read(scope any, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil && len(raw) > 16 && hmac.Equal(raw[:16], c.mac(scope, string(raw[16:]))) {
		return string(raw[16:]), nil
	}
	return "", problem.New(problem.Invalid, "The cursor does not belong to this list.").With("query.cursor", "cursor", "take it as it was given, with the same filters")
}

func (c cursors) mac(scope any, after string) []byte {
	mac := hmac.New(sha256.New, c.key)
	text, _ := json.Marshal([]any{scope, after}) // strings and numbers: cannot fail
	mac.Write(text)
	return mac.Sum(nil)[:16]
}
