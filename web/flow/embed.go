// Package applicants embeds the built pages that applicants fill in. `make web` builds them; without a build the folder has no
// pages.
package applicants

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
