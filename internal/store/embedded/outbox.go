package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

const (
	bucketOutbox = "outbox"       // tenant, due, case, version, number -> effect
	bucketMoved  = "outbox-moved" // tenant, case, version, number -> key in the outbox: effects that are not where their commit wrote them
	bucketDead   = "outbox-dead"  // tenant, case, version, number -> effect

	// bucketEffects is where a former version of the program kept the outbox: due, tenant, case, version, number -> effect.
	bucketEffects = "effects"
)

// looks bounds how many effects of others a reader skips for each that it may have.
const looks = 16

func effectKey(e cases.Effect) string {
	return join(e.Tenant, stamp(e.Due()), e.Case, number(10, e.Version), number(4, e.Number))
}

// effectID is the key by which an effect is found whenever it is due.
func effectID(e cases.Effect) string {
	return join(e.Tenant, e.Case, number(10, e.Version), number(4, e.Number))
}

func number(digits, n int) string { return fmt.Sprintf("%0*d", digits, n) }

// commitOutbox writes what a commit changes in the outbox, besides its own new effects.
func commitOutbox(tx *Tx, change cases.Change) error {
	tx.effects = change.Effects
	for _, effect := range change.Dropped {
		there, err := effectAt(tx, bucketOutbox, effectKey(effect))
		if err != nil {
			return err
		}
		if there == nil || there.Delivery.Claimed {
			return problem.New(problem.UndoOver, "The effects of the decision have already begun.")
		}
		tx.Delete(bucketOutbox, effectKey(effect))
	}
	for _, effect := range change.Buried {
		if there, err := bury(tx, effect); err != nil || !there {
			return errors.Join(err, problem.New(problem.NotFound, "The effect no longer exists."))
		}
	}
	for _, effect := range change.Replayed {
		if err := settle(tx, effect, false); err != nil {
			return err
		}
	}
	for _, effect := range change.Discarded {
		if err := settle(tx, effect, true); err != nil {
			return err
		}
	}
	return nil
}

func effectAt(tx *Tx, bucket, key string) (*cases.Effect, error) {
	value := tx.Get(bucket, key)
	if value == nil {
		return nil, nil
	}
	var effect cases.Effect
	if err := json.Unmarshal(value, &effect); err != nil {
		return nil, fmt.Errorf("decode effect: %w", err)
	}
	return &effect, nil
}

// bury moves an effect to the dead letters and reports whether it was there.
func bury(tx *Tx, effect cases.Effect) (bool, error) {
	if tx.Get(bucketOutbox, effectKey(effect)) == nil {
		return false, nil
	}
	text, err := encoded(effect)
	if err != nil {
		return false, err
	}
	take(tx, effect)
	tx.Put(bucketDead, effectID(effect), text)
	return true, nil
}

// take removes an effect from where it waits.
func take(tx *Tx, effect cases.Effect) {
	tx.Delete(bucketOutbox, effectKey(effect))
	if !effect.Delivery.NextAt.IsZero() {
		tx.Delete(bucketMoved, effectID(effect))
	}
}

// settle makes a dead letter due again, or removes it.
func settle(tx *Tx, effect cases.Effect, discard bool) error {
	if tx.Get(bucketDead, effectID(effect)) == nil {
		return problem.New(problem.NotFound, "There is no such dead letter.")
	}
	tx.Delete(bucketDead, effectID(effect))
	if discard {
		return nil
	}
	tx.effects = append(tx.effects[:len(tx.effects):len(tx.effects)], effect)
	return place(tx, effect)
}

// place writes an effect where it waits, other than where its commit wrote it.
func place(tx *Tx, effect cases.Effect) error {
	text, err := encoded(effect)
	if err != nil {
		return err
	}
	tx.Put(bucketOutbox, effectKey(effect), text)
	tx.Put(bucketMoved, effectID(effect), []byte(effectKey(effect)))
	return nil
}

// Undelivered implements cases.Outbox.
func (s Cases) Undelivered(ctx context.Context, before time.Time, limit int) ([]cases.Effect, error) {
	effects, _, err := s.Waiting(ctx, cases.OutboxPage{Before: before, Fresh: before, Each: limit, Limit: limit})
	return effects, err
}

// Waiting implements cases.Outbox.
func (s Cases) Waiting(_ context.Context, page cases.OutboxPage) (effects []cases.Effect, next string, err error) {
	end, tenant, had, looked := stamp(page.Before), "", 0, 0
	err = s.db.View(func(tx *Tx) error {
		tx.leap(bucketOutbox, behind(page.After), func(key string, value []byte) (string, bool) {
			of, rest, _ := strings.Cut(key, "\x00")
			if of != tenant {
				tenant, had, looked = of, 0, 0
			}
			if looked++; rest[:8] >= end || had == page.Each || looked > page.Each*looks {
				return behind(of), true
			}
			if len(effects) == page.Limit {
				next = effects[len(effects)-1].Tenant
				return "", false
			}
			if rest[:8] >= stamp(page.Fresh) && looksFresh(value) {
				return "", true
			}
			if effect := readEffect(key, value); page.Takes(effect) {
				effects = append(effects, effect)
				had++
			}
			return "", true
		})
		return nil
	})
	return effects, next, err
}

// behind is where the keys of the next tenant begin.
func behind(tenant string) string {
	if tenant == "" {
		return ""
	}
	return tenant + "\x01"
}

// looksFresh reports, without reading all of it, whether an effect has been neither attempted nor held back.
func looksFresh(value []byte) bool {
	return !bytes.Contains(value, []byte(`"delivery":`)) && !bytes.Contains(value, []byte(`"not_before":`))
}

// readEffect reads an effect; of one that cannot be read it returns what the key states, so that it can become a dead letter.
func readEffect(key string, value []byte) (effect cases.Effect) {
	if err := json.Unmarshal(value, &effect); err == nil {
		return effect
	}
	tenant, rest, _ := strings.Cut(key, "\x00")
	parts := strings.Split(rest[min(len(rest), 9):], "\x00")
	effect = cases.Effect{Tenant: tenant, Case: parts[0], Kind: cases.EffectUnreadable}
	if len(rest) > 8 {
		effect.At = time.UnixMilli(int64(beUint64(rest[:8]))).UTC()
	}
	if len(parts) == 3 {
		effect.Version, _ = strconv.Atoi(parts[1]) // what is no number is 0
		effect.Number, _ = strconv.Atoi(parts[2])
	}
	return effect
}

func beUint64(b string) (n uint64) {
	for i := range 8 {
		n = n<<8 | uint64(b[i])
	}
	return n
}

// leap visits the keys of a bucket from start on. visit returns where to continue ("" is the next key), and whether to.
func (tx *Tx) leap(bucket, start string, visit func(key string, value []byte) (to string, more bool)) {
	b := tx.bucket(bucket, false)
	b.from(start)
	for key, value := b.next(); key != ""; key, value = b.next() {
		to, more := visit(key, value)
		if !more {
			return
		}
		if to != "" {
			b.from(to)
		}
	}
}

// Outstanding implements cases.Outbox.
func (s Cases) Outstanding(_ context.Context, tenant, id string, version int, at time.Time) (effects []cases.Effect, err error) {
	err = s.db.View(func(tx *Tx) error {
		add := func(key string, value []byte) bool {
			effects = append(effects, readEffect(key, value))
			return true
		}
		of := join(tenant, id, number(10, version), "")
		tx.Scan(bucketOutbox, join(tenant, stamp(at), id, number(10, version), ""), "", add)
		tx.Scan(bucketMoved, of, "", func(_ string, key []byte) bool {
			if value := tx.Get(bucketOutbox, string(key)); value != nil {
				add(string(key), value)
			}
			return true
		})
		tx.Scan(bucketDead, of, "", add)
		return nil
	})
	return effects, err
}

// Claim implements cases.Outbox. It waits for the disk: what is delivered must not be dropped after a crash.
func (s Cases) Claim(ctx context.Context, effect cases.Effect) error {
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := effectAt(tx, bucketOutbox, effectKey(effect))
		if err != nil {
			return err
		}
		if there == nil {
			return problem.New(problem.NotFound, "The effect no longer exists.")
		}
		there.Delivery.Claimed = true
		text, err := encoded(there)
		if err == nil {
			tx.Put(bucketOutbox, effectKey(effect), text)
		}
		return err
	})
}

// Postpone implements cases.Outbox. It does not wait for the disk: an attempt that is forgotten is made again.
func (s Cases) Postpone(ctx context.Context, before, after cases.Effect) error {
	return s.db.UpdateLater(ctx, func(tx *Tx) error {
		if tx.Get(bucketOutbox, effectKey(before)) == nil {
			return nil
		}
		take(tx, before)
		return place(tx, after)
	})
}

// Bury implements cases.Outbox.
func (s Cases) Bury(ctx context.Context, effect cases.Effect) error {
	return s.db.Update(ctx, func(tx *Tx) error {
		_, err := bury(tx, effect)
		return err
	})
}

// Settle implements cases.Outbox.
func (s Cases) Settle(ctx context.Context, effect cases.Effect, discard bool) error {
	return s.db.Update(ctx, func(tx *Tx) error { return settle(tx, effect, discard) })
}

// Delivered implements cases.Outbox. It does not wait for the disk: an effect that returns after a crash is delivered
// again, which everything that it requests tolerates.
func (s Cases) Delivered(ctx context.Context, effects ...cases.Effect) error {
	return s.db.UpdateLater(ctx, func(tx *Tx) error {
		for _, e := range effects {
			take(tx, e)
		}
		return nil
	})
}

// DeadLetters implements cases.Outbox.
func (s Cases) DeadLetters(_ context.Context, tenant, after string, limit int) (effects []cases.Effect, next string, err error) {
	prefix, start := join(tenant, ""), ""
	if after != "" {
		start = prefix + strings.ReplaceAll(after, "/", "\x00")
	}
	err = s.db.View(func(tx *Tx) error {
		tx.Scan(bucketDead, prefix, start, func(key string, value []byte) bool {
			if len(effects) == limit {
				last := effects[limit-1]
				next = strings.Join([]string{last.Case, number(10, last.Version), number(4, last.Number)}, "/")
				return false
			}
			effects = append(effects, readEffect(key, value))
			return true
		})
		return nil
	})
	return effects, next, err
}

// DeadLetter implements cases.Outbox.
func (s Cases) DeadLetter(_ context.Context, tenant, id string, version, n int) (effect cases.Effect, err error) {
	err = s.db.View(func(tx *Tx) error {
		there, err := effectAt(tx, bucketDead, join(tenant, id, number(10, version), number(4, n)))
		if err == nil && there == nil {
			return problem.New(problem.NotFound, "There is no such dead letter.")
		}
		if err == nil {
			effect = *there
		}
		return err
	})
	return effect, err
}

// Backlog implements cases.Outbox.
func (s Cases) Backlog(_ context.Context, before time.Time, limit int) (backlog cases.Backlog, err error) {
	end, oldest := stamp(before), ""
	err = s.db.View(func(tx *Tx) error {
		tx.leap(bucketOutbox, "", func(key string, _ []byte) (string, bool) {
			of, rest, _ := strings.Cut(key, "\x00")
			if rest[:8] >= end {
				return behind(of), true
			}
			if oldest == "" || rest[:8] < oldest {
				oldest = rest[:8]
			}
			backlog.Due++
			return "", backlog.Due < limit
		})
		tx.Scan(bucketDead, "", "", func(string, []byte) bool {
			backlog.Dead++
			return backlog.Dead < limit
		})
		return nil
	})
	if oldest != "" {
		backlog.Oldest = time.UnixMilli(int64(beUint64(oldest))).UTC()
	}
	return backlog, err
}

// moveEffects brings the outbox of a file that a former version has written to its present place.
func moveEffects(bolt *bbolt.DB) error {
	return bolt.Update(func(tx *bbolt.Tx) error {
		old := tx.Bucket([]byte(bucketEffects))
		if old == nil {
			return nil
		}
		outbox, err := tx.CreateBucketIfNotExists([]byte(bucketOutbox))
		if err != nil {
			return err
		}
		passed := 0
		err = old.ForEach(func(key, value []byte) error {
			var effect cases.Effect
			if err := json.Unmarshal(value, &effect); err == nil {
				return outbox.Put([]byte(effectKey(effect)), value)
			}
			passed++
			return outbox.Put(movedKey(key), value) // readers show it as one that cannot be read
		})
		if err != nil {
			return err
		}
		passedOver(bucketOutbox, passed)
		if err := tx.DeleteBucket([]byte(bucketEffects)); !errors.Is(err, bolterrors.ErrBucketNotFound) {
			return err
		}
		return nil
	})
}

// movedKey is the present key of an effect that had a key of bucketEffects.
func movedKey(old []byte) []byte {
	if len(old) < 9 {
		return old
	}
	tenant, rest, _ := bytes.Cut(old[9:], []byte{0})
	return []byte(join(string(tenant), string(old[:8]), string(rest)))
}
