package lists

import (
	"context"
	"regexp"
	"time"
)

// Type states what a list is for. It is for people to read: the policy states what an entry does.
type Type string

// The types.
const (
	Allow Type = "allow"
	Block Type = "block"
	Own   Type = "own"
)

// Types are all of them.
func Types() []Type { return []Type{Allow, Block, Own} }

// Holding is what the entries of a list are.
type Holding string

// The holdings. Dates are days.
const (
	Text   Holding = "text"
	Number Holding = "number"
	Date   Holding = "date"
)

// Holdings are all of them.
func Holdings() []Holding { return []Holding{Text, Number, Date} }

// Matching is how texts are compared. Spaces at their ends and the way in which Unicode composes a letter never count.
type Matching string

// The ways of matching.
const (
	Exact        Matching = "exact"
	IgnoringCase Matching = "ignoring_case"
)

// Matchings are all of them.
func Matchings() []Matching { return []Matching{Exact, IgnoringCase} }

// Shape is what the entries of an edition are, and how they are compared.
type Shape struct {
	Holds    Holding  `json:"holds"`
	Matching Matching `json:"matching"`
}

// Limits of a list.
const (
	MaxEntries = 200_000
	MaxBytes   = 16 << 20 // of all its entries, and of an upload after it was decompressed
	MaxValue   = 500      // bytes of a value
	MaxNote    = 500      // bytes of a note
	MaxTitle   = 200      // bytes of a title
)

// List is a list as it stands, without its entries.
type List struct {
	Tenant string `json:"tenant"`
	ID     string `json:"id"`
	Title  string `json:"title,omitempty"`
	Type   Type   `json:"type"`
	Shape
	Edition   int       `json:"edition"` // the newest, 0 before the first
	Entries   int       `json:"entries"`
	Digest    string    `json:"digest,omitempty"` // "sha256:…" of the newest edition; "": no entries were put yet, and policies do not find it
	Revision  int       `json:"revision"`         // of this record: every write counts one
	Deleted   bool      `json:"deleted,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	UpdatedBy string    `json:"updated_by,omitempty"`
	// Unreadable marks a list that exists but cannot be decoded: only its id is known.
	Unreadable bool `json:"-"`
}

// UnreadableList represents a list that exists but cannot be decoded.
func UnreadableList(tenant, id string) List { return List{Tenant: tenant, ID: id, Unreadable: true} }

// Edition is an edition of a list, without its entries. It never changes, but for its entries being forgotten.
type Edition struct {
	Tenant string `json:"tenant"`
	List   string `json:"list"`
	Number int    `json:"number"`
	Shape
	Entries   int       `json:"entries"`
	Digest    string    `json:"digest"`
	Chunks    []Chunk   `json:"chunks"`
	Forgotten bool      `json:"forgotten,omitempty"` // its entries were erased
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by,omitempty"`
	// Unreadable marks an edition that exists but cannot be decoded: only its number is known. Its contents are not, so
	// nothing is erased while it exists.
	Unreadable bool `json:"-"`
}

// UnreadableEdition represents an edition in lists that exists but cannot be decoded.
func UnreadableEdition(tenant, list string, number int) Edition {
	return Edition{Tenant: tenant, List: list, Number: number, Unreadable: true}
}

// Chunk is a part of an edition's entries. Its name begins with the number of the edition that has written it; those after
// it name it, too, while these entries stay.
type Chunk struct {
	Name    string `json:"name"`
	Entries int    `json:"entries"`
}

// Entry is a value of a list.
type Entry struct {
	Value     string    `json:"value"`               // numbers and dates in canonical form: "100", "2026-01-31"
	ExpiresAt time.Time `json:"expires_at,omitzero"` // it counts before this time; zero: for ever
	Note      string    `json:"note,omitempty"`
}

// Store keeps lists. The behaviour is defined by internal/store/storetest, which runs against every adapter.
type Store interface {
	// Lists are all lists of a tenant that are not deleted, by id.
	Lists(ctx context.Context, tenant string) ([]List, error)
	// Heads reads some lists consistently. Those that never were are left out; deleted ones are there, and marked.
	Heads(ctx context.Context, tenant string, ids []string) ([]List, error)
	// PutList writes a list over the one of the revision before (1 is new) and, if there is one, its new edition: in one
	// step, after the bodies of the edition's new chunks. Errors: Conflict if another write came first.
	PutList(ctx context.Context, list List, edition *Edition, bodies map[string][]byte) error
	// Edition reads one. Errors: NotFound.
	Edition(ctx context.Context, tenant, list string, number int) (Edition, error)
	// Editions are those of a list before a number (0: all), the newest first, at most limit.
	Editions(ctx context.Context, tenant, list string, before, limit int) ([]Edition, error)
	// Chunks reads the bodies of chunks by name. Errors: NotFound when one is not there.
	Chunks(ctx context.Context, tenant, list string, names []string) (map[string][]byte, error)
	// Forget deletes chunks of an edition and then writes it as passed: if it ends in between, it is done again.
	Forget(ctx context.Context, edition Edition, chunks []string) error
}

// identifier is the form of a list's name, as policies have it.
var identifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$`)
