package vendor

import (
	"context"
	"net/http"
	"time"

	"ballerine/internal/problem"
)

// Plugin is a compiled definition: immutable, safe for concurrent use.
type Plugin struct {
	ID       string
	Title    string
	Callback bool          // the vendor may answer 202 and call back
	Timeout  time.Duration // of one attempt
	Retry    RetryPolicy
}

// ParsePlugin compiles a definition. It reports all problems at once.
func ParsePlugin(file string, source []byte) (*Plugin, problem.Diagnostics) {
	return nil, problem.Diagnostics{{File: file, Code: "unsupported", Message: "no definition is understood yet"}}
}

// ReadCallback checks a callback's signature, and maps and checks its body. secret is the plugin's callback secret.
// Errors: Unauthenticated, VendorGarbage.
func (p *Plugin) ReadCallback(header http.Header, body []byte, secret string, now time.Time) (any, error) {
	return nil, problem.New(problem.Unauthenticated, "The signature is not valid.")
}

// Client makes the calls.
type Client struct {
	HTTP     *http.Client      // of outbound.NewClient
	Secrets  Secrets           // for {secret.NAME}
	Settings map[string]string // for {vendor.NAME}: base URLs and the like
	Now      func() time.Time
}

// Do makes one attempt. Errors: Invalid (the request breaks its schema), VendorUnavailable, Timeout, VendorRejected,
// VendorGarbage, Internal (a secret or setting is missing).
func (c *Client) Do(ctx context.Context, plugin *Plugin, call Call) (Outcome, error) {
	return Outcome{}, problem.New(problem.VendorUnavailable, "The plugin cannot be called.")
}
