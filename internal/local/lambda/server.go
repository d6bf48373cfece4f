package lambda

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxPayload is Lambda's limit for a synchronous invocation, in bytes.
const maxPayload = 6 << 20

// Function is a compiled function and how it is run.
type Function struct {
	Name        string
	Bootstrap   string   // path of the binary
	Env         []string // NAME=value, added to what Lambda itself sets
	Timeout     time.Duration
	InitTimeout time.Duration // default 10 s, as on AWS
	Concurrency int           // environments at most; default 1
}

// Config is what a Server needs.
type Config struct {
	Functions []Function
	Logs      io.Writer // what the functions write; io.Discard if nil
}

// InvokeError is how a failed invocation ends, as Step Functions sees it.
type InvokeError struct {
	Type    string `json:"errorType"` // a problem code, Runtime.ExitError, Sandbox.Timedout, …
	Message string `json:"errorMessage"`
}

func (e *InvokeError) Error() string { return e.Type + ": " + e.Message }

// Server is a Lambda Runtime API and the processes behind it. Close it, or its children stay until this process ends.
type Server struct {
	listener     net.Listener
	http         *http.Server
	functions    map[string]*function
	mutex        sync.Mutex
	environments map[string]*environment
	closed       bool
	running      sync.WaitGroup
}

// New listens on a free port of 127.0.0.1. Environments are started when they are first needed.
func New(config Config) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the runtime API: %w", err)
	}
	logs := config.Logs
	if logs == nil {
		logs = io.Discard
	}
	s := &Server{listener: listener, functions: map[string]*function{}, environments: map[string]*environment{}}
	for _, f := range config.Functions {
		if f.Timeout <= 0 {
			_ = listener.Close()
			return nil, fmt.Errorf("function %s has no timeout", f.Name)
		}
		f.Concurrency = max(1, f.Concurrency)
		if f.InitTimeout <= 0 {
			f.InitTimeout = 10 * time.Second
		}
		s.functions[f.Name] = &function{Function: f, slots: make(chan struct{}, f.Concurrency), logs: &lockedWriter{to: logs}}
	}
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	s.running.Go(func() { _ = s.http.Serve(listener) }) // ends with ErrServerClosed when closed
	return s, nil
}

// Invoke calls a function and waits for its answer. A function that fails returns an *InvokeError; err is for everything
// else: an unknown function, a closed server, a caller that gave up. A caller that gives up does not stop the function.
func (s *Server) Invoke(ctx context.Context, name string, payload []byte) ([]byte, *InvokeError, error) {
	f, ok := s.functions[name]
	if !ok {
		return nil, nil, fmt.Errorf("no function is named %s", name)
	}
	if len(payload) > maxPayload {
		return nil, nil, fmt.Errorf("the payload of %d bytes is above Lambda's limit of %d", len(payload), maxPayload)
	}
	select {
	case f.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	call := newInvocation(payload)
	s.mutex.Lock()
	if s.closed {
		s.mutex.Unlock()
		<-f.slots
		return nil, nil, errors.New("the runtime server is closed")
	}
	s.running.Go(func() { s.run(f, call) })
	s.mutex.Unlock()
	select {
	case <-call.done:
		return call.answer, call.failure, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// Close ends every child, waits for them, and stops serving.
func (s *Server) Close() error {
	s.mutex.Lock()
	s.closed = true
	for _, e := range s.environments {
		e.kill()
	}
	s.mutex.Unlock()
	err := s.http.Close()
	s.running.Wait()
	return err
}

// run sees one invocation to its end, in an idle environment or a new one.
func (s *Server) run(f *function, call *invocation) {
	defer func() { <-f.slots }()
	for {
		e := f.takeIdle()
		if e == nil {
			var failure *InvokeError
			if e, failure = s.boot(f); failure != nil {
				call.fail(failure)
				return
			}
		}
		select {
		case e.work <- call:
			s.watch(e, call)
			return
		case <-e.exited: // it ended while idle: the next one takes the call
		}
	}
}

// boot starts an environment and waits for its first request for work.
func (s *Server) boot(f *function) (*environment, *InvokeError) {
	e, err := s.start(f)
	if err != nil {
		return nil, &InvokeError{Type: "Runtime.InvalidEntrypoint", Message: err.Error()}
	}
	limit := time.NewTimer(f.InitTimeout)
	defer limit.Stop()
	select {
	case <-e.ready:
		return e, nil
	case <-e.exited:
		return nil, e.initFailure()
	case <-limit.C:
		e.kill()
		<-e.exited
		return nil, &InvokeError{Type: "Sandbox.Timedout", Message: "the init phase was longer than " + f.InitTimeout.String()}
	}
}

// watch waits until the environment has answered and asked for more, has ended, or is out of time.
func (s *Server) watch(e *environment, call *invocation) {
	limit := time.NewTimer(e.function.Timeout)
	defer limit.Stop()
	select {
	case <-call.done:
		select {
		case <-e.polled: // an invocation ends with the next request for work
			e.function.putIdle(e)
		case <-e.exited:
		case <-limit.C:
			e.kill()
			<-e.exited
		}
	case <-e.exited:
		call.fail(&InvokeError{Type: "Runtime.ExitError", Message: "the function's process ended: " + e.status()})
	case <-limit.C:
		e.kill()
		<-e.exited
		call.fail(&InvokeError{Type: "Sandbox.Timedout", Message: "Task timed out after " + e.function.Timeout.String()})
	}
}

type lockedWriter struct {
	mutex sync.Mutex
	to    io.Writer
}

// Write implements io.Writer.
func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.to.Write(p)
}
