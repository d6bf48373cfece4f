package cases_test

import (
	"reflect"
	"slices"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

const listing = `
id: listing
subject: individual
context: {schema: {type: object, properties: {people: {type: array}, ready: {type: boolean}, note: {type: string, maxLength: 5}}, additionalProperties: false}}
initial: wait
by: [applicant, client, reviewer]
states:
  wait:
    tags: [collection_flow]
    always: {guard: ready == true, target: done}
    invoke: {src: vendor, id: look, input: {plugin: p}}
    on: {STAY: wait}
  done: {on: {END: over}}
  over: {type: final}
`

func (d *desk) listing() string {
	d.t.Helper()
	return must[cases.Record](d)(d.Start(d.t.Context(), client, cases.StartCommand{
		Workflow: "listing", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"people": []any{map[string]any{"id": "a", "x": 1.0}}, "note": "old"},
	})).ID
}

func (d *desk) event(id, kind string, payload any) (cases.Record, error) {
	return d.Send(d.t.Context(), client, id, cases.SendCommand{Type: kind, Payload: payload})
}

func TestDeepMergeContextLaysDataOverWhatIsThere(t *testing.T) {
	for option, want := range map[string][]any{
		"":         {map[string]any{"id": "a", "x": 1.0}, map[string]any{"id": "a", "y": 2.0}},
		"by_id":    {map[string]any{"id": "a", "x": 1.0, "y": 2.0}},
		"by_index": {map[string]any{"id": "a", "x": 1.0, "y": 2.0}},
		"replace":  {map[string]any{"id": "a", "y": 2.0}},
	} {
		d := newDesk(t, listing)
		id := d.listing()
		payload := map[string]any{"newContext": map[string]any{"people": []any{map[string]any{"id": "a", "y": 2.0}}}}
		if option != "" {
			payload["arrayMergeOption"] = option
		}
		r := must[cases.Record](d)(d.event(id, cases.EventDeepMergeContext, payload))
		if !reflect.DeepEqual(r.Context["people"], want) || r.Context["note"] != "old" {
			t.Errorf("%q: %v", option, r.Context)
		}
		d.verified(id)
	}
}

func TestUpdateContextTakesThePlaceOfWhatCallersWrite(t *testing.T) {
	d := newDesk(t, listing)
	id := d.listing()
	job, _, _, err := d.BeginWork(t.Context(), cases.Branch{Tenant: "demo", Case: id}, "wait", "look")
	if err != nil {
		t.Fatal(err)
	}
	d.finish(job, map[string]any{"found": true})
	r := must[cases.Record](d)(d.event(id, cases.EventUpdateContext, map[string]any{"context": map[string]any{"note": "new"}}))
	if want := map[string]any{"note": "new", "look": map[string]any{"found": true}}; !reflect.DeepEqual(r.Context, want) {
		t.Errorf("%v, want %v", r.Context, want)
	}
	if got := d.store.last().Entry.Changed; !slices.Equal(got, []string{"note", "people"}) {
		t.Errorf("changed %v", got)
	}
}

func TestWritingTheContextNotifiesTheChart(t *testing.T) {
	for name, write := range map[string]func(d *desk, id string) error{
		"merge": func(d *desk, id string) error {
			_, err := d.event(id, cases.EventDeepMergeContext, map[string]any{"newContext": map[string]any{"ready": true}})
			return err
		},
		"update": func(d *desk, id string) error {
			_, err := d.event(id, cases.EventUpdateContext, map[string]any{"context": map[string]any{"ready": true}})
			return err
		},
		"save": func(d *desk, id string) error {
			_, err := d.SaveContext(d.t.Context(), client, id, map[string]any{"ready": true})
			return err
		},
	} {
		d := newDesk(t, listing)
		id := d.listing()
		if err := write(d, id); err != nil {
			t.Fatal(name, err)
		}
		wantState(t, d.get(id), "done")
	}
}

func TestEventsThatWriteTheContextAreCheckedAsAllDataIs(t *testing.T) {
	d := newDesk(t, listing)
	id := d.listing()
	before := d.get(id).Version
	for name, one := range map[string]struct {
		kind    string
		payload any
		want    []string
	}{
		"no object":    {cases.EventUpdateContext, "x", []string{"body.payload type"}},
		"no context":   {cases.EventUpdateContext, map[string]any{"other": 1.0}, []string{"body.payload.context type", "body.payload.other unknown"}},
		"wrong option": {cases.EventDeepMergeContext, map[string]any{"newContext": map[string]any{}, "arrayMergeOption": "magic"}, []string{"body.payload.arrayMergeOption enum"}},
		"the schema":   {cases.EventDeepMergeContext, map[string]any{"newContext": map[string]any{"note": "too long", "other": 1.0}}, []string{"body.context.note maxLength", "body.context.other unknown"}},
		"a result":     {cases.EventUpdateContext, map[string]any{"context": map[string]any{"look": 1.0, "children": map[string]any{}}}, []string{"body.context.children reserved", "body.context.look reserved"}},
	} {
		_, err := d.event(id, one.kind, one.payload)
		if got := places(wantCode(t, err, problem.Invalid)); !slices.Equal(got, one.want) {
			t.Errorf("%s: %v, want %v", name, got, one.want)
		}
	}
	if d.get(id).Version != before {
		t.Error("something was written")
	}
}
