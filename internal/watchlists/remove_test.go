package watchlists_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/screening"
)

func TestAListIsRemovedByTwoPeople(t *testing.T) {
	d := newDesk(t)
	d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov", "Carla Diaz"))
	d.loads(loader, listOf("un", "2", "Anna Keller", "Boris Popov"))
	d.loads(loader, listOf("un", "3", "Anna Keller")) // waits
	d.loads(loader, listOf("eu", "1", "Emil Novak"))
	for range 2 {
		asked, err := d.Remove(t.Context(), loader, "un")
		if err != nil || asked.Removal == nil || asked.Removal.By.ID != "user_1" || asked.Current == nil {
			t.Fatalf("%+v, %v", asked, err)
		}
	}
	if found, _ := d.finds("Anna Keller"); len(found) != 1 {
		t.Error("the list is gone before anybody has confirmed that")
	}
	_, err := d.Remove(t.Context(), key, "un") // made by who asks
	d.wantCode(err, problem.FourEyes)
	_, err = d.Remove(t.Context(), identity.Principal{Tenant: "demo", Kind: identity.Client, ID: "key_2"}, "un")
	d.wantCode(err, problem.FourEyes)
	for range 2 {
		gone, err := d.Remove(t.Context(), second, "un")
		if err != nil || gone.Name != "un" || gone.Current != nil {
			t.Fatalf("%+v, %v", gone, err)
		}
	}
	_, err = d.Remove(t.Context(), loader, "un")
	d.wantCode(err, problem.NotFound)
	_, _, err = d.Screen(t.Context(), "demo", []string{"un"}, screening.Query{Name: "Anna Keller"}, screening.Options{})
	d.wantCode(err, problem.UnknownList)
	if keys := d.objects.Keys(); len(keys) != 3 { // the other list, the catalogue and its mark
		t.Errorf("%v", keys)
	}
	if again := d.loads(loader, listOf("un", "9", "Anna Keller")); again.Removal != nil || again.Current.Edition != "9" {
		t.Errorf("%+v", again)
	}
}

func TestARemovalThatNobodyHasConfirmedIsGivenUp(t *testing.T) {
	d := newDesk(t)
	d.loads(loader, listOf("un", "1", "Anna Keller"))
	if _, err := d.Remove(t.Context(), loader, "un"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if kept, err := d.Retain(t.Context(), second, "un"); err != nil || kept.Removal != nil || kept.Current == nil {
			t.Fatalf("%+v, %v", kept, err)
		}
	}
	if asked, err := d.Remove(t.Context(), second, "un"); err != nil || asked.Removal == nil || asked.Removal.By.ID != "user_2" {
		t.Errorf("%+v, %v", asked, err)
	}
	_, err := d.Retain(t.Context(), second, "eu")
	d.wantCode(err, problem.NotFound)
}

func TestACatalogueThatIsGoneIsNotBegunAnew(t *testing.T) {
	d := newDesk(t)
	d.loads(loader, listOf("un", "1", "Anna Keller"))
	if err := d.objects.Delete(t.Context(), "watchlists/catalogues/demo.json"); err != nil {
		t.Fatal(err)
	}
	_, err := d.load(loader, listOf("un", "2", "Anna Keller"))
	d.wantCode(err, problem.Internal)
	_, err = d.Lists(t.Context(), "demo")
	d.wantCode(err, problem.Internal)
	_, _, err = d.Screen(t.Context(), "demo", nil, screening.Query{Name: "Anna Keller"}, screening.Options{})
	d.wantCode(err, problem.Internal)
	if lists, err := d.Lists(t.Context(), "other"); err != nil || len(lists) != 0 {
		t.Errorf("%v, %v", lists, err)
	}
}

func TestEditionsAreAnnouncedBeforeTheyCount(t *testing.T) {
	d := newDesk(t)
	var heard []string
	d.Announce = func(_ context.Context, tenant, list, current, edition string) error {
		heard = append(heard, strings.Join([]string{tenant, list, current, edition}, " "))
		return nil
	}
	first := d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov", "Carla Diaz"))
	d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov", "Carla Diaz")) // nothing changes
	d.loads(loader, listOf("un", "2", "Anna Keller"))                              // waits
	if len(heard) != 1 || heard[0] != "demo un  1" {
		t.Errorf("%q", heard)
	}
	if _, err := d.Release(t.Context(), second, "un", "2", ""); err != nil || heard[1] != "demo un "+first.Current.ID+" 2" {
		t.Errorf("%q, %v", heard, err)
	}
	d.Announce = func(context.Context, string, string, string, string) error {
		return problem.New(problem.Unavailable, "away")
	}
	_, err := d.load(loader, listOf("un", "3", "Anna Keller", "Zoe Zuber"))
	d.wantCode(err, problem.Unavailable)
	if found, of := d.finds("Zoe Zuber"); len(found) != 0 || of["un"] != "2" {
		t.Errorf("an edition counts that was not announced: %v in %v", found, of)
	}
}

func TestNewsAreWhatAnEditionAddsAndChanges(t *testing.T) {
	d := newDesk(t)
	first := d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov"))
	second := d.loads(loader, listOf("un", "2", "Anna Keller", "Boris Popoff", "Carla Diaz"))
	for name, test := range map[string]struct {
		since string
		want  []string // of Anna Keller, Boris Popov, Carla Diaz: who is found
	}{
		"the edition before":        {first.Current.ID, []string{"Boris Popoff", "Carla Diaz"}},
		"the current edition":       {second.Current.ID, nil},
		"none":                      {"", []string{"Anna Keller", "Boris Popoff", "Carla Diaz"}},
		"one that nobody remembers": {"list_0", []string{"Anna Keller", "Boris Popoff", "Carla Diaz"}},
	} {
		news, err := d.News(t.Context(), "demo", "un", test.since)
		if err != nil || news.Target != second.Current.ID || news.Edition != "2" {
			t.Errorf("%s: %+v, %v", name, news, err)
			continue
		}
		var found []string
		for _, who := range []string{"Anna Keller", "Boris Popov", "Carla Diaz"} {
			if news.Index != nil {
				for _, hit := range news.Index.Search(screening.Query{Name: who}, screening.Options{}) {
					found = append(found, hit.Name)
				}
			}
		}
		if !slices.Equal(found, test.want) {
			t.Errorf("%s: %v, want %v", name, found, test.want)
		}
	}
	d.objects.Replace("watchlists/editions/demo/"+first.Current.ID, []byte("x"))
	if news, err := newDeskOver(d).News(t.Context(), "demo", "un", first.Current.ID); err != nil || len(news.Index.Search(screening.Query{Name: "Anna Keller"}, screening.Options{})) != 1 {
		t.Errorf("a damaged edition is not taken for one: %v", err)
	}
	_, err := d.News(t.Context(), "demo", "eu", "")
	d.wantCode(err, problem.UnknownList)
}

// newDeskOver is another process over the same objects.
func newDeskOver(d *desk) *desk {
	other := newDesk(d.t)
	other.objects, other.Objects = d.objects, d.objects
	return other
}
