// Package watchlist reads watch lists as their issuers publish them: those of OFAC, the United Nations, the European
// Union and the United Kingdom, the entities of OpenSanctions, and CSV files with named columns, such as a tenant's own
// list. The format of a file is detected from its content. XML and JSON are read entry by entry.
package watchlist

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/screening"
)

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

// known are names of files that a folder is searched for.
var known = []string{
	"sdn.csv", "sdn.xml", "consolidated.xml", "xmlFullSanctionsList_1_1.xml", "csvFullSanctionsList_1_1.csv", "UK-Sanctions-List.xml", "UK_Sanctions_List.xml", "ConList.csv",
	"targets.simple.csv", "entities.ftm.json", "targets.nested.json",
}

// within finds the list in a folder.
func within(files fs.FS, folder string) (string, error) {
	entries, err := fs.ReadDir(files, folder)
	if err == nil {
		for _, name := range known {
			at := slices.IndexFunc(entries, func(e fs.DirEntry) bool { return strings.EqualFold(e.Name(), name) })
			if at >= 0 {
				return path.Join(folder, entries[at].Name()), nil
			}
		}
	}
	return "", problem.New(problem.NotFound, "The folder %s contains none of the files %s.", path.Base(folder), strings.Join(known, ", "))
}

var bom = []byte("\ufeff")

func load(files fs.FS, name string) (screening.List, error) {
	if base := strings.ToLower(path.Base(name)); base == "sdn.csv" || base == "alt.csv" || base == "add.csv" {
		return ofac(files, path.Dir(name))
	}
	s, err := open(files, name)
	if err != nil {
		return screening.List{}, err
	}
	defer s.close()
	head, err := s.head()
	if err != nil {
		return screening.List{}, err
	}
	begin := bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \r\n\t")
	switch {
	case screening.Packed(head):
		text, err := s.all()
		if err != nil {
			return screening.List{}, err
		}
		return screening.Unpack(text)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return screening.List{}, problem.New(problem.Invalid, "%s, line 1: the file is in UTF-16. Store it in UTF-8.", s.name)
	case bytes.HasPrefix(begin, []byte("<")):
		return inXML(s, head)
	case bytes.HasPrefix(begin, []byte("{")):
		return ftm(s)
	}
	text, err := s.all()
	if err != nil {
		return screening.List{}, err
	}
	return inColumns(s.name, text)
}

// forms of XML, by the outermost element.
var forms = map[string]func(s *source) (screening.List, error){
	"CONSOLIDATED_LIST": unitedNations, "sdnList": ofacXML, "export": euXML, "Designations": ukXML,
}

// inXML reads a file by its outermost element.
func inXML(s *source, head []byte) (screening.List, error) {
	d := xml.NewDecoder(bytes.NewReader(head))
	for {
		token, err := d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return screening.List{}, s.notXML(d, "a list of a known form", err)
		}
		if root, ok := token.(xml.StartElement); ok {
			if form := forms[root.Name.Local]; form != nil {
				return form(s)
			}
			break
		}
	}
	return screening.List{}, problem.New(problem.Invalid, "%s, line 1: the XML has no entries of a known form. Known are the consolidated list of the United Nations, OFAC's sdn.xml (not sdn_advanced.xml), the European Union's xmlFullSanctionsList_1_1 and the UK Sanctions List.", s.name)
}

// inColumns reads a CSV file by its header.
func inColumns(file string, text []byte) (screening.List, error) {
	t := newTable(file, text, conListDate)
	switch {
	case t.has("Group ID", "Group Type", "Alias Type", "Name 6") && conListDate(t.first):
		return conList(t)
	case t.has("Entity_LogicalId", "NameAlias_WholeName"):
		return euCSV(t)
	}
	return columns(file, text)
}

// read is a whole file.
func read(files fs.FS, name string) ([]byte, error) {
	s, err := open(files, name)
	if err != nil {
		return nil, err
	}
	defer s.close()
	return s.all()
}
