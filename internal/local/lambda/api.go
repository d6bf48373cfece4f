package lambda

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// handler is the Runtime API. The environment's id comes before the version: AWS_LAMBDA_RUNTIME_API is host:port/<id>.
func (s *Server) handler() http.Handler {
	const base = "/{environment}/2018-06-01/runtime/"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"invocation/next", s.with(s.next))
	mux.HandleFunc("POST "+base+"invocation/{id}/response", s.with(s.response))
	mux.HandleFunc("POST "+base+"invocation/{id}/error", s.with(s.invocationError))
	mux.HandleFunc("POST "+base+"init/error", s.with(s.initError))
	return mux
}

func (s *Server) with(handle func(*environment, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mutex.Lock()
		e := s.environments[r.PathValue("environment")]
		s.mutex.Unlock()
		if e == nil {
			http.Error(w, `{"errorType":"UnknownEnvironment"}`, http.StatusForbidden)
			return
		}
		handle(e, w, r)
	}
}

func (s *Server) next(e *environment, w http.ResponseWriter, r *http.Request) {
	e.polls()
	var call *invocation
	select {
	case call = <-e.work:
	case <-e.exited:
		return
	case <-r.Context().Done():
		return
	}
	e.take(call)
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Lambda-Runtime-Aws-Request-Id", call.id)
	header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(call.deadline.UnixMilli(), 10))
	header.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:000000000000:function:"+e.function.Name)
	header.Set("Lambda-Runtime-Trace-Id", "Root=1-"+call.id[:8]+"-"+call.id[9:13]+call.id[14:18]+call.id[19:23]+call.id[24:36]+";Sampled=0")
	_, _ = w.Write(call.payload) // a process that is gone is seen by its exit
}

func (s *Server) response(e *environment, w http.ResponseWriter, r *http.Request) {
	body, ok := read(w, r)
	if !ok {
		return
	}
	if call, ok := e.finish(r.PathValue("id")); ok {
		call.succeed(body)
		accepted(w)
		return
	}
	http.Error(w, `{"errorType":"InvalidRequestID"}`, http.StatusBadRequest)
}

func (s *Server) invocationError(e *environment, w http.ResponseWriter, r *http.Request) {
	body, ok := read(w, r)
	if !ok {
		return
	}
	if call, ok := e.finish(r.PathValue("id")); ok {
		call.fail(failureIn(body, r))
		accepted(w)
		return
	}
	http.Error(w, `{"errorType":"InvalidRequestID"}`, http.StatusBadRequest)
}

func (s *Server) initError(e *environment, w http.ResponseWriter, r *http.Request) {
	body, ok := read(w, r)
	if !ok {
		return
	}
	e.mutex.Lock()
	e.failed = failureIn(body, r)
	e.mutex.Unlock()
	accepted(w)
}

// read reads a body within Lambda's limit.
func read(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if err != nil {
		http.Error(w, `{"errorType":"Function.ResponseSizeTooLarge"}`, http.StatusRequestEntityTooLarge)
		return nil, false
	}
	return body, true
}

func failureIn(body []byte, r *http.Request) *InvokeError {
	var failure InvokeError
	if err := json.Unmarshal(body, &failure); err != nil || failure.Type == "" {
		failure.Type = r.Header.Get("Lambda-Runtime-Function-Error-Type")
	}
	if failure.Type == "" {
		failure.Type = "Runtime.Unknown"
	}
	return &failure
}

func accepted(w http.ResponseWriter) {
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}
