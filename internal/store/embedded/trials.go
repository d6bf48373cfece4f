package embedded

import (
	"context"
	"encoding/json"

	"ballerine/internal/policy/trial"
	"ballerine/internal/problem"
)

const (
	bucketTrials       = "trials"        // tenant, policy, id -> trial without its source
	bucketTrialSources = "trial_sources" // the same key -> source
	bucketTrialPlaces  = "trial_places"  // tenant, policy, kind -> id of the trial that runs
)

// Trials is the trial.Store of the file.
type Trials struct{ db *DB }

var _ trial.Store = Trials{}

// Trials returns the file's trial.Store.
func (db *DB) Trials() Trials { return Trials{db} }

// PutTrial implements trial.Store.
func (s Trials) PutTrial(ctx context.Context, prev int, t trial.Trial) error {
	source := t.Source
	t.Source = ""
	text, err := encoded(t)
	if err != nil {
		return err
	}
	key, place := join(t.Tenant, t.Policy, t.ID), join(t.Tenant, t.Policy, string(t.Kind))
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[trial.Trial](tx, bucketTrials, key, "trial")
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		if there.Revision != prev {
			return problem.New(problem.Conflict, "Another write came first.")
		}
		holder := string(tx.Get(bucketTrialPlaces, place))
		switch {
		case t.Status == trial.Running && holder != "" && holder != t.ID:
			return problem.New(problem.AlreadyExists, "Another trial of this kind runs.")
		case t.Status == trial.Running:
			tx.Put(bucketTrialPlaces, place, []byte(t.ID))
		case holder == t.ID:
			tx.Delete(bucketTrialPlaces, place)
		}
		tx.Put(bucketTrials, key, text)
		if prev == 0 { // it never changes
			tx.Put(bucketTrialSources, key, []byte(source))
		}
		return nil
	})
}

// Trial implements trial.Store.
func (s Trials) Trial(_ context.Context, tenant, policy, id string) (t trial.Trial, err error) {
	key := join(tenant, policy, id)
	err = s.db.View(func(tx *Tx) error {
		t, err = read[trial.Trial](tx, bucketTrials, key, "trial")
		t.Source = string(tx.Get(bucketTrialSources, key))
		return err
	})
	return t, err
}

// Trials implements trial.Store.
func (s Trials) Trials(_ context.Context, tenant, policy, after string, limit int) (page []trial.Trial, next string, err error) {
	prefix, start := join(tenant, policy, ""), ""
	if after != "" {
		start = prefix + after
	}
	err = s.db.View(func(tx *Tx) error {
		tx.ScanBack(bucketTrials, prefix, start, func(key string, text []byte) bool {
			if len(page) == limit {
				next = page[limit-1].ID
				return false
			}
			var t trial.Trial
			if json.Unmarshal(text, &t) != nil {
				t = trial.Unreadable(tenant, policy, key[len(prefix):])
			}
			page = append(page, t)
			return true
		})
		return nil
	})
	return page, next, err
}

// RunningTrials implements trial.Store.
func (s Trials) RunningTrials(_ context.Context, tenant, policy string) (found []trial.Trial, err error) {
	err = s.db.View(func(tx *Tx) error {
		var ids []string
		tx.Scan(bucketTrialPlaces, join(tenant, policy, ""), "", func(_ string, id []byte) bool {
			ids = append(ids, string(id))
			return true
		})
		for _, id := range ids {
			t, err := read[trial.Trial](tx, bucketTrials, join(tenant, policy, id), "trial")
			if err != nil {
				return err
			}
			found = append(found, t)
		}
		return nil
	})
	return found, err
}
