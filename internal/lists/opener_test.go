package lists_test

import (
	"fmt"
	"sync"
	"testing"

	"ballerine/internal/lists"
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

func TestEveryListThatIsNotThereIsTold(t *testing.T) {
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
