package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"ballerine/internal/problem"
	"ballerine/internal/store/limits"
	"ballerine/internal/watched"
)

// Watched is the watched.Store of the tables. Items of the subjects table:
//
//	tenant, answers, subject / answers       answers to hits about the subject as doc
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
	i, err := newItem(answersKey(answers.Tenant, answers.Subject), "answers", answers)
	if err != nil {
		return err
	}
	if n := len(i.string("doc")); n > limits.Document {
		return limits.TooLarge("The answers to hits about a subject", n, limits.Document)
	}
	i["revision"] = whole(answers.Revision)
	condition, values := absent, item(nil)
	if answers.Revision > 1 {
		condition, values = "revision = :before", item{":before": whole(answers.Revision - 1)}
	}
	return s.putItem(ctx, s.tables.Subjects, i, condition, values)
}

// putItem writes one item on a condition. Errors: Conflict.
func (s *Store) putItem(ctx context.Context, table string, i item, condition string, values item) error {
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(table), Item: i, ConditionExpression: aws.String(condition), ExpressionAttributeValues: values})
	return translate(err)
}
