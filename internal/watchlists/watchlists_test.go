package watchlists_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
	"ballerine/internal/watchlists"
	"ballerine/internal/watchlists/watchliststest"
)

type desk struct {
	*watchlists.Service
	t       *testing.T
	objects *watchliststest.Memory
	now     time.Time
	made    int
	behind  map[string][]string // by key
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, objects: &watchliststest.Memory{}, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	d.behind = map[string][]string{"key_1": {"user_1"}, "key_2": {"user_3"}}
	d.Service = &watchlists.Service{
		Behind:  func(_ context.Context, _, key string) ([]string, error) { return d.behind[key], nil },
		Objects: d.objects, Now: func() time.Time { return d.now },
		NewID: func(prefix string) string { d.made++; return fmt.Sprintf("%s_%d", prefix, d.made) },
		Uploads: func(_ context.Context, key, contentType string, size int64, sum string, _ time.Duration) (watchlists.Upload, error) {
			return watchlists.Upload{URL: fmt.Sprintf("%s %s %d %s", key, contentType, size, sum)}, nil
		},
	}
	return d
}

var (
	loader = identity.Principal{Tenant: "demo", Kind: identity.User, ID: "user_1", Name: "Ada"}
	second = identity.Principal{Tenant: "demo", Kind: identity.User, ID: "user_2", Name: "Otto"}
	key    = identity.Principal{Tenant: "demo", Kind: identity.Client, ID: "key_1"} // user_1 has made it
)

func listOf(name, edition string, people ...string) screening.List {
	l := screening.List{Name: name, Edition: edition}
	for i, p := range people {
		l.Entries = append(l.Entries, screening.Entry{ID: fmt.Sprint(i), Kind: names.Person, Names: []screening.ListedName{{Text: p}}})
	}
	return l
}

// load uploads and loads a list.
func (d *desk) load(p identity.Principal, list screening.List) (watchlists.List, error) {
	d.t.Helper()
	packed, err := screening.Pack(list)
	if err != nil {
		d.t.Fatal(err)
	}
	upload := d.NewID("upload")
	if err := d.objects.Put(context.Background(), "watchlists/uploads/demo/"+upload, packed, ""); err != nil {
		d.t.Fatal(err)
	}
	return d.Load(context.Background(), p, upload)
}

func (d *desk) loads(p identity.Principal, list screening.List) watchlists.List {
	d.t.Helper()
	loaded, err := d.load(p, list)
	if err != nil {
		d.t.Fatal(err)
	}
	return loaded
}

func (d *desk) finds(name string, lists ...string) (found []string, of map[string]string) {
	d.t.Helper()
	hits, of, err := d.Screen(context.Background(), "demo", lists, screening.Query{Name: name}, screening.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, h := range hits {
		found = append(found, h.List+" "+h.Name)
	}
	return found, of
}

func (d *desk) wantCode(err error, want problem.Code) {
	d.t.Helper()
	if problem.CodeOf(err) != want {
		d.t.Errorf("%v, want %s", err, want)
	}
}

func TestMemoryIsAStore(t *testing.T) { watchliststest.Objects(t, &watchliststest.Memory{}) }

func TestTheNewestEditionIsWhatIsSearched(t *testing.T) {
	d := newDesk(t)
	_, _, err := d.Screen(t.Context(), "demo", nil, screening.Query{Name: "Anna Keller"}, screening.Options{})
	d.wantCode(err, problem.UnknownList) // nobody is harmless because there is no list
	d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov"))
	d.loads(key, listOf("house", "1", "Anna Keler"))
	if found, of := d.finds("Anna Keller"); !slices.Equal(found, []string{"un Anna Keller", "house Anna Keler"}) || of["un"] != "1" || of["house"] != "1" {
		t.Errorf("%v in %v", found, of)
	}
	if found, of := d.finds("Anna Keller", "house"); !slices.Equal(found, []string{"house Anna Keler"}) || len(of) != 1 {
		t.Errorf("%v in %v", found, of)
	}
	_, _, err = d.Screen(t.Context(), "demo", []string{"un", "eu"}, screening.Query{Name: "Anna Keller"}, screening.Options{})
	d.wantCode(err, problem.UnknownList)
	_, _, err = d.Screen(t.Context(), "other", nil, screening.Query{Name: "Anna Keller"}, screening.Options{})
	d.wantCode(err, problem.UnknownList)

	after := d.loads(loader, listOf("un", "2", "Carla Diaz", "Boris Popow", "Emil Novak"))
	if after.Current.Edition != "2" || *after.Current.Changes != (watchlists.Changes{Added: 1, Changed: 2}) || len(after.Former) != 1 || after.Former[0].Edition != "1" {
		t.Errorf("%+v", after)
	}
	if found, of := d.finds("Anna Keller"); !slices.Equal(found, []string{"house Anna Keler"}) || of["un"] != "2" {
		t.Errorf("%v in %v", found, of)
	}
}

func TestAListThatLosesMoreThanHalfWaits(t *testing.T) {
	d := newDesk(t)
	d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov", "Carla Diaz", "Emil Novak", "Fritz Ott"))
	after := d.loads(key, listOf("un", "2", "Boris Popov", "Carla Diaz"))
	if after.Current.Edition != "1" || after.Waiting == nil || after.Waiting.Edition != "2" {
		t.Fatalf("%+v", after)
	}
	if found, of := d.finds("Anna Keller"); len(found) != 1 || of["un"] != "1" {
		t.Errorf("%v in %v", found, of)
	}
	_, err := d.Release(t.Context(), loader, "un", "2", "")
	d.wantCode(err, problem.FourEyes) // the key is theirs
	_, err = d.Release(t.Context(), key, "un", "2", "")
	d.wantCode(err, problem.FourEyes)
	_, err = d.Release(t.Context(), second, "un", "3", "")
	d.wantCode(err, problem.NotReady)
	_, err = d.Release(t.Context(), second, "eu", "2", "")
	d.wantCode(err, problem.NotFound)
	_, err = d.Release(t.Context(), second, "un", "2", strings.Repeat("x", 501))
	d.wantCode(err, problem.Invalid)
	after, err = d.Release(t.Context(), second, "un", "2", "they were taken off")
	if err != nil || after.Waiting != nil || after.Current.Edition != "2" || after.Current.By.ID != "user_2" || after.Current.LoadedBy.ID != "key_1" {
		t.Fatalf("%+v, %v", after, err)
	}
	if found, of := d.finds("Anna Keller"); len(found) != 0 || of["un"] != "2" {
		t.Errorf("%v in %v", found, of)
	}
}

func TestAWaitingEditionIsReplacedOrRejected(t *testing.T) {
	d := newDesk(t)
	whole := listOf("un", "1", "Anna Keller", "Boris Popov", "Carla Diaz")
	d.loads(loader, whole)
	d.loads(loader, listOf("un", "2", "Boris Popov"))
	after := d.loads(loader, listOf("un", "3", "Carla Diaz"))
	if after.Waiting.Edition != "3" {
		t.Errorf("%+v", after)
	}
	after, err := d.Reject(t.Context(), loader, "un", "3")
	if err != nil || after.Waiting != nil || after.Current.Edition != "1" {
		t.Errorf("%+v, %v", after, err)
	}
	if again, err := d.Reject(t.Context(), loader, "un", "3"); err != nil || again.Current.Edition != "1" { // its answer was lost
		t.Errorf("%+v, %v", again, err)
	}
	_, err = d.Reject(t.Context(), second, "un", "3")
	d.wantCode(err, problem.NotReady)
	_, err = d.Reject(t.Context(), loader, "un", "2")
	d.wantCode(err, problem.NotReady)
	if keys := d.objects.Keys(); len(keys) != 3 { // the catalogue, its mark and the current edition
		t.Errorf("%v", keys)
	}
	if again := d.loads(second, whole); again.Current.LoadedBy.ID != "user_1" || len(again.Former) != 0 || len(d.objects.Keys()) != 3 {
		t.Errorf("what is current was loaded again: %+v, %v", again, d.objects.Keys())
	}
}

func TestWhatIsNoPackedListIsRefused(t *testing.T) {
	d := newDesk(t)
	packed, err := screening.Pack(listOf("un", "1", "Anna Keller"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"empty": {}, "text": []byte("Anna Keller"), "cut off": packed[:len(packed)-3], "longer": append(slices.Clone(packed), 1)} {
		if err := d.objects.Put(t.Context(), "watchlists/uploads/demo/"+strings.ReplaceAll(name, " ", "_"), content, ""); err != nil {
			t.Fatal(err)
		}
		_, err := d.Load(t.Context(), loader, strings.ReplaceAll(name, " ", "_"))
		d.wantCode(err, problem.Invalid)
	}
	for _, upload := range []string{"never", "", "../catalogues/demo.json", strings.Repeat("x", 65)} {
		_, err := d.Load(t.Context(), loader, upload)
		d.wantCode(err, problem.NotFound)
	}
	for _, upload := range []struct {
		size int64
		sum  string
	}{{0, strings.Repeat("a", 64)}, {screening.MaxPacked + 1, strings.Repeat("a", 64)}, {1, "a"}} {
		_, err := d.Offer(t.Context(), loader, upload.size, upload.sum)
		d.wantCode(err, problem.Invalid)
	}
	if offered, err := d.Offer(t.Context(), loader, 5, strings.Repeat("a", 64)); err != nil || !strings.HasPrefix(offered.URL, "watchlists/uploads/demo/"+offered.ID+" ") {
		t.Errorf("%+v, %v", offered, err)
	}
}

func TestAnEditionThatWasChangedIsNotSearched(t *testing.T) {
	d := newDesk(t)
	after := d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov"))
	other, err := screening.Pack(listOf("un", "1", "Somebody Else"))
	if err != nil {
		t.Fatal(err)
	}
	d.loads(loader, listOf("house", "1", "Anna Keller"))
	d.objects.Replace("watchlists/editions/demo/"+after.Current.ID, other)
	_, _, err = d.Screen(t.Context(), "demo", nil, screening.Query{Name: "Anna Keller"}, screening.Options{})
	d.wantCode(err, problem.UnknownList)
	if found, _ := d.finds("Anna Keller", "house"); len(found) != 1 {
		t.Errorf("a list beside it is not searched: %v", found)
	}
	// Loading it again, or a newer one, repairs it.
	again := d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov"))
	if found, of := d.finds("Anna Keller", "un"); len(found) != 1 || of["un"] != "1" || again.Current.ID == after.Current.ID {
		t.Errorf("%v in %v", found, of)
	}
	d.must(d.objects.Delete(t.Context(), "watchlists/editions/demo/"+again.Current.ID))
	if newer := d.loads(loader, listOf("un", "2", "Anna Keller", "Carla Diaz")); newer.Current.Edition != "2" || newer.Current.Changes != nil {
		t.Errorf("%+v", newer)
	}
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// TestALostAnswerLosesNoEdition: the store has written the catalogue, and reports an error.
func TestALostAnswerLosesNoEdition(t *testing.T) {
	for name, said := range map[string]problem.Code{"as if somebody else had written": problem.Conflict, "nothing": problem.Unavailable} {
		d := newDesk(t)
		d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov"))
		lost := false
		d.objects.After = func(method, key string) error {
			if method == "Put" && strings.HasPrefix(key, "watchlists/catalogues/") && !lost {
				lost = true
				return problem.New(said, "The answer was lost.")
			}
			return nil
		}
		after, err := d.load(loader, listOf("un", "2", "Anna Keller", "Carla Diaz"))
		if said == problem.Conflict && (err != nil || after.Current.Edition != "2") {
			t.Errorf("%s: %+v, %v", name, after, err)
		}
		if found, of := d.finds("Carla Diaz"); !lost || len(found) != 1 || of["un"] != "2" {
			t.Errorf("%s: %v in %v", name, found, of)
		}
	}
}

// TestSettlingUnderFaultsLosesNothing: whichever call of a release or rejection fails, or whose answer is lost, doing it again
// settles the edition, and what is current is always whole.
func TestSettlingUnderFaultsLosesNothing(t *testing.T) {
	for name, settle := range map[string]func(d *desk) (editions string, err error){
		"2": func(d *desk) (string, error) {
			_, err := d.Release(context.Background(), second, "un", "2", "")
			return "2", err
		},
		"1": func(d *desk) (string, error) {
			_, err := d.Reject(context.Background(), second, "un", "2")
			return "1", err
		},
	} {
		for failing := range 6 {
			for _, lost := range []problem.Code{"", problem.Conflict, problem.Unavailable} {
				d := newDesk(t)
				d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov", "Carla Diaz"))
				d.loads(loader, listOf("un", "2", "Anna Keller"))
				calls := 0
				fails := func(string, string) error {
					if calls++; calls == failing+1 {
						return problem.New(cmp.Or(lost, problem.Unavailable), "The object store did not respond.")
					}
					return nil
				}
				if lost == "" {
					d.objects.Fails = fails
				} else {
					d.objects.After = fails
				}
				want, err := settle(d)
				d.objects.Fails, d.objects.After = nil, nil
				if err != nil {
					if _, err = settle(d); problem.CodeOf(err) != problem.NotReady { // a rejection that has been made
						d.must(err)
					}
				}
				if found, of := d.finds("Anna Keller"); len(found) != 1 || of["un"] != want || want != name {
					t.Errorf("call %d, answered %q: %v in %v, want %s", failing, lost, found, of, want)
				}
				if lists, err := d.Lists(t.Context(), "demo"); err != nil || lists[0].Waiting != nil {
					t.Errorf("call %d, answered %q: %+v, %v", failing, lost, lists, err)
				}
			}
		}
	}
}

func TestAnEditionIsNeverChangedUnderItsName(t *testing.T) {
	d := newDesk(t)
	d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov", "Carla Diaz", "Emil Novak"))
	d.loads(loader, listOf("un", "2", "Anna Keller")) // waits: somebody looks at it
	_, err := d.load(loader, listOf("un", "2", "Zoran Babic"))
	d.wantCode(err, problem.AlreadyExists)
	_, err = d.load(loader, listOf("un", "1", "Zoran Babic", "Emil Novak"))
	d.wantCode(err, problem.AlreadyExists)
}

func TestAListIsNotEmptiedInSmallSteps(t *testing.T) {
	d := newDesk(t)
	people := []string{"Anna Keller", "Boris Popov", "Carla Diaz", "Emil Novak", "Fritz Ott", "Gina Lola", "Hugo Boss", "Ida Wells"}
	d.loads(loader, listOf("un", "8", people...))
	d.loads(loader, listOf("un", "5", people[:5]...))
	after := d.loads(loader, listOf("un", "3", people[:3]...)) // more than half of five, less than half of eight
	if after.Waiting == nil {
		t.Fatalf("%+v", after)
	}
	_, err := d.Release(t.Context(), second, "un", "3", "")
	d.must(err)
	if after = d.loads(loader, listOf("un", "2", people[:2]...)); after.Waiting != nil { // somebody has looked
		t.Errorf("%+v", after)
	}
	other := listOf("un", "other", "Jan Kos", "Kim Lee", "Lea Mao")
	for i := range other.Entries {
		other.Entries[i].ID = fmt.Sprint("x", i)
	}
	if after = d.loads(loader, other); after.Waiting == nil { // as many entries, and all of them others
		t.Errorf("%+v", after)
	}
}

func TestManyTenantsSearchAtOnce(t *testing.T) {
	d := newDesk(t)
	d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov"))
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for range 20 {
				if hits, _, err := d.Screen(context.Background(), "demo", nil, screening.Query{Name: "Anna Keller"}, screening.Options{}); err != nil || len(hits) != 1 {
					t.Errorf("%v, %v", hits, err)
				}
			}
		})
	}
	running.Wait()
}

func TestTwoListsLoadedAtOnceAreBothThere(t *testing.T) {
	d := newDesk(t)
	var running sync.WaitGroup
	failed := make([]error, 4)
	var mutex sync.Mutex
	d.Service.NewID = func(prefix string) string {
		mutex.Lock()
		defer mutex.Unlock()
		d.made++
		return fmt.Sprintf("%s_%d", prefix, d.made)
	}
	for i := range failed {
		running.Go(func() { _, failed[i] = d.load(loader, listOf(fmt.Sprintf("list-%d", i), "1", "Anna Keller")) })
	}
	running.Wait()
	lists, err := d.Lists(t.Context(), "demo")
	if err = errors.Join(append(failed, err)...); err != nil {
		t.Fatal(err)
	}
	if len(lists) != 4 || !slices.IsSortedFunc(lists, func(a, b watchlists.List) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("%+v", lists)
	}
}

// TestLoadingUnderFaultsLosesNothing: whichever call of the store fails, once, loading again does what was asked for, and
// what is current is always whole.
func TestLoadingUnderFaultsLosesNothing(t *testing.T) {
	for failing := range 8 {
		d := newDesk(t)
		d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov"))
		calls := 0
		d.objects.Fails = func(method, key string) error {
			if strings.HasPrefix(key, "watchlists/uploads/") && method == "Put" {
				return nil // the test's own
			}
			if calls++; calls == failing+1 {
				return problem.New(problem.Unavailable, "The object store did not respond.")
			}
			return nil
		}
		if _, err := d.load(loader, listOf("un", "2", "Anna Keller", "Carla Diaz")); err != nil {
			d.wantCode(err, problem.Unavailable)
		}
		d.objects.Fails = nil
		if found, _ := d.finds("Anna Keller"); len(found) != 1 {
			t.Errorf("call %d: %v", failing, found)
		}
		d.loads(loader, listOf("un", "2", "Anna Keller", "Carla Diaz"))
		if found, of := d.finds("Carla Diaz"); len(found) != 1 || of["un"] != "2" {
			t.Errorf("call %d: %v in %v", failing, found, of)
		}
	}
}

func TestFormerEditionsAreBounded(t *testing.T) {
	d := newDesk(t)
	var last watchlists.List
	for i := range 25 {
		last = d.loads(loader, listOf("un", fmt.Sprint(i), fmt.Sprintf("Anna%c Keller", 'a'+i), "Boris Popov"))
	}
	if len(last.Former) != 20 || len(d.objects.Keys()) != 23 { // the catalogue, its mark, 20 former editions and the current one
		t.Errorf("%d former editions, %d objects", len(last.Former), len(d.objects.Keys()))
	}
}

func TestWhoHasEverHeldTheKeyIsNotTheSecondPerson(t *testing.T) {
	d := newDesk(t)
	d.loads(loader, listOf("un", "1", "Anna Keller", "Boris Popov", "Carla Diaz"))
	d.loads(key, listOf("un", "2", "Anna Keller"))
	if _, err := d.Remove(t.Context(), key, "un"); err != nil {
		t.Fatal(err)
	}
	d.behind["key_1"] = []string{"user_2"} // whom the newest rotations have shown it to
	for _, one := range []identity.Principal{loader, second} {
		_, err := d.Release(t.Context(), one, "un", "2", "")
		d.wantCode(err, problem.FourEyes)
		_, err = d.Remove(t.Context(), one, "un")
		d.wantCode(err, problem.FourEyes)
	}
	third := identity.Principal{Tenant: "demo", Kind: identity.User, ID: "user_3"}
	if after, err := d.Release(t.Context(), third, "un", "2", ""); err != nil || after.Current.Edition != "2" || len(after.Current.LoadedBy.Behind) != 0 {
		t.Errorf("%+v, %v", after, err)
	}
}

func TestNoKeyLoadsWhereNobodyKnowsWhoIsBehindIt(t *testing.T) {
	d := newDesk(t)
	if _, err := d.load(identity.Principal{Tenant: "demo", Kind: identity.User, ID: "user_3"}, listOf("un", "0", "Anna Keller", "Ben Example")); err != nil {
		t.Fatal(err)
	}
	for code, behind := range map[problem.Code]func(context.Context, string, string) ([]string, error){
		problem.Internal: nil,
		problem.Unavailable: func(context.Context, string, string) ([]string, error) {
			return nil, problem.New(problem.Unavailable, "away")
		},
	} {
		d.Behind = behind
		_, err := d.load(key, listOf("un", "1", "Anna Keller"))
		d.wantCode(err, code)
		_, err = d.Remove(t.Context(), key, "un")
		d.wantCode(err, code)
	}
}
