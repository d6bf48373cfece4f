package cases_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// brood is a company whose owners come, go and report in any order.
type brood struct {
	*family
	late []cases.Effect // reports and cancellations that have been seen, to be delivered again
}

// step does one random thing. What does not fit the case at that time changes nothing.
func (b *brood) step(rt *rapid.T) {
	c := b.t.Context()
	switch rapid.IntRange(0, 7).Draw(rt, "step") {
	case 0, 1: // the task that starts the children, which may be cut off before it can tell
		job, todo, _, err := b.BeginWork(c, cases.Branch{Tenant: "demo", Case: b.parent}, "owners", "people")
		b.fits(rt, err)
		if !todo {
			return
		}
		if commits := rapid.Int64Range(0, 8).Draw(rt, "left after"); commits > 1 {
			var left atomic.Int64
			left.Store(commits)
			b.store.beforeCommit = func() { // while the children are being written, side by side
				if left.Add(-1) == 0 {
					_, err := b.Send(c, client, b.parent, cases.SendCommand{Type: "LEAVE"})
					b.fits(rt, err)
					b.some(rt)
				}
			}
		}
		outcome, err := b.StartChildren(c, job)
		b.store.beforeCommit = nil
		b.fits(rt, err)
		if rapid.IntRange(0, 3).Draw(rt, "cut off") > 0 {
			outcome.Run = b.runOf(job)
			_, err = b.FinishWork(c, job, outcome)
			b.fits(rt, err)
		}
	case 2, 3, 4:
		children := b.children()
		if len(children) == 0 {
			return
		}
		child := rapid.SampledFrom(children).Draw(rt, "child")
		_, err := b.Send(c, client, child.ID, cases.SendCommand{Type: rapid.SampledFrom([]string{"approve", "reject", "MOVE", "BACK"}).Draw(rt, "event")})
		b.fits(rt, err)
	case 5:
		b.some(rt)
	case 6:
		_, err := b.Send(c, client, b.parent, cases.SendCommand{Type: rapid.SampledFrom([]string{"LEAVE", "AGAIN", "AGAIN"}).Draw(rt, "parent event")})
		b.fits(rt, err)
	case 7:
		if rapid.IntRange(0, 15).Draw(rt, "rarely") == 0 {
			_, err := b.Cancel(c, client, b.parent, 0, "")
			b.fits(rt, err)
		}
	}
}

func (b *brood) fits(rt *rapid.T, err error) {
	if code := problem.CodeOf(err); code != "" && code != problem.EventNotAllowed && code != problem.CaseClosed {
		rt.Fatalf("unexpected error %v", err)
	}
}

// some of the outbox happens now: in any order, some of it twice.
func (b *brood) some(rt *rapid.T) {
	found := must[[]cases.Effect](b.desk)(b.store.Undelivered(b.t.Context(), b.time().Add(time.Millisecond), 1000))
	found = slices.DeleteFunc(found, func(e cases.Effect) bool { return e.Kind != cases.EffectReport && e.Kind != cases.EffectCancel })
	if len(found) > 0 {
		effect := rapid.SampledFrom(found).Draw(rt, "effect")
		b.happen(effect)
		b.late = append(b.late, effect)
		if err := b.store.Delivered(b.t.Context(), effect); err != nil {
			rt.Fatal(err)
		}
	}
	if len(b.late) > 0 && rapid.Bool().Draw(rt, "again") {
		b.happen(rapid.SampledFrom(b.late).Draw(rt, "late"))
	}
}

// check compares the parent with its children when everything has been delivered.
func (b *brood) check(rt *rapid.T) {
	parent, truth := b.get(b.parent), map[string]map[string]int{}
	group := b.known()
	current, _ := group["cases"].(map[string]any)
	dropped, _ := group["dropped"].(bool)
	counts := map[string]float64{}
	for _, child := range b.children() {
		b.verified(child.ID)
		seen, mine := current[child.ID].(map[string]any)
		if child.Status == cases.StatusActive && (!mine || dropped || parent.Status == cases.StatusCancelled) {
			rt.Fatalf("a child goes on that nobody waits for: parent %s, known %v, dropped %v", parent.Status, mine, dropped)
		}
		if mine && !dropped && parent.Status == cases.StatusActive {
			if seen["status"] != string(child.Status) || seen["version"] != float64(child.Version) {
				rt.Fatalf("the parent knows %v, the child is %s at version %d", seen, child.Status, child.Version)
			}
			counts[string(child.Status)]++
			if truth["outcomes"] == nil {
				truth["outcomes"] = map[string]int{}
			}
			truth["outcomes"][child.Outcome]++
		}
	}
	if parent.Status != cases.StatusActive || dropped {
		return
	}
	outcomes, _ := group["outcomes"].(map[string]any)
	for _, name := range []string{"active", "completed", "cancelled"} {
		if group != nil && group[name] != counts[name] {
			rt.Fatalf("%s: %v, there are %v", name, group[name], counts[name])
		}
	}
	for name, n := range outcomes {
		if n != float64(truth["outcomes"][name]) {
			rt.Fatalf("outcome %s: %v, there are %d", name, n, truth["outcomes"][name])
		}
	}
	state := parent.Snapshot.Active[0]
	awaiting := state.State == "owners" && state.Work[0].Status == statechart.WorkAwaiting
	if awaiting && group["active"] == 0.0 {
		rt.Fatal("the work waits for nobody")
	}
	b.verified(b.parent)
}

// TestWhateverOrderThingsComeInAParentKnowsItsChildren plays families whose children move, whose reports come late, twice
// and in any order, and whose parents leave, come back and are called off.
func TestWhateverOrderThingsComeInAParentKnowsItsChildren(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	text := strings.ReplaceAll(company, "          external_id: item.id\n", "") // so that the same people can come again
	rapid.Check(t, func(rt *rapid.T) {
		until := rapid.SampledFrom([]string{"all", "all", "any", "2"}).Draw(rt, "until")
		d := newDesk(t, strings.ReplaceAll(text, "UNTIL", until), owner)
		list := []any{}
		for _, p := range people("Anna", "Bert", "Cora")[:rapid.IntRange(0, 3).Draw(rt, "owners")] {
			list = append(list, p)
		}
		r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{
			Workflow: "company", Subject: cases.SubjectInput{Type: "business"}, Context: map[string]any{"owners": list, "country": "DE"},
		}))
		b := &brood{family: &family{d, r.ID}}
		for range rapid.IntRange(5, 40).Draw(rt, "steps") {
			b.step(rt)
		}
		b.deliver()
		b.check(rt)
	})
}
