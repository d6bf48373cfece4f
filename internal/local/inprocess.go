package local

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
)

// inProcess is the HTTP client of this process's own S3 adapter: requests go to the object server's handler as they are,
// signatures and all, only not over a connection. They are a good part of a case's cost otherwise.
type inProcess struct{ handler atomic.Value } // http.Handler, once the stack serves

func (c *inProcess) serve(handler http.Handler) { c.handler.Store(&handler) }

// Do implements awss3.HTTPClient. Errors: the context's; the server is not there yet, or it panicked.
func (c *inProcess) Do(r *http.Request) (response *http.Response, err error) {
	handler, ok := c.handler.Load().(*http.Handler)
	if !ok {
		return nil, fmt.Errorf("%s %s: the object server is not ready yet", r.Method, r.URL.Path)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%s %s: the object server panicked: %v", r.Method, r.URL.Path, cause)
		}
	}()
	received := r.Clone(r.Context())
	received.RequestURI, received.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	if received.Host == "" {
		received.Host = r.URL.Host
	}
	if received.Body == nil {
		received.Body = http.NoBody
	}
	if r.ContentLength > 0 {
		received.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	defer received.Body.Close()
	answer := &memory{header: http.Header{}}
	(*handler).ServeHTTP(answer, received)
	return answer.response(r), nil
}

// memory keeps what a handler answers.
type memory struct {
	header, sent http.Header // sent is as it was when the status was
	status       int
	body         bytes.Buffer
}

func (m *memory) Header() http.Header { return m.header }

func (m *memory) WriteHeader(status int) {
	if m.status == 0 && status >= http.StatusOK {
		m.status, m.sent = status, m.header.Clone()
	}
}

func (m *memory) Write(content []byte) (int, error) {
	m.WriteHeader(http.StatusOK)
	return m.body.Write(content)
}

func (m *memory) response(r *http.Request) *http.Response {
	m.WriteHeader(http.StatusOK)
	response := &http.Response{
		Status: fmt.Sprintf("%d %s", m.status, http.StatusText(m.status)), StatusCode: m.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: m.sent, Body: io.NopCloser(&m.body), ContentLength: int64(m.body.Len()), Request: r,
	}
	if r.Method == http.MethodHead { // states how long the content is, and has none
		response.Body = http.NoBody
		length, err := strconv.ParseInt(m.sent.Get("Content-Length"), 10, 64)
		if response.ContentLength = length; err != nil {
			response.ContentLength = -1
		}
	}
	return response
}
