package screened

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"ballerine/internal/httpapi"
	"ballerine/internal/problem"
	"ballerine/internal/screening"
	"ballerine/internal/watched"
	"ballerine/internal/workflow"
)

// caseHit is a hit as a case keeps it.
type caseHit struct {
	httpapi.ScreeningHit
	Asked  string          `json:"asked"`            // digest of the person who was screened
	Before *watched.Before `json:"before,omitempty"` // the earlier answer to the entry for this subject
}

// ScreenCase implements task.Screener.
func (l *Lists) ScreenCase(ctx context.Context, tenant, subject string, people int, fixed, with map[string]any) (any, error) {
	who, err := l.whoIs(fixed, with)
	if err != nil {
		return nil, err
	}
	known, err := l.known(ctx, tenant, subject)
	if err != nil {
		return nil, err
	}
	limit := workflow.DefaultScreeningHits
	if n, ok := number(fixed["limit"]); ok {
		limit = int(n)
	}
	threshold, _ := number(fixed["threshold"])
	// What was cleared takes no place of what is open.
	most := limit + 1 + len(known.Given)
	found, of, err := l.lists.Screen(ctx, tenant, texts(fixed["lists"]), who.query, screening.Options{Threshold: threshold, Limit: most})
	if err != nil {
		return nil, err
	}
	hits, cleared := []caseHit{}, []caseHit{}
	more := false
	for _, h := range found {
		hit := caseHit{ScreeningHit: shapeHit(h, of), Asked: who.digest}
		var ruledOut bool
		hit.Before, ruledOut = known.Mark(h.List, h.ID, h.Version, who.digest, entryOf(h), people)
		switch {
		case ruledOut && len(cleared) < limit:
			cleared = append(cleared, hit)
		case ruledOut: // no answer is needed
		case len(hits) == limit:
			more = true
		default:
			hits = append(hits, hit)
		}
	}
	return map[string]any{"hits": hits, "cleared": cleared, "more": more, "lists": of, "checked_at": l.config.Now().UTC().Format(time.RFC3339)}, nil
}

// who is the person who is screened.
type who struct {
	query  screening.Query
	digest string
}

// whoIs reads a workflow's query: what it sets itself, and what it has computed for the case. Errors: Invalid.
func (l *Lists) whoIs(fixed, with map[string]any) (who, error) {
	e := problem.New(problem.Invalid, "Watch lists cannot be searched with this input:")
	given := map[string]any{}
	maps.Copy(given, fixed)
	maps.Copy(given, with)
	text := func(name string) string {
		s, ok := given[name].(string)
		if !ok && given[name] != nil {
			e.With("with."+name, "type", "%s must be text", name)
		}
		return s
	}
	name, birth, country, schema := text("name"), text("birth_date"), text("country"), text("schema")
	q, err := asked{name, birth, country, schema, l.config.Now().UTC().Year(), texts(fixed["lists"]), "with.", e}.query()
	return who{q, watched.Digest(name, birth, country)}, err
}

// known is people's answers to a subject's hits. Unreadable answers rule no hit out. Errors: Unavailable, and the work is retried.
func (l *Lists) known(ctx context.Context, tenant, subject string) (watched.Answers, error) {
	if l.config.Known == nil || subject == "" {
		return watched.Answers{}, nil
	}
	known, err := l.config.Known.Answers(ctx, tenant, subject)
	if err == nil {
		return known, nil
	}
	if code := problem.CodeOf(err); code == problem.Unavailable || code == problem.Timeout {
		return watched.Answers{}, err
	}
	l.config.Logger.ErrorContext(ctx, "answers to hits cannot be read: all hits are open", slog.String("subject_id", subject), slog.String("error", err.Error()))
	return watched.Answers{}, nil
}

// entryOf is what a hit shows of its entry.
func entryOf(h screening.Hit) watched.Entry {
	e := watched.Entry{Name: h.Main, Schema: h.Schema, Births: h.Births, Countries: h.Countries, Programs: h.Programs}
	if e.Name == "" {
		e.Name = h.Name
	}
	return e
}
