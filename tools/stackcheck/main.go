// Command stackcheck finds in expanded templates what AWS would only report during a deployment: names that are literal,
// too long or not unique, what would prevent a second attempt, and every quota that templates can exceed.
//
//	stackcheck FOLDER DOCUMENT           compares the table in the document with what it counts
//	stackcheck --write FOLDER DOCUMENT   writes it
//
// FOLDER has template.json and the nested ones, as tools/sam_expand.py writes them. Exit 1 lists all problems.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ballerine/infra/stack"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	write := len(args) > 0 && args[0] == "--write"
	if write {
		args = args[1:]
	}
	if len(args) != 2 {
		return errors.New("usage: stackcheck [--write] FOLDER DOCUMENT")
	}
	templates, err := read(args[0])
	if err != nil {
		return err
	}
	problems := slices.Concat(Structure(templates), CheckNames(templates))
	used := Count(templates)
	problems = append(problems, exceeded(used)...)
	problem, err := document(args[1], Table(used), write)
	if err != nil {
		return err
	}
	if problem != "" {
		problems = append(problems, problem)
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "\n"))
	}
	return nil
}

func read(folder string) (map[string]stack.Template, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	templates := map[string]stack.Template{}
	for _, file := range files {
		if templates[strings.TrimSuffix(filepath.Base(file), ".json")], err = stack.Read(file); err != nil {
			return nil, err
		}
	}
	if templates[stack.Root] == nil {
		return nil, fmt.Errorf("%s has no %s.json", folder, stack.Root)
	}
	return templates, nil
}

const (
	begin = "<!-- written by `make stack-limits` -->\n"
	end   = "<!-- end -->\n"
)

// document compares what stands between the marks with the table, or writes it.
func document(file, table string, write bool) (string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // chosen by the caller
	if err != nil {
		return "", fmt.Errorf("read the document: %w", err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	old, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", fmt.Errorf("%s has no place for the table", file)
	}
	switch {
	case old == table:
		return "", nil
	case !write:
		return file + ": the table is not what the templates come to: make stack-limits", nil
	}
	if err := os.WriteFile(file, []byte(before+begin+table+end+after), 0o644); err != nil { //nolint:gosec // as above
		return "", fmt.Errorf("write the document: %w", err)
	}
	return "", nil
}
