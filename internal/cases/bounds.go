package cases

import (
	"encoding/json"
	"fmt"
	"maps"

	"ballerine/internal/problem"
)

// Every part of a case has a bound, in bytes of its JSON, so that the sum of all is less than a store can keep as one record
// (limits.Record): TestTheLargestCaseCanBeKept adds them up. They are checked where a change is sealed: before anything
// is written, and for large records only, since it takes the size of what is digested anyway.
const (
	maxContext     = 200 << 10 // the context, without what the case knows of its children
	maxStandings   = 288 << 10 // what the case knows of its children, without the results stored beside the record
	maxDocuments   = 256 << 10 // all documents with their checks and decisions
	maxAnnounced   = 128 << 10 // all documents when another one is announced: what is left is for checks and decisions
	maxSnapshot    = 64 << 10
	maxIncidents   = 64 << 10
	maxMessageJSON = 64 << 10
	maxProposed    = 64 << 10
	maxPages       = 24 << 10 // of everything else: what an applicant has entered and the context does not take yet
	maxOthers      = 64 << 10 // everything else: ids, names, clocks, tags, search terms, remembered ids of events

	maxSubject    = 64 << 10  // what is known of a subject, all cases together
	maxProperties = 16 << 10  // the properties of one document
	maxDetails    = 360 << 10 // the details of a history entry; a trace that does not fit is left out
	maxFields     = 1000      // fields of a context beside each other, at its top
	maxID         = 200       // characters of an id that others have assigned
	maxName       = 1000      // characters of a name as lists show it
)

// smallRecord is a record that no part of can be too large.
const smallRecord = 64 << 10

// partBound is a part of a record and how large it can be.
type partBound struct {
	place string // where the caller has written it, or the part's name
	limit int
	hint  string
	of    func(r Record) any
}

// bounds are all parts of a record.
var bounds = []partBound{
	{"body.context", maxContext, "store large data as a document or in your own system, and only its id here", func(r Record) any {
		context := maps.Clone(r.Context)
		delete(context, "children")
		return context
	}},
	{"children", maxStandings, "start fewer child cases, or let them return less", func(r Record) any { return r.Context["children"] }},
	{"documents", maxDocuments, "request fewer documents, or shorten their properties", func(r Record) any {
		return struct {
			Documents []Document
			Undos     []DocumentUndo
		}{r.Documents, r.DocumentUndos}
	}},
	{"snapshot", maxSnapshot, "the workflow has more active states than a case can remember", func(r Record) any { return r.Snapshot }},
	{"incidents", maxIncidents, "resolve open incidents first", func(r Record) any { return r.Incidents }},
	{"body.message", maxMessageJSON, "write a shorter message", func(r Record) any { return r.Message }},
	{"body.comment", maxProposed, "shorten the proposed decision", func(r Record) any { return r.Proposed }},
	{"former", maxFormer, "", func(r Record) any { return r.Former }}, // keepHits keeps no more
	{"case", maxOthers, "ids, names and search terms of the case are too long", func(r Record) any {
		r.Context, r.Documents, r.Incidents, r.Message, r.Proposed, r.Former, r.Undo, r.Parked = nil, nil, nil, nil, nil, nil, nil, nil
		r.DocumentUndos = nil
		r.Snapshot.Active, r.Snapshot.History = nil, nil
		return r
	}},
}

// bounded refuses a change that makes a part of the case larger than it can be. size is how much the record's digest is
// over. Errors: TooLarge with every place.
func (d *draft) bounded(size int) error {
	if size <= smallRecord {
		return nil
	}
	e := problem.New(problem.TooLarge, "The case would exceed its maximum size.")
	record := d.record.slim()
	for _, b := range bounds {
		tooLarge(e, b.place, b.of(record), b.limit, b.hint)
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// tooLarge adds a place whose value is larger than its bound.
func tooLarge(e *problem.Error, place string, value any, limit int, hint string) {
	text, err := json.Marshal(value)
	if err != nil {
		e.With(place, "json", "this is not JSON")
		return
	}
	if len(text) > limit {
		e.With(place, "too_large", "this would have %d KB; at most %d KB can be stored: %s", (len(text)+1023)>>10, limit>>10, hint)
	}
}

// tooLong adds a place whose text has more characters than its bound.
func tooLong(e *problem.Error, place, text string, limit int) {
	if len(text) > limit && len([]rune(text)) > limit {
		e.With(place, "too_large", "this must have at most %d characters", limit)
	}
}

// briefly drops from an entry's details what does not fit: the trace first, which can be recomputed, then the accounts
// of single fields and reports. What a person has sent or written stays; what is too large even then is refused. Errors:
// TooLarge.
func briefly(details map[string]any) ([]byte, error) {
	text, err := json.Marshal(details)
	left := []string{}
	for _, name := range []string{"trace", "changes", "reports"} {
		if err != nil || len(text) <= maxDetails {
			break
		}
		if _, has := details[name]; !has {
			continue
		}
		details = maps.Clone(details)
		delete(details, name)
		left = append(left, name)
		details["left_out"] = left
		text, err = json.Marshal(details)
	}
	if err == nil && len(text) > maxDetails {
		return nil, problem.New(problem.TooLarge, "The change is too large for the history.").
			With("body", "too_large", "this would have %d KB; at most %d KB can be stored for one change", (len(text)+1023)>>10, maxDetails>>10)
	}
	if err != nil {
		return nil, fmt.Errorf("encode details: %w", err)
	}
	return text, nil
}

// checkSubject refuses what a subject cannot have. Errors: TooLarge with every place.
func checkSubject(subject Subject) error {
	e := problem.New(problem.TooLarge, "The subject exceeds its maximum size.")
	tooLong(e, "body.subject.type", subject.Type, maxID)
	tooLong(e, "body.subject.external_id", subject.ExternalID, maxID)
	tooLong(e, "body.subject.name", displayName(subject.Data), maxName)
	tooLarge(e, "body.subject", subject.Data, maxSubject, "keep what the case is decided by in its context, and the rest in a system of your own")
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}
