// Package watchlist reads watch lists as their issuers publish them: the three CSV files of OFAC's list of Specially Designated
// Nationals, the consolidated list of the United Nations Security Council in XML, and CSV files with named columns, which
// OpenSanctions' targets.simple.csv is and a list of one's own can be.
package watchlist

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/screening"
)

// limit of a file. The largest list known, of all sanctions of the world with their relatives, has a quarter of it.
const limit = 1 << 30

// Load reads the list that a file of a folder belongs to: of OFAC's three files, whichever is named, all three. A folder in
// the place of a file is searched for one of the lists. Errors: Invalid, with the file's name and the place within it;
// NotFound. A list without entries is an error: it is never meant.
func Load(files fs.FS, name string) (screening.List, error) {
	info, err := fs.Stat(files, name)
	if err != nil {
		return screening.List{}, problem.New(problem.NotFound, "The file %s cannot be read.", path.Base(name))
	}
	if info.IsDir() {
		if name, err = within(files, name); err != nil {
			return screening.List{}, err
		}
	}
	list, err := load(files, name)
	if err != nil {
		return screening.List{}, err
	}
	if len(list.Entries) == 0 {
		return screening.List{}, problem.New(problem.Invalid, "%s has no entries. A list is never empty: the file is not complete, or not of a known form.", path.Base(name))
	}
	return list, nil
}

// within finds the list in a folder.
func within(files fs.FS, folder string) (string, error) {
	for _, name := range []string{"sdn.csv", "consolidated.xml", "targets.simple.csv"} {
		if _, err := fs.Stat(files, path.Join(folder, name)); err == nil {
			return path.Join(folder, name), nil
		}
	}
	return "", problem.New(problem.NotFound, "The folder %s has none of the files sdn.csv, consolidated.xml and targets.simple.csv.", path.Base(folder))
}

func load(files fs.FS, name string) (screening.List, error) {
	text, err := read(files, name)
	if err != nil {
		return screening.List{}, err
	}
	switch base := strings.ToLower(path.Base(name)); {
	case screening.Packed(text):
		return screening.Unpack(text)
	case base == "sdn.csv" || base == "alt.csv" || base == "add.csv":
		return ofac(files, path.Dir(name))
	case bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(text, bom), " \r\n\t"), []byte("<")):
		return unitedNations(path.Base(name), text)
	default:
		return columns(path.Base(name), text)
	}
}

var bom = []byte("\ufeff")

func read(files fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(files, name)
	if err != nil {
		return nil, problem.New(problem.NotFound, "The file %s cannot be read.", path.Base(name))
	}
	if info.Size() > limit {
		return nil, problem.New(problem.TooLarge, "%s is larger than 1 GB.", path.Base(name))
	}
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, problem.New(problem.NotFound, "The file %s cannot be read.", path.Base(name))
	}
	return text, nil
}

// edition names content by what it is, after the issuer's date when there is one.
func edition(date string, files ...[]byte) string {
	sum := sha256.New()
	for _, f := range files {
		fmt.Fprintf(sum, "%d:", len(f))
		sum.Write(f)
	}
	short := hex.EncodeToString(sum.Sum(nil))[:12]
	if date == "" {
		return short
	}
	return date + "-" + short
}
