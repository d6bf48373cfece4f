package httpapi

import (
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

type none struct{}

// OnCase is the path of everything about one case. It is exported because Huma reads exported members only.
type OnCase struct {
	ID string `path:"id"`
}

// OnID is the path of one thing that is not a case.
type OnID struct {
	ID string `path:"id"`
}

// Seen is the version that the caller has seen.
type Seen struct {
	IfMatch string `header:"If-Match" doc:"the ETag of the version that the change is based on"`
}

// version reads If-Match; 0 if it is absent: the domain decides where that is not allowed. Errors: Invalid.
func (s Seen) version() (int, error) {
	if s.IfMatch == "" {
		return 0, nil
	}
	text, quoted := strings.CutPrefix(s.IfMatch, `"`)
	text, closed := strings.CutSuffix(text, `"`)
	version, err := strconv.Atoi(text)
	if !quoted || !closed || err != nil || version < 1 {
		return 0, problem.New(problem.Invalid, "If-Match is not an ETag.").With("header.If-Match", "format", "send the ETag unchanged, with its quotes")
	}
	return version, nil
}

// on is a context for a change of the case that is made only to the version that was seen, if one was named. Errors: Invalid.
func (s Seen) on(c ctx, id string) (ctx, error) {
	version, err := s.version()
	return cases.Seeing(c, id, version), err
}

// Paging is a page of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"2000"`
}

type body[T any] struct{ Body T }

type created[T any] struct {
	Location string `header:"Location"`
	Body     T
}

// noStore is an answer that must not be cached.
type noStore[T any] struct {
	CacheControl string `header:"Cache-Control"`
	Body         T
}

// List is a page.
type List[T any] struct {
	Data       []T     `json:"data" nullable:"false"`
	NextCursor *string `json:"next_cursor"`
	// Unreadable names what is no part of data and must not be passed over.
	Unreadable []string `json:"unreadable,omitempty" doc:"ids of entries of this page that exist but cannot be read: an operator has to check them; absent: there are none"`
}

// One is a thing that is not a resource of its own.
type One[T any] struct {
	Data T `json:"data"`
}

func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// list never returns null for no items.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// nullable makes properties that refer to other schemas null or that. The schema that they refer to stays as it is: the
// object that has a property decides whether it may be null.
func nullable(s *huma.Schema, properties ...string) *huma.Schema {
	for _, name := range properties {
		p := s.Properties[name]
		s.Properties[name] = &huma.Schema{AnyOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}, Description: p.Description}
	}
	return s
}

// wholeList answers all items of a list at once, with the ids of those that cannot be read.
func wholeList[T any](items []T, unreadable ...string) *body[List[T]] {
	return pageOf(items, nil, unreadable...)
}

// pageOf answers one page of a list; next is nil after the last.
func pageOf[T any](items []T, next *string, unreadable ...string) *body[List[T]] {
	return &body[List[T]]{List[T]{list(items), next, unreadable}}
}

// readable separates the entries of a list from those that exist but cannot be read: id is "" for the former. An
// unreadable one hides no other, and is never skipped silently: it is logged, and the answer names it.
func readable[T any](s *server, c ctx, operation string, entries []T, id func(T) string) (kept []T, unreadable []string) {
	for _, one := range entries {
		if lost := id(one); lost != "" {
			unreadable = append(unreadable, lost)
		} else {
			kept = append(kept, one)
		}
	}
	s.unreadable(c, operation, unreadable)
	return kept, unreadable
}

// unreadable logs entries of a list that cannot be read.
func (s *server) unreadable(c ctx, operation string, ids []string) {
	for _, id := range ids {
		s.log(c, operation, problem.New(problem.Internal, "The entry %s of a list cannot be read.", id))
	}
}

func each[A, B any](items []A, f func(A) B) []B {
	out := make([]B, len(items))
	for i, item := range items {
		out[i] = f(item)
	}
	return out
}

// lostIn is the id of an entry that cannot be read; "" of any other.
func lostIn(unreadable bool, id string) string {
	if unreadable {
		return id
	}
	return ""
}

func ptr[T any](v T) *T { return &v }

func tag(version int) string { return `"` + strconv.Itoa(version) + `"` }
