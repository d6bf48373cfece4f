package dynamo

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"ballerine/internal/problem"
	"ballerine/internal/store/limits"
	"ballerine/internal/watched"
)

// Watched is the watched.Store of the tables. Items of the subjects table:
//
//	tenant, answers, subject / answers       answers to hits about the subject as doc
//	tenant, watch, shard / subject, id, workflow  watch as doc, ended: when its case has ended
//	rescreenings / run, tenant, list         run as doc
type Watched struct{ *Store }

var _ watched.Store = Watched{}

// Watched returns the tables' watched.Store.
func (s *Store) Watched() Watched { return Watched{s} }

func answersKey(tenant, subject string) string { return join(tenant, "answers", subject) }

// Answers implements watched.Store.
func (s Watched) Answers(ctx context.Context, tenant, subject string) (watched.Answers, error) {
	answers, err := find[watched.Answers](ctx, s.Store, s.tables.Subjects, answersKey(tenant, subject), "answers", "answer to a hit")
	if problem.CodeOf(err) == problem.NotFound {
		return watched.Answers{Tenant: tenant, Subject: subject}, nil
	}
	return answers, err
}

// PutAnswers implements watched.Store.
func (s Watched) PutAnswers(ctx context.Context, answers watched.Answers) error {
	return s.putRevision(ctx, answersKey(answers.Tenant, answers.Subject), "answers", answers, answers.Revision, "The answers to hits about a subject")
}

// putRevision writes a value over the one of the revision before it. Errors: Conflict, TooLarge.
func (s Watched) putRevision(ctx context.Context, pk, sk string, value any, revision int, what string) error {
	i, err := smallItem(pk, sk, value, what)
	if err != nil {
		return err
	}
	i["revision"] = whole(revision)
	condition, values := absent, item(nil)
	if revision > 1 {
		condition, values = "revision = :before", item{":before": whole(revision - 1)}
	}
	return s.putItem(ctx, s.tables.Subjects, i, condition, values)
}

// smallItem is newItem for what has to fit. Errors: TooLarge.
func smallItem(pk, sk string, value any, what string) (item, error) {
	i, err := newItem(pk, sk, value)
	if err != nil {
		return nil, err
	}
	if n := len(i.string("doc")); n > limits.Document {
		return nil, limits.TooLarge(what, n, limits.Document)
	}
	return i, nil
}

// watchShards spread a tenant's watches, so that a burst of cases that end is no burst at one partition.
const watchShards = 16

const watchPrefix, runPrefix = "subject#", "run#" // of sort keys

func watchKey(tenant, subject string) string {
	return join(tenant, "watch", shardOf(subject, watchShards))
}

// PutWatch implements watched.Store.
func (s Watched) PutWatch(ctx context.Context, w watched.Watch) error {
	i, err := smallItem(watchKey(w.Tenant, w.Subject), watchPrefix+join(w.Subject, w.For), w, "What a subject is looked for by")
	if err != nil {
		return err
	}
	i["ended"] = text(stamp(w.EndedAt))
	err = s.putItem(ctx, s.tables.Subjects, i, absent+" OR ended <= :ended", item{":ended": i["ended"]})
	if problem.CodeOf(err) == problem.Conflict { // there is a later end
		return nil
	}
	return err
}

// WatchesOf implements watched.Store.
func (s Watched) WatchesOf(ctx context.Context, tenant, subject string) ([]watched.Watch, error) {
	return all[watched.Watch](ctx, s.Store, s.tables.Subjects, watchKey(tenant, subject), watchPrefix+join(subject, ""), "", 0)
}

// Watches implements watched.Store: shard by shard. A cursor is a shard, and the last watch that was read of it.
func (s Watched) Watches(ctx context.Context, tenant, after string, limit int) (page []watched.Watch, unreadable []string, next string, err error) {
	first, last, _ := strings.Cut(after, "#")
	shard, _ := strconv.Atoi(first) // "" is the first one
	read, from := 0, ""
	if last != "" {
		from = watchPrefix + last
	}
	err = s.within(ctx, s.tables.Subjects, join(tenant, "watch", strconv.Itoa(shard)), watchPrefix, from, limit, func(i item) (bool, error) {
		w, err := decode[watched.Watch](i, "watched subject")
		if last = strings.TrimPrefix(i.string("sk"), watchPrefix); err == nil {
			page = append(page, w)
		} else {
			subject, _, _ := strings.Cut(last, "#")
			unreadable = append(unreadable, subject)
		}
		read++
		return read < limit, nil
	})
	switch {
	case err != nil:
		return nil, nil, "", err
	case read == limit:
		next = join(strconv.Itoa(shard), last)
	case shard+1 < watchShards:
		next = join(strconv.Itoa(shard+1), "")
	}
	return page, unreadable, next, nil
}

// allRuns is the partition of runs: there is one for each loaded list.
const allRuns = "rescreenings"

// PutRun implements watched.Store.
func (s Watched) PutRun(ctx context.Context, r watched.Run) error {
	return s.putRevision(ctx, allRuns, runPrefix+join(r.Tenant, r.List), r, r.Revision, "A run of a screening")
}

// Run implements watched.Store.
func (s Watched) Run(ctx context.Context, tenant, list string) (watched.Run, error) {
	run, err := find[watched.Run](ctx, s.Store, s.tables.Subjects, allRuns, runPrefix+join(tenant, list), "run of a screening")
	if problem.CodeOf(err) == problem.NotFound {
		return watched.Run{Tenant: tenant, List: list}, nil
	}
	return run, err
}

// Runs implements watched.Store.
func (s Watched) Runs(ctx context.Context, tenant string) (found []watched.Run, err error) {
	prefix := runPrefix
	if tenant != "" {
		prefix += join(tenant, "")
	}
	err = s.within(ctx, s.tables.Subjects, allRuns, prefix, "", 0, func(i item) (bool, error) {
		if r, err := decode[watched.Run](i, "run of a screening"); err == nil {
			found = append(found, r)
		}
		return true, nil
	})
	return found, err
}

// putItem writes one item on a condition. Errors: Conflict.
func (s *Store) putItem(ctx context.Context, table string, i item, condition string, values item) error {
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(table), Item: i, ConditionExpression: aws.String(condition), ExpressionAttributeValues: values})
	return translate(err)
}
