package screened

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/task"
	"ballerine/internal/watched"
	"ballerine/internal/watchlists"
)

// Rescreen implements httpapi.Watchlists.
func (l *Lists) Rescreen(ctx context.Context, p identity.Principal, list string) (httpapi.Watchlist, error) {
	if l.again == nil {
		return httpapi.Watchlist{}, problem.New(problem.Internal, "Subjects cannot be screened again here.")
	}
	all, err := l.lists.Lists(ctx, p.Tenant)
	if err != nil {
		return httpapi.Watchlist{}, err
	}
	at := slices.IndexFunc(all, func(one watchlists.List) bool { return one.Name == list })
	if at < 0 {
		return httpapi.Watchlist{}, problem.New(problem.NotFound, "There is no such watch list.")
	}
	run, err := l.again.Begin(ctx, p, list)
	shaped := shape(all[at])
	shaped.Rescreening = shapeRun(run)
	return shaped, err
}

// Remove implements httpapi.Watchlists.
func (l *Lists) Remove(ctx context.Context, p identity.Principal, list string) (httpapi.Watchlist, error) {
	removed, err := l.lists.Remove(ctx, p, list)
	return shape(removed), err
}

// Retain implements httpapi.Watchlists.
func (l *Lists) Retain(ctx context.Context, p identity.Principal, list string) (httpapi.Watchlist, error) {
	retained, err := l.lists.Retain(ctx, p, list)
	return shape(retained), err
}

// shownFailures are the subjects that a run names.
const shownFailures = 20

func shapeRun(r watched.Run) *httpapi.Rescreening {
	shaped := &httpapi.Rescreening{
		State: string(r.State), Edition: r.Edition, By: r.By, Looked: r.Looked, Hits: r.Hits, Opened: r.Opened, Waiting: len(r.Again) + len(r.Late), Failed: len(r.Failures) + r.Unnamed,
		Failures: slices.Clone(r.Failures[:min(len(r.Failures), shownFailures)]), Error: r.Error, NotedAt: r.NotedAt,
	}
	if !r.EndedAt.IsZero() {
		shaped.EndedAt = &r.EndedAt
	}
	return shaped
}

// turnTime is how long a turn of runs takes at most: the function may run for 29 seconds.
const turnTime = 20 * time.Second

// turns is the function with the turns of runs, which a schedule requests: {"action": "rescreen"}.
func (l *Lists) turns(function task.Handler) task.Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		var asked struct {
			Action string `json:"action"`
		}
		if json.Unmarshal(payload, &asked) != nil || asked.Action != "rescreen" || l.again == nil {
			return function(ctx, payload)
		}
		open, err := l.again.Turn(ctx, l.config.Now().Add(turnTime))
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]int{"open": open})
	}
}
