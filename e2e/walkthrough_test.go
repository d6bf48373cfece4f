package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// walkthroughBlocks are the README's marked shell blocks with the answers that stand below them.
func walkthroughBlocks(t *testing.T) (blocks []guideBlock) {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile("(?s)<!-- walkthrough -->\n```sh\n(.*?)```(?:\n\n```text\n(.*?)```)?").FindAllStringSubmatch(string(readme), -1) {
		blocks = append(blocks, guideBlock{commands: match[1], answer: match[2]})
	}
	if len(blocks) < 6 {
		t.Fatalf("the README has only %d walk-through blocks", len(blocks))
	}
	return blocks
}

// walkthrough is the README's blocks, in order, as one script.
func walkthrough(t *testing.T) string {
	t.Helper()
	return scriptOf(walkthroughBlocks(t), "")
}

// scriptOf are the commands of blocks, each with something behind it.
func scriptOf(blocks []guideBlock, behind string) string {
	var script strings.Builder
	script.WriteString("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n")
	for _, block := range blocks {
		script.WriteString(block.commands + behind)
	}
	return script.String()
}

// checkWalkthrough runs the README's walk-through and compares every answer with the one that is shown.
func checkWalkthrough(t *testing.T, s *server) {
	t.Helper()
	checkBlocks(t, "the README", walkthroughBlocks(t), s)
}

// checkBlocks runs blocks as one script, and compares the whole answer of each with the one that a page shows.
func checkBlocks(t *testing.T, page string, blocks []guideBlock, s *server) {
	t.Helper()
	checkAnswers(t, page, blocks, s, func(answer string) string { return answer })
}

// checkAnswers compares the parts of answers that comparable keeps.
func checkAnswers(t *testing.T, page string, blocks []guideBlock, s *server, comparable func(answer string) string) {
	t.Helper()
	answers := strings.Split(runWalkthrough(t, s, scriptOf(blocks, "echo '"+guideMarker+"'\n")), guideMarker+"\n")
	for i, block := range blocks {
		if diff := cmp.Diff(readAnswer(comparable(block.answer)), readAnswer(comparable(answers[i]))); diff != "" {
			t.Errorf("%s shows another answer (-shown +printed):\n%s\n%s", page, block.commands, diff)
		}
	}
}

// readAnswer is an answer by line: what is JSON as the value that it is, everything without what differs between two runs.
func readAnswer(text string) []any {
	var lines []any
	for line := range strings.Lines(mask(text)) {
		var value any
		if json.Unmarshal([]byte(line), &value) != nil {
			value = strings.TrimSuffix(line, "\n")
		}
		lines = append(lines, value)
	}
	return lines
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
	for link, target := range map[string]string{
		"docs": filepath.Join(root, "docs"), "statemachines": filepath.Join(root, "statemachines"), ".ballerine": s.data, "bin/ballerine": path,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, link)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.WaitDelay = time.Second // a child of the script may hold its output open
	cmd.Dir = folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("the walk-through failed: %v\n%s%s\n%s", err, &out, &errs, s.errs)
	}
	checkLeft(t, root, folder)
	return out.String()
}

// checkLeft makes sure that git ignores the files that a page leaves in the root of a clone.
func checkLeft(t *testing.T, root, folder string) {
	t.Helper()
	ignored, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(ignored), "\n")
	for _, file := range left {
		if file.Type().IsRegular() && !slices.Contains(lines, "/"+file.Name()) {
			t.Errorf("%s is left in the clone, and git does not ignore it", file.Name())
		}
	}
}

func TestTheReadmesWalkThroughWorksAsWritten(t *testing.T) {
	s := start(t, t.TempDir())
	checkWalkthrough(t, s)
	checkWalkthrough(t, s) // whoever has tried it once tries it again, on the same system
	s.stop()
}

func TestAnAnswerIsComparedAsAWhole(t *testing.T) {
	shown := "{\"status\":\"active\",\"next\":[{\"event\":\"SUBMIT\",\"allowed\":false}]}\ncase_01M83ZT2B8DZ3204K31FQAWQ6K: 9 entries, whole\n"
	for printed, same := range map[string]bool{
		"{\"next\":[{\"allowed\":false,\"event\":\"SUBMIT\"}], \"status\":\"active\"}\ncase_01M83ZT2B8DZ3204K31FQAWQ6M: 9 entries, whole\n": true,
		"{\"status\":\"active\",\"next\":[{\"event\":\"SUBMIT\",\"allowed\":true}]}\ncase_01M83ZT2B8DZ3204K31FQAWQ6K: 9 entries, whole\n":   false,
		"{\"status\":\"active\",\"next\":[]}\ncase_01M83ZT2B8DZ3204K31FQAWQ6K: 9 entries, whole\n":                                          false,
		"{\"status\":\"active\",\"next\":[{\"event\":\"SUBMIT\",\"allowed\":false}]}\n":                                                     false,
		shown + "and more\n": false,
	} {
		if got := cmp.Equal(readAnswer(shown), readAnswer(printed)); got != same {
			t.Errorf("%s: %v", printed, got)
		}
	}
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
