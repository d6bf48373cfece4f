package dynamo

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

// A proposal is an item, and one for the source of each of its documents:
//
//	tenant / publishing#<version>    a version of the settings
//	tenant / proposal#<id>           the proposal without its sources, and its status beside it
//	tenant / proposed#<id>#<number>  the source of a document

// proposalBudget is how many proposals a page of a list examines.
const proposalBudget = 1000

func (s Registry) settingsItem(settings registry.Settings) (types.TransactWriteItem, error) {
	i, err := newItem(settings.Tenant, join("publishing", fmt.Sprintf("%08d", settings.Version)), settings)
	return put(s.tables.Registry, i, absent, nil), err
}

// PutSettings implements registry.Store.
func (s Registry) PutSettings(ctx context.Context, settings registry.Settings) error {
	write, err := s.settingsItem(settings)
	if err != nil {
		return err
	}
	return translate(s.transact(ctx, []types.TransactWriteItem{write}))
}

// Settings implements registry.Store.
func (s Registry) Settings(ctx context.Context, tenant string) (settings registry.Settings, err error) {
	err = s.query(ctx, s.backwards(tenant, "publishing#", "", 1), func(i item) (more bool, err error) {
		settings, err = decode[registry.Settings](i, "settings")
		return false, err
	})
	if err == nil && settings.Version == 0 {
		err = problem.New(problem.NotFound, "The settings were never changed.")
	}
	return settings, err
}

// backwards reads a tenant's items of a prefix from the last on, or from the one before a key.
func (s Registry) backwards(tenant, prefix, before string, limit int) *dynamodb.QueryInput {
	input := &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Registry), ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(limit)),
		KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :sk)"), ExpressionAttributeValues: item{":pk": text(tenant), ":sk": text(prefix)},
	}
	if before != "" { // BETWEEN takes its ends along: the caller passes over the one that is named
		input.KeyConditionExpression = aws.String("pk = :pk AND sk BETWEEN :sk AND :end")
		input.ExpressionAttributeValues = item{":pk": text(tenant), ":sk": text(prefix), ":end": text(before)}
	}
	return input
}

func (s Registry) proposalItem(p registry.Proposal) (item, error) {
	i, err := newItem(p.Tenant, join("proposal", p.ID), p.Without())
	if err == nil {
		i["status"] = text(string(p.Status))
	}
	return i, err
}

// AddProposal implements registry.Store.
func (s Registry) AddProposal(ctx context.Context, p registry.Proposal) error {
	i, err := s.proposalItem(p)
	if err != nil {
		return err
	}
	writes := []types.TransactWriteItem{put(s.tables.Registry, i, absent, nil)}
	for n, d := range p.Documents {
		number := fmt.Sprintf("%03d", n)
		source := item{"pk": text(p.Tenant), "sk": text(join("proposed", p.ID, number))}
		if err := s.putSource(ctx, p.Tenant, join("proposed-source", p.ID, number), d.Source, source); err != nil {
			return err
		}
		writes = append(writes, put(s.tables.Registry, source, "", nil))
	}
	return translate(s.transact(ctx, writes))
}

// Proposal implements registry.Store.
func (s Registry) Proposal(ctx context.Context, tenant, id string) (registry.Proposal, error) {
	p, err := find[registry.Proposal](ctx, s.Store, s.tables.Registry, tenant, join("proposal", id), "proposal")
	if err != nil || len(p.Documents) == 0 {
		return p, err
	}
	prefix := join("proposed", id, "")
	err = s.within(ctx, s.tables.Registry, tenant, prefix, "", 0, func(i item) (bool, error) {
		n, err := strconv.Atoi(i.string("sk")[len(prefix):])
		if err != nil || n >= len(p.Documents) {
			return false, problem.New(problem.Internal, "A kept proposal cannot be read.")
		}
		p.Documents[n].Source, err = s.source(ctx, tenant, join("proposed-source", id, i.string("sk")[len(prefix):]), i)
		return true, err
	})
	return p, err
}

// Proposals implements registry.Store.
func (s Registry) Proposals(ctx context.Context, tenant string, query registry.ProposalQuery) (page []registry.Proposal, next string, err error) {
	before := ""
	if query.After != "" {
		before = join("proposal", query.After)
	}
	looked, last := 0, ""
	err = s.query(ctx, s.backwards(tenant, "proposal#", before, query.Limit+2), func(i item) (bool, error) {
		if i.string("sk") == before {
			return true, nil
		}
		if len(page) == query.Limit || looked == proposalBudget {
			next = last
			return false, nil
		}
		p, err := decode[registry.Proposal](i, "proposal")
		if err != nil {
			p = registry.UnreadableProposal(tenant, strings.TrimPrefix(i.string("sk"), "proposal#"))
		}
		if looked, last = looked+1, p.ID; query.Status == "" || p.Unreadable || p.Status == query.Status {
			page = append(page, p)
		}
		return true, nil
	})
	return page, next, err
}

// DecideProposal implements registry.Store.
func (s Registry) DecideProposal(ctx context.Context, p registry.Proposal, made []registry.Definition, settings *registry.Settings) error {
	i, err := s.proposalItem(p)
	if err != nil {
		return err
	}
	decided := put(s.tables.Registry, i, "#status = :open", item{":open": text(string(registry.Open))})
	decided.Put.ExpressionAttributeNames = map[string]string{"#status": "status"}
	writes := []types.TransactWriteItem{decided}
	for _, d := range made {
		i, err := s.definitionItem(ctx, d)
		if err != nil {
			return err
		}
		writes = append(writes, put(s.tables.Registry, i, absent, nil))
	}
	if settings != nil {
		write, err := s.settingsItem(*settings)
		if err != nil {
			return err
		}
		writes = append(writes, write)
	}
	return translate(s.transact(ctx, writes))
}
