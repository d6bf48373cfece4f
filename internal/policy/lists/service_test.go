package lists_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ballerine/internal/policy/lists"
	"ballerine/internal/problem"
)

func TestTheSameContentIsNoNewEdition(t *testing.T) {
	d := newDesk(t)
	first := d.list("l", text0, "b,,", "a,2027-01-01,note")
	d.at = d.at.Add(time.Hour)
	again := d.replace("l", "a,2027-01-01T00:00:00Z,note", "b", "b")
	if again.Created || again.Edition != 1 || again.Folded != 1 || !again.UpdatedAt.Equal(first.UpdatedAt) {
		t.Errorf("%+v", again)
	}
	if other := d.replace("l", "a,,note", "b"); !other.Created || other.Edition != 2 || other.Digest == first.Digest {
		t.Errorf("%+v", other)
	}
	if back := d.replace("l", "a,2027-01-01,note", "b"); !back.Created || back.Edition != 3 || back.Digest != first.Digest {
		t.Errorf("%+v", back)
	}
}

func TestAWriteNamesTheEditionThatWasSeen(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	content := func(value string) lists.Content { return lists.CSV("x", "value\n"+value) }
	put := func(seen int) error {
		_, _, err := d.Put(ctx, ann, lists.Put{ID: "l", Type: lists.Own, Title: "again", Seen: seen})
		return err
	}
	if _, err := d.Replace(ctx, ann, "l", content("a"), 0); problem.CodeOf(err) != problem.NotFound {
		t.Fatal(err)
	}
	if err := put(3); problem.CodeOf(err) != problem.Stale {
		t.Error(err)
	}
	if err := put(0); err != nil {
		t.Fatal(err)
	}
	if err := put(0); err != nil {
		t.Error("nothing is lost while there are no entries", err)
	}
	if _, err := d.Replace(ctx, ann, "l", content("a"), 0); err != nil {
		t.Fatal(err)
	}
	for seen, want := range map[int]problem.Code{0: problem.PreconditionRequired, 7: problem.Stale, 1: "", lists.Any: ""} {
		if err := put(seen); problem.CodeOf(err) != want {
			t.Errorf("put over %d: %v", seen, err)
		}
		if _, err := d.Replace(ctx, ann, "l", content("a"), seen); problem.CodeOf(err) != want {
			t.Errorf("replace over %d: %v", seen, err)
		}
	}
	if _, err := d.Change(ctx, ann, "l", lists.Change{Add: []lists.WrittenEntry{{Value: "b"}}}, 7); problem.CodeOf(err) != problem.Stale || problem.As(err).Details["edition"] != 1 {
		t.Error(err)
	}
}

func TestOfTwoWritersNoneIsLost(t *testing.T) {
	d := newDesk(t)
	d.list("l", text0, "a")
	add := func(value string, seen int) error {
		_, err := d.Change(t.Context(), ann, "l", lists.Change{Add: []lists.WrittenEntry{{Value: value}}}, seen)
		return err
	}
	d.memory.before = func() {
		if err := add("b", 0); err != nil {
			t.Error(err)
		}
	}
	if err := add("c", 0); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"a", "b", "c"} {
		if !d.has("l", value) {
			t.Errorf("%s is lost", value)
		}
	}
	d.memory.before = func() {
		if err := add("d", 0); err != nil {
			t.Error(err)
		}
	}
	if err := add("e", 3); problem.CodeOf(err) != problem.Stale || d.has("l", "e") {
		t.Errorf("it was done over an edition that was not seen: %v", err)
	}
}

func TestWhatAListIsCanBeRedefined(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	d.list("l", text0, "100", "1e2")
	put := func(shape lists.Shape) (lists.List, error) {
		l, _, err := d.Put(ctx, ann, lists.Put{ID: "l", Type: lists.Allow, Title: "Title", Shape: shape, Seen: 1})
		return l, err
	}
	if l, err := put(text0); err != nil || l.Edition != 1 || l.Title != "Title" {
		t.Errorf("a title made a new edition: %+v %v", l, err)
	}
	l, err := put(nums)
	if err != nil || l.Edition != 2 || l.Entries != 1 || !d.has("l", 100.0) {
		t.Errorf("%+v %v", l, err)
	}
	if holds, fits := d.open("l", map[string]string{"l": "1"}).Holds("1e2", morning); !holds || !fits {
		t.Error("the edition before has changed")
	}
	d.list("names", text0, "Anna,,1", "ANNA,,2", "Eve")
	for _, shape := range []lists.Shape{nums, fold} {
		_, _, err := d.Put(ctx, ann, lists.Put{ID: "names", Type: lists.Allow, Shape: shape, Seen: lists.Any})
		if problem.CodeOf(err) != problem.Invalid || strings.Contains(strings.ToLower(err.Error()), "anna") {
			t.Errorf("%v", err)
		}
	}
	_, _, err = d.Put(ctx, ann, lists.Put{ID: "no name", Type: "x", Title: strings.Repeat("t", 201), Shape: lists.Shape{Holds: "x", Matching: "y"}})
	if got := fmt.Sprint(places(err)); got != "[path.id pattern body.type enum body.holds enum body.matching enum body.title length]" {
		t.Error(got)
	}
	_, _, err = d.Put(ctx, ann, lists.Put{ID: "n", Type: lists.Own, Shape: lists.Shape{Holds: lists.Number, Matching: lists.IgnoringCase}})
	if got := fmt.Sprint(places(err)); got != "[body.matching enum]" {
		t.Error(got)
	}
}

func TestEveryProblemOfAChangeIsReported(t *testing.T) {
	d := newDesk(t)
	d.list("l", fold, "a")
	_, err := d.Change(t.Context(), ann, "l", lists.Change{Add: []lists.WrittenEntry{{Value: "B"}, {Value: "b", Note: "n"}, {ExpiresAt: "soon"}}, Remove: []string{"", "b", "a"}}, 0)
	if got := fmt.Sprint(places(err)); got != "[body.add[1].value duplicate body.add[2].value required body.add[2].expires_at time body.remove[0] required body.remove[1] contradiction]" {
		t.Error(got)
	}
	if _, err = d.Change(t.Context(), ann, "l", lists.Change{}, 0); fmt.Sprint(places(err)) != "[body.add required]" {
		t.Error(err)
	}
	out, err := d.Change(t.Context(), ann, "l", lists.Change{Add: []lists.WrittenEntry{{Value: "A"}}, Remove: []string{"x"}}, 0)
	if err != nil || out.Created || out.Edition != 1 || out.Missing != 1 || out.Added != 0 {
		t.Errorf("nothing changes: %+v %v", out, err)
	}
	out, err = d.Change(t.Context(), ann, "l", lists.Change{Add: []lists.WrittenEntry{{Value: "A", Note: "n"}}}, 0)
	if err != nil || !out.Created || out.Replaced != 1 || out.Entries != 1 {
		t.Errorf("%+v %v", out, err)
	}
}

// TestChangesMakeTheListThatTheyDescribe plays random changes against a map.
func TestChangesMakeTheListThatTheyDescribe(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := newDesk(t)
		d.list("l", fold)
		model := map[string]lists.Entry{}
		editions := []map[string]lists.Entry{{}}
		for range rapid.IntRange(1, 8).Draw(r, "changes") {
			var change lists.Change
			used := map[string]bool{}
			for range rapid.IntRange(0, 6).Draw(r, "entries") {
				key := rapid.SampledFrom(strings.Split("abcdefgh", "")).Draw(r, "key")
				if used[key] {
					continue
				}
				used[key] = true
				value := rapid.SampledFrom([]string{key, strings.ToUpper(key)}).Draw(r, "value")
				if rapid.Bool().Draw(r, "remove") {
					change.Remove = append(change.Remove, value)
					delete(model, key)
					continue
				}
				note := rapid.SampledFrom([]string{"", "1", "2"}).Draw(r, "note")
				change.Add = append(change.Add, lists.WrittenEntry{Value: value, Note: note})
				if before, there := model[key]; there {
					value = before.Value
				}
				model[key] = lists.Entry{Value: value, Note: note}
			}
			if len(change.Add)+len(change.Remove) == 0 {
				continue
			}
			out, err := d.Change(t.Context(), ann, "l", change, 0)
			if err != nil || out.Entries != len(model) {
				r.Fatalf("%+v %v, want %d", out, err, len(model))
			}
			if copied := clone(model); out.Created {
				editions = append(editions, copied)
			}
		}
		for number, want := range editions {
			if number == 0 {
				continue
			}
			page, err := d.Entries(t.Context(), "acme", "l", number, 0, 100, 1<<20)
			got := map[string]lists.Entry{}
			for _, e := range page.Entries {
				got[strings.ToLower(e.Value)] = e
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				r.Fatalf("edition %d: %v %s", number, err, diff)
			}
		}
	})
}

func clone(m map[string]lists.Entry) map[string]lists.Entry {
	copied := map[string]lists.Entry{}
	for k, v := range m {
		copied[k] = v
	}
	return copied
}

func TestAChangeWritesOnlyThePartThatItIsIn(t *testing.T) {
	d := newDesk(t)
	d.list("l", text0)
	if _, err := d.Replace(t.Context(), ann, "l", lists.CSV("x", csvOf(50_000)), lists.Any); err != nil {
		t.Fatal(err)
	}
	whole := d.memory.writes
	if whole < 10 {
		t.Fatalf("%d parts", whole)
	}
	d.has("l", "x")
	before := d.memory.reads
	change := lists.Change{Add: []lists.WrittenEntry{{Value: "customer 0025000x@example.com"}}, Remove: []string{"customer 0049999@example.com"}}
	if _, err := d.Change(t.Context(), ann, "l", change, 0); err != nil {
		t.Fatal(err)
	}
	if wrote := d.memory.writes - whole; wrote < 1 || wrote > 4 {
		t.Errorf("%d of %d parts were written again", wrote, whole)
	}
	changed := d.memory.reads - before
	if !d.has("l", "customer 0025000x@example.com") || d.has("l", "customer 0049999@example.com") || !d.has("l", "customer 0000000@example.com") {
		t.Error("the change does not count")
	}
	if read := d.memory.reads - before - changed; read > 4 {
		t.Errorf("%d parts were read again to ask it", read)
	}
}

func TestPagesOfEntriesAreTheWholeEdition(t *testing.T) {
	d := newDesk(t)
	d.list("l", text0)
	if _, err := d.Replace(t.Context(), ann, "l", lists.CSV("x", csvOf(9000)), lists.Any); err != nil {
		t.Fatal(err)
	}
	for _, size := range []struct{ limit, bytes int }{{1, 1 << 30}, {999, 1 << 30}, {4096, 1 << 30}, {9000, 1 << 30}, {10_000, 1 << 30}, {9000, 100_000}} {
		if size.limit == 1 {
			for _, at := range []int{0, 2047, 2048, 8998, 8999} {
				page, err := d.Entries(t.Context(), "acme", "l", 1, at, 1, size.bytes)
				if err != nil || len(page.Entries) != 1 || page.Entries[0].Value != fmt.Sprintf("customer %07d@example.com", at) || (page.Next != at+1 && at != 8999) || (at == 8999 && page.Next != 0) {
					t.Errorf("%d: %+v %v", at, page.Entries, err)
				}
			}
			continue
		}
		var got []string
		for after, pages := 0, 0; ; pages++ {
			page, err := d.Entries(t.Context(), "acme", "l", 0, after, size.limit, size.bytes)
			if err != nil || pages > 100 {
				t.Fatal(err)
			}
			for _, e := range page.Entries {
				got = append(got, e.Value)
			}
			if after = page.Next; after == 0 {
				break
			}
		}
		if len(got) != 9000 || !slices.IsSorted(got) || len(slices.Compact(got)) != 9000 {
			t.Errorf("%+v: %d entries", size, len(got))
		}
	}
	if page, err := d.Entries(t.Context(), "acme", "l", 1, 20_000, 10, 1000); err != nil || len(page.Entries) != 0 || page.Next != 0 {
		t.Errorf("%+v %v", page, err)
	}
}

func TestWhatIsForgottenIsErasedAndTheRestStays(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	d.list("l", text0)
	if _, err := d.Replace(ctx, ann, "l", lists.CSV("x", csvOf(20_000)), lists.Any); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Change(ctx, ann, "l", lists.Change{Remove: []string{"customer 0000007@example.com"}}, 0); err != nil {
		t.Fatal(err)
	}
	chunks := len(d.memory.chunks)
	if _, err := d.Service.Forget(ctx, "acme", "l", 2); problem.CodeOf(err) != problem.Invalid {
		t.Error("the newest was forgotten", err)
	}
	if _, err := d.Service.Forget(ctx, "acme", "l", 9); problem.CodeOf(err) != problem.NotFound {
		t.Error(err)
	}
	for range 2 {
		if e, err := d.Service.Forget(ctx, "acme", "l", 1); err != nil || !e.Forgotten || e.Digest == "" {
			t.Errorf("%+v %v", e, err)
		}
	}
	if left := len(d.memory.chunks); left >= chunks || left < chunks-3 {
		t.Errorf("%d of %d parts are left", left, chunks)
	}
	_, err := d.opener.OpenLists(ctx, "acme", []string{"l"}, map[string]string{"l": "1"})
	if problem.CodeOf(err) != problem.UnknownList || !strings.Contains(err.Error(), "edition 1 of the list l no longer exists") {
		t.Error(err)
	}
	if _, err := d.Entries(ctx, "acme", "l", 1, 0, 10, 1000); problem.CodeOf(err) != problem.NotFound {
		t.Error(err)
	}
	if !d.has("l", "customer 0019999@example.com") || d.has("l", "customer 0000007@example.com") {
		t.Error("the newest edition has lost something")
	}
	if err := d.Delete(ctx, ann, "l", 0); problem.CodeOf(err) != problem.PreconditionRequired {
		t.Error(err)
	}
	for range 2 { // again, should it have ended in between
		if err := d.Delete(ctx, ann, "l", 2); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.memory.chunks) != 0 {
		t.Errorf("%d parts are left of a list that was deleted", len(d.memory.chunks))
	}
	if _, err := d.Get(ctx, "acme", "l"); problem.CodeOf(err) != problem.NotFound {
		t.Error(err)
	}
	if _, err := d.Change(ctx, ann, "l", lists.Change{Add: []lists.WrittenEntry{{Value: "x"}}}, 0); problem.CodeOf(err) != problem.NotFound {
		t.Error(err)
	}
	if err := d.Delete(ctx, ann, "none", 0); problem.CodeOf(err) != problem.NotFound {
		t.Error(err)
	}
	if _, made, err := d.Put(ctx, ann, lists.Put{ID: "l", Type: lists.Own, Shape: nums}); err != nil || !made {
		t.Error(made, err)
	}
	if _, _, err := d.Put(ctx, ann, lists.Put{ID: "l", Type: lists.Own, Shape: text0}); err != nil {
		t.Error(err)
	}
	if _, err = d.opener.OpenLists(ctx, "acme", []string{"l"}, nil); problem.CodeOf(err) != problem.UnknownList {
		t.Error("a list that was made again looks like an empty one", err)
	}
	if up := d.replace("l", "1"); up.Edition != 3 || !d.has("l", "1") {
		t.Errorf("a number was used twice: %+v", up)
	}
}

// TestForgettingNeverTakesFromAnEditionThatStays plays changes and forgetting at random.
func TestForgettingNeverTakesFromAnEditionThatStays(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	d := newDesk(t)
	d.list("l", text0)
	if _, err := d.Replace(t.Context(), ann, "l", lists.CSV("x", csvOf(6000)), lists.Any); err != nil {
		t.Fatal(err)
	}
	kept := map[int]int{1: 6000}
	for newest := 1; newest < 15; newest++ {
		change := lists.Change{Add: []lists.WrittenEntry{{Value: fmt.Sprintf("customer %07d and %d", random.IntN(6000), newest)}}}
		if newest%3 == 0 {
			change = lists.Change{Remove: []string{fmt.Sprintf("customer %07d@example.com", newest*100)}}
		}
		out, err := d.Change(t.Context(), ann, "l", change, 0)
		if err != nil || out.Edition != newest+1 {
			t.Fatal(out, err)
		}
		kept[out.Edition] = out.Entries
		if number := 1 + random.IntN(newest); random.IntN(2) == 0 {
			if _, err := d.Service.Forget(t.Context(), "acme", "l", number); err != nil {
				t.Fatal(err)
			}
			delete(kept, number)
		}
		for number, entries := range kept {
			page, err := d.Entries(t.Context(), "acme", "l", number, 0, lists.MaxEntries, lists.MaxBytes)
			if err != nil || len(page.Entries) != entries {
				t.Fatalf("edition %d has %d entries, had %d: %v", number, len(page.Entries), entries, err)
			}
		}
	}
}
