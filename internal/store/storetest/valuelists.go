package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/identity"
	"ballerine/internal/policy/lists"
	"ballerine/internal/problem"
)

// Lists is the behaviour of a lists.Store.
func Lists(t *testing.T, open func(t *testing.T) lists.Store) {
	ctx := context.Background()
	list := func(tenant, id string, revision int) lists.List {
		return lists.List{
			Tenant: tenant, ID: id, Title: "T", Type: lists.Block, Shape: lists.Shape{Holds: lists.Text, Matching: lists.IgnoringCase}, Edition: revision, Entries: 3, Digest: "sha256:x",
			Revision: revision, CreatedAt: epoch, UpdatedAt: epoch, UpdatedBy: "user_1",
		}
	}
	edition := func(tenant, id string, number int, names ...string) *lists.Edition {
		e := &lists.Edition{
			Tenant: tenant, List: id, Number: number, Shape: lists.Shape{Holds: lists.Text, Matching: lists.IgnoringCase}, Entries: 3, Digest: "sha256:x", Chunks: []lists.Chunk{}, CreatedAt: epoch, CreatedBy: "user_1",
		}
		for _, name := range names {
			e.Chunks = append(e.Chunks, lists.Chunk{Name: name, Entries: 3})
		}
		return e
	}
	heads := func(t *testing.T, s lists.Store, tenant string, ids ...string) []lists.List {
		t.Helper()
		found, err := s.Heads(ctx, tenant, ids)
		must(t, err)
		slices.SortFunc(found, func(a, b lists.List) int { return strings.Compare(a.ID, b.ID) })
		return found
	}
	t.Run("a list, its edition and the edition's chunks are read as they were written, by their own tenant only", func(t *testing.T) {
		s := open(t)
		noise := rand.NewChaCha8([32]byte{})
		bodies := map[string][]byte{}
		var names []string
		for i := range 40 { // more than a transaction holds
			body := make([]byte, 200<<10)
			_, _ = noise.Read(body)
			names = append(names, fmt.Sprintf("00000001-%02d", i))
			bodies[names[i]] = body
		}
		wantList, wantEdition := list("a", "blocked", 1), edition("a", "blocked", 1, names...)
		must(t, s.PutList(ctx, wantList, wantEdition, bodies))
		if diff := cmp.Diff([]lists.List{wantList}, heads(t, s, "a", "blocked", "other")); diff != "" {
			t.Error(diff)
		}
		got, err := s.Edition(ctx, "a", "blocked", 1)
		if diff := cmp.Diff(*wantEdition, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		read, err := s.Chunks(ctx, "a", "blocked", names)
		if err != nil || len(read) != len(names) {
			t.Fatalf("%d %v", len(read), err)
		}
		for name, body := range bodies {
			if !bytes.Equal(body, read[name]) {
				t.Errorf("chunk %s is another one", name)
			}
		}
		if found := heads(t, s, "b", "blocked"); len(found) != 0 {
			t.Errorf("%+v", found)
		}
		for _, other := range []struct {
			tenant, id string
			number     int
		}{{"b", "blocked", 1}, {"a", "block", 1}, {"a", "blocked", 2}} {
			_, err = s.Edition(ctx, other.tenant, other.id, other.number)
			wants(t, err, problem.NotFound)
		}
		_, err = s.Chunks(ctx, "b", "blocked", names[:1])
		wants(t, err, problem.NotFound)
		_, err = s.Chunks(ctx, "a", "blocked", []string{names[0], "00000001-none"})
		wants(t, err, problem.NotFound)
	})
	t.Run("of two writes over the same revision one counts, and the other leaves nothing to be seen", func(t *testing.T) {
		s := open(t)
		must(t, s.PutList(ctx, list("a", "l", 1), edition("a", "l", 1, "00000001-x"), map[string][]byte{"00000001-x": {1}}))
		wants(t, s.PutList(ctx, list("a", "l", 1), edition("a", "l", 1, "00000001-y"), map[string][]byte{"00000001-y": {2}}), problem.Conflict)
		must(t, s.PutList(ctx, list("a", "l", 2), edition("a", "l", 2, "00000002-x"), map[string][]byte{"00000002-x": {3}}))
		late := list("a", "l", 2)
		late.Title = "late"
		wants(t, s.PutList(ctx, late, edition("a", "l", 2, "00000002-y"), map[string][]byte{"00000002-y": {4}}), problem.Conflict)
		wants(t, s.PutList(ctx, list("a", "l", 4), nil, nil), problem.Conflict)
		wants(t, s.PutList(ctx, list("a", "none", 2), nil, nil), problem.Conflict)
		if found := heads(t, s, "a", "l", "none"); len(found) != 1 || found[0].Title != "T" || found[0].Revision != 2 {
			t.Errorf("%+v", found)
		}
		for number, want := range map[int]string{1: "00000001-x", 2: "00000002-x"} {
			if e, err := s.Edition(ctx, "a", "l", number); err != nil || e.Chunks[0].Name != want {
				t.Errorf("%+v %v", e, err)
			}
		}
	})
	t.Run("a list is written without an edition", func(t *testing.T) {
		s := open(t)
		must(t, s.PutList(ctx, list("a", "l", 1), nil, nil))
		_, err := s.Edition(ctx, "a", "l", 1)
		wants(t, err, problem.NotFound)
		if found := heads(t, s, "a", "l"); len(found) != 1 {
			t.Errorf("%+v", found)
		}
	})
	t.Run("lists come by id, without those that are deleted", func(t *testing.T) {
		s := open(t)
		for _, id := range []string{"c", "a", "a-b", "b"} {
			must(t, s.PutList(ctx, list("a", id, 1), nil, nil))
		}
		must(t, s.PutList(ctx, list("b", "z", 1), nil, nil))
		gone := list("a", "b", 2)
		gone.Deleted = true
		must(t, s.PutList(ctx, gone, nil, nil))
		found, err := s.Lists(ctx, "a")
		must(t, err)
		var ids []string
		for _, l := range found {
			ids = append(ids, l.ID)
		}
		if !slices.Equal(ids, []string{"a", "a-b", "c"}) {
			t.Errorf("%v", ids)
		}
		if found := heads(t, s, "a", "a", "b"); len(found) != 2 || !found[1].Deleted {
			t.Errorf("%+v", found)
		}
	})
	t.Run("editions come newest first, a page at a time", func(t *testing.T) {
		s := open(t)
		for n := 1; n <= 12; n++ {
			must(t, s.PutList(ctx, list("a", "l", n), edition("a", "l", n), nil))
			must(t, s.PutList(ctx, list("a", "l-2", n), edition("a", "l-2", n), nil))
		}
		for _, c := range []struct {
			before, limit int
			want          []int
		}{{0, 3, []int{12, 11, 10}}, {10, 3, []int{9, 8, 7}}, {3, 5, []int{2, 1}}, {1, 5, nil}, {0, 0, []int{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}}} {
			page, err := s.Editions(ctx, "a", "l", c.before, c.limit)
			must(t, err)
			var got []int
			for _, e := range page {
				got = append(got, e.Number)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("before %d: %v, want %v", c.before, got, c.want)
			}
		}
	})
	t.Run("two hundred thousand entries are put, asked, changed and read", func(t *testing.T) { largest(t, open(t)) })
	t.Run("what is forgotten is gone, the edition states that, and repeating it changes nothing", func(t *testing.T) {
		s := open(t)
		must(t, s.PutList(ctx, list("a", "l", 1), edition("a", "l", 1, "00000001-x", "00000001-y"), map[string][]byte{"00000001-x": {1}, "00000001-y": {2}}))
		gone := *edition("a", "l", 1)
		gone.Forgotten = true
		for range 2 {
			must(t, s.Forget(ctx, gone, []string{"00000001-x"}))
		}
		_, err := s.Chunks(ctx, "a", "l", []string{"00000001-x"})
		wants(t, err, problem.NotFound)
		if _, err = s.Chunks(ctx, "a", "l", []string{"00000001-y"}); err != nil {
			t.Error(err)
		}
		if got, err := s.Edition(ctx, "a", "l", 1); err != nil || !got.Forgotten {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// largest goes through the life of a list of as many entries as there can be.
func largest(t *testing.T, s lists.Store) {
	ctx := context.Background()
	who := identity.Principal{Tenant: "a", Kind: identity.User, ID: "user_1"}
	service := &lists.Service{Store: s, Now: func() time.Time { return epoch }}
	opener := lists.NewOpener(s)
	var csv strings.Builder
	csv.WriteString("value,note\n")
	for i := range lists.MaxEntries {
		sum := sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
		fmt.Fprintf(&csv, "customer-%x@example.com,%d\n", sum[:6], i)
	}
	_, _, err := service.Put(ctx, who, lists.Put{ID: "l", Type: lists.Block, Shape: lists.Shape{Matching: lists.IgnoringCase}})
	must(t, err)
	up, err := service.Replace(ctx, who, "l", lists.CSV("x", csv.String()), 0)
	if err != nil || up.Entries != lists.MaxEntries {
		t.Fatalf("%d %v", up.Entries, err)
	}
	_, err = service.Change(ctx, who, "l", lists.Change{Add: []lists.WrittenEntry{{Value: "one more"}}}, 0)
	wants(t, err, problem.TooLarge)
	sum := sha256.Sum256([]byte{1, 2, 1})
	value := fmt.Sprintf("CUSTOMER-%X@EXAMPLE.COM", sum[:6])
	_, err = service.Change(ctx, who, "l", lists.Change{Remove: []string{value}}, 1)
	must(t, err)
	for edition, want := range map[string]bool{"1": true, "2": false, "": false} {
		seen := map[string]string{}
		if edition != "" {
			seen["l"] = edition
		}
		opened, err := opener.OpenLists(ctx, "a", []string{"l"}, seen)
		must(t, err)
		if holds, fits := opened["l"].Holds(value, epoch); holds != want || !fits {
			t.Errorf("edition %q: %t %t", edition, holds, fits)
		}
	}
	page, err := service.Entries(ctx, "a", "l", 2, 150_000, 10_000, 4<<20)
	if err != nil || len(page.Entries) != 10_000 || page.Next != 160_000 {
		t.Errorf("%d %d %v", len(page.Entries), page.Next, err)
	}
}
