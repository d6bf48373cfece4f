package vendor

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ballerine/internal/problem"
)

// tolerance is how far a callback's timestamp may be from now.
const tolerance = 5 * time.Minute

// Schemes of callback signatures.
const (
	standardScheme  = "standard-webhooks"
	timestampScheme = "timestamp-body"
)

type callback struct {
	signature signature
	reading   reading
}

type signature struct {
	Secret          string `json:"secret"`
	Scheme          string `json:"scheme"`
	TimestampHeader string `json:"timestamp_header"`
	SignatureHeader string `json:"signature_header"`
	Encoding        string `json:"encoding"`
	Prefix          string `json:"prefix"`
}

func (s signature) withDefaults() signature {
	if s.Scheme == "" {
		s.Scheme = standardScheme
	}
	if s.TimestampHeader == "" || s.Scheme == standardScheme {
		s.TimestampHeader = standardwebhooks.HeaderWebhookTimestamp
	}
	if s.SignatureHeader == "" {
		s.SignatureHeader = standardwebhooks.HeaderWebhookSignature
	}
	if s.Encoding == "" {
		s.Encoding = "hex"
	}
	return s
}

// ReadCallback finds the plugin's secret and reads the callback with it. Errors: see Plugin.ReadCallback; Internal when
// the secret is not configured.
func (c *Client) ReadCallback(ctx context.Context, tenant string, plugin *Plugin, header http.Header, body []byte) (any, error) {
	if plugin.callback == nil {
		return nil, problem.New(problem.NotFound, "%s does not call back.", plugin.ID)
	}
	name := plugin.callback.signature.Secret
	secret, err := c.Secrets.Secret(ctx, tenant, name)
	if err != nil {
		return nil, secretProblem(err, plugin.ID, name)
	}
	return plugin.ReadCallback(header, body, secret, c.now())
}

// ReadCallback checks a callback's signature and age, then checks and maps its body as an answer's. secret may hold
// several secrets, separated by spaces. Errors: Unauthenticated, VendorGarbage, NotFound when the plugin has no callback.
func (p *Plugin) ReadCallback(header http.Header, body []byte, secret string, now time.Time) (any, error) {
	if p.callback == nil {
		return nil, problem.New(problem.NotFound, "%s does not call back.", p.ID)
	}
	if !p.callback.signature.verify(header, body, secret, now) {
		return nil, problem.New(problem.Unauthenticated, "The signature of the callback is not valid.")
	}
	value, err := parseBody(p.ID, header, body)
	if err != nil {
		return nil, err
	}
	return p.read(p.callback.reading, "callback", value, map[string]any{"body": value})
}

// verify compares in constant time. It does not say what was wrong: a forger learns nothing.
func (s signature) verify(header http.Header, body []byte, secret string, now time.Time) bool {
	stamp := header.Get(s.TimestampHeader)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != stamp {
		return false
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return false
	}
	for _, one := range strings.Fields(secret) {
		if s.Scheme == standardScheme {
			verifier, err := standardwebhooks.NewWebhook(one)
			if err == nil && len(strings.TrimPrefix(one, "whsec_")) > 0 && verifier.VerifyIgnoringTimestamp(body, header) == nil {
				return true
			}
			continue
		}
		given := strings.TrimPrefix(header.Get(s.SignatureHeader), s.Prefix)
		if hmac.Equal([]byte(given), []byte(s.sign(one, stamp, body))) {
			return true
		}
	}
	return false
}

// sign is HMAC-SHA256 over timestamp, a dot and the body.
func (s signature) sign(secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + ".")) // never fails
	mac.Write(body)
	if s.Encoding == "base64" {
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return hex.EncodeToString(mac.Sum(nil))
}
