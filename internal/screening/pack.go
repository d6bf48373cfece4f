package screening

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"

	"ballerine/internal/problem"
	"ballerine/internal/screening/names"
)

// Bounds of a packed list.
const (
	MaxPacked   = 64 << 20  // bytes of a packed list; a list of a million entries has about half of it
	maxUnpacked = 256 << 20 // bytes of what is in it
	MaxEntries  = 400_000   // what the function that searches can hold; its index takes 2 KB an entry
	maxAllNames = 1_600_000
	maxLine     = 256 << 10 // bytes of an entry
	maxNames    = 1_000     // of an entry
	maxName     = 4_096     // bytes of a name
	maxValues   = 250       // dates of birth, countries and programs of an entry, each
	maxValue    = 512       // bytes of a country or a program
)

// magic begins a packed list, and names its form.
const magic = "ballerine-watchlist/1\n"

// head is the first line of a packed list; a line for each entry follows.
type head struct {
	Name    string `json:"name"`
	Edition string `json:"edition"`
	Entries int    `json:"entries"`
}

// Pack writes a list as it is kept and sent: the same bytes for the same list. Errors: TooLarge, Invalid as Unpack has them.
func Pack(list List) ([]byte, error) {
	if err := list.check(); err != nil {
		return nil, err
	}
	packed := bytes.NewBufferString(magic)
	compress, err := zstd.NewWriter(packed, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		return nil, fmt.Errorf("pack a list: %w", err)
	}
	lines := json.NewEncoder(compress)
	lines.SetEscapeHTML(false)
	if err = lines.Encode(head{list.Name, list.Edition, len(list.Entries)}); err == nil {
		for i := range list.Entries {
			if err = lines.Encode(&list.Entries[i]); err != nil {
				break
			}
		}
	}
	if err = errors.Join(err, compress.Close()); err != nil {
		return nil, fmt.Errorf("pack a list: %w", err)
	}
	if packed.Len() > MaxPacked {
		return nil, problem.New(problem.TooLarge, "The list is larger than %d MB when it is packed.", MaxPacked>>20)
	}
	return packed.Bytes(), nil
}

// Packed reports whether a file is a packed list.
func Packed(content []byte) bool { return bytes.HasPrefix(content, []byte(magic)) }

// Unpack reads what Pack has written, and trusts none of it: it may come from anywhere. Errors: Invalid, with the
// number of the entry; TooLarge.
func Unpack(packed []byte) (List, error) {
	if len(packed) > MaxPacked {
		return List{}, problem.New(problem.TooLarge, "The list is larger than %d MB when it is packed.", MaxPacked>>20)
	}
	rest, ok := bytes.CutPrefix(packed, []byte(magic))
	if !ok {
		return List{}, problem.New(problem.Invalid, "This is not a packed watch list: pack it with ballerine watchlist.")
	}
	reader, err := zstd.NewReader(bytes.NewReader(rest), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20), zstd.WithDecoderMaxWindow(16<<20))
	if err != nil {
		return List{}, errCut()
	}
	defer reader.Close()
	lines := bufio.NewScanner(io.LimitReader(reader, maxUnpacked))
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	var h head
	if !lines.Scan() || strict(lines.Bytes(), &h) != nil {
		return List{}, errCut()
	}
	if h.Entries < 0 || h.Entries > MaxEntries {
		return List{}, problem.New(problem.TooLarge, "A list can have %d entries.", MaxEntries)
	}
	list := List{Name: h.Name, Edition: h.Edition}
	for lines.Scan() {
		if len(list.Entries) == h.Entries {
			return List{}, errCut()
		}
		var e Entry
		if err := strict(lines.Bytes(), &e); err != nil {
			return List{}, problem.New(problem.Invalid, "Entry %d of the packed list cannot be read.", len(list.Entries)+1)
		}
		list.Entries = append(list.Entries, e)
	}
	if lines.Err() != nil || len(list.Entries) != h.Entries {
		return List{}, errCut()
	}
	return list, list.check()
}

func errCut() error {
	return problem.New(problem.Invalid, "The packed list is not complete, or damaged: pack it again.")
}

func strict(line []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("there is more than one value")
	}
	return nil
}

// check reports what no list has: the faults of the first entry that has any.
func (l List) check() error {
	switch {
	case !ValidName(l.Name):
		return problem.New(problem.Invalid, "The name of a list must have 1 to 64 small letters, digits and hyphens.")
	case l.Edition == "" || len(l.Edition) > 64 || strings.Trim(l.Edition, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return problem.New(problem.Invalid, "The edition of a list must have 1 to 64 small letters, digits and hyphens.")
	case len(l.Entries) == 0:
		return problem.New(problem.Invalid, "The list has no entries. A list is never empty.")
	case len(l.Entries) > MaxEntries:
		return problem.New(problem.TooLarge, "A list can have %d entries.", MaxEntries)
	}
	known, all := make(map[string]bool, len(l.Entries)), 0
	for i := range l.Entries {
		e := &l.Entries[i]
		if all += len(e.Names); all > maxAllNames {
			return problem.New(problem.TooLarge, "A list can have %d names.", maxAllNames)
		}
		if message := e.fault(); message != "" {
			return problem.New(problem.Invalid, "Entry %d of the list: %s.", i+1, message)
		}
		if known[e.ID] {
			return problem.New(problem.Invalid, "Entry %d of the list: its id occurs twice.", i+1)
		}
		known[e.ID] = true
	}
	return nil
}

// ValidName reports whether a list can have this name.
func ValidName(name string) bool {
	return name != "" && len(name) <= 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && name[0] != '-'
}

// kinds that an entry can have.
var kinds = []names.Kind{names.Person, names.Organization, names.LegalEntity, names.Vessel}

// plain reports whether a text can be shown and stored anywhere.
func plain(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func searchable(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func (e *Entry) fault() string {
	switch {
	case e.ID == "" || len(e.ID) > 256 || !plain(e.ID):
		return "its id must have 1 to 256 bytes of text"
	case !slices.Contains(kinds, e.Kind):
		return "its kind is invalid"
	case len(e.Names) == 0:
		return "it has no name"
	case len(e.Names) > maxNames:
		return fmt.Sprintf("it has more than %d names", maxNames)
	case max(len(e.Births), len(e.Countries), len(e.Programs)) > maxValues:
		return fmt.Sprintf("it has more than %d dates of birth, countries or programs", maxValues)
	}
	for _, n := range e.Names {
		if !plain(n.Text) || strings.TrimSpace(n.Text) == "" || len(n.Text) > maxName {
			return fmt.Sprintf("one of its names is empty, not text, or longer than %d bytes", maxName)
		}
	}
	for _, b := range e.Births {
		if !b.Plausible() || b.Month < 0 || b.Month > 12 || b.Day < 0 || b.Day > 31 || b.Day > 0 && b.Month == 0 {
			return "one of its dates of birth is invalid"
		}
	}
	for _, text := range slices.Concat(e.Countries, e.Programs) {
		if !plain(text) || len(text) > maxValue {
			return fmt.Sprintf("one of its countries or programs is not text, or longer than %d bytes", maxValue)
		}
	}
	if !slices.ContainsFunc(e.Names, func(n ListedName) bool { return strings.ContainsFunc(n.Text, searchable) }) {
		return "none of its names has a letter or digit"
	}
	return ""
}
