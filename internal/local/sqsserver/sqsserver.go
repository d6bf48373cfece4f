// Package sqsserver serves the part of the SQS API that the functions use, and invokes the functions behind the queues
// as Lambda's event source mappings do: each message separately, again if it failed, and a group's messages in turns
// with those of the others. Messages are in memory: the tables are the source of truth, and the sweep finds what is
// lost. It does not verify signatures.
package sqsserver

import (
	"context"
	"crypto/md5" //nolint:gosec // required by the protocol
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"ballerine/internal/fair"
)

// Invoker calls a function.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) ([]byte, error)
}

// Config is what a Server needs.
type Config struct {
	Functions map[string]string // queue -> the function behind it
	Invoker   Invoker
	Logger    *slog.Logger
}

// Server is the queues.
type Server struct {
	Config
	ctx  context.Context // ends with the server
	pool *fair.Pool
	all  sync.WaitGroup
}

// attempts are how often a message is handed over; again is the pause between them.
const (
	attempts = 5
	again    = 5 * time.Second
)

// New makes a Server that works until ctx ends.
func New(ctx context.Context, config Config) *Server {
	return &Server{Config: config, ctx: ctx, pool: fair.New(fair.Limits{Total: 4, PerTenant: 2, PerReceiver: 2, Waiting: 10_000})}
}

// Wait returns when no message is under way.
func (s *Server) Wait() { s.all.Wait() }

// request is a SendMessageBatch.
type request struct {
	QueueURL string  `json:"QueueUrl"`
	Entries  []entry `json:"Entries"`
}

type entry struct {
	ID    string `json:"Id"`
	Body  string `json:"MessageBody"`
	Delay int    `json:"DelaySeconds"`
	Group string `json:"MessageGroupId"`
}

// result is the answer about a message that was taken.
type result struct {
	ID        string `json:"Id"`
	MessageID string `json:"MessageId"`
	MD5       string `json:"MD5OfMessageBody"`
}

// ServeHTTP answers the AWS JSON 1.0 protocol.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked request
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || json.Unmarshal(body, &asked) != nil {
		fail(w, "SerializationException", "The body cannot be read.")
		return
	}
	if _, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); action != "SendMessageBatch" {
		fail(w, "UnknownOperationException", "This endpoint knows SendMessageBatch.")
		return
	}
	function, ok := s.Functions[path.Base(asked.QueueURL)]
	if !ok {
		fail(w, "com.amazonaws.sqs#QueueDoesNotExist", "There is no such queue.")
		return
	}
	taken := []result{}
	for _, e := range asked.Entries {
		id, sum := ulid.Make().String(), md5.Sum([]byte(e.Body)) //nolint:gosec // see above
		taken = append(taken, result{e.ID, id, hex.EncodeToString(sum[:])})
		s.after(time.Duration(e.Delay)*time.Second, func() { s.offer(function, id, e, 1) })
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(map[string]any{"Successful": taken, "Failed": []any{}}) // the caller may be gone
}

// after runs something later, unless the server ends before.
func (s *Server) after(pause time.Duration, run func()) {
	s.all.Go(func() {
		select {
		case <-time.After(pause):
			run()
		case <-s.ctx.Done():
		}
	})
}

// offer lets a message be handed over when it is its group's turn.
func (s *Server) offer(function, id string, e entry, attempt int) {
	s.all.Add(1)
	taken := s.pool.Go(function+" "+e.Group, "", func() {
		defer s.all.Done()
		if s.ctx.Err() != nil || s.handOver(function, id, e) {
			return
		}
		if attempt == attempts {
			s.Logger.Warn("a message was handed over in vain", "function", function, "attempts", attempt)
			return
		}
		s.after(again, func() { s.offer(function, id, e, attempt+1) })
	})
	if !taken {
		s.all.Done()
	}
}

// handOver invokes the function, and reports whether the message is done.
func (s *Server) handOver(function, id string, e entry) bool {
	payload, err := json.Marshal(map[string]any{"Records": []any{map[string]any{"messageId": id, "body": e.Body, "eventSource": "aws:sqs"}}})
	if err != nil {
		return true
	}
	answer, err := s.Invoker.Invoke(s.ctx, function, payload)
	var failed struct {
		Failures []any `json:"batchItemFailures"`
	}
	return err == nil && (json.Unmarshal(answer, &failed) != nil || len(failed.Failures) == 0)
}

func fail(w http.ResponseWriter, kind, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": kind, "message": message}) // the caller may be gone
}
