package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// walkthrough is the README's marked shell blocks, in order, as one script.
func walkthrough(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)<!-- walkthrough -->\n```sh\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 6 {
		t.Fatalf("the README has only %d walk-through blocks", len(blocks))
	}
	var script strings.Builder
	script.WriteString("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n")
	for _, block := range blocks {
		script.WriteString(block[1])
	}
	return script.String()
}

// runWalkthrough runs the script in a folder that looks like the repository to it.
func runWalkthrough(t *testing.T, s *server, script string) string {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is needed in CI", tool)
			}
			t.Skipf("SKIPPED: the README's walk-through needs %s, which is not on this machine", tool)
		}
	}
	folder := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"docs": filepath.Join(root, "docs"), ".ballerine": s.data, "bin/ballerine": path} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, link)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.WaitDelay = time.Second // a child of the script may hold its output open
	cmd.Dir = folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the walk-through failed: %v\n%s\n%s", err, out, s.errs)
	}
	return string(out)
}

func TestTheReadmesWalkThroughWorksAsWritten(t *testing.T) {
	s := start(t, t.TempDir())
	checkWalkthrough(t, s)
	s.stop()
}

// A vendor that fails twice and a receiver that fails first: both recover, the case and the webhook come through.
func TestTheWalkThroughSurvivesAFailingVendorAndAFailingReceiver(t *testing.T) {
	s := start(t, t.TempDir())
	script := strings.ReplaceAll(walkthrough(t), `"Anna Maria"`, `"Flaky"`)
	script = strings.Replace(script, "ballerine listen", "ballerine listen --fail 1", 1)
	script = strings.Replace(script, "until grep -q case.completed webhooks.jsonl", `until grep -q '"answered":204' webhooks.jsonl`, 1)
	script = strings.Replace(script, "kill %1", `curl -sf "$API/v1/cases/$CASE/tasks" -H "Authorization: Bearer $KEY" | jq -c '.data[] | {work, attempt, outcome, error}'`+"\nkill %1", 1)
	out := runWalkthrough(t, s, script)
	for _, want := range []string{
		`{"work":"identity","attempt":1,"outcome":"failed","error":"vendor_unavailable"}`, `{"work":"identity","attempt":3,"outcome":"done","error":null}`,
		`{"signature":"valid","type":"case.completed"}`, `"outcome":"approved"`, "whole",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %s:\n%s", want, out)
		}
	}
	s.stop()
}
