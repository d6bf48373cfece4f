package local_test

import (
	"context"
	"io/fs"
	"log/slog"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/asl"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/local"
	"ballerine/internal/workflow"
	"ballerine/statemachines"
)

// sideBySide has two regions, one of which calls two vendors at once.
const sideBySide = `
id: side-by-side
title: Side by side
initial: checks
states:
  checks:
    type: parallel
    on: {STOP: stopped}
    onDone: decide
    states:
      vendors:
        initial: ask
        states:
          ask:
            invoke:
              - parallel:
                  - {src: vendor, id: identity, input: {plugin: identity-check}}
                  - {src: vendor, id: sanctions, input: {plugin: sanctions-screening}}
            onDone: answered
          answered: {type: final}
      person:
        initial: wait
        states: {wait: {on: {READY: ready}}, ready: {type: final}}
  decide: {tags: [manual_review], on: {approve: approved}}
  approved: {type: final}
  stopped: {type: final}
`

// definitions are the shipped ones and sideBySide, compiled.
func definitions(t *testing.T) fs.FS {
	t.Helper()
	known, err := app.Known(statemachines.Files)
	if err != nil {
		t.Fatal(err)
	}
	wf, diagnostics := workflow.Parse("side-by-side.yaml", []byte(sideBySide), known)
	if wf == nil {
		t.Fatal(diagnostics)
	}
	machine, err := asl.Compile(wf)
	if err != nil {
		t.Fatal(err)
	}
	all := fstest.MapFS{"side-by-side.yaml": {Data: []byte(sideBySide)}, "side-by-side.asl.json": {Data: machine.JSON()}}
	err = fs.WalkDir(statemachines.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(statemachines.Files, path)
		all[path] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestRegionsAndWorkAtOnceRunOnTheWholeSystem takes a case through two regions, with vendors that are called at once and
// call back, on the system as `dev` runs it.
func TestRegionsAndWorkAtOnceRunOnTheWholeSystem(t *testing.T) {
	stack, err := local.Start(t.Context(), local.Options{Data: t.TempDir(), Address: "127.0.0.1:0", Definitions: definitions(t), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stack.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	client := identity.Principal{Tenant: stack.Demo.Tenant, Kind: identity.Client, ID: "key_1"}
	start := func() cases.Record {
		t.Helper()
		applicant := map[string]any{"name": map[string]any{"given": "Ada", "family": "Byron"}, "date_of_birth": "1980-01-01", "country": "SE", "email": "ada@example.com"}
		r, err := stack.Core.Cases.Start(t.Context(), client, cases.StartCommand{Workflow: "side-by-side", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"applicant": applicant}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	reach := func(id string, configuration ...string) cases.Whereabouts {
		t.Helper()
		var w cases.Whereabouts
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if w, err = stack.Core.Cases.Whereabouts(t.Context(), client, id); err != nil {
				t.Fatal(err)
			}
			if slices.Equal(w.Configuration, configuration) {
				return w
			}
		}
		t.Fatalf("the case is at %v with %+v, not at %v", w.Configuration, w.Work, configuration)
		return w
	}
	send := func(id, event string) {
		t.Helper()
		if _, err := stack.Core.Cases.Send(t.Context(), client, id, cases.SendCommand{Type: event}); err != nil {
			t.Fatal(err)
		}
	}
	one := start()
	reach(one.ID, "checks.person.wait", "checks.vendors.answered")
	send(one.ID, "READY")
	reach(one.ID, "decide")
	send(one.ID, "approve")
	if w := reach(one.ID, "approved"); w.Status != cases.StatusCompleted {
		t.Errorf("%+v", w)
	}
	other := start()
	send(other.ID, "STOP") // while the vendors are being asked
	if w := reach(other.ID, "stopped"); w.Status != cases.StatusCompleted {
		t.Errorf("%+v", w)
	}
	for _, id := range []string{one.ID, other.ID} {
		if report, err := stack.Core.Cases.Verify(t.Context(), client, id); err != nil || !report.Valid {
			t.Errorf("%+v %v", report, err)
		}
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			running, err := stack.Core.Executions.Running(t.Context(), one.Workflow, id+"-1")
			if err != nil {
				t.Fatal(err)
			}
			if !running {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("the execution of %s goes on after its case has ended", id)
			}
		}
	}
}
