// Package notices generates THIRD_PARTY_NOTICES.md: the software in the shipped programs with the texts of its licences. The
// builds of the dashboard and the applicants' pages generate their own lists.
package notices

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// Module is a module whose code is in something that ships.
type Module struct {
	Path, Version string
	Licences      []string // as SPDX writes them, sorted
	Texts         []string // of its files of licences, copyrights and notices
}

// allowed are licences, and one grant of patents that comes beside them, under which others' code can be inside a program that is under Apache-2.0.
var allowed = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "GooglePatentsFile", "ISC", "MIT", "MIT-0", "MPL-2.0", "Unlicense", "Zlib"}

var legal = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|copyright|patents)([.-].*)?$`)

// Shipped lists the modules behind packages, without the main one. The Go library itself stands first.
func Shipped(ctx context.Context, root string, packages ...string) ([]Module, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"list", "-deps", "-json=Module,Standard", "-tags", "lambda.norpc,nethttpomithttp2"}, packages...)...) //nolint:gosec // our own packages
	command.Dir = root
	command.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	goRoot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("find Go: %w", err)
	}
	folders := map[string]*Module{strings.TrimSpace(string(goRoot)): {Path: "Go's library and run time"}}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Module *struct {
				Path, Version, Dir string
				Main               bool
				Replace            *struct{ Path, Version, Dir string }
			}
		}
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read packages: %w", err)
		}
		if m := p.Module; m != nil && !m.Main {
			folders[m.Dir] = &Module{Path: m.Path, Version: m.Version}
		}
	}
	var modules []Module
	for folder, m := range folders {
		if err := m.read(folder); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Path, err)
		}
		modules = append(modules, *m)
	}
	slices.SortFunc(modules, func(a, b Module) int {
		if (a.Version == "") != (b.Version == "") {
			return len(a.Version) - len(b.Version)
		}
		return strings.Compare(a.Path, b.Path)
	})
	return modules, nil
}

// read takes the texts in a module's folder, and finds which licences they are.
func (m *Module) read(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() || !legal.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		m.Texts = append(m.Texts, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
		for _, match := range licensecheck.Scan(text).Match {
			m.Licences = append(m.Licences, match.ID)
		}
	}
	slices.Sort(m.Licences)
	m.Licences = slices.Compact(m.Licences)
	return nil
}

// Problems states which modules must not ship as they are: without a licence, or under one that is not allowed.
func Problems(modules []Module) (found []string) {
	for _, m := range modules {
		if len(m.Licences) == 0 {
			found = append(found, m.Path+" has no licence that is recognised")
		}
		for _, id := range m.Licences {
			if !slices.Contains(allowed, id) {
				found = append(found, m.Path+" is under "+id+", which is not allowed inside what ships")
			}
		}
	}
	return found
}

// Write writes the list: which modules, under what, and each text once.
func Write(modules []Module) []byte {
	var b strings.Builder
	b.WriteString("# Third-party notices\n\nWhat is built from this repository contains software of others. This page lists it with its licences; `make generate` writes it\n" +
		"again. The dashboard and the applicants' pages have lists of their own beside their pages, `licenses.md`.\n\n| software | version | licence | text |\n|---|---|---|---|\n")
	numbers, texts := map[[sha256.Size]byte]int{}, []string{}
	for _, m := range modules {
		var places []string
		for _, text := range m.Texts {
			sum := sha256.Sum256([]byte(text))
			if numbers[sum] == 0 {
				texts = append(texts, text)
				numbers[sum] = len(texts)
			}
			places = append(places, fmt.Sprintf("[%d](#text-%[1]d)", numbers[sum]))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m.Path, m.Version, strings.Join(m.Licences, ", "), strings.Join(places, " "))
	}
	for i, text := range texts {
		fmt.Fprintf(&b, "\n## Text %d\n\n```text\n%s\n```\n", i+1, strings.ReplaceAll(text, "```", "'''"))
	}
	return []byte(b.String())
}
