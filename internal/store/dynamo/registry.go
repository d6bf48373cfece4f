package dynamo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

// Registry is the registry.Store of the tables. A version is one item, with its source beside the document or, when it is
// long, in items of its own; see sources.go.
type Registry struct{ *Store }

var _ registry.Store = Registry{}

// Registry returns the tables' registry.Store.
func (s *Store) Registry() Registry { return Registry{s} }

func definitionKey(kind registry.Kind, id string, version int) string {
	return join("definition", string(kind), id, fmt.Sprintf("%08d", version))
}

// definitionItem is the item of a definition. What does not fit on it is written first.
func (s Registry) definitionItem(ctx context.Context, d registry.Definition) (item, error) {
	source := d.Source
	d.Source = ""
	i, err := newItem(d.Tenant, definitionKey(d.Kind, d.ID, d.Version), d)
	if err == nil {
		err = s.putSource(ctx, d.Tenant, definitionSource(d), source, i)
	}
	return i, err
}

// PutDefinition implements registry.Store.
func (s Registry) PutDefinition(ctx context.Context, d registry.Definition) error {
	i, err := s.definitionItem(ctx, d)
	if err != nil {
		return err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(s.tables.Registry), Item: i, ConditionExpression: aws.String(absent)})
	return translate(err)
}

// Definition implements registry.Store.
func (s Registry) Definition(ctx context.Context, tenant string, kind registry.Kind, id string, version int) (registry.Definition, error) {
	if version > 0 {
		i, err := s.get(ctx, s.tables.Registry, tenant, definitionKey(kind, id, version), string(kind))
		if err != nil {
			return registry.Definition{}, err
		}
		return s.withSource(ctx, i, kind)
	}
	var newest registry.Definition
	err := s.query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Registry), KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :sk)"), ConsistentRead: aws.Bool(true),
		ScanIndexForward: aws.Bool(false), Limit: aws.Int32(1),
		ExpressionAttributeValues: item{":pk": text(tenant), ":sk": text(join("definition", string(kind), id, ""))},
	}, func(i item) (more bool, err error) {
		newest, err = s.withSource(ctx, i, kind)
		return false, err
	})
	if err == nil && newest.Version == 0 {
		err = problem.New(problem.NotFound, "There is no such %s.", kind)
	}
	return newest, err
}

func (s Registry) withSource(ctx context.Context, i item, kind registry.Kind) (registry.Definition, error) {
	d, err := decode[registry.Definition](i, string(kind))
	if err != nil {
		return d, err
	}
	d.Source, err = s.source(ctx, d.Tenant, definitionSource(d), i)
	return d, err
}

// Definitions implements registry.Store.
func (s Registry) Definitions(ctx context.Context, tenant string, kind registry.Kind, id string) (found []registry.Definition, err error) {
	prefix := join("definition", string(kind), "")
	if id != "" {
		prefix = join("definition", string(kind), id, "")
	}
	err = s.query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Registry), KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :sk)"), ConsistentRead: aws.Bool(true),
		ProjectionExpression: aws.String("sk, doc"), ExpressionAttributeValues: item{":pk": text(tenant), ":sk": text(prefix)},
	}, func(i item) (bool, error) {
		d, err := decode[registry.Definition](i, string(kind))
		if err != nil {
			place := strings.Split(i.string("sk"), "#") // definition, kind, id, version: a key of ours
			version, _ := strconv.Atoi(place[len(place)-1])
			d = registry.UnreadableDefinition(tenant, kind, place[len(place)-2], version)
		}
		found = append(found, d)
		return true, nil
	})
	slices.SortStableFunc(found, registry.NewestFirst)
	return found, err
}
