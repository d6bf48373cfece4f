package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"ballerine/internal/asl/simclock"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/local"
	"ballerine/internal/problem"
)

// seeder lives the demo cases' lives, all of them side by side as they happened, on a stack whose days go by at once.
type seeder struct {
	stack    *local.Stack
	clock    *simclock.Clock
	now      time.Time // the present, which everything is counted back from
	faults   *faults
	progress func(done, total int)
	client   identity.Principal
}

// step is something that happens in a life.
type step struct {
	ago  time.Duration
	life *life
	do   func(ctx context.Context, s *seeder, l *life) error
	file *file // that is drawn for it
	last bool
}

// settleTime is how long a step may take on the machine's own clock.
const settleTime = 30 * time.Second

// run lives all lives.
func (s *seeder) run(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the drawing
	if s.client, err = s.stack.DemoClient(ctx); err != nil {
		return err
	}
	if err := s.publish(ctx); err != nil {
		return err
	}
	lives := lives()
	var steps []step
	customers := map[string]string{} // name and birthday -> external id
	for n, l := range lives {
		l.prepare(n, s.now)
		person := l.given + " " + l.family + " " + l.born
		if customers[person] == "" {
			customers[person] = l.externalID
		}
		l.customer = customers[person]
		steps = append(steps, l.steps...)
	}
	slices.SortStableFunc(steps, func(a, b step) int { return int(b.ago - a.ago) })
	drawAhead(ctx, steps)
	done := 0
	s.progress(done, len(lives))
	for _, step := range steps {
		if err := s.forward(ctx, s.now.Add(-step.ago)); err != nil {
			return err
		}
		if err := s.take(ctx, step); err != nil {
			return fmt.Errorf("demo case %s: %w", step.life.externalID, err)
		}
		if step.last {
			done++
			s.progress(done, len(lives))
		}
	}
	return s.forward(ctx, time.Now())
}

// take does a step, and waits until the case rests.
func (s *seeder) take(ctx context.Context, next step) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for {
		err := next.do(ctx, s, next.life)
		if problem.CodeOf(err) == problem.Stale { // the system itself wrote first
			continue
		}
		if err != nil {
			return err
		}
		return s.settle(ctx, next.life.id)
	}
}

// forward advances to a time, stopping wherever something is due on the way.
func (s *seeder) forward(ctx context.Context, to time.Time) error {
	for {
		if err := s.stack.Idle(ctx); err != nil {
			return err
		}
		next, ok := s.clock.Next()
		if !ok || next.After(to) {
			s.clock.Forward(to)
			return s.stack.Idle(ctx)
		}
		s.clock.Forward(next)
	}
}

// soon is how far ahead something is due that a case must be waiting for: a retry, never one of the workflow's timers.
const soon = 15 * time.Minute

// settle returns when the case has ended, or its execution waits where the case is.
func (s *seeder) settle(ctx context.Context, id string) error {
	for {
		if err := s.stack.Idle(ctx); err != nil {
			return err
		}
		record, err := s.stack.Core.Store.Get(ctx, local.DemoTenant, id)
		if err != nil {
			return err
		}
		wf, err := s.stack.Core.Catalog.Workflow(ctx, local.DemoTenant, record.Workflow.ID, record.Workflow.Version)
		if err != nil {
			return err
		}
		park, parked := record.Parked[""]
		if record.Status != cases.StatusActive || parked && park.Position.Same(wf.Chart.Position(record.Snapshot)) {
			return nil
		}
		if next, ok := s.clock.Next(); ok && next.Sub(s.clock.Now()) < soon {
			s.clock.Forward(next)
			continue
		}
		if err := wait(ctx, time.Millisecond); err != nil {
			return fmt.Errorf("the case does not settle: %w", err)
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// faults are what the object store does not serve.
type faults struct {
	mutex     sync.Mutex
	cases     []string // ids, whose files it does not
	listsAway bool     // the catalogue of watch lists
}

func (f *faults) add(id string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.cases = append(f.cases, id)
}

func (f *faults) setLists(there bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.listsAway = !there
}

// of reports whether a request fails.
func (f *faults) of(r *http.Request) bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if r.Method != http.MethodGet {
		return false
	}
	return f.listsAway && strings.Contains(r.URL.Path, "/watchlists/") || slices.ContainsFunc(f.cases, func(id string) bool { return strings.Contains(r.URL.Path, id) })
}

// upload announces a file and uploads it, as an applicant's browser does.
func (s *seeder) upload(ctx context.Context, l *life, f file) error {
	drawn := f.drawn()
	if drawn.err != nil {
		return drawn.err
	}
	sum := sha256.Sum256(drawn.bytes)
	document, upload, err := s.stack.Core.Cases.AnnounceDocument(ctx, l.applicant, l.id, cases.AnnounceCommand{
		Kind: f.kind, ContentType: drawn.contentType, Size: int64(len(drawn.bytes)), SHA256: hex.EncodeToString(sum[:]),
		Properties: f.properties(s.clock.Now()),
	})
	if err != nil || f.style == notSent {
		return err
	}
	l.documents[f.kind] = document.ID
	s.clock.Pass(3 * time.Second) // the way up
	request, err := http.NewRequestWithContext(ctx, upload.Method, upload.URL, bytes.NewReader(drawn.bytes))
	if err != nil {
		return err
	}
	for name, value := range upload.Headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // the body is empty
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("upload: status %d", response.StatusCode)
	}
	return nil
}
