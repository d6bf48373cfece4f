// Package demolist is the watch list of the local system and of tests: a few invented people, a company and a ship, so
// that screening finds something before a real list is loaded. Nobody on it exists.
package demolist

import (
	"embed"

	"ballerine/internal/screening"
	"ballerine/internal/screening/watchlist"
)

// Name of the list.
const Name = "demo"

//go:embed demo.csv
var files embed.FS

// List is the demo list.
func List() screening.List {
	list, err := watchlist.Load(files, Name+".csv")
	if err != nil {
		panic(err) // a test reads it
	}
	return list
}
