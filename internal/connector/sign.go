package connector

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/problem"
)

// signing is how requests are signed with an HMAC.
type signing struct {
	secret      string
	content     *text
	headers     map[string]*text
	algorithm   string
	encoding    string
	keyEncoding string
}

type writtenSigning struct {
	Secret      string            `json:"secret"`
	Content     string            `json:"content"`
	Headers     map[string]string `json:"headers"`
	Algorithm   string            `json:"algorithm"`
	Encoding    string            `json:"encoding"`
	KeyEncoding string            `json:"key_encoding"`
}

const signPlace = "/request/sign"

// momentary are the names of what is known of a request when it is sent.
var momentary = []string{"method", "url", "host", "path", "query", "target", "body", "body_sha256", "body_sha256_base64", "timestamp", "timestamp_ms", "date", "nonce"}

// signing compiles how requests are signed.
func (s *source) signing(w *writtenSigning, headers map[string]*text, authorized bool) *signing {
	if w == nil {
		return nil
	}
	g := &signing{secret: w.Secret, algorithm: w.Algorithm, encoding: w.Encoding, keyEncoding: w.KeyEncoding}
	for _, one := range []struct {
		value     *string
		otherwise string
	}{{&g.algorithm, "sha256"}, {&g.encoding, "hex"}, {&g.keyEncoding, "text"}} {
		if *one.value == "" {
			*one.value = one.otherwise
		}
	}
	s.need(signPlace+"/secret", 0, w.Secret, true)
	of := func(names ...string) *compiler {
		return &compiler{source: s, roots: s.seeing(requestRoots), own: func(name string) bool { return slices.Contains(names, name) }, ownHint: "available: " + strings.Join(names, ", ")}
	}
	g.content = of(momentary...).text(w.Content, signPlace+"/content", true)
	g.headers = of(append([]string{"signature"}, momentary...)...).headers(w.Headers, signPlace+"/headers")
	shown := false
	for name, value := range g.headers {
		shown = shown || value.has("signature")
		if authorized && name == "Authorization" {
			s.report(signPlace+"/headers/"+s.signedKey(name), "header", "remove request.auth, or sign in another header", "request.auth sets this header, too.")
		}
		if headers[name] != nil {
			s.report(signPlace+"/headers/"+s.signedKey(name), "header", "remove one of them", "This header is in request.headers, too.")
		}
	}
	if !shown {
		s.report(signPlace+"/headers", "required", "write {signature} in one of them", "No header has the signature.")
	}
	return g
}

// signedKey is a header of the signature as the document writes it.
func (s *source) signedKey(name string) string {
	for at := range s.keys {
		if key, ok := strings.CutPrefix(at, s.base+signPlace+"/headers/"); ok && http.CanonicalHeaderKey(key) == name {
			return key
		}
	}
	return name
}

// sign adds the headers of the signature.
func (c *Client) sign(p *Plugin, request *http.Request, r *prepared) error {
	g := p.signing
	own := c.moment(request, r.content, g.shows("body"))
	with := &values{secrets: r.with.secrets, settings: r.with.settings, own: own}
	var faults []fault
	own["signature"] = "__signature__"
	key, err := decode(g.keyEncoding, r.with.secrets[g.secret])
	if !c.preview && (err != nil || len(key) == 0) {
		return problem.New(problem.Internal, "The secret %s of the plugin %s is not a key that is written in %s.", g.secret, p.ID, g.keyEncoding)
	}
	mac := newHMAC(g.algorithm, key)
	for _, one := range g.content.parts { // one after the other: a body with documents is large
		if one.own == "body" {
			mac.Write(r.content) // never fails
			continue
		}
		alone := text{place: g.content.place, parts: []part{one}}
		_, _ = io.WriteString(mac, alone.render(r.scope, with, &faults))
	}
	if !c.preview {
		own["signature"] = encode(g.encoding, mac.Sum(nil))
	}
	header := p.renderHeaders(g.headers, r.scope, with, &faults)
	if len(faults) > 0 {
		return p.checkRequest(faults, nil, nil)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	return nil
}

// moment is what is known of a request when it is sent.
func (c *Client) moment(request *http.Request, content []byte, shown bool) map[string]string {
	now, sum := c.now().UTC(), sha256.Sum256(content)
	nonce := "__nonce__"
	if !c.preview {
		nonce = rand.Text()
	}
	known := map[string]string{
		"method": request.Method, "url": request.URL.String(), "host": request.URL.Host, "path": request.URL.EscapedPath(), "query": request.URL.RawQuery, "target": request.URL.RequestURI(),
		"body_sha256": hex.EncodeToString(sum[:]), "body_sha256_base64": base64.StdEncoding.EncodeToString(sum[:]),
		"timestamp": strconv.FormatInt(now.Unix(), 10), "timestamp_ms": strconv.FormatInt(now.UnixMilli(), 10), "date": now.Format(time.RFC3339), "nonce": nonce,
	}
	if shown {
		known["body"] = string(content)
	}
	return known
}

func encode(encoding string, bytes []byte) string {
	switch encoding {
	case "base64":
		return base64.StdEncoding.EncodeToString(bytes)
	case "base64url":
		return base64.RawURLEncoding.EncodeToString(bytes)
	}
	return hex.EncodeToString(bytes)
}

// shows reports whether a header has a name in it.
func (g *signing) shows(name string) bool {
	for _, header := range g.headers {
		if header.has(name) {
			return true
		}
	}
	return false
}
