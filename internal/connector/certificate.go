package connector

import (
	"crypto/sha256"
	"crypto/tls"
	"net/http"
	"sync"
	"time"

	"ballerine/internal/problem"
)

// certificate is what the client shows a vendor's server in the TLS handshake: the names of two secrets.
type certificate struct{ certificate, key string }

type writtenCertificate struct {
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
}

const tlsPlace = "/request/tls"

func (s *source) certificate(w *writtenCertificate) *certificate {
	if w == nil {
		return nil
	}
	s.need(tlsPlace+"/certificate", 0, w.Certificate, true)
	s.need(tlsPlace+"/key", 0, w.Key, true)
	return &certificate{w.Certificate, w.Key}
}

// certified is a transport that can show a certificate. It is kept as long as the certificate, with connections of its own.
type certified interface {
	WithCertificate(certificate tls.Certificate) http.RoundTripper
}

// maxCertified is how many certificates' connections are kept at once.
const maxCertified = 100

// certifieds are clients by the certificate that they show. The zero value is ready. It is safe for concurrent use.
type certifieds struct {
	mutex sync.Mutex
	kept  map[[sha256.Size]byte]*http.Client
}

// of is the client that shows a certificate. Connections are never shared between certificates.
func (c *certifieds) of(base *http.Client, with certified, pem, key string, pair tls.Certificate) *http.Client {
	name := sha256.Sum256([]byte(pem + "\x00" + key))
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if found := c.kept[name]; found != nil {
		return found
	}
	if c.kept == nil || len(c.kept) >= maxCertified {
		for _, one := range c.kept {
			one.CloseIdleConnections()
		}
		c.kept = map[[sha256.Size]byte]*http.Client{}
	}
	own := *base
	own.Transport = with.WithCertificate(pair)
	c.kept[name] = &own
	return &own
}

// http is the client that sends the requests of a plugin. Errors: Internal when its certificate cannot be used.
func (c *Client) http(p *Plugin, r *prepared) (*http.Client, error) {
	if p.certificate == nil || c.preview {
		return c.HTTP, nil
	}
	with, ok := c.HTTP.Transport.(certified)
	if !ok {
		return nil, problem.New(problem.Internal, "The plugin %s shows a certificate, and none can be shown here.", p.ID)
	}
	pem, key := r.with.secrets[p.certificate.certificate], r.with.secrets[p.certificate.key]
	pair, err := tls.X509KeyPair([]byte(pem), []byte(key))
	switch {
	case err != nil: // its text may be about the key
		return nil, problem.New(problem.Internal, "The secrets %s and %s of the plugin %s are not a certificate and its key in PEM.", p.certificate.certificate, p.certificate.key, p.ID)
	case pair.Leaf != nil && c.now().After(pair.Leaf.NotAfter):
		return nil, problem.New(problem.Internal, "The certificate of the secret %s of the plugin %s has expired on %s.", p.certificate.certificate, p.ID, pair.Leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	return c.certifieds.of(c.HTTP, with, pem, key, pair), nil
}
