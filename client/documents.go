package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
)

// File is a document to upload.
type File struct {
	Kind        string // one of the workflow's, such as "passport"
	Side        string // "front" or "back", where the kind has sides; "" else
	ContentType string // such as "image/png"
	Content     []byte
	Properties  map[string]any // what is known of it
	// IdempotencyKey of the announcement; "": a new one. With the same key an upload can be taken up again, while its link is valid.
	IdempotencyKey string
}

// UploadDocument announces a document of a case and sends its bytes to the link that it is given, without the credential.
func (c *Client) UploadDocument(ctx context.Context, caseID string, file File) (*Document, error) {
	sum := sha256.Sum256(file.Content)
	body := AnnounceBody{
		Kind: file.Kind, ContentType: file.ContentType, Size: int64(len(file.Content)), Sha256: hex.EncodeToString(sum[:]), Properties: file.Properties,
	}
	if file.Side != "" {
		body.Side = &file.Side
	}
	params := &AnnounceDocumentParams{}
	if file.IdempotencyKey != "" {
		params.IdempotencyKey = &file.IdempotencyKey
	}
	announced, err := c.AnnounceDocument(ctx, caseID, params, body)
	if err != nil {
		return nil, err
	}
	return &announced.Document, c.Upload(ctx, announced.Upload, file.Content)
}

// Upload sends the bytes of an announced document to its link. It takes exactly these bytes, once: that they are there
// already, from an attempt whose answer was lost, is no error.
func (c *Client) Upload(ctx context.Context, link Upload, content []byte) error {
	req, err := http.NewRequestWithContext(ctx, link.Method, link.URL, bytes.NewReader(content))
	if err != nil {
		return errors.New("the link of the upload cannot be read")
	}
	for name, value := range link.Headers {
		req.Header.Set(name, value)
	}
	_, err = c.attempts(ctx, req)
	if refused := (*Error)(nil); errors.As(err, &refused) && refused.Status == http.StatusPreconditionFailed {
		return nil
	}
	return err
}
