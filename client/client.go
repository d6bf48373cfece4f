package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	userAgent = "ballerine-go/1"
	// callTime bounds one attempt of a call whose context has no sooner deadline.
	callTime = 60 * time.Second
	// maxAnswer bounds what is read of an answer: far more than the interface sends.
	maxAnswer = 64 << 20
)

// Client calls one installation with one credential. It is safe for use by several goroutines.
type Client struct {
	server string // without a slash at the end
	key    string
	agent  string
	http   *http.Client
	retry  Retry
}

// Option changes how a Client calls.
type Option func(*Client)

// WithHTTPClient uses another HTTP client, for proxies, certificates or tests. Its Timeout bounds one attempt.
func WithHTTPClient(other *http.Client) Option { return func(c *Client) { c.http = other } }

// WithUserAgent puts a product, such as "shop/2.3", before the client's own name in User-Agent.
func WithUserAgent(product string) Option {
	return func(c *Client) { c.agent = product + " " + userAgent }
}

// WithRetry changes how often and how slowly calls are repeated. What is zero keeps its default.
func WithRetry(retry Retry) Option { return func(c *Client) { c.retry = retry } }

// New makes a client of the installation at an address, such as "https://api.example.com". The credential is an API key,
// or the token of a person or an applicant; "" for the operations that need none.
func New(address, credential string, options ...Option) (*Client, error) {
	server, err := url.Parse(address)
	if err != nil || server.Host == "" || server.Scheme != "http" && server.Scheme != "https" || server.RawQuery != "" || server.Fragment != "" || server.User != nil {
		return nil, errors.New("the address of the installation must be an absolute URL such as https://api.example.com, without credentials, query and fragment")
	}
	if strings.ContainsFunc(credential, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the credential contains a space, a line break or another character that no credential has: was it read with its trailing newline?")
	}
	c := &Client{server: strings.TrimRight(server.String(), "/"), key: credential, agent: userAgent}
	for _, option := range options {
		option(c)
	}
	c.retry = c.retry.orDefault()
	if c.http == nil {
		c.http = &http.Client{Timeout: callTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return c, nil
}

// ETag is the entity tag of a version, as If-Match takes it: a change with it is refused (CodeStale) when the object has changed since.
func ETag(version int64) string { return fmt.Sprintf(`"%d"`, version) }

// answer is an answer that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send makes a call and reads its answer as a T.
func send[T any](ctx context.Context, c *Client, req *http.Request) (*T, error) {
	found, err := c.call(ctx, req)
	if err != nil {
		return nil, err
	}
	result := new(T)
	var target any = result
	if several, ok := target.(interface{ member(status int) any }); ok {
		if target = several.member(found.status); target == nil {
			return nil, fmt.Errorf("%s: the answer has the status %d, which this client does not know", where(req), found.status)
		}
	}
	if err := json.Unmarshal(found.body, target); err != nil {
		return nil, fmt.Errorf("%s: the answer cannot be read: %w", where(req), err)
	}
	return result, nil
}

// sendOnly makes a call whose answer has no body.
func sendOnly(ctx context.Context, c *Client, req *http.Request) error {
	_, err := c.call(ctx, req)
	return err
}

// call makes a call with the client's credential.
func (c *Client) call(ctx context.Context, req *http.Request) (answer, error) {
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	req.Header.Set("Accept", "application/json")
	return c.attempts(ctx, req)
}

// once makes one attempt and reads what is answered.
func (c *Client) once(ctx context.Context, req *http.Request) (answer, error) {
	attempt := req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return answer{}, err
		}
		attempt.Body = body
	}
	attempt.Header.Set("User-Agent", c.agent)
	response, err := c.http.Do(attempt)
	if err != nil {
		return answer{}, withoutAddress(err)
	}
	defer func() { _ = response.Body.Close() }() // it was read
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return answer{}, fmt.Errorf("the answer was cut off: %w", err)
	}
	if len(body) > maxAnswer {
		return answer{}, fmt.Errorf("the answer has more than %d MB", maxAnswer>>20)
	}
	return answer{response.StatusCode, response.Header, body}, nil
}

// withoutAddress takes the URL out of an error: its query can hold personal data.
func withoutAddress(err error) error {
	var addressed *url.Error
	if errors.As(err, &addressed) {
		return addressed.Err
	}
	return err
}

// where names a call in errors, without its query.
func where(req *http.Request) string { return req.Method + " " + req.URL.Path }
