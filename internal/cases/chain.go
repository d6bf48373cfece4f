package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// seal completes the history entry: digests, and the hash that chains it to the one before it. What is larger or deeper than
// a case can be is refused here, before anything is written. Errors: TooLarge.
func (s *Service) seal(d *draft) error {
	salt, err := s.salt()
	if err != nil {
		return err
	}
	e := &d.entry
	e.Salt, e.Format = salt, formatWhole
	var size int
	if e.RecordDigest, size, err = recordDigest(e.Format, d.record, salt); err != nil {
		return err
	}
	if err := d.bounded(size); err != nil {
		return err
	}
	if e.Details != nil {
		if e.Details, err = plain(e.Details); err != nil {
			return err
		}
		if e.DetailsDigest, err = digest(salt, e.Details); err != nil {
			return err
		}
	}
	if err := d.shallow(); err != nil {
		return err
	}
	if e.Hash, err = hashOf(*e); err != nil {
		return err
	}
	d.record.Head = e.Hash
	return nil
}

// plain turns structs within details into what they read back as. Errors: TooLarge.
func plain(details map[string]any) (read map[string]any, err error) {
	text, err := briefly(details)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return nil, fmt.Errorf("decode details: %w", err)
	}
	return read, nil
}

// VerifyReport reports whether a case's history is whole.
type VerifyReport struct {
	Case     string   `json:"case"`
	Valid    bool     `json:"valid"`
	Entries  int      `json:"entries"`
	Head     string   `json:"head" personal:"name"`
	Problems []string `json:"problems"` // what is wrong, each with its version
	// Erased are the versions of entries whose details were erased, including the salt: the chain proves that they existed,
	// not what they contained. If the last entry is one of them, the record cannot be checked against it: Compared is false.
	Erased   []int `json:"erased"`
	Compared bool  `json:"record_compared"`
}

// Verify recomputes the hash chain: no gaps, every hash right, the record as in its last entry. Errors: NotFound.
func (s *Service) Verify(ctx context.Context, p identity.Principal, id string) (VerifyReport, error) {
	record, err := s.Get(ctx, p, id)
	if err != nil {
		return VerifyReport{}, err
	}
	v := verifier{report: VerifyReport{Case: id, Head: record.Head, Problems: []string{}, Erased: []int{}}}
	for after := 0; ; {
		page, err := s.Store.History(ctx, p.Tenant, id, after, 200)
		if err != nil {
			return VerifyReport{}, err
		}
		for _, entry := range page {
			v.entry(entry)
		}
		if len(page) < 200 || v.last.Version <= after { // an entry with a wrong version must not cause an endless loop
			break
		}
		after = v.last.Version
	}
	if fresh, err := s.Get(ctx, p, id); err != nil || fresh.Version != record.Version {
		if err != nil {
			return VerifyReport{}, err
		}
		return s.Verify(ctx, p, id) // it was written meanwhile
	}
	v.record(record)
	v.report.Valid = len(v.report.Problems) == 0
	return v.report, nil
}

type verifier struct {
	report VerifyReport
	last   Entry
}

func (v *verifier) fail(version int, format string, args ...any) {
	v.report.Problems = append(v.report.Problems, fmt.Sprintf("version %d: ", version)+fmt.Sprintf(format, args...))
}

func (v *verifier) entry(e Entry) {
	if e.Version != v.last.Version+1 {
		v.fail(e.Version, "the entry before it is missing")
	}
	if e.Unreadable {
		v.fail(e.Version, "the entry cannot be read")
		v.report.Entries++
		v.last = e
		return
	}
	if e.PrevHash != v.last.Hash && !v.last.Unreadable {
		v.fail(e.Version, "it does not follow the entry before it")
	}
	if hash, err := hashOf(e); err != nil || hash != e.Hash && !v.oldWay(e, "", withoutErasable(e), e.Hash) {
		v.fail(e.Version, "the entry was changed")
	}
	v.details(e)
	v.report.Entries++
	v.last = e
}

// details match the entry's digest, or were erased in the defined way: with the salt, without which the digest reveals
// nothing. Anything in between is a change.
func (v *verifier) details(e Entry) {
	switch {
	case e.Details != nil:
		if sum, err := digest(e.Salt, e.Details); err != nil || sum != e.DetailsDigest && !v.oldWay(e, e.Salt, e.Details, e.DetailsDigest) {
			v.fail(e.Version, "the details were changed")
		}
	case e.Salt == "":
		v.report.Erased = append(v.report.Erased, e.Version)
	case e.DetailsDigest != "":
		v.fail(e.Version, "the details are missing but were not erased: their salt exists")
	}
}

// oldWay reports whether an entry of the first format has its recorded digest over bytes that were not valid text.
func (v *verifier) oldWay(e Entry, salt string, value any, want string) bool {
	sum, err := oldWay(salt, value)
	return e.Format == formatFirst && err == nil && sum == want
}

func withoutErasable(e Entry) Entry {
	e.Hash, e.Details, e.Salt = "", nil, ""
	return e
}

// record checks the record against its last entry.
func (v *verifier) record(r Record) {
	if r.Version != v.last.Version || r.Head != v.last.Hash {
		v.fail(r.Version, "the version of the record is not that of the last entry")
		return
	}
	if r.Workflow != v.last.Workflow {
		v.fail(r.Version, "the workflow of the record differs from that of the last entry")
	}
	if v.last.Salt == "" {
		return // erased: the digest can no longer be recomputed, which the report states
	}
	v.report.Compared = true
	sum, _, err := recordDigest(v.last.Format, r, v.last.Salt)
	if err != nil || sum != v.last.RecordDigest && !v.oldWay(v.last, v.last.Salt, firstCovered(r), v.last.RecordDigest) {
		v.fail(r.Version, "the record does not match the last entry")
	}
}

func sortedRegions(parked map[string]Park) []string { return slices.Sorted(maps.Keys(parked)) }

func without(parked map[string]Park, region string) map[string]Park {
	left := maps.Clone(parked)
	delete(left, region)
	if len(left) == 0 {
		return nil
	}
	return left
}

// pause waits a few milliseconds, more with every attempt, jittered.
func pause(ctx context.Context, attempt int) error {
	limit := min(100, 2<<attempt)
	timer := time.NewTimer(time.Duration(1+rand.IntN(limit)) * time.Millisecond) //nolint:gosec // a pause need not be secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// unchanged reports whether what somebody has seen still holds. Viewing a document and making a link for the applicant
// are in the history, but change nothing that anybody could have seen. Errors: Stale, which lists what has happened
// since.
func (s *Service) unchanged(ctx context.Context, record Record, seen int) error {
	if record.Version == seen {
		return nil
	}
	entries, err := s.Store.History(ctx, record.Tenant, record.ID, seen, 200)
	if err != nil {
		return err
	}
	since := []map[string]any{}
	for _, e := range entries {
		if !e.Cause.unseen() {
			since = append(since, map[string]any{"version": e.Version, "at": e.At, "actor": e.Actor, "cause": e.Cause, "event": e.Event, "changed": e.Changed, "to": e.To})
		}
	}
	if len(since) == 0 && len(entries) == record.Version-seen {
		return nil
	}
	return problem.New(problem.Stale, "The case has changed since the page was read.").
		Detail("version", record.Version).Detail("since", since).
		With("header.If-Match", "stale", "the case is at version %d now", record.Version)
}
