package connector

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
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
	bodyScheme      = "body"
)

type callback struct {
	signature signature
	reading   reading
	when      *query // nil: every callback is the answer
}

type signature struct {
	Secret          string `json:"secret"`
	Scheme          string `json:"scheme"`
	TimestampHeader string `json:"timestamp_header"`
	SignatureHeader string `json:"signature_header"`
	Algorithm       string `json:"algorithm"`
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
	if s.Algorithm == "" {
		s.Algorithm = "sha256"
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
		return nil, problem.New(problem.NotFound, "%s does not use callbacks.", plugin.ID)
	}
	name := plugin.callback.signature.Secret
	secret, err := c.Secrets.Secret(ctx, tenant, name)
	if err != nil {
		return nil, secretProblem(err, plugin.ID, name)
	}
	return plugin.ReadCallback(header, body, secret, c.now())
}

// ReadCallback checks a callback's signature and age, then checks and maps its body as an answer's. secret may hold
// several secrets, separated by spaces. Errors: InvalidCredentials, VendorGarbage, ErrNotAnAnswer, NotFound when the plugin has no
// callback.
func (p *Plugin) ReadCallback(header http.Header, body []byte, secret string, now time.Time) (any, error) {
	if p.callback == nil {
		return nil, problem.New(problem.NotFound, "%s does not use callbacks.", p.ID)
	}
	if !p.callback.signature.verify(header, body, secret, now) {
		return nil, problem.New(problem.InvalidCredentials, "The signature of the callback is not valid.")
	}
	return p.readCallback(header, body)
}

// readCallback reads the body of a callback whose signature has been checked.
func (p *Plugin) readCallback(header http.Header, body []byte) (any, error) {
	value, err := parseBody(p.ID, header, body)
	if err != nil {
		return nil, err
	}
	if p.callback.when != nil {
		if holds, err := p.callback.when.value(map[string]any{"body": value}); err != nil || holds != true {
			return nil, ErrNotAnAnswer
		}
	}
	return p.read(p.callback.reading, "callback", value, map[string]any{"body": value})
}

// verify compares in constant time. It does not say what was wrong: a forger learns nothing.
func (s signature) verify(header http.Header, body []byte, secret string, now time.Time) bool {
	if s.Scheme == bodyScheme {
		return s.signedBy(header, secret, body)
	}
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
		if s.signedBy(header, one, []byte(stamp+"."), body) {
			return true
		}
	}
	return false
}

// signedBy reports whether one of the secrets, separated by spaces, has signed the parts, one after the other. Vendors write
// hexadecimal digits in either case.
func (s signature) signedBy(header http.Header, secrets string, parts ...[]byte) bool {
	given := strings.TrimPrefix(header.Get(s.SignatureHeader), s.Prefix)
	if s.Encoding == "hex" {
		given = strings.ToLower(given)
	}
	for _, one := range strings.Fields(secrets) {
		if hmac.Equal([]byte(given), []byte(s.sign(one, parts...))) {
			return true
		}
	}
	return false
}

// sign is the HMAC over the parts.
func (s signature) sign(secret string, parts ...[]byte) string {
	algorithm := sha256.New
	if s.Algorithm == "sha512" {
		algorithm = sha512.New
	}
	mac := hmac.New(algorithm, []byte(secret))
	for _, part := range parts {
		mac.Write(part) // never fails
	}
	if s.Encoding == "base64" {
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return hex.EncodeToString(mac.Sum(nil))
}
