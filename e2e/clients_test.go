package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// onboarding is a program that onboards a person with a client that was generated of infra/openapi.yaml, in one language.
type onboarding struct {
	needs   string // a file whose presence means that the language's tools are installed
	without string // what to do where they are not
	prepare [][]string
	run     []string
}

// TestGeneratedClientsOnboardAPerson starts the system once. In each language the client is made or compiled, and the same
// is done with it: a case, its document, its outcome, the list of cases, a refusal and a verified webhook.
//
//nolint:tparallel // the languages share a system, and other tests need not run beside them
func TestGeneratedClientsOnboardAPerson(t *testing.T) {
	s := start(t, t.TempDir())
	t.Cleanup(s.stop) // after the languages, which run beside each other
	folder := t.TempDir()
	goProgram, python := filepath.Join(folder, "onboard"), "../.tools/clients-venv/bin/"
	for language, o := range map[string]onboarding{
		"go": {
			needs: "../client/api.gen.go", without: "run make generate",
			prepare: [][]string{{"go", "build", "-o", goProgram, "../client/examples/onboard"}},
			run:     []string{goProgram},
		},
		"typescript": {
			needs: "../web/node_modules/.package-lock.json", without: "Node.js with what web/package-lock.json lists is needed: run make setup-node web",
			prepare: [][]string{{"npm", "run", "--silent", "build", "--prefix", "../web/client"}},
			run:     []string{"node", "../web/client/dist/examples/onboard.js"},
		},
		"python": {
			needs: python + "openapi-python-client", without: "Python 3.11 with venv is needed: run make setup-python",
			prepare: [][]string{{python + "openapi-python-client", "generate", "--path", "../infra/openapi.yaml", "--meta", "none", "--fail-on-warning", "--config", "python/generator.yaml", "--output-path", filepath.Join(folder, "ballerine")}},
			run:     []string{python + "python", "python/onboard.py"},
		},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat(o.needs); err != nil {
				if os.Getenv("CI") != "" {
					t.Fatal(o.without)
				}
				t.Skip("SKIPPED: " + o.without)
			}
			environment := append(os.Environ(), "API="+s.ready.API, "KEY="+s.ready.Demo.APIKey, "PYTHONPATH="+folder, "PYTHONDONTWRITEBYTECODE=1", "CGO_ENABLED=0")
			for _, command := range o.prepare {
				execute(t, environment, command)
			}
			checkOnboarding(t, execute(t, environment, append(o.run, "../docs/walkthrough/passport-kovacs.png")))
		})
	}
}

func checkOnboarding(t *testing.T, out []byte) {
	t.Helper()
	var done struct {
		Case, Outcome, Refused, Webhook string
		Listed                          int
	}
	if err := json.Unmarshal(out, &done); err != nil {
		t.Fatalf("not a summary: %v\n%s", err, out)
	}
	if done.Case == "" || done.Outcome != "approved" || done.Webhook != "approved" || done.Listed != 1 || done.Refused != "case_closed" {
		t.Errorf("it has done something else: %s", out)
	}
}

// execute runs a program and returns what it prints.
func execute(t *testing.T, environment, command []string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = environment, &out, &errs, time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%s", command, err, out.Bytes(), errs.Bytes())
	}
	return out.Bytes()
}
