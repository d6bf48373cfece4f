package statechart

import (
	"slices"
	"strconv"
	"time"
)

// Region is what one branch of the following execution follows: the whole chart, a child of a parallel state, or a piece
// of work that is done beside others.
type Region struct {
	Path string `json:"path"` // "" the whole chart; "checks.identity" a child of a parallel state; "screen/sanctions" work
	// Within are the visits of the parallel states around it, outermost first, and of the state whose work it is. A region
	// that was left and entered again is another one.
	Within []int `json:"within,omitempty"`
}

// wholeChart is the region of the whole chart.
var wholeChart = Region{}

// Labels that are no state's.
const (
	LabelOut      = "#out"      // the region is no longer active
	LabelHandover = "#handover" // another execution has taken over
	LabelRoot     = "#root"     // the chart itself is a parallel state
	LabelDone     = "#done"     // the chart itself is a parallel state, and all its regions have come to an end
)

// Position is what a branch of the following execution is handed: the label where its region is, the visit it belongs
// to, and until when to wait there.
//
//	"<state>"                     the state waits, is final, or is parallel: see Regions
//	"<state>/<work>"              this work must be done now
//	"<state>/<work>/answer"       its vendor will call back: wait
//	"<state>/<work>/incident"     it waits for an operator
//	"<state>/*<stage>"            several works must be done at once: see Regions
//	"#out"                        the region is no longer active: see Outer
//
// The label's visit is that of its state.
type Position struct {
	Label   string     `json:"label,omitempty"`
	Visit   int        `json:"visit,omitempty"`
	Until   time.Time  `json:"until,omitzero"`    // the soonest deadline of the state and its ancestors, awaited answers included; zero if there is none
	Within  []int      `json:"within,omitempty"`  // of the region; the whole chart has none
	Regions []Position `json:"regions,omitempty"` // of a parallel state or of works at once, in document order
	Outer   *Position  `json:"outer,omitempty"`   // of "#out": where the region around it is
}

// Same reports whether a wait at p need not be ended for q.
func (p Position) Same(q Position) bool {
	return p.Label == q.Label && p.Visit == q.Visit && p.Until.Equal(q.Until)
}

// Position returns the position of the whole chart.
func (c *Chart) Position(snapshot Snapshot) Position { return c.PositionIn(snapshot, wholeChart) }

// PositionIn returns the position of a region; "#out" when it is no longer active, or was left and entered again.
func (c *Chart) PositionIn(snapshot Snapshot, region Region) Position {
	l := locator{chart: c, snapshot: snapshot}
	if region.Path == "" {
		return l.whole()
	}
	if p, ok := l.region(region); ok {
		return p
	}
	return c.outOf(region, func(outer Region) Position { return c.PositionIn(snapshot, outer) })
}

// HandedOver is the answer to a branch whose execution another one has replaced. It hangs on the branch alone: the one that
// has taken over may follow another version of the chart.
func HandedOver(region Region) Position {
	p := Position{Label: LabelHandover, Within: region.Within}
	if region.Path == "" || len(region.Within) == 0 {
		return Position{Label: LabelHandover}
	}
	outer := Region{Within: region.Within[:len(region.Within)-1]}
	if len(outer.Within) > 0 {
		outer.Path = region.Path // inside another parallel state, whatever its name
	}
	around := HandedOver(outer)
	p.Outer = &around
	return p
}

func (c *Chart) outOf(region Region, at func(outer Region) Position) Position {
	outer := at(c.around(region))
	return Position{Label: LabelOut, Within: region.Within, Outer: &outer}
}

// around is the region in which the parallel state of a region is, or the state whose work it is.
func (c *Chart) around(region Region) Region {
	path, _, isWork := cutWork(region.Path)
	s := c.byPath[path]
	if s != nil && !isWork {
		s = s.Parent
	}
	for ; s != nil && s.Parent != nil; s = s.Parent {
		if s.Parent.Kind == Parallel && len(region.Within) > 0 {
			return Region{Path: s.Path, Within: region.Within[:len(region.Within)-1]}
		}
	}
	return wholeChart
}

// cutWork takes the region of a piece of work apart.
func cutWork(path string) (state, work string, ok bool) {
	for i := range path {
		if path[i] == '/' {
			return path[:i], path[i+1:], true
		}
	}
	return path, "", false
}

// locator finds where regions of a snapshot are.
type locator struct {
	chart    *Chart
	snapshot Snapshot
}

func (l locator) active(path string) (*Activation, *State) {
	for i := range l.snapshot.Active {
		if l.snapshot.Active[i].State == path {
			return &l.snapshot.Active[i], l.chart.byPath[path]
		}
	}
	return nil, nil
}

// visit of an active state; the root's is 0, that of one which is not active -1.
func (l locator) visit(s *State) int {
	if s.Parent == nil {
		return 0
	}
	if a, _ := l.active(s.Path); a != nil {
		return a.Visit
	}
	return -1
}

// within are the visits of the parallel states around s, outermost first.
func (l locator) within(s *State) (visits []int) {
	for p := s.Parent; p != nil; p = p.Parent {
		if p.Kind == Parallel {
			visits = append(visits, l.visit(p))
		}
	}
	slices.Reverse(visits)
	return visits
}

// region finds a region that is active.
func (l locator) region(region Region) (Position, bool) {
	path, work, isWork := cutWork(region.Path)
	s, ok := l.chart.byPath[path]
	if !ok || l.snapshot.Status == Done || len(region.Within) == 0 {
		return Position{}, false
	}
	within := l.within(s)
	if !isWork {
		if s.Parent.Kind != Parallel || !slices.Equal(within, region.Within) {
			return Position{}, false
		}
		return l.at(s, within), true
	}
	a, _ := l.active(path)
	if a == nil || !slices.Equal(append(within, a.Visit), region.Within) {
		return Position{}, false
	}
	return l.work(s, a, work, region.Within)
}

// work finds a piece of work among those that are done at once; false when the state has gone on to others.
func (l locator) work(s *State, a *Activation, work string, within []int) (Position, bool) {
	open := openWork(s, a.Work)
	for _, w := range open {
		if w.ID == work {
			return Position{Label: Label(s.Path, work, w.Status), Visit: a.Visit, Until: l.until(s), Within: within}, true
		}
	}
	if len(open) == 0 || stageOf(s, open[0].ID) != stageOf(s, work) {
		return Position{}, false
	}
	// It has ended before the others. Where the state goes then is not known: the execution asks at the state itself.
	outer := Position{Label: s.Path, Visit: a.Visit, Until: l.until(s), Within: within[:len(within)-1]}
	return Position{Label: LabelOut, Within: within, Outer: &outer}, true
}

func (l locator) whole() Position {
	root := l.chart.root
	switch {
	case len(l.snapshot.Active) == 0:
		return Position{Label: LabelOut}
	case root.Kind != Parallel:
		return l.at(root, nil)
	case l.snapshot.Status == Done:
		return Position{Label: LabelDone}
	}
	return Position{Label: LabelRoot, Regions: l.regions(root, nil)}
}

// at goes down from an active state to where its region is.
func (l locator) at(s *State, within []int) Position {
	for s.Kind == Compound {
		if s = l.child(s); s == nil {
			return Position{Label: LabelOut}
		}
	}
	a, _ := l.active(s.Path)
	if a == nil {
		return Position{Label: LabelOut}
	}
	p := Position{Label: s.Path, Visit: a.Visit, Until: l.until(s), Within: within}
	if s.Kind == Parallel {
		p.Regions = l.regions(s, within)
		return p
	}
	open := openWork(s, a.Work)
	if len(open) == 0 || l.snapshot.Status == Done {
		return p
	}
	stage := s.Stages()[stageOf(s, open[0].ID)]
	if len(stage) == 1 {
		p.Label = Label(s.Path, open[0].ID, open[0].Status)
		return p
	}
	p.Label = StageLabel(s.Path, stage[0].Stage)
	for _, i := range stage {
		one, _ := l.work(s, a, i.ID, append(slices.Clone(within), a.Visit)) // all are of the stage that is open
		p.Regions = append(p.Regions, one)
	}
	return p
}

// child is the active one of a compound state.
func (l locator) child(s *State) *State {
	for i := range l.snapshot.Active {
		if child := l.chart.byPath[l.snapshot.Active[i].State]; child != nil && child.Parent == s {
			return child
		}
	}
	return nil
}

func (l locator) regions(s *State, within []int) (found []Position) {
	inside := append(slices.Clone(within), l.visit(s))
	for _, child := range s.Regions() {
		found = append(found, l.at(child, inside))
	}
	return found
}

// until is the soonest deadline of an active state and its ancestors.
func (l locator) until(s *State) (until time.Time) {
	for ; s.Parent != nil; s = s.Parent {
		a, _ := l.active(s.Path)
		if a == nil {
			continue
		}
		if len(a.Timers) > 0 {
			until = sooner(until, a.Timers[0].Due)
		}
		until = answers(until, s, a.Work)
	}
	return until
}

// answers is the sooner of a deadline and those of awaited work.
func answers(until time.Time, s *State, work []Work) time.Time {
	if len(work) == 0 {
		return until
	}
	for _, w := range openWork(s, work) {
		if w.Status == WorkAwaiting && !w.Until.IsZero() {
			until = sooner(until, w.Until)
		}
	}
	return until
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// Deadline is the soonest of all timers and awaited answers; zero when there is none.
func (c *Chart) Deadline(snapshot Snapshot) (until time.Time) {
	for _, a := range snapshot.Active {
		if len(a.Timers) > 0 {
			until = sooner(until, a.Timers[0].Due)
		}
		if s, ok := c.byPath[a.State]; ok {
			until = answers(until, s, a.Work)
		}
	}
	return until
}

// Doing is a piece of work that is to be done now, awaits its answer, or waits for an operator.
type Doing struct {
	State  string
	Visit  int
	Work   string
	Status WorkStatus
	Until  time.Time // awaiting: see Work
	Round  int
	Later  bool
	Tries  int
}

// Busy lists the work that the chart is busy with, in document order.
func (c *Chart) Busy(snapshot Snapshot) (found []Doing) {
	if snapshot.Status == Done {
		return nil
	}
	for _, a := range snapshot.Active {
		if s, ok := c.byPath[a.State]; ok && len(a.Work) > 0 {
			for _, w := range openWork(s, a.Work) {
				found = append(found, Doing{a.State, a.Visit, w.ID, w.Status, w.Until, w.Round, w.Later, w.Tries})
			}
		}
	}
	return found
}

// Label of a state's work in a status.
func Label(state, work string, status WorkStatus) string {
	switch status {
	case WorkAwaiting:
		return state + "/" + work + "/answer"
	case WorkIncident:
		return state + "/" + work + "/incident"
	}
	return state + "/" + work
}

// StageLabel is the label of a state whose works of a stage are done at once.
func StageLabel(state string, stage int) string { return state + "/*" + strconv.Itoa(stage) }
