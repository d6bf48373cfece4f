package connector

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"ballerine/internal/problem"
)

// Traffic records the traffic with vendors, or answers instead of them. It is for one machine only: it is not used on AWS.
type Traffic interface {
	// Replays reports whether it answers instead of vendors. No vendor is called then, and no secret is needed.
	Replays() bool
	// Answer is the next answer to a request. Errors: NotFound when none is recorded; those that are recorded.
	Answer(asked TrafficRequest) (TrafficAnswer, error)
	// Record notes an answer, or the error without one.
	Record(asked TrafficRequest, answer TrafficAnswer, err error)
}

// TrafficRequest is a request with the names of secrets in their place, and of what differs from case to case.
type TrafficRequest struct {
	Plugin  string            `json:"plugin"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"` // documents are in it by their digests
}

// TrafficAnswer is an answer, without secrets.
type TrafficAnswer struct {
	Status  int         `json:"status"`
	Headers http.Header `json:"headers,omitempty"`
	Body    []byte      `json:"-"`
}

// Digest identifies a request, in hex.
func (r TrafficRequest) Digest() string {
	header := http.Header{}
	for name, value := range r.Headers {
		header.Set(name, value)
	}
	return digestRequest(r.Plugin, r.Method, r.URL, header, []byte(r.Body))
}

// conversed is exchanged, recorded or replayed.
func (c *Client) conversed(ctx, within context.Context, p *Plugin, r *prepared) (answer, error) {
	if c.Traffic == nil {
		return c.exchanged(ctx, within, p, r)
	}
	names := c.namesOf(r)
	asked := r.shown.traffic(p, strings.NewReplacer(names...).Replace)
	if c.Traffic.Replays() {
		found, err := c.Traffic.Answer(asked)
		if problem.CodeOf(err) == problem.NotFound {
			return answer{}, problem.New(problem.VendorRejected, "No answer to %s is recorded (plugin %s, SHA-256 of the request %s).", p.endpoint, p.ID, asked.Digest()[:16])
		}
		return found.replayed(names), err
	}
	a, err := c.exchanged(ctx, within, p, r)
	switch {
	case err == nil && a.readErr != nil:
		c.Traffic.Record(asked, TrafficAnswer{}, failed(ctx, p.ID, a.readErr))
	case err != nil:
		c.Traffic.Record(asked, TrafficAnswer{}, err)
	default:
		log, _ := within.Value(exchangesKey{}).(*exchanges)
		log.atEnd(func() {
			shown := r.named(a)
			shown.hide = r.known.hiding()
			c.Traffic.Record(asked, shown.recorded(p, replacers{strings.NewReplacer(names...).Replace, r.known.withoutDocuments, withoutLinks}.Replace), nil)
		})
	}
	return a, err
}

// namesOf are values that differ between runs, each with the name that replaces it, the longest first.
func (c *Client) namesOf(r *prepared) []string {
	values := map[string]string{}
	for name, value := range c.Settings {
		values[value] = "{vendor." + name + "}"
	}
	if of, ok := r.scope["case"].(map[string]any); ok {
		id, _ := of["id"].(string)
		values[id] = "{case.id}"
	}
	if address, _ := r.scope["callback_url"].(string); address != "" {
		values[address], values[url.QueryEscape(address)] = "{callback_url}", "{callback_url escaped}"
	}
	delete(values, "")
	var pairs []string
	for _, value := range slices.SortedFunc(maps.Keys(values), func(a, b string) int { return len(b) - len(a) }) {
		pairs = append(pairs, value, values[value])
	}
	return pairs
}

func (r *prepared) traffic(p *Plugin, by func(string) string) TrafficRequest {
	asked := TrafficRequest{Plugin: p.ID, Method: p.method, URL: by(r.url.String()), Headers: map[string]string{}, Body: by(string(r.content))}
	for name := range r.header {
		if name != "User-Agent" && name != "Idempotency-Key" {
			asked.Headers[name] = by(r.header.Get(name))
		}
	}
	return asked
}

// named is an answer with names for the address at which the vendor calls back, before anything else is done to it: a replay has another one.
func (r *prepared) named(a answer) answer {
	address, _ := r.scope["callback_url"].(string)
	if address == "" {
		return a
	}
	by := strings.NewReplacer(address, "{callback_url}", url.QueryEscape(address), "{callback_url escaped}")
	header := http.Header{}
	for name, values := range a.header {
		for _, value := range values {
			header[name] = append(header[name], by.Replace(value))
		}
	}
	a.header, a.body = header, []byte(by.Replace(string(a.body)))
	return a
}

// recorded is an answer as it may be written down; by is what is done to it besides.
func (a answer) recorded(p *Plugin, by func(string) string) TrafficAnswer {
	kept, readable := a.kept(p)
	if !readable {
		kept = keptAnswer{a.status, shownHeaders(a.header, a.hide), ""}
		switch {
		case !isText(a.header, a.body):
			kept.Body = noText + leftOut(string(a.body))
		case a.readErr != nil && a.readErr != errUnread: //nolint:errorlint // it is this very one
			kept.Body = a.hide.cutOff(string(a.body))
		default:
			kept.Body = a.hide.whole(string(a.body))
		}
	}
	return TrafficAnswer{kept.Status, replacedHeaders(kept.Header, by), []byte(by(kept.Body))}
}

// noText begins what is recorded of a body that is no text, so that it is none when it is replayed.
const noText = "\xff"

// replayed is a recorded answer with what this run has for the names in it.
func (t TrafficAnswer) replayed(names []string) answer {
	var back []string
	for i := 0; i+1 < len(names); i += 2 {
		back = append(back, names[i+1], names[i])
	}
	by := strings.NewReplacer(back...)
	a := answer{status: t.Status, header: http.Header{}, body: []byte(by.Replace(string(t.Body)))}
	for name, values := range t.Headers {
		for _, value := range values {
			a.header.Add(name, by.Replace(value))
		}
	}
	return a
}
