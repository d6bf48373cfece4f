package archtest

import (
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// What nobody watches gets old: every folder whose dependencies are locked, or listed, is in the configuration that proposes updates.
func TestEveryFolderWithDependenciesIsWatched(t *testing.T) {
	text, err := os.ReadFile("../../.github/dependabot.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Updates []struct {
			Ecosystem   string   `yaml:"package-ecosystem"`
			Directory   string   `yaml:"directory"`
			Directories []string `yaml:"directories"`
		} `yaml:"updates"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	var watched []string
	for _, update := range config.Updates {
		for _, folder := range append(update.Directories, update.Directory) {
			if folder != "" {
				watched = append(watched, update.Ecosystem+" "+folder)
			}
		}
	}
	command := exec.CommandContext(t.Context(), "git", "ls-files")
	command.Dir = "../.."
	listed, err := command.Output()
	if err != nil {
		t.Skip("not a clone of the repository: ", err)
	}
	kinds := map[string]string{"package-lock.json": "npm", "package.json": "npm", "requirements.txt": "pip", "pom.xml": "maven", "go.mod": "gomod"}
	found := map[string]bool{}
	for _, file := range strings.Fields(string(listed)) {
		kind := kinds[path.Base(file)]
		folder := strings.TrimSuffix(path.Join("/", path.Dir(file)), "/.")
		if kind == "" || strings.Contains(file, "testdata/") {
			continue
		}
		if kind == "npm" && strings.HasPrefix(folder, "/web/") {
			folder = "/web" // its workspaces are locked there
		}
		found[kind+" "+folder] = true
		if !slices.Contains(watched, kind+" "+folder) {
			t.Errorf("%s: nothing proposes updates of it: add %s to the %s updates in .github/dependabot.yml", file, folder, kind)
		}
	}
	for _, one := range watched {
		if !found[one] && !strings.HasPrefix(one, "github-actions ") {
			t.Errorf("%s is watched, and has no dependencies", one)
		}
	}
}
