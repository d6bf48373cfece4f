package registry_test

import (
	"slices"
	"strings"
	"testing"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

const markedWorkflow = `id: desk
subject: individual
context: {schema: {type: object, properties: {who: {type: object, properties: {name: {type: string, personal: true}, born: {type: string, personal: true}}}, shown: {type: string}}}}
documents: [{kind: pass, title: Pass, content_types: [image/png], properties: {type: object, properties: {number: {type: string, personal: true}}}}]
initial: a
states:
  a: {on: {GO: b}}
  b: {type: final}
`

const markedPolicy = "id: own\ninputs: {properties: {who: {properties: {name: {type: string, personal: true}}}}}\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: r, outcome: review, when: \"who.name == 'x'\"}\n"

// unmark is a document without its marks.
func unmark(source string) string { return strings.ReplaceAll(source, ", personal: true", "") }

func member(id, role string) identity.Principal {
	return identity.Principal{Tenant: "acme", Kind: identity.User, ID: id, Roles: []string{role}}
}

// refusedPlaces are the places that a refusal names.
func refusedPlaces(t *testing.T, err error) (places []string) {
	t.Helper()
	wants(t, err, problem.Forbidden)
	e := problem.As(err)
	if e.Details["permission"] != identity.CasesPersonal {
		t.Errorf("%v", e.Details)
	}
	for _, field := range e.Fields {
		places = append(places, field.Location)
	}
	return places
}

var allMarks = []string{"workflow desk: context.who.born", "workflow desk: context.who.name", "workflow desk: documents.pass.properties.number"}

func TestMarksAreTakenAwayByWhoSeesPersonalData(t *testing.T) {
	s := newShop(t)
	dana, mara := member("user_dana", "developer"), member("user_mara", "manager")
	publish := func(who identity.Principal, kind registry.Kind, id, source string) error {
		_, err := s.Publisher.Publish(t.Context(), who, registry.Publish{Kind: kind, ID: id, Source: source})
		return err
	}
	for id, kind := range map[string]registry.Kind{"desk": registry.Workflow, "own": registry.Policy} {
		source := map[string]string{"desk": markedWorkflow, "own": markedPolicy}[id]
		if err := publish(dana, kind, id, source); err != nil {
			t.Fatal(err)
		}
	}
	if got := refusedPlaces(t, publish(dana, registry.Workflow, "desk", unmark(markedWorkflow))); !slices.Equal(got, allMarks) {
		t.Errorf("%q", got)
	}
	if got := refusedPlaces(t, publish(dana, registry.Policy, "own", unmark(markedPolicy))); !slices.Equal(got, []string{"policy own: inputs.who.name"}) {
		t.Errorf("%q", got)
	}
	copies := strings.Replace(markedWorkflow, "GO: b", "GO: {target: b, actions: [{type: assign, values: {shown: who.name}}]}", 1)
	if got := refusedPlaces(t, publish(dana, registry.Workflow, "desk", copies)); !slices.Equal(got, []string{"workflow desk: who.name -> shown"}) {
		t.Errorf("%q", got)
	}
	if err := publish(mara, registry.Workflow, "desk", unmark(markedWorkflow)); err != nil {
		t.Fatal(err)
	}
	if got := refusedPlaces(t, publish(dana, registry.Workflow, "desk", "# the same\n"+unmark(markedWorkflow))); !slices.Equal(got, allMarks) {
		t.Errorf("an earlier version than the newest marks them: %q", got)
	}
	if err := publish(dana, registry.Workflow, "desk", "# again\n"+markedWorkflow); err != nil {
		t.Errorf("marks are set by anybody who publishes: %v", err)
	}
}

func TestAnImportTakesNoMarksAway(t *testing.T) {
	s := newShop(t)
	s.publish(registry.Workflow, "desk", markedWorkflow)
	w := registry.NewWorkspace([]registry.Definition{{Kind: registry.Workflow, ID: "desk", Source: unmark(markedWorkflow)}})
	_, err := s.Import(t.Context(), member("user_dana", "developer"), registry.ImportWorkspace{Workspace: w})
	if got := refusedPlaces(t, err); !slices.Equal(got, allMarks) {
		t.Errorf("%q", got)
	}
	if done, err := s.Import(t.Context(), identity.SystemOf("acme", "cli"), registry.ImportWorkspace{Workspace: w}); err != nil || !done[0].Created {
		t.Errorf("whoever holds the store: %v", err)
	}
}

func TestWhoApprovesThatMarksGoSeesPersonalData(t *testing.T) {
	s := newFour(t)
	first := s.proposes(ann, registry.Workflow, "desk", markedWorkflow)
	if _, err := s.Approve(t.Context(), bob, first.ID, ""); err != nil {
		t.Fatal(err)
	}
	p := s.proposes(member("user_dana", "developer"), registry.Workflow, "desk", unmark(markedWorkflow))
	_, reviewed, err := s.Publisher.Proposal(t.Context(), "acme", p.ID)
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, change := range reviewed[0].Changes {
		if change.Kind == "personal" && strings.Contains(change.String(), "personal data -> not marked") {
			named = append(named, "workflow desk: "+change.Path)
		}
	}
	if !slices.Equal(named, allMarks) {
		t.Errorf("whoever approves is shown %q", named)
	}
	_, err = s.Approve(t.Context(), member("user_dora", "developer"), p.ID, "")
	if got := refusedPlaces(t, err); !slices.Equal(got, allMarks) {
		t.Errorf("%q", got)
	}
	if done, err := s.Approve(t.Context(), member("user_mara", "manager"), p.ID, ""); err != nil || done.Status != registry.Approved {
		t.Errorf("%+v %v", done, err)
	}
}
