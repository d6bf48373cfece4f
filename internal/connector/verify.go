package connector

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // some vendors sign with HMAC-SHA-1 and nothing else; an HMAC does not need collision resistance
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// What a callback may ask to be verified. A vendor that rotates its secret sends two signatures.
const (
	maxSignatures      = 10
	maxSignatureHeader = 8 << 10 // bytes
)

// check reports whether one key has made the signature of a message.
type check func(message, given []byte) bool

// verify compares in constant time. It does not state what was wrong: a forger learns nothing. usable is false if the
// secret is not a key of the algorithm, so that no callback would pass.
func (v *verifier) verify(header http.Header, body []byte, secret string, now time.Time) (valid, usable bool) {
	switch v.Scheme {
	case standardScheme:
		return v.standard(header, body, secret, now)
	case basicScheme:
		return v.basic(header, secret), true
	case tokenScheme:
		given, ok := sole(header, v.SignatureHeader)
		token, prefixed := strings.CutPrefix(given, v.Prefix)
		return ok && prefixed && oneOf(token, strings.Fields(secret)), true
	}
	checks, usable := v.checks(secret)
	if !usable {
		return false, false
	}
	for _, c := range v.claims(header) {
		if len(c.signatures) == 0 {
			continue // no signature to compare: the message is not built for it
		}
		message, ok := v.message(header, body, c.stamp, now)
		if ok && anyHolds(checks, message, c.signatures) {
			return true, true
		}
	}
	return false, true
}

func anyHolds(checks []check, message []byte, signatures [][]byte) bool {
	for _, given := range signatures {
		for _, holds := range checks {
			if holds(message, given) {
				return true
			}
		}
	}
	return false
}

// sole is the value of a header that occurs once. A repeated one is refused: another reader might use the other.
func sole(header http.Header, name string) (string, bool) {
	values := header.Values(name)
	if len(values) != 1 || values[0] == "" || len(values[0]) > maxSignatureHeader {
		return "", false
	}
	return values[0], true
}

// oneOf compares without revealing how much of a secret was right, or how long it is.
func oneOf(given string, secrets []string) bool {
	sum, found := sha256.Sum256([]byte(given)), false
	for _, one := range secrets {
		wanted := sha256.Sum256([]byte(one))
		found = hmac.Equal(sum[:], wanted[:]) || found
	}
	return found
}

// basic compares user and password.
func (v *verifier) basic(header http.Header, secret string) bool {
	if _, ok := sole(header, v.SignatureHeader); !ok {
		return false
	}
	user, password, ok := (&http.Request{Header: http.Header{"Authorization": header.Values(v.SignatureHeader)}}).BasicAuth()
	return ok && oneOf(user+":"+password, credentials(secret))
}

// credentials are the USER:PASSWORD that a secret holds, separated by spaces. A password may have spaces in it: a word without a colon
// belongs to the one before.
func credentials(secret string) (found []string) {
	for _, word := range strings.Split(strings.TrimSpace(secret), " ") {
		if len(found) == 0 || strings.Contains(word, ":") {
			found = append(found, strings.TrimSpace(word))
			continue
		}
		found[len(found)-1] += " " + word
	}
	for i, one := range found {
		found[i] = strings.TrimRight(one, " ") // several spaces between two
	}
	return found
}

// claim is one set of a timestamp and signatures that a callback carries.
type claim struct {
	stamp      string
	signatures [][]byte
}

// claims reads the signatures of a callback. None when there is anything about them that cannot be read in one way only.
func (v *verifier) claims(header http.Header) []claim {
	given, ok := sole(header, v.SignatureHeader)
	if !ok {
		return nil
	}
	stamp := ""
	if v.stamped() && v.TimestampField == "" {
		if stamp, ok = sole(header, v.TimestampHeader); !ok {
			return nil
		}
	}
	if v.SignatureField != "" {
		return v.sets(given, stamp)
	}
	signature, ok := v.decoded(given)
	if !ok {
		return nil
	}
	return []claim{{stamp, [][]byte{signature}}}
}

// sets reads NAME=VALUE pairs (t=…,v1=…). Pairs are separated by commas or semicolons, sets by spaces; a set has one timestamp, and
// may have several signatures.
func (v *verifier) sets(given, stamp string) (all []claim) {
	count := 0
	for _, set := range strings.Fields(strings.NewReplacer(", ", ",", "; ", ";").Replace(given)) {
		c, stamps := claim{stamp: stamp}, 0
		for _, pair := range strings.FieldsFunc(set, func(r rune) bool { return r == ',' || r == ';' }) {
			name, value, _ := strings.Cut(pair, "=")
			switch name {
			case "":
				return nil
			case v.TimestampField:
				c.stamp, stamps = value, stamps+1
			case v.SignatureField:
				signature, ok := v.decoded(value)
				if count++; !ok || count > maxSignatures {
					return nil
				}
				c.signatures = append(c.signatures, signature)
			}
		}
		if v.TimestampField != "" && stamps != 1 {
			return nil
		}
		all = append(all, c)
	}
	return all
}

// decoded is a signature without its prefix, in bytes. Vendors write hexadecimal digits in either case.
func (v *verifier) decoded(given string) ([]byte, bool) {
	text, ok := strings.CutPrefix(given, v.Prefix)
	if !ok {
		return nil, false
	}
	signature, err := decode(v.Encoding, text)
	return signature, err == nil && len(signature) > 0
}

func decode(encoding, text string) ([]byte, error) {
	switch encoding {
	case "base64":
		return base64.StdEncoding.Strict().DecodeString(text)
	case "base64url":
		return base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
	case "hex":
		return hex.DecodeString(text)
	}
	return []byte(text), nil
}

// message is what was signed; false when a part of it is missing or its time is too far from now.
func (v *verifier) message(header http.Header, body []byte, stamp string, now time.Time) ([]byte, bool) {
	if v.stamped() && !v.fresh(stamp, now) {
		return nil, false
	}
	parts := map[string]string{"timestamp": stamp, "body": string(body)}
	for _, p := range v.content.parts {
		if name, isHeader := strings.CutPrefix(p.own, "header."); isHeader {
			value, ok := sole(header, name)
			if !ok {
				return nil, false
			}
			parts[p.own] = value
		}
	}
	return []byte(v.content.render(nil, &values{own: parts}, nil)), true
}

// fresh reports whether the timestamp is close enough to now. It must be written as everybody writes it.
func (v *verifier) fresh(stamp string, now time.Time) bool {
	var at time.Time
	if v.TimestampFormat == "rfc3339" {
		var err error
		if at, err = time.Parse(time.RFC3339, stamp); err != nil {
			return false
		}
	} else {
		number, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil || strconv.FormatInt(number, 10) != stamp {
			return false
		}
		if at = time.Unix(number, 0); v.TimestampFormat == "milliseconds" {
			at = time.UnixMilli(number)
		}
	}
	age := now.Sub(at)
	return age <= v.tolerance && age >= -v.tolerance
}

// checks are one for each key: a secret may hold several while it is rotated. False when it holds something else.
func (v *verifier) checks(secret string) (checks []check, usable bool) {
	if publicKeyAlgorithm(v.Algorithm) {
		keys := v.keys
		if keys == nil {
			var err error
			if keys, err = publicKeys(v.Algorithm, secret); err != nil {
				return nil, false
			}
		}
		for _, key := range keys {
			checks = append(checks, func(message, given []byte) bool { return signed(v.Algorithm, key, message, given) })
		}
		return checks, true
	}
	if public(secret) {
		return nil, false
	}
	for _, one := range strings.Fields(secret) {
		key, err := decode(v.KeyEncoding, one)
		if err != nil || len(key) == 0 {
			return nil, false
		}
		checks = append(checks, func(message, given []byte) bool { return hmac.Equal(given, hmacOf(v.Algorithm, key, message)) })
	}
	return checks, true
}

// hmacOf is the HMAC of a message with a hash: sha1, sha256 or sha512.
func hmacOf(algorithm string, key, message []byte) []byte {
	mac := newHMAC(algorithm, key)
	mac.Write(message) // never fails
	return mac.Sum(nil)
}

func newHMAC(algorithm string, key []byte) hash.Hash {
	var of func() hash.Hash
	switch algorithm {
	case "sha1":
		of = sha1.New
	case "sha512":
		of = sha512.New
	default:
		of = sha256.New
	}
	return hmac.New(of, key)
}

// standard verifies by Standard Webhooks: v1 with a shared secret (whsec_…), v1a with an Ed25519 key (whpk_…).
func (v *verifier) standard(header http.Header, body []byte, secret string, now time.Time) (valid, usable bool) {
	shared, owned := v.standardChecks(secret)
	if len(shared)+len(owned) == 0 {
		return false, false
	}
	id, hasID := sole(header, standardwebhooks.HeaderWebhookID)
	stamp, hasStamp := sole(header, v.TimestampHeader)
	given, hasSignature := sole(header, v.SignatureHeader)
	if !hasID || !hasStamp || !hasSignature || !v.fresh(stamp, now) {
		return false, true
	}
	message := append([]byte(id+"."+stamp+"."), body...)
	signatures := strings.Fields(given)
	for _, one := range signatures[:min(len(signatures), maxSignatures)] {
		version, encoded, _ := strings.Cut(one, ",")
		signature, err := decode("base64", encoded)
		if err != nil {
			continue // of a version to come
		}
		if version == "v1" && anyHolds(shared, message, [][]byte{signature}) || version == "v1a" && anyHolds(owned, message, [][]byte{signature}) {
			return true, true
		}
	}
	return false, true
}

// standardChecks are those of shared secrets and those of public keys.
func (v *verifier) standardChecks(secret string) (shared, owned []check) {
	keys := slices.Clone(v.keys)
	each := strings.Fields(secret)
	if strings.Contains(secret, "-----BEGIN") {
		more, err := publicKeys(ed25519Algorithm, secret)
		if err == nil {
			keys = append(keys, more...)
		}
		each = nil
	}
	for _, one := range each {
		if public(one) {
			more, err := publicKeys(ed25519Algorithm, one)
			if err == nil {
				keys = append(keys, more...)
			}
			continue
		}
		if key, err := decode("base64", strings.TrimPrefix(one, "whsec_")); err == nil && len(key) > 0 {
			shared = append(shared, func(message, given []byte) bool { return hmac.Equal(given, hmacOf("sha256", key, message)) })
		}
	}
	for _, key := range keys {
		owned = append(owned, func(message, given []byte) bool { return signed(ed25519Algorithm, key, message, given) })
	}
	return shared, owned
}
