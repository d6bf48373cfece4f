package watchlists

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Objects is where editions and catalogues are. Keys have letters, digits, hyphens, underscores, dots and slashes.
type Objects interface {
	// Get returns an object of at most limit bytes, and a tag of what was read. Errors: NotFound, TooLarge, Unavailable.
	Get(ctx context.Context, key string, limit int64) (content []byte, tag string, err error)
	// Put writes an object that still has the tag; "" when there must be none. Errors: Conflict, Unavailable.
	Put(ctx context.Context, key string, content []byte, tag string) error
	// Delete removes an object; one that is not there is no error.
	Delete(ctx context.Context, key string) error
}

// Person is who has loaded or released an edition.
type Person struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`             // user or client
	Name   string   `json:"name,omitempty"`   // of the person
	Behind []string `json:"behind,omitempty"` // of a key, while another person has to agree: the people and keys that may have held its secret
}

func personOf(p identity.Principal) Person {
	return Person{ID: p.ID, Kind: string(p.Kind), Name: p.Name}
}

// Edition is one edition of a list.
type Edition struct {
	ID       string     `json:"id"`      // of this loading: list_…
	Edition  string     `json:"edition"` // names the content, see screening.List
	SHA256   string     `json:"sha256"`  // of the packed list, in hexadecimal
	Entries  int        `json:"entries"`
	Names    int        `json:"names"` // of all entries
	LoadedAt time.Time  `json:"loaded_at"`
	LoadedBy Person     `json:"loaded_by"`
	Changes  *Changes   `json:"changes,omitempty"`     // from the edition that was current then
	Released *time.Time `json:"released_at,omitempty"` // of one that has waited
	By       *Person    `json:"released_by,omitempty"`
	Comment  string     `json:"comment,omitempty"` // of who has released it
}

// Changes counts what an edition has changed.
type Changes struct {
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Removed int `json:"removed"`
}

// List is a watch list of a tenant.
type List struct {
	Name    string    `json:"name"`
	Current *Edition  `json:"current,omitempty"` // nil: its first edition waits
	Waiting *Edition  `json:"waiting,omitempty"` // has lost too much of the list, see halved
	Former  []Edition `json:"former,omitempty"`  // newest first

	Removal  *Settled `json:"removal,omitempty"`  // the list is to be removed, and another person has to confirm it
	Rejected *Settled `json:"rejected,omitempty"` // the edition that was rejected last
}

// Settled is what somebody has done with a list or an edition of it.
type Settled struct {
	What string    `json:"what,omitempty"` // the edition; of a removed list its name
	By   Person    `json:"by"`
	At   time.Time `json:"at"`
}

// catalogue is what counts for a tenant.
type catalogue struct {
	Lists   []List    `json:"lists"`             // by name
	Removed []Settled `json:"removed,omitempty"` // newest first
	Marked  bool      `json:"marked,omitempty"`  // there is a mark that states that the tenant has a catalogue

	tag string // of the object that it was read from
}

// Bounds of a catalogue.
const (
	maxLists     = 50
	maxFormer    = 20
	maxRemoved   = 20
	maxCatalogue = 4 << 20
)

// Keys begin with what they are, so that a rule of the bucket can expire uploads that were not loaded.
func catalogueKey(tenant string) string { return "watchlists/catalogues/" + tenant + ".json" }

// markKey is of an object that states that a tenant has a catalogue: a lost one is not silently replaced by an empty one.
func markKey(tenant string) string { return "watchlists/marks/" + tenant }

func editionKey(tenant, edition string) string {
	return "watchlists/editions/" + tenant + "/" + edition
}

func uploadKey(tenant, upload string) string { return "watchlists/uploads/" + tenant + "/" + upload }

// read returns a tenant's catalogue; an empty one if there is none. Errors: Unavailable, Internal.
func (s *Service) read(ctx context.Context, tenant string) (catalogue, error) {
	text, tag, err := s.Objects.Get(ctx, catalogueKey(tenant), maxCatalogue)
	if problem.CodeOf(err) == problem.NotFound {
		return catalogue{}, s.unmarked(ctx, tenant)
	} else if err != nil {
		return catalogue{}, err
	}
	c := catalogue{tag: tag}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, problem.Wrap(err, problem.Internal, "The catalogue of watch lists cannot be read: restore it from a former version of the object.")
	}
	return c, nil
}

// unmarked is an error when a catalogue that is not there has been there. Errors: Internal, Unavailable.
func (s *Service) unmarked(ctx context.Context, tenant string) error {
	_, _, err := s.Objects.Get(ctx, markKey(tenant), 1<<10)
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	if err == nil {
		err = problem.New(problem.Internal, "The catalogue of watch lists is gone: restore the object from a former version. To begin without lists, remove the mark beside it.")
	}
	return err
}

// mark leaves the mark of a catalogue that was read, so that it exists.
func (s *Service) mark(ctx context.Context, tenant string, c *catalogue) error {
	if c.Marked || c.tag == "" {
		return nil
	}
	err := s.Objects.Put(ctx, markKey(tenant), []byte("a catalogue of watch lists"), "")
	if err != nil && problem.CodeOf(err) != problem.Conflict {
		return err
	}
	c.Marked = true
	return nil
}

// change writes a catalogue that change has derived from the present one, and retries if another write came first.
// written states that a write was tried: with an error, it may have happened.
func (s *Service) change(ctx context.Context, tenant string, change func(c *catalogue) error) (written bool, err error) {
	for range maxTries {
		var c catalogue
		if c, err = s.read(ctx, tenant); err != nil {
			return written, err
		}
		first := c.tag == ""
		if err = change(&c); err != nil {
			return written, err
		}
		if err = s.mark(ctx, tenant, &c); err != nil {
			return written, err
		}
		text, marshal := json.Marshal(c)
		if marshal != nil {
			return written, problem.Wrap(marshal, problem.Internal, "The catalogue of watch lists cannot be written.")
		}
		if len(text) > maxCatalogue { // it could no longer be read
			return written, problem.New(problem.TooLarge, "The catalogue of watch lists has no room for this edition.")
		}
		written = true
		if err = s.Objects.Put(ctx, catalogueKey(tenant), text, c.tag); problem.CodeOf(err) == problem.Conflict {
			continue
		}
		if err == nil && first { // the next change does it otherwise
			c.tag = "there"
			err = s.mark(ctx, tenant, &c)
		}
		return written, err
	}
	return written, err
}

// maxTries bounds how often a catalogue is written again when others come first.
const maxTries = 5

// list is the one with a name, to be changed in place; nil if there is none.
func (c *catalogue) list(name string) *List {
	at := slices.IndexFunc(c.Lists, func(l List) bool { return l.Name == name })
	if at < 0 {
		return nil
	}
	return &c.Lists[at]
}

// add returns the list with a name, and creates it if there is none. Errors: TooLarge.
func (c *catalogue) add(name string) (*List, error) {
	if l := c.list(name); l != nil {
		return l, nil
	}
	if len(c.Lists) == maxLists {
		return nil, problem.New(problem.TooLarge, "A tenant can have %d watch lists.", maxLists)
	}
	at, _ := slices.BinarySearchFunc(c.Lists, name, func(l List, name string) int { return strings.Compare(l.Name, name) })
	c.Lists = slices.Insert(c.Lists, at, List{Name: name})
	return &c.Lists[at], nil
}

// become makes an edition the current one. The previous one is kept among the former ones, whose oldest is dropped.
func (l *List) become(e Edition) (forgotten []string) {
	if l.Current != nil {
		l.Former = slices.Insert(l.Former, 0, *l.Current)
	}
	for len(l.Former) > maxFormer {
		last := len(l.Former) - 1
		forgotten = append(forgotten, l.Former[last].ID)
		l.Former = l.Former[:last]
	}
	e.LoadedBy.Behind = nil // no approval is pending any longer
	l.Current = &e
	return forgotten
}

// named reports whether an edition is current, or waits.
func (l *List) named(id string) bool {
	return l.Current != nil && l.Current.ID == id || l.Waiting != nil && l.Waiting.ID == id
}

// labelled reports whether the list has an edition of this name with other bytes.
func (l *List) labelled(e Edition) bool {
	other := func(x Edition) bool { return x.Edition == e.Edition && x.SHA256 != e.SHA256 }
	return l.Current != nil && other(*l.Current) || l.Waiting != nil && other(*l.Waiting) || slices.ContainsFunc(l.Former, other)
}

// halved reports whether an edition has lost more of a list than an issuer ever removes: half of the entries or names of
// the largest edition since the last review, or half of the entries that the current one has.
func (l *List) halved(e Edition) bool {
	if l.Current == nil {
		return false
	}
	entries, names := 0, 0
	for _, before := range append([]Edition{*l.Current}, l.Former...) {
		entries, names = max(entries, before.Entries), max(names, before.Names)
		if before.Released != nil {
			break
		}
	}
	lost := e.Changes != nil && 2*(l.Current.Entries-e.Changes.Removed) < l.Current.Entries
	return 2*e.Entries < entries || 2*e.Names < names || lost
}
