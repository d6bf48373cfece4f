package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/statemachines"
)

// library is what policies of files may call: files that are named, those of neighbouring folders, files named <id>.yaml, .yml or
// .json in the same folder, and what ships, in this order.
type library struct {
	cmd    *cobra.Command
	named  map[string]*rules.Policy
	folder string
	beside map[string]document // policies of neighbouring folders, by id; read when they are called
}

func newLibrary(cmd *cobra.Command, named []*rules.Policy, beside string) library {
	l := library{cmd: cmd, named: map[string]*rules.Policy{}, folder: filepath.Dir(beside), beside: map[string]document{}}
	for _, p := range named {
		l.named[p.ID] = p
	}
	return l
}

// PolicyVersion implements rules.Versions. Files have one version.
func (l library) PolicyVersion(ctx context.Context, _, id string, version int) (*rules.Policy, error) {
	if p := l.named[id]; p != nil {
		return p, nil
	}
	if d, ok := l.beside[id]; ok {
		return parsedPolicy(l.cmd, d)
	}
	if filepath.Base(id) == id {
		for _, extension := range []string{".yaml", ".yml", ".json"} {
			file := filepath.Join(l.folder, id+extension)
			if _, err := os.Stat(file); err != nil {
				continue
			}
			if p, err := readPolicy(l.cmd, file); err != nil || p.ID == id {
				return p, err
			}
		}
	}
	shipped, err := registry.New(statemachines.Files, nil)
	if err != nil {
		return nil, err
	}
	p, err := shipped.PolicyVersion(ctx, "", id, version)
	if problem.CodeOf(err) == problem.UnknownPolicy {
		err = problem.New(problem.UnknownPolicy, "There is no policy %s: pass its file with --with, or put it next to the policy that calls it.", id)
	}
	return p, err
}

// get is PolicyVersion without its rest.
func (l library) get(id string) (*rules.Policy, error) {
	return l.PolicyVersion(l.cmd.Context(), "", id, 0)
}

// readPolicies reads the files of a flag, separated by commas where there are several.
func readPolicies(cmd *cobra.Command, files []string) (found []*rules.Policy, err error) {
	for _, file := range files {
		p, err := readPolicy(cmd, strings.TrimSpace(file))
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, nil
}
