package cases

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"ballerine/internal/workflow"
)

// A screening that is repeated and fails invalidates the former answer: nothing may be decided on it. The possible
// matches that it found are not an answer, but nobody has ruled them out. They stay with the case as part of the former
// answer, and are open, until the work that found them answers again.

// FormerHits are the possible matches in one place of a former answer.
type FormerHits struct {
	Path  string           `json:"path"`           // "sanctions.hits"
	Since time.Time        `json:"since"`          // since when the answer has been invalid
	Hits  []map[string]any `json:"hits"`           // the first ones, as many as can be kept; personal data
	Count int              `json:"count"`          // how many there were
	More  bool             `json:"more,omitempty"` // there were some that the answer did not list
}

// maxFormer bounds what a record keeps of former answers, in bytes of JSON; matches that do not fit are counted.
const maxFormer = 24 << 10

// keepHits takes over the possible matches of answers that the change takes away, and forgets those whose work has answered.
func (d *draft) keepHits() {
	if d.undone != nil {
		d.record.Former = d.undone.Before.Former
		return
	}
	kept := slices.Clone(d.record.Former)
	for _, path := range d.workflow.HitPaths() {
		if stands(d.record, path) {
			kept = slices.DeleteFunc(kept, func(f FormerHits) bool { return f.Path == path })
			continue
		}
		lost, _ := workflow.ValueAt(d.old.Context, path).([]any)
		if len(lost) == 0 {
			continue
		}
		kept = slices.DeleteFunc(kept, func(f FormerHits) bool { return f.Path == path })
		kept = append(kept, former(path, lost, d.now, maxFormer-sizeOf(kept)))
		kept[len(kept)-1].More = workflow.MoreHits(d.old.Context, path)
	}
	if len(kept) == 0 {
		kept = nil
	}
	d.record.Former = kept
}

// stands reports whether there is a valid answer about possible matches in this place, even if it has none.
func stands(r Record, path string) bool {
	if _, isList := workflow.ValueAt(r.Context, path).([]any); isList {
		return true
	}
	work, _, _ := strings.Cut(path, ".")
	status := checkStatus(r, work)
	return status == CheckAnswered || status == CheckStale
}

// former keeps as many matches as fit into a number of bytes.
func former(path string, lost []any, at time.Time, limit int) FormerHits {
	f := FormerHits{Path: path, Since: at, Hits: []map[string]any{}, Count: len(lost)}
	limit -= sizeOf(f)
	for _, one := range lost {
		value := hitValue(one)
		if limit -= sizeOf(value) + 1; limit < 0 {
			break
		}
		f.Hits = append(f.Hits, value)
	}
	return f
}

func sizeOf(value any) int {
	text, err := json.Marshal(value)
	if err != nil {
		return maxFormer // what is no JSON is not kept
	}
	return len(text)
}

// formerHits are the possible matches of former answers, in the order of the definition. Those that could not be stored
// are combined into one: all that people can state about them is that they have looked them up.
func formerHits(wf *workflow.Workflow, r Record) (hits []Hit) {
	for _, path := range wf.HitPaths() {
		work, _, _ := strings.Cut(path, ".")
		for _, f := range r.Former {
			if f.Path != path {
				continue
			}
			for i, value := range f.Hits {
				hits = append(hits, Hit{ID: fmt.Sprintf("%s[%d]", path, i), Work: work, Value: value, FormerSince: f.Since})
			}
			if n := len(f.Hits); n < f.Count {
				left := map[string]any{"left_out": f.Count - n}
				hits = append(hits, Hit{ID: fmt.Sprintf("%s[%d..%d]", path, n, f.Count-1), Work: work, Value: left, FormerSince: f.Since})
			}
		}
	}
	return hits
}
