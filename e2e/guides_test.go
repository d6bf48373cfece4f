package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guideBlock is a command block of a guide and, directly below it, the answer that it prints.
type guideBlock struct{ commands, answer string }

var (
	fence        = regexp.MustCompile("(?m)^( *)```(.*)$")
	guideCommand = regexp.MustCompile("(?s)```sh\n(.*?)```(?:\n\n```text\n(.*?)```)?")
	volatile     = regexp.MustCompile(`\b([a-z]{2,5})_[0-9A-HJKMNP-TV-Z]{26}\b|\b\d{4}-\d\d-\d\dT[\d:.]+Z\b|\bsha256:[0-9a-f]{64}\b`)
)

// guideBlocks reads all command blocks of a guide. Every fence is part of one: no example is left unchecked.
func guideBlocks(t *testing.T, file string) []guideBlock {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []guideBlock
	fences := 0
	for _, match := range guideCommand.FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, guideBlock{commands: match[1], answer: match[2]})
		fences += 2
		if match[2] != "" {
			fences += 2
		}
	}
	if all := len(fence.FindAllString(string(text), -1)); all != fences || len(blocks) == 0 {
		t.Fatalf("%s has %d fences, and %d belong to commands and their answers", file, all, fences)
	}
	return blocks
}

// mask replaces what differs between two runs: ids, times and digests.
func mask(text string) string {
	return volatile.ReplaceAllStringFunc(text, func(found string) string {
		if kind, _, isID := strings.Cut(found, "_"); isID {
			return kind + "_…"
		}
		return "…"
	})
}

// What depends on how often a guide was followed: what was published the first time is unchanged the second, or the next
// version, and a backtest finds the decisions of both times.
var (
	published = regexp.MustCompile(`(?m)^(policy|plugin|workflow) \S+@\d+: (would be published|published|unchanged)\n(    .*\n)*`)
	version   = regexp.MustCompile(`@\d+`)
	counted   = regexp.MustCompile(`(?m)^\{"decisions":\d+,.*\n`)
)

// anyTime is an answer without that.
func anyTime(answer string) string {
	return version.ReplaceAllString(counted.ReplaceAllString(published.ReplaceAllString(answer, ""), ""), "@…")
}

const guideMarker = "=== the next block ==="

func TestTheGuidesWorkAsWritten(t *testing.T) {
	files, err := filepath.Glob("../docs/guides/*.md")
	if err != nil || len(files) < 4 {
		t.Fatalf("found the guides %v (%v)", files, err)
	}
	s := start(t, t.TempDir())
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".md"), func(t *testing.T) {
			checkBlocks(t, file, guideBlocks(t, file), s)
		})
	}
	t.Run("again", func(t *testing.T) { // on the same data: nothing of the first time is in the way of the second
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".md"), func(t *testing.T) {
				checkAnswers(t, file, guideBlocks(t, file), s, anyTime)
			})
		}
	})
	if left := s.must(200, "GET", "/v1/webhooks", s.ready.Demo.APIKey, nil); len(left.body["data"].([]any)) != 0 {
		t.Errorf("guides leave subscriptions whose receivers are gone: %s", left.raw)
	}
	s.stop()
}

func TestNoGuideHasAFixedIdempotencyKey(t *testing.T) {
	key := regexp.MustCompile(`Idempotency-Key: ([^"]*)"`)
	files, err := filepath.Glob("../docs/guides/*.md")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, file := range append(files, "../docs/workflows.md", "../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range key.FindAllStringSubmatch(string(text), -1) {
			if read++; !strings.Contains(match[1], "$") {
				t.Errorf("%s: who follows it again with the key %s gets the answer of the first time", file, match[1])
			}
		}
	}
	if read < 10 {
		t.Errorf("only %d keys were found", read)
	}
}
