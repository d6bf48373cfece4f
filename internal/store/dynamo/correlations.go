package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/cases"
)

// correlationSort is the sort key of the work that a vendor's id identifies.
const correlationSort = "correlation"

func correlationKey(tenant, plugin, hash string) string { return join(tenant, "vendor", plugin, hash) }

// correlations are the writes of the vendors' ids that a change adds, each on condition that it is free, belongs to the
// same case, or was left by the case that it is taken over from. Ids that the record no longer has get an expiry:
// functions have no right to delete here.
func (s Cases) correlations(change cases.Change) (writes []types.TransactWriteItem) {
	made := cases.NewCorrelations(change)
	for n, c := range append(made, cases.LostCorrelations(change)...) {
		i := item{
			"pk": text(correlationKey(change.Next.Tenant, c.Plugin, c.Hash)), "sk": text(correlationSort),
			"case": text(c.Case), "state": text(c.State), "visit": whole(c.Visit), "work": text(c.Work), "round": whole(c.Round),
		}
		if c.Asked != 0 {
			i["asked"] = whole(int(c.Asked))
		}
		if n >= len(made) {
			i["ttl"] = whole(int(change.Next.UpdatedAt.Unix()))
		}
		write := guarded(s.tables.Cases, i, "case", c.Case)
		if c.From != "" {
			write.Put.ConditionExpression = aws.String(*write.Put.ConditionExpression + " OR #owner = :from")
			write.Put.ExpressionAttributeValues[":from"] = text(c.From)
		}
		writes = append(writes, write)
	}
	return writes
}

// correlatedWork is the work of a write that claims a vendor's id; "" for other writes.
func correlatedWork(write types.TransactWriteItem) string {
	if write.Put == nil || item(write.Put.Item).string("sk") != correlationSort {
		return ""
	}
	return item(write.Put.Item).string("work")
}

// Correlated implements cases.Store.
func (s Cases) Correlated(ctx context.Context, tenant, plugin, hash string) (cases.Correlation, error) {
	i, err := s.get(ctx, s.tables.Cases, correlationKey(tenant, plugin, hash), correlationSort, correlationSort)
	return cases.Correlation{
		Plugin: plugin, Hash: hash, Case: i.string("case"), State: i.string("state"), Visit: i.int("visit"), Work: i.string("work"), Round: i.int("round"), Asked: int64(i.int("asked")),
	}, err
}
