package peers_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
	"ballerine/internal/workflow/importing"
)

// foreign is a machine with events, as import.mjs reads it.
type foreign struct {
	Version int             `json:"version"`
	Machine any             `json:"machine"`
	Guards  map[string]bool `json:"guards"`
	Events  []happening     `json:"events"`
}

type happening struct {
	Type  string `json:"type,omitempty"`
	After int    `json:"after,omitempty"`
	Done  string `json:"done,omitempty"`
}

type stand struct {
	Configuration []string `json:"configuration"`
	Status        string   `json:"status"`
}

// TestWhatIsImportedDoesWhatItDidInXState draws machines of XState 4 and 5 and plays them there. Imported, each does the
// same after every event, or it was refused: nothing changes its meaning.
func TestWhatIsImportedDoesWhatItDidInXState(t *testing.T) {
	xstate := startPeer(t, "import.mjs")
	fewer(t)
	for _, version := range []int{4, 5} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			compared, refused, moved := 0, 0, 0
			rapid.Check(t, func(t *rapid.T) {
				d := &foreignDrawer{t: t, version: version, guards: map[string]bool{}}
				job := d.job()
				text, err := json.Marshal(job.Machine)
				if err != nil {
					t.Fatal(err)
				}
				options := importing.Options{XState: version}
				if rapid.IntRange(0, 3).Draw(t, "untold") == 0 {
					options.XState = 0
				}
				result, problems := importing.Import("machine.json", text, options)
				if problems.Failed() {
					refused++
					return
				}
				w, found := workflow.Parse("workflow.yaml", result.Workflow, nil)
				if w == nil {
					t.Fatal(found)
				}
				theirs, mine := xstate.foreign(t, job), imported(t, w.Chart, job)
				until := len(mine)
				for _, steps := range [][]stand{mine, theirs} {
					if at := slices.IndexFunc(steps, func(s stand) bool { return s.Status == "livelock" }); at >= 0 {
						until = min(until, at)
					}
				}
				if diff := cmp.Diff(theirs[:until], mine[:until]); diff != "" {
					t.Fatalf("- XState %d, + imported\n%s\n%s\n%+v %v\n%s", version, diff, text, job.Events, job.Guards, result.Workflow)
				}
				compared++
				for n := 1; n < until; n++ {
					if !slices.Equal(mine[n].Configuration, mine[n-1].Configuration) {
						moved++
					}
				}
			})
			t.Logf("XState %d: %d machines compared, %d moves, %d refused", version, compared, moved, refused)
			if compared == 0 || moved == 0 || refused > 5*compared {
				t.Error("too little was compared")
			}
		})
	}
}

// fewer draws 200 machines of each version unless the command line sets a number: two engines play each.
func fewer(t *testing.T) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	if before := checks.Value.String(); before == "500" {
		if err := checks.Value.Set("200"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = checks.Value.Set(before) })
	}
}

func (p *peer) foreign(t *rapid.T, job foreign) (steps []stand) {
	text, err := json.Marshal(job)
	if err == nil {
		_, err = p.in.Write(append(text, '\n'))
	}
	if err != nil || !p.out.Scan() {
		t.Fatalf("XState has gone: %v\n%s", err, text)
	}
	if err := json.Unmarshal(p.out.Bytes(), &steps); err != nil {
		t.Fatalf("%s\n%s", p.out.Bytes(), text)
	}
	return steps
}

// imported plays the same events to what was imported.
func imported(t *rapid.T, chart *statechart.Chart, job foreign) (steps []stand) {
	guards := map[string]any{}
	for name, holds := range job.Guards {
		guards[name] = holds
	}
	now := begin
	r, err := chart.Start(map[string]any{"guards": guards}, now)
	apply := func(e statechart.Event, at time.Time) {
		next, failed := chart.Step(r.Snapshot, r.Context, e, at)
		switch problem.CodeOf(failed) {
		case problem.EventNotAllowed, problem.CaseClosed:
			return
		}
		if err = failed; err == nil && !next.Stale {
			r = next
		}
	}
	look := func() {
		if err != nil {
			if problem.CodeOf(err) != problem.Livelock {
				t.Fatal(err)
			}
			steps = append(steps, stand{[]string{}, "livelock"})
			return
		}
		steps = append(steps, stand{chart.Configuration(r.Snapshot), string(r.Snapshot.Status)})
	}
	look()
	for _, e := range job.Events {
		if err != nil {
			break
		}
		switch {
		case e.After > 0:
			until := now.Add(time.Duration(e.After) * time.Millisecond)
			for err == nil {
				at := chart.Deadline(r.Snapshot)
				if at.IsZero() || at.After(until) {
					break
				}
				due, _ := chart.Due(r.Snapshot, at)
				apply(due, at)
			}
			now = until
		case e.Done != "":
			apply(statechart.Event{Type: "done.invoke." + e.Done}, now)
		default:
			apply(statechart.Event{Type: e.Type}, now)
		}
		look()
	}
	return steps
}

// foreignDrawer draws machines as they are written for XState, in the ways in which the versions differ.
type foreignDrawer struct {
	t       *rapid.T
	version int
	guards  map[string]bool
	states  []*foreignState
	delays  int
	works   []string
	always  bool
	spread  int // one of so many states takes an event
}

type foreignState struct {
	name, kind string
	parent     *foreignState
	children   []*foreignState
}

func (d *foreignDrawer) oneIn(n int, label string) bool {
	return rapid.IntRange(0, n-1).Draw(d.t, label) == 0
}

func (d *foreignDrawer) job() foreign {
	d.spread = rapid.SampledFrom([]int{2, 6}).Draw(d.t, "spread")
	root := &foreignState{kind: rapid.SampledFrom([]string{"compound", "compound", "compound", "parallel"}).Draw(d.t, "root")}
	d.inside(root, 0)
	machine := d.machine(root)
	machine["id"] = "m"
	if d.version == 4 && d.oneIn(2, "predictable") {
		machine["predictableActionArguments"] = true
	}
	job := foreign{Version: d.version, Machine: machine, Guards: d.guards}
	for range rapid.IntRange(1, 8).Draw(d.t, "events") {
		switch pick := rapid.IntRange(0, 5).Draw(d.t, "what"); {
		case pick == 0:
			job.Events = append(job.Events, happening{After: 1000 * rapid.IntRange(1, 3).Draw(d.t, "seconds")})
		case pick == 1 && len(d.works) > 0:
			job.Events = append(job.Events, happening{Done: rapid.SampledFrom(d.works).Draw(d.t, "work")})
		default:
			job.Events = append(job.Events, happening{Type: rapid.SampledFrom([]string{"A", "B", "A.x"}).Draw(d.t, "event")})
		}
	}
	return job
}

func (d *foreignDrawer) inside(s *foreignState, depth int) {
	for n := range rapid.IntRange(2, 3).Draw(d.t, "children") {
		child := &foreignState{name: fmt.Sprintf("s%d", len(d.states)+1), kind: "atomic", parent: s}
		d.states, s.children = append(d.states, child), append(s.children, child)
		switch pick := rapid.IntRange(0, 9).Draw(d.t, "kind"); {
		case pick < 3 && depth < 2:
			child.kind = rapid.SampledFrom([]string{"compound", "compound", "parallel"}).Draw(d.t, "nested")
			d.inside(child, depth+1)
		case pick == 3 && n > 0:
			child.kind = "final"
		case pick == 4 && n > 0 && depth > 0:
			child.kind = "history"
		}
	}
}

func (d *foreignDrawer) machine(s *foreignState) map[string]any {
	o := map[string]any{}
	if len(s.children) > 0 {
		states := orderedStates{}
		for _, child := range s.children {
			states = append(states, stateMember{child.name, d.machine(child)})
		}
		o["states"] = states
		if s.kind == "compound" {
			o["initial"] = s.children[0].name
		}
	}
	switch s.kind {
	case "parallel", "final":
		o["type"] = s.kind
	case "history":
		o["type"] = "history"
		if d.oneIn(2, "deep") {
			o["history"] = "deep"
		}
	}
	if s.kind == "final" || s.kind == "history" {
		return o
	}
	d.behaviour(s, o)
	return o
}

func (d *foreignDrawer) behaviour(s *foreignState, o map[string]any) {
	if d.oneIn(4, "entry") {
		o["entry"] = []any{"note"}
		if d.version == 5 && d.oneIn(3, "raise") { // XState 4 mixes up the deadlines of a state that an event raised on entry enters again
			o["entry"] = []any{map[string]any{"type": "xstate.raise", "event": map[string]any{"type": "B"}}}
		}
	}
	on := map[string]any{}
	for _, event := range []string{"A", "B", "A.x"} {
		if d.oneIn(d.spread, "on "+event) {
			on[event] = d.some(s)
		}
	}
	if d.oneIn(10, "wildcard") {
		on[rapid.SampledFrom([]string{"*", "A.*"}).Draw(d.t, "glob")] = d.some(s)
	}
	if len(on) > 0 {
		o["on"] = on
		if d.version == 4 && d.oneIn(4, "list") {
			o["on"] = asList(on)
		}
	}
	if s.parent != nil && d.oneIn(3, "after") {
		d.delays++
		o["after"] = map[string]any{fmt.Sprint(700*d.delays + 37): spelled(d.some(s))}
	}
	if !d.always && d.oneIn(10, "always") {
		d.always = true
		o["always"] = []any{d.guarded(s)}
	}
	if s.kind == "atomic" && s.parent != nil && d.oneIn(5, "invoke") {
		var work []any
		for range rapid.IntRange(1, 2).Draw(d.t, "works") {
			id := fmt.Sprintf("w%d", len(d.works)+1)
			d.works = append(d.works, id)
			work = append(work, map[string]any{"id": id, "src": "service", "onDone": d.some(s)})
		}
		o["invoke"] = work
	}
	if len(s.children) > 0 && s.parent != nil && d.oneIn(2, "onDone") {
		o["onDone"] = d.some(s)
	}
}

// spelled writes targets out: XState reads none from a text in the list of a deadline.
func spelled(list []any) []any {
	for n, one := range list {
		if target, ok := one.(string); ok {
			list[n] = map[string]any{"target": target}
		}
	}
	return list
}

func asList(on map[string]any) []any {
	var list []any
	names := []string{}
	for name := range on {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, one := range on[name].([]any) {
			member := map[string]any{"event": name}
			if t, ok := one.(map[string]any); ok {
				for k, v := range t {
					member[k] = v
				}
			} else {
				member["target"] = one
			}
			list = append(list, member)
		}
	}
	return list
}

func (d *foreignDrawer) some(s *foreignState) []any {
	if d.oneIn(3, "two") {
		return []any{d.guarded(s), d.transition(s)}
	}
	return []any{d.transition(s)}
}

func (d *foreignDrawer) guarded(s *foreignState) any {
	t, ok := d.transition(s).(map[string]any)
	if !ok {
		t = map[string]any{"target": d.target(s)}
	}
	name := rapid.SampledFrom([]string{"g1", "g2"}).Draw(d.t, "guard")
	stands := name
	var guard any = name
	if n := rapid.IntRange(0, 2).Draw(d.t, "n"); n > 0 {
		guard, stands = map[string]any{"type": name, "params": map[string]any{"n": n}}, fmt.Sprintf("%s_n_%d", name, n)
	}
	d.guards[stands] = rapid.Bool().Draw(d.t, "holds "+stands)
	t[map[int]string{4: "cond", 5: "guard"}[d.version]] = guard
	return t
}

func (d *foreignDrawer) transition(s *foreignState) any {
	if d.oneIn(2, "short") {
		return d.target(s)
	}
	t := map[string]any{"target": d.target(s)}
	if d.oneIn(8, "targetless") {
		t = map[string]any{"actions": []any{"note"}}
	} else if d.oneIn(3, "explicit") {
		t[map[int]string{4: "internal", 5: "reenter"}[d.version]] = rapid.Bool().Draw(d.t, "explicitly")
	}
	if d.version == 4 && d.oneIn(8, "in") {
		to := rapid.SampledFrom(d.states).Draw(d.t, "in state")
		if to.kind != "history" {
			t["in"] = "#m." + to.path()
		}
	}
	return t
}

func (s *foreignState) path() string {
	if s.parent == nil || s.parent.name == "" {
		return s.name
	}
	return s.parent.path() + "." + s.name
}

// target names a state in one of the ways that XState has.
func (d *foreignDrawer) target(s *foreignState) string {
	to := rapid.SampledFrom(d.states).Draw(d.t, "target")
	switch {
	case s.parent != nil && d.oneIn(4, "self"):
		to = s
	case d.oneIn(30, "machine"):
		return "#m"
	case len(s.children) > 0 && d.oneIn(3, "child"):
		return "." + rapid.SampledFrom(s.children).Draw(d.t, "of").name
	}
	if s.parent != nil && to.parent == s.parent && d.oneIn(2, "by name") {
		return to.name
	}
	return "#m." + to.path()
}

// orderedStates keeps the order of the states in JSON.
type orderedStates []stateMember

type stateMember struct {
	name  string
	value any
}

func (o orderedStates) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	for n, m := range o {
		if n > 0 {
			b.WriteByte(',')
		}
		text, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", m.name, text)
	}
	return []byte("{" + b.String() + "}"), nil
}
