package connector

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// sigv4 is AWS Signature Version 4, as API Gateway, Lambda addresses, S3 and others take it.
type sigv4 struct {
	access, secret, token *text // token: nil without
	region, service       *text
}

type writtenSigV4 struct {
	AccessKey    string `json:"access_key"`
	SecretKey    string `json:"secret_key"`
	SessionToken string `json:"session_token"`
	Region       string `json:"region"`
	Service      string `json:"service"`
}

// sigHeaders are those that the signature sets.
var sigHeaders = []string{"X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"}

func (s *source) sigv4(w *writtenSigV4, headers map[string]*text) *sigv4 {
	const place = authPlace + "/sigv4"
	for _, name := range sigHeaders {
		if headers[name] != nil {
			s.report("/request/headers/"+s.headerKey(name), "header", "remove it", "The header %s is set by request.auth.sigv4.", name)
		}
	}
	g := &sigv4{
		access: s.configured(w.AccessKey, place+"/access_key"), secret: s.configured(w.SecretKey, place+"/secret_key"),
		region: s.configured(w.Region, place+"/region"), service: s.configured(w.Service, place+"/service"),
	}
	if w.SessionToken != "" {
		g.token = s.configured(w.SessionToken, place+"/session_token")
	}
	return g
}

// s3 is the service whose paths are encoded once, and whose requests carry the digest of their body.
const s3 = "s3"

// sign sets the headers of the signature. What is signed are the host, the content type and all headers x-amz-….
func (g *sigv4) sign(request *http.Request, content []byte, with *values, now time.Time, preview bool) {
	stamp := now.UTC().Format("20060102T150405Z")
	day, service := stamp[:8], g.service.render(nil, with, nil)
	digest := sha256.Sum256(content)
	request.Header.Set("X-Amz-Date", stamp)
	if g.token != nil {
		request.Header.Set("X-Amz-Security-Token", g.token.render(nil, with, nil))
	}
	if service == s3 {
		request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(digest[:]))
	}
	canonical, signed := canonicalRequest(request, service, hex.EncodeToString(digest[:]))
	scope := strings.Join([]string{day, g.region.render(nil, with, nil), service, "aws4_request"}, "/")
	sum := sha256.Sum256([]byte(canonical))
	key := []byte("AWS4" + g.secret.render(nil, with, nil))
	for _, part := range strings.Split(scope, "/") {
		key = hmacOf("sha256", key, []byte(part))
	}
	signature := hex.EncodeToString(hmacOf("sha256", key, []byte("AWS4-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+hex.EncodeToString(sum[:]))))
	if preview {
		signature = "__signature__"
	}
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+g.access.render(nil, with, nil)+"/"+scope+", SignedHeaders="+signed+", Signature="+signature)
}

// canonicalRequest is the text that represents a request, and the names of the headers in it.
func canonicalRequest(request *http.Request, service, digest string) (canonical, signed string) {
	headers := map[string]string{"host": request.URL.Host}
	names := []string{"host"}
	for name, values := range request.Header {
		if name = strings.ToLower(name); name == "content-type" || strings.HasPrefix(name, "x-amz-") {
			names = append(names, name)
			headers[name] = strings.Join(strings.Fields(strings.Join(values, ",")), " ")
		}
	}
	slices.Sort(names)
	var lines strings.Builder
	for _, name := range names {
		lines.WriteString(name + ":" + headers[name] + "\n")
	}
	path := request.URL.EscapedPath()
	if service == s3 {
		path = request.URL.Path
	}
	if path == "" {
		path = "/"
	}
	signed = strings.Join(names, ";")
	return strings.Join([]string{request.Method, escapeAWS(path, true), canonicalQuery(request.URL.Query()), lines.String(), signed, digest}, "\n"), signed
}

func canonicalQuery(query url.Values) string {
	var pairs []string
	for name, values := range query {
		for _, value := range values {
			pairs = append(pairs, escapeAWS(name, false)+"="+escapeAWS(value, false))
		}
	}
	slices.SortFunc(pairs, func(a, b string) int { // by name, and then by value
		return strings.Compare(strings.Replace(a, "=", "\x00", 1), strings.Replace(b, "=", "\x00", 1))
	})
	return strings.Join(pairs, "&")
}

// escapeAWS escapes all but the unreserved characters of RFC 3986, and slashes where they stay.
func escapeAWS(text string, slashes bool) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 || c == '/' && slashes:
			b.WriteByte(c)
		default:
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
		}
	}
	return b.String()
}
