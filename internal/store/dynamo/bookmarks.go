package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Bookmarks are one item of the table of cases. Tenants have names, so no key of theirs begins with the #.
const (
	bookmarksKey  = "#bookmarks"
	bookmarksSort = "all"
)

// Bookmarks implements cases.Store.
func (s Cases) Bookmarks(ctx context.Context) (cases.Bookmarks, error) {
	marks, err := find[cases.Bookmarks](ctx, s.Store, s.tables.Cases, bookmarksKey, bookmarksSort, "bookmark")
	if problem.CodeOf(err) == problem.NotFound {
		return cases.Bookmarks{}, nil
	}
	return marks, err
}

// PutBookmarks implements cases.Store.
func (s Cases) PutBookmarks(ctx context.Context, marks cases.Bookmarks) error {
	seen := marks.Revision
	marks.Revision++
	i, err := newItem(bookmarksKey, bookmarksSort, marks)
	if err != nil {
		return err
	}
	i["revision"] = whole(marks.Revision)
	put := &dynamodb.PutItemInput{TableName: aws.String(s.tables.Cases), Item: i, ConditionExpression: aws.String(absent)}
	if seen > 0 {
		put.ConditionExpression, put.ExpressionAttributeValues = aws.String("revision = :seen"), item{":seen": whole(seen)}
	}
	if _, err = s.client.PutItem(ctx, put); err == nil {
		return nil
	}
	if err = translate(err); problem.CodeOf(err) == problem.Conflict {
		return problem.Wrap(err, problem.Conflict, "The bookmarks are no longer at revision %d.", seen)
	}
	return err
}
