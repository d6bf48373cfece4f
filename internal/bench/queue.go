package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/statechart"
)

// QueueResult states what reading a queue costs, by operation.
type QueueResult struct {
	Cases int                  `json:"open_cases"`
	Fill  float64              `json:"fill_seconds"`
	Calls map[string]Latencies `json:"calls"`
}

// writers is how many commits share the writer's turns while a queue is filled.
const writers = 512

// Fill puts open cases into a store, most of them in review: as commits like any other, but without executions.
func Fill(ctx context.Context, store cases.Store, tenant string, number int, now time.Time) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var all sync.WaitGroup
	for range writers {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range next {
				if err := store.Commit(ctx, opened(tenant, n, now)); err != nil {
					cancel(err)
				}
			}
		}()
	}
	for n := 0; n < number && ctx.Err() == nil; n++ {
		next <- n
	}
	close(next)
	all.Wait()
	return context.Cause(ctx)
}

// opened is the commit that starts the n-th case.
func opened(tenant string, n int, now time.Time) cases.Change {
	state, tags := "review", []string{cases.TagReview}
	if n%5 == 0 {
		state, tags = "collect", []string{"collection_flow"}
	}
	created := now.Add(-time.Duration(n) * time.Second)
	r := cases.Record{
		Tenant: tenant, ID: fmt.Sprintf("case_%026d", n), Workflow: cases.WorkflowRef{ID: "kyc", Version: 1}, Status: cases.StatusActive, Tags: tags,
		Snapshot: statechart.Snapshot{Status: statechart.Active, Active: []statechart.Activation{{State: state, Visit: 1}}, Visits: 1},
		Context: map[string]any{"applicant": map[string]any{
			"name": map[string]any{"given": fmt.Sprintf("Given%d", n%997), "family": fmt.Sprintf("Family%d", n)}, "date_of_birth": "1980-05-17", "country": "SE", "email": fmt.Sprintf("applicant%d@example.com", n),
		}},
		Version: 1, Revision: 1, Subject: cases.SubjectRef{ID: fmt.Sprintf("subj_%026d", n), Type: "individual", Name: fmt.Sprintf("Given%d Family%d", n%997, n)},
		ExternalID: fmt.Sprintf("queue-%d", n), CreatedAt: created, UpdatedAt: now, StateSince: created,
		SLA: &cases.SLA{State: state, Visit: 1, StartedAt: created, DueAt: created.Add(time.Duration(n%4000) * time.Minute)},
	}
	if n%3 == 0 {
		r.Assignee = fmt.Sprintf("user_%d", n%40)
	}
	if severity := []string{"", "low", "medium", "high", "critical"}[n*7%5]; severity != "" {
		r.Risk = &cases.Risk{Score: float64(n % 100), Severity: severity}
	}
	counts := map[string]int{}
	for _, list := range r.Lists() {
		if cases.Counted(list) {
			counts[list] = 1
		}
	}
	return cases.Change{
		Next: r, Counts: cases.Counts{cases.GroupOpen: counts},
		Entry: cases.Entry{Version: 1, At: created, Cause: cases.CauseStarted, Actor: cases.Actor{Kind: "client", ID: "bench"}, To: []string{state}},
	}
}

// queueCalls are the calls of the dashboard when somebody works on a queue.
var queueCalls = map[string]string{
	"counts":                        "/v1/queue",
	"to decide, soonest deadline":   "/v1/cases?tag=manual_review&status=active&sort=due_at&limit=50&view=summary",
	"nobody's of critical risk":     "/v1/cases?assignee=none&risk=critical&status=active&sort=due_at&limit=50&view=summary",
	"somebody's":                    "/v1/cases?assignee=user_3&status=active&sort=due_at&limit=50&view=summary",
	"overdue":                       "/v1/cases?overdue=true&status=active&sort=due_at&limit=50&view=summary",
	"newest first":                  "/v1/cases?status=active&sort=-created_at&limit=50&view=summary",
	"one case, unchanged (304)":     "",
	"page 20, soonest deadline":     "",
	"somebody who is not in a list": "/v1/cases?assignee=user_none&status=active&sort=due_at&limit=50&view=summary",
}

// Queue measures what reading a filled queue costs over HTTP. Key is the token of a person.
func Queue(ctx context.Context, options Options, fill func() error) (QueueResult, error) {
	r := &run{Options: options, client: &http.Client{Timeout: time.Minute}, times: map[string][]time.Duration{}}
	began := time.Now()
	if err := fill(); err != nil {
		return QueueResult{}, err
	}
	result := QueueResult{Cases: options.Cases, Fill: time.Since(began).Seconds(), Calls: map[string]Latencies{}}
	deep, err := r.deepPage(ctx)
	if err != nil {
		return result, err
	}
	const rounds = 300
	for range rounds {
		for name, path := range queueCalls {
			header := http.Header{}
			switch name {
			case "one case, unchanged (304)":
				path = fmt.Sprintf("/v1/cases/case_%026d", options.Cases/2)
				header.Set("If-None-Match", `"1"`)
			case "page 20, soonest deadline":
				path = deep
			}
			if _, err := r.get(ctx, name, path, header); err != nil {
				return result, err
			}
		}
	}
	for name, times := range r.times {
		result.Calls[name] = summarise(times)
	}
	return result, nil
}

// deepPage follows the cursors of the queue to its twentieth page.
func (r *run) deepPage(ctx context.Context) (path string, err error) {
	first := queueCalls["to decide, soonest deadline"]
	path = first
	for range 19 {
		body, err := r.get(ctx, "", path, nil)
		if err != nil {
			return "", err
		}
		var page struct {
			Next *string `json:"next_cursor"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return "", fmt.Errorf("decode a page: %w", err)
		}
		if page.Next == nil {
			break
		}
		path = first + "&cursor=" + url.QueryEscape(*page.Next)
	}
	return path, nil
}

// get asks and measures until the answer has been read; name "" is not counted.
func (r *run) get(ctx context.Context, name, path string, header http.Header) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.API+path, nil)
	if err != nil {
		return nil, fmt.Errorf("request %s: %w", path, err)
	}
	if header != nil {
		request.Header = header
	}
	request.Header.Set("Authorization", "Bearer "+r.Key)
	began := time.Now()
	answer, err := r.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer func() { _ = answer.Body.Close() }() // it was read
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusNotModified {
		return nil, fmt.Errorf("%s: status %d: %s", name, answer.StatusCode, body)
	}
	if name != "" {
		r.times[name] = append(r.times[name], time.Since(began))
	}
	return body, nil
}
