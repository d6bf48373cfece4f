package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build is what this program was made from. The Go toolchain has stamped it: the same commit produces the same bytes.
type build struct {
	Version  string `json:"version"`            // "v1.2.3", a version of Go's for a commit without a tag, or "dev"
	Commit   string `json:"commit,omitempty"`   // absent where the sources were not in a repository
	Date     string `json:"date,omitempty"`     // of the commit, RFC 3339
	Modified bool   `json:"modified,omitempty"` // the sources were not those of the commit
	Go       string `json:"go"`
	Platform string `json:"platform"` // "linux/arm64"
}

func buildOf(info *debug.BuildInfo) build {
	b := build{Version: "dev", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info == nil {
		return b
	}
	b.Version = cmp.Or(info.Main.Version, b.Version)
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.time":
			b.Date = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}

func thisBuild() build {
	info, _ := debug.ReadBuildInfo() // nil where it was built otherwise than by modules
	return buildOf(info)
}

// version is the build's, from the Go toolchain.
func version() string { return thisBuild().Version }

// String is the build for people, in one line.
func (b build) String() string {
	text := "ballerine " + b.Version
	if b.Commit != "" {
		text += fmt.Sprintf(", commit %s of %s", b.Commit[:min(12, len(b.Commit))], b.Date)
	}
	if b.Modified {
		text += ", with changes"
	}
	return fmt.Sprintf("%s, %s, %s", text, b.Go, b.Platform)
}

func printVersion(cmd *cobra.Command) error {
	b := thisBuild()
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(b)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), b)
	return err
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version, the commit it was built from, and Go's version",
		RunE: func(cmd *cobra.Command, _ []string) error { return printVersion(cmd) },
	}
}
