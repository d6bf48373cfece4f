package connector

import (
	"slices"
	"strings"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// correlation is how a callback that arrives at the plugin's one fixed address finds the request that it answers.
type correlation struct {
	answer   *query // the vendor's id, in the answer that accepts the request
	callback *query // the same id, in the callback
	sent     *query // when the vendor first sent the callback; nil: it does not state that
}

type writtenCorrelation struct {
	Answer   string `json:"answer"`
	Callback string `json:"callback"`
	Sent     string `json:"sent"`
}

// maxVendorID is the longest id of a vendor, in bytes.
const maxVendorID = 500

// correlatePlace is where a plugin states how its callbacks find their requests.
const correlatePlace = "/callback/correlate"

// messageRoots are the names that expressions about a callback see before its case is known.
var messageRoots = []string{"body", "headers"}

func (s *source) correlation(w *writtenCorrelation) *correlation {
	if w == nil {
		return nil
	}
	if w.Sent == "" && !aboutRound(w.Answer) {
		s.warn(correlatePlace, "former_round", "write sent, or put case.round into the id where it is your own", "A vendor that assigns the same id to a repeated request sends callbacks about both: one about the former round would count for the new one.")
	}
	return &correlation{
		answer:   s.condition(correlatePlace+"/answer", w.Answer, answerRoots),
		callback: s.condition(correlatePlace+"/callback", w.Callback, messageRoots),
		sent:     s.condition(correlatePlace+"/sent", w.Sent, messageRoots),
	}
}

// Correlates reports whether the vendor calls back at one fixed address for all cases, so that its own id identifies the request.
func (p *Plugin) Correlates() bool { return p.callback != nil && p.callback.correlate != nil }

// vendorID is the id that an expression finds; "" if there is none.
func vendorID(q *query, scope map[string]any) string {
	value, err := q.value(scope)
	if err != nil {
		return ""
	}
	switch value.(type) {
	case string, float64:
	default:
		return ""
	}
	id, _ := scalar(value)
	if len(id) > maxVendorID {
		return ""
	}
	return strings.TrimSpace(id)
}

// correlated is the vendor's id in an answer that accepts the request. Errors: VendorGarbage.
func (p *Plugin) correlated(scope map[string]any) (string, error) {
	if !p.Correlates() {
		return "", nil
	}
	id := vendorID(p.callback.correlate.answer, scope)
	if id == "" {
		return "", problem.New(problem.VendorGarbage, "The answer of %s is not valid.", p.ID).
			With("response.body", "correlation", "has no id by which the callback could be found: see callback.correlate.answer")
	}
	return id, nil
}

// CorrelationID is the vendor's id in the callback; "": it has none.
func (r *Received) CorrelationID() string {
	if r.unreadable != nil || !r.plugin.Correlates() {
		return ""
	}
	return vendorID(r.plugin.callback.correlate.callback, r.scope())
}

// SentAt is when the vendor first sent the callback, as callback.correlate.sent has it: RFC 3339, or seconds or milliseconds
// since 1970. The zero time: it does not state that.
func (r *Received) SentAt() time.Time {
	if r.unreadable != nil || !r.plugin.Correlates() || r.plugin.callback.correlate.sent == nil {
		return time.Time{}
	}
	value, err := r.plugin.callback.correlate.sent.value(r.scope())
	if err != nil {
		return time.Time{}
	}
	switch v := value.(type) {
	case string:
		at, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return time.Time{}
		}
		return at
	case float64:
		if v < 0 || v > 1e15 {
			return time.Time{}
		}
		if v >= 1e11 { // in seconds it would be in the year 5138
			return time.UnixMilli(int64(v))
		}
		return time.Unix(int64(v), 0)
	}
	return time.Time{}
}

// aboutRound reports whether the id is derived from the round, so that each has its own.
func aboutRound(query string) bool {
	paths, everything := expr.QueryReads(query)
	return !everything && slices.ContainsFunc(paths, func(path []string) bool { return len(path) == 2 && path[0] == "case" && path[1] == "round" })
}

// aboutCase reports whether an expression of a callback reads the case, or what was kept of the acceptance.
func aboutCase(query string) bool { return boundToCase(query) || readsName(query, "agrees") }

// boundToCase is aboutCase without what is compared of the person.
func boundToCase(query string) bool { return readsName(query, "case") || readsName(query, "accepted") }

// readsName reports whether an expression reads what has a name, or everything.
func readsName(query, name string) bool {
	paths, everything := expr.QueryReads(query)
	return everything || slices.ContainsFunc(paths, func(path []string) bool { return len(path) == 0 || path[0] == name })
}
