package rescreening

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"slices"
	"strings"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
	"ballerine/internal/watched"
	"ballerine/internal/watchlists"
)

// work is a run that is being processed.
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
	w.run.Tries++
	switch {
	case problem.CodeOf(err) == problem.UnknownList: // it was removed: there is nothing left to compare or report
		w.run.State, w.run.EndedAt, w.run.OwedAt = watched.Failed, w.Now(), time.Time{}
	case w.run.Tries >= maxTries:
		w.end(watched.Failed)
	}
	w.Logger.WarnContext(ctx, "subjects could not be screened again", "list", w.run.List, "tries", w.run.Tries, "error", err.Error())
}

// end ends the run. One that has not compared everybody has to be reported.
func (w *work) end(state watched.State) {
	w.run.State, w.run.EndedAt = state, w.Now()
	if state == watched.Done {
		w.run.OwedAt = time.Time{}
	}
	if state == watched.Failed || len(w.run.Failures)+w.run.Unnamed > 0 {
		w.Metrics.Count("rescreenings_failed")
	}
}

// until works the run to its end, or to a time.
func (w *work) until(ctx context.Context, until time.Time) error {
	news, err := w.News(ctx, w.run.Tenant, w.run.List, w.run.Since)
	if err != nil {
		return err
	}
	if w.run.Owes(news.Edition, w.Now(), settling) {
		return nil
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

// part does the next piece of a run: a page of subjects, those that have failed, those that came late. done states that nothing is left.
func (w *work) part(ctx context.Context, news watchlists.News) (done bool, err error) {
	switch {
	case !w.run.Passed && news.Index == nil:
		w.run.Passed = true
	case !w.run.Passed:
		return false, w.page(ctx, news)
	case len(w.run.Again) > 0:
		w.run.Again, err = w.round(ctx, news, w.run.Again)
	case len(w.run.Late) > 0:
		whole, err := w.News(ctx, w.run.Tenant, w.run.List, "")
		if err != nil {
			return false, err
		}
		w.run.Late, err = w.round(ctx, whole, w.run.Late) // those that fail still have to be compared with the whole list
		return false, err
	default:
		return true, nil
	}
	return false, err
}

// round compares subjects by their ids, and returns those that are left. After some rounds they have failed for good. A round that was broken off
// does not count.
func (w *work) round(ctx context.Context, news watchlists.News, subjects []string) (left []string, err error) {
	left = w.named(ctx, news, subjects)
	if ctx.Err() != nil {
		return left, ctx.Err()
	}
	if w.run.Round++; len(left) > 0 && w.run.Round < rounds {
		return left, nil
	}
	for _, subject := range left {
		w.failed(subject)
	}
	if len(left) > 0 {
		w.Logger.ErrorContext(ctx, "subjects could not be screened again", "list", w.run.List, "failures", len(w.run.Failures)+w.run.Unnamed)
	}
	w.run.Round = 0
	return nil, nil
}

// page compares the next subjects. Failures that may be temporary are recorded to be retried; if there are too many of
// them, the run rests for a few turns before it continues without them.
func (w *work) page(ctx context.Context, news watchlists.News) error {
	page, unreadable, next, err := w.Store.Watches(ctx, w.run.Tenant, w.run.After, w.Page)
	if err != nil {
		return err
	}
	before := w.run
	before.Again, before.Failures = slices.Clone(w.run.Again), slices.Clone(w.run.Failures)
	var transient []string
	for _, one := range page {
		if ctx.Err() != nil { // the page is repeated
			w.run = before
			return ctx.Err()
		}
		switch err := w.subject(ctx, news, one); {
		case err == nil:
		case problem.CodeOf(err).Retryable():
			transient = append(transient, one.Subject)
		default:
			w.failed(one.Subject)
		}
	}
	for _, subject := range append(transient, unreadable...) {
		switch {
		case slices.Contains(w.run.Again, subject):
		case len(w.run.Again) < maxAgain:
			w.run.Again = append(w.run.Again, subject)
		case before.Tries < rests && len(transient) > 0:
			w.run = before
			return problem.New(problem.Unavailable, "Too many subjects cannot be screened.")
		default:
			w.failed(subject)
		}
	}
	w.run.After, w.run.Passed = next, next == ""
	return nil
}

// named compares subjects by their ids, and returns those for which that has failed or that the time did not suffice for.
func (w *work) named(ctx context.Context, news watchlists.News, subjects []string) (left []string) {
	for i, subject := range subjects {
		if ctx.Err() != nil {
			return append(left, subjects[i:]...)
		}
		watches, err := w.Store.WatchesOf(ctx, w.run.Tenant, subject)
		for _, one := range watches {
			err = errors.Join(err, w.subject(ctx, news, one))
		}
		if err != nil {
			left = append(left, subject)
		}
	}
	return left
}

// failed records a subject that has failed for good; those that do not fit by name are counted.
func (w *work) failed(subject string) {
	switch {
	case slices.Contains(w.run.Failures, subject):
	case len(w.run.Failures) < maxAgain:
		w.run.Failures = append(w.run.Failures, subject)
	default:
		w.run.Unnamed++
	}
}

// subject searches for a subject in the news, and opens a case if there is a hit that nobody has been asked about.
func (w *work) subject(ctx context.Context, news watchlists.News, one watched.Watch) error {
	if news.Index == nil || !one.Kept {
		return nil
	}
	var err error
	looked := false
	for _, asked := range one.Questions() {
		if asked.Question.Asks(w.run.List) {
			looked = true
			err = errors.Join(err, w.compare(ctx, news, asked))
		}
	}
	if looked {
		w.run.Looked++
	}
	if err != nil {
		w.Logger.WarnContext(ctx, "a subject could not be screened again", "list", w.run.List, "subject_id", one.Subject, "code", string(problem.CodeOf(err)))
	}
	return err
}

func (w *work) compare(ctx context.Context, news watchlists.News, one watched.Watch) error {
	query, err := queryOf(one.Question, w.Now().Year())
	if err != nil {
		return err
	}
	for range maxParts {
		opened, err := w.next(ctx, news, one, query)
		if err != nil || opened < mostHits {
			return err
		}
	}
	return problem.New(problem.NotReady, "The subject has more than %d hits.", maxParts*mostHits)
}

// maxParts are the cases that are opened for one subject at once, each for at most mostHits.
const maxParts = 20

// next opens a case for the hits that are open, as many as one case can have. It reports how many these are.
func (w *work) next(ctx context.Context, news watchlists.News, one watched.Watch, query screening.Query) (opened int, err error) {
	options := screening.Options{Threshold: one.Question.Threshold, Limit: mostHits}
	found := news.Index.Search(query, options)
	if len(found) == 0 {
		return 0, nil
	}
	answers, err := w.Store.Answers(ctx, one.Tenant, one.Subject)
	if err != nil {
		return 0, err
	}
	if len(found) == mostHits { // what was answered or has a case takes no place of what is open
		options.Limit += len(answers.Given) + len(answers.Opened)
		found = news.Index.Search(query, options)
	}
	return w.found(ctx, news, one, answers, found)
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

// found opens a case for hits that nobody has answered. Errors: NotReady if that has been done in vain too often.
func (w *work) found(ctx context.Context, news watchlists.News, one watched.Watch, answers watched.Answers, found []screening.Hit) (opened int, err error) {
	asked := one.Question.Digest()
	var open []screening.Hit
	var former []watched.Opened // whose cases have ended without an answer
	unanswered := 0
	for _, h := range found {
		if len(open) == mostHits || one.Answered(answers.About(h.List, h.ID), h.Version) {
			continue
		}
		before := answers.CaseOf(one.For, h.List, h.ID, h.Version, asked)
		counts, err := w.counts(ctx, one.Tenant, before)
		switch {
		case err != nil:
			return 0, err
		case counts:
		case before.Times >= maxCases:
			unanswered++
		default:
			open, former = append(open, h), append(former, before)
		}
	}
	if len(open) > 0 {
		if err := w.ask(ctx, news, one, open, former); err != nil {
			return 0, err
		}
	}
	if unanswered > 0 && len(open) < mostHits {
		return len(open), problem.New(problem.NotReady, "Hits have had %d cases each that ended without an answer.", maxCases)
	}
	return len(open), nil
}

// maxCases are opened for one hit at most while nobody answers it. After that its subject counts as failed: a workflow
// that ends such cases automatically would have them opened for ever.
const maxCases = 5

// counts reports whether a case that was opened for a hit is open, or was decided. None was: no.
func (w *work) counts(ctx context.Context, tenant string, before watched.Opened) (bool, error) {
	if before.Case == "" {
		return false, nil
	}
	return w.Counts(ctx, tenant, before.Case)
}

// ask opens a case for hits, and notes for which.
func (w *work) ask(ctx context.Context, news watchlists.News, one watched.Watch, open []screening.Hit, former []watched.Opened) error {
	given := make([]string, len(former))
	for i, before := range former {
		given[i] = before.Case
	}
	record, err := w.Open(ctx, one, caseID(one, news.Target, open, given), w.about(news, one, open))
	if err != nil {
		return err
	}
	w.run.Hits += len(open)
	w.run.Opened++
	asked := one.Question.Digest()
	return watched.Change(ctx, w.Store, one.Tenant, one.Subject, func(a *watched.Answers) (changed bool) {
		for i, h := range open {
			changed = a.Open(watched.Opened{For: one.For, List: h.List, ID: h.ID, Version: h.Version, Asked: asked, Case: record.ID, At: w.Now(), Times: former[i].Times + 1}) || changed
		}
		return changed
	})
}

// caseID is the same for each repetition, and another one for other hits, for another question, and for hits whose former case has ended
// without an answer.
func caseID(one watched.Watch, target string, open []screening.Hit, former []string) string {
	parts := []string{one.Tenant, one.Subject, one.For, one.Question.Digest(), target}
	for i, h := range open {
		parts = append(parts, h.List, h.ID, h.Version, former[i])
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "case_" + base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])
}

// about is what the case gets to know: why it was opened, whom to look for, and what was found.
func (w *work) about(news watchlists.News, one watched.Watch, open []screening.Hit) map[string]any {
	about := map[string]any{"list": w.run.List, "edition": news.Edition, "kept_by": one.Case, "kept_for": one.For, "name": one.Question.Name}
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
