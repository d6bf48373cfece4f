package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"ballerine/internal/httpapi"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

// definitions are what is published, wherever it is.
type definitions interface {
	publish(ctx context.Context, cmd registry.Publish) (outcome, error)
	newest(ctx context.Context, kind registry.Kind) ([]httpapi.DefinitionVersion, error)
	versions(ctx context.Context, kind registry.Kind, id string) ([]httpapi.DefinitionVersion, error)
	version(ctx context.Context, kind registry.Kind, id string, version int) (httpapi.DefinitionVersion, error)
	copyAs(ctx context.Context, id, as string) (outcome, error)
	export(ctx context.Context) (registry.Workspace, error)
	importAll(ctx context.Context, w registry.Workspace, dryRun bool) (outcome, error)
}

// registryCommands are those of every kind of definition.
func registryCommands(kind registry.Kind) []*cobra.Command {
	t := &target{}
	commands := []*cobra.Command{publishCommand(t, kind), listCommand(t, kind), completes(versionsCommand(t, kind), t, knownDefinitions(kind)), completes(showCommand(t, kind), t, knownDefinitions(kind))}
	if kind == registry.Workflow {
		commands = append(commands, completes(copyCommand(t), t, knownWorkflows))
	}
	for _, c := range commands {
		t.flags(c.Flags())
	}
	return append(commands, schemaCommand(kind))
}

func pluginCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "plugin", Short: "Publish vendor plugins"}
	strictFlag(cmd)
	cmd.AddCommand(registryCommands(registry.Plugin)...)
	return cmd
}

func publishCommand(t *target, kind registry.Kind) *cobra.Command {
	var comment string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "publish FILE...", Short: fmt.Sprintf("Publish a %s: a new version, unless the newest is the same", kind), Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			return t.with(func(s source) error {
				documents := make([]registry.Publish, len(files))
				for i, file := range files {
					text, err := readFile(cmd, file)
					if err != nil {
						return err
					}
					if err := hasKind(file, text, kind); err != nil {
						return err
					}
					documents[i] = registry.Publish{Kind: kind, ID: idOf(file, text), Source: string(text), Comment: comment, DryRun: dryRun}
				}
				if asStrict(cmd) {
					if err := strictly(cmd, s, files, documents); err != nil {
						return err
					}
				}
				all, err := publishAll(cmd.Context(), s, files, documents)
				if err != nil {
					return err
				}
				return printOutcome(cmd, all)
			})
		},
	}
	cmd.Flags().StringVar(&comment, "comment", "", "comment on what has changed")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only validate, and report what would happen")
	return cmd
}

// publishAll publishes documents, one after the other.
func publishAll(ctx context.Context, s source, files []string, documents []registry.Publish) (outcome, error) {
	all := outcome{Data: []httpapi.Publication{}}
	for i, document := range documents {
		one, err := s.publish(ctx, document)
		if err != nil {
			return all, inFile(err, files[i])
		}
		for _, p := range one.Data {
			renameFile(p.Warnings, files[i])
		}
		all.Data, all.Proposals = append(all.Data, one.Data...), append(all.Proposals, one.Proposals...)
	}
	return all, nil
}

// strictly checks without publishing, and fails on any finding: then nothing is published.
func strictly(cmd *cobra.Command, s source, files []string, documents []registry.Publish) error {
	tried := slices.Clone(documents)
	for i := range tried {
		tried[i].DryRun = true
	}
	would, err := publishAll(cmd.Context(), s, files, tried)
	if err != nil {
		return err
	}
	var found problem.Diagnostics
	for _, p := range would.Data {
		found = append(found, p.Warnings...)
	}
	return passed(cmd, found)
}

func renameFile(found problem.Diagnostics, file string) {
	for i := range found {
		found[i].File = file
	}
}

// idOf is the id of a document: its own, or the name of its file.
func idOf(file string, text []byte) string {
	var document struct{ ID string }
	if yaml.Unmarshal(text, &document) == nil && document.ID != "" {
		return document.ID
	}
	return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
}

// inFile sets the name of the file that diagnostics are about.
func inFile(err error, file string) error {
	found, _ := problem.As(err).Details["diagnostics"].(problem.Diagnostics)
	var failed diagnosticsError
	if errors.As(err, &failed) {
		found = failed.Diagnostics
	}
	if len(found) == 0 {
		return err
	}
	renameFile(found, file)
	return diagnosticsError{found}
}

func listCommand(t *target, kind registry.Kind) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: fmt.Sprintf("List the newest version of each %s", kind),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return t.with(func(s source) error {
				found, err := s.newest(cmd.Context(), kind)
				return printVersions(cmd, found, err)
			})
		},
	}
}

func versionsCommand(t *target, kind registry.Kind) *cobra.Command {
	return &cobra.Command{
		Use: "versions ID", Short: fmt.Sprintf("List the versions of a %s, the newest first", kind), Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				found, err := s.versions(cmd.Context(), kind, args[0])
				return printVersions(cmd, found, err)
			})
		},
	}
}

func printVersions(cmd *cobra.Command, found []httpapi.DefinitionVersion, err error) error {
	if err != nil {
		return err
	}
	return printRows(cmd, found, "ID|VERSION|PUBLISHED|BY|TITLE|COMMENT", func(d httpapi.DefinitionVersion) []any {
		at := "shipped"
		if d.PublishedAt != nil {
			at = d.PublishedAt.Format(time.RFC3339)
		}
		return []any{d.ID, d.Version, at, d.PublishedBy, d.Title, d.Comment}
	})
}

func showCommand(t *target, kind registry.Kind) *cobra.Command {
	return &cobra.Command{
		Use: "show ID[@VERSION]", Short: fmt.Sprintf("Print a published %s", kind), Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, version, err := splitVersion(args[0])
			if err != nil {
				return err
			}
			return t.with(func(s source) error {
				if version == 0 {
					all, err := s.versions(cmd.Context(), kind, id)
					if err != nil {
						return err
					}
					version = all[0].Version
				}
				d, err := s.version(cmd.Context(), kind, id, version)
				if err != nil {
					return err
				}
				if asJSON(cmd) {
					return json.NewEncoder(cmd.OutOrStdout()).Encode(d)
				}
				_, err = fmt.Fprint(cmd.OutOrStdout(), d.Source)
				return err
			})
		},
	}
}

// splitVersion reads "kyc@3"; 0 is the newest.
func splitVersion(text string) (id string, version int, err error) {
	id, number, given := strings.Cut(text, "@")
	if !given {
		return id, 0, nil
	}
	if version, err = strconv.Atoi(number); err != nil || version < 1 {
		return "", 0, usageError{fmt.Errorf("%q is not ID@VERSION", text)}
	}
	return id, version, nil
}

func copyCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "copy ID NEW", Short: "Publish a workflow under another id", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				done, err := s.copyAs(cmd.Context(), args[0], args[1])
				if err != nil {
					return err
				}
				return printOutcome(cmd, done)
			})
		},
	}
}

func workspaceCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "workspace", Short: "Copy all published definitions to another environment"}
	t.flags(cmd.PersistentFlags())
	cmd.AddCommand(exportCommand(t), importWorkspaceCommand(t))
	return cmd
}

func exportCommand(t *target) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "export", Short: "Export the latest version of all published definitions",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return t.with(func(s source) error {
				w, err := s.export(cmd.Context())
				if err != nil {
					return err
				}
				text, err := json.MarshalIndent(w, "", "  ")
				if err != nil {
					return fmt.Errorf("write the workspace: %w", err)
				}
				text = append(text, '\n')
				if output == "" || output == "-" {
					_, err = cmd.OutOrStdout().Write(text)
					return err
				}
				return os.WriteFile(output, text, 0o644)
			})
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write; default: standard output")
	return cmd
}

func importWorkspaceCommand(t *target) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Publish what is new in an exported workspace, or nothing if any definition has problems", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readFile(cmd, args[0])
			if err != nil {
				return err
			}
			w, err := registry.ReadWorkspace(text)
			if err != nil {
				return err
			}
			return t.with(func(s source) error {
				done, err := s.importAll(cmd.Context(), w, dryRun)
				if err != nil {
					return err
				}
				return printOutcome(cmd, done)
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only validate, and report what would happen")
	return cmd
}

func (l atRest) publish(ctx context.Context, cmd registry.Publish) (outcome, error) {
	made, err := l.publisher.Publish(ctx, l.principal, cmd)
	return outcome{Data: []httpapi.Publication{httpapi.PublicationShape(made, cmd.DryRun)}}, err
}

func (l atRest) newest(ctx context.Context, kind registry.Kind) ([]httpapi.DefinitionVersion, error) {
	found, err := l.publisher.Catalog.Newest(ctx, l.principal.Tenant, kind)
	return httpapi.ShapeDefinitions(found), err
}

func (l atRest) versions(ctx context.Context, kind registry.Kind, id string) ([]httpapi.DefinitionVersion, error) {
	found, err := l.publisher.Catalog.Versions(ctx, l.principal.Tenant, kind, id)
	return httpapi.ShapeDefinitions(found), err
}

func (l atRest) version(ctx context.Context, kind registry.Kind, id string, version int) (httpapi.DefinitionVersion, error) {
	found, err := l.publisher.Catalog.Definition(ctx, l.principal.Tenant, kind, id, version)
	return httpapi.ShapeDefinitions([]registry.Definition{found})[0], err
}

func (l atRest) copyAs(ctx context.Context, id, as string) (outcome, error) {
	made, err := l.publisher.Copy(ctx, l.principal, registry.CopyAs{Kind: registry.Workflow, ID: id, As: as})
	return outcome{Data: []httpapi.Publication{httpapi.PublicationShape(made, false)}}, err
}

func (l atRest) export(ctx context.Context) (registry.Workspace, error) {
	return l.publisher.Export(ctx, l.principal.Tenant)
}

func (l atRest) importAll(ctx context.Context, w registry.Workspace, dryRun bool) (outcome, error) {
	made, err := l.publisher.Import(ctx, l.principal, registry.ImportWorkspace{Workspace: w, DryRun: dryRun})
	done := outcome{Data: []httpapi.Publication{}}
	for _, one := range made {
		done.Data = append(done.Data, httpapi.PublicationShape(one, dryRun))
	}
	return done, err
}

// folder of a kind in the interface's paths.
func folder(kind registry.Kind) string {
	return map[registry.Kind]string{registry.Workflow: "/v1/workflows", registry.Policy: "/v1/policies", registry.Plugin: "/v1/plugins"}[kind]
}

func (r remote) publish(ctx context.Context, cmd registry.Publish) (outcome, error) {
	body := map[string]any{"source": cmd.Source, "comment": cmd.Comment, "dry_run": cmd.DryRun}
	return r.publishing(ctx, folder(cmd.Kind)+"/"+url.PathEscape(cmd.ID)+"/versions", body)
}

// publishing is a call that returns a publication, or a proposal.
func (r remote) publishing(ctx context.Context, path string, body any) (outcome, error) {
	got, err := r.exchange(ctx, message{method: http.MethodPost, path: path, body: body})
	if err != nil || got.status == http.StatusAccepted {
		return proposedOutcome(got, err)
	}
	var made httpapi.Publication
	err = got.decode(&made)
	return outcome{Data: []httpapi.Publication{made}}, err
}

func proposedOutcome(got answer, err error) (outcome, error) {
	var made httpapi.Proposal
	if err == nil {
		err = got.decode(&made)
	}
	if err != nil {
		return outcome{}, err
	}
	return outcome{Data: []httpapi.Publication{}, Proposals: []httpapi.Proposal{made}}, nil
}

func (r remote) newest(ctx context.Context, kind registry.Kind) ([]httpapi.DefinitionVersion, error) {
	var page httpapi.List[httpapi.DefinitionVersion]
	if err := r.get(ctx, folder(kind), &page); err != nil || kind != registry.Workflow {
		return page.Data, err
	}
	for i := range page.Data { // the list that people see contains less
		versions, err := r.versions(ctx, kind, page.Data[i].ID)
		if err != nil {
			return nil, err
		}
		page.Data[i] = versions[0]
	}
	return page.Data, nil
}

func (r remote) versions(ctx context.Context, kind registry.Kind, id string) ([]httpapi.DefinitionVersion, error) {
	var page httpapi.List[httpapi.DefinitionVersion]
	err := r.get(ctx, folder(kind)+"/"+url.PathEscape(id)+"/versions", &page)
	return page.Data, err
}

func (r remote) version(ctx context.Context, kind registry.Kind, id string, version int) (found httpapi.DefinitionVersion, err error) {
	err = r.get(ctx, folder(kind)+"/"+url.PathEscape(id)+"/versions/"+strconv.Itoa(version), &found)
	return found, err
}

func (r remote) copyAs(ctx context.Context, id, as string) (outcome, error) {
	return r.publishing(ctx, folder(registry.Workflow)+"/"+url.PathEscape(id)+"/copy", map[string]any{"id": as})
}

func (r remote) export(ctx context.Context) (w registry.Workspace, err error) {
	err = r.get(ctx, "/v1/workspace", &w)
	return w, err
}

func (r remote) importAll(ctx context.Context, w registry.Workspace, dryRun bool) (outcome, error) {
	got, err := r.exchange(ctx, message{method: http.MethodPost, path: "/v1/workspace/imports", body: map[string]any{"workspace": w, "dry_run": dryRun}})
	if err != nil || got.status == http.StatusAccepted {
		return proposedOutcome(got, err)
	}
	var page httpapi.List[httpapi.Publication]
	err = got.decode(&page)
	return outcome{Data: page.Data}, err
}
