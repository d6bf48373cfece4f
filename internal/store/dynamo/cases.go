package dynamo

import (
	"bytes"
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

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Cases is the cases.Store of the tables. Items of a case share the partition tenant#case.
type Cases struct{ *Store }

var _ cases.Store = Cases{}

// Cases returns the tables' cases.Store.
func (s *Store) Cases() Cases { return Cases{s} }

// Get implements cases.Store.
func (s Cases) Get(ctx context.Context, tenant, id string) (cases.Record, error) {
	for range readAgain {
		i, err := s.get(ctx, s.tables.Cases, join(tenant, id), "record", "case")
		if err != nil {
			return cases.Record{}, err
		}
		if i.int("parts") == 0 {
			doc, err := recordDoc(i)
			if err != nil {
				return cases.Record{}, err
			}
			return wholeRecord(i, doc)
		}
		doc, found, err := s.large(ctx, i)
		if err != nil {
			return cases.Record{}, err
		}
		if found {
			return wholeRecord(i, doc)
		}
	}
	return cases.Record{}, problem.New(problem.Unavailable, "The case changes too often to be read.")
}

// recordBody is the attribute of a record's JSON. It is compressed: a commit is charged by the size of what it writes.
const recordBody = "record"

// recordDoc is the JSON of a record that is stored on its item.
func recordDoc(i item) ([]byte, error) {
	body, ok := i[recordBody].(*types.AttributeValueMemberB)
	if !ok {
		return nil, fmt.Errorf("%w: the item has no record", cases.ErrUnreadable)
	}
	doc, err := unsqueeze(bytes.NewReader(body.Value))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cases.ErrUnreadable, err)
	}
	return doc, nil
}

// readRecord reads a record from its item. One that is divided is read again, whole.
func (s Cases) readRecord(ctx context.Context, i item) (cases.Record, error) {
	if i.int("parts") > 0 {
		tenant, id, _ := strings.Cut(i.string("pk"), "#")
		return s.Get(ctx, tenant, id)
	}
	doc, err := recordDoc(i)
	if err != nil {
		return cases.Record{}, err
	}
	return wholeRecord(i, doc)
}

// wholeRecord puts the parked tokens, which are attributes of their own, back into the record.
func wholeRecord(i item, doc []byte) (record cases.Record, err error) {
	if err := json.Unmarshal(doc, &record); err != nil {
		return record, fmt.Errorf("%w: decode record: %w", cases.ErrUnreadable, err)
	}
	record.Revision = i.int("revision")
	parked, ok := i["parked"].(*types.AttributeValueMemberM)
	if !ok {
		return record, nil
	}
	for region, value := range parked.Value {
		var park cases.Park
		if err := json.Unmarshal([]byte(item{"park": value}.string("park")), &park); err != nil {
			return record, fmt.Errorf("decode parked token: %w: %w", cases.ErrUnreadable, err)
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
func (s Cases) recordItem(r cases.Record) (item, []item, error) {
	parked := map[string]types.AttributeValue{}
	for region, park := range r.Parked {
		value, err := json.Marshal(park)
		if err != nil {
			return nil, nil, problem.Wrap(err, problem.Internal, "A parked token could not be encoded.")
		}
		parked["r"+region] = text(string(value))
	}
	stored := r
	stored.Parked = nil
	doc, err := json.Marshal(stored)
	if err != nil {
		return nil, nil, problem.Wrap(err, problem.Internal, "A case could not be encoded.")
	}
	i := item(key(join(r.Tenant, r.ID), "record"))
	parts, err := setRecord(i, doc)
	if err != nil {
		return nil, nil, err
	}
	if err := i.outline(r); err != nil {
		return nil, nil, err
	}
	i["revision"], i["version"], i["parked"] = whole(r.Revision), whole(r.Version), &types.AttributeValueMemberM{Value: parked}
	i.index("created", join(r.Tenant, "cases", listShard(r.ID)), createdKey(r))
	i.index("updated", join(r.Tenant, "updated", shardOf(r.ID, changeShards)), changedKey(r))
	i.index("subject", join(r.Tenant, r.Subject.ID), createdKey(r))
	if r.Status != cases.StatusActive {
		return i, parts, nil
	}
	i.index("queue", join("open", s.shard(r.ID)), quietSince(r.UpdatedAt)+"#"+r.Tenant+"#"+r.ID)
	i.index("open", join(r.Tenant, "open", listShard(r.ID)), deadlineKey(r))
	if r.Waiting != nil {
		i.index("waiting", join(waitingKey(r.Tenant, r.Waiting.For), listShard(r.ID)), stamp(r.Waiting.Since)+"#"+r.ID)
	}
	if !r.DueAt.IsZero() {
		i.index("due", join("due", s.shard(r.ID)), stamp(r.DueAt)+"#"+r.Tenant+"#"+r.ID)
	}
	if r.Assignee != "" {
		i.index("assignee", join(r.Tenant, r.Assignee), createdKey(r))
	}
	return i, parts, nil
}

// Commit implements cases.Store: one transaction.
func (s Cases) Commit(ctx context.Context, change cases.Change) error {
	r := change.Next
	writes, err := s.writes(change)
	if err != nil {
		return err
	}
	within, cancel := inTime(ctx, change)
	defer cancel()
	if change.Fresh != nil {
		if err := change.Fresh(); err != nil {
			return err
		}
	}
	err = s.transact(within, writes)
	refused := func(reason types.CancellationReason) bool {
		return aws.ToString(reason.Code) == "ConditionalCheckFailed"
	}
	why := reasons(err)
	for at, reason := range why {
		if !refused(reason) || change.Supersedes != nil && at == len(writes)-2 && refused(why[at+1]) {
			continue // that another case has the external id is more specific than that the former one was written
		}
		if refused := refusedEffect(writes[at], err); refused != nil {
			return refused
		}
		if work := correlatedWork(writes[at]); work != "" {
			return cases.CorrelationTaken(work)
		}
		switch {
		case change.Revision == 0 && at == 0:
			return problem.Wrap(err, problem.AlreadyExists, "The case exists already.").Detail("case", r.ID)
		case (change.Revision == 0 && r.ExternalID != "" || change.Reopens()) && at == len(writes)-1:
			return problem.Wrap(err, problem.AlreadyExists, "The workflow has an open case with this external id.").Detail("case", item(reason.Item).string("case")).
				With("body.external_id", "taken", "another case of the workflow has this external id")
		}
		return problem.Wrap(err, problem.Conflict, "Another write to the case came first.")
	}
	return translate(err)
}

// writes of a commit: the record first, the guard of the external id last.
func (s Cases) writes(change cases.Change) ([]types.TransactWriteItem, error) {
	r, pk := change.Next, join(change.Next.Tenant, change.Next.ID)
	record, parts, err := s.recordItem(r)
	if err != nil {
		return nil, err
	}
	condition, values := absent, item(nil)
	if change.Revision > 0 {
		condition, values = "revision = :revision", item{":revision": whole(change.Revision)}
	}
	writes := []types.TransactWriteItem{put(s.tables.Cases, record, condition, values)}
	for _, part := range parts {
		writes = append(writes, put(s.tables.Cases, part, "", nil))
	}
	add := func(table, pk, sk string, value any, condition string) item {
		i, failed := newItem(pk, sk, value)
		if failed != nil && err == nil {
			err = failed
		}
		writes = append(writes, put(table, i, condition, nil))
		return i
	}
	add(s.tables.Cases, pk, historyKey(change.Entry.Version), change.Entry, absent)
	for _, result := range change.Results {
		add(s.tables.Cases, pk, join("result", result.Child), result, "")
	}
	for _, effect := range change.Effects {
		i := add(s.tables.Cases, pk, effectKey(effect), effect, "")
		s.indexEffect(i, effect)
	}
	settled, failed := s.settled(change)
	if failed != nil && err == nil {
		err = failed
	}
	published, failed := s.publications(change)
	if failed != nil && err == nil {
		err = failed
	}
	writes = append(append(writes, settled...), published...)
	for _, note := range change.Notes {
		add(s.tables.Cases, pk, join("note", stamp(note.At), note.ID), note, "")
	}
	for _, run := range change.TaskRuns {
		add(s.tables.Cases, pk, runKey(run), run, "")
	}
	for _, notice := range change.Notices {
		add(s.tables.Cases, inboxKey(notice.Tenant, notice.To, notice.Shared), noticeKey(notice), notice, "")["ttl"] = whole(int(noticeEnd(notice, change.Entry.At).Unix()))
	}
	if change.Subject != nil {
		add(s.tables.Subjects, subjectKey(change.Subject.Tenant, change.Subject.Type, change.Subject.ExternalID, change.Subject.ID), "subject", change.Subject, "attribute_not_exists(revision)")["revision"] = whole(change.Subject.Revision)
		if change.Subject.Revision > 1 {
			w := writes[len(writes)-1].Put
			w.ConditionExpression, w.ExpressionAttributeValues = aws.String("revision = :before"), item{":before": whole(change.Subject.Revision - 1)}
		}
	}
	writes = append(writes, s.correlations(change)...)
	writes = append(writes, s.terms(change)...)
	writes = append(writes, s.counters(r, change.Counts)...)
	return append(writes, s.external(change)...), err
}

// external are the writes that keep an external id to one open case: those of a new case, or of one that is open again. The
// guard is the last of them.
func (s Cases) external(change cases.Change) []types.TransactWriteItem {
	r, former := change.Next, change.Supersedes
	if r.ExternalID == "" || change.Revision > 0 && !change.Reopens() {
		return nil
	}
	guard := key(externalKey(r.Tenant, r.Workflow.ID, r.ExternalID), "external")
	if change.Reopens() {
		return []types.TransactWriteItem{{ConditionCheck: &types.ConditionCheck{
			TableName: aws.String(s.tables.Cases), Key: guard, ConditionExpression: aws.String("attribute_not_exists(pk) OR #case = :case"),
			ExpressionAttributeNames: map[string]string{"#case": "case"}, ExpressionAttributeValues: item{":case": text(r.ID)},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}}}
	}
	i := item{"pk": guard["pk"], "sk": guard["sk"], "doc": text(strconv.Quote(r.ID)), "case": text(r.ID)}
	if former == nil {
		return []types.TransactWriteItem{put(s.tables.Cases, i, absent, nil)}
	}
	write := put(s.tables.Cases, i, absent+" OR #case = :former", item{":former": text(former.Case)})
	write.Put.ExpressionAttributeNames = map[string]string{"#case": "case"}
	return []types.TransactWriteItem{{ConditionCheck: &types.ConditionCheck{
		TableName: aws.String(s.tables.Cases), Key: key(join(r.Tenant, former.Case), "record"), ConditionExpression: aws.String("revision = :revision"),
		ExpressionAttributeValues: item{":revision": whole(former.Revision)},
	}}, write}
}

func historyKey(version int) string { return fmt.Sprintf("history#%010d", version) }

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
	return problem.Wrap(err, problem.Conflict, "The case has changed.")
}

// History implements cases.Store.
func (s Cases) History(ctx context.Context, tenant, id string, after, limit int) ([]cases.Entry, error) {
	return readable(ctx, s.Store, s.tables.Cases, join(tenant, id), "history#", historyKey(after), limit, func(key string) cases.Entry {
		version, _ := strconv.Atoi(key) // a key of ours
		return cases.UnreadableEntry(version)
	})
}

// Notes implements cases.Store.
func (s Cases) Notes(ctx context.Context, tenant, id string) ([]cases.Note, error) {
	return readable(ctx, s.Store, s.tables.Cases, join(tenant, id), "note#", "", 0, func(key string) cases.Note {
		at, id := timeAndID(key)
		return cases.Note{ID: id, At: at, Unreadable: true}
	})
}

// Results implements cases.Store.
func (s Cases) Results(ctx context.Context, tenant, id string) ([]cases.ChildResult, error) {
	return all[cases.ChildResult](ctx, s.Store, s.tables.Cases, join(tenant, id), "result#", "", 0)
}

// TaskRuns implements cases.Store.
func (s Cases) TaskRuns(ctx context.Context, tenant, id string) ([]cases.TaskRun, error) {
	return readable(ctx, s.Store, s.tables.Cases, join(tenant, id), "task#", "", 0, func(key string) cases.TaskRun {
		at, id := timeAndID(key)
		return cases.TaskRun{ID: id, StartedAt: at, Unreadable: true}
	})
}

// PutTaskRun implements cases.Store.
func (s Cases) PutTaskRun(ctx context.Context, tenant, id string, run cases.TaskRun) error {
	i, err := newItem(join(tenant, id), runKey(run), run)
	if err != nil {
		return err
	}
	counted := s.counters(cases.Record{Tenant: tenant, ID: id}, cases.RunCounts(run))
	return translate(s.transact(ctx, append(counted, put(s.tables.Cases, i, "", nil))))
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

// Due implements cases.Store.
func (s Cases) Due(ctx context.Context, before time.Time, limit int) ([]cases.Ref, error) {
	found, err := upTo(ctx, s.Store, s.tables.Cases, "due", "due", stamp(before)+"~", limit)
	slices.Sort(found)
	var refs []cases.Ref
	for _, key := range found[:min(limit, len(found))] {
		refs = append(refs, refOf(key)) // by its key: an unreadable one does not hold up others
	}
	return refs, err
}

// refOf reads a key of an index of all tenants: time, tenant, case.
func refOf(key string) cases.Ref {
	parts := strings.SplitN(key, "#", 3)
	if len(parts) < 3 {
		return cases.Ref{}
	}
	return cases.Ref{Tenant: parts[1], ID: parts[2]}
}

// caseOf is the case that an item of the table of cases belongs to.
func caseOf(i item) string {
	_, id, _ := strings.Cut(i.string("pk"), "#")
	return id
}

// Open implements cases.Store. The cursor is the shard and the sort key where the scan continues.
func (s Cases) Open(ctx context.Context, before time.Time, after string, limit int) (found []cases.Ref, next string, err error) {
	shard, from := 0, ""
	if after != "" {
		number, rest, _ := strings.Cut(after, "#")
		if shard, err = strconv.Atoi(number); err != nil {
			return nil, "", problem.New(problem.Invalid, "The cursor does not belong to this list.")
		}
		from = rest
	}
	for ; shard < s.shards; shard, from = shard+1, "" {
		last, full := from, false
		var maybe []cases.Ref
		err = s.query(ctx, &dynamodb.QueryInput{
			TableName: aws.String(s.tables.Cases), IndexName: aws.String("queue"), Limit: aws.Int32(int32(limit + 1)),
			KeyConditionExpression: aws.String("queue_pk = :pk AND queue_sk BETWEEN :from AND :before"),
			ExpressionAttributeValues: item{
				":pk": text(join("open", strconv.Itoa(shard))), ":from": text(from + "\x00"), ":before": text(quietSince(before) + "~"),
			},
		}, func(i item) (bool, error) {
			if full = len(found)+len(maybe) == limit; full {
				return false, nil
			}
			last = i.string("queue_sk")
			if ref := refOf(last); last < quietSince(before) {
				found = append(found, ref) // by its key: an unreadable one does not hold up others
			} else {
				maybe = append(maybe, ref)
			}
			return true, nil
		})
		if err == nil {
			var quiet []cases.Ref
			quiet, err = s.quiet(ctx, maybe, before)
			found = append(found, quiet...)
		}
		if err != nil || full {
			return found, strconv.Itoa(shard) + "#" + last, err
		}
	}
	return found, "", nil
}

// quietSince is the minute in which a case was last written. The index of open cases goes by it, so that a case whose work is
// done within seconds does not move there with each commit.
func quietSince(t time.Time) string { return stamp(t.Truncate(time.Minute)) }

// quiet are those of some cases, last written in one minute, that were last written before a time.
func (s Cases) quiet(ctx context.Context, refs []cases.Ref, before time.Time) (quiet []cases.Ref, err error) {
	var keys []map[string]types.AttributeValue
	for _, ref := range refs {
		keys = append(keys, key(join(ref.Tenant, ref.ID), "record"))
	}
	written := map[string]bool{} // at the time or later
	err = s.sideBySide(ctx, keys, true, func(i item) error {
		changed, _, _ := strings.Cut(i.string("updated_sk"), "#")
		written[i.string("pk")] = changed >= stamp(before)
		return nil
	})
	for _, ref := range refs {
		if !written[join(ref.Tenant, ref.ID)] {
			quiet = append(quiet, ref)
		}
	}
	return quiet, err
}
