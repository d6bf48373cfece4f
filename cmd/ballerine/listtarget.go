package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"ballerine/internal/httpapi"
	"ballerine/internal/policy/lists"
)

// listed are the lists that policies ask, wherever they are.
type listed interface {
	valueLists(ctx context.Context) ([]httpapi.ValueList, error)
	valueList(ctx context.Context, id string) (httpapi.ValueList, error)
	putList(ctx context.Context, put lists.Put) (httpapi.ValueList, error)
	putEntries(ctx context.Context, id string, csv []byte, seen int) (httpapi.ValueListUpload, error)
	changeEntries(ctx context.Context, id string, change lists.Change, seen int) (httpapi.ValueListChange, error)
	// entries yields those of an edition (0: the newest), a part at a time and one at least.
	entries(ctx context.Context, id string, edition int, yield func([]lists.Entry) error) error
	editions(ctx context.Context, id string) ([]httpapi.ValueListEdition, error)
	forget(ctx context.Context, id string, edition int) error
	deleteList(ctx context.Context, id string, seen int) error
}

func (l atRest) valueLists(ctx context.Context) ([]httpapi.ValueList, error) {
	all, err := l.values.All(ctx, l.principal.Tenant)
	found := []httpapi.ValueList{}
	for _, one := range all {
		found = append(found, httpapi.ShapeList(one))
	}
	return found, err
}

func (l atRest) valueList(ctx context.Context, id string) (httpapi.ValueList, error) {
	found, err := l.values.Get(ctx, l.principal.Tenant, id)
	return httpapi.ShapeList(found), err
}

func (l atRest) putList(ctx context.Context, put lists.Put) (httpapi.ValueList, error) {
	made, _, err := l.values.Put(ctx, l.principal, put)
	return httpapi.ShapeList(made), err
}

func (l atRest) putEntries(ctx context.Context, id string, csv []byte, seen int) (httpapi.ValueListUpload, error) {
	up, err := l.values.Replace(ctx, l.principal, id, lists.CSV("body", string(csv)), seen)
	return httpapi.ShapeUpload(up), err
}

func (l atRest) changeEntries(ctx context.Context, id string, change lists.Change, seen int) (httpapi.ValueListChange, error) {
	done, err := l.values.Change(ctx, l.principal, id, change, seen)
	return httpapi.ShapeChange(done), err
}

func (l atRest) entries(ctx context.Context, id string, edition int, yield func([]lists.Entry) error) error {
	for after := 0; ; {
		page, err := l.values.Entries(ctx, l.principal.Tenant, id, edition, after, 10_000, lists.MaxBytes)
		if err != nil {
			return err
		}
		if err := yield(page.Entries); err != nil || page.Next == 0 {
			return err
		}
		edition, after = page.Edition.Number, page.Next
	}
}

func (l atRest) editions(ctx context.Context, id string) ([]httpapi.ValueListEdition, error) {
	found := []httpapi.ValueListEdition{}
	for before := 0; ; {
		page, next, err := l.values.Editions(ctx, l.principal.Tenant, id, before, 1000)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			found = append(found, httpapi.ShapeEdition(e))
		}
		if before = next; next == 0 {
			return found, nil
		}
	}
}

func (l atRest) forget(ctx context.Context, id string, edition int) error {
	_, err := l.values.Forget(ctx, l.principal.Tenant, id, edition)
	return err
}

func (l atRest) deleteList(ctx context.Context, id string, seen int) error {
	return l.values.Delete(ctx, l.principal, id, seen)
}

func listPath(id string) string { return "/v1/lists/" + url.PathEscape(id) }

// seenHeader names the edition that a write is to be done over.
func seenHeader(seen int) http.Header {
	switch {
	case seen == lists.Any:
		return http.Header{"If-Match": {"*"}}
	case seen > 0:
		return http.Header{"If-Match": {strconv.Quote(strconv.Itoa(seen))}}
	}
	return nil
}

func (r remote) valueLists(ctx context.Context) ([]httpapi.ValueList, error) {
	var page httpapi.List[httpapi.ValueList]
	err := r.get(ctx, "/v1/lists", &page)
	return page.Data, err
}

func (r remote) valueList(ctx context.Context, id string) (found httpapi.ValueList, err error) {
	err = r.get(ctx, listPath(id), &found)
	return found, err
}

func (r remote) putList(ctx context.Context, put lists.Put) (made httpapi.ValueList, err error) {
	body := map[string]any{"type": put.Type, "title": put.Title, "holds": put.Holds, "matching": put.Matching}
	err = r.send(ctx, message{method: http.MethodPut, path: listPath(put.ID), body: body, header: seenHeader(put.Seen)}, &made)
	return made, err
}

// putEntries compresses the file: more of it goes into one request.
func (r remote) putEntries(ctx context.Context, id string, csv []byte, seen int) (up httpapi.ValueListUpload, err error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err = w.Write(csv); err == nil {
		err = w.Close()
	}
	if err != nil {
		return up, fmt.Errorf("compress the file: %w", err)
	}
	err = r.send(ctx, message{method: http.MethodPut, path: listPath(id) + "/entries", kind: "application/gzip", content: packed.Bytes(), header: seenHeader(seen)}, &up)
	return up, err
}

func (r remote) changeEntries(ctx context.Context, id string, change lists.Change, seen int) (done httpapi.ValueListChange, err error) {
	body := map[string]any{}
	if len(change.Add) > 0 {
		body["add"] = change.Add
	}
	if len(change.Remove) > 0 {
		body["remove"] = change.Remove
	}
	err = r.send(ctx, message{method: http.MethodPost, path: listPath(id) + "/changes", body: body, header: seenHeader(seen)}, &done)
	return done, err
}

func (r remote) entries(ctx context.Context, id string, edition int, yield func([]lists.Entry) error) error {
	parameters := url.Values{"limit": {"10000"}}
	if edition > 0 {
		parameters.Set("edition", strconv.Itoa(edition))
	}
	for {
		var page httpapi.List[httpapi.ValueListEntry]
		if err := r.get(ctx, listPath(id)+"/entries?"+parameters.Encode(), &page); err != nil {
			return err
		}
		part := make([]lists.Entry, len(page.Data))
		for i, e := range page.Data {
			part[i] = lists.Entry{Value: e.Value, Note: e.Note}
			if e.ExpiresAt != nil {
				part[i].ExpiresAt = *e.ExpiresAt
			}
		}
		if err := yield(part); err != nil || page.NextCursor == nil {
			return err
		}
		parameters.Set("cursor", *page.NextCursor)
	}
}

func (r remote) editions(ctx context.Context, id string) ([]httpapi.ValueListEdition, error) {
	found := []httpapi.ValueListEdition{}
	parameters := url.Values{"limit": {"200"}}
	for {
		var page httpapi.List[httpapi.ValueListEdition]
		if err := r.get(ctx, listPath(id)+"/editions?"+parameters.Encode(), &page); err != nil {
			return nil, err
		}
		if found = append(found, page.Data...); page.NextCursor == nil {
			return found, nil
		}
		parameters.Set("cursor", *page.NextCursor)
	}
}

func (r remote) forget(ctx context.Context, id string, edition int) error {
	return r.send(ctx, message{method: http.MethodDelete, path: listPath(id) + "/editions/" + strconv.Itoa(edition)}, nil)
}

func (r remote) deleteList(ctx context.Context, id string, seen int) error {
	return r.send(ctx, message{method: http.MethodDelete, path: listPath(id), header: seenHeader(seen)}, nil)
}
