package dynamo

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/policy/trial"
	"ballerine/internal/problem"
)

// Trials is the trial.Store of the tables. Items of the registry table:
//
//	tenant / trial#<policy>#<id>        trial as doc, its source beside it: lists do not decode sources
//	tenant / trying#<policy>#<kind>     which trial runs; "": none. It is written and never deleted
type Trials struct{ *Store }

var _ trial.Store = Trials{}

// Trials returns the tables' trial.Store.
func (s *Store) Trials() Trials { return Trials{s} }

func trialKey(policy, id string) string { return join("trial", policy, id) }

func trialSource(policy, id string) string { return join("trial-source", policy, id) }

// free states that a place is free, or the trial's own.
const free = absent + " OR #trial = :none OR #trial = :trial"

// PutTrial implements trial.Store.
func (s Trials) PutTrial(ctx context.Context, prev int, t trial.Trial) error {
	head := item{}
	if prev > 0 { // the source never changes, and updating a trial does not require it
		there, err := s.get(ctx, s.tables.Registry, t.Tenant, trialKey(t.Policy, t.ID), "trial")
		if problem.CodeOf(err) == problem.NotFound {
			return problem.New(problem.Conflict, "Another write came first.")
		}
		if err != nil {
			return err
		}
		sameSource(there, head)
	} else if err := s.putSource(ctx, t.Tenant, trialSource(t.Policy, t.ID), t.Source, head); err != nil {
		return err
	}
	t.Source = ""
	i, err := newItem(t.Tenant, trialKey(t.Policy, t.ID), t)
	if err != nil {
		return err
	}
	sameSource(head, i)
	i["revision"] = whole(t.Revision)
	condition, values := absent, item(nil)
	if prev > 0 {
		condition, values = "revision = :revision", item{":revision": whole(prev)}
	}
	writes := []types.TransactWriteItem{put(s.tables.Registry, i, condition, values)}
	if !t.StartedAt.IsZero() { // it has, or had, the place of its kind
		writes = append(writes, s.place(t))
	}
	err = s.transact(ctx, writes)
	if why := reasons(err); len(why) == 2 && aws.ToString(why[0].Code) == "None" && aws.ToString(why[1].Code) == "ConditionalCheckFailed" {
		return problem.Wrap(err, problem.AlreadyExists, "Another trial of this kind runs.")
	}
	return translate(err)
}

// place takes the place of a trial's kind, or leaves it.
func (s Trials) place(t trial.Trial) types.TransactWriteItem {
	holder := ""
	if t.Status == trial.Running {
		holder = t.ID
	}
	i := item{"pk": text(t.Tenant), "sk": text(join("trying", t.Policy, string(t.Kind))), "trial": text(holder)}
	w := put(s.tables.Registry, i, free, item{":none": text(""), ":trial": text(t.ID)})
	w.Put.ExpressionAttributeNames = map[string]string{"#trial": "trial"}
	return w
}

// Trial implements trial.Store.
func (s Trials) Trial(ctx context.Context, tenant, policy, id string) (trial.Trial, error) {
	i, err := s.get(ctx, s.tables.Registry, tenant, trialKey(policy, id), "trial")
	if err != nil {
		return trial.Trial{}, err
	}
	t, err := decode[trial.Trial](i, "trial")
	if err != nil {
		return t, err
	}
	t.Source, err = s.source(ctx, tenant, trialSource(policy, id), i)
	return t, err
}

// Trials implements trial.Store.
func (s Trials) Trials(ctx context.Context, tenant, policy, after string, limit int) (page []trial.Trial, next string, err error) {
	end := trialKey(policy, "~") // behind every id
	if after != "" {
		end = trialKey(policy, after)
	}
	err = s.query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Registry), ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(limit + 2)),
		KeyConditionExpression: aws.String("pk = :pk AND sk BETWEEN :start AND :end"), ProjectionExpression: aws.String("sk, doc"),
		ExpressionAttributeValues: item{":pk": text(tenant), ":start": text(trialKey(policy, "")), ":end": text(end)},
	}, func(i item) (bool, error) {
		t, err := decode[trial.Trial](i, "trial")
		if err != nil {
			t = trial.Unreadable(tenant, policy, strings.TrimPrefix(i.string("sk"), trialKey(policy, "")))
		}
		switch {
		case t.ID == after: // BETWEEN takes its ends along
			return true, nil
		case len(page) == limit:
			next = page[limit-1].ID
			return false, nil
		}
		page = append(page, t)
		return true, nil
	})
	return page, next, err
}

// RunningTrials implements trial.Store.
func (s Trials) RunningTrials(ctx context.Context, tenant, policy string) (found []trial.Trial, err error) {
	var ids []string
	err = s.within(ctx, s.tables.Registry, tenant, join("trying", policy, ""), "", 0, func(i item) (bool, error) {
		if id := i.string("trial"); id != "" {
			ids = append(ids, id)
		}
		return true, nil
	})
	for _, id := range ids {
		var t trial.Trial
		if t, err = find[trial.Trial](ctx, s.Store, s.tables.Registry, tenant, trialKey(policy, id), "trial"); err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	return found, err
}
