package cases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// What was exchanged with a vendor is an object of its own for each attempt, which the case's record refers to. It is
// written before the record. If it cannot be written, the vendor's answer counts all the same, and the reference states
// the failure.

// keepTime bounds how long an attempt waits for its exchange to be kept.
const keepTime = 2 * time.Second

// maxExchange is the largest exchange that is read, in bytes of JSON. Package connector bounds what it writes by less.
const maxExchange = 6 << 20

const exchangeType = "application/json"

// ExchangeRef is where to find what an attempt was.
type ExchangeRef struct {
	Kept        bool   `json:"kept"`
	ContentType string `json:"content_type,omitempty"`
	SHA256      string `json:"sha256,omitempty" personal:"digest"`
	Size        int    `json:"size,omitempty" personal:"digest"`
}

// Origin names an attempt, which may be another case's.
type Origin struct {
	Case string `json:"case"`
	Task string `json:"task"`
}

// Exchange is what one attempt at a vendor was. There is no secret in it.
type Exchange struct {
	Case   string         `json:"case"`
	Task   string         `json:"task"`
	Plugin string         `json:"plugin"`
	Calls  []ExchangeCall `json:"calls"`
}

// ExchangeCall is one request with its answer, or a callback.
type ExchangeCall struct {
	Step     string           `json:"step,omitempty"`
	Element  int              `json:"element,omitempty"`
	Page     int              `json:"page,omitempty"`
	At       time.Time        `json:"at"`
	Duration time.Duration    `json:"duration"`
	Request  *ExchangeRequest `json:"request,omitempty"`
	Answer   *ExchangeAnswer  `json:"answer,omitempty"`
	Error    string           `json:"error,omitempty"`
}

// ExchangeRequest is a request with the names of secrets in their place.
type ExchangeRequest struct {
	Method  string           `json:"method"`
	URL     string           `json:"url" personal:"text"`
	Headers []ExchangeHeader `json:"headers,omitempty"`
	Body    *ExchangeBody    `json:"body,omitempty"`
}

// ExchangeAnswer is an answer without secrets, or a callback.
type ExchangeAnswer struct {
	Status  int              `json:"status,omitempty"`
	Headers []ExchangeHeader `json:"headers,omitempty"`
	Body    *ExchangeBody    `json:"body,omitempty"`
}

// ExchangeHeader is a header.
type ExchangeHeader struct {
	Name  string `json:"name"`
	Value string `json:"value" personal:"text"`
}

// ExchangeBody is the body of a request or an answer.
type ExchangeBody struct {
	Text   string `json:"text,omitempty" personal:"text"`
	Base64 string `json:"base64,omitempty" personal:"text"`
	Bytes  int    `json:"bytes" personal:"digest"`
	Cut    bool   `json:"cut,omitempty"`
}

// ExchangeKey is where an exchange is stored. All its parts are ids.
func ExchangeKey(tenant, id, task string) string {
	return fmt.Sprintf("exchanges/%s/%s/%s", tenant, id, task)
}

// KeepExchange stores what was exchanged in an attempt and returns the reference to it; nil if there is nothing to
// store. It does not fail, and takes no longer than two seconds, whatever ctx has left: the vendor has been called, and
// no check waits for this.
func (s *Service) KeepExchange(ctx context.Context, tenant, id, task string, content []byte) *ExchangeRef {
	if content == nil {
		return nil
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	if err := s.Objects.Keep(within, ExchangeKey(tenant, id, task), exchangeType, content); err != nil {
		s.Metrics.Count("exchanges_unkept_total")
		return &ExchangeRef{}
	}
	sum := sha256.Sum256(content)
	return &ExchangeRef{Kept: true, ContentType: exchangeType, SHA256: hex.EncodeToString(sum[:]), Size: len(content)}
}

// calledBack is a callback that is to be kept with the change that it makes.
type calledBack struct {
	service *Service
	reply   Reply
	run     TaskRun
	kept    bool
}

// callback prepares keeping a callback; its id is one, however often the change is tried.
func (s *Service) callback(reply Reply) *calledBack {
	return &calledBack{service: s, reply: reply, run: TaskRun{
		ID: s.NewID("task"), State: reply.State, Visit: reply.Visit, Work: reply.Work, Source: "vendor", Name: reply.Plugin, Outcome: "done",
		StartedAt: s.Now().UTC(), Call: &Call{Via: ViaCallback},
	}}
}

// keep adds the callback to the account of the work's attempts. Errors: those of reading them.
func (c *calledBack) keep(ctx context.Context, d *draft) error {
	if c.reply.Plugin == "" {
		return nil
	}
	if !c.kept {
		attempts, err := c.service.attempted(ctx, Branch{Tenant: d.record.Tenant, Case: d.record.ID}, c.reply.State, c.reply.Visit, c.reply.Work)
		if err != nil {
			return err
		}
		c.run.Attempt, c.kept = attempts, true
		c.run.Call.Exchange = c.service.KeepExchange(ctx, d.record.Tenant, d.record.ID, c.run.ID, c.reply.Exchanged)
	}
	d.runs = append(d.runs, c.run)
	return nil
}

// Exchange returns what was exchanged in an attempt at a vendor. The view is recorded in the history. Errors: NotFound, also where nothing is kept of the attempt;
// DocumentDamaged when what is stored is not what was kept, or is gone; TooLarge.
func (s *Service) Exchange(ctx context.Context, p identity.Principal, id, task string) (Exchange, error) {
	if err := sees(p, id); err != nil {
		return Exchange{}, err
	}
	var found Exchange
	_, err := s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		var err error
		if found, err = s.exchange(ctx, p.Tenant, id, task); err != nil {
			return err
		}
		d.entry.Cause = CauseExchangeViewed
		d.detail("task", map[string]any{"id": task})
		return nil
	})
	return found, err
}

func (s *Service) exchange(ctx context.Context, tenant, id, task string) (Exchange, error) {
	runs, err := s.Store.TaskRuns(ctx, tenant, id)
	if err != nil {
		return Exchange{}, err
	}
	at := slices.IndexFunc(runs, func(r TaskRun) bool { return r.ID == task && !r.Unreadable })
	if at < 0 {
		return Exchange{}, problem.New(problem.NotFound, "There is no such attempt.")
	}
	call := runs[at].Call
	if call == nil || call.Exchange == nil || !call.Exchange.Kept {
		return Exchange{}, problem.New(problem.NotFound, "The exchange of this attempt was not stored.")
	}
	if call.Exchange.Size > maxExchange {
		return Exchange{}, problem.New(problem.TooLarge, "What is kept of the attempt %s has %d bytes, and at most %d can be shown.", task, call.Exchange.Size, maxExchange)
	}
	content, err := s.Objects.Read(ctx, ExchangeKey(tenant, id, task), maxExchange)
	if problem.CodeOf(err) == problem.NotFound {
		return Exchange{}, problem.New(problem.DocumentDamaged, "The stored exchange of the attempt %s no longer exists. Restore it from a backup.", task)
	}
	if err != nil {
		return Exchange{}, err
	}
	sum := sha256.Sum256(content)
	found := Exchange{}
	if hex.EncodeToString(sum[:]) != call.Exchange.SHA256 || json.Unmarshal(content, &found) != nil {
		return Exchange{}, problem.New(problem.DocumentDamaged, "What is stored of the attempt %s differs from what was kept. Restore it from a backup.", task)
	}
	found.Case, found.Task = id, task
	return found, nil
}
