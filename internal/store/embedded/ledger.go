package embedded

import (
	"context"
	"encoding/binary"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/problem"
)

const (
	bucketDecisions   = "decisions"    // tenant, policy, time and id -> head's length, head, body
	bucketDecisionIDs = "decision_ids" // tenant, policy, id -> time and id
)

// Ledger is the ledger.Store of the file.
type Ledger struct{ db *DB }

var _ ledger.Store = Ledger{}

// Ledger returns the file's ledger.Store.
func (db *DB) Ledger() Ledger { return Ledger{db} }

// PutDecision implements ledger.Store.
func (s Ledger) PutDecision(ctx context.Context, d ledger.Sealed) (kept ledger.Sealed, err error) {
	head, err := encoded(d.Head)
	if err != nil {
		return d, err
	}
	value := make([]byte, 0, 4+len(head)+len(d.Body))
	value = append(append(binary.BigEndian.AppendUint32(value, uint32(len(head))), head...), d.Body...)
	id := join(d.Tenant, d.Policy, d.ID)
	err = s.db.Update(ctx, func(tx *Tx) error {
		if place := tx.Get(bucketDecisionIDs, id); place != nil {
			kept, err = decision(tx.Get(bucketDecisions, join(d.Tenant, d.Policy, string(place))), true)
			return err
		}
		kept = d
		tx.Put(bucketDecisionIDs, id, []byte(d.Place()))
		tx.Put(bucketDecisions, join(d.Tenant, d.Policy, d.Place()), value)
		return nil
	})
	return kept, err
}

// decision decodes a value. Its body is copied: the value lives as long as its transaction.
func decision(value []byte, body bool) (d ledger.Sealed, err error) {
	if len(value) < 4 || len(value) < 4+int(binary.BigEndian.Uint32(value)) {
		return d, problem.New(problem.Internal, "A kept decision cannot be read.")
	}
	head := value[4 : 4+binary.BigEndian.Uint32(value)]
	if d.Head, err = ledger.ReadHead(head); err != nil {
		return d, err
	}
	if body {
		d.Body = append([]byte(nil), value[4+len(head):]...)
	}
	return d, nil
}

// Decision implements ledger.Store.
func (s Ledger) Decision(_ context.Context, tenant, policy, id string) (d ledger.Sealed, err error) {
	err = s.db.View(func(tx *Tx) error {
		place := tx.Get(bucketDecisionIDs, join(tenant, policy, id))
		if place == nil {
			return problem.New(problem.NotFound, "There is no such decision.")
		}
		d, err = decision(tx.Get(bucketDecisions, join(tenant, policy, string(place))), true)
		return err
	})
	return d, err
}

// Decisions implements ledger.Store.
func (s Ledger) Decisions(_ context.Context, tenant, policy string, query ledger.Query) (page []ledger.Sealed, next string, err error) {
	prefix := join(tenant, policy, "")
	start, oldest := "", ""
	if !query.To.IsZero() {
		start = prefix + ledger.Stamp(query.To)
	}
	if query.After != "" && (start == "" || prefix+query.After < start) {
		start = prefix + query.After
	}
	if !query.From.IsZero() {
		oldest = prefix + ledger.Stamp(query.From)
	}
	looked, last := 0, ""
	err = s.db.View(func(tx *Tx) error {
		tx.ScanBack(bucketDecisions, prefix, start, func(key string, value []byte) bool {
			if key < oldest {
				return false
			}
			if len(page) == query.Limit || looked == ledger.Budget {
				next = last
				return false
			}
			looked, last = looked+1, key[len(prefix):]
			d, err := decision(value, query.Bodies)
			if err != nil {
				d = ledger.UnreadableDecision(tenant, policy, last)
			}
			if query.Matches(d.Head) {
				page = append(page, d)
			}
			return true
		})
		return nil
	})
	return page, next, err
}
