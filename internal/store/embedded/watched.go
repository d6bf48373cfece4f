package embedded

import (
	"context"

	"ballerine/internal/problem"
	"ballerine/internal/store/limits"
	"ballerine/internal/watched"
)

const bucketAnswers = "hit_answers" // tenant, subject -> answers to hits about it

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
	text, err := encoded(answers)
	if err != nil {
		return err
	}
	if len(text) > limits.Document {
		return limits.TooLarge("The answers to hits about a subject", len(text), limits.Document)
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
