package dynamo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Effects are in their case's partition. The index "due" has those that wait under effects#<shard>, by tenant and by
// when they are due, so that a reader skips from tenant to tenant and reads nothing that is due later; and dead letters
// under dead#<shard>, by tenant and case. Effects from before the index began with the tenant begin with their time: to
// a reader each is a tenant of its own.
const (
	effectsWait = "effects"
	effectsDead = "dead"
)

func effectKey(e cases.Effect) string { return fmt.Sprintf("effect#%010d#%04d", e.Version, e.Number) }

// indexEffect adds to an effect's item what conditions and the index need.
func (s *Store) indexEffect(i item, e cases.Effect) {
	if e.Delivery.Claimed {
		i["claimed"] = whole(1)
	}
	if !e.Delivery.DeadAt.IsZero() {
		i["dead"] = whole(1)
		i.index("due", join(effectsDead, s.shard(e.Case)), join(e.Tenant, e.Case, effectKey(e)))
		return
	}
	i.index("due", join(effectsWait, s.shard(e.Case)), join(e.Tenant, stamp(e.Due()), e.Case, effectKey(e)))
}

// Conditions on an effect's item.
const (
	effectWaits   = "attribute_exists(pk) AND attribute_not_exists(dropped) AND attribute_not_exists(dead)"
	effectUntaken = effectWaits + " AND attribute_not_exists(claimed)"
	effectIsDead  = "attribute_exists(dead)"
)

// refusedEffect is the error of a commit whose write on an effect was refused; nil when the write is another.
func refusedEffect(write types.TransactWriteItem, err error) error {
	switch {
	case write.Put == nil:
		return nil
	case aws.ToString(write.Put.ConditionExpression) == effectUntaken:
		return problem.Wrap(err, problem.UndoOver, "The effects of the decision have already begun.")
	case aws.ToString(write.Put.ConditionExpression) == effectWaits:
		return problem.Wrap(err, problem.NotFound, "The effect no longer exists.")
	case aws.ToString(write.Put.ConditionExpression) == effectIsDead:
		return problem.Wrap(err, problem.NotFound, "There is no such dead letter.")
	}
	return nil
}

// settled are a commit's writes on effects of former commits. What shall not happen is written over, since functions other
// than dispatch and sweep have no right to delete here; it is deleted when it is due.
func (s Cases) settled(change cases.Change) (writes []types.TransactWriteItem, err error) {
	add := func(condition string, effects []cases.Effect, edit func(*cases.Effect, item)) {
		for _, effect := range effects {
			write, failed := s.putEffect(effect, condition, edit)
			if failed != nil && err == nil {
				err = failed
			}
			writes = append(writes, write)
		}
	}
	add(effectUntaken, change.Dropped, dropped)
	add(effectWaits, change.Buried, nil)
	add(effectIsDead, change.Replayed, nil)
	add(effectIsDead, change.Discarded, dropped)
	return writes, err
}

// dropped turns an effect into one that requests nothing.
func dropped(e *cases.Effect, i item) {
	if i == nil {
		e.Kind, e.Data, e.Delivery = cases.EffectNone, nil, cases.Delivery{}
		return
	}
	i["dropped"] = whole(1)
}

// putEffect writes an effect over the existing one. edit is called for the effect first, then for its item.
func (s Cases) putEffect(effect cases.Effect, condition string, edit func(*cases.Effect, item)) (types.TransactWriteItem, error) {
	if edit != nil {
		edit(&effect, nil)
	}
	i, err := newItem(join(effect.Tenant, effect.Case), effectKey(effect), effect)
	if err != nil {
		return types.TransactWriteItem{}, err
	}
	s.indexEffect(i, effect)
	if edit != nil {
		edit(&effect, i)
	}
	return put(s.tables.Cases, i, condition, nil), nil
}

// overwrite is putEffect as a write of its own. NotFound when the condition does not hold.
func (s Cases) overwrite(ctx context.Context, effect cases.Effect, condition string, edit func(*cases.Effect, item)) error {
	write, err := s.putEffect(effect, condition, edit)
	if err != nil {
		return err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: write.Put.TableName, Item: write.Put.Item, ConditionExpression: write.Put.ConditionExpression})
	if err = translate(err); problem.CodeOf(err) == problem.Conflict {
		return problem.Wrap(err, problem.NotFound, "The effect no longer exists.")
	}
	return err
}

// Undelivered implements cases.Outbox.
func (s Cases) Undelivered(ctx context.Context, before time.Time, limit int) ([]cases.Effect, error) {
	effects, _, err := s.Waiting(ctx, cases.OutboxPage{Before: before, Fresh: before, Each: limit, Limit: limit})
	return effects, err
}

// Waiting implements cases.Outbox.
func (s Cases) Waiting(ctx context.Context, page cases.OutboxPage) ([]cases.Effect, string, error) {
	return skim[cases.Effect]{
		table: s.tables.Cases, partition: effectsWait, parts: 1, after: page.After, each: page.Each, limit: page.Limit,
		read:  func(i item) (cases.Effect, error) { return readEffect(i), nil },
		due:   func(e cases.Effect) bool { return e.Due().Before(page.Before) },
		takes: page.Takes, compare: byDue,
	}.run(ctx, s.Store)
}

// readEffect reads an effect; of one that cannot be read it returns what the keys state, so that it can become a dead letter.
func readEffect(i item) cases.Effect {
	effect, err := decode[cases.Effect](i, "effect")
	if err == nil {
		effect.Delivery.Claimed = effect.Delivery.Claimed || i.int("claimed") > 0
		return effect
	}
	tenant, id, _ := strings.Cut(i.string("pk"), "#")
	effect = cases.Effect{Tenant: tenant, Case: id, Kind: cases.EffectUnreadable}
	if parts := strings.Split(i.string("sk"), "#"); len(parts) == 3 {
		effect.Version, _ = strconv.Atoi(parts[1]) // what is no number is 0
		effect.Number, _ = strconv.Atoi(parts[2])
	}
	return effect
}

func byDue(a, b cases.Effect) int {
	if c := a.Due().Compare(b.Due()); c != 0 {
		return c
	}
	return strings.Compare(a.Case+effectKey(a), b.Case+effectKey(b))
}

// Outstanding implements cases.Outbox.
func (s Cases) Outstanding(ctx context.Context, tenant, id string, version int, _ time.Time) (effects []cases.Effect, err error) {
	err = s.within(ctx, s.tables.Cases, join(tenant, id), fmt.Sprintf("effect#%010d#", version), "", 0, func(i item) (bool, error) {
		if effect := readEffect(i); effect.Kind != cases.EffectNone {
			effects = append(effects, effect)
		}
		return true, nil
	})
	return effects, err
}

// Claim implements cases.Outbox. The claim is an attribute beside the effect's JSON, as its condition is.
func (s Cases) Claim(ctx context.Context, effect cases.Effect) error {
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String(s.tables.Cases), Key: key(join(effect.Tenant, effect.Case), effectKey(effect)),
		UpdateExpression: aws.String("SET claimed = :one"), ConditionExpression: aws.String(effectWaits),
		ExpressionAttributeValues: item{":one": whole(1)},
	})
	if err = translate(err); problem.CodeOf(err) == problem.Conflict {
		return problem.Wrap(err, problem.NotFound, "The effect no longer exists.")
	}
	return err
}

// Postpone implements cases.Outbox.
func (s Cases) Postpone(ctx context.Context, _, after cases.Effect) error {
	return unlessGone(s.overwrite(ctx, after, effectWaits, nil))
}

// Bury implements cases.Outbox.
func (s Cases) Bury(ctx context.Context, effect cases.Effect) error {
	return unlessGone(s.overwrite(ctx, effect, effectWaits, nil))
}

func unlessGone(err error) error {
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	return err
}

// Settle implements cases.Outbox.
func (s Cases) Settle(ctx context.Context, effect cases.Effect, discard bool) error {
	if discard {
		return s.overwrite(ctx, effect, effectIsDead, dropped)
	}
	return s.overwrite(ctx, effect, effectIsDead, nil)
}

// Delivered implements cases.Outbox. Effects are deleted one by one: a batch would need the right to write anything.
func (s Cases) Delivered(ctx context.Context, effects ...cases.Effect) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, e := range effects {
		group.Go(func() error {
			_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String(s.tables.Cases), Key: key(join(e.Tenant, e.Case), effectKey(e))})
			return translate(err)
		})
	}
	return group.Wait()
}

// DeadLetters implements cases.Outbox.
func (s Cases) DeadLetters(ctx context.Context, tenant, after string, limit int) (effects []cases.Effect, next string, err error) {
	from := join(tenant, "")
	if parts := strings.Split(after, "/"); len(parts) == 3 {
		from = join(tenant, parts[0], "effect", parts[1], parts[2]) + "\x00"
	}
	for shard := range s.shards {
		count := 0
		err := s.query(ctx, &dynamodb.QueryInput{
			TableName: aws.String(s.tables.Cases), IndexName: aws.String("due"), Limit: aws.Int32(int32(limit + 1)),
			KeyConditionExpression:    aws.String("due_pk = :pk AND due_sk BETWEEN :from AND :end"),
			ExpressionAttributeValues: item{":pk": text(join(effectsDead, strconv.Itoa(shard))), ":from": text(from), ":end": text(tenant + "$")},
		}, func(i item) (bool, error) {
			effects = append(effects, readEffect(i))
			count++
			return count <= limit, nil
		})
		if err != nil {
			return nil, "", err
		}
	}
	slices.SortFunc(effects, func(a, b cases.Effect) int { return strings.Compare(a.Case+"#"+effectKey(a), b.Case+"#"+effectKey(b)) })
	if len(effects) > limit {
		last := effects[limit-1]
		effects, next = effects[:limit], fmt.Sprintf("%s/%010d/%04d", last.Case, last.Version, last.Number)
	}
	return effects, next, nil
}

// DeadLetter implements cases.Outbox.
func (s Cases) DeadLetter(ctx context.Context, tenant, id string, version, number int) (cases.Effect, error) {
	i, err := s.get(ctx, s.tables.Cases, join(tenant, id), effectKey(cases.Effect{Version: version, Number: number}), "dead letter")
	if err != nil {
		return cases.Effect{}, err
	}
	if i.int("dead") == 0 {
		return cases.Effect{}, problem.New(problem.NotFound, "There is no such dead letter.")
	}
	return readEffect(i), nil
}

// Backlog implements cases.Outbox.
func (s Cases) Backlog(ctx context.Context, before time.Time, limit int) (backlog cases.Backlog, err error) {
	for after := ""; ; {
		effects, next, err := s.Waiting(ctx, cases.OutboxPage{Before: before, Fresh: before, After: after, Each: limit, Limit: limit})
		if err != nil {
			return backlog, err
		}
		for _, e := range effects {
			if backlog.Due++; backlog.Oldest.IsZero() || e.Due().Before(backlog.Oldest) {
				backlog.Oldest = e.Due()
			}
		}
		if after = next; after == "" || backlog.Due >= limit {
			break
		}
	}
	for shard := range s.shards {
		out, err := s.client.Query(ctx, &dynamodb.QueryInput{
			TableName: aws.String(s.tables.Cases), IndexName: aws.String("due"), Select: types.SelectCount, Limit: aws.Int32(int32(limit)),
			KeyConditionExpression: aws.String("due_pk = :pk"), ExpressionAttributeValues: item{":pk": text(join(effectsDead, strconv.Itoa(shard)))},
		})
		if err != nil {
			return backlog, translate(err)
		}
		backlog.Dead += int(out.Count)
	}
	backlog.Due, backlog.Dead = min(backlog.Due, limit), min(backlog.Dead, limit)
	return backlog, nil
}
