package watched

import (
	"slices"
	"time"
)

// Question is whom a subject's last screening has looked for, and where.
type Question struct {
	Name      string   `json:"name"`
	Birth     string   `json:"birth_date,omitempty"`
	Country   string   `json:"country,omitempty"`
	Schema    string   `json:"schema,omitempty"`
	Lists     []string `json:"lists,omitempty"` // empty: all
	Threshold float64  `json:"threshold,omitempty"`
}

// Asks reports whether the question is about a list.
func (q Question) Asks(list string) bool { return len(q.Lists) == 0 || slices.Contains(q.Lists, list) }

// Digest identifies the person who is screened: see the function Digest.
func (q Question) Digest() string { return Digest(q.Name, q.Birth, q.Country) }

// Watch is a subject as the latest case of one workflow has left it. A person who has several products has several: if
// one of them drops the person, the others still keep them. A watch that is not kept has neither a question nor a name:
// it only states that the subject was dropped, and when.
type Watch struct {
	Tenant     string            `json:"tenant"`
	Subject    string            `json:"subject"` // id
	For        string            `json:"for"`     // id of the workflow whose cases keep the subject, or drop it
	Type       string            `json:"type,omitempty"`
	ExternalID string            `json:"external_id,omitempty"`
	Name       string            `json:"name,omitempty"` // as lists of cases show it
	Kept       bool              `json:"kept"`
	EndedAt    time.Time         `json:"ended_at"`
	Case       string            `json:"case"`
	Workflow   string            `json:"workflow,omitempty"` // of the cases that are opened for new hits
	Question   Question          `json:"question,omitzero"`
	Former     []Question        `json:"former,omitempty"`   // by which it was kept before, oldest first: each is still asked
	People     int               `json:"people,omitempty"`   // how many have to clear a hit; 0: one
	Editions   map[string]string `json:"editions,omitempty"` // that the case was screened with, by list
}

// maxFormer is how many questions a watch keeps besides its own. The oldest stay: many later cases must not push out whom the first ones were about.
const maxFormer = 5

// With combines two ends of a subject's cases with one workflow, in whatever order they are delivered. The later one
// counts; if both keep the subject, the person in the earlier one is still screened: a case under another name does not
// make a listed person disappear.
func (w Watch) With(other Watch) Watch {
	later, earlier := w, other
	if other.EndedAt.After(w.EndedAt) {
		later, earlier = other, w
	}
	if !later.Kept || !earlier.Kept {
		return later
	}
	former := []Question{}
	for _, q := range slices.Concat(earlier.Former, later.Former, []Question{earlier.Question}) {
		same := func(other Question) bool { return other.Digest() == q.Digest() }
		if !same(later.Question) && !slices.ContainsFunc(former, same) && len(former) < maxFormer {
			former = append(former, q)
		}
	}
	later.Former = former
	return later
}

// Questions splits the watch into watches with one question each.
func (w Watch) Questions() []Watch {
	all := []Watch{w}
	for _, q := range w.Former {
		one := w
		one.Question = q
		all = append(all, one)
	}
	return all
}

// Answered reports whether an answer settles a hit for the workflow that keeps the subject: it was cleared by as many
// people as the workflow requires, or confirmed in a case of it. A person confirmed for one product may still have
// another.
func (w Watch) Answered(given *Answer, version string) bool {
	if !given.Stands(version, w.Question.Digest()) {
		return false
	}
	return given.Clears(version, w.Question.Digest(), w.People) || given.Verdict == Confirmed && given.For == w.For
}

// Late reports whether a subject has to be compared with a whole list, since a run over the list's newest edition may have passed it before it
// was kept.
func (w Watch) Late(r Run) bool {
	return w.Kept && w.Question.Asks(r.List) && w.Editions[r.List] != r.Edition
}

// State of a run.
type State string

// The states of a run. One that is done or has failed begins again with the next edition.
const (
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed" // it could not go on: see Run.Error
)

// Run screens a tenant's kept subjects against what is new on a list. There is one for each list.
type Run struct {
	Tenant    string    `json:"tenant"`
	List      string    `json:"list"`
	State     State     `json:"state"`
	Since     string    `json:"since,omitempty"`     // id of the edition that subjects were compared with before; "": none
	Target    string    `json:"target,omitempty"`    // id of the edition that is compared; "": it has not begun
	Edition   string    `json:"edition,omitempty"`   // name of the newest edition, as far as the run knows
	By        string    `json:"by,omitempty"`        // who started it by hand; "": an edition did
	After     string    `json:"after,omitempty"`     // cursor of the store
	Passed    bool      `json:"passed,omitempty"`    // all pages were read: what is left are Again and Late
	Looked    int       `json:"looked"`              // subjects that were compared
	Hits      int       `json:"hits"`                // new ones
	Opened    int       `json:"opened"`              // cases
	Again     []string  `json:"again,omitempty"`     // subjects that have failed, to be tried again
	Round     int       `json:"round,omitempty"`     // how often they were
	Failures  []string  `json:"failures,omitempty"`  // subjects that have failed for good
	Unnamed   int       `json:"unnamed,omitempty"`   // subjects that have failed beyond those: the next edition is compared as a whole
	Late      []string  `json:"late,omitempty"`      // subjects to be compared with the whole list
	Tries     int       `json:"tries,omitempty"`     // turns that have failed in a row
	Error     string    `json:"error,omitempty"`     // code of the newest failure of a turn
	NotedAt   time.Time `json:"noted_at"`            // when an edition was last announced
	OwedAt    time.Time `json:"owed_at,omitzero"`    // when the first one was that the run has not compared since
	Announced string    `json:"announced,omitempty"` // name of the edition that was last announced
	BegunAt   time.Time `json:"begun_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	TurnAt    time.Time `json:"turn_at,omitzero"` // when it was last worked
	Lease     time.Time `json:"lease,omitzero"`   // until then no other worker processes it
	Revision  int       `json:"revision"`         // counts writes
}

// Announce takes in that a list is to have a new edition instead of one (its id; "": it is the first). What a run has not finished yet stays
// to be compared.
func (r *Run) Announce(current, edition string, now time.Time) {
	unfinished := r.State != Done && r.Revision > 0
	if !unfinished {
		*r = Run{Tenant: r.Tenant, List: r.List, Revision: r.Revision, Since: current, Late: r.Late, Failures: r.Failures, Unnamed: r.Unnamed}
	}
	for _, subject := range r.Failures { // it is unknown what they were not compared with
		switch {
		case slices.Contains(r.Late, subject):
		case len(r.Late) < maxLate:
			r.Late = append(r.Late, subject)
		default:
			r.Unnamed++
		}
	}
	// What an unfinished run has not compared cannot be distinguished from what is new in this edition alone: an entry that
	// was removed and is back is new to anyone who was screened in between.
	if r.Unnamed > 0 || unfinished {
		r.Since, r.Late = "", nil // all are compared with the whole list
	}
	r.restart(now)
	r.Edition, r.Announced = edition, edition
}

// Whole lets a run compare all subjects with the whole list.
func (r *Run) Whole(by string, now time.Time) {
	*r = Run{Tenant: r.Tenant, List: r.List, Revision: r.Revision, Edition: r.Edition, By: by, Late: r.Late, OwedAt: r.OwedAt, Announced: r.Announced}
	r.restart(now)
}

func (r *Run) restart(now time.Time) {
	r.State, r.Target, r.After, r.Passed, r.NotedAt, r.Lease = Running, "", "", false, now, time.Time{}
	r.Again, r.Failures, r.Unnamed, r.Round, r.Tries, r.Error, r.BegunAt, r.EndedAt = nil, nil, 0, 0, 0, "", time.Time{}, time.Time{}
	r.Looked, r.Hits, r.Opened = 0, 0, 0
	if r.OwedAt.IsZero() {
		r.OwedAt = now
	}
}

// maxLate bounds how many subjects a run notes by name; beyond, it starts over with the whole list.
const maxLate = 2000

// AddLate notes a subject that has to be compared with the whole list.
func (r *Run) AddLate(subject string, now time.Time) bool {
	r.Lease = time.Time{} // the worker of the run finds that it has changed, and it is started again: it may have passed the subject already
	if r.OwedAt.IsZero() {
		r.OwedAt = now
	}
	if slices.Contains(r.Late, subject) {
		r.resume()
		return true
	}
	if len(r.Late) >= maxLate {
		r.Late = nil
		r.Whole(r.By, now)
		return true
	}
	r.Late = append(r.Late, subject)
	r.resume()
	return true
}

// resume continues a run that has ended. One that has failed continues where it was.
func (r *Run) resume() {
	if r.State == Running {
		return
	}
	r.Passed = r.Passed || r.State == Done
	r.State, r.EndedAt, r.Tries, r.Error = Running, time.Time{}, 0, ""
}

// Owes reports whether a run waits for an edition that was announced and does not count yet: one that ended before that would never learn of it.
func (r Run) Owes(edition string, now time.Time, settling time.Duration) bool {
	return r.Announced != "" && r.Announced != edition && now.Sub(r.NotedAt) < settling
}
