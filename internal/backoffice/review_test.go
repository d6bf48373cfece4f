package backoffice_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
)

var (
	rita  = person("rita", "reviewer")
	robin = person("robin", "reviewer")
	mara  = person("mara", "manager")
)

func person(id, role string) identity.Principal {
	return identity.Principal{Tenant: "t", Kind: identity.User, ID: id, Name: id, Roles: []string{role}}
}

// office is the service over a file, at a time of the test's own.
type office struct {
	*backoffice.Service
	now time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	o := &office{now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	made := 0
	o.Service = backoffice.New(backoffice.Config{Store: db.Review(), Now: func() time.Time { return o.now }, NewID: func(prefix string) string {
		made++
		return fmt.Sprintf("%s_%03d", prefix, made)
	}})
	return o
}

func (o *office) create(t *testing.T, p identity.Principal, cmd backoffice.ViewCommand) backoffice.View {
	t.Helper()
	view, err := o.Create(t.Context(), p, cmd)
	if err != nil {
		t.Fatal(err)
	}
	return view
}

func names(t *testing.T, o *office, p identity.Principal) (names []string) {
	t.Helper()
	views, err := o.Views(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range views {
		names = append(names, v.Name)
	}
	return names
}

func TestEverythingWrongWithAViewIsReportedAtOnceWithoutItsValues(t *testing.T) {
	o := newOffice(t)
	_, err := o.Create(t.Context(), rita, backoffice.ViewCommand{
		Name: "  ", Query: map[string]string{"password": "hunter2", "q": strings.Repeat("Wilhelmina", 21)}, Columns: append(make([]string, 20), strings.Repeat("Wilhelmina", 5)),
	})
	p := problem.As(err)
	var places []string
	for _, f := range p.Fields {
		places = append(places, f.Location)
		if strings.Contains(f.Message, "hunter2") || strings.Contains(f.Message, "Wilhelmina") {
			t.Errorf("%s: %s", f.Location, f.Message)
		}
	}
	for _, want := range []string{"body.name", "body.query", "body.query.q", "body.columns", "body.columns[0]", "body.columns[20]"} {
		if !slices.Contains(places, want) {
			t.Errorf("nothing about %s in %v", want, places)
		}
	}
	if p.Code != problem.Invalid || len(names(t, o, rita)) != 0 {
		t.Errorf("%v", err)
	}
	for name, cmd := range map[string]backoffice.ViewCommand{
		"80 letters, not bytes": {Name: strings.Repeat("Ż", 80)},
		"all filters":           {Name: "x", Query: map[string]string{"workflow": "a", "state": "b", "tag": "c", "status": "d", "assignee": "me", "risk": "high", "subject": "s", "overdue": "true", "q": "x", "sort": "due_at"}},
	} {
		if _, err := o.Create(t.Context(), rita, cmd); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACallThatComesTwiceSavesOneView(t *testing.T) {
	o := newOffice(t)
	first := o.create(t, rita, backoffice.ViewCommand{ID: "view_x", Name: " Mine "})
	if again := o.create(t, rita, backoffice.ViewCommand{ID: "view_x", Name: "Mine"}); again.Version != 1 || again.Name != "Mine" || again.ID != first.ID {
		t.Errorf("%+v", again)
	}
	if _, err := o.Create(t.Context(), robin, backoffice.ViewCommand{ID: "view_x", Name: "His"}); problem.CodeOf(err) != problem.Conflict {
		t.Errorf("somebody else's id: %v", err)
	}
	if got := names(t, o, rita); !slices.Equal(got, []string{"Mine"}) {
		t.Error(got)
	}
}

func TestATenantHasABoundedNumberOfViews(t *testing.T) {
	o := newOffice(t)
	last := backoffice.View{}
	for n := range 200 {
		last = o.create(t, rita, backoffice.ViewCommand{Name: fmt.Sprintf("view %03d", n)})
	}
	_, err := o.Create(t.Context(), robin, backoffice.ViewCommand{Name: "one more"})
	if problem.CodeOf(err) != problem.TooLarge {
		t.Errorf("%v", err)
	}
	if again, err := o.Create(t.Context(), rita, backoffice.ViewCommand{ID: last.ID, Name: last.Name}); err != nil || again.ID != last.ID {
		t.Errorf("a repeated call at the limit: %v", err)
	}
	other := rita
	other.Tenant = "u"
	o.create(t, other, backoffice.ViewCommand{Name: "another tenant's"})
	if err := o.Delete(t.Context(), rita, last.ID); err != nil {
		t.Fatal(err)
	}
	o.create(t, robin, backoffice.ViewCommand{Name: "one more"})
}

func TestViewsAreOwnOrSharedAndSortedIgnoringCase(t *testing.T) {
	o := newOffice(t)
	o.create(t, rita, backoffice.ViewCommand{Name: "beta"})
	o.create(t, rita, backoffice.ViewCommand{Name: "Alpha", Shared: true})
	o.create(t, robin, backoffice.ViewCommand{Name: "Gamma", Shared: true})
	if got := names(t, o, rita); !slices.Equal(got, []string{"Alpha", "beta", "Gamma"}) {
		t.Error(got)
	}
	if got := names(t, o, mara); !slices.Equal(got, []string{"Alpha", "Gamma"}) {
		t.Error(got)
	}
}

func TestWhoMayChangeAView(t *testing.T) {
	for name, c := range map[string]struct {
		who    identity.Principal
		shared bool
		code   problem.Code
	}{
		"the owner their own":             {rita, false, ""},
		"the owner a shared one":          {rita, true, ""},
		"a manager a shared one":          {mara, true, ""},
		"an admin a shared one":           {person("anna", "admin"), true, ""},
		"another reviewer a shared one":   {robin, true, problem.Forbidden},
		"an auditor a shared one":         {person("otto", "auditor"), true, problem.Forbidden},
		"a manager somebody's own":        {mara, false, problem.NotFound},
		"an admin somebody's own":         {person("anna", "admin"), false, problem.NotFound},
		"a manager of another tenant":     {identity.Principal{Tenant: "u", Kind: identity.User, ID: "mara", Roles: []string{"manager"}}, true, problem.NotFound},
		"the same name in another tenant": {identity.Principal{Tenant: "u", Kind: identity.User, ID: "rita", Roles: []string{"reviewer"}}, false, problem.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			view := o.create(t, rita, backoffice.ViewCommand{Name: "first", Shared: c.shared})
			o.now = o.now.Add(time.Hour)
			changed, err := o.Update(t.Context(), c.who, view.ID, 1, backoffice.ViewCommand{Name: "second", Shared: c.shared, Columns: []string{"subject"}})
			if problem.CodeOf(err) != c.code {
				t.Fatalf("change: %v, want %q", err, c.code)
			}
			if err == nil && (changed.Version != 2 || changed.Owner != "rita" || changed.Name != "second" || !changed.UpdatedAt.Equal(o.now) || changed.CreatedAt.Equal(o.now)) {
				t.Errorf("%+v", changed)
			}
			if err := o.Delete(t.Context(), c.who, view.ID); problem.CodeOf(err) != c.code {
				t.Errorf("delete: %v, want %q", err, c.code)
			}
			want := []string{"first"}
			if c.code == "" {
				want = nil
			}
			if got := names(t, o, rita); !slices.Equal(got, want) {
				t.Errorf("rita sees %v, want %v", got, want)
			}
		})
	}
}

// late is a store where another write always comes first.
type late struct{ backoffice.Store }

func (late) PutView(context.Context, backoffice.View) error {
	return problem.New(problem.Conflict, "Another write to the view came first.")
}

func TestAViewIsChangedOnTheVersionThatWasSeen(t *testing.T) {
	o := newOffice(t)
	view := o.create(t, rita, backoffice.ViewCommand{Name: "first"})
	for seen, want := range map[int]problem.Code{0: problem.PreconditionRequired, 2: problem.Stale} {
		if _, err := o.Update(t.Context(), rita, view.ID, seen, backoffice.ViewCommand{Name: "second"}); problem.CodeOf(err) != want {
			t.Errorf("seen %d: %v, want %s", seen, err, want)
		}
	}
	o.Store = late{o.Store}
	if _, err := o.Update(t.Context(), rita, view.ID, 1, backoffice.ViewCommand{Name: "second"}); problem.CodeOf(err) != problem.Stale {
		t.Errorf("a write between reading and writing: %v", err)
	}
}

func TestPeopleWhoKeepLookingAreSeenSinceTheyCame(t *testing.T) {
	o := newOffice(t)
	came := o.now
	look := func(p identity.Principal, id string) []backoffice.Presence {
		t.Helper()
		others, _, err := o.Look(t.Context(), p, id, false)
		if err != nil {
			t.Fatal(err)
		}
		return others
	}
	for range 4 {
		look(rita, "case_1")
		o.now = o.now.Add(10 * time.Second)
	}
	if others := look(robin, "case_1"); len(others) != 1 || others[0].User != "rita" || !others[0].Since.Equal(came) {
		t.Errorf("%+v", others)
	}
	if others := look(robin, "case_2"); len(others) != 0 {
		t.Errorf("on another case: %+v", others)
	}
	o.now = o.now.Add(5 * time.Second) // rita reported it 15 seconds ago
	if others := look(robin, "case_1"); len(others) != 0 {
		t.Errorf("still there: %+v", others)
	}
	if err := o.Leave(t.Context(), robin, "case_1"); err != nil {
		t.Fatal(err)
	}
	if others := look(rita, "case_1"); len(others) != 0 {
		t.Errorf("robin has left: %+v", others)
	}
	if others := look(robin, "case_1"); len(others) != 1 || !others[0].Since.Equal(o.now) {
		t.Errorf("rita came again: %+v", others)
	}
}

// damaged is a store whose claims and marks cannot be decoded until others are written.
type damaged struct {
	backoffice.Store
	written *backoffice.ReadMarks
}

func (damaged) Claim(context.Context, string, string, time.Time) (*backoffice.Claim, error) {
	return nil, errors.New("decode claim: unexpected end")
}

func (d damaged) ReadMarks(context.Context, string, string) (backoffice.ReadMarks, error) {
	if d.written.Revision > 0 {
		return *d.written, nil
	}
	return backoffice.ReadMarks{Revision: 6}, errors.New("decode mark: unexpected end")
}

func (d damaged) PutReadMarks(_ context.Context, marks backoffice.ReadMarks) error {
	*d.written = marks
	return nil
}

func (damaged) Notices(_ context.Context, tenant, to string, shared bool, now time.Time, _ int) ([]cases.Notice, error) {
	if shared {
		return nil, nil
	}
	return []cases.Notice{{Tenant: tenant, To: to, Case: "case_1", Kind: cases.NoticeBreach, At: now.Add(-48 * time.Hour), Since: now.Add(-time.Minute)}}, nil
}

func TestDamagedMarksAndClaimsAreNone(t *testing.T) {
	o := newOffice(t)
	o.Store = damaged{o.Store, &backoffice.ReadMarks{}}
	if _, claim, err := o.Look(t.Context(), rita, "case_1", false); err != nil || claim != nil {
		t.Errorf("%+v %v", claim, err)
	}
	if err := o.MayDecide(t.Context(), rita, "case_1", ""); err != nil {
		t.Error(err)
	}
	if list, unread, err := o.Notifications(t.Context(), rita); err != nil || unread != 1 || len(list) != 1 {
		t.Errorf("%v %d %v", list, unread, err)
	}
	if err := o.MarkRead(t.Context(), rita, nil, o.now); err != nil {
		t.Fatal(err)
	}
	if _, unread, err := o.Notifications(t.Context(), rita); err != nil || unread != 0 {
		t.Errorf("%d %v", unread, err)
	}
}

// lost is a store without notices for now.
type lost struct{ damaged }

func (lost) ReadMarks(context.Context, string, string) (backoffice.ReadMarks, error) {
	return backoffice.ReadMarks{}, problem.New(problem.Unavailable, "The table is away.")
}

func TestMarksThatCannotBeReachedAreAnError(t *testing.T) {
	o := newOffice(t)
	o.Store = lost{damaged{o.Store, &backoffice.ReadMarks{}}}
	if _, _, err := o.Notifications(t.Context(), rita); problem.CodeOf(err) != problem.Unavailable {
		t.Error(err)
	}
}

func TestWhatWasSoBeforeAnybodyWasToldIsUnread(t *testing.T) {
	o := newOffice(t)
	written := backoffice.ReadMarks{Tenant: "t", User: "rita", Revision: 1, Until: o.now.Add(-time.Hour)}
	o.Store = damaged{o.Store, &written}
	if list, unread, err := o.Notifications(t.Context(), rita); err != nil || unread != 1 || list[0].Read {
		t.Errorf("%v %d %v", list, unread, err)
	}
	if err := o.MarkRead(t.Context(), rita, nil, o.now); err != nil {
		t.Fatal(err)
	}
	if _, unread, err := o.Notifications(t.Context(), rita); err != nil || unread != 0 {
		t.Errorf("%d %v", unread, err)
	}
}
