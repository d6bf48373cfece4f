package registry_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"ballerine/internal/registry"
)

const asksAVendor = "id: asks\ntitle: Asks\ninitial: a\nstates:\n  a: {invoke: {src: vendor, id: answer, input: {plugin: asked}}, onDone: b}\n  b: {type: final}\n"

func pluginWith(attempts int) string {
	return fmt.Sprintf("id: asked\ntitle: Asked\nretry: {attempts: %d, interval: PT7S}\nrequest: {method: GET, url: \"https://vendor.example/\"}\nresponse: {result: {ok: \"{body.ok}\"}}\n", attempts)
}

// retries of a version, as a process reads it that has published nothing itself.
func (s *shop) retries(files fstest.MapFS, version int) int {
	s.t.Helper()
	catalog, err := registry.New(files, s.store)
	if err == nil {
		err = catalog.LoadPlugins()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	w, err := catalog.Workflow(s.t.Context(), "acme", "asks", version)
	if err != nil {
		s.t.Fatal(err)
	}
	made, _ := w.Invocation("a", "answer")
	return made.Retry.Attempts
}

func TestARunningVersionRetriesAsItsMachineDoes(t *testing.T) {
	s := newShop(t)
	files := fstest.MapFS{"plugins/none.txt": {Data: []byte("x")}}
	for version, attempts := range []int{0, 7} {
		s.publish(registry.Plugin, "asked", pluginWith(attempts))
		s.publish(registry.Workflow, "asks", fmt.Sprintf("%s# %d\n", asksAVendor, version))
	}
	s.publish(registry.Plugin, "asked", pluginWith(5))
	for version, want := range map[int]int{1: 0, 2: 7, 0: 7} {
		if got := s.retries(files, version); got != want {
			t.Errorf("version %d is retried %d times, and its machine does it %d times", version, got, want)
		}
	}
	w, err := s.Export(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range w.Definitions {
		if d.Plugins != nil {
			t.Errorf("%s %s takes what its machine was made with to another environment", d.Kind, d.ID)
		}
	}
}

func TestAVersionWithoutRecordHasItsPluginsNewestRetry(t *testing.T) {
	s := newShop(t)
	s.publish(registry.Plugin, "asked", pluginWith(0))
	s.publish(registry.Plugin, "asked", pluginWith(5))
	err := s.store.PutDefinition(t.Context(), registry.Definition{Tenant: "acme", Kind: registry.Workflow, ID: "asks", Version: 1, Source: asksAVendor, Digest: "sha256:x"})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.retries(fstest.MapFS{"plugins/none.txt": {Data: []byte("x")}}, 1); got != 5 {
		t.Errorf("%d retries", got)
	}
}

func TestAShippedWorkflowHasItsShippedPluginsRetry(t *testing.T) {
	s := newShop(t)
	files := fstest.MapFS{"asks.yaml": {Data: []byte(asksAVendor)}, "plugins/asked.yaml": {Data: []byte(pluginWith(6))}}
	s.publish(registry.Plugin, "asked", pluginWith(1)) // its machine ships, too
	if got := s.retries(files, 1); got != 6 {
		t.Errorf("%d retries", got)
	}
}
