package httpapi

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"ballerine/internal/idempotency"
	"ballerine/internal/problem"
)

type ctx = context.Context

// once runs a call under its Idempotency-Key: repeating it returns the same answer. A call whose process died is taken
// over, which creates nothing twice, because the ids of what it creates are derived from the key.
func (s *server) once(w http.ResponseWriter, r *http.Request, op operation, handler func(http.ResponseWriter, *http.Request)) {
	ctx := r.Context()
	there, mine, err := s.begin(r, op)
	switch {
	case err != nil:
		writeProblem(ctx, w, err)
		return
	case !mine:
		s.replay(ctx, w, there)
		return
	}
	ctx = context.WithValue(ctx, callKey{}, there.Name())
	ctx = context.WithValue(ctx, idKey{}, there.ID())
	ctx = context.WithValue(ctx, againKey{}, there.Again)
	kept := &recorder{header: w.Header()}
	finished := false
	defer func() {
		if !finished { // it panicked; the reservation must not block repetitions
			_ = s.calls.Fail(ctx, there)
		}
	}()
	handler(kept, r.WithContext(ctx))
	err = s.end(ctx, there, kept)
	finished = true
	if err != nil { // what was done stands; the key can be taken over later
		s.log(ctx, op.OperationID, err)
	}
	w.WriteHeader(kept.status)
	_, _ = w.Write(kept.body.Bytes()) // the caller has gone: the error cannot be reported
}

func (s *server) begin(r *http.Request, op operation) (idempotency.Reservation, bool, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return idempotency.Reservation{}, false, problem.Wrap(err, problem.Timeout, "The body could not be read to its end.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	p := principalOf(r.Context())
	return s.calls.Begin(r.Context(), idempotency.Call{
		Tenant: p.Tenant, Operation: op.OperationID, Caller: p.ID + "\x00" + p.Case, Key: r.Header.Get("Idempotency-Key"),
		Target: r.URL.RequestURI(), Body: body,
	})
}

// end keeps a success, frees the key of what was refused, and lets a repetition take over if it is unknown what was
// done: a conflict may be one with the call's own write.
func (s *server) end(ctx context.Context, there idempotency.Reservation, kept *recorder) error {
	switch {
	case kept.status >= 200 && kept.status < 300:
		return s.calls.End(ctx, there, answerOf(kept))
	case kept.status >= 500, kept.status == http.StatusConflict:
		return s.calls.Fail(ctx, there)
	}
	return s.calls.Refuse(ctx, there)
}

func answerOf(kept *recorder) idempotency.Answer {
	answer := idempotency.Answer{Status: kept.status, Header: map[string]string{}, Body: kept.body.Bytes()}
	for _, name := range []string{"Content-Type", "Location", "Etag"} {
		if value := kept.header.Get(name); value != "" {
			answer.Header[name] = value
		}
	}
	return answer
}

func (s *server) replay(ctx context.Context, w http.ResponseWriter, there idempotency.Reservation) {
	answer, err := s.calls.Answer(there)
	if err != nil {
		if problem.CodeOf(err) == problem.IdempotencyInFlight {
			w.Header().Set("Retry-After", "1")
		}
		writeProblem(ctx, w, err)
		return
	}
	for name, value := range answer.Header {
		w.Header().Set(name, value)
	}
	w.Header().Set("Idempotency-Replayed", "true")
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body) // the caller has gone: the error cannot be reported
}
