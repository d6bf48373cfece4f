package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// answerSort is the sort key of where an answer is; the answer itself is an item of its case, whose sort key begins with it.
const answerSort = "answer"

func answerPlace(tenant, key string) string { return join(tenant, answerSort, key) }

func noAnswer() error { return problem.New(problem.NotFound, "There is no such answer.") }

// VendorAnswer implements cases.VendorAnswers. The table removes what has ended some time later.
func (s Cases) VendorAnswer(ctx context.Context, tenant, key string, now time.Time) ([]byte, error) {
	place, err := s.get(ctx, s.tables.Cases, answerPlace(tenant, key), answerSort, answerSort)
	if err != nil {
		return nil, err
	}
	if place.string("until") <= stamp(now) {
		return nil, noAnswer()
	}
	there, err := s.get(ctx, s.tables.Cases, join(tenant, place.string("case")), join(answerSort, key), answerSort)
	if err != nil {
		return nil, err
	}
	content, ok := there["content"].(*types.AttributeValueMemberB)
	if !ok || there.string("until") <= stamp(now) {
		return nil, noAnswer()
	}
	return content.Value, nil
}

// KeepVendorAnswer implements cases.VendorAnswers.
func (s Cases) KeepVendorAnswer(ctx context.Context, a cases.VendorAnswer, _ time.Time) error {
	until, end := text(stamp(a.Until)), whole(int(a.Until.Unix()))
	return translate(s.transact(ctx, []types.TransactWriteItem{
		put(s.tables.Cases, item{
			"pk": text(join(a.Tenant, a.Case)), "sk": text(join(answerSort, a.Key)), "content": &types.AttributeValueMemberB{Value: a.Content}, "until": until, "ttl": end,
		}, "", nil),
		put(s.tables.Cases, item{"pk": text(answerPlace(a.Tenant, a.Key)), "sk": text(answerSort), "case": text(a.Case), "until": until, "ttl": end}, "", nil),
	}))
}
