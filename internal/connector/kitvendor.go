package connector

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// pretendedVendor answers as a scenario of the kit defines. Nothing leaves the process.
type pretendedVendor struct {
	answer    func(r *http.Request, body []byte, number int) (*http.Response, error)
	tokenURLs []string // whose requests are answered with a token
	keys      []string
	calls     int // that answer was asked for
	tokens    int

	certified bool // a certificate was shown
	kit       *kit // whose script has the answers to other calls than the one that answer is about; nil: there are none
	position  int  // of the next call in the script
}

// begin is the beginning of an attempt.
func (v *pretendedVendor) begin(k *kit) {
	v.kit, v.position = k, 0
}

// scripted is the answer to a call that the scenario is not about.
func (v *pretendedVendor) scripted(r *http.Request) (*http.Response, bool) {
	if v.kit == nil || v.kit.script == nil || v.position == v.kit.at {
		return nil, false
	}
	given := v.kit.script[min(v.position, len(v.kit.script)-1)]
	v.position++
	unit, _ := r.Context().Value(unitKey{}).(*Plugin)
	a := pretended(given, unit.answer.format)
	return response(a.status, a.header, a.body), true
}

// WithCertificate implements certified.
func (v *pretendedVendor) WithCertificate(tls.Certificate) http.RoundTripper {
	v.certified = true
	return v
}

// RoundTrip implements http.RoundTripper.
func (v *pretendedVendor) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
	}
	if slices.Contains(v.tokenURLs, r.URL.String()) {
		v.tokens++
		return response(http.StatusOK, asJSON(), []byte(fmt.Sprintf(`{"access_token":"%s-%d","token_type":"Bearer","expires_in":3600}`, kitToken, v.tokens))), nil
	}
	v.keys = append(v.keys, r.Header.Get("Idempotency-Key"))
	if other, ok := v.scripted(r); ok {
		return other, nil
	}
	v.calls++
	answered, err := v.answer(r, body, v.calls)
	if answered == nil || answered.StatusCode != http.StatusUnauthorized {
		v.position++
	}
	return answered, err
}

func response(status int, header http.Header, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}
}

// brokenOff is a body whose connection is lost.
type brokenOff struct{ io.Reader }

// Read implements io.Reader.
func (b brokenOff) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// kitFiles has a content for every document.
type kitFiles struct{}

// Content implements Files.
func (kitFiles) Content(context.Context, Call, Document) ([]byte, error) {
	return []byte("a document"), nil
}

// Link implements Files.
func (kitFiles) Link(_ context.Context, _ Call, d Document) (string, error) {
	return "https://documents.invalid/" + d.ID, nil
}

// kitToken begins every token of the kit's token server.
const kitToken = "kit-access-token"

// kitSecret is a value for a secret of the kit, in the form in which it is needed.
func (p *Plugin) kitSecret(name string) string {
	value := "kit-secret-of-" + name
	for _, unit := range p.units() {
		if c := unit.certificate; c != nil && (c.certificate == name || c.key == name) {
			return kitPEM()[c.key == name]
		}
		if unit.signing != nil && unit.signing.secret == name {
			return encodedKey(unit.signing.keyEncoding, value)
		}
	}
	return value
}

// kitPEM is a certificate (false) and its key (true), made once.
var kitPEM = sync.OnceValue(func() map[bool]string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil // the scenarios show it
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		return nil
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil
	}
	return map[bool]string{
		false: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})), true: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	}
})

func encodedKey(encoding, key string) string {
	if encoding == "text" {
		return key
	}
	return encode(encoding, []byte(key))
}

// signer makes the callbacks of a pretended vendor.
type signer struct {
	plugin *Plugin // with the vendor's own public key in it
	secret string
	with   map[string]string // further headers
	sign   func(message []byte) []byte
}

// signer is a vendor that signs as the plugin defines. Errors: if no key can be made.
func (p *Plugin) signer() (signer, error) {
	v := p.callback.verifier
	s := signer{plugin: p}
	switch {
	case v.Scheme == basicScheme:
		s.secret = "kit-user:kit-password"
	case v.Scheme == tokenScheme:
		s.secret = "kit-token"
	case v.Scheme == standardScheme && v.PublicKey == "":
		s.secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("kit-secret"))
		s.sign = func(message []byte) []byte { return hmacOf("sha256", []byte("kit-secret"), message) }
	case v.Scheme == standardScheme, publicKeyAlgorithm(v.Algorithm):
		algorithm := v.Algorithm
		if v.Scheme == standardScheme {
			algorithm = ed25519Algorithm
		}
		private, err := kitKey(algorithm)
		if err != nil {
			return s, err
		}
		v.keys = []crypto.PublicKey{private.Public()}
		own, answer := *p, *p.callback
		answer.verifier, own.callback = v, &answer
		s.plugin, s.sign = &own, func(message []byte) []byte { return kitSignature(algorithm, private, message) }
	default:
		s.secret = encodedKey(v.KeyEncoding, "kit-secret")
		s.sign = func(message []byte) []byte { return hmacOf(v.Algorithm, []byte("kit-secret"), message) }
	}
	return s, nil
}

func kitKey(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case ed25519Algorithm:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case ecdsaAlgorithm:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, shortestRSA)
}

// kitSignature is nil when it cannot be made; it is refused then, and the kit shows it.
func kitSignature(algorithm string, private crypto.Signer, message []byte) []byte {
	short, long := sha256.Sum256(message), sha512.Sum512(message)
	digest, options := short[:], crypto.SignerOpts(crypto.SHA256)
	switch algorithm {
	case ed25519Algorithm:
		digest, options = message, crypto.Hash(0)
	case rsaSHA512Algorithm:
		digest, options = long[:], crypto.SHA512
	case rsaPSSAlgorithm:
		options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	}
	signature, err := private.Sign(rand.Reader, digest, options)
	if err != nil {
		return nil
	}
	return signature
}

// header is that of a callback with this body, signed at a time.
func (s signer) header(body []byte, at time.Time) http.Header {
	v := s.plugin.callback.verifier
	header := asJSON()
	for name, value := range s.with {
		header.Set(name, value)
	}
	switch v.Scheme {
	case basicScheme:
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(s.secret)))
		return header
	case tokenScheme:
		header.Set(v.SignatureHeader, v.Prefix+s.secret)
		return header
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	switch v.TimestampFormat {
	case "milliseconds":
		stamp = strconv.FormatInt(at.UnixMilli(), 10)
	case "rfc3339":
		stamp = at.UTC().Format(time.RFC3339)
	}
	if v.stamped() && v.TimestampField == "" {
		header.Set(v.TimestampHeader, stamp)
	}
	if v.Scheme == standardScheme {
		header.Set(standardwebhooks.HeaderWebhookID, "msg_kit")
		version := "v1,"
		if v.keys != nil {
			version = "v1a,"
		}
		header.Set(v.SignatureHeader, version+base64.StdEncoding.EncodeToString(s.sign(append([]byte("msg_kit."+stamp+"."), body...))))
		return header
	}
	own := map[string]string{"timestamp": stamp, "body": string(body)}
	for _, part := range v.content.parts {
		if name, ok := strings.CutPrefix(part.own, "header."); ok {
			if header.Get(name) == "" {
				header.Set(name, "kit")
			}
			own[part.own] = header.Get(name)
		}
	}
	signature := v.Prefix + encode(v.Encoding, s.sign([]byte(v.content.render(nil, &values{own: own}, nil))))
	if v.SignatureField != "" {
		signature = v.SignatureField + "=" + signature
	}
	if v.TimestampField != "" {
		signature = v.TimestampField + "=" + stamp + "," + signature
	}
	header.Set(v.SignatureHeader, signature)
	return header
}

// without is a JSON object without one member.
func without(object map[string]any, name string) []byte {
	rest := make(map[string]any, len(object))
	for key, value := range object {
		if key != name {
			rest[key] = value
		}
	}
	text, _ := json.Marshal(rest) // it was JSON
	return text
}
