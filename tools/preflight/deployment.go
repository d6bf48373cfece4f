package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// deployment is one environment of samconfig.toml.
type deployment struct {
	Environment, Stack, Region string
	Parameters                 map[string]string
	config                     map[string]any // the whole file
}

// readDeployment reads an environment as sam does: what it does not set is taken from [default].
func readDeployment(file, environment string) (*deployment, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	d := &deployment{Environment: environment, Parameters: map[string]string{}}
	if err := toml.Unmarshal(text, &d.config); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	deploy, ok := table(d.config, environment, "deploy", "parameters")
	if !ok {
		var known []string
		for name := range d.config {
			if _, ok := table(d.config, name, "deploy", "parameters"); ok {
				known = append(known, name)
			}
		}
		slices.Sort(known)
		return nil, fmt.Errorf("%s has no environment %q; it has %s", file, environment, strings.Join(known, ", "))
	}
	global, _ := table(d.config, environment, "global", "parameters")
	defaults, _ := table(d.config, "default", "global", "parameters")
	for _, from := range []map[string]any{defaults, global, deploy} {
		if region, ok := from["region"].(string); ok {
			d.Region = region
		}
		if name, ok := from["stack_name"].(string); ok {
			d.Stack = name
		}
	}
	overrides, _ := deploy["parameter_overrides"].([]any)
	for _, one := range overrides {
		name, value, found := strings.Cut(fmt.Sprint(one), "=")
		if !found {
			return nil, fmt.Errorf("%s: parameter_overrides: %q is not Name=value", file, one)
		}
		d.Parameters[name] = strings.Trim(value, `"`)
	}
	return d, nil
}

func table(value map[string]any, path ...string) (map[string]any, bool) {
	for _, name := range path {
		next, ok := value[name].(map[string]any)
		if !ok {
			return nil, false
		}
		value = next
	}
	return value, true
}

// revision is the check sum of what is deployed: code, templates and parameters.
func (d *deployment) revision(root, builds string) (string, error) {
	sum := sha256.New()
	files, err := filepath.Glob(filepath.Join(builds, "*", "bootstrap"))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("%s has no functions: run sam build first", builds)
	}
	templates, err := filepath.Glob(filepath.Join(root, "infra", "*.yaml"))
	if err != nil {
		return "", fmt.Errorf("list templates: %w", err)
	}
	machines, err := filepath.Glob(filepath.Join(root, "statemachines", "*.asl.json"))
	if err != nil {
		return "", fmt.Errorf("list machines: %w", err)
	}
	for _, file := range slices.Concat(files, templates, machines, []string{filepath.Join(root, "template.yaml")}) {
		if err := add(sum, file); err != nil {
			return "", err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Parameters)) {
		fmt.Fprintf(sum, "%q=%q\n", name, d.Parameters[name])
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func add(sum io.Writer, file string) error {
	content, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("read what is deployed: %w", err)
	}
	defer func() { _ = content.Close() }()
	size, err := io.Copy(sum, content)
	if err != nil {
		return fmt.Errorf("read what is deployed: %w", err)
	}
	fmt.Fprintf(sum, "%d\n", size)
	return nil
}

// write keeps the configuration with the revision among the parameters.
func (d *deployment) write(file, revision string) error {
	deploy, _ := table(d.config, d.Environment, "deploy", "parameters")
	overrides, _ := deploy["parameter_overrides"].([]any)
	deploy["parameter_overrides"] = append(slices.Clone(overrides), "Revision="+revision)
	text, err := toml.Marshal(d.config)
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}
