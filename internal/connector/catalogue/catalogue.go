// Package catalogue holds connectors of known vendors, made from their public documentation. They are not published: a project takes the
// ones that it needs.
//
// A connector is the file CATEGORY/ID.yaml. It begins with a comment whose lines are KEY: TEXT, continued by lines that are indented
// further: Vendor, Documentation (an address; may come several times), Not covered, and Secret NAME or Setting NAME for everything that
// it needs. Other lines are what else to know.
package catalogue

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"ballerine/internal/connector"
)

//go:embed */*.yaml
var files embed.FS

// Entry is one connector.
type Entry struct {
	ID            string   `json:"id"` // of the plugin, and the name of its file
	Vendor        string   `json:"vendor"`
	Title         string   `json:"title"`
	Category      string   `json:"category"`
	Shape         string   `json:"shape"` // of its results
	Callback      bool     `json:"callback"`
	Documentation []string `json:"documentation"` // addresses of the pages that it was made from
	NotCovered    string   `json:"not_covered"`
	Note          string   `json:"note,omitempty"` // what else to know, such as what to enter at the vendor's
	Secrets       []Need   `json:"secrets"`
	Settings      []Need   `json:"settings"`

	Source []byte            `json:"-"`
	Plugin *connector.Plugin `json:"-"`
}

// Need is a secret or a setting, and its source.
type Need struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// All returns the connectors by category and id. Errors: one that does not compile.
func All() ([]Entry, error) {
	names, err := fs.Glob(files, "*/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the catalogue: %w", err)
	}
	entries := make([]Entry, 0, len(names))
	for _, name := range names {
		entry, err := read(name)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(strings.Compare(a.Category, b.Category), strings.Compare(a.ID, b.ID))
	})
	return entries, nil
}

func read(name string) (Entry, error) {
	text, err := files.ReadFile(name)
	if err != nil {
		return Entry{}, fmt.Errorf("read the catalogue: %w", err)
	}
	plugin, found := connector.ParsePlugin(path.Base(name), text)
	if found.Failed() {
		return Entry{}, fmt.Errorf("the connector %s: %s", name, found[0])
	}
	entry := Entry{
		ID: plugin.ID, Title: plugin.Title, Category: path.Dir(name), Shape: plugin.Shape, Callback: plugin.Callback,
		Secrets: []Need{}, Settings: []Need{}, Source: text, Plugin: plugin,
	}
	for _, line := range head(string(text)) {
		key, value, _ := strings.Cut(line, ": ")
		switch name, isSecret := strings.CutPrefix(key, "Secret "); {
		case isSecret:
			entry.Secrets = append(entry.Secrets, Need{name, value})
		case strings.HasPrefix(key, "Setting "):
			entry.Settings = append(entry.Settings, Need{strings.TrimPrefix(key, "Setting "), value})
		case key == "Vendor":
			entry.Vendor = value
		case key == "Documentation":
			entry.Documentation = append(entry.Documentation, value)
		case key == "Not covered":
			entry.NotCovered = value
		default:
			entry.Note = strings.TrimSpace(entry.Note + " " + line)
		}
	}
	return entry, nil
}

// head are the lines of the comment that a file begins with, each with those that continue it.
func head(text string) (lines []string) {
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "#")
		if !ok {
			break
		}
		if continued := strings.HasPrefix(comment, "   "); continued && len(lines) > 0 {
			lines[len(lines)-1] += " " + strings.TrimSpace(comment)
			continue
		}
		lines = append(lines, strings.TrimSpace(comment))
	}
	return lines
}
