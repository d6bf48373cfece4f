package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"ballerine/internal/httpapi"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/statemachines"
)

// document is a definition of a file.
type document struct {
	file string
	kind registry.Kind
	id   string
	text []byte
}

// projectFolders are where a project keeps its definitions, and of which kind they are.
var projectFolders = []struct {
	name string
	kind registry.Kind
}{{"policies", registry.Policy}, {"plugins", registry.Plugin}, {"workflows", registry.Workflow}}

// project is the documents in a folder.
type project struct {
	documents []document
	lists     []string // NAME=FILE
}

// readProject reads the folders policies, plugins, workflows and lists below a folder; which of them there are is not asked for.
func readProject(root string) (p project, err error) {
	for _, folder := range projectFolders {
		files, err := definitionsIn(filepath.Join(root, folder.name))
		if err != nil {
			return p, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return p, fmt.Errorf("read a definition: %w", err)
			}
			p.documents = append(p.documents, document{file, folder.kind, idOf(file, text), text})
		}
	}
	lists, err := filepath.Glob(filepath.Join(root, "lists", "*.csv"))
	for _, file := range lists {
		p.lists = append(p.lists, strings.TrimSuffix(filepath.Base(file), ".csv")+"="+file)
	}
	return p, err
}

// readWholeProject reads the folders of a project and the definitions beside them: `workflow import` puts its workflow there.
func readWholeProject(root string) (project, error) {
	p, err := readProject(root)
	if err != nil {
		return p, err
	}
	files, err := definitionsIn(root)
	if err != nil {
		return p, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return p, fmt.Errorf("read a definition: %w", err)
		}
		if kind, err := kindOf(file, text); err == nil { // there may be other files: a package.json, for example
			p.documents = append(p.documents, document{file, kind, idOf(file, text), text})
		}
	}
	return p, nil
}

// definitionsIn lists the YAML and JSON files of a folder, sorted; none where there is no folder.
func definitionsIn(folder string) (files []string, err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, entry := range entries {
		if !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(entry.Name())) {
			files = append(files, filepath.Join(folder, entry.Name()))
		}
	}
	return files, err
}

// rootOf is the folder whose neighbouring folders belong to a file.
func rootOf(file string) string {
	folder := filepath.Dir(file)
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return folder
	}
	for _, one := range projectFolders {
		if filepath.Base(absolute) == one.name {
			return filepath.Join(folder, "..")
		}
	}
	return folder
}

// kindOf is the kind of a document, by its contents. Errors: Invalid if it cannot be determined.
func kindOf(file string, text []byte) (registry.Kind, error) {
	var members map[string]any
	if err := yaml.Unmarshal(text, &members); err == nil {
		for _, one := range []struct {
			member string
			kind   registry.Kind
		}{{"states", registry.Workflow}, {"request", registry.Plugin}, {"outcomes", registry.Policy}, {"rules", registry.Policy}, {"tables", registry.Policy}, {"scorecard", registry.Policy}} {
			if _, ok := members[one.member]; ok {
				return one.kind, nil
			}
		}
	}
	return "", problem.New(problem.Invalid, "%s is neither a workflow (states), a policy (outcomes) nor a plugin (request).", file)
}

// hasKind makes sure that a command gets what it is for. Errors: Invalid when a document is plainly of another kind.
func hasKind(file string, text []byte, wanted registry.Kind) error {
	found, err := kindOf(file, text)
	if err != nil || found == wanted {
		return nil //nolint:nilerr // what is wrong with it is reported when it is read
	}
	return problem.New(problem.Invalid, "%s is a %s, and not a %s.", file, found, wanted)
}

// readWith reads what --with names: files of definitions and of lists (.csv), and folders of a project or of files.
func readWith(cmd *cobra.Command, named []string) (p project, err error) {
	for _, name := range named {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			one, err := readWholeProject(name)
			if err != nil {
				return p, err
			}
			p.documents, p.lists = append(p.documents, one.documents...), append(p.lists, one.lists...)
			continue
		}
		if filepath.Ext(name) == ".csv" {
			p.lists = append(p.lists, strings.TrimSuffix(filepath.Base(name), ".csv")+"="+name)
			continue
		}
		d, err := readDefinition(cmd, name)
		if err != nil {
			return p, err
		}
		p.documents = append(p.documents, d)
	}
	return p, nil
}

func readDefinition(cmd *cobra.Command, file string) (document, error) {
	text, err := readFile(cmd, file)
	if err != nil {
		return document{}, err
	}
	kind, err := kindOf(file, text)
	return document{file, kind, idOf(file, text), text}, err
}

// withFlag adds the flag that names further definitions.
func withFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringSlice("with", nil, "files or folders of policies, plugins, workflows and lists that it refers to; folders policies, plugins, workflows and lists next to it are found automatically")
	return cmd
}

// knownTo is what a workflow of a file may refer to: what --with names, what is in neighbouring folders, and what ships.
// A named document with errors is an error; those of a neighbour are only reported.
func knownTo(cmd *cobra.Command, file string) (*registry.Batch, error) {
	with, _ := cmd.Flags().GetStringSlice("with") // not every command has it
	named, err := readWith(cmd, with)
	if err != nil {
		return nil, err
	}
	beside := project{}
	if file != "-" {
		if beside, err = readProject(rootOf(file)); err != nil {
			return nil, err
		}
	}
	all := merged(named, beside, file)
	batch, err := checked(cmd, all)
	if err != nil {
		return nil, err
	}
	for i, d := range all.documents {
		found := batch.Found[i]
		renameFile(found, d.file)
		switch {
		case !found.Failed():
		case i < len(named.documents):
			return nil, diagnosticsError{found}
		default:
			warn(cmd, problem.Diagnostic{File: d.file, Code: "neighbour", Message: "has problems itself"}, d.file+": has problems itself")
		}
	}
	return batch, nil
}

// merged are documents that were named, and then those beside a file that were not named. The file itself is not one of them.
func merged(named, beside project, file string) project {
	all := project{documents: slices.Clone(named.documents), lists: append(slices.Clone(beside.lists), named.lists...)}
	for _, d := range beside.documents {
		if filepath.Clean(d.file) != filepath.Clean(file) && !slices.ContainsFunc(named.documents, d.sameAs) {
			all.documents = append(all.documents, d)
		}
	}
	return all
}

// checked checks all documents of a project against each other and what ships.
func checked(cmd *cobra.Command, p project) (*registry.Batch, error) {
	catalog, err := registry.New(statemachines.Files, nil)
	if err == nil {
		err = catalog.LoadPlugins()
	}
	if err != nil {
		return nil, err
	}
	values, err := readLists(cmd, p.lists)
	if err != nil {
		return nil, err
	}
	if len(values) > 0 {
		catalog.Lists = values
	}
	documents := make([]registry.Publish, len(p.documents))
	for i, d := range p.documents {
		documents[i] = registry.Publish{Kind: d.kind, ID: d.id, Source: string(d.text)}
	}
	batch := catalog.CheckBatch(cmd.Context(), "", documents)
	for i, d := range p.documents {
		if first := slices.IndexFunc(p.documents, d.sameAs); first < i {
			batch.Found[i] = append(batch.Found[i], problem.Diagnostic{
				File: d.file, Line: lineOfID(d.text), Column: 1, Code: "duplicate_id", Severity: problem.SeverityError,
				Message: fmt.Sprintf("the id %s is that of the %s in %s: only one of them would count", d.id, d.kind, p.documents[first].file),
			})
		}
	}
	return batch, nil
}

// sameAs reports whether two documents would be published under one id.
func (d document) sameAs(other document) bool { return d.kind == other.kind && d.id == other.id }

// lineOfID is where a document states its id; 1 when it does not.
func lineOfID(text []byte) int {
	var node yaml.Node
	if yaml.Unmarshal(text, &node) == nil && len(node.Content) == 1 {
		for _, key := range node.Content[0].Content {
			if key.Value == "id" {
				return key.Line
			}
		}
	}
	return 1
}

// ListNames implements registry.Lists.
func (l listFiles) ListNames(context.Context, string) ([]string, error) { return l.names(), nil }

// workspace is what the project holds, to be published in one call.
func (p project) workspace(comment string) registry.Workspace {
	definitions := make([]registry.Definition, len(p.documents))
	for i, d := range p.documents {
		definitions[i] = registry.Definition{Kind: d.kind, ID: d.id, Source: string(d.text), Comment: comment}
	}
	return registry.NewWorkspace(definitions)
}

// locate names the project's file in the warnings of each publication.
func (p project) locate(published []httpapi.Publication) {
	for _, one := range published {
		for _, d := range p.documents {
			if d.kind == one.Kind && d.id == one.ID {
				renameFile(one.Warnings, d.file)
			}
		}
	}
}
