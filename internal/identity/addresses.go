package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
)

// Addresses are the callback addresses of vendors that have one address for all cases: one for each tenant and plugin,
// containing a token that cannot be guessed. They stay the same as long as the key does. The signature of each callback
// is checked in addition. The zero value has no addresses, and admits nobody.
type Addresses struct {
	base string
	key  []byte
}

// NewAddresses takes the interface's own address, without a slash at its end, and the key that the tokens are made with; without one
// there are no addresses.
func NewAddresses(base string, key []byte) Addresses { return Addresses{base, key} }

// Of is the address for a tenant's plugin; "" where there are none.
func (a Addresses) Of(tenant, plugin string) string {
	if len(a.key) == 0 {
		return ""
	}
	return a.base + "/v1/callbacks/" + url.PathEscape(tenant) + "/" + url.PathEscape(plugin) + "/" + a.token(tenant, plugin)
}

// Admits reports whether a token belongs to the tenant's plugin. It takes the same time whatever is wrong.
func (a Addresses) Admits(tenant, plugin, token string) bool {
	return len(a.key) > 0 && tenant != "" && plugin != "" && hmac.Equal([]byte(token), []byte(a.token(tenant, plugin)))
}

func (a Addresses) token(tenant, plugin string) string {
	mac := hmac.New(sha256.New, a.key)
	mac.Write([]byte(tenant + "\x00" + plugin))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}
