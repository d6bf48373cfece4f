package task

import (
	"context"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/problem"
)

// vendorLink is how long a vendor may read a document by its link.
const vendorLink = 15 * time.Minute

// NewVendorFiles reads documents for the requests of vendors.
func NewVendorFiles(objects cases.Objects) connector.Files { return vendorFiles{objects} }

type vendorFiles struct{ objects cases.Objects }

// Content implements connector.Files.
func (f vendorFiles) Content(ctx context.Context, call connector.Call, document connector.Document) ([]byte, error) {
	doc := stored(call, document)
	content, _, err := readDocument(ctx, f.objects, call.Tenant, call.Case, doc, doc.Size+1)
	if err == nil && int64(len(content)) != doc.Size {
		err = problem.New(problem.DocumentDamaged, "The stored file of %s differs from the uploaded one. Restore it from a backup and retry.", doc.ID)
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

// Link implements connector.Files.
func (f vendorFiles) Link(ctx context.Context, call connector.Call, document connector.Document) (string, error) {
	doc := stored(call, document)
	key := doc.Key
	info, err := cases.Genuine(ctx, f.objects, key, doc)
	if problem.CodeOf(err) == problem.NotFound {
		key = otherKey(call.Tenant, call.Case, doc)
		info, err = cases.Genuine(ctx, f.objects, key, doc)
	}
	if err != nil {
		return "", err
	}
	return f.objects.PresignGet(ctx, key, info.Version, doc.ContentType, doc.ID, vendorLink)
}

// stored is the document as its case has it.
func stored(call connector.Call, d connector.Document) cases.Document {
	return cases.Document{ID: d.ID, Kind: d.Kind, ContentType: d.ContentType, Size: d.Size, SHA256: d.SHA256, Key: cases.KeptKey(call.Tenant, call.Case, d.ID)}
}
