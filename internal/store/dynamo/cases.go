package dynamo

import (
	"context"
	"encoding/json"
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

// Cases is the cases.Store of the tables. Items of a case share the partition tenant#case.
type Cases struct{ *Store }

var _ cases.Store = Cases{}

// Cases gives the tables' cases.Store.
func (s *Store) Cases() Cases { return Cases{s} }

// Get implements cases.Store.
func (s Cases) Get(ctx context.Context, tenant, id string) (cases.Record, error) {
	i, err := s.get(ctx, s.tables.Cases, join(tenant, id), "record", "case")
	if err != nil {
		return cases.Record{}, err
	}
	return readRecord(i)
}

// readRecord puts the parked tokens, which are attributes of their own, back into the record.
func readRecord(i item) (cases.Record, error) {
	record, err := decode[cases.Record](i, "record")
	if err != nil {
		return record, err
	}
	record.Revision = i.int("revision")
	parked, ok := i["parked"].(*types.AttributeValueMemberM)
	if !ok {
		return record, nil
	}
	for region, value := range parked.Value {
		var park cases.Park
		if err := json.Unmarshal([]byte(item{"park": value}.string("park")), &park); err != nil {
			return record, fmt.Errorf("decode parked token: %w", err)
		}
		if record.Parked == nil {
			record.Parked = map[string]cases.Park{}
		}
		record.Parked[strings.TrimPrefix(region, "r")] = park
	}
	return record, nil
}

// recordItem has what conditions and indexes need as attributes. The indexes are sparse: open cases only, but for the
// list of all.
func (s Cases) recordItem(r cases.Record) (item, error) {
	parked := map[string]types.AttributeValue{}
	for region, park := range r.Parked {
		value, err := json.Marshal(park)
		if err != nil {
			return nil, problem.Wrap(err, problem.Internal, "A parked token could not be encoded.")
		}
		parked["r"+region] = text(string(value))
	}
	stored := r
	stored.Parked = nil
	i, err := newItem(join(r.Tenant, r.ID), "record", stored)
	if err != nil {
		return nil, err
	}
	i["revision"], i["version"], i["parked"] = whole(r.Revision), whole(r.Version), &types.AttributeValueMemberM{Value: parked}
	i.index("external", join(r.Tenant, "cases"), createdKey(r))
	i.index("subject", join(r.Tenant, r.Subject.ID), createdKey(r))
	if r.Status != cases.StatusActive {
		return i, nil
	}
	i.index("queue", join("open", s.shard(r.ID)), stamp(r.UpdatedAt)+"#"+r.Tenant+"#"+r.ID)
	i.index("open", join(r.Tenant, "open"), deadlineKey(r))
	if !r.DueAt.IsZero() {
		i.index("due", join("due", s.shard(r.ID)), stamp(r.DueAt)+"#"+r.Tenant+"#"+r.ID)
	}
	if r.Assignee != "" {
		i.index("assignee", join(r.Tenant, r.Assignee), createdKey(r))
	}
	return i, nil
}

// Commit implements cases.Store: one transaction.
func (s Cases) Commit(ctx context.Context, change cases.Change) error {
	r := change.Next
	writes, err := s.writes(change)
	if err != nil {
		return err
	}
	err = s.transact(ctx, writes)
	for at, reason := range reasons(err) {
		if aws.ToString(reason.Code) != "ConditionalCheckFailed" {
			continue
		}
		switch {
		case change.Revision == 0 && at == 0:
			return problem.Wrap(err, problem.AlreadyExists, "The case exists already.").Detail("case", r.ID)
		case change.Revision == 0 && r.ExternalID != "" && at == len(writes)-1:
			return problem.Wrap(err, problem.AlreadyExists, "The workflow has a case with this external id already.").Detail("case", item(reason.Item).string("case")).
				With("body.external_id", "taken", "another case of the workflow has this external id")
		}
		return problem.Wrap(err, problem.Conflict, "Another write to the case came first.")
	}
	return translate(err)
}

// writes of a commit: the record first, the guard of the external id last.
func (s Cases) writes(change cases.Change) ([]types.TransactWriteItem, error) {
	r, pk := change.Next, join(change.Next.Tenant, change.Next.ID)
	record, err := s.recordItem(r)
	if err != nil {
		return nil, err
	}
	condition, values := absent, item(nil)
	if change.Revision > 0 {
		condition, values = "revision = :revision", item{":revision": whole(change.Revision)}
	}
	writes := []types.TransactWriteItem{put(s.tables.Cases, record, condition, values)}
	add := func(table, pk, sk string, value any, condition string) item {
		i, failed := newItem(pk, sk, value)
		if failed != nil && err == nil {
			err = failed
		}
		writes = append(writes, put(table, i, condition, nil))
		return i
	}
	add(s.tables.Cases, pk, historyKey(change.Entry.Version), change.Entry, absent)
	for _, effect := range change.Effects {
		i := add(s.tables.Cases, pk, effectKey(effect), effect, "")
		i.index("due", join("effects", s.shard(r.ID)), stamp(effect.Due())+"#"+r.ID+"#"+effectKey(effect))
	}
	for _, note := range change.Notes {
		add(s.tables.Cases, pk, join("note", stamp(note.At), note.ID), note, "")
	}
	for _, run := range change.TaskRuns {
		add(s.tables.Cases, pk, runKey(run), run, "")
	}
	if change.Subject != nil {
		add(s.tables.Subjects, subjectKey(change.Subject.Tenant, change.Subject.Type, change.Subject.ExternalID, change.Subject.ID), "subject", change.Subject, "")
	}
	for _, effect := range change.Dropped { // written over, since functions have no right to delete here
		effect.Kind = cases.EffectNone
		i := add(s.tables.Cases, pk, effectKey(effect), effect, "")
		i.index("due", join("effects", s.shard(r.ID)), stamp(effect.Due())+"#"+r.ID+"#"+effectKey(effect))
	}
	writes = append(writes, s.terms(change)...)
	writes = append(writes, s.counters(r, change.Counts)...)
	if change.Revision == 0 && r.ExternalID != "" {
		i := add(s.tables.Cases, externalKey(r.Tenant, r.Workflow.ID, r.ExternalID), "external", r.ID, absent)
		i["case"] = text(r.ID)
	}
	return writes, err
}

func historyKey(version int) string { return fmt.Sprintf("history#%010d", version) }

func effectKey(e cases.Effect) string { return fmt.Sprintf("effect#%010d#%04d", e.Version, e.Number) }

func runKey(run cases.TaskRun) string { return join("task", stamp(run.StartedAt), run.ID) }

func externalKey(tenant, workflow, externalID string) string {
	return join(tenant, "external", workflow, externalID)
}

func subjectKey(tenant, kind, externalID, id string) string {
	if externalID == "" {
		return join(tenant, kind, "id", id)
	}
	return join(tenant, kind, "external", externalID)
}

// Park implements cases.Store: an update of the record's own attribute, so that no commit that has not seen it can
// overwrite it.
func (s Cases) Park(ctx context.Context, tenant, id string, version int, region string, park cases.Park) error {
	value, err := json.Marshal(park)
	if err != nil {
		return problem.Wrap(err, problem.Internal, "A parked token could not be encoded.")
	}
	_, err = s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String(s.tables.Cases), Key: key(join(tenant, id), "record"),
		UpdateExpression:         aws.String("SET parked.#region = :park ADD revision :one"),
		ConditionExpression:      aws.String("version = :version"),
		ExpressionAttributeNames: map[string]string{"#region": "r" + region},
		ExpressionAttributeValues: item{
			":park": text(string(value)), ":one": whole(1), ":version": whole(version),
		},
	})
	if problem.CodeOf(translate(err)) != problem.Conflict {
		return translate(err)
	}
	if _, err := s.Get(ctx, tenant, id); err != nil {
		return err // not there at all
	}
	return problem.Wrap(err, problem.Conflict, "The case has moved on.")
}

// History implements cases.Store.
func (s Cases) History(ctx context.Context, tenant, id string, after, limit int) ([]cases.Entry, error) {
	return all[cases.Entry](ctx, s.Store, s.tables.Cases, join(tenant, id), "history#", historyKey(after), limit)
}

// Notes implements cases.Store.
func (s Cases) Notes(ctx context.Context, tenant, id string) ([]cases.Note, error) {
	return all[cases.Note](ctx, s.Store, s.tables.Cases, join(tenant, id), "note#", "", 0)
}

// TaskRuns implements cases.Store.
func (s Cases) TaskRuns(ctx context.Context, tenant, id string) ([]cases.TaskRun, error) {
	return all[cases.TaskRun](ctx, s.Store, s.tables.Cases, join(tenant, id), "task#", "", 0)
}

// PutTaskRun implements cases.Store.
func (s Cases) PutTaskRun(ctx context.Context, tenant, id string, run cases.TaskRun) error {
	i, err := newItem(join(tenant, id), runKey(run), run)
	if err != nil {
		return err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(s.tables.Cases), Item: i})
	return translate(err)
}

// FindExternal implements cases.Store.
func (s Cases) FindExternal(ctx context.Context, tenant, workflow, externalID string) (string, error) {
	i, err := s.get(ctx, s.tables.Cases, externalKey(tenant, workflow, externalID), "external", "case")
	return i.string("case"), err
}

// Subject implements cases.Store.
func (s Cases) Subject(ctx context.Context, tenant, kind, externalID string) (cases.Subject, error) {
	return find[cases.Subject](ctx, s.Store, s.tables.Subjects, subjectKey(tenant, kind, externalID, ""), "subject", "subject")
}

// Undelivered implements cases.Store.
func (s Cases) Undelivered(ctx context.Context, before time.Time, limit int) ([]cases.Effect, error) {
	found, err := upTo[cases.Effect](ctx, s.Store, s.tables.Cases, "due", "effects", stamp(before), limit)
	slices.SortFunc(found, func(a, b cases.Effect) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.Case+effectKey(a), b.Case+effectKey(b))
	})
	return found[:min(limit, len(found))], err
}

// Delivered implements cases.Store. Effects are deleted one by one: a batch would need the right to write anything.
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

// Due implements cases.Store.
func (s Cases) Due(ctx context.Context, before time.Time, limit int) ([]cases.Ref, error) {
	found, err := upTo[cases.Record](ctx, s.Store, s.tables.Cases, "due", "due", stamp(before)+"~", limit)
	slices.SortFunc(found, func(a, b cases.Record) int { return a.DueAt.Compare(b.DueAt) })
	return refs(found[:min(limit, len(found))]), err
}

func refs(records []cases.Record) []cases.Ref {
	var found []cases.Ref
	for _, r := range records {
		found = append(found, cases.Ref{Tenant: r.Tenant, ID: r.ID})
	}
	return found
}

// Open implements cases.Store. The cursor is the shard and the sort key where the look goes on.
func (s Cases) Open(ctx context.Context, before time.Time, after string, limit int) (found []cases.Ref, next string, err error) {
	shard, from := 0, ""
	if after != "" {
		number, rest, _ := strings.Cut(after, "#")
		if shard, err = strconv.Atoi(number); err != nil {
			return nil, "", problem.New(problem.Invalid, "The cursor is not one of this list.")
		}
		from = rest
	}
	for ; shard < s.shards; shard, from = shard+1, "" {
		last, full := from, false
		err = s.query(ctx, &dynamodb.QueryInput{
			TableName: aws.String(s.tables.Cases), IndexName: aws.String("queue"), Limit: aws.Int32(int32(limit + 1)),
			KeyConditionExpression: aws.String("queue_pk = :pk AND queue_sk BETWEEN :from AND :before"),
			ExpressionAttributeValues: item{
				":pk": text(join("open", strconv.Itoa(shard))), ":from": text(from + "\x00"), ":before": text(stamp(before)),
			},
		}, func(i item) (bool, error) {
			if full = len(found) == limit; full {
				return false, nil
			}
			last = i.string("queue_sk")
			record, err := decode[cases.Record](i, "record")
			found = append(found, cases.Ref{Tenant: record.Tenant, ID: record.ID})
			return true, err
		})
		if err != nil || full {
			return found, strconv.Itoa(shard) + "#" + last, err
		}
	}
	return found, "", nil
}
