// Package bench measures whole cases over HTTP with durable writes, as a client sees them.
package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"ballerine/internal/calendar"
	"ballerine/internal/demo/specimen"
)

// Options of a run.
type Options struct {
	API, Key string
	Cases    int
	Clients  int // that run cases side by side
}

// Result of a run.
type Result struct {
	Cases          int                  `json:"cases"`
	Clients        int                  `json:"clients"`
	Seconds        float64              `json:"seconds"`
	CasesPerSecond float64              `json:"cases_per_second"`
	CPU            float64              `json:"cpu_ms_per_case"` // of this process, clients and all; 0: not known
	Calls          map[string]Latencies `json:"calls"`           // by operation
}

// Latencies of an operation's calls, in milliseconds.
type Latencies struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

type run struct {
	Options
	client *http.Client
	zone   string
	file   []byte
	sum    string

	mutex sync.Mutex
	times map[string][]time.Duration
}

// Run takes cases from their start to their automatic approval: start, announce, upload, submit, and looks until done.
func Run(ctx context.Context, options Options) (Result, error) {
	person := specimen.Person{
		Family: "Bench", Given: "Bea", Nationality: "UTO", Number: "B1234567", Sex: "F",
		Born: time.Date(1980, 5, 17, 0, 0, 0, 0, time.UTC), Expires: calendar.AddYears(time.Now(), 5),
	}
	file, err := person.Passport()
	if err != nil {
		return Result{}, err
	}
	sum := sha256.Sum256(file)
	r := &run{
		Options: options, zone: person.Zone(), file: file, sum: hex.EncodeToString(sum[:]), times: map[string][]time.Duration{},
		client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * options.Clients}},
	}
	began, used := time.Now(), processTime()
	if err := r.all(ctx); err != nil {
		return Result{}, err
	}
	took := time.Since(began)
	result := Result{
		Cases: options.Cases, Clients: options.Clients, Seconds: took.Seconds(), CasesPerSecond: float64(options.Cases) / took.Seconds(),
		CPU: float64((processTime() - used).Microseconds()) / 1000 / float64(options.Cases), Calls: map[string]Latencies{},
	}
	for name, times := range r.times {
		result.Calls[name] = summarise(times)
	}
	return result, nil
}

func summarise(times []time.Duration) Latencies {
	slices.Sort(times)
	at := func(share float64) float64 {
		return float64(times[min(len(times)-1, int(share*float64(len(times))))].Microseconds()) / 1000
	}
	return Latencies{Count: len(times), P50: at(0.5), P99: at(0.99), Max: at(1)}
}

func (r *run) all(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var clients sync.WaitGroup
	for range r.Clients {
		clients.Add(1)
		go func() {
			defer clients.Done()
			for n := range next {
				if err := r.one(ctx, n); err != nil {
					cancel(err)
				}
			}
		}()
	}
	for n := range r.Cases {
		select {
		case next <- n:
		case <-ctx.Done():
		}
	}
	close(next)
	clients.Wait()
	return context.Cause(ctx)
}

func (r *run) one(ctx context.Context, n int) error {
	name := map[string]any{"given": "Bea", "family": "Bench"}
	id := fmt.Sprintf("bench-%d-%d", time.Now().UnixNano(), n)
	var started struct{ ID string }
	err := r.call(ctx, "start", "POST", "/v1/cases", id, map[string]any{
		"workflow": "kyc", "external_id": id, "subject": map[string]any{"type": "individual", "external_id": id, "name": name},
		"context": map[string]any{"applicant": map[string]any{"name": name, "date_of_birth": "1980-05-17", "country": "SE", "email": "bea@example.com"}},
	}, &started)
	if err != nil {
		return err
	}
	var announced struct {
		Upload struct {
			URL     string
			Headers map[string]string
		}
	}
	err = r.call(ctx, "announce document", "POST", "/v1/cases/"+started.ID+"/documents", id+"-doc", map[string]any{
		"kind": "passport", "content_type": "image/png", "size": len(r.file), "sha256": r.sum, "properties": map[string]any{"mrz": r.zone},
	}, &announced)
	if err != nil {
		return err
	}
	if err := r.upload(ctx, announced.Upload.URL, announced.Upload.Headers); err != nil {
		return err
	}
	if err := r.call(ctx, "send event", "POST", "/v1/cases/"+started.ID+"/events", "", map[string]any{"type": "SUBMIT"}, nil); err != nil {
		return err
	}
	return r.wait(ctx, started.ID)
}

// wait polls the case until it has ended.
func (r *run) wait(ctx context.Context, id string) error {
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
		var now struct {
			Status  string
			Outcome *string
		}
		if err := r.call(ctx, "get case", "GET", "/v1/cases/"+id, "", nil, &now); err != nil {
			return err
		}
		if now.Status != "active" {
			if now.Outcome == nil || *now.Outcome != "approved" {
				return fmt.Errorf("case %s ended as %s, not approved", id, now.Status)
			}
			return nil
		}
	}
}

func (r *run) upload(ctx context.Context, url string, headers map[string]string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(r.file))
	if err != nil {
		return err
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	return r.do("upload", request, nil)
}

func (r *run) call(ctx context.Context, name, method, path, key string, body, into any) error {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, r.API+path, reader)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+r.Key)
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	return r.do(name, request, into)
}

func (r *run) do(name string, request *http.Request, into any) error {
	began := time.Now()
	response, err := r.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	took := time.Since(began)
	r.mutex.Lock()
	r.times[name] = append(r.times[name], took)
	r.mutex.Unlock()
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s: status %d: %.300s", name, response.StatusCode, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}
