package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/local"
	"ballerine/statemachines"
)

const (
	askPlugin   = "id: ask\ntitle: Ask\nrequest: {method: GET, url: \"{vendor.acme}/v1\", headers: {Authorization: \"Bearer {secret.ACME_KEY}\", X-Client: \"{secret.ACME_CLIENT}\"}}\n"
	askWorkflow = "id: asking\ninitial: ask\nstates:\n  ask: {invoke: [{src: vendor, id: answer, input: {plugin: ask}}], onDone: done, onError: failed}\n  done: {type: final}\n  failed: {type: final}\n"
)

// TestADevSystemTakesItsOwnersSecretsAndSettings runs a case whose plugin needs one of the environment and one of a file.
func TestADevSystemTakesItsOwnersSecretsAndSettings(t *testing.T) {
	asked := make(chan http.Header, 1)
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"ok":true}`))
	}))
	defer vendor.Close()
	t.Setenv("BALLERINE_SECRET_ACME_KEY", "of the environment")
	t.Setenv("BALLERINE_SETTING_ACME", vendor.URL)
	folder := filepath.Dir(file(t, "ACME_CLIENT", "of a file\n"))
	settings, err := vendorSettings(newRoot(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	stack, err := local.Start(t.Context(), local.Options{Data: t.TempDir(), Address: "127.0.0.1:0", Definitions: statemachines.Files, Logger: slog.New(slog.DiscardHandler), Secrets: folder, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	defer stack.Close(t.Context())
	at := []string{"--endpoint", stack.URL, "--api-key", stack.Demo.Users[0].Token}
	for _, args := range [][]string{{"plugin", "publish", file(t, "ask.yaml", askPlugin)}, {"workflow", "publish", file(t, "asking.yaml", askWorkflow)}} {
		if got := call(t, "", append(args, at...)...); got.code != 0 || got.errs != "" {
			t.Fatalf("%+v", got)
		}
	}
	client := identity.Principal{Tenant: stack.Demo.Tenant, Kind: identity.Client, ID: "key_1"}
	if _, err := stack.Core.Cases.Start(t.Context(), client, cases.StartCommand{Workflow: "asking", Subject: cases.SubjectInput{Type: "individual"}}); err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got.Get("Authorization") != "Bearer of the environment" || got.Get("X-Client") != "of a file" {
		t.Errorf("the vendor was asked with %v", got)
	}
	if left, err := stack.Unconfigured(t.Context()); len(left) > 0 || err != nil {
		t.Errorf("missing: %v %v", left, err)
	}
}

func TestWhatIsNotConfiguredIsNamedWhenPublished(t *testing.T) {
	t.Setenv("BALLERINE_SECRET_ACME_KEY", "of the environment")
	stack, err := local.Start(t.Context(), local.Options{Data: t.TempDir(), Address: "127.0.0.1:0", Definitions: statemachines.Files, Logger: slog.New(slog.DiscardHandler), Settings: map[string]string{"acme": "no address"}})
	if err != nil {
		t.Fatal(err)
	}
	defer stack.Close(t.Context())
	at := []string{"--endpoint", stack.URL, "--api-key", stack.Demo.Users[0].Token}
	path := file(t, "ask.yaml", askPlugin)
	got := call(t, "", append([]string{"plugin", "publish", path}, at...)...)
	if got.code != 0 || !strings.Contains(got.errs, "ask.yaml:3:") || !strings.Contains(got.errs, "The secret ACME_CLIENT is not configured.") || !strings.Contains(got.errs, "The setting vendor.acme is not a base address.") ||
		strings.Contains(got.errs, "ACME_KEY") || strings.Contains(got.errs, "no address") {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", append([]string{"plugin", "publish", path, "--strict"}, at...)...); got.code != exitProblems {
		t.Errorf("strictly: %+v", got)
	}
	left, err := stack.Unconfigured(t.Context())
	if err != nil || len(left) != 2 || left[0].File != "ask" {
		t.Errorf("at the start: %v %v", left, err)
	}
}

func TestSettingsAreReadWithoutTellingTheirValues(t *testing.T) {
	settings := file(t, "settings.yaml", "acme: https://of-a-file\nother: of a file\n")
	t.Setenv("BALLERINE_SETTING_OTHER", "of the environment")
	got, err := vendorSettings(newRoot(), settings, []string{"acme=of a flag"})
	if err != nil || got["acme"] != "of a flag" || got["other"] != "of the environment" {
		t.Errorf("%v %v", got, err)
	}
	for name, text := range map[string]string{"a list": "[hidden]", "an object": "a: {b: hidden}", "no YAML": "hidden: : ["} {
		if _, err := vendorSettings(newRoot(), file(t, "s.yaml", text), nil); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, flag := range []string{"acme", "acme=", "1=x", "a b=x", "a=x\ny"} {
		if _, err := vendorSettings(newRoot(), "", []string{flag}); err == nil {
			t.Errorf("%q was taken", flag)
		}
	}
	for _, flags := range [][]string{{"--record", t.TempDir(), "--replay", t.TempDir()}, {"--record", t.TempDir(), "--functions", "build"}} {
		if got := call(t, "", append([]string{"dev", "--data", t.TempDir()}, flags...)...); got.code != exitUsage {
			t.Errorf("%v: exit code %d", flags, got.code)
		}
	}
	if got := call(t, "", "dev", "--data", t.TempDir(), "--replay", t.TempDir()); got.code != exitProblems || !strings.Contains(got.errs, "no recordings") {
		t.Errorf("an empty folder: %+v", got)
	}
	if got := call(t, "", "dev", "--secrets", filepath.Join(t.TempDir(), "nothing")); got.code != exitUsage {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(".ballerine"); err == nil {
		t.Error("a wrong call made data")
	}
}
