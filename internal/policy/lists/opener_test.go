package lists_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"ballerine/internal/policy/lists"
	"ballerine/internal/problem"
)

func TestAChangeCountsAtOnceAndAnEditionIsReadOnce(t *testing.T) {
	d := newDesk(t)
	d.list("l", text0, "a")
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if _, err := d.opener.OpenLists(t.Context(), "acme", []string{"l"}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if d.memory.reads != 1 {
		t.Errorf("%d parts were read", d.memory.reads)
	}
	d.replace("l", "b")
	if d.has("l", "a") || !d.has("l", "b") || d.open("l", nil).Edition() != "2" {
		t.Error("the change does not count")
	}
	if old := d.open("l", map[string]string{"l": "1"}); old.Edition() != "1" {
		t.Error(old.Edition())
	}
}

func TestEveryListThatIsNotThereIsReported(t *testing.T) {
	d := newDesk(t)
	d.list("there", text0, "a")
	d.list("other", text0, "a")
	if _, _, err := d.Put(t.Context(), ann, lists.Put{ID: "empty", Type: lists.Block}); err != nil {
		t.Fatal(err)
	}
	_, err := d.opener.OpenLists(t.Context(), "acme", []string{"empty", "none", "no#name", "other", "there"}, map[string]string{"other": "7", "there": "case"})
	want := "[lists.empty unknown lists.none unknown lists.no#name unknown lists.other unknown lists.there unknown]"
	if got := fmt.Sprint(places(err)); problem.CodeOf(err) != problem.UnknownList || got != want {
		t.Errorf("%v", err)
	}
	if _, err = d.opener.OpenLists(t.Context(), "globex", []string{"there"}, nil); problem.CodeOf(err) != problem.UnknownList {
		t.Errorf("another tenant's list was opened: %v", err)
	}
	d.memory.fail = problem.Unavailable
	if _, err = d.opener.OpenLists(t.Context(), "acme", []string{"there", "none"}, nil); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("a store that does not answer is not one without the list: %v", err)
	}
	d.memory.fail = ""
	for name := range d.memory.chunks {
		d.memory.chunks[name] = []byte("garbage")
	}
	if _, err = d.opener.OpenLists(t.Context(), "acme", []string{"there"}, nil); problem.CodeOf(err) != problem.Internal {
		t.Errorf("%v", err)
	}
}

// An erasure reaches every process: what one keeps in memory is not what the store has any more.
func TestAnEditionThatIsGoneIsNotAnsweredFromMemory(t *testing.T) {
	first := map[string]string{"l": "1"}
	for name, erase := range map[string]func(*desk) error{
		"forgotten": func(d *desk) error { _, err := d.Service.Forget(t.Context(), "acme", "l", 1); return err },
		"deleted":   func(d *desk) error { return d.Delete(t.Context(), ann, "l", lists.Any) },
		"no record": func(d *desk) error { clear(d.memory.editions); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.list("l", text0, "a")
			d.replace("l", "b")
			if holds, _ := d.open("l", first).Holds("a", d.at); !holds { // and now it is in memory
				t.Fatal("the edition does not hold its entry")
			}
			if err := erase(d); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := d.opener.OpenLists(t.Context(), "acme", []string{"l"}, first); problem.CodeOf(err) != problem.UnknownList {
					t.Errorf("an edition that is gone was opened: %v", err)
				}
			}
			if kept := d.opener.Kept("acme", "l"); slices.Contains(kept, 1) {
				t.Errorf("its entries stay in memory: %v", kept)
			}
		})
	}
	d := newDesk(t)
	d.list("l", text0, "a")
	d.open("l", first)
	d.memory.fail = problem.Unavailable
	if _, err := d.opener.OpenLists(t.Context(), "acme", []string{"l"}, first); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("a store that does not answer does not say that the edition is there: %v", err)
	}
}

func TestWhatNobodyAsksForLeavesTheMemory(t *testing.T) {
	d := newDesk(t)
	d.opener.Now = func() time.Time { return d.at }
	d.list("l", text0, "a")
	d.list("other", text0, "a")
	d.open("l", nil)
	d.at = d.at.Add(10 * time.Minute)
	d.open("other", nil)
	if err := d.Delete(t.Context(), ann, "l", lists.Any); err != nil {
		t.Fatal(err)
	}
	d.at = d.at.Add(5 * time.Minute)
	d.open("other", nil)
	if kept := d.opener.Kept("acme", "l"); len(kept) != 0 {
		t.Errorf("entries that were erased stay in memory: %v", kept)
	}
	if kept := d.opener.Kept("acme", "other"); len(kept) != 1 || d.memory.reads != 2 {
		t.Errorf("what is asked for is not kept: %v, %d reads", kept, d.memory.reads)
	}
}
