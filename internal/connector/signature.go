package connector

import (
	"crypto"
	"slices"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ballerine/internal/problem"
)

// tolerance is how far a callback's timestamp may be from now, unless the plugin sets another, and the maximum.
const (
	tolerance    = 5 * time.Minute
	maxTolerance = time.Hour
)

// Schemes of callback signatures.
const (
	standardScheme  = "standard-webhooks"
	timestampScheme = "timestamp-body"
	bodyScheme      = "body"
	basicScheme     = "basic"
	tokenScheme     = "token"
)

// signature is how a plugin's callbacks prove who has sent them, as it is written.
type signature struct {
	Secret          string `json:"secret"`
	PublicKey       string `json:"public_key"`
	Scheme          string `json:"scheme"`
	Content         string `json:"content"`
	TimestampHeader string `json:"timestamp_header"`
	TimestampField  string `json:"timestamp_field"`
	TimestampFormat string `json:"timestamp_format"`
	Tolerance       string `json:"tolerance"`
	SignatureHeader string `json:"signature_header"`
	SignatureField  string `json:"signature_field"`
	Algorithm       string `json:"algorithm"`
	Encoding        string `json:"encoding"`
	KeyEncoding     string `json:"key_encoding"`
	Prefix          string `json:"prefix"`
}

// verifier is a compiled signature.
type verifier struct {
	signature
	content   *text              // what is signed; nil for basic, token and Standard Webhooks
	tolerance time.Duration      // of the timestamp
	keys      []crypto.PublicKey // of the definition itself
}

func (s signature) withDefaults() signature {
	for _, one := range []struct {
		value     *string
		otherwise string
	}{
		{&s.Scheme, standardScheme},
		{&s.TimestampFormat, "seconds"},
		{&s.Algorithm, "sha256"},
		{&s.Encoding, "hex"},
		{&s.KeyEncoding, "text"},
	} {
		if *one.value == "" {
			*one.value = one.otherwise
		}
	}
	if s.Scheme == standardScheme || s.TimestampHeader == "" && s.TimestampField == "" {
		s.TimestampHeader = standardwebhooks.HeaderWebhookTimestamp
	}
	if s.Content == "" {
		s.Content = map[string]string{timestampScheme: "{timestamp}.{body}", bodyScheme: "{body}"}[s.Scheme]
	}
	if s.SignatureHeader == "" {
		s.SignatureHeader = standardwebhooks.HeaderWebhookSignature
		if s.Scheme == basicScheme || s.Scheme == tokenScheme {
			s.SignatureHeader = "Authorization"
		}
	}
	return s
}

// stamped reports whether a timestamp is signed.
func (s signature) stamped() bool { return s.Scheme == standardScheme || s.Scheme == timestampScheme }

// signaturePlace is where a plugin defines how its callbacks are signed.
const signaturePlace = "/callback/signature"

// verifier compiles how callbacks are signed.
func (s *source) verifier(written signature) verifier {
	v := verifier{signature: written.withDefaults(), tolerance: s.duration(signaturePlace+"/tolerance", written.Tolerance, tolerance, time.Second, maxTolerance)}
	s.checkMembers(written, v.Scheme)
	s.checkTimestamp(written, v.Scheme)
	s.need(signaturePlace+"/secret", 0, written.Secret, true)
	switch hasKey := slices.Contains(membersOf[v.Scheme], "public_key"); {
	case !hasKey && written.Secret == "":
		s.report(signaturePlace, "required", "write secret", "The scheme %s requires the name of a secret.", v.Scheme)
	case hasKey && written.Secret != "" && written.PublicKey != "":
		s.report(signaturePlace+"/public_key", "not_here", "remove one of them", "A signature is verified with secret or with public_key, not with both.")
	}
	if v.Content != "" {
		v.content = s.signedText(written, v.signature)
	}
	if written.PublicKey != "" {
		v.keys = s.writtenKeys(v.signature)
	}
	return v
}

// membersOf are the settings that a scheme has, besides secret.
var membersOf = map[string][]string{
	standardScheme: {"public_key", "tolerance"},
	timestampScheme: {
		"public_key", "content", "timestamp_header", "timestamp_field", "timestamp_format", "tolerance",
		"signature_header", "signature_field", "algorithm", "encoding", "key_encoding", "prefix",
	},
	bodyScheme:  {"public_key", "content", "signature_header", "signature_field", "algorithm", "encoding", "key_encoding", "prefix"},
	basicScheme: nil,
	tokenScheme: {"signature_header", "prefix"},
}

// reasons state why a scheme does not have a setting.
var reasons = map[string]struct{ message, hint string }{
	standardScheme: {"Standard Webhooks define this: the scheme %s does not use it.", "use scheme: body or scheme: timestamp-body"},
	bodyScheme:     {"The scheme %s does not sign a timestamp.", "use scheme: timestamp-body"},
	basicScheme:    {"The scheme %s compares the Authorization header with the secret USER:PASSWORD: it does not use this.", "remove it"},
	tokenScheme:    {"The scheme %s compares a header with the secret: it does not use this.", "remove it"},
}

// checkMembers reports settings that the scheme does not have, and those that it needs.
func (s *source) checkMembers(w signature, scheme string) {
	for _, one := range []struct{ name, value string }{
		{"public_key", w.PublicKey},
		{"content", w.Content},
		{"timestamp_header", w.TimestampHeader},
		{"timestamp_field", w.TimestampField},
		{"timestamp_format", w.TimestampFormat},
		{"tolerance", w.Tolerance},
		{"signature_header", w.SignatureHeader},
		{"signature_field", w.SignatureField},
		{"algorithm", w.Algorithm},
		{"encoding", w.Encoding},
		{"key_encoding", w.KeyEncoding},
		{"prefix", w.Prefix},
	} {
		if one.value != "" && !slices.Contains(membersOf[scheme], one.name) {
			s.report(signaturePlace+"/"+one.name, "not_here", reasons[scheme].hint, reasons[scheme].message, scheme)
		}
	}
	if scheme == bodyScheme && w.SignatureHeader == "" {
		s.report(signaturePlace, "required", "write signature_header, such as X-HMAC-SIGNATURE", "The scheme body requires the name of the header with the signature.")
	}
	if asymmetric := publicKeyAlgorithm(w.Algorithm); w.PublicKey != "" && !asymmetric && (scheme == bodyScheme || scheme == timestampScheme) {
		s.report(signaturePlace+"/public_key", "not_here", "write an algorithm such as ed25519, or use secret", "An HMAC is verified with a secret, not with a public key.")
	} else if asymmetric && w.KeyEncoding != "" {
		s.report(signaturePlace+"/key_encoding", "not_here", "remove it", "This is how the secret of an HMAC is written; public keys are recognised.")
	}
}

// checkTimestamp reports contradictions about the places of the timestamp and the signature.
func (s *source) checkTimestamp(w signature, scheme string) {
	if scheme != timestampScheme {
		return
	}
	if w.TimestampField != "" && w.TimestampHeader != "" {
		s.report(signaturePlace+"/timestamp_field", "not_here", "remove one of them", "The timestamp is in a header of its own (timestamp_header) or in that of the signature (timestamp_field), not in both.")
	}
	if w.TimestampField != "" && w.SignatureField == "" {
		s.report(signaturePlace+"/timestamp_field", "required", "write signature_field, such as v1", "A header with a timestamp in it needs signature_field, too.")
	}
}

// signedText compiles what is signed. It must contain the body: otherwise anybody who has seen one callback could forge another.
func (s *source) signedText(written, complete signature) *text {
	pointer := signaturePlace + "/content"
	if written.Content == "" {
		pointer = signaturePlace
	}
	c := &compiler{source: s, own: signedName, ownHint: "available: timestamp, body, header.NAME"}
	t := c.text(complete.Content, pointer, false)
	if !t.has("body") {
		s.report(pointer, "required", "write {body}", "What is signed must include the body.")
	}
	switch stamped := t.has("timestamp"); {
	case complete.stamped() && !stamped:
		s.report(pointer, "required", "write {timestamp}, or use scheme: body", "The scheme %s must sign the timestamp.", complete.Scheme)
	case !complete.stamped() && stamped:
		s.report(pointer, "not_here", reasons[bodyScheme].hint, reasons[bodyScheme].message, complete.Scheme)
	}
	return t
}

// signedName reports whether a name may occur in the text that is signed.
func signedName(name string) bool {
	header, isHeader := strings.CutPrefix(name, "header.")
	return name == "body" || name == "timestamp" || isHeader && headerName.MatchString(header)
}

// writtenKeys reads the public keys of the definition.
func (s *source) writtenKeys(complete signature) []crypto.PublicKey {
	algorithm := complete.Algorithm
	if complete.Scheme == standardScheme {
		algorithm = ed25519Algorithm
	}
	if !publicKeyAlgorithm(algorithm) {
		return nil // has been reported
	}
	keys, err := publicKeys(algorithm, complete.PublicKey)
	if err != nil {
		s.report(signaturePlace+"/public_key", "key", keyHint(algorithm), "This is not a public key for %s.", algorithm)
	}
	return keys
}

// unusableSecret is a secret with which no signature can be verified: as bad as none.
func unusableSecret(p *Plugin) error {
	return problem.New(problem.Internal, "The secret %s of the plugin %s is not a key for %s.", p.callback.verifier.Secret, p.ID, p.callback.verifier.Algorithm)
}
