package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
)

// golden is a folder with the complete answers of policies' cases, one file per policy. What a case does not expect
// explicitly cannot change unnoticed either.
type golden struct {
	folder string
	update bool
}

// hold compares the answers of a policy's cases with those that are kept, or keeps them. Differences become problems of the
// cases.
func (g golden) hold(policy string, results []rules.CaseResult) error {
	if g.folder == "" {
		return nil
	}
	file := filepath.Join(g.folder, policy+".golden.json")
	answers := make(map[string]rules.Answer, len(results))
	for _, result := range results {
		answers[result.Name] = result.Answer
	}
	if g.update {
		return writeGolden(file, answers)
	}
	kept := map[string]json.RawMessage{}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return usageError{fmt.Errorf("%s does not exist: --update writes it", file)}
	}
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil {
		return usageError{fmt.Errorf("%s cannot be read: %w", file, err)}
	}
	for i := range results {
		if err := compareGolden(&results[i], kept[results[i].Name]); err != nil {
			return err
		}
		delete(kept, results[i].Name)
	}
	for name := range kept {
		results[len(results)-1].Problems = append(results[len(results)-1].Problems, fmt.Sprintf("the golden outcome %q no longer has a test case: run with --update", name))
		results[len(results)-1].Passed = false
	}
	return nil
}

func writeGolden(file string, answers map[string]rules.Answer) error {
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	lines.SetEscapeHTML(false)
	lines.SetIndent("", "  ")
	if err := lines.Encode(answers); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, text.Bytes(), 0o644)
}

func compareGolden(result *rules.CaseResult, kept json.RawMessage) error {
	if kept == nil {
		result.Problems, result.Passed = append(result.Problems, "it has no golden outcome yet: run with --update"), false
		return nil
	}
	text, err := json.Marshal(result.Answer)
	if err != nil {
		return err
	}
	found, err := ledger.Differences(kept, text)
	for _, d := range found {
		message := "the golden outcome differs at " + d.Location
		if d.Was != nil || d.Is != nil {
			message += fmt.Sprintf(": was %v, is %v", d.Was, d.Is)
		}
		result.Problems, result.Passed = append(result.Problems, message), false
	}
	return err
}
