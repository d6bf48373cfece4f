package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Options of a client.
type Options struct {
	AllowLoopback bool          // http and https to this machine
	Timeout       time.Duration // of a whole call, body included; default 10 s
	TLS           *tls.Config   // default: the system's roots, TLS 1.2 or newer
	Resolver      *net.Resolver // default: the system's
	MaxHeader     int64         // bytes of an answer's header; default 64 KB
}

// NewClient makes a guarded client. It is safe for concurrent use and keeps connections: make it once.
func NewClient(options Options) *http.Client {
	if options.Timeout <= 0 {
		options.Timeout = 10 * time.Second
	}
	if options.MaxHeader <= 0 {
		options.MaxHeader = 64 << 10
	}
	return &http.Client{
		Timeout:   options.Timeout,
		Transport: &transport{secure: newTransport(options, false), plain: newTransport(options, true), loopback: options.AllowLoopback},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the caller sees the 3xx: redirects are not followed
		},
	}
}

// transport sends each scheme through its own dialer, so that plain http can reach loopback only.
type transport struct {
	secure, plain *http.Transport
	loopback      bool
}

// WithCertificate is a transport that is as guarded as this one and shows servers a certificate. It has connections of its own.
func (t *transport) WithCertificate(certificate tls.Certificate) http.RoundTripper {
	secure := t.secure.Clone()
	secure.TLSClientConfig.Certificates = []tls.Certificate{certificate}
	return &transport{secure: secure, plain: t.plain, loopback: t.loopback}
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	switch {
	case request.URL.Scheme == "https":
		return t.secure.RoundTrip(request)
	case request.URL.Scheme == "http" && t.loopback:
		return t.plain.RoundTrip(request)
	}
	if request.Body != nil {
		_ = request.Body.Close() // a RoundTripper must close it; its error is irrelevant to the call
	}
	return nil, fmt.Errorf("%w: scheme", errRefusedAddress)
}

// CloseIdleConnections is called by http.Client.CloseIdleConnections.
func (t *transport) CloseIdleConnections() {
	t.secure.CloseIdleConnections()
	t.plain.CloseIdleConnections()
}

func newTransport(options Options, plain bool) *http.Transport {
	config := options.TLS.Clone()
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	dialer := &net.Dialer{
		Timeout:  min(5*time.Second, options.Timeout),
		Resolver: options.Resolver,
		Control:  control(options.AllowLoopback, plain),
	}
	return &http.Transport{
		Proxy:                  nil, // a proxy would dial for us, past the guard
		DialContext:            dialer.DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  options.Timeout,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        60 * time.Second,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    4,
		MaxResponseHeaderBytes: options.MaxHeader,
		DisableCompression:     true, // an answer's size is what was sent: no decompression bombs
		ForceAttemptHTTP2:      true,
	}
}

// Failure names why a call failed, from a small closed set that may be logged, shown and counted.
type Failure string

// The failures.
const (
	RefusedAddress Failure = "refused_address"
	TimedOut       Failure = "timeout"
	BadTLS         Failure = "tls"
	NameNotFound   Failure = "name_not_found"
	Cancelled      Failure = "cancelled"
	NoConnection   Failure = "connection"
)

// Classify names an error of a guarded client's Do, or of reading its answer. The error's own text may hold the whole
// URL: show the name instead.
func Classify(err error) Failure {
	var (
		network     net.Error
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
	)
	switch {
	case errors.Is(err, errRefusedAddress):
		return RefusedAddress
	case errors.Is(err, context.Canceled):
		return Cancelled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return TimedOut
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert):
		return BadTLS
	case errors.As(err, &name):
		return NameNotFound
	}
	return NoConnection
}

// RetryAfter reads how long the answer requests to wait, in seconds or as a date; at most limit, 0 if it is not stated.
func RetryAfter(header http.Header, now time.Time, limit time.Duration) time.Duration {
	text := header.Get("Retry-After")
	var pause time.Duration
	if seconds, err := strconv.Atoi(text); err == nil {
		pause = time.Duration(min(seconds, int(limit/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		pause = at.Sub(now)
	}
	return max(0, min(pause, limit))
}
