package connector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"ballerine/internal/expr"
)

// Limits of how long answers are used again, and of the size of what is kept of an attempt.
const (
	minCached = time.Minute
	maxCached = 30 * 24 * time.Hour
	maxKept   = 300_000 // bytes of JSON: an item of the store has at most 400 KB
)

type writtenCache struct {
	TTL string `json:"ttl"`
}

// Kept is what an attempt was answered, to be used again for the same requests.
type Kept struct {
	Key     string    // of tenant, plugin, its definition and the first request
	Content []byte    // JSON; nil: it is too large to be kept
	Until   time.Time // when it must no longer be used
}

const cachePlace = "/cache"

// neverCached are the shapes of calls that are made for their effect: skipping a call would lose the effect.
var neverCached = []string{"message/1", "record/1"}

// cache compiles for how long answers are used again; 0: never. requests are the expressions of the requests.
func (s *source) cache(w written, requests []string) time.Duration {
	if w.Cache == nil {
		return 0
	}
	switch {
	case w.Mode == "callback":
		s.report(cachePlace, "mode", "remove it", "Answers of a plugin in callback mode are not used again: each is about a session of its own.")
	case slices.Contains(neverCached, w.Shape):
		s.report(cachePlace, "shape", "remove it", "Calls of the shape %s are made for their effect: a reused answer would have none.", w.Shape)
	case slices.ContainsFunc(requests, namesCase):
		s.warn(cachePlace, "never_found", "leave the case out of the request", "The request has something of the case in it that is its own, so no other case sends the same one, and no answer is used again.")
	}
	return s.duration(cachePlace+"/ttl", w.Cache.TTL, 0, minCached, maxCached)
}

// namesCase reports whether an expression reads what only one case has.
func namesCase(query string) bool {
	paths, everything := expr.QueryReads(query)
	return everything || slices.ContainsFunc(paths, func(path []string) bool {
		return len(path) > 0 && (path[0] == "case" || path[0] == "callback_url")
	})
}

// Caches reports for how long the plugin's answers are used again; 0: never.
func (p *Plugin) Caches() time.Duration { return p.cached }

// errNotKept is of a request whose answer is not kept.
var errNotKept = errors.New("no answer to this request is kept")

// tape has answers by the digests of the requests. It is safe for concurrent use.
type tape struct {
	find func(first string) (map[string]keptAnswer, error) // nil: it records

	mutex   sync.Mutex
	answers map[string]keptAnswer
	partial bool // something is missing in what it has
}

// tapeKey is the tape of an attempt, in its context.
type tapeKey struct{}

func tapeOf(ctx context.Context) *tape {
	found, _ := ctx.Value(tapeKey{}).(*tape)
	return found
}

// keptAnswer is an answer without the secrets of its request.
type keptAnswer struct {
	Status int         `json:"status"`
	Header http.Header `json:"header,omitempty"`
	Body   string      `json:"body,omitempty"`
}

// keptTape is what is kept of an attempt.
type keptTape struct {
	At      time.Time             `json:"at"`
	Origin  Origin                `json:"origin,omitzero"`
	Answers map[string]keptAnswer `json:"answers"`
}

// plays reports whether the tape answers instead of the vendor.
func (t *tape) plays() bool { return t != nil && t.find != nil }

// play is the answer to a request. Errors: errNotKept, those of find.
func (t *tape) play(r *prepared) (answer, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.answers == nil {
		found, err := t.find(r.digest)
		if err != nil {
			return answer{}, err
		}
		t.answers = found
	}
	found, ok := t.answers[r.digest]
	if !ok {
		return answer{}, errNotKept
	}
	return answer{status: found.Status, header: found.Header.Clone(), body: []byte(found.Body)}, nil
}

// record notes an answer.
func (t *tape) record(p *Plugin, r *prepared, a answer, err error) {
	if t == nil {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	kept, ok := keptAnswer{}, false
	if err == nil {
		kept, ok = a.kept(p)
	}
	if !ok {
		t.partial = true
		return
	}
	if t.answers == nil {
		t.answers = map[string]keptAnswer{}
	}
	t.answers[r.digest] = kept
}

// hide makes sure that nothing is kept that has something in it which became known only after the answer.
func (t *tape) hide(by *hider) {
	if t == nil {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, one := range t.answers {
		if by.Replace(one.Body) != one.Body || !reflect.DeepEqual(shownHeaders(one.Header, by), one.Header) {
			t.partial = true
		}
	}
}

// spoil notes that something is missing in what was answered.
func (t *tape) spoil() {
	if t != nil {
		t.mutex.Lock()
		defer t.mutex.Unlock()
		t.partial = true
	}
}

// kept is the answer as it may be written down; false where it cannot be read.
func (a answer) kept(p *Plugin) (keptAnswer, bool) {
	if a.readErr != nil || len(a.body) > maxAnswer || !utf8.Valid(a.body) {
		return keptAnswer{}, false
	}
	body, ok := a.written(p)
	return keptAnswer{a.status, shownHeaders(a.header, a.hide), body}, ok
}

// written is the body without the secrets of the attempt: unchanged if it repeats none.
func (a answer) written(p *Plugin) (string, bool) {
	if p.answer.format == noFormat {
		return "", true
	}
	value, err := p.bodyOf(answer{header: a.header, body: a.body})
	if err != nil {
		return "", false
	}
	if a.hide == nil {
		return string(a.body), true
	}
	if text, ok := value.(string); ok && p.answer.format == textFormat {
		return a.hide.whole(text), true
	}
	value, changed := replaced(value, a.hide.whole)
	if !changed {
		return string(a.body), true
	}
	content, err := json.Marshal(value)
	return string(content), err == nil
}

// kept is what may be reused of an attempt that has succeeded; nil: nothing.
func (c *Client) kept(p *Plugin, call Call, t *tape, outcome Outcome) *Kept {
	if t == nil || t.partial || outcome.Awaiting || len(t.answers) == 0 {
		return nil
	}
	first := outcome.Trace.digest
	if len(outcome.Trace.Calls) > 0 {
		first = outcome.Trace.Calls[0].digest
	}
	kept := &Kept{Key: p.keptKey(call.Tenant, first), Until: c.now().Add(p.cached)}
	content, err := json.Marshal(keptTape{At: c.now().UTC(), Origin: Origin{call.Case, call.Task}, Answers: t.answers})
	if err == nil && len(content) <= maxKept {
		kept.Content = content
	}
	return kept
}

// keptKey names answers: the same request of the same plugin and tenant finds them. A changed definition has another key.
func (p *Plugin) keptKey(tenant, first string) string {
	sum := sha256.New()
	for _, part := range []string{tenant, p.ID, p.digest, first} {
		sum.Write([]byte(part + "\x00"))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Recall is what the plugin would answer now by the stored answers to the same requests: they are read, checked and
// mapped again, for this case. Nothing is sent. false: an answer is not stored, or could not be used. find returns the
// content under a key that is still valid, or nil; its errors are returned.
func (c *Client) Recall(ctx context.Context, p *Plugin, call Call, find func(key string) ([]byte, error)) (outcome Outcome, found bool, err error) {
	if p.cached == 0 || call.Anew {
		return Outcome{}, false, nil
	}
	var at time.Time
	var origin Origin
	var failure error
	t := &tape{find: func(first string) (map[string]keptAnswer, error) {
		content, err := find(p.keptKey(call.Tenant, first))
		failure = err
		var kept keptTape
		if err != nil || content == nil || json.Unmarshal(content, &kept) != nil {
			return nil, errNotKept
		}
		at, origin = kept.At, kept.Origin
		return kept.Answers, nil
	}}
	player := &Client{Secrets: c.Secrets, Files: c.Files, Settings: c.Settings, Now: c.Now, UserAgent: c.UserAgent, inOrder: true}
	outcome, err = player.attempt(context.WithValue(ctx, tapeKey{}, t), p, call)
	if failure != nil || err != nil {
		return Outcome{}, false, failure // whatever else went wrong is for the call itself to find
	}
	outcome.Trace.recalled(at)
	outcome.Trace.Origin = origin
	return outcome, true, nil
}

// recalled records that no vendor was called.
func (t *Trace) recalled(at time.Time) {
	t.Recalled, t.Charged = at, false
	for i := range t.Calls {
		t.Calls[i].Charged = false
	}
}
