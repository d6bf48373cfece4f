package metered

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// pageBytes is the most that one answer of a query reads.
const pageBytes = 1 << 20

func (d *Database) query(in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	t, err := d.table(aws.ToString(in.TableName))
	if err != nil {
		return nil, err
	}
	from, name := t.items, aws.ToString(in.IndexName)
	if name != "" {
		at := slices.IndexFunc(t.indexes, func(x *index) bool { return x.name == name })
		if at < 0 {
			return nil, invalid("there is no index %s", name)
		}
		from = t.indexes[at].tree
		if aws.ToBool(in.ConsistentRead) {
			return nil, invalid("an index cannot be read consistently")
		}
	}
	condition, err := parse(aws.ToString(in.KeyConditionExpression), in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	partition := stringOf(in.ExpressionAttributeValues[":pk"])
	entries := slices.Clone(from.partitions[partition])
	if in.ScanIndexForward != nil && !*in.ScanIndexForward {
		slices.Reverse(entries)
	}
	out, bytes, kind := &dynamodb.QueryOutput{}, 0, ""
	start := ""
	if in.ExclusiveStartKey != nil {
		_, start = from.place(in.ExclusiveStartKey, t.items)
	}
	for _, e := range entries {
		if start != "" {
			if e.key == start {
				start = ""
			}
			continue
		}
		if !condition.holds(e.item) {
			continue
		}
		if in.Limit != nil && len(out.Items) == int(*in.Limit) || bytes+size(e.item) > pageBytes && len(out.Items) > 0 {
			out.LastEvaluatedKey = t.keyOf(from, out.Items[len(out.Items)-1])
			break
		}
		bytes += size(e.item)
		kind = kindOf(e.item)
		out.Items = append(out.Items, maps.Clone(e.item))
	}
	if kind == "" {
		kind = kindOf(item{"pk": &types.AttributeValueMemberS{Value: partition}})
	}
	if in.Limit != nil && out.LastEvaluatedKey == nil && len(out.Items) == int(*in.Limit) { // as the service does: it has not looked further
		out.LastEvaluatedKey = t.keyOf(from, out.Items[len(out.Items)-1])
	}
	units := blocks(bytes, 4<<10)
	if !aws.ToBool(in.ConsistentRead) {
		units /= 2
	}
	d.count(Line{Table: t.name, Index: name, Kind: kind}, units, 0)
	out.Count = int32(len(out.Items))
	if in.Select == types.SelectCount {
		out.Items = nil
	}
	project(out.Items, aws.ToString(in.ProjectionExpression))
	return out, nil
}

func (t *table) keyOf(of *tree, i item) item {
	key := item{}
	for _, name := range []string{t.items.hash, t.items.sort, of.hash, of.sort} {
		if value, ok := i[name]; ok && name != "" {
			key[name] = value
		}
	}
	return key
}

func project(items []map[string]types.AttributeValue, expression string) {
	if expression == "" {
		return
	}
	var names []string
	for name := range strings.SplitSeq(expression, ",") {
		names = append(names, strings.TrimSpace(name))
	}
	for _, i := range items {
		maps.DeleteFunc(i, func(name string, _ types.AttributeValue) bool { return !slices.Contains(names, name) })
	}
}
