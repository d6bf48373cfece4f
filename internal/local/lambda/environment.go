package lambda

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

type function struct {
	Function
	slots chan struct{} // one for each invocation under way
	logs  *lockedWriter

	mutex sync.Mutex
	idle  []*environment
}

func (f *function) takeIdle() *environment {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if len(f.idle) == 0 {
		return nil
	}
	e := f.idle[len(f.idle)-1]
	f.idle = f.idle[:len(f.idle)-1]
	return e
}

func (f *function) putIdle(e *environment) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.idle = append(f.idle, e)
}

// environment is one process of a function.
type environment struct {
	id       string
	function *function
	command  *exec.Cmd
	work     chan *invocation
	ready    chan struct{} // closed at the first request for work
	polled   chan struct{} // one for each later request for work
	exited   chan struct{}

	mutex   sync.Mutex
	first   bool
	current *invocation
	failed  *InvokeError // as reported by /init/error
}

// start starts a process and stays with it until it ends. The thread that starts a child is kept until then, because
// the child is ended when that thread does.
func (s *Server) start(f *function) (*environment, error) {
	e := &environment{
		id: randomID(), function: f, work: make(chan *invocation),
		ready: make(chan struct{}), polled: make(chan struct{}, 1), exited: make(chan struct{}),
	}
	e.command = exec.Command(f.Bootstrap)
	e.command.Dir = filepath.Dir(f.Bootstrap)
	e.command.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + s.listener.Addr().String() + "/" + e.id,
		"AWS_LAMBDA_FUNCTION_NAME=" + f.Name, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512",
		"_HANDLER=bootstrap", "LAMBDA_TASK_ROOT=" + e.command.Dir, "TZ=:UTC", "TMPDIR=" + os.TempDir(), "PATH=/usr/bin:/bin",
	}, f.Env...)
	e.command.Stdout, e.command.Stderr = f.logs, f.logs
	e.command.WaitDelay = 5 * time.Second
	dieWithParent(e.command)

	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closed {
		return nil, fmt.Errorf("the runtime server is closed")
	}
	begun := make(chan error, 1)
	s.running.Go(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := e.command.Start()
		begun <- err
		if err != nil {
			return
		}
		_ = e.command.Wait() // status reads how it ended
		s.mutex.Lock()
		delete(s.environments, e.id)
		s.mutex.Unlock()
		close(e.exited)
	})
	if err := <-begun; err != nil {
		return nil, fmt.Errorf("start %s: %w", f.Name, err)
	}
	s.environments[e.id] = e
	return e, nil
}

func (e *environment) kill() { killGroup(e.command) }

func (e *environment) status() string { return e.command.ProcessState.String() }

func (e *environment) initFailure() *InvokeError {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.failed != nil {
		return e.failed
	}
	return &InvokeError{Type: "Runtime.ExitError", Message: "the function's process ended in its init phase: " + e.status()}
}

// polls records a request for work.
func (e *environment) polls() {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if !e.first {
		e.first = true
		close(e.ready)
		return
	}
	select {
	case e.polled <- struct{}{}:
	default: // it asked twice for the same work, after a broken connection
	}
}

// take assigns work to the environment; finish returns the work with this id, once.
func (e *environment) take(call *invocation) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.current = call
	call.deadline = time.Now().Add(e.function.Timeout)
}

func (e *environment) finish(id string) (*invocation, bool) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	call := e.current
	if call == nil || call.id != id {
		return nil, false
	}
	e.current = nil
	return call, true
}

// invocation is one call of a function.
type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	once     sync.Once
	done     chan struct{}
	answer   []byte
	failure  *InvokeError
}

func newInvocation(payload []byte) *invocation {
	return &invocation{id: randomID(), payload: payload, done: make(chan struct{})}
}

func (i *invocation) succeed(answer []byte) {
	i.once.Do(func() { i.answer = answer; close(i.done) })
}

func (i *invocation) fail(failure *InvokeError) {
	i.once.Do(func() { i.failure = failure; close(i.done) })
}

func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
