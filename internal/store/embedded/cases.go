package embedded

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Buckets. Keys join their parts with a zero byte; times are big-endian milliseconds, so that they sort.
const (
	bucketRecords  = "records"  // tenant, case -> header + record
	bucketParked   = "parked"   // tenant, case -> regions
	bucketItems    = "items"    // tenant, case, kind, id -> history, notes, task runs
	bucketExternal = "external" // tenant, workflow, external id -> case
	bucketSubjects = "subjects" // tenant, type, external id or #id -> subject
	bucketNewest   = "newest"   // tenant, created, case
	bucketUpdated  = "updated"  // tenant, updated, case
	bucketLists    = "lists"    // tenant, list, order, created or deadline, case: see cases.Record.Lists
	bucketCounts   = "counts"   // tenant, group, name -> number
	bucketDue      = "due"      // due, tenant, case: active cases with a deadline
	bucketOpen     = "open"     // updated, tenant, case: active cases
	bucketResults  = "results"  // tenant, case, child -> what the case has taken over of it
)

// Cases is the cases.Store of the file.
type Cases struct{ db *DB }

var _ cases.Store = Cases{}

// Cases returns the file's cases.Store.
func (db *DB) Cases() Cases { return Cases{db} }

func join(parts ...string) string { return strings.Join(parts, "\x00") }

func stamp(t time.Time) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(max(0, t.UnixMilli())))
	return string(b[:])
}

// Get implements cases.Store.
func (s Cases) Get(_ context.Context, tenant, id string) (record cases.Record, err error) {
	err = s.db.View(func(tx *Tx) error {
		record, err = get(tx, tenant, id, s.db.decoded.record)
		return err
	})
	return record, err
}

// plainly reads a record without caching it.
func plainly(_ string, text []byte) (record cases.Record, err error) {
	err = json.Unmarshal(text, &record)
	return record, err
}

func get(tx *Tx, tenant, id string, decode func(key string, text []byte) (cases.Record, error)) (record cases.Record, err error) {
	key := join(tenant, id)
	value := tx.Get(bucketRecords, key)
	if value == nil {
		return record, problem.New(problem.NotFound, "There is no such case.")
	}
	if record, err = decode(key, value[headerSize:]); err != nil {
		return record, fmt.Errorf("decode record %s: %w: %w", id, cases.ErrUnreadable, err)
	}
	record.Revision = int(readHeader(value).revision)
	if parked := tx.Get(bucketParked, key); parked != nil {
		if err := json.Unmarshal(parked, &record.Parked); err != nil {
			return record, fmt.Errorf("decode parked tokens of %s: %w: %w", id, cases.ErrUnreadable, err)
		}
	}
	return record, nil
}

// write is a key and its value, encoded before the writer's turn.
type write struct {
	bucket, key string
	value       []byte
}

// Commit implements cases.Store.
func (s Cases) Commit(ctx context.Context, change cases.Change) error {
	r := change.Next
	writes, parked, err := encode(change)
	if err != nil {
		return err
	}
	if err := refuse(change, len(writes[0].value)-headerSize, writes); err != nil {
		return err
	}
	left, entered := moved(change)
	for _, list := range entered {
		writes = append(writes, write{bucketLists, list, []byte{}})
	}
	next := headerOf(r)
	key := join(r.Tenant, r.ID)
	defer s.db.decoded.forget(key)
	defer s.db.underway.begin(change)()
	if change.Fresh != nil {
		if err := change.Fresh(); err != nil {
			return err
		}
	}
	return s.db.Update(ctx, func(tx *Tx) error {
		before := tx.Get(bucketRecords, key)
		if err := check(tx, change, before); err != nil {
			return err
		}
		if before != nil {
			was := readHeader(before)
			was.index(r.Tenant, r.ID, tx.Delete)
			tx.Delete(bucketUpdated, was.changed(r.Tenant, r.ID))
		}
		tx.Put(bucketUpdated, next.changed(r.Tenant, r.ID), []byte{})
		next.index(r.Tenant, r.ID, func(bucket, key string) { tx.Put(bucket, key, []byte{}) })
		switch {
		case parked != nil:
			tx.Put(bucketParked, key, parked)
		case tx.Get(bucketParked, key) != nil:
			tx.Delete(bucketParked, key)
		}
		for _, w := range writes {
			tx.Put(w.bucket, w.key, w.value)
		}
		for _, gone := range left {
			tx.Delete(bucketLists, gone)
		}
		forgetNotices(tx, change)
		forgetCorrelations(tx, change)
		if err := commitOutbox(tx, change); err != nil {
			return err
		}
		s.db.commitPublications(tx, change)
		count(tx, r.Tenant, change.Counts)
		return nil
	})
}

// check reports whether the change may be written.
func check(tx *Tx, change cases.Change, before []byte) error {
	if err := checkSubject(tx, change.Subject); err != nil {
		return err
	}
	if err := checkRevision(tx, change, before); err != nil {
		return err
	}
	return checkCorrelations(tx, change)
}

// checkRevision reports whether the record is still the one that was read, and may have its external id.
func checkRevision(tx *Tx, change cases.Change, before []byte) error {
	r := change.Next
	if change.Revision == 0 {
		if before != nil {
			return problem.New(problem.AlreadyExists, "The case exists already.").Detail("case", r.ID)
		}
		if r.ExternalID == "" {
			return nil
		}
		return checkExternal(tx, change)
	}
	if before == nil || readHeader(before).revision != uint64(change.Revision) {
		return problem.New(problem.Conflict, "Another write to the case came first.")
	}
	if change.Reopens() {
		return checkExternal(tx, change)
	}
	return nil
}

// checkExternal reports whether the case may have its external id.
func checkExternal(tx *Tx, change cases.Change) error {
	r := change.Next
	taken := string(tx.Get(bucketExternal, join(r.Tenant, r.Workflow.ID, r.ExternalID)))
	former := change.Supersedes
	switch {
	case taken == "" || taken == r.ID:
		return nil
	case former == nil || former.Case != taken:
		return problem.New(problem.AlreadyExists, "The workflow has an open case with this external id.").Detail("case", taken).
			With("body.external_id", "taken", "another case of the workflow has this external id")
	}
	if value := tx.Get(bucketRecords, join(r.Tenant, taken)); value == nil || readHeader(value).revision != uint64(former.Revision) {
		return problem.New(problem.Conflict, "The case that has the external id was written meanwhile.")
	}
	return nil
}

// checkSubject reports whether the subject is still the one that was read.
func checkSubject(tx *Tx, subject *cases.Subject) error {
	if subject == nil {
		return nil
	}
	there := cases.Subject{}
	if value := tx.Get(bucketSubjects, subjectKey(*subject)); value != nil {
		if err := json.Unmarshal(value, &there); err != nil {
			return fmt.Errorf("decode subject: %w", err)
		}
	}
	if there.Revision != subject.Revision-1 {
		return problem.New(problem.Conflict, "Another write to the subject came first.")
	}
	return nil
}

// encode prepares everything that a commit writes.
func encode(change cases.Change) (writes []write, parked []byte, err error) {
	r := change.Next
	add := func(bucket, key string, prefix []byte, value any) {
		text, failed := json.Marshal(value)
		if failed != nil && err == nil {
			err = problem.Wrap(failed, problem.Internal, "The case could not be encoded.")
		}
		writes = append(writes, write{bucket, key, append(prefix, text...)})
	}
	if len(r.Parked) > 0 {
		if parked, err = json.Marshal(r.Parked); err != nil {
			return nil, nil, problem.Wrap(err, problem.Internal, "The case could not be encoded.")
		}
	}
	stored := r
	stored.Parked = nil
	add(bucketRecords, join(r.Tenant, r.ID), headerOf(r).append(make([]byte, 0, 2048)), stored)
	item := func(kind, id string, value any) { add(bucketItems, join(r.Tenant, r.ID, kind, id), nil, value) }
	item("history", fmt.Sprintf("%010d", change.Entry.Version), change.Entry)
	for _, note := range change.Notes {
		item("note", stamp(note.At)+note.ID, note)
	}
	for _, run := range change.TaskRuns {
		item("task", stamp(run.StartedAt)+run.ID, run)
	}
	for _, result := range change.Results {
		add(bucketResults, join(r.Tenant, r.ID, result.Child), nil, result)
	}
	for _, effect := range change.Effects {
		add(bucketOutbox, effectKey(effect), nil, effect)
	}
	for _, publication := range change.Publications {
		add(bucketPublications, publicationKey(publication.Tenant, publication.Place()), nil, publication)
	}
	for _, notice := range change.Notices {
		add(bucketNotices, noticeKey(notice), nil, notice)
	}
	if change.Subject != nil {
		add(bucketSubjects, subjectKey(*change.Subject), nil, change.Subject)
	}
	for _, c := range cases.NewCorrelations(change) {
		add(bucketCorrelations, correlationKey(r.Tenant, c), nil, c)
	}
	if change.Revision == 0 {
		writes = append(writes, write{bucketNewest, join(r.Tenant, stamp(r.CreatedAt)+r.ID), []byte{}})
		if r.ExternalID != "" {
			writes = append(writes, write{bucketExternal, join(r.Tenant, r.Workflow.ID, r.ExternalID), []byte(r.ID)})
		}
	}
	return writes, parked, err
}

func subjectKey(s cases.Subject) string {
	if s.ExternalID == "" {
		return join(s.Tenant, s.Type, "#"+s.ID)
	}
	return join(s.Tenant, s.Type, "="+s.ExternalID)
}

// Park implements cases.Store. It need not wait for the disk: the wake-up that it is for is written after it.
func (s Cases) Park(ctx context.Context, tenant, id string, version int, region string, park cases.Park) error {
	return s.db.UpdateInOrder(ctx, func(tx *Tx) error {
		key := join(tenant, id)
		value := tx.Get(bucketRecords, key)
		if value == nil {
			return problem.New(problem.NotFound, "There is no such case.")
		}
		h := readHeader(value)
		if h.version != uint64(version) {
			return problem.New(problem.Conflict, "The case has changed.")
		}
		parked := map[string]cases.Park{}
		if old := tx.Get(bucketParked, key); old != nil {
			if err := json.Unmarshal(old, &parked); err != nil {
				return fmt.Errorf("decode parked tokens: %w", err)
			}
		}
		parked[region] = park
		text, err := json.Marshal(parked)
		if err != nil {
			return fmt.Errorf("encode parked tokens: %w", err)
		}
		h.revision++
		tx.Put(bucketParked, key, text)
		tx.Put(bucketRecords, key, append(h.append(make([]byte, 0, len(value))), value[headerSize:]...))
		return nil
	})
}

// History implements cases.Store.
func (s Cases) History(_ context.Context, tenant, id string, after, limit int) ([]cases.Entry, error) {
	prefix := join(tenant, id, "history", "")
	return items(s.db, prefix, prefix+fmt.Sprintf("%010d", after), limit, func(key string) cases.Entry {
		version, _ := strconv.Atoi(key) // a key of ours
		return cases.UnreadableEntry(version)
	})
}

// Notes implements cases.Store.
func (s Cases) Notes(_ context.Context, tenant, id string) ([]cases.Note, error) {
	return items(s.db, join(tenant, id, "note", ""), "", 0, func(key string) cases.Note {
		at, id := timeAndID(key)
		return cases.Note{ID: id, At: at, Unreadable: true}
	})
}

// Results implements cases.Store.
func (s Cases) Results(_ context.Context, tenant, id string) ([]cases.ChildResult, error) {
	return all[cases.ChildResult](s.db, bucketResults, join(tenant, id, ""))
}

// TaskRuns implements cases.Store.
func (s Cases) TaskRuns(_ context.Context, tenant, id string) ([]cases.TaskRun, error) {
	return items(s.db, join(tenant, id, "task", ""), "", 0, func(key string) cases.TaskRun {
		at, id := timeAndID(key)
		return cases.TaskRun{ID: id, StartedAt: at, Unreadable: true}
	})
}

// timeAndID reads the last part of a key: a stamp and an id.
func timeAndID(key string) (time.Time, string) {
	if len(key) < 8 {
		return time.Time{}, key
	}
	return time.UnixMilli(int64(beUint64(key[:8]))).UTC(), key[8:]
}

// items decodes the values under a prefix, after a key; limit 0: all. What cannot be decoded is what unreadable makes of the
// rest of its key.
func items[T any](db *DB, prefix, after string, limit int, unreadable func(key string) T) (found []T, err error) {
	err = db.View(func(tx *Tx) error {
		tx.Scan(bucketItems, prefix, after, func(key string, value []byte) bool {
			var item T
			if json.Unmarshal(value, &item) != nil {
				item = unreadable(key[len(prefix):])
			}
			found = append(found, item)
			return limit == 0 || len(found) < limit
		})
		return nil
	})
	return found, err
}

// PutTaskRun implements cases.Store.
func (s Cases) PutTaskRun(ctx context.Context, tenant, id string, run cases.TaskRun) error {
	text, err := json.Marshal(run)
	if err != nil {
		return fmt.Errorf("encode task run: %w", err)
	}
	return s.db.Update(ctx, func(tx *Tx) error {
		tx.Put(bucketItems, join(tenant, id, "task", stamp(run.StartedAt)+run.ID), text)
		count(tx, tenant, cases.RunCounts(run))
		return nil
	})
}

// FindExternal implements cases.Store.
func (s Cases) FindExternal(_ context.Context, tenant, workflow, externalID string) (id string, err error) {
	err = s.db.View(func(tx *Tx) error {
		value := tx.Get(bucketExternal, join(tenant, workflow, externalID))
		if value == nil {
			return problem.New(problem.NotFound, "There is no such case.")
		}
		id = string(value)
		return nil
	})
	return id, err
}

// Subject implements cases.Store.
func (s Cases) Subject(_ context.Context, tenant, kind, externalID string) (subject cases.Subject, err error) {
	err = s.db.View(func(tx *Tx) error {
		value := tx.Get(bucketSubjects, join(tenant, kind, "="+externalID))
		if value == nil {
			return problem.New(problem.NotFound, "There is no such subject.")
		}
		return json.Unmarshal(value, &subject)
	})
	return subject, err
}

// Due implements cases.Store.
func (s Cases) Due(_ context.Context, before time.Time, limit int) (refs []cases.Ref, err error) {
	end := stamp(before.Add(time.Millisecond))
	err = s.db.View(func(tx *Tx) error {
		tx.Scan(bucketDue, "", "", func(key string, _ []byte) bool {
			if key[:8] >= end || len(refs) == limit {
				return false
			}
			refs = append(refs, refOf(key))
			return true
		})
		return nil
	})
	return refs, err
}

// Open implements cases.Store.
func (s Cases) Open(_ context.Context, before time.Time, after string, limit int) (refs []cases.Ref, next string, err error) {
	end := stamp(before)
	err = s.db.View(func(tx *Tx) error {
		last := ""
		tx.Scan(bucketOpen, "", after, func(key string, _ []byte) bool {
			if key[:8] >= end {
				return false
			}
			if len(refs) == limit {
				next = last
				return false
			}
			last = key
			refs = append(refs, refOf(key))
			return true
		})
		return nil
	})
	return refs, next, err
}

// refOf reads time, tenant, case.
func refOf(key string) cases.Ref {
	tenant, id, _ := strings.Cut(key[9:], "\x00")
	return cases.Ref{Tenant: tenant, ID: id}
}

// Check compares the indexes with the records and returns the differences: for tests and diagnosis.
func (s Cases) Check() (problems []string, err error) {
	err = s.db.View(func(tx *Tx) error {
		want := map[string]bool{}
		tx.Scan(bucketRecords, "", "", func(key string, value []byte) bool {
			tenant, id, _ := strings.Cut(key, "\x00")
			readHeader(value).index(tenant, id, func(bucket, key string) { want[bucket+"\x00"+key] = true })
			return true
		})
		for _, bucket := range []string{bucketOpen, bucketDue} {
			tx.Scan(bucket, "", "", func(key string, _ []byte) bool {
				if !want[bucket+"\x00"+key] {
					problems = append(problems, "an index entry in "+bucket+" has no record")
				}
				delete(want, bucket+"\x00"+key)
				return true
			})
		}
		for range slices.Sorted(maps.Keys(want)) {
			problems = append(problems, "a record lacks an index entry")
		}
		return nil
	})
	return problems, err
}
