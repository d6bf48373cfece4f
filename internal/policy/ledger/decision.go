package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"ballerine/internal/problem"
)

// MaxBytes bounds a decision as it is kept, compressed. What is larger is kept without its input; see Head.Omitted.
const MaxBytes = 350 << 10

// Head is what a decision was, without what it saw. It holds no personal data.
type Head struct {
	ID       string            `json:"id"` // "dec_" + ULID
	Tenant   string            `json:"tenant"`
	Policy   string            `json:"policy"`
	Version  int               `json:"version"`          // 0: a challenger has decided, see Trial
	Digest   string            `json:"digest"`           // "sha256:…" of the policy's source, or of the challenger's
	Engine   int               `json:"engine,omitempty"` // rules.Revision that decided; 0: the first, before it was kept
	At       time.Time         `json:"at"`               // the time that the policy was evaluated at, with nanoseconds
	Outcome  string            `json:"outcome"`
	Score    float64           `json:"score"`
	Severity string            `json:"severity"`
	Fired    []string          `json:"fired"`
	Editions map[string]string `json:"editions,omitempty"` // editions of the lists that it used, by name
	Calls    map[string]int    `json:"calls,omitempty"`    // versions of the policies that it may call, by id
	Case     string            `json:"case,omitempty"`
	Subject  string            `json:"subject,omitempty"`
	Took     time.Duration     `json:"took"`              // nanoseconds of the evaluation
	Trial    *Side             `json:"trial,omitempty"`   // that decided between the live version and a challenger
	Shadow   *Shadow           `json:"shadow,omitempty"`  // the decision of the draft
	Omitted  []string          `json:"omitted,omitempty"` // parts that were too large to be stored: input, trace, fired

	// Unreadable marks a decision that exists but cannot be decoded: of most only the place is known. It is never stored.
	Unreadable bool `json:"unreadable,omitempty"`
}

// UnreadableDecision represents a decision that exists but cannot be decoded: it is listed by its place, never skipped.
func UnreadableDecision(tenant, policy, place string) Sealed {
	at, id, _ := strings.Cut(place, "#")
	h := Head{ID: id, Tenant: tenant, Policy: policy, Fired: []string{}, Unreadable: true}
	h.At, _ = time.Parse(time.RFC3339Nano, at) // a place of ours
	return Sealed{Head: h}
}

// Decision is a decision with what it saw.
type Decision struct {
	Head
	Input  json.RawMessage `json:"input,omitempty"`  // absent: see Omitted
	Answer json.RawMessage `json:"answer,omitempty"` // as the caller got it
}

// Sealed is a decision as stores keep it.
type Sealed struct {
	Head
	Body []byte // input and answer, compressed; nil in lists of heads
}

// Filter states which decisions are meant. The zero value means all.
type Filter struct {
	From    time.Time // from this time on
	To      time.Time // before this time
	Outcome string
	Version int
	Case    string
	Trial   string // only decisions of this trial: made by either side, or evaluated by its shadow
}

// Query is a page of a list.
type Query struct {
	Filter
	After  string // where the former page ended
	Limit  int
	Bodies bool // read what the decisions saw, too
}

// Budget is how many decisions a page of a list examines, so that filters with few matches answer quickly, too. Such a
// page may have fewer than Limit decisions and still have a next one.
const Budget = 5000

// Store keeps decisions. The behaviour is defined by internal/store/storetest, which runs against every adapter.
type Store interface {
	// PutDecision adds a decision unless one with its id exists, and returns the one that is kept. Errors: Conflict when
	// another write of the same id is under way.
	PutDecision(ctx context.Context, d Sealed) (kept Sealed, err error)
	// Decision reads one with its body. Errors: NotFound.
	Decision(ctx context.Context, tenant, policy, id string) (Sealed, error)
	// Decisions lists those of a policy, the newest first; one whose head cannot be decoded as an UnreadableDecision. next is ""
	// after the last page.
	Decisions(ctx context.Context, tenant, policy string, query Query) (page []Sealed, next string, err error)
}

// Matches reports whether a decision passes the filter. One that cannot be read passes every condition except those on
// its time, because it may match.
func (f Filter) Matches(h Head) bool {
	if !f.From.IsZero() && h.At.Before(f.From) || !f.To.IsZero() && !h.At.Before(f.To) {
		return false
	}
	return h.Unreadable || (f.Outcome == "" || h.Outcome == f.Outcome) && (f.Version == 0 || h.Version == f.Version) && (f.Case == "" || h.Case == f.Case) &&
		(f.Trial == "" || h.triedIn(f.Trial))
}

// Stamp sorts as its time does, to the nanosecond.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

// Place is the position of a decision in the list of its policy.
func (h Head) Place() string { return Stamp(h.At) + "#" + h.ID }

// Named reports whether ids can be part of a key: no id of ours has the signs that separate keys.
func Named(ids ...string) bool {
	for _, id := range ids {
		if id == "" || len(id) > 200 || strings.ContainsAny(id, "#\x00") {
			return false
		}
	}
	return true
}

// Seal compresses a decision. What makes it too large is left out, the input first, and the head states it: the decision
// itself is never lost.
func Seal(d Decision) (Sealed, error) {
	s := Sealed{Head: d.Head}
	for _, omit := range []string{"", "input", "trace", "fired"} {
		switch omit {
		case "":
		case "input":
			d.Input = nil
		case "trace":
			d.Answer = withoutTrace(d.Answer)
		case "fired":
			d.Answer, s.Fired = nil, []string{}
		}
		if omit != "" {
			s.Omitted = append(s.Omitted, omit)
		}
		measured := s.Head
		measured.Trial, measured.Shadow = nil, nil // small, and no reason to keep less of the decision: see maxShadow
		head, err := json.Marshal(measured)
		if err != nil {
			return s, problem.Wrap(err, problem.Internal, "A decision could not be encoded.")
		}
		if s.Body, err = pack(d.Input, d.Answer); err != nil {
			return s, err
		}
		if len(head)+len(s.Body) <= MaxBytes {
			return s, nil
		}
	}
	return s, problem.New(problem.TooLarge, "A decision can have at most %d KB.", MaxBytes>>10)
}

func withoutTrace(answer json.RawMessage) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(answer, &members) != nil {
		return nil
	}
	members["trace"] = json.RawMessage("[]")
	delete(members, "calls") // they have traces, too
	text, err := json.Marshal(members)
	if err != nil {
		return nil
	}
	return text
}

// Listed is the decision as a list shows it: one that cannot be read hides no other.
func (s Sealed) Listed() Decision {
	d, err := s.Open()
	if err != nil {
		d.Unreadable = true
	}
	return d
}

// errHead is of a decision of which only the place is known.
var errHead = errors.New("its head cannot be decoded")

// Open reads what the decision saw. Errors: Internal when the body is not one.
func (s Sealed) Open() (Decision, error) {
	d := Decision{Head: s.Head}
	if s.Unreadable {
		return d, unreadable(errHead)
	}
	if len(s.Body) == 0 {
		return d, nil
	}
	input, answer, err := unpack(s.Body)
	if err != nil {
		return d, err
	}
	if len(input) > 0 {
		d.Input = input
	}
	if len(answer) > 0 {
		d.Answer = answer
	}
	return d, nil
}
