package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// record is a case at its first version, ready to be committed.
func record(tenant, id string) cases.Record {
	return cases.Record{
		Tenant: tenant, ID: id, Workflow: cases.WorkflowRef{ID: "kyc", Version: 1}, Status: cases.StatusActive, Tags: []string{"open"},
		Snapshot: statechart.Snapshot{Status: statechart.Active, Active: []statechart.Activation{{State: "collect", Visit: 1}}, Visits: 1},
		Context:  map[string]any{"n": 1.5, "name": "Zoë"}, Version: 1, Revision: 1, Subject: cases.SubjectRef{ID: "subj_1", Type: "individual"},
		CreatedAt: epoch, UpdatedAt: epoch,
	}
}

// next is the change from a record to its following version.
func next(r cases.Record, change func(*cases.Record)) cases.Change {
	revision, before := r.Revision, r
	r.Version++
	r.Revision++
	r.UpdatedAt = r.UpdatedAt.Add(time.Second)
	if change != nil {
		change(&r)
	}
	return cases.Change{Revision: revision, Before: before, Next: r, Entry: cases.Entry{Version: r.Version, At: r.UpdatedAt, Cause: cases.CauseEvent}}
}

func created(r cases.Record) cases.Change {
	return cases.Change{Next: r, Entry: cases.Entry{Version: 1, At: r.CreatedAt, Cause: cases.CauseStarted}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t testing.TB, err error, code problem.Code) {
	t.Helper()
	if got := problem.CodeOf(err); got != code {
		t.Errorf("code %q (%v), want %q", got, err, code)
	}
}

// Cases is the behaviour of a cases.Store.
func Cases(t *testing.T, open func(t *testing.T) cases.Store) {
	ctx := context.Background()
	t.Run("what was committed is read back whole", func(t *testing.T) {
		s := open(t)
		r := record("a", "case_1")
		r.Context["large"] = strings.Repeat("x", 200<<10)
		r.DueAt = epoch.Add(time.Hour)
		r.Risk = &cases.Risk{Score: 40, Severity: "medium"}
		must(t, s.Commit(ctx, created(r)))
		got, err := s.Get(ctx, "a", "case_1")
		must(t, err)
		if got.Version != 1 || got.Revision != 1 || got.Context["name"] != "Zoë" || got.Context["n"] != 1.5 || len(got.Context["large"].(string)) != 200<<10 ||
			!got.DueAt.Equal(r.DueAt) || got.Risk.Severity != "medium" || got.Snapshot.Active[0].State != "collect" {
			t.Errorf("read back %+v", got.Snapshot)
		}
		_, err = s.Get(ctx, "b", "case_1")
		wants(t, err, problem.NotFound)
		_, err = s.Get(ctx, "a", "case_2")
		wants(t, err, problem.NotFound)
	})
	t.Run("a commit over another revision is a conflict and writes nothing", func(t *testing.T) {
		s := open(t)
		r := record("a", "case_1")
		must(t, s.Commit(ctx, created(r)))
		must(t, s.Commit(ctx, next(r, nil)))
		stale := next(r, func(r *cases.Record) { r.Context = map[string]any{"lost": true} })
		stale.Effects = []cases.Effect{{Tenant: "a", Case: "case_1", Version: 2, Kind: cases.EffectPublish, At: epoch}}
		wants(t, s.Commit(ctx, stale), problem.Conflict)
		got, err := s.Get(ctx, "a", "case_1")
		must(t, err)
		if got.Version != 2 || got.Context["lost"] != nil {
			t.Errorf("%+v", got)
		}
		if left, err := s.Undelivered(ctx, epoch.Add(time.Hour), 10); err != nil || len(left) != 0 {
			t.Errorf("effects of a commit that failed: %v %v", left, err)
		}
		wants(t, s.Commit(ctx, created(r)), problem.AlreadyExists)
		wants(t, s.Commit(ctx, next(record("a", "nobody"), nil)), problem.Conflict)
	})
	t.Run("of many writers over one revision one wins", func(t *testing.T) {
		s := open(t)
		r := record("a", "case_1")
		must(t, s.Commit(ctx, created(r)))
		var won, lost atomic.Int64
		var writers sync.WaitGroup
		for range 64 {
			writers.Add(1)
			go func() {
				defer writers.Done()
				switch err := s.Commit(ctx, next(r, nil)); problem.CodeOf(err) {
				case "":
					won.Add(1)
				case problem.Conflict:
					lost.Add(1)
				default:
					t.Error(err)
				}
			}()
		}
		writers.Wait()
		if won.Load() != 1 || lost.Load() != 63 {
			t.Errorf("%d won, %d lost", won.Load(), lost.Load())
		}
	})
	t.Run("an external id belongs to one case of a workflow and tenant", func(t *testing.T) {
		s := open(t)
		first := record("a", "case_1")
		first.ExternalID = "cust#1"
		must(t, s.Commit(ctx, created(first)))
		second := record("a", "case_2")
		second.ExternalID = "cust#1"
		err := s.Commit(ctx, created(second))
		wants(t, err, problem.AlreadyExists)
		var p *problem.Error
		if !errors.As(err, &p) || p.Details["case"] != "case_1" {
			t.Errorf("details %+v", p)
		}
		second.Tenant = "b"
		must(t, s.Commit(ctx, created(second)))
		id, err := s.FindExternal(ctx, "b", "kyc", "cust#1")
		if err != nil || id != "case_2" {
			t.Errorf("%s %v", id, err)
		}
		_, err = s.FindExternal(ctx, "a", "kyc", "cust#2")
		wants(t, err, problem.NotFound)
	})
	t.Run("calls of vendors are counted with their attempts", func(t *testing.T) { calls(t, open(t)) })
	t.Run("vendors' answers are kept until their end", func(t *testing.T) { vendorAnswers(t, open(t)) })
	t.Run("a vendor's id stands for one work of one case", func(t *testing.T) { correlations(t, open(t)) })
	t.Run("an external id passes from a case that has ended to a new one", func(t *testing.T) {
		s := open(t)
		first := record("a", "case_1")
		first.ExternalID = "cust#1"
		must(t, s.Commit(ctx, created(first)))
		end := next(first, func(r *cases.Record) { r.Status = cases.StatusCancelled })
		must(t, s.Commit(ctx, end))
		second := record("a", "case_2")
		second.ExternalID = "cust#1"
		wants(t, s.Commit(ctx, created(second)), problem.AlreadyExists)
		over := created(second)
		over.Supersedes = &cases.Superseded{Case: "case_1", Revision: 1}
		wants(t, s.Commit(ctx, over), problem.Conflict)
		over.Supersedes = &cases.Superseded{Case: "case_0", Revision: 2}
		wants(t, s.Commit(ctx, over), problem.AlreadyExists)
		back := next(end.Next, func(r *cases.Record) { r.Status = cases.StatusActive })
		must(t, s.Commit(ctx, back)) // it was undone, and no other case has taken the id over
		end = next(back.Next, func(r *cases.Record) { r.Status = cases.StatusCancelled })
		must(t, s.Commit(ctx, end))
		over.Supersedes = &cases.Superseded{Case: "case_1", Revision: end.Next.Revision}
		must(t, s.Commit(ctx, over))
		wants(t, s.Commit(ctx, next(end.Next, func(r *cases.Record) { r.Status = cases.StatusActive })), problem.AlreadyExists)
	})
	t.Run("a list begins and ends where its cases were created", func(t *testing.T) {
		s := open(t)
		for n, id := range []string{"case_1", "case_2", "case_3", "case_4"} {
			r := record("a", id)
			r.CreatedAt = epoch.Add(time.Duration(n) * time.Hour)
			must(t, s.Commit(ctx, created(r)))
		}
		for _, order := range []cases.Order{cases.NewestFirst, cases.OldestFirst, cases.SoonestFirst} {
			for _, limit := range []int{1, 10} {
				found := 0
				query := cases.Query{CreatedAfter: epoch.Add(time.Hour), CreatedBefore: epoch.Add(3 * time.Hour), Order: order, Limit: limit}
				for {
					page, err := s.List(ctx, "a", query)
					must(t, err)
					for _, r := range page.Records {
						if found++; r.ID != "case_2" && r.ID != "case_3" {
							t.Errorf("%s: %s", order, r.ID)
						}
					}
					if query.After = page.Next; page.Next == "" {
						break
					}
				}
				if found != 2 {
					t.Errorf("%s, %d at once: %d cases", order, limit, found)
				}
			}
		}
	})
	t.Run("a park holds while the version stays, and no commit that has not seen it overwrites it", func(t *testing.T) {
		s := open(t)
		r := record("a", "case_1")
		must(t, s.Commit(ctx, created(r)))
		park := cases.Park{Token: "tok", Position: statechart.Position{Label: "collect", Visit: 1, Until: epoch.Add(time.Hour)}}
		must(t, s.Park(ctx, "a", "case_1", 1, "", park))
		wants(t, s.Commit(ctx, next(r, nil)), problem.Conflict)
		got := eventually(t, s, "a", "case_1", 2)
		if got.Parked[""].Token != "tok" || !got.Parked[""].Position.Until.Equal(epoch.Add(time.Hour)) || got.Version != 1 {
			t.Errorf("parked %+v", got.Parked)
		}
		must(t, s.Commit(ctx, next(got, func(r *cases.Record) { r.Parked = nil })))
		got, err := s.Get(ctx, "a", "case_1")
		if err != nil || len(got.Parked) != 0 || got.Version != 2 {
			t.Errorf("%+v %v", got.Parked, err)
		}
		wants(t, s.Park(ctx, "a", "case_1", 1, "", park), problem.Conflict)
		wants(t, s.Park(ctx, "a", "nobody", 1, "", park), problem.NotFound)
	})
	t.Run("regions park side by side, whatever characters their paths have", func(t *testing.T) {
		s := open(t)
		must(t, s.Commit(ctx, created(record("a", "case_1"))))
		regions := []string{"", "checks.identity", "checks.sub-part.deep_er", "screen/sanctions"}
		for n, region := range regions {
			must(t, s.Park(ctx, "a", "case_1", 1, region, cases.Park{Token: "tok" + region, Position: statechart.Position{Label: "x", Visit: n, Within: []int{3, n}}}))
		}
		got := eventually(t, s, "a", "case_1", 5)
		for n, region := range regions {
			if park := got.Parked[region]; park.Token != "tok"+region || park.Position.Visit != n || !slices.Equal(park.Position.Within, []int{3, n}) {
				t.Errorf("%q: %+v", region, park)
			}
		}
		must(t, s.Commit(ctx, next(got, func(r *cases.Record) {
			r.Parked = maps.Clone(r.Parked)
			delete(r.Parked, "checks.identity")
		})))
		if got, err := s.Get(ctx, "a", "case_1"); err != nil || len(got.Parked) != 3 {
			t.Errorf("%+v %v", got.Parked, err)
		}
	})
	t.Run("history, notes and attempts come in their order", func(t *testing.T) { items(t, open(t)) })
	t.Run("effects stay until they are delivered", func(t *testing.T) { effects(t, open(t)) })
	t.Run("lists are newest first, filtered, and stable over pages", func(t *testing.T) { caseLists(t, open(t)) })
	t.Run("what is due and what is open is found over all tenants", func(t *testing.T) { sweeps(t, open(t)) })
	t.Run("a record that cannot be read does not block others", func(t *testing.T) { unreadable(t, open(t)) })
	t.Run("an entry that cannot be read is shown as one", func(t *testing.T) { unreadableParts(t, open(t)) })
	t.Run("a subject is written over the one that was read", func(t *testing.T) { subjects(t, open(t)) })
	t.Run("a subject is found by its external id", func(t *testing.T) {
		s := open(t)
		change := created(record("a", "case_1"))
		change.Subject = &cases.Subject{Tenant: "a", ID: "subj_1", Type: "individual", ExternalID: "x", Data: map[string]any{"email": "e"}, Revision: 1}
		must(t, s.Commit(ctx, change))
		got, err := s.Subject(ctx, "a", "individual", "x")
		if err != nil || got.ID != "subj_1" || got.Data["email"] != "e" {
			t.Errorf("%+v %v", got, err)
		}
		_, err = s.Subject(ctx, "b", "individual", "x")
		wants(t, err, problem.NotFound)
	})
}

// subjects is many concurrent starts of cases about one subject: no data about it may be lost.
func subjects(t *testing.T, s cases.Store) {
	ctx := context.Background()
	const starts = 12
	var running sync.WaitGroup
	for n := range starts {
		running.Go(func() {
			for {
				subject, err := s.Subject(ctx, "a", "individual", "x")
				if problem.CodeOf(err) == problem.NotFound {
					subject, err = cases.Subject{Tenant: "a", ID: "subj_1", Type: "individual", ExternalID: "x"}, nil
				}
				if err != nil {
					t.Error(err)
					return
				}
				subject.Data = maps.Clone(subject.Data)
				if subject.Data == nil {
					subject.Data = map[string]any{}
				}
				subject.Data[fmt.Sprint("said_", n)] = true
				subject.Revision++
				change := created(record("a", fmt.Sprint("case_", n)))
				change.Subject = &subject
				if err = s.Commit(ctx, change); err == nil {
					return
				}
				if problem.CodeOf(err) != problem.Conflict {
					t.Error(err)
					return
				}
			}
		})
	}
	running.Wait()
	got, err := s.Subject(ctx, "a", "individual", "x")
	if err != nil || len(got.Data) != starts || got.Revision != starts {
		t.Errorf("%d of %d are there at revision %d, %v", len(got.Data), starts, got.Revision, err)
	}
	stale := created(record("a", "case_stale"))
	stale.Subject = &cases.Subject{Tenant: "a", ID: "subj_1", Type: "individual", ExternalID: "x", Revision: 1}
	wants(t, s.Commit(ctx, stale), problem.Conflict)
	_, err = s.Get(ctx, "a", "case_stale")
	wants(t, err, problem.NotFound)
}

// eventually reads until the record is at a revision: parking need not be visible at once.
func eventually(t *testing.T, s cases.Store, tenant, id string, revision int) cases.Record {
	t.Helper()
	for range 1000 {
		r, err := s.Get(context.Background(), tenant, id)
		must(t, err)
		if r.Revision == revision {
			return r
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("revision %d was never seen", revision)
	return cases.Record{}
}

func items(t *testing.T, s cases.Store) {
	ctx := context.Background()
	r := record("a", "case_1")
	must(t, s.Commit(ctx, created(r)))
	for n := range 12 {
		change := next(r, nil)
		change.Notes = []cases.Note{{ID: fmt.Sprintf("note_%02d", n), Text: "n", At: epoch.Add(time.Duration(n) * time.Second)}}
		change.TaskRuns = []cases.TaskRun{{ID: fmt.Sprintf("task_%02d", n), StartedAt: epoch.Add(time.Duration(n) * time.Second)}}
		must(t, s.Commit(ctx, change))
		r = change.Next
	}
	must(t, s.PutTaskRun(ctx, "a", "case_1", cases.TaskRun{ID: "task_99", StartedAt: epoch.Add(time.Minute), Outcome: "failed"}))
	var versions []int
	for after := 0; ; {
		page, err := s.History(ctx, "a", "case_1", after, 5)
		must(t, err)
		for _, e := range page {
			versions = append(versions, e.Version)
		}
		if len(page) < 5 {
			break
		}
		after = page[len(page)-1].Version
	}
	if len(versions) != 13 || !slices.IsSorted(versions) || versions[12] != 13 {
		t.Errorf("versions %v", versions)
	}
	notes, err := s.Notes(ctx, "a", "case_1")
	if err != nil || len(notes) != 12 || notes[11].ID != "note_11" {
		t.Errorf("notes %v %v", notes, err)
	}
	runs, err := s.TaskRuns(ctx, "a", "case_1")
	if err != nil || len(runs) != 13 || runs[12].Outcome != "failed" {
		t.Errorf("runs %v %v", runs, err)
	}
	if other, err := s.History(ctx, "b", "case_1", 0, 5); err != nil || len(other) != 0 {
		t.Errorf("another tenant sees %v %v", other, err)
	}
}

func effects(t *testing.T, s cases.Store) {
	ctx := context.Background()
	change := created(record("a", "case_1"))
	for n := range 12 {
		change.Effects = append(change.Effects, cases.Effect{Tenant: "a", Case: "case_1", Version: 1, Number: n, Kind: cases.EffectPublish, At: epoch, Data: map[string]any{"n": float64(n)}})
	}
	must(t, s.Commit(ctx, change))
	if early, err := s.Undelivered(ctx, epoch.Add(-time.Second), 10); err != nil || len(early) != 0 {
		t.Errorf("too early: %v %v", early, err)
	}
	left, err := s.Undelivered(ctx, epoch.Add(time.Second), 2)
	if err != nil || len(left) != 2 || left[0].Number != 0 || left[1].Data["n"] != 1.0 {
		t.Errorf("%+v %v", left, err)
	}
	for range 2 {
		must(t, s.Delivered(ctx, left...))
	}
	must(t, s.PutTaskRun(ctx, "a", "case_1", cases.TaskRun{ID: "later", StartedAt: epoch})) // a write after it makes it seen
	left, err = s.Undelivered(ctx, epoch.Add(time.Second), 20)
	if err != nil || len(left) != 10 || left[0].Number != 2 || left[9].Number != 11 {
		t.Errorf("%+v %v", left, err)
	}
}

func caseLists(t *testing.T, s cases.Store) {
	ctx := context.Background()
	for n := range 25 {
		r := record("a", fmt.Sprintf("case_%02d", n))
		r.CreatedAt = epoch.Add(time.Duration(n) * time.Minute)
		if n%5 == 0 {
			r.Assignee, r.Tags = "user_1", []string{"manual_review"}
		}
		if n%10 == 0 {
			r.Status = cases.StatusCompleted
		}
		must(t, s.Commit(ctx, created(r)))
	}
	must(t, s.Commit(ctx, created(record("b", "case_other"))))
	collect := func(q cases.Query) (ids []string) {
		for {
			page, err := s.List(ctx, "a", q)
			must(t, err)
			for _, r := range page.Records {
				ids = append(ids, r.ID)
			}
			if q.After = page.Next; q.After == "" {
				return ids
			}
		}
	}
	all := collect(cases.Query{Limit: 7})
	if len(all) != 25 || all[0] != "case_24" || all[24] != "case_00" {
		t.Errorf("all: %v", all)
	}
	for name, c := range map[string]struct {
		query cases.Query
		want  int
	}{
		"assignee": {cases.Query{Assignee: "user_1"}, 5}, "assignee and open": {cases.Query{Assignee: "user_1", Status: cases.StatusActive}, 2},
		"nobody's": {cases.Query{Assignee: "none"}, 20}, "tag": {cases.Query{Tags: []string{"manual_review"}}, 5}, "status": {cases.Query{Status: cases.StatusCompleted}, 3},
		"state": {cases.Query{State: "collect"}, 25}, "no such state": {cases.Query{State: "x"}, 0}, "subject": {cases.Query{Subject: "subj_1"}, 25}, "workflow": {cases.Query{Workflow: "kyb"}, 0},
	} {
		c.query.Limit = 3
		if got := collect(c.query); len(got) != c.want {
			t.Errorf("%s: %d, want %d", name, len(got), c.want)
		}
	}
	if oldest := collect(cases.Query{Limit: 7, Order: cases.OldestFirst}); len(oldest) != 25 || oldest[0] != "case_00" || oldest[24] != "case_24" {
		t.Errorf("oldest first: %v", oldest)
	}
	first, err := s.List(ctx, "a", cases.Query{Limit: 7})
	must(t, err)
	newer := record("a", "case_99")
	newer.CreatedAt = epoch.Add(time.Hour)
	must(t, s.Commit(ctx, created(newer)))
	second, err := s.List(ctx, "a", cases.Query{Limit: 7, After: first.Next})
	if err != nil || second.Records[0].ID != "case_17" {
		t.Errorf("a case that came meanwhile moves the pages: %v", err)
	}
}

func sweeps(t *testing.T, s cases.Store) {
	ctx := context.Background()
	for n := range 20 {
		r := record([]string{"a", "b"}[n%2], fmt.Sprintf("case_%02d", n))
		r.UpdatedAt = epoch.Add(time.Duration(n) * time.Minute)
		if n%4 == 0 {
			r.DueAt = epoch.Add(time.Duration(n) * time.Hour)
		}
		must(t, s.Commit(ctx, created(r)))
	}
	due, err := s.Due(ctx, epoch.Add(8*time.Hour), 10)
	if err != nil || len(due) != 3 || due[0].ID != "case_00" || due[2].ID != "case_08" {
		t.Errorf("due %v %v", due, err)
	}
	seen := map[cases.Ref]bool{}
	for after := ""; ; {
		refs, next, err := s.Open(ctx, epoch.Add(15*time.Minute), after, 4)
		must(t, err)
		for _, ref := range refs {
			if seen[ref] {
				t.Errorf("%v twice", ref)
			}
			seen[ref] = true
		}
		if after = next; after == "" {
			break
		}
	}
	if len(seen) != 15 {
		t.Errorf("%d open cases were quiet, want 15", len(seen))
	}
	r, err := s.Get(ctx, "a", "case_00")
	must(t, err)
	must(t, s.Commit(ctx, next(r, func(r *cases.Record) { r.Status, r.DueAt = cases.StatusCompleted, time.Time{} })))
	if due, err = s.Due(ctx, epoch.Add(8*time.Hour), 10); err != nil || len(due) != 2 {
		t.Errorf("a case that has ended is due: %v %v", due, err)
	}
}
