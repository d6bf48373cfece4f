package screening

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"

	"ballerine/internal/problem"
	"ballerine/internal/screening/names"
)

// Bounds of a packed list.
const (
	MaxPacked   = 64 << 20 // bytes of a packed list; a list of a million entries has about half of it
	maxUnpacked = 1 << 30  // bytes of what is in it
	maxEntries  = 3_000_000
	maxLine     = 1 << 20 // bytes of an entry
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

// Unpack reads what Pack has written, and believes nothing of it: it may have come from anywhere. Errors: Invalid, with the
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
	if h.Entries < 0 || h.Entries > maxEntries {
		return List{}, problem.New(problem.TooLarge, "A list can have %d entries.", maxEntries)
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
	case !validName(l.Name):
		return problem.New(problem.Invalid, "The name of a list must have 1 to 64 small letters, digits and hyphens.")
	case l.Edition == "" || len(l.Edition) > 64 || strings.Trim(l.Edition, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return problem.New(problem.Invalid, "The edition of a list must have 1 to 64 small letters, digits and hyphens.")
	case len(l.Entries) == 0:
		return problem.New(problem.Invalid, "The list has no entries. A list is never empty.")
	case len(l.Entries) > maxEntries:
		return problem.New(problem.TooLarge, "A list can have %d entries.", maxEntries)
	}
	known := make(map[string]bool, len(l.Entries))
	for i := range l.Entries {
		e := &l.Entries[i]
		if message := e.fault(); message != "" {
			return problem.New(problem.Invalid, "Entry %d of the list: %s.", i+1, message)
		}
		if known[e.ID] {
			return problem.New(problem.Invalid, "Entry %d of the list: its id stands twice.", i+1)
		}
		known[e.ID] = true
	}
	return nil
}

// validName reports whether a list can have this name.
func validName(name string) bool {
	return name != "" && len(name) <= 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && name[0] != '-'
}

// kinds that an entry can have.
var kinds = []names.Kind{names.Person, names.Organization, names.LegalEntity, names.Vessel}

func (e *Entry) fault() string {
	switch {
	case e.ID == "" || len(e.ID) > 256 || !utf8.ValidString(e.ID):
		return "its id must have 1 to 256 bytes"
	case !slices.Contains(kinds, e.Kind):
		return "its kind is none"
	case len(e.Names) == 0:
		return "it has no name"
	}
	for _, n := range e.Names {
		if !utf8.ValidString(n.Text) || strings.TrimSpace(n.Text) == "" {
			return "one of its names is empty, or not text"
		}
	}
	for _, b := range e.Births {
		if b.From > b.To || b.From < 0 || b.To > math.MaxInt16 || b.Month < 0 || b.Month > 12 || b.Day < 0 || b.Day > 31 {
			return "one of its dates of birth is none"
		}
	}
	return ""
}
