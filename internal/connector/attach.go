package connector

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"mime"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"

	"ballerine/internal/problem"
)

// maxAttached is how much of documents one request may hold, in bytes.
const maxAttached = 32 << 20

// Files read the documents of cases for the requests that are about them.
type Files interface {
	// Content is the whole content of a document of the call's case, which is what was uploaded. Errors: NotFound,
	// DocumentDamaged, Unavailable.
	Content(ctx context.Context, call Call, document Document) ([]byte, error)
	// Link is an address where it can be read for a few minutes, without a credential. Errors: as Content.
	Link(ctx context.Context, call Call, document Document) (string, error)
}

// Ways in which a request holds a document.
const (
	asBytes  = "bytes"
	asBase64 = "base64"
	asLink   = "link"
)

// attachment is a place of a body where a document stands.
type attachment struct {
	place string
	id    *text
	as    string
	name  *text // of the file, in a part; nil: the document's id
}

// attached is an attachment as it was rendered, until its content takes its place.
type attached struct {
	attachment
	document Document
	fileName string
	content  []byte // of a part
}

// attachment compiles {$document: …, as: …, name: …}.
func (c *compiler) attachment(written map[string]any, pointer string) *template {
	a := &attachment{place: dotted(pointer)}
	direct := c.isPart(pointer)
	if a.as = asBase64; direct {
		a.as = asBytes
	}
	for _, key := range slices.Sorted(maps.Keys(written)) {
		at := pointer + "/" + escape(key)
		value, isText := written[key].(string)
		switch {
		case key != "$document" && key != "as" && key != "name":
			c.report(at, "unknown_key", "known are $document, as, name", "The key %s does not exist here.", key)
		case !isText || value == "":
			c.report(at, "type", "", "%s must be a text.", dotted(at))
		case key == "$document":
			a.id = c.text(value, at, false)
		case key == "name":
			a.name = c.text(value, at, false)
		case !slices.Contains([]string{asBytes, asBase64, asLink}, value):
			c.report(at, "enum", "", "%s must be one of bytes, base64, link.", dotted(at))
		case value == asBytes && !direct:
			c.report(at, "not_here", "write as: base64 or as: link, or use format: multipart", "Only a part of the format multipart can hold bytes.")
		default:
			a.as = value
		}
	}
	if !c.attach {
		c.report(pointer, "not_here", "", "Documents are only allowed in the body of a request.")
	}
	return &template{place: a.place, attachment: a}
}

// isPart reports whether a pointer is that of a part: a member of the body, or an element of one.
func (c *compiler) isPart(pointer string) bool {
	if c.parts == "" {
		return false
	}
	steps := strings.Split(strings.TrimPrefix(pointer, c.parts+"/"), "/")
	return len(steps) == 1 || len(steps) == 2 && numeric(steps[1])
}

// render finds the document that is meant. None where its id is null: the member is left out then.
func (a *attachment) render(scope any, with *values, faults *[]fault) any {
	var id any
	if sole := a.id.sole(); sole != nil {
		if id = evaluate(sole, a.place, scope, faults); id == nil {
			return nil
		}
	} else {
		id = a.id.render(scope, with, faults)
	}
	at := slices.IndexFunc(with.documents, func(d Document) bool { return d.ID == id })
	if at < 0 {
		*faults = append(*faults, fault{a.place, "document", "This is not the id of a document of the case that counts."})
		return nil
	}
	found := attached{attachment: *a, document: with.documents[at], fileName: with.documents[at].ID}
	if a.name != nil {
		found.fileName = a.name.render(scope, with, faults)
	}
	return &found
}

// attaching inserts the contents of documents where they were named. It reads none of them for a request that is only
// named or shown: digests represent them.
type attaching struct {
	ctx   context.Context
	files Files // nil: digests
	call  Call
	size  int64
}

// fill is the value with contents in it. Errors: those of Files, Invalid when there is too much of it.
func (f *attaching) fill(value any) (any, error) {
	var err error
	switch v := value.(type) {
	case *attached:
		return f.content(v)
	case []any:
		for i := range v {
			if v[i], err = f.fill(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if v[name], err = f.fill(v[name]); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}

func (f *attaching) content(a *attached) (any, error) {
	if f.files == nil {
		shown := a.shown()
		if a.as == asBytes {
			a.content = []byte(shown)
			return a, nil
		}
		return shown, nil
	}
	if a.as == asLink {
		link, err := f.files.Link(f.ctx, f.call, a.document)
		confidentialOf(f.ctx).link(link)
		return link, a.unreadable(err)
	}
	if f.size += a.document.Size; f.size > maxAttached {
		return nil, problem.New(problem.Invalid, "The documents are too large for one request.").With(a.place, "too_large", "The documents of one request can have at most %d bytes.", maxAttached)
	}
	content, err := f.files.Content(f.ctx, f.call, a.document)
	if err != nil {
		return nil, a.unreadable(err)
	}
	if a.as == asBase64 {
		written := base64.StdEncoding.EncodeToString(content)
		confidentialOf(f.ctx).attach(written, a.shown())
		return written, nil
	}
	a.content = content
	return a, nil
}

// shown represents the document where its contents must not be shown.
func (a *attached) shown() string { return "__" + a.as + ".sha256." + a.document.SHA256 + "__" }

// unreadable names the place of a document that is gone: asking again cannot help.
func (a *attached) unreadable(err error) error {
	if problem.CodeOf(err) == problem.NotFound {
		return problem.New(problem.Invalid, "A document for the request no longer exists.").With(a.place, "document", "The document %s no longer exists.", a.document.ID)
	}
	return err
}

// named is the value as a schema sees it: a text for each document.
func named(value any) any {
	switch v := value.(type) {
	case *attached:
		return v.document.ID
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = named(v[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name := range v {
			object[name] = named(v[name])
		}
		return object
	}
	return value
}

// partType is the content type of a part: that of the document, where it is one and nothing else. A line break in it would be another header.
func partType(of string) string {
	kind, parameters, err := mime.ParseMediaType(of)
	if written := mime.FormatMediaType(kind, parameters); err == nil && strings.Contains(kind, "/") && written != "" {
		return written
	}
	return "application/octet-stream"
}

// parts writes an object as multipart/form-data: one part for each member, or for each element of a list. The boundary
// is derived from the contents, so that the same request has the same bytes.
func parts(value any, faults *[]fault) (content []byte, contentType string) {
	object, _ := value.(map[string]any)
	sum := sha256.New()
	each(object, func(name string, one any) {
		fmt.Fprintf(sum, "%q", name) // never fails
		if a, ok := one.(*attached); ok {
			sum.Write(a.content)
			return
		}
		fmt.Fprint(sum, one)
	})
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary(hex.EncodeToString(sum.Sum(nil)[:24])) // of the right form and length
	each(object, func(name string, one any) {
		if a, ok := one.(*attached); ok {
			header := textproto.MIMEHeader{"Content-Type": {partType(a.document.ContentType)}}
			header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, inQuotes(name), inQuotes(a.fileName)))
			part, _ := w.CreatePart(header) // a buffer can be written to
			_, _ = part.Write(a.content)
			return
		}
		text, ok := scalar(one)
		if !ok {
			*faults = append(*faults, fault{"request.body." + name, "type", "A part must be text, a number, a boolean or a document, or a list of these."})
			return
		}
		_ = w.WriteField(name, text)
	})
	_ = w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// each visits the parts in the order of their names; null is none.
func each(object map[string]any, visit func(name string, one any)) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		list, isList := object[name].([]any)
		if !isList {
			list = []any{object[name]}
		}
		for _, one := range list {
			if one != nil {
				visit(name, one)
			}
		}
	}
}

// inQuotes escapes what ends a quoted name.
func inQuotes(name string) string {
	return strings.NewReplacer("\\", "\\\\", `"`, "\\\"", "\r", "_", "\n", "_").Replace(name)
}
