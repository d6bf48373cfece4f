package registry_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	domain "ballerine/internal/cases"
	"ballerine/internal/expr"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/statechart"
	"ballerine/internal/store/embedded"
)

const (
	shippedWorkflow = "id: kyc\ntitle: Shipped\ninitial: a\nstates:\n  a: {on: {GO: b}}\n  b: {type: final}\n"
	shippedPolicy   = "id: risk\ntitle: Risk\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: r, outcome: review, when: \"age < 18\"}\n"
	nextWorkflow    = "# of our own\nid: kyc\ntitle: Ours\ninitial: a\nstates:\n  a: {on: {GO: c}, tags: [ours]}\n  c: {on: {GO: b}}\n  b: {type: final}\n"
)

// shop is a publisher over a file, with machines that are only noted.
type shop struct {
	*registry.Publisher
	t     testing.TB
	mutex sync.Mutex
	made  []string
	fail  error
	store registry.Store
}

func (s *shop) Publish(_ context.Context, v registry.MachineVersion) (string, error) {
	if s.fail != nil {
		return "", s.fail
	}
	name := fmt.Sprintf("%s/%s@%d", v.Tenant, v.Workflow, v.Version)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.made = append(s.made, name)
	return "machine:" + name, nil
}

func newShop(t testing.TB) *shop {
	t.Helper()
	db, err := embedded.Open(filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &shop{t: t, store: db.Registry()}
	files := fstest.MapFS{"kyc.yaml": {Data: []byte(shippedWorkflow)}, "policies/risk.yaml": {Data: []byte(shippedPolicy)}, "plugins/none.txt": {Data: []byte("x")}}
	catalog, err := registry.New(files, s.store)
	if err == nil {
		err = catalog.LoadPlugins()
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Publisher = &registry.Publisher{Catalog: catalog, Store: s.store, Machines: s, Now: func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }}
	return s
}

var ann = identity.Principal{Tenant: "acme", Kind: identity.User, ID: "user_ann"}

func (s *shop) publish(kind registry.Kind, id, source string) registry.Publication {
	s.t.Helper()
	made, err := s.Publisher.Publish(s.t.Context(), ann, registry.Publish{Kind: kind, ID: id, Source: source})
	if err != nil {
		s.t.Fatal(err)
	}
	return made
}

// An answer holds a limited number of problems, and states how many more there are.
func TestWhatIsReportedOfAPublicationIsBounded(t *testing.T) {
	s := newShop(t)
	var text strings.Builder
	text.WriteString(`{"id":"kyc"`)
	for i := range 3000 {
		fmt.Fprintf(&text, `,"unknown%d":1`, i)
	}
	for _, kind := range []registry.Kind{registry.Workflow, registry.Policy, registry.Plugin} {
		_, err := s.Publisher.Publish(t.Context(), ann, registry.Publish{Kind: kind, ID: "kyc", Source: text.String() + "}"})
		e := problem.As(err)
		found, _ := e.Details["diagnostics"].(problem.Diagnostics)
		answer, failed := json.Marshal(found)
		if e.Code != problem.Invalid || len(e.Fields) != 201 || len(found) != 201 || !strings.HasSuffix(found[200].Message, " more") || failed != nil || len(answer) > 200_000 {
			t.Errorf("%s: %d places, %d problems, %d bytes, %v", kind, len(e.Fields), len(found), len(answer), err)
		}
	}
}

func TestAPublicationIsTheNextVersionAndIsSeenAtOnce(t *testing.T) {
	s := newShop(t)
	made := s.publish(registry.Workflow, "kyc", nextWorkflow)
	if !made.Created || made.Version != 2 || made.PublishedBy != "user_ann" || made.Machine != "machine:acme/kyc@2" || len(made.Changes) == 0 {
		t.Errorf("%+v", made)
	}
	for version, title := range map[int]string{0: "Ours", 2: "Ours", 1: "Shipped"} {
		w, err := s.Catalog.Workflow(t.Context(), "acme", "kyc", version)
		if err != nil || w.Title != title || version > 0 && w.Version != version {
			t.Errorf("version %d: %+v, %v", version, w, err)
		}
	}
	if w, err := s.Catalog.Workflow(t.Context(), "other", "kyc", 0); err != nil || w.Title != "Shipped" {
		t.Errorf("another tenant: %+v, %v", w, err)
	}
	_, err := s.Catalog.Workflow(t.Context(), "other", "kyc", 2)
	wants(t, err, problem.UnknownWorkflow)
	reference, err := registry.NewReferences(s.store).Reference(t.Context(), cases("acme", "kyc", 2), false)
	if err != nil || reference != "machine:acme/kyc@2" {
		t.Errorf("%q, %v", reference, err)
	}
	if reference, err = registry.NewReferences(s.store).Reference(t.Context(), cases("acme", "kyc", 1), false); err != nil || reference != "" {
		t.Errorf("what ships: %q, %v", reference, err)
	}
}

func TestTheSameSourceAgainIsNoNewVersion(t *testing.T) {
	s := newShop(t)
	if made := s.publish(registry.Workflow, "kyc", shippedWorkflow); made.Created || made.Version != 1 {
		t.Errorf("what ships already: %+v", made)
	}
	s.publish(registry.Workflow, "kyc", nextWorkflow)
	if again := s.publish(registry.Workflow, "kyc", nextWorkflow); again.Created || again.Version != 2 || len(s.made) != 1 {
		t.Errorf("%+v, machines %v", again, s.made)
	}
}

func TestADryRunShowsWhatWouldHappenAndDoesNothing(t *testing.T) {
	s := newShop(t)
	made, err := s.Publisher.Publish(t.Context(), ann, registry.Publish{Kind: registry.Workflow, ID: "kyc", Source: nextWorkflow, DryRun: true})
	if err != nil || !made.Created || made.Version != 2 || made.States == 0 || len(made.Changes) == 0 {
		t.Errorf("%+v, %v", made, err)
	}
	if all, err := s.Catalog.Versions(t.Context(), "acme", registry.Workflow, "kyc"); err != nil || len(all) != 1 || len(s.made) != 0 {
		t.Errorf("%+v, %v, machines %v", all, err, s.made)
	}
}

func TestNoVersionIsSeenThatCannotRun(t *testing.T) {
	s := newShop(t)
	s.fail = problem.New(problem.Unavailable, "down")
	_, err := s.Publisher.Publish(t.Context(), ann, registry.Publish{Kind: registry.Workflow, ID: "kyc", Source: nextWorkflow})
	wants(t, err, problem.Unavailable)
	if w, err := s.Catalog.Workflow(t.Context(), "acme", "kyc", 0); err != nil || w.Version != 1 {
		t.Errorf("%+v, %v", w, err)
	}
	s.fail = nil
	if made := s.publish(registry.Workflow, "kyc", nextWorkflow); made.Version != 2 {
		t.Errorf("again: %+v", made)
	}
}

func TestEveryProblemOfADocumentIsReportedWithItsPlace(t *testing.T) {
	s := newShop(t)
	for name, one := range map[string]struct {
		cmd  registry.Publish
		want []string
	}{
		"workflow": {registry.Publish{Kind: registry.Workflow, ID: "kyc", Source: "id: kyc\ninitial: a\nstates:\n  a: {on: {GO: b}, invoke: {src: rules, id: r, input: {policy: nobody}}}\n"}, []string{"source:4:16", "source:4:64"}},
		"another":  {registry.Publish{Kind: registry.Workflow, ID: "kyb", Source: nextWorkflow}, []string{"source:1:1"}},
		"policy":   {registry.Publish{Kind: registry.Policy, ID: "risk", Source: "id: risk\n"}, nil},
		"plugin":   {registry.Publish{Kind: registry.Plugin, ID: "p", Source: "id: p\nurl: 7\n"}, nil},
		"cases":    {registry.Publish{Kind: registry.Policy, ID: "risk", Source: shippedPolicy + "cases:\n  - {name: young, input: {age: 3}, expect: {outcome: approve}}\n"}, nil},
	} {
		_, err := s.Publisher.Publish(t.Context(), ann, one.cmd)
		p := wants(t, err, problem.Invalid)
		var places []string
		for _, f := range p.Fields {
			places = append(places, f.Location)
		}
		if one.want != nil && !slices.Equal(places, one.want) || len(places) == 0 {
			t.Errorf("%s: places %v, want %v", name, places, one.want)
		}
		if found, _ := p.Details["diagnostics"].(problem.Diagnostics); len(found) < len(places) {
			t.Errorf("%s: diagnostics %v", name, p.Details)
		}
	}
	_, err := s.Publisher.Publish(t.Context(), ann, registry.Publish{Kind: registry.Policy, ID: "risk", Source: strings.Repeat("#", registry.MaxSource+1)})
	wants(t, err, problem.TooLarge)
}

func TestAWorkflowNamesWhatItsTenantHasPublished(t *testing.T) {
	s := newShop(t)
	asks := "id: asks\ninitial: a\nstates:\n  a:\n    invoke: {src: rules, id: r, input: {policy: own}}\n    onDone: b\n  b: {type: final}\n"
	_, err := s.Publisher.Publish(t.Context(), ann, registry.Publish{Kind: registry.Workflow, ID: "asks", Source: asks})
	wants(t, err, problem.Invalid)
	s.publish(registry.Policy, "own", strings.Replace(shippedPolicy, "id: risk", "id: own", 1))
	s.publish(registry.Workflow, "asks", asks)
	if p, err := s.Catalog.Policy(t.Context(), "acme", "own"); err != nil || p.Version != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestGuardsOfARunningCaseAskTheTenantsNewestPolicy(t *testing.T) {
	s := newShop(t)
	s.publish(registry.Workflow, "guarded", "id: guarded\ninitial: a\nstates:\n  a: {on: {GO: [{guard: {type: policy, options: {policy: risk, outcome: review}}, target: b}, {target: c}]}}\n  b: {type: final}\n  c: {type: final}\n")
	reach := func(age float64) string {
		w, err := s.Catalog.Workflow(t.Context(), "acme", "guarded", 0)
		if err != nil {
			t.Fatal(err)
		}
		begun, err := w.Chart.Start(map[string]any{"age": age}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		next, err := w.Chart.Step(begun.Snapshot, begun.Context, statechart.Event{Type: "GO"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return w.Chart.Configuration(next.Snapshot)[0]
	}
	if young, old := reach(10), reach(20); young != "b" || old != "c" {
		t.Errorf("%s, %s", young, old)
	}
	s.publish(registry.Policy, "risk", strings.Replace(shippedPolicy, "age < 18", "age < 21", 1))
	if now := reach(20); now != "b" {
		t.Errorf("the newer policy is not asked: %s", now)
	}
}

// listNames are the lists of a test.
type listNames struct {
	names []string
	err   error
}

func (l listNames) ListNames(context.Context, string) ([]string, error) { return l.names, l.err }

func (l listNames) OpenLists(context.Context, string, []string, map[string]string) (map[string]expr.List, error) {
	return nil, l.err
}

func TestAPolicyNamesListsThatAreThere(t *testing.T) {
	s := newShop(t)
	const asks = "id: asks\noutcomes: [reject, approve]\ndefault: approve\nrules:\n  - {id: r, outcome: reject, when: {list: bloked, field: who}}\n"
	try := func(lists registry.Lists, source string) error {
		s.Catalog.Lists = lists
		_, err := s.Publisher.Publish(t.Context(), ann, registry.Publish{Kind: registry.Policy, ID: "asks", Source: source, DryRun: true})
		return err
	}
	for name, c := range map[string]struct {
		lists  registry.Lists
		source string
		want   string
	}{
		"which there are is not known": {nil, asks, ""},
		"it is there":                  {listNames{names: []string{"bloked"}}, asks, ""},
		"another is":                   {listNames{names: []string{"blocked", "other"}}, asks, "source:5:43: there is no list bloked did you mean blocked?"},
		"there is none":                {listNames{}, asks, "source:5:43: there is no list bloked"},
		"they cannot be read":          {listNames{err: problem.New(problem.Unavailable, "away")}, asks, "unavailable: away"},
		"none is asked":                {listNames{err: problem.New(problem.Unavailable, "away")}, strings.Replace(asks, "{list: bloked, field: who}", "who == 'x'", 1), ""},
	} {
		err := try(c.lists, c.source)
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnOutcomeThatAnotherPolicyAsksForStays(t *testing.T) {
	s := newShop(t)
	inner := func(outcomes string) string {
		return "id: inner\noutcomes: [" + outcomes + "]\ndefault: allow\nrules: [{id: r, when: 'n > 1', outcome: " + strings.Split(outcomes, ",")[0] + "}]\n"
	}
	outer := "id: outer\noutcomes: [review, approve]\ndefault: approve\nrules: [{id: r, when: {policy: inner, outcome: [deny, hold]}, outcome: review}]\n"
	publish := func(id, source string) error {
		_, err := s.Publisher.Publish(t.Context(), ann, registry.Publish{Kind: registry.Policy, ID: id, Source: source})
		return err
	}
	for _, one := range [][2]string{{"inner", inner("deny, hold, allow")}, {"outer", outer}, {"inner", inner("stop, deny, hold, allow")}} {
		if err := publish(one[0], one[1]); err != nil {
			t.Fatal(err)
		}
	}
	err := publish("inner", inner("deny, allow"))
	if fields := problem.As(err).Fields; len(fields) != 1 || fields[0].Code != "outcome_in_use" || !strings.Contains(fields[0].Message, "outer checks this one for hold") {
		t.Errorf("%v %+v", err, fields)
	}
	if err := publish("outer", strings.Replace(outer, "[deny, hold]", "deny", 1)); err != nil {
		t.Fatal(err)
	}
	if err := publish("inner", inner("deny, allow")); err != nil {
		t.Error(err)
	}
}

func TestACopyIsTheFirstVersionOfAnotherID(t *testing.T) {
	s := newShop(t)
	s.publish(registry.Workflow, "kyc", nextWorkflow)
	made, err := s.Copy(t.Context(), ann, registry.CopyAs{Kind: registry.Workflow, ID: "kyc", As: "kyc-two"})
	if err != nil || made.Version != 1 || made.ID != "kyc-two" {
		t.Fatalf("%+v, %v", made, err)
	}
	d, err := s.Catalog.Definition(t.Context(), "acme", registry.Workflow, "kyc-two", 1)
	if want := strings.Replace(nextWorkflow, "id: kyc", "id: kyc-two", 1); err != nil || d.Source != want {
		t.Errorf("%q, %v", d.Source, err)
	}
	_, err = s.Copy(t.Context(), ann, registry.CopyAs{Kind: registry.Workflow, ID: "kyc", As: "kyc-two"})
	wants(t, err, problem.AlreadyExists)
	_, err = s.Copy(t.Context(), ann, registry.CopyAs{Kind: registry.Workflow, ID: "nobody", As: "x"})
	wants(t, err, problem.NotFound)
}

func TestAWorkspaceGoesToAnotherEnvironment(t *testing.T) {
	from, to := newShop(t), newShop(t)
	from.publish(registry.Policy, "own", strings.Replace(shippedPolicy, "id: risk", "id: own", 1))
	from.publish(registry.Workflow, "asks", "id: asks\ninitial: a\nstates:\n  a:\n    invoke: [{src: rules, id: r, input: {policy: own}}, {src: children, id: k, input: {workflow: kyc}}]\n    onDone: b\n  b: {type: final}\n")
	from.publish(registry.Workflow, "kyc", nextWorkflow)
	w, err := from.Export(t.Context(), "acme")
	if err != nil || len(w.Definitions) != 3 || w.Definitions[0].Kind != registry.Policy {
		t.Fatalf("%+v, %v", w, err)
	}
	if dry, err := to.Import(t.Context(), ann, registry.ImportWorkspace{Workspace: w, DryRun: true}); err != nil || len(dry) != 3 || len(to.made) != 0 {
		t.Errorf("dry run: %+v, %v", dry, err)
	}
	if empty, err := to.Export(t.Context(), "acme"); err != nil || len(empty.Definitions) != 0 {
		t.Errorf("a dry run has written: %+v", empty)
	}
	if done, err := to.Import(t.Context(), ann, registry.ImportWorkspace{Workspace: w}); err != nil || !done[0].Created || !done[2].Created {
		t.Errorf("%+v, %v", done, err)
	}
	again, err := to.Import(t.Context(), ann, registry.ImportWorkspace{Workspace: w})
	if err != nil || slices.ContainsFunc(again, func(p registry.Publication) bool { return p.Created }) {
		t.Errorf("twice: %+v, %v", again, err)
	}
	back, err := to.Export(t.Context(), "acme")
	if err != nil || back.Digest != w.Digest {
		t.Errorf("%s, want %s (%v)", back.Digest, w.Digest, err)
	}
}

func TestAWorkspaceWithProblemsIsNotImportedAtAll(t *testing.T) {
	from, to := newShop(t), newShop(t)
	from.publish(registry.Workflow, "kyc", nextWorkflow)
	w, err := from.Export(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	changed := w
	changed.Definitions = slices.Clone(w.Definitions)
	changed.Definitions[0].Source += "# by hand\n"
	_, err = to.Import(t.Context(), ann, registry.ImportWorkspace{Workspace: changed})
	wants(t, err, problem.Invalid)
	_, err = to.Import(t.Context(), ann, registry.ImportWorkspace{Workspace: registry.Workspace{Format: 2}})
	wants(t, err, problem.Invalid)
	if all, err := to.Catalog.Versions(t.Context(), "acme", registry.Workflow, "kyc"); err != nil || len(all) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}

func wants(t testing.TB, err error, code problem.Code) *problem.Error {
	t.Helper()
	if problem.CodeOf(err) != code {
		t.Fatalf("%v, want %s", err, code)
	}
	return problem.As(err)
}

func cases(tenant, id string, version int) domain.Machine {
	return domain.Machine{Tenant: tenant, Workflow: domain.WorkflowRef{ID: id, Version: version}}
}
