package rescreening

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
	"ballerine/internal/watched"
	"ballerine/internal/watchlists"
)

// work is a run that somebody works.
type work struct {
	*Service
	run watched.Run
}

// keep writes the run down. Errors: Conflict when it was changed meanwhile.
func (w *work) keep(ctx context.Context) error {
	w.run.Revision++
	err := w.Store.PutRun(ctx, w.run)
	if err != nil {
		w.run.Revision--
	}
	return err
}

// fails notes that a turn has failed; after some in a row, the run has.
func (w *work) fails(ctx context.Context, err error) {
	w.run.Error = string(problem.CodeOf(err))
	if w.run.Tries++; w.run.Tries >= maxTries || problem.CodeOf(err) == problem.UnknownList {
		w.end(watched.Failed)
	}
	w.Logger.WarnContext(ctx, "subjects could not be screened again", "list", w.run.List, "tries", w.run.Tries, "error", err.Error())
}

func (w *work) end(state watched.State) { w.run.State, w.run.EndedAt = state, w.Now() }

// until works the run to its end, or to a time.
func (w *work) until(ctx context.Context, until time.Time) error {
	news, err := w.News(ctx, w.run.Tenant, w.run.List, w.run.Since)
	if err != nil {
		return err
	}
	if news.Index == nil && w.run.Target == "" && !w.run.Passed && w.Now().Sub(w.run.NotedAt) < settling {
		return nil // the edition that was announced does not count yet
	}
	if w.run.Target != news.Target && !w.run.Passed {
		w.run.Target, w.run.Edition, w.run.After = news.Target, news.Edition, ""
		w.run.BegunAt = w.Now()
	}
	for w.Now().Before(until) && ctx.Err() == nil {
		done, err := w.part(ctx, news)
		if err != nil {
			return err
		}
		w.run.Tries, w.run.Error = 0, ""
		if done {
			w.end(watched.Done)
			return nil
		}
		if err := w.keep(ctx); err != nil {
			return err
		}
	}
	return nil
}

// part does the next piece of a run: a page of subjects, those that have failed, those that came late. done says that nothing is left.
func (w *work) part(ctx context.Context, news watchlists.News) (done bool, err error) {
	switch {
	case !w.run.Passed && news.Index == nil:
		w.run.Passed = true
	case !w.run.Passed:
		return false, w.page(ctx, news)
	case len(w.run.Again) > 0 && w.run.Round < rounds:
		again := w.run.Again
		w.run.Again, w.run.Round = nil, w.run.Round+1
		return false, w.named(ctx, news, again)
	case len(w.run.Again) > 0:
		w.run.Failures, w.run.Again = slices.Compact(slices.Sorted(slices.Values(append(w.run.Failures, w.run.Again...)))), nil
		w.Logger.ErrorContext(ctx, "subjects could not be screened again", "list", w.run.List, "failures", len(w.run.Failures))
	case len(w.run.Late) > 0:
		whole, err := w.News(ctx, w.run.Tenant, w.run.List, "")
		if err != nil {
			return false, err
		}
		late := w.run.Late
		w.run.Late, w.run.Round = nil, 0
		return false, w.named(ctx, whole, late)
	default:
		return true, nil
	}
	return false, nil
}

// page compares the next subjects.
func (w *work) page(ctx context.Context, news watchlists.News) error {
	page, unreadable, next, err := w.Store.Watches(ctx, w.run.Tenant, w.run.After, w.Page)
	if err != nil {
		return err
	}
	before := slices.Clone(w.run.Again)
	for _, one := range page {
		w.subject(ctx, news, one)
	}
	for _, subject := range unreadable {
		w.again(subject)
	}
	if len(w.run.Again) > maxAgain {
		w.run.Again = before
		return problem.New(problem.Unavailable, "Too many subjects cannot be screened.")
	}
	w.run.After, w.run.Passed = next, next == ""
	return ctx.Err()
}

// named compares subjects by their ids.
func (w *work) named(ctx context.Context, news watchlists.News, subjects []string) error {
	for _, subject := range subjects {
		one, err := w.Store.Watch(ctx, w.run.Tenant, subject)
		switch {
		case problem.CodeOf(err) == problem.NotFound:
		case err != nil:
			w.again(subject)
		default:
			w.subject(ctx, news, one)
		}
	}
	return ctx.Err()
}

func (w *work) again(subject string) {
	if !slices.Contains(w.run.Again, subject) {
		w.run.Again = append(w.run.Again, subject)
	}
}

// subject looks for a subject among the news, and opens a case when somebody is found about whom nobody has been asked.
func (w *work) subject(ctx context.Context, news watchlists.News, one watched.Watch) {
	if !one.Kept || !one.Question.Asks(w.run.List) {
		return
	}
	w.run.Looked++
	query, err := queryOf(one.Question, w.Now().Year())
	var found []screening.Hit
	if err == nil {
		found = news.Index.Search(query, screening.Options{Threshold: one.Question.Threshold, Limit: mostHits})
	}
	if err == nil && len(found) > 0 {
		err = w.found(ctx, news, one, found)
	}
	if err != nil {
		w.again(one.Subject)
		w.Logger.WarnContext(ctx, "a subject could not be screened again", "list", w.run.List, "subject_id", one.Subject, "code", string(problem.CodeOf(err)))
	}
}

// mostHits of one subject in one list.
const mostHits = 50

func queryOf(q watched.Question, year int) (screening.Query, error) {
	query := screening.Query{Name: q.Name, Country: strings.ToUpper(q.Country)}
	if err := names.Check(q.Name); err != nil {
		return query, err
	}
	if q.Schema != "" {
		kind, err := names.KindOf(q.Schema)
		if err != nil {
			return query, err
		}
		query.Kind = kind
	}
	birth, known, err := screening.AskedBirth(q.Birth, year)
	if known && err == nil {
		query.Birth = &birth
	}
	return query, err
}

// found opens a case for hits that nobody has answered, and notes that it has.
func (w *work) found(ctx context.Context, news watchlists.News, one watched.Watch, found []screening.Hit) error {
	answers, err := w.Store.Answers(ctx, one.Tenant, one.Subject)
	if err != nil {
		return err
	}
	asked := one.Question.Digest()
	open := slices.DeleteFunc(found, func(h screening.Hit) bool { return answers.Settled(h.List, h.ID, h.Version, asked) })
	if len(open) == 0 {
		return nil
	}
	record, err := w.Open(ctx, one, caseID(one, w.run.List, news.Target), w.about(news, one, open))
	if err != nil {
		return err
	}
	w.run.Hits += len(open)
	w.run.Opened++
	return watched.Change(ctx, w.Store, one.Tenant, one.Subject, func(a *watched.Answers) (changed bool) {
		for _, h := range open {
			changed = a.Open(watched.Opened{List: h.List, ID: h.ID, Version: h.Version, Asked: asked, Case: record.ID, At: w.Now()}) || changed
		}
		return changed
	})
}

// caseID is the same for each repetition.
func caseID(one watched.Watch, list, target string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{one.Tenant, one.Subject, list, target}, "\x00")))
	return "case_" + base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])
}

// about is what the case is told: why it was opened, whom to look for, and what was found.
func (w *work) about(news watchlists.News, one watched.Watch, open []screening.Hit) map[string]any {
	about := map[string]any{"list": w.run.List, "edition": news.Edition, "kept_by": one.Case, "name": one.Question.Name}
	for name, value := range map[string]string{"birth_date": one.Question.Birth, "country": one.Question.Country, "schema": one.Question.Schema} {
		if value != "" {
			about[name] = value
		}
	}
	hits := make([]any, 0, len(open))
	for _, h := range open {
		reason := "new_entry"
		if news.Changed[h.ID] {
			reason = "changed_entry"
		}
		hits = append(hits, map[string]any{"list": h.List, "edition": news.Edition, "id": h.ID, "version": h.Version, "name": h.Name, "score": h.Score, "reason": reason})
	}
	about["hits"] = hits
	return about
}
