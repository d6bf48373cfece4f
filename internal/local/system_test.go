package local_test

import (
	"context"
	"io/fs"
	"log/slog"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"ballerine/internal/asl/compile"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/local"
	"ballerine/internal/registry"
	"ballerine/internal/workflow"
	"ballerine/statemachines"
)

// definitions are the shipped ones and further workflows, compiled.
func definitions(t testing.TB, texts ...string) fs.FS {
	t.Helper()
	catalog, err := registry.New(statemachines.Files, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := catalog.LoadPlugins(); err != nil {
		t.Fatal(err)
	}
	known := catalog.For(t.Context(), "")
	if err := catalog.Check(known); err != nil {
		t.Fatal(err)
	}
	all := fstest.MapFS{}
	for _, text := range texts {
		wf, diagnostics := workflow.Parse("workflow.yaml", []byte(text), known)
		if wf == nil {
			t.Fatal(diagnostics)
		}
		machine, err := compile.Workflow(wf)
		if err != nil {
			t.Fatal(err)
		}
		all[wf.ID+".yaml"], all[wf.ID+".asl.json"] = &fstest.MapFile{Data: []byte(text)}, &fstest.MapFile{Data: machine.JSON()}
	}
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

// system is a running stack as a client uses it.
type system struct {
	*local.Stack
	t      testing.TB
	client identity.Principal
}

// newSystem runs the shipped workflows and further ones over a folder of data.
func newSystem(t testing.TB, data string, texts ...string) *system {
	t.Helper()
	return run(t, local.Options{Data: data, Definitions: definitions(t, texts...)})
}

// run starts a system.
func run(t testing.TB, options local.Options) *system {
	t.Helper()
	options.Address, options.Logger = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	stack, err := local.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return &system{stack, t, identity.Principal{Tenant: stack.Demo.Tenant, Kind: identity.Client, ID: "key_1"}}
}

func (s *system) stop() {
	s.t.Helper()
	if err := s.Close(context.WithoutCancel(s.t.Context())); err != nil {
		s.t.Error(err)
	}
}

func (s *system) start(workflow, subject string, data map[string]any) cases.Record {
	s.t.Helper()
	r, err := s.Core.Cases.Start(s.t.Context(), s.client, cases.StartCommand{Workflow: workflow, Subject: cases.SubjectInput{Type: subject}, Context: data})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *system) send(id, event string) {
	s.t.Helper()
	if _, err := s.Core.Cases.Send(s.t.Context(), s.client, id, cases.SendCommand{Type: event}); err != nil {
		s.t.Fatal(err)
	}
}

// until asks until there is an answer, for ten minutes, as machines that test are slow.
func (s *system) until(what string, there func() bool) {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Minute); !there(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("never: %s", what)
		}
	}
}

// reach waits until the case is where it should be.
func (s *system) reach(id string, configuration ...string) cases.Whereabouts {
	s.t.Helper()
	var w cases.Whereabouts
	s.until("the case comes to "+configuration[0], func() (there bool) {
		var err error
		if w, err = s.Core.Cases.Whereabouts(s.t.Context(), s.client, id); err != nil {
			s.t.Fatal(err)
		}
		return slices.Equal(w.Configuration, configuration)
	})
	return w
}

// ended checks that the history of a case is whole and that its execution ends.
func (s *system) ended(r cases.Record) {
	s.t.Helper()
	if report, err := s.Core.Cases.Verify(s.t.Context(), s.client, r.ID); err != nil || !report.Valid {
		s.t.Errorf("%+v %v", report, err)
	}
	s.until("the execution ends", func() bool {
		running, err := s.Core.Executions.Running(s.t.Context(), r.Machine(), r.Execution.Name)
		if err != nil {
			s.t.Fatal(err)
		}
		return !running
	})
}
