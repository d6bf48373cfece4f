package cases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"ballerine/internal/problem"
)

// Genuine checks that what is stored under a key is what was announced for a document. The record holds the SHA-256, and
// the history's digest covers it: bypassing the product and writing to the store does not replace a document's bytes
// unnoticed. Errors: NotFound, DocumentDamaged, Unavailable.
func Genuine(ctx context.Context, objects Objects, key string, doc Document) (ObjectInfo, error) {
	info, err := objects.Head(ctx, key)
	if err != nil {
		return info, err
	}
	if info.SHA256 == "" && info.Size == doc.Size { // stored without its checksum: by no upload of ours
		content, err := objects.Read(ctx, key, doc.Size+1)
		if err != nil {
			return info, err
		}
		return info, doc.GenuineBytes(key, content)
	}
	if info.Size != doc.Size || info.SHA256 != doc.SHA256 {
		return info, swapped(key)
	}
	return info, nil
}

// GenuineBytes reports whether the whole content of a document is what was announced for it. Errors: DocumentDamaged.
func (d Document) GenuineBytes(key string, content []byte) error {
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != d.SHA256 {
		return swapped(key)
	}
	return nil
}

func swapped(key string) error {
	return problem.New(problem.DocumentDamaged, "The stored object %s is not what was uploaded: its SHA-256 is another one than the case's. Restore it from a backup.", key)
}
