package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/policy/lists"
	"ballerine/internal/problem"
)

// ValueList is a list that policies ask, without its entries.
type ValueList struct {
	ID        string         `json:"id"`
	Title     string         `json:"title,omitempty"`
	Type      lists.Type     `json:"type" enum:"allow,block,own"`
	Holds     lists.Holding  `json:"holds" enum:"text,number,date"`
	Matching  lists.Matching `json:"matching" enum:"exact,ignoring_case"`
	Edition   int            `json:"edition" doc:"the latest edition, which is also the ETag"`
	Entries   int            `json:"entries"`
	Digest    *string        `json:"digest" doc:"SHA-256 of the content of the latest edition; null: no entries have been uploaded yet, so policies cannot use the list"`
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at"`
	UpdatedBy string         `json:"updated_by,omitempty"`
}

// ValueListUpload is the result of putting a list's entries.
type ValueListUpload struct {
	ValueList
	Created bool `json:"created" doc:"whether a new edition was created; false: the latest has the same content"`
	Folded  int  `json:"folded" doc:"number of identical duplicate entries"`
}

// ValueListChange is the result of adding and removing entries.
type ValueListChange struct {
	ValueListUpload
	Added    int `json:"added"`
	Replaced int `json:"replaced" doc:"number of existing values whose expiry or note changed"`
	Removed  int `json:"removed"`
	Missing  int `json:"missing" doc:"number of values to remove that did not exist"`
}

// ValueListEdition is an edition of a list, without its entries.
type ValueListEdition struct {
	Edition   int            `json:"edition"`
	Holds     lists.Holding  `json:"holds" enum:"text,number,date"`
	Matching  lists.Matching `json:"matching" enum:"exact,ignoring_case"`
	Entries   int            `json:"entries"`
	Digest    string         `json:"digest"`
	Forgotten bool           `json:"forgotten" doc:"whether its entries were erased, so that decisions that used it cannot be replayed"`
	CreatedAt time.Time      `json:"created_at"`
	CreatedBy string         `json:"created_by,omitempty"`
}

// ValueListEntry is an entry of a list.
type ValueListEntry struct {
	Value     string     `json:"value" doc:"numbers and dates in canonical form"`
	ExpiresAt *time.Time `json:"expires_at" doc:"expiry; null: never"`
	Note      string     `json:"note,omitempty"`
}

// ShapeList is a list as the interface shows it. The command line shows it alike.
func ShapeList(l lists.List) ValueList {
	return ValueList{
		ID: l.ID, Title: l.Title, Type: l.Type, Holds: l.Holds, Matching: l.Matching, Edition: l.Edition, Entries: l.Entries, Digest: orNull(l.Digest),
		CreatedAt: l.CreatedAt, UpdatedAt: l.UpdatedAt, UpdatedBy: l.UpdatedBy,
	}
}

// ShapeUpload is the result of putting entries, as the interface shows it.
func ShapeUpload(u lists.Upload) ValueListUpload {
	return ValueListUpload{ShapeList(u.List), u.Created, u.Folded}
}

// ShapeChange is the result of a change, as the interface shows it.
func ShapeChange(c lists.Changed) ValueListChange {
	return ValueListChange{ShapeUpload(c.Upload), c.Added, c.Replaced, c.Removed, c.Missing}
}

// ShapeEdition is an edition as the interface shows it.
func ShapeEdition(e lists.Edition) ValueListEdition {
	return ValueListEdition{e.Number, e.Holds, e.Matching, e.Entries, e.Digest, e.Forgotten, e.CreatedAt, e.CreatedBy}
}

// shapeEntry is an entry as the interface shows it.
func shapeEntry(e lists.Entry) ValueListEntry {
	return ValueListEntry{e.Value, orNull(e.ExpiresAt), e.Note}
}

// SeenEdition is the edition that the caller has seen.
type SeenEdition struct {
	IfMatch string `header:"If-Match" doc:"the ETag of the list that the change is based on, or * for any edition"`
}

// edition reads If-Match; 0 if it is absent: the domain decides where that is not allowed. Errors: Invalid.
func (s SeenEdition) edition() (int, error) {
	switch s.IfMatch {
	case "":
		return 0, nil
	case "*":
		return lists.Any, nil
	}
	n, err := Seen(s).version()
	if err != nil {
		return 0, problem.New(problem.Invalid, "If-Match is not an ETag of a list.").With("header.If-Match", "format", "send the ETag unchanged, with its quotes, or *")
	}
	return n, nil
}

// listTag is the ETag of a list; "" while no entries were put.
func listTag(l lists.List) string {
	if l.Digest == "" {
		return ""
	}
	return tag(l.Edition)
}

type tagged[T any] struct {
	ETag string `header:"ETag"`
	Body T
}

func (s *server) registerLists(api huma.API) {
	type putIn struct {
		OnID
		SeenEdition
		Body struct {
			Title    string         `json:"title,omitempty" maxLength:"200"`
			Type     lists.Type     `json:"type" enum:"allow,block,own" doc:"informative; the effect of an entry is defined by the policy"`
			Holds    lists.Holding  `json:"holds,omitempty" enum:"text,number,date" doc:"default: text"`
			Matching lists.Matching `json:"matching,omitempty" enum:"exact,ignoring_case" doc:"default: exact"`
		}
	}
	type putOut struct {
		Status   int
		Location string `header:"Location"`
		ETag     string `header:"ETag"`
		Body     ValueList
	}
	put := answering[ValueList](api, op(Admin, "putList", "PUT", "/v1/lists/{id}", "Create a list, or change its properties"), http.StatusCreated, "The list was created")
	add(s, api, put, func(c ctx, in *putIn) (*putOut, error) {
		seen, err := in.edition()
		if err != nil {
			return nil, err
		}
		list, made, err := s.Lists.Put(c, principalOf(c), lists.Put{ID: in.ID, Title: in.Body.Title, Type: in.Body.Type, Shape: lists.Shape{Holds: in.Body.Holds, Matching: in.Body.Matching}, Seen: seen})
		if err != nil {
			return nil, err
		}
		out := &putOut{Status: http.StatusOK, ETag: listTag(list), Body: ShapeList(list)}
		if made {
			out.Status, out.Location = http.StatusCreated, "/v1/lists/"+list.ID
		}
		return out, nil
	})
	add(s, api, op(Admin, "listLists", "GET", "/v1/lists", "List the lists that policies can use"), func(c ctx, _ *none) (*body[List[ValueList]], error) {
		all, err := s.Lists.All(c, principalOf(c).Tenant)
		all, lost := readable(s, c, "listLists", all, func(l lists.List) string { return lostIn(l.Unreadable, l.ID) })
		return wholeList(each(all, ShapeList), lost...), err
	})
	add(s, api, op(Admin, "getList", "GET", "/v1/lists/{id}", "Get a list without its entries"), func(c ctx, in *OnID) (*tagged[ValueList], error) {
		list, err := s.Lists.Get(c, principalOf(c).Tenant, in.ID)
		return &tagged[ValueList]{listTag(list), ShapeList(list)}, err
	})
	type deleteIn struct {
		OnID
		SeenEdition
	}
	add(s, api, op(Admin, "deleteList", "DELETE", "/v1/lists/{id}", "Delete a list and erase all its editions; policies that use it fail from then on"), func(c ctx, in *deleteIn) (*none, error) {
		seen, err := in.edition()
		if err != nil {
			return nil, err
		}
		return nil, s.Lists.Delete(c, principalOf(c), in.ID, seen)
	})
}

func (s *server) registerListEditions(api huma.API) {
	type listIn struct {
		OnID
		Paging
	}
	add(s, api, op(Admin, "listListEditions", "GET", "/v1/lists/{id}/editions", "List the editions of a list, newest first"), func(c ctx, in *listIn) (*body[List[ValueListEdition]], error) {
		tenant := principalOf(c).Tenant
		scope := []any{"list editions", tenant, in.ID}
		before, err := s.number(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		page, next, err := s.Lists.Editions(c, tenant, in.ID, before, in.Limit)
		page, lost := readable(s, c, "listListEditions", page, func(e lists.Edition) string { return lostIn(e.Unreadable, strconv.Itoa(e.Number)) })
		return pageOf(each(page, ShapeEdition), s.cursors.sign(scope, cursorOf(next)), lost...), err
	})
	type oneIn struct {
		OnID
		Edition int `path:"edition" minimum:"1"`
	}
	add(s, api, op(Admin, "forgetListEdition", "DELETE", "/v1/lists/{id}/editions/{edition}", "Erase the entries of a former edition; decisions that used it remain, but cannot be replayed"), func(c ctx, in *oneIn) (*none, error) {
		_, err := s.Lists.Forget(c, principalOf(c).Tenant, in.ID, in.Edition)
		return nil, err
	})
}

// number reads a cursor that is one; 0 if there is none.
func (s *server) number(scope any, cursor string) (int, error) {
	text, err := s.cursors.read(scope, cursor)
	if err != nil || text == "" {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, problem.Wrap(err, problem.Internal, "The cursor is not valid.")
	}
	return n, nil
}

func cursorOf(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// maxUpload bounds the entries that are put in one body, in bytes: Lambda takes 6 MB, of which what is compressed travels
// as base64.
const maxUpload = 4 << 20

const (
	kindCSV  = "text/csv"
	kindJSON = "application/json"
	kindGzip = "application/gzip"
)

// entriesIn is a list's content: a CSV, a CSV compressed by gzip, or JSON.
type entriesIn struct {
	OnID
	SeenEdition
	RawBody []byte `contentType:"text/csv"`

	kind string
}

// Resolve implements huma.Resolver.
func (in *entriesIn) Resolve(c huma.Context) []error {
	in.kind, _, _ = mime.ParseMediaType(c.Header("Content-Type"))
	return nil
}

func (in *entriesIn) content() (lists.Content, error) {
	switch in.kind {
	case kindCSV:
		return lists.CSV("body", string(in.RawBody)), nil
	case kindGzip:
		return lists.Compressed("body", in.RawBody), nil
	case kindJSON:
		return lists.JSON(in.RawBody), nil
	}
	return nil, problem.New(problem.UnsupportedMedia, "Send a CSV or JSON.").With("header.Content-Type", "unsupported", "use text/csv, application/gzip (a compressed CSV) or application/json")
}

func (s *server) registerListEntries(api huma.API) {
	type ListContent struct {
		Entries []lists.WrittenEntry `json:"entries" nullable:"false"`
	}
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[ListContent](), true, "")
	upload := op(Admin, "putListEntries", "PUT", "/v1/lists/{id}/entries", "Replace the entries of a list with a new edition, unless nothing changes")
	upload.Description = "A CSV (columns value, expires_at and note in any order; only value is required), a gzip-compressed CSV (application/gzip), or JSON. " +
		"At most 4 MB as sent, 16 MB decompressed, and 200,000 entries. If there are problems, nothing is written, and all of them are reported with line and column."
	upload.raw, upload.maxBody, upload.SkipValidateBody = true, maxUpload, true
	upload.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{
		kindJSON: {Schema: schema}, kindGzip: {Schema: &huma.Schema{Type: "string", Format: "binary"}},
	}}
	add(s, api, upload, func(c ctx, in *entriesIn) (*tagged[ValueListUpload], error) {
		seen, err := in.edition()
		if err != nil {
			return nil, err
		}
		content, err := in.content()
		if err != nil {
			return nil, err
		}
		up, err := s.Lists.Replace(c, principalOf(c), in.ID, content, seen)
		return &tagged[ValueListUpload]{listTag(up.List), ShapeUpload(up)}, err
	})
	type changeIn struct {
		OnID
		SeenEdition
		Body struct {
			Add    []lists.WrittenEntry `json:"add,omitempty" maxItems:"10000" doc:"entries to add; expiry and note of an existing value are replaced"`
			Remove []string             `json:"remove,omitempty" maxItems:"10000" doc:"values"`
		}
	}
	add(s, api, op(Admin, "changeList", "POST", "/v1/lists/{id}/changes", "Add and remove entries in a new edition, unless nothing changes; without If-Match, on the latest edition").repeatable(), func(c ctx, in *changeIn) (*tagged[ValueListChange], error) {
		seen, err := in.edition()
		if err != nil {
			return nil, err
		}
		done, err := s.Lists.Change(c, principalOf(c), in.ID, lists.Change{Add: in.Body.Add, Remove: in.Body.Remove}, seen)
		return &tagged[ValueListChange]{listTag(done.List), ShapeChange(done)}, err
	})
}

// entriesOut is a page of entries, as JSON or as CSV.
type entriesOut struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	ETag         string `header:"ETag" doc:"the edition"`
	Link         string `header:"Link" doc:"of a CSV: link to the next page"`
	Body         []byte
}

func (s *server) registerReadingEntries(api huma.API) {
	type readIn struct {
		OnID
		Edition int    `query:"edition" minimum:"1" doc:"default: the latest, the same for all pages"`
		Limit   int    `query:"limit" minimum:"1" maximum:"10000" default:"1000"`
		Cursor  string `query:"cursor" maxLength:"2000"`
		Accept  string `header:"Accept" doc:"text/csv: a CSV, whose first page has the header"`
	}
	page := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[List[ValueListEntry]](), true, "")
	get := op(Admin, "getListEntries", "GET", "/v1/lists/{id}/entries", "List the entries of a list")
	get.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
		kindJSON: {Schema: page}, kindCSV: {Schema: &huma.Schema{Type: "string"}},
	}}}
	add(s, api, get, func(c ctx, in *readIn) (*entriesOut, error) {
		tenant := principalOf(c).Tenant
		scope := []any{"list entries", tenant, in.ID, in.Edition}
		text, err := s.cursors.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		number, after := in.Edition, 0
		if text != "" {
			if _, err := fmt.Sscanf(text, "%d.%d", &number, &after); err != nil {
				return nil, problem.Wrap(err, problem.Internal, "The cursor is not valid.")
			}
		}
		found, err := s.Lists.Entries(c, tenant, in.ID, number, after, in.Limit, maxPage)
		if err != nil {
			return nil, err
		}
		out := &entriesOut{ContentType: kindJSON, CacheControl: "no-store"}
		if found.Edition.Number > 0 {
			out.ETag = tag(found.Edition.Number)
		}
		var next *string
		if found.Next > 0 {
			next = s.cursors.sign(scope, fmt.Sprintf("%d.%d", found.Edition.Number, found.Next))
		}
		if !wantsCSV(in.Accept) {
			out.Body, err = json.Marshal(List[ValueListEntry]{Data: each(found.Entries, shapeEntry), NextCursor: next})
			return out, err
		}
		var file bytes.Buffer
		if err := lists.WriteCSV(&file, found.Entries, text == ""); err != nil {
			return nil, err
		}
		if out.ContentType, out.Body = kindCSV+"; charset=utf-8", file.Bytes(); next != nil {
			query := url.Values{"cursor": {*next}, "limit": {strconv.Itoa(in.Limit)}}
			if in.Edition > 0 {
				query.Set("edition", strconv.Itoa(in.Edition))
			}
			out.Link = fmt.Sprintf(`</v1/lists/%s/entries?%s>; rel="next"`, url.PathEscape(in.ID), query.Encode())
		}
		return out, nil
	})
}

// maxPage bounds a page of entries, in bytes, about: quotation marks are written twice over on the way through Lambda, which
// answers with at most 6 MB.
const maxPage = 2 << 20

// wantsCSV reports whether an Accept header prefers CSV to JSON.
func wantsCSV(accept string) bool {
	for _, one := range strings.Split(accept, ",") {
		switch kind, _, _ := mime.ParseMediaType(one); kind {
		case kindCSV:
			return true
		case kindJSON:
			return false
		}
	}
	return false
}
