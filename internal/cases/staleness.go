package cases

import (
	"maps"
	"slices"
	"strings"

	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// A check that relied on data which has changed since no longer holds. For each work that has finished the record stores
// a digest of its input (Reads); a change of data that the work reads compares, and names the work in Stale if the
// digest differs. The mark is removed when the work has been done again, or when the data is restored. Work that reads
// the result of stale work is stale, too.
//
// What work reads is stated by whatever does it: the templates of a plugin, and a policy, name it (Used). Where they do
// not, it is derived from the workflow, and rather too much than too little: the fields that its `with` names; without
// `with`, all data of callers, for policies also the results of the work before it, and for vendors and the document
// check the documents that have arrived. People's decisions about documents are not data that is checked. Child cases
// are not covered: they report their changes themselves.

// Read is the input of finished work, as a digest.
type Read struct {
	Digest    string `json:"digest,omitempty"`  // "": the work has no answer that counts yet
	Requested string `json:"asked,omitempty"`   // of the request whose answer is still to come
	Changed   bool   `json:"changed,omitempty"` // the data is not what the digest is over
	Used      *Used  `json:"used,omitempty"`    // nil: what was read is not known, and may be everything
}

// Used is what an answer was made from, as stated by the plugin or the policy that returned it. It is stored with the
// answer: a later version may read something else.
type Used struct {
	Context   [][]string `json:"context,omitempty"`   // paths; what is below them was read, too
	With      bool       `json:"with,omitempty"`      // the work's `with`
	Documents bool       `json:"documents,omitempty"` // the documents that have arrived
}

// maxUsed is how many paths a record keeps for one work. Of more it keeps none, and everything counts as read.
const maxUsed = 40

// bounded is what a record keeps: each path once.
func (u *Used) bounded() *Used {
	if u == nil {
		return nil
	}
	kept, size := *u, 0
	kept.Context = nil
	for _, steps := range u.Context {
		if !slices.ContainsFunc(kept.Context, func(other []string) bool { return slices.Equal(steps, other) }) {
			kept.Context = append(kept.Context, steps)
			size += len(strings.Join(steps, "."))
		}
	}
	if len(kept.Context) > maxUsed || size > 50*maxUsed {
		return nil
	}
	return &kept
}

// reading is what a work reads.
type reading struct {
	data      bool       // all data of callers
	documents bool       // the documents that have arrived
	paths     [][]string // what `with` names
	results   []string   // works whose results count as read
}

// readingOf finds what a work reads. used: what it has reported; nil: it has not. False: it is not covered, or the
// workflow no longer has it.
func readingOf(wf *workflow.Workflow, id string, used *Used) (reading, bool) {
	work, ok := wf.Work(id)
	if !ok || work.Source == "children" {
		return reading{}, false
	}
	r := reading{documents: work.Source == "document" || work.Source == "vendor"}
	if used != nil {
		return r.reportedUse(wf, id, used), true
	}
	if work.With == nil || work.Source == "document" {
		r.data = true
		if work.Source == "rules" {
			r.results = worksBefore(wf, id)
		}
		return r, true
	}
	r.with(wf, id)
	return r, true
}

// reportedUse is what a work reads, for work that has reported it. Results of later work do not count for policies, as ever.
func (r reading) reportedUse(wf *workflow.Workflow, id string, used *Used) reading {
	work, _ := wf.Work(id)
	before := worksBefore(wf, id)
	r.documents = used.Documents
	for _, steps := range used.Context {
		if _, isWork := wf.Work(steps[0]); !isWork || work.Source != "rules" || slices.Contains(before, steps[0]) {
			r.add(wf, steps)
		}
	}
	switch {
	case used.With && work.With == nil:
		r.data = true
	case used.With:
		r.with(wf, id)
	}
	return r
}

// with adds what the work's `with` names.
func (r *reading) with(wf *workflow.Workflow, id string) {
	work, _ := wf.Work(id)
	for _, name := range slices.Sorted(maps.Keys(work.With)) {
		program := work.With[name]
		opaque, whole := program.Queried()
		r.data = r.data || whole
		if whole {
			r.results = worksBefore(wf, id)
		}
		for _, reference := range append(slices.Clone(program.Paths()), opaque...) {
			r.add(wf, reference.Steps)
		}
	}
}

func (r *reading) add(wf *workflow.Workflow, steps []string) {
	if len(steps) == 0 {
		return
	}
	switch head := steps[0]; {
	case head == memberDocuments:
		r.documents = true
	case head == "stale" && wf.Fresh() != nil: // no data
	default:
		r.paths = append(r.paths, steps)
		if _, isWork := wf.Work(head); isWork && !slices.Contains(r.results, head) {
			r.results = append(r.results, head)
		}
	}
}

// worksBefore are the works before one in the definition, whose results may be part of its input. Later ones are not
// among them: in a second round each would have read the result of the first.
func worksBefore(wf *workflow.Workflow, id string) (ids []string) {
	for _, s := range wf.Chart.States() {
		for _, work := range s.Invocations {
			if work.ID == id {
				return ids
			}
			if work.Source != "children" && !slices.Contains(ids, work.ID) {
				ids = append(ids, work.ID)
			}
		}
	}
	return ids
}

// touched reports whether a change of these fields and members can have changed what is read.
func (r reading) touched(fields, members, own []string) bool {
	if r.documents && slices.Contains(members, memberDocuments) {
		return true
	}
	return slices.ContainsFunc(fields, func(name string) bool {
		return r.data && !slices.Contains(own, name) || slices.Contains(r.results, name) ||
			slices.ContainsFunc(r.paths, func(steps []string) bool { return steps[0] == name })
	})
}

// digest is over what is read, as a record has it. The case's id keeps equal data of two cases from being seen as such.
func (r reading) digest(wf *workflow.Workflow, record Record) string {
	parts := map[string]any{}
	if r.data {
		parts["data"] = wf.OfCallers(record.Context)
	}
	if r.documents {
		parts["documents"] = arrived(record.Documents)
	}
	results := map[string]any{}
	for _, id := range r.results {
		results[id] = record.Context[id]
	}
	parts["results"] = results
	values := make([]any, len(r.paths))
	for i, steps := range r.paths {
		values[i] = leading(record.Context, steps)
	}
	parts["paths"] = values
	sum, err := digest(record.ID, parts)
	if err != nil {
		return "" // what is no JSON cannot be kept either: the commit refuses it
	}
	return sum
}

// leading follows the steps as far as there are objects: what is read inside a list counts as the whole list.
func leading(context map[string]any, steps []string) any {
	var value any = context
	for _, step := range steps {
		members, ok := value.(map[string]any)
		if !ok {
			return value
		}
		value = members[step]
	}
	return value
}

// arrived are the documents whose bytes are there, without what was found and decided about them.
func arrived(documents []Document) []any {
	found := []any{}
	for _, doc := range documents {
		if doc.Status != DocumentAwaitingUpload {
			found = append(found, []any{doc.ID, doc.Kind, doc.Side, doc.SHA256, doc.Properties})
		}
	}
	return found
}

// used stores what the work reports to have read.
func (d *draft) used(job Job, used *Used) {
	if _, ok := readingOf(d.workflow, job.Invocation.ID, nil); ok {
		read := d.record.Reads[job.Invocation.ID]
		read.Used = used.bounded()
		d.readBy(job.Invocation.ID, read)
	}
}

// requested stores what a request was made from, until it is answered.
func (d *draft) requested(job Job) {
	read := d.record.Reads[job.Invocation.ID]
	if r, ok := readingOf(d.workflow, job.Invocation.ID, read.Used); ok {
		read.Requested = r.digest(d.workflow, job.Record)
		d.readBy(job.Invocation.ID, read)
	}
}

// answers stores the input of finished work: the record when the work began. nil: it is a callback, and the request has
// stored it; a callback that arrives before the request was recorded was made from the present data.
func (d *draft) answers(work string, from *Record) {
	used := d.record.Reads[work].Used
	r, ok := readingOf(d.workflow, work, used)
	if !ok {
		return
	}
	request := d.record.Reads[work].Requested
	switch {
	case from != nil:
		request = r.digest(d.workflow, *from)
	case request == "" || !d.awaits(work):
		request = r.digest(d.workflow, d.record)
	}
	d.readBy(work, Read{Digest: request, Changed: request != r.digest(d.workflow, d.record), Used: used})
	d.answered = append(d.answered, work)
	d.judge()
}

func (d *draft) awaits(work string) bool {
	return slices.ContainsFunc(d.old.Snapshot.Active, func(a statechart.Activation) bool {
		return slices.ContainsFunc(a.Work, func(w statechart.Work) bool { return w.ID == work && w.Status != statechart.WorkPending })
	})
}

func (d *draft) readBy(work string, read Read) {
	reads := maps.Clone(d.record.Reads)
	if reads == nil {
		reads = map[string]Read{}
	}
	reads[work] = read
	d.record.Reads = reads
}

// judge updates the marks. It does not recompute work whose data has not changed.
func (d *draft) judge() {
	migrated := d.entry.Cause == CauseMigrated
	if len(d.record.Reads) == 0 || !migrated && len(d.fields) == 0 && !slices.Contains(d.members, memberDocuments) && len(d.answered) == 0 {
		return
	}
	own := d.workflow.Owned()
	for work, read := range d.record.Reads {
		r, ok := readingOf(d.workflow, work, read.Used)
		replaced := slices.Contains(d.fields, work) && !slices.Contains(d.answered, work)
		switch {
		case !ok, replaced && read.Requested == "": // an error has taken the answer's place
			d.record.Reads = maps.Clone(d.record.Reads)
			delete(d.record.Reads, work)
		case replaced:
			d.readBy(work, Read{Requested: read.Requested, Used: read.Used})
		case read.Digest != "" && (migrated || r.touched(d.fields, d.members, own)):
			if changed := read.Digest != r.digest(d.workflow, d.record); changed != read.Changed {
				read.Changed = changed
				d.readBy(work, read)
			}
		}
	}
	d.mark(stale(d.workflow, d.record.Reads))
}

func (d *draft) mark(marks []string) {
	d.record.Stale = marks
	if !slices.Equal(marks, d.old.Stale) {
		d.detail("stale", append([]string{}, marks...))
		return
	}
	delete(d.entry.Details, "stale")
}

// stale are the works whose data has changed, and those that have read the result of one that is stale; sorted.
func stale(wf *workflow.Workflow, reads map[string]Read) (marks []string) {
	for work, read := range reads {
		if read.Changed {
			marks = append(marks, work)
		}
	}
	for grown := len(marks) > 0; grown; {
		grown = false
		for work, read := range reads {
			if read.Digest == "" || slices.Contains(marks, work) {
				continue
			}
			if r, _ := readingOf(wf, work, read.Used); slices.ContainsFunc(r.results, func(id string) bool { return slices.Contains(marks, id) }) {
				marks, grown = append(marks, work), true
			}
		}
	}
	slices.Sort(marks)
	return marks
}

// marksOf is what guards see as `stale`: whether a work is, and whether any is.
func marksOf(wf *workflow.Workflow, marks []string) map[string]any {
	fresh := wf.Fresh()
	if len(marks) == 0 || fresh == nil {
		return fresh
	}
	seen := maps.Clone(fresh)
	for _, work := range marks {
		seen[work] = true
	}
	seen["any"] = true
	return seen
}
