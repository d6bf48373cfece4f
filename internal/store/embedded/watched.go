package embedded

import (
	"context"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/store/limits"
	"ballerine/internal/watched"
)

const (
	bucketAnswers    = "hit_answers"    // tenant, subject -> answers to hits about it
	bucketWatches    = "watches"        // tenant, subject, workflow -> watch
	bucketScreenings = "screening_runs" // tenant, list -> run
)

// Watched is the watched.Store of the file.
type Watched struct{ db *DB }

var _ watched.Store = Watched{}

// Watched returns the file's watched.Store.
func (db *DB) Watched() Watched { return Watched{db} }

// Answers implements watched.Store.
func (s Watched) Answers(_ context.Context, tenant, subject string) (watched.Answers, error) {
	answers, err := find[watched.Answers](s.db, bucketAnswers, join(tenant, subject), "answer to a hit")
	if problem.CodeOf(err) == problem.NotFound {
		return watched.Answers{Tenant: tenant, Subject: subject}, nil
	}
	return answers, err
}

// PutAnswers implements watched.Store.
func (s Watched) PutAnswers(ctx context.Context, answers watched.Answers) error {
	text, err := small(answers, "The answers to hits about a subject")
	if err != nil {
		return err
	}
	key := join(answers.Tenant, answers.Subject)
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[watched.Answers](tx, bucketAnswers, key, "answer to a hit")
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		if there.Revision != answers.Revision-1 {
			return problem.New(problem.Conflict, "Another write came first.")
		}
		tx.Put(bucketAnswers, key, text)
		return nil
	})
}

// PutWatch implements watched.Store.
func (s Watched) PutWatch(ctx context.Context, w watched.Watch) error {
	text, err := small(w, "What a subject is looked for by")
	if err != nil {
		return err
	}
	key := join(w.Tenant, w.Subject, w.For)
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[watched.Watch](tx, bucketWatches, key, "watched subject")
		if err == nil && there.EndedAt.After(w.EndedAt) { // one that cannot be read is written over
			return nil
		}
		tx.Put(bucketWatches, key, text)
		return nil
	})
}

// small is encoded, for what has to fit into an item of the real store. Errors: TooLarge.
func small(value any, what string) ([]byte, error) {
	text, err := encoded(value)
	if err == nil && len(text) > limits.Document {
		err = limits.TooLarge(what, len(text), limits.Document)
	}
	return text, err
}

// WatchesOf implements watched.Store.
func (s Watched) WatchesOf(_ context.Context, tenant, subject string) (found []watched.Watch, err error) {
	err = s.db.View(func(tx *Tx) (err error) {
		tx.Scan(bucketWatches, join(tenant, subject, ""), "", func(key string, text []byte) bool {
			var w watched.Watch
			if !decodes(text, &w) {
				err = problem.New(problem.Internal, "A watched subject cannot be read.")
				return false
			}
			found = append(found, w)
			return true
		})
		return err
	})
	return found, err
}

// Watches implements watched.Store.
func (s Watched) Watches(_ context.Context, tenant, after string, limit int) (page []watched.Watch, unreadable []string, next string, err error) {
	prefix, start := join(tenant, ""), ""
	if after != "" {
		start = prefix + after
	}
	err = s.db.View(func(tx *Tx) error {
		read, last := 0, ""
		tx.Scan(bucketWatches, prefix, start, func(key string, text []byte) bool {
			if read == limit {
				next = last
				return false
			}
			read, last = read+1, key[len(prefix):]
			var w watched.Watch
			if decodes(text, &w) {
				page = append(page, w)
			} else {
				subject, _, _ := strings.Cut(last, join("", ""))
				unreadable = append(unreadable, subject)
			}
			return true
		})
		return nil
	})
	return page, unreadable, next, err
}

// PutRun implements watched.Store.
func (s Watched) PutRun(ctx context.Context, r watched.Run) error {
	text, err := small(r, "A run of a screening")
	if err != nil {
		return err
	}
	key := join(r.Tenant, r.List)
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[watched.Run](tx, bucketScreenings, key, "run of a screening")
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		if there.Revision != r.Revision-1 {
			return problem.New(problem.Conflict, "Another write came first.")
		}
		tx.Put(bucketScreenings, key, text)
		return nil
	})
}

// Run implements watched.Store.
func (s Watched) Run(_ context.Context, tenant, list string) (watched.Run, error) {
	run, err := find[watched.Run](s.db, bucketScreenings, join(tenant, list), "run of a screening")
	if problem.CodeOf(err) == problem.NotFound {
		return watched.Run{Tenant: tenant, List: list}, nil
	}
	return run, err
}

// Runs implements watched.Store.
func (s Watched) Runs(_ context.Context, tenant string) (found []watched.Run, err error) {
	prefix := ""
	if tenant != "" {
		prefix = join(tenant, "")
	}
	err = s.db.View(func(tx *Tx) error {
		tx.Scan(bucketScreenings, prefix, "", func(_ string, text []byte) bool {
			var r watched.Run
			if decodes(text, &r) {
				found = append(found, r)
			}
			return true
		})
		return nil
	})
	return found, err
}
