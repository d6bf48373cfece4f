// Package recording keeps what goes to vendors and comes from them in a folder, and answers from it: ballerine dev --record and --replay. There are
// no secrets in it, and what would differ from run to run has a name instead. Answers are as vendors gave them, with personal data where they have some.
//
// A file is one request with its answer. What ships never links this package.
package recording

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"ballerine/internal/connector"
	"ballerine/internal/problem"
)

// exchange is what a file has.
type exchange struct {
	At      time.Time                `json:"at"`
	Request connector.TrafficRequest `json:"request"`
	Answer  *answer                  `json:"answer,omitempty"`
	Failure string                   `json:"failure,omitempty"` // there was no answer: timeout | vendor_unavailable
}

type answer struct {
	Status  int         `json:"status"`
	Headers http.Header `json:"headers,omitempty"`
	Body    string      `json:"body,omitempty"`
	Bytes   []byte      `json:"body_base64,omitempty"` // of a body that is no text
}

// failures are errors without an answer that are recorded: others are ours.
var failures = []problem.Code{problem.Timeout, problem.VendorUnavailable}

// Recorder writes exchanges into a folder.
type Recorder struct {
	folder string
	now    func() time.Time
	logger *slog.Logger

	mutex sync.Mutex
	next  int
}

var _ connector.Traffic = (*Recorder)(nil)

// NewRecorder records into a folder, which is made where it is not there; what is in it stays, and what is recorded comes after it. Errors:
// Invalid when it cannot be used.
func NewRecorder(folder string, now func() time.Time, logger *slog.Logger) (*Recorder, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, problem.Wrap(err, problem.Invalid, "The folder %s of recordings cannot be created.", folder)
	}
	names, err := recordings(folder)
	if err != nil {
		return nil, err
	}
	r := &Recorder{folder: folder, now: now, logger: logger, next: 1}
	if len(names) > 0 {
		if _, err := fmt.Sscanf(names[len(names)-1], "%06d.json", &r.next); err != nil {
			return nil, problem.Wrap(err, problem.Invalid, "The folder %s has a file that is no recording.", folder)
		}
		r.next++
	}
	return r, nil
}

// recordings are the names of a folder's files, in the order in which they were recorded.
func recordings(folder string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(folder, "[0-9][0-9][0-9][0-9][0-9][0-9].json"))
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	slices.Sort(found)
	return found, err
}

// Replays implements connector.Traffic.
func (r *Recorder) Replays() bool { return false }

// Answer implements connector.Traffic.
func (r *Recorder) Answer(connector.TrafficRequest) (connector.TrafficAnswer, error) {
	return connector.TrafficAnswer{}, problem.New(problem.NotFound, "Nothing is replayed.")
}

// Record implements connector.Traffic. What cannot be written is logged: the vendor has answered all the same.
func (r *Recorder) Record(asked connector.TrafficRequest, got connector.TrafficAnswer, failure error) {
	kept := exchange{At: r.now().UTC(), Request: asked}
	switch code := problem.CodeOf(failure); {
	case failure == nil:
		kept.Answer = &answer{Status: got.Status, Headers: got.Headers}
		if kept.Answer.Body = string(got.Body); !utf8.Valid(got.Body) {
			kept.Answer.Body, kept.Answer.Bytes = "", got.Body
		}
	case slices.Contains(failures, code):
		kept.Failure = string(code)
	default:
		return
	}
	if err := r.write(kept); err != nil {
		r.logger.Error("vendor traffic not recorded", "plugin", asked.Plugin, "error", err.Error())
	}
}

func (r *Recorder) write(kept exchange) error {
	text, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return fmt.Errorf("encode a recording: %w", err)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	name := filepath.Join(r.folder, fmt.Sprintf("%06d.json", r.next))
	r.next++
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("create a recording: %w", err)
	}
	if _, err = file.Write(append(text, '\n')); err != nil {
		_ = file.Close() // the first error counts
		return fmt.Errorf("write a recording: %w", err)
	}
	return file.Close()
}

// Player answers from a folder.
type Player struct {
	mutex sync.Mutex
	kept  map[string][]exchange // by the digest of the request
}

var _ connector.Traffic = (*Player)(nil)

// NewPlayer reads a folder. Errors: Invalid with all files that cannot be read, or when there is none.
func NewPlayer(folder string) (*Player, error) {
	names, err := recordings(folder)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, problem.New(problem.Invalid, "There are no recordings in %s. Record some with --record first.", folder)
	}
	p, broken := &Player{kept: map[string][]exchange{}}, problem.New(problem.Invalid, "Recordings in %s cannot be read.", folder)
	for _, name := range names {
		one, err := readExchange(os.DirFS(folder), name)
		if err != nil {
			broken.With(name, "recording", "%s", err)
			continue
		}
		digest := one.Request.Digest()
		p.kept[digest] = append(p.kept[digest], one)
	}
	if len(broken.Fields) > 0 {
		return nil, broken
	}
	return p, nil
}

func readExchange(folder fs.FS, name string) (one exchange, err error) {
	text, err := fs.ReadFile(folder, name)
	switch {
	case err != nil:
		return one, errors.New("cannot be opened")
	case json.Unmarshal(text, &one) != nil:
		return one, errors.New("is not JSON of the expected form")
	case one.Request.Plugin == "" || one.Request.Method == "" || one.Request.URL == "":
		return one, errors.New("has no request")
	case (one.Answer == nil) == (one.Failure == ""):
		return one, errors.New("must have an answer or a failure")
	case one.Failure != "" && !slices.Contains(failures, problem.Code(one.Failure)):
		return one, errors.New("has a failure other than timeout and vendor_unavailable")
	case one.Answer != nil && (one.Answer.Status < 100 || one.Answer.Status > 999):
		return one, errors.New("has no status of HTTP")
	}
	return one, nil
}

// Replays implements connector.Traffic.
func (p *Player) Replays() bool { return true }

// Record implements connector.Traffic.
func (p *Player) Record(connector.TrafficRequest, connector.TrafficAnswer, error) {}

// Answer implements connector.Traffic: the answers to one request come in the order in which they were recorded, the last one again and again.
func (p *Player) Answer(asked connector.TrafficRequest) (connector.TrafficAnswer, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	digest := asked.Digest()
	left := p.kept[digest]
	if len(left) == 0 {
		return connector.TrafficAnswer{}, problem.New(problem.NotFound, "No answer to this request is recorded.")
	}
	one := left[0]
	if len(left) > 1 {
		p.kept[digest] = left[1:]
	}
	if one.Answer == nil {
		return connector.TrafficAnswer{}, problem.New(problem.Code(one.Failure), "%s has not answered, as it was recorded.", asked.Plugin)
	}
	body := []byte(one.Answer.Body)
	if one.Answer.Bytes != nil {
		body = one.Answer.Bytes
	}
	return connector.TrafficAnswer{Status: one.Answer.Status, Headers: one.Answer.Headers, Body: body}, nil
}
