package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"ballerine/internal/connector"
	"ballerine/internal/local"
	"ballerine/internal/problem"
)

var settingName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,60}$`)

// vendorSettings are what plugins name as {connector.NAME}: of a file, over it of the environment, over it of flags. Values may be
// anything in one line; errors name a setting and never its value.
func vendorSettings(cmd *cobra.Command, file string, flags []string) (map[string]string, error) {
	settings := map[string]string{}
	if file != "" {
		text, err := readFile(cmd, file)
		if err != nil {
			return nil, err
		}
		if yaml.Unmarshal(text, &settings) != nil { // its own text would quote values
			return nil, problem.New(problem.Invalid, "%s must be an object of settings: NAME: value, one per line.", file)
		}
	}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if name, ok := strings.CutPrefix(name, connector.SettingPrefix); ok && value != "" {
			settings[name], settings[strings.ToLower(name)] = value, value
		}
	}
	for _, flag := range flags {
		name, value, ok := strings.Cut(flag, "=")
		if !ok || value == "" {
			return nil, usageError{fmt.Errorf("--setting must be NAME=VALUE")}
		}
		settings[name] = value
	}
	for name := range maps.Keys(settings) {
		if !settingName.MatchString(name) {
			return nil, usageError{fmt.Errorf("%q is not a valid setting name: letters, digits and underscores, beginning with a letter", name)}
		}
		if strings.ContainsFunc(settings[name], func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, usageError{fmt.Errorf("the setting %s contains control characters", name)}
		}
	}
	return settings, nil
}

// projectSettings is the name of a project's file of settings.
const projectSettings = "settings.yaml"

// settingsOf a folder is its file of settings; "" when it has none, or is no project.
func settingsOf(root string) string {
	file := filepath.Join(root, projectSettings)
	if info, err := os.Stat(file); err != nil || info.IsDir() {
		return ""
	}
	for _, one := range projectFolders {
		if info, err := os.Stat(filepath.Join(root, one.name)); err == nil && info.IsDir() {
			return file
		}
	}
	return ""
}

// folderOfSecrets must exist if it is named, or its secrets would be missed silently.
func folderOfSecrets(folder string) error {
	if folder == "" {
		return nil
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return usageError{fmt.Errorf("--secrets: there is no folder %s", folder)}
	}
	return nil
}

// warnUnconfigured reports which secrets and settings plugins name and nobody has configured. It does not stop anything:
// a plugin that no case uses may be left as it is.
func warnUnconfigured(cmd *cobra.Command, stack *local.Stack) {
	found, err := stack.Unconfigured(cmd.Context())
	if err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "Could not check whether all secrets and settings of plugins are configured: %v\n", err)
	}
	for _, d := range found {
		fmt.Fprintf(cmd.ErrOrStderr(), "plugin %s: %s (%s)\n", d.File, d.Message, d.Hint)
	}
}
