// Package dashboard holds the built pages of the reviewers' dashboard. They are built by `make web`; without a build the
// folder is there and has no pages.
package dashboard

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files are the built pages, index.html at the top. False when they have not been built.
func Files() (fs.FS, bool) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, false
	}
	_, err = fs.Stat(files, "index.html")
	return files, err == nil
}
