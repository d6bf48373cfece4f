package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ballerine/internal/apidoc"
	"ballerine/internal/apidoc/reference"
)

func openAPICommand() *cobra.Command {
	var server, folder string
	cmd := &cobra.Command{
		Use: "openapi", Short: "Print the OpenAPI document of the API as JSON, or write it and a readable reference to a folder (--folder)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if server = strings.TrimSuffix(server, "/"); server != "" && !isURL(server) {
				return usageError{fmt.Errorf("--server must be the URL of a system, such as https://risk.example.com")}
			}
			document, err := apidoc.JSON(server)
			if err != nil {
				return err
			}
			if folder == "" {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), string(document))
				return err
			}
			return writeReference(folder, document)
		},
	}
	cmd.Flags().StringVar(&server, "server", "", "URL of the system that the document describes; default: the address that it is read from")
	cmd.Flags().StringVar(&folder, "folder", "", "folder to write openapi.json, docs.html and docs.css to, to be served at /openapi.json, /docs and /docs.css")
	return cmd
}

func isURL(text string) bool {
	at, err := url.Parse(text)
	return err == nil && (at.Scheme == "https" || at.Scheme == "http") && at.Host != "" && at.RawQuery == "" && at.Fragment == "" && at.User == nil
}

func writeReference(folder string, document []byte) error {
	files, err := reference.Files(document)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("create the folder: %w", err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return fmt.Errorf("write the reference: %w", err)
		}
	}
	return nil
}
