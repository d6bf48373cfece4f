package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"ballerine/internal/problem"
)

// starter is what a new project has.
//
//go:embed starter
var starter embed.FS

func initCommand() *cobra.Command {
	return &cobra.Command{
		Use: "init [DIR]", Short: "Create a project folder with a workflow, a policy, a plugin, test cases and a CI file", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := "."
			if len(args) > 0 {
				root = args[0]
			}
			files, err := starterFiles()
			if err != nil {
				return err
			}
			if _, err := os.Lstat(filepath.Join(root, ignoreFile)); err == nil { // most repositories have one
				files = slices.DeleteFunc(files, func(f starterFile) bool { return f.to == ignoreFile })
				fmt.Fprintf(cmd.ErrOrStderr(), "%s already exists and is left as it is: let it exclude .ballerine/, which will hold secrets and personal data.\n", filepath.Join(root, ignoreFile))
			}
			if err := checkNoneExist(root, files); err != nil {
				return err
			}
			for _, file := range files {
				if err := writeStarter(root, file); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(root, file.to))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "\nTry it: ballerine test %s\n", root)
			return nil
		},
	}
}

// ignoreFile keeps the data of a system that is started in the project out of its repository.
const ignoreFile = ".gitignore"

// starterFile is a file of the program and where it goes in a project.
type starterFile struct{ from, to string }

func starterFiles() (files []starterFile, err error) {
	err = fs.WalkDir(starter, "starter", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		to, err := filepath.Rel("starter", path)
		if filepath.Dir(to) == "ci" { // folders that begin with a dot are not embedded
			to = filepath.Join(".github", "workflows", filepath.Base(to))
		}
		if to == "gitignore" { // nor are files
			to = ignoreFile
		}
		files = append(files, starterFile{path, to})
		return err
	})
	return files, err
}

// checkNoneExist makes sure that no file is overwritten. Errors: Conflict with all that are there.
func checkNoneExist(root string, files []starterFile) error {
	e := problem.New(problem.Conflict, "The folder already has files of a project; nothing was written.")
	for _, file := range files {
		if _, err := os.Lstat(filepath.Join(root, file.to)); !errors.Is(err, fs.ErrNotExist) {
			e.With(filepath.Join(root, file.to), "exists", "already exists")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

func writeStarter(root string, file starterFile) error {
	text, err := starter.ReadFile(file.from)
	if err != nil {
		return fmt.Errorf("read a file of the program: %w", err)
	}
	path := filepath.Join(root, file.to)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("create a folder: %w", err)
	}
	return os.WriteFile(path, text, 0o644)
}
